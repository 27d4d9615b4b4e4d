"""The BBOB suite once more, from the definitions of Hansen, Finck, Ros & Auger (2009), for mpmath: instance 1.

What is drawn at random (optima, rotations, peaks) is the package's: `test_landscapes_bbob` checks it against COCO.
"""

import functools
import itertools

import numpy as np
from mpmath import cos, exp, fabs, floor, log, mp, mpf, pi, sin, sqrt

from pytest_optlandscape import landscapes
from pytest_optlandscape.landscapes.families.bbob_transforms import Case, uniform

SHIFT = 1_000_000
HEAVY = {"bbob_f16_weierstrass", "bbob_f21_gallagher_101_peaks", "bbob_f23_katsuura"}

DIMS = {name: (2, 5) if name in HEAVY else (2, 3, 20) for name in landscapes.names() if name.startswith("bbob_f")}

N_MINIMIZERS = {
    "bbob_f07_step_ellipsoidal": np.inf,
    "bbob_f16_weierstrass": 9,
    "bbob_f16_weierstrass[3]": 31,
    "bbob_f23_katsuura": np.inf,
}
"""Infinite where not all are known."""

NOT_ALL_LISTED = {
    "bbob_f07_step_ellipsoidal": "a piece of a plane",
    "bbob_f16_weierstrass[5]": "hundreds",
    "bbob_f23_katsuura": "some 4000",
}
"""Landscapes with more global minimisers than they list."""

KINKED_EDGES = {"bbob_f05_linear_slope": "linear inside the bounds, constant beyond"}
"""Smooth ones whose kinks are on the bounds."""

FLAT_START = {"bbob_f07_step_ellipsoidal": "steps"}

ROUNDING_GROWS = {
    "bbob_f16_weierstrass": "3¹¹ waves in a unit",
    "bbob_f19_griewank_rosenbrock_f8f2": "the waves of a quartic of up to 10⁵",
    "bbob_f21_gallagher_101_peaks": "narrow peaks as polynomials, whose terms cancel",
    "bbob_f24_lunacek_bi_rastrigin": "waves turned and stretched",
}
"""A rounding after the rotation, which BLAS does in an order of its own, is multiplied by what follows."""

CANCELLING_SLOPES = {"bbob_f23_katsuura": 100.0}
"""Slopes of a gradient that may cancel completely leave this much of them to be rounded."""

TOO_FINE_FOR_SINGLE = {"bbob_f16_weierstrass": "3¹¹ waves in a unit", "bbob_f23_katsuura": "2³² kinks in a unit"}

FALLING_ALONG_RAYS = {
    "bbob_f02_ellipsoidal_separable": "Σ gᵢ(zᵢ), each gᵢ rising away from 0",
    "bbob_f06_attractive_sector": "a rising function of a convex one",
    "bbob_f10_ellipsoidal_rotated": "Σ gᵢ(zᵢ), each gᵢ rising away from 0",
    "bbob_f11_discus": "Σ gᵢ(zᵢ), each gᵢ rising away from 0",
}
"""They fall all the way along every straight line to the minimiser, so there is no other local minimum; why."""

CROWDED_MINIMA = {
    "bbob_f19_griewank_rosenbrock_f8f2": "waves along the valley",
    "bbob_f22_gallagher_21_peaks": "T_osz has waves near the optimum",
}
"""Whose lowest local minima on a grid lie close together."""

CONDITIONS = {
    "bbob_f02_ellipsoidal_separable": 1e6,
    "bbob_f10_ellipsoidal_rotated": 1e6,
    "bbob_f11_discus": 1e6,
    "bbob_f12_bent_cigar": 1e6,
}
"""Nonsmooth ones that stay within a factor of 1.5 of a quadratic form near the minimiser, and its condition number."""


@functools.cache
def case(number, dim):
    return Case(number, dim, instance=1)


