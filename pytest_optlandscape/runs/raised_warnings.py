"""Warnings of optimizers: kept with their places during a run, and issued again by Python afterwards."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from pytest_optlandscape.texts.printable import clean, text_of, type_name

__all__ = ["Warned", "reissue", "warned_of"]

_MOST = 100
"""Different warnings of one run that are kept."""

_LONGEST = 1000

_PACKAGE = Path(__file__).resolve().parent.parent
_OURS = tuple(f"{_PACKAGE / room}" for room in ("landscapes", "runs"))
"""Warnings from these folders, such as of an overflow in a formula, are not the optimizer's."""


class Warned(NamedTuple):
    """One warning, as plain values that may cross a process border.

    Attributes
    ----------
    category : str
        Module and name of its class.
    text : str
    file : str
    line : int
        Where it was raised.
    """

    category: str
    text: str
    file: str
    line: int

    @property
    def short(self) -> str:
        """Class and text on one line."""
        return f"{self.category.rpartition(':')[2].rpartition('.')[2]}: {self.text}"

    @property
    def is_of_optimizer(self) -> bool:
        """Whether it was raised in the optimizer's code, or on its behalf; not in a formula of a landscape."""
        return not (self.file.startswith(_OURS) or self.file.startswith("<"))


def warned_of(recorded: Iterable[Any]) -> tuple[Warned, ...]:
    """Read what `warnings.catch_warnings` recorded, each warning once."""
    found: dict[Warned, None] = {}
    for one in recorded:
        category = getattr(one, "category", UserWarning)
        module, name = getattr(category, "__module__", ""), getattr(category, "__qualname__", type_name(one.message))
        line = one.lineno if isinstance(one.lineno, int) else 0
        file = clean(str(one.filename), _LONGEST)
        found[Warned(clean(f"{module}:{name}", 200), text_of(one.message, _LONGEST), file, line)] = None
        if len(found) >= _MOST:
            break
    return tuple(found)


def reissue(several: Iterable[Warned], *, raises: bool = False) -> list[str]:
    """Warn of what optimizers warned of, once each, as if it happened where it did.

    The filters of the caller decide what becomes of it: pytest's summary of warnings, ``-W error``, `pytest.warns`.

    Parameters
    ----------
    several : iterable of Warned
    raises : bool, default False
        Whether a warning that the filters turn into an error is raised.

    Returns
    -------
    list of str
        The warnings that the filters turn into errors, each on one line with its place.
    """
    errors = []
    for one in dict.fromkeys(several):
        category = _class(one.category)
        text = one.text if category.__qualname__ == one.category.rpartition(":")[2] else one.short
        try:
            warnings.warn_explicit(text, category, one.file, one.line)
        except category:
            if raises:
                raise
            errors.append(f"{one.short} ({one.file}:{one.line})")
    return errors


def _class(written: str) -> type[Warning]:
    """Find the class of a warning; UserWarning where it cannot be made from a text."""
    module, _, name = written.partition(":")
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    try:
        if isinstance(found, type) and issubclass(found, Warning) and isinstance(found("text"), found):
            return found
    except BaseException:
        return UserWarning
    return UserWarning
