"""Tests of optax: each optimizer must reach the minimum of a bowl."""

from __future__ import annotations

import pytest

from pytest_optlandscape import assert_converges

RATES = {"adam": 0.2, "rmsprop": 0.02, "adabelief": 0.2, "lion": 0.02, "sgd": 0.02, "yogi": 0.2}


@pytest.mark.parametrize(("name", "rate"), RATES.items())
def test_reaches_the_minimum_of_booth(name, rate, booth, minimize):
    assert_converges(minimize(f"optax:{name}(learning_rate={rate})", booth, budget=600), gap=1e-2)
