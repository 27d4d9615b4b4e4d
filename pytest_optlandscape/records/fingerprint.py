"""The fingerprint of a run, which tells whether it is still the same algorithm, up to rounding.

A run's path is summed up by one number for each of a few windows of evaluations, 1, 2, 3–4, 5–8, … A number is a mean
of the coordinates with fixed weights, in units of the box, so that no change of a point or of the order of points
leaves it alone. When a baseline is written, the same cell is run again several times with everything off by one unit in
the last place (`perturbation`). How far these runs move each number is its *envelope*. It grows as a run goes on, and
tells what rounding can do; a generous multiple of it is allowed, windows in which it is large say nothing and are left
out.

The returned point is treated as one more window, and so is the end: where rounding leaves the numbers of evaluations
and the stop reason alone, they must stay what they were.

Some optimizers branch on ties, so that rounding moves a run far at once, and rarely: not every jump shows in a few
perturbed runs. Each of these is therefore held against all others as if it were new, and those that are perturbed more
coarsely are held against the others' ends; how many deviate tells how many cells may part by rounding alone, and
`statistics.chance_of_as_many` decides on their number.
"""

from __future__ import annotations

import binascii
import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.records.path_divergence import (
    END_MULTIPLE,
    MULTIPLE,
    apart,
    distances,
    envelope_of,
    greatest_of_others,
    largest_envelope,
    multiple_of,
)
from pytest_optlandscape.records.run_batch import RunBatch, in_stacks
from pytest_optlandscape.runs import Run, box_widths

__all__ = [
    "Fingerprint",
    "RoundingSensitivity",
    "divergence",
    "diverges_within",
    "fingerprints_of",
    "least_envelope",
    "measured",
]

FloatArray = NDArray[np.float64]

_FLOOR = 2.0**-48  # what is stored of a number; 16 units in the last place of a double near 1
_GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0
_LARGEST = 2.0**20  # boxes: a path farther out is at infinity
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._"
_UNUSED = "!"
_TO_BASE64 = str.maketrans(
    _DIGITS + "+/=", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/" + 3 * _UNUSED
)  # base64 has the same 64 digits in another order; its own signs are none of ours
_USUAL = 512
"""Evaluations of a run for which weights are kept."""


@dataclass(frozen=True, eq=False)
class Fingerprint:
    """How a run goes, in a few numbers, and how far rounding moves each of them.

    Attributes
    ----------
    path : tuple of float
        One number for each window of evaluations; NaN where a point is not finite.
    result : float
        The same of the returned point.
    envelope : tuple of float
        How far perturbed runs move the numbers of the path; as many as were measured and are small enough to be used,
        none in the fingerprint of a run that was not perturbed.
    result_envelope : float
        The same for the returned point; inf where it is not used.
    spread : int
        By how many evaluations perturbed runs end earlier or later at most; -1 where they end for other reasons too.
    """

    path: tuple[float, ...]
    result: float
    envelope: tuple[float, ...] = ()
    result_envelope: float = math.inf
    spread: int = -1

    @property
    def is_measured(self) -> bool:
        """Whether perturbed runs told of anything in it what rounding does."""
        return bool(self.envelope) or self.spread >= 0 or self.result_envelope < math.inf

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Fingerprint) and self._comparable() == other._comparable()

    def __hash__(self) -> int:
        return hash(self._comparable())

    def _comparable(self) -> tuple[object, ...]:
        """All there is, with a word for NaN, which is not equal to itself."""
        numbers = ("nan" if value != value else value for value in (*self.path, self.result))  # noqa: PLR0124
        return (*numbers, self.envelope, self.result_envelope, self.spread)

    def to_text(self) -> str:
        """Write in few characters: of what is not measured everything, of what is only what rounding leaves alone.

        Examples
        --------
        >>> text = Fingerprint((0.5, 0.25), 0.125, (1e-15, 1e-9), 1e-9, 0).to_text()
        >>> Fingerprint.from_text(text).to_text() == text
        True
        """
        if not self.is_measured:
            return ":".join(["-", *(_number(value, _FLOOR) for value in (*self.path, self.result))])
        used = [*zip(self.path, self.envelope, strict=False), (self.result, self.result_envelope)]
        parts = [_level(envelope) + _number(value, _resolution(envelope)) for value, envelope in used]
        return ":".join([str(self.spread) if self.spread >= 0 else "~", *parts])

    @classmethod
    def from_text(cls, text: str) -> Fingerprint:
        """Read what `to_text` wrote.

        Raises
        ------
        ValueError
            If it is no such text.
        """
        first, *parts = text.split(":")
        if not parts:
            raise ValueError(f"not the fingerprint of a run: {text!r:.80}")
        if first == "-":
            *path, result = (_read(part, _FLOOR) for part in parts)
            return cls(tuple(path), result)
        envelopes = [_read_level(part[:1]) for part in parts]
        values = [_read(part[1:], _resolution(e)) for part, e in zip(parts, envelopes, strict=True)]
        spread = -1 if first == "~" else int(first)
        return cls(tuple(values[:-1]), values[-1], tuple(envelopes[:-1]), envelopes[-1], spread)


