"""What ends when its time is up. Limits are short; what is asserted is how a run ends, not when."""

import contextlib
import itertools
import os
import re
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import scipy.optimize
from runs_helpers import forever, gradients_forever

from pytest_optlandscape import Problem, minimize
from pytest_optlandscape.optimizers import get
from pytest_optlandscape.runs import BudgetExhausted, TimeExhausted, execute, refused_calls, watchdog
from pytest_optlandscape.runs.swallowed_interrupts import Insistence

LIMIT = 0.05
HUGE = 10**9
needs_signals = pytest.mark.skipif(watchdog._SIGNAL is None, reason="no signals to a thread on this platform")


def evaluates_slowly(problem):
    while True:
        problem(problem.x0)
        time.sleep(0.01)


def spins(problem):
    problem(problem.x0)
    while True:
        pass


def sleeps(problem):
    problem(problem.x0)
    time.sleep(1000.0)


def waits(problem):
    problem(problem.x0)
    threading.Event().wait()


def swallows_and_spins(problem):
    problem(problem.x0)
    while True:
        try:
            while True:
                pass
        except BaseException:
            continue


def swallows_in_layers(problem):
    def careful():
        while True:
            try:
                for _ in itertools.count():
                    pass
            except BaseException:
                problem.rng.uniform(size=3)

    problem(problem.x0)
    while True:
        with contextlib.suppress(BaseException):
            careful()


def swallows_in_sleep(problem):
    problem(problem.x0)
    while True:
        try:
            time.sleep(0.01)
        except BaseException:
            continue


def swallows_in_with(problem):
    class Swallows:
        def __enter__(self): ...
        def __exit__(self, *details): return True  # fmt: skip

    problem(problem.x0)
    while True:
        with Swallows():
            swallows_in_sleep(problem)


def swallows_in_finally(problem):
    problem(problem.x0)
    while True:
        try:
            time.sleep(0.01)
        finally:
            continue  # noqa: B012


def catastrophic_expression(problem):
    problem(problem.x0)
    re.match(r"(a+)+$", "a" * 64 + "b")


def swallows_and_asks(problem):
    while True:
        with contextlib.suppress(BaseException):
            problem(problem.x0)


@pytest.fixture
def hasty(monkeypatch):
    """Little time between interruptions, so that what swallows them is ended soon."""
    monkeypatch.setattr(watchdog, "_LONGEST_PAUSE", 0.02)


def in_thread(call):
    """Run in another thread and give what came out there."""
    results = []
    thread = threading.Thread(target=lambda: results.append(call()))
    thread.start()
    thread.join()
    return results[0]


def check_ended_by_time(run):
    assert run.stop_reason == "time"
    assert run.message.startswith("it was still running when its 0.05 s were over")
    assert len(run.trace) == run.nfev >= 1
    assert np.all(np.isfinite(run.x))
    assert run.fun == run.landscape(run.x)
    assert run.wall_time >= LIMIT


ENDLESS = [evaluates_slowly, spins, sleeps, waits, swallows_and_spins, swallows_in_layers, swallows_and_asks,
           swallows_in_sleep, swallows_in_with, swallows_in_finally, catastrophic_expression]  # fmt: skip


@needs_signals
@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("optimizer", ENDLESS)
def test_main_thread(optimizer):
    before = threading.excepthook, signal.getitimer(signal.ITIMER_VIRTUAL), signal.getsignal(signal.SIGVTALRM)
    check_ended_by_time(minimize(optimizer, "beale", budget=HUGE, time_limit=LIMIT))
    assert before == (threading.excepthook, (0.0, 0.0), signal.getsignal(signal.SIGVTALRM))


class NeverRead:
    @property
    def x(self):
        time.sleep(1000.0)


class NeverConverted:
    def __array__(self, *arguments, **keywords):
        while True:
            pass


class NeverANumber:
    def __float__(self):
        spins(Problem("beale"))
        return 0.0


