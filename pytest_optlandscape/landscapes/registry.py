"""The catalogue: landscapes by name, by id and by what they are like."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import ArrayLike

from pytest_optlandscape._names import unknown_name
from pytest_optlandscape.landscapes.formula import Formula, FormulaFunction
from pytest_optlandscape.landscapes.landscape import Landscape
from pytest_optlandscape.landscapes.minimizers import MinimizerGrid, MinimizerList
from pytest_optlandscape.landscapes.namespaces import Value
from pytest_optlandscape.landscapes.tags import TAGS, parse_tags

__all__ = ["Definition", "get", "names", "planar", "register", "scalable", "select"]

LARGEST_DIM = 10_000
FROM_ONE = range(1, LARGEST_DIM + 1)
ByDim = Callable[[int], Any]

_definitions: dict[str, Definition] = {}
_id_form = re.compile(r"(?P<name>[^\[\]]+)(\[(?P<dim>\d+)\])?")


@dataclass
class Definition:
    """How a landscape of the catalogue is made for each dimension it has.

    Everything that depends on the dimension is a function of it.
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
    dims: range
    starts: dict[str, ArrayLike] = field(default_factory=dict)
    version: int = 1
    gradient_formula: FormulaFunction | None = None
    by_components: bool = False
    make_instance: Callable[[int, int], Landscape] | None = None

    @property
    def is_scalable(self) -> bool:
        """Whether there is more than one dimension to choose from."""
        return len(self.dims) > 1

    def gradient(self, formula: Callable[..., Value]) -> Callable[..., Value]:
        """Decorate the formula of the gradient: it returns the components, as a tuple or an array."""
        self.gradient_formula = _unpacked(formula) if self.by_components else formula
        return formula

    def landscape(self, dim: int | None = None) -> Landscape:
        """Make the landscape for one dimension (default: the one it is usually used in)."""
        dim = self.dim if dim is None else dim
        if dim not in self.dims:
            raise ValueError(f"{self.name} has no dimension {dim!r}; {self._dims_text()}")
        if self.make_instance is not None:
            return self.make_instance(dim, 0)
        landscape_id = f"{self.name}[{dim}]" if self.is_scalable else self.name
        gradient = self.gradient_formula
        return Landscape(
            self.name,
            Formula(self.formula, dim, landscape_id),
            gradient=Formula(gradient, dim, landscape_id) if gradient else None,
            bounds=self.bounds(dim),
            x0=self.x0(dim),
            minimizers=self.minimizers(dim),
            fmin=self.fmin(dim),
            starts=self.starts,
            tags=parse_tags(self.tags) | ({"scalable"} if self.is_scalable else set()),
            source=self.source,
            version=self.version,
            summary=" ".join((self.formula.__doc__ or "").split()),
            id=landscape_id,
        )

    def _dims_text(self) -> str:
        if not self.is_scalable:
            return f"its dimension is {self.dim}"
        step = f" in steps of {self.dims.step}" if self.dims.step > 1 else ""
        return f"dimensions go from {self.dims[0]} to {self.dims[-1]}{step}"


def _unpacked(formula: Callable[..., Value]) -> FormulaFunction:
    @functools.wraps(formula)
    def of_point(point: Value, xp: Any) -> Value:
        return formula(point[0], point[1], xp)

    return of_point


def planar(
    *,
    bounds: ArrayLike,
    x0: ArrayLike,
    minimizers: ArrayLike,
    fmin: float,
    tags: str,
    source: str,
    starts: dict[str, ArrayLike] | None = None,
) -> Callable[[Callable[..., Value]], Definition]:
    """Decorate ``formula(x, y, xp)``: a two-dimensional landscape enters the catalogue under its name."""

    def enter(formula: Callable[..., Value]) -> Definition:
        return _enter(
            Definition(
                name=formula.__name__,
                formula=_unpacked(formula),
                bounds=lambda dim: bounds,
                x0=lambda dim: x0,
                minimizers=lambda dim: MinimizerList(minimizers),
                fmin=lambda dim: fmin,
                tags=tags,
                source=source,
                dim=2,
                dims=range(2, 3),
                starts=starts or {},
                by_components=True,
            )
        )

    return enter


def scalable(
    *,
    bounds: ByDim | tuple[float, float],
    x0: ByDim | float,
    minimizers: Callable[[int], MinimizerList | MinimizerGrid],
    fmin: ByDim | float,
    tags: str,
    source: str,
    dim: int = 2,
    dims: range = range(2, LARGEST_DIM + 1),
) -> Callable[[Callable[..., Value]], Definition]:
    """Decorate ``formula(x, xp)``: a landscape of many dimensions enters the catalogue.

    Numbers and pairs stand for the same value in every coordinate.
    """

    def enter(formula: Callable[..., Value]) -> Definition:
        return _enter(
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
            )
        )

    return enter


def _enter(definition: Definition) -> Definition:
    if definition.name in _definitions:
        raise ValueError(f"a landscape named {definition.name!r} is already in the catalogue")
    _definitions[definition.name] = definition
    return definition


