"""Compare values that a user's test tracks (a width, a run, a training, a rate or a number) with their accepted values.

Each kind has a record of plain values for a file, and a comparison of two records. A width has a confidence interval
(`width_comparison`), a rate a test of significance. A single run, training (`training_comparison`) or number has
neither: a gate alone decides.
"""

from __future__ import annotations

import functools
import math
import numbers
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Never, TypeGuard

import scipy

from pytest_optlandscape.comparison.criteria import PRECISION, metrics_on
from pytest_optlandscape.comparison.findings import Finding, Verdict, verdict_of
from pytest_optlandscape.comparison.training_comparison import (
    check_can_be_tracked,
    compare_training_records,
    is_training_record,
    training_record,
)
from pytest_optlandscape.comparison.width_comparison import compare_widths, width_record
from pytest_optlandscape.landscapes.arguments import listed
from pytest_optlandscape.records.build_records import record_of
from pytest_optlandscape.records.landscape_record import CellRecord, LandscapeRecord
from pytest_optlandscape.records.robust_range import RobustWidth
from pytest_optlandscape.records.robustness import Robustness
from pytest_optlandscape.records.targets import facts_of_targets, reference_gap
from pytest_optlandscape.records.validation import checked_cell
from pytest_optlandscape.runs import Run, TrainingRun
from pytest_optlandscape.runs.rates import RateInterval
from pytest_optlandscape.texts.keywords import refuse_keywords
from pytest_optlandscape.texts.plurals import number_of

__all__ = ["Terms", "Tracked", "TrackedComparison", "compare_tracked", "is_record", "tracked"]

DIRECTIONS = ("lower", "higher", "none")
"""The better direction of a number or a rate; with ``"none"``, any move beyond the gate is *changed*."""

GATE = 0.10
"""The smallest move that matters: for a number as a share of the value before, for a rate 10 points."""

LEVEL = 0.001
"""The level of Fisher's exact test, for each rate by itself."""

_SAME_DIGITS = 0.05
"""Digits of precision by which a run may differ on another machine, by rounding, and still be the same."""

_ROUNDING = 1.0 + 1e-9  # a move of exactly the gate is not beyond it
_BROKEN = ("exception", "no-result", "non-finite")
_NO_TEST = {
    "run": "one run, no test of significance",
    "training": "one training, no test of significance",
    "number": "one value, no test of significance",
}


@dataclass(frozen=True)
class Terms:
    """The direction and the gate by which a number or a rate is judged.

    Attributes
    ----------
    better : str
        One of `DIRECTIONS`.
    gate : float
        The smallest move that matters.
    is_absolute : bool
        Whether the gate is in the number's unit instead of a share of the value before.
    """

    better: str = "none"
    gate: float = GATE
    is_absolute: bool = False


@dataclass(frozen=True)
class Tracked:
    """A checked value that a test tracks.

    Attributes
    ----------
    kind : str
        ``"width"``, ``"run"``, ``"training"``, ``"rate"`` or ``"number"``.
    name : str
        Unique in its test.
    terms : Terms
    make_record : callable
        Return the record without its kind.
    """

    kind: str
    name: str
    terms: Terms
    make_record: Callable[[], dict[str, Any]]

    def record(self) -> dict[str, Any]:
        """Return plain values for a file."""
        return {"kind": self.kind, **self.make_record()}


@dataclass(frozen=True)
class TrackedComparison:
    """A tracked value compared with its accepted value.

    Attributes
    ----------
    verdict : Verdict
    text : str
        Values and verdict in words.
    value, before : float or None
        Decades of a width, evaluations of a run or a training, a rate or a number, now and before.
    unit : str
    """

    verdict: Verdict
    text: str
    value: float
    before: float | None = None
    unit: str = ""

    def __str__(self) -> str:
        return self.text


