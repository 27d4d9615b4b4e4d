"""Definitions of the catalogue's landscapes: the decorators of the families and what they produce.

The families use five decorators. `line` takes f(x), `planar` f(x, y), `scalable` a formula of many dimensions,
`least_squares` a vector of residuals and `searched` a function of a configuration. Each returns a `Definition`. Its own
decorators add the gradient, residuals, their Jacobian and constraints.
"""

from __future__ import annotations

import functools
import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import ArrayLike

from pytest_optlandscape.landscapes.constraints import Constraint
from pytest_optlandscape.landscapes.formula.evaluation import Formula, FormulaFunction
from pytest_optlandscape.landscapes.formula.namespaces import Value
from pytest_optlandscape.landscapes.formula.residuals import flat_columns, gradient_of_squares, sum_of_squares
from pytest_optlandscape.landscapes.frozen import set_attributes
from pytest_optlandscape.landscapes.landscape import Landscape
from pytest_optlandscape.landscapes.minimizers import MinimizerList, Minimizers
from pytest_optlandscape.landscapes.noise import Noise
from pytest_optlandscape.landscapes.spaces.fidelity import Fidelity
from pytest_optlandscape.landscapes.spaces.space import Space
from pytest_optlandscape.landscapes.structure import Structure
from pytest_optlandscape.landscapes.tags import parse_tags

__all__ = [
    "DEFINITIONS",
    "FROM_ONE",
    "LARGEST_DIM",
    "Definition",
    "least_squares",
    "line",
    "planar",
    "scalable",
    "searched",
]

LARGEST_DIM = 10_000
FROM_ONE = range(1, LARGEST_DIM + 1)
ByDim = Callable[[int], Any]

DEFINITIONS: dict[str, Definition] = {}
"""The catalogue by name, in its order; a variant's key is like ``hartmann_3:rounded``."""


