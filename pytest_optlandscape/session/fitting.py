"""Choose a suite that fits into a time: ``--optlandscape-fit=MINUTES`` measures the speed and prints a configuration.

The user copies it into the configuration file. So fast and slow machines then run the same suite.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import pytest

from pytest_optlandscape.records.measuring import run_cell, runs_of_baseline
from pytest_optlandscape.session.settings import read_settings
from pytest_optlandscape.session.suite import SuiteRun
from pytest_optlandscape.session.time_estimate import duration
from pytest_optlandscape.suites.catalogue import SUITE_VERSIONS
from pytest_optlandscape.suites.selection import Selection, in_early_order, read_selection

__all__ = ["fit_suites", "fitting_words"]

TRIALS = 3
"""The number of cells that are run to measure the time of an evaluation."""

LEAST_BUDGET = 20
"""The smallest useful number of evaluations per dimension."""


def fit_suites(config: pytest.Config, ini_keys: Mapping[str, tuple[str, Any, str]]) -> int:
    """Print the ``optlandscape_suites`` words with which a comparison of each configured optimizer fits into a time.

    Parameters
    ----------
    config : pytest.Config
    ini_keys : mapping
        The valid keys of the configuration file.

    Returns
    -------
    int
        0, the exit code.

    Raises
    ------
    pytest.UsageError
        If the time is not valid, or the configuration cannot be used.
    """
    text = config.getoption("optlandscape_fit")
    try:
        minutes = float(text)
    except ValueError:
        minutes = math.nan
    if not 0.0 < minutes < math.inf:
        raise pytest.UsageError(f"optlandscape: --optlandscape-fit={text}: expected a number of minutes, above 0")
    try:
        suite = SuiteRun.against_baseline(read_settings(config, ini_keys))
    except (ValueError, TypeError, ImportError, OSError) as error:
        raise pytest.UsageError(f"optlandscape: {error}") from error
    if not suite.adapters:
        print("no optimizer is configured: add optlandscape_optimizers to pytest's configuration")
    lines = {}
    for spec in suite.adapters:
        told, words = _fit(suite, spec, 60.0 * minutes, time.perf_counter)
        print(told)
        if words:
            lines[spec] = words
    if lines:
        print("\n".join(["", *_configuration(lines, is_toml=str(config.inipath).endswith(".toml"))]))
    return 0


def _fit(suite: SuiteRun, spec: str, seconds: float, clock: Callable[[], float]) -> tuple[str, str]:
    """Return a sentence on the time of an optimizer, and the words of a suite that fits; "" if the present one fits."""
    selection = suite.plan.selections[spec]
    landscapes = suite.plan.landscapes_for(spec)
    if not landscapes:
        return f"{spec}: it can run on no landscape of the suite", ""
    spent, steps = 0.0, 0
    for landscape in sorted(landscapes, key=lambda one: one.dim)[:TRIALS]:
        cell = in_early_order(selection.cells_of(landscape))[0]
        started = clock()
        run_cell(suite.adapters[spec], cell, suite.plan.budget(spec, landscape))
        spent += clock() - started
        steps += cell.budget(suite.plan.budget(spec, landscape))
        if spent > seconds / 4.0:
            break
    rate = max(spent, 1e-9) / steps
    whole = sum(suite.plan.steps(spec, landscape) for landscape in landscapes)
    chosen = [cell for landscape in landscapes for cell in selection.cells_of(landscape)]
    baseline = runs_of_baseline(suite.adapters[spec], chosen) / len(chosen)
    told = (
        f"{spec}: {1e3 * rate:.3g} ms for each evaluation of the budget\n"
        f"  {selection.text}: about {duration(rate * whole)}, a baseline {duration(rate * whole * baseline)}"
    )
    if rate * whole <= seconds:
        return f"{told}: that fits", ""
    words = fitting_words(selection, seconds / rate, suite.plan.per_dimension(spec), [one.dim for one in landscapes])
    if not words:
        return f"{told}\n  nothing fits: one short run on each landscape of the suite smoke takes longer", ""
    return f"{told}\n  {words}: about {duration(seconds)}, a baseline {duration(seconds * baseline)}", words


def fitting_words(selection: Selection, steps: float, per_dimension: int, dims: Iterable[int]) -> str:
    """Choose words for a number of evaluations: fewer cells, else the suite smoke, else a smaller budget.

    Parameters
    ----------
    selection : Selection
        The present suite.
    steps : float
        The number of evaluations that fit.
    per_dimension : int
        Evaluations per dimension of each cell.
    dims : iterable of int
        The dimensions of the present landscapes.

    Returns
    -------
    str
        "" if no suite fits.

    Examples
    --------
    >>> fitting_words(read_selection("quick"), 50_000, 200, [2] * 10 + [10] * 2)
    'quick@3 steps=50000'
    >>> fitting_words(read_selection("quick"), 7_777, 200, [2] * 10 + [10] * 2)
    'smoke@1 steps=7700'
    >>> fitting_words(read_selection("quick"), 1_000, 200, [2] * 10 + [10] * 2)
    'smoke@1 steps=1000 budget=38'
    """
    kept = [word for word in selection.text.split() if not word.startswith(("steps=", "budget="))]
    budget = f" budget={selection.budget}" if selection.budget else ""
    rounded = int(float(f"{steps:.0f}"[:2].ljust(len(f"{steps:.0f}"), "0")))
    if steps >= 2 * per_dimension * sum(dims):
        return f"{' '.join(map(_with_version, kept))} steps={rounded}{budget}"
    smoke = sum(landscape.dim for landscape in read_selection("smoke").landscapes)
    if steps >= per_dimension * smoke:
        return f"{_with_version('smoke')} steps={rounded}{budget}"
    fewer = int(steps / 2 / smoke)
    return f"{_with_version('smoke')} steps={rounded} budget={fewer}" if fewer >= LEAST_BUDGET else ""


def _with_version(word: str) -> str:
    return f"{word}@{SUITE_VERSIONS[word]}" if word in SUITE_VERSIONS else word


def _configuration(lines: dict[str, str], is_toml: bool) -> Iterator[str]:
    """Yield the lines to paste into the configuration file."""
    yield "for the configuration, so that every machine runs the same:"
    yield "optlandscape_suites = [" if is_toml else "optlandscape_suites ="
    for spec, words in lines.items():
        text = f"{spec} = {words}"
        if is_toml:
            yield "    " + (f'"{text}",' if '"' not in text and "\\" not in text else f"'''{text}''',")
        else:
            yield f"    {text}"
    if is_toml:
        yield "]"
