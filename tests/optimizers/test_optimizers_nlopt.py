import pytest
from blackbox_checks import AdapterTests, needed

from pytest_optlandscape import minimize
from pytest_optlandscape.optimizers import get
from pytest_optlandscape.optimizers.profile import profile_text
from pytest_optlandscape.verdicts import CHECKS

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
    assert "is for 2 coordinates" in minimize(optimizer, "sphere[3]").message
    with pytest.raises(TypeError, match="names no algorithm"):
        get(nlopt.opt)


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

    return Landscape("raising", objective, bounds=[(-1, 1), (-1, 1)], x0=[0.5, 0.5], minimizers=[[0.0, 0.0]], fmin=0.0)


@pytest.mark.skipif(not nlopt.__version__.startswith("2.11"), reason="what rounding does is a release's own")
def test_bobyqa_leaves_boxes_with_unround_edges_by_rounding():
    found = CHECKS["check_stays_inside_bounds"].outcome("nlopt:LN_BOBYQA")
    assert (found.outcome, found.severity) == ("failed", "warning")
    assert "outside the bounds, which is rounding" in found.message
