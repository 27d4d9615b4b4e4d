"""The checks of the contract on landscapes over a search space."""

import numpy as np
import pytest
import tuner_breakers as breakers

from pytest_optlandscape import check_optimizer, landscapes, optimizers
from pytest_optlandscape.contract import CHECKS
from pytest_optlandscape.contract.checks.configurations import fault
from pytest_optlandscape.contract.checks.tuning import check_beats_random_search
from pytest_optlandscape.contract.holding import hold_to
from pytest_optlandscape.contract.search_spaces import ENDLESS, random_values, searched
from pytest_optlandscape.landscapes.spaces import Choice, Float, Int, Ordinal
from pytest_optlandscape.optimizers.profile import with_profile

NAMES = list(CHECKS)[list(CHECKS).index("check_evaluates_values_of_space") :]


def failed(tuner, names=NAMES):
    found = hold_to(optimizers.get(getattr(breakers, tuner)), names)
    return [one for one in found if one.outcome == "failed"]


def test_a_decent_tuner_keeps_all_that_is_asked_of_it():
    found = {one.check: one.outcome for one in check_optimizer(breakers.Announced)}
    assert set(found.values()) == {"passed", "not-applicable"}
    passed = {name for name in NAMES if found[name] == "passed"}
    assert passed == set(NAMES) - {"check_maximizes_as_it_minimizes"}
    assert {name for name in found if found[name] == "passed"} - passed == {"check_same_run_in_another_process"}


@pytest.mark.parametrize(("tuner", "name", "said"), breakers.BREAKERS)
def test_a_check_sees_the_tuner_that_breaks_it(tuner, name, said):
    (found,) = failed(tuner, [name])
    assert found.severity == "error"
    with pytest.raises(AssertionError, match=said):
        raise AssertionError(found.message)
    assert found.message.startswith(f"tuner_breakers:{tuner} on ")


@pytest.mark.thorough
@pytest.mark.parametrize(("tuner", "name", "said"), [*breakers.BREAKERS, *breakers.SLIGHT])
def test_no_other_check_sees_it(tuner, name, said):
    assert [one.check for one in failed(tuner)] == [name]


@pytest.mark.parametrize(("tuner", "name", "said"), breakers.SLIGHT)
def test_a_tuner_is_only_warned_of_what_may_be_meant(tuner, name, said):
    (found,) = failed(tuner, [name])
    assert found.severity == "warning"
    with pytest.raises(AssertionError, match=said):
        raise AssertionError(found.message)


def test_repeats_are_only_warned_where_the_search_has_no_end():
    endless = with_profile(optimizers.get(breakers.Repeats), "endless")
    found = hold_to(endless, ["check_repeats_no_configuration", "check_ends_when_space_is_exhausted"])
    assert [(one.outcome, one.severity) for one in found] == [("failed", "warning"), ("not-applicable", "error")]


def test_optimizers_of_points_are_asked_for_none_of_it():
    for optimizer in ("scipy:Powell", "scipy:BFGS", "scipy:differential_evolution"):
        assert {one.message for one in hold_to(optimizers.get(optimizer), NAMES) if one.outcome != "passed"} <= {
            "it evaluates points, not configurations of a search space",
            "asked of optimizers that are: ending",
        }


@pytest.mark.parametrize(
    ("parameter", "value", "said", "is_slight"),
    [
        (Int(1, 8), 5, "", False),
        (Int(1, 8), 5.0, "which is a float", False),
        (Int(1, 8), "5", "which is a str", False),
        (Int(1, 8), True, "which is a bool", False),
        (Int(1, 8), np.int32(5), "which is a int32", True),
        (Int(1, 8), 9, "which is no value of", False),
        (Int(2, 8, step=2), 5, "which is no value of", False),
        (Float(0, 1), 0.5, "", False),
        (Float(0, 1), 1, "which is a int", True),
        (Float(0, 1), np.float64(0.5), "which is a float64", True),
        (Float(0, 1), float("nan"), "which is no value of", False),
        (Float(0, 1, step=0.25), 0.3, "which is no value of", False),
        (Choice("a", None), None, "", False),
        (Choice("a", "b"), np.str_("a"), "which is a str_", True),
        (Choice(1, 2), True, "which is a bool", False),
        (Choice(1, 2), 1.0, "which is a float", False),
        (Choice(True, False), 1, "which is a int", False),
        (Choice(True, False), np.bool_(True), "which is a bool", True),
        (Ordinal(16, 64), 32, "which is no value of", False),
    ],
)
def test_values_of_another_type_are_told_apart(parameter, value, said, is_slight):
    found, slight = fault(parameter, value)
    assert found.startswith(said)
    assert bool(found) == bool(said)
    assert slight is is_slight


def test_a_function_of_the_problem_is_a_tuner_by_its_profile():
    def search(problem):
        for code in problem.rng.random((problem.budget, problem.space.dim)):
            problem(problem.space.decode(code))

    adapter = optimizers.get(search, profile="configurations stochastic endless")
    assert not adapter.uses_gradient
    found = {one.check: one.outcome for one in hold_to(adapter, [*NAMES, "check_survives_nan"])}
    assert found["check_evaluates_values_of_space"] == "passed"
    assert found["check_survives_nan"] == "not-applicable"


@pytest.mark.parametrize("name", ENDLESS)
def test_the_minimum_is_lower_than_all_random_values(name):
    values = random_values(name)
    assert np.all(np.diff(values) >= 0.0)
    assert searched(name).fmin < values[0]


def test_landscapes_of_the_contract_are_not_in_the_catalogue():
    assert not {name for name in landscapes.names() if name.startswith("contract_")}
    assert (check_beats_random_search.__doc__ or "").startswith("Check that")
