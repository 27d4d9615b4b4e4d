"""Starts that failed before, kept in Hypothesis' example database, from which `strategies.starts` draws them again.

A start is kept with the seed of the run that failed. Starts of older releases have no seed; 0 is taken for it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.landscapes import Landscape

__all__ = ["Failure", "failed_before", "forget", "remember"]

FloatArray = NDArray[np.float64]


class Failure(NamedTuple):
    """A start, shape (dim,), and the seed with which the run from there failed."""

    x0: FloatArray
    seed: int


def _key(landscape: Landscape) -> bytes:
    return f"optlandscape failing starts {landscape.id} v{landscape.version}".encode()


def _value(x0: FloatArray, seed: int) -> bytes:
    """Serialise; seed 0 is left out, as in releases without seeds, which read nothing else."""
    return np.asarray(x0, dtype="<f8").tobytes() + (int(seed).to_bytes(_SEED_BYTES, "little") if seed else b"")


_SEED_BYTES = 16


def remember(landscape: Landscape, x0: FloatArray, seed: int = 0) -> None:
    """Keep a start that failed, if the settings of Hypothesis name a database and the seed fits into 16 bytes."""
    from hypothesis import settings

    database = settings().database
    if database is not None and 0 <= seed < 2 ** (8 * _SEED_BYTES):
        database.save(_key(landscape), _value(x0, seed))


def forget(landscape: Landscape, x0: FloatArray, seed: int = 0) -> None:
    """Drop a start that a simpler one replaces."""
    from hypothesis import settings

    database = settings().database
    if database is not None and 0 <= seed < 2 ** (8 * _SEED_BYTES):
        database.delete(_key(landscape), _value(x0, seed))


def failed_before(landscape: Landscape) -> list[Failure]:
    """List the starts that failed before, in a fixed order."""
    from hypothesis import settings

    database = settings().database
    if database is None:
        return []
    length = 8 * landscape.dim
    kept = sorted(value for value in database.fetch(_key(landscape)) if len(value) in (length, length + _SEED_BYTES))
    return [
        Failure(np.frombuffer(value[:length], dtype="<f8").astype(np.float64), int.from_bytes(value[length:], "little"))
        for value in kept
    ]
