import pytest
from blackbox_checks import check_budgets, check_nan, check_seeds, check_silence, check_two_processes, needed

from pytest_optlandscape import minimize
from pytest_optlandscape.optimizers import get
from pytest_optlandscape.optimizers.profile import profile_text

cma = needed("cma")

SPECS = ["cma:fmin2", "cma:CMAEvolutionStrategy(popsize=8)", "cma:fmin2(restarts=2, bipop=True)"]
STOCHASTIC = SPECS


@pytest.mark.parametrize("spec", SPECS)
def test_budget_is_exact(spec):
    check_budgets(spec)


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
    assert get(SPECS[0]).versions()["cma"][0].isdigit()


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("cma:fmin", "did you mean 'fmin2'"),
        ("cma:fmin2(popsiz=8)", "did you mean 'popsize'"),
        ("cma:fmin2(seed=1)", "unknown"),
    ],
)
def test_misspelt(spec, said):
    with pytest.raises(ValueError, match=said):
        get(spec)


def test_objects():
    from functools import partial

    assert get(cma.fmin2).spec == "cma:fmin2"
    made = partial(cma.CMAEvolutionStrategy, sigma0=0.5, options={"popsize": 5})
    assert get(made).spec == "cma:CMAEvolutionStrategy(sigma0=0.5, popsize=5)"
    with pytest.raises(TypeError, match="runs only once"):
        get(cma.CMAEvolutionStrategy([1.0, 1.0], 0.5, {"verbose": -9, "seed": float("nan")}))


def test_minimum_is_found():
    run = minimize("cma:fmin2", "booth", budget=2000)
    assert run.stop_reason == "returned"
    assert run.gap < 1e-10
    assert profile_text(get("cma:fmin2")) == "global, derivative-free, bounds, stochastic"
