"""The classic landscapes of any dimension: waves, with many local minima.

The first axis of ``x`` holds the components of a point; `namespaces` documents ``xp``.
"""

from __future__ import annotations

import math
from typing import Any

from pytest_optlandscape.landscapes.definition import FROM_ONE, scalable
from pytest_optlandscape.landscapes.formula.namespaces import Value
from pytest_optlandscape.landscapes.minimizers import MinimizerGrid, MinimizerList, everywhere

FAMILY = "scalable"
PI = math.pi


@scalable(
    bounds=(-32.768, 32.768),
    x0=15.0,
    minimizers=everywhere(0.0),
    fmin=0.0,
    tags="nonsmooth multimodal",
    source="Ackley (1987)",
    dims=FROM_ONE,
)
def ackley(x: Value, xp: Any) -> Value:
    """20 − 20 exp(−0.2 √(Σ xᵢ²/d)) + e − exp(Σ cos(2πxᵢ)/d)."""
    share = 1.0 / x.shape[0]
    radius = xp.safe_sqrt(share * xp.sum(x * x))
    waves = share * xp.sum(xp.cos(2.0 * PI * x))
    return 20.0 * (1.0 - xp.exp(-0.2 * radius)) + (math.e - xp.exp(waves))


@ackley.gradient
def _(x: Value, xp: Any) -> Value:
    share = 1.0 / x.shape[0]
    radius = xp.safe_sqrt(share * xp.sum(x * x))
    phase = 2.0 * PI * x
    waves = xp.exp(share * xp.sum(xp.cos(phase)))
    return (4.0 * share * xp.exp(-0.2 * radius) / radius) * x + (2.0 * PI * share * waves) * xp.sin(phase)


@scalable(
    bounds=(-5.12, 5.12),
    x0=3.3,
    minimizers=everywhere(0.0),
    fmin=0.0,
    tags="smooth multimodal separable",
    source="Rastrigin (1974)",
    dims=FROM_ONE,
)
def rastrigin(x: Value, xp: Any) -> Value:
    """10 d + Σ xᵢ² − 10 cos(2πxᵢ)."""
    return xp.sum(x * x + 10.0 * (1.0 - xp.cos(2.0 * PI * x)))


@rastrigin.gradient
def _(x: Value, xp: Any) -> Value:
    return 2.0 * x + 20.0 * PI * xp.sin(2.0 * PI * x)


@scalable(
    bounds=(-600.0, 600.0),
    x0=300.0,
    minimizers=everywhere(0.0),
    fmin=0.0,
    tags="smooth multimodal",
    source="Griewank (1981)",
    dims=FROM_ONE,
)
def griewank(x: Value, xp: Any) -> Value:
    """1 + Σ xᵢ²/4000 − Π cos(xᵢ/√i)."""
    return xp.sum(x * x) / 4000.0 + (1.0 - xp.prod(xp.cos(x / xp.sqrt(xp.index(x)))))


@griewank.gradient
def _(x: Value, xp: Any) -> Value:
    root = xp.sqrt(xp.index(x))
    phase = x / root
    return x / 2000.0 + xp.others(xp.cos(phase)) * xp.sin(phase) / root


@scalable(
    bounds=(-500.0, 500.0),
    x0=-100.0,
    minimizers=everywhere(420.96874635998205),
    fmin=lambda dim: -418.9828872724337 * dim,
    tags="nonsmooth multimodal separable deceptive unbounded-below",
    source="Schwefel (1981), no. 2.26",
    dims=FROM_ONE,
)
def schwefel_226(x: Value, xp: Any) -> Value:
    """−Σ xᵢ sin √|xᵢ|."""
    return -xp.sum(x * xp.sin(xp.safe_sqrt(xp.abs(x))))


@schwefel_226.gradient
def _(x: Value, xp: Any) -> Value:
    root = xp.safe_sqrt(xp.abs(x))
    return -(xp.sin(root) + 0.5 * root * xp.cos(root))


