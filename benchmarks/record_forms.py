"""The size of a baseline in three forms: cells packed as they are, and with named keys.

The baseline is that of ``examples/own_optimizer``. Each form is written twice, the second time with one landscape run
at another step length, and the two texts are compared as ``git diff`` shows them. The forms with named keys lack the
head of the file.

Run ``python benchmarks/record_forms.py``.
"""

from __future__ import annotations

import dataclasses
import difflib
import json
import math
import sys
from collections.abc import Callable
from typing import Any

from measure import ROOT, heading, one_thread

from pytest_optlandscape import optimizers
from pytest_optlandscape.landscapes import get
from pytest_optlandscape.records import run_baseline
from pytest_optlandscape.records.landscape_record import CellRecord
from pytest_optlandscape.store.baseline import Baseline, read_baseline
from pytest_optlandscape.store.baseline_layout import baseline_text, entry_of

EXAMPLE = ROOT / "examples" / "own_optimizer"
CHANGED_LANDSCAPE = "beale"
CHANGED_SPEC = "momentum:minimize(step=0.0019)"


def plain(value: Any) -> Any:
    """Convert a value to one that JSON has: infinity and NaN become text, sets become sorted lists."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    return [plain(one) for one in value] if isinstance(value, (list, tuple)) else value


def named(cell: CellRecord) -> dict[str, Any]:
    """Return the values of a cell with their names, without those that have their defaults.

    Of the fingerprint, the same numbers are kept as in the packed form: those that rounding leaves alone.
    """
    stored = CellRecord.from_text(cell.to_text())
    values = {
        field.name: getattr(stored, field.name)
        for field in dataclasses.fields(stored)
        if field.default is dataclasses.MISSING or getattr(stored, field.name) != field.default
    }
    return {
        name: plain(dataclasses.asdict(value) if dataclasses.is_dataclass(value) else value)  # type: ignore[arg-type]
        for name, value in values.items()
    }


def with_named_cells(baseline: Baseline, indent: int | None) -> str:
    """Return the text of a baseline whose cells have named keys."""
    records = {}
    for name, record in sorted(baseline.records.items()):
        entry = entry_of(record, None)
        records[name] = {**entry, "cells": [named(cell) for cell in record.cells]}
    if indent is not None:
        return json.dumps(records, indent=indent) + "\n"
    lines = []
    for name, entry in records.items():
        head = {key: value for key, value in entry.items() if key != "cells"}
        lines += [json.dumps(name), json.dumps(head), *(f"  {json.dumps(cell)}" for cell in entry["cells"])]
    return "\n".join(lines) + "\n"


FORMS: dict[str, Callable[[Baseline], str]] = {
    "packed, a line for each cell": baseline_text,
    "named keys, a line for each cell": lambda baseline: with_named_cells(baseline, None),
    "named keys, a line for each value": lambda baseline: with_named_cells(baseline, 1),
}


def main() -> None:
    """Print the size of each form and of its diff."""
    sys.path.insert(0, str(EXAMPLE))
    adapter = optimizers.get("momentum:minimize")
    before = read_baseline(EXAMPLE / "optlandscape_baseline" / "momentum_minimize.json", adapter)
    assert before is not None
    budget = before.records[CHANGED_LANDSCAPE].budget
    changed = run_baseline(optimizers.get(CHANGED_SPEC), get(CHANGED_LANDSCAPE), budget)
    after = dataclasses.replace(before, records={**before.records, CHANGED_LANDSCAPE: changed})
    cells = sum(len(record.cells) for record in before.records.values())
    heading(f"A baseline of {len(before.records)} landscapes and {cells} cells")
    for form, text_of in FORMS.items():
        old, new = text_of(before), text_of(after)
        compared = difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=0)
        lines = [line for line in compared if line[0] in "+-" and not line.startswith(("+++", "---"))]
        size = sum(len(line.encode()) + 1 for line in lines)
        print(
            f"  {form:<35} {len(old.encode()) / 1000:4.0f} kB, {CHANGED_LANDSCAPE} changed: "
            f"{len(lines)} lines, {size / 1000:.0f} kB"
        )


if __name__ == "__main__":
    one_thread()
    main()
