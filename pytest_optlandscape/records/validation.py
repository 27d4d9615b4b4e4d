"""Reject records from a file that no run can have produced.

Readers of files call these checks before anything is compared. Otherwise, a gap of NaN or a hit before the first
evaluation would lead to a wrong verdict, or to an error that does not name the file.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Mapping
from typing import Any

from pytest_optlandscape.records.fingerprint import Fingerprint
from pytest_optlandscape.records.landscape_record import (
    BEST_SEEN,
    FLAGS,
    HANGS,
    ROUNDS_OUT,
    Average,
    CellRecord,
    Descent,
    LandscapeRecord,
)
from pytest_optlandscape.records.targets import OF_SEARCH, TARGETS, read_targets
from pytest_optlandscape.texts.plurals import number_of

__all__ = ["KNOWN_FLAGS", "checked_cell", "checked_record"]

KNOWN_FLAGS = frozenset({*FLAGS, HANGS, ROUNDS_OUT})
"""All letters that a record may have as flags."""

MOST_EVALUATIONS = 1 << 53
"""Counts from here on are not exact as a double, the only number that many readers of JSON have."""

_TRACE = re.compile(r"[0-9a-f]{1,64}(\.(x[0-9a-f]{1,64}|([1-9][0-9]*-)?[1-9][0-9]*))?")
_MOST_DECADES = 17.0
"""Largest log₁₀ of evaluations in an average."""

_MOST_DIGITS = 700.0
"""Largest absolute log₁₀ of a relative gap in an average."""

_FARTHEST = 2.0**21  # boxes; paths are clipped at half of this


def checked_cell(text: Any, *, in_any_form: bool = False) -> CellRecord:
    """Parse the line of a cell, and reject one that no run can have produced.

    Parameters
    ----------
    text : str
        A line of `CellRecord.to_text`.
    in_any_form : bool, default False
        Whether to accept numbers in another form, such as ``1.50`` for 1.5; this halves the time.

    Returns
    -------
    CellRecord

    Raises
    ------
    ValueError
        If the line is malformed, is not in the form of `CellRecord.to_text`, or holds impossible numbers. The message
        names the start and the field.

    Examples
    --------
    >>> checked_cell("standard 16 16 r 4.15e-14 5.19e-07 0,3,5,9,12,14,15,- - 0f3a -:W:V")
    Traceback (most recent call last):
        ...
    ValueError: standard: hits 0,3,5,9,12,14,15,-: a target is reached at the first evaluation or later
    """
    cell = CellRecord.from_text(text)
    problem = _problem_with(cell)
    if problem:
        raise ValueError(f"{cell.start:.40}: {problem}")
    if not in_any_form and cell.to_text() != text:
        raise ValueError(f"{cell.start:.40}: the line was not written by this plugin: {text!r:.120}")
    return cell


def _problem_with(cell: CellRecord) -> str:
    """Return a description of the first impossible field; "" if there is none."""
    if not cell.start or not cell.start.isprintable():
        return f"{cell.start!r:.40} is not the name of a start"
    counts = (cell.nfev, cell.njev, cell.constr_nfev, cell.constr_njev)
    if not all(0 <= count < MOST_EVALUATIONS for count in counts):
        return f"evaluations {cell.nfev:.17g}, gradients {cell.njev:.17g}: these counts are impossible"
    if cell.cost is not None and not 0.0 <= cell.cost <= cell.nfev:
        return f"cost {cell.cost:.17g}: {number_of(cell.nfev, 'evaluation')} cannot cost that"
    if cell.cost is None and any(hit != int(hit) for hit in cell.hits if hit != math.inf):
        return "hits are whole numbers where evaluations have no cost"
    for name in ("gap", "distance"):
        if not getattr(cell, name) >= 0.0:
            return f"{name} {getattr(cell, name)}: it must be 0 or more"
    made = cell.nfev + cell.njev
    return (
        _problem_with_hits(cell.hits, made, cell.cost)
        or _problem_with_flags(cell.flags)
        or _problem_with_trace(cell, made)
        or (_problem_with_descent(cell.descent, made) if cell.descent else "")
        or _problem_with_fingerprint(cell.fingerprint, made)
        or next(filter(None, map(_problem_with_average, (*_averages(cell), *cell.batches))), "")
    )


def _averages(cell: CellRecord) -> tuple[Average, ...]:
    return (cell.average,) if cell.average else ()


def _problem_with_hits(hits: tuple[float, ...], made: int, cost: float | None) -> str:
    told = ",".join("-" if hit == math.inf else f"{hit:.17g}" for hit in hits)
    if len(hits) != len(TARGETS):
        return f"hits {told:.80}: there must be one for each of {len(TARGETS)} targets"
    if not min(hits) >= (1 if cost is None else 0):
        return f"hits {told:.80}: a target is reached at the first evaluation or later"
    if list(hits) != sorted(hits):
        return f"hits {told:.80}: a finer target is not reached before a coarser one"
    if any(made < hit < math.inf for hit in hits):
        return f"hits {told:.80}: only {made} evaluations were made"
    return ""


def _problem_with_flags(flags: frozenset[str]) -> str:
    unknown = sorted(flags - KNOWN_FLAGS)
    return f"{unknown[0]!r} is no flag; flags are {', '.join(sorted(KNOWN_FLAGS))}" if unknown else ""


def _problem_with_trace(cell: CellRecord, made: int) -> str:
    if not _TRACE.fullmatch(cell.trace):
        return f"{cell.trace!r:.60} is not a trace"
    returned = cell.returned
    if returned and not returned[0] <= returned[1] <= made:
        return f"trace {cell.trace}: only {made} evaluations were made"
    return ""


def _problem_with_descent(descent: Descent, made: int) -> str:
    if descent.end > made:
        return f"descent {descent.to_text():.80}: only {made} evaluations were made"
    return ""


def _problem_with_fingerprint(fingerprint: Fingerprint, made: int) -> str:
    windows = (made - 1).bit_length() + 1 if made else 0
    if len(fingerprint.path) > windows:
        return f"the fingerprint has {len(fingerprint.path)} windows, {made} evaluations have {windows}"
    if any(abs(value) > _FARTHEST for value in (*fingerprint.path, fingerprint.result)):
        return "the fingerprint has a number that is too large"
    if not -1 <= fingerprint.spread < MOST_EVALUATIONS:
        return f"rounding cannot move the end by {fingerprint.spread:.17g} evaluations"
    return ""


def _problem_with_average(average: Average) -> str:
    numbers = (average.speed, average.precision, average.failure, average.cost, average.constraint_evaluations)
    is_possible = (
        0 < average.runs < MOST_EVALUATIONS
        and all(map(math.isfinite, numbers))
        and all(abs(one) <= _MOST_DECADES for one in (average.speed, average.cost, average.constraint_evaluations))
        and abs(average.precision) <= _MOST_DIGITS
        and 0.0 <= average.failure <= 1.0
        and 0 <= average.reached <= len(TARGETS)
    )
    return "" if is_possible else f"average {average.to_text():.80}: these numbers are impossible"


def checked_record(record: LandscapeRecord) -> LandscapeRecord:
    """Reject the record of a landscape with an impossible definition or repeated cells.

    Parameters
    ----------
    record : LandscapeRecord
        A record whose cells were checked by `checked_cell`.

    Returns
    -------
    LandscapeRecord
        The record itself.

    Raises
    ------
    ValueError
        If a value is impossible; the message names it.
    """
    problem = _problem_with_definition(record.definition)
    starts = [cell.start for cell in record.cells]
    if not record.landscape or not record.landscape.isprintable():
        problem = f"{record.landscape!r:.60} is not the name of a landscape"
    elif not starts:
        problem = "it has no cells"
    elif len(set(starts)) < len(starts):
        twice = next(start for start in starts if starts.count(start) > 1)
        problem = f"the start {twice!r:.40} occurs twice"
    if problem:
        raise ValueError(problem)
    return record


_WHOLE = {"budget": 1, "format": 0, "version": 0, "constraints": 0}
"""Integers of a definition, with their least values."""


def _problem_with_definition(definition: Any) -> str:  # noqa: PLR0911 - one line for each value
    """Return a description of the first impossible value; "" if there is none. Unknown keys may have any value."""
    if not isinstance(definition, Mapping):
        return f"the definition is {definition!r:.60}, not an object"
    for key, value in definition.items():
        if not isinstance(value, str | int | float | None) or not _is_finite(value):
            return f"definition: {key} is {value!r:.60}, not a text or a finite number"
    for key in ("budget", "reference", "fmin"):
        if key not in definition:
            return f"definition: there is no {key}"
    for key in _WHOLE.keys() & definition.keys():
        value = definition[key]
        if not _is_number(value) or isinstance(value, float) or not _WHOLE[key] <= value < MOST_EVALUATIONS:
            return f"definition: {key} is {value!r:.60}, not a whole number of {_WHOLE[key]} or more"
    if not _is_point(definition.get(BEST_SEEN, "0")):
        return f"definition: {BEST_SEEN} is {definition[BEST_SEEN]!r:.60}, not the coordinates of a point"
    if OF_SEARCH in definition and not _are_targets(definition[OF_SEARCH]):
        return f"definition: {OF_SEARCH} is {definition[OF_SEARCH]!r:.80}, not {len(TARGETS)} gaps, the largest first"
    fmin, reference = definition["fmin"], definition["reference"]
    if not _is_number(reference) or not reference > 0.0 or not (fmin is None or _is_number(fmin)):
        return f"definition: fmin {fmin!r:.60}, reference {reference!r:.60}: they must be a number and a number above 0"
    return ""


def _are_targets(text: Any) -> bool:
    """Return whether a text consists of as many gaps as there are targets, in descending order."""
    if not _is_point(text):
        return False
    gaps = list(read_targets(text))
    return len(gaps) == len(TARGETS) and gaps == sorted(gaps, reverse=True) and gaps[-1] >= 0.0


def _is_point(text: Any) -> bool:
    """Return whether a text consists of finite numbers, separated by spaces."""
    try:
        return all(map(math.isfinite, map(float, text.split(" "))))
    except (AttributeError, ValueError):
        return False


def _is_finite(value: Any) -> bool:
    return not isinstance(value, int | float) or abs(value) <= sys.float_info.max


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
