"""Caches do not grow without end: a session may make any number of landscapes."""

import importlib
import inspect
import pkgutil

import pytest

import pytest_optlandscape
from pytest_optlandscape import Landscape
from pytest_optlandscape.optimizers.compiled import kept_for
from pytest_optlandscape.suites.catalogue import cells


def cached_functions():
    """List the functions of the package that remember their results."""
    for found in pkgutil.walk_packages(pytest_optlandscape.__path__, "pytest_optlandscape."):
        if found.name.endswith("__main__"):
            continue
        module = importlib.import_module(found.name)
        for name, thing in vars(module).items():
            if hasattr(thing, "cache_parameters") and thing.__module__ == module.__name__:
                yield pytest.param(thing, id=f"{found.name}.{name}")


@pytest.mark.parametrize("function", list(cached_functions()))
def test_what_is_remembered_of_landscapes_is_bounded(function):
    parameters = inspect.signature(function, eval_str=False).parameters.values()
    if any("Landscape" in str(parameter.annotation) for parameter in parameters):
        assert function.cache_parameters()["maxsize"] is not None


def test_landscapes_that_are_made_and_forgotten_are_not_all_remembered():
    largest = cells.cache_parameters()["maxsize"]
    for k in range(largest + 20):
        made = Landscape(
            "made", lambda x: x[0] ** 2, bounds=[(-1, 1)], x0=[0.5], minimizers=[[0.0]], fmin=0.0, id=f"made-{k}"
        )
        cells(made)
    assert cells.cache_info().currsize == largest


def test_what_is_compiled_for_an_optimizer_is_bounded_and_the_latest_stay():
    kept = kept_for("optimizer of many shapes")
    for dim in range(1000):
        kept[dim] = object()
    assert list(kept) == list(range(1000 - len(kept), 1000))
    assert 16 <= len(kept) <= 100
