import contextlib
import math
import pickle
import warnings

import numpy as np
import pytest
import scipy
from runs_helpers import bowl
from scipy.optimize import BFGS, LinearConstraint, NonlinearConstraint

from pytest_optlandscape import Problem, landscapes, minimize, optimizers
from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.landscapes.constraints import FEASIBILITY, as_constraints
from pytest_optlandscape.landscapes.frozen import set_attributes
from pytest_optlandscape.runs import BudgetExhausted


def line(constraint):
    """f(x) = x² where x ≥ 1: lowest at 1."""
    return bowl(lambda x: float(x[0] ** 2), dim=1, minimizers=[[1.0]], fmin=1.0, constraints=constraint)


AT_LEAST_1 = {"type": "ineq", "fun": lambda x: x[0] - 1.0}


def visiting(*points, returned=None):
    def optimizer(problem):
        for point in points:
            problem([point])
        return None if returned is None else [returned]

    return optimizer


def test_infeasible_evaluations_do_not_count():
    run = minimize(visiting(0.5, 3.0, 0.0, 2.0, 0.9, 1.0, returned=0.5), line(AT_LEAST_1))
    assert run.trace.gap.tolist() == [math.inf, 8.0, 8.0, 3.0, 3.0, 0.0]
    assert (run.gap, run.hit(10.0), run.hit(3.0), run.hit(0.0)) == (0.0, 2, 4, 6)
    assert (run.fun, run.result_gap) == (0.25, math.inf)


def test_never_feasible():
    run = minimize(visiting(0.5, 0.0), line(AT_LEAST_1))
    assert (run.gap, run.hit(1e9), run.result_gap) == (math.inf, math.inf, math.inf)
    assert minimize(lambda problem: 1 / 0, line(AT_LEAST_1)).gap == math.inf


def test_tolerated_violation_gives_no_negative_gap():
    inside, outside = 1.0 - 0.9 * FEASIBILITY, 1.0 - 1.1 * FEASIBILITY
    run = minimize(visiting(outside, inside, returned=inside), line(AT_LEAST_1))
    assert run.trace.gap.tolist() == [math.inf, 0.0]
    assert run.fun < run.landscape.fmin
    assert run.result_gap == 0.0
    assert minimize(visiting(outside, returned=outside), line(AT_LEAST_1)).result_gap == math.inf


def test_bounds_count_as_well():
    run = minimize(visiting(9.0, 3.0, returned=9.0), line(AT_LEAST_1))
    assert run.trace.gap.tolist() == [math.inf, 8.0]
    assert run.result_gap == math.inf


def test_without_result_the_best_feasible_point_counts():
    run = minimize(visiting(3.0, 0.5, 2.0, 2.5), line(AT_LEAST_1))
    assert (run.stop_reason, run.x.tolist()) == ("no-result", [2.0])


def test_constraints_are_asked_for_afterwards_alone():
    asked = []

    def constraint(x):
        asked.append(float(x[0]))
        return x[0] - 1.0

    def optimizer(problem):
        problem([3.0])
        problem([0.5])
        assert asked == []
        return [2.0]

    run = minimize(optimizer, line({"type": "ineq", "fun": constraint}))
    assert (run.nfev, run.gap) == (2, 8.0)
    assert 3.0 in asked


@pytest.mark.parametrize("bad", [math.nan, -math.inf])
def test_constraint_without_a_value_is_not_kept(bad):
    run = minimize(visiting(0.5, 2.0), line({"type": "ineq", "fun": lambda x: bad if x[0] < 1.0 else 0.0}))
    assert run.trace.gap.tolist() == [math.inf, 3.0]


def test_constraint_that_raises_is_not_kept():
    landscape = line(NonlinearConstraint(lambda x: math.sqrt(x[0] - 1.0), 0.0, np.inf))
    run = minimize(visiting(0.5, 2.0, 0.0, returned=0.5), landscape)
    assert (run.stop_reason, run.trace.gap.tolist()) == ("returned", [math.inf, 3.0, 3.0])
    assert run.result_gap == math.inf


def test_constraint_that_warns_is_no_trouble():
    landscape = line(NonlinearConstraint(lambda x: np.log(x[0]), 0.0, np.inf))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run = minimize(visiting(-1.0, 2.0, returned=-1.0), landscape)
        assert (run.trace.gap.tolist(), run.result_gap) == ([math.inf, 3.0], math.inf)
    assert run.warnings == ()


