"""Starts that failed before, kept in Hypothesis' example database, from which `strategies.starts` draws them again.

A start is kept with the seed of the run that failed. Starts of older releases have none; they are taken for seed 0.
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
    """Serialise; with seed 0 as releases without seeds did, which read nothing else."""
    return np.asarray(x0, dtype="<f8").tobytes() + (int(seed).to_bytes(_SEED_BYTES, "little") if seed else b"")


_SEED_BYTES = 16


def remember(landscape: Landscape, x0: FloatArray, seed: int = 0) -> None:
    """Keep a start that failed, if the settings of Hypothesis name a database and the seed is of a usual size."""
    from hypothesis import settings

    database = settings().database
    if database is not None and 0 <= seed < 2 ** (8 * _SEED_BYTES):
        database.save(_key(landscape), _value(x0, seed))


def forget(landscape: Landscape, x0: FloatArray, seed: int = 0) -> None:
    """Drop a start that a simpler one stands for."""
    from hypothesis import settings

    database = settings().database
    if database is not None and 0 <= seed < 2 ** (8 * _SEED_BYTES):
        database.delete(_key(landscape), _value(x0, seed))


def failed_before(landscape: Landscape) -> list[Failure]:
    """List the starts that failed before, in an order of their own that does not change."""
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
