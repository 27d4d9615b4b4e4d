import functools

from blackbox_checks import AdapterTests, assert_kept, needed

from pytest_optlandscape import minimize
from pytest_optlandscape.optimizers import get
from pytest_optlandscape.optimizers.profile import profile_text

optimagic = needed("optimagic")


class TestOptimagic(AdapterTests):
    library = "optimagic"
    specs = (
        "optimagic:scipy_lbfgsb",
        "optimagic:scipy_neldermead",
        "optimagic:nlopt_bobyqa",
        "optimagic:neldermead_parallel",
        "optimagic:scipy_differential_evolution",
    )
    stochastic = ("optimagic:scipy_differential_evolution", "optimagic:nlopt_crs2_lm")
    misspelt = (
        ("optimagic:scipy_lbfgs", "did you mean 'scipy_lbfgsb'"),
        ("optimagic:scipy_lbfgsb(maxfun=3)", "argument of optimagic"),
        ("optimagic:bhhh", "needs a likelihood"),
    )


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


def test_options_and_seeds_that_are_given_are_kept():
    evolution = optimagic.algos.scipy_differential_evolution
    for thing in (evolution(seed=7), functools.partial(evolution, seed=7)):
        assert_kept(thing, "optimagic:scipy_differential_evolution(seed=7)", seeded=False)
    for thing in (evolution(), evolution, functools.partial(evolution)):
        assert_kept(thing, "optimagic:scipy_differential_evolution", seeded=True)
    limited = functools.partial(optimagic.algos.scipy_lbfgsb, stopping_maxiter=2)
    assert get(limited).spec == "optimagic:scipy_lbfgsb(stopping_maxiter=2)"
    assert_kept(limited, "optimagic:scipy_lbfgsb(stopping_maxiter=2)", seeded=False)
