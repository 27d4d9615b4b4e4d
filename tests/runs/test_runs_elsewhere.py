"""Evaluations in threads of the optimizer's are counted exactly; those in other processes are refused."""

import copy
import multiprocessing
import os
import pickle
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest

from pytest_optlandscape import Problem, landscapes, minimize
from pytest_optlandscape.runs.other_processes import REMEDY, ForeignProcessError

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this platform")


@pytest.fixture
def restless():
    """Have threads take turns as often as possible."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def in_threads(what):
    def optimizer(problem):
        evaluate = getattr(problem, what)
        points = [problem.x0 + 0.01 * k for k in range(17)]
        with ThreadPoolExecutor(8) as executor:
            while True:
                list(executor.map(evaluate, points))

    return optimizer


@pytest.mark.usefixtures("restless")
@pytest.mark.parametrize("landscape", ["beale", "rosenbrock[40]"])
def test_threads_pair_values_with_points_and_keep_to_the_budget(landscape):
    for _ in range(5):
        run = minimize(in_threads("fun"), landscape, budget=203)
        assert (run.stop_reason, run.nfev) == ("budget", 203)
        assert [run.landscape(x) for x in run.trace.x] == run.trace.fun.tolist()


@pytest.mark.usefixtures("restless")
@pytest.mark.parametrize(("what", "count"), [("gradient", "njev"), ("hessian", "nhev"), ("residuals", "nfev")])
def test_threads_keep_to_the_budget_of_derivatives_and_residuals(what, count):
    run = minimize(in_threads(what), "beale", budget=50)
    assert (run.stop_reason, getattr(run, count)) == ("budget", 50)


@pytest.mark.usefixtures("restless")
def test_noise_belongs_to_the_number_of_the_evaluation_in_any_thread():
    noisy = landscapes.get("beale").noisy("additive", level=0.1, seed=1)
    told = []

    def optimizer(problem):
        with ThreadPoolExecutor(4) as executor:
            told.extend(executor.map(problem.fun, [problem.x0] * 40))
        return problem.x0

    minimize(optimizer, noisy, budget=100, seed=3)
    problem = Problem(noisy, budget=100, seed=3)
    assert sorted(told) == sorted(problem.fun(problem.x0) for _ in range(40))


def forks(problem):
    problem(problem.x0)
    child = os.fork()
    if not child:
        try:
            problem(problem.x0)
        except Exception:
            problem.gradient(problem.x0)
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    return problem.x0


def in_pool(method):
    def optimizer(problem):
        problem(problem.x0)
        with multiprocessing.get_context(method).Pool(1) as pool:
            pool.map(problem.fun, [problem.x0])
        return problem.x0

    return optimizer


def in_executor(problem):
    problem(problem.x0)
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as executor:
        executor.submit(problem, problem.x0).result()


def ignores_the_child(problem):
    """Go on with what was asked for before the child was refused."""

    def child():
        try:
            queue.put(problem(problem.x0))
        except Exception:
            queue.put(0.0)

    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    process = context.Process(target=child)
    process.start()
    queue.get()
    process.join()
    problem(problem.x0)
    return problem.x0


@needs_fork
@pytest.mark.parametrize(
    "optimizer",
    [forks, in_pool("fork"), in_pool("spawn"), in_executor, ignores_the_child],
    ids=["os.fork", "fork", "spawn", "executor", "ignored"],
)
def test_evaluations_in_other_processes_are_refused_with_a_remedy(optimizer):
    run = minimize(optimizer, "beale", time_limit=60.0)
    assert (run.stop_reason, run.nfev) == ("exception", 1)
    assert run.message.count(REMEDY) == 1


def test_loky_is_refused_with_a_remedy():
    joblib = pytest.importorskip("joblib")

    def optimizer(problem):
        problem(problem.x0)
        joblib.Parallel(2)(joblib.delayed(problem.fun)(problem.x0) for _ in range(2))

    run = minimize(optimizer, "beale", time_limit=60.0)
    assert (run.stop_reason, run.nfev) == ("exception", 1)
    assert run.message.count(REMEDY) == 1


@needs_fork
def test_a_fork_that_evaluates_nothing_is_no_misdeed():
    def optimizer(problem):
        child = os.fork()
        if not child:
            os._exit(0)
        os.waitpid(child, 0)
        problem(problem.x0)
        return problem.x0

    assert minimize(optimizer, "beale").stop_reason == "returned"


@needs_fork
def test_a_problem_that_no_run_watches_may_be_evaluated_after_a_fork():
    problem = Problem("beale")
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    child = context.Process(target=lambda: queue.put(problem(problem.x0)))
    child.start()
    assert queue.get() == problem(problem.x0)
    child.join()


@needs_fork
def test_a_run_in_a_forked_process_is_a_run_like_others():
    def outer(problem):
        context = multiprocessing.get_context("fork")
        queue = context.SimpleQueue()
        child = context.Process(target=lambda: queue.put(minimize("scipy:BFGS", "booth").nfev))
        child.start()
        inner = queue.get()
        child.join()
        problem([float(inner), 0.0])
        return problem.x0

    run = minimize(outer, "beale")
    assert (run.stop_reason, run.trace.x[0, 0]) == ("returned", minimize("scipy:BFGS", "booth").nfev)


def test_a_problem_stays_in_its_process_and_its_copies_share_its_count():
    problem = Problem("beale")
    with pytest.raises(ForeignProcessError, match="workers=1"):
        pickle.dumps(problem)
    for same in (copy.copy(problem), copy.deepcopy([problem])[0]):
        same.gradient(same.x0)
        same(same.x0)
    assert (problem.nfev, problem.njev) == (2, 2)
    assert np.array_equal(problem.evaluated()[0], [problem.x0, problem.x0])
