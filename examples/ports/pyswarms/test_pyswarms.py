"""Tests of PySwarms: the swarm must find the minimum, and return the point whose cost it reports."""

from __future__ import annotations

import pytest

from pytest_optlandscape import assert_converges

GLOBAL_BEST = "pyswarms.single:GlobalBestPSO(n_particles=12, options={'c1': 1.5, 'c2': 1.5, 'w': 0.7})"
LOCAL_BEST = "pyswarms.single:LocalBestPSO(n_particles=12, options={'c1': 1.5, 'c2': 1.5, 'w': 0.7, 'k': 3, 'p': 2})"


@pytest.mark.landscapes("sphere[2]", "booth", "himmelblau", "beale")
@pytest.mark.parametrize("optimizer", [GLOBAL_BEST, LOCAL_BEST])
def test_swarm_finds_the_minimum(optimizer, landscape, minimize):
    run = minimize(optimizer, landscape, budget=1800, seed=1)
    assert_converges(run, gap=1e-5)
    assert run.fun == pytest.approx(run.landscape.fmin, abs=1e-5)
