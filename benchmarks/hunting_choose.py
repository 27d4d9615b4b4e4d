"""The rule by which the held cases of benchmarks/hunting.py are chosen, before any search is run on them.

Run ``python benchmarks/hunting_choose.py``; it prints ``HELD`` of hunting_cases.py. The rule:

* Optimizers: those that no tuned case is on: of SciPy COBYLA, Newton-CG, dogleg, trust-ncg, trust-krylov, trust-exact
  and least_squares; the deterministic ones of benchmarks/power_corpus; the example of one's own. From the same start
  all do the same, so that there is a failing share. `trust-constr` and COBYQA are left out: they take a second a run.
* Landscapes: those of the catalogue of 1 to 6 coordinates, without constraints and noise, that no tuned case is on.
  Their dimension, where they have several, and their instance (0 to 3) are given by a hash of the pair's name.
* Pairs of both are gone through in the order of the SHA-256 of their names. From 256 Sobol' starts each is run;
  after 16, pairs that take over 300 values and gradients a run, or that raise, are left.
* Of the conditions that 1 to 8 of these starts fulfil, in the order of their hashes, the first that 0.2 to 2 % of
  2048 Sobol' starts fulfil is taken: 23 cases, one on a landscape, at most three of an optimizer, at most four of a
  condition (``above``, ``below`` and ``far``, which look at where a run ended, count as one). ``evaluations`` is more
  than the first of some round numbers that 1 to 8 exceed. (It was to be 24; the last was not found in ten minutes.)
"""

from __future__ import annotations

import hashlib
import warnings
from collections import Counter
from collections.abc import Iterator
from typing import Any

from hunting_cases import TUNED, Case, condition_of, optimizer_of
from measure import one_thread

from pytest_optlandscape import landscapes, minimize
from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.suites.low_discrepancy import sobol_starts

OPTIMIZERS = (
    *(
        f"scipy:{name}"
        for name in ("COBYLA", "Newton-CG", "dogleg", "trust-ncg", "trust-krylov", "trust-exact", "least_squares")
    ),
    *(
        f"corpus:{name}"
        for name in (
            "adagrad",
            "adam",
            "bfgs",
            "conjugate_gradient",
            "coordinate_search",
            "damped_newton",
            "difference_quasi_newton",
            "hooke_jeeves",
            "lbfgs_projected",
            "nelder_mead",
            "nesterov",
            "powell",
            "projected_gradient",
            "rmsprop",
            "trust_region",
        )
    ),
    "momentum:minimize",
)

CONDITIONS = ("gap", "evaluations", "worse", "outside", "unsuccessful", "above", "below", "far")
_WHERE = frozenset({"above", "below", "far"})
_LIMITS = (30, 50, 100, 150, 200, 300, 400, 600, 1000, 1500)
_CASES, _OF_AN_OPTIMIZER, _OF_A_CONDITION = 23, 3, 4
_LOOK, _STARTS, _LARGEST = 256, 2048, 8
_SLOW = 300


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.sha256(f"hunting 2 {text}".encode()).digest()[:8], "big")


def _landscape(spec: str, name: str) -> Landscape | None:
    plain = landscapes.get(name)
    number = _hash(f"{spec} {name} form")
    if plain.id != name:  # scalable
        made = []
        for dim in range(2, 7):
            try:
                made.append(landscapes.get(name, dim))
            except ValueError:
                continue
        if not made:
            return None
        plain = made[number % len(made)]
    if plain.dim > 6 or plain.constraints or plain.noise is not None:
        return None
    try:
        return plain.instance(number // 5 % 4)
    except ValueError:
        return plain


def _runs(spec: str, landscape: Landscape, number: int, first: int = 0) -> Iterator[Any]:
    optimizer = optimizer_of(spec)
    for x0 in sobol_starts(landscape, number, first=first):
        yield minimize(optimizer, landscape, x0=x0, seed=0)


def _candidates(spec: str, landscape: Landscape) -> list[str]:
    """Name the conditions that few of the first starts fulfil."""
    names = [c for c in CONDITIONS if c != "evaluations"] + [f"evaluations {limit}" for limit in _LIMITS]
    conditions = {name: condition_of(landscape, name) for name in names}
    failed: Counter[str] = Counter()
    effort = 0
    for k, run in enumerate(_runs(spec, landscape, _LOOK)):
        effort += run.nfev + run.njev
        if k == 15 and effort > 16 * _SLOW:
            return []
        for name, condition in conditions.items():
            failed[name] += condition(run)
    few = [name for name in names if 1 <= failed[name] <= _LARGEST]
    limits = [name for name in few if name.startswith("evaluations")]
    few = [name for name in few if name not in limits[1:]]
    return sorted(few, key=lambda name: _hash(f"{spec} {landscape.id} {name}"))


def _kind(condition: str) -> str:
    first = condition.partition(" ")[0]
    return "where" if first in _WHERE else first


def main() -> None:
    one_thread()
    warnings.simplefilter("ignore")
    known = {name.partition("[")[0] for _, name, _ in TUNED}
    pairs = [(spec, name) for spec in OPTIMIZERS for name in landscapes.names() if name not in known]
    pairs.sort(key=lambda pair: _hash(" ".join(pair)))
    taken: list[Case] = []
    for spec, name in pairs:
        specs, names = (
            Counter(case[0] for case in taken),
            {case[1].partition("[")[0].partition(":")[0] for case in taken},
        )
        if specs[spec] >= _OF_AN_OPTIMIZER or name in names:
            continue
        try:
            landscape = _landscape(spec, name)
            candidates = _candidates(spec, landscape) if landscape is not None else []
        except Exception:
            continue
        kinds = Counter(_kind(case[2]) for case in taken)
        for condition in candidates:
            if kinds[_kind(condition)] >= _OF_A_CONDITION or landscape is None:
                continue
            failed = condition_of(landscape, condition)
            share = sum(bool(failed(run)) for run in _runs(spec, landscape, _STARTS)) / _STARTS
            if 0.002 <= share <= 0.02:
                taken.append((spec, landscape.id, condition))
                print(f"    ({spec!r}, {landscape.id!r}, {condition!r}),  # {100 * share:.2f} %", flush=True)
                break
        if len(taken) == _CASES:
            break


if __name__ == "__main__":
    main()
