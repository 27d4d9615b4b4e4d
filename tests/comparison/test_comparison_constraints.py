import dataclasses
import re

import numpy as np
import pytest
import scipy
from record_makers import record as unconstrained

from pytest_optlandscape import landscapes
from pytest_optlandscape.comparison import Verdict, compare_landscape, compare_optimizer
from pytest_optlandscape.comparison.criteria import METRICS, metrics_on
from pytest_optlandscape.optimizers import get
from pytest_optlandscape.records import CellRecord, LandscapeRecord
from pytest_optlandscape.records.build_records import record_of
from pytest_optlandscape.records.measuring import run_baseline, run_cell, run_landscape
from pytest_optlandscape.records.targets import reference_gap
from pytest_optlandscape.report import outcome
from pytest_optlandscape.suites.catalogue import cells


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


BIRD = landscapes.get("mishra_bird_disk")


def looking(times):
    """SLSQP, which looks at the constraints that many times at each point, all the same."""

    def optimizer(problem):
        (disk,) = problem.constraints

        def repeated(x):
            return [disk.fun(x) for _ in range(times)][-1]

        again = scipy.optimize.NonlinearConstraint(repeated, disk.lb, disk.ub, jac=disk.jac)
        options = {"bounds": problem.bounds, "constraints": [again], "method": "SLSQP"}
        return scipy.optimize.minimize(problem, problem.x0, jac=problem.gradient, **options)

    return dataclasses.replace(get(optimizer), spec="mine:looking", takes_constraints=True)


@pytest.fixture(scope="module")
def accepted():
    return run_baseline(looking(5), BIRD, 200)


def judged(accepted, times):
    return compare_landscape(run_landscape(looking(times), BIRD, 200, accepted), accepted, landscapes=20)


@pytest.mark.parametrize(
    ("times", "verdict", "said"),
    [
        (50, Verdict.WORSE, "more evaluations of constraints"),
        (1, Verdict.BETTER, "fewer evaluations of constraints"),
    ],
)
def test_evaluations_of_constraints_are_a_criterion(accepted, times, verdict, said):
    """The objective is evaluated at the same points, bit by bit, as in COBYQA 1.1.4, whose calls are a tenth."""
    found = judged(accepted, times)
    assert (found.verdict, [finding.metric for finding in found.findings]) == (verdict, ["constraint_evaluations"])
    assert said in str(found.findings[0])
    assert {where for _, where in found.diverged} == {"the evaluations of constraints"}
    whole = compare_optimizer("mine:looking", [found, same_elsewhere()])
    assert (whole.verdict, [finding.metric for finding in whole.findings]) == (verdict, ["constraint_evaluations"])
    (one,), first, other = outcome([whole])["optimizers"], *outcome([whole])["optimizers"][0]["landscapes"]
    assert first["constraint_evaluations"] == found.now.constraint_evaluations > 0
    assert "constraint_evaluations" not in other
    assert said in str(one)


def same_elsewhere():
    made = unconstrained()
    return compare_landscape(made, made, landscapes=20)


def test_a_few_evaluations_of_constraints_more_are_a_change(accepted):
    cells = tuple(dataclasses.replace(one, constr_njev=one.constr_njev + 1, average=None) for one in accepted.cells)
    plain = tuple(dataclasses.replace(one, average=None) for one in accepted.cells)
    before = dataclasses.replace(accepted, cells=plain)
    found = compare_landscape(dataclasses.replace(accepted, cells=cells), before, landscapes=20)
    assert (found.verdict, found.findings) == (Verdict.CHANGED, ())


def test_unchanged_evaluations_are_the_same(accepted):
    assert judged(accepted, 5).fingerprint == "identical"


def test_a_baseline_from_before_they_were_counted_is_not_compared(accepted):
    facts = {key: value for key, value in accepted.definition.items() if key != "constraints"}
    old = dataclasses.replace(accepted, definition=facts)
    found = compare_landscape(accepted, old, landscapes=20)
    assert (found.verdict, found.reason) == (Verdict.NOT_COMPARABLE, "constraints None is now 1")


def test_records_hold_them(accepted):
    text = accepted.cells[1].to_text()
    again = CellRecord.from_text(text)
    assert again == accepted.cells[1]
    assert (again.constr_nfev > 0, again.constr_njev > 0) == (True, True)
    assert f" c{again.constr_nfev}/{again.constr_njev} " in text
    assert again.average.constraint_evaluations > 0.0
    assert LandscapeRecord.from_plain(accepted.to_plain()) == accepted


def test_without_constraints_it_is_no_criterion_and_nothing_is_stored():
    record = run_baseline(get("scipy:SLSQP"), landscapes.get("booth"), 100)
    assert {metric.name for metric in METRICS} - {metric.name for metric in metrics_on([record])} == {
        "constraint_evaluations"
    }
    assert not [cell for cell in record.cells if re.search(r" c\d+/\d+ |/c[\d.]+( |$)", cell.to_text())]
    assert "constraints" not in record.definition


@pytest.mark.parametrize(
    ("of_objective", "of_constraints", "verdict"),
    [(1.5, 1.5, Verdict.CHANGED), (1.5, 5.0, Verdict.WORSE), (1.0, 1.5, Verdict.WORSE)],
)
def test_precision_buys_as_many_evaluations_of_constraints_as_of_the_objective(
    accepted, of_objective, of_constraints, verdict
):
    dearer = [
        dataclasses.replace(
            cell,
            nfev=round(of_objective * cell.nfev),
            njev=round(of_objective * cell.njev),
            constr_nfev=round(of_constraints * cell.constr_nfev),
            constr_njev=round(of_constraints * cell.constr_njev),
            gap=1e-6,
            average=None,
            batches=(),
            trace="ffff0000",
        )
        for cell in accepted.cells
    ]
    imprecise = dataclasses.replace(
        accepted, cells=tuple(dataclasses.replace(cell, gap=1e-2, average=None, batches=()) for cell in accepted.cells)
    )
    comparison = compare_landscape(dataclasses.replace(accepted, cells=tuple(dearer)), imprecise, landscapes=1)
    assert any(not finding.is_worse for finding in comparison.findings)
    assert comparison.verdict == verdict
