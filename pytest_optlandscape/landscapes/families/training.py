"""Training losses of a small network as functions of its weights, on the whole data or on minibatches.

A 2-3-1 tanh network learns to separate two interlocking half-moons of twenty points each. Its 13 weights are, in this
order, w₁₁ w₁₂ … w₃₂ (unit, input), the units' biases b₁ b₂ b₃, the output's weights v₁ v₂ v₃ and its bias c. A loss is
the mean cost of the outputs o for the labels y = ±1, plus a weight decay of 10⁻³ times all weights squared. The decay
gives each loss a minimum. Every minimiser has 48 copies: units may change places and signs. A search found no better
weights; this is not a proof. Each ``source`` describes the search.

Each point's share of a loss is positive, hence a square. So each loss is a sum of 40 squares, from which the noise
``minibatch`` draws some. `training_task` combines a loss, a batch size and a number of epochs. It has further networks
too, of `training_networks`. The learning rate and its schedule belong to the optimizer.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import numpy as np

from pytest_optlandscape.landscapes.definition import scalable
from pytest_optlandscape.landscapes.families.training_minima import MINIMA
from pytest_optlandscape.landscapes.families.training_networks import (
    ACTIVATIONS,
    DATA,
    INITIALIZERS,
    LABELS,
    MOONS,
    PREPROCESSING,
    WEIGHT_DECAY,
    Network,
)
from pytest_optlandscape.landscapes.formula.evaluation import Formula, FormulaFunction
from pytest_optlandscape.landscapes.formula.namespaces import Value
from pytest_optlandscape.landscapes.frozen import set_attributes
from pytest_optlandscape.landscapes.landscape import Landscape
from pytest_optlandscape.landscapes.minimizers import MinimizerList
from pytest_optlandscape.landscapes.noise import Minibatch
from pytest_optlandscape.landscapes.structure import Structure
from pytest_optlandscape.texts.spelling import unknown_name

__all__ = ["LABELS", "LOSSES", "MOONS", "WEIGHT_DECAY", "TrainingTask", "training_task"]

FAMILY = "training"

UNITS, COUNT, DIM = 3, 40, 13
_SHARE = 1.0 / COUNT


def _layers(x: Value, xp: Any) -> tuple[list[Value], Value]:
    """Return the hidden units and y·o, the agreement of output and label, at all points."""
    first, second = xp.constant(MOONS[:, 0], x), xp.constant(MOONS[:, 1], x)
    hidden = [xp.tanh(x[2 * k] * first + x[2 * k + 1] * second + x[6 + k]) for k in range(UNITS)]
    output = x[9] * hidden[0] + x[10] * hidden[1] + x[11] * hidden[2] + x[12]
    return hidden, output * xp.constant(LABELS, x)


def _decay(x: Value, xp: Any) -> Value:
    return WEIGHT_DECAY * xp.sum(x * x)


def _backward(x: Value, hidden: list[Value], slopes: Value, xp: Any) -> tuple[Value, ...]:
    """Return the gradient by the weights, given each point's derivative of the cost by y·o."""
    errors = slopes * xp.constant(_SHARE * LABELS, x)
    inner = [x[9 + k] * errors * (1.0 - hidden[k] * hidden[k]) for k in range(UNITS)]
    weights = [pull for k in range(UNITS) for pull in _two(xp.dot(MOONS.T, inner[k]))]
    biases = [xp.sum(values) for values in inner]
    outer = [xp.sum(errors * unit) for unit in hidden]
    gradient = (*weights, *biases, *outer, xp.sum(errors))
    return tuple(slope + 2.0 * WEIGHT_DECAY * x[k] for k, slope in enumerate(gradient))


def _two(values: Value) -> tuple[Value, Value]:
    return values[0], values[1]


def _roots(cost: Callable[[Value, Any], Value]) -> FormulaFunction:
    """Return the formula of the residuals, one for each point, whose squares add up to the loss."""

    def residuals(x: Value, xp: Any) -> Value:
        return xp.sqrt(_SHARE * (cost(_layers(x, xp)[1], xp) + _decay(x, xp)))

    return residuals


def _same_networks(weights: list[float]) -> list[list[float]]:
    """List all networks with the same function: units exchanged, signs flipped."""
    units = [(weights[2 * k], weights[2 * k + 1], weights[6 + k], weights[9 + k]) for k in range(UNITS)]
    found = []
    for order, signs in itertools.product(itertools.permutations(units), itertools.product((1.0, -1.0), repeat=UNITS)):
        turned = [[sign * value for value in unit] for unit, sign in zip(order, signs, strict=True)]
        inputs = [value for unit in turned for value in unit[:2]]
        found.append([*inputs, *(unit[2] for unit in turned), *(unit[3] for unit in turned), weights[12]])
    return found


