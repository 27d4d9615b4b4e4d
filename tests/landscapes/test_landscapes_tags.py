import numpy as np
import pytest
from landscape_cases import exact, facts, ids, in_box, random_points
from mpmath import binomial, mp, mpf

from pytest_optlandscape import landscapes

SMALL = ids(largest=4)
LOWER_OUTSIDE = facts("LOWER_OUTSIDE")


@pytest.mark.parametrize("name", ids(largest=5))
def test_every_landscape_says_what_it_is(name):
    landscape = landscapes.get(name)
    assert len(landscape.tags & {"smooth", "nonsmooth"}) == 1
    assert len(landscape.tags & {"unimodal", "multimodal"}) <= 1
    assert not ("convex" in landscape.tags and "multimodal" in landscape.tags)
    assert ("[" in name) == ("scalable" in landscape.tags)
    assert landscape.summary.endswith(".")
    assert any(year.isdigit() for year in landscape.source.replace("(", " ").replace(")", " ").split())


def curves_up_everywhere(landscape):
    shares = np.random.default_rng(7).random((2000, landscape.dim))
    shares[:200] = np.round(shares[:200])
    curvatures = np.linalg.eigvalsh(landscape.hessian(in_box(landscape, shares)))
    return np.all(curvatures[:, 0] >= -1e-9 * np.abs(curvatures[:, -1]))


@pytest.mark.parametrize("name", SMALL)
def test_convex(name):
    landscape = landscapes.get(name)
    a, b = random_points(landscape, 5000, seed=1), random_points(landscape, 5000, seed=2)
    zoom = 10.0 ** -np.random.default_rng(3).uniform(0, 4, (5000, 1))
    near = landscape.minimizers.mean(axis=0)
    a, b = near + zoom * (a - near), near + zoom * (b - near)
    ends = (landscape(a) + landscape(b)) / 2
    convex = np.all(landscape((a + b) / 2) <= ends + 1e-12 * np.abs(ends))
    if convex and "smooth" in landscape.tags:
        convex = curves_up_everywhere(landscape)
    assert convex == ("convex" in landscape.tags)


@pytest.mark.parametrize("name", SMALL)
def test_separable(name):
    landscape = landscapes.get(name)
    a, b = random_points(landscape, 200, seed=1), random_points(landscape, 200, seed=2)
    if name == "easom":  # almost everywhere 0
        a, b = a / 100 + np.pi, b / 100 + np.pi
    a_with_b, b_with_a = a.copy(), b.copy()
    a_with_b[:, 0], b_with_a[:, 0] = b[:, 0], a[:, 0]
    values = np.array([landscape(points) for points in (a, b, a_with_b, b_with_a)])
    mixed = values[0] + values[1] - values[2] - values[3]
    separable = np.all(np.abs(mixed) <= 1e-11 * np.abs(values).max())
    assert separable == ("separable" in landscape.tags)


@pytest.mark.parametrize("name", SMALL)
def test_polynomial(name):
    landscape = landscapes.get(name)
    start, end = random_points(landscape, 2, seed=3)
    if name == "mgh_gulf":  # almost everywhere constant
        start, end = landscape.minimizers[0] - 0.5, landscape.minimizers[0] + 0.5
    line = [start + k / 16 * (end - start) for k in range(13)]
    with mp.workdps(40):
        moved = [[mpf(s) + mpf(k) / 16 * (mpf(e) - mpf(s)) for s, e in zip(start, end, strict=True)] for k in range(13)]
        twelfth = sum((-1) ** k * binomial(12, k) * exact(landscape, x) for k, x in enumerate(moved))
        size = max(abs(exact(landscape, x)) for x in line)
        assert (abs(twelfth) <= mpf(10) ** -30 * size) == ("polynomial" in landscape.tags)


@pytest.mark.parametrize("name", [name for name in SMALL if "smooth" in landscapes.get(name).tags])
def test_quadratic(name):
    landscape = landscapes.get(name)
    hessians = landscape.hessian(in_box(landscape, np.random.default_rng(4).uniform(0.45, 0.55, (5, landscape.dim))))
    constant = np.ptp(hessians, axis=0).max() <= 1e-9 * np.abs(hessians).max()
    assert constant == ("quadratic" in landscape.tags)


@pytest.mark.parametrize("name", ids(largest=2))
def test_ill_conditioned(name):
    landscape = landscapes.get(name)
    if "smooth" not in landscape.tags or "active-bounds" in landscape.tags:
        assert "ill-conditioned" not in landscape.tags
        return
    curvatures = np.linalg.eigvalsh(landscape.hessian(landscape.minimizers))
    worst = np.max(curvatures[:, -1] / np.maximum(np.abs(curvatures[:, 0]), 1e-300))
    assert (worst >= 1000) == ("ill-conditioned" in landscape.tags)


def test_powell_singular_is_ill_conditioned():
    landscape = landscapes.get("powell_singular")
    curvatures = np.linalg.eigvalsh(landscape.hessian(landscape.minimizers[0]))
    assert curvatures[0] == pytest.approx(0, abs=1e-12)
    assert "ill-conditioned" in landscape.tags


@pytest.mark.parametrize("name", SMALL)
def test_active_bounds_and_many_minimizers(name):
    landscape = landscapes.get(name)
    on_bounds = (landscape.minimizers[:, :, np.newaxis] == landscape.bounds).any()
    assert on_bounds == ("active-bounds" in landscape.tags)
    assert (landscape.n_minimizers > 1) == ("many-minimizers" in landscape.tags)


@pytest.mark.parametrize("name", landscapes.names())
def test_unbounded_below(name):
    landscape = landscapes.get(name)
    assert ("unbounded-below" in landscape.tags) == (name in LOWER_OUTSIDE)
    if name in LOWER_OUTSIDE:
        point = LOWER_OUTSIDE[name]
        assert not landscape.contains(point)
        assert landscape(point) < landscape.fmin
        return
    for factor in (1.5, 5, 50):
        shares = np.random.default_rng(5).random((20000, landscape.dim))
        lower, upper = landscape.bounds.T
        middle, reach = (lower + upper) / 2, factor * (upper - lower)
        values = landscape(middle + (shares - 0.5) * reach)
        assert np.nanmin(values) >= landscape.fmin - 1e-12 * (1 + abs(landscape.fmin))


@pytest.mark.parametrize("name", landscapes.names())
def test_undefined_outside(name):
    landscape = landscapes.get(name)
    lower, upper = landscape.bounds.T
    shares = np.random.default_rng(6).uniform(-1, 2, (1000, landscape.dim))
    undefined = np.isnan(landscape(lower + shares * (upper - lower))).any()
    assert undefined == ("undefined-outside" in landscape.tags)
