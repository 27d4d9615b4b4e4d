"""Landscapes of one dimension, for line searches and global methods on an interval.

Each entry has facts, a formula f(x) and its gradient, a tuple with one component. Minimisers and minima are rounded
from 40 digits.
"""

from __future__ import annotations

import math
from typing import Any

from pytest_optlandscape.landscapes.definition import line
from pytest_optlandscape.landscapes.formula.namespaces import Value

FAMILY = "1d"
PI = math.pi


@line(
    bounds=(0.0, 1.0),
    x0=0.2,
    minimizers=[0.7572487578418559],
    fmin=-6.0207400557670825,
    tags="smooth multimodal separable unbounded-below",
    source="Forrester, Sóbester & Keane (2008); Surjanovic & Bingham (2013)",
)
def forrester(x: Value, xp: Any) -> Value:
    """(6x − 2)² sin(12x − 4)."""
    a = 6.0 * x - 2.0
    return a * a * xp.sin(2.0 * a)


@forrester.gradient
def _(x: Value, xp: Any) -> Value:
    a = 6.0 * x - 2.0
    phase = 2.0 * a
    return (12.0 * a * (xp.sin(phase) + a * xp.cos(phase)),)


@line(
    bounds=(0.5, 2.5),
    x0=1.5,
    minimizers=[0.5485634445276052],
    fmin=-0.8690111349894998,
    tags="smooth multimodal separable unbounded-below",
    source="Gramacy & Lee (2012); Surjanovic & Bingham (2013)",
)
def gramacy_lee_1d(x: Value, xp: Any) -> Value:
    """sin(10πx)/(2x) + (x − 1)⁴."""
    return xp.sin(10.0 * PI * x) / (2.0 * x) + (x - 1.0) ** 4


@gramacy_lee_1d.gradient
def _(x: Value, xp: Any) -> Value:
    phase = 10.0 * PI * x
    return ((5.0 * PI * xp.cos(phase) - 0.5 * xp.sin(phase) / x) / x + 4.0 * (x - 1.0) ** 3,)


@line(
    bounds=(2.7, 7.5),
    x0=4.0,
    minimizers=[5.145735290256128],
    fmin=-1.8995993491521133,
    tags="smooth multimodal separable unbounded-below",
    source="Hansen, Jaumard & Lu (1992), problem 2",
)
def problem02_1d(x: Value, xp: Any) -> Value:
    """Two waves: sin x + sin(10x/3)."""
    return xp.sin(x) + xp.sin(10.0 / 3.0 * x)


@problem02_1d.gradient
def _(x: Value, xp: Any) -> Value:
    return (xp.cos(x) + 10.0 / 3.0 * xp.cos(10.0 / 3.0 * x),)
