import functools

import pytest
from blackbox_checks import AdapterTests, assert_kept, needed

from pytest_optlandscape import minimize
from pytest_optlandscape.contract import CHECKS
from pytest_optlandscape.optimizers import get
from pytest_optlandscape.optimizers.profile import profile_text

nlopt = needed("nlopt")


class TestNLopt(AdapterTests):
    library = "nlopt"
    specs = (
        "nlopt:LD_LBFGS",
        "nlopt:LN_COBYLA",
        "nlopt:LD_SLSQP",
        "nlopt:LN_BOBYQA(xtol_rel=1e-6)",
        "nlopt:GN_ORIG_DIRECT",
        "nlopt:GN_CRS2_LM",
        "nlopt:GN_ISRES",
        "nlopt:LN_PRAXIS",
        "nlopt:AUGLAG(local='LD_MMA')",
        "nlopt:GN_AGS",
    )
    stochastic = ("nlopt:GN_CRS2_LM", "nlopt:GN_ISRES", "nlopt:GN_ESCH")
    misspelt = (
        ("nlopt:LD_LBFG", "did you mean 'LD_LBFGS'"),
        ("nlopt:LD_LBFGS(xtol=1)", "did you mean 'xtol_"),
        ("nlopt:AUGLAG(local='LD_MM')", "did you mean 'LD_MMA'"),
    )


def test_objects():
    optimizer = nlopt.opt(nlopt.LN_BOBYQA, 2)
    optimizer.set_xtol_rel(1e-3)
    run = minimize(optimizer, "booth")
    assert (run.optimizer, run.stop_reason) == ("nlopt:LN_BOBYQA(instance)", "returned")
    assert run.gap < 1e-4
    assert "has 2 coordinates" in minimize(optimizer, "sphere[3]").message
    for thing in (nlopt.opt, functools.partial(nlopt.opt, nlopt.LN_BOBYQA)):
        with pytest.raises(TypeError, match="names no algorithm"):
            get(thing)


def test_a_result_limited_by_rounding_is_one():
    run = minimize("nlopt:LD_SLSQP", "sphere", budget=200)
    assert (run.stop_reason, run.message, run.claimed_success) == ("returned", "limited by rounding", False)
    assert run.gap < 1e-20
    assert profile_text(get("nlopt:LD_SLSQP")) == "local, gradient, bounds, deterministic"
    assert profile_text(get("nlopt:LN_COBYLA")) == "local, derivative-free, bounds, deterministic"


def test_what_the_objective_raises_is_told():
    run = minimize("nlopt:LN_COBYLA", _raising(), budget=20)
    assert run.stop_reason == "exception"
    assert run.message.startswith("ArithmeticError: not here")


def _raising():
    from pytest_optlandscape import Landscape

    def objective(x):
        if x[0] != 0.5:
            raise ArithmeticError("not here")
        return float(x @ x)

    facts = {"bounds": [(-1, 1), (-1, 1)], "x0": [0.5, 0.5], "minimizers": [[0.0, 0.0]], "fmin": 0.0}
    return Landscape("raising", objective, **facts, validate=False)


SETTINGS = {
    "initial_step=0.3": lambda one: one.set_initial_step(0.3),
    "xtol_rel=1e-2": lambda one: one.set_xtol_rel(1e-2),
    "ftol_abs=0.1": lambda one: one.set_ftol_abs(0.1),
    "stopval=5.0": lambda one: one.set_stopval(5.0),
    "maxeval=7": lambda one: one.set_maxeval(7),
}


@pytest.mark.parametrize("setting", SETTINGS)
def test_settings_of_an_instance_are_kept(setting):
    optimizer = nlopt.opt(nlopt.LN_SBPLX, 2)
    SETTINGS[setting](optimizer)
    assert_kept(optimizer, f"nlopt:LN_SBPLX({setting})", seeded=False, budget=200)


def test_population_and_local_optimizer_of_an_instance_are_kept():
    population = nlopt.opt(nlopt.GN_CRS2_LM, 2)
    population.set_population(40)
    assert_kept(population, "nlopt:GN_CRS2_LM(population=40)", seeded=True, budget=100)
    augmented = nlopt.opt(nlopt.AUGLAG, 2)
    augmented.set_local_optimizer(nlopt.opt(nlopt.LN_SBPLX, 2))
    assert_kept(augmented, "nlopt:AUGLAG(local='LN_SBPLX')", seeded=False)


def test_bounds_of_an_instance_are_the_problems_or_refused():
    optimizer = nlopt.opt(nlopt.LN_SBPLX, 2)
    optimizer.set_lower_bounds([-1.0, -1.0])
    run = minimize(optimizer, "booth", budget=50)
    assert run.stop_reason == "exception"
    assert "has lower bounds [-1.0, -1.0], but the problem has [-10.0, -10.0]" in run.message
    assert minimize(optimizer, "booth", budget=50, bounds=[(-1, 10), (-1, 10)]).stop_reason == "budget"


@pytest.mark.skipif(not nlopt.__version__.startswith("2.11"), reason="what rounding does is a release's own")
def test_bobyqa_leaves_boxes_with_unround_edges_by_rounding():
    found = CHECKS["check_stays_inside_bounds"].outcome("nlopt:LN_BOBYQA")
    assert (found.outcome, found.severity) == ("failed", "warning")
    assert "outside the bounds, which is rounding" in found.message