@dataclass
class Definition:
    """A landscape of the catalogue, in every dimension it has.

    Values that depend on the dimension are functions of it. Over a ``space``, the formula takes a configuration, and
    starts and minimisers are configurations. ``same_as`` names a landscape with the same function but
    another name or box. `get` returns such a landscape, and the catalogue does not list it.
    """

    name: str
    formula: FormulaFunction
    bounds: ByDim
    x0: ByDim
    minimizers: ByDim
    fmin: ByDim
    tags: str
    source: str
    dim: int
    dims: range | tuple[int, ...]
    starts: dict[str, ArrayLike] = field(default_factory=dict)
    version: int = 1
    same_as: str = ""
    noise: Noise | None = None
    structure: Mapping[str, tuple[int, ...]] | None = None
    natural_structure: Mapping[str, tuple[int, ...]] | None = None
    gradient_formula: FormulaFunction | None = None
    residual_formula: FormulaFunction | None = None
    jacobian_formula: FormulaFunction | None = None
    constraint_formulas: list[tuple[FormulaFunction, float, float]] = field(default_factory=list)
    by_components: bool = False
    make_instance: Callable[[int, int], Landscape] | None = None
    space: Callable[[int], Space] | None = None
    fidelity: Fidelity | None = None
    minimizers_complete: bool = True

    @property
    def is_scalable(self) -> bool:
        """Whether the landscape has more than one dimension."""
        return len(self.dims) > 1

    @property
    def family(self) -> str:
        """The family, from the name of the formula's module."""
        return str(getattr(sys.modules[self.formula.__module__], "FAMILY", ""))

    def gradient(self, formula: Callable[..., Value]) -> Callable[..., Value]:
        """Add the formula of the gradient, which returns the components as a tuple or an array."""
        self.gradient_formula = self._of_point(formula)
        return formula

    def residuals(self, formula: Callable[..., Value]) -> Callable[..., Value]:
        """Add the formula of the residuals, a tuple or an array whose squares add up to the objective."""
        self.residual_formula = self._of_point(formula)
        return formula

    def jacobian(self, formula: Callable[..., Value]) -> Callable[..., Value]:
        """Add the formula of the residuals' derivatives, a tuple with one entry for each coordinate.

        Each entry has the shape of the residuals, or is a tuple of as many numbers. A missing gradient is derived from
        them.
        """
        assert self.residual_formula is not None
        self.jacobian_formula = self._of_point(formula)
        if self.gradient_formula is None:
            self.gradient_formula = gradient_of_squares(self.residual_formula, self.jacobian_formula)
        return formula

    def constraint(
        self, lower: float = 0.0, upper: float = math.inf
    ) -> Callable[[Callable[..., Value]], Callable[..., Value]]:
        """Add a constraint ``lower <= formula <= upper``."""

        def enter(formula: Callable[..., Value]) -> Callable[..., Value]:
            self.constraint_formulas.append((self._of_point(formula), lower, upper))
            return formula

        return enter

    def _of_point(self, formula: Callable[..., Value]) -> FormulaFunction:
        return _unpacked(formula, self.dim) if self.by_components else formula

    def landscape(self, dim: int | None = None, instance: int = 0) -> Landscape:
        """Return the landscape in a dimension (default: its usual one) and instance."""
        dim = self.checked_dim(dim)
        if self.make_instance is not None:
            return self.make_instance(dim, instance)
        landscape_id = self.id_of(dim)
        if self.space is not None:
            return self._searched(self.space(dim), dim).instance(instance)

        def formula_of(function: FormulaFunction | None) -> Formula | None:
            return Formula(function, dim, landscape_id) if function else None

        objective = Formula(self.formula, dim, landscape_id)
        residuals, jacobian = self.residual_formula, None
        if residuals and self.jacobian_formula:
            jacobian = formula_of(flat_columns(residuals, self.jacobian_formula))
        landscape = Landscape(
            self.same_as or self.name.partition(":")[0],
            objective,
            gradient=formula_of(self.gradient_formula),
            residuals=formula_of(residuals),
            jacobian=jacobian,
            constraints=[
                Constraint(Formula(formula, dim, landscape_id), lower, upper)
                for formula, lower, upper in self.constraint_formulas
            ],
            noise=self.noise,
            structure=self.structure,
            bounds=self.bounds(dim),
            **self._facts(dim),
        )
        if self.natural_structure is not None:
            set_attributes(landscape, natural_structure=Structure(self.natural_structure))
        return landscape.instance(instance)

    def _facts(self, dim: int) -> dict[str, Any]:
        """Return the arguments that a landscape has on a box and over a search space alike."""
        return {
            "x0": self.x0(dim),
            "minimizers": self.minimizers(dim),
            "fmin": self.fmin(dim),
            "starts": self.starts,
            "tags": parse_tags(self.tags) | ({"scalable"} if self.is_scalable else set()),
            "source": self.source,
            "family": self.family,
            "version": self.version,
            "summary": " ".join((self.formula.__doc__ or "").split()),
            "id": self.id_of(dim),
            "validate": False,
        }

    def _searched(self, space: Space, dim: int) -> Landscape:
        landscape = Landscape(
            self.name,
            self.formula,  # type: ignore[arg-type]  # it takes a configuration
            space=space,
            fidelity=self.fidelity,
            minimizers_complete=self.minimizers_complete,
            **self._facts(dim),
        )
        if landscape.n_minimizers > 1:
            set_attributes(landscape, tags=landscape.tags | {"many-minimizers"})
        return landscape

    def checked_dim(self, dim: int | None) -> int:
        """Return the dimension, or the usual one for None; raise ValueError if it is not available."""
        dim = self.dim if dim is None else dim
        if dim not in self.dims:
            raise ValueError(f"{self.name} has no dimension {dim!r}; {self._dims_text()}")
        return dim

    def id_of(self, dim: int, instance: int = 0) -> str:
        """Write the id: the name and any non-default dimension, variant and instance."""
        name, _, variant = self.name.partition(":")
        parts = [f"{name}[{dim}]" if self.is_scalable else name, variant, str(instance or "")]
        return ":".join(part for part in parts if part)

    def _dims_text(self) -> str:
        if not self.is_scalable:
            return f"its dimension is {self.dim}"
        if not isinstance(self.dims, range):
            return f"its dimensions are {', '.join(map(str, self.dims))}"
        step = f" in steps of {self.dims.step}" if self.dims.step > 1 else ""
        return f"dimensions go from {self.dims[0]} to {self.dims[-1]}{step}"


