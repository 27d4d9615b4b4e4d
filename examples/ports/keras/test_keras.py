"""Tests of Keras' optimizers: each must reach the minimum of a bowl."""

from __future__ import annotations

import pytest

from pytest_optlandscape import assert_converges

RATES = {"Adam": 0.2, "Nadam": 0.2, "RMSprop": 0.02, "SGD": 0.02, "Lion": 0.02, "Adadelta": 20.0}


@pytest.mark.parametrize(("name", "rate"), RATES.items())
def test_reaches_the_minimum_of_booth(name, rate, booth, minimize):
    assert_converges(minimize(f"keras:{name}(learning_rate={rate})", booth, budget=600), gap=1e-2)
