"""The BBOB suite, functions 15 to 24: many local minima, with and without a global structure.

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

from pytest_optlandscape.landscapes.families.bbob import rastrigin, rastrigin_slope, solution
from pytest_optlandscape.landscapes.families.bbob_instances import BOUND, Written, bbob
from pytest_optlandscape.landscapes.families.bbob_transforms import (
    Case,
    asymmetric,
    asymmetric_with_slope,
    oscillate,
    oscillate_back,
    oscillate_with_slope,
    penalty,
    penalty_slope,
    uniform,
)
from pytest_optlandscape.landscapes.formula.namespaces import Value

FloatArray = NDArray[np.float64]
FAMILY = "bbob"
PI = math.pi
_TINY = 1e-37


@bbob(tags="nonsmooth multimodal")
def bbob_f15_rastrigin_rotated(case: Case) -> Written:
    """10 (d − Σ cos(2πzᵢ)) + Σ zᵢ², z = R Λ(10) Q T_asy(T_osz(R (x − x_opt))) with β = 0.2."""
    x_opt = case.drawn_optimum()
    turn, matrix, strengths = case.first_rotation, case.mixing(10.0), 0.2 * case.shares

    def value(x: Value, xp: Any) -> Value:
        waved = oscillate(xp.dot(turn, x - xp.constant(x_opt, x)), xp)
        bent = asymmetric(waved, strengths, xp)
        return rastrigin(xp.dot(matrix, bent), xp)

    def gradient(x: Value, xp: Any) -> Value:
        waved, slope = oscillate_with_slope(xp.dot(turn, x - xp.constant(x_opt, x)), xp)
        bent, bend = asymmetric_with_slope(waved, strengths, xp)
        return xp.dot(turn.T, slope * bend * xp.dot(matrix.T, rastrigin_slope(xp.dot(matrix, bent), xp)))

    return Written(value, gradient, x_opt)


_WAVES = [(0.5**k, 3.0**k) for k in range(12)]
"""Heights and frequencies of the Weierstrass function's waves."""


@bbob(tags="nonsmooth multimodal many-minimizers")
def bbob_f16_weierstrass(case: Case) -> Written:
    """10 (1/d Σᵢ Σₖ 2⁻ᵏ (1 − cos(2π 3ᵏ zᵢ)))³ + 10/d Σ max(0, |xᵢ| − 5)², with 12 waves k = 0, …, 11.

    z = R Λ(1/100) Q T_osz(R (x − x_opt)). A point is a global minimiser if all zᵢ are whole. All are listed in two and
    three dimensions.
    """
    x_opt = case.drawn_optimum()
    turn, matrix = case.first_rotation, case.mixing(0.01)
    share = 1.0 / case.dim

    def value(x: Value, xp: Any) -> Value:
        waved = oscillate(xp.dot(turn, x - xp.constant(x_opt, x)), xp)
        phase = PI * xp.dot(matrix, waved)
        total = 0.0
        for height, frequency in _WAVES:
            wave = xp.sin(frequency * phase)
            total = total + 2.0 * height * (wave * wave)
        mean = share * xp.sum(total)
        return 10.0 * (mean * mean * mean) + (10.0 * share) * penalty(x, xp)

    def gradient(x: Value, xp: Any) -> Value:
        waved, slope = oscillate_with_slope(xp.dot(turn, x - xp.constant(x_opt, x)), xp)
        phase = PI * xp.dot(matrix, waved)
        total, slopes = 0.0, 0.0
        for height, frequency in _WAVES:
            wave, beat = xp.sin(frequency * phase), xp.cos(frequency * phase)
            total = total + 2.0 * height * (wave * wave)
            slopes = slopes + 4.0 * PI * height * frequency * (wave * beat)
        mean = share * xp.sum(total)
        outer = 30.0 * share * mean * mean
        return xp.dot(turn.T, slope * xp.dot(matrix.T, outer * slopes)) + (10.0 * share) * penalty_slope(x, xp)

    listed = case.dim <= 3
    minimizers = _whole_points(x_opt, turn, matrix) if listed else x_opt
    return Written(value, gradient, minimizers, complete=listed)


