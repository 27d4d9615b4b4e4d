"""The peers everybody has: formulas as people type them, on NumPy and on Python floats."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

Function = Callable[[Any], Any]


def beale_numpy(p: Any) -> Any:
    x, y = p[0], p[1]
    return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2


def beale_floats(p: Any) -> float:
    x, y = p.tolist()
    return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y * y) ** 2 + (2.625 - x + x * y * y * y) ** 2


def himmelblau_numpy(p: Any) -> Any:
    x, y = p[0], p[1]
    return (x**2 + y - 11.0) ** 2 + (x + y**2 - 7.0) ** 2


def himmelblau_floats(p: Any) -> float:
    x, y = p.tolist()
    return (x * x + y - 11.0) ** 2 + (x + y * y - 7.0) ** 2


def rosenbrock_numpy(p: Any) -> Any:
    return np.sum(100.0 * (p[1:] - p[:-1] ** 2) ** 2 + (1.0 - p[:-1]) ** 2)


def rosenbrock_floats(p: Any) -> float:
    v = p.tolist()
    return sum(100.0 * (b - a * a) ** 2 + (1.0 - a) ** 2 for a, b in itertools.pairwise(v))


def rosenbrock_2_floats(p: Any) -> float:
    x, y = p.tolist()
    return 100.0 * (y - x * x) ** 2 + (1.0 - x) ** 2


def rastrigin_numpy(p: Any) -> Any:
    return 10.0 * len(p) + np.sum(p**2 - 10.0 * np.cos(2.0 * np.pi * p))


def rastrigin_floats(p: Any) -> float:
    v = p.tolist()
    return 10.0 * len(v) + sum(a * a - 10.0 * math.cos(2.0 * math.pi * a) for a in v)


POINT: dict[str, dict[str, Function]] = {
    "beale": {"NumPy scalars": beale_numpy, "Python floats": beale_floats},
    "himmelblau": {"NumPy scalars": himmelblau_numpy, "Python floats": himmelblau_floats},
    "rosenbrock[2]": {"NumPy arrays": rosenbrock_numpy, "Python floats": rosenbrock_2_floats},
    "rosenbrock[10]": {"NumPy arrays": rosenbrock_numpy, "Python floats": rosenbrock_floats},
    "rastrigin[10]": {"NumPy arrays": rastrigin_numpy, "Python floats": rastrigin_floats},
}
"""One point, an ndarray, in; by the id of the landscape."""


def sphere_batch(X: Any) -> Any:
    return np.sum(X**2, axis=1)


def rosenbrock_batch(X: Any) -> Any:
    return np.sum(100.0 * (X[:, 1:] - X[:, :-1] ** 2) ** 2 + (1.0 - X[:, :-1]) ** 2, axis=1)


def rastrigin_batch(X: Any) -> Any:
    return 10.0 * X.shape[1] + np.sum(X**2 - 10.0 * np.cos(2.0 * np.pi * X), axis=1)


def ackley_batch(X: Any) -> Any:
    radius = np.sqrt(np.mean(X**2, axis=1))
    waves = np.mean(np.cos(2.0 * np.pi * X), axis=1)
    return 20.0 + np.e - 20.0 * np.exp(-0.2 * radius) - np.exp(waves)


def styblinski_tang_batch(X: Any) -> Any:
    return 0.5 * np.sum(X**4 - 16.0 * X**2 + 5.0 * X, axis=1)


BATCH: dict[str, Function] = {
    "sphere[10]": sphere_batch,
    "rosenbrock[10]": rosenbrock_batch,
    "rastrigin[10]": rastrigin_batch,
    "ackley[10]": ackley_batch,
    "styblinski_tang[10]": styblinski_tang_batch,
}
"""A batch (n, dim) in; by the id of the landscape."""
