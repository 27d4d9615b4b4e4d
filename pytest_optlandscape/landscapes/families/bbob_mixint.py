"""The suite bbob-mixint: BBOB's functions over whole numbers and real numbers, with COCO's instances.

The coordinates are five blocks of equal size. Those of the first four take 2, 4, 8 and 16 values, those of the last are
real. The values 0, 1, … of a coordinate are evenly spread over [−4, 4], without its ends, and then moved so that one
of them is the optimum. Real coordinates are those of BBOB, from −5 to 5. Each function is multiplied by a factor, so
that all are about equally hard.

References
----------
T. Tušar, D. Brockhoff, N. Hansen: Mixed-Integer Benchmark Problems for Single- and Bi-Objective Optimization, GECCO
2019, 718–726.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.landscapes.definition import DEFINITIONS, Definition, enter
from pytest_optlandscape.landscapes.families import bbob_multimodal
from pytest_optlandscape.landscapes.families.bbob_instances import BOUND, bbob_landscape, check_instance
from pytest_optlandscape.landscapes.families.bbob_ordered import ordered_optimum, ordered_value
from pytest_optlandscape.landscapes.frozen import set_attributes
from pytest_optlandscape.landscapes.landscape import Landscape
from pytest_optlandscape.landscapes.spaces.parameters import Float, Int
from pytest_optlandscape.landscapes.spaces.space import Space
from pytest_optlandscape.texts.spelling import unknown_name

__all__ = ["DIMS", "bbob_mixint_landscape"]

FloatArray = NDArray[np.float64]
FAMILY = "bbob-mixint"
DIMS = (5, 10, 20, 40)
SOURCE = "Tušar, Brockhoff & Hansen (2019), f{number}; instances as in COCO"
_COUNTS = (2, 4, 8, 16)
"""How many values the coordinates of the first four blocks take; those of the fifth are real."""
_INNER = 4.0
"""Half the width of the interval over which the values are spread."""
_FACTORS = (
    1, 1e-3, 0.1, 0.1, 1, 0.01, 1, 0.01, 0.01, 1e-3, 0.01, 1e-4, 0.1, 1, 0.1, 1, 10, 1, 10, 0.1, 1, 1, 10, 0.1,
)  # fmt: skip
"""The factor of each function, f1 to f24."""
_UNIQUE = (16, 23)
"""BBOB's other minimisers of f16 and f23 are single points, of which no value of the whole coordinates hits one."""
_BBOB = {name.replace("bbob_", "bbob_mixint_", 1): name for name in DEFINITIONS if name.startswith("bbob_f")}
assert bbob_multimodal.FAMILY == "bbob"  # its import has entered all functions of BBOB


def bbob_mixint_landscape(name: str, dim: int = 5, instance: int = 1) -> Landscape:
    """Return an instance of a function of bbob-mixint.

    Parameters
    ----------
    name : str
        Such as ``"bbob_mixint_f01_sphere"``.
    dim : int, default 5
        5, 10, 20 or 40.
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
    >>> landscape = bbob_mixint_landscape("bbob_mixint_f01_sphere", dim=5, instance=3)
    >>> landscape.fmin
    -247.11
    >>> landscape.space.parameters["x4"], landscape.space.parameters["x5"]
    (Int(0, 15), Float(-5.0, 5.0))
    """
    if name not in _BBOB:
        advice = "Names are written like 'bbob_mixint_f01_sphere'."
        raise ValueError(unknown_name("function of bbob-mixint", name, _BBOB, advice))
    if dim not in DIMS:
        raise ValueError(f"{name} has no dimension {dim!r}; its dimensions are {', '.join(map(str, DIMS))}")
    check_instance(name, instance)
    return _made(name, int(dim), int(instance))