class NeverShownError(Exception):
    def __str__(self):
        spins(Problem("beale"))
        return ""


def raises_what_is_never_shown(problem):
    problem(problem.x0)
    raise NeverShownError


def returns(result):
    def optimizer(problem):
        problem(problem.x0)
        return result

    return optimizer


@needs_signals
@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize(
    "optimizer",
    [
        returns(NeverRead()),
        returns(NeverConverted()),
        returns(scipy.optimize.OptimizeResult(x=np.array([NeverANumber()] * 2, dtype=object))),
        returns(scipy.optimize.OptimizeResult(x=np.zeros(2), fun=NeverANumber())),
        raises_what_is_never_shown,
    ],
    ids=["attribute", "array", "objects", "value", "message"],
)  # fmt: skip
def test_results_are_read_under_the_limit(optimizer):
    run = minimize(optimizer, "beale", time_limit=LIMIT)
    assert (run.stop_reason, run.nfev, run.has_stalled) == ("time", 1, True)
    assert run.message.startswith("what it returned or raised could not be read within 0.05 s")


def test_a_result_whose_class_lies_is_no_point():
    class NamelessType(type):
        __name__ = property(lambda cls: sys.exit(0))

    class Nameless(metaclass=NamelessType):
        pass

    class Classless:
        __class__ = property(lambda self: sys.exit(0))

    for result in (Nameless(), Classless()):
        assert minimize(returns(result), "beale").stop_reason == "no-result"


def test_a_result_that_evaluates_when_it_is_read_is_none():
    def optimizer(problem):
        problem(problem.x0)

        class Lazy:
            x = property(lambda self: problem.x0 * problem(problem.x0))

        return Lazy()

    run = minimize(optimizer, "beale")
    assert (run.stop_reason, run.nfev) == ("no-result", 1)
    assert "evaluates the objective when it is read" in run.message


SLOW_MODULE = "import time\nfor _ in range(20):\n    time.sleep(0.01)\nhalf = True\ntime.sleep(0.05)\nwhole = True\n"


@needs_signals
def test_an_import_is_not_interrupted(tmp_path, monkeypatch):
    (tmp_path / "imported_slowly.py").write_text(SLOW_MODULE)
    (tmp_path / "imported_never.py").write_text("while True:\n    pass\n")
    monkeypatch.syspath_prepend(tmp_path)

    def imports(problem):
        import imported_slowly

        problem([float(imported_slowly.whole), 0.0])
        return problem.x0

    def imports_for_ever(problem):
        import imported_never  # noqa: F401

    run = minimize(imports, "beale", time_limit=LIMIT)
    assert (run.stop_reason, run.trace.x.tolist()) == ("returned", [[1.0, 0.0]])
    monkeypatch.setattr(watchdog, "IMPORT_SECONDS", 4 * LIMIT)
    assert minimize(imports_for_ever, "beale", time_limit=LIMIT).stop_reason == "time"