def data(number, v, offset=0):
    """The instance's numbers, and x − x_opt."""
    here = case(number, len(v))
    x_opt = here.drawn_optimum(offset).tolist()
    return here, x_opt, [x - mpf(o) for x, o in zip(v, x_opt, strict=True)]


def times(matrix, v):
    return [sum(mpf(m) * x for m, x in zip(row, v, strict=True)) for row in matrix.tolist()]


def diagonal(alpha, v):
    """Λ^alpha v."""
    return [mpf(alpha) ** (mpf(i) / (2 * (len(v) - 1))) * x for i, x in enumerate(v)]


def mixed(here, alpha, v):
    """R Λ^alpha Q v."""
    return times(here.first_rotation, diagonal(alpha, times(here.second_rotation, v)))


def osz(x):
    if x == 0:
        return x
    c1, c2 = (10, mpf("7.9")) if x > 0 else (mpf("5.5"), mpf("3.1"))
    h = log(fabs(x))
    return (1 if x > 0 else -1) * exp(h + mpf("0.049") * (sin(c1 * h) + sin(c2 * h)))


def asy(beta, v):
    n = len(v)
    return [x ** (1 + mpf(beta) * i / (n - 1) * sqrt(x)) if x > 0 else x for i, x in enumerate(v)]


def pen(v):
    return sum(max(mpf(0), fabs(x) - 5) ** 2 for x in v)


def rastrigin(z):
    return 10 * (len(z) - sum(cos(2 * pi * x) for x in z)) + sum(x**2 for x in z)


def rosenbrock_terms(z):
    return [100 * (a**2 - b) ** 2 + (a - 1) ** 2 for a, b in itertools.pairwise(z)]


def ellipsoid(condition, z):
    return sum(mpf(condition) ** (mpf(i) / (len(z) - 1)) * x**2 for i, x in enumerate(z))


def bbob_f01_sphere(v):
    here, _, z = data(1, v)
    return sum(x**2 for x in z) + mpf(here.f_opt)


def bbob_f02_ellipsoidal_separable(v):
    here, _, z = data(2, v)
    return ellipsoid(10**6, [osz(x) for x in z]) + mpf(here.f_opt)


def bbob_f03_rastrigin_separable(v):
    here, _, z = data(3, v)
    return rastrigin(diagonal(10, asy("0.2", [osz(x) for x in z]))) + mpf(here.f_opt)


def bbob_f04_bueche_rastrigin(v):
    here, x_opt, _ = data(4, v)
    z = [osz(x - (mpf(fabs(o)) if i % 2 == 0 else mpf(o))) for i, (x, o) in enumerate(zip(v, x_opt, strict=True))]
    z = [10 * x if x > 0 and i % 2 == 0 else x for i, x in enumerate(diagonal(10, z))]
    return rastrigin(z) + 100 * pen(v) + mpf(here.f_opt)


def bbob_f05_linear_slope(v):
    here, x_opt, _ = data(5, v)
    corner = [5 if o > 0 else -5 for o in x_opt]
    s = diagonal(100, [mpf(c) / 5 for c in corner])
    z = [x if x * c < 25 else mpf(c) for x, c in zip(v, corner, strict=True)]
    return sum(5 * fabs(a) - a * x for a, x in zip(s, z, strict=True)) + mpf(here.f_opt)


def bbob_f06_attractive_sector(v):
    here, x_opt, z = data(6, v)
    z = mixed(here, 10, z)
    total = sum((100 * x if x * o > 0 else x) ** 2 for x, o in zip(z, x_opt, strict=True))
    return osz(total) ** mpf("0.9") + mpf(here.f_opt)


def bbob_f07_step_ellipsoidal(v):
    here, _, z = data(7, v)
    z = diagonal(10, times(here.second_rotation, z))
    steps = [floor(x + mpf("0.5")) if fabs(x) > 0.5 else floor(10 * x + mpf("0.5")) / 10 for x in z]
    level = ellipsoid(100, times(here.first_rotation, steps))
    return max(fabs(z[0]) / 10**4, level) / 10 + pen(v) + mpf(here.f_opt)


