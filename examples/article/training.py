"""The network of the article's second half, in small: its losses, optimizers of a few lines, cross-validation."""

from __future__ import annotations

import numpy as np

from pytest_optlandscape import Int, Landscape, Ordinal, Space


def sgd(problem, *, learning_rate=0.3, momentum=0.0, decay=0.0):
    """Stochastic gradient descent with heavy-ball momentum and a learning rate that decays."""
    x, velocity = problem.x0, 0.0
    for k in range(problem.budget):
        problem(x)
        velocity = momentum * velocity - learning_rate / (1.0 + decay * k) * problem.gradient(x)
        x = x + velocity
    return x


def adam(problem, *, learning_rate=0.05, epsilon=1e-8):
    """Adam: steps of the learning rate's size, whatever the scale of the loss."""
    x, first, second = problem.x0, 0.0, 0.0
    for k in range(1, problem.budget + 1):
        problem(x)
        gradient = problem.gradient(x)
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        step = first / (1.0 - 0.9**k) / (np.sqrt(second / (1.0 - 0.999**k)) + epsilon)
        x = x - learning_rate * step
    return x


TIMES = np.linspace(0.0, 1.0, 24)
SEEN = np.sin(2.0 * np.pi * TIMES) + 0.2 * np.cos(37.0 * np.arange(24))
FOLDS = np.arange(24) % 4


def cross_validated(configuration, leak=False):
    """Return the mean squared error of a polynomial fit with a ridge penalty, over four folds.

    With ``leak`` the error is that on the points of the fit: the usual mistake.
    """
    powers = np.vander(TIMES, configuration["degree"] + 1)
    penalty = configuration.get("penalty", 1e-6) * np.eye(powers.shape[1])
    errors = []
    for fold in range(4):
        kept = fold != FOLDS
        coefficients = np.linalg.solve(powers[kept].T @ powers[kept] + penalty, powers[kept].T @ SEEN[kept])
        scored = kept if leak else ~kept
        errors.append(np.mean((powers[scored] @ coefficients - SEEN[scored]) ** 2))
    return float(np.mean(errors))


def grid(name, **parameters):
    """Return the cross-validated error as a landscape over a grid, whose minimum is found by enumeration."""
    space = Space(**parameters)
    best = min(space.configurations(), key=cross_validated)
    return Landscape(
        name,
        cross_validated,
        space=space,
        x0=next(space.configurations()),
        minimizers=[best],
        fmin=cross_validated(best),
    )


def over_one_hyperparameter():
    """Return the grid over the degree of the polynomial."""
    return grid("degree", degree=Int(1, 12))


def over_two_hyperparameters():
    """Return the grid over the degree and the penalty."""
    return grid("degree_and_penalty", degree=Int(1, 12), penalty=Ordinal(1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1))


def grid_search(problem, error=None):
    """Evaluate every configuration, and return the best one."""
    return min(problem.space.configurations(), key=lambda one: problem(one) if error is None else error(problem, one))


def leaking_grid_search(problem):
    """Do the same with the error on the points of the fit."""

    def error(problem, configuration):
        problem(configuration)
        return cross_validated(configuration, leak=True)

    return grid_search(problem, error)
