import functools

import pytest
from blackbox_checks import AdapterTests, assert_kept, needed

from pytest_optlandscape import minimize
from pytest_optlandscape.optimizers import get
from pytest_optlandscape.optimizers.profile import profile_text

optuna = needed("optuna")


class TestOptuna(AdapterTests):
    library = "optuna"
    specs = (
        "optuna:TPESampler",
        "optuna:CmaEsSampler",
        "optuna:RandomSampler",
        "optuna:NSGAIISampler(population_size=10)",
        "optuna:QMCSampler(scramble=True)",
    )
    stochastic = specs
    misspelt = (
        ("optuna:TPESample", "did you mean 'TPESampler'"),
        ("optuna:TPESampler(n_startup=1)", "n_startup"),
        ("optuna:BaseSampler", "unknown Optuna sampler"),
    )
    generous = 150


def test_objects():
    assert get(optuna.samplers.TPESampler).spec == "optuna:TPESampler"
    run = minimize(optuna.samplers.TPESampler(seed=3), "booth", budget=15)
    assert run.optimizer == "optuna:TPESampler(instance)"
    assert (run.replay().trace.x == run.trace.x).all()


def test_the_start_is_the_first_trial_and_logging_stays_as_it_was():
    level = optuna.logging.get_verbosity()
    run = minimize("optuna:RandomSampler", "beale", x0=[0.5, 0.25], budget=3)
    assert run.trace.x[0].tolist() == [0.5, 0.25]
    assert optuna.logging.get_verbosity() == level
    assert run.warnings == ()
    assert profile_text(get("optuna:RandomSampler")).endswith("stochastic, endless")


def test_what_a_sampler_needs_besides_is_named():
    try:
        get("optuna:GPSampler")
    except ImportError as error:
        assert "torch" in str(error)  # noqa: PT017 - either it is installed or it is named


def test_seeds_that_are_given_are_kept_and_others_are_the_problems():
    samplers = optuna.samplers
    for thing in (samplers.TPESampler(seed=5), functools.partial(samplers.TPESampler, seed=5)):
        assert_kept(thing, "optuna:TPESampler(seed=5)", seeded=False, budget=14)
    for thing in (samplers.TPESampler(), samplers.TPESampler, functools.partial(samplers.TPESampler)):
        assert_kept(thing, "optuna:TPESampler", seeded=True, budget=14)


@pytest.mark.filterwarnings("ignore:PartialFixedSampler is experimental")
def test_a_sampler_inside_another_is_a_new_one_in_every_run():
    inner = optuna.samplers.RandomSampler(seed=3)
    partial = functools.partial(optuna.samplers.PartialFixedSampler, {"x0": 0.5}, inner)
    assert_kept(partial, optuna.samplers.PartialFixedSampler({"x0": 0.5}, inner), seeded=False, budget=8)
