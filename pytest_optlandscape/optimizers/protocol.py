"""What every library's adapter offers."""

from __future__ import annotations

import abc
import contextlib
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.optimizers.seeding import all_global_random_numbers
from pytest_optlandscape.runs import Problem

__all__ = ["Adapter", "Call", "Interruption", "MissingLibrary", "Outcome"]


class MissingLibrary(ImportError):  # noqa: N818 - it says what happened, as ImportError's own children do
    """A library that an optimizer needs is not installed, or its installation is broken."""


@dataclass(frozen=True)
class Outcome:
    """What an adapter returns for an optimizer that is a loop of ours.

    Attributes
    ----------
    x : ndarray, shape (dim,), or None
        The last iterate, or what the library takes for the best.
    stop_reason : str or None
        ``"budget"`` where the loop ended because the budget was spent.
    fun, success, message : optional
        What the library says of the result; left out where it says nothing.
    """

    x: NDArray[np.float64] | None
    stop_reason: str | None = None
    fun: float | None = None
    success: bool | None = None
    message: str = ""


@dataclass(frozen=True)
class Call:
    """How a user without this package would call an optimizer, as text.

    Attributes
    ----------
    imports : str
        A line of import statements.
    expression : str
        The call. The objective in it is named ``f``, the gradient ``g``.
    """

    imports: str
    expression: str


@dataclass(eq=False)
class Interruption:
    """Where a run is interrupted: its state is saved and loaded into a fresh optimizer, and that goes on.

    Attributes
    ----------
    after : int
        The run is interrupted after so many evaluations of the objective, or at the next step after them.
    means : str
        How the library saves and loads state, such as ``"state_dict() and load_state_dict()"``; written by the adapter.
    happened : bool
        Whether the run was interrupted.
    refusal : str
        Why the state could not be saved, such as ``"pickle refuses it: …"``; "" where it could.
    """

    after: int
    means: str = ""
    happened: bool = False
    refusal: str = ""

    def is_due(self, problem: Problem) -> bool:
        """Return whether a run on this problem is to be interrupted now.

        Examples
        --------
        >>> problem = Problem("booth")
        >>> Interruption(after=1).is_due(problem)
        False
        >>> problem([0.0, 0.0])
        74.0
        >>> Interruption(after=1).is_due(problem)
        True
        """
        return not (self.happened or self.refusal) and problem.nfev >= self.after


@dataclass(frozen=True)
class Adapter(abc.ABC):
    """One optimizer, ready to run any number of times.

    Attributes
    ----------
    spec : str
        How it is written down; names its rows in reports and its baseline.
    uses_gradient, takes_bounds, takes_constraints, is_stochastic : bool
        What kind of optimizer it is. One that takes no constraints may still be run on a landscape that has some:
        it knows nothing of them, and its infeasible points do not count.
    keeps_feasible : bool
        Whether it promises to evaluate no point that breaks a constraint with ``keep_feasible=True``. No adapter says
        so by itself: it is for a profile to say.
    time_limit : float or None
        Seconds that each of its runs may take, where the problem names no limit itself.
    is_global : bool
        Whether it looks for the lowest of many minima rather than the next one.
    takes_noise : bool
        Whether it is made for values or gradients that are disturbed.
    ends_by_itself : bool
        Whether it ever ends before its budget is spent; one that is stepped, or asked and told, by a loop of ours may
        have no end of its own.
    uses_residuals : bool
        Whether it works on the residuals of a sum of squares, and so on least-squares landscapes alone.
    takes_callback : bool
        Whether it calls a callback after each iteration. The contract asks for one with ``problem.asks_for_callback``;
        then the adapter hands over ``problem.callback``.
    stops_on_request : bool
        Whether StopIteration, raised in the callback, ends its run.
    hands_results_to_callback : bool
        Whether it hands an object with ``.x`` to a callback whose only parameter is named ``intermediate_result``.
    invariances : frozenset of str
        What it promises not to depend on: ``"scaling"`` of the values by a positive factor, ``"permutation"`` of the
        variables, ``"translation"`` and ``"rotation"`` of the space.
    seeds_globals : bool
        Whether the global generators of `random`, NumPy and, if it is loaded, torch are seeded with the problem's seed
        for each run, and put back after it.
    has_hard_limit : bool
        Whether it keeps to a limit of evaluations that it is given; a soft one is looked at between iterations only.
    refuses_nan : bool
        Whether it raises an exception where the objective is NaN, and says so in its documentation.
    setting : dict
        What else its numbers depend on and the spec does not say, such as Keras' backend: a baseline is
        compared only under the same setting.
    """

    spec: str
    uses_gradient: bool = False
    takes_bounds: bool = False
    takes_constraints: bool = False
    is_stochastic: bool = False
    is_global: bool = False
    takes_noise: bool = False
    ends_by_itself: bool = True
    uses_residuals: bool = False
    takes_callback: bool = False
    stops_on_request: bool = True
    hands_results_to_callback: bool = False
    invariances: frozenset[str] = frozenset()
    setting: dict[str, str] = field(default_factory=dict)
    time_limit: float | None = None
    keeps_feasible: bool = False
    seeds_globals: bool = False
    has_hard_limit: bool = True
    refuses_nan: bool = False

    @abc.abstractmethod
    def minimize(self, problem: Problem) -> Any:
        """Run once on a fresh problem; return a point or an object with ``.x``."""

    def around(self, problem: Problem) -> AbstractContextManager[None]:
        """Return a context in which it is run: one in which the global generators are seeded, where it asks for that."""
        if not self.seeds_globals:
            return contextlib.nullcontext()
        return all_global_random_numbers(problem.seed % 2**32)

    def versions(self) -> dict[str, str]:
        """Name the versions of the libraries that do the work, for the baseline's header."""
        return {}

    def obstacle(self, landscape: Landscape) -> str:
        """Say in a few words why it cannot run on a landscape that its attributes do not rule out; "" if it can."""
        return ""

    def with_budget(self, evaluations: int) -> Adapter | None:
        """Return the same optimizer, told by a setting of its own to evaluate at most so often; None if it has none."""
        return None

    def without_gradient(self) -> Adapter | None:
        """Return the same optimizer when it is handed no gradient; None if it cannot do without, or uses none."""
        return None

    def in_lockstep(self) -> tuple[Callable[[Sequence[Problem]], list[Outcome]], ...]:
        """List the ways in which it can run several problems at once, step by step together, the quickest way first.

        A way takes fresh problems on one landscape and gives their outcomes in the same order. It raises where it
        cannot do so. `runs.execute_together`, which calls it, checks that the runs are those of `minimize`, bit by bit.
        """
        return ()

    def interrupted(self, interruption: Interruption) -> Adapter | None:
        """Return the same optimizer, whose next run is interrupted; None if its state cannot be saved during a run.

        The run's adapter saves the state in the library's public way, loads it into an optimizer that it makes as for
        any run, puts that at the same point, and goes on with it. It sets ``happened`` and ``means``, or ``refusal``.
        """
        return None

    def call(self, x0: str, bounds: str, seed: int = 0) -> Call | None:
        """Write the call down, with start, bounds and seed as literals; None if it takes more than one line."""
        return None
