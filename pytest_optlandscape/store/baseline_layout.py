"""The text of a baseline file, laid out for readers of its diff.

Totals come first, then a line for each landscape and each check of the contract. The records, which verdicts need, come
last.

.. code-block:: json

    {
     "schema": 4,
     "optimizer": "scipy:L-BFGS-B",
     "setting": {},
     "written_with": {"numpy": "2.3.1", "pytest-optlandscape": "0.1.0", "python": "3.13.1", "scipy": "1.17.1"},
     "totals": {
      "success": "205/337 (61 %)",
      "digits": "5.2",
      "evaluations": "20",
      "to targets": "41.3",
      "landscapes": "16",
      "contract": "1 passed, 1 failed"
     },
     "landscapes": {
      "beale": "success 16/22, digits 5.7, evaluations 20, to targets 24.1"
     },
     "contract": {
      "check_keeps_budget": "failed",
      "check_returns_finite_point": "passed"
     },
     "records": {
      "beale": {
       "digest": "5a1fd1c5e0f14b2c",
       "definition": {"format": 3, "version": 1, "budget": 400},
       "rounding": {"jumps": 0, "trials": 154},
       "cells": [
        "standard 16 16 r 4.155e-14 5.194e-07 1,4,6,8,11,12,13,14 - b300e90a 0:m3xsp1Zk:m2L…"
       ]
      }
     },
     "digest": "0c9b8a7f6e5d4c3b"
    }
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_optlandscape.comparison.criteria import SPEED
from pytest_optlandscape.records import LandscapeRecord
from pytest_optlandscape.store.strict_json import digest_of, dumped

if TYPE_CHECKING:
    from pytest_optlandscape.store.baseline import Baseline

__all__ = [
    "AS_A_WHOLE",
    "OUTCOMES",
    "RECORD_SCHEMA",
    "SCHEMA",
    "baseline_text",
    "edited_parts",
    "entry_of",
    "record_text",
    "row_of",
    "totals_of",
]

SCHEMA = 4
"""The schema of baseline files."""

RECORD_SCHEMA = 3
"""The schema of records in a history, an earlier layout of baselines. Their names are hashes of their content, so they
need no digests, and nobody reads their diffs."""

OUTCOMES = ("passed", "failed", "warned", "not-applicable")
"""The outcomes of a check in a baseline."""


def row_of(record: LandscapeRecord) -> str:
    """Summarise a landscape in one line, for readers of a diff.

    Parameters
    ----------
    record : LandscapeRecord

    Returns
    -------
    str
        Successes, medians over the cells, and the geometric mean of the evaluations to the targets. A missed target
        counts as twice the budget. Verdicts call this mean speed. Nearly every change alters it.
    """
    row = _summary(record)
    if any(hit < math.inf for cell in record.cells for hit in cell.hits):
        row += f", to targets {_to_targets([record])}"
    if record.has_constraints:
        row += f", of constraints {record.constraint_evaluations:g}"
    return f"{row}, nondeterministic" if record.nondeterministic else row


def _to_targets(records: Iterable[LandscapeRecord]) -> str:
    logs = [SPEED.value_of(record, cell) for record in records for cell in record.cells]
    mean = 10.0 ** float(np.mean(logs))
    return f"{mean:.0f}" if mean >= 1000.0 else f"{mean:.4g}"


def totals_of(records: Iterable[LandscapeRecord], contract: Mapping[str, str]) -> dict[str, str]:
    """Summarise an optimizer as a session does: successes, and medians over the landscapes."""
    every = list(records)
    totals = {}
    if every:
        cells, successes = sum(len(one.cells) for one in every), sum(one.successes for one in every)
        totals = {
            "success": f"{successes}/{cells} ({100 * successes / cells:.0f} %)",
            "digits": f"{float(np.median([one.digits for one in every])):.1f}",
            "evaluations": f"{float(np.median([one.evaluations for one in every])):.0f}",
            "to targets": _to_targets(every),
        }
    totals["landscapes"] = str(len(every))
    if contract:
        counts = Counter(contract.values())
        totals["contract"] = ", ".join(f"{counts[outcome]} {outcome}" for outcome in OUTCOMES if counts[outcome])
    return totals


def baseline_text(baseline: Baseline) -> str:
    """Return the text of a baseline. It is sorted, so that equal baselines have equal texts."""
    records = dict(sorted(baseline.records.items()))
    totals = totals_of(records.values(), baseline.contract)
    head: dict[str, Any] = {
        "optimizer": baseline.optimizer,
        "setting": baseline.setting,
        "written_with": baseline.written_with,
        "totals": totals,
    }
    rows = {name: row_of(record) for name, record in records.items()}
    contract = dict(sorted(baseline.contract.items()))
    lines = [
        "{",
        f' "schema": {SCHEMA},',
        *(f" {dumped(key)}: {dumped(head[key])}," for key in ("optimizer", "setting", "written_with")),
        *_object("totals", totals),
        *_object("landscapes", rows),
        *(_object("contract", contract) if contract else ()),
        ' "records": {',
    ]
    for position, (name, record) in enumerate(records.items()):
        entry = entry_of(record, baseline.written_apart.get(name))
        plain = {"digest": digest_of_entry(name, rows[name], entry), **entry}
        lines += [f"  {dumped(name)}: {{", *_entry_lines(plain), "  }" + ("," if position < len(records) - 1 else "")]
    return "\n".join([*lines, " },", f' "digest": "{digest_of_head(head, contract, rows)}"', "}", ""])


def entry_of(record: LandscapeRecord, written_with: Mapping[str, str] | None) -> dict[str, Any]:
    """Convert a landscape's record to the plain values to store."""
    plain = record.to_plain()
    return {
        "definition": record.definition,
        **({"written_with": dict(written_with)} if written_with else {}),
        **{key: plain[key] for key in ("rounding", "nondeterministic") if key in plain},
        "cells": plain["cells"],
    }