def _unpacked(formula: Callable[..., Value], dim: int) -> FormulaFunction:
    @functools.wraps(formula)
    def of_point(point: Value, xp: Any) -> Value:
        return formula(*[point[k] for k in range(dim)], xp)

    return of_point


def line(
    *,
    bounds: tuple[float, float],
    x0: float,
    minimizers: list[float],
    fmin: float,
    tags: str,
    source: str,
) -> Callable[[Callable[..., Value]], Definition]:
    """Add a one-dimensional landscape to the catalogue, given ``formula(x, xp)`` of one coordinate."""

    def define(formula: Callable[..., Value]) -> Definition:
        return enter(
            Definition(
                name=formula.__name__,
                formula=_unpacked(formula, 1),
                bounds=lambda dim: [bounds],
                x0=lambda dim: [x0],
                minimizers=lambda dim: MinimizerList([[value] for value in minimizers]),
                fmin=lambda dim: fmin,
                tags=tags,
                source=source,
                dim=1,
                dims=range(1, 2),
                by_components=True,
            )
        )

    return define


def planar(
    *,
    bounds: ArrayLike,
    x0: ArrayLike,
    minimizers: ArrayLike | Minimizers,
    fmin: float,
    tags: str,
    source: str,
    starts: Mapping[str, ArrayLike] | None = None,
    noise: Noise | None = None,
    version: int = 1,
    same_as: str = "",
) -> Callable[[Callable[..., Value]], Definition]:
    """Add a two-dimensional landscape to the catalogue, given ``formula(x, y, xp)``."""

    def define(formula: Callable[..., Value]) -> Definition:
        return enter(
            Definition(
                name=formula.__name__,
                formula=_unpacked(formula, 2),
                bounds=lambda dim: bounds,
                x0=lambda dim: x0,
                minimizers=lambda dim: minimizers if isinstance(minimizers, Minimizers) else MinimizerList(minimizers),
                fmin=lambda dim: fmin,
                tags=tags,
                source=source,
                dim=2,
                dims=range(2, 3),
                starts=dict(starts or {}),
                version=version,
                same_as=same_as,
                noise=noise,
                by_components=True,
            )
        )

    return define


def scalable(
    *,
    bounds: ByDim | tuple[float, float],
    x0: ByDim | float,
    minimizers: Callable[[int], Minimizers],
    fmin: ByDim | float,
    tags: str,
    source: str,
    dim: int = 2,
    dims: range = range(2, LARGEST_DIM + 1),
    starts: Mapping[str, ArrayLike] | None = None,
    noise: Noise | None = None,
) -> Callable[[Callable[..., Value]], Definition]:
    """Add a landscape of several dimensions, or of a fixed one, to the catalogue, given ``formula(x, xp)``.

    A number or pair gives every coordinate the same value.
    """

    def define(formula: Callable[..., Value]) -> Definition:
        return enter(
            Definition(
                name=formula.__name__,
                formula=formula,
                bounds=bounds if callable(bounds) else lambda dim: [bounds] * dim,
                x0=x0 if callable(x0) else lambda dim: [x0] * dim,
                minimizers=minimizers,
                fmin=fmin if callable(fmin) else lambda dim: fmin,
                tags=tags,
                source=source,
                dim=dim,
                dims=dims,
                starts=dict(starts or {}),
                noise=noise,
            )
        )

    return define


