import functools

import pytest
from blackbox_checks import AdapterTests, assert_kept, needed

from pytest_optlandscape import minimize
from pytest_optlandscape.optimizers import get
from pytest_optlandscape.optimizers.profile import profile_text

cma = needed("cma")


class TestCma(AdapterTests):
    library = "cma"
    specs = ("cma:fmin2", "cma:CMAEvolutionStrategy(popsize=8)", "cma:fmin2(restarts=2, bipop=True)")
    stochastic = specs
    misspelt = (
        ("cma:fmin", "did you mean 'fmin2'"),
        ("cma:fmin2(popsiz=8)", "did you mean 'popsize'"),
        ("cma:fmin2(seed=1)", "unknown"),
    )


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


def test_options_of_a_partial_are_kept():
    for partial in (
        functools.partial(cma.fmin2, options={"popsize": 9}, sigma0=0.5),
        functools.partial(cma.fmin2, sigma0=0.5, options=cma.CMAOptions("popsize") | {"popsize": 9}),
    ):
        assert_kept(partial, "cma:fmin2(popsize=9, sigma0=0.5)", seeded=True)
    with pytest.raises(ValueError, match="unknown argument of cma:fmin2 'popsiz'"):
        get(functools.partial(cma.fmin2, options={"popsiz": 9}))
    with pytest.raises(TypeError, match="must have only keyword arguments, such as sigma0"):
        get(functools.partial(cma.CMAEvolutionStrategy, [0.0, 0.0], 0.5))


@pytest.mark.parametrize(
    "text", ["__import__('os').system('true')", "np.load('x')", "open", "(lambda: 1)()", "[1][0]", "N.x", "("]
)
def test_a_string_that_pycma_would_evaluate_computes_a_number_or_is_refused(text):
    with pytest.raises(ValueError, match="pycma would evaluate the string popsize="):
        get(f"cma:CMAEvolutionStrategy(popsize={text!r})")
    assert get("cma:CMAEvolutionStrategy(popsize='4 + int(3 * np.log(N))')").spec.startswith("cma:")
