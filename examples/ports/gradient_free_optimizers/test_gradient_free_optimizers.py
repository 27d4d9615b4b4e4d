"""Tests of Gradient-Free-Optimizers: how near each comes to the minimum on a grid of 1001 values a variable."""

from __future__ import annotations

import pytest

from pytest_optlandscape import assert_converges

NAMES = ["HillClimbingOptimizer", "ParticleSwarmOptimizer"]


@pytest.mark.landscapes("sphere[2]", "himmelblau")
@pytest.mark.parametrize("name", NAMES)
def test_comes_near_the_minimum(name, landscape, minimize):
    run = minimize(f"gradient_free_optimizers:{name}", landscape, budget=300, seed=1)
    assert_converges(run, gap=0.5)
    assert run.fun == pytest.approx(run.landscape(run.x))