def test_an_import_around_the_run_does_not_count(tmp_path, monkeypatch):
    (tmp_path / "runs_when_imported.py").write_text(
        "import time\nfrom pytest_optlandscape import minimize\n"
        f"run = minimize(lambda problem: time.sleep(1000.0), 'beale', time_limit={LIMIT})\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    import runs_when_imported

    assert runs_when_imported.run.stop_reason == "time"
    assert runs_when_imported.run.wall_time < watchdog.IMPORT_SECONDS / 2


def test_what_keeps_the_lock_is_shown_by_faulthandler():
    script = """
import itertools, os
from pytest_optlandscape import minimize
from pytest_optlandscape.runs import watchdog

def keeps_the_lock(problem):
    problem(problem.x0)
    10 in itertools.count(11)

watchdog.last_words.enable(2, ends=True)
watchdog._BEFORE_ENDING = 0.2
minimize("scipy:BFGS", "beale", time_limit=0.05)
minimize(keeps_the_lock, "beale", time_limit=0.05)
"""
    done = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr.startswith("Timeout (")
    assert "in keeps_the_lock" in done.stderr
    assert "in __main__:keeps_the_lock on beale" in done.stderr


@pytest.mark.parametrize("optimizer", [evaluates_slowly, spins])
def test_other_threads(optimizer):
    check_ended_by_time(in_thread(lambda: minimize(optimizer, "beale", budget=HUGE, time_limit=LIMIT)))


needs_monitoring = pytest.mark.skipif(not hasattr(sys, "monitoring"), reason="Python 3.11 has no sys.monitoring")


@needs_monitoring
def test_all_that_insist_share_an_identity_and_leave_hypothesis_its_own():
    first, second = (Insistence(threading.get_ident(), lambda handled: None) for _ in range(2))
    for insistence in (first, second, second):
        insistence.begin()
        assert [sys.monitoring.get_tool(tool) for tool in (3, 4)] == [None, "optlandscape"]
    first.end()
    assert sys.monitoring.get_tool(4) == "optlandscape"
    second.end()
    second.end()
    assert sys.monitoring.get_tool(4) is None


@needs_monitoring
def test_an_identity_that_another_tool_has_taken_is_left_to_it():
    insistence = Insistence(threading.get_ident(), lambda handled: None)
    sys.monitoring.use_tool_id(4, "another")
    try:
        insistence.begin()
        insistence.end()
        assert sys.monitoring.get_tool(4) == "another"
        assert sys.monitoring.get_events(4) == 0
    finally:
        sys.monitoring.free_tool_id(4)


@needs_monitoring
@pytest.mark.usefixtures("hasty")
def test_two_threads_that_swallow_every_interruption():
    with ThreadPoolExecutor(2) as pool:
        runs = pool.map(lambda limit: minimize(swallows_and_spins, "beale", time_limit=limit), [LIMIT, 2 * LIMIT])
        assert [run.stop_reason for run in runs] == ["time", "time"]


def test_windows_main_thread(monkeypatch):
    monkeypatch.setattr(watchdog, "_SIGNAL", None)
    check_ended_by_time(minimize(spins, "beale", time_limit=LIMIT))


def test_tracing_works_after_a_run_was_ended_in_another_thread():
    script = """
import sys, threading
from pytest_optlandscape import minimize

def spins(problem):
    while True:
        problem.x0

thread = threading.Thread(target=lambda: print(minimize(spins, "beale", time_limit=0.05).stop_reason))
thread.start()
thread.join()
sys.settrace(lambda *event: None)
def traced(): return "traced"
print(traced())
"""
    done = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["time", "traced"], done.stderr


def test_an_optimizer_that_evaluates_is_ended_without_any_interruption(monkeypatch):
    monkeypatch.setattr(watchdog.signal, "pthread_kill", lambda *arguments: None)
    check_ended_by_time(minimize(forever, "beale", budget=HUGE, time_limit=LIMIT))
    run = minimize(gradients_forever, "beale", budget=HUGE, time_limit=LIMIT)
    assert (run.stop_reason, run.nfev) == ("time", 0)
    assert run.njev == len(run.trace) > 0


def test_first_gradient_or_hessian_after_the_end_is_refused():
    problem = Problem("beale")
    problem.close(lambda: BudgetExhausted("over"))
    for evaluate in (problem, problem.gradient, problem.hessian):
        with pytest.raises(BudgetExhausted, match="over"):
            evaluate(problem.x0)
    assert (problem.nfev, problem.njev, problem.nhev, problem.exhausted) == (0, 0, 0, False)


def test_in_time_nothing_happens():
    free = minimize("scipy:L-BFGS-B", "beale")
    run = minimize("scipy:L-BFGS-B", "beale", time_limit=1000.0)
    assert (run.stop_reason, run.time_limit) == ("returned", 1000.0)
    assert np.array_equal(run.trace.x, free.trace.x)
    assert "time_limit" not in run.command()


def test_no_run_is_watched_after_its_end():
    minimize("scipy:L-BFGS-B", "beale", time_limit=1000.0)
    minimize(spins, "beale", time_limit=LIMIT)
    assert [watch for watch in watchdog._watchdog.watches if not watch.is_over] == []


def test_a_run_that_is_over_before_the_watchdog_looks_for_the_first_time():
    dog = watchdog._Watchdog()
    watch = watchdog.Watch(lambda: "beale", 1000.0, lambda: None)
    watch.next = time.monotonic() + 1000.0
    with dog._lock:
        dog.add(watch)
        dog.remove(watch)
    for _ in range(100):
        time.sleep(0.01)
        with dog._lock:
            if dog._wakes_at > 0.0:
                break
    assert time.monotonic() < dog._wakes_at <= time.monotonic() + watchdog._IDLE
    assert dog._thread.is_alive()


@needs_signals
def test_the_signals_handler_is_restored():
    seen = []
    before = signal.signal(signal.SIGURG, lambda number, frame: seen.append(number))
    try:
        mine = signal.getsignal(signal.SIGURG)
        for optimizer in ("scipy:BFGS", spins):
            minimize(optimizer, "beale", time_limit=LIMIT)
            assert signal.getsignal(signal.SIGURG) is mine
    finally:
        signal.signal(signal.SIGURG, before)
    assert seen == []


@needs_signals
@pytest.mark.usefixtures("hasty")
def test_an_interruption_in_a_finaliser_is_no_error_of_the_session():
    class Slow:
        def __del__(self):
            time.sleep(2 * LIMIT)

    def leaves_things_to_finalise(problem):
        problem(problem.x0)
        while True:
            Slow()

    told = []
    before, sys.unraisablehook = sys.unraisablehook, told.append
    try:
        mine = sys.unraisablehook
        check_ended_by_time(minimize(leaves_things_to_finalise, "beale", time_limit=LIMIT))
        assert sys.unraisablehook == mine
    finally:
        sys.unraisablehook = before
    assert told == []


@needs_signals
def test_somebody_elses_timer_is_left_alone():
    rings = []
    before = signal.signal(signal.SIGALRM, lambda number, frame: rings.append(number))
    try:
        signal.setitimer(signal.ITIMER_REAL, LIMIT / 2)
        run = minimize(evaluates_slowly, "beale", budget=HUGE, time_limit=2 * LIMIT)
        assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)  # it rang once, and is not set a second time
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
    assert (run.stop_reason, run.side_effects) == ("time", ())
    assert rings == [signal.SIGALRM]


