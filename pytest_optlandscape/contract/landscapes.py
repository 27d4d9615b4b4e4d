"""The landscapes of the contract, and their formulas written out.

The contract asks for properties, not for speed, so simple landscapes do: a bowl, valleys, many minima, a minimum on a
bound. Each formula is also here as the line of Python that a report of a breach shows: whoever gets the report need not
have this package.

Landscapes in other coordinates are made by the transforms of `landscapes`. `scaled` and `nan_beyond` change values, for
which no transform exists: their minima are not those of the original.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pytest_optlandscape.landscapes import Landscape, get
from pytest_optlandscape.landscapes.transforms.affine import Rotation
from pytest_optlandscape.optimizers import Adapter
from pytest_optlandscape.optimizers.profile import obstacle

__all__ = ["FORMULAS", "SMALL", "formulas", "landscapes_for", "nan_beyond", "scaled", "turned", "unround_boxes"]

FloatArray = NDArray[np.float64]

FORMULAS: dict[str, tuple[str, str]] = {
    "sphere[2]": ("x[0]**2 + x[1]**2", "[2*x[0], 2*x[1]]"),
    "booth": (
        "(x[0] + 2*x[1] - 7)**2 + (2*x[0] + x[1] - 5)**2",
        "[10*x[0] + 8*x[1] - 34, 8*x[0] + 10*x[1] - 38]",
    ),
    "beale": (
        "(1.5 - x[0] + x[0]*x[1])**2 + (2.25 - x[0] + x[0]*x[1]**2)**2 + (2.625 - x[0] + x[0]*x[1]**3)**2",
        "[sum(2*(c - x[0]*(1 - x[1]**k))*(x[1]**k - 1) for k, c in ((1, 1.5), (2, 2.25), (3, 2.625))), "
        "sum(2*(c - x[0]*(1 - x[1]**k))*k*x[0]*x[1]**(k - 1) for k, c in ((1, 1.5), (2, 2.25), (3, 2.625)))]",
    ),
    "rosenbrock[2]": (
        "100*(x[1] - x[0]**2)**2 + (1 - x[0])**2",
        "[-400*x[0]*(x[1] - x[0]**2) - 2*(1 - x[0]), 200*(x[1] - x[0]**2)]",
    ),
    "himmelblau": (
        "(x[0]**2 + x[1] - 11)**2 + (x[0] + x[1]**2 - 7)**2",
        "[4*x[0]*(x[0]**2 + x[1] - 11) + 2*(x[0] + x[1]**2 - 7), "
        "2*(x[0]**2 + x[1] - 11) + 4*x[1]*(x[0] + x[1]**2 - 7)]",
    ),
    "rastrigin[2]": (
        "20 + sum(t**2 - 10*math.cos(2*math.pi*t) for t in x)",
        "[2*t + 20*math.pi*math.sin(2*math.pi*t) for t in x]",
    ),
    "adjiman": (
        "math.cos(x[0])*math.sin(x[1]) - x[0]/(x[1]**2 + 1)",
        "[-math.sin(x[0])*math.sin(x[1]) - 1/(x[1]**2 + 1), "
        "math.cos(x[0])*math.cos(x[1]) + 2*x[0]*x[1]/(x[1]**2 + 1)**2]",
    ),
    "eggholder": (
        "-(x[1] + 47)*math.sin(abs(x[1] + x[0]/2 + 47)**0.5) - x[0]*math.sin(abs(x[0] - x[1] - 47)**0.5)",
        "None",
    ),
    "sphere[20]": ("sum(t**2 for t in x)", "[2*t for t in x]"),
    "sphere[5]": ("sum(t**2 for t in x)", "[2*t for t in x]"),
    "rosenbrock[20]": (
        "sum(100*(b - a*a)**2 + (1 - a)**2 for a, b in zip(x[:-1], x[1:]))",
        "None",
    ),
}
"""By the landscape's id, the objective and its gradient as Python expressions in ``x``; ``None`` if no script needs the
gradient."""

SMALL = ("sphere[2]", "booth", "beale", "rosenbrock[2]", "himmelblau", "rastrigin[2]", "adjiman")
"""The landscapes of most checks."""

_CUT = ("sphere[5]", "booth", "sphere[5]", "rosenbrock[2]")
"""The landscapes that are cut. More coordinates have more edges that rounding may miss."""

_RATIOS = (0.6180339887498949, 0.7548776662466927)
"""The golden ratio and the plastic number, inverted: their multiples modulo 1 are spread evenly."""

_NAN_SUFFIX = "[nan]"
_EDGES = {"sphere[2]": (0.5, [0.5, 0.0], False), "rosenbrock[2]": (1.5, [1.5, 2.25], True)}
"""By the landscape's id: where its NaN begins, the minimiser that remains, and whether its gradient is NaN too."""


def landscapes_for(adapter: Adapter, ids: tuple[str, ...] | None = None) -> list[Landscape]:
    """List the landscapes of the contract for an optimizer.

    Skip landscapes that are unbounded below for optimizers without bounds, and those without residuals for optimizers
    that work on residuals.
    """
    chosen = [get(name) for name in ids or SMALL]
    return [
        one
        for one in chosen
        if (adapter.takes_bounds or "unbounded-below" not in one.tags) and not obstacle(adapter, one)
    ]


