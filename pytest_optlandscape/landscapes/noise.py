"""Models of noise on the values and gradients that an optimizer sees; they can be repeated.

A noisy landscape itself returns exact values and gradients. A `Problem` disturbs those that the optimizer sees. The
disturbance of evaluation k depends only on the seed of the noise, the seed of the problem, and k.
"""

from __future__ import annotations

import abc
import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.landscapes.formula.namespaces import Value
from pytest_optlandscape.texts.spelling import unknown_name

if TYPE_CHECKING:
    from pytest_optlandscape.landscapes.landscape import Landscape

__all__ = ["Additive", "Cauchy", "Minibatch", "Move", "Multiplicative", "Noise", "Observer", "noise_of"]

FloatArray = NDArray[np.float64]
_BLOCK = 256  # evaluations whose numbers are drawn together: making a generator takes as long as 256 draws, 10 µs
_MOST_NUMBERS = 2**16  # numbers in one block, for landscapes of many dimensions: half a megabyte


@dataclass(frozen=True)
class Observer:
    """The values and gradients of a noisy landscape that one run sees.

    Attributes
    ----------
    value : callable
        ``value(x, exact, index)``: the value that evaluation ``index`` sees at ``x``, given the exact value.
    gradient : callable
        ``gradient(x, exact, index)``: the same for the gradient, a list of ``dim`` floats.
    """

    value: Callable[[list[float], float, int], float]
    gradient: Callable[[list[float], list[float], int], list[float]]


class Move(Protocol):
    """The affine map of an instance to its original; see `instances`."""

    def to_original(self, x: Value, xp: Any) -> Value:
        """Map a point of the instance to the original."""

    def gradient_back(self, g: Value, xp: Any) -> Value:
        """Multiply a gradient of the original by the transposed linear part."""

    def apply(self, landscape: Landscape) -> Landscape:
        """Make the instance of a landscape."""