def tracked(
    found: Any,
    name: str | None = None,
    *,
    unit: str | None = None,
    better: str | None = None,
    gate: float | None = None,
    absolute_gate: float | None = None,
    **others: Never,
) -> Tracked:
    """Check a value that a test tracks.

    Parameters
    ----------
    found : RobustWidth, Run, TrainingRun, Robustness, RateInterval or number
    name : str, optional
        Required for a rate or a number (default for a width: optimizer and hyperparameter; for a run: optimizer and
        landscape; for a training: optimizer and loss).
    unit : str, optional
        The unit of a number.
    better : str, optional
        ``"lower"``, ``"higher"`` or ``"none"``: the better direction of a number (default: none) or a rate (default:
        higher).
    gate : float, optional
        The smallest move that matters: for a number a share of the value before, for a rate a difference of rates
        (default: 0.1).
    absolute_gate : float, optional
        For a number, instead of ``gate``: the smallest move that matters, in the number's unit.

    Returns
    -------
    Tracked

    Raises
    ------
    TypeError
        If the value is none of these, an argument does not apply to its kind, or a keyword is unknown.
    ValueError
        If a name is missing or not one line of text, a number is not finite, a direction is unknown, a gate is not a
        positive number, the minimum of a run's landscape is not known, a training has not ended, or the loss of its
        final weights is unknown or beyond its bound.

    Examples
    --------
    >>> tracked(3.21, "time per step", unit="ms", better="lower").record()
    {'kind': 'number', 'value': 3.21, 'unit': 'ms', 'better': 'lower'}
    """
    directions = 'better, which is "lower", "higher" or "none"'
    refuse_keywords(tracked, others, {"direction": directions, "higher_is_better": directions}, called="track")
    given = {"unit": unit, "better": better, "gate": gate, "absolute_gate": absolute_gate}
    value, own_name = 0.0, None
    make: Callable[[], dict[str, Any]]
    if isinstance(found, RobustWidth):
        kind, own_name = "width", f"{found.optimizer}, {found.hyperparameter}"
        make = functools.partial(width_record, found)
    elif isinstance(found, Run):
        _check_can_be_judged(found)
        kind, own_name = "run", f"{found.optimizer} on {found.landscape.id}"
        make = functools.partial(_run_record, found)
    elif isinstance(found, TrainingRun):
        check_can_be_tracked(found)
        kind, own_name = "training", f"{found.optimizer} on {found.landscape.id}"
        make = functools.partial(training_record, found)
    elif isinstance(found, Robustness | RateInterval):
        kind, interval = "rate", found.interval if isinstance(found, Robustness) else found
        counts = {"successes": int(interval.successes), "trials": int(interval.trials)}
        make = functools.partial(dict, counts, better=better or "higher")
    else:
        kind, value = "number", _as_number(found)
        make = functools.partial(dict, value=_rounded(value), unit=unit or "", better=better or "none")
    name = _checked_name(name, own_name, kind)
    if not math.isfinite(value):
        raise ValueError(f"track: {name!r} is {value}; a tracked number must be finite")
    return Tracked(kind, name, _checked_terms(kind, name, given), make)


def _as_number(found: Any) -> float:
    is_scalar = getattr(found, "shape", None) == () and hasattr(found, "item")
    value: Any = found.item() if is_scalar else found  # unwrap an array or tensor of one number
    if not isinstance(value, bool) and isinstance(value, numbers.Real):
        return float(value)
    raise TypeError(
        "track takes what assert_robust or assert_tunable returns, a Run, a TrainingRun, a rate of rate_interval, or a "
        "real number; "
        f"got {type(found).__name__}: {found!r:.60}"
    )


def _checked_name(name: Any, own: str | None, kind: str) -> str:
    if name is None:
        if own is None:
            raise ValueError(f"track: a {kind} needs a name, to be found in the next session: track(…, name='…')")
        return own
    if not isinstance(name, str):
        raise TypeError(f"track: a name must be a string, got {name!r:.60}")
    if not name.strip() or not name.isprintable():
        raise ValueError(f"track: a name must be one line of text, got {name!r:.60}")
    return name.strip()