@needs_signals
def test_somebody_elses_timer_that_an_optimizer_stops_is_set_again():
    def stops_the_timer(problem):
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        problem(problem.x0)
        return problem.x0

    def mine(number, frame):
        raise AssertionError("nobody waits a quarter of an hour")

    before = signal.signal(signal.SIGALRM, mine)
    try:
        signal.setitimer(signal.ITIMER_REAL, 900.0)
        run = minimize(stops_the_timer, "beale")
        assert 0.0 < signal.getitimer(signal.ITIMER_REAL)[0] <= 900.0
        assert signal.getsignal(signal.SIGALRM) is mine
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
    assert run.side_effects == ("sets a timer",)


def test_replay_keeps_the_limit():
    run = minimize(spins, "beale", time_limit=LIMIT)
    assert run.command().endswith("budget=2000, seed=0, time_limit=0.05)")
    assert run.replay().stop_reason == "time"


def test_an_inner_run_ends_the_inner_run_only():
    def outer(problem):
        inner = minimize(spins, "booth", time_limit=LIMIT)
        problem([float(inner.stop_reason == "time"), 0.0])
        return problem.x0

    run = minimize(outer, "beale", time_limit=1000.0)
    assert (run.stop_reason, run.trace.x.tolist()) == ("returned", [[1.0, 0.0]])


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("inner", [spins, swallows_and_spins])
def test_an_outer_run_ends_what_runs_inside(inner):
    def outer(problem):
        problem(problem.x0)
        while True:
            minimize(inner, "booth", time_limit=1000.0)

    for _ in range(5):
        check_ended_by_time(minimize(outer, "beale", time_limit=LIMIT))
        assert refused_calls._running == []
    assert minimize("scipy:BFGS", "beale", time_limit=1000.0).stop_reason == "returned"


