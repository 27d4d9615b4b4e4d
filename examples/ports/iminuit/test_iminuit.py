"""Tests of Minuit's minimisers: what they must reach, with and without a gradient, inside limits."""

from __future__ import annotations

import migrad
import pytest
from iminuit import Minuit

from pytest_optlandscape import assert_converges, assert_precise, parametrize_with_checks


@pytest.mark.landscapes("rosenbrock_2", "booth", "himmelblau", "sphere[5]", "sum_squares[5]")
@pytest.mark.parametrize("optimizer", [migrad.with_gradient, migrad.without_gradient])
def test_migrad_reaches_the_minimum(optimizer, landscape, minimize):
    run = minimize(optimizer, landscape, budget=1500)
    assert_converges(run, gap=1e-3, within=400)
    assert_precise(run, digits=1)


def test_the_gradient_is_used(booth, minimize):
    assert minimize(migrad.with_gradient, booth, budget=500).njev > 0


def thirty_calls(fun, x0):
    return Minuit(fun, x0).migrad(ncall=30).values


def test_the_limit_of_calls_holds(rosenbrock_2, minimize):
    assert minimize(thirty_calls, rosenbrock_2, budget=1000).nfev < 100


@parametrize_with_checks([migrad.with_gradient], profile="soft-limit")
def test_contract(optimizer, check):
    check(optimizer)
