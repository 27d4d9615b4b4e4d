"""Checks of a landscape's facts: fmin is the minimum, derivatives agree with differences.

A user's landscape is checked when it is built. The objective is called about 100 times in two dimensions, at fixed
points: x0, the minimisers and their neighbourhood, and low-discrepancy points of the box. A derivative is reported only
if it disagrees with central differences of several steps at several points. So rounding, noise, kinks and steep slopes
raise no alarm. A point below fmin is reported only if neither the rounding of values nor the precision of the
minimisers explains it.
"""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.landscapes.constraints import Constraint, dense
from pytest_optlandscape.landscapes.formula.evaluation import Formula
from pytest_optlandscape.landscapes.minimizers import NoMinimizers

if TYPE_CHECKING:
    from pytest_optlandscape.landscapes.landscape import Landscape

__all__ = ["POINTS_VERSION", "check", "check_lowest", "faults_of", "tolerance_of"]

FloatArray = NDArray[np.float64]

POINTS_VERSION = 1
"""Version of the checks; raise it when the sampled points change."""

_SAMPLES = 16
_MOST_MINIMIZERS = 64
"""Number of minimisers at which the objective is compared with fmin."""
_SURROUNDED = 4
"""Number of minimisers whose neighbourhood is searched for lower points."""
_DIRECTIONS = 8
"""Largest number of directions for differences; with more coordinates, each direction combines several."""
_DESCENT = 24
"""Evaluations of the search for a lower point from the best sampled one."""
_NEAR = 1e-5
"""A minimiser must be right to this share of the box's widths."""
_VERY_NEAR = 1e-7
_REFINED = 1e-9
"""Rounding of a minimiser or minimum up to this share of a typical height is not reported; the suites' finest target is
ten times as large.
"""
_ROUNDED = 1e-6
"""Up to this share of a typical height, a deviation is a warning about rounded digits; beyond, an error."""
_REPEATS = 8
"""Evaluations at one point of an objective with noise."""
_PROBED = 7
_STEPS = (1e-5, 1e-4, 1e-7, 1e-9)
_COARSE_STEPS = (1e-2, 3e-3, 3e-2)
"""Steps for functions that are noisy or computed in a shorter format."""
_SHORT_FORMATS = (7, 8), (9, 11), (20, 24)
"""Ranges of significant bits from which bfloat16, half and single precision are recognised."""
_DOUBLE = float(np.finfo(np.float64).eps)


def check(landscape: Landscape, known: Iterable[str] = ()) -> float:
    """Raise ValueError if facts of a landscape are wrong.

    Parameters
    ----------
    landscape : Landscape
    known : iterable of str
        Errors found earlier, to be reported too.

    Returns
    -------
    float
        The result of `tolerance_of`.

    Raises
    ------
    ValueError
        If a fact is wrong. The message lists, for each, the point, the number given and the number found.

    Warns
    -----
    UserWarning
        If fmin or a minimiser has too few digits for small gaps to be meaningful.

    Examples
    --------
    >>> from pytest_optlandscape import Landscape
    >>> bowl = Landscape("bowl", lambda x: float(x @ x), bounds=[(-1, 1)] * 2, x0=[1, 1], minimizers=[[0, 0]],
    ...                  fmin=0.5, validate=False)
    >>> check(bowl)
    Traceback (most recent call last):
        ...
    ValueError: bowl: fmin = 0.5, but f = 0.0 at minimizer 0 = [0.0, 0.0]: one of the two is wrong
    """
    __tracebackhide__ = True
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        values = _Values(landscape)
        faults = [*known, *_faults(landscape, values)]
        slack = math.nan if faults else values.slack
    if faults:
        raise ValueError(said(landscape.id, faults))
    for remark in values.remarks:
        warnings.warn(f"{landscape.id}: {remark}", stacklevel=3)
    return slack


def said(name: str, faults: Sequence[str]) -> str:
    """Join a landscape's errors into one message."""
    if len(faults) == 1:
        return f"{name}: {faults[0]}"
    return "\n".join([f"{name}: {len(faults)} facts are wrong", *(f"  * {fault}" for fault in faults)])


def faults_of(landscape: Landscape) -> list[str]:
    """Return one sentence for each wrong fact of a landscape.

    Parameters
    ----------
    landscape : Landscape

    Returns
    -------
    list of str

    Examples
    --------
    >>> from pytest_optlandscape import landscapes
    >>> faults_of(landscapes.get("beale"))
    []
    """
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _faults(landscape, _Values(landscape))


def _faults(landscape: Landscape, values: _Values) -> list[str]:
    faults = values.undefined()
    if faults:
        return faults
    if values.has_minimum:
        faults += _wrong_minimum(landscape, values)
        faults += _lower_point(landscape, values)
    slopes = _wrong_gradient(landscape, values)
    faults += slopes or _wrong_hessian(landscape, values)  # compares with the gradient, which must be right
    faults += _wrong_residuals(landscape, values)
    for number, constraint in enumerate(landscape.own_constraints):
        faults += _wrong_constraint(landscape, number, constraint)
    faults += _inconsistent_batch(landscape, values)
    return faults


