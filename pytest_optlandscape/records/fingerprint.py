"""Fingerprint a run, to decide whether two runs come from the same algorithm, up to rounding.

The evaluations of a run are divided into windows: 1, 2, 3–4, 5–8, … Each window is stored as one number: a mean of the
coordinates with fixed weights, in units of the box, which changes with any point and with the order of points. When a
baseline is written, each cell is rerun several times with all numbers off by one unit in the last place
(`perturbation`). The largest deviation of these runs is the *envelope* of a window. It grows along the run and measures
the effect of rounding. A deviation within a fixed multiple of the envelope is rounding; windows with a large envelope
are left out.

The returned point is treated as one more window. So is the end: if rounding changes neither the number of evaluations
nor the stop reason, both must stay the same.

Some optimizers branch on ties. Then rounding can move a run far at once, but too rarely for a few perturbed runs to
show every such jump. Therefore each perturbed run is compared with all others as if it were new, and the end of each
coarsely perturbed run with the ends of the others. The number of jumps gives the rate at which rounding makes cells
diverge, and `statistics.chance_of_as_many` judges the number of diverging cells.
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
from pytest_optlandscape.records.run_batch import RunBatch, in_batches
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

_FLOOR = 2.0**-48  # the resolution of stored numbers; 16 units in the last place of a double near 1
_GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0
_LARGEST = 2.0**20  # boxes; paths farther out are clipped
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._"
_UNUSED = "!"
_TO_BASE64 = str.maketrans(
    _DIGITS + "+/=", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/" + 3 * _UNUSED
)  # base64 has the same number of digits in another order; its signs + / = are no digits here
_USUAL = 512
"""Evaluations of a run whose weights are cached."""


@dataclass(frozen=True, eq=False)
class Fingerprint:
    """The path of a run as a few numbers, and the effect of rounding on each of them.

    Attributes
    ----------
    path : tuple of float
        One number for each window of evaluations; NaN if a point is not finite.
    result : float
        The number of the returned point.
    envelope : tuple of float
        The largest deviation of perturbed runs, for the leading windows in which it is small enough to be used; empty
        if there were no perturbed runs.
    result_envelope : float
        The envelope of the returned point; inf if it is not used.
    spread : int
        The largest number of evaluations by which a perturbed run ends earlier or later; -1 if stop reasons differ.
    """

    path: tuple[float, ...]
    result: float
    envelope: tuple[float, ...] = ()
    result_envelope: float = math.inf
    spread: int = -1

    @property
    def is_measured(self) -> bool:
        """Whether perturbed runs bounded the effect of rounding on any part of the fingerprint."""
        return bool(self.envelope) or self.spread >= 0 or self.result_envelope < math.inf

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Fingerprint) and self._comparable() == other._comparable()

    def __hash__(self) -> int:
        return hash(self._comparable())

    def _comparable(self) -> tuple[object, ...]:
        """Return all numbers, with "nan" in place of NaN, which does not equal itself."""
        numbers = ("nan" if value != value else value for value in (*self.path, self.result))  # noqa: PLR0124
        return (*numbers, self.envelope, self.result_envelope, self.spread)

    def to_text(self) -> str:
        """Serialise compactly: all numbers if unmeasured, else only those stable under rounding.

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
        """Parse the text of `to_text`.

        Raises
        ------
        ValueError
            If the text is malformed.
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
    """Return the fingerprints of all runs of a batch."""
    width = box_widths(runs.bounds)
    place = runs.number.copy()
    place[runs.ends] = 0  # the weights of the returned point do not depend on the length of the run
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
    """Return weights between ½ and 1½, different for each coordinate and point, for at least `count` points."""
    return _usual_weights(dim) if count <= _USUAL else _spread_weights(count, dim)


@functools.lru_cache(maxsize=64)
def _usual_weights(dim: int) -> FloatArray:
    return _spread_weights(_USUAL, dim)


def _spread_weights(count: int, dim: int) -> FloatArray:
    weights = 0.5 + (np.arange(1.0, count * dim + 1.0).reshape(count, dim) * _GOLDEN) % 1.0
    return np.ascontiguousarray(weights.T)


@dataclass(frozen=True)
class RoundingSensitivity:
    """How often rounding alone makes runs diverge.

    Attributes
    ----------
    jumps, trials : int
        The number of perturbed runs that diverge from the others of their cell, and of all perturbed runs.
    """

    jumps: int
    trials: int

    def __post_init__(self) -> None:
        if not 0 <= self.jumps <= self.trials:
            raise ValueError(f"jumps must be between 0 and trials; got {self.jumps} jumps, {self.trials} trials")

    def __add__(self, other: RoundingSensitivity) -> RoundingSensitivity:
        return RoundingSensitivity(self.jumps + other.jumps, self.trials + other.trials)


def measured(
    clean: Run, perturbed: Sequence[Run], precision: float, coarsely: Sequence[Run] = ()
) -> tuple[Fingerprint, RoundingSensitivity]:
    """Measure the effect of rounding on a run.

    Parameters
    ----------
    clean : Run
    perturbed : sequence of Run
        Runs with all numbers off by one unit in the last place.
    precision : float
        The spacing near 1 of the optimizer's own floating-point numbers.
    coarsely : sequence of Run, optional
        Runs with all numbers off by `MULTIPLE` units. An end that the largest allowed perturbation does not move must
        not move later.

    Returns
    -------
    fingerprint : Fingerprint
        The clean run's, with its envelope.
    rounding_sensitivity : RoundingSensitivity
        A perturbed run counts as a jump if it diverges from the fingerprint measured with the others.
    """
    own, *others = (one for batch in in_batches([clean, *perturbed]) for one in fingerprints_of(RunBatch(batch)))
    floor, largest = least_envelope(precision), largest_envelope(precision)
    # Half precisions allow a smaller multiple: their envelopes are scaled, so that `MULTIPLE` serves all precisions.
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
    """Return the smallest envelope, a share of the box; below ε, because floats are denser near the box's middle."""
    return max(precision / 8.0, _FLOOR)