def test_points_that_are_not_finite():
    run = minimize(visiting(math.nan, math.inf, 2.0, returned=math.nan), line(AT_LEAST_1))
    assert run.trace.gap.tolist() == [math.inf, math.inf, 3.0]
    assert (run.stop_reason, run.result_gap) == ("non-finite", math.inf)


def test_bowl_from_the_catalogue():
    def optimizer(problem):
        for x in ([0.5, 0.25], [0.5, 0.5], [0.0, 0.0], [1.0, 1.0]):
            problem(x)
        return [1.0, 1.0]

    run = minimize(optimizer, "g11")
    assert run.trace.gap.tolist() == [0.8125 - 0.75, 0.0625, 0.0625, 0.0625]
    assert run.result_gap == 0.25
    copy = pickle.loads(pickle.dumps(run))
    assert (copy.gap, copy.result_gap, copy.hit(0.0625)) == (run.gap, run.result_gap, 1)


def test_problem_hands_out_scipys_constraints():
    problem = Problem("hs071")
    assert [type(one) for one in problem.constraints] == [NonlinearConstraint] * 2
    assert problem.constraints[1].fun(problem.x0).tolist() == [52.0]
    assert (problem.nfev, problem.constr_nfev, problem.constr_njev) == (0, 1, 0)
    assert Problem("beale").constraints == ()
    assert minimize("scipy:L-BFGS-B", "beale").constr_nfev == 0


def counting(calls):
    """A disk, whose evaluations are counted in ``calls`` too."""

    def called(kind, function):
        def evaluate(x, *args):
            calls.append(kind)
            return function(x, *args)

        return evaluate

    return (
        called("fun", lambda x, r: r - x @ x),
        called("jac", lambda x, r: -2.0 * x),
        called("hess", lambda x, v: -2.0 * v[0] * np.eye(2)),
    )


def forms(calls):
    fun, jac, hess = counting(calls)
    one = {"args": (2.0,)}
    return {
        "dict": {"type": "ineq", "fun": fun, **one},
        "dict with jac": {"type": "ineq", "fun": fun, "jac": jac, **one},
        "nonlinear": NonlinearConstraint(lambda x: fun(x, 2.0), 0.0, np.inf),
        "nonlinear with jac": NonlinearConstraint(lambda x: fun(x, 2.0), 0.0, np.inf, jac=lambda x: jac(x, 2.0)),
        "nonlinear with hess": NonlinearConstraint(
            lambda x: fun(x, 2.0), 0.0, np.inf, jac=lambda x: jac(x, 2.0), hess=hess, keep_feasible=True
        ),
    }


def handed_by_name(method):
    def optimizer(fun, x0, jac, bounds, constraints):
        jac = jac if method != "COBYLA" else None
        return scipy.optimize.minimize(fun, x0, jac=jac, bounds=bounds, constraints=constraints, method=method)

    return optimizer


def taken_from_the_problem(method):
    def optimizer(problem):
        options = {"bounds": problem.bounds, "constraints": problem.constraints, "method": method}
        if method != "COBYLA":
            options["jac"] = problem.gradient
        return scipy.optimize.minimize(problem, problem.x0, **options)

    return optimizer


WAYS = {"adapter": "scipy:{}".format, "by name": handed_by_name, "problem": taken_from_the_problem}


@pytest.mark.filterwarnings("ignore")  # SciPy warns where a method makes nothing of hess and keep_feasible
@pytest.mark.parametrize("form", forms([]))
@pytest.mark.parametrize("method", ["SLSQP", "COBYLA", "trust-constr"])
def test_evaluations_of_constraints_are_counted_alike_whatever_the_way(form, method):
    counts = []
    for way in WAYS.values():
        calls = []
        landscape = bowl(
            lambda x: float((x - 3.0) @ (x - 3.0)),
            gradient=lambda x: 2.0 * (x - 3.0),
            dim=2,
            x0=[0.5, 0.0],
            minimizers=[[1.0, 1.0]],
            fmin=8.0,
            constraints=forms(calls)[form],
        )
        problem, adapter = Problem(landscape, budget=300), optimizers.get(way(method))
        calls.clear()
        adapter.minimize(problem)
        made = tuple(calls.count(kind) for kind in ("fun", "jac", "hess"))
        assert (problem.constr_nfev, problem.constr_njev, problem.constr_nhev) == made
        assert made[0] > 0
        run = minimize(adapter, landscape, budget=300)
        assert (run.constr_nfev, run.constr_njev, run.constr_nhev) == made
        assert f", {made[0] + made[1]} of constraints" in str(run)
        counts.append(made)
    assert counts[0] == counts[1] == counts[2]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("form", ["dict", "nonlinear with jac"])
