"""Compare a recorded training that a test tracks with the training that was accepted before.

A training has no targets of its own. So these are compared, with the gates of a run: the evaluations to the same gaps,
the gap of the final weights, and the evaluations in all.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from typing import Any

from pytest_optlandscape.comparison.criteria import COST, PRECISION, PROGRESS
from pytest_optlandscape.comparison.findings import Finding, Verdict, verdict_of
from pytest_optlandscape.records.build_records import descent_of, hash_of_path
from pytest_optlandscape.records.fingerprint import Fingerprint
from pytest_optlandscape.records.landscape_record import CellRecord, Descent, LandscapeRecord
from pytest_optlandscape.records.targets import TARGETS
from pytest_optlandscape.runs import TrainingRun
from pytest_optlandscape.runs.recorders import ROUNDING

__all__ = ["check_can_be_tracked", "compare_training_records", "is_training_record", "training_record"]

_SAME_DIGITS, _SAME_PROGRESS = 0.05, math.log10(1.01)
"""The digits of the gap, and the decades of evaluations, by which rounding may move a training on another machine."""

_EXACT = 1.0 + 1e-9  # a move of exactly the gate is not beyond it
_UNPLANNED = 1 << 20
"""The budget of a training without a plan, so that its gaps are kept after 1, 2, 4, … evaluations."""

_CONDITIONS = {"optimizer", "loss", "unit", "budget"}
_STOPS = ("budget", "returned", "exception")


def check_can_be_tracked(run: TrainingRun) -> None:
    """Raise ValueError if a training has recorded nothing or not ended, or its loss is wrong or unknown."""
    if not run.nfev:
        raise ValueError(f"track: {run.optimizer} on {run.landscape.id}: no loss was recorded")
    if run.trouble and run.stop_reason != "exception":
        raise ValueError(f"track: {run.optimizer} on {run.landscape.id}: {run.trouble}")
    if run.fun is None and run.stop_reason != "exception":
        raise ValueError(
            f"track: {run.optimizer} on {run.landscape.id}: the loss of the final weights is not known: {run.fun_note}"
        )


def training_record(run: TrainingRun) -> dict[str, Any]:
    """Return a recorded training as plain values for a file."""
    loss = run.landscape
    bound = {"fmin": loss.fmin} if loss.fmax is None else {"fmax": loss.fmax}
    planned = run.budget if run.is_planned else None
    conditions = {"optimizer": run.optimizer, "loss": loss.id, "unit": run.unit, "budget": planned, **bound}
    final = math.inf if run.fun is None or run.stop_reason == "exception" else run.result_gap
    descent = descent_of(run.trace.gap, 1.0, planned or _UNPLANNED)
    return {
        "conditions": conditions,
        "evaluations": run.nfev,
        "gap": float(f"{final:.4g}") if math.isfinite(final) else None,
        "stop": run.stop_reason,
        "losses": hash_of_path(run.trace.x, run.trace.fun),
        "descent": descent.to_text() if descent else "",
    }


def is_training_record(entry: dict[str, Any]) -> bool:
    """Return whether plain values, read from a file, are a record of `training_record`."""
    if entry.keys() != {"conditions", "evaluations", "gap", "stop", "losses", "descent"}:
        return False
    conditions = entry["conditions"]
    if not isinstance(conditions, dict) or conditions.keys() - {"fmin", "fmax"} != _CONDITIONS:
        return False
    bounds = [conditions[key] for key in ("fmin", "fmax") if key in conditions]
    texts = [conditions["optimizer"], conditions["loss"], conditions["unit"], entry["losses"], entry["descent"]]
    counts = [entry["evaluations"], 1 if conditions["budget"] is None else conditions["budget"]]
    if not (
        len(bounds) == 1
        and _is_number(bounds[0])
        and all(isinstance(text, str) for text in texts)
        and all(type(count) is int and 0 < count < 1 << 53 for count in counts)
        and entry["stop"] in _STOPS
        and (entry["gap"] is None or (_is_number(entry["gap"]) and entry["gap"] >= 0.0))
    ):
        return False
    try:
        return not entry["descent"] or Descent.from_text(entry["descent"]).to_text() == entry["descent"]
    except (ValueError, OverflowError):
        return False


def compare_training_records(now: Mapping[str, Any], before: Mapping[str, Any]) -> tuple[Verdict, list[str]]:
    """Compare two records of `training_record` with equal conditions.

    Returns
    -------
    Verdict
        *Worse* or *better* if the evaluations to the same gaps or in all moved by more than 10 %, or the final gap by
        more than 0.3 digits; `verdict_of` decides between several.
    list of str
        The moves, in words.
    """
    if all(now[key] == before[key] for key in ("losses", "gap", "stop")):
        return Verdict.SAME, []
    old, new = _cell(before), _cell(now)
    reference = max([gap for gap in (old.gap, new.gap, *_tops(old, new)) if math.isfinite(gap)], default=1.0)
    planned = now["conditions"]["budget"] or _UNPLANNED
    definition = {"budget": planned, "fmin": 0.0, "reference": reference or 1.0}
    record = LandscapeRecord(now["conditions"]["loss"], definition, ())
    moves = {metric.name: metric.difference_of_runs(record, old, new) for metric in (PROGRESS, PRECISION, COST)}
    findings = []
    if now["stop"] == "exception" != before["stop"]:
        findings.append(Finding("exceptions", 1.0, 0.0, "raises an exception, and did not before"))
    for metric, what in ((PROGRESS, " to the same gap"), (PRECISION, ""), (COST, " in all")):
        moved = moves[metric.name]
        if abs(moved) > metric.gate_landscape * _EXACT:
            text = metric.describe(moved) if metric is PRECISION else _share(moved) + what
            findings.append(Finding(metric.name, moved, math.nan, text))
    is_near = abs(moves["precision"]) < _SAME_DIGITS and not abs(moves["progress"]) > _SAME_PROGRESS
    if not findings and is_near and all(now[key] == before[key] for key in ("evaluations", "stop")):
        return Verdict.SAME, []
    return verdict_of(findings), [finding.text for finding in findings]


def _share(moved: float) -> str:
    change = 100.0 * (10.0**moved - 1.0)
    return f"{abs(change):.3g} % {'more' if change > 0 else 'fewer'} evaluations"


def _cell(record: Mapping[str, Any]) -> CellRecord:
    """Return a training as the record of a run that reached no target, its gap not below rounding of the bound."""
    conditions = record["conditions"]
    bound = abs(conditions["fmin"] if "fmin" in conditions else conditions["fmax"])
    return CellRecord(
        start="training",
        nfev=record["evaluations"],
        njev=0,
        stop_reason=record["stop"],
        gap=math.inf if record["gap"] is None else max(record["gap"], ROUNDING * bound),
        distance=math.nan,
        hits=(math.inf,) * len(TARGETS),
        flags=frozenset(),
        trace=f"{record['losses']}.x",
        fingerprint=Fingerprint.from_text("-:W:V"),
        descent=Descent.from_text(record["descent"]) if record["descent"] else None,
    )


def _tops(*cells: CellRecord) -> list[float]:
    """Return the first gap of each training whose gap fell."""
    return [10.0**cell.descent.top for cell in cells if cell.descent and cell.descent.top < 300.0]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max
