"""Optimizers in float16 and bfloat16 are measured in units of their own last place."""

import numpy as np
import pytest

from pytest_optlandscape import assert_equivalent, landscapes, minimize
from pytest_optlandscape.comparison.landscape_comparison import compare_landscape
from pytest_optlandscape.optimizers import get
from pytest_optlandscape.records.measuring import run_baseline, run_landscape
from pytest_optlandscape.records.perturbation import BFLOAT, DOUBLE, HALF, SINGLE, precision_of
from pytest_optlandscape.suites.catalogue import cells

HIMMELBLAU = landscapes.get("himmelblau")
BUDGET = 60


def momentum(dtype, step=0.002, reordered=False):
    """Gradient descent with momentum, whose velocity is in units of the step or of the gradient."""

    def descend(problem):
        kind = np.dtype(dtype).type
        x = problem.x0.astype(kind)
        velocity = np.zeros_like(x)
        while problem.remaining:
            problem(x)
            gradient = problem.gradient(x).astype(kind)
            if reordered:
                velocity = kind(0.9) * velocity + gradient
                x = x - velocity * kind(step)
            else:
                velocity = kind(0.9) * velocity + gradient * kind(step)
                x = x - velocity
        return x

    return get(descend)


def own_type(name):
    if name == "bfloat16":
        pytest.importorskip("ml_dtypes")
    return name


@pytest.mark.parametrize(("dtype", "precision"), [("float16", HALF), ("bfloat16", BFLOAT)])
def test_reordered_additions_are_rounding_and_another_step_is_a_change(dtype, precision):
    usual = momentum(own_type(dtype))
    runs = [minimize(usual, HIMMELBLAU, x0=cell.x0, budget=BUDGET) for cell in cells(HIMMELBLAU)[2:8]]
    assert precision_of(runs) == precision
    before = run_baseline(usual, HIMMELBLAU, BUDGET)
    verdicts = {}
    for step, reordered in [(0.002, True), (0.003, False), (0.001, True)]:
        now = run_landscape(momentum(dtype, step, reordered), HIMMELBLAU, BUDGET)
        found = compare_landscape(now, before, landscapes=16, calibration=before.rounding_sensitivity)
        verdicts[step] = found.fingerprint
        assert (found.verdict == "same") == (step == 0.002)
    assert verdicts == {0.002: "rounding", 0.003: "changed", 0.001: "changed"}


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_equivalence_is_asserted_in_units_of_the_last_place(dtype):
    usual = momentum(own_type(dtype))
    found = assert_equivalent(usual, momentum(dtype, reordered=True), [HIMMELBLAU], budget=BUDGET)
    assert found.identical < found.cells
    assert found.evaluations > found.cells * BUDGET / 2
    with pytest.raises(AssertionError, match="rounding explains"):
        assert_equivalent(usual, momentum(dtype, step=0.003), [HIMMELBLAU], budget=BUDGET)


@pytest.mark.parametrize(
    ("points", "precision"),
    [
        (np.arange(1.0, 257.0) / 256.0, SINGLE),  # Sobol' points of a box
        (5.0 * np.arange(-64.0, 64.0) / 64.0, SINGLE),
        (np.arange(-50.0, 50.0), SINGLE),
        (np.float16(np.linspace(0.1, 7.0, 100)), HALF),
        (np.append(np.float16(np.linspace(0.1, 7.0, 100)), [np.nan, np.inf, 0.0]), HALF),
        (np.float16([0.1, 0.3]), SINGLE),  # too few to tell
        (np.float32(np.linspace(0.1, 7.0, 100)), SINGLE),
        (np.linspace(0.1, 7.0, 100), DOUBLE),
    ],
)
def test_grids_of_binary_fractions_are_not_taken_for_half_precision(points, precision):
    def visit(problem):
        for point in points:
            problem([point, point])
        return problem.x0

    run = minimize(visit, HIMMELBLAU)
    assert precision_of([run]) == precision
    assert precision_of([run], "float64") in (SINGLE, DOUBLE)
    assert precision_of([run], "bfloat16") == BFLOAT


@pytest.mark.parametrize("library", ["torch", "jax.numpy", "ml_dtypes"])
def test_points_of_bfloat16_are_read(library):
    module = pytest.importorskip(library)
    if library == "torch":
        point = module.tensor([1.0, 0.1], dtype=module.bfloat16)
    else:
        point = getattr(module, "asarray", np.asarray)([1.0, 0.1], dtype=module.bfloat16)
    run = minimize(lambda problem: problem(point) and point, HIMMELBLAU)
    assert run.trace.x.tolist() == [[1.0, 0.10009765625]] == [run.x.tolist()]