@dataclass(frozen=True)
class Noise(abc.ABC):
    """A model of noise.

    Parameters
    ----------
    level : float
        Size of the noise; each model says in which unit.
    seed : int, default 0
        Of the random numbers.

    Raises
    ------
    ValueError
        If the level is not positive and finite, or the seed is no whole number of at least 0.
    """

    level: float
    seed: int = 0

    def __post_init__(self) -> None:
        if isinstance(self.level, bool) or not 0.0 < self.level < math.inf:
            raise ValueError(f"the level of noise is positive and finite, got {self.level!r}")
        if isinstance(self.seed, bool) or not isinstance(self.seed, int | np.integer) or self.seed < 0:
            raise ValueError(f"the seed of noise is a whole number, at least 0; got {self.seed!r}")

    @property
    def name(self) -> str:
        """The model's name, as `Landscape.noisy` takes it."""
        return type(self).__name__.lower()

    @property
    def label(self) -> str:
        """The noise in the id of a landscape: model, level, seed, and parameters that differ from their defaults."""
        level = repr(float(self.level)).removesuffix(".0")
        unusual = [
            f"{field.name}={getattr(self, field.name)}"
            for field in fields(self)
            if field.name not in ("level", "seed") and field.repr and getattr(self, field.name) != field.default
        ]
        return f"{self.name}({','.join([level, str(self.seed), *unusual])})"

    @abc.abstractmethod
    def observer(self, landscape: Landscape, seed: int = 0) -> Observer:
        """Return the values and gradients that a run with this seed sees of a landscape."""

    def check(self, landscape: Landscape) -> None:
        """Raise ValueError if the landscape cannot have this noise."""
        del landscape  # most models fit all landscapes

    def moved(self, move: Move) -> Noise:
        """Return the noise of an instance; most models do not depend on where the landscape lies."""
        del move
        return self

    def _stream(
        self, seed: int, kind: int, draw: Callable[[np.random.Generator, int], NDArray[Any]], width: int = 1
    ) -> Any:
        """Return a function from an index to ``width`` random numbers; they are drawn block by block."""
        own_seed = self.seed
        length = max(min(_BLOCK, _MOST_NUMBERS // width), 1)

        @functools.lru_cache(maxsize=4)
        def block(number: int) -> NDArray[Any]:
            return draw(np.random.default_rng([own_seed, seed, kind, number]), length)

        return lambda index: block(index // length)[index % length]


@dataclass(frozen=True)
class Additive(Noise):
    """Normal noise on the value and on each slope; the expectations are exact.

    Parameters
    ----------
    level : float, default 0.01
        Standard deviation of the value, as a share of f(x0) − fmin. The standard deviation of a slope is that of the
        value, divided by the width of the box along its axis.
    seed : int, default 0
    absolute : bool, default False
        Whether the level is the standard deviation itself.
    """

    level: float = 0.01
    absolute: bool = False

    def check(self, landscape: Landscape) -> None:
        """Raise ValueError if the level is a share of a height that is not known, or not positive."""
        if not self.absolute:
            _height(landscape)

    def observer(self, landscape: Landscape, seed: int = 0) -> Observer:
        """Return the values and gradients that a run with this seed sees of a landscape."""
        deviation = self.level if self.absolute else self.level * _height(landscape)
        slopes = deviation / np.ptp(landscape.bounds, axis=1)
        dim = landscape.dim
        values = self._stream(seed, 0, lambda rng, n: rng.standard_normal(n))
        vectors = self._stream(seed, 1, lambda rng, n: rng.standard_normal((n, dim)), dim)
        return Observer(
            lambda x, exact, index: exact + deviation * float(values(index)),
            lambda x, exact, index: list((np.array(exact) + slopes * vectors(index)).tolist()),
        )


@dataclass(frozen=True)
class Multiplicative(Noise):
    """Log-normal factors on the height above fmin and on the gradient.

    Where fmin is not known, the height is measured from 0. The factors, one for the value and one for the gradient, are
    exp(level · N − level²/2) with normal numbers N. They are positive: no value falls below fmin, no slope changes its
    sign. Their expectation is 1; in BBOB's noisy suite, the model's origin [1]_, it is exp(level²/2).

    Parameters
    ----------
    level : float, default 0.01
        The standard deviation of the factors' logarithms.
    seed : int, default 0

    References
    ----------
    .. [1] Hansen, Finck, Ros & Auger (2009), Real-parameter black-box optimization benchmarking 2009: noisy functions
       definitions.
    """

    level: float = 0.01

    def observer(self, landscape: Landscape, seed: int = 0) -> Observer:
        """Return the values and gradients that a run with this seed sees of a landscape."""
        level, fmin = self.level, landscape.fmin if landscape.minimum_is_known else 0.0

        def draw(rng: np.random.Generator, n: int) -> FloatArray:
            return np.exp(level * rng.standard_normal(n) - 0.5 * level * level)

        values, slopes = self._stream(seed, 0, draw), self._stream(seed, 1, draw)

        def gradient(x: list[float], exact: list[float], index: int) -> list[float]:
            factor = float(slopes(index))
            return [slope * factor for slope in exact]

        return Observer(lambda x, exact, index: fmin + (exact - fmin) * float(values(index)), gradient)


@dataclass(frozen=True)
class Cauchy(Noise):
    """Outliers: Cauchy noise on a share of the values, after BBOB's noisy suite [1]_.

    A value has no expectation; its median is the exact value. Gradients are exact.

    Parameters
    ----------
    level : float, default 0.01
        The scale of the outliers, as a share of f(x0) − fmin; half of them are larger.
    seed : int, default 0
    rate : float, default 0.2
        The share of values that are outliers.

    References
    ----------
    .. [1] Hansen, Finck, Ros & Auger (2009), Real-parameter black-box optimization benchmarking 2009: noisy functions
       definitions.
    """

    level: float = 0.01
    rate: float = 0.2

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0.0 < self.rate <= 1.0:
            raise ValueError(f"the rate of outliers is above 0 and at most 1, got {self.rate!r}")

    def check(self, landscape: Landscape) -> None:
        """Raise ValueError if the level is a share of a height that is not known, or not positive."""
        _height(landscape)

    def observer(self, landscape: Landscape, seed: int = 0) -> Observer:
        """Return the values and gradients that a run with this seed sees of a landscape."""
        scale, rate = self.level * _height(landscape), self.rate

        def draw(rng: np.random.Generator, n: int) -> FloatArray:
            outliers: FloatArray = rng.standard_cauchy(n) * (rng.random(n) < rate)
            return outliers

        values = self._stream(seed, 0, draw)
        return Observer(
            lambda x, exact, index: exact + scale * float(values(index)),
            lambda x, exact, index: exact,
        )


@dataclass(frozen=True)
class Minibatch(Noise):
    """A random sample of the residuals of a sum of squares.

    The sum over the sample is divided by the sample's share of all residuals, so its expectation is the whole sum. The
    same holds for the gradient. Evaluation k of the value and evaluation k of the gradient see the same sample.

    Parameters
    ----------
    level : int, default 1
        Number of residuals in a sample; they are drawn without repetition.
    seed : int, default 0
    by_epoch : bool, default False
        Whether samples are batches as in training: each epoch has every residual once, in a new order. The last batch
        of an epoch may be smaller.
    """

    level: float = 1
    by_epoch: bool = False

    def check(self, landscape: Landscape) -> None:
        """Raise ValueError if the landscape is no sum of squares, or has fewer residuals than a sample."""
        if not landscape.has_residuals:
            raise ValueError(
                f"{landscape.id} is no sum of squares, so it has no minibatches; take another model of noise"
            )
        count = len(landscape.residuals(landscape.x0))
        if not (1 <= self.level <= count and self.level == int(self.level)):
            raise ValueError(f"a minibatch of {landscape.id} has 1 to {count} residuals, got level={self.level!r}")

    def observer(self, landscape: Landscape, seed: int = 0) -> Observer:
        """Return the values and gradients that a run with this seed sees of a landscape."""
        count = len(landscape.residuals(landscape.x0))
        size = int(self.level)
        order = self._stream(seed, 0, lambda rng, n: np.argsort(rng.random((n, count)), axis=1), count)

        batches = -(-count // size)

        def sample(index: int) -> Any:
            if not self.by_epoch:
                return order(index)[:size]
            epoch, batch = divmod(index, batches)
            return order(epoch)[batch * size : (batch + 1) * size]

        def value(x: list[float], exact: float, index: int) -> float:
            residuals = landscape.residuals(np.array(x))[sample(index)]
            return float(residuals @ residuals) * count / len(residuals)

        def gradient(x: list[float], exact: list[float], index: int) -> list[float]:
            rows = sample(index)
            point = np.array(x)
            slopes = 2.0 * landscape.jacobian(point)[rows].T @ landscape.residuals(point)[rows] * count / len(rows)
            return list(slopes.tolist())

        return Observer(value, gradient)


MODELS: dict[str, type[Noise]] = {
    "additive": Additive,
    "multiplicative": Multiplicative,
    "cauchy": Cauchy,
    "minibatch": Minibatch,
}
"""The models by name."""


def noise_of(model: str | Noise, level: float | None = None, seed: int | None = None) -> Noise:
    """Make a noise from the name of its model, or change the level or seed of a noise.

    Raises
    ------
    TypeError
        If the model is neither a name nor a `Noise`.
    ValueError
        If there is no such model, the level is not positive, or the seed is no whole number of at least 0.
    """
    changes: dict[str, Any] = {key: value for key, value in {"level": level, "seed": seed}.items() if value is not None}
    if isinstance(model, Noise):
        return replace(model, **changes)
    if not isinstance(model, str):
        raise TypeError(f"a model of noise is a name or a Noise, got {type(model).__name__}")
    if model not in MODELS:
        raise ValueError(unknown_name("model of noise", model, MODELS))
    return MODELS[model](**changes)


def call_of(noise: Noise) -> str:
    """Write the call of `Landscape.noisy` that makes the noise."""
    if noise == MODELS.get(noise.name, Additive)(level=noise.level, seed=noise.seed):
        return f"noisy({noise.name!r}, level={noise.level!r}, seed={noise.seed})"
    return f"noisy({noise!r})"


def _height(landscape: Landscape) -> float:
    if not landscape.minimum_is_known:
        raise ValueError(
            f"the level of this noise is a share of f(x0) − fmin, and the minimum of {landscape.id} is not known; "
            "take a noise of absolute level: Additive(level, absolute=True)"
        )
    height = float(landscape(landscape.x0)) - landscape.fmin
    if not 0.0 < height < math.inf:
        raise ValueError(
            f"the level of this noise is a share of f(x0) − fmin, which for {landscape.id} is {height!r}; give another "
            "x0, or a noise of absolute level: Additive(level, absolute=True)"
        )
    return height