def tolerance_of(landscape: Landscape, *, is_expensive: bool = False) -> float:
    """Return how far a value may lie below fmin without contradicting it.

    The tolerance covers the rounding of values, the digits of minimisers and fmin, and the objective's own noise.

    Parameters
    ----------
    landscape : Landscape
    is_expensive : bool, default False
        Call the objective only at x0 and estimate from that value.

    Returns
    -------
    float

    Examples
    --------
    >>> from pytest_optlandscape import landscapes
    >>> 0.0 < tolerance_of(landscapes.get("ackley[2]")) < 1e-7
    True
    """
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        values = _Values(landscape)
        if not is_expensive:
            return values.slack
        height, fmin = abs(values(landscape.x0) - landscape.fmin), abs(landscape.fmin)
        share = 1e4 * _REFINED if landscape.own_constraints else _REFINED
        return (share * height if math.isfinite(height) else 0.0) + 64.0 * _DOUBLE * fmin


def check_lowest(landscape: Landscape, why: str) -> None:
    """Raise ValueError if a sampled point lies below a derived minimum.

    Parameters
    ----------
    landscape : Landscape
    why : str
        The source of the derived minimum, for the message.

    Raises
    ------
    ValueError
    """
    __tracebackhide__ = True
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        values = _Values(landscape)
        faults = values.undefined() or _lower_point(landscape, values)
    if faults:
        raise ValueError(f"{said(landscape.id, faults)}; {why}")


def low_discrepancy(count: int, dim: int) -> FloatArray:
    """Return evenly spread points inside the unit cube, shape (count, dim).

    Point k is k times powers of the generalised golden ratio, the root of t**(dim + 1) = t + 1, taken modulo 1.

    References
    ----------
    M. Roberts: The Unreasonable Effectiveness of Quasirandom Sequences, extremelearning.com.au (2018).

    Examples
    --------
    >>> low_discrepancy(3, 1).round(3).ravel().tolist()
    [0.118, 0.736, 0.354]
    """
    ratio = 2.0
    for _ in range(64):
        ratio = (1.0 + ratio) ** (1.0 / (dim + 1.0))
    alpha = ratio ** -np.arange(1.0, dim + 1.0)
    points: FloatArray = (0.5 + np.arange(1, count + 1)[:, np.newaxis] * alpha) % 1.0
    return points


