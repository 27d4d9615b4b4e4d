"""The baseline: the accepted cells of an optimizer, one text file in the repository, reviewed like code.

The file is JSON, laid out so that a change of one landscape shows as one row and its cells in a diff:

.. code-block:: json

    {
     "schema": 2,
     "optimizer": "scipy:L-BFGS-B",
     "setting": {},
     "written_with": {"pytest-optlandscape": "0.1.0", "scipy": "1.17.1"},
     "contract": {"check_returns_finite_point": "passed", "check_keeps_budget": "failed"},
     "landscapes": {
      "beale": {
       "summary": "success 16/22, digits 5.7, evaluations 20",
       "definition": {"format": 2, "version": 1, "budget": 400},
       "rounding": {"jumps": 0, "trials": 154},
       "cells": [
        "standard 16 16 r 4.155e-14 5.194e-07 1,4,6,8,11,12,13,14 - b300e90a 0:m3xsp1Zk:m2L…"
       ]
      }
     }
    }
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest_optlandscape
from pytest_optlandscape.ledger.files import alone_with, write_atomically
from pytest_optlandscape.ledger.stored import ADVICE, BaselineError, dumped, read_stored
from pytest_optlandscape.optimizers import Adapter
from pytest_optlandscape.verdicts import LandscapeRecord, Stability

__all__ = ["SCHEMA", "Baseline", "baseline_of", "baseline_path", "read_baseline", "update_baseline"]

SCHEMA = 3


@dataclass(frozen=True)
class Baseline:
    """The accepted records of one optimizer.

    Attributes
    ----------
    optimizer : str
    setting : dict
        What else the numbers depend on, such as Keras' backend.
    written_with : dict
        Versions of the libraries at the time.
    records : dict
        `LandscapeRecord` by the landscape's id.
    contract : dict
        The accepted outcome of each check of the contract, by name; empty where it was not checked.
    """

    optimizer: str
    setting: dict[str, str] = field(default_factory=dict)
    written_with: dict[str, str] = field(default_factory=dict)
    records: dict[str, LandscapeRecord] = field(default_factory=dict)
    contract: dict[str, str] = field(default_factory=dict)

    @property
    def calibration(self) -> Stability:
        """How rounding treats the optimizer, over all landscapes."""
        return sum((record.stability for record in self.records.values() if record.stability), Stability(0, 0))

    def to_text(self) -> str:
        """Lay the file out, sorted."""
        header = {
            "schema": SCHEMA,
            "optimizer": self.optimizer,
            "setting": self.setting,
            "written_with": self.written_with,
            **({"contract": self.contract} if self.contract else {}),
        }
        lines = [
            "{",
            *(f" {dumped(key)}: {dumped(value)}," for key, value in header.items()),
            ' "landscapes": {',
        ]
        for position, (name, record) in enumerate(sorted(self.records.items())):
            plain = record.to_plain()
            lines += [
                f"  {dumped(name)}: {{",
                f'   "summary": {dumped(_summary(record))},',
                f'   "definition": {dumped(record.definition)},',
                *(f'   "{key}": {dumped(plain[key])},' for key in ("rounding", "nondeterministic") if key in plain),
                '   "cells": [',
                *(f"    {dumped(cell.to_text())}," for cell in record.cells[:-1]),
                f"    {dumped(record.cells[-1].to_text())}",
                "   ]",
                "  }" + ("," if position < len(self.records) - 1 else ""),
            ]
        return "\n".join([*lines, " }", "}", ""])


def _summary(record: LandscapeRecord) -> str:
    return (
        f"success {record.successes}/{len(record.cells)}, digits {record.digits:.1f}, "
        f"evaluations {record.evaluations:g}"
    )


def baseline_path(folder: Path, adapter: Adapter) -> Path:
    """Name the file of an optimizer's baseline.

    Examples
    --------
    >>> from pytest_optlandscape import optimizers
    >>> baseline_path(Path("baselines"), optimizers.get("scipy:L-BFGS-B")).name
    'scipy_L-BFGS-B.json'
    """
    name = "-".join([adapter.spec, *(str(value) for value in adapter.setting.values())])
    plain = re.sub(r"[^\w.,=()-]+", "_", name)
    if len(plain) > 100 or re.search(r"[^\w.,=()\-: ']", name):  # too long, or others may have the same plain name
        plain = f"{plain[:90]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    return folder / f"{plain}.json"


def read_baseline(path: Path, adapter: Adapter) -> Baseline | None:
    """Read an optimizer's baseline.

    Parameters
    ----------
    path : Path
    adapter : Adapter
        Whose baseline it should be.

    Returns
    -------
    Baseline or None
        None if there is no such file.

    Raises
    ------
    BaselineError
        If the file cannot be read, is truncated, is no baseline, is another optimizer's, or is of a schema that is
        not known here. The message says what to do.
    """
    content = read_stored(path, f"baseline {path}", SCHEMA, {"optimizer", "landscapes"}, "no baseline")
    if content is None:
        return None
    if content["optimizer"] != adapter.spec:
        raise BaselineError(f"baseline {path} belongs to {content['optimizer']!r}, not to {adapter.spec!r}. {ADVICE}")
    try:
        return baseline_of(content)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise BaselineError(f"baseline {path} is damaged: {type(error).__name__}: {error}. {ADVICE}") from None


def baseline_of(content: dict[str, Any]) -> Baseline:
    """Read the content of a baseline file.

    Raises
    ------
    KeyError, TypeError, AttributeError, ValueError
        If it is damaged.
    """
    records = {name: _record(name, entry) for name, entry in content["landscapes"].items()}
    return Baseline(
        str(content["optimizer"]),
        dict(content.get("setting", {})),
        dict(content.get("written_with", {})),
        records,
        _contract(content.get("contract", {})),
    )


def _record(name: str, entry: dict[str, Any]) -> LandscapeRecord:
    """Read a landscape's entry; one that could not be written again when others are accepted is damaged."""
    record = LandscapeRecord.from_plain({"landscape": name, **entry})
    if not record.cells:
        raise ValueError(f"{name} has no cells")
    _summary(record)
    return record


def _contract(entry: dict[str, str]) -> dict[str, str]:
    for name, outcome in entry.items():
        if outcome not in ("passed", "failed", "warned", "not-applicable"):
            raise ValueError(f"contract: {name} is {outcome!r}, not passed, failed, warned or not-applicable")
    return dict(entry)


def update_baseline(
    path: Path, adapter: Adapter, records: Iterable[LandscapeRecord], contract: Mapping[str, str] | None = None
) -> Mapping[str, LandscapeRecord]:
    """Accept records and outcomes of checks: they replace those of the same name and leave the others.

    Parameters
    ----------
    path : Path
    adapter : Adapter
    records : iterable of LandscapeRecord
    contract : mapping of str to str, optional
        Outcomes of checks of the contract, by name.

    Returns
    -------
    mapping
        The records before, by landscape.

    Raises
    ------
    BaselineError
        If there is a file that cannot be read: it is not overwritten.
    OSError
        If the file cannot be written: the old one is untouched.
    """
    with alone_with(path):
        before = read_baseline(path, adapter)
        old = before.records if before else {}
        new = {record.landscape: record for record in records}
        baseline = Baseline(
            optimizer=adapter.spec,
            setting=dict(sorted(adapter.setting.items())),
            written_with={"pytest-optlandscape": pytest_optlandscape.__version__, **adapter.versions()},
            records={**old, **new},
            contract={**(before.contract if before else {}), **(contract or {})},
        )
        write_atomically(path, baseline.to_text())
    return old
