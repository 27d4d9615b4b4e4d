"""Show the times that pytest-benchmark saved beside the states of a history: ``optlandscape history --timing``.

Times of different machines are not comparable. So a file counts only if it was saved on this machine, at a commit of
the history without uncommitted changes, and has benchmarks of `benchmark_minimize`.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pytest_optlandscape.report.terminal import table
from pytest_optlandscape.report.trend import clean
from pytest_optlandscape.texts.plurals import number_of
from pytest_optlandscape.trend import State, Trend

__all__ = ["SavedTimes", "TimedTest", "saved_times"]

DEFAULT_STORAGE = ".benchmarks"


@dataclass(frozen=True)
class TimedTest:
    """A test that pytest-benchmark timed, at one commit.

    Attributes
    ----------
    commit : str
        The full hash.
    test : str
        The id of the test.
    optimizer, landscape : str
    nfev : int
        Evaluations of the counted run.
    median, iqr : float
        The median and interquartile range of the time of one run, in seconds.
    rounds : int
        The number of timed runs.
    file : str
        The file that holds the times.
    """

    commit: str
    test: str
    optimizer: str
    landscape: str
    nfev: int
    median: float
    iqr: float
    rounds: int
    file: str


@dataclass(frozen=True)
class SavedTimes:
    """The saved times of the commits of a history.

    Attributes
    ----------
    place : str
        The folder of pytest-benchmark's files.
    machine : str
        pytest-benchmark's name of this machine.
    tests : tuple of TimedTest
        In the order of the commits. If a test was timed several times at a commit, the last time counts.
    left_out : tuple of (str, str)
        The files that do not count, each with the reason.
    """

    place: str
    machine: str
    tests: tuple[TimedTest, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()

    @property
    def remarks(self) -> list[str]:
        """Return lines that name the machine of the times and the files that were left out."""
        files = len({one.file for one in self.tests})
        remarks = [f"times of this machine ({self.machine}) from {number_of(files, 'file')} in {self.place}"]
        reasons: dict[str, list[str]] = defaultdict(list)
        for name, why in self.left_out:
            reasons[why].append(name)
        for why, names in reasons.items():
            named = ", ".join(clean(name, 100) for name in names[:3]) + (" …" if len(names) > 3 else "")
            remarks.append(f"left out {number_of(len(names), 'file')}: {clean(why, 200)}: {named}")
        return remarks

    def lines(self, trend: Trend) -> list[str]:
        """Return lines on the times of an optimizer, newest first, each compared with the time before.

        Parameters
        ----------
        trend : Trend

        Returns
        -------
        list of str
        """
        told = self.of(trend)
        if not told:
            return [f"no times of {clean(trend.series.spec, 100)} were saved on this machine"]
        rows = []
        for one, state, before in reversed(told):
            rows.append(
                [
                    one.commit[:10],
                    "same" if one.commit != state.first.commit else str(state.verdict),
                    f"{one.median:.3g} s" if one.median >= 1.0 else f"{1e3 * one.median:.3g} ms",
                    f"± {50.0 * one.iqr / one.median:.2g} %",
                    f"{1e6 * one.median / one.nfev:.3g} µs" if one.nfev else "-",
                    f"× {one.median / before.median:.3g}" if before else "-",
                    f"{clean(one.test, 80)} on {clean(one.landscape, 40)}",
                ]
            )
        header = ["commit", "verdict", "a run", "half IQR", "an evaluation", "time", "test"]
        return [f"times on this machine ({self.machine}), medians:", *table(header, rows)]

    def of(self, trend: Trend) -> list[tuple[TimedTest, State, TimedTest | None]]:
        """Return the timings of an optimizer, oldest first, each with its state and the test's previous timing."""
        states = {point.commit: state for state in trend.states for point in state.points}
        before: dict[str, TimedTest] = {}
        found = []
        for one in self.tests:
            if one.optimizer == trend.series.spec and one.commit in states:
                found.append((one, states[one.commit], before.get(one.test)))
                before[one.test] = one
        return found

    def to_plain(self) -> dict[str, Any]:
        """Return plain values; times are in seconds."""
        return {
            "place": self.place,
            "machine": self.machine,
            "tests": [vars(one) for one in self.tests],
            "left_out": [{"file": name, "why": why} for name, why in self.left_out],
        }


def saved_times(config: pytest.Config, place: str, trends: Sequence[Trend]) -> SavedTimes:
    """Read the times that pytest-benchmark saved for the commits of trends.

    Parameters
    ----------
    config : pytest.Config
    place : str
        A folder or file, relative to the current folder; "" is ``.benchmarks`` in the current folder or the rootdir.
    trends : sequence of Trend

    Returns
    -------
    SavedTimes

    Raises
    ------
    ValueError
        If the folder or file does not exist.
    """
    from pytest_benchmark import plugin, utils

    path = _place(config, place)
    machine: str = utils.get_machine_id()  # type: ignore[no-untyped-call]
    here: Mapping[str, Any] = plugin.pytest_benchmark_generate_machine_info()  # type: ignore[no-untyped-call]
    position = {commit: k for trend in trends for k, commit in enumerate(trend.series.commits)}
    recorded = {point.commit for trend in trends for state in trend.states for point in state.points}
    specs = {trend.series.spec for trend in trends}
    tests: dict[tuple[str, str], TimedTest] = {}
    left_out: list[tuple[str, str]] = []
    for name, content, problem in _files(path):
        why = problem or _why_not(name, content, machine, here, recorded)
        found = [] if why else list(_tests(name, content, specs))
        if why or not found:
            left_out.append((name, why or "it has no benchmark_minimize of these optimizers"))
        tests.update({(one.commit, one.test): one for one in found})
    ordered = sorted(tests.values(), key=lambda one: (position[one.commit], one.test))
    return SavedTimes(str(path), machine, tuple(ordered), tuple(left_out))


