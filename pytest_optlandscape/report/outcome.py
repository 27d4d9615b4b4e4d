"""The machine-readable outcome, `--optlandscape-json`: plain numbers that other tools read.

It holds nothing that depends on the machine, the time or the number of workers, so two runs of the same code write
the same bytes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pytest_optlandscape.verdicts import CheckOutcome, LandscapeComparison, OptimizerComparison, Verdict
from pytest_optlandscape.verdicts.statistics import MeanInterval

__all__ = ["outcome", "outcome_text"]

SCHEMA = 1


Contracts = Mapping[str, Sequence[tuple[CheckOutcome, Verdict]]]


def outcome(comparisons: Iterable[OptimizerComparison], contracts: Contracts | None = None) -> dict[str, Any]:
    """Turn comparisons into plain values.

    Parameters
    ----------
    comparisons : iterable of OptimizerComparison
    contracts : mapping of str to sequence of (CheckOutcome, Verdict), optional
        By spec, what came of the contract.

    Returns
    -------
    dict
        Every optimizer of which something was run, in the order of the contracts; one of which no landscape was run
        has the gravest verdict of its contract. ``speed_ratio`` is how many times as fast as the baseline (2.0: half
        the evaluations to the targets), None where nothing was compared; ``success`` the share of cells, ``digits``
        the median of correct decimal places. ``constraint_evaluations`` is there where a landscape has constraints.
    """
    held = contracts or {}
    compared = {comparison.spec: comparison for comparison in comparisons}
    specs = [spec for spec in dict.fromkeys([*held, *compared]) if spec in compared or held[spec]]
    return {
        "schema": SCHEMA,
        "optimizers": [
            {
                "spec": spec,
                **(_landscapes(compared[spec]) if spec in compared else _of_contract_alone(held[spec])),
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


def _of_contract_alone(judged: Sequence[tuple[CheckOutcome, Verdict]]) -> dict[str, Any]:
    """Say that no landscape was run, and of the contract the gravest."""
    verdicts = {verdict for _, verdict in judged}
    gravest = next(one for one in (Verdict.WORSE, Verdict.NEW, Verdict.BETTER, Verdict.SAME) if one in verdicts)
    unknown = dict.fromkeys(("fingerprint", "speed_ratio", "speed_interval"))
    return {"verdict": str(gravest), **unknown, "cells_that_part": 0, "landscapes": []}


def _landscapes(comparison: OptimizerComparison) -> dict[str, Any]:
    return {
        "verdict": str(comparison.verdict),
        "fingerprint": comparison.fingerprint,
        "speed_ratio": _rounded(comparison.speed_ratio),
        "speed_interval": _interval(comparison.speed),
        "cells_that_part": comparison.parted,
        "landscapes": [_landscape(c) for c in comparison.landscapes],
    }


def _landscape(comparison: LandscapeComparison) -> dict[str, Any]:
    now = comparison.now
    return {
        "name": now.landscape,
        "verdict": str(comparison.verdict),
        "fingerprint": comparison.fingerprint,
        "speed_ratio": _rounded(comparison.speed_ratio),
        "success": now.successes / len(now.cells),
        "digits": _rounded(now.digits),
        "evaluations": now.evaluations,
        **({"constraint_evaluations": now.constraint_evaluations} if now.has_constraints else {}),
        "findings": [str(finding) for finding in comparison.findings if finding.metric != "time"],
        "speed_interval": _interval(comparison.speed),
        "cells_that_part": len(comparison.parted),
        "cells_set_aside": comparison.set_aside,
        "worst_cell": comparison.worst_cell,
    }


def _interval(speed: MeanInterval | None) -> list[float | None] | None:
    """Turn an interval of log₁₀ evaluations into one of speed ratios, lowest first."""
    return None if speed is None else [_rounded(10.0**-speed.upper), _rounded(10.0**-speed.lower)]


def _rounded(value: float | None) -> float | None:
    """Six significant digits: enough to read, too few to show a machine's last bit."""
    return None if value is None or not math.isfinite(value) else float(f"{value:.6g}")


def outcome_text(
    comparisons: Iterable[OptimizerComparison],
    contracts: Contracts | None = None,
    extras: dict[str, Any] | None = None,
) -> str:
    """Write the outcome as JSON, with further keys if there are any."""
    found = {**outcome(comparisons, contracts), **(extras or {})}
    return json.dumps(found, indent=1, allow_nan=False, ensure_ascii=False) + "\n"
