"""Protect a test, and the tests after it, from what its optimizer does to the process."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from pytest_optlandscape.records import LandscapeRecord
from pytest_optlandscape.runs.process_state import Kept, random_states
from pytest_optlandscape.runs.results import described
from pytest_optlandscape.texts.printable import printable

__all__ = ["fit_to_travel", "global_random_states", "no_other_outcome", "with_notes_on"]


@contextlib.contextmanager
def no_other_outcome(spec: str) -> Iterator[None]:
    """Let a test of the suite only pass or fail: its optimizer can neither skip it nor mark it as an expected failure.

    Parameters
    ----------
    spec : str
        The optimizer.

    Raises
    ------
    pytest.fail.Exception
        Instead of an outcome of pytest that hides the test, or an exception that is no error, such as GeneratorExit.
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
    """Restore the global random states at the end, and list those that were changed.

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


def with_notes_on(record: LandscapeRecord, changed: Sequence[str]) -> LandscapeRecord:
    """Note in a record which global random states its runs changed.

    Parameters
    ----------
    record : LandscapeRecord
    changed : sequence of str
        From `global_random_states`, in the process that runs the optimizer: elsewhere, the threads of an executor draw
        random numbers meanwhile.

    Returns
    -------
    LandscapeRecord
    """
    notes = [f"{effect}, which is put back at the end of its test" for effect in changed]
    return replace(record, notes=(*record.notes, *notes)) if notes else record


def fit_to_travel(report: pytest.TestReport) -> None:
    """Make the captured output of an optimizer fit to be sent to another process and to be printed."""
    report.sections = [(printable(title, 200), printable(text, _LONGEST_SECTION)) for title, text in report.sections]
    if isinstance(report.longrepr, str):
        report.longrepr = printable(report.longrepr, _LONGEST_SECTION)


_LONGEST_SECTION = 200_000
