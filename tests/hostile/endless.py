"""Optimizers that do not end, or evaluate where nobody counts; each does so from one of beale's 22 starts."""

import concurrent.futures
import contextlib
import ctypes
import itertools
import multiprocessing
import os
import re
import time

FORK = "fork" if hasattr(os, "fork") else "spawn"


class NeverRead:
    """A result that is never read to its end."""

    def __init__(self, x):
        self._x = x

    @property
    def x(self):
        time.sleep(1e6)
        return self._x


class NeverConverted:
    def __array__(self, *arguments, **keywords):
        while True:
            pass


class NeverShownError(Exception):
    def __str__(self):
        while self.args == ():
            with contextlib.suppress(BaseException):
                time.sleep(0.05)
        return ""


def sometimes(function):
    """Have an optimizer be hostile from one start, the upper corner."""

    def minimize(problem):
        problem(problem.x0)
        return function(problem) if problem.x0[0] == 4.5 else problem.x0

    return minimize


@sometimes
def swallows_in_sleep(problem):
    while True:
        try:
            time.sleep(0.02)
        except BaseException:
            continue


@sometimes
def swallows_in_finally(problem):
    while True:
        try:
            time.sleep(0.02)
        finally:
            continue  # noqa: B012


@sometimes
def catastrophic_expression(problem):
    re.match(r"(a+)+$", "a" * 64 + "b")


@sometimes
def huge_power(problem):
    return problem.x0 * float(7 ** (10**9) % 7)


@sometimes
def result_never_read(problem):
    return NeverRead(problem.x0)


@sometimes
def result_never_converted(problem):
    return NeverConverted()


@sometimes
def message_never_shown(problem):
    raise NeverShownError


@sometimes
def evaluates_in_a_fork(problem):
    child = os.fork()
    if not child:
        try:
            problem(problem.x0)
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    return problem.x0


@sometimes
def evaluates_in_a_pool(problem):
    with multiprocessing.get_context(FORK).Pool(1) as pool:
        pool.map(problem.fun, [problem.x0])
    return problem.x0


@sometimes
def evaluates_in_an_executor(problem):
    context = multiprocessing.get_context(FORK)
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as executor:
        executor.submit(problem, problem.x0).result()
    return problem.x0


def evaluates_in_threads(problem):
    """Honest, but for the order of its evaluations."""
    points = [problem.x0 + 0.01 * k for k in range(7)]
    with concurrent.futures.ThreadPoolExecutor(8) as executor:
        while True:
            list(executor.map(problem.fun, points))


@sometimes
def keeps_the_lock(problem):
    """Keep the interpreter's lock for ever, and never look for signals."""
    return 10 in itertools.count(11)


@sometimes
def sleeps_deaf(problem):
    """Sleep where no signal wakes it."""
    import signal

    signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals))
    time.sleep(1e6)


@sometimes
def ends_the_process(problem):
    ctypes.CDLL(None)._exit(0)  # not by `os._exit`, which is refused


def honest(problem):
    x = problem.x0
    for _ in range(6):
        x = x - 1e-5 * problem.gradient(x)
        problem(x)
    return x


SENTENCE = "evaluations in another process cannot be counted"
STOPPED = "1 cell stopped by the time limit"

ENDED_HERE = {
    "swallows_in_sleep": STOPPED,
    "swallows_in_finally": STOPPED,
    "catastrophic_expression": STOPPED,
    "huge_power": STOPPED,
    "result_never_read": STOPPED,
    "result_never_converted": STOPPED,
    "message_never_shown": STOPPED,
    "evaluates_in_a_fork": SENTENCE,
    "evaluates_in_a_pool": SENTENCE,
    "evaluates_in_an_executor": SENTENCE,
    "evaluates_in_threads": "",
}
"""What the summary says of each; the session ends them all itself."""

ENDED_WITH_THEIR_PROCESS = {
    "keeps_the_lock": STOPPED,
    "sleeps_deaf": STOPPED,
    "ends_the_process": "ended its process while it ran endless:ends_the_process on beale from [4.",
}
"""What is said of each that nothing inside its process ends."""
