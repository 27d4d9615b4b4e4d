"""Run SciPy's optimizers for another process, which evaluates: a line of JSON for each question and each answer.

The client is ``scipy_in_other_python.py``. This file runs on Python 2.7 and on every later version, with SciPy 0.18 and
every later release.
"""

import json
import os
import sys

import numpy
import scipy.optimize

answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # what SciPy prints is not an answer


class StoppedError(Exception):
    """Raised in SciPy's optimizer when the client wants no further evaluation."""


def ask(question):
    answers.write(json.dumps(question) + "\n")
    answers.flush()
    line = sys.stdin.readline()
    if not line:
        sys.exit(0)
    return json.loads(line)


def evaluated(kind, x):
    answer = ask({kind: [float(number) for number in x]})
    if answer is None:
        raise StoppedError
    return answer


def run(optimizer, has_gradient, x0=None, bounds=None, seed=None):
    """Return the result of an optimizer, named as in ``scipy.optimize``."""

    def fun(x):
        return float(evaluated("fun", x))

    def jac(x):
        return numpy.array(evaluated("jac", x), dtype=float)

    if optimizer == "differential_evolution":
        return scipy.optimize.differential_evolution(fun, bounds, seed=seed)
    start = numpy.array(x0, dtype=float)
    return scipy.optimize.minimize(fun, start, method=optimizer, jac=jac if has_gradient else None, bounds=bounds)


def main():
    told = {"release": scipy.__version__}
    while True:
        order = ask(told)
        try:
            result = run(**order)
            told = {"x": [float(number) for number in result.x]}
        except StoppedError:
            told = {"stopped": True}
        except Exception as error:
            told = {"error": type(error).__name__ + ": " + str(error)}


if __name__ == "__main__":
    main()
