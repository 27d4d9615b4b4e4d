import functools
import sys
import threading

from pytest_optlandscape import minimize

SECONDS = 30.0


def run_overlapping():
    """Return two runs in two threads; the second one begins and ends later."""
    one_runs, other_runs, one_has_ended = (threading.Event() for _ in range(3))
    runs = []

    def first(problem):
        problem(problem.x0)
        one_runs.set()
        assert other_runs.wait(SECONDS)
        return problem.x0

    def second(problem):
        problem(problem.x0)
        other_runs.set()
        assert one_has_ended.wait(SECONDS)
        return problem.x0

    def run_first():
        runs.append(minimize(first, "beale", time_limit=SECONDS))
        one_has_ended.set()

    def run_second():
        assert one_runs.wait(SECONDS)
        runs.append(minimize(second, "beale", time_limit=SECONDS))

    threads = [threading.Thread(target=run) for run in (run_first, run_second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return runs


def test_runs_that_overlap_in_two_threads_leave_the_hook_of_the_session():
    before = sys.unraisablehook
    assert [run.side_effects for run in run_overlapping()] == [(), ()]
    assert sys.unraisablehook is before


def test_an_old_hook_of_ours_that_somebody_puts_back_is_no_change():
    before, kept = sys.unraisablehook, []
    try:
        minimize(lambda problem: kept.append(sys.unraisablehook), "beale", time_limit=SECONDS)
        sys.unraisablehook = kept[0]
        assert [run.side_effects for run in run_overlapping()] == [(), ()]
        assert sys.unraisablehook is before
    finally:
        sys.unraisablehook = before


def test_a_hook_that_an_optimizer_puts_on_top_of_ours_does_not_lead_in_circles():
    told = []

    def passes_on(problem):
        below = sys.unraisablehook
        sys.unraisablehook = functools.partial(below)
        problem(problem.x0)
        return problem.x0

    class Broken:
        def __del__(self):
            raise ValueError("in a finaliser")

    def breaks(problem):
        problem(problem.x0)
        Broken()
        return problem.x0

    before, sys.unraisablehook = sys.unraisablehook, lambda raised: told.append(raised.exc_type)
    try:
        mine = sys.unraisablehook
        run = minimize(lambda problem: (passes_on(problem), minimize(breaks, "booth"))[0], "beale")
        assert sys.unraisablehook is mine
    finally:
        sys.unraisablehook = before
    assert told == [ValueError]
    assert run.side_effects == ("replaces hooks of the interpreter",)


def test_a_thread_that_outlives_its_run_ends_quietly_and_others_are_heard():
    told, threads = [], []
    is_over = threading.Event()

    def leaves_a_thread(problem):
        def late():
            assert is_over.wait(SECONDS)
            problem(problem.x0)

        threads.append(threading.Thread(target=late))
        threads[-1].start()
        problem(problem.x0)
        return problem.x0

    def breaks():
        raise ValueError("on its own account")

    before, threading.excepthook = threading.excepthook, lambda raised: told.append(raised.exc_type)
    try:
        mine = threading.excepthook
        run = minimize(leaves_a_thread, "beale")
        is_over.set()
        threads[0].join()
        other = threading.Thread(target=breaks)
        other.start()
        other.join()
        minimize("scipy:Powell", "beale")
        assert threading.excepthook is mine
    finally:
        threading.excepthook = before
    assert told == [ValueError]
    assert run.side_effects == ()
