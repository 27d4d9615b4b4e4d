"""Write the machine-readable outcome of a session, for `--optlandscape-json`.

It does not depend on the machine, the time or the number of workers, so two runs of the same code write the same
bytes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pytest_optlandscape.comparison import LandscapeComparison, OptimizerComparison, Verdict
from pytest_optlandscape.comparison.speed import SpeedChange
from pytest_optlandscape.contract import CheckOutcome

__all__ = ["outcome", "outcome_text"]

SCHEMA = 1


Contracts = Mapping[str, Sequence[tuple[CheckOutcome, Verdict]]]


def outcome(
    comparisons: Iterable[OptimizerComparison],
    contracts: Contracts | None = None,
    lost: Mapping[str, Mapping[str, str]] | None = None,
) -> dict[str, Any]:
    """Return comparisons as plain values.

    Parameters
    ----------
    comparisons : iterable of OptimizerComparison
    contracts : mapping of str to sequence of (CheckOutcome, Verdict), optional
        The outcomes of the contract, by spec.
    lost : mapping of str to mapping, optional
        Landscapes that gave no record, with the reason, by spec; reported as ``without_result``.

    Returns
    -------
    dict
        All optimizers that were run, in the order of the contracts. If no landscape was run, the verdict is the gravest
        of the contract's. ``speed_ratio`` is the speed relative to the baseline (2.0: half the evaluations to the
        targets), or None if nothing was compared or hardly any target is reached. ``speed_ratio_to_same_gaps`` is the
        same for cells that reach no target. ``success`` is the share of successful cells, ``digits`` the median of
        correct decimal places. Landscapes with constraints have ``constraint_evaluations``. ``drifts`` are criteria
        that moved in one direction by less than their gate.
    """
    held, missing = contracts or {}, {spec: found for spec, found in (lost or {}).items() if found}
    compared = {comparison.spec: comparison for comparison in comparisons}
    specs = [spec for spec in dict.fromkeys([*held, *compared, *missing]) if _is_told(spec, held, compared, missing)]
    return {
        "schema": SCHEMA,
        "optimizers": [
            {
                "spec": spec,
                **(_landscapes(compared[spec]) if spec in compared else _of_contract_alone(held.get(spec, ()))),
                **(_without_result(missing[spec], spec in compared) if spec in missing else {}),
                "contract": [
                    {
                        "check": found.check,
                        "severity": found.severity,
                        "outcome": found.outcome,
                        "verdict": str(verdict),
                    }
                    for found, verdict in held.get(spec, ())
                ],
            }
            for spec in specs
        ],
    }


def _is_told(spec: str, *several: Mapping[str, Any]) -> bool:
    return any(one.get(spec) for one in several)


def _without_result(found: Mapping[str, str], is_compared: bool) -> dict[str, Any]:
    """Return the landscapes without a record; if there are no others, the verdict is *not-comparable*."""
    named = {"without_result": [{"name": name, "reason": reason} for name, reason in found.items()]}
    return named if is_compared else {"verdict": str(Verdict.NOT_COMPARABLE), **named}


def _of_contract_alone(judged: Sequence[tuple[CheckOutcome, Verdict]]) -> dict[str, Any]:
    """Return the values of an optimizer without landscapes, with the gravest verdict of its contract."""
    verdicts = {verdict for _, verdict in judged}
    ordered = (Verdict.WORSE, Verdict.NEW, Verdict.BETTER, Verdict.SAME)
    gravest = next((one for one in ordered if one in verdicts), Verdict.NOT_COMPARABLE)
    nothing: dict[str, Any] = {
        "cells_that_part": 0,
        "cells_that_part_early": 0,
        "findings": [],
        "unjudged": [],
        "drifts": [],
        "landscapes": [],
    }
    return {"verdict": str(gravest), "fingerprint": None, **_speed(None), **nothing}


def _landscapes(comparison: OptimizerComparison) -> dict[str, Any]:
    return {
        "verdict": str(comparison.verdict),
        "fingerprint": comparison.fingerprint,
        **_speed(comparison.speed),
        "cells_that_part": comparison.diverged,
        "cells_that_part_early": sum(one.diverged_early for one in comparison.compared),
        "findings": [str(finding) for finding in comparison.findings if finding.metric != "time"],
        "unjudged": [str(finding) for finding in comparison.unjudged if finding.metric != "time"],
        "drifts": [str(finding) for finding in comparison.drifts],
        "landscapes": [_landscape(c) for c in comparison.landscapes],
    }


def _landscape(comparison: LandscapeComparison) -> dict[str, Any]:
    now = comparison.now
    return {
        "name": now.landscape,
        "verdict": str(comparison.verdict),
        "fingerprint": comparison.fingerprint,
        **_speed(comparison.speed),
        "success": now.successes / len(now.cells),
        "digits": _rounded(now.digits),
        "evaluations": now.evaluations,
        **({"errors": list(now.errors[:3])} if now.errors else {}),
        **({"notes": list(now.notes)} if now.notes else {}),
        **({"constraint_evaluations": now.constraint_evaluations} if now.has_constraints else {}),
        "findings": [str(finding) for finding in comparison.findings if finding.metric != "time"],
        "cells_that_part": len(comparison.diverged),
        "cells_that_part_early": comparison.diverged_early,
        "cells_set_aside": comparison.set_aside,
        "worst_cell": comparison.worst_cell,
    }


def _speed(speed: SpeedChange | None) -> dict[str, Any]:
    """Return the speed ratios and their limits, the lower first; None if unknown."""
    targets = {"reached": speed.reached, "all": speed.targets} if speed else None
    known = {"": speed and speed.to_targets, "_to_same_gaps": speed and speed.to_same_gaps}
    found: dict[str, Any] = {"targets": targets}
    for name, interval in known.items():
        found[f"speed_ratio{name}"] = _rounded(10.0**-interval.shift) if interval else None
        limits = [_rounded(10.0**-interval.upper), _rounded(10.0**-interval.lower)] if interval else None
        found[f"speed_interval{name}"] = limits
    return found


def _rounded(value: float | None) -> float | None:
    """Round to six significant digits: enough to read, and the same on every machine."""
    return None if value is None or not math.isfinite(value) else float(f"{value:.6g}")


def outcome_text(
    comparisons: Iterable[OptimizerComparison],
    contracts: Contracts | None = None,
    extras: dict[str, Any] | None = None,
    lost: Mapping[str, Mapping[str, str]] | None = None,
) -> str:
    """Return the outcome as JSON, with further keys if there are any."""
    found = {**outcome(comparisons, contracts, lost), **(extras or {})}
    return json.dumps(found, indent=1, allow_nan=False, ensure_ascii=False) + "\n"
