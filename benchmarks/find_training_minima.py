"""Find and polish the least training losses of `landscapes/families/training_minima.py`, and write that file.

Each network is trained from random starts by SciPy's L-BFGS-B, until the best end has been reached several times. It is
then polished by Newton steps; the gradient of the last ones is computed to 40 digits with mpmath, from a formula of its
own. Networks that the file has are kept. Run it with the least and the greatest number of starts:
``python benchmarks/find_training_minima.py 48 480``.
"""

from __future__ import annotations

import itertools
import multiprocessing
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import mpmath
import numpy as np
from scipy.optimize import minimize

from pytest_optlandscape.landscapes.families.training_minima import MINIMA
from pytest_optlandscape.landscapes.families.training_networks import (
    ACTIVATIONS,
    DATA,
    PREPROCESSING,
    WEIGHT_DECAY,
    Network,
)
from pytest_optlandscape.landscapes.formula.evaluation import Formula

mpmath.mp.dps = 40

TOPOLOGIES = [(2, 1), (3, 1), (4, 1), (2, 2)]
ENOUGH = 4
"""As many starts reach the best end before the search stops."""

PATH = Path(__file__).parents[1] / "pytest_optlandscape" / "landscapes" / "families" / "training_minima.py"

HIDDEN = {
    "tanh": lambda z, m: m.tanh(z),
    "sigmoid": lambda z, m: 1 / (1 + m.exp(-z)),
    "silu": lambda z, m: z / (1 + m.exp(-z)),
}
COSTS = {
    "mse": lambda o, y, m: (o - y) ** 2,
    "log-cosh": lambda o, y, m: m.log(m.cosh(o - y)),
    "cross-entropy": lambda o, y, m: m.log(1 + m.exp(-y * o)),
    "squared-hinge": lambda o, y, m: m.maximum(1 - y * o, 0) ** 2,
}


class Numbers:
    """mpmath's functions, element by element on arrays of objects."""

    tanh, exp, log, cosh = (np.frompyfunc(getattr(mpmath, name), 1, 1) for name in ("tanh", "exp", "log", "cosh"))
    maximum = np.frompyfunc(lambda a, b: max(mpmath.mpf(a), mpmath.mpf(b)), 2, 1)


def loss_of(weights, inputs, targets, network, m):
    """Compute the loss of one network; written once more than in the package, with matrices."""
    units = network.units
    width, at, values = inputs.shape[1], 0, inputs.T
    for _ in range(network.layers):
        kernel = weights[at : at + units * width].reshape(units, width)
        bias = weights[at + units * width : at + units * width + units]
        values = HIDDEN[network.activation](kernel @ values + bias[:, None], m)
        at, width = at + units * (width + 1), units
    outputs = weights[at : at + units] @ values + weights[at + units]
    return COSTS[network.loss](outputs, targets, m).sum() / len(targets) + WEIGHT_DECAY * (weights**2).sum()


def searched(network, least, most):
    """Minimise from random starts; return the best end, how many starts reached it, and how many there were."""
    value, slope = (Formula(part, network.dim, "training") for part in (network.value, network.gradient))
    rng = np.random.default_rng(0)
    options = {"maxiter": 3000, "maxfun": 5000, "ftol": 1e-13, "gtol": 1e-7}
    ends = []
    while True:
        x = 1.5 * rng.normal(size=network.dim)
        bounds = [(-8, 8)] * network.dim
        ends.append(minimize(value, x, jac=slope, method="L-BFGS-B", bounds=bounds, options=options))
        best = min(ends, key=lambda end: end.fun)
        reached = sum(end.fun < best.fun + 1e-7 for end in ends)
        if len(ends) == most or (len(ends) >= least and reached >= ENOUGH):
            return best, reached, len(ends)


def polished(x, network, exact_loss, exact_slope):
    """Newton steps, the last ones with a gradient of 40 digits; return the weights and the loss, rounded once."""
    slope = Formula(network.gradient, network.dim, "training")

    def hessian(x):
        return slope(x + 1e-100j * np.eye(network.dim)).imag / 1e-100

    for _ in range(12):
        step = np.linalg.solve(hessian(x), slope(x))
        for _ in range(20):  # a kink of the squared hinge may lie on the way
            if np.abs(slope(x - step)).max() < np.abs(slope(x)).max():
                x = x - step
                break
            step = step / 2.0
    assert np.linalg.eigvalsh(hessian(x)).min() > 1e-5
    weights = np.array([mpmath.mpf(float(value)) for value in x], dtype=object)
    inverse = np.linalg.inv(hessian(x))
    for _ in range(3):
        slopes = exact_slope(weights)
        weights = weights - np.array([mpmath.fdot(map(float, row), slopes) for row in inverse], dtype=object)
    assert max(map(abs, slopes)) < 1e-22
    return [float(value) for value in weights], float(exact_loss(weights))


def found(key, least, most):
    """Return the row of one network."""
    network = Network(*key)
    inputs, targets = DATA[network.data].prepared(network.preprocessing), DATA[network.data].targets
    exact_data = [np.array([*map(mpmath.mpf, part.ravel())]).reshape(part.shape) for part in (inputs, targets)]

    def exact(w):
        return loss_of(w, *exact_data, network, Numbers)

    def slope(w):
        h = mpmath.mpf(10) ** -12
        return [(exact(w + step) - exact(w - step)) / (2 * h) for step in np.eye(len(w), dtype=int) * h]

    best, reached, starts = searched(network, least, most)
    try:
        weights, fmin = polished(best.x, network, exact, slope)
    except (AssertionError, np.linalg.LinAlgError):
        return None
    if max(map(abs, weights)) >= 8.0 or abs(fmin - best.fun) > 1e-10:
        return None
    return fmin, reached, starts, weights


def main(least, most):
    """Write the table."""
    keys = [
        (data, units, layers, activation, preprocessing, cost)
        for data, (units, layers), activation, preprocessing in itertools.product(
            DATA, TOPOLOGIES, ACTIVATIONS, PREPROCESSING
        )
        for cost in DATA[data].losses
    ]
    rows = dict(MINIMA)
    keys = [key for key in keys if key not in rows]
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as executor:
        for key, row in zip(
            keys, executor.map(found, keys, itertools.repeat(least), itertools.repeat(most)), strict=True
        ):
            if row is None:
                print("no isolated minimum:", *key, flush=True)
                continue
            rows[key] = row
            print(f"{time.process_time():.0f} s", *key, *row[:3], flush=True)
            write(rows)


def write(rows):
    """Write the file."""
    lines = [
        '"""The least training losses, found and polished by ``benchmarks/find_training_minima.py``.',
        "",
        "The key has the data, units, layers, activation, preprocessing and loss. The value has the least loss, how",
        "many random starts reached it, of how many, and the weights. Nothing lower was found; this is not a proof.",
        '"""',
        "",
        "from __future__ import annotations",
        "",
        '__all__ = ["MINIMA"]',
        "",
        "MINIMA: dict[tuple[str, int, int, str, str, str], tuple[float, int, int, tuple[float, ...]]] = {",
    ]
    for key, (least, reached, starts, weights) in rows.items():
        lines.append(f"    {key!r}: ({least!r}, {reached}, {starts}, (".replace("'", '"'))
        text = [f"{weight!r}," for weight in weights]
        while text:
            line = "       "
            while text and len(line) + len(text[0]) < 118:
                line += f" {text.pop(0)}"
            lines.append(line)
        lines.append("    )),")
    PATH.write_text("\n".join([*lines, "}  # fmt: skip", ""]), encoding="utf-8")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
