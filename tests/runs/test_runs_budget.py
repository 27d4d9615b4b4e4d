import numpy as np
import pytest
import scipy
from runs_helpers import (
    Bowl,
    bowl,
    forever,
    gradients_forever,
    hessians_forever,
    scipy_style_forever,
    swallows_everything,
    swallows_exceptions,
    turns_it_into_an_error,
)

from pytest_optlandscape import minimize
from pytest_optlandscape.optimizers.adapters.scipy import GLOBAL, METHODS
from pytest_optlandscape.runs import BudgetExhausted, Problem
from pytest_optlandscape.texts.plurals import number_of

TOO_NEW = {"COBYQA"} if tuple(map(int, scipy.__version__.split(".")[:2])) < (1, 14) else set()
BUDGETS = (1, 7, 100)
CALLABLES = [forever, gradients_forever, hessians_forever, scipy_style_forever, swallows_exceptions]
CALLABLES += [swallows_everything, turns_it_into_an_error]


@pytest.mark.parametrize("budget", BUDGETS)
@pytest.mark.parametrize("method", [method for method in [*METHODS, *GLOBAL] if method not in TOO_NEW])
def test_scipy_is_stopped_at_the_budget(method, budget):
    run = minimize(f"scipy:{method}", "rosenbrock[5]", budget=budget)
    most = max(run.nfev, run.njev, run.nhev)
    if run.stop_reason == "budget":
        assert most == budget
        assert run.message == f"the budget of {number_of(budget, 'evaluation')} was spent"
    else:
        assert (run.stop_reason, budget) == ("returned", 100)
        assert most <= budget
    assert len(run.trace) == run.nfev or run.nfev == 0


@pytest.mark.parametrize("budget", BUDGETS)
@pytest.mark.parametrize("optimizer", CALLABLES)
def test_callables_are_stopped_at_the_budget(optimizer, budget):
    run = minimize(optimizer, "beale", budget=budget)
    assert run.stop_reason == "budget"
    assert max(run.nfev, run.njev, run.nhev) == budget


def test_what_is_returned_after_the_budget_is_the_result():
    run = minimize(swallows_everything, "beale", budget=5)
    assert run.x.tolist() == [1.5, 1.5]
    assert run.fun == run.landscape([1.5, 1.5])


def test_stopped_optimizer_gets_its_best_feasible_point():
    def visits(problem):
        for x in ([2.0, 2.0], [1.0, 0.0], [9.0, 0.0], [0.5, 0.0], [3.0, 0.0], [0.0, 0.0]):
            problem(x)

    bowl_away = bowl(lambda x: (x[0] - 9.0) ** 2 - 81.0, minimizers=[[4, 0]], fmin=-56)
    run = minimize(visits, bowl_away, budget=5)
    assert run.x.tolist() == [3.0, 0.0]


def test_budget_spent_exactly_is_no_stop():
    def three(problem):
        for _ in range(3):
            problem(problem.x0)
        return problem.x0

    assert minimize(three, "beale", budget=3).stop_reason == "returned"
    assert minimize(three, "beale", budget=2).stop_reason == "budget"


def test_gradients_and_values_have_a_budget_each():
    def both(problem):
        for _ in range(7):
            problem.gradient(problem.x0)
            problem(problem.x0)
        return problem.x0

    run = minimize(both, "beale", budget=7)
    assert (run.stop_reason, run.nfev, run.njev) == ("returned", 7, 7)


@pytest.mark.parametrize("method", ["Nelder-Mead", "L-BFGS-B", "trust-exact", "differential_evolution", "shgo"])
def test_calls_counted_are_calls_made(method):
    own = Bowl()
    run = minimize(f"scipy:{method}", own.landscape(), budget=50)
    assert own.calls == run.nfev + 1  # one more, uncounted, at the point returned
    assert own.slopes == run.njev
    assert (run.nfev > 1, run.njev > 0) == (True, method in ("L-BFGS-B", "trust-exact"))


def test_refused_calls_do_not_reach_the_landscape():
    own = Bowl()
    run = minimize(swallows_everything, own.landscape(), budget=7)
    assert run.nfev == 7
    assert own.calls == 7 + 1


def test_evaluations_that_raise_are_counted():
    def fun(x):
        raise FloatingPointError("singular")

    run = minimize(swallows_exceptions, bowl(fun), budget=7)
    assert (run.stop_reason, run.nfev, len(run.trace)) == ("budget", 7, 7)
    assert np.isnan(run.fun)
    assert run.gap == np.inf


def test_problem_refuses_and_remembers():
    problem = Problem("beale", budget=1)
    problem([1, 1])
    assert (problem.remaining, problem.exhausted) == (0, False)
    with pytest.raises(BudgetExhausted, match="the budget of 1 evaluation is spent"):
        problem([1, 1])
    assert problem.exhausted
    assert problem.nfev == 1


def test_another_problems_budget_is_an_error_of_the_caller():
    def nested(problem):
        Problem("beale", budget=1).fun(problem.x0)
        inner = Problem("beale", budget=1)
        inner(problem.x0)
        inner(problem.x0)

    with pytest.raises(BudgetExhausted):
        minimize(nested, "beale", budget=10)


@pytest.mark.parametrize("budget", [0, -1, 1.5, True, False, "7", float("inf"), float("nan"), [3]])
def test_what_is_no_budget(budget):
    with pytest.raises(ValueError, match="a budget is a whole number of evaluations, at least 1; got"):
        Problem("beale", budget=budget)


def test_default_budget_and_whole_floats():
    assert Problem("rosenbrock[10]").budget == 10_000
    assert Problem("beale", budget=np.int32(7)).budget == Problem("beale", budget=7.0).budget == 7
