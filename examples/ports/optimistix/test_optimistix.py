"""Tests of Optimistix' minimisers: what they must reach, in how many evaluations."""

from __future__ import annotations

import pytest
import solvers

from pytest_optlandscape import assert_converges, assert_precise

SOLVERS = [solvers.bfgs, solvers.dfp, solvers.nonlinear_cg, solvers.nelder_mead]


@pytest.mark.landscapes("booth", "himmelblau", "rosenbrock_2")
@pytest.mark.parametrize("solver", SOLVERS)
def test_reaches_the_minimum(solver, landscape, minimize):
    run = minimize(solver, landscape, budget=1000)
    assert_converges(run, gap=1e-6)
    assert_precise(run, digits=2)
