"""Defects that show at limits only: at a call limit, on the bounds, and in runs that diverge.

Each is an optimizer and the same one with a defect as it was seeded in real projects, where the suites of regression
tests missed it. The suites quick and standard cannot see the first two: hardly any of their runs gets to a call limit.
"""

import dataclasses
import functools

import numpy as np
import pytest
from thorough import thorough

from pytest_optlandscape import landscapes
from pytest_optlandscape.comparison import Verdict, compare_landscape, compare_optimizer
from pytest_optlandscape.comparison.criteria import ESCAPE
from pytest_optlandscape.optimizers import get
from pytest_optlandscape.records import measure_suite, run_baseline, run_landscape
from pytest_optlandscape.suites.selection import read_selection


def barzilai_borwein(fun, x0, jac, bounds, maxfev, *, returns="best", overruns=0):
    """Gradient steps of Barzilai and Borwein that go up and down; with a limit of calls of its own."""
    lower, upper = np.transpose(bounds)
    x = np.array(x0)
    seen, old = [], None
    while len(seen) < maxfev + overruns:
        seen.append((fun(x), len(seen), x))
        slope = jac(x)
        if np.linalg.norm(slope) < 1e-6 or (old is not None and np.array_equal(old[0], x)):
            break
        step = 0.01 / (1.0 + np.linalg.norm(slope))
        if old is not None and (x - old[0]) @ (slope - old[1]) > 0.0:
            step = min((x - old[0]) @ (x - old[0]) / ((x - old[0]) @ (slope - old[1])), 1.0)
        old, x = (x, slope), np.clip(x - step * slope, lower, upper)
    ended_by_itself = len(seen) < maxfev
    return min(seen)[2] if returns == "best" or ended_by_itself else seen[-1][2]


def verdict(before, now, words, budget=200):
    """What a suite says of an optimizer that has changed."""
    selection = read_selection(words)
    comparisons = []
    for landscape in selection.landscapes:
        starts = [cell.start for cell in selection.cells_of(landscape)]
        accepted = run_baseline(get(before), landscape, budget * landscape.dim, starts)
        record = run_landscape(get(now), landscape, budget * landscape.dim, accepted, starts)
        comparisons.append(compare_landscape(record, accepted, landscapes=len(selection.landscapes), takes_bounds=True))
    return compare_optimizer("mine:minimize", comparisons)


EASY = "ellipsoid_1e6[5] trid[6] sphere[10] himmelblau booth"


@pytest.mark.parametrize(
    ("defect", "expected"),
    [({"returns": "last"}, Verdict.WORSE), *thorough(({"overruns": 1}, Verdict.WORSE))],
    ids=["returns-last-at-the-limit", "overruns-the-limit"],
)
def test_defects_at_a_call_limit(defect, expected):
    now = functools.partial(barzilai_borwein, **defect)
    usual = verdict(barzilai_borwein, now, EASY)
    assert usual.verdict == Verdict.SAME  # every run ends by itself before its budget is spent
    assert verdict(barzilai_borwein, now, f"{EASY} limits").verdict == expected


def steepest(problem, *, clip):
    """Gradient descent whose rate is too large everywhere, which clips gradients, and is not told the bounds."""
    x = np.array(problem.x0)
    for _ in range(60):
        slope = problem.gradient(x)
        x = x - 1.5 * slope * min(1.0, clip / max(np.linalg.norm(slope), 1e-12))
    return x


def test_a_defect_of_an_optimizer_that_diverges():
    """Gradients are not clipped any more, while nothing but rubbish comes out: no target is reached either way."""
    words = "booth sphere[10] trid[6]"
    selection = read_selection(words)
    adapters = [
        dataclasses.replace(get(functools.partial(steepest, clip=clip)), takes_bounds=False) for clip in (1e6, 1e30)
    ]
    compared = []
    for landscape in selection.landscapes:
        before, worse = (run_landscape(adapter, landscape, 200) for adapter in adapters)
        comparison = compare_landscape(worse, before, landscapes=3)
        compared.append(comparison)
        assert comparison.verdict == Verdict.WORSE
        assert {finding.metric for finding in comparison.findings} == {"escape"}  # nothing else tells the two apart
        assert "where it diverges" in str(comparison.findings[0])
        back = compare_landscape(before, worse, landscapes=3)
        assert back.verdict == Verdict.BETTER
    assert compare_optimizer("mine:minimize", compared).verdict == Verdict.WORSE


def test_escape_is_asked_of_runs_that_diverge_only():
    for record in measure_suite("scipy:BFGS", "booth beale"):
        assert np.isnan([ESCAPE.difference(record, cell, cell) for cell in record.cells]).all()


def clipping(fun, x0, jac, bounds, maxfev, *, frees=True):
    """Gradient descent in a box; with the defect it gives its last step back when no variable is left that is free."""
    lower, upper = np.transpose(bounds)
    x = np.array(x0)
    for k in range(min(maxfev, 80)):
        fun(x)
        slope = jac(x)
        step = 0.3 * (upper - lower) * slope / max(np.abs(slope).max(), 1e-12) / np.sqrt(1 + k)
        old, x = x, np.clip(x - step, lower, upper)
        is_free = (x > lower) & (x < upper)
        if not is_free.any() and k > 0:
            return x if frees else old
    return x


@pytest.mark.thorough
def test_a_defect_at_the_bounds_shows_in_the_suite_limits():
    now = functools.partial(clipping, frees=False)
    assert verdict(clipping, now, EASY).verdict == Verdict.SAME
    assert verdict(clipping, now, "limits -goldstein_price").verdict != Verdict.SAME


def test_landscapes_of_the_suite_limits_have_active_bounds():
    active = [landscapes.get(name) for name in ("adjiman", "bbob_f05_linear_slope[5]")]
    assert {one.id for one in active} <= {one.id for one in read_selection("limits").landscapes}
    assert all("active-bounds" in one.tags for one in active)
