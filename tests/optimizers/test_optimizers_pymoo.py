import pytest
from blackbox_checks import check_budgets, check_nan, check_seeds, check_silence, check_two_processes, needed

from pytest_optlandscape import minimize
from pytest_optlandscape.optimizers import get
from pytest_optlandscape.optimizers.profile import profile_text

pymoo = needed("pymoo")

SPECS = [
    "pymoo:GA(pop_size=20)",
    "pymoo:CMAES",
    "pymoo:PSO",
    "pymoo:DE(pop_size=20)",
    "pymoo:NelderMead",
    "pymoo:PatternSearch",
]
STOCHASTIC = ["pymoo:GA", "pymoo:CMAES", "pymoo:PSO", "pymoo:DE"]


@pytest.mark.parametrize("spec", SPECS)
def test_budget_is_exact(spec):
    check_budgets(spec)


@pytest.mark.parametrize("spec", [spec for spec in SPECS if "CMAES" not in spec])  # it spins without calling
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
    assert get(SPECS[0]).versions()["pymoo"][0].isdigit()


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("pymoo:GAs", "did you mean 'GA'"),
        ("pymoo:GA(popsize=3)", "did you mean 'pop_size'"),
        ("pymoo:NSGA2", "unknown"),
    ],
)
def test_misspelt(spec, said):
    with pytest.raises(ValueError, match=said):
        get(spec)


def test_objects():
    from pymoo.algorithms.soo.nonconvex.pso import PSO

    run = minimize(PSO(pop_size=10), "booth", budget=50)
    assert (run.nfev, run.optimizer) == (50, "pymoo:PSO(instance)")
    assert (run.replay().trace.x == run.trace.x).all()
    assert get(PSO).spec == "pymoo:PSO"
    assert profile_text(get(PSO)) == "global, derivative-free, bounds, stochastic"


def test_searches_from_a_point_start_there():
    assert minimize("pymoo:NelderMead", "beale", x0=[0.5, 0.25], budget=3).trace.x[0].tolist() == [0.5, 0.25]
