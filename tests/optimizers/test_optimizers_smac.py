"""SMAC's facades on landscapes over a search space."""

from blackbox_checks import needed
from tuning_landscapes import TunerTests, asked, distinct, finite

from pytest_optlandscape import minimize

needed("smac")


class TestSmac(TunerTests):
    tuners = ("smac:RandomFacade",)
    wrong = (
        ("smac:RandomFacad", "did you mean 'RandomFacade'"),
        ("smac:RandomFacade(walltime_limits=3)", "did you mean 'walltime_limit'"),
        ("smac:RandomFacade(seed=3)", "seed cannot be given"),
    )


def test_random_forests_repeat_nothing():
    run, handed = asked("smac:HyperparameterOptimizationFacade", finite(), budget=10)
    assert run.stop_reason in ("budget", "returned"), run.message
    assert len(distinct(run)) == run.nfev == len(handed)


def test_an_exhausted_space_ends_the_run():
    run = minimize("smac:RandomFacade", finite(), budget=60)
    assert (run.stop_reason, len(distinct(run))) == ("returned", run.nfev)
