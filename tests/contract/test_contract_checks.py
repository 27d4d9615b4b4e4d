import contract_breakers as breakers
import numpy as np
import pytest
import scipy.optimize
import tuner_breakers
from thorough import one_of_each

from pytest_optlandscape import check_optimizer, optimizers
from pytest_optlandscape.contract import CHECKS
from pytest_optlandscape.contract.holding import hold_to
from pytest_optlandscape.optimizers.profile import with_profile

OTHER_PROCESS = "check_same_run_in_another_process"
STATE = "check_restores_state_after_exception"

BREAKERS = [
    ("raises_sometimes", "check_returns_finite_point", r"no usable result: exception \(ArithmeticError"),
    ("misreports", "check_reported_value", r"reports fun = .*, but f\(x\) = "),
    ("forgets_the_best", "check_not_worse_than_best_seen", "it saw f = .*, but returned a point with f = "),
    ("ends_above_its_start", "check_not_worse_than_start", r"f\(x0\) = .*, but it returned a point with f = "),
    ("skips_its_start gradient", "check_evaluates_start", "never evaluates the start; the nearest point .* away"),
    ("silences_numpy", STATE, "raises in evaluation 1, it leaves changed behind: numpy.seterr"),
    ("filters_warnings", STATE, "leaves changed behind: the warning filters"),
    ("seeds_for_itself", STATE, "behind: the global state of random\n"),
    ("miscounts", "check_reported_counts", "reports nfev = .*, but made "),
    ("succeeds_at_once", "check_claims_success_at_stationary_points", "where the projected gradient is .* long"),
    ("succeeds_with_nan", "check_never_claims_success_with_nan", "claims success with fun = nan"),
    ("takes_nan_for_better", "check_survives_nan", r"f\(x0\) is finite, but it returned .*, where f = nan"),
    ("steps_outside", "check_stays_inside_bounds", "a point lies 1e-09 outside the bounds"),
    ("evaluates_a_start_outside", "check_clips_start", "evaluates a start that lies outside the bounds"),
    ("moves_a_fixed_variable", "check_keeps_fixed_variables", r"x\[0\] is fixed at 0 .* was moved by 1e-06"),
    (
        "leaves_the_feasible_set keeps-feasible",
        "check_stays_feasible",
        "breaks a constraint with keep_feasible=True, and so do 1 of .* evaluations, by up to",
    ),
    ("overspends", "check_keeps_budget", "told to evaluate at most 3 times, it evaluated 4 times"),
    ("plans_ahead", "check_larger_budget_goes_on", "evaluates other points than with"),
    ("ignores_the_seed", "check_same_seed_same_run", "a second run with the same seed went elsewhere"),
    ("depends_on_hashes", OTHER_PROCESS, "another process with the same seed went elsewhere"),
    ("draws_globally", "check_leaves_global_random_state", r"random state was touched \(numpy.random\)"),
    ("draws_from_python", "check_leaves_global_random_state", r"random state was touched \(random\)"),
    ("ForgetsItsStep", "check_resumes_from_saved_state", "after 1 evaluation a fresh optimizer loaded its state"),
    ("writes_to_the_start", "check_keeps_start_unchanged", "it wrote into the array x0 that it was handed"),
    ("reuses_its_array", "check_hands_out_own_points", "arrays that it had handed to f"),
    ("keeps_gradients", "check_copies_gradients", "relies on gradients that it did not copy"),
    ("wants_floats", "check_takes_any_start", "does not take an integer array for a start: TypeError"),
    ("never_calls_back", "check_calls_callback", "it made .* evaluations, and never called the callback"),
    (
        "calls_back_without_a_point",
        "check_calls_callback",
        "calls the callback with .*, which is no point",
    ),
    ("hands_out_its_point", "check_hands_callback_own_points", "it wrote into .* points that it had handed"),
    ("hands_out_one_buffer", "check_hands_callback_own_points", "it wrote into .* points that it had handed"),
    ("works_on_what_it_hands_out", "check_hands_callback_own_points", "where the callback writes into its point"),
    ("succeeds_when_stopped", "check_stops_on_request", "claims success after StopIteration was raised"),
    ("goes_on_when_stopped", "check_stops_on_request", "it called the callback .* times more after StopIteration"),
    ("forgets_its_callback_when_stopped", "check_stops_on_request", "it went on, to .* evaluations"),
    ("lets_stop_iteration_out", "check_stops_on_request", "StopIteration, raised in the callback, leaves it"),
    ("sees_sizes scaling-invariant", "check_invariant_to_scaling", "on f times 4 it goes elsewhere"),
    (
        "goes_along_axes permutation-invariant",
        "check_invariant_to_permutation",
        "variables exchanged it goes elsewhere",
    ),
    ("goes_along_axes rotation-invariant", "check_invariant_to_rotation", "turned by half a radian it goes elsewhere"),
    ("has_an_origin translation-invariant", "check_invariant_to_translation", "shifted by .* it goes elsewhere"),
]
IDS = [name for name, _, _ in BREAKERS]


