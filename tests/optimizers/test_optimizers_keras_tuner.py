"""KerasTuner's oracles on landscapes over a search space."""

import pytest
from blackbox_checks import needed
from tuning_landscapes import TunerTests, asked, distinct, finite, mixed, mixed_loss

from pytest_optlandscape import Problem, minimize
from pytest_optlandscape.contract.checks.configurations import fault
from pytest_optlandscape.contract.holding import hold_to
from pytest_optlandscape.contract.search_spaces import searched
from pytest_optlandscape.landscapes.spaces import Fidelity
from pytest_optlandscape.optimizers import get
from pytest_optlandscape.optimizers.protocol import Interruption
from pytest_optlandscape.runs import execute

keras_tuner = needed("keras_tuner")


class TestKerasTuner(TunerTests):
    tuners = ("keras_tuner:RandomSearchOracle", "keras_tuner:GridSearchOracle")
    deterministic = ("keras_tuner:GridSearchOracle",)
    wrong = (
        ("keras_tuner:RandomOracle", "did you mean 'RandomSearchOracle'"),
        ("keras_tuner:HyperbandOracle(max_epoch=9)", "did you mean 'max_epochs'"),
        ("keras_tuner:RandomSearchOracle(objective='val_loss')", "objective cannot be given"),
    )


def test_the_grid_is_listed_once():
    run = minimize("keras_tuner:GridSearchOracle", finite(), budget=60)
    assert (run.stop_reason, run.nfev, len(distinct(run))) == ("returned", 18, 18)


def test_hyperband_runs_its_rounds():
    """3 epochs by thirds: a bracket of 3 trials, of which 1 goes on, and one of 2"""
    run = minimize("keras_tuner:HyperbandOracle(max_epochs=3)", mixed(), budget=40)
    assert (run.stop_reason, run.nfev) == ("returned", 3 + 1 + 2)


def test_a_gaussian_process_searches():
    run, _ = asked("keras_tuner:BayesianOptimizationOracle(num_initial_points=3)", finite(), budget=6)
    assert run.nfev == 6, run.message


def test_options_keep_their_types():
    """KerasTuner's own Choice turns True and False into 1 and 0"""
    hyperparameters = keras_tuner.HyperParameters()
    assert hyperparameters.Choice("dual", [True, False]) in (0, 1)
    _, handed = asked("keras_tuner:GridSearchOracle", finite(), budget=18)
    assert {type(one["dual"]) for one in handed if "dual" in one} == {bool}


@pytest.mark.parametrize("spec", ["keras_tuner:RandomSearchOracle", "keras_tuner:GridSearchOracle"])
def test_maximizing_and_pending_trials(spec):
    adapter = get(spec)
    usual = minimize(adapter, mixed(), budget=20)
    maximized = minimize(adapter.told_to_maximize(), mixed(), budget=20)
    assert (usual.trace.x == maximized.trace.x).all()
    assert usual.fun == maximized.fun
    assert minimize(adapter.with_pending(4), mixed(), budget=20).nfev == 20


def test_a_run_goes_on_from_the_files_of_the_oracle():
    adapter, interruption = get("keras_tuner:RandomSearchOracle"), Interruption(7)
    usual = minimize(adapter, mixed(), budget=20)
    resumed = minimize(adapter.interrupted(interruption), mixed(), budget=20)
    assert interruption.happened
    assert (usual.trace.x == resumed.trace.x).all()


CHEAP = [
    "check_evaluates_values_of_space",
    "check_leaves_out_inactive_names",
    "check_repeats_no_configuration",
    "check_ends_when_space_is_exhausted",
    "check_survives_failed_trials",
    "check_keeps_schedule",
    "check_maximizes_as_it_minimizes",
    "check_resumes_search",
    "check_search_follows_seed",
    "check_takes_values_in_any_order",
]


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("RandomSearchOracle", {}),
        ("GridSearchOracle", {"check_resumes_search": "its place in the grid is not saved (KerasTuner 1.4.8)"}),
        ("HyperbandOracle(max_epochs=9)", {}),
    ],
)
def test_oracles_fail_only_what_is_known(name, known):
    found = {one.check: one for one in hold_to(get(f"keras_tuner:{name}"), CHEAP)}
    assert {check for check, one in found.items() if one.outcome == "failed"} == set(known), found
    assert found["check_keeps_schedule"].outcome == "passed"


def test_values_out_of_range_are_seen():
    """its Gaussian process asks for 257 where a whole number on a logarithmic scale ends at 256 (KerasTuner 1.4.8)"""
    landscape = searched("contract_training")
    parameter = landscape.space.parameters["batch"]
    hyperparameters = keras_tuner.HyperParameters()
    hyperparameters.Int("batch", 1, 256, sampling="log")
    assert hyperparameters.space[0].prob_to_value(1.0) == 257
    assert fault(parameter, 257) == ("which is no value of Int(1, 256, log=True)", False)


def test_hyperband_trains_for_the_epochs_of_its_rounds():
    fidelity = Fidelity("epochs", 1, 81, log=True)
    landscape = mixed(lambda c, epochs: mixed_loss(c) + 1 / epochs - 1 / 81, fidelity=fidelity)
    for name, expected in (("HyperbandOracle", {1.0, 3.0, 9.0, 27.0, 81.0}), ("RandomSearchOracle", {81.0})):
        problem = Problem(landscape, budget=12, seed=1)
        run = execute(get(f"keras_tuner:{name}"), problem)
        assert run.stop_reason in ("budget", "returned"), run.message
        assert set(problem.levels().tolist()) <= expected
        assert len(set(problem.levels().tolist())) > 1 or len(expected) == 1
