"""The article's story with Keras' optimizers: from (4, 4) the first gradient is 100 000 long, which decides."""

from __future__ import annotations

import pytest
from criteria import four_criteria

from pytest_optlandscape import assert_converges, assert_precise, optimizers

try:
    optimizers.get("keras:SGD")
except ImportError as missing:
    pytest.skip(str(missing), allow_module_level=True)


def test_plain_sgd_blows_up(beale, minimize):
    run = minimize("keras:SGD(learning_rate=0.01)", beale, x0="article", budget=100)
    assert run.trace.fun[0] == 68891.203125
    assert run.stop_reason == "non-finite"
    assert run.nfev < 20


def test_sgd_with_clipping_and_momentum_finds_the_minimum(beale, minimize):
    run = minimize("keras:SGD(learning_rate=0.01, momentum=0.9, clipnorm=1.0)", beale, x0="article", budget=1000)
    assert_converges(run, gap=1e-6, within=300)
    assert_precise(run, digits=4)


def test_adam_remembers_the_first_gradient_and_crawls(beale, minimize):
    """Its second moment forgets by a factor of 1000 only after 7000 steps."""
    run = minimize("keras:Adam(learning_rate=0.05)", beale, x0="article", budget=1000)
    with pytest.raises(AssertionError, match=r"required a gap of 0\.001 within 1000 evaluations"):
        assert_converges(run, gap=1e-3)


def test_adam_is_quick_from_the_standard_start(beale, minimize):
    run = minimize("keras:Adam(learning_rate=0.05)", beale, budget=1000)
    assert_converges(run, gap=1e-6, within=500)
    assert_precise(run, digits=4)


def test_rmsprop_gets_near_and_then_hovers(beale, minimize):
    run = minimize("keras:RMSprop(learning_rate=0.003)", beale, x0="article", budget=2000)
    assert_converges(run, gap=1e-2)
    assert run.hit(1e-8) == float("inf")


def test_four_criteria_of_sgd():
    criteria = four_criteria("keras:SGD(learning_rate=0.01, momentum=0.9, clipnorm=1.0)", starts=10)
    assert criteria["convergence"] <= 300
    assert criteria["precision"] >= 4
    assert criteria["robustness"].trials == 10
