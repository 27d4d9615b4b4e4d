import functools
import warnings

import independent_constrained as literature
import numpy as np
import pytest
from landscape_cases import exact, having, independent, random_points
from mpmath import findroot, mp, mpf
from scipy.optimize import minimize, nnls
from scipy.stats import qmc

from pytest_optlandscape import landscapes

NAMES = having("constrained")
PLANAR = [name for name in NAMES if landscapes.get(name).dim == 2]
WITH_EQUALITIES = sorted(literature.EQUALITIES)
EPS = np.finfo(float).eps


def printed(name):
    """The constraints as the literature prints them: a function that gives excesses over 0, equalities last."""
    nothing = lambda v: []  # noqa: E731
    return lambda v: literature.INEQUALITIES[name](v) + literature.EQUALITIES.get(name, nothing)(v)


def excesses(landscape, x):
    """By how much each constraint is exceeded, negative where it is kept, and the derivatives of that."""
    found = []
    for constraint in landscape.own_constraints:
        value, slope = constraint.values(x), constraint.jacobian(x)
        assert value.shape == constraint.lower.shape == constraint.upper.shape == (1,)
        if np.isfinite(constraint.upper[0]):
            found.append((value[0] - constraint.upper[0], slope[0], constraint.upper[0]))
        else:
            found.append((constraint.lower[0] - value[0], -slope[0], constraint.lower[0]))
    return [np.array(column) for column in zip(*found, strict=True)]


def is_equality(landscape):
    return np.array([constraint.lower[0] == constraint.upper[0] for constraint in landscape.own_constraints])


def test_family():
    assert [one.name for one in landscapes.select() if one.family == "constrained"] == NAMES
    assert len(NAMES) == 12
    for one in landscapes.select():
        assert bool(one.constraints) == ("constrained" in one.tags)
        assert not {"constrained", "separable"} <= one.tags


@pytest.mark.parametrize("name", NAMES)
def test_constraints_agree_with_the_literature(name):
    landscape = landscapes.get(name)
    batch = random_points(landscape, 40)
    for x in batch:
        excess, slopes, _ = excesses(landscape, x)
        with mp.workdps(40):
            expected = printed(name)([mpf(v) for v in x])
        slack = 1e-13 * (1 + np.abs(excess) + np.abs(slopes) @ np.abs(x))
        assert len(excess) == len(expected)
        assert np.all(np.abs(np.array(expected, dtype=float) - excess) <= slack)
        equal = is_equality(landscape)
        worst = np.max(np.where(equal, np.abs(excess), np.maximum(excess, 0)))
        assert landscape.violation(x) == worst
    assert landscape.violation(batch).tolist() == pytest.approx([landscape.violation(x) for x in batch], rel=1e-12)
    assert landscape.violation(batch[:0]).shape == (0,)


@pytest.mark.parametrize("name", NAMES)
def test_jacobian_agrees_with_the_literature(name):
    landscape = landscapes.get(name)
    step = mpf(10) ** -15
    for x in random_points(landscape, 10, seed=1):
        slopes = excesses(landscape, x)[1]
        for k in range(landscape.dim):
            with mp.workdps(50):
                ahead, behind = [mpf(v) for v in x], [mpf(v) for v in x]
                ahead[k] += step
                behind[k] -= step
                pairs = zip(printed(name)(ahead), printed(name)(behind), strict=True)
                expected = np.array([(a - b) / (2 * step) for a, b in pairs], dtype=float)
            assert np.all(np.abs(slopes[:, k] - expected) <= 1e-12 * (1 + np.abs(slopes).max(axis=1)))


def test_jacobians_are_scipys():
    landscape = landscapes.get("hs071")
    x = landscape.x0
    product, sphere = landscape.constraints
    assert (product.lb, product.ub, sphere.lb, sphere.ub) == ([25.0], [np.inf], [40.0], [40.0])
    assert (product.fun(x).tolist(), sphere.fun(x).tolist()) == ([25.0], [52.0])
    np.testing.assert_allclose(product.jac(x), [[25.0, 5.0, 5.0, 25.0]], rtol=1e-15)
    np.testing.assert_allclose(sphere.jac(x), [[2.0, 10.0, 10.0, 2.0]], rtol=1e-15)


