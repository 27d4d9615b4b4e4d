"""The hooks that other plugins and a ``conftest.py`` may implement."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["pytest_optlandscape_optimizers"]


def pytest_optlandscape_optimizers() -> Mapping[str, Any]:  # type: ignore[empty-body]
    """Add optimizers to the session.

    It takes no arguments, because under ``--optlandscape-against`` it is called in processes that have no session, too.
    It is asked when pytest is configured, so a ``conftest.py`` that has it is the rootdir's, or that of a folder given
    on the command line or in ``testpaths``.

    Returns
    -------
    mapping of str to callable or library
        By prefix of specs, what makes an optimizer of a `pytest_optlandscape.optimizers.Spec`: a function of the spec
        that returns an `Adapter` or anything else that `optimizers.get` takes but strings, or a module or object with
        ``from_spec(spec)`` and, for optimizers that are handed over as objects, ``recognizes(thing)`` and
        ``from_object(thing)``.
    """