def fingerprints_of(runs: RunBatch) -> list[Fingerprint]:
    """Sum up all runs of a stack."""
    width = box_widths(runs.bounds)
    place = runs.number.copy()
    place[runs.ends] = 0  # returned points are weighted alike, however long the run was
    weights = _weights(int(place.max()) + 1, len(width))
    with np.errstate(all="ignore"):
        points = (runs.x - runs.bounds[:, 0]) / width
        np.maximum(points, -_LARGEST, out=points)
        np.minimum(points, _LARGEST, out=points)
        points *= weights.take(place, axis=1).T
        heights = np.add.reduce(points, axis=1) / len(width)
    begins = runs.number & (runs.number - 1) == 0  # at 0, 1, 2, 4, 8, …
    begins[runs.ends] = True
    starts = np.flatnonzero(begins)
    means = np.add.reduceat(heights, starts) / np.diff(np.append(starts, len(heights)))
    stored = (np.rint(means / _FLOOR) * _FLOOR).tolist()
    last = np.searchsorted(starts, runs.ends).tolist()
    firsts = [0, *(end + 1 for end in last)]
    return [Fingerprint(tuple(stored[a:b]), stored[b]) for a, b in zip(firsts, last, strict=False)]


def _weights(count: int, dim: int) -> FloatArray:
    """Spread weights between ½ and 1½, other ones for each coordinate and point, of at least so many points."""
    return _usual_weights(dim) if count <= _USUAL else _spread_weights(count, dim)


@functools.lru_cache(maxsize=64)
def _usual_weights(dim: int) -> FloatArray:
    return _spread_weights(_USUAL, dim)


def _spread_weights(count: int, dim: int) -> FloatArray:
    weights = 0.5 + (np.arange(1.0, count * dim + 1.0).reshape(count, dim) * _GOLDEN) % 1.0
    return np.ascontiguousarray(weights.T)


@dataclass(frozen=True)
class RoundingSensitivity:
    """How rounding treats the cells of a landscape.

    Attributes
    ----------
    jumps, trials : int
        Perturbed runs that part from the others of their cell, of how many.
    """

    jumps: int
    trials: int

    def __post_init__(self) -> None:
        if not 0 <= self.jumps <= self.trials:
            raise ValueError(f"{self.jumps} of {self.trials} perturbed runs cannot part")

    def __add__(self, other: RoundingSensitivity) -> RoundingSensitivity:
        return RoundingSensitivity(self.jumps + other.jumps, self.trials + other.trials)