def breaker(text):
    name, *words = text.split()
    return with_profile(optimizers.get(getattr(breakers, name)), " ".join(words))


def test_every_check_has_an_optimizer_that_breaks_it():
    assert {name for _, name, _ in (*BREAKERS, *tuner_breakers.BREAKERS)} == set(CHECKS)


def test_a_decent_optimizer_keeps_all_that_is_asked_of_it():
    found = check_optimizer(breakers.decent)
    assert [one.check for one in found] == list(CHECKS)
    not_asked = {one.check for one in found if one.outcome == "not-applicable"}
    assert {one.outcome for one in found} == {"passed", "not-applicable"}
    assert not_asked == {
        "check_larger_budget_goes_on",  # it takes a random generator
        "check_copies_gradients",
        "check_resumes_from_saved_state",
        "check_stays_feasible",
        *(name for name in CHECKS if "invariant" in name or "callback" in name or name == "check_stops_on_request"),
        *(name for _, name, _ in tuner_breakers.BREAKERS),
    }


def test_a_decent_optimizer_keeps_what_it_promises():
    kept = ["check_invariant_to_scaling", "check_larger_budget_goes_on"]
    adapter = with_profile(optimizers.get(breakers.decent), "scaling-invariant deterministic")
    assert [one.outcome for one in hold_to(adapter, kept)] == ["passed", "passed"]


def test_an_optimizer_that_keeps_feasible_is_believed_no_more_than_others():
    kept = ["check_stays_feasible"]
    assert [one.outcome for one in hold_to(breaker("keeps_feasible"), kept, searches=True)] == ["not-applicable"]
    assert [one.outcome for one in hold_to(breaker("keeps_feasible keeps-feasible"), kept, searches=True)] == ["passed"]
    without = with_profile(optimizers.get("scipy:L-BFGS-B"), "keeps-feasible")
    assert hold_to(without, kept)[0].message == "asked of optimizers that are: constraints, keeps-feasible"


@pytest.mark.skipif(
    tuple(map(int, scipy.__version__.split(".")[:2])) >= (1, 18), reason="mended in SciPy 1.18 (scipy#24424)"
)
def test_trust_constr_does_not_keep_feasible():
    adapter = with_profile(optimizers.get("scipy:trust-constr"), "keeps-feasible")
    (found,) = hold_to(adapter, ["check_stays_feasible"])
    assert found.outcome == "failed"
    assert "breaks a constraint with keep_feasible=True" in found.message
    assert ".keeping_feasible()" in found.message


def is_fast_and_never_calls_back(fun, x0, jac, bounds, callback):
    """Ends after a dozen evaluations on Beale's function, the sphere and Booth's."""
    return scipy.optimize.minimize(fun, x0, jac=jac, bounds=bounds, method="L-BFGS-B").x


def test_a_fast_optimizer_must_call_its_callback_too():
    (found,) = hold_to(optimizers.get(is_fast_and_never_calls_back), ["check_calls_callback"])
    assert found.outcome == "failed"
    assert "on rosenbrock[2] from [-1.2, 1]: it made " in found.message
    assert hold_to(optimizers.get("scipy:L-BFGS-B"), ["check_calls_callback"])[0].outcome == "passed"


