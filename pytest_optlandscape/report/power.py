"""Describe the defects that a baseline detects; an update prints this, so that a weak baseline is noticed at once."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from pytest_optlandscape.comparison.power import FEW_EVALUATIONS, Power
from pytest_optlandscape.records.targets import SUCCESS_TARGET
from pytest_optlandscape.texts.plurals import number_of

__all__ = ["power_lines"]

_MANY = 0.25
"""Least share of the runs that miss the minimum in one way for advice to be given."""


def power_lines(power: Power, *, per_dimension: int, is_global: bool, is_stochastic: bool) -> list[str]:
    """Describe the defects that a baseline detects, with advice if they are few.

    Parameters
    ----------
    power : Power
    per_dimension : int
        Evaluations per dimension of each run.
    is_global, is_stochastic : bool
        The optimizer's profile.

    Returns
    -------
    list of str
        At most 80 columns wide, unless a name is longer.
    """
    said = "this baseline sees little" if power.is_low else "what this baseline sees"
    lines = [
        f"{power.spec}: {said}: {power.successes} of {number_of(power.runs, 'run')} succeeded, "
        f"{power.evaluations:g} evaluation{'s' * (power.evaluations != 1.0)} each"
    ]
    told = [f"smallest defects seen, if alike from every start: {'; '.join(_seen(power))}"]
    unseen = list(_unseen(power))
    if unseen:
        told.append(f"not seen: {'; '.join(unseen)}")
    told.append(f"a change of the algorithm shows in the path of {power.followed} of {number_of(power.runs, 'run')}")
    told += _advice(power, per_dimension, is_global, is_stochastic)
    return [*_wrapped(lines[0], ""), *(line for text in told for line in _wrapped(text, "  "))]


def _wrapped(text: str, indent: str) -> list[str]:
    further = indent + "  "
    return textwrap.wrap(
        text, 80, initial_indent=indent, subsequent_indent=further, break_long_words=False, break_on_hyphens=False
    )


def _percent(share: float) -> str:
    return f"{100.0 * share:g} %"


def _seen(power: Power) -> Iterator[str]:
    """Describe the smallest defect of each kind that is detected."""
    slower, alone = power.seen["slower"], power.seen["slower_somewhere"]
    digits, failing = power.seen["less_precise"], power.seen["failing"]
    if slower is not None:
        yield f"{_percent(slower)} more evaluations"
    if alone is not None and power.landscapes > 1:
        where = "each" if power.seen_alone == power.landscapes else f"{power.seen_alone} of {power.landscapes}"
        yield f"{_percent(alone)} more on one landscape alone (on {where})"
    if digits is not None:
        yield f"{digits:g} digits less precise"
    if failing is not None:
        yield f"{_percent(failing)} of the successful runs failing"
    if slower is alone is digits is failing is None:
        yield "none of those tried"


def _unseen(power: Power) -> Iterator[str]:
    """Name the kinds of defects that are not detected at any size."""
    if power.seen["slower"] is None:
        yield "twice the evaluations"
    if power.seen["less_precise"] is None:
        yield "a loss of four digits"
    if power.seen["failing"] is None and power.successes:
        yield "all successful runs failing"


def _advice(power: Power, per_dimension: int, is_global: bool, is_stochastic: bool) -> Iterator[str]:
    """Return advice for each way in which many runs miss the minimum."""
    many = _MANY * power.runs
    if power.without_result >= many:
        yield f"{power.without_result} runs give no result: find out why before you accept this baseline"
    if power.short >= many:
        yield (
            f"{power.short} runs end by themselves within {FEW_EVALUATIONS} evaluations, away from the minimum: look "
            "for a tolerance or a limit of iterations in its arguments"
        )
    if power.diverged >= many:
        yield (
            f"{power.diverged} runs end far from the minimum or outside the bounds: try a smaller learning rate or "
            "first step, or normalised gradients (clipnorm=1.0 in Keras, optax.clip_by_global_norm)"
        )
    elif power.still >= many:
        yield f"{power.still} runs hardly move: try a larger learning rate or first step, scaled to the box"
    if power.trials and power.is_low and power.at_budget >= many:
        yield (
            f"{power.at_budget} runs spend their trials before they succeed: give them trials={5 * power.trials} in "
            f"optlandscape_suites (now {power.trials})"
        )
    if not power.trials and power.at_budget >= many and power.diverged < many:
        more = f"budget={5 * per_dimension} in optlandscape_suites (now {per_dimension} evaluations a dimension)"
        text = f"{power.at_budget} runs spend their budget before they succeed: "
        if is_stochastic and not is_global:
            text += f"say global in optlandscape_profiles if it searches globally (three times the budget), or {more}"
        else:
            text += f"give them {more}"
        yield text
    if power.deepest is not None and power.deepest > SUCCESS_TARGET and power.successes < power.runs / 2:
        yield (
            f"half of the runs reach {power.deepest:g} of the reference gap, and success needs {SUCCESS_TARGET:g}: "
            "their speed is judged on the targets that they reach"
        )
