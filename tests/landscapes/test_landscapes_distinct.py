"""No two landscapes of the catalogue are the same function."""

import itertools

import numpy as np
import pytest
from landscape_cases import BOXES

from pytest_optlandscape import landscapes
from pytest_optlandscape.landscapes.definition import DEFINITIONS

POINTS = 24
SAME = 1e-12
"""How far the squared correlation of two landscapes' values is from 1 if one is a f + b of the other."""


def moves(dim):
    """Exchanges and reflections of coordinates: all of few coordinates, two of many."""
    orders = itertools.permutations(range(dim)) if dim <= 2 else [range(dim), range(dim)[::-1]]
    signs = itertools.product([1.0, -1.0], repeat=dim) if dim <= 2 else [[1.0] * dim, [-1.0] * dim]
    return list(itertools.product(map(list, orders), map(np.array, signs)))


def in_dimension(dim):
    """Those of this dimension that are seen without noise and without constraints."""
    chosen = []
    for name in BOXES:
        if dim in DEFINITIONS[name].dims and not landscapes.get(name).tags & {"noisy", "constrained"}:
            chosen.append(landscapes.get(name, dim=dim))
    return chosen


def standardized(values):
    """Values of which only what a f + b keeps is left; zeros where they are constant or not finite."""
    with np.errstate(all="ignore"):
        centred = values - values.mean()
        return np.nan_to_num(centred / np.linalg.norm(centred), posinf=0.0, neginf=0.0)


def same_pairs(chosen, points_of):
    """Compare all with all: the points of one, exchanged and reflected, with the points of the other as they are."""
    dim = chosen[0].dim
    plain = np.array([standardized(one(points_of(one, range(dim), np.ones(dim)))) for one in chosen])
    found = set()
    for order, signs in moves(dim):
        moved = np.array([standardized(one(points_of(one, order, signs))) for one in chosen])
        alike = np.abs(plain @ moved.T) ** 2 > 1.0 - SAME
        found |= {frozenset([chosen[i].id, chosen[j].id]) for i, j in np.argwhere(alike) if i != j}
    return found


@pytest.mark.parametrize("dim", [1, 2, 3, 4, 6])
def test_all_are_different_functions(dim):
    chosen = in_dimension(dim)
    shares = np.random.default_rng(0).uniform(0.02, 0.98, (POINTS, dim))
    sizes = np.where(np.arange(POINTS) % 2, 0.3, 2.5)[:, np.newaxis]  # pieces of two functions may be alike

    def of_plane(landscape, order, signs):  # a function may go on outside its box
        return (sizes * (2 * shares - 1) * signs)[:, order]

    def of_corner(landscape, order, signs):  # for those that are defined for positive coordinates only
        return (sizes * shares)[:, order]

    def of_box(landscape, order, signs):
        lower, upper = landscape.bounds.T
        return lower + (0.5 + 0.4 * sizes * (shares - 0.5) * signs)[:, order] * (upper - lower)

    assert same_pairs(chosen, of_plane) | same_pairs(chosen, of_corner) | same_pairs(chosen, of_box) == set()


def test_those_with_noise_or_constraints_are_different_problems():
    chosen = [one for one in map(landscapes.get, landscapes.names()) if one.tags & {"noisy", "constrained"}]
    points = np.random.default_rng(1).uniform(0.3, 0.6, (POINTS, 10))
    told = [
        (one.dim, one.noise, *one(points[:, : one.dim]).round(9), *one.violation(points[:, : one.dim]).round(9))
        for one in chosen
    ]
    assert len(set(told)) == len(told)


def test_leon_is_leons():
    leon, rosenbrock = landscapes.get("leon"), landscapes.get("rosenbrock")
    assert (leon.version, leon.minimizers.tolist(), leon.bounds.tolist()) == (2, [[1.0, 1.0]], [[-1.2, 1.2]] * 2)
    assert leon([0.5, 0.25]) == 100 * (0.25 - 0.125) ** 2 + 0.25 != rosenbrock([0.5, 0.25])


@pytest.mark.parametrize(("second", "first"), [("cube", "leon"), ("rosenbrock_2", "rosenbrock[2]")])
def test_second_names(second, first):
    one, other = landscapes.get(second), landscapes.get(first)
    assert second not in landscapes.names()
    assert (one.id, one.name) == (second, other.name)
    assert DEFINITIONS[second].same_as == other.name
    x = np.random.default_rng(2).uniform(-1.2, 1.2, (20, 2))
    for evaluate in ("__call__", "gradient", "hessian", "residuals", "distance"):
        np.testing.assert_allclose(getattr(one, evaluate)(x), getattr(other, evaluate)(x), rtol=1e-12)
    assert landscapes.get(f"{second}:2").id == f"{second}:2"
    assert landscapes.select(second, dim=2) == [one]
    assert landscapes.select(second, "beale", exclude=second) == [landscapes.get("beale")]
