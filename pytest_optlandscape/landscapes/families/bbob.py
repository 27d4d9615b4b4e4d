"""The BBOB suite, functions 1 to 14: separable or with few local minima.

Each function is a recipe for an instance (`bbob_instances`). R and Q are rotations. Λ(c) is a diagonal matrix with
entries from 1 to √c. T_osz and T_asy are in `bbob_transforms`. Formulas omit f_opt, which is added to all.

References
----------
N. Hansen, S. Finck, R. Ros, A. Auger: Real-Parameter Black-Box Optimization Benchmarking 2009: Noiseless Functions
Definitions, INRIA research report RR-6829 (2009).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.landscapes.families.bbob_instances import Written, bbob
from pytest_optlandscape.landscapes.families.bbob_transforms import (
    Case,
    asymmetric,
    asymmetric_with_slope,
    oscillate,
    oscillate_with_slope,
    penalty,
    penalty_slope,
)
from pytest_optlandscape.landscapes.formula.namespaces import Value

FloatArray = NDArray[np.float64]
FAMILY = "bbob"
PI = math.pi
_TINY = 1e-37


@bbob(tags="smooth convex quadratic separable unimodal polynomial", unrolled_up_to=32)
def bbob_f01_sphere(case: Case) -> Written:
    """Σ zᵢ², z = x − x_opt."""
    x_opt = case.drawn_optimum()

    def value(x: Value, xp: Any) -> Value:
        z = x - xp.constant(x_opt, x)
        return xp.sum(z * z)

    def gradient(x: Value, xp: Any) -> Value:
        return 2.0 * (x - xp.constant(x_opt, x))

    return Written(value, gradient, x_opt)


@bbob(tags="nonsmooth separable unimodal ill-conditioned wide-range", unrolled_up_to=32)
def bbob_f02_ellipsoidal_separable(case: Case) -> Written:
    """Σ 10^(6(i − 1)/(d − 1)) zᵢ², z = T_osz(x − x_opt)."""
    x_opt = case.drawn_optimum()
    weights = 1e6**case.shares

    def value(x: Value, xp: Any) -> Value:
        z = oscillate(x - xp.constant(x_opt, x), xp)
        return xp.sum(xp.constant(weights, x) * z * z)

    def gradient(x: Value, xp: Any) -> Value:
        z, slope = oscillate_with_slope(x - xp.constant(x_opt, x), xp)
        return xp.constant(2.0 * weights, x) * z * slope

    return Written(value, gradient, x_opt)


def rastrigin(z: Value, xp: Any) -> Value:
    """Return 10 (d − Σ cos(2πzᵢ)) + Σ zᵢ²."""
    return xp.sum(z * z + 10.0 * (1.0 - xp.cos(2.0 * PI * z)))


def rastrigin_slope(z: Value, xp: Any) -> Value:
    """Differentiate `rastrigin`."""
    return 2.0 * z + 20.0 * PI * xp.sin(2.0 * PI * z)


@bbob(tags="nonsmooth separable multimodal", unrolled_up_to=24)
def bbob_f03_rastrigin_separable(case: Case) -> Written:
    """10 (d − Σ cos(2πzᵢ)) + Σ zᵢ², z = Λ(10) T_asy(T_osz(x − x_opt)) with β = 0.2."""
    x_opt = case.drawn_optimum()
    strengths, scales = 0.2 * case.shares, case.scales(10.0)

    def value(x: Value, xp: Any) -> Value:
        waved = oscillate(x - xp.constant(x_opt, x), xp)
        bent = asymmetric(waved, strengths, xp)
        return rastrigin(xp.constant(scales, x) * bent, xp)

    def gradient(x: Value, xp: Any) -> Value:
        waved, slope = oscillate_with_slope(x - xp.constant(x_opt, x), xp)
        bent, bend = asymmetric_with_slope(waved, strengths, xp)
        scale = xp.constant(scales, x)
        return scale * slope * bend * rastrigin_slope(scale * bent, xp)

    return Written(value, gradient, x_opt)


@bbob(tags="nonsmooth separable multimodal", unrolled_up_to=24)
def bbob_f04_bueche_rastrigin(case: Case) -> Written:
    """10 (d − Σ cos(2πzᵢ)) + Σ zᵢ² + 100 Σ max(0, |xᵢ| − 5)², z = s T_osz(x − x_opt), s tenfold where odd zᵢ > 0."""
    x_opt = case.drawn_optimum()
    x_opt[::2] = np.abs(x_opt[::2])
    tenfold = np.resize([9.0, 0.0], case.dim)
    middle, half = case.scales(10.0) * (1.0 + 0.5 * tenfold), case.scales(10.0) * 0.5 * tenfold

    def scale(z: Value, xp: Any) -> Value:
        return xp.constant(middle, z) + xp.constant(half, z) * xp.sign(z)

    def value(x: Value, xp: Any) -> Value:
        z = oscillate(x - xp.constant(x_opt, x), xp)
        return rastrigin(scale(z, xp) * z, xp) + 100.0 * penalty(x, xp)

    def gradient(x: Value, xp: Any) -> Value:
        z, slope = oscillate_with_slope(x - xp.constant(x_opt, x), xp)
        factor = scale(z, xp)
        return factor * slope * rastrigin_slope(factor * z, xp) + 100.0 * penalty_slope(x, xp)

    return Written(value, gradient, x_opt)


@bbob(tags="smooth convex separable unimodal polynomial active-bounds", unrolled_up_to=32)
def bbob_f05_linear_slope(case: Case) -> Written:
    """Σ sᵢ (5 − min(5, ±xᵢ)), s the diagonal of Λ(100), with the signs of a corner of the box, the minimiser."""
    signs = np.sign(case.drawn_optimum())
    slopes = case.scales(100.0)

    def value(x: Value, xp: Any) -> Value:
        return xp.sum(xp.constant(slopes, x) * (5.0 - xp.minimum(xp.constant(signs, x) * x, 5.0)))

    def gradient(x: Value, xp: Any) -> Value:
        sign = xp.constant(signs, x)
        beyond = xp.maximum(xp.sign(sign * x - 5.0), 0.0)
        return xp.constant(slopes, x) * sign * (beyond - 1.0)

    return Written(value, gradient, 5.0 * signs)


@bbob(tags="nonsmooth unimodal wide-range")
def bbob_f06_attractive_sector(case: Case) -> Written:
    """T_osz(Σ (sᵢ zᵢ)²)^0.9, z = R Λ(10) Q (x − x_opt), sᵢ = 100 where zᵢ has the sign of the optimum, else 1."""
    x_opt = case.drawn_optimum()
    signs = np.sign(x_opt)
    matrix = case.mixing(10.0)

    def stretched(x: Value, xp: Any) -> tuple[Value, Value]:
        z = xp.dot(matrix, x - xp.constant(x_opt, x))
        weighted = z * (5000.5 + 4999.5 * xp.sign(z * xp.constant(signs, x)))
        return xp.maximum(xp.sum(weighted * z), _TINY), weighted

    def value(x: Value, xp: Any) -> Value:
        size = xp.log(stretched(x, xp)[0])
        return xp.exp(0.9 * size + 0.0441 * (xp.sin(10.0 * size) + xp.sin(7.9 * size)))

    def gradient(x: Value, xp: Any) -> Value:
        total, weighted = stretched(x, xp)
        size = xp.log(total)
        whole = xp.exp(0.9 * size + 0.0441 * (xp.sin(10.0 * size) + xp.sin(7.9 * size)))
        steepness = 0.9 + 0.441 * xp.cos(10.0 * size) + 0.34839 * xp.cos(7.9 * size)
        return xp.dot(matrix.T, (2.0 * whole * steepness / total) * weighted)

    return Written(value, gradient, x_opt)


@bbob(tags="nonsmooth flat many-minimizers")
def bbob_f07_step_ellipsoidal(case: Case) -> Written:
    """0.1 max(10⁻⁴ |ẑ₁|, Σ 100^((i − 1)/(d − 1)) zᵢ²) + Σ max(0, |xᵢ| − 5)², z = R round(ẑ), ẑ = Λ(10) Q (x − x_opt).

    Rounding is to whole numbers where |ẑᵢ| > 0.5, else to tenths. The minimisers are the points of ẑ₁ = 0 where all
    others round to 0.
    """
    x_opt = case.drawn_optimum()
    first = case.scales(10.0)[:, np.newaxis] * case.second_rotation
    second = np.sqrt(100.0**case.shares)[:, np.newaxis] * case.first_rotation

    def steps(x: Value, xp: Any) -> tuple[Value, Value]:
        z = xp.dot(first, x - xp.constant(x_opt, x))
        coarse, fine = xp.floor(z + 0.5), xp.floor(10.0 * z + 0.5) / 10.0
        far = xp.maximum(xp.sign(xp.abs(z) - 0.5), 0.0)
        level = xp.dot(second, far * coarse + (1.0 - far) * fine)
        return z[0], xp.sum(level * level)

    def value(x: Value, xp: Any) -> Value:
        ramp, level = steps(x, xp)
        return 0.1 * xp.maximum(1e-4 * xp.abs(ramp), level) + penalty(x, xp)

    def gradient(x: Value, xp: Any) -> Value:
        ramp, level = steps(x, xp)
        slope = xp.where(1e-4 * xp.abs(ramp) > level, 1e-5 * xp.sign(ramp), 0.0 * ramp)
        return xp.constant(first[0], x) * slope + penalty_slope(x, xp)

    return Written(value, gradient, x_opt, complete=False)


def rosenbrock(z: Value, xp: Any) -> Value:
    """Return 100 Σ (zᵢ² − zᵢ₊₁)² + Σ (zᵢ − 1)²."""
    here, after = z[:-1], z[1:]
    bend, rest = here * here - after, here - 1.0
    return xp.sum(100.0 * bend * bend + rest * rest)


def rosenbrock_slope(z: Value, xp: Any) -> Value:
    """Differentiate `rosenbrock`."""
    here, after = z[:-1], z[1:]
    bend = 200.0 * (here * here - after)
    return xp.pad(2.0 * (bend * here + here - 1.0), 0, 1) - xp.pad(bend, 1, 0)


def solution(matrix: FloatArray, right: float) -> FloatArray:
    """Return the point that an orthogonal matrix maps to (right, …, right), correctly rounded.

    The matrix is orthogonal only up to rounding. So one refinement step follows, with an exact residual.
    """
    from fractions import Fraction

    point = matrix.T @ np.full(len(matrix), right)
    exact = [Fraction(v) for v in point.tolist()]
    residual = [
        float(Fraction(right) - sum((Fraction(m) * v for m, v in zip(row, exact, strict=True)), Fraction(0)))
        for row in matrix.tolist()
    ]
    refined: FloatArray = point + matrix.T @ np.array(residual)
    return refined


@bbob(tags="smooth polynomial valley ill-conditioned wide-range", unrolled_up_to=32)
def bbob_f08_rosenbrock(case: Case) -> Written:
    """100 Σ (zᵢ² − zᵢ₊₁)² + Σ (zᵢ − 1)², z = x − x_opt + 1 (times √d/8 beyond 64 dimensions)."""
    x_opt = 0.75 * case.drawn_optimum()

    def value(x: Value, xp: Any) -> Value:
        return rosenbrock(x - xp.constant(x_opt, x) + 1.0, xp)

    def gradient(x: Value, xp: Any) -> Value:
        return rosenbrock_slope(x - xp.constant(x_opt, x) + 1.0, xp)

    return Written(value, gradient, x_opt)


@bbob(tags="smooth polynomial valley ill-conditioned wide-range")
def bbob_f09_rosenbrock_rotated(case: Case) -> Written:
    """100 Σ (zᵢ² − zᵢ₊₁)² + Σ (zᵢ − 1)², z = Q x + ½ (Q times √d/8 beyond 64 dimensions)."""
    turn = case.second_rotation

    def value(x: Value, xp: Any) -> Value:
        return rosenbrock(xp.dot(turn, x) + 0.5, xp)

    def gradient(x: Value, xp: Any) -> Value:
        return xp.dot(turn.T, rosenbrock_slope(xp.dot(turn, x) + 0.5, xp))

    return Written(value, gradient, solution(turn, 0.5))


def _rotated_quadratic(case: Case, weights: FloatArray) -> Written:
    """Return the formulas of Σ wᵢ zᵢ², z = T_osz(R (x − x_opt))."""
    x_opt = case.drawn_optimum()
    turn = case.first_rotation

    def value(x: Value, xp: Any) -> Value:
        z = oscillate(xp.dot(turn, x - xp.constant(x_opt, x)), xp)
        return xp.sum(xp.constant(weights, x) * z * z)

    def gradient(x: Value, xp: Any) -> Value:
        z, slope = oscillate_with_slope(xp.dot(turn, x - xp.constant(x_opt, x)), xp)
        return xp.dot(turn.T, xp.constant(2.0 * weights, x) * z * slope)

    return Written(value, gradient, x_opt)


@bbob(tags="nonsmooth unimodal ill-conditioned wide-range")
def bbob_f10_ellipsoidal_rotated(case: Case) -> Written:
    """Σ 10^(6(i − 1)/(d − 1)) zᵢ², z = T_osz(R (x − x_opt))."""
    return _rotated_quadratic(case, 1e6**case.shares)


@bbob(tags="nonsmooth unimodal ill-conditioned wide-range")
def bbob_f11_discus(case: Case) -> Written:
    """10⁶ z₁² + Σ zᵢ² over i > 1, z = T_osz(R (x − x_opt))."""
    return _rotated_quadratic(case, np.where(case.shares > 0.0, 1.0, 1e6))


@bbob(tags="nonsmooth valley ill-conditioned wide-range")
def bbob_f12_bent_cigar(case: Case) -> Written:
    """z₁² + 10⁶ Σ zᵢ² over i > 1, z = R T_asy(R (x − x_opt)) with β = 0.5."""
    x_opt = case.drawn_optimum(offset=1_000_000)
    turn, strengths = case.first_rotation, 0.5 * case.shares
    weights = np.where(case.shares > 0.0, 1e6, 1.0)

    def value(x: Value, xp: Any) -> Value:
        bent = asymmetric(xp.dot(turn, x - xp.constant(x_opt, x)), strengths, xp)
        z = xp.dot(turn, bent)
        return xp.sum(xp.constant(weights, x) * z * z)

    def gradient(x: Value, xp: Any) -> Value:
        bent, slope = asymmetric_with_slope(xp.dot(turn, x - xp.constant(x_opt, x)), strengths, xp)
        z = xp.dot(turn, bent)
        return xp.dot(turn.T, slope * xp.dot(turn.T, xp.constant(2.0 * weights, x) * z))

    return Written(value, gradient, x_opt)


@bbob(tags="nonsmooth convex unimodal valley")
def bbob_f13_sharp_ridge(case: Case) -> Written:
    """z₁² + 100 √(Σ zᵢ²) over i > 1, z = R Λ(10) Q (x − x_opt)."""
    x_opt = case.drawn_optimum()
    matrix = case.mixing(10.0)

    def value(x: Value, xp: Any) -> Value:
        z = xp.dot(matrix, x - xp.constant(x_opt, x))
        return z[0] * z[0] + 100.0 * xp.safe_sqrt(xp.sum(z[1:] * z[1:]))

    def gradient(x: Value, xp: Any) -> Value:
        z = xp.dot(matrix, x - xp.constant(x_opt, x))
        rest = z[1:]
        edge = (100.0 / xp.safe_sqrt(xp.sum(rest * rest))) * rest
        return xp.dot(matrix.T, xp.pad(2.0 * z[:1], 0, case.dim - 1) + xp.pad(edge, 1, 0))

    return Written(value, gradient, x_opt)


@bbob(tags="nonsmooth convex unimodal")
def bbob_f14_different_powers(case: Case) -> Written:
    """√(Σ |zᵢ|^(2 + 4(i − 1)/(d − 1))), z = R (x − x_opt)."""
    x_opt = case.drawn_optimum()
    turn, powers = case.first_rotation, 2.0 + 4.0 * case.shares

    def terms(x: Value, xp: Any) -> tuple[Value, Value]:
        z = xp.dot(turn, x - xp.constant(x_opt, x))
        return z, xp.exp(xp.constant(powers, x) * xp.log(xp.maximum(xp.abs(z), _TINY)))

    def value(x: Value, xp: Any) -> Value:
        return xp.safe_sqrt(xp.sum(terms(x, xp)[1]))

    def gradient(x: Value, xp: Any) -> Value:
        z, raised = terms(x, xp)
        slope = xp.constant(0.5 * powers, x) * raised / xp.maximum(xp.abs(z), _TINY) * xp.sign(z)
        return xp.dot(turn.T, slope / xp.safe_sqrt(xp.sum(raised)))

    return Written(value, gradient, x_opt)
