"""Protect a test and the tests after it from changes that its optimizer makes to the process."""

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
    """Make a test of the suite pass or fail: its optimizer must not skip it or mark it as an expected failure.

    Parameters
    ----------
    spec : str
        The optimizer.

    Raises
    ------
    pytest.fail.Exception
        Instead of a pytest outcome that hides the test, or an exception that is not an error, such as GeneratorExit.
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
    """Restore the global random states at the end, and list the changed ones.

    Yields
    ------
    list of str
        The names of the changed states; filled at the end.
    """
    changed: list[str] = []
    kept = Kept(random_states())
    try:
        yield changed
    finally:
        changed += kept.put_back()


def with_notes_on(record: LandscapeRecord, changed: Sequence[str]) -> LandscapeRecord:
    """Add notes to a record about the global random states that its runs changed.

    Parameters
    ----------
    record : LandscapeRecord
    changed : sequence of str
        From `global_random_states` in the process that runs the optimizer. In other processes, the threads of an
        executor may draw random numbers at the same time.

    Returns
    -------
    LandscapeRecord
    """
    notes = [f"{effect}, which is put back at the end of its test" for effect in changed]
    return replace(record, notes=(*record.notes, *notes)) if notes else record


def fit_to_travel(report: pytest.TestReport) -> None:
    """Shorten and clean the captured output of an optimizer, so that it can be sent and printed."""
    report.sections = [(printable(title, 200), printable(text, _LONGEST_SECTION)) for title, text in report.sections]
    if isinstance(report.longrepr, str):
        report.longrepr = printable(report.longrepr, _LONGEST_SECTION)


_LONGEST_SECTION = 200_000
