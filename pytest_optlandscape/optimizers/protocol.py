"""The interface of every adapter."""

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


class MissingLibrary(ImportError):  # noqa: N818 - named like ImportError's own subclasses
    """A library that an optimizer needs is not installed, or its installation is broken."""


@dataclass(frozen=True)
class Outcome:
    """The result of an adapter that runs the optimizer in its own loop.

    Attributes
    ----------
    x : ndarray, shape (dim,), or None
        The last iterate, or the library's best point.
    stop_reason : str or None
        ``"budget"`` if the loop ended because the budget was spent.
    fun, success, message : optional
        The library's report on the result, if it gives one.
    """

    x: NDArray[np.float64] | None
    stop_reason: str | None = None
    fun: float | None = None
    success: bool | None = None
    message: str = ""


@dataclass(frozen=True)
class Call:
    """The call of an optimizer as text, for a user without this package.

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
    """An interruption of a run: its state is saved and loaded into a fresh optimizer, which continues.

    Attributes
    ----------
    after : int
        Number of evaluations of the objective after which the run is interrupted, at once or at the next step.
    means : str
        How the library saves and loads state, such as ``"state_dict() and load_state_dict()"``; set by the adapter.
    happened : bool
        Whether the run was interrupted.
    refusal : str
        Why the state could not be saved, such as ``"pickle refuses it: …"``; "" if it could.
    """

    after: int
    means: str = ""
    happened: bool = False
    refusal: str = ""

    def is_due(self, problem: Problem) -> bool:
        """Return whether to interrupt a run on this problem now.

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
        Its name in reports and in the baseline.
    uses_gradient, takes_bounds, takes_constraints, is_stochastic : bool
        Its kind. An optimizer that takes no constraints may still run on a constrained landscape; its infeasible points
        do not count.
    keeps_feasible : bool
        Whether it promises to evaluate no point that breaks a constraint with ``keep_feasible=True``. Only a profile
        sets it.
    time_limit : float or None
        Seconds that each run may take, if the problem has no limit.
    is_global : bool
        Whether it searches for the lowest of many minima, not a near one.
    takes_noise : bool
        Whether it is made for noisy values or gradients.
    ends_by_itself : bool
        Whether it may end before its budget is spent. An optimizer that an adapter steps, or asks and tells, may never
        end.
    uses_residuals : bool
        Whether it needs the residuals of a sum of squares, and so a least-squares landscape.
    takes_callback : bool
        Whether it calls a callback after each iteration. If ``problem.asks_for_callback`` is set, as by the contract,
        the adapter passes ``problem.callback``.
    stops_on_request : bool
        Whether StopIteration, raised in the callback, ends its run.
    hands_results_to_callback : bool
        Whether it passes an object with ``.x`` to a callback whose only parameter is ``intermediate_result``.
    invariances : frozenset of str
        Its promised invariances: ``"scaling"`` of values by a positive factor, ``"permutation"`` of variables,
        ``"translation"`` and ``"rotation"`` of space.
    seeds_globals : bool
        Whether each run seeds the global generators of `random`, NumPy and, if loaded, torch with the problem's seed,
        and restores them afterwards.
    has_hard_limit : bool
        Whether it never exceeds a limit of evaluations. A soft limit is checked only between iterations.
    refuses_nan : bool
        Whether it raises an exception if the objective is NaN, as its documentation says.
    needs_space : bool
        Whether it runs only on landscapes over a search space, because it searches configurations.
    assumes_gradient : bool
        Whether ``uses_gradient`` is a guess, because the optimizer receives the whole problem. It then runs on
        landscapes over a search space, although these have no gradient.
    setting : dict
        Everything else that its numbers depend on, such as Keras' backend. Baselines are compared only under the same
        setting.
    written_declaration, written_profile : str
        The declaration and the profile that the user gave for it, so that a replay can repeat them.
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
    needs_space: bool = False
    assumes_gradient: bool = False
    written_declaration: str = field(default="", compare=False, repr=False, kw_only=True)
    written_profile: str = field(default="", compare=False, repr=False, kw_only=True)

    @abc.abstractmethod
    def minimize(self, problem: Problem) -> Any:
        """Run once on a fresh problem; return a point or an object with ``.x``."""

    def around(self, problem: Problem) -> AbstractContextManager[None]:
        """Return the context of a run, which seeds the global generators if ``seeds_globals`` is set."""
        if not self.seeds_globals:
            return contextlib.nullcontext()
        return all_global_random_numbers(problem.seed % 2**32)

    def versions(self) -> dict[str, str]:
        """Return the versions of the underlying libraries by name, for the baseline's header."""
        return {}

    def obstacle(self, landscape: Landscape) -> str:
        """Return the reason why it cannot run on a landscape, beyond what its attributes say; "" if it can."""
        return ""

    def with_budget(self, evaluations: int) -> Adapter | None:
        """Return the optimizer with its own limit of evaluations set; None if it has no such setting."""
        return None

    def without_gradient(self) -> Adapter | None:
        """Return the optimizer without the gradient; None if it requires or does not use one."""
        return None

    def in_lockstep(self) -> tuple[Callable[[Sequence[Problem]], list[Outcome]], ...]:
        """Return functions that run several problems together, step by step; the fastest first.

        Each takes fresh problems on one landscape and returns their outcomes in order. It raises if it cannot run them.
        `runs.execute_together` checks that the runs equal those of `minimize` bit by bit.
        """
        return ()

    def interrupted(self, interruption: Interruption) -> Adapter | None:
        """Return the optimizer with its next run interrupted; None if a run's state cannot be saved.

        The run saves the state by the library's public interface and loads it into a new optimizer. The new optimizer
        continues from the same point. The run sets ``happened`` and ``means``, or ``refusal``.
        """
        return None

    def told_to_maximize(self) -> Adapter | None:
        """Return the optimizer told to maximise the negated objective; None if its library only minimises."""
        return None

    def with_pending(self, trials: int) -> Adapter | None:
        """Return the optimizer with several trials under way at once, told in the reverse order; None if it has one.

        The run asks for so many configurations before it tells the first value, as parallel workers do.
        """
        return None

    def planned(self, problem: Problem) -> int | None:
        """Return how many evaluations its schedule has on a problem; None if it announces none."""
        return None

    def call(self, x0: str, bounds: str, seed: int = 0) -> Call | None:
        """Return the call as text, with start, bounds and seed as literals; None if it takes more than one line."""
        return None
