"""Divide a change among the states that contributed to it; the shares add up exactly."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pytest_optlandscape.comparison.criteria import METRICS, Metric
from pytest_optlandscape.records.landscape_record import CellRecord, LandscapeRecord
from pytest_optlandscape.store import Baseline

__all__ = ["Share", "mean_of", "shares_of", "split_exactly"]


@dataclass(frozen=True)
class Share:
    """The share of one state in a change.

    Attributes
    ----------
    commit : str
    permille : int
        The share of the whole change in permille; negative if the state went the other way. Shares add up to 1000.
    change : float
        The change of the criterion's mean; positive is worse.
    text : str
        The change in words.
    """

    commit: str
    permille: int
    change: float
    text: str


def split_exactly(changes: Sequence[float], whole: int = 1000) -> list[int]:
    """Express changes as integer parts of their sum that add up exactly.

    Parameters
    ----------
    changes : sequence of float
        Their sum must not be 0.
    whole : int, default 1000
        The sum of the parts.

    Returns
    -------
    list of int
        Parts are rounded down; the remainder goes to those that lost most by rounding.

    Examples
    --------
    >>> split_exactly([1.0, 1.0, 1.0])
    [334, 333, 333]
    >>> split_exactly([1.27, -0.2, 1.51])
    [492, -77, 585]
    """
    total = math.fsum(changes)
    exact = [whole * change / total for change in changes]
    parts = [math.floor(one) for one in exact]
    order = sorted(range(len(parts)), key=lambda k: (parts[k] - exact[k], k))
    for k in order[: whole - sum(parts)]:
        parts[k] += 1
    return parts


def mean_of(metric: Metric, record: Baseline, landscapes: Sequence[str], averaged: bool) -> float:
    """Average a criterion over all cells of some landscapes, with the same weight for each landscape."""
    means = []
    for name in landscapes:
        of_landscape = record.records[name]
        means.append(math.fsum(_value(metric, of_landscape, one, averaged) for one in of_landscape.cells))
        means[-1] /= len(of_landscape.cells)
    return math.fsum(means) / len(means)


def shares_of(
    metric_name: str, commits: Sequence[str], records: Sequence[Baseline], landscape: str = ""
) -> tuple[Share, ...]:
    """Divide a change among the states that contributed to it.

    Parameters
    ----------
    metric_name : str
        The criterion that moved.
    commits : sequence of str
        The first commit of each contributing state.
    records : sequence of Baseline
        The record of the state before the change, then that of each contributing state.
    landscape : str, optional
        The landscape on which the criterion moved (default: the whole suite).

    Returns
    -------
    tuple of Share
        Empty if the criterion has no value for a single run, or if its mean did not move.
    """
    metric = next((one for one in METRICS if one.name == metric_name and one.is_averaged), None)
    landscapes = [landscape] if landscape else _common(records)
    if metric is None or not landscapes or not set(landscapes) <= set(_common(records)):
        return ()
    averaged = all(
        cell.average is not None for record in records for name in landscapes for cell in record.records[name].cells
    )
    means = [mean_of(metric, record, landscapes, averaged) for record in records]
    changes = np.diff(means).tolist()
    if abs(means[-1] - means[0]) < 1e-12:
        return ()
    parts = split_exactly(changes)
    return tuple(
        Share(commit, part, change, metric.describe(change) if change else "no change")
        for commit, part, change in zip(commits, parts, changes, strict=True)
    )


def _common(records: Sequence[Baseline]) -> list[str]:
    """Return the landscapes that all records share, with the same definition."""
    first, *others = records
    return [
        name
        for name, record in first.records.items()
        if all(name in one.records and one.records[name].definition == record.definition for one in others)
    ]


def _value(metric: Metric, record: LandscapeRecord, cell: CellRecord, averaged: bool) -> float:
    if averaged and cell.average is not None:
        return float(getattr(cell.average, metric.name))
    return metric.value_of(record, cell)
