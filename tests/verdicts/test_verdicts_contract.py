import math
import random
import types

import numpy as np
import pytest

from pytest_optlandscape import check_optimizer, parametrize_with_checks
from pytest_optlandscape.verdicts import CHECKS


def search(fun, x0, bounds, rng, *, sample=None, adopt=lambda new, best: new < best):
    lower, upper = np.transpose(bounds)
    best, value = np.clip(x0, lower, upper), math.inf
    value = fun(best)
    for _ in range(40):
        x = sample(lower, upper) if sample else rng.uniform(lower, upper)
        new = fun(x)
        if adopt(new, value):
            best, value = x, new
        if math.isnan(value):
            break
    return types.SimpleNamespace(x=best, fun=value, success=True)


def decent(fun, x0, bounds, rng):
    return search(fun, x0, bounds, rng)


def raises_sometimes(fun, x0, bounds, rng):
    result = search(fun, x0, bounds, rng)
    if result.fun > 1.0:
        raise ArithmeticError("did not converge")
    return result


def misreports(fun, x0, bounds, rng):
    result = search(fun, x0, bounds, rng)
    return types.SimpleNamespace(x=result.x, fun=np.nextafter(result.fun, math.inf))


def forgets_the_best(fun, x0, bounds, rng):
    search(fun, x0, bounds, rng)
    return rng.uniform(*np.transpose(bounds))


def steps_outside(fun, x0, bounds, rng):
    fun(np.transpose(bounds)[1] + 1e-9)
    return search(fun, x0, bounds, rng)


def writes_to_the_start(fun, x0, bounds, rng):
    result = search(fun, x0, bounds, rng)
    x0[:] = result.x
    return result


def ignores_the_seed(fun, x0, bounds, rng):
    return search(fun, x0, bounds, np.random.default_rng())


def draws_globally(fun, x0, bounds, rng):
    np.random.random()
    return search(fun, x0, bounds, rng)


def draws_from_python(fun, x0, bounds, rng):
    random.random()
    return search(fun, x0, bounds, rng)


def takes_nan_for_better(fun, x0, bounds, rng):
    return search(fun, x0, bounds, rng, adopt=lambda new, best: not new >= best)


def takes_nan_and_reports_nothing(fun, x0, bounds, rng):
    result = takes_nan_for_better(fun, x0, bounds, rng)
    return types.SimpleNamespace(x=result.x, success=True)


BREAKERS = [
    (
        raises_sometimes,
        "check_returns_finite_point",
        r"no usable result: exception \(ArithmeticError",
    ),
    (misreports, "check_reported_value", r"reports fun = .*, but f\(x\) = "),
    (forgets_the_best, "check_not_worse_than_start", r"f\(x0\) = .*, but it returned a point with f = "),
    (steps_outside, "check_stays_inside_bounds", "a point lies 1e-09 outside the bounds"),
    (
        writes_to_the_start,
        "check_keeps_start_unchanged",
        r"it wrote into the array x0 that it was handed.*\n  replay: .*x0=\[1.0, 1.0\]",
    ),
    (ignores_the_seed, "check_same_seed_same_run", "a second run with the same seed went elsewhere"),
    (draws_globally, "check_leaves_global_random_state", "the global random state was touched"),
    (draws_from_python, "check_leaves_global_random_state", "the global random state was touched"),
    (takes_nan_for_better, "check_never_claims_success_with_nan", "claims success with fun = nan"),
    (takes_nan_and_reports_nothing, "check_never_claims_success_with_nan", "claims success with fun = nan"),
]


def test_a_decent_optimizer_passes():
    check_optimizer(decent)


def test_scipy_claims_success_with_nan():
    with pytest.raises(AssertionError, match="claims success with fun = nan"):
        CHECKS["check_never_claims_success_with_nan"]("scipy:L-BFGS-B")
    for method in ("Nelder-Mead", "BFGS", "differential_evolution"):
        CHECKS["check_never_claims_success_with_nan"](f"scipy:{method}")