def measured(
    clean: Run, perturbed: Sequence[Run], precision: float, coarsely: Sequence[Run] = ()
) -> tuple[Fingerprint, RoundingSensitivity]:
    """Measure how far rounding moves a run.

    Parameters
    ----------
    clean : Run
    perturbed : sequence of Run
        The same with everything off by a unit in the last place.
    precision : float
        The spacing of the optimizer's own numbers near 1.
    coarsely : sequence of Run, optional
        The same off by `MULTIPLE` units: an end that stays where it is under all that is allowed to a path is one
        that must stay.

    Returns
    -------
    fingerprint : Fingerprint
        With its envelope.
    rounding_sensitivity : RoundingSensitivity
        How many of the perturbed runs diverge from the fingerprint that the others would have given.
    """
    own, *others = (one for stack in in_stacks([clean, *perturbed]) for one in fingerprints_of(RunBatch(stack)))
    floor, largest = least_envelope(precision), largest_envelope(precision)
    # Of a coarse type less is allowed: its envelopes are kept smaller, so that `MULTIPLE` times them is that.
    scale = multiple_of(precision) / MULTIPLE
    path, result = _moved(own, others), distances(np.array([one.result for one in others]), np.array(own.result))
    ends = _Ends(clean, perturbed, coarsely)
    envelope = scale * envelope_of(path, floor)
    result_envelope = scale * float(result.max(initial=floor))
    whole = Fingerprint(
        own.path[: min(len(one.path) for one in (own, *others))],
        own.result,
        tuple(_rounded_up(e) for e in envelope[envelope <= scale * largest].tolist()),
        _rounded_up(result_envelope) if result_envelope <= scale * largest else math.inf,
        ends.spread,
    )
    jump = functools.partial(_jump, precision=precision)
    jumps = int((jump(path).any(axis=1) | jump(result) | ends.jump()).sum()) + ends.coarse_jumps()
    return whole, RoundingSensitivity(jumps, len(perturbed) + len(coarsely))


def least_envelope(precision: float) -> float:
    """Give the share of the box by which rounding moves a point at least: near its middle numbers lie closer."""
    return max(precision / 8.0, _FLOOR)


def _moved(own: Fingerprint, others: Sequence[Fingerprint]) -> FloatArray:
    """Give how far each number of a path is moved by each run; NaN where one of the two has none."""
    length = len(own.path)
    numbers = np.array([(*other.path[:length], *[np.nan] * (length - len(other.path))) for other in others])
    has_none = np.arange(length) >= np.array([len(other.path) for other in others])[:, np.newaxis]
    return np.where(has_none, np.nan, distances(numbers, np.array(own.path)))


def _jump(moved: FloatArray, precision: float) -> NDArray[np.bool_]:
    """Tell where each run is moved beyond the envelope of all others; shape (runs, …) as that of ``moved``."""
    envelope = np.maximum(greatest_of_others(moved), least_envelope(precision))
    if moved.ndim > 1:
        envelope = np.maximum.accumulate(envelope, axis=1)
    is_usable = envelope <= largest_envelope(precision)
    return np.asarray(is_usable & (moved > multiple_of(precision) * envelope))


class _Ends:
    """By how many evaluations each perturbed run ends earlier or later than the clean one, and for which reason."""

    def __init__(self, clean: Run, perturbed: Sequence[Run], coarsely: Sequence[Run]) -> None:
        runs = [*perturbed, *coarsely]
        self._moved = np.array([abs(run.nfev - clean.nfev) + abs(run.njev - clean.njev) for run in runs], dtype=int)
        self._other = np.array([run.stop_reason != clean.stop_reason for run in runs], dtype=bool)
        self._fine = len(perturbed)
        self._evaluations = clean.nfev + clean.njev

    @property
    def spread(self) -> int:
        """What all of them say; -1 where some end for other reasons."""
        return -1 if self._other.any() else int(self._moved.max(initial=0))

    def jump(self) -> NDArray[np.bool_]:
        """Tell which of the fine runs ends where all others, the coarse ones too, say that none does."""
        spread = greatest_of_others(self._moved)
        other = greatest_of_others(self._other)
        return np.asarray(~other & (self._other | (self._moved > END_MULTIPLE * spread)))[: self._fine]

    def coarse_jumps(self) -> int:
        """Count the coarse runs that end far from where the fine ones say, by half of the evaluations or more.

        What no rounding of the input excites, rounding inside an optimizer may; how often shows in what fine noise
        misses and coarse perturbation finds.
        """
        if self._other[: self._fine].any():
            return 0
        spread = int(self._moved[: self._fine].max(initial=0))
        far = self._moved > END_MULTIPLE * spread + self._evaluations // 2
        return int((self._other | far)[self._fine :].sum())


