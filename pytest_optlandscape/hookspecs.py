"""The hooks that other plugins and a ``conftest.py`` may implement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["pytest_optlandscape_landscapes", "pytest_optlandscape_optimizers"]


def pytest_optlandscape_landscapes() -> Iterable[Any]:  # type: ignore[empty-body]
    """Add landscapes to the catalogue until the session ends.

    It is called when and where `pytest_optlandscape_optimizers` is called.

    Returns
    -------
    Landscape or iterable of Landscape
        Each has a name that is not taken.
    """


def pytest_optlandscape_optimizers() -> Mapping[str, Any]:  # type: ignore[empty-body]
    """Add optimizers to the session.

    The hook takes no arguments, because ``--optlandscape-against`` also calls it in processes without a session. It is
    called when pytest is configured. So its ``conftest.py`` must be in the rootdir, or in a folder given on the command
    line or in ``testpaths``.

    Returns
    -------
    mapping of str to callable or library
        By prefix of specs, a function or a library that makes an optimizer from a
        `pytest_optlandscape.optimizers.Spec`. A function takes the spec and returns an `Adapter` or anything else that
        `optimizers.get` takes, except a string. A library is a module or object with ``from_spec(spec)`` and, for
        optimizers that are passed as objects, ``recognizes(thing)`` and ``from_object(thing)``.
    """
