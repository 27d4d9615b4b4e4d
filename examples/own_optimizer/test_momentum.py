"""Tests of the optimizer in momentum.py: ordinary tests, with or without --optlandscape."""

from __future__ import annotations

import momentum
import numpy as np
import pytest
from hypothesis import given, settings

from pytest_optlandscape import (
    assert_converges,
    assert_equivalent,
    assert_precise,
    assert_robust,
    assert_tunable,
    parametrize_with_checks,
    strategies,
)


def test_beale_from_the_standard_start(beale, minimize):
    run = minimize(momentum.minimize, beale)
    assert_converges(run, gap=1e-8, within=1500)
    assert_precise(run, digits=3)


@pytest.mark.landscapes("booth", "sphere[10]", "sum_squares[5]", "three_hump_camel")
def test_reaches_the_minimum_of_bowls(landscape, minimize):
    assert_converges(minimize(momentum.minimize, landscape, budget=3000), gap=1e-6)


def test_from_nearly_everywhere(himmelblau):
    assert_robust(momentum.minimize, himmelblau, rate=0.9, digits=3)


def test_step_lengths_that_serve(track, booth):
    track(assert_tunable(momentum.minimize, booth, over={"step": (1e-4, 1.0)}, decades=1.0, digits=3, budget=500))


@settings(max_examples=30, deadline=None)
@given(x0=strategies.starts("booth"))
def test_never_ends_above_its_start(minimize, booth, x0):
    run = minimize(momentum.minimize, booth, x0=x0, budget=100)
    assert run.fun <= booth(x0)


@parametrize_with_checks([momentum.minimize])
def test_contract(optimizer, check):
    check(optimizer)


def reordered(fun, x0, jac, bounds, maxfev):
    """The same algorithm with its sums in another order and the clipping written differently."""
    lower, upper = np.transpose(bounds)
    x, velocity = np.array(x0), np.zeros_like(x0)
    best, best_value = x, fun(x)
    for _ in range(maxfev - 1):
        gradient = jac(np.clip(momentum.MOMENTUM * velocity + x, lower, upper))
        length = np.linalg.norm(gradient)
        if length < momentum.TOLERANCE:
            break
        if length > momentum.LONGEST_GRADIENT:
            gradient = gradient * (momentum.LONGEST_GRADIENT / length)
        velocity = -momentum.STEP * gradient + momentum.MOMENTUM * velocity
        x = np.clip(velocity + x, lower, upper)
        value = fun(x)
        if value < best_value:
            best, best_value = x, value
    return best


def test_is_the_same_algorithm_when_sums_are_reordered():
    assert_equivalent(momentum.minimize, reordered, ["beale", "himmelblau", "booth", "sphere[10]"])


def test_cost(beale, benchmark_minimize):
    run = benchmark_minimize(momentum.minimize, beale, budget=500)
    assert run.nfev <= 500
