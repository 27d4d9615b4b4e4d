"""Losses of small neural networks, small enough that their global minima are known.

A network's function does not change if hidden units change places or tanh units change signs. So each minimiser of a
network with two hidden tanh units has eight copies. The parameters of such a 2-2-1 network are, in this order, the
weights w₁₁ w₁₂ w₂₁ w₂₂ (unit, input), the units' biases b₁ b₂, the output's weights v₁ v₂ and its bias c.

Each layer has a matrix and a vector. `Landscape.structured` splits a network's parameters into these tensors; without
it, a network is a function of one vector. The landscapes at the end of this file are structured by default.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from pytest_optlandscape.landscapes.definition import least_squares, planar, scalable
from pytest_optlandscape.landscapes.formula.namespaces import Value
from pytest_optlandscape.landscapes.minimizers import MinimizerList

FAMILY = "neural-network"


def _same_networks(parameters: list[float]) -> list[list[float]]:
    """List all 2-2-1 tanh networks with the same function: units exchanged, signs flipped."""
    w11, w12, w21, w22, b1, b2, v1, v2, c = parameters
    units = [(w11, w12, b1, v1), (w21, w22, b2, v2)]
    found = []
    for (first, second), s, t in itertools.product(itertools.permutations(units), (1.0, -1.0), (1.0, -1.0)):
        p, q = [s * value for value in first], [t * value for value in second]
        found.append([p[0], p[1], q[0], q[1], p[2], q[2], p[3], q[3], c])
    return found


_TEACHER = [1.2, -0.7, 0.4, 0.9, 0.3, -0.2, 1.1, -0.8, 0.25]
_ON_AXIS = (2.0 * np.arange(16.0) - 15.0) / 4.0  # -3.75, -3.25, …, 3.75


def _along_axis(x: Value, axis: int, xp: Any) -> tuple[Value, Value, Value]:
    """Return the two hidden units and the output at the inputs on an axis."""
    inputs = xp.constant(_ON_AXIS, x)
    first = xp.tanh(x[axis] * inputs + x[4])
    second = xp.tanh(x[2 + axis] * inputs + x[5])
    return first, second, x[6] * first + x[7] * second + x[8]


def _teacher_on_axis(axis: int) -> list[float]:
    w1, w2 = _TEACHER[axis], _TEACHER[2 + axis]
    b1, b2, v1, v2, c = _TEACHER[4:]
    return [v1 * math.tanh(w1 * t + b1) + v2 * math.tanh(w2 * t + b2) + c for t in _ON_AXIS.tolist()]


_TAUGHT = (_teacher_on_axis(0), _teacher_on_axis(1))
_TEACHER_SHARE = 1.0 / math.sqrt(32.0)  # the mean of 32 squares


@least_squares(
    bounds=[(-4.0, 4.0)] * 9,
    x0=[k / 30.0 * (-1.0) ** (k + 1) for k in range(1, 10)],
    minimizers=_same_networks(_TEACHER),
    fmin=0.0,
    tags="smooth multimodal many-minimizers ill-conditioned network",
    source="This project (2026); that there are no other minimisers: Sussmann (1992) and the zeros of sums of "
    "exponentials, Pólya & Szegő (1925), part V, no. 75",
    dim=9,
)
def mlp_tanh_teacher_2_2_1(x: Value, xp: Any) -> Value:
    """Mean squared error of a tanh network, 2-2-1, that learns from one like it, at 16 inputs on each axis."""
    # On an axis the difference of two such networks is, up to a positive factor, a sum of 16 exponentials: it has at
    # most 15 zeros or is 0 everywhere. So 16 equal outputs imply equal functions, and their units are the same up to
    # order and signs (Sussmann 1992). The teacher's output weights differ in size, which identifies the units on both
    # axes.
    errors = [
        _TEACHER_SHARE * (_along_axis(x, axis, xp)[2] - xp.constant(taught, x)) for axis, taught in enumerate(_TAUGHT)
    ]
    return xp.interleave(errors)


@mlp_tanh_teacher_2_2_1.gradient
def _(x: Value, xp: Any) -> Value:
    inputs = xp.constant(_ON_AXIS, x)
    weights: list[Value] = []
    others: list[Value] = []
    for axis, taught in enumerate(_TAUGHT):
        first, second, output = _along_axis(x, axis, xp)
        error = (output - xp.constant(taught, x)) * (1.0 / 16.0)
        first_in, second_in = error * (1.0 - first * first), error * (1.0 - second * second)
        weights.append(x[6] * xp.sum(first_in * inputs))
        weights.append(x[7] * xp.sum(second_in * inputs))
        others.append(xp.sum(first_in))
        others.append(xp.sum(second_in))
        others += [xp.sum(error * first), xp.sum(error * second), xp.sum(error)]
    both = [one + other for one, other in zip(others[:5], others[5:], strict=True)]
    return weights[0], weights[2], weights[1], weights[3], x[6] * both[0], x[7] * both[1], *both[2:]


_XOR = [
    0.939497822510875,
    0.939497822510875,
    -1.3946946042767496,
    -1.3946946042767496,
    -1.3952249087356794,
    0.36745329472738963,
    -1.500940991322553,
    -1.4983352556666931,
    -0.7992369952049148,
]


def _xor_layers(x: Value, xp: Any) -> tuple[list[Value], list[Value], list[Value]]:
    """Return both units and the error at the inputs (0, 0), (1, 0), (0, 1) and (1, 1)."""
    w11, w12, w21, w22, b1, b2, v1, v2, c = (x[k] for k in range(9))
    first = [xp.tanh(p) for p in (b1, w11 + b1, w12 + b1, w11 + w12 + b1)]
    second = [xp.tanh(p) for p in (b2, w21 + b2, w22 + b2, w21 + w22 + b2)]
    outputs = [v1 * p + v2 * q + c for p, q in zip(first, second, strict=True)]
    return first, second, [outputs[0], outputs[1] - 1.0, outputs[2] - 1.0, outputs[3]]


@least_squares(
    bounds=[(-6.0, 6.0)] * 9,
    x0=[0.1, -0.2, 0.3, -0.1, 0.05, -0.05, 0.2, -0.3, 0.1],
    minimizers=_same_networks(_XOR),
    fmin=0.0012886485474459585,
    tags="smooth multimodal many-minimizers ill-conditioned network",
    source="Rumelhart, Hinton & Williams (1986), with tanh units and weight decay; minimum by search, not proved: 3922 "
    "of 6000 random starts of L-BFGS-B end there, 2004 in another minimum of 0.00133667, none lower",
    dim=9,
)
def xor_mlp_l2(x: Value, xp: Any) -> Value:
    """Mean squared error of a tanh network, 2-2-1, that learns exclusive or, plus 10⁻⁴ times all parameters squared."""
    errors = _xor_layers(x, xp)[2]
    return (*(0.5 * error for error in errors), *(0.01 * x[k] for k in range(9)))


@xor_mlp_l2.gradient
def _(x: Value, xp: Any) -> Value:
    first, second, errors = _xor_layers(x, xp)
    errors = [0.5 * error for error in errors]
    back = []
    for unit, weight in ((first, x[6]), (second, x[7])):
        inner = [weight * (error * (1.0 - h * h)) for error, h in zip(errors, unit, strict=True)]
        both = inner[3] + inner[1], inner[3] + inner[2]
        back.append((*both, both[0] + inner[0] + inner[2]))
    outer = [sum(e * h for e, h in zip(errors, unit, strict=True)) for unit in (first, second)]
    bias = errors[0] + errors[1] + errors[2] + errors[3]
    slopes = (*back[0][:2], *back[1][:2], back[0][2], back[1][2], *outer, bias)
    return tuple(slope + 2e-4 * x[k] for k, slope in enumerate(slopes))


_PETALS = np.array(
    [
        [-0.5, -0.2], [-1.1, -0.3], [-0.9, -0.7], [-0.6, -0.3], [0.1, -0.1], [-0.4, -0.3],
        [0.1, 0.2], [1.1, 0.8], [1.7, 0.5], [1.0, 0.1], [0.1, -0.2], [0.1, 0.6],
    ]
)  # fmt: skip
"""Petal length − 5 and width − 1.7, in cm, of every eighth flower: 52 to 92 (versicolor), 102 to 142 (virginica).

