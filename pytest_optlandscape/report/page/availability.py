"""Check that a page can be written before the work for it begins."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from pytest_optlandscape.store import check_writable

__all__ = ["NOT_INSTALLED", "check_can_report"]

NOT_INSTALLED = "the page is made with Jinja2, which is not installed: pip install 'pytest-optlandscape[report]'"


def check_can_report(path: Path) -> None:
    """Check that the page can be written to a file.

    Parameters
    ----------
    path : Path

    Raises
    ------
    ImportError
        If Jinja2 is not installed: it comes with the extra ``report``.
    OSError
        If the file cannot be written.
    """
    if importlib.util.find_spec("jinja2") is None:
        raise ImportError(NOT_INSTALLED)
    check_writable(path)
