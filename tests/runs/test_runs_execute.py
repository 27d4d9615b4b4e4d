import os
import signal
import threading
import time
import types
import warnings

import numpy as np
import pytest
from runs_helpers import Bowl, bowl, forever, gradients_forever

from pytest_optlandscape import assert_converges, assert_precise, minimize


def returns(thing):
    def optimizer(problem):
        problem(problem.x0)
        return thing

    return optimizer


def raises(error):
    def optimizer(problem):
        problem(problem.x0)
        raise error

    return optimizer


def test_returned():
    run = minimize(returns([3.0, 0.5]), "beale")
    assert (run.stop_reason, run.message, run.fun, run.distance, run.digits) == ("returned", "", 0.0, 0.0, 16.0)


def test_point_never_evaluated_is_evaluated_uncounted():
    run = minimize(returns((0.25, 0.75)), "beale")
    assert run.fun == run.landscape([0.25, 0.75])
    assert (run.nfev, len(run.trace), run.gap) == (1, 1, run.landscape(run.x0))
    assert run.result_gap == run.fun - run.landscape.fmin


def test_exception_names_the_place():
    run = minimize(raises(RuntimeError("no descent")), "beale")
    assert run.stop_reason == "exception"
    line = raises.__code__.co_firstlineno + 3
    assert run.message == f"RuntimeError: no descent ({__file__}:{line})"
    assert (run.x.tolist(), run.nfev) == ([1.0, 1.0], 1)


def test_exit_is_an_exception_too():
    run = minimize(raises(SystemExit(3)), "beale")
    assert run.stop_reason == "exception"
    assert run.message.startswith("SystemExit: 3 (")


def interrupted(problem):
    """Run on until somebody presses Ctrl-C, and swallow that."""
    try:
        while True:
            problem.landscape(problem.x0)
    except KeyboardInterrupt:
        return problem.x0


@pytest.mark.parametrize("optimizer", [interrupted, lambda problem: time.sleep(60)], ids=["swallowed", "passed on"])
def test_ctrl_c_is_the_users(optimizer):
    timer = threading.Timer(0.1, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        minimize(optimizer, "beale")
    timer.join()


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers on this platform")
def test_what_a_handler_of_the_session_raises_passes_through():
    def handler(number, frame):
        pytest.fail("the test took too long")

    previous = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        with pytest.raises(pytest.fail.Exception, match="took too long"):
            minimize(forever, "beale", budget=10**9)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, previous)


@pytest.mark.parametrize(
    ("thing", "said"),
    [
        (None, "the optimizer returned nothing; return the point, or an object with .x"),
        ([1.0, 2.0, 3.0], r"an array of shape \(3,\); a point has shape \(2,\)"),
        ([[1.0, 2.0]], r"an array of shape \(1, 2\)"),
        (1.0, r"an array of shape \(\); a point"),
        ("somewhere", "returned 'somewhere', which is no point"),
        (["1", "2"], "which is no point"),
        ({"y": [1.0, 2.0]}, "which is no point"),
        (([1.0, 2.0], 14.2), "which is no point"),
        ([1j, 2.0], "which is no point"),
        (np.array([1j, 2.0]), "which is no point"),
        (types.SimpleNamespace(x=None), "returned nothing"),
        (object(), "which is no point"),
    ],
)
def test_no_result(thing, said):
    run = minimize(returns(thing), "beale")
    assert run.stop_reason == "no-result"
    with pytest.raises(ValueError, match=said):
        raise ValueError(run.message)
    assert run.x.tolist() == run.x0.tolist()
    assert run.fun == run.landscape(run.x0)


@pytest.mark.parametrize("thing", [[3.0, 0.5], types.SimpleNamespace(x=[3.0, 0.5])])
def test_a_run_without_an_evaluation_is_no_result_and_is_told(thing):
    with pytest.warns(RuntimeWarning, match=r"on beale: the optimizer never called the objective.*; call problem\(x\)"):
        run = minimize(lambda problem: thing, "beale", x0=[3.0, 0.5])
    assert (run.stop_reason, run.was_evaluated) == ("no-result", False)
    assert run.message.startswith("the optimizer never called the objective")
    for assertion, required in [(assert_converges, {"gap": 1e9}), (assert_precise, {"digits": -9})]:
        with pytest.raises(AssertionError, match=r"no-result \(the optimizer never called the objective, so nothing"):
            assertion(run, **required)
    assert minimize(lambda problem: (problem.gradient(problem.x0), thing)[1], "beale").was_evaluated


def test_without_result_the_best_point_evaluated_counts():
    def forgets(problem):
        for x in ([0.0, 0.0], [3.0, 0.25], [9.0, 9.0]):
            problem(x)

    assert minimize(forgets, "beale").x.tolist() == [3.0, 0.25]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_non_finite(value):
    run = minimize(returns([value, 1.0]), "beale")
    assert run.stop_reason == "non-finite"
    assert run.message.startswith("the optimizer returned [")
    assert (run.distance, run.digits, run.result_gap) == (np.inf, -np.inf, np.inf)


