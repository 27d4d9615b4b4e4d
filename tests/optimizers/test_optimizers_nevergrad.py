import pytest
from blackbox_checks import check_budgets, check_nan, check_seeds, check_silence, check_two_processes, needed

from pytest_optlandscape import minimize
from pytest_optlandscape.optimizers import get
from pytest_optlandscape.optimizers.profile import profile_text

nevergrad = needed("nevergrad")

SPECS = [
    "nevergrad:OnePlusOne",
    "nevergrad:DE",
    "nevergrad:CMA",
    "nevergrad:TBPSA",
    "nevergrad:ParametrizedOnePlusOne(mutation='cauchy')",
]
STOCHASTIC = SPECS


@pytest.mark.parametrize("spec", SPECS)
def test_budget_is_exact(spec):
    check_budgets(spec, generous=300)


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
    assert get(SPECS[0]).versions()["nevergrad"][0].isdigit()


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("nevergrad:OnePlusOn", "did you mean 'OnePlusOne'"),
        ("nevergrad:OnePlusOne(mutation=1)", "takes no arguments; its families do"),
        ("nevergrad:ParametrizedOnePlusOne(mutatio=1)", "did you mean 'mutation'"),
    ],
)
def test_misspelt(spec, said):
    with pytest.raises(ValueError, match=said):
        get(spec)


def test_objects():
    assert get(nevergrad.optimizers.DE).spec == "nevergrad:DE"
    run = minimize(nevergrad.families.DifferentialEvolution(popsize=5), "booth", budget=20)
    assert (run.nfev, run.optimizer) == (20, "nevergrad:DifferentialEvolution(popsize=5)")
    with pytest.raises(TypeError, match="bound to its parametrization and budget"):
        get(nevergrad.optimizers.OnePlusOne(parametrization=2, budget=10))


def test_what_is_broken_in_nevergrad_is_said_to_be():
    run = minimize("nevergrad:NGOpt", "booth", budget=200)
    if run.stop_reason == "exception":
        assert "does not work with NumPy" in run.message
    else:
        assert run.nfev == 200
    assert profile_text(get("nevergrad:NGOpt")) == "global, derivative-free, bounds, noise, stochastic"