@functools.cache
def _space(dim: int) -> Space:
    real = range(len(_COUNTS) * dim // 5, dim)
    return Space(
        **{f"x{k + 1}": Float(-BOUND, BOUND) if k in real else Int(0, _COUNTS[k // (dim // 5)] - 1) for k in range(dim)}
    )


def _start(dim: int) -> dict[str, Any]:
    """Return the middle of the space; halves are rounded up."""
    return {
        name: 0.0 if isinstance(parameter, Float) else int(parameter.count) // 2
        for name, parameter in _space(dim).parameters.items()
    }


class _Grid:
    """The values of the coordinates that are whole numbers, as coordinates of the BBOB function.

    Parameters
    ----------
    optimum : ndarray, shape (dim,)
        Of the BBOB function.
    """

    def __init__(self, optimum: FloatArray) -> None:
        dim = len(optimum)
        whole = len(_COUNTS) * dim // 5
        counts = np.repeat(_COUNTS, dim // 5)
        ends = _INNER - 2.0 * _INNER / (counts + 1.0)
        self._lower, self._width, self._most = -ends, 2.0 * ends, counts - 1.0
        nearest = np.floor(self._most * (optimum[:whole] + ends) / self._width + 0.5)
        self.best = np.clip(nearest, 0.0, self._most)
        self._offset = self._at(self.best) - optimum[:whole]

    def coordinates(self, values: FloatArray) -> FloatArray:
        """Return the point of the BBOB function for the values of a configuration."""
        whole = len(self.best)
        return np.concatenate([self._at(values[:whole]) - self._offset, values[whole:]])

    def _at(self, values: FloatArray) -> FloatArray:
        return self._lower + self._width * values / self._most


@functools.cache
def _made(name: str, dim: int, instance: int) -> Landscape:
    inner = bbob_landscape(_BBOB[name], dim, instance)
    number = _number(name)
    factor = float(_FACTORS[number - 1])
    optimum = inner.minimizers[0]
    grid, space = _Grid(ordered_optimum(number, optimum, instance)), _space(dim)
    value = ordered_value(number, dim, instance) or inner
    whole = len(grid.best)

    def function(configuration: dict[str, Any]) -> float:
        return factor * float(value(grid.coordinates(np.array(list(configuration.values()), dtype=np.float64))))

    best = [*map(int, grid.best), *optimum[whole:].tolist()]
    is_complete = inner.minimizers_complete or number in _UNIQUE or (number == 7 and dim == 5)
    landscape = Landscape(
        name,
        function,  # type: ignore[arg-type]  # it takes a configuration
        space=space,
        x0=_start(dim),
        minimizers=[dict(zip(space.parameters, best, strict=True))],
        minimizers_complete=is_complete,
        fmin=factor * inner.fmin,
        tags={"scalable"} if is_complete else {"scalable", "many-minimizers"},
        source=SOURCE.format(number=number),
        family=FAMILY,
        summary=_summary(name),
        id=f"{name}[{dim}]" + (f":{instance}" if instance > 1 else ""),
        made_by=(bbob_mixint_landscape, (name, dim, instance)),
        validate=False,
    )
    if instance == 1:
        set_attributes(landscape, own_instances=lambda number: bbob_mixint_landscape(name, dim, number or 1))
    return landscape


def _number(name: str) -> int:
    return int(name.split("_")[2][1:])


def _summary(name: str) -> str:
    factor = _FACTORS[_number(name) - 1]
    times = "" if factor == 1 else f"{factor:g} times "
    written = " ".join((DEFINITIONS[_BBOB[name]].formula.__doc__ or "").split())
    return f"{times}{_BBOB[name]} over whole and real numbers: {written}"


def _enter(name: str) -> None:
    def formula(configuration: dict[str, Any]) -> float:
        landscape = bbob_mixint_landscape(name, len(configuration))
        return float(landscape(_space(landscape.dim).encode(configuration)))

    formula.__doc__ = _summary(name)
    enter(
        Definition(
            name=name,
            formula=formula,  # type: ignore[arg-type]  # it takes a configuration
            bounds=lambda dim: [(0.0, 1.0)] * dim,
            x0=_start,
            minimizers=lambda dim: bbob_mixint_landscape(name, dim).all_minimizers,
            fmin=lambda dim: bbob_mixint_landscape(name, dim).fmin,
            tags="",
            source=SOURCE.format(number=_number(name)),
            dim=DIMS[0],
            dims=DIMS,
            make_instance=lambda dim, instance: bbob_mixint_landscape(name, dim, instance or 1),
            space=_space,
        )
    )


for _name in _BBOB:
    _enter(_name)
