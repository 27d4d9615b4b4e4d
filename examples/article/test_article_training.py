"""The article's second half: learning rate, optimizer and loss, batch size and epochs, restarts, initialisers, grids.

Each heading has a test that passes, and a test that shows which mistake the first would catch.
"""

from __future__ import annotations

import functools

import pytest
from training import (
    adam,
    grid_search,
    leaking_grid_search,
    over_one_hyperparameter,
    over_two_hyperparameters,
    sgd,
)

from pytest_optlandscape import Choice, assert_converges, assert_precise, assert_tunable, minimize
from pytest_optlandscape.landscapes.families.training import training_task

RESTARTS = [f"restart-{k}" for k in range(8)]
LOSSES = {"mse": 0.1, "cross-entropy": 0.17, "squared-hinge": 0.2}
"""The gaps that count as learned; each loss has its own scale."""


def fails(said=""):
    return pytest.raises(AssertionError, match=said)


# Choosing a learning rate


def learning_rate_of(optimizer, decades):
    task = training_task("cross-entropy", epochs=100)
    over = {"learning_rate": (0.1, 10.0)}
    starts = RESTARTS[:4]
    assert_tunable(optimizer, task.landscape, over=over, starts=starts, budget=task.budget, gap=0.17, decades=decades)


def test_half_a_decade_of_learning_rates_works():
    learning_rate_of(sgd, decades=0.5)


def test_a_decay_that_is_too_fast_narrows_them():
    def decays(problem, learning_rate):
        return sgd(problem, learning_rate=learning_rate, decay=1.0)

    with fails("required 0.5 decades"):
        learning_rate_of(decays, decades=0.5)


# Choosing an optimizer and a loss


def learned(optimizer, loss):
    task = training_task(loss, batch_size=10, epochs=100)
    assert_converges(minimize(optimizer, task.landscape, x0="restart-0", budget=task.budget), gap=LOSSES[loss])


OPTIMIZERS = {"sgd": sgd, "momentum": functools.partial(sgd, learning_rate=0.05, momentum=0.9), "adam": adam}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_learns_with_every_loss(optimizer, loss):
    learned(OPTIMIZERS[optimizer], loss)


@pytest.mark.parametrize("loss", LOSSES)
def test_an_epsilon_as_large_as_the_gradients_stops_adam(loss):
    with fails("required a gap"):
        learned(functools.partial(adam, epsilon=100.0), loss)


# Choosing a batch size and a number of epochs


def batches_and_epochs(optimizer, share):
    over = {"batch_size": Choice(8, 20), "epochs": Choice(50, 100)}
    task = functools.partial(training_task, "mse")
    return assert_tunable(optimizer, task, over=over, starts=RESTARTS[2:5], gap=0.25, share=share)


def test_small_batches_learn_in_few_epochs():
    batches_and_epochs(sgd, share=0.5)


def test_an_optimizer_that_ends_after_a_few_steps_learns_with_no_batch_size():
    def two_epochs(problem):
        x = problem.x0
        for _ in range(problem.budget // 25):
            problem(x)
            x = x - 0.3 * problem.gradient(x)
        return x

    with fails("combinations of batch_size and epochs"):
        batches_and_epochs(two_epochs, share=0.5)


# Random restarts


def best_of(starts):
    task = training_task("mse", batch_size=10, epochs=200)
    runs = [minimize(sgd, task.landscape, x0=start, budget=task.budget) for start in starts]
    assert_converges(min(runs, key=lambda run: run.result_gap), gap=0.02)


def test_the_best_of_four_restarts_is_the_global_minimum():
    best_of(RESTARTS[:4])


def test_restarts_that_all_have_one_seed_are_no_restarts():
    with fails("gap"):
        best_of(["restart-1"] * 4)


# Initialisers


def initializers(optimizer, share):
    over = {"initializer": Choice("glorot_uniform", "glorot_normal", "he_normal")}
    task = functools.partial(training_task, "cross-entropy", batch_size=20, epochs=100)
    assert_tunable(optimizer, task, over=over, starts=RESTARTS[:4], gap=0.17, share=share)


def test_the_usual_initialisers_work():
    initializers(sgd, share=0.5)


def test_weights_that_are_set_to_zero_never_learn():
    def zeroed(problem):
        x = 0.0 * problem.x0
        for _ in range(problem.budget):
            problem(x)
            x = x - 0.3 * problem.gradient(x)
        return x

    with fails("combinations of initializer, found 0 %"):
        initializers(zeroed, share=0.5)


# Cross-validated grid search over one hyperparameter, and over two


@pytest.mark.parametrize("make", [over_one_hyperparameter, over_two_hyperparameters])
def test_a_grid_search_finds_the_best_configuration(make):
    landscape = make()
    run = minimize(grid_search, landscape, budget=100)
    assert run.nfev == landscape.space.size
    assert_precise(run, digits=16)


@pytest.mark.parametrize("make", [over_one_hyperparameter, over_two_hyperparameters])
def test_a_score_on_the_data_of_the_fit_chooses_the_largest_model(make):
    run = minimize(leaking_grid_search, make(), budget=100)
    assert run.configuration["degree"] > 9
    with fails("digits"):
        assert_precise(run, digits=16)
