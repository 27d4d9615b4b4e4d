"""Suites: named, versioned sets of cells, the units that are stored and compared.

A cell is one landscape, one start, one seed. Optimizers run on every landscape of a suite from its standard start and
the other starts of the literature, from 16 Sobol' points, and from corners and faces of its box: defects at the bounds
do not show from inside. `suites.selection` reads the words that choose cells of a suite.
"""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.landscapes import Landscape, get, shipped_names
from pytest_optlandscape.suites.low_discrepancy import sobol_starts
from pytest_optlandscape.texts.spelling import unknown_name

__all__ = [
    "EVALUATIONS_PER_DIMENSION",
    "GLOBAL_EVALUATIONS_PER_DIMENSION",
    "SEEDS",
    "SMOKE_STEPS",
    "SOBOL_STARTS",
    "SUITES",
    "SUITE_VERSION",
    "SUITE_VERSIONS",
    "TRIALS",
    "Cell",
    "cell_budget",
    "cells",
    "find_cell",
    "further_starts",
    "is_on_bounds",
    "kind_of_start",
    "limit_cells",
    "suite_budget_per_dimension",
    "suite_ids",
    "suite_landscapes",
]

FloatArray = NDArray[np.float64]

SOBOL_STARTS = 16
"""Sobol' starts of a landscape: with fewer, a paired test at the suite's level could not show a difference."""

EVALUATIONS_PER_DIMENSION = 200
"""Budget of a cell, per coordinate, for an optimizer that searches locally."""

GLOBAL_EVALUATIONS_PER_DIMENSION = 600
"""The same for an optimizer that searches globally: a population of ten to twenty a dimension gets its generations."""

_SMOKE = ("rosenbrock_2", "ellipsoid_1e6[5]", "adjiman", "himmelblau", "bukin_n6")
"""A curved valley, ill-conditioning, a minimum on the bounds, many minima, a kink. All of them are in quick, with the
same budget, so quick's baseline serves both suites."""

SMOKE_STEPS = 10_000
"""Most evaluations of the suite smoke: ten seconds for an optimizer that takes a millisecond an evaluation."""

_QUICK = (
    "beale", "himmelblau", "branin", "goldstein_price", "easom", "bukin_n6", "adjiman", "rosenbrock_2",
    "saddle_escape", "sphere[10]", "rosenbrock[10]", "ellipsoid_1e6[5]", "trid[6]", "powell_singular", "ackley[5]",
    "rastrigin[4]",
)  # fmt: skip
_QUICK_FOR_SOME = ("rosenbrock_disk", "hs071", "noisy_rosenbrock", "minibatch_least_squares[5]")

_STANDARD = (
    *_QUICK,
    # smooth valleys and fits
    "booth", "six_hump_camel", "dixon_price[5]", "zakharov[5]", "mgh_freudenstein_roth", "mgh_helical_valley",
    "mgh_wood", "mgh_kowalik_osborne", "mgh_biggs_exp6", "mgh_broyden_tridiagonal",
    # ill-conditioned
    "bent_cigar[10]", "hilbert_quadratic", "mgh_brown_badly_scaled",
    # many minima
    "forrester", "cross_in_tray", "eggholder", "shubert", "griewank[5]", "schwefel_226[4]", "levy[5]", "michalewicz_5",
    "shekel_10", "hartmann_6", "lunacek_bi_rastrigin[5]",
    # kinks, plateaus, bounds
    "cb2", "mifflin_1", "schwefel_221_max[5]", "step_2[3]", "saturating_gaussian_well[3]", "bbob_f05_linear_slope[5]",
    # networks
    "logistic_regression_12", "xor_mlp_l2",
)  # fmt: skip
_STANDARD_FOR_SOME = (
    *_QUICK_FOR_SOME, "mishra_bird_disk", "g06", "g09", "noisy_sphere[5]", "noisy_quartic[5]", "cauchy_noise_sphere[5]",
)  # fmt: skip