@scalable(
    bounds=(-10.0, 10.0),
    x0=-5.0,
    minimizers=everywhere(1.0),
    fmin=0.0,
    tags="smooth multimodal separable",
    source="Laguna & Martí (2005)",
    dims=FROM_ONE,
)
def levy(x: Value, xp: Any) -> Value:
    """sin²(πw₁) + Σ (wᵢ − 1)² (1 + 10 sin²(πwᵢ + 1)) + (w_d − 1)² (1 + sin²(2πw_d)), w = (x + 3)/4, i < d."""
    u = 0.25 * (x - 1.0)  # u = w − 1 is half a period from w, and exactly 0 at the minimiser
    first, inner, last = u[0], u[:-1], u[-1]
    waves = xp.sum(inner * inner * (1.0 + 10.0 * xp.sin(PI * inner + 1.0) ** 2))
    return xp.sin(PI * first) ** 2 + waves + last * last * (1.0 + xp.sin(2.0 * PI * last) ** 2)


@levy.gradient
def _(x: Value, xp: Any) -> Value:
    u = 0.25 * (x - 1.0)
    first, inner, last = u[:1], u[:-1], u[-1:]
    phase, size = PI * inner + 1.0, x.shape[0]
    sin, sin_last = xp.sin(phase), xp.sin(2.0 * PI * last)
    at_last = last * (2.0 + 2.0 * sin_last * (sin_last + 2.0 * PI * last * xp.cos(2.0 * PI * last)))
    return 0.25 * (
        xp.pad(PI * xp.sin(2.0 * PI * first), 0, size - 1)
        + xp.pad(inner * (2.0 + 20.0 * sin * (sin + PI * inner * xp.cos(phase))), 0, 1)
        + xp.pad(at_last, size - 1, 0)
    )


@scalable(
    bounds=(-5.0, 5.0),
    x0=1.0,
    minimizers=everywhere(-2.903534027771177),
    fmin=lambda dim: -39.16616570377141 * dim,
    tags="smooth polynomial multimodal separable",
    source="Styblinski & Tang (1990)",
    dims=FROM_ONE,
)
def styblinski_tang(x: Value, xp: Any) -> Value:
    """Σ (xᵢ⁴ − 16 xᵢ² + 5 xᵢ)/2."""
    square = x * x
    return 0.5 * xp.sum(square * (square - 16.0) + 5.0 * x)


@styblinski_tang.gradient
def _(x: Value, xp: Any) -> Value:
    return x * (2.0 * (x * x) - 16.0) + 2.5


def _michalewicz(x: Value, xp: Any) -> Value:
    wave = xp.sin(xp.index(x) * (x * x) / PI)
    fourth = (wave * wave) ** 2
    return -xp.sum(xp.sin(x) * (((fourth * fourth) ** 2) * fourth))


def _michalewicz_slope(x: Value, xp: Any) -> Value:
    steep = xp.index(x) * x / PI
    phase = steep * x
    wave = xp.sin(phase)
    square = wave * wave
    fourth = square * square
    power_19 = (fourth * fourth) ** 2 * (square * wave)
    return -power_19 * (xp.cos(x) * wave + 40.0 * steep * xp.sin(x) * xp.cos(phase))


@scalable(
    bounds=(0.0, PI),
    x0=1.0,
    minimizers=lambda dim: MinimizerList([[2.2029055201726093, PI / 2.0]]),
    fmin=-1.8013034100985525,
    tags="smooth multimodal separable flat unbounded-below",
    source="Michalewicz (1992), steepness 10",
    dims=range(2, 3),
)
def michalewicz_2(x: Value, xp: Any) -> Value:
    """−Σ sin xᵢ sin²⁰(i xᵢ²/π)."""
    return _michalewicz(x, xp)


michalewicz_2.gradient(_michalewicz_slope)


@scalable(
    bounds=(0.0, PI),
    x0=1.0,
    minimizers=lambda dim: MinimizerList(
        [[2.2029055201726093, PI / 2.0, 1.2849915705529245, 1.9230584698663629, 1.7204697725658413]]
    ),
    fmin=-4.687658179088146,
    tags="smooth multimodal separable flat unbounded-below",
    source="Michalewicz (1992), steepness 10; minimum certified by Vanaret (2015)",
    dim=5,
    dims=range(5, 6),
)
def michalewicz_5(x: Value, xp: Any) -> Value:
    """−Σ sin xᵢ sin²⁰(i xᵢ²/π)."""
    return _michalewicz(x, xp)