@pytest.mark.usefixtures("hasty")
def test_budget_spent_and_swallowed_is_told():
    run = minimize(swallows_and_asks, "beale", budget=3, time_limit=LIMIT)
    assert (run.stop_reason, run.nfev) == ("time", 3)
    assert run.message.endswith("although the budget of 3 evaluations was spent")


def test_cleaning_up_is_given_time():
    cleaned = []

    def careful(problem):
        try:
            spins(problem)
        finally:
            for _ in range(10):
                time.sleep(0.005)
            cleaned.append(True)

    assert minimize(careful, "beale", time_limit=LIMIT).stop_reason == "time"
    assert cleaned == [True]


def test_what_cannot_be_ended_is_told(monkeypatch):
    told = []
    monkeypatch.setattr(watchdog, "tell", told.append)
    watch = watchdog.Watch(lambda: "solver:minimize on beale", 5.0, lambda: None)
    monkeypatch.setattr(watchdog, "_raise_in", lambda thread, exception: None)
    watch._deadline = 100.0
    for now in (100.0, 104.0, 105.5, 106.0):
        watch.expire(now)
    (text,) = told
    assert text.startswith("solver:minimize on beale is over its time limit of 5 s and cannot be ended from here, in\n")
    assert "test_what_cannot_be_ended_is_told" in text


def test_interruptions_come_more_and_more_often(monkeypatch):
    monkeypatch.setattr(watchdog, "_raise_in", lambda thread, exception: None)
    watch = watchdog.Watch(lambda: "solver:minimize on beale", 60.0, lambda: None)
    watch._deadline = now = 60.0
    pauses = []
    for _ in range(8):
        watch.expire(now)
        pauses.append(watch.next - now)
        now = watch.next
    watch.stop()
    assert pauses == pytest.approx([1.0, 0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625, 0.01])


def test_a_breakpoint_stops_the_clock():
    watch = watchdog.Watch(lambda: "solver:minimize on beale", 60.0, lambda: None)
    exec(compile("watch.expire(100.0)", "debugger", "exec"), {"__name__": "pdb", "watch": watch})
    assert (watch.has_expired, watch.next) == (False, 160.0)


def test_lines_go_where_they_are_led(tmp_path):
    with open(tmp_path / "told", "wb") as file, watchdog.tell_through(file.fileno()):
        watchdog.tell("something hangs")
    assert (tmp_path / "told").read_text() == "optlandscape: something hangs\n"


def test_exceptions_of_a_forgotten_run_pass_through():
    def raises(problem):
        raise TimeExhausted

    with pytest.raises(TimeExhausted):
        execute(get(raises), Problem("beale", time_limit=1000.0))


@pytest.mark.parametrize("seconds", [0, -1.0, float("nan"), float("inf"), "soon", True, [3]])
def test_what_is_no_time_limit(seconds):
    with pytest.raises(ValueError, match="a time limit is a positive number of seconds, or None for no limit; got"):
        Problem("beale", time_limit=seconds)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this platform")
def test_a_forked_process_watches_its_own_runs():
    import multiprocessing

    context = multiprocessing.get_context("fork")
    minimize("scipy:BFGS", "beale", time_limit=1000.0)  # so that there is a watchdog here
    queue = context.SimpleQueue()
    child = context.Process(target=lambda: queue.put(minimize(spins, "beale", time_limit=LIMIT).stop_reason))
    child.start()
    assert queue.get() == "time"
    child.join()
