"""Global random numbers, for libraries that draw from nothing else: seeded for a run, and put back after it."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator

import numpy as np

__all__ = ["global_random_numbers"]


@contextlib.contextmanager
def global_random_numbers(seed: int) -> Iterator[None]:
    """Seed the global generators of NumPy and of `random` inside a ``with``, and put back what they were.

    Parameters
    ----------
    seed : int
        From 0 to 2³² − 1.

    Examples
    --------
    >>> before = random.getstate()
    >>> with global_random_numbers(3):
    ...     first = np.random.random(), random.random()
    >>> with global_random_numbers(3):
    ...     first == (np.random.random(), random.random())
    True
    >>> random.getstate() == before
    True
    """
    ours, numpys = random.getstate(), np.random.get_state()
    random.seed(seed)
    np.random.seed(seed)
    try:
        yield
    finally:
        random.setstate(ours)
        np.random.set_state(numpys)
