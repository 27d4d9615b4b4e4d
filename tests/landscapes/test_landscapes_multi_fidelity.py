"""Tests of the landscapes with a fidelity."""

import numpy as np
import pytest
from scipy.optimize import minimize

from pytest_optlandscape import landscapes

BOXES = {
    "forrester_fidelity": "forrester",
    "branin_fidelity": "branin",
    "hartmann_3_fidelity": "hartmann_3",
    "hartmann_6_fidelity": "hartmann_6",
}


@pytest.fixture(params=BOXES)
def landscape(request):
    return landscapes.get(request.param)


def test_every_landscape_with_a_fidelity_is_here():
    assert {one.name for one in landscapes.select(tags="multi-fidelity")} == set(BOXES)


def test_at_the_full_level_it_is_the_landscape_on_the_box(landscape):
    box = landscapes.get(BOXES[landscape.name])
    lower, upper = box.bounds.T
    for codes in np.random.default_rng(0).random((50, landscape.dim)):
        expected = box(lower + codes * (upper - lower))
        assert landscape(codes) == pytest.approx(expected, rel=1e-11, abs=1e-11)
        assert landscape.at(codes, 27) == landscape(codes)
    assert landscape.fmin == box.fmin
    found = [list(landscape.space.decode(one).values()) for one in landscape.minimizers]
    assert np.array(found) == pytest.approx(box.minimizers, rel=1e-13)


def test_cheap_levels_err_more_the_cheaper_they_are(landscape):
    points = np.random.default_rng(1).random((200, landscape.dim))
    exact = landscape(points)
    errors = [
        np.mean([abs(landscape.at(x, level) - value) for x, value in zip(points, exact, strict=True)])
        for level in landscape.fidelity.levels()
    ]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] == 0.0 < errors[-2]


def test_the_cheapest_level_has_another_minimum(landscape):
    best = landscape.minimizers[0]

    def cheap(codes):
        return landscape.at(np.clip(codes, 0.0, 1.0), 1)

    starts = np.random.default_rng(2).random((20, landscape.dim))
    found = min((minimize(cheap, x0, method="Nelder-Mead") for x0 in starts), key=lambda one: one.fun)
    assert landscape(np.clip(found.x, 0.0, 1.0)) > landscape.fmin + 1e-4
    assert found.fun < cheap(best) - 1e-6
