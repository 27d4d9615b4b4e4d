"""Cache the comparisons of records.

A comparison of two records takes tens of milliseconds, and a record never changes. So its result is cached in a file
whose name is a hash of both records and of the code that compares them. An unreadable file is computed again.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import math
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import scipy

from pytest_optlandscape import comparison as judging
from pytest_optlandscape import records
from pytest_optlandscape.comparison import LandscapeComparison, OptimizerComparison, Verdict
from pytest_optlandscape.comparison.findings import Finding
from pytest_optlandscape.comparison.speed import SpeedChange
from pytest_optlandscape.comparison.statistics import ShiftInterval
from pytest_optlandscape.store import Baseline
from pytest_optlandscape.trend.comparing import compare_records

__all__ = ["CACHE", "Compare", "Remembered", "comparer"]

CACHE = ".optlandscape/cache"
"""The folder of cached comparisons, within the project's folder."""

_MARKS = {
    ".gitignore": "*\n",
    "CACHEDIR.TAG": "Signature: 8a477f597d28d172789f06886806bc55\n"
    "# Comparisons cached by `optlandscape`. The folder can be removed at any time.\n",
}

Load = Callable[[str], Baseline | None]

Compare = Callable[[str, str, bool], OptimizerComparison]
"""Compares the records of two digests; the third argument says whether the optimizer is passed the bounds."""


def comparer(load: Load, remembered: Remembered | None = None) -> Compare:
    """Return a function that compares two records by their digests.

    Parameters
    ----------
    load : callable
        Return the record of a digest. Both records must exist.
    remembered : Remembered, optional
        The cache of comparisons (default: none).

    Returns
    -------
    callable
    """

    def compare(before: str, now: str, takes_bounds: bool) -> OptimizerComparison:
        records = load(before), load(now)
        assert records[0] is not None
        assert records[1] is not None
        if remembered is None:
            return compare_records(records[0], records[1], takes_bounds)
        key = remembered.key(before, now, takes_bounds)
        found = remembered.get(key, records[0], records[1])
        if found is None:
            found = compare_records(records[0], records[1], takes_bounds)
            remembered.put(key, found)
        return found

    return compare


class Remembered:
    """A cache of comparisons, one file each.

    Parameters
    ----------
    folder : Path
        Created with the first comparison. If it cannot be written to, nothing is cached.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def key(self, before: str, now: str, takes_bounds: bool) -> str:
        """Return the key of a comparison of two records by the present code."""
        parts = json.dumps([before, now, takes_bounds, _code()])
        return hashlib.sha256(parts.encode()).hexdigest()

    def get(self, key: str, before: Baseline, now: Baseline) -> OptimizerComparison | None:
        """Read a comparison.

        Parameters
        ----------
        key : str
        before, now : Baseline
            The records that were compared; they are not in the file.

        Returns
        -------
        OptimizerComparison or None
            None if there is no readable file.
        """
        path = self.folder / f"{key}.json"
        if not path.is_file():  # also excludes a pipe, which would block
            return None
        try:
            plain = json.loads(path.read_text(encoding="utf-8"))
            return _from_plain(plain, before, now)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None

    def put(self, key: str, comparison: OptimizerComparison) -> None:
        """Write a comparison to the cache."""
        text = json.dumps(_to_plain(comparison), separators=(",", ":"))
        with contextlib.suppress(OSError):
            self._prepare()
            handle, temporary = tempfile.mkstemp(suffix=".tmp", dir=self.folder)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            os.replace(temporary, self.folder / f"{key}.json")

    def _prepare(self) -> None:
        if not self.folder.is_dir():
            self.folder.mkdir(parents=True, exist_ok=True)
            for name, text in _MARKS.items():
                (self.folder / name).write_text(text, encoding="utf-8")


@functools.cache
def _code() -> str:
    """Hash the code that compares, with the versions of the libraries that it uses."""
    digest = hashlib.sha256(f"numpy {np.__version__} scipy {scipy.__version__}".encode())
    for path in _sources():
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _sources() -> Iterator[Path]:
    for room in (records, judging):
        for folder in room.__path__:
            yield from sorted(Path(folder).rglob("*.py"))
    yield Path(__file__).with_name("comparing.py")
    yield Path(__file__)


def _to_plain(comparison: OptimizerComparison) -> dict[str, Any]:
    return {
        "spec": comparison.spec,
        "verdict": str(comparison.verdict),
        "findings": _findings(comparison.findings),
        "diverged": comparison.diverged,
        "expected": comparison.expected,
        "drifts": _findings(comparison.drifts),
        "speed": _speed(comparison.speed),
        "landscapes": [
            {
                "name": one.now.landscape,
                "verdict": str(one.verdict),
                "fingerprint": one.fingerprint,
                "findings": _findings(one.findings),
                "diverged": [list(pair) for pair in one.diverged],
                "set_aside": one.set_aside,
                "level": one.level,
                "reason": one.reason,
            }
            for one in comparison.landscapes
        ],
    }


def _findings(findings: tuple[Finding, ...]) -> list[list[Any]]:
    return [[one.metric, one.effect, one.p_value, one.text, one.is_unpaid] for one in findings]


def _speed(speed: SpeedChange | None) -> list[Any] | None:
    if speed is None:
        return None
    return [speed.reached, speed.targets, _interval(speed.to_targets), _interval(speed.to_same_gaps)]


def _interval(one: ShiftInterval | None) -> list[float] | None:
    return None if one is None else [one.shift, one.lower, one.upper, one.detectable]


def _from_plain(plain: dict[str, Any], before: Baseline, now: Baseline) -> OptimizerComparison:
    if plain["spec"] != now.optimizer or [one["name"] for one in plain["landscapes"]] != list(now.records):
        raise ValueError("a comparison of other records")
    landscapes = tuple(
        LandscapeComparison(
            Verdict(one["verdict"]),
            now.records[one["name"]],
            before.records.get(one["name"]),
            one["fingerprint"],
            _read_findings(one["findings"]),
            tuple((str(start), str(where)) for start, where in one["diverged"]),
            int(one["set_aside"]),
            float(one["level"]),
            str(one["reason"]),
        )
        for one in plain["landscapes"]
    )
    comparison = OptimizerComparison(
        now.optimizer,
        landscapes,
        Verdict(plain["verdict"]),
        _read_findings(plain["findings"]),
        diverged=int(plain["diverged"]),
        expected=float(plain["expected"]),
        drifts=_read_findings(plain["drifts"]),
    )
    vars(comparison)["speed"] = _read_speed(plain["speed"])  # fills the cached property
    return comparison


def _read_findings(plain: list[list[Any]]) -> tuple[Finding, ...]:
    return tuple(
        Finding(str(metric), float(effect), float(p), str(text), is_unpaid=bool(is_unpaid))
        for metric, effect, p, text, is_unpaid in plain
    )


def _read_speed(plain: list[Any] | None) -> SpeedChange | None:
    if plain is None:
        return None
    reached, targets, *intervals = plain
    return SpeedChange(int(reached), int(targets), *(_read_interval(one) for one in intervals))


def _read_interval(plain: list[float] | None) -> ShiftInterval | None:
    if plain is None:
        return None
    shift, lower, upper, detectable = map(float, plain)
    if any(map(math.isnan, (shift, lower, upper, detectable))):
        raise ValueError("no interval has these limits")
    return ShiftInterval(shift, lower, upper, detectable)
