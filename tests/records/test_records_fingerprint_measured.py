import dataclasses
import math

import numpy as np
import pytest
from record_makers import descend, ends_of, fingerprint_of, momentum, pattern_search, visiting

from pytest_optlandscape import Problem, landscapes, minimize
from pytest_optlandscape.optimizers import get
from pytest_optlandscape.records import Fingerprint, RoundingSensitivity
from pytest_optlandscape.records.fingerprint import (
    divergence,
    measured,
)
from pytest_optlandscape.records.path_divergence import LARGEST_ENVELOPE
from pytest_optlandscape.records.perturbation import DOUBLE, SINGLE, PerturbedProblem
from pytest_optlandscape.runs import execute
from pytest_optlandscape.suites.catalogue import cells

POINTS = np.random.default_rng(0).uniform(size=(70, 2))


def calibrated(optimizer, cell, *, budget=400, precision=DOUBLE, perturbations=8):
    clean = execute(get(optimizer), Problem(cell.landscape, cell.x0, budget=budget, seed=cell.seed))
    rng = np.random.default_rng(1)
    runs = [
        execute(
            get(optimizer),
            PerturbedProblem(Problem(cell.landscape, cell.x0, budget=budget, seed=cell.seed), rng, precision),
        )
        for _ in range(perturbations)
    ]
    return clean, measured(clean, runs, precision)


def again(optimizer, clean):
    return execute(get(optimizer), Problem(clean.landscape, clean.x0, budget=clean.budget, seed=clean.seed))


def parts(before, clean, now):
    return divergence(before, ends_of(clean), fingerprint_of(now), ends_of(now))


SOME = [cells(landscapes.get(name))[k] for name in ("beale", "rosenbrock[10]", "ackley[5]") for k in (0, 4, -2)]


@pytest.mark.parametrize("cell", SOME, ids=lambda cell: cell.id)
def test_refactors_stay_and_changed_constants_part(cell):
    clean, (before, rounding_sensitivity) = calibrated(momentum(steps=60), cell)
    assert rounding_sensitivity == RoundingSensitivity(0, 8)
    assert before.spread == 0
    assert len(before.envelope) >= 3
    assert list(before.envelope) == sorted(before.envelope)
    assert before.envelope[0] == 2.0**-48
    assert max(before.envelope) <= 2.0 * LARGEST_ENVELOPE
    assert parts(before, clean, again(momentum(steps=60, reordered=True), clean)) == ""
    for changed in ({"momentum": 0.9001}, {"step": 1.0001e-3}):
        assert parts(before, clean, again(momentum(steps=60, **changed), clean)).startswith("evaluation")
    assert parts(before, clean, again(momentum(steps=59), clean)) != ""


def test_envelope_covers_the_perturbed_runs_and_no_more():
    cell = SOME[0]
    clean, (before, _) = calibrated(descend, cell)
    rng = np.random.default_rng(1)
    fingerprints = [
        fingerprint_of(execute(get(descend), PerturbedProblem(Problem(cell.landscape, cell.x0, budget=400), rng)))
        for _ in range(8)
    ]
    own = fingerprint_of(clean)
    for k, envelope in enumerate(before.envelope):
        moved = max(abs(f.path[i] - own.path[i]) for f in fingerprints for i in range(k + 1))
        assert max(moved, 2.0**-48) <= envelope <= 2.0 * max(moved, 2.0**-48)
    moved = max(abs(f.result - own.result) for f in fingerprints)
    assert max(moved, 2.0**-48) <= before.result_envelope <= 2.0 * max(moved, 2.0**-48)


def in_single_precision(problem, step=0.001, reordered=False):
    x, velocity = np.float32(problem.x0), np.zeros(problem.dim, np.float32)
    step, decay = np.float32(step), np.float32(0.5)
    for _ in range(40):
        slope = np.float32(problem.gradient(x))
        velocity = decay * velocity - step * slope
        x = x + velocity if not reordered else (x + decay * velocity) + decay * velocity
        problem(x)
    return x


def single_reordered(problem):
    return in_single_precision(problem, reordered=True)


def single_changed(problem):
    return in_single_precision(problem, step=0.0012)


def test_single_precision_is_measured_in_single_precision():
    cell = cells(landscapes.get("beale"))[4]
    clean, (before, rounding_sensitivity) = calibrated(in_single_precision, cell, precision=SINGLE)
    assert rounding_sensitivity == RoundingSensitivity(0, 8)
    assert min(before.envelope) >= SINGLE / 8.0
    assert min(before.result_envelope, 1.0) >= SINGLE / 8.0
    assert parts(before, clean, again(single_reordered, clean)) == ""
    assert parts(before, clean, again(single_changed, clean)).startswith("evaluation")
    _, (too_fine, _) = calibrated(in_single_precision, cell, precision=DOUBLE)
    assert parts(too_fine, clean, again(single_reordered, clean)) != ""


def test_branching_on_ties_shows_in_the_perturbed_runs():
    symmetric = landscapes.get("sphere[2]")
    start = dataclasses.replace(cells(symmetric)[0], x0=np.array([1.6, 1.6]))
    clean, (before, rounding_sensitivity) = calibrated(pattern_search, start, budget=200)
    assert np.array_equal(clean.trace.x[0], [1.6, 1.6])
    assert len(before.envelope) < len(fingerprint_of(clean).path)
    assert parts(before, clean, again(pattern_search, clean)) == ""
    oblique = dataclasses.replace(start, x0=np.array([1.7, 0.9]))
    _, (steady, none) = calibrated(pattern_search, oblique, budget=200)
    assert none.jumps == 0
    assert len(steady.envelope) > len(before.envelope)
    assert rounding_sensitivity.trials == none.trials == 8


