import numpy as np
import pytest
from landscape_cases import (
    facts,
    having,
    ids,
    one_of_each_shape,
    random_points,
    unconstrained,
)
from scipy.optimize import least_squares, minimize
from scipy.stats import qmc

from pytest_optlandscape import landscapes

PLANAR = [name for name in unconstrained(ids(largest=5)) if landscapes.get(name).dim == 2]
LINES = [name for name in unconstrained(ids(largest=5)) if landscapes.get(name).dim == 1]
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
    if "smooth" in landscape.tags or landscape.name in ("eggholder", "schwefel_226", "brown"):
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


SHARE = np.linspace(0, 1, 10001)
PARABOLA, ANGLE = -15 + 10 * SHARE, np.pi * (0.25 + 2 * SHARE)
RIDGES = {
    "bukin_n6": np.stack([PARABOLA, PARABOLA**2 / 100], axis=1),
    "happy_cat[2]": np.sqrt(2) * np.stack([np.cos(ANGLE), np.sin(ANGLE)], axis=1),
}
"""Cusps that no method gets down, given by points along them."""

NEAR_OPTIMAL = {"csendes[2]": 1e-17}
"""How far above fmin still means at a minimiser, where 1e-9 will not do: of sixth order, 1e-9 is far away."""


@pytest.mark.parametrize("name", one_of_each_shape(PLANAR))
def test_search_finds_all_minimizers_and_no_other(name):
    landscape = landscapes.get(name)
    most = 4 if "unimodal" in landscape.tags else 64
    ends = np.array([refined(landscape, start) for start in grid_minima(landscape, most)])
    assert_ends_are_the_minimizers(name, landscape, ends)


def assert_ends_are_the_minimizers(name, landscape, ends):
    values = landscape(ends)
    scale = 1 + abs(landscape.fmin)
    assert values.min() >= landscape.fmin - 1e-13 * scale
    if name in RIDGES:
        return
    if landscape.name in facts("NOT_ALL_LISTED"):
        return
    optimal = ends[values <= landscape.fmin + NEAR_OPTIMAL.get(name, 1e-9) * scale]
    width = np.ptp(landscape.bounds, axis=1).max()
    assert np.all(landscape.distance(optimal) <= 1e-3 * width)
    if landscape.name in facts("CONTINUA"):  # of which some points stand for all
        return
    gaps = np.linalg.norm(landscape.minimizers[:, np.newaxis] - optimal, axis=-1)
    assert np.all(gaps.min(axis=1) <= 1e-3 * width)


def line_minima(landscape):
    """The points of a dense grid of the interval that are not above their neighbours."""
    grid = np.linspace(*landscape.bounds[0], 100_001)[:, np.newaxis]
    values = np.pad(landscape(grid), 1, constant_values=np.inf)
    return grid[(values[1:-1] <= values[:-2]) & (values[1:-1] <= values[2:])]


@pytest.mark.parametrize("name", LINES)
def test_search_on_a_line_finds_all_minimizers_and_no_other(name):
    landscape = landscapes.get(name)
    ends = np.array([refined(landscape, start) for start in line_minima(landscape)])
    assert_ends_are_the_minimizers(name, landscape, ends)


@pytest.mark.parametrize("name", [name for name in LINES if name in having("multimodal")])
def test_multimodal_ones_have_several_minima_inside_the_line(name):
    landscape = landscapes.get(name)
    lower, upper = landscape.bounds[0]
    minima = line_minima(landscape)
    inside = minima[(minima[:, 0] > lower) & (minima[:, 0] < upper)]
    assert np.ptp(inside) > 1e-2
    assert np.all(landscape.hessian(inside) > 0)


@pytest.mark.parametrize(("name", "ridge"), RIDGES.items())
def test_ridges_have_one_minimum(name, ridge):
    landscape = landscapes.get(name)
    values = landscape(ridge)
    assert landscape.distance(ridge[np.argmin(values)]) <= 1e-2
    slopes = np.sign(np.diff(values[::250]))  # wide steps: rounding lifts points of the cusp by 2e-4
    assert np.count_nonzero(np.diff(slopes)) == 1


def test_happy_cat_off_its_ridge_has_no_minimum():
    for dim in (2, 3, 5, 10, 40):
        landscape = landscapes.get("happy_cat", dim)
        diagonal = np.linspace(0.001, 0.999, 999)[:, np.newaxis] * np.ones(dim)  # a zero slope needs equal coordinates
        slopes = landscape.gradient(diagonal)[:, 0]
        (crest,) = np.flatnonzero(np.diff(np.sign(slopes)))
        assert np.linalg.eigvalsh(landscape.hessian(diagonal[crest]))[0] < 0