@pytest.mark.parametrize("method", ["differential_evolution", "shgo"])
def test_evaluations_of_global_optimizers_are_counted(form, method):
    calls = []
    landscape = bowl(lambda x: float(x @ x), dim=2, constraints=forms(calls)[form])
    problem, adapter = Problem(landscape, budget=1000), optimizers.get(f"scipy:{method}")
    if not adapter.takes_constraints:
        pytest.skip("shgo takes constraint objects since SciPy 1.11")
    calls.clear()
    with contextlib.suppress(BudgetExhausted):
        adapter.minimize(problem)
    assert (problem.constr_nfev, problem.constr_njev) == (calls.count("fun"), calls.count("jac"))
    assert calls


def test_linear_constraints_have_no_function_to_count():
    landscape = line(LinearConstraint([[1.0]], 1.0, np.inf))
    run = minimize("scipy:COBYLA", landscape)
    assert run.result_gap < 1e-3
    assert (run.nfev > 0, run.constr_nfev, run.constr_njev) == (True, 0, 0)
    assert "of constraints" not in str(run)


def test_points_of_a_batch_count_one_by_one_and_an_evaluation_that_raises_counts():
    def fails(x):
        raise ArithmeticError

    problem = Problem("hs071")
    problem.constraints[0].fun(np.ones((5, 4)))
    problem.constraints[0].jac(np.ones(4))
    assert (problem.constr_nfev, problem.constr_njev) == (5, 1)
    problem = Problem(line_unchecked(NonlinearConstraint(fails, 0.0, np.inf)))
    with pytest.raises(ArithmeticError):
        problem.constraints[0].fun([1.0])
    assert problem.constr_nfev == 1


def line_unchecked(constraint):
    whole = line(AT_LEAST_1).shift([0.0])  # an instance's facts are known
    (one,) = as_constraints(constraint, 1, "line")
    set_attributes(whole, own_constraints=(one,))
    return whole


def test_an_optimizer_that_goes_round_in_circles_on_the_constraints_ends():
    def circles(fun, x0, constraints):
        fun(x0)
        while True:
            constraints[0]["fun"](x0)

    run = minimize(circles, line(AT_LEAST_1), budget=3)
    assert (run.stop_reason, run.nfev, run.constr_nfev) == ("budget", 1, 100 * 2 * 3)
    assert run.message == "600 evaluations of one constraint were made, as many as the budget allows"


def test_constraints_are_refused_when_the_run_is_over():
    kept = []
    minimize(lambda fun, x0, constraints: (kept.append(constraints), fun(x0), x0)[2], "hs071")
    with pytest.raises(BudgetExhausted):
        kept[0][0].fun(np.ones(4))


def test_nothing_that_an_optimizer_does_to_a_constraint_reaches_the_next_run():
    strategy = BFGS()
    landscape = line(NonlinearConstraint(lambda x: x[0], np.ones(1), [9.0], jac=lambda x: [[1.0]], hess=strategy))
    minimize(lambda problem: problem.constraints[0].hess.initialize(1, "hess"), landscape)
    assert strategy.B is None
    Problem(landscape).constraints[0].lb[:] = 7.0
    assert Problem(landscape).constraints[0].lb == [1.0]


def test_unconstrained_landscapes_are_asked_for_no_violation(monkeypatch):
    def refuse(self, x):
        raise AssertionError("asked")

    monkeypatch.setattr(Landscape, "violation", refuse)
    run = minimize("scipy:L-BFGS-B", "beale")
    assert run.result_gap < 1e-8


@pytest.mark.parametrize("name", ["g24", "three_bar_truss"])
def test_long_traces(name):
    landscape = landscapes.get(name)

    def everywhere(problem):
        for x in problem.rng.uniform(*problem.bounds.T, (3000, problem.dim)):
            problem(x)

    run = minimize(everywhere, landscape, budget=3000)
    counts = [bool(landscape.is_feasible(x)) for x in run.trace.x]
    best = np.minimum.accumulate(np.where(counts, run.trace.fun - landscape.fmin, np.inf))
    assert run.trace.gap.tolist() == best.tolist()
    assert run.landscape.is_feasible(run.x)
    assert run.fun - landscape.fmin == run.gap
