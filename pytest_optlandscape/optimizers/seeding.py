"""Seeding and restoring of global random generators, for libraries that use nothing else."""

from __future__ import annotations

import contextlib
import random
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

__all__ = ["GENERATORS", "all_global_random_numbers", "global_random_numbers"]

GENERATORS = {"random": "random", "numpy.random": "numpy", "torch": "torch"}
"""Global generators that can be seeded and restored, each with the library that must be loaded."""


@contextlib.contextmanager
def global_random_numbers(seed: int) -> Iterator[None]:
    """Seed the global generators of NumPy and `random` inside a ``with``, then restore them.

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


@contextlib.contextmanager
def all_global_random_numbers(seed: int, others: Mapping[str, int] | None = None) -> Iterator[None]:
    """Seed every generator of `GENERATORS` whose library is loaded, then restore them.

    Parameters
    ----------
    seed : int
        From 0 to 2³² − 1.
    others : mapping of str to int, optional
        Other seeds for some of the generators, by name.

    Examples
    --------
    >>> with all_global_random_numbers(3, {"random": 4}):
    ...     first = np.random.random(), random.random()
    >>> with all_global_random_numbers(3):
    ...     second = np.random.random(), random.random()
    >>> first[0] == second[0], first[1] == second[1]
    (True, False)
    """
    seeds = {name: (others or {}).get(name, seed) for name in GENERATORS}
    torch: Any = sys.modules.get("torch")
    has_torch = torch is not None and hasattr(torch, "get_rng_state")
    ours, numpys, torchs = random.getstate(), np.random.get_state(), torch.get_rng_state() if has_torch else None
    random.seed(seeds["random"])
    np.random.seed(seeds["numpy.random"])
    if has_torch:
        torch.default_generator.manual_seed(seeds["torch"])
    try:
        yield
    finally:
        random.setstate(ours)
        np.random.set_state(numpys)
        if has_torch:
            torch.set_rng_state(torchs)
