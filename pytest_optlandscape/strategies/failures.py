"""Starts that failed before, kept in Hypothesis' example database, from which `strategies.starts` draws them again."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.landscapes import Landscape

__all__ = ["failed_before", "forget", "remember"]

FloatArray = NDArray[np.float64]


def _key(landscape: Landscape) -> bytes:
    return f"optlandscape failing starts {landscape.id} v{landscape.version}".encode()


def remember(landscape: Landscape, x0: FloatArray) -> None:
    """Keep a start that failed, if the settings of Hypothesis name a database."""
    from hypothesis import settings

    database = settings().database
    if database is not None:
        database.save(_key(landscape), np.asarray(x0, dtype="<f8").tobytes())


def forget(landscape: Landscape, x0: FloatArray) -> None:
    """Drop a start that a simpler one stands for."""
    from hypothesis import settings

    database = settings().database
    if database is not None:
        database.delete(_key(landscape), np.asarray(x0, dtype="<f8").tobytes())


def failed_before(landscape: Landscape) -> list[FloatArray]:
    """List the starts that failed before, in an order of their own that does not change."""
    from hypothesis import settings

    database = settings().database
    if database is None:
        return []
    kept = sorted(value for value in database.fetch(_key(landscape)) if len(value) == 8 * landscape.dim)
    return [np.frombuffer(value, dtype="<f8").astype(np.float64) for value in kept]
