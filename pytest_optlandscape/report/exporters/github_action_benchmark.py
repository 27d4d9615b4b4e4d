"""Export one commit to github-action-benchmark, for its tools customSmallerIsBetter and customBiggerIsBetter."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pytest_optlandscape.report.exporters.common import Options, Pieces, json_text, label, unique
from pytest_optlandscape.trend.rows import CRITERIA, Row

__all__ = ["github_action_benchmark"]


def github_action_benchmark(rows: Iterable[Row], options: Options) -> Pieces:
    """Write one benchmark for each landscape and each criterion with the chosen direction.

    The tool accepts one direction per file, so two files are needed for all criteria.
    """
    wanted = [one for one in CRITERIA if one.smaller_is_better == (options.direction == "smaller")]
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        for criterion in wanted:
            value = row.values.get(criterion.name)
            if value is None:
                continue
            name = unique(f"{label(row)} / {criterion.name}", found)
            extra = [f"commit {row.commit}", f"state {row.state}", f"verdict {row.verdict}", criterion.direction]
            found[name] = {"name": name, "unit": criterion.unit, "value": value, "extra": "\n".join(extra)}
    yield "", json_text(list(found.values()))
