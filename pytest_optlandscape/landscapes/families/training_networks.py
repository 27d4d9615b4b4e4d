"""The networks of `training_task`: their data, formula and gradient for any number of units and layers.

The weights of a network are, in this order: for each hidden layer its matrix, row by row (unit, input), and its biases;
then the output's weights and its bias. A loss is the mean cost of the outputs, plus `WEIGHT_DECAY` times all weights
squared. The decay gives each loss a minimum.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.landscapes.formula.namespaces import Value

__all__ = ["ACTIVATIONS", "DATA", "INITIALIZERS", "PREPROCESSING", "WEIGHT_DECAY", "DataSet", "Network"]

FloatArray = NDArray[np.float64]

WEIGHT_DECAY = 1e-3
"""Factor of every squared weight."""

MOONS = np.array(
    [
        [0.6, -0.14], [0.48, -0.16], [0.33, 0.22], [0.16, 0.18], [0.37, 0.54], [0.16, 0.48], [-0.06, 0.8],
        [-0.3, 0.7], [-0.15, 0.57], [-0.4, 0.83], [-0.66, 0.65], [-0.91, 0.86], [-0.76, 0.64], [-1.0, 0.79],
        [-1.22, 0.53], [-1.43, 0.25], [-1.22, 0.35], [-1.39, 0.04], [-1.54, 0.11], [-1.66, -0.21],
        [-0.36, 0.36], [-0.43, 0.03], [-0.48, -0.29], [-0.51, -0.2], [-0.11, -0.5], [-0.1, -0.38], [-0.07, -0.65],
        [-0.03, -0.49], [0.42, -0.71], [0.48, -0.91], [0.54, -0.68], [0.6, -0.83], [1.05, -0.55], [1.09, -0.65],
        [1.12, -0.33], [1.13, -0.39], [1.52, -0.44], [1.5, -0.07], [1.45, -0.09], [1.37, 0.29],
    ]
)  # fmt: skip
"""Points on two half-circles of radius 1, one upside down, displaced by up to 0.2; shape (40, 2)."""

LABELS = np.array([1.0] * 20 + [-1.0] * 20)
"""The half-moon of each point, as ±1."""

WAVE = np.array(
    [
        [0.06, 0.02], [0.19, 0.27], [0.39, 0.51], [0.48, 0.45], [0.68, 0.71], [0.81, 0.88], [0.93, 0.64], [1.13, 0.77],
        [1.23, 0.76], [1.42, 0.62], [1.53, 0.66], [1.68, 0.5], [1.87, 0.23], [2.06, 0.23], [2.14, 0.15], [2.3, 0.03],
        [2.49, -0.09], [2.67, -0.3], [2.78, -0.38], [2.91, -0.55], [3.12, -0.46], [3.18, -0.56], [3.41, -0.54],
        [3.5, -0.59], [3.64, -0.53], [3.79, -0.43], [3.96, -0.2], [4.16, -0.36], [4.24, -0.26], [4.43, -0.01],
        [4.59, 0.17], [4.71, 0.17], [4.88, 0.04], [4.98, 0.03], [5.13, 0.31], [5.3, 0.26], [5.49, 0.24], [5.62, 0.4],
        [5.76, 0.4], [5.93, 0.29],
    ]
)  # fmt: skip
"""Points near sin(1.4 x) exp(−x / 5), with a standard deviation of 0.08; shape (40, 2), input and target."""


@dataclass(frozen=True, eq=False)
class DataSet:
    """Embedded data.

    Attributes
    ----------
    inputs : ndarray, shape (40, width)
    targets : ndarray, shape (40,)
        Labels ±1, or numbers.
    losses : tuple of str
        The losses that suit them.
    """

    inputs: FloatArray
    targets: FloatArray
    losses: tuple[str, ...]

    def prepared(self, preprocessing: str) -> FloatArray:
        """Return the inputs, as they are or standardised: with mean 0 and variance 1 in each column."""
        if preprocessing == "none":
            return self.inputs
        centred = self.inputs - self.inputs.mean(axis=0)
        found: FloatArray = centred / np.sqrt((centred**2).mean(axis=0))
        return found


DATA = {
    "half-moons": DataSet(MOONS, LABELS, ("mse", "cross-entropy", "squared-hinge")),
    "wave": DataSet(WAVE[:, :1], WAVE[:, 1], ("mse", "log-cosh")),
}
"""The data sets: one for classification, one for regression."""

PREPROCESSING = ("none", "standardize")


def _logistic(z: Value, xp: Any) -> Value:
    return 0.5 + 0.5 * xp.tanh(0.5 * z)


def _sigmoid(z: Value, xp: Any) -> tuple[Value, Value]:
    value = _logistic(z, xp)
    return value, value * (1.0 - value)


def _silu(z: Value, xp: Any) -> tuple[Value, Value]:
    share = _logistic(z, xp)
    return z * share, share * (1.0 + z * (1.0 - share))


def _tanh(z: Value, xp: Any) -> tuple[Value, Value]:
    value = xp.tanh(z)
    return value, 1.0 - value * value


ACTIVATIONS: dict[str, Callable[[Value, Any], tuple[Value, Value]]] = {
    "tanh": _tanh,
    "sigmoid": _sigmoid,
    "silu": _silu,
}
"""Each activation's value and derivative. ``silu`` is z · sigmoid(z), smooth where a rectifier has its kink."""


