"""The tests that the default run deselects: they carry the marker `thorough`."""

from collections.abc import Callable, Hashable, Iterable
from pathlib import Path

import pytest


def slow_tests() -> set[str]:
    """Return the node ids of the tests that `slow_tests.txt` names."""
    lines = Path(__file__).with_name("slow_tests.txt").read_text(encoding="utf-8").splitlines()
    return {line for line in lines if not line.startswith("#")}


def one_of_each(cases: Iterable, kind: Callable[..., Hashable]) -> list:
    """Mark all cases `thorough` but the first of each kind.

    Parameters
    ----------
    cases : iterable
        Values, tuples of values or `pytest.param`.
    kind : callable
        Takes a case's values and returns what the tested code distinguishes.

    Returns
    -------
    list of pytest.param
        All cases, in their order.
    """
    seen = set()
    marked = []
    for case in cases:
        param = as_param(case)
        found = kind(*param.values)
        marked.append(as_thorough(param) if found in seen else param)
        seen.add(found)
    return marked


def thorough(*cases: object) -> list:
    """Mark all these cases `thorough`."""
    return [as_thorough(as_param(case)) for case in cases]


def as_param(case):
    """Return the case as pytest writes it; a tuple is the values of several parameters."""
    if hasattr(case, "values") and hasattr(case, "marks"):
        return case
    return pytest.param(*case) if isinstance(case, tuple) else pytest.param(case)


def as_thorough(param):
    return pytest.param(*param.values, id=param.id, marks=(*param.marks, pytest.mark.thorough))
