"""Structures of points: the named tensors that make up a point, such as a layer's matrix and vector.

A landscape is a function of one vector. Its structure splits that vector into named tensors, for optimizers that treat
tensors separately. The vector holds the parts in order, each flattened in C order.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pytest_optlandscape.landscapes.frozen import set_attributes

if TYPE_CHECKING:
    from pytest_optlandscape.landscapes.landscape import Landscape

__all__ = ["SUFFIX", "Structure", "structured"]

SUFFIX = "structured"
"""Start of the last part of a structured landscape's id."""

_part_form = re.compile(r"(?P<name>[^=,]+)=(?P<shape>scalar|\d+(x\d+)*)")


class Structure(Mapping[str, tuple[int, ...]]):
    """The shapes of a point's parts, by name, in order.

    Parameters
    ----------
    parts : mapping of str to int or tuple of int
        The shape of each part; a whole number n stands for (n,).

    Attributes
    ----------
    dim : int
        Total number of elements.
    is_plain : bool
        Whether the only part is ``"x"`` of shape (dim,), the vector itself.

    Raises
    ------
    ValueError
        If there is no part, a name is not an identifier, or a shape is not made of whole numbers from 1.

    Examples
    --------
    >>> structure = Structure({"kernel": (2, 2), "bias": 2})
    >>> parts = structure.split([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    >>> parts["kernel"].tolist(), parts["bias"].tolist()
    ([[1.0, 2.0], [3.0, 4.0]], [5.0, 6.0])
    >>> structure.join(parts).tolist()
    [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    """

    def __init__(self, parts: Mapping[str, Any]) -> None:
        self._shapes = {_checked_name(name): _checked_shape(name, shape) for name, shape in dict(parts).items()}
        if not self._shapes:
            raise ValueError("a structure needs at least one part, such as kernel=(2, 3)")
        ends = np.cumsum([math.prod(shape) for shape in self._shapes.values()]).tolist()
        self.dim: int = ends[-1]
        self.slices = dict(zip(self._shapes, map(slice, [0, *ends[:-1]], ends), strict=True))
        self.is_plain = self._shapes == {"x": (self.dim,)}

    @classmethod
    def plain(cls, dim: int) -> Structure:
        """Return the structure of one vector ``"x"``."""
        return cls({"x": (dim,)})

    @classmethod
    def parse(cls, text: str) -> Structure:
        """Parse the text that ``str`` writes, such as ``"kernel=2x2,bias=2"``.

        Raises
        ------
        ValueError
            If the text has another form.
        """
        parts: dict[str, tuple[int, ...]] = {}
        for part in text.split(","):
            form = _part_form.fullmatch(part.strip())
            if form is None or form["name"] in parts:
                raise ValueError(f"a structure must be written as 'kernel=2x3,bias=3', each name once; got {text!r}")
            shape = form["shape"]
            parts[form["name"]] = () if shape == "scalar" else tuple(map(int, shape.split("x")))
        return cls(parts)

    def split(self, x: ArrayLike) -> dict[str, NDArray[np.float64]]:
        """Split a point (dim,) into its parts; if it is an array, they are views of it."""
        point = np.asarray(x, dtype=np.float64)
        if point.shape != (self.dim,):
            raise ValueError(f"a point of the structure {self} must have shape ({self.dim},), got {point.shape}")
        return {name: point[part].reshape(self._shapes[name]) for name, part in self.slices.items()}

    def join(self, parts: Mapping[str, ArrayLike]) -> NDArray[np.float64]:
        """Join parts into a point (dim,).

        Raises
        ------
        ValueError
            If a part is missing, unknown or of another shape.
        """
        self.check({name: np.shape(part) for name, part in parts.items()})
        return np.concatenate([np.asarray(parts[name], dtype=np.float64).ravel() for name in self._shapes])

    def check(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        """Raise ValueError unless names and shapes are those of the structure."""
        given = {name: tuple(shape) for name, shape in shapes.items()}
        if given != self._shapes:
            raise ValueError(f"the point must have the parts {self._shapes}, got {given}")

    def check_dim(self, dim: int, name: str) -> None:
        """Raise ValueError with the landscape's name unless the parts hold ``dim`` numbers in total."""
        if self.dim != dim:
            raise ValueError(f"{name}: the structure {self} holds {self.dim} numbers, not {dim}")

    def __getitem__(self, name: str) -> tuple[int, ...]:
        return self._shapes[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._shapes)

    def __len__(self) -> int:
        return len(self._shapes)

    def __hash__(self) -> int:
        return hash(str(self))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Structure) and list(self.items()) == list(other.items())

    def __str__(self) -> str:
        return ",".join(f"{name}={'x'.join(map(str, shape)) or 'scalar'}" for name, shape in self._shapes.items())

    def __repr__(self) -> str:
        return f"Structure({self._shapes})"


def _checked_name(name: Any) -> str:
    if not (isinstance(name, str) and name.isidentifier()):
        raise ValueError(f"a part's name must be an identifier, such as 'kernel'; got {name!r}")
    return name


def _checked_shape(name: str, shape: Any) -> tuple[int, ...]:
    try:
        sizes = tuple(map(operator.index, shape if isinstance(shape, tuple | list) else (shape,)))
    except TypeError:
        sizes = (0,)
    if any(size < 1 for size in sizes):
        raise ValueError(f"the shape of {name} must be a whole number from 1 or a tuple of these, got {shape!r}")
    return sizes


def structured(landscape: Landscape, parts: Mapping[str, Any] | None = None) -> Landscape:
    """Return a landscape with a structure; see `Landscape.structured`."""
    natural = landscape.natural_structure
    structure = Structure(parts) if parts else natural
    if structure is None:
        raise ValueError(f"{landscape.id} has no structure of its own; name its parts, such as kernel=(2, 3), bias=3")
    if structure.dim != landscape.dim:
        raise ValueError(f"the parts {structure} hold {structure.dim} numbers; {landscape.id} has {landscape.dim}")
    whole = landscape.unstructured or landscape
    if structure == whole.structure:
        return whole
    if structure == landscape.structure:
        return landscape
    label = SUFFIX if structure == natural else f"{SUFFIX}({structure})"
    made = whole.renamed(f"{whole.id}:{label}", made_by=(structured, (whole, dict(structure))))
    if whole.written != f"landscapes.get({whole.id!r})":  # else `get` rebuilds it from its id
        arguments = "" if structure == natural else ", ".join(f"{name}={shape}" for name, shape in structure.items())
        set_attributes(made, written=f"{whole!r}.structured({arguments})")
    tags = whole.tags - {"structured"} if structure.is_plain else whole.tags | {"structured"}
    set_attributes(made, structure=structure, unstructured=whole, tags=tags)
    return made