def _whole_points(x_opt: FloatArray, turn: FloatArray, matrix: FloatArray) -> FloatArray:
    """Return every x of the box for which M T_osz(R (x − x_opt)) is whole, the optimum first."""
    reach = np.linalg.norm(np.abs(x_opt) + BOUND)
    farthest = 1.11 * reach  # T_osz is at most e^0.098 < 1.11 times its argument
    sides = [np.arange(-most, most + 1.0) for most in np.floor(farthest * np.linalg.norm(matrix, axis=1))]
    whole = np.stack(np.meshgrid(*sides, indexing="ij"), axis=-1).reshape(-1, len(x_opt))
    waved = np.linalg.solve(matrix, whole.T)
    waved = waved[:, np.linalg.norm(waved, axis=0) <= farthest]
    points = x_opt + oscillate_back(waved).T @ turn
    points = points[np.all(np.abs(points) <= BOUND, axis=1)]
    return points[np.argsort(np.linalg.norm(points - x_opt, axis=1), kind="stable")]


def _schaffer(case: Case, condition: float) -> Written:
    """Return the formulas of Schaffer's function F7, z = Λ(condition) Q T_asy(R (x − x_opt))."""
    x_opt = case.drawn_optimum()
    turn, strengths = case.first_rotation, 0.5 * case.shares
    matrix = case.scales(condition)[:, np.newaxis] * case.second_rotation
    share = 1.0 / (case.dim - 1.0)

    def pairs(z: Value, xp: Any) -> tuple[Value, Value]:
        squares = z * z
        total = xp.maximum(squares[:-1] + squares[1:], _TINY)
        return total, xp.log(total)

    def value(x: Value, xp: Any) -> Value:
        bent = asymmetric(xp.dot(turn, x - xp.constant(x_opt, x)), strengths, xp)
        _, size = pairs(xp.dot(matrix, bent), xp)
        wave = xp.sin(50.0 * xp.exp(0.1 * size))
        mean = share * xp.sum(xp.exp(0.25 * size) * (1.0 + wave * wave))
        return mean * mean + 10.0 * penalty(x, xp)

    def gradient(x: Value, xp: Any) -> Value:
        bent, slope = asymmetric_with_slope(xp.dot(turn, x - xp.constant(x_opt, x)), strengths, xp)
        z = xp.dot(matrix, bent)
        total, size = pairs(z, xp)
        phase, root = 50.0 * xp.exp(0.1 * size), xp.exp(0.25 * size)
        wave = xp.sin(phase)
        mean = share * xp.sum(root * (1.0 + wave * wave))
        steepness = (0.25 * (1.0 + wave * wave) + 0.2 * phase * wave * xp.cos(phase)) * root / total
        steepness = (4.0 * share * mean) * steepness
        inner = xp.pad(steepness * z[:-1], 0, 1) + xp.pad(steepness * z[1:], 1, 0)
        return xp.dot(turn.T, slope * xp.dot(matrix.T, inner)) + 10.0 * penalty_slope(x, xp)

    return Written(value, gradient, x_opt)


@bbob(tags="nonsmooth multimodal")
def bbob_f17_schaffers_f7(case: Case) -> Written:
    """(1/(d − 1) Σ √sᵢ (1 + sin²(50 sᵢ^⅕)))² + 10 Σ max(0, |xᵢ| − 5)², sᵢ² = zᵢ² + zᵢ₊₁².

    z = Λ(10) Q T_asy(R (x − x_opt)) with β = 0.5.
    """
    return _schaffer(case, 10.0)


