"""Whether a file that an option names may be replaced: only one that the same option wrote."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pytest_optlandscape.store.strict_json import parsed, read_regular

__all__ = ["check_is_own"]


def check_is_own(option: str, path: Path) -> None:
    """Refuse to replace a file that the option did not write, such as a baseline or a source file.

    Parameters
    ----------
    option : str
        Such as ``--optlandscape-json``.
    path : Path
        It need not exist; an empty file may be replaced, too.

    Raises
    ------
    ValueError
        If something else is there; it is left as it is.
    """
    if not path.is_file() or path.stat().st_size == 0:
        return
    what, is_own = _KINDS[option]
    try:
        if is_own(read_regular(path)):
            return
    except (OSError, ValueError):
        pass
    raise ValueError(
        f"{option} would overwrite {path}, which is no {what} that pytest-optlandscape wrote: name another file, or "
        "delete this one"
    )


def _is_outcome(text: str) -> bool:
    content: Any = parsed(text)
    return isinstance(content, dict) and {"schema", "optimizers"} <= content.keys()


def _is_code_quality_report(text: str) -> bool:
    content: Any = parsed(text)
    return isinstance(content, list) and all(isinstance(one, dict) and "fingerprint" in one for one in content)


_KINDS: dict[str, tuple[str, Callable[[str], bool]]] = {
    "--optlandscape-json": ("outcome", _is_outcome),
    "--optlandscape-codequality": ("report", _is_code_quality_report),
    "--optlandscape-markdown": ("Markdown", lambda text: text.startswith("<!-- optlandscape")),
    "--optlandscape-report": ("page", lambda text: text.lstrip()[:15].lower() == "<!doctype html>"),
}
