"""Export a history to other tools: pure functions from rows to text.

An exporter is one function in a file of its own, and one line in `EXPORTERS`. It takes rows and `Options`, and yields
pairs of a file's name and a piece of its text. The name is "" if the exporter writes one file only.
"""

from __future__ import annotations

from pytest_optlandscape.report.exporters.asv import asv, merge_benchmarks
from pytest_optlandscape.report.exporters.bencher import bencher
from pytest_optlandscape.report.exporters.codequality import codequality
from pytest_optlandscape.report.exporters.common import Exporter, Options, Pieces
from pytest_optlandscape.report.exporters.csv import csv
from pytest_optlandscape.report.exporters.github_action_benchmark import github_action_benchmark
from pytest_optlandscape.report.exporters.json import json
from pytest_optlandscape.report.exporters.openmetrics import openmetrics

__all__ = ["EXPORTERS", "Exporter", "Options", "Pieces"]

EXPORTERS: dict[str, Exporter] = {
    "csv": Exporter(csv, needs_numbers=False),
    "json": Exporter(json, needs_numbers=False),
    "github-action-benchmark": Exporter(github_action_benchmark, commits="last", takes=frozenset({"direction"})),
    "bencher": Exporter(bencher, commits="last"),
    "asv": Exporter(asv, is_folder=True, merge=merge_benchmarks),
    "openmetrics": Exporter(openmetrics, takes=frozenset({"last"})),
    "codequality": Exporter(codequality, needs_numbers=False),
}
"""All exporters by format; `cli_arguments.EXPORT_FORMATS` describes the formats."""