@pytest.mark.parametrize("point", [(0.0, 0.0), (0.5, 0.0), (0.0, 0.5), (1.2, 0.0), (0.0, -1.2)])
def test_simionescu_has_no_hole_where_y_is_0(point):
    landscape = landscapes.get("simionescu")
    (constraint,) = landscape.own_constraints
    value = 1.44 - np.hypot(*point) ** 2
    assert constraint.values(point)[0] == pytest.approx(value, abs=1e-15)
    assert constraint.values([point])[0, 0] == pytest.approx(value, abs=1e-15)
    assert np.all(np.isfinite(constraint.jacobian(point)))


@pytest.mark.parametrize("name", NAMES)
def test_not_a_number_is_not_feasible(name):
    landscape = landscapes.get(name)
    for k in range(landscape.dim):
        x = landscape.minimizers[0].copy()
        x[k] = np.nan
        assert not landscape.is_feasible(x)
        assert not landscape.is_feasible(np.array([x, x])).any()


@pytest.mark.parametrize("name", NAMES)
def test_minimizers_are_feasible_to_rounding(name):
    landscape = landscapes.get(name)
    for x in landscape.minimizers:
        excess, slopes, limits = excesses(landscape, x)
        slack = 4 * EPS * (np.abs(limits) + np.abs(slopes) @ np.abs(x))
        assert np.all(np.where(is_equality(landscape), np.abs(excess), excess) <= slack)
        assert landscape.is_feasible(x)


def active(landscape, x):
    """The slopes of what is active at x, constraints and bounds: outward, and inward too for an equality."""
    excess, slopes, _ = excesses(landscape, x)
    pressing = [slope for slope, over in zip(slopes, excess, strict=True) if over > -1e-8]
    pressing += [-slope for slope, equal in zip(slopes, is_equality(landscape), strict=True) if equal]
    unit = np.eye(landscape.dim)
    pressing += [-unit[k] for k in range(landscape.dim) if x[k] == landscape.bounds[k, 0]]
    pressing += [unit[k] for k in range(landscape.dim) if x[k] == landscape.bounds[k, 1]]
    return np.array(pressing).reshape(-1, landscape.dim)


@pytest.mark.parametrize("name", NAMES)
def test_minimizers_satisfy_the_karush_kuhn_tucker_conditions(name):
    landscape = landscapes.get(name)
    for x in landscape.minimizers:
        gradient, pressing = landscape.gradient(x), active(landscape, x)
        rounding = 1e-14 * (np.abs(gradient).max() + np.linalg.norm(landscape.hessian(x)) * (1 + np.linalg.norm(x)))
        if len(pressing) == 0:
            assert np.abs(gradient).max() <= rounding
            assert np.linalg.eigvalsh(landscape.hessian(x))[0] > 0
            continue
        multipliers, residual = nnls(-pressing.T, gradient)
        assert residual <= rounding * (1 + multipliers.max())


def test_a_wrong_sign_would_be_seen():
    landscape = landscapes.get("g06")
    x = landscape.minimizers[0]
    assert nnls(active(landscape, x).T, landscape.gradient(x))[1] > 1


def polished(landscape, x):
    """Solve the Karush-Kuhn-Tucker equations next to x, to some 25 digits, with coordinates on a bound held."""
    free = [k for k in range(landscape.dim) if x[k] not in landscape.bounds[k]]
    excess, slopes, _ = excesses(landscape, x)
    kept = np.flatnonzero(excess > -1e-8)
    guess = np.linalg.lstsq(slopes[kept][:, free].T, -landscape.gradient(x)[free], rcond=None)[0]

    def point(unknown):
        full = [mpf(v) for v in x]
        for k, value in zip(free, unknown, strict=False):
            full[k] = value
        return full

    def lagrangian(full, multipliers):
        bound = printed(landscape.name)(full)
        return independent(landscape)(full) + sum(m * bound[k] for m, k in zip(multipliers, kept, strict=True))

    def equations(*unknown):
        full, multipliers = point(unknown), unknown[len(free) :]
        step = mpf(10) ** -16
        slopes = []
        for k in free:
            ahead, behind = list(full), list(full)
            ahead[k] += step
            behind[k] -= step
            slopes.append((lagrangian(ahead, multipliers) - lagrangian(behind, multipliers)) / (2 * step))
        bound = printed(landscape.name)(full)
        return [*slopes, *[bound[k] for k in kept]]

    with mp.workdps(50):
        start = [*[mpf(x[k]) for k in free], *[mpf(v) for v in guess]]
        return point(list(findroot(equations, start, tol=mpf(10) ** -50, maxsteps=4, verify=False)))


