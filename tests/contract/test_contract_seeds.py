"""Breaches that some random streams show and others do not."""

import contract_breakers as breakers
import numpy as np
import pytest

from pytest_optlandscape import check_optimizer, minimize, optimizers
from pytest_optlandscape.contract.holding import hold_to
from pytest_optlandscape.contract.trials import SEEDS
from pytest_optlandscape.optimizers.profile import with_profile

GLOBAL = "global stochastic derivative-free"


def spread(problem, rng):
    low, high = problem.bounds.T
    xs = [rng.uniform(low, high) for _ in range(min(40, problem.remaining))]
    return xs, [problem(x) for x in xs]


def returns_the_worst(problem):
    is_unlucky = problem.rng.random() < 0.2
    xs, fs = spread(problem, problem.rng)
    return xs[int(np.argmax(fs))] if is_unlucky else xs[int(np.argmin(fs))]


def raises(problem):
    if problem.rng.random() < 0.2:
        raise ArithmeticError("the population has collapsed")
    xs, fs = spread(problem, problem.rng)
    return xs[int(np.argmin(fs))]


def draws_globally(problem):
    rng = np.random.default_rng(problem.seed)
    if rng.random() < 0.2:
        np.random.random()
    xs, fs = spread(problem, rng)
    return xs[int(np.argmin(fs))]


def misreports(fun, x0, bounds, rng):
    found = breakers.search(fun, x0, bounds, rng)
    return breakers.result(found.x, found.fun + (1.0 if rng.random() < 0.2 else 0.0))


def moves_a_fixed_variable(fun, x0, bounds, seed):
    lower, upper = np.transpose(bounds)
    if (lower == upper).any() and np.random.default_rng(seed).random() < 0.2:
        fun(np.clip(np.array(x0, dtype=float), lower, upper) + 1e-6)
    return breakers.search(fun, x0, bounds, None).x


@pytest.mark.parametrize("words", ["", GLOBAL])
@pytest.mark.parametrize(
    ("optimizer", "name"),
    [
        (returns_the_worst, "check_not_worse_than_best_seen"),
        (raises, "check_returns_finite_point"),
        (draws_globally, "check_leaves_global_random_state"),
        (misreports, "check_reported_value"),
        (moves_a_fixed_variable, "check_keeps_fixed_variables"),
    ],
)
def test_a_breach_of_one_in_five_seeds_is_found(optimizer, name, words):
    (found,) = hold_to(with_profile(optimizers.get(optimizer), words), [name])
    assert found.outcome == "failed"
    assert " with seed " in found.message.splitlines()[0] or "seed=0" in found.message


def test_the_smallest_seed_is_told_and_replays():
    (found,) = hold_to(with_profile(optimizers.get(returns_the_worst), GLOBAL), ["check_not_worse_than_best_seen"])
    smallest = next(seed for seed in range(100) if np.random.default_rng(seed).random() < 0.2)
    assert f"on beale from [1, 1] with seed {smallest}: it saw f = " in found.message
    assert f"seed={smallest}, profile={GLOBAL!r})" in found.message.splitlines()[-1]
    run = minimize(returns_the_worst, "beale", budget=10_000, seed=smallest)
    assert f"it saw f = {run.trace.fun.min():.6g}, but returned a point with f = {run.fun:.6g}" in found.message


def test_the_script_has_the_seed():
    (found,) = hold_to(optimizers.get(misreports), ["check_reported_value"])
    seed = found.message.rpartition("seed=")[2].rstrip(")")
    assert seed != "0"
    assert f"rng=np.random.default_rng({seed})" in found.message


@pytest.mark.parametrize(
    ("optimizer", "words", "expected"),
    [(returns_the_worst, GLOBAL, SEEDS), (returns_the_worst, "no-bounds derivative-free", SEEDS)],
)
def test_as_many_seeds_are_tried_as_the_docs_say(optimizer, words, expected):
    seeds = set()

    def counts(problem):
        seeds.add(problem.seed)
        return problem.x0

    hold_to(with_profile(optimizers.get(counts), words), ["check_reported_value"])
    assert len(seeds) == expected


def test_who_never_asks_for_its_seed_is_run_with_no_further_ones():
    runs = []

    def counts(fun, x0):
        runs.append(x0)
        return x0

    hold_to(with_profile(optimizers.get(counts), "global"), ["check_reported_value"])
    assert len(runs) == 6  # three landscapes fall nowhere without bounds


def test_the_fault_it_was_made_for():
    def sampler(problem):
        unlucky = problem.rng.random() < 0.6
        xs, fs = spread(problem, problem.rng)
        return xs[int(np.argmax(fs))] if unlucky else xs[int(np.argmin(fs))]

    with pytest.raises(AssertionError, match=r"check_not_worse_than_best_seen: .* with seed 1: it saw f = "):
        check_optimizer(sampler, profile=GLOBAL)
