"""Suites: named, versioned sets of cells, the unit that is stored and compared.

A cell is one landscape, one start, one seed. Every landscape of a suite is started from its standard start and
the other starts the literature gives it, from 16 Sobol' points, and from corners and faces of its box, because
defects at the bounds do not show from inside.
"""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape._names import unknown_name
from pytest_optlandscape.landscapes import Landscape, get
from pytest_optlandscape.strategies.low_discrepancy import sobol_starts

__all__ = [
    "EVALUATIONS_PER_DIMENSION",
    "GLOBAL_EVALUATIONS_PER_DIMENSION",
    "SOBOL_STARTS",
    "SUITES",
    "Cell",
    "cells",
    "suite_landscapes",
]

FloatArray = NDArray[np.float64]

SOBOL_STARTS = 16
"""As many as a single landscape needs for a paired test at the suite's level to be able to tell anything."""

EVALUATIONS_PER_DIMENSION = 200
"""The budget of a cell, per coordinate, unless ``optlandscape_budget`` says otherwise."""

_QUICK = (
    "beale", "himmelblau", "six_hump_camel", "branin", "goldstein_price", "easom", "bukin_n6", "adjiman",
    "rosenbrock_2", "sphere[10]", "rosenbrock[10]", "dixon_price[5]", "trid[6]", "powell_singular", "ackley[5]",
    "rastrigin[4]",
)  # fmt: skip

_STANDARD = (
    *_QUICK,
    "booth", "three_hump_camel", "mccormick", "cross_in_tray", "holder_table", "eggholder", "drop_wave", "levi_n13",
    "schaffer_n2", "schaffer_n4", "bohachevsky_1", "bird", "parsopoulos", "shubert", "quintic", "sum_squares[10]",
    "zakharov[5]", "griewank[5]", "schwefel_226[4]", "levy[5]", "styblinski_tang[5]", "michalewicz_2",
    "michalewicz_5", "alpine_1[5]", "qing[5]", "vincent[3]", "zakharov[10]", "trid[10]", "griewank[10]",
    "levy[10]", "ackley[10]", "rastrigin[10]",
)  # fmt: skip

_FULL = (
    *_STANDARD,
    "sphere[2]", "sum_squares[2]", "rosenbrock[2]", "rosenbrock[5]", "dixon_price[2]", "dixon_price[10]",
    "zakharov[2]", "trid[2]", "powell_singular[8]", "ackley[2]", "rastrigin[2]", "griewank[2]", "schwefel_226[2]",
    "schwefel_226[10]", "levy[2]", "styblinski_tang[2]", "styblinski_tang[10]", "alpine_1[2]", "alpine_1[10]",
    "qing[2]", "qing[10]", "vincent[2]", "sphere[40]", "rosenbrock[20]", "rosenbrock[40]", "ackley[20]",
    "rastrigin[20]", "trid[20]",
)  # fmt: skip

SUITES = {"quick": _QUICK, "standard": _STANDARD, "full": _FULL}
"""The landscapes of each suite; a larger suite holds the smaller ones."""


GLOBAL_EVALUATIONS_PER_DIMENSION = 600
"""The same for an optimizer that searches globally: a population of ten to twenty a dimension gets its generations."""


@dataclass(frozen=True, eq=False)
class Cell:
    """One landscape, one start, one seed.

    Attributes
    ----------
    landscape : Landscape
    start : str
        What kind of start: ``standard``, the name of another one, ``sobol-03``, ``corner-lower``, ``face-upper``.
    x0 : ndarray, shape (dim,)
    seed : int
        Made from the cell's id.
    """

    landscape: Landscape
    start: str
    x0: FloatArray

    @property
    def id(self) -> str:
        """The landscape's id and the start, such as ``beale/sobol-03``."""
        return f"{self.landscape.id}/{self.start}"

    @property
    def is_spread(self) -> bool:
        """Whether the start is one of the Sobol' points."""
        return self.start.startswith("sobol-")

    @property
    def is_on_bounds(self) -> bool:
        """Whether the start is a corner or lies on a face of the box."""
        return self.start.startswith(("corner-", "face-"))

    @functools.cached_property
    def seed(self) -> int:
        """A number below 2³², the same for the same cell everywhere."""
        return int.from_bytes(hashlib.sha256(self.id.encode()).digest()[:4], "big")


@functools.cache
def cells(landscape: Landscape) -> tuple[Cell, ...]:
    """List the cells of a landscape, the same in every suite.

    Parameters
    ----------
    landscape : Landscape

    Returns
    -------
    tuple of Cell

    Examples
    --------
    >>> from pytest_optlandscape import landscapes
    >>> [cell.start for cell in cells(landscapes.get("beale"))][:3]
    ['standard', 'article', 'sobol-00']
    """
    lower, upper = landscape.bounds.T
    spread = sobol_starts(landscape, SOBOL_STARTS + 2)
    face_lower, face_upper = spread[-2:].copy()
    face_lower[0] = lower[0]
    face_upper[-1] = upper[-1]
    starts = {
        "standard": landscape.x0,
        **landscape.starts,
        **{f"sobol-{k:02}": point for k, point in enumerate(spread[:SOBOL_STARTS])},
        "corner-lower": lower,
        "corner-upper": upper,
        "face-lower": face_lower,
        "face-upper": face_upper,
    }
    return tuple(Cell(landscape, name, _frozen(x0)) for name, x0 in starts.items())


def _frozen(x0: FloatArray) -> FloatArray:
    copy = np.array(x0)
    copy.flags.writeable = False
    return copy


def suite_landscapes(name: str) -> list[Landscape]:
    """List the landscapes of a suite.

    Raises
    ------
    ValueError
        If there is no suite of that name.

    Examples
    --------
    >>> len(suite_landscapes("quick")), len(suite_landscapes("standard"))
    (16, 48)
    """
    if name not in SUITES:
        raise ValueError(unknown_name("suite", name, SUITES))
    return [get(landscape_id) for landscape_id in SUITES[name]]