@bbob(tags="nonsmooth multimodal")
def bbob_f18_schaffers_f7_illcond(case: Case) -> Written:
    """(1/(d − 1) Σ √sᵢ (1 + sin²(50 sᵢ^⅕)))² + 10 Σ max(0, |xᵢ| − 5)², sᵢ² = zᵢ² + zᵢ₊₁².

    z = Λ(1000) Q T_asy(R (x − x_opt)) with β = 0.5.
    """
    return _schaffer(case, 1000.0)


@bbob(tags="smooth multimodal valley ill-conditioned")
def bbob_f19_griewank_rosenbrock_f8f2(case: Case) -> Written:
    """10 + 10/(d − 1) Σ sᵢ/4000 − cos sᵢ, sᵢ = 100 (zᵢ² − zᵢ₊₁)² + (zᵢ − 1)², z = Q x + ½ (Q times √d/8 if d > 64)."""
    turn = case.second_rotation
    share = 10.0 / (case.dim - 1.0)

    def value(x: Value, xp: Any) -> Value:
        z = xp.dot(turn, x) + 0.5
        bend, rest = z[:-1] * z[:-1] - z[1:], z[:-1] - 1.0
        terms = 100.0 * bend * bend + rest * rest
        return share * xp.sum(terms / 4000.0 + (1.0 - xp.cos(terms)))

    def gradient(x: Value, xp: Any) -> Value:
        z = xp.dot(turn, x) + 0.5
        bend, rest = z[:-1] * z[:-1] - z[1:], z[:-1] - 1.0
        slope = share * (1.0 / 4000.0 + xp.sin(100.0 * bend * bend + rest * rest))
        bend = 200.0 * bend
        inner = xp.pad(2.0 * slope * (bend * z[:-1] + rest), 0, 1) - xp.pad(slope * bend, 1, 0)
        return xp.dot(turn.T, inner)

    return Written(value, gradient, solution(turn, 0.5))


_CREST = 4.2096874637
"""The maximiser of x sin √|x| on [−500, 500], rounded as in the suite, in hundredths."""
_EXACT_CREST = 420.96874635998205


@bbob(tags="nonsmooth multimodal deceptive", unrolled_up_to=32)
def bbob_f20_schwefel_xsinx(case: Case) -> Written:
    """−1/(100 d) Σ zᵢ sin √|zᵢ| + 4.189828872724339 + 1/100 Σ max(0, |zᵢ| − 500)², z a shear of the mirrored x.

    With c = 4.2096874637 and x̂ = ±2 x, z is 100 (Λ(10) (ẑ − c) + c), ẑ₁ = x̂₁, ẑᵢ₊₁ = x̂ᵢ₊₁ + ¼ (x̂ᵢ − c).
    """
    signs = np.where(np.array(uniform(case.dim, case.seed)) < 0.5, -1.0, 1.0)
    scales = 100.0 * case.scales(10.0)
    share = 1.0 / case.dim

    def waves(x: Value, xp: Any) -> tuple[Value, Value, Value]:
        above = xp.constant(2.0 * signs, x) * x - _CREST
        z = xp.constant(scales, x) * (above + xp.pad(0.25 * above[:-1], 1, 0)) + 100.0 * _CREST
        return z, xp.safe_sqrt(xp.abs(z)), xp.maximum(xp.abs(z) - 500.0, 0.0)

    def value(x: Value, xp: Any) -> Value:
        z, root, outside = waves(x, xp)
        return 0.01 * (xp.sum(outside * outside) + (418.9828872724339 - share * xp.sum(z * xp.sin(root))))

    def gradient(x: Value, xp: Any) -> Value:
        z, root, outside = waves(x, xp)
        slope = 0.02 * outside * xp.sign(z) - 0.01 * share * (xp.sin(root) + 0.5 * root * xp.cos(root))
        slope = xp.constant(scales, x) * slope
        return xp.constant(2.0 * signs, x) * (slope + xp.pad(0.25 * slope[1:], 0, 1))

    # The suite's x_opt is ±½ c with a rounded c. The true minimiser is about 10⁻¹⁰ away, but f is equal there in double
    # precision.
    moves = np.zeros(case.dim)
    for i, scale in enumerate(scales):
        moves[i] = (_EXACT_CREST - 100.0 * _CREST) / scale - (0.25 * moves[i - 1] if i else 0.0)
    return Written(value, gradient, 0.5 * signs * (_CREST + moves))


