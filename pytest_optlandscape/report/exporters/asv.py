"""Export to airspeed velocity: ``asv publish`` then shows the criteria beside a project's own benchmarks."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable
from typing import Any

from pytest_optlandscape.report.exporters.common import Options, Pieces, json_text, plain, unique
from pytest_optlandscape.store.strict_json import parsed
from pytest_optlandscape.trend.rows import CRITERIA, Row

__all__ = ["asv", "merge_benchmarks"]

PREFIX = "optlandscape."
"""The prefix of all benchmarks' names."""

MACHINE = "optlandscape"
"""The machine's name that asv requires; the numbers depend on no machine."""

_AS_COST: dict[str, tuple[str, str, Callable[[float], float]]] = {
    "precision": ("relative_gap", "share of the reference gap", lambda digits: 10.0**-digits),
    "success": ("failure", "share of the runs", lambda success: 1.0 - success),
}
"""Conversions of criteria for which bigger is better, because asv takes any increase for a regression."""


def asv(rows: Iterable[Row], options: Options) -> Pieces:
    """Write ``benchmarks.json``, the file of a machine, and one file for each commit.

    Each criterion of a suite is one benchmark, with optimizer and landscape as its parameters. Sessions recorded
    without git are left out, because asv looks up every commit in git.
    """
    commits: dict[str, dict[tuple[str, str, str], Row]] = {}
    titles: dict[tuple[str, str, str], str] = {}
    suites: dict[str, tuple[dict[str, None], dict[str, None]]] = {}
    for row in rows:
        if not row.state or row.commit.startswith("t"):
            continue
        path, _, suite = row.series
        if row.series not in titles:
            name = f"{plain(path, 300)}: {plain(row.title, 400)}" if path else plain(row.title, 400)
            titles[row.series] = unique(name, suites[suite][0] if suite in suites else {})
        optimizers, landscapes = suites.setdefault(suite, ({}, {}))
        optimizers[titles[row.series]] = None
        landscapes[row.landscape] = None
        commits.setdefault(row.commit, {})[suite, titles[row.series], row.landscape] = row
    names = _benchmark_names(suites)
    params = {suite: _params(*both) for suite, both in suites.items()}
    benchmarks: dict[str, Any] = {"version": 2}
    for (suite, criterion), name in names.items():
        cost, unit, _ = _AS_COST.get(criterion, (criterion, "", _unchanged))
        known = next(one for one in CRITERIA if one.name == criterion)
        about = known.about if cost == criterion else f"{cost}: {known.about}, inverted so that smaller is better"
        benchmarks[name] = {
            "code": f"# pytest-optlandscape, suite {plain(suite, 60)}\n# {about}; smaller is better",
            "name": name,
            "param_names": ["optimizer", "landscape"],
            "params": params[suite],
            "pretty_name": f"{plain(suite, 60)}: {cost.replace('_', ' ')}",
            "type": "track",
            "unit": unit or known.unit,
            "version": hashlib.sha256(f"{cost} 1".encode()).hexdigest(),
        }
    yield "benchmarks.json", json_text(benchmarks)
    machine = {"arch": "", "cpu": "", "machine": MACHINE, "num_cpu": "", "os": "", "ram": "", "version": 1}
    yield f"{MACHINE}/machine.json", json_text(machine)
    for commit, measured in commits.items():
        yield f"{MACHINE}/{commit}-{MACHINE}.json", _results(commit, measured, names, suites, benchmarks)


def _unchanged(value: float) -> float:
    return value


def _benchmark_names(suites: Iterable[str]) -> dict[tuple[str, str], str]:
    """Return names of benchmarks that are safe as names of files and parts of URLs."""
    found: dict[tuple[str, str], str] = {}
    taken: set[str] = set()
    for suite in suites:
        safe = re.sub(r"[^A-Za-z0-9_]+", "_", suite)[:60] or "suite"
        number, name = 1, safe
        while name in taken:
            number += 1
            name = f"{safe}_{number}"
        taken.add(name)
        for criterion in CRITERIA:
            cost = _AS_COST.get(criterion.name, (criterion.name,))[0]
            found[suite, criterion.name] = f"{PREFIX}{name}.{cost}"
    return found


def _params(optimizers: Iterable[str], landscapes: Iterable[str]) -> list[list[str]]:
    shown: dict[str, None] = {}
    for one in landscapes:
        shown[unique(plain(one, 200), shown)] = None
    return [list(optimizers), list(shown)]


def _results(
    commit: str,
    measured: dict[tuple[str, str, str], Row],
    names: dict[tuple[str, str], str],
    suites: dict[str, tuple[dict[str, None], dict[str, None]]],
    benchmarks: dict[str, Any],
) -> str:
    first = next(iter(measured.values()))
    results = {}
    for (suite, criterion), name in names.items():
        _, _, turn = _AS_COST.get(criterion, ("", "", _unchanged))
        optimizers, landscapes = suites[suite]
        rows = [measured.get((suite, optimizer, landscape)) for optimizer in optimizers for landscape in landscapes]
        values = [row.values.get(criterion) if row else None for row in rows]
        if any(value is not None for value in values):
            turned = [None if value is None else float(f"{turn(value):.6g}") for value in values]
            results[name] = [turned, benchmarks[name]["params"], benchmarks[name]["version"]]
    return json_text(
        {
            "commit_hash": commit,
            "date": first.seconds * 1000 if first.time else 0,
            "durations": {},
            "env_name": MACHINE,
            "env_vars": {},
            "params": {"machine": MACHINE},
            "python": "",
            "requirements": {},
            "result_columns": ["result", "params", "version"],
            "results": results,
            "version": 2,
        }
    )


def merge_benchmarks(name: str, before: str, now: str) -> str:
    """Return the new text, with other benchmarks of an existing ``benchmarks.json`` kept.

    Raises
    ------
    ValueError
        If the existing file cannot be read; it is not overwritten.
    """
    if name != "benchmarks.json":
        return now
    try:
        known = parsed(before)
    except ValueError:
        known = None
    if not isinstance(known, dict) or known.get("version") != 2:
        raise ValueError(f"{name} exists, but is not a list of benchmarks of asv (version 2): remove it first")
    others = {key: one for key, one in known.items() if not key.startswith(PREFIX)}
    return json_text(dict(sorted({**others, **json.loads(now)}.items())))