def _checked_terms(kind: str, name: str, given: Mapping[str, Any]) -> Terms:
    allowed = {"number": tuple(given), "rate": ("better", "gate")}.get(kind, ())
    for argument, value in given.items():
        if value is not None and argument not in allowed:
            taken = f"takes {' and '.join(allowed)}" if allowed else "has gates of its own"
            raise TypeError(f"track: {name!r} is a {kind}, which {taken}; {argument} does not apply")
    unit, better = given["unit"], given["better"]
    if unit is not None and not (isinstance(unit, str) and unit.isprintable()):
        raise TypeError(f"track: the unit of {name!r} must be a string, got {unit!r:.60}")
    if better is not None and better not in DIRECTIONS:
        raise ValueError(f"track: better of {name!r} must be 'lower', 'higher' or 'none', got {better!r:.60}")
    if given["gate"] is not None and given["absolute_gate"] is not None:
        raise TypeError(f"track: {name!r} takes either gate (a share) or absolute_gate (in its unit), not both")
    gates = {key: given[key] for key in ("gate", "absolute_gate") if given[key] is not None}
    for key, gate in gates.items():
        is_number = isinstance(gate, numbers.Real) and not isinstance(gate, bool)
        if not is_number or not 0.0 < float(gate) < math.inf:
            raise ValueError(f"track: {key} of {name!r} must be a positive number, got {gate!r:.60}")
    if kind == "rate" and gates.get("gate", GATE) >= 1.0:
        raise ValueError(
            f"track: the gate of the rate {name!r} must be below 1 (0.1 is 10 points), got {gates['gate']!r}"
        )
    default = "higher" if kind == "rate" else "none"
    return Terms(better or default, float(next(iter(gates.values()), GATE)), "absolute_gate" in gates)


def _check_can_be_judged(run: Run) -> None:
    """Raise ValueError if the run's landscape has no known minimum or no reference gap, from which targets are made."""
    run.landscape.check_minimum_is_known()
    if not 0.0 < reference_gap(run.landscape) < math.inf:
        raise ValueError(
            f"track: a run on {run.landscape.id} cannot be judged: the median of f over its box is its minimum, or "
            "not finite; track a number of it instead: track(run.fun, name='f', better='lower')"
        )


def _run_record(run: Run) -> dict[str, Any]:
    landscape = run.landscape
    cell = record_of(run, "run")
    conditions = {
        "optimizer": run.optimizer,
        "landscape": landscape.id,
        "version": landscape.version,
        "start": listed(run.x0.tolist()),
        "bounds": listed(run.bounds.ravel().tolist()),
        "budget": run.budget,
        "seed": run.seed,
        "fmin": landscape.fmin,
        "reference": reference_gap(landscape),
        **facts_of_targets(landscape),
        **({"constraints": len(landscape.own_constraints)} if landscape.own_constraints else {}),
    }
    record = LandscapeRecord(landscape.id, conditions, (cell,))
    return {
        "conditions": conditions,
        "evaluations": max(cell.evaluations, cell.njev),
        "gap": cell.gap if math.isfinite(cell.gap) else None,
        "success": bool(record.successes),
        "cell": cell.to_text(),
    }


def _rounded(number: float) -> float:
    return float(f"{number:.6g}")


def is_record(entry: Any) -> bool:
    """Return whether plain values, read from a file, are a record of `Tracked.record`.

    Examples
    --------
    >>> is_record({"kind": "rate", "successes": 19, "trials": 20, "better": "higher"})
    True
    >>> is_record({"kind": "rate", "successes": 21, "trials": 20, "better": "higher"})
    False
    """
    if not isinstance(entry, dict) or not isinstance(entry.get("kind"), str) or entry["kind"] not in _CHECKS:
        return False
    rest = {key: value for key, value in entry.items() if key != "kind"}
    return _CHECKS[entry["kind"]](rest)


def _is_width(entry: dict[str, Any]) -> bool:
    return (
        entry.keys() == {"optimizer", "hyperparameter", "conditions", "decades", "ranges"}
        and isinstance(entry["conditions"], dict)
        and isinstance(entry["ranges"], dict)
        and _is_number(entry["decades"])
        and all(ends is None or _is_range(ends) for ends in entry["ranges"].values())
    )


