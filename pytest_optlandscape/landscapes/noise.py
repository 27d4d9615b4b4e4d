"""What stands between an optimizer and the exact value: noise that is the same for the same evaluation.

A noisy landscape is called and differentiated as its exact expectation. A `Problem` disturbs what the optimizer sees;
the disturbance of evaluation k depends on nothing but the noise's seed, the problem's seed and k.
"""

from __future__ import annotations

import abc
import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape._names import unknown_name

if TYPE_CHECKING:
    from pytest_optlandscape.landscapes.landscape import Landscape

__all__ = ["Additive", "Cauchy", "Minibatch", "Multiplicative", "Noise", "Observer", "noise_of"]

FloatArray = NDArray[np.float64]
_BLOCK = 256  # numbers drawn at a time: a generator takes 10 µs to make, as long as 256 numbers take to draw


@dataclass(frozen=True)
class Observer:
    """What one run sees of a noisy landscape.

    Attributes
    ----------
    value : callable
        ``value(x, exact, index)``: the value that evaluation ``index`` sees at ``x`` where ``exact`` is the exact one.
    gradient : callable
        The same of the gradient, a list of ``dim`` floats.
    """

    value: Callable[[list[float], float, int], float]
    gradient: Callable[[list[float], list[float], int], list[float]]


@dataclass(frozen=True)
class Noise(abc.ABC):
    """A model of noise.

    Parameters
    ----------
    level : float
        How large; see each model.
    seed : int, default 0
    """

    level: float
    seed: int = 0

    @property
    def name(self) -> str:
        """The model's name, as `Landscape.noisy` takes it."""
        return type(self).__name__.lower()

    @abc.abstractmethod
    def observer(self, landscape: Landscape, seed: int = 0) -> Observer:
        """Make what a run with this seed sees of a landscape."""

    def check(self, landscape: Landscape) -> None:
        """Raise ValueError if the landscape cannot have this noise."""
        del landscape  # any can have most

    def _stream(self, seed: int, kind: int, draw: Callable[[np.random.Generator, int], NDArray[Any]]) -> Any:
        """Give a function from an index to its random numbers, drawn block by block."""
        own_seed = self.seed

        @functools.lru_cache(maxsize=4)
        def block(number: int) -> NDArray[Any]:
            return draw(np.random.default_rng([own_seed, seed, kind, number]), _BLOCK)

        return lambda index: block(index // _BLOCK)[index % _BLOCK]


@dataclass(frozen=True)
class Additive(Noise):
    """Normal noise of the standard deviation ``level`` · (f(x0) − fmin), on the value and on each slope.

    On a slope it is divided by the width of the box along that axis. The expectations are exact.
    """

    level: float = 0.01

    def observer(self, landscape: Landscape, seed: int = 0) -> Observer:
        """Make what a run with this seed sees of a landscape."""
        deviation = self.level * _height(landscape)
        slopes = deviation / np.ptp(landscape.bounds, axis=1)
        values = self._stream(seed, 0, lambda rng, n: rng.standard_normal(n))
        vectors = self._stream(seed, 1, lambda rng, n: rng.standard_normal((n, landscape.dim)))
        return Observer(
            lambda x, exact, index: exact + deviation * float(values(index)),
            lambda x, exact, index: list((np.array(exact) + slopes * vectors(index)).tolist()),
        )


@dataclass(frozen=True)
class Multiplicative(Noise):
    """The value's and the gradient's distance from their minimum times 1 + ``level`` · a normal number."""

    level: float = 0.01

    def observer(self, landscape: Landscape, seed: int = 0) -> Observer:
        """Make what a run with this seed sees of a landscape."""
        level, fmin = self.level, landscape.fmin
        values = self._stream(seed, 0, lambda rng, n: rng.standard_normal(n))
        slopes = self._stream(seed, 1, lambda rng, n: rng.standard_normal(n))
        return Observer(
            lambda x, exact, index: exact + (exact - fmin) * level * float(values(index)),
            lambda x, exact, index: [slope * (1.0 + level * float(slopes(index))) for slope in exact],
        )


@dataclass(frozen=True)
class Cauchy(Noise):
    """Rare outliers: one value in five has Cauchy noise of the scale ``level`` · (f(x0) − fmin) added.

    It has no expectation; its median is the exact value (after BBOB's noisy suite, Hansen et al. 2009). Gradients are
    exact.
    """

    level: float = 0.01

    def observer(self, landscape: Landscape, seed: int = 0) -> Observer:
        """Make what a run with this seed sees of a landscape."""
        scale = self.level * _height(landscape)

        def draw(rng: np.random.Generator, n: int) -> FloatArray:
            outliers: FloatArray = rng.standard_cauchy(n) * (rng.random(n) < 0.2)
            return outliers

        values = self._stream(seed, 0, draw)
        return Observer(
            lambda x, exact, index: exact + scale * float(values(index)),
            lambda x, exact, index: exact,
        )


@dataclass(frozen=True)
class Minibatch(Noise):
    """The mean of ``level`` residuals squared, drawn without repetition, times their number.

    For sums of squares. Value and gradient of one evaluation are those of a sample of the residuals; their
    expectations are the whole sum and its gradient. Evaluation k of the value and of the gradient see the same sample.
    """

    level: float = 1

    def check(self, landscape: Landscape) -> None:
        """Raise ValueError if the landscape is no sum of squares, or of fewer residuals."""
        if not landscape.has_residuals:
            raise ValueError(f"{landscape.id} is no sum of squares, so it has no minibatches")
        count = len(landscape.residuals(landscape.x0))
        if not (1 <= self.level <= count and self.level == int(self.level)):
            raise ValueError(f"a minibatch of {landscape.id} has 1 to {count} residuals, got level={self.level!r}")

    def observer(self, landscape: Landscape, seed: int = 0) -> Observer:
        """Make what a run with this seed sees of a landscape."""
        count = len(landscape.residuals(landscape.x0))
        size = int(self.level)
        order = self._stream(seed, 0, lambda rng, n: np.argsort(rng.random((n, count)), axis=1))

        def value(x: list[float], exact: float, index: int) -> float:
            residuals = landscape.residuals(np.array(x))[order(index)[:size]]
            return float(residuals @ residuals) * count / size

        def gradient(x: list[float], exact: list[float], index: int) -> list[float]:
            rows = order(index)[:size]
            point = np.array(x)
            slopes = 2.0 * landscape.jacobian(point)[rows].T @ landscape.residuals(point)[rows] * count / size
            return list(slopes.tolist())

        return Observer(value, gradient)


MODELS: dict[str, type[Noise]] = {
    "additive": Additive,
    "multiplicative": Multiplicative,
    "cauchy": Cauchy,
    "minibatch": Minibatch,
}
"""The models by name."""


def noise_of(model: str | Noise, level: float | None, seed: int) -> Noise:
    """Make a noise from its model's name, or give one back with another level and seed.

    Raises
    ------
    ValueError
        If there is no such model or the level is not positive.
    """
    if level is not None and not level > 0.0:
        raise ValueError(f"the level of noise is positive, got {level!r}")
    if isinstance(model, Noise):
        return model if level is None else replace(model, level=level, seed=seed)
    if model not in MODELS:
        raise ValueError(unknown_name("model of noise", model, MODELS))
    given = {} if level is None else {"level": level}
    return MODELS[model](seed=seed, **given)


def _height(landscape: Landscape) -> float:
    return float(landscape(landscape.x0)) - landscape.fmin
