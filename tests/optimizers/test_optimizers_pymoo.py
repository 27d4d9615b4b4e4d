import functools

import numpy as np
import pytest
from blackbox_checks import AdapterTests, assert_kept, needed

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


def test_what_is_given_to_an_algorithm_is_kept():
    from pymoo.algorithms.soo.nonconvex.cmaes import CMAES
    from pymoo.algorithms.soo.nonconvex.ga import GA
    from pymoo.algorithms.soo.nonconvex.nelder import NelderMead

    for thing in (GA(pop_size=8, seed=5), functools.partial(GA, pop_size=8, seed=5)):
        assert_kept(thing, "pymoo:GA(pop_size=8, seed=5)", seeded=False)
    for thing in (CMAES(), CMAES, "pymoo:CMAES"):
        assert_kept(thing, "pymoo:CMAES", seeded=True)
    assert_kept(NelderMead(), "pymoo:NelderMead", seeded=False)
    for thing in (NelderMead(x0=np.array([2.0, 2.0])), functools.partial(NelderMead, x0=np.array([2.0, 2.0]))):
        assert minimize(thing, "booth", budget=3).trace.x[0].tolist() == [2.0, 2.0]


def test_the_users_termination_is_kept():
    from pymoo.algorithms.soo.nonconvex.ga import GA
    from pymoo.termination.max_gen import MaximumGenerationTermination

    algorithm = GA(pop_size=8)
    algorithm.termination = MaximumGenerationTermination(2)
    for _ in range(2):
        run = minimize(algorithm, "booth", budget=100)
        assert (run.stop_reason, run.nfev) == ("returned", 16)


def test_an_algorithm_at_work_is_refused():
    from pymoo.algorithms.soo.nonconvex.ga import GA
    from pymoo.problems import get_problem

    with pytest.raises(TypeError, match="is set up for its own problem"):
        get(GA().setup(get_problem("sphere")))