def digest_of_entry(name: str, row: str, entry: Mapping[str, Any]) -> str:
    """Return the digest of everything in a file about a landscape."""
    return digest_of([name, row, {key: value for key, value in entry.items() if key != "digest"}])


def digest_of_head(head: Mapping[str, Any], contract: Mapping[str, str], names: Iterable[str]) -> str:
    """Return the digest of everything in a file about the optimizer, and of its list of landscapes."""
    told = {key: head[key] for key in ("optimizer", "setting", "written_with", "totals")}
    return digest_of([told, dict(contract), sorted(names)])


def edited_parts(content: Mapping[str, Any]) -> list[str]:
    """List the parts of a file, in the current layout, that differ from their digests.

    Parameters
    ----------
    content : mapping
        Valid values.

    Returns
    -------
    list of str
        Landscapes and, last, `AS_A_WHOLE`; empty for earlier layouts.
    """
    if content["schema"] != SCHEMA:
        return []
    rows = content["landscapes"] if isinstance(content.get("landscapes"), dict) else {}
    edited = [
        name
        for name, entry in content["records"].items()
        if entry.get("digest") != digest_of_entry(name, rows.get(name, ""), entry)
    ]
    head = {"written_with": {}, "setting": {}, "totals": {}, **content}
    if content.get("digest") != digest_of_head(head, content.get("contract", {}), content["records"]):
        edited.append(AS_A_WHOLE)
    return edited


AS_A_WHOLE = "the optimizer, its setting, versions, totals, contract or list of landscapes"
"""The part of a file besides the records."""


def _object(name: str, values: Mapping[str, Any]) -> list[str]:
    rows = [f"  {dumped(key)}: {dumped(value)}," for key, value in values.items()]
    if not rows:
        return [f" {dumped(name)}: {{}},"]
    return [f" {dumped(name)}: {{", *rows[:-1], rows[-1].removesuffix(","), " },"]


def _entry_lines(entry: Mapping[str, Any]) -> list[str]:
    cells = [f"    {dumped(cell)}," for cell in entry["cells"]]
    return [
        *(f"   {dumped(key)}: {dumped(value)}," for key, value in entry.items() if key != "cells"),
        '   "cells": [',
        *cells[:-1],
        cells[-1].removesuffix(","),
        "   ]",
    ]


def record_text(baseline: Baseline) -> str:
    """Return the text that a history keeps of an optimizer: the records, without versions and contract."""
    head = {"schema": RECORD_SCHEMA, "optimizer": baseline.optimizer, "setting": dict(sorted(baseline.setting.items()))}
    lines = ["{", *(f" {dumped(key)}: {dumped(value)}," for key, value in head.items())]
    lines += [' "written_with": {},', ' "landscapes": {']
    records = sorted(baseline.records.items())
    for position, (name, record) in enumerate(records):
        entry = {"summary": _summary(record), **entry_of(record, None)}
        lines += [f"  {dumped(name)}: {{", *_entry_lines(entry), "  }" + ("," if position < len(records) - 1 else "")]
    return "\n".join([*lines, " }", "}", ""])


def _summary(record: LandscapeRecord) -> str:
    return (
        f"success {record.successes}/{len(record.cells)}, digits {record.digits:.1f}, "
        f"evaluations {record.evaluations:g}"
    )