@pytest.mark.parametrize(
    "name", one_of_each_shape(name for name in unconstrained(ids(largest=8)) if landscapes.get(name).dim > 2)
)
def test_nothing_is_lower_along_any_axis(name):
    landscape = landscapes.get(name)
    best = landscape.minimizers[0]
    for k, bound in enumerate(landscape.bounds):
        line = np.tile(best, (20001, 1))
        line[:, k] = np.linspace(*bound, 20001)
        values = landscape(line)
        assert values.min() >= landscape.fmin - 1e-12 * (1 + abs(landscape.fmin))
        if landscape.name in facts("NOT_ALL_LISTED") or landscape.id in facts("NOT_ALL_LISTED"):
            continue
        lowest = line[values <= landscape.fmin + 1e-9 * (1 + abs(landscape.fmin))]
        assert np.all(landscape.distance(lowest) <= 2e-2 * np.ptp(bound))


@pytest.mark.parametrize(
    "name",
    one_of_each_shape(name for name in unconstrained(having("smooth", largest=8)) if landscapes.get(name).dim > 3),
)
def test_nothing_is_lower_from_many_starts(name):
    landscape = landscapes.get(name)
    shares = qmc.Sobol(landscape.dim, seed=1).random(16)
    starts = qmc.scale(shares, *landscape.bounds.T)
    for start in starts:
        end = refined(landscape, start)
        excess = (landscape(end) - landscape.fmin) / (1 + abs(landscape.fmin))
        assert excess >= -1e-13
        assert excess > 1e-12 or landscape.distance(end) <= 2e-2 * np.ptp(landscape.bounds)


FALLING_ALONG_RAYS = {"schwefel_222", "saturating_gaussian_well", "sigmoid_plateau"}
"""Where methods stall, on kinks or plateaus; what is convex and has kinks is tested like these."""
STALLING = {"nonsmooth_rosenbrock", *RIDGES}
"""Which fall along no ray either, and have tests of their own."""


def falls_along_rays(name):
    landscape = landscapes.get(name)
    return (
        landscape.name in {*FALLING_ALONG_RAYS, *facts("FALLING_ALONG_RAYS")}
        or {"convex", "nonsmooth"} <= landscape.tags
    )


UNIMODAL = [n for n in unconstrained(having("unimodal", largest=5)) if not {n, landscapes.get(n).name} & STALLING]


@pytest.mark.parametrize("name", one_of_each_shape(name for name in UNIMODAL if falls_along_rays(name)))
def test_values_fall_on_the_way_to_the_minimizer(name):
    landscape = landscapes.get(name)
    (minimizer,) = landscape.minimizers
    for start in random_points(landscape, 200):
        values = landscape(minimizer + np.linspace(1, 0, 201)[:, np.newaxis] * (start - minimizer))
        assert np.all(np.diff(values) <= 1e-13 * np.abs(values[:-1]))
        assert values[-1] < values[0]


@pytest.mark.parametrize("dim", [2, 3, 5])
def test_a_path_leads_down_to_the_minimizer_of_the_nonsmooth_rosenbrock(dim):
    """The path that the landscape's definition describes."""
    landscape = landscapes.get("nonsmooth_rosenbrock", dim)

    def with_terms(first, terms):
        x = [first]
        for term in terms:
            x.append(term + 2 * abs(x[-1]) - 1)
        return x

    for start in random_points(landscape, 20):
        terms = start[1:] - 2 * np.abs(start[:-1]) + 1
        path = [start]
        for k in range(dim - 1):
            for share in np.linspace(1, 0, 50):
                path.append(with_terms(start[0], [*np.zeros(k), share * terms[k], *terms[k + 1 :]]))
        path += [with_terms(first, np.zeros(dim - 1)) for first in np.linspace(start[0], 1, 50)]
        values = landscape(np.array(path))
        assert np.all(np.diff(values) <= 1e-12)
        assert landscape.distance(path[-1]) == 0


@pytest.mark.parametrize(
    "name", one_of_each_shape(n for n in UNIMODAL if not falls_along_rays(n) and not n.startswith("happy_cat"))
)
def test_unimodal_ones_have_one_place_to_end(name):
    landscape = landscapes.get(name)
    within = 3e-2 if name == "sum_different_powers[5]" else 1e-2  # of sixth order, it is flat where methods stop
    shares = qmc.Sobol(landscape.dim, seed=2).random(32)
    for start in qmc.scale(shares, *landscape.bounds.T):
        assert landscape.distance(refined(landscape, start)) < within


@pytest.mark.parametrize("name", one_of_each_shape(name for name in PLANAR if name in having("multimodal")))
def test_multimodal_ones_have_several_places_to_end(name):
    landscape = landscapes.get(name)
    most = 64 if landscape.name in facts("CROWDED_MINIMA") else 8
    ends = np.array([refined(landscape, start) for start in grid_minima(landscape, most)])
    if "smooth" in landscape.tags:
        inside = np.all((ends > landscape.bounds[:, 0]) & (ends < landscape.bounds[:, 1]), axis=1)
        curvatures = np.linalg.eigvalsh(landscape.hessian(ends))
        ends = ends[inside & (curvatures[:, 0] > 0)]
    assert np.linalg.norm(ends[:, np.newaxis] - ends, axis=-1).max() > 1e-2