def _restart(seed: int) -> list[float]:
    """Draw initial weights uniformly within ±√(6 / (inputs + outputs)), biases 0.

    References
    ----------
    X. Glorot, Y. Bengio: Understanding the Difficulty of Training Deep Feedforward Neural Networks, AISTATS (2010).
    """
    rng = np.random.default_rng(seed)
    inner = math.sqrt(6.0 / (2 + UNITS)) * (2.0 * rng.random(2 * UNITS) - 1.0)
    outer = math.sqrt(6.0 / (UNITS + 1)) * (2.0 * rng.random(UNITS) - 1.0)
    return [*inner.tolist(), *[0.0] * UNITS, *outer.tolist(), 0.0]


RESTARTS = {f"restart-{k}": _restart(k) for k in range(8)}
"""Starts drawn with seeds 0 to 7 by the rule of Glorot & Bengio (2010), Keras' default."""

_WRITTEN_START = [0.5, -0.3, -0.4, 0.6, 0.2, 0.7, 0.0, 0.0, 0.0, 0.6, -0.5, 0.4, 0.0]

_MSE = [
    -2.479946042270804, 1.3360889488919339, 2.417451173319336, -1.200782911663102, -2.5015480700242305,
    -1.0915528735959994, -2.0533954955100904, -2.103946020976526, 0.07185527187351469, 1.2655803738907907,
    -1.3366666637133289, -1.4697685961525218, -0.039554535910602324,
]  # fmt: skip


def _mse(agreement: Value, xp: Any) -> Value:
    return (agreement - 1.0) * (agreement - 1.0)  # (o − y)², as y² = 1


@scalable(
    bounds=(-8.0, 8.0),
    x0=lambda dim: _WRITTEN_START,
    minimizers=lambda dim: MinimizerList(_same_networks(_MSE)),
    fmin=0.08924035997255927,
    tags="smooth multimodal many-minimizers least-squares ill-conditioned network",
    source="This project (2026); the least by search, not proved: 318 of 400 random starts of L-BFGS-B end there, the "
    "others in minima of 0.114, 0.148 and 0.340",
    dim=DIM,
    dims=range(DIM, DIM + 1),
    starts=RESTARTS,
)
def moons_mlp_mse(x: Value, xp: Any) -> Value:
    """Mean of (o − y)² over two half-moons, plus weight decay: a 2-3-1 tanh network in training."""
    return _SHARE * xp.sum(_mse(_layers(x, xp)[1], xp)) + _decay(x, xp)


@moons_mlp_mse.gradient
def _(x: Value, xp: Any) -> Value:
    hidden, agreement = _layers(x, xp)
    return _backward(x, hidden, 2.0 * (agreement - 1.0), xp)


moons_mlp_mse.residuals(_roots(_mse))

_CROSS_ENTROPY = [
    -2.32737861146337, 1.310357384019741, 2.1566488631926184, -1.7067309926708727, 3.3878955877845653,
    2.0557523475388417, 2.1579201609113383, 2.096082317917945, -0.26086917011985994, 4.243943312702076,
    -4.223771440761643, 3.9756264013553153, 0.04661264282970188,
]  # fmt: skip


def _cross_entropy(agreement: Value, xp: Any) -> Value:
    return xp.log(1.0 + xp.exp(-agreement))  # |o| ≤ 32 in the box: exp does not overflow


@scalable(
    bounds=(-8.0, 8.0),
    x0=lambda dim: _WRITTEN_START,
    minimizers=lambda dim: MinimizerList(_same_networks(_CROSS_ENTROPY)),
    fmin=0.13434078923040338,
    tags="smooth multimodal many-minimizers least-squares network",
    source="This project (2026); the least by search, not proved: all of 400 random starts of L-BFGS-B end there",
    dim=DIM,
    dims=range(DIM, DIM + 1),
    starts=RESTARTS,
)
def moons_mlp_cross_entropy(x: Value, xp: Any) -> Value:
    """Mean of log(1 + exp(−y·o)) over two half-moons, plus weight decay: a 2-3-1 tanh network in training."""
    return _SHARE * xp.sum(_cross_entropy(_layers(x, xp)[1], xp)) + _decay(x, xp)


@moons_mlp_cross_entropy.gradient
def _(x: Value, xp: Any) -> Value:
    hidden, agreement = _layers(x, xp)
    return _backward(x, hidden, -1.0 / (1.0 + xp.exp(agreement)), xp)


