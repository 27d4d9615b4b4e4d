"""The optimizers of `history_trial.py`: sources of a small module whose cost is set by numbers in it.

Each is written by a function of ``ratio``, how many times as many evaluations it is to need, and of whether the
refactor that only moves rounding has been made. ``waste`` evaluates some points twice; ``rate`` makes the method itself
slower, so that its path changes with every commit.
"""

from __future__ import annotations

__all__ = ["SOLVERS"]

_HEAD = '''"""An optimizer of our own."""

import numpy as np

EXTRA = {extra!r}
SLOWNESS = {slowness!r}


def _counting(fun, x0):
    """Evaluate the objective; some points are evaluated twice."""
    state = [0, abs(float(np.sum(x0))) * 12.9898 % 1.0]

    def value(x):
        k, phase = state
        state[0] = k + 1
        if int((k + 1) * EXTRA + phase) > int(k * EXTRA + phase):
            fun(x)
        return fun(x)

    return value

'''

_BARZILAI_BORWEIN = '''
def minimize(fun, x0, jac, bounds, maxfev):
    """Projected gradient descent with the steps of Barzilai and Borwein."""
    value = _counting(fun, x0)
    lower, upper = np.transpose(bounds)
    x = np.array(x0)
    best, best_value, old = x, np.inf, None
    for _ in range(maxfev):
        found = value(x)
        if found < best_value:
            best, best_value = x, found
        gradient = jac(x)
        if np.linalg.norm(gradient) < 1e-8:
            break
        step = 0.01 / (1.0 + np.linalg.norm(gradient))
        if old is not None:
            s, y = x - old[0], gradient - old[1]
            if s @ y > 0:
                step = min({formula}, 1.0) / SLOWNESS
        old = x, gradient
        x = np.clip(x - step * gradient, lower, upper)
    return best
'''

_MOMENTUM = '''
def minimize(fun, x0, jac, bounds, maxfev):
    """Projected gradient descent with momentum; the gradient is scaled down where it is steep."""
    value = _counting(fun, x0)
    lower, upper = np.transpose(bounds)
    x, velocity = np.array(x0), np.zeros(len(x0))
    best, best_value = x, np.inf
    rate = 0.05 / SLOWNESS
    for _ in range(maxfev):
        found = value(x)
        if found < best_value:
            best, best_value = x, found
        gradient = jac(x)
        norm = np.sqrt(gradient @ gradient)
        if norm < 1e-9:
            break
        velocity = 0.8 * velocity - {formula}
        x = np.clip(x + velocity, lower, upper)
    return best
'''

_COORDINATE = '''
def minimize(fun, x0, bounds, maxfev):
    """Coordinate search: longer steps where one helps, shorter ones where none does."""
    value = _counting(fun, x0)
    lower, upper = np.transpose(bounds)
    x = np.array(x0)
    best, spent = value(x), 1
    width = 0.1 * (upper - lower)
    shrink = 0.5 ** (1.0 / SLOWNESS)
    while spent < maxfev and np.max(width) > 1e-9:
        moved = False
        for k in range(len(x)):
            for sign in (1.0, -1.0):
                trial = np.array(x)
                trial[k] = np.clip({formula}, lower[k], upper[k])
                found, spent = value(trial), spent + 1
                if found < best:
                    x, best, moved = trial, found, True
                    break
        width = width * (1.3 if moved else shrink)
    return x
'''

_RANDOM = '''
def minimize(fun, x0, bounds, maxfev, seed=1):
    """Random search around the best point; steps grow with success and shrink without."""
    rng = np.random.default_rng(seed)
    value = _counting(fun, x0)
    lower, upper = np.transpose(bounds)
    x = np.array(x0)
    best, width = value(x), 0.1
    for _ in range(maxfev):
        trial = np.clip({formula}, lower, upper)
        found = value(trial)
        if found < best:
            x, best = trial, found
            width = min(width * np.exp(0.8 / SLOWNESS), 1.0)
        else:
            width = max(width * np.exp(-0.2 / SLOWNESS), 1e-10)
    return x
'''

_FORMULAS = {
    "barzilai_borwein": (_BARZILAI_BORWEIN, "s @ s / (s @ y)", "(s @ s) * (1.0 / (s @ y))"),
    "momentum": (_MOMENTUM, "rate * gradient / (1.0 + norm)", "gradient * (rate / (1.0 + norm))"),
    "coordinate": (_COORDINATE, "x[k] + sign * width[k]", "(3.0 * x[k] + 3.0 * sign * width[k]) / 3.0"),
    "random": (
        _RANDOM,
        "x + width * (upper - lower) * rng.standard_normal(len(x))",
        "x + (upper - lower) * (width * rng.standard_normal(len(x)))",
    ),
}


def _source(name: str, mechanism: str, ratio: float, refactored: bool) -> str:
    body, *formulas = _FORMULAS[name]
    extra, slowness = (ratio - 1.0, 1.0) if mechanism == "waste" else (0.0, ratio)
    return (_HEAD + body.replace("{formula}", formulas[refactored])).format(extra=extra, slowness=slowness)


class Solver:
    """A solver in the making.

    Parameters
    ----------
    name : str
    mechanism : str
        ``waste`` or ``rate``.
    """

    def __init__(self, name: str, mechanism: str) -> None:
        self.name = name
        self.mechanism = mechanism
        self.ratio = 1.2 if mechanism == "waste" else 1.0
        self.refactored = False
        self.comment = 0

    def source(self) -> str:
        """Write the module."""
        text = _source(self.name, self.mechanism, self.ratio, self.refactored)
        return text + f"# revision {self.comment} of the comments\n" * (self.comment > 0)


SOLVERS = {f"{name}-{mechanism}": (name, mechanism) for name in _FORMULAS for mechanism in ("waste", "rate")}
"""By name: the method, and how its cost is changed."""