@pytest.mark.parametrize("thing", [5, np.float64(5), np.array(5.0), [5], np.array([5.0])])
def test_one_dimension_takes_a_number(thing):
    run = minimize(returns(thing), bowl(lambda x: float(x[0] ** 2), dim=1))
    assert (run.stop_reason, run.x.tolist(), run.fun) == ("returned", [5.0], 25.0)


def test_what_the_optimizer_says_of_itself():
    result = types.SimpleNamespace(x=[0, 0], fun=1.5, success=np.bool_(False), message="tired")
    run = minimize(returns(result), "beale")
    assert (run.reported_fun, run.claimed_success, run.message) == (1.5, False, "tired")
    run = minimize(returns([0, 0]), "beale")
    assert (run.reported_fun, run.claimed_success) == (None, None)


@pytest.mark.parametrize(
    ("fun", "read"), [(np.array([2.5]), 2.5), (np.array([[2.5]]), 2.5), ("2.5.1", None), ([1.0, 2.0], None), (7, 7.0)]
)
def test_reported_values_of_any_kind(fun, read):
    run = minimize(returns(types.SimpleNamespace(x=[0, 0], fun=fun, success=[True, False])), "beale")
    assert (run.reported_fun, run.claimed_success) == (read, None)


def test_result_is_a_copy():
    x = np.array([1.0, 2.0])
    run = minimize(returns(x), "beale")
    x[:] = 9.0
    assert run.x.tolist() == [1.0, 2.0]


def test_warnings_are_recorded_and_handed_on_afterwards():
    def warns(problem):
        for _ in range(3):
            warnings.warn("slow", RuntimeWarning, stacklevel=1)
        warnings.warn("old", DeprecationWarning, stacklevel=1)
        problem(problem.x0)
        return problem.x0

    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        run = minimize(warns, "beale")
    assert run.stop_reason == "returned"
    assert sorted(run.warnings) == ["DeprecationWarning: old", "RuntimeWarning: slow"]
    assert sorted(str(one.message) for one in seen) == ["old", "slow"]  # each once, when the run is over
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(Warning, match=r"slow|old"):
            minimize(warns, "beale")


def test_warnings_of_the_objective_at_the_result_raise_nothing():
    landscape = bowl(lambda x: float(np.nan_to_num(np.log(x[0]), nan=3.0)), minimizers=[[1, 0]], x0=[1, 1])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run = minimize(returns([-1.0, 0.0]), landscape)
    assert (run.fun, run.warnings) == (3.0, ())


def test_objective_that_raises_at_the_result_gives_nan():
    def fun(x):
        if x[0] < 0.0:
            raise ArithmeticError("negative")
        return float(x @ x)

    run = minimize(returns([-1.0, 0.0]), bowl(fun))
    assert run.stop_reason == "returned"
    assert np.isnan(run.fun)
    assert run.result_gap == np.inf
    run = minimize(lambda problem: problem([-1.0, 0.0]), bowl(fun))
    assert run.stop_reason == "exception"
    assert "ArithmeticError: negative" in run.message


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_landscape_that_is_not_finite_anywhere(value):
    run = minimize(forever, bowl(lambda x: value), budget=5)
    assert (run.stop_reason, run.gap, run.result_gap) == ("budget", np.inf, np.inf)
    assert run.x.tolist() == run.x0.tolist()


def test_landscape_with_holes_counts_only_what_is_finite():
    def fun(x):
        return float(x @ x) if x[0] > 1.0 else np.nan

    def visits(problem):
        for x in ([2.0, 0.0], [0.5, 0.0], [1.5, 0.0]):
            problem(x)

    run = minimize(visits, bowl(fun))
    assert run.trace.gap.tolist() == [4.0, 4.0, 2.25]
    assert run.x.tolist() == [1.5, 0.0]


def test_landscape_without_gradient():
    landscape = Bowl().landscape(gradient=None, hessian=None)
    for method in ("Nelder-Mead", "Powell", "COBYLA", "differential_evolution", "basinhopping"):
        run = minimize(f"scipy:{method}", landscape, budget=300)
        assert run.stop_reason in ("returned", "budget")
        assert run.result_gap < 1e-3
    for method in ("L-BFGS-B", "trust-exact", "TNC"):
        run = minimize(f"scipy:{method}", landscape)
        assert run.stop_reason == "exception"
        assert "bowl has no gradient; give one as Landscape(..., gradient=...)" in run.message


def test_gradient_only_optimizer_is_traced_at_its_gradients():
    run = minimize(gradients_forever, "beale", budget=20)
    assert (run.nfev, run.njev, len(run.trace)) == (0, 20, 20)
    assert run.trace.fun.tolist() == [run.landscape(x) for x in run.trace.x]
    assert run.gap == run.trace.fun.min()
