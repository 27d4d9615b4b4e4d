"""The article's story on Beale's function: from (4, 4), where f = 68891.203125, to the minimum 0 at (3, 0.5)."""

from __future__ import annotations

import numpy as np
import pytest
from criteria import four_criteria
from scipy import optimize

from pytest_optlandscape import assert_converges, assert_precise, assert_robust

BOX = [(-4.5, 4.5), (-4.5, 4.5)]


def test_the_landscape_is_the_article_s(beale):
    assert beale([4.0, 4.0]) == 68891.203125
    assert beale([3.0, 0.5]) == 0.0
    assert beale.bounds.tolist() == [list(pair) for pair in BOX]
    assert beale.starts["article"].tolist() == [4.0, 4.0]


def test_lbfgsb_with_bounds_finds_the_minimum(beale, minimize):
    run = minimize("scipy:L-BFGS-B", beale, x0="article", bounds=BOX, budget=200)
    assert run.trace.fun[0] == 68891.203125
    np.testing.assert_allclose(run.x, [3.0, 0.5], atol=1e-4)
    assert_converges(run, gap=1e-8, within=30)
    assert_precise(run, digits=5)


def test_a_gradient_with_a_wrong_sign_is_caught(beale, minimize):
    """The mistake of many a hand-written derivative: the second coordinate has the wrong sign."""

    def with_a_wrong_gradient(fun, x0, jac):
        return optimize.minimize(fun, x0, jac=lambda x: jac(x) * [1.0, -1.0], method="L-BFGS-B", bounds=BOX).x

    run = minimize(with_a_wrong_gradient, beale, x0="article", budget=200)
    with pytest.raises(AssertionError, match="required a gap of 1e-08"):
        assert_converges(run, gap=1e-8)


def test_lbfgsb_is_not_robust_on_beale():
    """One good end says little: from a fifth of the box, L-BFGS-B stops in the flat far corners."""
    with pytest.raises(AssertionError, match="100 starts could not show it any more"):
        assert_robust("scipy:L-BFGS-B", "beale", rate=0.9)


def test_lbfgsb_is_robust_from_two_thirds_of_the_box():
    assert_robust("scipy:L-BFGS-B", "beale", rate=0.65)


def test_four_criteria_of_lbfgsb():
    criteria = four_criteria("scipy:L-BFGS-B")
    assert criteria["convergence"] <= 30
    assert criteria["precision"] >= 5
    assert 0.65 <= criteria["robustness"].lower < criteria["robustness"].upper < 0.9
    solved, cells = criteria["general"]
    assert solved / cells > 0.9


def test_cost_of_lbfgsb(beale, benchmark_minimize):
    run = benchmark_minimize("scipy:L-BFGS-B", beale, x0="article", budget=200)
    assert run.nfev <= 30
