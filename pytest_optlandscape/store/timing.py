"""Time an optimizer with pytest-benchmark. Its fixture measures the times and keeps them."""

from __future__ import annotations

import contextlib
import math
import warnings
from typing import Any

from numpy.typing import ArrayLike

from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.optimizers import get
from pytest_optlandscape.records.targets import success_gap
from pytest_optlandscape.runs import BudgetExhausted, Problem, Run, execute
from pytest_optlandscape.runs.execute import warn_if_never_evaluated

__all__ = ["benchmark_run"]


def benchmark_run(
    benchmark: Any,
    optimizer: Any,
    landscape: Landscape | str,
    *,
    x0: ArrayLike | str | None = None,
    bounds: ArrayLike | None = None,
    budget: int | None = None,
    seed: int = 0,
) -> Run:
    """Time an optimizer on a problem, and store its result in ``extra_info``.

    Parameters
    ----------
    benchmark : fixture of pytest-benchmark
    optimizer, landscape, x0, bounds, budget, seed
        As for `minimize`.

    Returns
    -------
    Run
        The counted run, made before the timed ones. ``benchmark.extra_info["optlandscape"]`` holds plain values:
        ``optimizer``, ``landscape``, ``nfev``, ``njev``, ``gap``, ``digits``, ``success``, ``stop_reason`` and
        ``nondeterministic``: whether the number of evaluations of any timed run differs from the counted run. With
        constraints also ``constr_nfev`` and ``constr_njev``.

    Raises
    ------
    ValueError
        If a value of the counted run shows that the landscape's minimum is wrong.
    """
    adapter = get(optimizer)

    def problem() -> Problem:
        return Problem(landscape, x0, bounds=bounds, budget=budget, seed=seed)

    run = execute(adapter, problem())
    warn_if_never_evaluated(run)
    if run.fmin_contradiction:
        raise ValueError(run.fmin_contradiction)
    counts = set()

    def once() -> None:
        timed = problem()
        # Time an optimizer even if it raises or is stopped at its budget. The counted run reports that.
        with contextlib.suppress(Exception, SystemExit, BudgetExhausted), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            adapter.minimize(timed)
        counts.add((timed.nfev, timed.njev, timed.constr_nfev, timed.constr_njev))

    benchmark(once)
    constraints = {"constr_nfev": run.constr_nfev, "constr_njev": run.constr_njev}
    benchmark.extra_info["optlandscape"] = {
        "optimizer": run.optimizer,
        "landscape": run.landscape.id,
        "nfev": run.nfev,
        "njev": run.njev,
        **(constraints if run.landscape.own_constraints else {}),
        "gap": _plain(run.result_gap),
        "digits": _plain(run.digits),
        "success": bool(run.result_gap <= success_gap(run.landscape)),
        "stop_reason": run.stop_reason,
        "nondeterministic": counts != {(run.nfev, run.njev, run.constr_nfev, run.constr_njev)},
    }
    return run


def _plain(value: float) -> float | None:
    """Return None for inf and NaN: pytest-benchmark stores JSON, which has neither."""
    return float(value) if math.isfinite(value) else None