def _gallagher(case: Case, count: int, first_condition: float, width: float) -> Written:
    """Return the formulas of the highest of ``count`` peaks in a box of a given width; the first is the optimum."""
    dim, seed = case.dim, case.seed
    turn = case.second_rotation
    drawn = np.array(uniform(count * dim, seed)).reshape(count, dim)
    places = width * drawn - 0.5 * width
    places[0] *= 0.8
    x_opt = places[0]
    order = np.argsort(uniform(count - 1, seed), kind="stable")
    conditions = np.append(first_condition, 1000.0 ** (order / (count - 2.0)))
    orders = [np.argsort(uniform(dim, seed + 1000 * k), kind="stable") for k in range(count)]
    scales = conditions[:, np.newaxis] ** (np.array(orders) / (dim - 1.0) - 0.5)
    heights = np.append(10.0, 1.1 + 8.0 * np.arange(count - 1) / (count - 2.0))

    # The exponent of each peak is a polynomial in u = R (x − x_opt), so it is exact near the optimum.
    scales = scales / (2.0 * dim)
    apart = (places - x_opt) @ turn.T
    linear = 2.0 * scales * apart
    levels = np.log(heights / 10.0) - np.sum(scales * apart * apart, axis=1)

    def exponents(x: Value, xp: Any) -> tuple[Value, Value, Value]:
        u = xp.dot(turn, x - xp.constant(x_opt, x))
        each = xp.dot(linear, u) - xp.dot(scales, u * u)
        each = each + xp.constant(levels, each)
        return u, each, xp.max(each)

    def value(x: Value, xp: Any) -> Value:
        _, _, highest = exponents(x, xp)
        depth = oscillate(10.0 * (1.0 - xp.exp(highest)), xp)
        return depth * depth + penalty(x, xp)

    def gradient(x: Value, xp: Any) -> Value:
        u, each, highest = exponents(x, xp)
        height = 10.0 * xp.exp(highest)
        depth, slope = oscillate_with_slope(10.0 - height, xp)
        chosen = 1.0 + xp.sign(each - highest)
        chosen = chosen / xp.sum(chosen)
        inner = 2.0 * u * xp.dot(scales.T, chosen) - xp.dot(linear.T, chosen)
        return xp.dot(turn.T, (2.0 * depth * slope * height) * inner) + penalty_slope(x, xp)

    return Written(value, gradient, x_opt)


@bbob(tags="nonsmooth multimodal", unrolled_up_to=0)
def bbob_f21_gallagher_101_peaks(case: Case) -> Written:
    """T_osz(10 − maxᵢ wᵢ exp(−(x − yᵢ)ᵀ Rᵀ Cᵢ R (x − yᵢ)/(2d)))² + Σ max(0, |xᵢ| − 5)², with 101 peaks yᵢ."""
    return _gallagher(case, 101, math.sqrt(1000.0), width=10.0)


@bbob(tags="nonsmooth multimodal", unrolled_up_to=6)
def bbob_f22_gallagher_21_peaks(case: Case) -> Written:
    """T_osz(10 − maxᵢ wᵢ exp(−(x − yᵢ)ᵀ Rᵀ Cᵢ R (x − yᵢ)/(2d)))² + Σ max(0, |xᵢ| − 5)², with 21 peaks yᵢ."""
    return _gallagher(case, 21, 1000.0, width=9.8)


_OCTAVES = [2.0**j for j in range(1, 33)]


