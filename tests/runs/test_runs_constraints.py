import math
import pickle
import warnings

import numpy as np
import pytest
from runs_helpers import bowl
from scipy.optimize import NonlinearConstraint

from pytest_optlandscape import Problem, landscapes, minimize
from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.landscapes.constraints import FEASIBILITY


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
    assert problem.nfev == 0
    assert Problem("beale").constraints == ()


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
