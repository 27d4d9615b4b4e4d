"""Export gauges as OpenMetrics text, for Prometheus and compatible tools."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from pytest_optlandscape.report.exporters.common import Options, Pieces, plain
from pytest_optlandscape.trend.rows import CRITERIA, Criterion, Row

__all__ = ["openmetrics"]

_NAMES = {
    "evaluations_to_targets": ("to_targets_evaluations", "evaluations"),
    "precision": ("precision_digits", "digits"),
    "success": ("success_ratio", "ratio"),
    "evaluations": ("run_evaluations", "evaluations"),
    "constraint_evaluations": ("constraint_evaluations", "evaluations"),
}
"""Names and units of the gauges; OpenMetrics requires a name to end with its unit."""


def openmetrics(rows: Iterable[Row], options: Options) -> Pieces:
    """Write one gauge for each criterion, and one with commit, verdict and state as labels.

    Each sample has the time of its commit. Times must increase in the order of commits, so a commit that is not later
    than the one before gets a time 1 ms after it. With ``options.last`` there are no times, because scraped exporters
    have none.
    """
    series: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows:
        if row.state:
            series[(*row.series, row.landscape)].append(row)
    timed = [(of_one[-1:] if options.last else of_one) for of_one in series.values()]
    samples = [list(zip(of_one, _times(of_one, options), strict=True)) for of_one in timed]
    for criterion in CRITERIA:
        name, unit = _NAMES.get(criterion.name, (f"{criterion.name}_{criterion.unit}", criterion.unit))
        yield from _head(f"optlandscape_{name}", unit, criterion)
        taken: set[str] = set()
        for of_one in samples:
            lines = [
                f" {value!r}{time}" for row, time in of_one if (value := row.values.get(criterion.name)) is not None
            ]
            if lines:
                labels = _distinct_labels(of_one[0][0], taken)
                yield "", "".join(f"optlandscape_{name}{{{labels}}}{line}\n" for line in lines)
    yield "", "# TYPE optlandscape_commit gauge\n"
    yield "", "# HELP optlandscape_commit Is 1; the labels name commit, state, and verdict against the commit before.\n"
    taken = set()
    for of_one in samples:
        if of_one[0][0].landscape != "overall":
            continue
        base = _distinct_labels(of_one[0][0], taken)
        for row, time in of_one:
            told = _labels({"commit": row.commit, "state": row.state, "verdict": row.verdict})
            yield "", f"optlandscape_commit{{{base},{told}}} 1{time}\n"
    yield "", "# EOF\n"


def _head(name: str, unit: str, criterion: Criterion) -> Pieces:
    yield "", f"# TYPE {name} gauge\n# UNIT {name} {unit}\n"
    yield "", f"# HELP {name} {_escaped(criterion.about)}; {criterion.direction}\n"


def _distinct_labels(row: Row, taken: set[str]) -> str:
    """Return the labels of a series, with a number added if another series has the same labels."""
    named = {
        "optimizer": row.optimizer,
        "setting": row.setting,
        "suite": row.suite,
        "path": row.path,
        "landscape": row.landscape,
    }
    found, number = _labels(named), 1
    while found in taken:
        number += 1
        found = _labels({**named, "number": str(number)})
    taken.add(found)
    return found


def _labels(named: dict[str, str]) -> str:
    return ",".join(f'{name}="{_escaped(plain(value))}"' for name, value in named.items())


def _escaped(text: str) -> str:
    r"""Escape characters that labels and help texts must not contain.

    Examples
    --------
    >>> print(_escaped('a "b" \\'))
    a \"b\" \\
    """
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _times(rows: Sequence[Row], options: Options) -> list[str]:
    """Return the text of each sample's time, to be written after its value; each is later than the one before."""
    if options.last:
        return ["" for _ in rows]
    found, before = [], None
    for row in rows:
        at = row.seconds * 1000
        before = at if before is None or at > before else before + 1
        whole, part = divmod(abs(before), 1000)
        found.append(f" {'-' * (before < 0)}{whole}" + (f".{part:03d}" if part else ""))
    return found