def test_a_rare_jump_counts_as_one():
    clean = minimize(visiting(POINTS[:20]), "booth")
    jumped = minimize(visiting([*POINTS[:10], *POINTS[20:30]]), "booth")
    for jumps in (0, 1):
        runs = [clean] * (8 - jumps) + [jumped] * jumps
        whole, rounding_sensitivity = measured(clean, runs, DOUBLE)
        assert rounding_sensitivity == RoundingSensitivity(jumps, 8)
    assert len(whole.envelope) == 4
    assert parts(whole, clean, jumped) == ""
    _, often = measured(clean, [clean] * 4 + [jumped] * 4, DOUBLE)
    assert often.jumps == 0


def test_an_end_that_one_perturbed_run_has_counts_as_a_jump():
    clean = minimize(visiting(POINTS[:20], [0.5, 0.5]), "booth")

    def with_a_gradient(problem):
        problem.gradient(problem.x0)
        return visiting(POINTS[:20], [0.5, 0.5])(problem)

    longer = minimize(with_a_gradient, "booth")
    whole, rounding_sensitivity = measured(clean, [clean] * 5 + [longer], DOUBLE)
    assert (whole.spread, rounding_sensitivity) == (1, RoundingSensitivity(1, 6))
    assert parts(whole, clean, longer) == ""


def test_envelope_never_falls():
    points = POINTS[:40].copy()
    clean = minimize(visiting(points), "booth")
    points[2] += 1e-9
    moved = minimize(visiting(points), "booth")
    whole, _ = measured(clean, [moved], DOUBLE)
    assert len(whole.envelope) == 7
    assert max(whole.envelope[:2]) == 2.0**-48
    assert 1e-10 < whole.envelope[2] < 4e-9
    assert set(whole.envelope[2:]) == {whole.envelope[2]}


def test_runs_that_end_earlier_shorten_the_path_and_widen_the_end():
    clean = minimize(visiting([*POINTS[:30], [0.5, 0.5]]), "booth")
    shorter = minimize(visiting([*POINTS[:14], [0.5, 0.5]]), "booth")
    whole, rounding_sensitivity = measured(clean, [clean] * 3 + [shorter] * 2, DOUBLE)
    assert whole.spread == 16
    assert len(whole.envelope) == 4
    assert parts(whole, clean, shorter) == ""
    assert rounding_sensitivity == RoundingSensitivity(0, 5)
    stopped = minimize(visiting(POINTS[:40]), "booth", budget=31)
    whole, _ = measured(clean, [clean, stopped], DOUBLE)
    assert whole.spread == -1


def test_unpredictable_from_the_start_is_left_to_the_end():
    clean = minimize(visiting(POINTS[:20]), "booth")
    others = [minimize(visiting(POINTS[k : k + 20]), "booth") for k in (1, 2, 3)]
    whole, _ = measured(clean, others, DOUBLE)
    assert (whole.envelope, whole.result_envelope, whole.spread) == ((), math.inf, 0)
    for before in (whole, Fingerprint.from_text(whole.to_text())):
        assert before.spread == 0
        assert parts(before, clean, others[0]) == ""
        assert parts(before, clean, minimize(visiting(POINTS[:19]), "booth")) == "the end"


def test_nan_in_perturbed_runs():
    def lost(points):
        return minimize(visiting([*points, [math.nan, 0.5]], [0.5, 0.5]), "booth")

    clean = lost(POINTS[:10])
    whole, rounding_sensitivity = measured(clean, [clean, clean], DOUBLE)
    assert (len(whole.envelope), rounding_sensitivity) == (5, RoundingSensitivity(0, 2))
    finite = minimize(visiting(POINTS[:11], [0.5, 0.5]), "booth")
    assert parts(whole, clean, finite) == "evaluations 9 to 16"
    sometimes, rounding_sensitivity = measured(clean, [clean, finite], DOUBLE)
    assert (len(sometimes.envelope), rounding_sensitivity) == (4, RoundingSensitivity(1, 2))


@pytest.mark.filterwarnings("error")
def test_runs_that_fly_off_raise_no_warning():
    def flies(problem):
        x = problem.x0 + 0.1
        for _ in range(30):
            with np.errstate(over="ignore"):
                x = np.minimum(x * 1e20, 1e308)
            problem(x)
        return x

    clean = minimize(flies, landscapes.get("michalewicz_2"))
    assert clean.distance == math.inf
    whole, rounding_sensitivity = measured(clean, [clean, clean], DOUBLE)
    assert rounding_sensitivity == RoundingSensitivity(0, 2)
    assert parts(whole, clean, again(flies, clean)) == ""
    assert Fingerprint.from_text(whole.to_text()).to_text() == whole.to_text()


def test_what_only_coarse_perturbation_finds_counts_as_a_jump():
    clean, gives_up, ends_later = (minimize(visiting(POINTS[:k], [0.5, 0.5]), "booth") for k in (20, 4, 22))
    whole, rounding_sensitivity = measured(clean, [clean] * 5, DOUBLE, [clean, gives_up])
    assert (whole.spread, rounding_sensitivity) == (16, RoundingSensitivity(1, 7))
    whole, rounding_sensitivity = measured(clean, [clean] * 5, DOUBLE, [ends_later, ends_later])
    assert (whole.spread, rounding_sensitivity) == (2, RoundingSensitivity(0, 7))
    _, rounding_sensitivity = measured(clean, [clean] * 4 + [gives_up], DOUBLE, [gives_up])
    assert rounding_sensitivity == RoundingSensitivity(0, 6)  # the fine ones know
