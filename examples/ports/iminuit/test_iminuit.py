"""Tests of Minuit's minimisers: what they must reach, with and without a gradient, inside limits."""

from __future__ import annotations

import migrad
import pytest

from pytest_optlandscape import assert_converges, assert_precise, parametrize_with_checks


@pytest.mark.landscapes("rosenbrock_2", "booth", "himmelblau", "sphere[5]", "sum_squares[5]")
@pytest.mark.parametrize("optimizer", [migrad.with_gradient, migrad.without_gradient])
def test_migrad_reaches_the_minimum(optimizer, landscape, minimize):
    run = minimize(optimizer, landscape, budget=1500)
    assert_converges(run, gap=1e-3, within=400)
    assert_precise(run, digits=1)


def test_the_gradient_is_used(booth, minimize):
    assert minimize(migrad.with_gradient, booth, budget=500).njev > 0


@parametrize_with_checks([migrad.with_gradient], profile="soft-limit")
def test_contract(optimizer, check):
    check(optimizer)