def _is_range(ends: Any) -> bool:
    if not isinstance(ends, list) or len(ends) != 2 or not all(_is_number(end) for end in ends):
        return False
    lower, upper = float(ends[0]), float(ends[1])
    return 0.0 < lower <= upper <= sys.float_info.max * min(lower, 1.0)  # so that log₁₀(upper / lower) is finite


def _is_run(entry: dict[str, Any]) -> bool:
    if entry.keys() != {"conditions", "evaluations", "gap", "success", "cell"}:
        return False
    conditions = entry["conditions"]
    if not isinstance(conditions, dict) or not isinstance(conditions.get("landscape"), str):
        return False
    fmin, *positive = (conditions.get(key) for key in ("fmin", "budget", "reference"))
    if not (_is_number(fmin) and all(_is_number(fact) and fact > 0.0 for fact in positive)):
        return False
    if not (_is_count(entry["evaluations"]) and type(entry["success"]) is bool and isinstance(entry["cell"], str)):
        return False
    try:
        checked_cell(entry["cell"])
    except (ValueError, OverflowError):
        return False
    return entry["gap"] is None or _is_number(entry["gap"])


def _is_rate(entry: dict[str, Any]) -> bool:
    return (
        entry.keys() == {"successes", "trials", "better"}
        and _is_count(entry["successes"])
        and _is_count(entry["trials"])
        and 0 < entry["trials"] >= entry["successes"]
        and entry["better"] in DIRECTIONS
    )


def _is_plain_number(entry: dict[str, Any]) -> bool:
    return (
        entry.keys() == {"value", "unit", "better"}
        and _is_number(entry["value"])
        and isinstance(entry["unit"], str)
        and entry["better"] in DIRECTIONS
    )


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 53


_CHECKS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "width": _is_width,
    "run": _is_run,
    "training": is_training_record,
    "rate": _is_rate,
    "number": _is_plain_number,
}


def compare_tracked(
    now: Mapping[str, Any], before: Mapping[str, Any] | None, terms: Terms | None = None, *, hindrance: str = ""
) -> TrackedComparison:
    """Compare two records of `Tracked.record`.

    Parameters
    ----------
    now, before : mapping
        ``before`` is None if there is no baseline.
    terms : Terms, optional
        The direction and the gate of a number or a rate (default: no direction is better; 10 % or 10 points).
    hindrance : str, optional
        Why nothing can be compared.

    Returns
    -------
    TrackedComparison
        *not-comparable* if the conditions differ. Otherwise, *worse* or *better* as follows. Width: see
        `compare_widths`. Run: a criterion of the suite moved beyond its gate for one landscape; if several did,
        `verdict_of` decides. Training: see `compare_training_records`. Rate: it moved by at least its gate, and
        Fisher's exact test rejects at 0.001. Number: it moved beyond its gate. A run, a training or a rate that moved
        less is *changed*, a number the *same*.

    References
    ----------
    R. A. Fisher, On the interpretation of χ² from contingency tables, and the calculation of P, 1922, J. R. Stat. Soc.
    85(1).

    Examples
    --------
    >>> before, now = ({"kind": "number", "value": t, "unit": "ms", "better": "lower"} for t in (3.2, 4.0))
    >>> print(compare_tracked(now, before, Terms("lower")))
    4 ms, before 3.2 ms: +25 % (gate 10 %; one value, no test of significance), worse
    >>> before, now = ({"kind": "rate", "successes": k, "trials": 20, "better": "higher"} for k in (20, 8))
    >>> print(compare_tracked(now, before, Terms("higher")))
    8 of 20, before 20 of 20: -60 points (p = 4.5e-05, Fisher's exact test), worse
    """
    terms = terms or Terms()
    made = _described(now)
    if hindrance:
        return _not_comparable(made, hindrance)
    if before is None:
        return replace(made, text=f"{made.text}, no baseline yet")
    reason = _differing_conditions(now, before)
    if reason:
        return _not_comparable(made, reason)
    compared = _COMPARISONS[now["kind"]](now, before, terms)
    return replace(compared, value=made.value, before=_described(before).value, unit=made.unit)


