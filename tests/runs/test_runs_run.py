import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from runs_helpers import bowl

from pytest_optlandscape import landscapes, minimize
from pytest_optlandscape.runs import digits_of


def visiting(*points):
    def optimizer(problem):
        for x in points:
            problem(x)
        return points[-1]

    return optimizer


def line(*values):
    return minimize(visiting(*[[value] for value in values]), bowl(lambda x: float(x[0] ** 2), dim=1))


def test_hits_count_evaluations():
    run = line(3.0, 2.0, 2.5, 1.0, 0.0)
    assert run.trace.gap.tolist() == [9.0, 4.0, 4.0, 1.0, 0.0]
    hits = {9.5: 1, 9.0: 1, 8.9: 2, 4.0: 2, 3.9: 4, 1.0: 4, 0.5: 5, 0.0: 5, math.inf: 1}
    assert {gap: run.hit(gap) for gap in hits} == hits


def test_unreached_target_is_never_hit():
    assert line(3.0, 2.0).hit(1.0) == math.inf
    assert minimize(lambda problem: 1 / 0, "beale").hit(1e9) == math.inf


def test_infeasible_evaluations_do_not_count():
    landscape = bowl(lambda x: float(-x[0]), dim=1, minimizers=[[4.0]], fmin=-4.0)
    run = minimize(visiting([5.0], [3.0], [9.0], [3.5], [6.0]), landscape)
    assert run.trace.gap.tolist() == [math.inf, 1.0, 1.0, 0.5, 0.5]
    assert (run.gap, run.hit(0.75), run.hit(0.25)) == (0.5, 4, math.inf)
    assert run.result_gap == math.inf


def test_edges_of_the_box_count_up_to_rounding():
    landscape = bowl(lambda x: float(-x[0]), dim=1, minimizers=[[4.0]], fmin=-4.0)
    assert minimize(visiting([np.nextafter(4.0, 5.0)]), landscape).gap == 0.0
    assert minimize(visiting([4.0 + 1e-12]), landscape).gap == math.inf


def test_gap_below_rounding_of_the_minimum_is_zero():
    landscape = bowl(lambda x: float(x @ x), fmin=1e-9)
    assert minimize(visiting([0.0, 0.0]), landscape).gap == 0.0


@pytest.mark.parametrize("gap", [-1e-9, -1.0, math.nan, -math.inf])
def test_gap_is_not_negative(gap):
    with pytest.raises(ValueError, match="a gap is not negative, got"):
        line(1.0).hit(gap)


@settings(deadline=None)
@given(st.lists(st.floats(-4, 4), min_size=1, max_size=30), st.floats(0, 20))
def test_hit_by_definition(values, target):
    run = line(*values)
    below = [k for k, value in enumerate(values, start=1) if value**2 <= target]
    assert run.hit(target) == (below[0] if below else math.inf)
    assert run.gap == min(value**2 for value in values)


def test_digits():
    assert digits_of(1e-300) == 16.0
    assert digits_of(100.0) == -2.0
    assert digits_of(math.inf) == digits_of(math.nan) == -math.inf


@pytest.mark.parametrize("optimizer", ["scipy:L-BFGS-B", "scipy:differential_evolution", "scipy:dual_annealing"])
def test_replay_is_the_same_run(optimizer):
    run = minimize(optimizer, "beale", x0=[0.1, 0.2], bounds=[(0, 4), (0, 1)], budget=150, seed=7)
    again = run.replay()
    assert np.array_equal(run.trace.x, again.trace.x)
    assert np.array_equal(run.trace.fun, again.trace.fun)
    assert np.array_equal(run.x, again.x)
    assert str(run) == str(again)
    assert run.command() == again.command()


@pytest.mark.parametrize(
    "given",
    [
        {"landscape": "beale"},
        {"landscape": "rosenbrock[5]", "x0": [0.1, -1 / 3, 1e-17, 2, 0], "budget": 77, "seed": 3},
        {"landscape": "beale", "bounds": [(0, 4), (0, 1 / 3 + 0.5)], "x0": "article"},
    ],
)
def test_command_repeats_the_run(given):
    run = minimize("scipy:dual_annealing(maxiter=20)", **given)
    again = eval(run.command(), {"minimize": minimize, "landscapes": landscapes})
    assert np.array_equal(run.trace.x, again.trace.x)
    assert (run.command(), run.stop_reason) == (again.command(), again.stop_reason)


def test_pickled_run_loses_its_optimizer():
    run = minimize(visiting([2.0, 2.0], [1.0, 1.0]), "beale")
    copy = pickle.loads(pickle.dumps(run))
    assert (copy.hit(100.0), copy.gap, copy.x.tolist()) == (run.hit(100.0), run.gap, [1.0, 1.0])
    assert copy.command() == run.command()
    assert copy.landscape is run.landscape
    with pytest.raises(ValueError, match="does not carry its optimizer; repeat it with minimize") as caught:
        copy.replay()
    assert run.command() in str(caught.value)
    assert run.replay().x.tolist() == [1.0, 1.0]


@pytest.mark.usefixtures("catalogue_as_before")
def test_run_on_a_registered_landscape_survives_pickling():
    landscape = landscapes.register(bowl(lambda x: float(x @ x)))
    run = minimize("scipy:Powell", landscape)
    copy = pickle.loads(pickle.dumps(run))
    assert copy.landscape is landscape
    again = eval(copy.command(), {"minimize": minimize, "landscapes": landscapes})
    assert np.array_equal(again.trace.x, run.trace.x)


def test_table_goes_from_first_to_last():
    run = line(*np.linspace(4.0, 1.0, 50))
    rows = run.table().splitlines()
    assert rows[0].split() == ["evaluations", "gap"]
    assert rows[1].split() == ["1", "16"]
    assert rows[-1].split() == ["50", "1"]
    assert len(rows) <= 9
    assert line(2.0).table().splitlines()[1:] == ["            1          4"]
    assert minimize(lambda problem: 1 / 0, "beale").table() == "  (no evaluation was made)"


def test_text():
    run = line(2.0, 1.0)
    assert str(run).endswith("on bowl: returned after 2 evaluations, gap 1, distance 1")
