"""The corpus that the verdict is measured with: reference optimizers, and changes as commits make them.

Each optimizer is one file in ``optimizers/``, in the style of SciPy's methods; its changes are the file of the same
name in ``changes/``. A change is a substitution in the source; what it gives is compiled in a namespace of its own.
Half of the changes are for tuning the verdict, the other half is held out.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from power_corpus.change import KINDS, Change

__all__ = ["KINDS", "PARTS", "Change", "changed", "changes_of", "optimizer_names", "part_of", "reference", "source_of"]

PARTS = ("tune", "held")

_FOLDER = Path(__file__).parent
_Minimize = Callable[..., Any]


@functools.cache
def optimizer_names() -> tuple[str, ...]:
    """List the reference optimizers."""
    return tuple(sorted(path.stem for path in (_FOLDER / "optimizers").glob("*.py")))


def source_of(optimizer: str) -> str:
    """Read the source of a reference optimizer."""
    return (_FOLDER / "optimizers" / f"{optimizer}.py").read_text(encoding="utf-8")


@functools.cache
def changes_of(optimizer: str) -> tuple[Change, ...]:
    """List the changes of an optimizer."""
    module = importlib.import_module(f"{__name__}.changes.{optimizer}")
    listed: tuple[Change, ...] = module.CHANGES
    return listed


def reference(optimizer: str) -> _Minimize:
    """Compile a reference optimizer."""
    return _compile(source_of(optimizer), optimizer)


def changed(optimizer: str, change: Change) -> _Minimize:
    """Compile an optimizer with a change."""
    return _compile(change.apply(source_of(optimizer)), f"{optimizer} with {change.name}")


def _compile(source: str, name: str) -> _Minimize:
    namespace: dict[str, Any] = {"__name__": f"<{name}>"}
    exec(compile(source, f"<{name}>", "exec"), namespace)
    function: _Minimize = namespace["minimize"]
    return function


@functools.cache
def part_of() -> dict[tuple[str, str], str]:
    """Say for every optimizer and change in which part it is.

    Of each kind, the half whose names have the smaller hashes is for tuning: nobody chooses.
    """
    parts = {}
    for kind in KINDS:
        names = [
            (optimizer, c.name) for optimizer in optimizer_names() for c in changes_of(optimizer) if c.kind == kind
        ]
        names.sort(key=lambda name: hashlib.sha256("/".join(name).encode()).hexdigest())
        parts.update({name: PARTS[2 * rank >= len(names)] for rank, name in enumerate(names)})
    return parts
