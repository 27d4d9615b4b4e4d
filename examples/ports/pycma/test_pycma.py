"""Tests of pycma: what CMA-ES must reach, from where, and what it must never do."""

from __future__ import annotations

import pytest

from pytest_optlandscape import assert_converges, assert_precise, parametrize_with_checks


@pytest.mark.landscapes("rosenbrock_2", "ellipsoid_1e6[5]", "sphere[5]")
@pytest.mark.parametrize("optimizer", ["cma:fmin2"])
def test_reaches_the_minimum(optimizer, landscape, minimize):
    run = minimize(optimizer, landscape, budget=4000, seed=1)
    assert_converges(run, gap=1e-9)
    assert_precise(run, digits=4)


@parametrize_with_checks(["cma:fmin2"])
def test_contract(optimizer, check):
    check(optimizer)
