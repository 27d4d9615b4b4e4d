"""Which defects of tuners the suite tuning reports.

Each tuner is measured as it is. Then it is run again: unchanged, and with one defect after another, each of which is
put between the tuner and its problem. So the same defects are tried on every library:

* told −f: the tuner sees the negated values;
* told nothing: the tuner sees one value for all configurations, and so draws at random or stays where it is;
* ignores log: parameters on a logarithmic scale are searched on a linear one;
* forgets the best: the last configuration is returned;
* repeats points: every configuration is evaluated twice;
* breaks its schedule: cheap levels of a fidelity are evaluated three times as dear.

Verdicts are those of a session. The tuners are split: the suite and its targets were chosen with those of ``--part
tune`` in view; those of ``--part held`` were first run afterwards.

Run ``python benchmarks/tuning_defects.py --part tune`` or ``--part held``; ``--tuners`` limits it.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import logging
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np
from measure import machine, one_thread

from pytest_optlandscape.comparison import compare_landscape, compare_optimizer
from pytest_optlandscape.comparison.rerun import run_and_compare
from pytest_optlandscape.landscapes.spaces import Float, Int, Parameter, Space
from pytest_optlandscape.optimizers import Adapter, get
from pytest_optlandscape.optimizers.callables import from_callable
from pytest_optlandscape.records import RoundingSensitivity, run_baseline
from pytest_optlandscape.suites.catalogue import TRIALS, suite_landscapes


def evolution(problem: Any) -> Any:
    """Change one of the five best configurations at a few parameters."""
    seen: list[tuple[float, int, Any]] = []
    while problem.remaining >= 1:
        codes = problem.rng.random(problem.space.dim)
        if len(seen) >= 8:
            parent = sorted(seen)[int(problem.rng.integers(5))][2]
            kept = problem.rng.random(problem.space.dim) < 0.7
            codes = np.where(kept, parent, codes)
        seen.append((problem.fun(problem.space.decode(codes)), len(seen), codes))
    return problem.space.decode(min(seen)[2])


def halving(problem: Any) -> Any:
    """Search by successive halving; without a fidelity, all levels are the full one."""
    fidelity, best = problem.fidelity, []
    levels = fidelity.levels() if fidelity else [None]
    while problem.remaining >= 5:
        tried = [problem.space.decode(problem.rng.random(problem.space.dim)) for _ in range(9 if fidelity else 5)]
        for level in levels:
            keyword = {} if level is None else {fidelity.name: level}
            values = [problem.fun(one, **keyword) for one in tried]
            order = np.argsort(values, kind="stable")[: max(1, len(tried) // 3)]
            tried, values = [tried[k] for k in order], [values[k] for k in order]
        best.append((values[0], len(best), tried[0]))
    return min(best)[2]


TUNERS: dict[str, dict[str, Any]] = {
    "tune": {"optuna:TPESampler": None, "own evolution": evolution, "own halving": halving},
    "held": {"hyperopt:tpe.suggest": None, "nevergrad:DiscreteOnePlusOne": None, "optuna:NSGAIISampler": None},
}
DEFECTS = (
    "unchanged",
    "told −f",
    "told nothing",
    "ignores log",
    "forgets the best",
    "repeats points",
    "breaks its schedule",
)


def _linear(parameter: Parameter) -> Parameter:
    if isinstance(parameter, Float | Int) and parameter.log:
        return type(parameter)(parameter.low, parameter.high, when=parameter.when)
    return parameter


class Between:
    """A problem as a tuner with a defect sees it."""

    def __init__(self, problem: Any, defect: str) -> None:
        self._problem = problem
        self._defect = defect
        self.last: Any = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._problem, name)

    @property
    def space(self) -> Any:
        """The search space; without logarithmic scales if the tuner ignores them."""
        space = self._problem.space
        if space is None or self._defect != "ignores log":
            return space
        return Space(**{name: _linear(one) for name, one in space.parameters.items()})

    def fun(self, x: Any, **fidelity: float) -> Any:
        """Evaluate, with the defect."""
        self.last = x
        if self._defect == "breaks its schedule":
            fidelity = {name: min(3 * level, self._problem.fidelity.high) for name, level in fidelity.items()}
        if self._defect == "repeats points":
            self._problem.fun(x, **fidelity)
        value = self._problem.fun(x, **fidelity)
        return {"told −f": -value, "told nothing": 0.0}.get(self._defect, value)

    __call__ = fun


def with_defect(tuner: Any, spec: str, defect: str) -> Adapter:
    """Return a tuner with a defect, under the same spec for all."""
    inner: Callable[[Any], Any] = tuner or get(spec).minimize

    def search(problem: Any) -> Any:
        between = Between(problem, defect)
        found = inner(between)
        return between.last if defect == "forgets the best" else found

    return dataclasses.replace(from_callable(search, f"tuners:{spec.replace(' ', '_')}"), is_stochastic=True)


def judge(spec: str, tuner: Any) -> tuple[dict[str, str], float, float]:
    """Return the verdict on each defect, and the seconds of a baseline and of the comparison without a defect."""
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    landscapes = suite_landscapes("tuning")
    usual = with_defect(tuner, spec, "unchanged")
    started = time.process_time()
    before = {one.id: run_baseline(usual, one, TRIALS) for one in landscapes}
    seconds = [time.process_time() - started]
    calibration = sum(
        (one.rounding_sensitivity for one in before.values() if one.rounding_sensitivity), RoundingSensitivity(0, 0)
    )
    verdicts = {}
    for defect in DEFECTS:
        started = time.process_time()
        compared = []
        for landscape in landscapes:
            compare = functools.partial(
                compare_landscape,
                before=before[landscape.id],
                landscapes=len(landscapes),
                calibration=calibration,
                takes_bounds=True,
            )
            now = with_defect(tuner, spec, defect)
            compared.append(run_and_compare(now, landscape, TRIALS, compare, before[landscape.id]))
        found = compare_optimizer(usual.spec, compared, calibration)
        moved = sum(str(one.verdict) == "worse" for one in compared)
        is_identical = all(one.fingerprint == "identical" for one in compared)
        verdicts[defect] = f"{found.verdict} ({moved})"
        if is_identical:
            verdicts[defect] = f"{found.verdict}, identical" if defect == "unchanged" else "no effect"
        seconds.append(time.process_time() - started)
    return verdicts, seconds[0], seconds[1]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=sorted(TUNERS), default="tune")
    parser.add_argument("--tuners", nargs="*")
    arguments = parser.parse_args()
    chosen = {spec: one for spec, one in TUNERS[arguments.part].items() if spec in (arguments.tuners or [spec])}
    one_thread()
    machine()
    print("| tuner | baseline, CPU s | comparison, CPU s | " + " | ".join(DEFECTS) + " |")
    print("|" + "---|" * (len(DEFECTS) + 3))
    with ProcessPoolExecutor(2) as pool:
        for spec, (verdicts, baseline, comparison) in zip(
            chosen, pool.map(judge, chosen, chosen.values()), strict=True
        ):
            cells = " | ".join(verdicts.values())
            print(f"| {spec} | {baseline:.0f} | {comparison:.0f} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
