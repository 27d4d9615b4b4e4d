"""Evenly spread starts that are the same everywhere: shifted Sobol' points.

Tracked runs start from these points, never from random draws and never from Hypothesis, whose draws are far from
uniform and change with its version. The points are the Sobol' sequence of `scipy.stats.qmc`, scrambled by a digital
shift of our own, so that no coordinate of a start is a round number.

Up to 64 coordinates the points come from a table of the package, although SciPy 1.10 to 1.18 give the same points bit
by bit. Importing `scipy.stats` takes longer, in every process of a session, than L-BFGS-B takes on the suite ``quick``
(``benchmarks/import_cost.py``). And a release of SciPy with other points would move all baselines of its users at once:
a test of this package would notice that later than they do; a table rules it out.
"""

from __future__ import annotations

import hashlib
import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.suites.box import box_of
from pytest_optlandscape.suites.direction_numbers import BITS, LARGEST_FROZEN, direction_numbers

__all__ = ["SOBOL_VERSION", "sobol", "sobol_starts"]

FloatArray = NDArray[np.float64]

SOBOL_VERSION = 1
"""Raised if the points ever change; results from other points are not compared."""


def sobol(n: int, dim: int, first: int = 0) -> FloatArray:
    """Return points of the shifted Sobol' sequence, by default its first.

    Parameters
    ----------
    n : int
        How many, at least 1.
    dim : int
        Number of coordinates, at least 1.
    first : int, default 0
        The number of the first.

    Returns
    -------
    ndarray, shape (n, dim)
        Inside the open unit cube. The first points of a longer sequence are those of a shorter one.

    Raises
    ------
    ValueError
        If ``n`` or ``dim`` is below 1.

    Examples
    --------
    >>> sobol(4, 2).round(3).tolist() == sobol(8, 2)[:4].round(3).tolist()
    True
    """
    if n < 1 or dim < 1:
        raise ValueError(f"sobol takes at least one point and one coordinate, got n={n}, dim={dim}")
    lattice = _frozen(n, dim, first) if dim <= LARGEST_FROZEN else _by_scipy(n, dim, first)
    points: FloatArray = ((lattice ^ _shift(dim)) + 0.5) / 2**BITS
    return points


def _frozen(n: int, dim: int, first: int) -> NDArray[np.int64]:
    """Return points, times 2³⁰, in the order of the Gray code, shape (n, dim).

    References
    ----------
    I. A. Antonov and V. M. Saleev, An economic method of computing LPτ-sequences, 1979, USSR Comput. Math. Math. Phys.
    19(1).
    """
    index = np.arange(first, first + n, dtype=np.int64)
    gray_code = index ^ (index >> 1)
    lattice = np.zeros((n, dim), dtype=np.int64)
    for k in range((first + n - 1).bit_length()):
        lattice ^= (gray_code >> k & 1)[:, np.newaxis] * direction_numbers(dim)[:, k]
    return lattice


def _by_scipy(n: int, dim: int, first: int) -> NDArray[np.int64]:
    from scipy.stats import qmc

    sequence = qmc.Sobol(dim, scramble=False, bits=BITS)
    if first:
        lattice = sequence.fast_forward(first).random(n)
    else:
        power_of_two = 2 ** math.ceil(math.log2(n))
        lattice = sequence.random(power_of_two)[:n]
    return np.asarray(lattice * 2**BITS).astype(np.int64)


def _shift(dim: int) -> NDArray[np.int64]:
    digests = [hashlib.sha256(f"optlandscape sobol {SOBOL_VERSION} {k}".encode()).digest() for k in range(dim)]
    return np.array([int.from_bytes(digest[:4], "big") >> (32 - BITS) for digest in digests], dtype=np.int64)


def sobol_starts(landscape: Landscape, n: int, bounds: ArrayLike | None = None, *, first: int = 0) -> FloatArray:
    """Spread starts over a landscape's box.

    Parameters
    ----------
    landscape : Landscape
    n : int
        How many.
    bounds : array_like, shape (dim, 2), optional
        Another box.
    first : int, default 0
        The number of the first.

    Returns
    -------
    ndarray, shape (n, dim)
    """
    lower, upper = box_of(landscape, bounds).T
    starts: FloatArray = np.clip(lower + sobol(n, landscape.dim, first) * (upper - lower), lower, upper)
    return starts
