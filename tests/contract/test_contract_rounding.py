"""Points outside the bounds by rounding are warned of, those farther away are errors."""

import warnings

import numpy as np
import pytest

from pytest_optlandscape import optimizers
from pytest_optlandscape.comparison import Verdict
from pytest_optlandscape.contract import CHECKS, CheckOutcome, ContractWarning
from pytest_optlandscape.contract.holding import hold_to
from pytest_optlandscape.contract.trials import further_trials
from pytest_optlandscape.runs.run import slack_of
from pytest_optlandscape.session.contract_record import ContractRecord

INSIDE, FIXED = "check_stays_inside_bounds", "check_keeps_fixed_variables"


def looks_beyond(units, only_at_corners=False):
    def optimizer(fun, x0, bounds):
        lower, upper = bounds.T
        if (lower < upper).all():
            is_corner = (x0 == lower).all()
            fun(upper + (1000.0 if only_at_corners and is_corner else units) * np.spacing(np.abs(upper)))
        return x0

    return optimizer


def scales_to_the_unit_box(fun, x0, bounds):
    """Its points on the upper bounds are what comes back from 1."""
    lower, upper = bounds.T
    shares = np.array(x0 >= (lower + upper) / 2.0, dtype=float)
    x = lower + shares * (upper - lower)
    return x if fun(x) < fun(x0) else x0


@pytest.mark.parametrize(("units", "severity"), [(1.0, "warning"), (4.0, "warning"), (8.0, "error")])
def test_rounding_is_warned_of_and_more_is_an_error(units, severity):
    (found,) = hold_to(optimizers.get(looks_beyond(units)), [INSIDE])
    assert (found.outcome, found.severity) == ("failed", severity)
    assert ("which is rounding" in found.message) == (severity == "warning")


def test_a_check_that_is_called_warns():
    with pytest.warns(ContractWarning, match=f"{INSIDE}: .* outside the bounds, which is rounding"):
        CHECKS[INSIDE](looks_beyond(1.0))


def test_what_is_grave_is_told_though_rounding_came_first():
    (found,) = hold_to(optimizers.get(looks_beyond(1.0, only_at_corners=True)), [INSIDE])
    assert (found.severity, "which is rounding" in found.message) == ("error", False)


def test_a_fixed_variable_that_rounding_moves_is_warned_of():
    def moves(fun, x0, bounds):
        lower, upper = bounds.T
        fun(np.where(lower == upper, np.nextafter(lower, np.inf), x0))
        return x0

    (found,) = hold_to(optimizers.get(moves), [FIXED])
    assert (found.outcome, found.severity) == ("failed", "warning")


def test_unround_edges_show_what_round_ones_do_not():
    (found,) = hold_to(optimizers.get(scales_to_the_unit_box), [INSIDE])
    assert (found.outcome, found.severity) == ("failed", "warning")
    assert ".within([[" in found.message


def test_edges_are_unround_and_hold_the_minimum():
    parts = [trial.landscape for trial in further_trials(optimizers.get("scipy:Powell"))]
    assert len({part.id for part in parts}) == 40
    for part in parts:
        edges = part.bounds.ravel()
        assert all(np.float64(f"{edge:.12g}") != edge for edge in edges)
        if len(part.minimizers):
            assert (part.minimizers[0][:, np.newaxis] == part.bounds).any(axis=1).all()


def test_who_keeps_the_bounds_is_not_warned_of():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        CHECKS[INSIDE]("scipy:L-BFGS-B")


@pytest.mark.parametrize(
    ("before", "severity", "verdict"),
    [
        ("warned", "error", Verdict.WORSE),
        ("warned", "warning", Verdict.SAME),
        ("failed", "error", Verdict.SAME),
        ("passed", "warning", Verdict.SAME),
        ("passed", "error", Verdict.WORSE),
    ],
)
def test_rounding_that_was_accepted_does_not_hide_more(before, severity, verdict):
    record = ContractRecord({"mine:minimize": {INSIDE: before}})
    found = CheckOutcome(INSIDE, severity, "failed", "…")
    assert record.verdict("mine:minimize", found) == verdict
    record.keep("mine:minimize", found)
    assert record.accepted("mine:minimize") == {INSIDE: "warned" if severity == "warning" else "failed"}


def test_the_slack_is_that_of_the_larger_bound():
    slack = slack_of(np.array([[-8.0, 0.5], [1.0, 1.5]]))
    assert slack.tolist() == [4.0 * np.spacing(8.0), 4.0 * np.spacing(1.5)]
