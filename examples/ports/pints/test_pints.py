"""Tests of PINTS' optimizers: what each must reach; IRPropMin also keeps the contract."""

from __future__ import annotations

import pytest

from pytest_optlandscape import assert_converges, parametrize_with_checks


@pytest.mark.landscapes("booth", "sphere[2]", "himmelblau")
@pytest.mark.parametrize("optimizer", ["pints:IRPropMin", "pints:SNES", "pints:XNES", "pints:NelderMead"])
def test_reaches_the_minimum(optimizer, landscape, minimize):
    assert_converges(minimize(optimizer, landscape, budget=1000, seed=1), gap=1e-6)


@parametrize_with_checks(["pints:IRPropMin"])
def test_contract(optimizer, check):
    check(optimizer)
