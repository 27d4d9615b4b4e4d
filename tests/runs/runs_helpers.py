import contextlib

import numpy as np

from pytest_optlandscape.landscapes import Landscape


class Bowl:
    def __init__(self):
        self.calls = 0
        self.slopes = 0

    def fun(self, x):
        self.calls += 1
        return float(x @ x)

    def gradient(self, x):
        self.slopes += 1
        return 2.0 * x

    def landscape(self, dim=2, **changes):
        facts = {"gradient": self.gradient, "hessian": lambda x: 2.0 * np.eye(dim)}
        return bowl(self.fun, dim, **{**facts, **changes})


def bowl(fun, dim=2, **changes):
    facts = {"bounds": [(-4, 4)] * dim, "x0": [2.0] * dim, "minimizers": [[0.0] * dim], "fmin": 0.0, "validate": False}
    return Landscape("bowl", fun, **{**facts, **changes})


def forever(problem):
    x = problem.x0
    while True:
        x = x + 1e-3
        problem(x)


def gradients_forever(problem):
    x = problem.x0
    while True:
        x = x - 1e-3 * problem.gradient(x)


def hessians_forever(problem):
    while True:
        problem.hessian(problem.x0)


def swallows_exceptions(problem):
    while True:
        with contextlib.suppress(Exception):
            problem(problem.x0)


def swallows_everything(problem):
    calls = 0
    while True:
        try:
            problem(problem.x0)
        except BaseException:
            calls += 1
            if calls == 3:
                return problem.x0 + 0.5


def turns_it_into_an_error(problem):
    try:
        forever(problem)
    except BaseException as error:
        raise RuntimeError("compiled code failed") from error


def scipy_style_forever(fun, x0):
    while True:
        fun(x0)