_MORE_DIMENSIONS = (
    "sphere[40]", "rosenbrock[20]", "rosenbrock[40]", "trid[20]", "ackley[20]", "rastrigin[10]", "rastrigin[20]",
    "griewank[10]", "levy[10]", "styblinski_tang[10]", "schwefel_226[10]", "zakharov[10]", "dixon_price[10]",
)  # fmt: skip

_STRUCTURED = (
    "linear_layer_3_2", "matrix_square_root_2", "logistic_regression_12:structured", "xor_mlp_l2:structured",
    "mlp_tanh_teacher_2_2_1:structured", "moons_mlp_mse:structured", "moons_mlp_cross_entropy:structured",
    "moons_mlp_squared_hinge:structured", "rosenbrock[6]:structured(kernel=2x2,bias=2)",
    "ellipsoid_1e6[8]:structured(kernel=2x3,bias=2)", "ackley[6]:structured(first=3,second=3)",
)  # fmt: skip

_LIMITS = ("adjiman", "bbob_f05_linear_slope[5]", "beale", "rosenbrock_2", "goldstein_price", "ellipsoid_1e6[5]")
"""Minima on the bounds, and long paths that a call limit ends early."""

_TUNING = (
    "kerastuner_mixed", "optimizer_and_rates", "jenatton_tree", "discrete_hartmann_6", "ackley_13", "pressure_vessel",
    "bbob_mixint_f15_rastrigin_rotated[5]", "one_max[25]", "branin_fidelity", "hartmann_6_fidelity",
)  # fmt: skip
"""Search spaces: real and whole numbers, categories, levels, conditions, fidelities."""

TRIALS = 40
"""Budget of a cell over a search space, of any dimension: what people give a tuner."""

SEEDS = 22
"""Cells of a landscape over a search space. Tuners draw their own starts, so the cells differ in their seeds. There are
as many as on a box, so that a test on one landscape can be significant."""

_LISTED = {
    "smoke": _SMOKE,
    "quick": _QUICK + _QUICK_FOR_SOME,
    "standard": _STANDARD + _STANDARD_FOR_SOME,
    "structured": _STRUCTURED,
    "limits": _LIMITS,
    "tuning": _TUNING,
}
"""All suites but full, which also has the rest of the catalogue."""

SUITE_VERSION = 3
"""The version of quick, standard and full."""

SUITE_VERSIONS = {
    "smoke": 1, "quick": SUITE_VERSION, "standard": SUITE_VERSION, "full": SUITE_VERSION, "structured": 1, "limits": 1,
    "tuning": 1,
}  # fmt: skip
"""Raised when the landscapes of a suite or the order of its cells change. Cells that two versions share are compared
all the same. Users who write ``quick@3`` get an error when the version changes."""


@functools.cache
def suite_ids(name: str) -> tuple[str, ...]:
    """List the ids of a suite's landscapes; a larger suite contains the smaller ones.

    Several suites may be named, with spaces in between. Landscapes with constraints or noise are for optimizers that
    take them.

    Raises
    ------
    ValueError
        If there is no suite of that name.
    """
    if len(name.split()) > 1:
        return tuple(dict.fromkeys(landscape for word in name.split() for landscape in suite_ids(word)))
    if name not in SUITES:
        raise ValueError(unknown_name("suite", name, SUITES))
    if name in _LISTED:
        return _LISTED[name]
    listed = (*_STANDARD, *_STANDARD_FOR_SOME, *_MORE_DIMENSIONS)
    already = {get(landscape_id).id for landscape_id in listed} | {"rosenbrock[2]"}  # it is rosenbrock_2
    boxes = (landscape for landscape in map(get, shipped_names()) if "search-space" not in landscape.tags)
    return (*listed, *(landscape.name for landscape in boxes if landscape.id not in already))


SUITES = tuple(SUITE_VERSIONS)
"""The names of the suites: 5 landscapes, some 16, some 48, the whole catalogue but those over search spaces, 11 whose
points are tensors, 6 with further cells that end at a call limit, and search spaces."""


