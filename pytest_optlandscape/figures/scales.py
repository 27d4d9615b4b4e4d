"""Scales of axes: map values to places in a picture, with ticks at round numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pytest_optlandscape.figures.wording import power_of_ten

__all__ = ["Scale", "decade_ticks", "round_ticks"]

FloatArray = NDArray[np.float64]


def round_ticks(lower: float, upper: float, most: int = 6) -> list[float]:
    """List the multiples of 1, 2 or 5 times a power of ten between two values, at most ``most`` of them.

    Examples
    --------
    >>> round_ticks(-4.5, 4.5), round_ticks(0.0, 0.3, most=4)
    ([-4.0, -2.0, 0.0, 2.0, 4.0], [0.0, 0.1, 0.2, 0.3])
    """
    if not lower < upper:
        return [lower]
    exponent = math.floor(math.log10((upper - lower) / most))
    for step_exponent in (exponent, exponent + 1):
        for mantissa in (1, 2, 5):
            step = mantissa * 10.0**step_exponent
            first, last = math.ceil(lower / step - 1e-9), math.floor(upper / step + 1e-9)
            if last - first + 1 <= most:
                return [float(f"{number * step:.15g}") + 0.0 for number in range(first, last + 1)]
    return [lower, upper]  # pragma: no cover - one of the six steps always fits


def decade_ticks(lower: float, upper: float, most: int = 7) -> list[float]:
    """List round numbers between two positive values for a logarithmic axis: powers of ten, or 1, 2, 5 in between.

    Examples
    --------
    >>> decade_ticks(1.0, 2000.0), decade_ticks(1e-16, 1.0, most=5)
    ([1.0, 10.0, 100.0, 1000.0], [1e-16, 1e-12, 1e-08, 0.0001, 1.0])
    >>> decade_ticks(3.0, 90.0), decade_ticks(3.0, 4.0)
    ([5.0, 10.0, 20.0, 50.0], [3.0, 3.2, 3.4, 3.6, 3.8, 4.0])
    """
    first, last = math.ceil(math.log10(lower) - 1e-9), math.floor(math.log10(upper) + 1e-9)
    if last - first >= 2:
        step = next(step for step in (1, 2, 3, 4, 5, 10, 20, 50, 100, 200) if (last - first) // step < most)
        return [float(f"1e{exponent}") for exponent in range(first, last + 1) if exponent % step == 0]
    fine = [float(f"{m}e{exponent}") for exponent in range(first - 1, last + 1) for m in (1, 2, 5)]
    ticks = [tick for tick in fine if lower * (1 - 1e-9) <= tick <= upper * (1 + 1e-9)]
    return ticks if len(ticks) >= 3 else [tick for tick in round_ticks(lower, upper, most) if tick > 0.0]


@dataclass(frozen=True)
class Scale:
    """A mapping from values to places along one axis of a picture.

    Attributes
    ----------
    lower, upper : float
        The values at its ends.
    start, end : float
        The places of these values.
    log : bool, default False
        Whether it is logarithmic.

    Raises
    ------
    ValueError
        If the values at its ends are not finite or do not rise.
    """

    lower: float
    upper: float
    start: float
    end: float
    log: bool = False

    def __post_init__(self) -> None:
        if not (self.lower < self.upper and math.isfinite(self.lower) and math.isfinite(self.upper)):
            raise ValueError(
                f"an axis must run from a finite number to a larger one, got {self.lower:g} to {self.upper:g}"
            )

    def __call__(self, values: ArrayLike) -> FloatArray:
        """Return the places of values; values beyond the ends are clipped, NaN stays."""
        clipped = np.clip(np.asarray(values, dtype=np.float64), self.lower, self.upper)
        if self.log:
            part = np.log(clipped / self.lower) / math.log(self.upper / self.lower)
        else:
            part = (clipped - self.lower) / (self.upper - self.lower)
        placed: FloatArray = self.start + part * (self.end - self.start)
        return placed

    def ticks(self, most: int = 6) -> list[float]:
        """List round values between the ends."""
        return (decade_ticks if self.log else round_ticks)(self.lower, self.upper, most)

    def labels(self, ticks: list[float]) -> list[str]:
        """Return labels of ticks, all in one format."""
        if not self.log:
            return [_written(tick) for tick in ticks]
        if all(1e-3 <= tick <= 1e4 for tick in ticks):
            return [_written(tick) for tick in ticks]
        return [_power(tick) for tick in ticks]


def _written(value: float) -> str:
    if value and not 1e-4 <= abs(value) < 1e6:
        return _power(value)
    return f"{value:.6g}".replace("-", "−")


def _power(value: float) -> str:
    mantissa, _, exponent = f"{value:.5e}".partition("e")
    number = mantissa.rstrip("0").rstrip(".").replace("-", "−")
    power = power_of_ten(int(exponent))
    return power if number == "1" else f"{number}·{power}"
