import pytest
from blackbox_checks import check_budgets, check_nan, check_seeds, check_silence, check_two_processes, needed

from pytest_optlandscape import minimize
from pytest_optlandscape.optimizers import get
from pytest_optlandscape.optimizers.profile import profile_text

optimagic = needed("optimagic")

SPECS = [
    "optimagic:scipy_lbfgsb",
    "optimagic:scipy_neldermead",
    "optimagic:nlopt_bobyqa",
    "optimagic:neldermead_parallel",
    "optimagic:scipy_differential_evolution",
]
STOCHASTIC = ["optimagic:scipy_differential_evolution", "optimagic:nlopt_crs2_lm"]


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
    assert get(SPECS[0]).versions()["optimagic"][0].isdigit()


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("optimagic:scipy_lbfgs", "did you mean 'scipy_lbfgsb'"),
        ("optimagic:scipy_lbfgsb(maxfun=3)", "argument of optimagic"),
        ("optimagic:bhhh", "needs a likelihood"),
    ],
)
def test_misspelt(spec, said):
    with pytest.raises(ValueError, match=said):
        get(spec)


def test_objects():
    made = optimagic.algos.scipy_lbfgsb(stopping_maxiter=2)
    assert get(made).spec == "optimagic:scipy_lbfgsb(stopping_maxiter=2)"
    assert minimize(made, "booth").nfev < minimize(optimagic.algos.scipy_lbfgsb, "booth").nfev


def test_residuals_are_handed_to_those_made_for_them():
    for name in ("pounders", "scipy_ls_lm"):
        run = minimize(f"optimagic:{name}", "beale", budget=100)
        assert run.stop_reason == "returned"
        assert run.gap < 1e-8
        assert "residuals" in profile_text(get(f"optimagic:{name}"))