def _log_one_plus_exp(z: Value, xp: Any) -> Value:
    return xp.maximum(z, 0.0) + xp.log(1.0 + xp.exp(-xp.maximum(z, -z)))  # exp does not overflow


def _mse(output: Value, target: Value, xp: Any) -> tuple[Value, Value]:
    return (output - target) * (output - target), 2.0 * (output - target)


def _log_cosh(output: Value, target: Value, xp: Any) -> tuple[Value, Value]:
    error = output - target
    return xp.maximum(error, -error) + xp.log(0.5 + 0.5 * xp.exp(-2.0 * xp.maximum(error, -error))), xp.tanh(error)


def _cross_entropy(output: Value, target: Value, xp: Any) -> tuple[Value, Value]:
    agreement = output * target
    return _log_one_plus_exp(-agreement, xp), -target * _logistic(-agreement, xp)


def _squared_hinge(output: Value, target: Value, xp: Any) -> tuple[Value, Value]:
    missing = xp.maximum(1.0 - output * target, 0.0)
    return missing * missing, -2.0 * target * missing


COSTS = {"mse": _mse, "log-cosh": _log_cosh, "cross-entropy": _cross_entropy, "squared-hinge": _squared_hinge}
"""Each loss: the cost of an output for a target, and its derivative by the output."""