def cell_budget(landscape: Landscape, per_dimension: int, trials: int | None = None) -> int:
    """Return the budget of the usual cells of a landscape.

    Parameters
    ----------
    landscape : Landscape
    per_dimension : int
        Evaluations per coordinate of a box.
    trials : int, optional
        Evaluations over a search space (default: 40).

    Examples
    --------
    >>> cell_budget(get("beale"), 200), cell_budget(get("one_max"), 200)
    (400, 40)
    """
    return per_dimension * landscape.dim if landscape.space is None else trials or TRIALS


def suite_budget_per_dimension(is_global: bool) -> int:
    """Return the budget of the cells of every suite, per coordinate.

    Baselines are made with it, so it is part of what they mean: it differs from the default budget of all other
    functions, `runs.problem.BUDGET_PER_DIMENSION`, and changing it makes baselines stale. ``optlandscape_budget`` and
    the word ``budget=`` of a suite go before it.

    Parameters
    ----------
    is_global : bool
        Whether the optimizer searches globally.

    Returns
    -------
    int
        Evaluations of a cell, divided by the dimension of its landscape.

    Examples
    --------
    >>> suite_budget_per_dimension(is_global=False), suite_budget_per_dimension(is_global=True)
    (200, 600)
    """
    return GLOBAL_EVALUATIONS_PER_DIMENSION if is_global else EVALUATIONS_PER_DIMENSION


@dataclass(frozen=True, eq=False)
class Cell:
    """One landscape, one start, one seed.

    Attributes
    ----------
    landscape : Landscape
    start : str
        Name of the start: ``standard``, a name of the literature's, ``sobol-03``, ``corner-lower``, ``face-upper``. The
        cell ``limit-sobol-00`` starts where ``sobol-00`` does, and ends at a call limit.
    x0 : ndarray, shape (dim,)
    limit : int or None
        Evaluations at which the cell ends, if the budget allows more.
    seed : int
        Derived from the cell's id.
    """

    landscape: Landscape
    start: str
    x0: FloatArray
    limit: int | None = None

    @property
    def id(self) -> str:
        """The landscape's id and the start, such as ``beale/sobol-03``."""
        return f"{self.landscape.id}/{self.start}"

    @property
    def is_spread(self) -> bool:
        """Whether the cell is one of several alike: its start is a Sobol' point, or only its seed differs."""
        return self.start.startswith(("sobol-", _SEED))

    @property
    def is_on_bounds(self) -> bool:
        """Whether the start is a corner or lies on a face of the box."""
        return is_on_bounds(self.start)

    def budget(self, usual: int) -> int:
        """Return the budget of this cell, given that of the landscape's usual cells."""
        return usual if self.limit is None else min(usual, self.limit)

    @functools.cached_property
    def seed(self) -> int:
        """A number below 2³², the same for a cell everywhere."""
        return int.from_bytes(hashlib.sha256(self.id.encode()).digest()[:4], "big")


def is_on_bounds(start: str) -> bool:
    """Return whether a start is a corner or lies on a face of the box, by its name.

    Examples
    --------
    >>> is_on_bounds("face-upper"), is_on_bounds("standard")
    (True, False)
    """
    return start.startswith(("corner-", "face-"))


@functools.lru_cache(maxsize=1024)
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
    drawn = further_starts(landscape, 0)
    if landscape.space is not None:
        starts = {**drawn, f"{_SEED}00": landscape.x0}
        return tuple(Cell(landscape, name, _frozen(x0)) for name, x0 in starts.items())
    lower, upper = landscape.bounds.T
    spread = {name: x0 for name, x0 in drawn.items() if name.startswith("sobol-")}
    corners = {"corner-lower": lower, "corner-upper": upper}
    starts = {"standard": landscape.x0, **landscape.starts, **spread, **corners, **drawn}  # the faces come last
    return tuple(Cell(landscape, name, _frozen(x0)) for name, x0 in starts.items())


