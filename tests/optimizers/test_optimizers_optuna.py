import pytest
from blackbox_checks import check_budgets, check_nan, check_seeds, check_silence, check_two_processes, needed

from pytest_optlandscape import minimize
from pytest_optlandscape.optimizers import get
from pytest_optlandscape.optimizers.profile import profile_text

optuna = needed("optuna")

SPECS = [
    "optuna:TPESampler",
    "optuna:CmaEsSampler",
    "optuna:RandomSampler",
    "optuna:NSGAIISampler(population_size=10)",
    "optuna:QMCSampler(scramble=True)",
]
STOCHASTIC = SPECS


@pytest.mark.parametrize("spec", SPECS)
def test_budget_is_exact(spec):
    check_budgets(spec, generous=150)


@pytest.mark.parametrize("spec", SPECS)
def test_nan_landscapes_end(spec):
    check_nan(spec)


@pytest.mark.parametrize("spec", STOCHASTIC)
def test_seeds_repeat_runs(spec):
    check_seeds(spec)


def test_two_processes_agree():
    check_two_processes(SPECS[0])


def test_nothing_is_printed_or_written(capfd, tmp_path, monkeypatch):
    check_silence(SPECS[0], capfd, tmp_path, monkeypatch)


def test_version_is_named():
    assert get(SPECS[0]).versions()["optuna"][0].isdigit()


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("optuna:TPESample", "did you mean 'TPESampler'"),
        ("optuna:TPESampler(n_startup=1)", "n_startup"),
        ("optuna:GridSampler", "unknown Optuna sampler"),
    ],
)
def test_misspelt(spec, said):
    with pytest.raises(ValueError, match=said):
        get(spec)


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
    assert profile_text(get("optuna:RandomSampler")).endswith("stochastic")


def test_what_a_sampler_needs_besides_is_named():
    try:
        get("optuna:GPSampler")
    except ImportError as error:
        assert "torch" in str(error)  # noqa: PT017 - either it is installed or it is named
