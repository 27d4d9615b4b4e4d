"""The terms of the contract: which check is asked of which optimizers, and how grave a breach is.

Terms are data. The words are those of an optimizer's profile (`optimizers.profile.WORDS`), and the four invariances.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from pytest_optlandscape.contract.checks import (
    arrays,
    bounds,
    budget,
    callback,
    configurations,
    invariance,
    repetition,
    results,
    state,
    tuning,
)
from pytest_optlandscape.contract.search import Held
from pytest_optlandscape.contract.trials import Breach, NotApplicable, SlightBreach
from pytest_optlandscape.optimizers import Adapter
from pytest_optlandscape.optimizers.profile import INVARIANCES, WORDS

__all__ = ["CHECK_RULES", "CheckRule", "Outcome", "Severity"]

Severity = Literal["error", "warning"]
Outcome = Literal["passed", "failed", "not-applicable"]


@dataclass(frozen=True)
class CheckRule:
    """One check, of whom it is asked, and how grave a breach is.

    Attributes
    ----------
    check : callable
        Takes what is `Held` to it; raises `Breach` or `NotApplicable`.
    asked_of : tuple of str
        Words of a profile or invariances, all of which must apply.
    warns : tuple of str
        Words of a profile: an optimizer to which any of them applies is only warned of a breach.
    """

    check: Callable[[Held], None]
    asked_of: tuple[str, ...] = ()
    warns: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The check's name."""
        return self.check.__name__

    @property
    def summary(self) -> str:
        """The first line of what the check says of itself."""
        return (self.check.__doc__ or "").strip().splitlines()[0]

    def severity(self, adapter: Adapter) -> Severity:
        """Return how grave a breach is for an optimizer.

        Examples
        --------
        >>> from pytest_optlandscape import optimizers
        >>> term = next(term for term in CHECK_RULES if term.name == "check_not_worse_than_best_seen")
        >>> term.severity(optimizers.get("scipy:Powell")), term.severity(optimizers.get("scipy:BFGS"))
        ('error', 'warning')
        """
        return "warning" if any(_is(adapter, word) for word in self.warns) else "error"

    def hold(self, held: Held) -> tuple[Outcome, Severity, str]:
        """Hold an optimizer to the check: what came of it, how grave a breach is, and what there is to say.

        A breach by no more than rounding is never more than a warning.
        """
        severity = self.severity(held.adapter)
        missing = [word for word in self.asked_of if not _is(held.adapter, word)]
        if missing:
            return "not-applicable", severity, f"asked of optimizers that are: {', '.join(self.asked_of)}"
        try:
            self.check(held)
        except SlightBreach as breach:
            return "failed", "warning", str(breach)
        except Breach as breach:
            return "failed", severity, str(breach)
        except NotApplicable as why:
            return "not-applicable", severity, str(why)
        return "passed", severity, ""


def _is(adapter: Adapter, word: str) -> bool:
    if word in INVARIANCES:
        return word in adapter.invariances
    field, value = WORDS[word]
    return getattr(adapter, field) is value


CHECK_RULES: tuple[CheckRule, ...] = (
    CheckRule(results.check_returns_finite_point),
    CheckRule(results.check_reported_value),
    CheckRule(results.check_not_worse_than_best_seen, warns=("gradient",)),
    CheckRule(results.check_not_worse_than_start, asked_of=("local",), warns=("noise",)),
    CheckRule(results.check_evaluates_start, asked_of=("local",), warns=("derivative-free", "stochastic")),
    CheckRule(results.check_reported_counts),
    CheckRule(results.check_claims_success_at_stationary_points, asked_of=("local",)),
    CheckRule(results.check_never_claims_success_with_nan),
    CheckRule(results.check_survives_nan, warns=("noise",)),  # what is made for noise looks at no single value
    CheckRule(bounds.check_stays_inside_bounds, asked_of=("bounds",)),
    CheckRule(bounds.check_clips_start, asked_of=("bounds",)),
    CheckRule(bounds.check_keeps_fixed_variables, asked_of=("bounds",)),
    CheckRule(bounds.check_stays_feasible, asked_of=("constraints", "keeps-feasible")),
    CheckRule(budget.check_keeps_budget, asked_of=("hard-limit",)),
    CheckRule(budget.check_larger_budget_goes_on, asked_of=("deterministic",)),
    CheckRule(repetition.check_same_seed_same_run),
    CheckRule(repetition.check_same_run_in_another_process),
    CheckRule(repetition.check_leaves_global_random_state),
    CheckRule(state.check_resumes_from_saved_state),
    CheckRule(state.check_restores_state_after_exception),
    CheckRule(arrays.check_keeps_start_unchanged),
    CheckRule(arrays.check_hands_out_own_points),
    CheckRule(arrays.check_copies_gradients, asked_of=("gradient",), warns=("gradient",)),
    CheckRule(arrays.check_takes_any_start),
    CheckRule(callback.check_calls_callback, asked_of=("callback",)),
    CheckRule(callback.check_hands_callback_own_points, asked_of=("callback",)),
    CheckRule(callback.check_stops_on_request, asked_of=("callback", "stoppable")),
    CheckRule(invariance.check_invariant_to_scaling, asked_of=("scaling",)),
    CheckRule(invariance.check_invariant_to_permutation, asked_of=("permutation",)),
    CheckRule(invariance.check_invariant_to_translation, asked_of=("translation",)),
    CheckRule(invariance.check_invariant_to_rotation, asked_of=("rotation",)),
    CheckRule(configurations.check_evaluates_values_of_space),
    CheckRule(configurations.check_leaves_out_inactive_names),
    CheckRule(configurations.check_repeats_no_configuration, warns=("endless",)),
    CheckRule(configurations.check_ends_when_space_is_exhausted, asked_of=("ending",)),
    CheckRule(tuning.check_survives_failed_trials),
    CheckRule(tuning.check_keeps_schedule),
    CheckRule(tuning.check_maximizes_as_it_minimizes),
    CheckRule(tuning.check_resumes_search),
    CheckRule(tuning.check_search_follows_seed),
    CheckRule(tuning.check_takes_values_in_any_order),
    CheckRule(tuning.check_beats_random_search),
)
"""The contract, in the order in which it is checked."""