michalewicz_5.gradient(_michalewicz_slope)


@scalable(
    bounds=(0.0, PI),
    x0=1.0,
    minimizers=lambda dim: MinimizerList(
        [
            [
                *(2.2029055201726093, PI / 2.0, 1.2849915705529245, 1.9230584698663629, 1.7204697725658413),
                *(PI / 2.0, 1.454413971362379, 1.7560865209450263, 1.6557174168210291, PI / 2.0),
            ]
        ]
    ),
    fmin=-9.66015171564134,
    tags="smooth multimodal separable flat unbounded-below",
    source="Michalewicz (1992), steepness 10",
    dim=10,
    dims=range(10, 11),
)
def michalewicz_10(x: Value, xp: Any) -> Value:
    """−Σ sin xᵢ sin²⁰(i xᵢ²/π)."""
    return _michalewicz(x, xp)


michalewicz_10.gradient(_michalewicz_slope)

# 0 and the roots of sin x = −1/10
ALPINE_ZEROS = [
    -9.32461053960782,
    -6.383352728341146,
    -3.0414252324282334,
    -0.1001674211615598,
    0.0,
    3.241760074751353,
    6.1830178860180265,
    9.524945381930939,
]


@scalable(
    bounds=(-10.0, 10.0),
    x0=5.0,
    minimizers=lambda dim: MinimizerGrid([ALPINE_ZEROS] * dim),
    fmin=0.0,
    tags="nonsmooth multimodal many-minimizers separable",
    source="Rahnamayan, Tizhoosh & Salama (2007); Jamil & Yang (2013), no. 6",
    dims=FROM_ONE,
)
def alpine_1(x: Value, xp: Any) -> Value:
    """Σ |xᵢ sin xᵢ + 0.1 xᵢ|."""
    return xp.sum(xp.abs(x * (xp.sin(x) + 0.1)))


@alpine_1.gradient
def _(x: Value, xp: Any) -> Value:
    wave = xp.sin(x) + 0.1
    return xp.sign(x * wave) * (wave + x * xp.cos(x))


@scalable(
    bounds=(-500.0, 500.0),
    x0=100.0,
    minimizers=lambda dim: MinimizerGrid([[-math.sqrt(i), math.sqrt(i)] for i in range(1, dim + 1)]),
    fmin=0.0,
    tags="smooth polynomial multimodal many-minimizers separable wide-range least-squares",
    source="Qing (2006); Jamil & Yang (2013), no. 100",
    dims=FROM_ONE,
)
def qing(x: Value, xp: Any) -> Value:
    """Σ (xᵢ² − i)²."""
    return xp.sum((x * x - xp.index(x)) ** 2)


@qing.residuals
def _(x: Value, xp: Any) -> Value:
    return x * x - xp.index(x)


@qing.gradient
def _(x: Value, xp: Any) -> Value:
    return 4.0 * x * (x * x - xp.index(x))


# e^((π/2 + 2πk)/10), k = −2…3
VINCENT_CRESTS = [
    0.33301843547196486,
    0.6242284336485697,
    1.1700887874964219,
    2.1932800507380152,
    4.111207142885353,
    7.706277256305776,
]


@scalable(
    bounds=(0.25, 10.0),
    x0=5.0,
    minimizers=lambda dim: MinimizerGrid([VINCENT_CRESTS] * dim),
    fmin=-1.0,
    tags="smooth multimodal many-minimizers separable undefined-outside",
    source="Shir & Bäck (2005); Li, Engelbrecht & Epitropakis (2013), F7",
    dims=FROM_ONE,
)
def vincent(x: Value, xp: Any) -> Value:
    """−Σ sin(10 ln xᵢ)/d."""
    return -xp.sum(xp.sin(10.0 * xp.log(x))) / x.shape[0]


@vincent.gradient
def _(x: Value, xp: Any) -> Value:
    return (-10.0 / x.shape[0]) * xp.cos(10.0 * xp.log(x)) / x
