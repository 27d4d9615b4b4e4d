"""Protect files from being overwritten: an option may replace only files that it wrote itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pytest_optlandscape.store.strict_json import parsed, read_regular

__all__ = ["check_is_own"]


def check_is_own(option: str, path: Path) -> None:
    """Check that a file was written by the option that would replace it.

    Parameters
    ----------
    option : str
        An option such as ``--optlandscape-json``.
    path : Path
        The file; it may be missing or empty.

    Raises
    ------
    ValueError
        If the file has other content, such as a baseline or a source file. It is left unchanged.
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
        f"{option} would overwrite {path}, which is not {what} written by pytest-optlandscape: name another file, or "
        "delete this one"
    )


def _is_outcome(text: str) -> bool:
    content: Any = parsed(text)
    return isinstance(content, dict) and {"schema", "optimizers"} <= content.keys()


def _is_code_quality_report(text: str) -> bool:
    content: Any = parsed(text)
    return isinstance(content, list) and all(isinstance(one, dict) and "fingerprint" in one for one in content)


_KINDS: dict[str, tuple[str, Callable[[str], bool]]] = {
    "--optlandscape-json": ("an outcome", _is_outcome),
    "--optlandscape-codequality": ("a report", _is_code_quality_report),
    "--optlandscape-markdown": ("Markdown", lambda text: text.startswith("<!-- optlandscape")),
    "--optlandscape-report": ("a page", lambda text: text.lstrip()[:15].lower() == "<!doctype html>"),
}
