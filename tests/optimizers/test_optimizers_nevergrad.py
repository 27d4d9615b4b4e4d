import functools

import pytest
from blackbox_checks import AdapterTests, assert_kept, needed

from pytest_optlandscape import minimize
from pytest_optlandscape.optimizers import get
from pytest_optlandscape.optimizers.profile import profile_text

nevergrad = needed("nevergrad")


class TestNevergrad(AdapterTests):
    library = "nevergrad"
    specs = (
        "nevergrad:OnePlusOne",
        "nevergrad:DE",
        "nevergrad:CMA",
        "nevergrad:TBPSA",
        "nevergrad:ParametrizedOnePlusOne(mutation='cauchy')",
    )
    stochastic = specs
    misspelt = (
        ("nevergrad:OnePlusOn", "did you mean 'OnePlusOne'"),
        ("nevergrad:OnePlusOne(mutation=1)", "take no arguments; its families do"),
        ("nevergrad:ParametrizedOnePlusOne(mutatio=1)", "did you mean 'mutation'"),
    )
    generous = 300


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
    assert profile_text(get("nevergrad:NGOpt")) == "global, derivative-free, bounds, noise, stochastic, endless"


def test_a_configured_family_is_kept():
    family = nevergrad.families.ParametrizedOnePlusOne
    for thing in (family(mutation="cauchy"), functools.partial(family, mutation="cauchy")):
        assert_kept(thing, "nevergrad:ParametrizedOnePlusOne(mutation='cauchy')", seeded=True)
    assert_kept(family(mutation="cauchy").set_name("mine"), family(mutation="cauchy"), seeded=True)
