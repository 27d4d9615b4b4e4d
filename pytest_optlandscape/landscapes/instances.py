"""Instances: a landscape shifted, stretched, with its axes exchanged, or turned; everything known is carried along.

An instance is f(u(x)) with an affine u. Its gradient is the transposed linear part of u times that of f; its Hessian,
residuals and constraints follow from the formula as they do for any landscape.
"""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pytest_optlandscape.landscapes.constraints import Constraint
from pytest_optlandscape.landscapes.formula import Formula, PlainFunction
from pytest_optlandscape.landscapes.landscape import Landscape
from pytest_optlandscape.landscapes.minimizers import Minimizers, MovedMinimizers
from pytest_optlandscape.landscapes.namespaces import Value, numpy_namespace

__all__ = ["instance", "permute", "rotate", "scale", "shift"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Map(abc.ABC):
    """The affine u of an instance, as formulas."""

    suffix: str

    @abc.abstractmethod
    def to_original(self, x: Value, xp: Any) -> Value:
        """Map x, components first, to the point of the original."""

    @abc.abstractmethod
    def gradient_back(self, g: Value, xp: Any) -> Value:
        """Multiply a gradient of the original by the transposed linear part."""

    @abc.abstractmethod
    def from_original(self, points: FloatArray) -> FloatArray:
        """Map a point (dim,) or points (n, dim) of the original here."""

    @abc.abstractmethod
    def box(self, landscape: Landscape) -> FloatArray:
        """Give the bounds of the instance."""

    @abc.abstractmethod
    def minimizers(self, landscape: Landscape) -> Minimizers:
        """Give the minimisers of the instance."""

    def apply(self, landscape: Landscape) -> Landscape:
        """Make the instance of a landscape."""
        name = landscape.id + self.suffix
        dim = landscape.dim
        bounds = self.box(landscape)

        def of(function: Any) -> Any:
            return None if function is None else self._composed(function, dim, name)

        def start(point: FloatArray) -> FloatArray:
            clipped: FloatArray = np.clip(self.from_original(point), bounds[:, 0], bounds[:, 1])
            return clipped

        return Landscape(
            landscape.name,
            of(landscape.objective),
            gradient=self._gradient(landscape, name),
            residuals=of(landscape.residual_function),
            constraints=[Constraint(of(c.function), c.lower, c.upper) for c in landscape.own_constraints],
            noise=landscape.noise,
            bounds=bounds,
            x0=start(landscape.x0),
            starts={key: start(point) for key, point in landscape.starts.items()},
            minimizers=self.minimizers(landscape),
            fmin=landscape.fmin,
            tags=landscape.tags - self.lost_tags(landscape),
            source=landscape.source,
            family=landscape.family,
            version=landscape.version,
            summary=landscape.summary,
            id=name,
            made_by=(_apply, (self, landscape)),
        )

    def lost_tags(self, landscape: Landscape) -> frozenset[str]:
        """Tags that need not hold any more."""
        return frozenset()

    def _composed(self, function: Any, dim: int, name: str) -> Any:
        if isinstance(function, Formula):
            inner = function.function
            return Formula(lambda x, xp: inner(self.to_original(x, xp), xp), dim, name, function.unrolled)
        return PlainFunction(lambda x: function(self.to_original(x, numpy_namespace())), dim, name)

    def _gradient(self, landscape: Landscape, name: str) -> Any:
        function = landscape.gradient_function
        if isinstance(function, Formula):
            inner = function.function

            def formula(x: Value, xp: Any) -> Value:
                gradient = inner(self.to_original(x, xp), xp)
                return self.gradient_back(xp.stack(gradient) if isinstance(gradient, tuple) else gradient, xp)

            return Formula(formula, landscape.dim, name, function.unrolled)
        if function is None:
            return None
        plain, xp = function, numpy_namespace()
        return PlainFunction(
            lambda x: self.gradient_back(np.asarray(plain(self.to_original(x, xp))), xp), landscape.dim, name
        )


def _apply(moved: _Map, landscape: Landscape) -> Landscape:
    return moved.apply(landscape)


@dataclass(frozen=True, eq=False)
class _Shift(_Map):
    offset: FloatArray

    def to_original(self, x: Value, xp: Any) -> Value:
        return x - xp.constant(self.offset, x)

    def gradient_back(self, g: Value, xp: Any) -> Value:
        return g

    def from_original(self, points: FloatArray) -> FloatArray:
        return points + self.offset

    def box(self, landscape: Landscape) -> FloatArray:
        return landscape.bounds + self.offset[:, np.newaxis]

    def minimizers(self, landscape: Landscape) -> Minimizers:
        return landscape.all_minimizers.stretched(np.ones(landscape.dim), self.offset)


@dataclass(frozen=True, eq=False)
class _Scale(_Map):
    factors: FloatArray

    def to_original(self, x: Value, xp: Any) -> Value:
        return x * xp.constant(self.factors, x)

    def gradient_back(self, g: Value, xp: Any) -> Value:
        return g * xp.constant(self.factors, g)

    def from_original(self, points: FloatArray) -> FloatArray:
        scaled: FloatArray = points / self.factors
        return scaled

    def box(self, landscape: Landscape) -> FloatArray:
        return landscape.bounds / self.factors[:, np.newaxis]

    def minimizers(self, landscape: Landscape) -> Minimizers:
        return landscape.all_minimizers.stretched(1.0 / self.factors, np.zeros(landscape.dim))


@dataclass(frozen=True, eq=False)
class _Permute(_Map):
    order: tuple[int, ...]  # coordinate k of the instance is coordinate order[k] of the original

    @property
    def _back(self) -> list[int]:
        return [self.order.index(k) for k in range(len(self.order))]

    def to_original(self, x: Value, xp: Any) -> Value:
        return xp.stack([x[k] for k in self._back])

    def gradient_back(self, g: Value, xp: Any) -> Value:
        return xp.stack([g[k] for k in self.order])

    def from_original(self, points: FloatArray) -> FloatArray:
        return points[..., list(self.order)]

    def box(self, landscape: Landscape) -> FloatArray:
        return landscape.bounds[list(self.order)]

    def minimizers(self, landscape: Landscape) -> Minimizers:
        return landscape.all_minimizers.permuted(self.order)


@dataclass(frozen=True, eq=False)
class _Rotate(_Map):
    matrix: FloatArray  # u(x) = centre + matrix · (x − centre)
    centre: FloatArray

    def to_original(self, x: Value, xp: Any) -> Value:
        centre = xp.constant(self.centre, x)
        return xp.dot(self.matrix, x - centre) + centre

    def gradient_back(self, g: Value, xp: Any) -> Value:
        return xp.dot(self.matrix.T, g)

    def from_original(self, points: FloatArray) -> FloatArray:
        turned: FloatArray = (points - self.centre) @ self.matrix + self.centre
        return turned

    def box(self, landscape: Landscape) -> FloatArray:
        if _is_lowest_everywhere(landscape):
            return landscape.bounds
        room = np.abs(landscape.bounds - self.centre[:, np.newaxis]).min(axis=1)
        half_width = float(np.min(room / np.abs(self.matrix).sum(axis=1)))
        return np.stack([self.centre - half_width, self.centre + half_width], axis=1)

    def minimizers(self, landscape: Landscape) -> Minimizers:
        lower, upper = self.box(landscape).T
        points = self.from_original(landscape.minimizers)
        points[0] = self.centre  # not a rounding away from it
        inside = np.all((points >= lower) & (points <= upper), axis=1)
        before = landscape.all_minimizers
        return MovedMinimizers(
            before,
            points[inside],
            lambda x: (x - self.centre) @ self.matrix.T + self.centre,
            landscape.minimizers_complete,
        )

    def lost_tags(self, landscape: Landscape) -> frozenset[str]:
        lost = {"separable"}
        if len(self.minimizers(landscape).points) == 1:
            lost.add("many-minimizers")
        if not _is_lowest_everywhere(landscape):
            lost |= {"unimodal", "multimodal"} & landscape.tags
        return frozenset(lost)


def _is_lowest_everywhere(landscape: Landscape) -> bool:
    """Whether nothing outside the bounds is as low as the one minimiser."""
    return landscape.n_minimizers == 1 and not landscape.tags & {
        "unbounded-below",
        "undefined-outside",
        "active-bounds",
        "constrained",
    }


def shift(landscape: Landscape, offset: ArrayLike | float | None = None, *, seed: int | None = None) -> Landscape:
    """Move a landscape; see `Landscape.shift`."""
    if (offset is None) == (seed is None):
        raise TypeError("shift takes either an offset or a seed")
    if offset is None:
        widths = np.ptp(landscape.bounds, axis=1)
        rng = np.random.default_rng([_checked_seed(seed), 1])
        vector = rng.integers(-256, 257, landscape.dim) / 1024.0 * widths
        return _Shift(f":shift-{seed}", vector).apply(landscape)
    try:
        vector = np.broadcast_to(np.asarray(offset, dtype=np.float64), (landscape.dim,)).copy()
    except ValueError:
        raise ValueError(f"an offset for {landscape.id} has shape ({landscape.dim},), got {offset!r:.80}") from None
    if not np.all(np.isfinite(vector)):
        raise ValueError(f"an offset must be finite, got {vector.tolist()}")
    return _Shift(f":shift({','.join(f'{v:g}' for v in vector)})", vector).apply(landscape)


def scale(landscape: Landscape, condition: float) -> Landscape:
    """Stretch a landscape's axes; see `Landscape.scale`."""
    if not (np.isfinite(condition) and condition >= 1.0):
        raise ValueError(f"a condition number is at least 1 and finite, got {condition!r}")
    if landscape.dim < 2:
        raise ValueError(f"{landscape.id} has one coordinate: there is nothing to stretch it against")
    shares = np.arange(landscape.dim) / (landscape.dim - 1)
    return _Scale(f":scale-{condition:g}", float(condition) ** (shares / 2.0)).apply(landscape)


def permute(landscape: Landscape, order: ArrayLike | None = None, *, seed: int | None = None) -> Landscape:
    """Exchange a landscape's axes; see `Landscape.permute`."""
    if (order is None) == (seed is None):
        raise TypeError("permute takes either an order or a seed")
    if order is None:
        rng = np.random.default_rng([_checked_seed(seed), 2])
        order = rng.permutation(landscape.dim)
    indices = tuple(int(k) for k in np.asarray(order).tolist())
    if sorted(indices) != list(range(landscape.dim)):
        raise ValueError(f"an order for {landscape.id} holds 0 to {landscape.dim - 1} once each, got {list(indices)}")
    suffix = f":permute-{seed}" if seed is not None else f":permute({','.join(map(str, indices))})"
    return _Permute(suffix, indices).apply(landscape)


def rotate(landscape: Landscape, seed: int) -> Landscape:
    """Turn a landscape around a global minimiser; see `Landscape.rotate`."""
    if landscape.dim < 2:
        raise ValueError(f"{landscape.id} has one coordinate: there is nothing to turn")
    lower, upper = landscape.bounds.T
    centre = landscape.minimizers[0]
    if not _is_lowest_everywhere(landscape):
        inside = np.all((landscape.minimizers > lower) & (landscape.minimizers < upper), axis=1)
        if not inside.any():
            raise ValueError(
                f"{landscape.id} cannot be turned: its minimisers lie on the bounds, and what lies beyond them is "
                "lower or unknown"
            )
        centre = landscape.minimizers[int(np.argmax(inside))]
    rng = np.random.default_rng([_checked_seed(seed), 3])
    q, r = np.linalg.qr(rng.standard_normal((landscape.dim, landscape.dim)))
    matrix = q * np.sign(np.diag(r))  # uniform over the orthogonal group (Mezzadri 2007)
    return _Rotate(f":rotate-{seed}", matrix, centre).apply(landscape)


def instance(landscape: Landscape, number: int) -> Landscape:
    """Shift and, where possible, turn; see `Landscape.instance`."""
    from pytest_optlandscape.landscapes.definition import DEFINITIONS

    number = _checked_seed(number)
    own = DEFINITIONS.get(landscape.name)
    if own is not None and own.make_instance is not None and landscape.id == own.id_of(landscape.dim):
        return own.make_instance(landscape.dim, number)
    if number == 0:
        return landscape
    moved = landscape
    if landscape.dim > 1:
        try:
            moved = rotate(landscape, number)
        except ValueError:
            moved = permute(landscape, seed=number)
    return shift(moved, seed=number).renamed(f"{landscape.id}:{number}", made_by=(instance, (landscape, number)))


def _checked_seed(seed: Any) -> int:
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise ValueError(f"a seed or the number of an instance is a whole number, at least 0; got {seed!r}")
    return int(seed)
