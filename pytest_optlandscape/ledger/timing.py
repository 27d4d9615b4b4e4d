"""Timing an optimizer with pytest-benchmark, whose fixture does the measuring and keeps the results."""

from __future__ import annotations

import math
from typing import Any

from numpy.typing import ArrayLike

from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.optimizers import get
from pytest_optlandscape.runs import Problem, Run, execute
from pytest_optlandscape.verdicts.records import SUCCESS_TARGET, reference_gap

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
    """Time an optimizer on a problem and leave what it reached in ``extra_info``.

    Parameters
    ----------
    benchmark : fixture of pytest-benchmark
    optimizer, landscape, x0, bounds, budget, seed
        As for `minimize`.

    Returns
    -------
    Run
        The first of the timed runs. ``benchmark.extra_info["optlandscape"]`` holds plain values: ``optimizer``,
        ``landscape``, ``nfev``, ``njev``, ``gap``, ``digits``, ``success``, ``stop_reason`` and, if some round made
        another number of evaluations than the first, ``nondeterministic``.
    """
    adapter = get(optimizer)
    runs: list[Run] = []
    nondeterministic = False

    def once() -> None:
        nonlocal nondeterministic
        run = execute(adapter, Problem(landscape, x0, bounds=bounds, budget=budget, seed=seed))
        if not runs:
            runs.append(run)
        elif (run.nfev, run.njev) != (runs[0].nfev, runs[0].njev):
            nondeterministic = True

    benchmark(once)
    run = runs[0]
    benchmark.extra_info["optlandscape"] = {
        "optimizer": run.optimizer,
        "landscape": run.landscape.id,
        "nfev": run.nfev,
        "njev": run.njev,
        "gap": _plain(run.result_gap),
        "digits": _plain(run.digits),
        "success": bool(run.result_gap <= SUCCESS_TARGET * reference_gap(run.landscape)),
        "stop_reason": run.stop_reason,
        "nondeterministic": nondeterministic,
    }
    return run


def _plain(value: float) -> float | None:
    """JSON, in which pytest-benchmark stores this, has no inf or NaN."""
    return float(value) if math.isfinite(value) else None