def bbob_f08_rosenbrock(v):
    here, x_opt, _ = data(8, v)
    return sum(rosenbrock_terms([x - mpf(0.75 * o) + 1 for x, o in zip(v, x_opt, strict=True)])) + mpf(here.f_opt)


def bbob_f09_rosenbrock_rotated(v):
    here = case(9, len(v))
    return sum(rosenbrock_terms([x + mpf("0.5") for x in times(here.second_rotation, v)])) + mpf(here.f_opt)


def bbob_f10_ellipsoidal_rotated(v):
    here, _, z = data(10, v)
    return ellipsoid(10**6, [osz(x) for x in times(here.first_rotation, z)]) + mpf(here.f_opt)


def bbob_f11_discus(v):
    here, _, z = data(11, v)
    first, *rest = [osz(x) for x in times(here.first_rotation, z)]
    return 10**6 * first**2 + sum(x**2 for x in rest) + mpf(here.f_opt)


def bbob_f12_bent_cigar(v):
    here, _, z = data(12, v, offset=SHIFT)
    first, *rest = times(here.first_rotation, asy("0.5", times(here.first_rotation, z)))
    return first**2 + 10**6 * sum(x**2 for x in rest) + mpf(here.f_opt)


def bbob_f13_sharp_ridge(v):
    here, _, z = data(13, v)
    first, *rest = mixed(here, 10, z)
    return first**2 + 100 * sqrt(sum(x**2 for x in rest)) + mpf(here.f_opt)


def bbob_f14_different_powers(v):
    here, _, z = data(14, v)
    z = times(here.first_rotation, z)
    return sqrt(sum(fabs(x) ** (2 + 4 * mpf(i) / (len(z) - 1)) for i, x in enumerate(z))) + mpf(here.f_opt)


def bbob_f15_rastrigin_rotated(v):
    here, _, z = data(15, v)
    z = asy("0.2", [osz(x) for x in times(here.first_rotation, z)])
    return rastrigin(mixed(here, 10, z)) + mpf(here.f_opt)


def bbob_f16_weierstrass(v):
    here, _, z = data(16, v)
    z = mixed(here, mpf("0.01"), [osz(x) for x in times(here.first_rotation, z)])
    f0 = sum(cos(pi * 3**k) / 2**k for k in range(12))
    total = sum(cos(2 * pi * 3**k * (x + mpf("0.5"))) / 2**k for x in z for k in range(12))
    return 10 * (total / len(z) - f0) ** 3 + 10 * pen(v) / len(z) + mpf(here.f_opt)


def schaffers(number, condition, v):
    here, _, z = data(number, v)
    z = diagonal(condition, times(here.second_rotation, asy("0.5", times(here.first_rotation, z))))
    s = [sqrt(a**2 + b**2) for a, b in itertools.pairwise(z)]
    total = sum(sqrt(x) + sqrt(x) * sin(50 * x ** mpf("0.2")) ** 2 for x in s)
    return (total / len(s)) ** 2 + 10 * pen(v) + mpf(here.f_opt)


def bbob_f17_schaffers_f7(v):
    return schaffers(17, 10, v)


def bbob_f18_schaffers_f7_illcond(v):
    return schaffers(18, 1000, v)


def bbob_f19_griewank_rosenbrock_f8f2(v):
    here = case(19, len(v))
    s = rosenbrock_terms([x + mpf("0.5") for x in times(here.second_rotation, v)])
    return 10 * sum(t / 4000 - cos(t) for t in s) / len(s) + 10 + mpf(here.f_opt)


