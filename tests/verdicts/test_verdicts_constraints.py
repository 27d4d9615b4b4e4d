import numpy as np
import pytest

from pytest_optlandscape import landscapes
from pytest_optlandscape.optimizers import get
from pytest_optlandscape.strategies.suites import cells
from pytest_optlandscape.verdicts.measuring import run_cell, run_landscape
from pytest_optlandscape.verdicts.summing_up import record_of, reference_gap


def test_reference_gap_is_that_of_the_feasible_points():
    truss = landscapes.get("three_bar_truss")
    points = np.random.default_rng(0).uniform(*truss.bounds.T, size=(20_000, 2))
    gaps = truss(points[truss.is_feasible(points)]) - truss.fmin
    assert np.mean(gaps < reference_gap(truss)) == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("name", [one.id for one in landscapes.select(tags="constrained")])
def test_reference_gap_is_positive(name):
    landscape = landscapes.get(name)
    assert reference_gap(landscape) > 0.0


def test_what_breaks_a_constraint_is_not_outside_the_bounds():
    cell = cells(landscapes.get("simionescu"))[0]
    run = run_cell(get("scipy:L-BFGS-B"), cell, 100)
    assert run.landscape.violation(run.x) > 0.1
    record = record_of(run, cell.start)
    assert (record.gap, record.flags) == (np.inf, frozenset())


def test_cells_of_a_constrained_landscape():
    records = run_landscape(get("scipy:SLSQP"), landscapes.get("three_bar_truss"), 200).cells
    reached = [record.gap <= 1e-6 * reference_gap(landscapes.get("three_bar_truss")) for record in records]
    assert np.mean(reached) > 0.8