_CALL_LIMITS = {"standard": 3, "sobol-00": 7, "sobol-01": 17, "face-lower": 11, "corner-upper": 5}
"""Evaluations per dimension, less one, at which the limit cells end. Most optimizers are on their way then, each cell
at another point of a line search or a generation."""

_SEED = "seed-"
"""The prefix of the starts of cells that differ in their seeds."""

LIMIT = "limit-"
"""The prefix of the starts of limit cells."""


@functools.lru_cache(maxsize=1024)
def limit_cells(landscape: Landscape) -> tuple[Cell, ...]:
    """List the further cells of a landscape that end at a call limit; the suite ``limits`` adds them.

    Most runs of a suite end before their budget is spent. These cells show what an optimizer does when it may not
    evaluate any more, such as return its best point.

    Examples
    --------
    >>> from pytest_optlandscape import landscapes
    >>> [(cell.start, cell.limit) for cell in limit_cells(landscapes.get("beale"))][:2]
    [('limit-standard', 7), ('limit-sobol-00', 15)]
    """
    usual = {cell.start: cell.x0 for cell in cells(landscape)}
    return tuple(
        Cell(landscape, LIMIT + start, usual[start], limit=per_dimension * landscape.dim + 1)
        for start, per_dimension in _CALL_LIMITS.items()
        if start in usual
    )


def find_cell(landscape: Landscape, start: str) -> Cell:
    """Find a cell of a landscape by the name of its start.

    Raises
    ------
    ValueError
        If there is no such start; the message names the nearest.
    """
    every = {cell.start: cell for cell in (*cells(landscape), *limit_cells(landscape))}
    if start not in every:
        raise ValueError(unknown_name(f"start of {landscape.id}", start, every))
    return every[start]


def kind_of_start(start: str) -> str:
    """Return the kind of a start: ``standard``, ``sobol``, ``corners``, ``faces``, ``limits``, ``seeds`` or ``others``.

    Examples
    --------
    >>> kind_of_start("sobol-03"), kind_of_start("article")
    ('sobol', 'others')
    """
    kinds = {"sobol-": "sobol", "corner-": "corners", "face-": "faces", LIMIT: "limits", _SEED: "seeds"}
    found = next((kind for prefix, kind in kinds.items() if start.startswith(prefix)), "others")
    return "standard" if start == "standard" else found


@functools.lru_cache(maxsize=1024)
def further_starts(landscape: Landscape, k: int) -> dict[str, FloatArray]:
    """Return further starts for the cells that start from Sobol' points: inside, or on the same face.

    Parameters
    ----------
    landscape : Landscape
    k : int
        Number of the set of starts; 0 returns the starts of the cells themselves.

    Returns
    -------
    dict of str to ndarray, shape (dim,)
        By the name of the cell's start. The dict is cached: do not change it.
    """
    if landscape.space is not None:
        drawn = sobol_starts(landscape, SEEDS, first=k * SEEDS)
        return {f"{_SEED}{number:02}": _frozen(landscape.space.canonical(point)) for number, point in enumerate(drawn)}
    lower, upper = landscape.bounds.T
    spread = sobol_starts(landscape, SOBOL_STARTS + 2, first=k * (SOBOL_STARTS + 2))
    starts = {f"sobol-{number:02}": point for number, point in enumerate(spread[:SOBOL_STARTS])}
    if landscape.dim > 1:  # the faces of a line are its corners
        face_lower, face_upper = spread[SOBOL_STARTS:].copy()
        face_lower[0] = lower[0]
        face_upper[-1] = upper[-1]
        starts |= {"face-lower": face_lower, "face-upper": face_upper}
    return {name: _frozen(x0) for name, x0 in starts.items()}


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
    >>> [landscape.id for landscape in suite_landscapes("quick")][:3]
    ['beale', 'himmelblau', 'branin']
    """
    return [get(landscape_id) for landscape_id in suite_ids(name)]