def test_every_check_has_an_optimizer_that_breaks_it():
    assert {name for _, name, _ in BREAKERS} == set(CHECKS)


@pytest.mark.parametrize(("optimizer", "name", "said"), BREAKERS)
def test_a_check_sees_what_breaks_it(optimizer, name, said):
    with pytest.raises(AssertionError, match=said) as caught:
        CHECKS[name](optimizer)
    assert f"{optimizer.__module__}:{optimizer.__name__} on " in str(caught.value)
    assert "\n  replay: minimize(" in str(caught.value)


@pytest.mark.parametrize(("optimizer", "name", "said"), BREAKERS)
def test_no_other_check_is_broken(optimizer, name, said):
    with pytest.raises(AssertionError, match=said) as caught:
        check_optimizer(optimizer)
    lines = str(caught.value).splitlines()
    assert lines[0] == f"{optimizer.__module__}:{optimizer.__name__} breaks 1 of {len(CHECKS)} checks"
    assert lines[1].startswith(f"  {name}: ")


def test_all_that_is_broken_is_listed():
    def hopeless(problem):
        np.random.random()
        return [math.nan, 0.0]

    with pytest.raises(AssertionError) as caught:
        check_optimizer(hopeless)
    assert f"breaks 4 of {len(CHECKS)} checks" in str(caught.value)
    listed = [name for name in CHECKS if f"  {name}: " in str(caught.value)]
    assert listed == [
        "check_returns_finite_point",
        "check_not_worse_than_start",
        "check_stays_inside_bounds",
        "check_leaves_global_random_state",
    ]


def test_optimizers_without_bounds_may_go_anywhere():
    def unbounded(fun, x0):
        fun(x0 + 100.0)
        return x0

    CHECKS["check_stays_inside_bounds"](unbounded)


def test_parameters():
    mark = parametrize_with_checks(["scipy:Powell", decent]).mark
    assert mark.args[0] == ("optimizer", "check")
    ids = [parameter.id for parameter in mark.args[1]]
    assert ids == [
        *(f"scipy:Powell-{name}" for name in CHECKS),
        *(f"{__name__}:decent-{name}" for name in CHECKS),
    ]
    assert [parameter.values for parameter in mark.args[1]][:2] == [
        ("scipy:Powell", check) for check in list(CHECKS.values())[:2]
    ]


def test_unknown_check():
    with pytest.raises(ValueError, match="unknown check 'check_reported_values'; did you mean 'check_reported_value'"):
        parametrize_with_checks([decent], expected_failures={"check_reported_values": "rounds"})


def test_one_string_is_no_list():
    with pytest.raises(TypeError, match="takes a list of optimizers, got one string"):
        parametrize_with_checks("scipy:Powell")


INNER = """
from pytest_optlandscape import parametrize_with_checks

def forgets(fun, x0, bounds):
    value = fun(x0)
    return x0 if value < 1e-9 else bounds[:, 1]

def stays(fun, x0):
    return x0

@parametrize_with_checks({optimizers}, expected_failures={expected})
def test_contract(optimizer, check):
    check(optimizer)
"""


@pytest.mark.parametrize(
    ("optimizers", "expected", "outcomes"),
    [
        ("[stays]", {}, {"passed": 8}),
        ("[stays, forgets]", {}, {"passed": 15, "failed": 1}),
        ("[forgets]", {"check_not_worse_than_start": "a toy"}, {"passed": 7, "xfailed": 1}),
        ("[stays]", {"check_not_worse_than_start": "a toy"}, {"passed": 7, "failed": 1}),
    ],
)
def test_contract_as_tests(pytester, optimizers, expected, outcomes):
    pytester.makepyfile(INNER.replace("{optimizers}", optimizers).replace("{expected}", repr(expected)))
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    result.assert_outcomes(**outcomes)
    if expected and outcomes.get("failed"):
        result.stdout.fnmatch_lines(["*XPASS(strict)*a toy*"])