def _described(record: Mapping[str, Any]) -> TrackedComparison:
    """Describe a record that has no baseline."""
    value, unit, text = _DESCRIPTIONS[record["kind"]](record)
    return TrackedComparison(Verdict.NEW, text, value, unit=unit)


def _of_width(record: Mapping[str, Any]) -> tuple[float, str, str]:
    return record["decades"], "decades", f"{record['decades']:.2g} decades"


def _of_run(record: Mapping[str, Any]) -> tuple[float, str, str]:
    gap = "no feasible result" if record["gap"] is None else f"gap {record['gap']:.3g}"
    return record["evaluations"], "evaluations", f"{number_of(record['evaluations'], 'evaluation')}, {gap}"


def _of_training(record: Mapping[str, Any]) -> tuple[float, str, str]:
    gap = "no final gap" if record["gap"] is None else f"gap {record['gap']:.3g}"
    unit = record["conditions"]["unit"]
    units = "batches" if unit == "batch" else f"{unit}s"
    return record["evaluations"], units, f"{number_of(record['evaluations'], unit, units)}, {gap}"


def _of_rate(record: Mapping[str, Any]) -> tuple[float, str, str]:
    rate = _rounded(record["successes"] / record["trials"])
    return rate, "", f"{record['successes']} of {record['trials']}"


def _of_number(record: Mapping[str, Any]) -> tuple[float, str, str]:
    return record["value"], record["unit"], _with_unit(record["value"], record["unit"])


_DESCRIPTIONS: dict[str, Callable[[Mapping[str, Any]], tuple[float, str, str]]] = {
    "width": _of_width,
    "run": _of_run,
    "training": _of_training,
    "rate": _of_rate,
    "number": _of_number,
}


def _with_unit(value: float, unit: str, sign: str = "") -> str:
    return f"{value:{sign}.6g} {unit}".rstrip()


def _not_comparable(made: TrackedComparison, reason: str) -> TrackedComparison:
    return replace(made, verdict=Verdict.NOT_COMPARABLE, text=f"{made.text}, not compared: {reason}")


def _differing_conditions(now: Mapping[str, Any], before: Mapping[str, Any]) -> str:
    """Return the differences in the conditions, in words; "" if there are none."""
    if now["kind"] != before["kind"]:
        return f"a {before['kind']} is now a {now['kind']}"
    if now["kind"] == "number" and now["unit"] != before["unit"]:
        return f"unit {before['unit'] or 'none'} is now {now['unit'] or 'none'}"
    if now["kind"] not in ("run", "training"):
        return ""
    if now["kind"] == "run" and any(CellRecord.from_text(side["cell"]).was_stopped_by_time for side in (now, before)):
        return "the time limit stopped the run, before or now"
    old, new = before["conditions"], now["conditions"]
    return "; ".join(
        f"{key} {old.get(key)} is now {new.get(key)}" for key in {**old, **new} if old.get(key) != new.get(key)
    )


def _compare_widths(now: Mapping[str, Any], before: Mapping[str, Any], terms: Terms) -> TrackedComparison:
    del terms
    found = compare_widths(now, before)
    return TrackedComparison(found.verdict, str(found), found.decades)


def _compare_runs(now: Mapping[str, Any], before: Mapping[str, Any], terms: Terms) -> TrackedComparison:
    del terms
    record = LandscapeRecord(now["conditions"]["landscape"], now["conditions"], ())
    old, new = CellRecord.from_text(before["cell"]), CellRecord.from_text(now["cell"])
    findings = []
    if new.stop_reason in _BROKEN and old.stop_reason not in _BROKEN:
        findings.append(Finding("exceptions", 1.0, 0.0, f"ends without a result ({new.stop_reason}), had one before"))
    for metric in metrics_on([record]):
        moved = metric.difference_of_runs(record, old, new)
        if abs(moved) > metric.gate_landscape * _ROUNDING:
            text = metric.describe(moved)
            if metric.name == "failure":
                text = "fails, and succeeded before" if moved > 0.0 else "succeeds, and failed before"
            findings.append(Finding(metric.name, moved, math.nan, text))
    if not findings and _is_the_same(record, old, new):
        return TrackedComparison(Verdict.SAME, f"{_described(now).text}, the same", 0.0)
    verdict = verdict_of(findings)
    said = "; ".join(finding.text for finding in findings) or "no criterion moved beyond its gate"
    return TrackedComparison(
        verdict, f"{_described(now).text}, before {_described(before).text}: {said} ({_NO_TEST['run']}), {verdict}", 0.0
    )


