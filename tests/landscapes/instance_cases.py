"""Which instances the tests go through, and their maps written once more."""

import pytest
from landscape_cases import BOXES, shape
from thorough import one_of_each

from pytest_optlandscape import landscapes

PLANAR = [name for name in BOXES if landscapes.get(name).dim == 2]
LONGER = ["ackley[5]", "levy[5]", "dixon_price[5]", "rosenbrock[10]", "alpine_1[5]", "qing[5]", "griewank[40]"]
LONGER += ["powell_singular[8]", "trid[10]", "xor_mlp_l2", "michalewicz_5", "styblinski_tang[40]", "deep_linear_1_1_1"]

CHAINS = {
    "shift": lambda f: f.shift(seed=1),
    "scale": lambda f: f.scale(100.0),
    "permute": lambda f: f.permute(seed=1),
    "rotate": lambda f: f.rotate(1),
    "all": lambda f: f.scale(10.0).permute(seed=2).rotate(3).shift(seed=4),
    "instance": lambda f: f.instance(3),
}


def can_be_turned(landscape):
    try:
        landscape.rotate(1)
    except ValueError:
        return False
    return True


ON_THE_BOUNDS = [name for name in PLANAR + LONGER if not can_be_turned(landscapes.get(name))]

CASES = one_of_each(
    (
        pytest.param(name, chain, id=f"{name}-{chain}")
        for name in PLANAR + LONGER
        for chain in (CHAINS if name in ["beale", "himmelblau", *LONGER] else ("all", "instance"))
        if name not in ON_THE_BOUNDS or chain not in ("rotate", "all")
        if not name.startswith("bbob") or chain != "instance"
    ),
    lambda name, chain: (shape(name), chain),
)
"""A few through every transformation, all others through all of them at once and as a numbered instance; BBOB's have
COCO's own instances. The default run takes one landscape of each shape through each."""


def made(name, chain):
    return CHAINS[chain](landscapes.get(name))


def to_original(landscape, x):
    """The map u, by the calls that the instance was made with."""
    make, arguments = landscape._made_by
    if make.__name__ == "instance":
        before, number = arguments
        shifted = before.rotate(number) if can_be_turned(before) else before.permute(seed=number)
        return to_original(shifted.shift(seed=number), x)
    if make.__name__ != "_apply":
        return x
    move, before = arguments
    kind = type(move).__name__
    if kind == "Shift":
        x = x - move.offset
    elif kind == "Scaling":
        x = x * move.factors
    elif kind == "Permutation":
        x = x[..., [list(move.order).index(k) for k in range(before.dim)]]
    else:
        x = (x - move.centre) @ move.matrix.T + move.centre
    return to_original(before, x) if before._made_by else x
