import numpy as np
import pytest

from pytest_optlandscape import Landscape, Problem, landscapes, minimize
from pytest_optlandscape.contract.holding import hold_to
from pytest_optlandscape.optimizers import get
from pytest_optlandscape.optimizers.profile import obstacle, profile_text

METHODS = ["trf", "dogbox", "lm"]


@pytest.mark.parametrize("method", METHODS)
def test_minimisers_are_found_and_every_call_is_counted(method):
    points, slopes = [], []

    def residuals(x):
        points.append(x.copy())
        return np.array([10.0 * (x[1] - x[0] ** 2), 1.0 - x[0]])

    def jacobian(x):
        slopes.append(x.copy())
        return np.array([[-20.0 * x[0], 10.0], [-1.0, 0.0]])

    valley = Landscape(
        "valley",
        lambda x: float(np.sum(residuals(x) ** 2)),
        residuals=residuals,
        jacobian=jacobian,
        bounds=[(-3, 3), (-3, 3)],
        x0=[-1.2, 1.0],
        minimizers=[[1.0, 1.0]],
        fmin=0.0,
    )
    points.clear()
    problem = Problem(valley, [-1.2, 1.0], budget=60)
    assert problem.residuals([0.0, 2.0]).tolist() == [20.0, 1.0]
    assert problem.jacobian([1.0, 2.0]).tolist() == [[-20.0, 10.0], [-1.0, 0.0]]
    assert (problem.nfev, problem.njev, problem.remaining) == (1, 1, 59)
    assert problem.evaluated()[1].tolist() == [401.0]
    slopes.clear()
    run = minimize(f"scipy:least_squares(method={method!r})", valley, x0=[-1.2, 1.0], budget=60)
    assert run.stop_reason == "returned"
    assert run.distance < 1e-6
    assert run.claimed_success
    assert 3 < run.nfev < 60
    assert run.njev == len(slopes) > 2
    np.testing.assert_array_equal(run.trace.fun, [valley.floats(x.tolist()) for x in run.trace.x])


@pytest.mark.parametrize("budget", [1, 7])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("jac", ["", ", jac='2-point'"])
def test_budget_is_exact(method, budget, jac):
    run = minimize(f"scipy:least_squares(method={method!r}{jac})", "rosenbrock", budget=budget)
    assert (run.stop_reason, run.nfev) == ("budget", budget)
    assert (run.njev == 0) == bool(jac)


def test_evaluations_are_one_whoever_asks():
    problem = Problem("beale", "article", budget=2)
    residuals = problem.residuals(problem.x0)
    assert problem.evaluated()[1].tolist() == [problem.landscape(problem.x0)]
    assert residuals @ residuals == pytest.approx(problem(problem.x0), rel=1e-14)
    with pytest.raises(BaseException, match="the budget of 2 evaluations is spent"):
        problem.residuals(problem.x0)
    assert (problem.nfev, problem.exhausted) == (2, True)


def test_residuals_that_raise_are_an_evaluation():
    def bad(x):
        raise ArithmeticError("no")

    landscape = Landscape(
        "bad", lambda x: 0.0, residuals=bad, bounds=[(-1, 1)], x0=[0.5], minimizers=[[0.0]], fmin=0.0, validate=False
    )
    problem = Problem(landscape, budget=3)
    with pytest.raises(ArithmeticError):
        problem.residuals([0.5])
    assert problem.nfev == 1
    assert np.isnan(problem.evaluated()[1]).all()


def test_who_has_no_residuals_is_no_place_for_it():
    trf = get("scipy:least_squares")
    assert profile_text(trf) == "local, gradient, bounds, residuals, deterministic"
    assert profile_text(get("scipy:least_squares(method='lm', jac='2-point')")).startswith(
        "local, derivative-free, no-b"
    )
    assert obstacle(trf, landscapes.get("rastrigin")) == "no residuals"
    assert obstacle(trf, landscapes.get("beale")) == ""
    with pytest.raises(ValueError, match="is not a sum of squares"):
        Problem("rastrigin").residuals([0.0, 0.0])
    run = minimize(trf, "rastrigin")
    assert run.stop_reason == "exception"
    assert "not a sum of squares" in run.message


def test_misspelt_arguments():
    with pytest.raises(ValueError, match="'ftoll'; did you mean 'ftol'"):
        get("scipy:least_squares(ftoll=1e-3)")
    with pytest.raises(ValueError, match="'trff'; did you mean 'trf'"):
        get("scipy:least_squares(method='trff')")
    with pytest.raises(ValueError, match="verbose"):
        get("scipy:least_squares(verbose=2)")


def test_levenberg_marquardt_needs_as_many_residuals_as_variables():
    lm, trf = get("scipy:least_squares(method='lm')"), get("scipy:least_squares")
    few = landscapes.get("deep_linear_1_1_1")
    assert (obstacle(lm, few), obstacle(trf, few)) == ("fewer residuals than variables", "")
    assert obstacle(lm, landscapes.get("beale")) == obstacle(lm, landscapes.get("rosenbrock[2]")) == ""
    assert obstacle(lm, landscapes.get("rastrigin")) == "no residuals"


@pytest.mark.parametrize("method", METHODS)
def test_the_contract_is_asked_where_there_are_residuals(method):
    found = {one.check: one for one in hold_to(get(f"scipy:least_squares(method={method!r})"))}
    assert "sum of squares" not in " ".join(one.message for one in found.values())
    assert found["check_returns_finite_point"].outcome == "passed"
    assert found["check_survives_nan"].outcome == "not-applicable"
    assert found["check_survives_nan"].message == "none of this check's landscapes is made for it"
    assert (found["check_stays_inside_bounds"].outcome == "not-applicable") == (method == "lm")