def register(landscape: Landscape) -> Landscape:
    """Put a landscape of your own into the catalogue.

    From then on it is found by `get`, `names` and `select`, by the marker ``landscapes`` and by suites.

    Parameters
    ----------
    landscape : Landscape
        Of a name that is not taken.

    Returns
    -------
    Landscape
        The same one.

    Raises
    ------
    TypeError
        If it is no `Landscape`.
    ValueError
        If the name is taken by another landscape or is no plain name.

    Examples
    --------
    >>> from pytest_optlandscape import Landscape, landscapes
    >>> _ = landscapes.register(Landscape(
    ...     "ridge", lambda x: abs(x[0]) + 100 * abs(x[1]), bounds=[(-1, 1)] * 2, x0=[1, 1],
    ...     minimizers=[[0, 0]], fmin=0.0, tags="convex nonsmooth"))
    >>> landscapes.get("ridge").dim
    2
    """
    if not isinstance(landscape, Landscape):
        raise TypeError(f"register takes a Landscape, got {type(landscape).__name__}")
    if not re.fullmatch(r"\w[\w.-]*", landscape.name):
        raise ValueError(f"a landscape's name is made of letters, digits, '_', '-' and '.'; got {landscape.name!r}")
    _enter(
        Definition(
            name=landscape.name,
            formula=landscape._formula,  # type: ignore[arg-type]
            bounds=lambda dim: landscape.bounds,
            x0=lambda dim: landscape.x0,
            minimizers=lambda dim: landscape.minimizers,
            fmin=lambda dim: landscape.fmin,
            tags=" ".join(sorted(landscape.tags)),
            source=landscape.source,
            dim=landscape.dim,
            dims=range(landscape.dim, landscape.dim + 1),
        )
    )
    _made[landscape.name, landscape.dim] = landscape
    return landscape


_made: dict[tuple[str, int], Landscape] = {}


def is_registered(landscape: Landscape) -> bool:
    """Tell whether `get` gives this very landscape for its id."""
    return _made.get((landscape.name, landscape.dim)) is landscape


def names() -> list[str]:
    """List the names of the catalogue, in its order.

    Returns
    -------
    list of str

    Examples
    --------
    >>> names()[:3]
    ['beale', 'booth', 'himmelblau']
    """
    return list(_definitions)


def get(name: str, dim: int | None = None) -> Landscape:
    """Get a landscape by its name or id.

    Parameters
    ----------
    name : str
        A name such as ``"rosenbrock"``, or an id with its dimension, ``"rosenbrock[10]"``.
    dim : int, optional
        The dimension of a scalable landscape; by default the one in the id or, without it, the usual one.

    Returns
    -------
    Landscape
        The same object for the same name and dimension.

    Raises
    ------
    ValueError
        If there is no such landscape, or not in this dimension.

    Examples
    --------
    >>> get("rosenbrock", dim=10)
    landscapes.get('rosenbrock[10]')
    >>> get("beale").minimizers.tolist()
    [[3.0, 0.5]]
    """
    if not isinstance(name, str):
        raise TypeError(f"a landscape's name is a string, got {type(name).__name__}")
    form = _id_form.fullmatch(name)
    base = form["name"] if form else name
    if form is None or base not in _definitions:
        advice = "`landscapes.names()` lists all; an id with a dimension is written 'rosenbrock[10]'."
        raise ValueError(unknown_name("landscape", base, _definitions, advice))
    if form["dim"] is not None:
        if dim is not None and dim != int(form["dim"]):
            raise ValueError(f"{name!r} and dim={dim} contradict each other")
        dim = int(form["dim"])
    definition = _definitions[base]
    dim = definition.dim if dim is None else dim
    if (base, dim) not in _made:
        _made[base, dim] = definition.landscape(dim)
    return _made[base, dim]


def select(
    *ids: str,
    tags: str | Iterable[str] = (),
    dim: int | Iterable[int] | None = None,
    exclude: str | Iterable[str] = (),
) -> list[Landscape]:
    """Choose landscapes by id, tags and dimension.

    Parameters
    ----------
    *ids : str
        Names or ids to choose from; by default the whole catalogue.
    tags : str or iterable of str, optional
        Tags of `TAGS`; a landscape must have all of them.
    dim : int or iterable of int, optional
        Dimensions; scalable landscapes are given in each of them.
    exclude : str or iterable of str, optional
        Names, ids or tags that are left out.

    Returns
    -------
    list of Landscape
        In the order of the catalogue or of ``ids``; possibly empty.

    Raises
    ------
    ValueError
        If a name or tag is unknown.

    Examples
    --------
    >>> [landscape.id for landscape in select(tags="convex quadratic", dim=2)]
    ['booth', 'sphere[2]', 'sum_squares[2]', 'trid[2]']
    """
    wanted = parse_tags(tags)
    without_names, without_tags = _parse_exclude(exclude)
    dims = None if dim is None else [dim] if isinstance(dim, int) else list(dim)
    chosen = [
        landscape
        for base in ids or names()
        for landscape in _in_dims(base, dims)
        if wanted <= landscape.tags
        and not without_tags & landscape.tags
        and not without_names & {landscape.name, landscape.id}
    ]
    return list({landscape.id: landscape for landscape in chosen}.values())


def _in_dims(name: str, dims: list[int] | None) -> list[Landscape]:
    landscape = get(name)
    if dims is None:
        return [landscape]
    definition = _definitions[landscape.name]
    if "[" in name or not definition.is_scalable:
        return [landscape] if landscape.dim in dims else []
    return [get(name, dim) for dim in dims if dim in definition.dims]


def _parse_exclude(exclude: str | Iterable[str]) -> tuple[set[str], frozenset[str]]:
    words = exclude.split() if isinstance(exclude, str) else list(exclude)
    excluded_names = {word for word in words if word.partition("[")[0] in _definitions}
    for word in excluded_names:
        get(word)
    try:
        return excluded_names, parse_tags([word for word in words if word not in excluded_names])
    except ValueError:
        wrong = next(word for word in words if word not in excluded_names and word not in TAGS)
        raise ValueError(unknown_name("name or tag to exclude", wrong, [*TAGS, *_definitions])) from None