def bbob_f20_schwefel_xsinx(v):
    here, crest = case(20, len(v)), mpf(4.2096874637)
    hat = [2 * (-x if u < 0.5 else x) for x, u in zip(v, uniform(here.dim, here.seed), strict=True)]
    z = [hat[0]] + [b + (a - crest) / 4 for a, b in itertools.pairwise(hat)]
    z = [100 * (x + crest) for x in diagonal(10, [x - crest for x in z])]
    outside = sum(max(mpf(0), fabs(x) - 500) ** 2 for x in z)
    waves = sum(x * sin(sqrt(fabs(x))) for x in z)
    return (outside + mpf(418.9828872724339) - waves / len(z)) / 100 + mpf(here.f_opt)


@functools.cache
def peaks(number, dim, count, first_condition, width):
    """Heights, scales and places of Gallagher's peaks."""
    seed = case(number, dim).seed
    drawn = uniform(count * dim, seed)
    places = [[width * u - width / 2 for u in drawn[k * dim : (k + 1) * dim]] for k in range(count)]
    places[0] = [0.8 * y for y in places[0]]
    order = np.argsort(uniform(count - 1, seed))
    with mp.workdps(60):
        conditions = [sqrt(mpf(first_condition))] + [sqrt(mpf(1000)) ** (2 * mpf(int(k)) / (count - 2)) for k in order]
        scales = [
            [conditions[k] ** (mpf(int(j)) / (dim - 1) - mpf("0.5")) for j in np.argsort(uniform(dim, seed + 1000 * k))]
            for k in range(count)
        ]
        heights = [mpf(10)] + [mpf("1.1") + 8 * mpf(k) / (count - 2) for k in range(count - 1)]
        logs = [log(height) for height in heights]
    return logs, scales, places


def gallagher(number, count, first_condition, width, v):
    here = case(number, len(v))
    highest = None
    turned = times(here.second_rotation, v)
    for height, scale, place in zip(*peaks(number, len(v), count, first_condition, width), strict=True):
        apart = [t - y for t, y in zip(turned, turned_place(number, len(v), tuple(place)), strict=True)]
        level = height - sum(c * t**2 for c, t in zip(scale, apart, strict=True)) / (2 * len(v))
        highest = level if highest is None or level > highest else highest
    return osz(10 - exp(highest)) ** 2 + pen(v) + mpf(here.f_opt)


@functools.cache
def turned_place(number, dim, place):
    with mp.workdps(60):
        return times(case(number, dim).second_rotation, [mpf(y) for y in place])


def bbob_f21_gallagher_101_peaks(v):
    return gallagher(21, 101, 1000, 10.0, v)


def bbob_f22_gallagher_21_peaks(v):
    return gallagher(22, 21, 10**6, 9.8, v)


def bbob_f23_katsuura(v):
    here, _, z = data(23, v)
    n = len(v)
    product = mpf(1)
    for i, x in enumerate(mixed(here, 100, z), 1):
        off = sum(fabs(2**j * x - floor(2**j * x + mpf("0.5"))) / 2**j for j in range(1, 33))
        product *= (1 + i * off) ** (10 / mpf(n) ** mpf("1.2"))
    return mpf(10) / n**2 * (product - 1) + pen(v) + mpf(here.f_opt)


def bbob_f24_lunacek_bi_rastrigin(v):
    here = case(24, len(v))
    n, mu0 = len(v), mpf("2.5")
    s = 1 - 1 / (2 * sqrt(mpf(n + 20)) - mpf("8.2"))
    mu1 = -sqrt((mu0**2 - 1) / s)
    hat = [2 * (-x if normal < 0 else x) for x, normal in zip(v, here.drawn_normals(), strict=True)]
    z = mixed(here, 100, [x - mu0 for x in hat])
    funnels = min(sum((x - mu0) ** 2 for x in hat), n + s * sum((x - mu1) ** 2 for x in hat))
    return funnels + 10 * (n - sum(cos(2 * pi * x) for x in z)) + 10**4 * pen(v) + mpf(here.f_opt)