No straight line separates the two species.
"""
_SPECIES = np.array([-1.0] * 6 + [1.0] * 6)
_SIGNED = np.column_stack([_PETALS * _SPECIES[:, np.newaxis], _SPECIES])


@scalable(
    bounds=(-20.0, 20.0),
    x0=0.0,
    minimizers=lambda dim: MinimizerList([[2.840554707572139, 2.1001522971915185, 0.12959755892081565]]),
    fmin=0.2769375687119131,
    tags="smooth convex unimodal network",
    source="Cox (1958), on twelve of the flowers of Fisher (1936)",
    dim=3,
    dims=range(3, 4),
)
def logistic_regression_12(x: Value, xp: Any) -> Value:
    """Mean of log(1 + exp(−y (w·a + b))) over twelve irises, plus 0.005 |w|²; x is w₁, w₂, b."""
    # The loss is strictly convex because the points do not lie on a line, so the stationary point is the only
    # minimiser. The formula does not distinguish signs, because automatic derivatives fail at such kinks. exp overflows
    # at 709; arguments inside the box reach a quarter of that.
    losses = xp.log(1.0 + xp.exp(-xp.dot(_SIGNED, x)))
    return xp.sum(losses) * (1.0 / 12.0) + 0.005 * (x[0] * x[0] + x[1] * x[1])


@logistic_regression_12.gradient
def _(x: Value, xp: Any) -> Value:
    wrong = (-1.0 / 12.0) / (1.0 + xp.exp(xp.dot(_SIGNED, x)))
    pulls = xp.dot(_SIGNED.T, wrong)
    return pulls[0] + 0.01 * x[0], pulls[1] + 0.01 * x[1], pulls[2]


@least_squares(
    bounds=[(-3.0, 3.0)] * 3,
    x0=[0.1, 0.1, 0.1],
    minimizers=MinimizerList(
        [[1.0, 1.0, 1.0], [1.0, -1.0, -1.0], [-1.0, 1.0, -1.0], [-1.0, -1.0, 1.0]], complete=False
    ),
    fmin=0.0,
    tags="smooth polynomial flat many-minimizers ill-conditioned network",
    source="Saxe, McClelland & Ganguli (2014), one unit in each layer",
    dim=3,
)
def deep_linear_1_1_1(x: Value, xp: Any) -> Value:
    """(xyz − 1)², a chain of three linear units: lowest wherever xyz = 1, the listed points being nearest to 0."""
    return (x[0] * x[1] * x[2] - 1.0,)


@deep_linear_1_1_1.jacobian
def _(x: Value, xp: Any) -> Value:
    return (x[1] * x[2],), (x[0] * x[2],), (x[0] * x[1],)


@planar(
    bounds=[(-3.0, 3.0)] * 2,
    x0=[0.5, -0.4],
    minimizers=[[math.sqrt(1.5)] * 2, [-math.sqrt(1.5)] * 2],
    fmin=1.0,
    tags="smooth polynomial multimodal many-minimizers least-squares network",
    source="Eckart & Young (1936): the nearest matrix of rank 1, here u uᵀ, leaves the lesser eigenvalue squared",
)
def matrix_factorisation_rank1(x: Value, y: Value, xp: Any) -> Value:
    """‖M − u uᵀ‖² with M = ((2, 1), (1, 2)), whose eigenvalues are 3 and 1; u = (x, y)."""
    return (x * x - 2.0) ** 2 + 2.0 * (x * y - 1.0) ** 2 + (y * y - 2.0) ** 2


@matrix_factorisation_rank1.residuals
def _(x: Value, y: Value, xp: Any) -> Value:
    return x * x - 2.0, math.sqrt(2.0) * (x * y - 1.0), y * y - 2.0


@matrix_factorisation_rank1.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    excess = x * x + y * y - 2.0
    return 4.0 * (x * excess - y), 4.0 * (y * excess - x)


_ANSWERS = (0.0, 0.0, 0.0, 0.5, 1.5)  # of the neuron (1, −0.5) at −2, −1, 0, 1, 2


@planar(
    bounds=[(-3.0, 3.0)] * 2,
    x0=[0.5, 1.0],
    minimizers=[[1.0, -0.5]],
    fmin=0.0,
    tags="nonsmooth multimodal flat least-squares network",
    source="This project (2026); the dead neuron: Lu, Shin, Su & Karniadakis (2020)",
    starts={"dead": [0.5, -2.0]},
)
def relu_single_neuron(x: Value, y: Value, xp: Any) -> Value:
    """Mean of (max(xt + y, 0) − max(t − ½, 0))² over t = −2, …, 2; constant where the neuron is dead, y ≤ −2|x|."""
    # The loss is zero only if x + y = ½ and 2x + y = 3/2: at (1, −½).
    p, q, r, s, t = _neuron_errors(x, y, xp)
    return 0.2 * (p * p + q * q + r * r + s * s + t * t)


def _neuron_errors(x: Value, y: Value, xp: Any) -> list[Value]:
    inputs = (y - 2.0 * x, y - x, y, y + x, y + 2.0 * x)
    return [xp.maximum(v, 0.0) - answer for v, answer in zip(inputs, _ANSWERS, strict=True)]


@relu_single_neuron.residuals
def _(x: Value, y: Value, xp: Any) -> Value:
    return tuple(math.sqrt(0.2) * error for error in _neuron_errors(x, y, xp))


@relu_single_neuron.gradient
def _(x: Value, y: Value, xp: Any) -> Value:
    inputs = (y - 2.0 * x, y - x, y, y + x, y + 2.0 * x)
    p, q, r, s, t = (
        xp.where(v > 0.0, v - answer, 0.0 * v)  # 0 v keeps NaN
        for v, answer in zip(inputs, _ANSWERS, strict=True)
    )
    return 0.4 * (2.0 * (t - p) + (s - q)), 0.4 * (p + q + r + s + t)


@least_squares(
    bounds=[(-2.0, 2.0)] * 2,
    x0=[0.1, 0.1],
    minimizers=[[1.0, 0.5], [-1.0, -0.5]],
    fmin=0.0,
    tags="smooth polynomial multimodal many-minimizers network",
    source="Sun, Qu & Wright (2018), with four measurements in the plane",
    dim=2,
)
def phase_retrieval_2(x: Value, xp: Any) -> Value:
    """¼ Σ ((a·x)² − y)² for a = (1, 0), (0, 1), (1, 1), (1, −1), which leaves the sign of x = (1, ½) open."""
    # The first two measurements give |x₁| and |x₂|, the third the sign of their product.
    a, b = x[0], x[1]
    p, q = a + b, a - b
    return 0.5 * (a * a - 1.0), 0.5 * (b * b - 0.25), 0.5 * (p * p - 2.25), 0.5 * (q * q - 0.25)


@phase_retrieval_2.jacobian
def _(x: Value, xp: Any) -> Value:
    p, q = x[0] + x[1], x[0] - x[1]
    return (x[0], 0.0, p, q), (0.0, x[1], p, -q)


_INPUTS = np.array(
    [[1.0, 0.5, -2.0], [-1.0, 1.5, 0.5], [2.0, 1.0, 0.25], [0.5, -0.5, 1.0], [-1.5, -0.25, -1.0], [0.25, 2.0, 1.5]]
)
_UNITS = ([0.5, -1.0, 0.25], [1.5, 0.75, -0.5])
_BIASES = (0.25, -1.0)
_ANSWERS_OF_UNITS = [_INPUTS @ unit + bias for unit, bias in zip(_UNITS, _BIASES, strict=True)]  # exact


def _layer_errors(x: Value, xp: Any) -> list[Value]:
    """Return the errors of both units at all inputs."""
    weights = (xp.take(x, np.arange(3)), xp.take(x, np.arange(3, 6)))
    answers = [xp.constant(answer, x) for answer in _ANSWERS_OF_UNITS]
    return [xp.dot(_INPUTS, weights[k]) + x[6 + k] - answers[k] for k in range(2)]


@least_squares(
    bounds=[(-4.0, 4.0)] * 8,
    x0=[0.5, 0.25, -0.5, -0.25, 0.5, 0.25, 0.0, 0.0],
    minimizers=[[*_UNITS[0], *_UNITS[1], *_BIASES]],
    fmin=0.0,
    tags="smooth convex quadratic polynomial unimodal network",
    source="This project (2026): linear regression, whose minimiser is unique because the inputs and 1 are independent",
    dim=8,
)
def linear_layer_3_2(x: Value, xp: Any) -> Value:
    """Σ ‖W a + b − y‖² over six inputs a; x is the matrix W, of two rows of three, and the vector b."""
    return xp.interleave(_layer_errors(x, xp))


@linear_layer_3_2.gradient
def _(x: Value, xp: Any) -> Value:
    first, second = _layer_errors(x, xp)
    pulls, others = xp.dot(_INPUTS.T, first), xp.dot(_INPUTS.T, second)
    slopes = (pulls[0], pulls[1], pulls[2], others[0], others[1], others[2], xp.sum(first), xp.sum(second))
    return tuple(2.0 * slope for slope in slopes)


@least_squares(
    bounds=[(-4.0, 4.0)] * 4,
    x0=[1.0, 0.5, 0.0, 1.5],
    minimizers=[[2.5, -0.5, -0.5, 2.5], [-2.5, 0.5, 0.5, -2.5], [0.5, -2.5, -2.5, 0.5], [-0.5, 2.5, 2.5, -0.5]],
    fmin=0.0,
    tags="smooth polynomial multimodal many-minimizers",
    source="Jain, Jin, Kakade & Netrapalli (2017), for a general matrix W; the roots of a matrix with two positive "
    "eigenvalues, here 4 and 9: Higham (2008), theorem 1.26",
    dim=4,
)
def matrix_square_root_2(x: Value, xp: Any) -> Value:
    """‖W² − M‖² for a matrix W of two rows, M = ((6.5, −2.5), (−2.5, 6.5)); it has four square roots."""
    a, b, c, d = x[0], x[1], x[2], x[3]
    return a * a + b * c - 6.5, a * b + b * d + 2.5, a * c + c * d + 2.5, b * c + d * d - 6.5


@matrix_square_root_2.jacobian
def _(x: Value, xp: Any) -> Value:
    a, b, c, d = x[0], x[1], x[2], x[3]
    return (2.0 * a, b, c, 0.0), (c, a + d, 0.0, c), (b, 0.0, a + d, b), (0.0, b, c, 2.0 * d)


linear_layer_3_2.structure = {"weight": (2, 3), "bias": (2,)}
matrix_square_root_2.structure = {"matrix": (2, 2)}

_TWO_LAYERS = {"hidden_weight": (2, 2), "hidden_bias": (2,), "output_weight": (1, 2), "output_bias": (1,)}
mlp_tanh_teacher_2_2_1.natural_structure = _TWO_LAYERS
xor_mlp_l2.natural_structure = _TWO_LAYERS
logistic_regression_12.natural_structure = {"weight": (1, 2), "bias": (1,)}
deep_linear_1_1_1.natural_structure = {"weight_1": (1, 1), "weight_2": (1, 1), "weight_3": (1, 1)}
relu_single_neuron.natural_structure = {"weight": (1, 1), "bias": (1,)}
