from blackbox_checks import AdapterTests, needed

from pytest_optlandscape import minimize
from pytest_optlandscape.optimizers import get
from pytest_optlandscape.optimizers.profile import profile_text

pymoo = needed("pymoo")


class TestPymoo(AdapterTests):
    library = "pymoo"
    specs = (
        "pymoo:GA(pop_size=20)",
        "pymoo:CMAES",
        "pymoo:PSO",
        "pymoo:DE(pop_size=20)",
        "pymoo:NelderMead",
        "pymoo:PatternSearch",
    )
    stochastic = ("pymoo:GA", "pymoo:CMAES", "pymoo:PSO", "pymoo:DE")
    misspelt = (
        ("pymoo:GAs", "did you mean 'GA'"),
        ("pymoo:GA(popsize=3)", "did you mean 'pop_size'"),
        ("pymoo:NSGA2", "unknown"),
    )
    spins_on_nan = ("pymoo:CMAES",)


def test_objects():
    from pymoo.algorithms.soo.nonconvex.pso import PSO

    run = minimize(PSO(pop_size=10), "booth", budget=50)
    assert (run.nfev, run.optimizer) == (50, "pymoo:PSO(instance)")
    assert (run.replay().trace.x == run.trace.x).all()
    assert get(PSO).spec == "pymoo:PSO"
    assert profile_text(get(PSO)) == "global, derivative-free, bounds, stochastic"


def test_searches_from_a_point_start_there():
    assert minimize("pymoo:NelderMead", "beale", x0=[0.5, 0.25], budget=3).trace.x[0].tolist() == [0.5, 0.25]
