import numpy as np
import pytest
from landscape_cases import having, ids, random_points
from scipy.optimize import least_squares, minimize
from scipy.stats import qmc

from pytest_optlandscape import landscapes

PLANAR = [name for name in ids(largest=5) if landscapes.get(name).dim == 2]
SIDE = 601
BADLY_SCALED = {"mgh_powell_badly_scaled", "mgh_kowalik_osborne", "mgh_osborne_1", "mgh_biggs_exp6"}
"""Where all methods but Gauss and Newton's creep along a valley that is almost flat."""


def grid_minima(landscape, most=64):
    """The lowest points of a grid of the box and one of its middle, among those not above their neighbours."""
    if landscape.name in BADLY_SCALED:  # valleys much narrower than any grid
        return random_points(landscape, most // 4)
    lower, upper = landscape.bounds.T
    middle = landscape.minimizers.mean(axis=0)
    windows = [
        landscape.bounds,
        np.clip([middle - (upper - lower) / 50, middle + (upper - lower) / 50], lower, upper).T,
    ]
    return np.vstack([window_minima(landscape, window, most) for window in windows])


def window_minima(landscape, window, most):
    shares = np.linspace(0, 1, SIDE)
    powers = (1.01, 1.017)  # uneven, so as to miss saddles and their lines of symmetry
    axes = [lo + shares**power * (hi - lo) for power, (lo, hi) in zip(powers, window, strict=True)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    values = np.pad(landscape(grid).reshape(SIDE, SIDE), 1, constant_values=np.inf)
    centre = values[1:-1, 1:-1]
    lowest = np.ones((SIDE, SIDE), dtype=bool)
    for i in range(3):
        for j in range(3):
            lowest &= centre <= values[i : i + SIDE, j : j + SIDE]
    candidates = np.flatnonzero(lowest)
    order = np.argsort(centre.ravel()[candidates], kind="stable")[:most]
    return grid[candidates[order]]


def refined(landscape, start):
    if landscape.name in BADLY_SCALED:
        return least_squares(
            landscape.residuals,
            start,
            jac=landscape.jacobian,
            bounds=landscape.bounds.T,
            x_scale="jac",
            xtol=1e-15,
            ftol=None,
            gtol=None,
        ).x
    if "smooth" in landscape.tags or landscape.name in ("eggholder", "schwefel_226"):
        tight = {"ftol": 1e-15, "gtol": 1e-10}
        return minimize(
            landscape,
            start,
            jac=landscape.gradient,
            method="L-BFGS-B",
            bounds=landscape.bounds,
            options=tight,
        ).x
    tight = {"xatol": 1e-9, "fatol": 1e-13}
    return minimize(landscape, start, method="Nelder-Mead", bounds=landscape.bounds, options=tight).x


@pytest.mark.parametrize("name", PLANAR)
def test_search_finds_all_minimizers_and_no_other(name):
    landscape = landscapes.get(name)
    ends = np.array([refined(landscape, start) for start in grid_minima(landscape)])
    values = landscape(ends)
    scale = 1 + abs(landscape.fmin)
    assert values.min() >= landscape.fmin - 1e-13 * scale
    if name == "bukin_n6":  # no method gets down its ridge: the grid itself must do
        return
    optimal = ends[values <= landscape.fmin + 1e-9 * scale]
    width = np.ptp(landscape.bounds, axis=1).max()
    assert np.all(landscape.distance(optimal) <= 1e-3 * width)
    gaps = np.linalg.norm(landscape.minimizers[:, np.newaxis] - optimal, axis=-1)
    assert np.all(gaps.min(axis=1) <= 1e-3 * width)


def test_bukin_ridge_has_one_minimum():
    x = np.linspace(-15, -5, 10001)
    ridge = landscapes.get("bukin_n6")(np.stack([x, x * x / 100], axis=1))
    assert x[np.argmin(ridge)] == pytest.approx(-10)


@pytest.mark.parametrize("name", [name for name in ids(largest=8) if landscapes.get(name).dim > 2])
def test_nothing_is_lower_along_any_axis(name):
    landscape = landscapes.get(name)
    best = landscape.minimizers[0]
    for k, bound in enumerate(landscape.bounds):
        line = np.tile(best, (20001, 1))
        line[:, k] = np.linspace(*bound, 20001)
        values = landscape(line)
        assert values.min() >= landscape.fmin - 1e-12 * (1 + abs(landscape.fmin))
        lowest = line[values <= landscape.fmin + 1e-9 * (1 + abs(landscape.fmin))]
        assert np.all(landscape.distance(lowest) <= 2e-2 * np.ptp(bound))


@pytest.mark.parametrize("name", [name for name in having("smooth", largest=8) if landscapes.get(name).dim > 3])
def test_nothing_is_lower_from_many_starts(name):
    landscape = landscapes.get(name)
    shares = qmc.Sobol(landscape.dim, seed=1).random(16)
    starts = qmc.scale(shares, *landscape.bounds.T)
    for start in starts:
        end = refined(landscape, start)
        excess = (landscape(end) - landscape.fmin) / (1 + abs(landscape.fmin))
        assert excess >= -1e-13
        assert excess > 1e-12 or landscape.distance(end) <= 2e-2 * np.ptp(landscape.bounds)


@pytest.mark.parametrize("name", [name for name in having("unimodal", largest=5) if name != "bukin_n6"])
def test_unimodal_ones_have_one_place_to_end(name):
    landscape = landscapes.get(name)
    shares = qmc.Sobol(landscape.dim, seed=2).random(32)
    for start in qmc.scale(shares, *landscape.bounds.T):
        assert landscape.distance(refined(landscape, start)) < 1e-2


@pytest.mark.parametrize("name", [name for name in PLANAR if name in having("multimodal")])
def test_multimodal_ones_have_several_places_to_end(name):
    landscape = landscapes.get(name)
    ends = np.array([refined(landscape, start) for start in grid_minima(landscape, most=8)])
    if "smooth" in landscape.tags:
        inside = np.all((ends > landscape.bounds[:, 0]) & (ends < landscape.bounds[:, 1]), axis=1)
        curvatures = np.linalg.eigvalsh(landscape.hessian(ends))
        ends = ends[inside & (curvatures[:, 0] > 0)]
    assert np.linalg.norm(ends[:, np.newaxis] - ends, axis=-1).max() > 1e-2