moons_mlp_cross_entropy.residuals(_roots(_cross_entropy))

_SQUARED_HINGE = [
    2.828903270409698, 1.1991063804969502, -1.7920217429470489, 0.7423769124228404, 1.6147386798473982,
    -1.5539723491069761, -0.30708573096722125, 1.59035185391696, 1.7501761785879821, 2.6371183007835346,
    2.3472475910529154, -2.33217498001617, 0.10487007136832807,
]  # fmt: skip


def _squared_hinge(agreement: Value, xp: Any) -> Value:
    missing = xp.maximum(1.0 - agreement, 0.0)
    return missing * missing


@scalable(
    bounds=(-8.0, 8.0),
    x0=lambda dim: _WRITTEN_START,
    minimizers=lambda dim: MinimizerList(_same_networks(_SQUARED_HINGE)),
    fmin=0.045037675065158767,
    tags="nonsmooth multimodal many-minimizers least-squares network",
    source="This project (2026); the least by search, not proved: 372 of 400 random starts of L-BFGS-B end there, the "
    "others in minima of 0.088 and 0.334",
    dim=DIM,
    dims=range(DIM, DIM + 1),
    starts=RESTARTS,
)
def moons_mlp_squared_hinge(x: Value, xp: Any) -> Value:
    """Mean of max(0, 1 − y·o)² over two half-moons, plus weight decay: a 2-3-1 tanh network in training."""
    return _SHARE * xp.sum(_squared_hinge(_layers(x, xp)[1], xp)) + _decay(x, xp)


@moons_mlp_squared_hinge.gradient
def _(x: Value, xp: Any) -> Value:
    hidden, agreement = _layers(x, xp)
    return _backward(x, hidden, -2.0 * xp.maximum(1.0 - agreement, 0.0), xp)


moons_mlp_squared_hinge.residuals(_roots(_squared_hinge))

_TENSORS = {"hidden_weight": (UNITS, 2), "hidden_bias": (UNITS,), "output_weight": (1, UNITS), "output_bias": (1,)}
for _loss in (moons_mlp_mse, moons_mlp_cross_entropy, moons_mlp_squared_hinge):
    _loss.natural_structure = _TENSORS

LOSSES = {
    "mse": "moons_mlp_mse",
    "cross-entropy": "moons_mlp_cross_entropy",
    "squared-hinge": "moons_mlp_squared_hinge",
}
"""The landscape of each loss."""


