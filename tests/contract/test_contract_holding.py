import contract_breakers as breakers
import pytest
from thorough import thorough

from pytest_optlandscape import check_optimizer, landscapes, minimize, optimizers, parametrize_with_checks
from pytest_optlandscape.contract import CHECKS, ContractWarning

COUNT = len(CHECKS)
OWN_POINTS = "check_hands_callback_own_points"


def test_breaches_are_raised_together():
    with pytest.raises(AssertionError, match="claims success with fun = nan") as caught:
        check_optimizer("scipy:L-BFGS-B")
    first, *rest = str(caught.value).splitlines()
    named = [line.strip().partition(":")[0] for line in rest if line.startswith("  check_")]
    own_points = [OWN_POINTS] if OWN_POINTS in named else []  # not before SciPy 1.11
    assert first == f"scipy:L-BFGS-B breaks {len(named)} of {COUNT} checks"
    assert named == ["check_never_claims_success_with_nan", "check_survives_nan", "check_keeps_budget", *own_points]


def test_what_is_only_warned_of_raises_nothing():
    with pytest.warns(ContractWarning, match="check_copies_gradients: .*did not copy"):
        found = check_optimizer(breakers.keeps_gradients)
    assert [one.check for one in found if one.outcome == "failed"] == ["check_copies_gradients"]


def test_a_check_by_itself():
    CHECKS["check_not_worse_than_start"](breakers.decent)
    with pytest.raises(AssertionError, match="returned a point with f"):
        CHECKS["check_not_worse_than_start"](breakers.ends_above_its_start)
    with pytest.warns(ContractWarning):
        CHECKS["check_copies_gradients"](breakers.keeps_gradients)


def test_parameters():
    mark = parametrize_with_checks(["scipy:Powell", breakers.decent]).mark
    assert mark.args[0] == ("optimizer", "check")
    ids = [parameter.id for parameter in mark.args[1]]
    assert ids == [
        *(f"scipy:Powell-{name}" for name in CHECKS),
        *(f"contract_breakers:decent-{name}" for name in CHECKS),
    ]
    assert [parameter.values for parameter in mark.args[1]][:2] == [
        ("scipy:Powell", check) for check in list(CHECKS.values())[:2]
    ]


def test_unknown_check():
    with pytest.raises(ValueError, match="unknown check 'check_reported_values'; did you mean 'check_reported_value'"):
        parametrize_with_checks([breakers.decent], expected_failures={"check_reported_values": "rounds"})


def test_one_string_is_no_list():
    with pytest.raises(TypeError, match="takes a list of optimizers, got one string"):
        parametrize_with_checks("scipy:Powell")


ABOVE = {"check_not_worse_than_start": "a toy", "check_evaluates_start": "a toy"}

INNER = """
import numpy as np
from pytest_optlandscape import parametrize_with_checks

def ends_above(fun, x0, bounds):
    return min((bounds[:, 1], bounds[:, 0]), key=fun).copy()

def stays(fun, x0):
    fun(x0)
    return x0

def keeps_gradients(fun, x0, jac):
    first = jac(x0)
    kept = first.copy()
    jac(np.array(x0) + 1.0)
    other = np.array(x0) - (1.0 if (first != kept).any() else 0.0)
    return other if fun(other) < fun(x0) else x0

@parametrize_with_checks({optimizers}, expected_failures={expected})
def test_contract(optimizer, check):
    check(optimizer)
"""


@pytest.mark.parametrize(
    ("optimizers", "expected", "outcomes"),
    [
        *thorough(("[stays]", {}, {"passed": COUNT})),
        ("[stays, ends_above]", {}, {"passed": 2 * COUNT - 2, "failed": 2}),
        ("[ends_above]", ABOVE, {"passed": COUNT - 2, "xfailed": 2}),
        ("[stays]", {"check_not_worse_than_start": "a toy"}, {"passed": COUNT - 1, "failed": 1}),
        *thorough(("[keeps_gradients]", {"check_copies_gradients": "a toy"}, {"passed": COUNT - 1, "xfailed": 1})),
    ],
)
def test_contract_as_tests(pytester, optimizers, expected, outcomes):
    pytester.makepyfile(INNER.replace("{optimizers}", optimizers).replace("{expected}", repr(expected)))
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    result.assert_outcomes(**outcomes)
    if expected and outcomes.get("failed"):
        result.stdout.fnmatch_lines(["*XPASS(strict)*a toy*"])


def needs_bounds(fun, x0, jac, bounds=None):
    """Returns nan without bounds."""
    fun(x0), jac(x0)
    return x0 if bounds is not None else [float("nan")] * len(x0)


def test_a_breach_is_replayed_under_the_profile_that_broke_it():
    with pytest.raises(AssertionError, match="no usable result") as caught:
        check_optimizer(needs_bounds, profile="no-bounds global")
    told = next(line for line in str(caught.value).splitlines() if "minimize(" in line)
    assert told.endswith("profile='no-bounds global')")
    call = next(line for line in str(caught.value).splitlines() if "r = needs_bounds(" in line)
    assert "bounds" not in call.replace("needs_bounds", "")
    replayed = eval(told.partition("minimize; ")[2], {"minimize": minimize, "landscapes": landscapes})
    assert replayed.stop_reason == "non-finite"
    assert minimize(needs_bounds, "booth").stop_reason == "returned"


def test_a_later_word_of_a_profile_replaces_an_earlier_one():
    first = optimizers.get(needs_bounds, profile="global, no-bounds")
    run = minimize(optimizers.get(first, profile="local"), "booth")
    assert run.command().endswith("profile='local no-bounds')")
    with pytest.raises(TypeError, match=r"a string of words, such as 'global stochastic', got \['global'\]"):
        check_optimizer(needs_bounds, profile=["global"])
