"""Export one commit in Bencher Metric Format, for Bencher's adapter ``json``."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_optlandscape.report.exporters.common import Options, Pieces, json_text, label, unique
from pytest_optlandscape.trend.rows import CRITERIA, Row

__all__ = ["bencher"]


def bencher(rows: Iterable[Row], options: Options) -> Pieces:
    """Write one benchmark for each landscape, with one measure for each criterion.

    Measures are named by slugs, such as ``evaluations-to-targets``. Their units and thresholds are configured in the
    project at Bencher.
    """
    found: dict[str, dict[str, dict[str, float]]] = {}
    for row in rows:
        known = [(criterion.name.replace("_", "-"), row.values.get(criterion.name)) for criterion in CRITERIA]
        measures = {slug: {"value": value} for slug, value in known if value is not None}
        if measures:
            found[unique(label(row), found)] = measures
    yield "", json_text(found)
