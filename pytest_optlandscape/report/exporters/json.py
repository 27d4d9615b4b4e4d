"""Export a table as JSON, with the definitions of its criteria."""

from __future__ import annotations

import json as encoder
from collections.abc import Iterable

from pytest_optlandscape.report.exporters.common import Options, Pieces
from pytest_optlandscape.trend.rows import CRITERIA, Row

__all__ = ["json"]


def json(rows: Iterable[Row], options: Options) -> Pieces:
    """Write the criteria with their units and directions, then the rows as text, numbers and null."""
    criteria = {
        one.name: {"unit": one.unit, "direction": one.direction, "about": one.about, "verdict_on": one.metric}
        for one in CRITERIA
    }
    yield "", f'{{\n"schema": 1,\n"criteria": {encoder.dumps(criteria, indent=1)},\n"rows": ['
    for k, row in enumerate(rows):
        yield "", ("," if k else "") + "\n" + encoder.dumps(row.to_plain(), allow_nan=False)
    yield "", "\n]\n}\n"
