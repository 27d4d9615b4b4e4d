"""The networks once more, for mpmath: layer by layer, over their data."""

import math

from mpmath import exp, eye, log, matrix, mpf, tanh

DIMS = {}

N_MINIMIZERS = {
    "mlp_tanh_teacher_2_2_1": 8,
    "xor_mlp_l2": 8,
    "deep_linear_1_1_1": math.inf,
    "matrix_factorisation_rank1": 2,
    "phase_retrieval_2": 2,
    "matrix_square_root_2": 4,
}

LOWER_OUTSIDE = {}

FLOWERS = (
    """4.5 1.5  3.9 1.4  4.1 1.0  4.4 1.4  5.1 1.6  4.6 1.4  5.1 1.9  6.1 2.5  6.7 2.2  6.0 1.8  5.1 1.5  5.1 2.3"""
)


def output(v, a):
    hidden = [tanh(v[2 * k] * a[0] + v[2 * k + 1] * a[1] + v[4 + k]) for k in range(2)]
    return v[6] * hidden[0] + v[7] * hidden[1] + v[8]


def mlp_tanh_teacher_2_2_1(v):
    teacher = [mpf(hundredths) / 100 for hundredths in (120, -70, 40, 90, 30, -20, 110, -80, 25)]
    steps = [mpf(k) / 4 for k in range(-15, 16, 2)]
    inputs = [(t, mpf(0)) for t in steps] + [(mpf(0), t) for t in steps]
    return sum((output(v, a) - output(teacher, a)) ** 2 for a in inputs) / 32


def xor_mlp_l2(v):
    loss = sum((output(v, (a, b)) - (a ^ b)) ** 2 for a in (0, 1) for b in (0, 1)) / 4
    return loss + mpf("1e-4") * sum(t**2 for t in v)


def logistic_regression_12(v):
    numbers = [mpf(number) for number in FLOWERS.split()]
    loss = mpf(0)
    for k in range(12):
        z = v[0] * (numbers[2 * k] - 5) + v[1] * (numbers[2 * k + 1] - mpf("1.7")) + v[2]
        probability = 1 / (1 + exp(-z))
        loss -= log(probability if k >= 6 else 1 - probability)
    return loss / 12 + mpf("0.005") * (v[0] ** 2 + v[1] ** 2)


def deep_linear_1_1_1(v):
    x, y, z = v
    return (z * (y * x) - 1) ** 2


def matrix_factorisation_rank1(v):
    u = matrix(v)
    rest = matrix([[1, 1], [1, 1]]) + eye(2) - u * u.T
    return sum(entry**2 for entry in rest)


def relu_single_neuron(v):
    def neuron(x, y, t):
        return max(x * t + y, mpf(0))

    return sum((neuron(*v, t) - neuron(1, mpf(-1) / 2, t)) ** 2 for t in range(-2, 3)) / 5


def phase_retrieval_2(v):
    signal = (mpf(1), mpf(1) / 2)

    def power(u, a):
        return (a[0] * u[0] + a[1] * u[1]) ** 2

    return sum((power(v, a) - power(signal, a)) ** 2 for a in ((1, 0), (0, 1), (1, 1), (1, -1))) / 4


def linear_layer_3_2(v):
    inputs = "1 0.5 -2  -1 1.5 0.5  2 1 0.25  0.5 -0.5 1  -1.5 -0.25 -1  0.25 2 1.5"
    answers = "-0.25 1.875  -1.625 -1.625  0.3125 2.625  1.25 -1.125  -0.5 -2.9375  -1.25 0.125"
    a, y = ([mpf(number) for number in text.split()] for text in (inputs, answers))
    units = [(v[0:3], v[6]), (v[3:6], v[7])]
    return sum(
        (sum(w * s for w, s in zip(weights, a[3 * i : 3 * i + 3], strict=True)) + bias - y[2 * i + k]) ** 2
        for i in range(6)
        for k, (weights, bias) in enumerate(units)
    )


def matrix_square_root_2(v):
    w = matrix([[v[0], v[1]], [v[2], v[3]]])
    rest = w * w - matrix([[4 + 9, 4 - 9], [4 - 9, 4 + 9]]) / 2
    return sum(entry**2 for entry in rest)