@dataclass(frozen=True)
class TrainingTask:
    """A training loss with a batch size and a number of epochs.

    Attributes
    ----------
    landscape : Landscape
        The loss, with minibatches as its noise unless a batch is the whole data set.
    batch_size, epochs : int
    """

    landscape: Landscape
    batch_size: int
    epochs: int

    @property
    def batches(self) -> int:
        """Number of batches in an epoch; the last may be smaller."""
        return -(-COUNT // self.batch_size)

    @property
    def budget(self) -> int:
        """Number of evaluations: one for each batch of each epoch."""
        return self.epochs * self.batches


def training_task(
    loss: str | None = None,
    *,
    data: str = "half-moons",
    units: int = 3,
    layers: int = 1,
    activation: str = "tanh",
    initializer: str = "glorot_uniform",
    preprocessing: str = "none",
    batch_size: int = COUNT,
    epochs: int = 100,
    seed: int = 0,
) -> TrainingTask:
    """Return a training task.

    Each evaluation uses one batch. Each epoch visits all points once, in its own order. Gaps refer to the exact loss of
    the whole data set.

    Parameters
    ----------
    loss : str, optional
        Of the half-moons ``"cross-entropy"`` (default), ``"mse"`` or ``"squared-hinge"``; of the wave ``"mse"``
        (default) or ``"log-cosh"``. Each has its own scale, so compare losses by distance or by gap relative to the
        start's gap.
    data : str, default "half-moons"
        ``"half-moons"``, 40 points of two classes in the plane; or ``"wave"``, 40 noisy points of a curve, for
        regression.
    units, layers : int, default 3 and 1
        Units of each hidden layer, and their number: 2, 3 or 4 units in one layer, or 2 units in each of two.
    activation : str, default "tanh"
        ``"tanh"``, ``"sigmoid"`` or ``"silu"``.
    initializer : str, default "glorot_uniform"
        The rule by which the starts ``restart-0`` to ``restart-7`` are drawn; one of `training_networks.INITIALIZERS`,
        Keras' names.
    preprocessing : str, default "none"
        ``"standardize"`` gives the inputs mean 0 and variance 1.
    batch_size : int, default 40
        Number of points in a batch, 1 to 40; 40 is the whole data set, without noise.
    epochs : int, default 100
    seed : int, default 0
        Seed of the order of the points; a run's seed changes the order too.

    Returns
    -------
    TrainingTask

    Raises
    ------
    ValueError
        If there is no such loss, data set or rule, no such network has a known minimum, or a number is out of range.

    Examples
    --------
    >>> from pytest_optlandscape import minimize
    >>> task = training_task("mse", batch_size=8, epochs=20)
    >>> task.landscape.id, task.budget
    ('moons_mlp_mse:minibatch(8,0,by_epoch=True)', 100)
    >>> minimize("scipy:L-BFGS-B(ftol=1e-14, gtol=1e-8)", training_task("mse").landscape, x0="restart-0").gap < 1e-8
    True
    >>> training_task(data="wave", units=4, activation="silu").landscape.dim
    13
    """
    names: tuple[tuple[str, str, Collection[str]], ...] = (
        ("data", data, DATA),
        ("activation", activation, ACTIVATIONS),
        ("initializer", initializer, INITIALIZERS),
        ("preprocessing", preprocessing, PREPROCESSING),
    )
    for what, name, known in names:
        if name not in known:
            raise ValueError(unknown_name(what, name, known))
    loss = _DEFAULT_LOSSES[data] if loss is None else loss
    if loss not in DATA[data].losses:
        raise ValueError(unknown_name(f"loss of {data}", loss, DATA[data].losses))
    network = Network(data, units, layers, activation, preprocessing, loss)
    if network.key not in MINIMA:
        alike = [key for key in MINIMA if (key[0], *key[3:]) == (data, *network.key[3:])]
        sizes = sorted({(key[2], key[1]) for key in alike})
        known_sizes = ", ".join(f"units={width} with layers={depth}" for depth, width in sizes)
        raise ValueError(f"no minimum is known for units={units!r} with layers={layers!r}; known are {known_sizes}")
    for what, number, most in (("batch_size", batch_size, COUNT), ("epochs", epochs, None)):
        if isinstance(number, bool) or number != int(number) or number < 1 or (most and number > most):
            raise ValueError(f"{what} must be a whole number from 1{f' to {most}' if most else ''}, got {number!r}")
    landscape = _landscape(network, initializer)
    if batch_size < COUNT:
        landscape = landscape.noisy(Minibatch(level=batch_size, seed=seed, by_epoch=True))
    return TrainingTask(landscape, int(batch_size), int(epochs))


_DEFAULT_LOSSES = {"half-moons": "cross-entropy", "wave": "mse"}
_OF_THE_CATALOGUE = ("half-moons", UNITS, 1, "tanh", "none"), "glorot_uniform"


@functools.cache
def _landscape(network: Network, initializer: str) -> Landscape:
    """Return the landscape of a network, with starts drawn by a rule."""
    if (network.key[:-1], initializer) == _OF_THE_CATALOGUE:
        from pytest_optlandscape.landscapes.catalogue import get

        return get(LOSSES[network.loss])
    fmin, reached, starts, weights = MINIMA[network.key]
    names = "_".join(
        [network.data, f"{network.units}x{network.layers}", network.activation, network.preprocessing, network.loss]
    )
    name = f"{names}_{initializer}".replace("-", "_")
    minimizers = network.same_networks(np.array(weights))
    landscape = Landscape(
        name,
        Formula(network.value, network.dim, name),
        gradient=Formula(network.gradient, network.dim, name),
        residuals=Formula(network.roots, network.dim, name),
        bounds=[(-8.0, 8.0)] * network.dim,
        x0=network.start(initializer, 8),
        starts={f"restart-{k}": network.start(initializer, k) for k in range(8)},
        minimizers=MinimizerList(minimizers),
        fmin=fmin,
        tags="multimodal many-minimizers least-squares network "
        + ("nonsmooth" if network.loss == "squared-hinge" else "smooth"),
        source=f"This project (2026); the least by search, not proved: {reached} of {starts} random starts of L-BFGS-B "
        "end there",
        family=FAMILY,
        summary=f"A network in training: {names}, with weight decay.",
        made_by=(_landscape, (network, initializer)),
        validate=False,
    )
    settings = {
        "data": network.data,
        "units": network.units,
        "layers": network.layers,
        "activation": network.activation,
        "initializer": initializer,
        "preprocessing": network.preprocessing,
    }
    written = ", ".join([repr(network.loss), *(f"{key}={value!r}" for key, value in settings.items())])
    set_attributes(
        landscape,
        natural_structure=Structure(network.tensors),
        written=f"landscapes.training_task({written}).landscape",
    )
    return landscape