@dataclass(frozen=True)
class Network:
    """A network, its data and its loss.

    Attributes
    ----------
    data, activation, preprocessing, loss : str
    units, layers : int
        Units of each hidden layer, and number of hidden layers.
    """

    data: str
    units: int
    layers: int
    activation: str
    preprocessing: str
    loss: str

    @property
    def key(self) -> tuple[str, int, int, str, str, str]:
        """The key of its minimum in `training_minima.MINIMA`."""
        return self.data, self.units, self.layers, self.activation, self.preprocessing, self.loss

    @property
    def widths(self) -> list[int]:
        """The number of inputs of each hidden layer."""
        return [DATA[self.data].inputs.shape[1], *[self.units] * (self.layers - 1)]

    @property
    def dim(self) -> int:
        """The number of weights."""
        return sum((width + 1) * self.units for width in self.widths) + self.units + 1

    @property
    def tensors(self) -> dict[str, tuple[int, ...]]:
        """The shapes of the weights by name."""
        shapes: dict[str, tuple[int, ...]] = {}
        for number, width in enumerate(self.widths, start=1):
            name = "hidden" if self.layers == 1 else f"hidden_{number}"
            shapes |= {f"{name}_weight": (self.units, width), f"{name}_bias": (self.units,)}
        return {**shapes, "output_weight": (1, self.units), "output_bias": (1,)}

    def value(self, x: Value, xp: Any) -> Value:
        """Return the loss."""
        costs = self._forward(x, xp)[2]
        return xp.sum(costs) / len(DATA[self.data].targets) + self._decay(x, xp)

    def roots(self, x: Value, xp: Any) -> Value:
        """Return the residuals, one for each point, whose squares add up to the loss."""
        costs = self._forward(x, xp)[2]
        return xp.sqrt((costs + self._decay(x, xp)) / len(DATA[self.data].targets))

    def gradient(self, x: Value, xp: Any) -> tuple[Value, ...]:
        """Return the derivatives of the loss by the weights."""
        inputs, hidden, _, slopes = self._forward(x, xp)
        errors = slopes * (1.0 / len(DATA[self.data].targets))
        at, units = self.dim - self.units - 1, self.units
        found = [*(xp.sum(errors * value) for value, _ in hidden[-1]), xp.sum(errors)]
        pulls = [x[at + k] * errors * hidden[-1][k][1] for k in range(units)]
        for layer in reversed(range(self.layers)):
            width = self.widths[layer]
            at -= (width + 1) * units
            below = inputs if layer == 0 else [value for value, _ in hidden[layer - 1]]
            weights = [xp.sum(pull * value) for pull in pulls for value in below]
            found = [*weights, *(xp.sum(pull) for pull in pulls), *found]
            if layer:
                sums = [sum(pulls[j] * x[at + j * width + k] for j in range(units)) for k in range(width)]
                pulls = [total * hidden[layer - 1][k][1] for k, total in enumerate(sums)]
        return tuple(slope + 2.0 * WEIGHT_DECAY * x[k] for k, slope in enumerate(found))

    def _forward(self, x: Value, xp: Any) -> tuple[list[Value], list[list[tuple[Value, Value]]], Value, Value]:
        """Return the inputs, each layer's units with their derivatives, and the costs with theirs, at all points."""
        inputs = [xp.constant(column, x) for column in DATA[self.data].prepared(self.preprocessing).T]
        below, hidden, at = inputs, [], 0
        for width in self.widths:
            bias = at + self.units * width
            layer = []
            for unit in range(self.units):
                total = x[bias + unit]
                for k in range(width):
                    total = total + x[at + unit * width + k] * below[k]
                layer.append(ACTIVATIONS[self.activation](total, xp))
            hidden.append(layer)
            below, at = [value for value, _ in layer], bias + self.units
        output = x[at + self.units]
        for k in range(self.units):
            output = output + x[at + k] * below[k]
        return inputs, hidden, *COSTS[self.loss](output, xp.constant(DATA[self.data].targets, x), xp)

    def _decay(self, x: Value, xp: Any) -> Value:
        return WEIGHT_DECAY * xp.sum(x * x)

    def same_networks(self, weights: FloatArray) -> FloatArray:
        """List all weights with the same function and the same loss: units exchanged and, of tanh, signs flipped."""
        found = [np.asarray(weights)]
        at = 0
        for layer, width in enumerate(self.widths):
            found = [turned for one in found for turned in self._turned(one, layer, at)]
            at += (width + 1) * self.units
        return np.unique(np.array(found), axis=0)  # units may be alike

    def _turned(self, weights: FloatArray, layer: int, at: int) -> list[FloatArray]:
        """List the weights with the units of one layer in every order, and with every choice of signs."""
        units, width = self.units, self.widths[layer]
        place = np.arange(len(weights))
        kernel = place[at : at + units * width].reshape(units, width)
        bias = place[at + units * width : at + (width + 1) * units]
        rows = units if layer < self.layers - 1 else 1
        above = place[at + (width + 1) * units :][: rows * units].reshape(rows, units)
        signs = (1.0, -1.0) if self.activation == "tanh" else (1.0,)
        found = []
        for order, flips in itertools.product(
            itertools.permutations(range(units)), itertools.product(signs, repeat=units)
        ):
            turned = weights.copy()
            for new, (old, sign) in enumerate(zip(order, flips, strict=True)):
                turned[kernel[new]], turned[bias[new]] = sign * weights[kernel[old]], sign * weights[bias[old]]
                turned[above[:, new]] = sign * weights[above[:, old]]
            found.append(turned)
        return found

    def start(self, initializer: str, seed: int) -> FloatArray:
        """Draw initial weights: matrices by a rule of `INITIALIZERS`, biases 0."""
        rng = np.random.default_rng(seed)
        drawn = []
        for shape in self.tensors.values():
            values = np.zeros(shape) if len(shape) == 1 else INITIALIZERS[initializer](rng, shape)
            drawn.append(np.asarray(values).ravel())
        return np.concatenate(drawn)


def _uniform(numerator: float, both: bool) -> Callable[[np.random.Generator, tuple[int, ...]], FloatArray]:
    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> FloatArray:
        reach = math.sqrt(numerator / (sum(shape) if both else shape[1]))
        found: FloatArray = reach * (2.0 * rng.random(shape) - 1.0)
        return found

    return draw


def _normal(numerator: float, both: bool) -> Callable[[np.random.Generator, tuple[int, ...]], FloatArray]:
    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> FloatArray:
        found: FloatArray = math.sqrt(numerator / (sum(shape) if both else shape[1])) * rng.standard_normal(shape)
        return found

    return draw


INITIALIZERS: dict[str, Callable[[np.random.Generator, tuple[int, ...]], FloatArray]] = {
    "glorot_uniform": _uniform(6.0, True),
    "glorot_normal": _normal(2.0, True),
    "he_uniform": _uniform(6.0, False),
    "he_normal": _normal(2.0, False),
    "lecun_normal": _normal(1.0, False),
    "random_normal": lambda rng, shape: 0.05 * rng.standard_normal(shape),
    "zeros": lambda rng, shape: np.zeros(shape),
}
"""Rules for initial weights, by Keras' names. Normal numbers are not truncated.

References
----------
X. Glorot, Y. Bengio: Understanding the Difficulty of Training Deep Feedforward Neural Networks, AISTATS (2010).
K. He, X. Zhang, S. Ren, J. Sun: Delving Deep into Rectifiers, ICCV (2015).
Y. LeCun, L. Bottou, G. B. Orr, K.-R. Müller: Efficient BackProp, in Neural Networks: Tricks of the Trade (1998).
"""
