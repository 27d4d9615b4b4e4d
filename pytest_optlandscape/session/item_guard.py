"""What an optimizer must not do to the test that runs it, and to the tests after it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from pytest_optlandscape.records import LandscapeRecord
from pytest_optlandscape.runs.process_state import Kept, random_states
from pytest_optlandscape.runs.results import described
from pytest_optlandscape.texts.printable import printable

__all__ = ["fit_to_travel", "global_random_states", "no_other_outcome", "with_random_states_put_back"]


@contextlib.contextmanager
def no_other_outcome(spec: str) -> Iterator[None]:
    """Have a test of the suite pass or fail: it cannot be skipped, or fail as expected, by what it runs.

    Parameters
    ----------
    spec : str
        The optimizer.

    Raises
    ------
    pytest.fail.Exception
        In place of an outcome of pytest's that hides the test, and of an exception that is no error, such as
        GeneratorExit.
    """
    try:
        yield
    except (Exception, KeyboardInterrupt, SystemExit, pytest.fail.Exception, pytest.exit.Exception):
        raise
    except BaseException as error:
        said = described(error)
    else:
        return
    pytest.fail(f"while {spec} was run: {said}", pytrace=False)


@contextlib.contextmanager
def global_random_states() -> Iterator[list[str]]:
    """Put the global random states back at the end, and say which of them were changed.

    Yields
    ------
    list of str
        Filled at the end.
    """
    changed: list[str] = []
    kept = Kept(random_states())
    try:
        yield changed
    finally:
        changed += kept.put_back()


def with_random_states_put_back(measure: Callable[[], LandscapeRecord]) -> LandscapeRecord:
    """Measure, put the global random states back, and note in the record which of them were changed.

    It is done in the process that runs the optimizer: in others, threads of an executor draw numbers meanwhile.

    Parameters
    ----------
    measure : callable
        Returns the record of a landscape.

    Returns
    -------
    LandscapeRecord
    """
    with global_random_states() as changed:
        record = measure()
    notes = [f"{effect}, which is put back at the end of its test" for effect in changed]
    return replace(record, notes=(*record.notes, *notes)) if notes else record


def fit_to_travel(report: pytest.TestReport) -> None:
    """Make what an optimizer printed and logged fit to be sent to another process, and to be printed."""
    report.sections = [(printable(title, 200), printable(text, _LONGEST_SECTION)) for title, text in report.sections]
    if isinstance(report.longrepr, str):
        report.longrepr = printable(report.longrepr, _LONGEST_SECTION)


_LONGEST_SECTION = 200_000