def _moved(own: Fingerprint, others: Sequence[Fingerprint]) -> FloatArray:
    """Return the deviation of each run in each window of the path; NaN in windows that the run does not reach."""
    length = len(own.path)
    numbers = np.array([(*other.path[:length], *[np.nan] * (length - len(other.path))) for other in others])
    has_none = np.arange(length) >= np.array([len(other.path) for other in others])[:, np.newaxis]
    return np.where(has_none, np.nan, distances(numbers, np.array(own.path)))


def _jump(moved: FloatArray, precision: float) -> NDArray[np.bool_]:
    """Return where each run deviates beyond the envelope of all others; the shape is that of ``moved``, (runs, …)."""
    envelope = np.maximum(greatest_of_others(moved), least_envelope(precision))
    if moved.ndim > 1:
        envelope = np.maximum.accumulate(envelope, axis=1)
    is_usable = envelope <= largest_envelope(precision)
    return np.asarray(is_usable & (moved > multiple_of(precision) * envelope))


class _Ends:
    """Compare the ends of perturbed runs with the clean run's: number of evaluations and stop reason."""

    def __init__(self, clean: Run, perturbed: Sequence[Run], coarsely: Sequence[Run]) -> None:
        runs = [*perturbed, *coarsely]
        self._moved = np.array([abs(run.nfev - clean.nfev) + abs(run.njev - clean.njev) for run in runs], dtype=int)
        self._other = np.array([run.stop_reason != clean.stop_reason for run in runs], dtype=bool)
        self._fine = len(perturbed)
        self._evaluations = clean.nfev + clean.njev

    @property
    def spread(self) -> int:
        """The largest difference in evaluations; -1 if any stop reason differs."""
        return -1 if self._other.any() else int(self._moved.max(initial=0))

    def jump(self) -> NDArray[np.bool_]:
        """Mark fine runs that end outside the spread of all others."""
        spread = greatest_of_others(self._moved)
        other = greatest_of_others(self._other)
        return np.asarray(~other & (self._other | (self._moved > END_MULTIPLE * spread)))[: self._fine]

    def coarse_jumps(self) -> int:
        """Count the coarse runs that end outside the spread of the fine runs by half of the evaluations or more.

        Rounding inside an optimizer may cause jumps that rounding of its input does not; coarse perturbation shows how
        often.
        """
        if self._other[: self._fine].any():
            return 0
        spread = int(self._moved[: self._fine].max(initial=0))
        far = self._moved > END_MULTIPLE * spread + self._evaluations // 2
        return int((self._other | far)[self._fine :].sum())


def divergence(
    before: Fingerprint, before_end: tuple[int, int, str], now: Fingerprint, now_end: tuple[int, int, str]
) -> str:
    """Return where two runs of a cell diverge by more than rounding explains; "" if they do not.

    Parameters
    ----------
    before : Fingerprint
        A measured fingerprint.
    before_end : tuple
        Evaluations, gradients and stop reason.
    now : Fingerprint
        If it is measured, too, the larger of both envelopes counts.
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
    """Return whether a place that `divergence` returned lies within so many evaluations.

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
    """Return the unit in which a number with this envelope is stored: about a sixteenth of the allowed deviation."""
    return 64.0 * envelope if math.isfinite(envelope) else 1.0


def _rounded_up(envelope: float) -> float:
    return 2.0 ** math.ceil(math.log2(envelope))


def _level(envelope: float) -> str:
    """Return a power of two from 2⁻⁶² to 1, or inf, as one character."""
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
    """Return the value of one digit; raise ValueError if it is none."""
    return _DIGITS.index(character or "?")
