"""Which landscapes the tests go through, and at which points."""

import importlib
from pathlib import Path

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from mpmath import mp, mpf
from thorough import one_of_each

from pytest_optlandscape import landscapes

INDEPENDENT = [importlib.import_module(path.stem) for path in sorted(Path(__file__).parent.glob("independent_*.py"))]
"""The landscapes as the literature prints them, and what is known of each, family by family."""


def facts(table):
    """What the families' independent files say under this name, put together."""
    return {key: value for module in INDEPENDENT for key, value in getattr(module, table, {}).items()}


def independent(landscape):
    return next(vars(module)[landscape.name] for module in INDEPENDENT if landscape.name in vars(module))


SEARCHES = [name for name in landscapes.names() if "search-space" in landscapes.get(name).tags]
BOXES = [name for name in landscapes.names() if name not in SEARCHES]
"""Landscapes over a search space have no gradient, no tensors, no instances: these tests go through the others.
`test_landscapes_known` has the facts of the former."""

FIXED = [name for name in BOXES if "scalable" not in landscapes.get(name).tags]
SCALABLE = [name for name in BOXES if name not in FIXED]
DIMS = facts("DIMS")


def ids(largest=40):
    fixed = [n for n in FIXED if landscapes.get(n).dim <= max(largest, 5)]
    scaled = [f"{n}[{d}]" for n in SCALABLE for d in DIMS.get(n, (2, 3, 5, 10, 40)) if d <= largest]
    return fixed + scaled


def shape(name):
    """Tell which of the catalogue's shared code a landscape runs through."""
    landscape = landscapes.get(name)
    length = next(longest for longest in (1, 2, 5, 10, np.inf) if landscape.dim <= longest)
    kinds = landscape.tags & {"smooth", "constrained", "noisy", "many-minimizers", "undefined-outside"}
    return length, kinds, landscape.has_residuals, type(landscape.all_minimizers)


def one_of_each_shape(names):
    """Leave all but the first of each shape to the thorough run: where what is tested is code that landscapes share."""
    return one_of_each(names, shape)


def every_landscape(names):
    """Leave the further dimensions to the thorough run: where what is tested is a fact about each landscape."""
    return one_of_each(names, lambda name: landscapes.get(name).name)


def having(tag, largest=40):
    return [name for name in ids(largest) if tag in landscapes.get(name).tags]


def unconstrained(names):
    """Those of the names whose minima are the objective's own; test_landscapes_constrained has the others' tests."""
    return [name for name in names if "constrained" not in landscapes.get(name).tags]


def few(examples):
    return settings(max_examples=examples, deadline=None, derandomize=True, database=None)


def in_box(landscape, shares):
    lower, upper = landscape.bounds.T
    return np.clip(lower + shares * (upper - lower), lower, upper)


def box_points(landscape):
    """Points as Hypothesis likes them: edges, middles, repeated coordinates."""
    return arrays(np.float64, landscape.dim, elements=st.floats(0.0, 1.0)).map(lambda u: in_box(landscape, u))


def generic_points(landscape):
    """Points that are on no kink: of the box where it is smooth, else random ones."""
    if "smooth" in landscape.tags and landscape.name not in facts("KINKED_EDGES"):
        return box_points(landscape)
    return st.integers(0, 2**32).map(lambda seed: random_points(landscape, 1, seed)[0])


def random_points(landscape, count, seed=0):
    return in_box(landscape, np.random.default_rng(seed).random((count, landscape.dim)))


def exact(landscape, x):
    """Evaluate the formula of the literature to 40 digits."""
    with mp.workdps(40):
        return _difference(landscape, [mpf(v) for v in x], (), None)


def exact_derivative(landscape, x, *coordinates):
    """Differentiate the formula of the literature once along each of the coordinates."""
    step = mpf(10) ** (-13 if len(coordinates) == 1 else -11)
    with mp.workdps(50):
        return _difference(landscape, [mpf(v) for v in x], coordinates, step)


def _difference(landscape, x, coordinates, step):
    if not coordinates:
        return independent(landscape)(x)
    first, rest = coordinates[0], coordinates[1:]
    ahead, behind = list(x), list(x)
    ahead[first] += step
    behind[first] -= step
    both = _difference(landscape, ahead, rest, step) - _difference(landscape, behind, rest, step)
    return both / (2 * step)


def complex_step_gradient(landscape, x):
    return landscape(x + 1e-100j * np.eye(len(x))).imag / 1e-100


def rounding_of_value(landscape, x):
    """Estimate what moving every coordinate and every term by one rounding does to the value."""
    return abs(landscape(x)) + np.abs(x) @ np.abs(landscape.gradient(x)) + abs(landscape.fmin)


def rounding_of_residuals(landscape, x):
    """Estimate what one rounding of every term of a residual, a difference of larger numbers, does to the value."""
    if not landscape.has_residuals:
        return 0.0
    return 2 * np.abs(landscape.residuals(x)) @ np.abs(landscape.jacobian(x)) @ np.abs(x)


def rounding_of_gradient(landscape, x):
    cancelling = facts("CANCELLING_SLOPES").get(landscape.name, 0.0)
    return (
        cancelling
        + np.max(np.abs(landscape.gradient(x)))
        + np.linalg.norm(landscape.hessian(x)) * (1 + np.linalg.norm(x))
    )
