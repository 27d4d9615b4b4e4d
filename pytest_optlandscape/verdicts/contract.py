"""The contract: what every optimizer must hold, as small named checks.

Each check takes an optimizer and raises AssertionError with the landscape and start where it fails. Which of them
are by design broken by a family of optimizers is for the user to say, with `parametrize_with_checks(...,
expected_failures={...})`.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from pytest_optlandscape._names import unknown_name
from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.landscapes import get as get_landscape
from pytest_optlandscape.optimizers import Adapter, get, minimize
from pytest_optlandscape.runs import Problem, Run, execute
from pytest_optlandscape.strategies.low_discrepancy import sobol_starts

__all__ = ["CHECKS", "check_optimizer", "parametrize_with_checks"]

_LANDSCAPES = ("beale", "rosenbrock", "booth", "rastrigin", "adjiman")
_STARTS = 3


def _runs(adapter: Adapter, **keywords: Any) -> Iterable[Run]:
    for name in _LANDSCAPES:
        landscape = get_landscape(name)
        for x0 in [landscape.x0, *sobol_starts(landscape, _STARTS)]:
            yield minimize(adapter, landscape, x0=x0, **keywords)


def _require(holds: bool, what: str, run: Run) -> None:
    __tracebackhide__ = True
    if not holds:
        raise AssertionError(f"{run.optimizer} on {run.landscape.id}: {what}\n  replay: {run.command()}")


def check_returns_finite_point(optimizer: Any) -> None:
    """Check that from every start the optimizer returns a finite point of the right shape, without an exception."""
    __tracebackhide__ = True
    for run in _runs(get(optimizer)):
        fine = run.stop_reason in ("returned", "budget")
        _require(fine, f"no usable result: {run.stop_reason} ({run.message})", run)


def check_reported_value(optimizer: Any) -> None:
    """Check that the value the optimizer reports is exactly the objective at the point it returns."""
    __tracebackhide__ = True
    for run in _runs(get(optimizer)):
        if run.reported_fun is not None:
            _require(run.reported_fun == run.fun, f"reports fun = {run.reported_fun!r}, but f(x) = {run.fun!r}", run)


def check_not_worse_than_start(optimizer: Any) -> None:
    """Check that the returned point is not worse than the start."""
    __tracebackhide__ = True
    for run in _runs(get(optimizer)):
        at_start = float(run.landscape(run.x0))
        _require(run.fun <= at_start, f"f(x0) = {at_start:.6g}, but it returned a point with f = {run.fun:.6g}", run)


def check_stays_inside_bounds(optimizer: Any) -> None:
    """Check that an optimizer that takes bounds evaluates and returns only points inside them."""
    __tracebackhide__ = True
    adapter = get(optimizer)
    if not adapter.takes_bounds:
        return
    for run in _runs(adapter):
        points = np.vstack([run.trace.x, run.x])
        outside = np.maximum(run.bounds[:, 0] - points, points - run.bounds[:, 1]).max()
        _require(outside <= 0.0, f"a point lies {outside:.3g} outside the bounds", run)


def check_keeps_start_unchanged(optimizer: Any) -> None:
    """Check that the array handed in as the start is not written to."""
    __tracebackhide__ = True
    for run in _runs(get(optimizer)):
        _require(not run.start_was_changed, "it wrote into the array x0 that it was handed", run)


def check_same_seed_same_run(optimizer: Any) -> None:
    """Check that two runs with the same seed evaluate the same points."""
    __tracebackhide__ = True
    for run in _runs(get(optimizer), seed=1):
        again = run.replay()
        same = np.array_equal(run.trace.x, again.trace.x) and np.array_equal(run.x, again.x, equal_nan=True)
        _require(same, "a second run with the same seed went elsewhere", run)


def check_leaves_global_random_state(optimizer: Any) -> None:
    """Check that NumPy's and Python's global random states are as before."""
    __tracebackhide__ = True
    import random

    for run_again in [functools.partial(minimize, get(optimizer), name) for name in _LANDSCAPES]:
        # Read through the legacy functions on purpose: they are the global state.
        before = (random.getstate(), repr(np.random.get_state()))
        run = run_again()
        after = (random.getstate(), repr(np.random.get_state()))
        _require(before == after, "the global random state was touched", run)


def check_never_claims_success_with_nan(optimizer: Any) -> None:
    """Check that where the objective is NaN beyond some point the optimizer does not claim success with NaN."""
    __tracebackhide__ = True
    adapter = get(optimizer)
    run = execute(adapter, Problem(_nan_beyond(), budget=2000))
    value = run.fun if run.reported_fun is None else run.reported_fun
    _require(not run.claimed_success or math.isfinite(value), f"claims success with fun = {value}", run)


def _nan_beyond() -> Landscape:
    """Make a bowl that is NaN in a half-plane, into which its gradient leads."""

    def fun(x: Any) -> float:
        return float(x @ x) if x[0] >= 0.5 else math.nan

    return Landscape(
        "bowl_with_nan",
        fun,
        gradient=lambda x: 2.0 * x,
        hessian=lambda x: 2.0 * np.eye(2),
        bounds=[(-4.0, 4.0)] * 2,
        x0=[2.0, 2.0],
        minimizers=[[0.5, 0.0]],
        fmin=0.25,
    )


Check = Callable[[Any], None]

CHECKS: dict[str, Check] = {
    check.__name__: check
    for check in (
        check_returns_finite_point,
        check_reported_value,
        check_not_worse_than_start,
        check_stays_inside_bounds,
        check_keeps_start_unchanged,
        check_same_seed_same_run,
        check_leaves_global_random_state,
        check_never_claims_success_with_nan,
    )
}
"""The checks by name."""


def check_optimizer(optimizer: Any) -> None:
    """Hold an optimizer to the whole contract.

    Parameters
    ----------
    optimizer : str, callable, class or object
        Whatever `optimizers.get` takes.

    Raises
    ------
    AssertionError
        With every check that failed, where, and how to replay it.

    Examples
    --------
    >>> check_optimizer("scipy:L-BFGS-B")
    Traceback (most recent call last):
        ...
    AssertionError: scipy:L-BFGS-B breaks 1 of 8 checks
      check_never_claims_success_with_nan: ...
    """
    __tracebackhide__ = True
    adapter = get(optimizer)
    broken = []
    for name, check in CHECKS.items():
        try:
            check(adapter)
        except AssertionError as error:
            broken.append(f"  {name}: {error}")
    if broken:
        raise AssertionError(f"{adapter.spec} breaks {len(broken)} of {len(CHECKS)} checks\n" + "\n".join(broken))


def parametrize_with_checks(optimizers: Iterable[Any], *, expected_failures: Mapping[str, str] | None = None) -> Any:
    """Decorate a test that takes ``optimizer`` and ``check``: it is run for each pair of them.

    Parameters
    ----------
    optimizers : iterable
        Whatever `optimizers.get` takes.
    expected_failures : mapping of str to str, optional
        Checks that are known to fail, with the reason; should one of them pass, the test fails.

    Returns
    -------
    pytest.MarkDecorator

    Raises
    ------
    ValueError
        If an expected failure names no check.

    Examples
    --------
    >>> @parametrize_with_checks(["scipy:Powell"])
    ... def test_contract(optimizer, check):
    ...     check(optimizer)
    """
    import pytest

    expected = dict(expected_failures or {})
    for name in expected:
        if name not in CHECKS:
            raise ValueError(unknown_name("check", name, CHECKS))
    if isinstance(optimizers, str):
        raise TypeError("parametrize_with_checks takes a list of optimizers, got one string")
    parameters = [
        pytest.param(
            optimizer,
            check,
            id=f"{optimizer if isinstance(optimizer, str) else get(optimizer).spec}-{name}",
            marks=[pytest.mark.xfail(reason=expected[name], strict=True)] if name in expected else [],
        )
        for optimizer in optimizers
        for name, check in CHECKS.items()
    ]
    return pytest.mark.parametrize(("optimizer", "check"), parameters)