@bbob(tags="nonsmooth multimodal many-minimizers")
def bbob_f23_katsuura(case: Case) -> Written:
    """10/d² (Π (1 + i Σⱼ |2ʲ zᵢ − round(2ʲ zᵢ)| 2⁻ʲ)^(10/d^1.2) − 1) + Σ max(0, |xᵢ| − 5)², z = R Λ(100) Q (x − x_opt).

    j goes from 1 to 32. A point is a global minimiser if all 2 zᵢ are whole: about 4000 points in two dimensions. Only
    the suite's own is listed.
    """
    x_opt = case.drawn_optimum()
    matrix = case.mixing(100.0)
    places = np.arange(1.0, case.dim + 1.0)
    size, power = 10.0 / case.dim**2, 10.0 / case.dim**1.2

    def offsets(x: Value, xp: Any) -> list[Value]:
        z = xp.dot(matrix, x - xp.constant(x_opt, x))
        octaves = [octave * z for octave in _OCTAVES]
        return [fine - xp.floor(fine + 0.5) for fine in octaves]

    def factors(off: list[Value], x: Value, xp: Any) -> Value:
        total = sum(xp.abs(part) * (1.0 / octave) for part, octave in zip(off, _OCTAVES, strict=True))
        return 1.0 + xp.constant(places, x) * total

    def value(x: Value, xp: Any) -> Value:
        factor = factors(offsets(x, xp), x, xp)
        return size * (xp.exp(power * xp.sum(xp.log(factor))) - 1.0) + penalty(x, xp)

    def gradient(x: Value, xp: Any) -> Value:
        off = offsets(x, xp)
        factor = factors(off, x, xp)
        slopes = xp.constant(places, x) * sum(xp.sign(part) for part in off)
        whole = size * power * xp.exp(power * xp.sum(xp.log(factor)))
        return xp.dot(matrix.T, whole * slopes / factor) + penalty_slope(x, xp)

    return Written(value, gradient, x_opt, complete=False)


@bbob(tags="nonsmooth multimodal deceptive")
def bbob_f24_lunacek_bi_rastrigin(case: Case) -> Written:
    """min(Σ (x̂ᵢ − μ₀)², d + s Σ (x̂ᵢ − μ₁)²) + 10 (d − Σ cos(2πzᵢ)) + 10⁴ Σ max(0, |xᵢ| − 5)², z = R Λ(100) Q (x̂ − μ₀).

    x̂ = ±2 x, μ₀ = 2.5, μ₁ = −√((μ₀² − 1)/s), s = 1 − 1/(2√(d + 20) − 8.2).
    """
    dim = case.dim
    signs = np.where(np.array(case.drawn_normals()) < 0.0, -1.0, 1.0)
    matrix = case.mixing(100.0)
    near = 2.5
    steepness = 1.0 - 0.5 / (math.sqrt(dim + 20.0) - 4.1)
    apart = near + math.sqrt((near * near - 1.0) / steepness)

    def funnels(x: Value, xp: Any) -> tuple[Value, Value, Value]:
        inside = xp.constant(2.0 * signs, x) * x - near
        other = inside + apart
        return inside, xp.sum(inside * inside), dim + steepness * xp.sum(other * other)

    def value(x: Value, xp: Any) -> Value:
        inside, first, second = funnels(x, xp)
        waves = 10.0 * xp.sum(1.0 - xp.cos(2.0 * PI * xp.dot(matrix, inside)))
        return xp.minimum(first, second) + waves + 1e4 * penalty(x, xp)

    def gradient(x: Value, xp: Any) -> Value:
        inside, first, second = funnels(x, xp)
        funnel = xp.where(first <= second, 2.0 * inside, 2.0 * steepness * (inside + apart))
        waves = 20.0 * PI * xp.dot(matrix.T, xp.sin(2.0 * PI * xp.dot(matrix, inside)))
        return xp.constant(2.0 * signs, x) * (funnel + waves) + 1e4 * penalty_slope(x, xp)

    return Written(value, gradient, 0.5 * near * signs)