@pytest.mark.parametrize("name", NAMES)
def test_minimizers_are_correctly_rounded(name):
    landscape = landscapes.get(name)
    for x in landscape.minimizers:
        best = polished(landscape, x)
        assert all(abs(p - v) <= 0.5 * np.spacing(abs(v)) + 1e-20 for p, v in zip(best, x, strict=True))
        assert abs(exact(landscape, best) - landscape.fmin) <= 0.5 * np.spacing(abs(landscape.fmin)) + 1e-30


def refined(landscape, start):
    """Go down from a start by SLSQP, with constraints scaled to slopes of 1 so that it leaves nothing open."""
    limits = []
    for constraint, scipys in zip(landscape.own_constraints, landscape.constraints, strict=True):
        size = max(np.abs(constraint.jacobian(landscape.minimizers[0])).max(), 1.0)
        for sign, limit in ((1, constraint.lower[0]), (-1, constraint.upper[0])):
            if np.isfinite(limit) and not (sign == -1 and constraint.lower[0] == constraint.upper[0]):
                limits.append(
                    {
                        "type": "eq" if constraint.lower[0] == constraint.upper[0] else "ineq",
                        "fun": lambda x, c=scipys, s=sign / size, b=limit: s * (c.fun(x) - b),
                        "jac": lambda x, c=scipys, s=sign / size: s * c.jac(x),
                    }
                )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Values in x were outside bounds", RuntimeWarning)  # SciPy before 1.11
        return minimize(
            landscape,
            start,
            jac=landscape.gradient,
            method="SLSQP",
            bounds=landscape.bounds,
            constraints=limits,
            options={"ftol": 1e-14, "maxiter": 200},
        ).x


def feasible_grid(landscape, window, side=401):
    """The lowest feasible points of a grid, one for each cell of a coarse one, lowest first."""
    axes = [np.linspace(*ends, side) for ends in window]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    if landscape.name == "g11":  # an equality: the grid is of its curve
        grid = np.stack([axes[0], axes[0] ** 2], axis=1)
    grid = grid[landscape.violation(grid) == 0]
    values = landscape(grid)
    order = np.argsort(values, kind="stable")
    lower, upper = np.transpose(window)
    cells = np.floor((grid[order] - lower) / (upper - lower) * 5.999)
    first = np.unique(cells, axis=0, return_index=True)[1]
    return grid[order][np.sort(first)], values[order][np.sort(first)]


@functools.cache
def local_minima(name):
    """Where the search ends from all over the feasible set, with those points that are no local minimum left out."""
    landscape = landscapes.get(name)
    starts = feasible_grid(landscape, landscape.bounds)[0]
    found = []
    for end in [refined(landscape, start) for start in starts]:
        if not landscape.is_feasible(np.clip(end, *landscape.bounds.T)):
            continue
        around = end + 1e-3 * np.random.default_rng(0).uniform(-1, 1, (2000, 2)) * np.ptp(landscape.bounds, axis=1)
        if landscape.name == "g11":
            around[:, 1] = around[:, 0] ** 2
        inside = landscape.contains(around) & (landscape.violation(around) <= 1e-15)
        if np.min(landscape(around[inside]), initial=np.inf) >= landscape(end) - 1e-8 * (1 + abs(landscape(end))):
            found.append(end)
    return np.array(found)