def _place(config: pytest.Config, place: str) -> Path:
    if place.startswith("elasticsearch"):
        raise ValueError(f"--timing {place}: only files can be read; export them with `pytest-benchmark`, or save them")
    if place:
        path = config.invocation_params.dir / place.removeprefix("file://")
        if not path.exists():
            raise ValueError(f"--timing {place}: there is no such folder or file")
        return path
    folders = [config.invocation_params.dir / DEFAULT_STORAGE, config.rootpath / DEFAULT_STORAGE]
    found = next((folder for folder in folders if folder.is_dir()), None)
    if found is None:
        raise ValueError(
            f"--timing: there is no folder {DEFAULT_STORAGE}: save times with `pytest --benchmark-autosave`, or name "
            "the folder of --benchmark-storage"
        )
    return found


@dataclass
class _Warnings:
    """Read the storage of pytest-benchmark."""

    told: list[str] = field(default_factory=list)

    def warning(self, text: str) -> None:
        self.told.append(text)


def _files(path: Path) -> Iterator[tuple[str, Any, str]]:
    """Read all files as pytest-benchmark does: name, content and problem."""
    from pytest_benchmark.storage.file import FileStorage

    warnings = _Warnings()
    storage: Any = FileStorage(str(path if path.is_dir() else path.parent), warnings)  # type: ignore[no-untyped-call]
    for file in storage.query(str(path)) if path.is_file() else storage.query():
        warnings.told.clear()
        name = str(file.relative_to(storage.path)) if file.is_relative_to(storage.path) else str(file)
        if not file.is_file():
            yield name, None, "it is not a regular file"
            continue
        content = next((content for _, content in storage.load(str(file))), None)
        is_one = isinstance(content, dict) and isinstance(content.get("benchmarks"), list)
        yield name, content, "" if is_one else _damage(warnings.told or [name])


def _damage(told: Sequence[str]) -> str:
    return "it cannot be read, or is not a file of pytest-benchmark" if told else "it cannot be read"


def _why_not(name: str, content: Any, machine: str, here: Mapping[str, Any], recorded: set[str]) -> str:
    """Return why a file does not count; "" if it does."""
    info, commit = content.get("machine_info"), content.get("commit_info")
    if not isinstance(info, dict) or not isinstance(commit, dict):
        return "it does not name its machine and commit"
    known = str(commit.get("id"))
    reasons = {
        "it names no commit": known in ("unversioned", "unknown", "None"),
        "its commit is not in the history, or not on this line of commits": known not in recorded,
        "files differed from the commit": bool(commit.get("dirty")),
    }
    return _other_machine(name, info, machine, here) or next((why for why, holds in reasons.items() if holds), "")


def _other_machine(name: str, info: Mapping[str, Any], machine: str, here: Mapping[str, Any]) -> str:
    """Return how another machine or Python differs from the present one; "" if it is the same."""
    folder = Path(name).parent.name
    if folder.count("-") >= 3 and folder != machine:
        return f"another machine ({folder})"
    theirs, ours = _identity(info), _identity(here)
    return next((f"another {key} ({theirs[key]})" for key in ours if theirs[key] != ours[key]), "")


def _identity(info: Mapping[str, Any]) -> dict[str, str]:
    """Return the facts of pytest-benchmark on which times depend: machine, processor and Python."""
    cpu = info.get("cpu")
    python = ".".join(str(info.get("python_version")).split(".")[:2])
    return {
        "machine": f"{info.get('node')}, {info.get('system')} {info.get('machine')}",
        "processor": str(cpu.get("brand_raw") if isinstance(cpu, dict) else None),
        "Python": f"{info.get('python_implementation')} {python}",
    }


def _tests(name: str, content: Mapping[str, Any], specs: set[str]) -> Iterator[TimedTest]:
    for one in content["benchmarks"]:
        info = one.get("extra_info") if isinstance(one, dict) else None
        ours = info.get("optlandscape") if isinstance(info, dict) else None
        if not isinstance(ours, dict) or str(ours.get("optimizer")) not in specs:
            continue
        try:
            median, iqr = float(one["stats"]["median"]), float(one["stats"]["iqr"])
            made = TimedTest(
                commit=str(content["commit_info"]["id"]),
                test=str(one["fullname"]),
                optimizer=str(ours["optimizer"]),
                landscape=str(ours["landscape"]),
                nfev=int(ours["nfev"]),
                median=median,
                iqr=iqr,
                rounds=int(one["stats"]["rounds"]),
                file=name,
            )
        except (KeyError, TypeError, ValueError, OverflowError):
            continue
        if math.isfinite(median) and median > 0.0 and math.isfinite(iqr):
            yield made