def unround_boxes(adapter: Adapter, count: int) -> list[Landscape]:
    """List landscapes whose boxes have edges of long binary fractions, with the minimum on an edge.

    Points on most of these edges are not exact if they are computed as a share of the width, or scaled to a unit box
    and back. In five dimensions the minimum lies in a corner of the box. An optimizer without bounds gets the whole
    landscapes.

    Examples
    --------
    >>> from pytest_optlandscape import optimizers
    >>> first = unround_boxes(optimizers.get("scipy:Powell"), 1)[0]
    >>> first.uncut.id, bool((first.minimizers[0] == first.bounds[:, 0]).any())
    ('sphere[5]', True)
    """
    names = [name for name in _CUT if not obstacle(adapter, get(name))]
    chosen = [names[k % len(names)] for k in range(count)] if names else []
    return [_unround_part(name, k) if adapter.takes_bounds else get(name) for k, name in enumerate(chosen)]


@functools.lru_cache(maxsize=64)
def _unround_part(name: str, k: int) -> Landscape:
    """Cut a landscape beside its minimiser, on either side, by shares of the room that are no short fractions.

    The shares are those of Weyl's sequences: products modulo 1, the same with every release of every library.
    """
    whole = get(name)
    minimizer = whole.minimizers[0]
    box = np.array(whole.bounds)
    for i, (lower, upper) in enumerate(box.tolist()):
        number = k * whole.dim + i + 1
        nearest, width = (0.05 + 0.85 * (number * ratio % 1.0) for ratio in _RATIOS)
        if (k + i) % 2:
            low = minimizer[i] + nearest * (upper - minimizer[i])
            box[i] = low, low + width * (upper - low)
        else:
            high = minimizer[i] - nearest * (minimizer[i] - lower)
            box[i] = high - width * (high - lower), high
    return whole.within(box)


def formulas(landscape: Landscape) -> tuple[str, str] | None:
    """Return the objective and the gradient as expressions in ``x``; None for a landscape without any here.

    Examples
    --------
    >>> formulas(nan_beyond("sphere[2]"))[0]
    'x[0]**2 + x[1]**2 if x[0] >= 0.5 else math.nan'
    """
    landscape = landscape.uncut or landscape
    if not landscape.id.endswith(_NAN_SUFFIX):
        return FORMULAS.get(landscape.id)
    name = landscape.id.removesuffix(_NAN_SUFFIX)
    value, gradient = FORMULAS[name]
    edge, _, gradient_too = _EDGES[name]
    if gradient_too:
        gradient += f" if x[0] >= {edge} else [math.nan]*2"
    return f"{value} if x[0] >= {edge} else math.nan", gradient


def nan_beyond(name: str) -> Landscape:
    """Make a landscape that is NaN in a half-plane, into which its gradient leads.

    Parameters
    ----------
    name : str
        ``"sphere[2]"`` or ``"rosenbrock[2]"``.

    Examples
    --------
    >>> bowl = nan_beyond("sphere[2]")
    >>> bowl([1.0, 1.0]), bowl([0.0, 1.0])
    (2.0, nan)
    """
    original = get(name)
    edge, minimizer, gradient_too = _EDGES[name]

    def where_defined(function: Callable[[Any], Any], shape: tuple[int, ...]) -> Callable[[Any], Any]:
        return lambda x: function(x) if x[0] >= edge else np.full(shape, math.nan)[()]

    return Landscape(
        original.name,
        where_defined(original, ()),
        gradient=where_defined(original.gradient, (2,)) if gradient_too else original.gradient,
        hessian=where_defined(original.hessian, (2, 2)) if gradient_too else original.hessian,
        bounds=original.bounds,
        x0=[2.0, 2.0],
        minimizers=[minimizer],
        fmin=float(original(minimizer)),
        id=original.id + _NAN_SUFFIX,
        validate=False,
    )


def scaled(landscape: Landscape, factor: float) -> Landscape:
    """Multiply the values of a landscape by a positive factor.

    Examples
    --------
    >>> scaled(get("booth"), 4.0)([0.0, 0.0])
    296.0
    """
    return Landscape(
        landscape.name,
        lambda x: factor * landscape(x),
        gradient=lambda x: factor * landscape.gradient(x),
        hessian=lambda x: factor * landscape.hessian(x),
        bounds=landscape.bounds,
        x0=landscape.x0,
        minimizers=landscape.minimizers,
        fmin=factor * landscape.fmin,
        minimizers_complete=False,
        id=f"{landscape.id}[times {factor:g}]",
        validate=False,
    )


def turned(landscape: Landscape, matrix: ArrayLike) -> Landscape:
    """Turn the space of a landscape around the origin: ``turned(z) == landscape(matrix.T @ z)``.

    Parameters
    ----------
    landscape : Landscape
    matrix : array_like, shape (dim, dim)
        Orthogonal.

    Returns
    -------
    Landscape
        Its box is the smallest that holds the old one, so that every start of the landscape has its image.

    Examples
    --------
    >>> turned(get("booth"), [[0.0, -1.0], [1.0, 0.0]])([-3.0, 1.0])
    0.0
    """
    back = np.array(matrix, dtype=np.float64).T
    return _RotationOfTheBox("[turned]", "", back, np.zeros(landscape.dim)).apply(landscape)


class _RotationOfTheBox(Rotation):
    """A rotation that keeps all of the box; that of `Landscape.rotate` keeps what is known to lie in a box."""

    def box(self, landscape: Landscape) -> FloatArray:
        corners = np.stack(np.meshgrid(*landscape.bounds, indexing="ij"), axis=-1).reshape(-1, landscape.dim)
        images = self.from_original(corners)
        return np.stack([images.min(axis=0), images.max(axis=0)], axis=1)