@pytest.mark.parametrize("name", PLANAR)
def test_nothing_on_a_grid_of_the_feasible_set_is_lower(name):
    landscape = landscapes.get(name)
    lower, upper = landscape.bounds.T
    reach = (upper - lower) / 50
    around = [np.clip([x - reach, x + reach], lower, upper).T for x in landscape.minimizers]
    for window in [landscape.bounds, *around]:
        assert feasible_grid(landscape, window)[1].min() >= landscape.fmin - 1e-12 * (1 + abs(landscape.fmin))


@pytest.mark.parametrize("name", PLANAR)
def test_search_finds_all_minimizers_and_no_other(name):
    landscape = landscapes.get(name)
    ends = local_minima(name)
    values = landscape(ends)
    scale = 1 + abs(landscape.fmin)
    assert values.min() >= landscape.fmin - 1e-7 * scale  # as low as a violation of 1e-6 lets it get
    width = np.ptp(landscape.bounds, axis=1).max()
    optimal = ends[values <= landscape.fmin + 1e-6 * scale]
    assert np.all(landscape.distance(optimal) <= 2e-3 * width)
    gaps = np.linalg.norm(landscape.minimizers[:, np.newaxis] - optimal, axis=-1)
    assert np.all(gaps.min(axis=1) <= 2e-3 * width)


@pytest.mark.parametrize("name", PLANAR)
def test_unimodal_and_multimodal(name):
    landscape = landscapes.get(name)
    ends = local_minima(name)
    apart = np.linalg.norm(ends[:, np.newaxis] - ends, axis=-1).max() > 1e-2 * np.ptp(landscape.bounds, axis=1).max()
    assert ("multimodal" in landscape.tags, "unimodal" in landscape.tags) == (apart, not apart)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in PLANAR])
def test_nothing_is_lower_from_many_starts(name):
    landscape = landscapes.get(name)
    ends = [
        refined(landscape, start)
        for start in qmc.scale(qmc.Sobol(landscape.dim, seed=1).random(16), *landscape.bounds.T)
    ]
    ends = np.array([end for end in ends if landscape.is_feasible(np.clip(end, *landscape.bounds.T))])
    excess = (landscape(ends) - landscape.fmin) / (1 + abs(landscape.fmin))
    assert excess.min() >= -1e-7
    assert np.sum(excess <= 1e-7) >= 4
    assert np.all(landscape.distance(ends[excess <= 1e-7]) <= 1e-3)


@pytest.mark.parametrize("name", NAMES)
def test_convex(name):
    """A convex function on a convex set: midpoints of feasible points are feasible, and curvatures not negative."""
    landscape = landscapes.get(name)
    if name in WITH_EQUALITIES:  # none of them is linear
        assert "convex" not in landscape.tags
        return
    points = random_points(landscape, 100_000)
    if name == "g06":  # a crescent, 1 wide, in a box of 87 by 100
        points[:, 0] = 14 + (points[:, 0] - 13) / 87 * 1.2
        points[:, 1] /= 10
    points = points[landscape.violation(points) == 0][:3000]
    middles = (points + points[::-1]) / 2
    curvatures = np.linalg.eigvalsh(landscape.hessian(points))
    convex = np.all(landscape.violation(middles) <= 1e-12) and curvatures.min() >= -1e-12 * np.abs(curvatures).max()
    assert len(points) > 20
    assert convex == ("convex" in landscape.tags)


def test_g11_is_nowhere_lower_on_its_parabola():
    x = np.linspace(-100, 100, 200_001)
    values = landscapes.get("g11")(np.stack([x, x * x], axis=1))
    assert values.min() >= 0.75


@pytest.mark.parametrize("name", NAMES)
def test_start_is_no_stationary_point(name):
    landscape = landscapes.get(name)
    assert np.linalg.norm(landscape.gradient(landscape.x0)) > 1e-3


@pytest.mark.parametrize("name", NAMES)
def test_instances_take_their_constraints_along(name):
    moved = landscapes.get(name).instance(1)
    assert moved.constraints
    for x in moved.minimizers:
        assert moved.is_feasible(x)
        assert moved(x) == pytest.approx(moved.fmin, rel=1e-10, abs=1e-10)
        assert moved.own_constraints[0].jacobian(x).shape == (1, moved.dim)
