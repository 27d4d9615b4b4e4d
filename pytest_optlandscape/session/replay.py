"""Run one cell again and print the run: ``--optlandscape-replay=beale/sobol-03``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from pytest_optlandscape.comparison.landscape_comparison import divergence_of
from pytest_optlandscape.landscapes import get
from pytest_optlandscape.records.build_records import record_of
from pytest_optlandscape.records.measuring import run_cell
from pytest_optlandscape.session.settings import read_settings
from pytest_optlandscape.session.suite import SuiteRun
from pytest_optlandscape.suites.catalogue import Cell
from pytest_optlandscape.suites.catalogue import find_cell as cell_of
from pytest_optlandscape.texts.plurals import number_of
from pytest_optlandscape.texts.spelling import unknown_name

__all__ = ["replay_cell"]


def replay_cell(config: pytest.Config, ini_keys: Mapping[str, tuple[str, Any, str]]) -> int:
    """Run one cell with each configured optimizer; print the run and compare it with the baseline.

    Parameters
    ----------
    config : pytest.Config
    ini_keys : mapping of str to tuple
        The valid keys of the configuration file, with kind, default and help.

    Returns
    -------
    int
        0, the exit code.

    Raises
    ------
    pytest.UsageError
        If the cell does not exist, or the configuration cannot be used.
    """
    try:
        cell = find_cell(config.getoption("optlandscape_replay"))
        suite = SuiteRun.against_baseline(read_settings(config, ini_keys))
    except (ValueError, TypeError, ImportError, OSError) as error:
        raise pytest.UsageError(f"optlandscape: {error}") from error
    if not suite.adapters:
        print("no optimizer is configured: add optlandscape_optimizers to pytest's configuration")
    only = suite.settings.only
    for spec in only:
        if spec not in suite.adapters:
            raise pytest.UsageError(f"optlandscape: {unknown_name('configured optimizer', spec, suite.adapters)}")
    for spec in only or suite.adapters:
        for line in _replay(suite, spec, cell):
            print(line)
    return 0


def find_cell(cell_id: str) -> Cell:
    """Find a cell by its id.

    Raises
    ------
    ValueError
        If the landscape or the start is unknown. The message names the nearest one.

    Examples
    --------
    >>> find_cell("beale/article").x0.tolist()
    [4.0, 4.0]
    """
    landscape_id, _, start = cell_id.rpartition("/")
    if not landscape_id:
        raise ValueError(f"write a cell as LANDSCAPE/START, such as beale/sobol-03; got {cell_id!r}")
    return cell_of(get(landscape_id), start)


def _replay(suite: SuiteRun, spec: str, cell: Cell) -> Iterator[str]:
    run = run_cell(suite.adapters[spec], cell, suite.plan.budget(spec, cell.landscape))
    yield str(run)
    if run.message:
        yield f"  {run.message}"
    yield run.table(rows=12)
    if suite.plan.runs_in_python(spec):
        yield f"  in Python:\n    {suite.wording.in_python(run.command())}"
    record = suite.reference.before(spec, cell.landscape.id)
    before = next((one for one in record.cells if one.start == cell.start), None) if record else None
    if before is None:
        yield "  the baseline has no such cell"
        return
    now = record_of(run, cell.start)
    evaluations = number_of(max(before.evaluations, before.njev), "evaluation")
    yield f"  in the baseline: {evaluations}, gap {before.gap:.3g}, {before.stop_reason}"
    if now.bits == before.bits:
        yield "  identical to the baseline, every evaluation"
    else:
        where = divergence_of(before, now)
        yield f"  diverges from the baseline at {where}" if where else "  equal to the baseline up to rounding"
