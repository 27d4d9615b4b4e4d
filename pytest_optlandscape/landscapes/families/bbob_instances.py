"""Entry of BBOB functions into the catalogue, and construction of their instances.

Each function is a recipe. It takes a `Case`, draws the numbers of that instance (optimum, rotations, peaks) and returns
two formulas that use them. An instance is drawn when it is first requested.

References
----------
N. Hansen, S. Finck, R. Ros, A. Auger: Real-Parameter Black-Box Optimization Benchmarking 2009: Noiseless Functions
Definitions, INRIA research report RR-6829 (2009).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import NamedTuple

from numpy.typing import ArrayLike

from pytest_optlandscape.landscapes.definition import Definition, enter
from pytest_optlandscape.landscapes.families.bbob_transforms import Case
from pytest_optlandscape.landscapes.formula.evaluation import Formula, FormulaFunction
from pytest_optlandscape.landscapes.frozen import set_attributes
from pytest_optlandscape.landscapes.landscape import Landscape
from pytest_optlandscape.landscapes.minimizers import MinimizerList
from pytest_optlandscape.landscapes.tags import parse_tags
from pytest_optlandscape.texts.spelling import unknown_name

__all__ = ["Recipe", "Written", "bbob", "bbob_landscape", "check_instance"]

FAMILY = "bbob"
BOUND = 5.0
DIMS = range(2, 41)
LARGEST_INSTANCE = 10_000
"""Largest instance number; it keeps seeds far below the generator's modulus."""
SOURCE = "Hansen, Finck, Ros & Auger (2009), f{number}; instances as in COCO"


class Written(NamedTuple):
    """The result of a recipe: the formulas without f_opt, and the minimisers."""

    value: FormulaFunction
    gradient: FormulaFunction
    minimizers: ArrayLike
    complete: bool = True


Recipe = Callable[[Case], Written]


class _Entry(NamedTuple):
    number: int
    recipe: Recipe
    tags: str
    unrolled_up_to: int


_entries: dict[str, _Entry] = {}


ROTATED = 12
"""Above this dimension NumPy multiplies by a matrix faster than unrolled floats do (measured: 10 to 15)."""


def bbob(*, tags: str, unrolled_up_to: int = ROTATED) -> Callable[[Recipe], Recipe]:
    """Add a recipe named ``bbob_f<number>_<name>`` to the catalogue.

    Parameters
    ----------
    tags : str
        Tags that hold for every instance and dimension.
    unrolled_up_to : int, default 12
        The dimension up to which compiled floats evaluate one point faster than NumPy does. It is smaller than for most
        landscapes, because a matrix unrolls to 2 d² operations.
    """

    def define(recipe: Recipe) -> Recipe:
        name = recipe.__name__
        number = int(re.findall(r"\d+", name)[0])
        _entries[name] = _Entry(number, recipe, tags, unrolled_up_to)
        enter(
            Definition(
                name=name,
                formula=recipe,  # type: ignore[arg-type]  # the family and summary are read from it
                bounds=lambda dim: [(-BOUND, BOUND)] * dim,
                x0=lambda dim: [0.0] * dim,
                minimizers=lambda dim: bbob_landscape(name, dim).all_minimizers,
                fmin=lambda dim: bbob_landscape(name, dim).fmin,
                tags=tags,
                source=SOURCE.format(number=number),
                dim=2,
                dims=DIMS,
                make_instance=lambda dim, instance: bbob_landscape(name, dim, instance or 1),
            )
        )
        return recipe

    return define


def check_instance(name: str, instance: int) -> None:
    """Raise ValueError unless COCO numbers an instance so."""
    if instance not in range(1, LARGEST_INSTANCE + 1):
        raise ValueError(f"{name} has no instance {instance!r}; instances go from 1 to {LARGEST_INSTANCE}")


def bbob_landscape(name: str, dim: int = 2, instance: int = 1) -> Landscape:
    """Return an instance of a BBOB function.

    Parameters
    ----------
    name : str
        Such as ``"bbob_f01_sphere"``.
    dim : int, default 2
        From 2 to 40.
    instance : int, default 1
        Numbered from 1, as in COCO.

    Returns
    -------
    Landscape
        The same object for the same arguments; `get` returns instance 1.

    Raises
    ------
    ValueError
        If there is no such function, dimension or instance.

    Examples
    --------
    >>> bbob_landscape("bbob_f01_sphere", dim=2, instance=3).fmin
    -247.11
    >>> bbob_landscape("bbob_f01_sphere")
    landscapes.get('bbob_f01_sphere[2]')
    """
    if name not in _entries:
        advice = "Names are written like 'bbob_f01_sphere'."
        raise ValueError(unknown_name("function of the BBOB suite", name, _entries, advice))
    if dim not in DIMS:
        raise ValueError(f"{name} has no dimension {dim!r}; dimensions go from {DIMS[0]} to {DIMS[-1]}")
    check_instance(name, instance)
    return _made(name, int(dim), int(instance))


@functools.cache
def _made(name: str, dim: int, instance: int) -> Landscape:
    entry = _entries[name]
    case = Case(entry.number, dim, instance)
    written = entry.recipe(case)
    landscape_id = f"{name}[{dim}]" + (f":{instance}" if instance > 1 else "")
    unrolled = dim <= entry.unrolled_up_to
    landscape = Landscape(
        name,
        Formula(_raised(written.value, case.f_opt), dim, landscape_id, unrolled),
        gradient=Formula(written.gradient, dim, landscape_id, unrolled),
        bounds=[(-BOUND, BOUND)] * dim,
        x0=[0.0] * dim,
        minimizers=MinimizerList(written.minimizers, written.complete),
        fmin=case.f_opt,
        tags=parse_tags(entry.tags) | {"scalable"},
        source=SOURCE.format(number=entry.number),
        family=FAMILY,
        summary=" ".join((entry.recipe.__doc__ or "").split()),
        id=landscape_id,
        made_by=(bbob_landscape, (name, dim, instance)),
    )
    if instance == 1:
        set_attributes(landscape, own_instances=lambda number: bbob_landscape(name, dim, number or 1))
    return landscape


def _raised(formula: FormulaFunction, f_opt: float) -> FormulaFunction:
    return lambda x, xp: formula(x, xp) + f_opt
