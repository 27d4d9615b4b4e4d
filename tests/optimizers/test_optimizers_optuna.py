from blackbox_checks import AdapterTests, needed

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
        ("optuna:GridSampler", "unknown Optuna sampler"),
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
