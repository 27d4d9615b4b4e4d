"""Tests of PINTS' optimizers: what each must reach."""

from __future__ import annotations

import pytest

from pytest_optlandscape import assert_converges


@pytest.mark.landscapes("booth", "sphere[2]", "himmelblau")
@pytest.mark.parametrize("optimizer", ["pints:IRPropMin", "pints:SNES", "pints:XNES", "pints:NelderMead"])
def test_reaches_the_minimum(optimizer, landscape, minimize):
    assert_converges(minimize(optimizer, landscape, budget=1000, seed=1), gap=1e-6)