class _Values:
    """Values of the objective at sampled points, with estimates of its scale and rounding."""

    def __init__(self, landscape: Landscape) -> None:
        self.landscape = landscape
        self._known: dict[bytes, float] = {}
        self._trouble: dict[bytes, str] = {}
        self.lower, self.upper = landscape.bounds.T
        self.width = self.upper - self.lower
        self.has_minimum = not isinstance(landscape.all_minimizers, NoMinimizers)
        points = landscape.minimizers
        inside = points[np.all((points >= self.lower) & (points <= self.upper), axis=1)]
        apart = max(-(-len(inside) // _MOST_MINIMIZERS), 1)
        self.numbers = np.flatnonzero(np.all((points >= self.lower) & (points <= self.upper), axis=1))[::apart]
        self.minimizers: FloatArray = inside[::apart]
        self._tolerance: float | None = None
        self.remarks: list[str] = []

    def __call__(self, x: FloatArray) -> float:
        """Evaluate once at each point; NaN if there is no number."""
        key = x.tobytes()
        if key not in self._known:
            self._known[key] = self.again(x)
        return self._known[key]

    def again(self, x: FloatArray) -> float:
        """Evaluate again, even at a known point."""
        try:
            value: Any = self.landscape.floats(x.tolist())
        except Exception as error:
            self._trouble[x.tobytes()] = f"raises {type(error).__name__}: {error}"
            return math.nan
        if isinstance(value, list):
            self._trouble[x.tobytes()] = f"returns an array of shape {np.shape(value)}, expected one number,"
            return math.nan
        return float(value)

    def undefined(self) -> list[str]:
        """Return one sentence for each required point without a finite value."""
        named = {"x0": self.landscape.x0}
        named |= {f"minimizer {k}": point for k, point in zip(self.numbers, self.minimizers, strict=True)}
        faults: dict[str, str] = {}
        for name, point in named.items():
            if name == "x0" and not (np.all(point >= self.lower) and np.all(point <= self.upper)):
                continue
            if not math.isfinite(value := self(point)):
                trouble = self._trouble.get(point.tobytes(), f"is {value}")
                subject = "f" if trouble.startswith("is") else "fun"
                faults.setdefault(trouble, f"{subject} {trouble} at {name} = {_written(point)}; give a finite number")
        return list(faults.values())[:3]

    @property
    def samples(self) -> FloatArray:
        """Evenly spread points of the box, shape (16, dim)."""
        points: FloatArray = self.lower + low_discrepancy(_SAMPLES, self.landscape.dim) * self.width
        return points

    def near(self, x: FloatArray, share: float) -> FloatArray:
        """Return points around ``x``: a share of the box forwards and backwards along each direction."""
        moved = [self.inside(x + sign * share * v) for v in self.directions() for sign in (1.0, -1.0)]
        different = [point for point in moved if not np.array_equal(point, x)]
        return np.array(different).reshape(-1, len(x))

    def directions(self, number: int = 0) -> list[FloatArray]:
        """Return the axes scaled by the box's widths; with many coordinates, sums of axes."""
        return [self.width * part for part in _parted(self.landscape.dim, number)]

    def inside(self, x: FloatArray) -> FloatArray:
        """Clip a point to the box."""
        clipped: FloatArray = np.clip(x, self.lower, self.upper)
        return clipped

    def off_edges(self, x: FloatArray, number: int) -> FloatArray:
        """Move a point off the edges of the box, by a share that depends on ``number``."""
        room = (2e-3 + 4e-3 * low_discrepancy(number + 1, len(x))[number]) * self.width
        moved: FloatArray = np.clip(x, self.lower + room, self.upper - room)
        return moved

    @functools.cached_property
    def fmin(self) -> float:
        """The minimum or, if it is not known, the lowest sampled value."""
        if self.has_minimum:
            return self.landscape.fmin
        return min((value for value in map(self, self.samples) if math.isfinite(value)), default=0.0)

    @property
    def typical(self) -> float:
        """A typical height above fmin: the lower quartile over the sampled points."""
        fmin = self.fmin
        heights = [abs(value - fmin) for value in map(self, self.samples) if math.isfinite(value)]
        return float(np.quantile(heights, 0.25)) if heights else abs(self(self.landscape.x0) - fmin)

    @property
    def precision(self) -> float:
        """Relative rounding of the values: that of doubles or, if all have fewer bits, of the shorter format."""
        return _precision(list(self._known.values()))

    @property
    def scatter(self) -> float:
        """How far repeated values at one point differ; 0 without noise."""
        found = 0.0
        for point in (self.landscape.x0, *self.minimizers[:1]):
            first = self(point)
            if self.again(point) != first:
                repeats = [first, *(self.again(point) for _ in range(_REPEATS))]
                found = max(found, float(np.ptp(repeats)))
        return found

    @property
    def tolerance(self) -> float:
        """How far a value may lie below fmin, by rounding and by missing digits."""
        if self._tolerance is None:
            self._tolerance = self._worked_out()
        return self._tolerance

    def _worked_out(self) -> float:
        fmin, typical = abs(self.fmin), self.typical
        self.noise = self.scatter
        rounding, moved = 0.0, 0.0
        for x in self.minimizers[:1]:
            value = self(x)
            unit = 4.0 * np.spacing(np.maximum(np.abs(x), 1e-3 * self.width))
            beside = [abs(self(self.inside(x + sign * unit)) - value) for sign in (1.0, -1.0)]
            near = [abs(self(point) - value) for point in self.near(x, _NEAR)]
            rounding = max((change for change in beside if math.isfinite(change)), default=0.0)
            moved = max((change for change in near if math.isfinite(change)), default=0.0)
        self.rounding = 16.0 * rounding + self.precision * (64.0 * fmin + 8.0 * typical)
        is_exact = not self.landscape.own_constraints and (self.landscape.noise or "noisy" not in self.landscape.tags)
        precise = min(moved, _REFINED * typical) if is_exact else 2.0 * moved
        if is_exact and precise < moved and self._is_rough(moved):
            precise, is_exact = 4.0 * moved, False
        self.has_exact_values = bool(is_exact or self.landscape.own_constraints) and not self.noise
        tolerance = self.rounding + precise + min(1e-9 * fmin, 10.0 * _REFINED * typical) + 6.0 * self.noise
        self.lenient = max(tolerance, min(_ROUNDED * typical, 100.0 * moved))
        return tolerance

    def unless_rounded(self, found: str, difference: float) -> list[str]:
        """Store a finding as a remark if rounding of a minimiser or fmin explains it; else return it as an error."""
        if difference > self.lenient:
            return [found]
        self.remarks.append(f"{found}; until then, gaps below {difference:.2g} are meaningless")
        return []

    @property
    def slack(self) -> float:
        """How far a run's value may lie below fmin; less than `tolerance` if fmin and minimisers are exact.

        They are exact if no point very near a minimiser is lower. Then the minimum is lower by at most the change of
        values between these points and the minimiser.
        """
        largest = 0.0
        if self.remarks:
            return self.tolerance + self.lenient
        if not self.tolerance or not self.has_exact_values or not len(self.minimizers):
            return self.tolerance
        for x in self.minimizers[:2]:
            value = self(x)
            near = np.array([self(point) for point in self.near(x, _VERY_NEAR)])
            near = near[np.isfinite(near)]
            is_lower = not self.landscape.own_constraints and bool(np.any(near < value - self.rounding))
            if is_lower or abs(value - self.landscape.fmin) > self.rounding:
                return self.tolerance
            largest = max(largest, float(np.max(np.abs(near - value), initial=0.0)))
        return min(self.tolerance, self.rounding + largest)

    def step_at(self, x: FloatArray) -> float:
        """Return the step of values that are rounded to a few digits; 0 if a short way changes the value."""
        way = self.width * (0.5 + low_discrepancy(1, len(x))[0])  # no diagonal, on which changes may cancel
        shares = (1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
        here = self(x)
        changes = (abs(self(self.inside(x + share * way)) - here) for share in shares)
        first, change = next(((k, change) for k, change in enumerate(changes) if change > 0.0), (0, 0.0))
        return change if first > 0 else 0.0

    def _is_rough(self, moved: float) -> bool:
        """Return whether values near the minimiser change as much at a tenth of the distance: repeatable noise.

        At a kink they change a tenth as much, for a smooth function a hundredth.
        """
        x = self.minimizers[0]
        further = max((abs(self(point) - self(x)) for point in self.near(x, 10.0 * _NEAR)), default=math.inf)
        return moved >= 0.5 * further

    def is_noisy(self) -> bool:
        """Return whether the objective returns different values at one point."""
        _ = self.tolerance
        return self.noise > 0.0


def _parted(dim: int, number: int) -> list[FloatArray]:
    """Split the coordinates into at most 8 directions; each ``number`` splits differently."""
    if dim <= _DIRECTIONS:
        return list(np.eye(dim))
    index = np.arange(dim)
    order = np.argsort((index * 0.6180339887498949 + number * 0.4142135623730951) % 1.0)
    signs = np.where((index * 0.7320508075688772 + number * 0.2360679774997898) % 1.0 < 0.5, -1.0, 1.0)
    parts = []
    for members in np.array_split(order, _DIRECTIONS):
        part = np.zeros(dim)
        part[members] = signs[members]
        parts.append(part)
    return parts


def _precision(numbers: Iterable[float]) -> float:
    """Return the relative rounding of numbers: that of the shortest format that holds them all."""
    bits, is_multiple = 0, True
    for number in numbers:
        if math.isfinite(number) and number:
            mantissa = int(abs(math.frexp(number)[0]) * 2.0**53)
            bits = max(bits, 53 - ((mantissa & -mantissa).bit_length() - 1))
            is_multiple = is_multiple and (number * 1024.0).is_integer()
    if is_multiple:  # the values are steps or counts, not a shorter format
        return _DOUBLE
    return next((2.0 ** (1 - most) for least, most in _SHORT_FORMATS if least <= bits <= most), _DOUBLE)


def _wrong_minimum(landscape: Landscape, values: _Values) -> list[str]:
    """Compare the objective at the minimisers with fmin."""
    fmin = landscape.fmin
    if not math.isfinite(fmin):
        return [f"fmin = {fmin}; give a finite number"]
    off = []
    for number, x in zip(values.numbers, values.minimizers, strict=True):
        value = values(x)
        if values.is_noisy():
            value = float(np.mean([values.again(x) for _ in range(_REPEATS)]))
        if abs(value - fmin) > values.tolerance:
            off.append((abs(value - fmin), int(number), x, value))
    if not off:
        return []
    several = f" (wrong at {len(off)} of {len(values.minimizers)} minimizers)" if len(off) > 1 else ""
    difference, number, x, value = max(off, key=lambda one: one[0])
    advice = "one of the two is wrong"
    if difference <= 1e-3 * values.typical:
        advice = "give the minimizer with all its digits" + (f" and fmin={value!r}" if value < fmin else ", and fmin")
    found = f"fmin = {fmin!r}, but f = {value!r} at minimizer {number} = {_written(x)}{several}: {advice}"
    return values.unless_rounded(found, difference)


def _lower_point(landscape: Landscape, values: _Values) -> list[str]:
    """Search for a feasible point lower than fmin and all minimisers."""
    heights = [values(x) for x in values.minimizers]
    floor = min([landscape.fmin, *heights]) if math.isfinite(landscape.fmin) else min(heights, default=math.nan)
    if math.isnan(floor):
        return []
    rounded = max((abs(height - landscape.fmin) for height in heights), default=0.0)  # reported by _wrong_minimum
    limit = (
        floor - values.tolerance * (2.0 if values.is_noisy() else 1.0) - (rounded if math.isfinite(rounded) else 0.0)
    )
    best: tuple[float, FloatArray] | None = None
    for x in _candidates(landscape, values):
        value = values(x)
        if value < limit and (best is None or value < best[0]) and _is_kept(landscape, x):
            best = value, x
    if best is None:
        best = _descended(landscape, values, limit)
    if best is None:
        return []
    value, x = best
    nearest = ""
    if len(values.minimizers):
        shares = np.abs(values.minimizers - x) / values.width
        number = int(np.argmin(shares.max(axis=1)))
        nearest = f"; minimizer {values.numbers[number]} = {_written(values.minimizers[number])} is no minimum"
    found = (
        f"f = {value!r} at x = {_written(x)}, which is feasible and lies below fmin = {landscape.fmin!r}{nearest}: "
        "correct minimizers and fmin"
    )
    return values.unless_rounded(found, floor - value)


def _candidates(landscape: Landscape, values: _Values) -> Iterable[FloatArray]:
    """Yield points that may be lower: near minimisers, down the gradient, sampled from the box, its centre."""
    yield from values.samples
    yield (values.lower + values.upper) / 2.0
    yield landscape.x0
    yield from landscape.starts.values()
    for number, x in enumerate(values.minimizers[:_SURROUNDED]):
        nearer = (1e-4, 1e-3) if landscape.own_constraints else ()
        for share in (_NEAR, *nearer, 1e-2, 1e-1) if number == 0 else (1e-2,):
            for point in values.near(x, share):
                yield _restored(landscape, values, point)
        yield from _downhill(landscape, values, x)
    if landscape.own_constraints:
        for point in values.samples:
            yield _restored(landscape, values, point)


def _downhill(landscape: Landscape, values: _Values, x: FloatArray) -> Iterable[FloatArray]:
    if not landscape.has_gradient or landscape.own_constraints:
        return
    try:
        slope = np.asarray(landscape.gradient(x), dtype=np.float64)
    except Exception:  # reported where it is compared
        return
    if slope.shape != x.shape or not np.all(np.isfinite(slope)):
        return
    slope = slope * values.width
    if (steepest := np.max(np.abs(slope))) > 0.0:
        for share in (1e-4, 1e-3, 1e-2):
            yield values.inside(x - share / steepest * slope * values.width)


def _descended(landscape: Landscape, values: _Values, limit: float) -> tuple[float, FloatArray] | None:
    """Search along the axes from the best sampled point until a point is below the limit."""
    kept = [x for x in values.samples if math.isfinite(values(x)) and _is_kept(landscape, x)]
    if not kept:
        return None
    x = min(kept, key=values)
    share, spent, number = 0.1, 0, 0
    while spent < _DESCENT:
        better = False
        for point in values.near(x, share):
            spent += 1
            if values(point) < values(x) and _is_kept(landscape, point):
                x, better = point, True
                break
        if values(x) < limit:
            return values(x), x
        number += 1
        share *= 1.0 if better else 0.4
    return None


def _is_kept(landscape: Landscape, x: FloatArray) -> bool:
    """Return whether a point lies in the box and keeps the constraints, by a stricter tolerance than `is_feasible`."""
    if not landscape.contains(x):
        return False
    if not landscape.own_constraints:
        return True
    try:
        return bool(landscape.violation(x) <= 1e-9)
    except Exception:
        return False


def _restored(landscape: Landscape, values: _Values, x: FloatArray) -> FloatArray:
    """Move a point towards the feasible set by a few Newton steps on the broken constraints."""
    for _ in range(6 if landscape.own_constraints else 0):
        try:
            broken, slopes = _broken(landscape, values, x)
        except Exception:
            return x
        if not len(broken) or not (np.all(np.isfinite(broken)) and np.all(np.isfinite(slopes))):
            return x
        x = values.inside(x - values.width * np.linalg.lstsq(slopes * values.width, broken, rcond=None)[0])
    return x


def _broken(landscape: Landscape, values: _Values, x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the violations of limits and their derivatives."""
    amounts, slopes = [], []
    for constraint in landscape.own_constraints:
        found = constraint.values(x)
        over = np.maximum(found - constraint.upper, 0.0) - np.maximum(constraint.lower - found, 0.0)
        over = np.broadcast_to(over, np.shape(found))
        if not over.any():
            continue
        step = 1e-6 * values.width
        matrix = np.stack(
            [
                (constraint.values(x + step * e) - constraint.values(x - step * e)) / (2.0 * step @ e)
                for e in np.eye(len(x))
            ],
            axis=-1,
        )
        amounts.append(over[over != 0.0])
        slopes.append(matrix[over != 0.0])
    if not amounts:
        return np.zeros(0), np.zeros((0, len(x)))
    return np.concatenate(amounts), np.concatenate(slopes)


@dataclass
class _Difference:
    """A directional derivative at a point: the given one and the one by differences."""

    point: FloatArray
    given: float
    found: float
    row: int
    verdict: str  # "right", "wrong", "flat" (wrong, and the function does not change at all), "unknown"


class _Derivative:
    """A function (dim,) → (m,) and its given derivative (dim,) → (m, dim)."""

    def __init__(
        self,
        values: _Values,
        function: Callable[[FloatArray], FloatArray],
        derivative: Callable[[FloatArray], FloatArray],
        *,
        relative: float = 2e-5,
        is_coarse: bool = False,
        noise: float = 0.0,
        given_noise: float = 0.0,
        precision: float = _DOUBLE,
    ) -> None:
        self.values = values
        self.function = function
        self.derivative = derivative
        self.relative = relative
        self.noise = noise
        self.given_noise = given_noise
        self.precision = precision
        self.steps = _COARSE_STEPS if is_coarse else _STEPS

    def along(self, x: FloatArray, direction: FloatArray, given: FloatArray) -> _Difference:
        """Compare along a direction, scaled by the box's widths: with one step and, if that disagrees, with more."""
        values = self.values
        scale = np.minimum(values.width, np.maximum(np.abs(x), 1.0))
        v = direction * scale
        unit = float(v.sum()) if np.count_nonzero(v) == 1 else 1.0
        with np.errstate(divide="ignore"):
            room = float(np.min(np.where(v != 0.0, np.minimum(x - values.lower, values.upper - x) / np.abs(v), np.inf)))
        slope = given @ v
        size = np.max(np.abs(given) * scale, axis=1)
        rough = _precision(given.ravel().tolist())
        middle = self.function(x)
        taken: list[
            tuple[FloatArray, FloatArray, FloatArray]
        ] = []  # difference quotients, their error bounds and rounding errors
        moved: list[NDArray[np.bool_]] = []  # for each step, which values changed at all
        for step in self.steps:
            h = min(step, 0.9 * room)
            ahead, behind = self.function(x + h * v), self.function(x - h * v)
            found = (ahead - behind) / (2.0 * h)
            if not np.all(np.isfinite(found)) or not np.all(np.isfinite(slope)):
                return _Difference(x, math.nan, math.nan, 0, "unknown")
            largest = np.maximum(np.maximum(np.abs(ahead), np.abs(behind)), np.abs(middle))
            rounding = (8.0 * self.precision * largest + 2.0 * self.noise) / h
            error = rounding + np.abs(ahead - 2.0 * middle + behind) / h
            error += self.relative * np.maximum(np.abs(found), np.abs(slope))
            error += (1e-7 + self.given_noise + 64.0 * (rough if rough > _DOUBLE else 0.0)) * size + 1e-300
            off = np.abs(found - slope)
            taken.append((found, error, rounding))
            moved.append((ahead != behind) | (ahead != middle))
            if np.all(off <= error):
                return _Difference(x, float(slope[0]) / unit, float(found[0]) / unit, 0, "right")
        wrong_at_all = np.all([np.abs(found - slope) > error for found, error, _ in taken], axis=0)
        row = int(np.argmax(np.where(wrong_at_all, np.abs(taken[0][0] - slope), -1.0)))
        is_flat = not np.any(moved)
        # Where values are rounded to a few digits, short steps change nothing. Such zeros do not confirm each other.
        telling = [k for k in range(len(taken)) if moved[k][row]] or list(range(len(taken)))
        founds = [float(taken[k][0][row]) for k in telling]
        errors = [float(taken[k][2][row]) for k in telling]
        near = 0.2 if self.steps is _COARSE_STEPS else 0.02
        agreeing = [
            sum(
                abs(one - other) <= near * max(abs(one), abs(other)) + errors[k] + errors[j]
                for j, other in enumerate(founds)
            )
            for k, one in enumerate(founds)
        ]
        agree = max(agreeing) >= 3
        verdict = "unknown"
        if wrong_at_all[row] and agree:
            verdict = "flat" if is_flat else "wrong"
        return _Difference(x, float(slope[row]) / unit, float(taken[0][0][row]) / unit, row, verdict)


def _points(landscape: Landscape, values: _Values, most: int = _PROBED) -> list[FloatArray]:
    """Return points to compare derivatives at: near the minimiser, near x0, in the box; none on an edge."""
    shares = low_discrepancy(3, landscape.dim) - 0.5
    beside = [
        x + size * values.width * share
        for x in values.minimizers[:1]
        for size, share in zip((0.2, 0.02), shares, strict=False)
    ]
    chosen = [*beside, landscape.x0 + 2e-2 * values.width * shares[2], *values.samples[: _PROBED - 3]]
    if landscape.own_constraints:
        chosen += [_restored(landscape, values, x) for x in values.samples[: _PROBED - 3]]
    inside = [values.off_edges(x, k) for k, x in enumerate(chosen)]
    return [x for x in inside if math.isfinite(values(x))][:most]


def _wrong_derivative(
    what: str, of: str, one: _Derivative, points: Sequence[FloatArray], rows: int | None = None
) -> list[str]:
    """Compare a derivative with differences at several points; return a sentence if it is wrong."""
    dim = len(one.values.width)
    matrices: list[tuple[FloatArray, FloatArray]] = []
    for x in points:
        try:
            given = _dense(one.derivative(x))
        except Exception as error:
            return [f"{what} raises {type(error).__name__}: {error}, at x = {_written(x)}"]
        height = len(one.function(x)) if rows is None else rows
        expected = (dim,) if what == "gradient" else (height, dim)
        if given.shape == (dim,) and height == 1 and what.startswith("Jacobian"):
            given = given.reshape(expected)  # a constraint's derivative may lack an axis
        if given.shape != expected:
            turned = " (is it transposed?)" if given.shape == expected[::-1] != expected else ""
            return [f"{what} returns shape {given.shape}, expected {expected}{turned}"]
        matrices.append((x, given.reshape(height, dim)))
    finite = [(x, given) for x, given in matrices if np.all(np.isfinite(given))]
    if matrices and not finite:
        return [f"{what} is not finite: {_written(matrices[0][1].ravel())} at x = {_written(matrices[0][0])}"]
    compared: dict[int, list[_Difference]] = {}
    for number, (x, given) in enumerate(finite):
        for part in _parted(dim, number):
            difference = one.along(x, part, given)
            members = np.flatnonzero(part).tolist()
            if difference.verdict == "right" or len(members) == 1:
                for k in members:
                    compared.setdefault(k, []).append(difference)
                continue
            for k in members:
                if difference.verdict == "wrong" and sum(map(_is_suspect, compared.values())) < 4:
                    compared.setdefault(k, []).append(one.along(x, np.eye(dim)[k], given))
    faults = {
        k: wrong for k, differences in compared.items() if (wrong := _confirmed(one, k, dim, differences, finite))
    }
    return [_told(what, of, faults, compared, dim)] if faults else []


def _dense(array: Any) -> FloatArray:
    """Convert a derivative, possibly a sparse matrix, to an array of floats."""
    return np.asarray(array.toarray() if hasattr(array, "toarray") else array, dtype=np.float64)


def _is_suspect(differences: list[_Difference]) -> bool:
    return any(difference.verdict == "wrong" for difference in differences)


def _confirmed(
    one: _Derivative,
    k: int,
    dim: int,
    differences: list[_Difference],
    finite: Sequence[tuple[FloatArray, FloatArray]],
) -> list[_Difference]:
    """Return the differences that show coordinate k to be wrong, if several points do; one is not enough."""
    wrong = [difference for difference in differences if difference.verdict == "wrong"]
    right = any(difference.verdict == "right" for difference in differences)
    if not wrong and not right:
        wrong = [difference for difference in differences if difference.verdict == "flat"]
    if not wrong or len(wrong) > 1:
        return wrong
    axis, values = np.eye(dim)[k], one.values
    if dim > _DIRECTIONS:
        for x, given in finite:
            again = one.along(x, axis, given)
            if again.verdict == "wrong" and not np.array_equal(x, wrong[0].point):
                wrong.append(again)
    for share in 0.02 * (low_discrepancy(3, dim) - 0.5):
        x = values.off_edges(wrong[0].point + share * values.width, len(wrong))
        try:
            given = _dense(one.derivative(x)).reshape(-1, dim)
            again = one.along(x, axis, given)
        except Exception:
            continue
        if again.verdict == wrong[0].verdict:
            wrong.append(again)
    return wrong if len(wrong) > 2 else []


def _told(
    what: str, of: str, faults: dict[int, list[_Difference]], compared: dict[int, list[_Difference]], dim: int
) -> str:
    ratios = [d.given / d.found for wrong in faults.values() for d in wrong if d.found]
    hint = ""
    if ratios and np.ptp(ratios) <= 1e-2 * abs(ratios[0]) and abs(ratios[0] - 1.0) > 1e-2:
        hint = "; its sign is wrong" if abs(ratios[0] + 1.0) < 1e-2 else f"; it is {ratios[0]:.3g} times the derivative"
    everywhere = " in every component" if dim > 1 and len(faults) == dim and hint else ""
    parts = []
    for k, wrong in list(faults.items())[: 1 if everywhere else 3]:
        worst = max(wrong, key=lambda d: abs(d.given - d.found))
        place = f"component {k}" if what == "gradient" else f"entry [{worst.row}, {k}]"
        parts.append(
            f"{place} is {worst.given:.6g} at x = {_written(worst.point)}, but central differences of {of} give "
            f"{worst.found:.6g}"
        )
    more = f" (and {len(faults) - 3} more components)" if len(faults) > 3 and not everywhere else ""
    return f"the {what} is wrong: {'; '.join(parts)}{more}{hint}{everywhere}"


def _wrong_gradient(landscape: Landscape, values: _Values) -> list[str]:
    if not landscape.has_gradient:
        return []
    points = _points(landscape, values)
    rounded_to = max((values.step_at(x) for x in points[-2:]), default=0.0)
    one = _Derivative(
        values,
        lambda x: np.array([values(x)]),
        landscape.gradient,
        is_coarse=values.is_noisy() or values.precision > _DOUBLE or rounded_to > 0.0,
        noise=max(values.noise, rounded_to),
        given_noise=4.0 * _scatter(landscape.gradient, points[:2]),
        precision=values.precision,
    )
    return _wrong_derivative("gradient", "f", one, points, 1)


def _scatter(function: Callable[[FloatArray], Any], points: Sequence[FloatArray]) -> float:
    """Return how far repeated results differ, as a share of the largest component; 0 without noise."""
    found = 0.0
    for x in points:
        try:
            first, again = _dense(function(x)), _dense(function(x))
            if np.array_equal(first, again, equal_nan=True):
                continue
            repeats = [first, again, *(_dense(function(x)) for _ in range(_REPEATS))]
            found = max(found, float(np.max(np.ptp(repeats, axis=0)) / np.max(np.abs(repeats))))
        except Exception:  # reported where it is compared
            return 0.0
    return found


def _wrong_hessian(landscape: Landscape, values: _Values) -> list[str]:
    """Compare a given Hessian with differences of the gradient or, without one, with second differences."""
    if landscape._hessian is None or (not landscape.has_gradient and landscape.dim > _DIRECTIONS):
        return []

    def differences(x: FloatArray) -> FloatArray:
        steps = 1e-3 * np.minimum(values.width, np.maximum(np.abs(x), 1.0)) * np.eye(len(x))
        return np.array([(values(x + step) - values(x - step)) / (2.0 * step.sum()) for step in steps])

    def gradient(x: FloatArray) -> FloatArray:
        return np.asarray(landscape.gradient(x), dtype=np.float64) if landscape.has_gradient else differences(x)

    points = _points(landscape, values, 4 if landscape.has_gradient else 2)
    if not points:
        return []
    scatter = _scatter(gradient, points[:1])
    slopes = np.array([gradient(x) for x in points])
    precision = _precision(slopes.ravel().tolist()) if landscape.has_gradient else 1e-8
    is_coarse = scatter > 0.0 or precision > _DOUBLE or values.is_noisy()
    one = _Derivative(
        values,
        gradient,
        landscape.hessian,
        relative=1e-3 if landscape.has_gradient else 1e-2,
        is_coarse=is_coarse,
        noise=3.0 * scatter * float(np.max(np.abs(slopes)))
        + (0.0 if landscape.has_gradient else 1e3 * values.noise / float(values.width.min())),
        given_noise=4.0 * _scatter(landscape.hessian, points[:1]),
        precision=precision,
    )
    of = "the gradient" if landscape.has_gradient else "f"
    return _wrong_derivative("hessian", of, one, points, landscape.dim)


def _wrong_residuals(landscape: Landscape, values: _Values) -> list[str]:
    """Compare the squares of the residuals with the objective, and their Jacobian with differences."""
    if not landscape.has_residuals:
        return []
    points = _points(landscape, values, 4)
    faults, ratios, wrong = [], [], []
    for x in (*points, *values.minimizers[:1]):
        try:
            residuals = np.asarray(landscape.residuals(x), dtype=np.float64)
        except Exception as error:
            return [f"residuals raises {type(error).__name__}: {error}, at x = {_written(x)}"]
        if residuals.ndim != 1:
            return [f"residuals returns shape {residuals.shape}, expected (m,)"]
        total, value = float(residuals @ residuals), values(x)
        rounding = 1e-8 + 1e3 * max(values.precision, _precision(residuals.tolist()))
        if abs(total - value) > rounding * max(total, abs(value)) + values.tolerance:
            wrong.append((x, total, value))
            ratios.append(total / value if value else math.inf)
    if wrong:
        x, total, value = wrong[0]
        hint = ""
        if len(wrong) > 1 and ratios[0] > 0.0 and np.ptp(ratios) <= 1e-6 * abs(ratios[0]):
            hint = f"; multiply the residuals by the square root of {1.0 / ratios[0]:.6g}"
        faults.append(
            f"residuals: the sum of their squares, without a factor of ½, is {total!r} at x = {_written(x)}, but "
            f"f = {value!r}{hint}"
        )
    if landscape._jacobian is not None and points:

        def function(x: FloatArray) -> FloatArray:
            return np.asarray(landscape.residuals(x), dtype=np.float64)

        first = function(points[0])
        scatter, precision = _scatter(function, points[:1]), _precision(first.tolist())
        one = _Derivative(
            values,
            function,
            landscape.jacobian,
            is_coarse=scatter > 0.0 or precision > _DOUBLE,
            noise=3.0 * scatter * float(np.max(np.abs(first))),
            given_noise=4.0 * _scatter(landscape.jacobian, points[:1]),
            precision=precision,
        )
        faults += _wrong_derivative("jacobian", "the residuals", one, points)
    return faults


def _wrong_constraint(landscape: Landscape, number: int, constraint: Constraint) -> list[str]:
    """Compare a constraint's given Jacobian with differences, and its Hessian with differences of the Jacobian."""
    if not constraint.has_jacobian or isinstance(constraint.function, Formula):
        return []
    values = _Values(landscape)
    points = [x for x in _points(landscape, values, 4) if _is_defined(constraint, x)]
    if not points:
        return []
    precision = _precision(np.ravel([constraint.values(x) for x in points]).tolist())
    is_coarse = precision > _DOUBLE
    one = _Derivative(values, constraint.values, constraint.jacobian, is_coarse=is_coarse, precision=precision)
    which = "constraint" + (f" {number}" if len(landscape.own_constraints) > 1 else "")
    faults = _wrong_derivative(f"Jacobian of {which}", "the constraint", one, points)
    hessian = getattr(constraint.given, "hess", None)
    if faults or is_coarse or not callable(hessian):
        return faults
    multipliers = 1.0 + low_discrepancy(1, len(constraint.values(points[0])))[0]
    two = _Derivative(
        values,
        lambda x: multipliers @ constraint.jacobian(x),
        lambda x: dense(hessian(x, multipliers)),
        relative=1e-3,
    )
    return _wrong_derivative(f"Hessian of {which}", "its Jacobian", two, points, landscape.dim)


def _is_defined(constraint: Constraint, x: FloatArray) -> bool:
    try:
        return bool(np.all(np.isfinite(constraint.values(x))))
    except Exception:
        return False


def _inconsistent_batch(landscape: Landscape, values: _Values) -> list[str]:
    """Compare a formula's values at a batch with those at single points; other functions have no batches."""
    if not isinstance(landscape.objective, Formula):
        return []
    points = values.samples[:4]
    try:
        batch = np.asarray(landscape.objective(points), dtype=np.float64)
    except Exception as error:
        return [f"fun raises {type(error).__name__}: {error}, at a batch of shape {points.shape}"]
    for x, value in zip(points, np.broadcast_to(batch, len(points)).tolist(), strict=True):
        single = values(x)
        if abs(single - value) > 1e-6 * abs(single) + values.tolerance:
            return [f"fun gives {single!r} at the point x = {_written(x)}, but {value!r} at the same point in a batch"]
    return []


def _written(x: FloatArray) -> str:
    """Write a point, shortened if it is long."""
    numbers = [float(f"{number:.6g}") if len(x) > 3 else number for number in np.asarray(x).tolist()]
    return str(numbers) if len(numbers) <= 6 else f"[{', '.join(map(str, numbers[:5]))}, … {len(numbers)} numbers]"