def divergence(
    before: Fingerprint, before_end: tuple[int, int, str], now: Fingerprint, now_end: tuple[int, int, str]
) -> str:
    """Say where two runs of a cell part by more than rounding explains; "" if they do not.

    Parameters
    ----------
    before : Fingerprint
        With its envelope.
    before_end : tuple
        Evaluations, gradients and stop reason.
    now : Fingerprint
        Where it has an envelope too, because a new baseline is made, the larger of both counts.
    now_end : tuple

    Returns
    -------
    str
        Such as ``"evaluations 5 to 8"``, ``"the end"``, ``"the result"``, or "".
    """
    for k, (envelope, old, new) in enumerate(zip(before.envelope, before.path, now.path, strict=False)):
        widest = max([envelope, *now.envelope[k : k + 1]])
        if apart(new, old) > MULTIPLE * widest:
            return _window_text(k)
    if before.spread >= 0:
        moved = abs(now_end[0] - before_end[0]) + abs(now_end[1] - before_end[1])
        if now_end[2] != before_end[2] or moved > END_MULTIPLE * before.spread:
            return "the end"
    widest = max(before.result_envelope, now.result_envelope if now.is_measured else 0.0)
    if apart(now.result, before.result) > MULTIPLE * widest:
        return "the result"
    return ""


def diverges_within(where: str, evaluations: int) -> bool:
    """Tell whether runs part, as `divergence` says, within so many evaluations.

    Examples
    --------
    >>> [diverges_within(where, 8) for where in ("evaluations 5 to 8", "evaluations 9 to 16", "the end")]
    [True, False, False]
    """
    windows = range(max(evaluations, 1).bit_length())
    return where in {_window_text(k) for k in windows}


def _window_text(k: int) -> str:
    if k < 2:
        return f"evaluation {k + 1}"
    return f"evaluations {2 ** (k - 1) + 1} to {2**k}"


def _resolution(envelope: float) -> float:
    """Give the unit in which a number is stored that rounding moves by this much: a sixteenth of what is allowed."""
    return 64.0 * envelope if math.isfinite(envelope) else 1.0


def _rounded_up(envelope: float) -> float:
    return 2.0 ** math.ceil(math.log2(envelope))


def _level(envelope: float) -> str:
    """Write a power of two from 2⁻⁶² to 1, or inf, as one character."""
    return _UNUSED if envelope == math.inf else _DIGITS[round(-math.log2(envelope))]


def _read_level(character: str) -> float:
    if character == _UNUSED:
        return math.inf
    return 2.0 ** -_digit(character)


def _number(value: float, resolution: float) -> str:
    if math.isnan(value):
        return "~"
    whole = round(value / resolution)
    digits = ""
    rest = abs(whole)
    while rest:
        rest, digit = divmod(rest, 64)
        digits = _DIGITS[digit] + digits
    return ("-" if whole < 0 else "") + (digits or "0")


def _read(text: str, resolution: float) -> float:
    if text == "~":
        return math.nan
    digits = text.removeprefix("-")
    if not digits:
        raise ValueError("a number without digits")
    padded = digits.translate(_TO_BASE64).rjust(-(-len(digits) // 4) * 4, "A")
    whole = int.from_bytes(binascii.a2b_base64(padded, strict_mode=True), "big")
    return (-whole if text != digits else whole) * resolution


def _digit(character: str) -> int:
    """Read one digit; ValueError if it is none."""
    return _DIGITS.index(character or "?")