def _compare_trainings(now: Mapping[str, Any], before: Mapping[str, Any], terms: Terms) -> TrackedComparison:
    del terms
    verdict, moves = compare_training_records(now, before)
    if verdict == Verdict.SAME:
        return TrackedComparison(verdict, f"{_described(now).text}, the same", 0.0)
    said = "; ".join(moves) or "no criterion moved beyond its gate"
    return TrackedComparison(
        verdict,
        f"{_described(now).text}, before {_described(before).text}: {said} ({_NO_TEST['training']}), {verdict}",
        0.0,
    )


def _is_the_same(record: LandscapeRecord, old: CellRecord, new: CellRecord) -> bool:
    def counts(cell: CellRecord) -> tuple[Any, ...]:
        counted = cell.nfev, cell.njev, cell.constr_nfev, cell.constr_njev
        return (*counted, cell.hits, cell.stop_reason, cell.flags)

    return (
        counts(old) == counts(new)
        and abs(PRECISION.value_of(record, new) - PRECISION.value_of(record, old)) < _SAME_DIGITS
    )


def _compare_rates(now: Mapping[str, Any], before: Mapping[str, Any], terms: Terms) -> TrackedComparison:
    table = [[side["successes"], side["trials"] - side["successes"]] for side in (now, before)]
    difference = now["successes"] / now["trials"] - before["successes"] / before["trials"]
    if difference == 0.0:
        return TrackedComparison(Verdict.SAME, f"{_described(now).text}, the same rate", 0.0)
    p_value = float(scipy.stats.fisher_exact(table)[1])
    verdict = Verdict.CHANGED
    if p_value < LEVEL and abs(difference) * _ROUNDING >= terms.gate:
        verdict = _moved(difference, terms.better)
    text = (
        f"{_described(now).text}, before {_described(before).text}: {100 * difference:+.3g} points "
        f"(p = {p_value:.2g}, Fisher's exact test), {verdict}"
    )
    return TrackedComparison(verdict, text, 0.0)


def _compare_numbers(now: Mapping[str, Any], before: Mapping[str, Any], terms: Terms) -> TrackedComparison:
    unit, difference = now["unit"], now["value"] - before["value"]
    if difference == 0.0:
        return TrackedComparison(Verdict.SAME, f"{_described(now).text}, the same", 0.0)
    if terms.is_absolute or before["value"] == 0.0:
        moved = _with_unit(difference, unit, "+")
    else:
        moved = f"{100.0 * difference / abs(before['value']):+.3g} %"
    allowed = terms.gate if terms.is_absolute else terms.gate * abs(before["value"])
    gate = f"gate {_with_unit(terms.gate, unit) if terms.is_absolute else f'{100.0 * terms.gate:.3g} %'}"
    start = f"{_described(now).text}, before {_described(before).text}: {moved}"
    if abs(difference) <= allowed * _ROUNDING:
        return TrackedComparison(Verdict.SAME, f"{start}, within the {gate}: the same", 0.0)
    verdict = _moved(difference, terms.better)
    return TrackedComparison(verdict, f"{start} ({gate}; {_NO_TEST['number']}), {verdict}", 0.0)


def _moved(difference: float, better: str) -> Verdict:
    """Return the verdict on a move beyond the gate."""
    if better == "none":
        return Verdict.CHANGED
    return Verdict.BETTER if (difference > 0.0) == (better == "higher") else Verdict.WORSE


_COMPARISONS: dict[str, Callable[[Mapping[str, Any], Mapping[str, Any], Terms], TrackedComparison]] = {
    "width": _compare_widths,
    "run": _compare_runs,
    "training": _compare_trainings,
    "rate": _compare_rates,
    "number": _compare_numbers,
}