def least_squares(
    *,
    bounds: ByDim | ArrayLike,
    x0: ByDim | ArrayLike,
    minimizers: Callable[[int], Minimizers] | ArrayLike | Minimizers,
    fmin: ByDim | float,
    tags: str,
    source: str,
    dim: int,
    dims: range | None = None,
    starts: Mapping[str, ArrayLike] | None = None,
    version: int = 1,
) -> Callable[[Callable[..., Value]], Definition]:
    """Add a sum of squares to the catalogue, given ``residuals(x, xp)``.

    The residuals are a tuple or an array. The objective is the sum of their squares, without a factor of ½. The
    definition's decorator ``jacobian`` adds their derivatives, from which the gradient follows.
    """

    def define(residuals: Callable[..., Value]) -> Definition:
        return enter(
            Definition(
                name=residuals.__name__,
                formula=sum_of_squares(residuals),
                bounds=bounds if callable(bounds) else lambda dim: bounds,
                x0=x0 if callable(x0) else lambda dim: x0,
                minimizers=_by_dim(minimizers),
                fmin=fmin if callable(fmin) else lambda dim: fmin,
                tags=f"least-squares {tags}",
                source=source,
                dim=dim,
                dims=dims or range(dim, dim + 1),
                starts=dict(starts or {}),
                version=version,
                residual_formula=residuals,
            )
        )

    return define


def searched(
    *,
    space: Space | Callable[[int], Space],
    x0: Any,
    minimizers: Any,
    fmin: ByDim | float,
    tags: str,
    source: str,
    dim: int | None = None,
    dims: range | tuple[int, ...] | None = None,
    complete: bool = True,
    version: int = 1,
    fidelity: Fidelity | None = None,
) -> Callable[[Callable[..., float]], Definition]:
    """Add a landscape over a search space to the catalogue, given ``formula(configuration)``.

    The landscape gets the tags of its space, and ``many-minimizers`` if it has several. It has neither shifted nor
    rotated instances.

    Parameters
    ----------
    space : Space or callable
        The search space, or a function from a dimension to it.
    x0 : mapping or callable
        The start, a configuration.
    minimizers : list of mapping or callable
        The configurations at which the landscape is lowest.
    fmin : float or callable
    tags, source : str
    dim : int, optional
        The usual dimension (default: that of the space).
    dims : range or tuple of int, optional
        All dimensions (default: the usual one).
    complete : bool, default True
        Whether all minimisers are listed.
    version : int, default 1
    fidelity : Fidelity, optional
        An argument of the formula besides the configuration.
    """

    def define(formula: Callable[..., float]) -> Definition:
        usual = space.dim if isinstance(space, Space) else dim
        if usual is None:
            raise TypeError(f"{formula.__name__}: a space that depends on the dimension needs dim")
        return enter(
            Definition(
                name=formula.__name__,
                formula=formula,
                bounds=lambda dim: [(0.0, 1.0)] * dim,
                x0=x0 if callable(x0) else lambda dim: x0,
                minimizers=minimizers if callable(minimizers) else lambda dim: minimizers,
                fmin=fmin if callable(fmin) else lambda dim: fmin,
                tags=tags,
                source=source,
                dim=usual,
                dims=dims or range(usual, usual + 1),
                version=version,
                space=(lambda dim: space) if isinstance(space, Space) else space,
                minimizers_complete=complete,
                fidelity=fidelity,
            )
        )

    return define


def _by_dim(minimizers: Callable[[int], Minimizers] | ArrayLike | Minimizers) -> Callable[[int], Minimizers]:
    if callable(minimizers):
        return minimizers
    listed = minimizers if isinstance(minimizers, Minimizers) else MinimizerList(minimizers)
    return lambda dim: listed


def enter(definition: Definition) -> Definition:
    """Add a definition to the catalogue.

    Raises
    ------
    ValueError
        If its name is taken.
    """
    if definition.name in DEFINITIONS:
        raise ValueError(f"a landscape named {definition.name!r} is already in the catalogue")
    DEFINITIONS[definition.name] = definition
    return definition
