import pytest
from blackbox_checks import needed
from contract_checks import breaches

from pytest_optlandscape.contract.holding import hold_to
from pytest_optlandscape.optimizers import get

SOUND = {
    "cma:CMAEvolutionStrategy": {},
    "nevergrad:OnePlusOne": {},
    "nlopt:LN_BOBYQA": {},
    "nlopt:LD_TNEWTON": {"survives_nan": "NLopt ends with a failure where a line search meets NaN"},
    "optimagic:scipy_neldermead": {"claims_success_at_stationary_points": "SciPy's simplex collapses on a bound"},
    "optuna:RandomSampler": {},
    "pymoo:NelderMead": {"not_worse_than_best_seen": "pymoo forgets the best point when it starts over"},
}
"""One sound optimizer of each library, what it breaks all the same, and why."""


@pytest.mark.parametrize("spec", SOUND)
def test_sound_optimizers_break_only_what_is_known(spec):
    needed(spec.partition(":")[0])
    found = breaches(spec)
    assert set(found) == set(SOUND[spec]), found


@pytest.mark.parametrize("spec", ["cma:CMAEvolutionStrategy", "nevergrad:TwoPointsDE", "optuna:CmaEsSampler"])
def test_runs_go_on_from_a_pickled_state(spec):
    needed(spec.partition(":")[0])
    (found,) = hold_to(get(spec), ["check_resumes_from_saved_state"])
    assert (found.outcome, found.message) == ("passed", "")
