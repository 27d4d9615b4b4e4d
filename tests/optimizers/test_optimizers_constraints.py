import numpy as np
import pytest
import scipy
from hypothesis import given, settings
from scipy.optimize import NonlinearConstraint

from pytest_optlandscape import Problem, assert_robust, landscapes, minimize, strategies
from pytest_optlandscape.optimizers import get
from pytest_optlandscape.optimizers.adapters import scipy as adapters
from pytest_optlandscape.optimizers.adapters.scipy import GLOBAL, METHODS

VERSION = tuple(map(int, scipy.__version__.split(".")[:2]))
CONSTRAINED = [landscape.id for landscape in landscapes.select(tags="constrained")]
EQUALITIES = ["hs071", "g11"]
LOCAL = ["SLSQP(ftol=1e-12)", "COBYLA(rhobeg=0.05, tol=1e-9)", "trust-constr"]
LOCAL += ["COBYQA(initial_tr_radius=0.05)"] if VERSION >= (1, 14) else []


def near(landscape):
    """A start a tenth of the way from the first minimiser to the standard one."""
    best = landscape.minimizers[0]
    return best + 0.1 * (landscape.x0 - best)


@pytest.mark.parametrize("name", CONSTRAINED)
@pytest.mark.parametrize("method", LOCAL)
def test_scipys_local_methods_reach_the_minimizer(name, method):
    landscape = landscapes.get(name)
    if "COBYLA" in method and VERSION < (1, 16) and name in EQUALITIES:
        pytest.skip("COBYLA takes equalities since SciPy 1.16")
    if VERSION < (1, 15) and f"{method} {name}" in ("trust-constr g24", f"{LOCAL[1]} rosenbrock_disk"):
        pytest.skip("older SciPy's stops a little farther away")
    adapter = get(f"scipy:{method}")
    assert adapter.takes_constraints
    run = minimize(adapter, landscape, x0=near(landscape), budget=20_000)
    assert run.stop_reason == "returned"
    crawls = "COBYLA" in method and name == "rosenbrock_disk"  # 1000 evaluations are too few for it in the valley
    assert run.distance < (0.06 if crawls else 0.005)
    assert run.gap < (1e-3 if crawls else 1e-4) * (1 + abs(landscape.fmin))
    assert run.landscape.violation(run.x) < 1e-4


@pytest.mark.parametrize("name", ["mishra_bird_disk", "gomez_levy", "simionescu", "g06", "g08", "g24"])
def test_differential_evolution_reaches_the_minimizer(name):
    run = minimize("scipy:differential_evolution", name, budget=10_000, seed=1)
    assert run.result_gap < 1e-4 * (1 + abs(run.landscape.fmin))
    assert run.distance < 1e-3


@pytest.mark.skipif(VERSION < (1, 11), reason="shgo takes constraint objects since SciPy 1.11")
@pytest.mark.parametrize("name", ["rosenbrock_disk", "hs071", "g09", "three_bar_truss"])
def test_shgo_reaches_the_minimizer(name):
    run = minimize("scipy:shgo", name)
    assert run.result_gap < 1e-6
    assert run.distance < 1e-4


@pytest.mark.parametrize("method", [*METHODS, *GLOBAL])
def test_which_methods_take_constraints(method):
    if method == "COBYQA" and VERSION < (1, 14):
        pytest.skip("COBYQA needs SciPy 1.14")
    takes = {"COBYLA", "COBYQA", "SLSQP", "trust-constr", "differential_evolution"} | (
        {"shgo"} if VERSION >= (1, 11) else set()
    )
    assert get(f"scipy:{method}").takes_constraints == (method in takes)


def test_shgo_before_it_took_constraint_objects(monkeypatch):
    monkeypatch.setattr(adapters, "_VERSION", (1, 10))
    assert not get("scipy:shgo").takes_constraints
    assert minimize("scipy:shgo", "simionescu", budget=500).result_gap == np.inf


@pytest.mark.parametrize("method", ["L-BFGS-B", "Nelder-Mead"])
def test_methods_that_take_none_run_as_if_there_were_none(method):
    free = minimize(f"scipy:{method}", "simionescu", budget=300)
    assert free.stop_reason in ("returned", "budget")
    assert free.landscape.violation(free.x) > 0.1
    assert free.result_gap == np.inf
    assert free.warnings == ()


def test_unconstrained_landscapes_give_no_constraints(monkeypatch):
    given = []
    monkeypatch.setattr(scipy.optimize, "minimize", lambda *args, **keywords: given.append(keywords["constraints"]))
    for landscape in ("beale", "g06"):
        get("scipy:SLSQP").minimize(Problem(landscape))
        get("scipy:L-BFGS-B").minimize(Problem(landscape))
    assert [len(constraints) for constraints in given] == [0, 0, 2, 0]


@pytest.mark.parametrize("method", ["shgo", "differential_evolution"])
def test_constraints_are_no_argument_of_a_spec(method):
    with pytest.raises(ValueError, match=f"unknown argument of scipy:{method} 'constraints'"):
        get(f"scipy:{method}(constraints=())")


def test_callables_get_the_constraints_they_name():
    seen = []

    def optimizer(fun, x0, constraints):
        seen.append(constraints)
        fun(x0)
        return x0

    minimize(optimizer, "hs071")
    minimize(optimizer, "beale")
    assert [type(one) for one in seen[0]] == [NonlinearConstraint] * 2
    assert seen[1] == ()


def test_callables_hand_them_on_to_scipy():
    def optimizer(fun, x0, jac, bounds, constraints):
        return scipy.optimize.minimize(fun, x0, jac=jac, bounds=bounds, constraints=constraints, method="SLSQP")

    run = minimize(optimizer, "hs071")
    assert run.result_gap < 1e-6
    assert run.digits > 4


def test_kinds_are_read_from_the_parameters():
    assert get(lambda fun, x0, constraints: x0).takes_constraints
    assert not get(lambda fun, x0, bounds: x0).takes_constraints
    assert not get(lambda problem: problem.x0).takes_constraints  # unless its profile says so


def test_robust_where_every_start_ends_at_the_minimum():
    assert_robust("scipy:SLSQP", "three_bar_truss", n_starts=44)
    with pytest.raises(AssertionError, match="three_bar_truss"):
        assert_robust("scipy:L-BFGS-B", "three_bar_truss", n_starts=44)


@settings(max_examples=20, deadline=None, derandomize=True, database=None)
@given(landscape=strategies.landscapes(tags="constrained"))
def test_drawn_landscapes_have_constraints(landscape):
    assert landscape.constraints


@settings(max_examples=20, deadline=None, derandomize=True, database=None)
@given(box=strategies.bounds("g06"))
def test_drawn_bounds_keep_the_minimum(box):
    def knows(problem):
        problem(problem.landscape.minimizers[0])
        return problem.landscape.minimizers[0]

    run = minimize(knows, "g06", bounds=box)
    assert run.result_gap == 0.0
