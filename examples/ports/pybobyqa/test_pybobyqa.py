"""Tests of Py-BOBYQA: few evaluations, no derivatives, and never a point outside the box."""

from __future__ import annotations

import pytest

from pytest_optlandscape import assert_converges, assert_precise, parametrize_with_checks

SOLVE = "pybobyqa:solve"


@pytest.mark.landscapes("rosenbrock_2", "beale", "booth", "sphere[5]")
def test_reaches_the_minimum_in_few_evaluations(landscape, minimize):
    run = minimize(SOLVE, landscape, budget=200)
    assert_converges(run, gap=1e-8, within=180)
    assert_precise(run, digits=3)
    assert run.fun == pytest.approx(run.landscape(run.x))


def test_stays_in_the_box(himmelblau, minimize):
    run = minimize(SOLVE, himmelblau, budget=100)
    lower, upper = himmelblau.bounds.T
    assert all((lower <= point).all() and (point <= upper).all() for point in run.trace.x)


# Py-BOBYQA documents that upper and lower bounds must differ by at least 2 rhobeg.
APART = {"check_keeps_fixed_variables": "bounds must be at least 2 rhobeg apart"}


@parametrize_with_checks([SOLVE], expected_failures=APART)
def test_contract(optimizer, check):
    check(optimizer)
