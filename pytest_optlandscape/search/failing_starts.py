"""The search for the start that breaks an optimizer.

Evenly spread points find rare failures only by chance, and so do draws that know nothing of the runs. This search
first tries the starts that failed before. Then it asks `proposals.Search` for starts: that looks at the runs so far and
at the attributes of a run that the condition reads. Each start has a seed of its own, so the search finds failing
seeds, too. A failing start is shrunk towards the standard start, until each coordinate differs by few binary digits.
Then its seed is shrunk towards 0. Both are remembered.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Never

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.optimizers import get, minimize
from pytest_optlandscape.runs import Run, as_landscape
from pytest_optlandscape.search.proposals import Search
from pytest_optlandscape.search.remembered_failures import Failure, failed_before, forget, remember
from pytest_optlandscape.search.shrinking import MOST_RUNS, shrunk, smallest_seed
from pytest_optlandscape.suites.box import box_of
from pytest_optlandscape.texts.keywords import refuse_keywords
from pytest_optlandscape.texts.plurals import number_of

__all__ = ["FailingStart", "find_failing_start", "kept_simplest"]

FloatArray = NDArray[np.float64]

_MOST_REMEMBERED = 8
"""Most remembered starts that are tried first, so that other optimizers' failures do not use up the examples."""

_REACH = 10.0
"""Largest distance of starts from the standard start, in units of max(1, |x0|), where a bound is infinite."""


@dataclass(frozen=True, eq=False)
class FailingStart:
    """A start and a seed from which a run fails.

    Attributes
    ----------
    x0 : ndarray, shape (dim,)
        The start, shrunk.
    run : Run
        The run from there.
    examples : int
        Runs until the first failing start was found.
    found : ndarray, shape (dim,)
        That start, before it was shrunk.
    seed : int
        The seed of the run, shrunk towards 0.
    """

    x0: FloatArray
    run: Run
    examples: int
    found: FloatArray
    seed: int = 0

    def __str__(self) -> str:
        seed = f" with seed {self.seed}" if self.seed else ""
        where = f"{self.run} from {self.x0.tolist()}{seed}, found after {number_of(self.examples, 'example')}"
        return f"{where}\n  replay: {self.run.script()}"


def find_failing_start(
    optimizer: Any,
    landscape: Landscape | str,
    condition: Callable[[Run], bool],
    *,
    max_examples: int = 100,
    seed: int = 0,
    vary_seed: bool = True,
    bounds: ArrayLike | None = None,
    budget: int | None = None,
    **others: Never,
) -> FailingStart | None:
    """Search for a start, and a seed, from which a run fails.

    Starts that failed on this landscape before come first; Hypothesis' example database keeps them. The database also
    keeps the start that is found, and `strategies.starts` draws it again. With the same seed and the same database, the
    search finds the same start.

    Parameters
    ----------
    optimizer : str, callable, class or object
        Whatever `optimizers.get` takes.
    landscape : Landscape or str
    condition : callable
        ``condition(run)`` is true where the run failed. The search notes which attributes of the run the condition
        reads, and follows the matching signs of trouble.
    max_examples : int, default 100
        Most runs until one fails; shrinking takes further ones.
    seed : int, default 0
        Seed of the search and of the first run; each further run has the next seed. If a share p of seeds fails from
        every start, the search misses them with the probability (1 - p)^max_examples.
    vary_seed : bool, default True
        Whether every run has a seed of its own. If False, all runs have ``seed``.
    bounds : array_like, shape (dim, 2), optional
        The box of the starts (default: the landscape's). Where a bound is infinite, starts stay within ten times
        ``max(1, |x0|)`` of the standard start.
    budget : int, optional
        Evaluations of each run (default: 1000 per dimension).

    Returns
    -------
    FailingStart or None
        None if no failing start was found.

    Raises
    ------
    ValueError
        If ``max_examples`` or ``budget`` is below 1, or the bounds are of another shape or empty.
    Exception
        Whatever the condition raises, with a note that names the run.

    Examples
    --------
    >>> found = find_failing_start("scipy:L-BFGS-B", "himmelblau", lambda run: run.x[0] < 0)
    >>> found.x0.tolist(), bool(found.run.x[0] < 0)
    ([0.0, 4.0], True)
    """
    refuse_keywords(find_failing_start, others, {"evaluations": "budget, the evaluations of each run"})
    if max_examples < 1:
        raise ValueError(f"the search takes at least one run, got max_examples={max_examples!r}")
    adapter, landscape = get(optimizer), as_landscape(landscape)
    box = _finite_box(landscape, bounds)

    search = Search(landscape, box, seed)

    def run_from(x0: FloatArray, of_run: int) -> Run:
        return minimize(adapter, landscape, x0=x0, budget=budget, seed=of_run)

    def fails(run: Run) -> bool:
        try:
            return bool(condition(run))
        except Exception as error:
            error.add_note(f"raised by the condition of find_failing_start for {run.command()}")
            raise

    known = [one for one in failed_before(landscape) if np.all((one.x0 >= box[:, 0]) & (one.x0 <= box[:, 1]))]
    known = known[:_MOST_REMEMBERED]
    for example in range(1, max_examples + 1):
        remembered = example <= len(known)
        of_run = seed + example - 1 if vary_seed else seed
        if remembered:
            x0 = known[example - 1].x0
            of_run = known[example - 1].seed if vary_seed else seed
        else:
            x0 = search.ask()
        run = run_from(x0, of_run)
        if fails(search.witness.watching(run)):
            best = kept_simplest(
                landscape,
                box,
                Failure(x0, of_run),
                lambda start, seed: fails(run_from(start, seed)),
                shrinks_seed=vary_seed,
            )
            return FailingStart(best.x0, run_from(*best), example, x0, best.seed)
        if not remembered:
            search.tell(run)
    return None


def kept_simplest(
    landscape: Landscape,
    box: FloatArray,
    found: Failure,
    fails: Callable[[FloatArray, int], bool],
    most: int = MOST_RUNS,
    *,
    shrinks_seed: bool = True,
) -> Failure:
    """Shrink a start that fails, then its seed, and keep both in the example database.

    Parameters
    ----------
    landscape, box, most
        As for `shrinking.shrunk`.
    found : Failure
        A start and the seed with which it fails.
    fails : callable
        Runs from a start with a seed and tells whether it fails.
    shrinks_seed : bool, default True
        Whether smaller seeds are tried.

    Returns
    -------
    Failure
    """
    x0, seed = found
    remember(landscape, x0, seed)  # before it is shrunk, which may be interrupted
    best = shrunk(landscape, box, x0, lambda start: fails(start, seed), most)
    smallest = smallest_seed(seed, lambda smaller: fails(best, smaller)) if shrinks_seed else seed
    if smallest != seed or not np.array_equal(best, x0):
        remember(landscape, best, smallest)
        forget(landscape, x0, seed)
    return Failure(best, smallest)


def _finite_box(landscape: Landscape, bounds: ArrayLike | None) -> FloatArray:
    box = box_of(landscape, bounds)
    reach = _REACH * np.maximum(1.0, np.abs(landscape.x0))
    around = np.stack([landscape.x0 - reach, landscape.x0 + reach], axis=1)
    box = np.where(np.isinf(box), around, box)
    if not np.all(box[:, 0] <= box[:, 1]):
        raise ValueError(f"a lower bound of starts lies above its upper one: {box.tolist()}")
    return box
