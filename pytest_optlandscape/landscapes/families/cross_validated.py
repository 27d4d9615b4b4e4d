"""Hyperparameter grids of small models on real data, every configuration cross-validated.

The value of a configuration is the mean squared error of leave-one-out cross-validation. Scaling uses the other samples
only. The data are embedded, and the grids are small enough to try every configuration.

References
----------
J. W. Longley: An Appraisal of Least Squares Programs for the Electronic Computer from the Point of View of the User,
J. Amer. Statist. Assoc. 62 (1967).
A. Hald: Statistical Theory with Engineering Applications, Wiley (1952), p. 647.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.landscapes.definition import searched
from pytest_optlandscape.landscapes.spaces.parameters import Choice, Int, Ordinal
from pytest_optlandscape.landscapes.spaces.space import Space

FAMILY = "cross-validated"
FloatArray = NDArray[np.float64]
Configuration = dict[str, Any]

LONGLEY = np.array([
    [60.323, 83.0, 234.289, 235.6, 159.0, 107.608, 1947],
    [61.122, 88.5, 259.426, 232.5, 145.6, 108.632, 1948],
    [60.171, 88.2, 258.054, 368.2, 161.6, 109.773, 1949],
    [61.187, 89.5, 284.599, 335.1, 165.0, 110.929, 1950],
    [63.221, 96.2, 328.975, 209.9, 309.9, 112.075, 1951],
    [63.639, 98.1, 346.999, 193.2, 359.4, 113.270, 1952],
    [64.989, 99.0, 365.385, 187.0, 354.7, 115.094, 1953],
    [63.761, 100.0, 363.112, 357.8, 335.0, 116.219, 1954],
    [66.019, 101.2, 397.469, 290.4, 304.8, 117.388, 1955],
    [67.857, 104.6, 419.180, 282.2, 285.7, 118.734, 1956],
    [68.169, 108.4, 442.769, 293.6, 279.8, 120.445, 1957],
    [66.513, 110.8, 444.546, 468.1, 263.7, 121.950, 1958],
    [68.655, 112.6, 482.704, 381.3, 255.2, 123.366, 1959],
    [69.564, 114.2, 502.601, 393.1, 251.4, 125.368, 1960],
    [69.331, 115.7, 518.173, 480.6, 257.2, 127.852, 1961],
    [70.551, 116.9, 554.894, 400.7, 282.7, 130.081, 1962],
])  # fmt: skip
"""Employed people in millions, price index, gross national product, unemployed, armed forces, population, year."""

HALD = np.array([
    [78.5, 7, 26, 6, 60],
    [74.3, 1, 29, 15, 52],
    [104.3, 11, 56, 8, 20],
    [87.6, 11, 31, 8, 47],
    [95.9, 7, 52, 6, 33],
    [109.2, 11, 55, 9, 22],
    [102.7, 3, 71, 17, 6],
    [72.5, 1, 31, 22, 44],
    [93.1, 2, 54, 18, 22],
    [115.9, 21, 47, 4, 26],
    [83.8, 1, 40, 23, 34],
    [113.3, 11, 66, 9, 12],
    [109.4, 10, 68, 8, 12],
])  # fmt: skip
"""Heat of hardening cement in calories per gram, and the percentages of four of its minerals."""

SCALINGS = ("none", "standard", "range")


def _scaled(train: FloatArray, test: FloatArray, scaling: str) -> tuple[FloatArray, FloatArray]:
    if scaling == "none":
        return train, test
    start, width = train.mean(axis=0), train.std(axis=0)
    if scaling == "range":
        start, width = train.min(axis=0), np.ptp(train, axis=0)
    return (train - start) / width, (test - start) / width


def _left_out_error(data: FloatArray, predict: Any) -> float:
    """Return the mean squared error of predictions of each sample from the others."""
    errors = []
    for k in range(len(data)):
        rest = np.delete(data, k, axis=0)
        errors.append(predict(rest[:, 1:], rest[:, 0], data[k, 1:]) - data[k, 0])
    return float(np.mean(np.square(errors)))


def ridge(samples: FloatArray, targets: FloatArray, penalty: float, intercept: bool) -> tuple[FloatArray, float]:
    """Return the coefficients and the intercept that minimise Σ (y − X w − c)² + penalty Σ w².

    Parameters
    ----------
    samples : ndarray, shape (n, p)
    targets : ndarray, shape (n,)
    penalty : float
    intercept : bool
        Whether there is a c; else it is 0.
    """
    middle, level = (samples.mean(axis=0), targets.mean()) if intercept else (np.zeros(samples.shape[1]), 0.0)
    left, sizes, right = np.linalg.svd(samples - middle, full_matrices=False)
    coefficients: FloatArray = right.T @ (sizes / (sizes**2 + penalty) * (left.T @ (targets - level)))
    return coefficients, float(level - middle @ coefficients)


@searched(
    space=Space(
        penalty=Ordinal(*(float(f"{10.0 ** (k / 4.0):.3g}") for k in range(-16, 9))),
        scaling=Choice(*SCALINGS),
        intercept=Choice(True, False),
        target=Choice("level", "logarithm"),
    ),
    x0={"penalty": 1.0, "scaling": "none", "intercept": True, "target": "level"},
    minimizers=[{"penalty": 0.000316, "scaling": "range", "intercept": True, "target": "level"}],
    fmin=0.1606203203399831,
    tags="",
    source="Longley (1967), ridge regression; the grid is this package's own",
)
def ridge_longley(configuration: Configuration) -> float:
    """Return the mean squared error of ridge regression on Longley's data, left out one by one, in (10⁶ people)²."""
    scaling, of_logarithms = configuration["scaling"], configuration["target"] == "logarithm"

    def predict(samples: FloatArray, targets: FloatArray, sample: FloatArray) -> float:
        samples, sample = _scaled(samples, sample, scaling)
        if of_logarithms:
            targets = np.log(targets)
        coefficients, level = ridge(samples, targets, configuration["penalty"], configuration["intercept"])
        value = float(sample @ coefficients + level)
        return float(np.exp(value)) if of_logarithms else value

    return _left_out_error(LONGLEY, predict)


_ORDERS = {"manhattan": 1.0, "euclidean": 2.0, "chebyshev": np.inf}


@searched(
    space=Space(
        neighbors=Int(1, 11),
        weights=Choice("uniform", "distance"),
        metric=Choice(*_ORDERS),
        scaling=Choice(*SCALINGS),
    ),
    x0={"neighbors": 5, "weights": "uniform", "metric": "euclidean", "scaling": "none"},
    minimizers=[{"neighbors": 2, "weights": "uniform", "metric": "euclidean", "scaling": "range"}],
    fmin=26.434423076923075,
    tags="",
    source="Hald (1952), regression by nearest neighbours; the grid is this package's own",
)
def nearest_neighbors_hald(configuration: Configuration) -> float:
    """Return the mean squared error of the mean of nearest neighbours in Hald's data, left out one by one, in (cal/g)².

    Among neighbours at the same distance, earlier samples come first.
    """
    order, count = _ORDERS[configuration["metric"]], configuration["neighbors"]

    def predict(samples: FloatArray, targets: FloatArray, sample: FloatArray) -> float:
        samples, sample = _scaled(samples, sample, configuration["scaling"])
        distances = np.linalg.norm(samples - sample, ord=order, axis=1)
        nearest = np.argsort(distances, kind="stable")[:count]
        weights = 1.0 / distances[nearest] if configuration["weights"] == "distance" else None
        return float(np.average(targets[nearest], weights=weights))

    return _left_out_error(HALD, predict)
