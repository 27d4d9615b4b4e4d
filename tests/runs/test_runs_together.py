"""Several runs of one optimizer, guarded and summed up together, are what they are one by one."""

import importlib
import os
import signal
import sys
import threading
import time
import warnings

import numpy as np
import pytest
from runs_helpers import bowl

from pytest_optlandscape import Problem, optimizers
from pytest_optlandscape.runs import execute, execute_all

executing = importlib.import_module("pytest_optlandscape.runs.execute")


class Doing:
    """An optimizer that does something in some of its runs, by their seeds."""

    spec = "test:doing"

    def __init__(self, **what):
        self.what = what

    def minimize(self, problem):
        problem(problem.x0)
        self.what.get(f"seed_{problem.seed}", lambda: None)()
        warnings.warn("always the same", RuntimeWarning, stacklevel=1)
        return problem.x0


def run_all(count=3, **what):
    return execute_all(Doing(**what), (Problem("beale", seed=seed) for seed in range(count)))


@pytest.mark.parametrize("spec", ["scipy:L-BFGS-B", "scipy:Nelder-Mead", "scipy:differential_evolution(maxiter=3)"])
def test_as_one_by_one(spec):
    adapter = optimizers.get(spec)
    names = ("beale", "booth", "mgh_box_3d")
    together = execute_all(adapter, [Problem(name, seed=4) for name in names])
    for name, run in zip(names, together, strict=True):
        alone = execute(adapter, Problem(name, seed=4))
        assert run.landscape.name == name
        assert [part.tobytes() for part in run.evaluated] == [part.tobytes() for part in alone.evaluated]
        assert (run.x.tolist(), run.fun, run.njev) == (alone.x.tolist(), alone.fun, alone.njev)
        assert (run.stop_reason, run.message, run.claimed_success) == (
            "returned",
            alone.message,
            alone.claimed_success,
        )


def test_problems_are_made_one_after_another():
    order = []

    def problems():
        for seed in range(2):
            order.append("made")
            yield Problem("beale", seed=seed)

    execute_all(Doing(seed_0=lambda: order.append("run"), seed_1=lambda: order.append("run")), problems())
    assert order == ["made", "run", "made", "run"]


def test_none():
    assert execute_all(Doing(), []) == []


def test_each_run_has_its_own_warnings():
    runs = run_all(seed_1=lambda: warnings.warn("only here", UserWarning, stacklevel=1))
    usual = "RuntimeWarning: always the same"
    assert [run.warnings for run in runs] == [(usual,), (usual, "UserWarning: only here"), (usual,)]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda: warnings.simplefilter("ignore"),
        lambda: warnings.simplefilter("error"),
        lambda: setattr(warnings, "showwarning", lambda *details: None),
        lambda: setattr(warnings, "filters", []),
        lambda: warnings.catch_warnings(record=True).__enter__(),
    ],
    ids=["ignore", "error", "shown elsewhere", "replaced", "never left"],
)
def test_what_a_run_does_to_the_filters_ends_with_it(spoil):
    with warnings.catch_warnings():
        warnings.simplefilter("error", FutureWarning)
        before, shown = list(warnings.filters), warnings.showwarning
        runs = run_all(seed_1=spoil)
        assert (list(warnings.filters), warnings.showwarning) == (before, shown)
    assert runs[0].warnings == runs[2].warnings == ("RuntimeWarning: always the same",)


def test_filters_that_a_run_sets_do_not_hold_where_its_result_is_read():
    landscape = bowl(lambda x: float(np.nan_to_num(np.log(x[0]), nan=3.0)), minimizers=[[1, 0]], x0=[1, 1])

    class Strict:
        spec = "test:strict"

        def minimize(self, problem):
            warnings.simplefilter("error")
            return [-1.0, 0.0]

    assert [run.fun for run in execute_all(Strict(), [Problem(landscape)])] == [3.0]


def test_what_a_run_does_to_the_session_is_its_own_and_put_back():
    def spoil():
        os.chdir("/")
        np.seterr(all="ignore")
        sys.stdout.close()

    here, errors = os.getcwd(), np.geterr()
    runs = run_all(seed_1=spoil, seed_2=lambda: print("still open"))
    effects = ("closes stdout", "changes NumPy's handling of floating-point errors", "changes the working directory")
    assert [run.side_effects for run in runs] == [(), effects, ()]
    assert (os.getcwd(), np.geterr()) == (here, errors)


def test_an_interruption_passes_through_and_leaves_nothing_behind():
    def interrupt():
        os.chdir("/")
        ctrl_c.set()
        for _ in range(6000):  # a signal that comes just before a sleep is handled after it
            time.sleep(0.01)

    ctrl_c, here, filters = threading.Event(), os.getcwd(), list(warnings.filters)
    somebody = threading.Thread(target=lambda: ctrl_c.wait() and os.kill(os.getpid(), signal.SIGINT))
    somebody.start()
    with pytest.raises(KeyboardInterrupt):
        run_all(seed_1=interrupt)
    somebody.join()
    assert (os.getcwd(), list(warnings.filters)) == (here, filters)


def test_what_an_optimizer_returns_may_be_used_again_by_its_next_run():
    buffer = np.zeros(2)

    class Reusing:
        spec = "test:reusing"

        def minimize(self, problem):
            buffer[:] = problem.seed
            return buffer

    runs = execute_all(Reusing(), [Problem("beale", seed=seed) for seed in range(3)])
    assert [run.x.tolist() for run in runs] == [[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]]


def test_points_of_gradients_stand_in_where_no_value_was_asked_for():
    class Descent:
        spec = "test:descent"

        def minimize(self, problem):
            x = problem.x0
            for _ in range(4):
                x = x - 0.01 * problem.gradient(x)
            if problem.seed:
                problem(x)
                problem.gradient(x)
            return x

    blind, sighted = execute_all(Descent(), [Problem("beale", seed=seed) for seed in range(2)])
    assert (blind.nfev, blind.njev, len(blind.trace)) == (0, 4, 4)
    assert blind.trace.x[0].tolist() == blind.x0.tolist()
    assert (sighted.nfev, sighted.njev, len(sighted.trace)) == (1, 5, 1)
    assert sighted.trace.x[0].tolist() == sighted.x.tolist()


def test_long_runs_do_not_wait_for_the_others_to_be_summed_up(monkeypatch):
    waiting = []
    take_runs = executing._take_runs

    def watched(optimizer, ended):
        waiting.append(len(ended))
        return take_runs(optimizer, ended)

    monkeypatch.setattr(executing, "_take_runs", watched)
    adapter = optimizers.get("scipy:brute(Ns=80)")
    runs = execute_all(adapter, [Problem("beale", budget=9000, seed=seed) for seed in range(3)])
    assert [run.seed for run in runs] == [0, 1, 2]
    assert waiting == [1, 1, 1, 0]
