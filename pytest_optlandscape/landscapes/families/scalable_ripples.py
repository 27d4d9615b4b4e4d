"""More landscapes of any dimension: ripples on bowls, hills and plains.

The first axis of ``x`` holds the components of a point; `namespaces` documents ``xp``.
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

from pytest_optlandscape.landscapes.definition import FROM_ONE, scalable
from pytest_optlandscape.landscapes.formula.namespaces import Value
from pytest_optlandscape.landscapes.minimizers import everywhere

FAMILY = "scalable"
PI = math.pi

LARGEST_PRODUCT_DIM = 512
"""Largest dimension of functions that grow like aᵈ, 1/2.9 < a < 2.9; floats overflow from d = 687 on."""


@scalable(
    bounds=(-100.0, 100.0),
    x0=50.0,
    minimizers=everywhere(0.0),
    fmin=0.0,
    tags="nonsmooth multimodal",
    source="Salomon (1996); Jamil & Yang (2013), no. 110",
    dims=FROM_ONE,
)
def salomon(x: Value, xp: Any) -> Value:
    """1 − cos(2π √Σ xᵢ²) + 0.1 √Σ xᵢ²."""
    square = xp.sum(x * x)
    radius = xp.where(square > 0.0, xp.safe_sqrt(square), square)
    wave = xp.sin(PI * radius)
    return 2.0 * (wave * wave) + 0.1 * radius


@salomon.gradient
def _(x: Value, xp: Any) -> Value:
    radius = xp.safe_sqrt(xp.sum(x * x))
    return ((2.0 * PI * xp.sin(2.0 * PI * radius) + 0.1) / radius) * x


# The largest √t sin t for t ≤ 10. Except −2.18, no other extremum has half its size, so signs do not matter.
ALPINE_CREST = Decimal("2.80813118000700489938002836912271847")


def _alpine_root(x: Value, xp: Any) -> Value:
    """Return √x, never 0, so that it can be a divisor and has a derivative at 0; NaN below 0."""
    return xp.sqrt(x + 1e-37)


@scalable(
    bounds=(0.0, 10.0),
    x0=5.0,
    minimizers=everywhere(7.917052684666207),
    fmin=lambda dim: -float(ALPINE_CREST**dim),
    tags="nonsmooth multimodal unbounded-below undefined-outside",
    source="Clerc (1999); Jamil & Yang (2013), no. 7, to be maximised there",
    dims=range(1, LARGEST_PRODUCT_DIM + 1),
)
def alpine_2(x: Value, xp: Any) -> Value:
    """−Π √xᵢ sin xᵢ."""
    return -xp.prod(_alpine_root(x, xp) * xp.sin(x))


@alpine_2.gradient
def _(x: Value, xp: Any) -> Value:
    root, sin = _alpine_root(x, xp), xp.sin(x)
    return -xp.others(root * sin) * (0.5 * sin / root + root * xp.cos(x))


@scalable(
    bounds=(-1.0, 1.0),
    x0=0.5,
    minimizers=everywhere(0.0),
    fmin=lambda dim: -dim / 10.0,
    tags="smooth multimodal separable",
    source="Breiman & Cutler (1993), to be maximised there; Jamil & Yang (2013), no. 38, with the sign amended",
    dims=FROM_ONE,
)
def cosine_mixture(x: Value, xp: Any) -> Value:
    """Σ xᵢ² − 0.1 Σ cos(5πxᵢ)."""
    return xp.sum(x * x) - 0.1 * xp.sum(xp.cos(5.0 * PI * x))


@cosine_mixture.gradient
def _(x: Value, xp: Any) -> Value:
    return 2.0 * x + 0.5 * PI * xp.sin(5.0 * PI * x)


@scalable(
    bounds=(-2.0 * PI, 2.0 * PI),
    x0=4.0,
    minimizers=everywhere(0.0),
    fmin=0.0,
    tags="nonsmooth multimodal",
    source="Yang (2010); Jamil & Yang (2013), no. 169",
    dims=range(1, LARGEST_PRODUCT_DIM + 1),
)
def xin_she_yang_2(x: Value, xp: Any) -> Value:
    """Σ |xᵢ| exp(−Σ sin(xᵢ²))."""
    return xp.sum(xp.abs(x)) * xp.exp(-xp.sum(xp.sin(x * x)))


@xin_she_yang_2.gradient
def _(x: Value, xp: Any) -> Value:
    square = x * x
    slope = xp.sign(x) - (2.0 * xp.sum(xp.abs(x))) * x * xp.cos(square)
    return xp.exp(-xp.sum(xp.sin(square))) * slope


def _yang_parts(x: Value, xp: Any) -> tuple[Value, Value, Value, Value]:
    """Return √|x|, exp(−Σ x²), the bracket and the exponential of the fourth function."""
    root = xp.safe_sqrt(xp.abs(x))
    bell = xp.exp(-xp.sum(x * x))
    return root, bell, xp.sum(xp.sin(x) ** 2) - bell, xp.exp(-xp.sum(xp.sin(root) ** 2))


# The bracket is ≥ −exp(−Σ x²) ≥ −1, and the last factor is in (0, 1]. So f = −1 only at 0, in every dimension.
@scalable(
    bounds=(-10.0, 10.0),
    x0=6.0,
    minimizers=everywhere(0.0),
    fmin=-1.0,
    tags="nonsmooth multimodal flat",
    source="Yang (2010); Jamil & Yang (2013), no. 171",
    dims=range(1, LARGEST_PRODUCT_DIM + 1),
)
def xin_she_yang_4(x: Value, xp: Any) -> Value:
    """(Σ sin² xᵢ − exp(−Σ xᵢ²)) exp(−Σ sin² √|xᵢ|)."""
    _, _, bracket, fall = _yang_parts(x, xp)
    return bracket * fall


@xin_she_yang_4.gradient
def _(x: Value, xp: Any) -> Value:
    root, bell, bracket, fall = _yang_parts(x, xp)
    phase = 2.0 * root
    return fall * (xp.sin(2.0 * x) + (2.0 * bell) * x - bracket * xp.sign(x) * xp.sin(phase) / phase)


@scalable(
    bounds=(-PI, PI),
    x0=2.0,
    minimizers=everywhere(0.0),
    fmin=0.0,
    tags="smooth multimodal separable",
    source="Courrieu (1997); Jamil & Yang (2013), no. 164, with k = 10",
    dims=FROM_ONE,
)
def wavy(x: Value, xp: Any) -> Value:
    """1 − Σ cos(10xᵢ) exp(−xᵢ²/2)/d."""
    # 1 − cos · bell = (1 − cos) + cos (1 − bell), with 1 − bell = 2t/(1 + t), t = tanh(x²/4), avoids cancellation at 0
    wave, t = xp.sin(5.0 * x), xp.tanh(0.25 * (x * x))
    rise, fall = 2.0 * (wave * wave), 2.0 * t / (1.0 + t)
    return xp.sum(rise + (1.0 - rise) * fall) / x.shape[0]


@wavy.gradient
def _(x: Value, xp: Any) -> Value:
    phase = 10.0 * x
    return (xp.exp(-0.5 * (x * x)) / x.shape[0]) * (10.0 * xp.sin(phase) + x * xp.cos(phase))


def _inverse(x: Value, xp: Any) -> Value:
    """Return 1/x, but 1 if x is so small that its sixth power is 0."""
    return 1.0 / xp.where(xp.abs(x) < 1e-37, 1.0, x)


# Twice continuously differentiable: the roughest term of the second derivative is −x² sin(1/x).
@scalable(
    bounds=(-1.0, 1.0),
    x0=0.5,
    minimizers=everywhere(0.0),
    fmin=0.0,
    tags="smooth multimodal separable flat ill-conditioned",
    source="Csendes & Ratz (1997); Jamil & Yang (2013), no. 40, continued by 0",
    dims=FROM_ONE,
)
def csendes(x: Value, xp: Any) -> Value:
    """Σ xᵢ⁶ (2 + sin(1/xᵢ))."""
    cube = x * x * x
    return xp.sum(cube * cube * (2.0 + xp.sin(_inverse(x, xp))))


@csendes.gradient
def _(x: Value, xp: Any) -> Value:
    phase, square = _inverse(x, xp), x * x
    return square * square * (6.0 * x * (2.0 + xp.sin(phase)) - xp.cos(phase))
