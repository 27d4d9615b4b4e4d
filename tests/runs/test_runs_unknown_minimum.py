"""Landscapes of one's own whose minimum nobody knows: everything that needs none works, the rest says why not."""

import math
import pickle

import numpy as np
import pytest

from pytest_optlandscape import Landscape, assert_converges, assert_precise, assert_robust, minimize
from pytest_optlandscape.runs import record_training


def ripples(x):
    return float(np.sin(9.0 * x @ x) + x @ x)


def slope(x):
    return 18.0 * x * np.cos(9.0 * x @ x) + 2.0 * x


@pytest.fixture
def unknown():
    return Landscape("ripples", ripples, bounds=[(-1, 1)] * 2, x0=[1, 1], gradient=slope)


def test_a_run_knows_its_best_value_and_no_gap(unknown):
    assert not unknown.minimum_is_known
    assert math.isnan(unknown.fmin)
    assert unknown.minimizers.shape == (0, 2)
    run = minimize("scipy:L-BFGS-B", unknown)
    _, values = run.evaluated
    assert run.best_fun == values.min()
    assert run.hit(fun=values.min()) == np.argmin(values) + 1
    assert run.hit(fun=-9.0) == run.gap == math.inf
    assert str(run).endswith("the minimum is not known")
    assert "best f" in run.table()
    assert run.replay().best_fun == run.best_fun


def test_infeasible_values_are_none_to_reach(unknown):
    run = minimize(lambda fun, x0: [fun(np.array([9.0, 9.0])), x0][1], unknown)
    assert run.best_fun == math.inf
    assert run.hit(fun=1e9) == math.inf


def test_convergence_to_a_value_is_asserted(unknown):
    run = minimize("scipy:L-BFGS-B", unknown)
    assert_converges(run, fun=1e-3, within=run.hit(fun=1e-3))
    with pytest.raises(AssertionError, match=r"required f = 0\.001 within 1 evaluations, but f came to 0\.001 only"):
        assert_converges(run, fun=1e-3, within=1)
    with pytest.raises(AssertionError, match=r"but the lowest feasible value was .* after"):
        assert_converges(run, fun=-5.0)
    assert_converges(minimize("scipy:L-BFGS-B", "beale"), fun=1e-8, within=100)


@pytest.mark.parametrize(
    "asked",
    [
        lambda run: assert_converges(run, gap=1.0),
        lambda run: assert_precise(run, digits=1),
        lambda run: assert_robust("scipy:L-BFGS-B", run.landscape),
    ],
)
def test_what_needs_the_minimum_says_so(unknown, asked):
    run = minimize("scipy:L-BFGS-B", unknown)
    with pytest.raises(ValueError, match=r"given without fmin and minimizers; compare values of f instead \(run.best"):
        asked(run)


@pytest.mark.parametrize("targets", [{}, {"gap": 1.0, "fun": 1.0}])
def test_there_is_one_target(unknown, targets):
    run = minimize("scipy:L-BFGS-B", unknown)
    with pytest.raises(TypeError, match="either gap, or fun"):
        assert_converges(run, **targets)
    with pytest.raises(TypeError, match="either a gap or a value"):
        run.hit(**targets)


def test_a_training_has_gaps_only():
    with record_training() as recorder:
        recorder.step(1.0)
    with pytest.raises(TypeError, match="the target of a training is a gap"):
        assert_converges(recorder.run, fun=1.0)


@pytest.mark.parametrize("given", [{"fmin": 0.0}, {"minimizers": [[0.0, 0.0]]}])
def test_half_of_a_minimum_is_refused(given):
    with pytest.raises(ValueError, match="give both, or neither if the minimum is not known"):
        Landscape("ripples", ripples, bounds=[(-1, 1)] * 2, x0=[1, 1], **given)


def test_other_facts_are_checked_all_the_same():
    with pytest.raises(ValueError, match="the gradient is wrong"):
        Landscape("ripples", ripples, bounds=[(-1, 1)] * 2, x0=[1, 1], gradient=lambda x: 2.0 * slope(x))


def test_moved_it_stays_unknown(unknown):
    for moved in (unknown.shift([1, 2]), unknown.permute([1, 0]), unknown.scale(4.0), unknown.within([(0, 1)] * 2)):
        assert not moved.minimum_is_known
        assert not pickle.loads(pickle.dumps(moved)).minimum_is_known
        assert math.isfinite(minimize("scipy:Nelder-Mead", moved).best_fun)
    with pytest.raises(ValueError, match="its minimisers are not known"):
        unknown.rotate(1)


def test_noise_needs_a_scale(unknown):
    with pytest.raises(ValueError, match=r"the minimum of ripples is not known; take a noise of absolute level"):
        unknown.noisy()
    run = minimize("scipy:Nelder-Mead", unknown.noisy("multiplicative", level=0.1), budget=50)
    assert np.isfinite(run.evaluated[1]).all()


def test_it_is_drawn_above_its_lowest_value(unknown):
    pytest.importorskip("contourpy")
    assert unknown.plot().title == "ripples"
    assert minimize("scipy:L-BFGS-B", unknown).plot().title == "scipy:L-BFGS-B on ripples"
