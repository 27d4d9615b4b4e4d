"""Tests of torch_optimizer: each optimizer must descend, and reach the minimum of a bowl."""

from __future__ import annotations

import pytest

from pytest_optlandscape import assert_converges

RATES = {"DiffGrad": 0.5, "Yogi": 0.5, "AdaBound": 0.5, "AdaMod": 1.0, "QHAdam": 0.5, "AggMo": 0.01}


@pytest.mark.parametrize(("name", "rate"), RATES.items())
def test_reaches_the_minimum_of_booth(name, rate, booth, minimize):
    run = minimize(f"torch_optimizer:{name}(lr={rate})", booth, budget=500)
    assert_converges(run, gap=1e-2)