@pytest.mark.parametrize(("text", "name", "said"), one_of_each(BREAKERS, lambda text, name, said: name), ids=IDS)
def test_a_check_sees_what_breaks_it_and_no_other_does(text, name, said):
    adapter = breaker(text)
    names = [one for one in CHECKS if one != OTHER_PROCESS or one == name]
    failed = [one for one in hold_to(adapter, names) if one.outcome == "failed"]
    others = {"ends_above_its_start": ["check_evaluates_start"]}.get(text, [])
    failed = [one for one in failed if one.check not in others]
    assert [one.check for one in failed] == [name]
    with pytest.raises(AssertionError, match=said):
        raise AssertionError(failed[0].message)
    assert failed[0].message.startswith(f"contract_breakers:{text.split()[0]} on ")
    assert "\n  replay: from pytest_optlandscape import landscapes, minimize; minimize(" in failed[0].message


def test_optimizers_of_gradients_are_only_warned_where_their_family_may():
    assert [one.severity for one in hold_to(breaker("keeps_gradients"), ["check_copies_gradients"])] == ["warning"]
    names = ["check_not_worse_than_best_seen"]
    assert [one.severity for one in hold_to(optimizers.get("scipy:BFGS"), names)] == ["warning"]
    assert [one.severity for one in hold_to(optimizers.get("scipy:Powell"), names)] == ["error"]


def test_a_documented_refusal_of_nan_and_a_soft_limit_are_words_of_the_profile():
    names = ["check_survives_nan", "check_keeps_budget"]

    def outcomes(text):
        return [one.outcome for one in hold_to(breaker(text), names)]

    assert outcomes("refuses_nan") == ["failed", "passed"]
    assert outcomes("refuses_nan refuses-nan") == ["passed", "passed"]
    assert outcomes("looks_at_its_limit_between_rounds") == ["passed", "failed"]
    assert outcomes("looks_at_its_limit_between_rounds soft-limit") == ["passed", "not-applicable"]


def test_all_that_is_broken_is_listed():
    def hopeless(problem):
        np.random.random()
        return [np.nan, 0.0]

    with pytest.raises(AssertionError) as caught:
        check_optimizer(hopeless)
    listed = [name for name in CHECKS if f"  {name}: " in str(caught.value)]
    assert f"breaks {len(listed)} of {len(CHECKS)} checks" in str(caught.value)
    assert {"check_returns_finite_point", "check_survives_nan", "check_leaves_global_random_state"} <= set(listed)
    assert "check_reported_value" not in listed  # it reports none


def test_optimizers_without_bounds_may_go_anywhere():
    def unbounded(fun, x0):
        fun(np.array(x0) + 100.0)
        return x0

    found = CHECKS["check_stays_inside_bounds"].outcome(unbounded)
    assert (found.outcome, found.message) == ("not-applicable", "asked of optimizers that are: bounds")


def test_bounds_may_be_refused():
    def strict(fun, x0, bounds):
        if (bounds[:, 0] == bounds[:, 1]).any() or (x0 < bounds[:, 0]).any() or (x0 > bounds[:, 1]).any():
            raise ValueError("a start lies inside its bounds, and these differ")
        return x0

    names = ["check_clips_start", "check_keeps_fixed_variables"]
    assert [one.outcome for one in hold_to(optimizers.get(strict), names)] == ["passed", "passed"]


def test_what_is_defined_here_and_now_cannot_be_run_in_another_process():
    found = CHECKS[OTHER_PROCESS].outcome(lambda problem: problem.x0)
    assert found.outcome == "not-applicable"
    assert "another process cannot find it" in found.message


def test_the_state_of_torch_is_looked_at_where_it_is_loaded(monkeypatch):
    import sys
    import types

    states = iter([b"1", b"2"])
    state = types.SimpleNamespace(numpy=lambda: np.frombuffer(next(states), dtype=np.uint8))
    monkeypatch.setitem(sys.modules, "torch", types.SimpleNamespace(get_rng_state=lambda: state))
    found = CHECKS["check_leaves_global_random_state"].outcome(lambda fun, x0: x0)
    assert "the global random state was touched (torch)" in found.message
