"""Runs that are stepped together are those that would be made one by one, bit by bit; else they are made one by one."""

import dataclasses
import time
import warnings
from dataclasses import dataclass, field

import numpy as np
import pytest

from pytest_optlandscape import Problem, landscapes
from pytest_optlandscape.optimizers.protocol import Adapter, Interruption
from pytest_optlandscape.optimizers.stepping import descend, descend_in_lockstep
from pytest_optlandscape.records import run_baseline, run_landscape
from pytest_optlandscape.records.perturbation import PerturbedProblem
from pytest_optlandscape.runs import execute_all, execute_in_lockstep, execute_together
from pytest_optlandscape.runs import lockstep as together
from pytest_optlandscape.runs.lockstep import FIRST_STEPS, MOST
from pytest_optlandscape.strategies import cells

BUDGET = 120


@dataclass(frozen=True)
class Momentum(Adapter):
    """Gradient descent with momentum, on any number of runs; `doing` is done to the rows of points and gradients."""

    spec: str = "test:momentum"
    uses_gradient: bool = True
    rate: float = 1e-6
    doing: object = staticmethod(lambda step, x, gradients: gradients)
    interruption: Interruption | None = None
    calls: list = field(default_factory=list, compare=False)

    def stepper(self, starts):
        x, velocity, steps = starts, np.zeros_like(starts), 0

        def step(values, gradients):
            nonlocal x, velocity, steps
            velocity = 0.9 * velocity - self.rate * self.doing(steps, x, np.atleast_2d(gradients))
            x, steps = x + velocity, steps + 1
            return x

        return step

    def minimize(self, problem):
        self.calls.append(1)
        step = self.stepper(problem.x0[np.newaxis])
        return descend(problem, problem.x0, lambda value, gradient: step([value], gradient)[0])

    def in_lockstep(self):
        return (self.together,)

    def together(self, problems):
        self.calls.append(len(problems))
        starts = np.array([problem.x0 for problem in problems])
        return descend_in_lockstep(problems, starts, self.stepper(starts))


def problems(name="beale", budget=BUDGET, **settings):
    landscape = landscapes.get(name)
    return [Problem(landscape, cell.x0, budget=budget, seed=cell.seed, **settings) for cell in cells(landscape)]


def bits(runs):
    return [
        (
            *(part.tobytes() for part in run.evaluated),
            run.x.tobytes(),
            (run.nfev, run.njev, run.stop_reason, run.message, run.warnings, run.side_effects),
            (run.optimizer, run.seed, run.budget, run.landscape.id),
        )
        for run in runs
    ]


def one_by_one(adapter, some):
    return execute_all(adapter, [problem.again() for problem in some])


def assert_made_one_by_one(adapter, some):
    expected = bits(one_by_one(adapter, some))
    assert execute_in_lockstep(adapter, [problem.again() for problem in some]) == []
    assert bits(execute_together(adapter, some)) == expected


def test_same_runs_in_few_steps():
    adapter = Momentum()
    runs = execute_together(adapter, problems())
    count = len(runs)
    # The first steps of all, and of four alone; all whole runs, and one alone.
    assert adapter.calls == [count, *[1] * 4, count, 1]
    assert bits(runs) == bits(one_by_one(adapter, problems()))
    assert {run.stop_reason for run in runs} == {"budget"}
    assert bits([runs[3].replay()]) == bits(runs[3:4])


def test_the_time_of_all_is_shared():
    runs = execute_together(Momentum(), problems())
    assert len({run.wall_time for run in runs}) == 1
    assert runs[0].wall_time > 0.0


@pytest.mark.parametrize("name", ["rosenbrock[10]", "sphere[40]", "noisy_sphere[2]"])
def test_other_landscapes(name):
    adapter = Momentum()
    runs = execute_in_lockstep(adapter, problems(name))
    assert bits(runs) == bits(one_by_one(adapter, problems(name)))
    assert runs


def test_runs_end_when_they_would_alone():
    """Of different budgets, and where points are no longer finite."""
    some = [problem.again(BUDGET + 7 * k) for k, problem in enumerate(problems("goldstein_price"))]
    adapter = Momentum(rate=2e-5)
    runs = execute_in_lockstep(adapter, some)
    assert bits(runs) == bits(one_by_one(adapter, some))
    assert {run.stop_reason for run in runs} == {"budget", "non-finite"}
    assert len({run.nfev for run in runs if run.stop_reason == "budget"}) > 3


def test_many_runs_go_in_groups():
    adapter = Momentum()
    some = [problem for _ in range(4) for problem in problems()]
    runs = execute_together(adapter, some)
    assert len(runs) == len(some)
    assert max(adapter.calls) == MOST
    assert bits(runs) == bits(one_by_one(adapter, some))


def clipped(step, x, gradients, norm=10.0):
    """Clip by the norm over all that is stepped together."""
    return gradients * min(1.0, norm / max(np.linalg.norm(gradients), 1e-300))


def clipped_late(step, x, gradients):
    return clipped(step, x, gradients, 1e-3) if step >= BUDGET - 10 and len(x) > 1 else gradients


def skipped_where_one_is_far(step, x, gradients):
    """Like a scaled loss: no step at all where one gradient is too large."""
    return gradients if np.abs(gradients).max() < 200.0 else 0.0 * gradients


def first_is_special(step, x, gradients):
    return np.concatenate([2.0 * gradients[:1], gradients[1:]])


def last_is_special(step, x, gradients):
    return np.concatenate([gradients[:-1], 2.0 * gradients[-1:]]) if len(x) > 1 else gradients


def noise_for_each(step, x, gradients):
    return gradients + np.random.default_rng(step).normal(size=gradients.shape)


def off_by_rounding(step, x, gradients):
    return gradients * (1.0 + 2.0**-52 * (len(x) > 1))


def raises_for_many(step, x, gradients):
    if len(x) > 1 and step == 50:
        raise RuntimeError("one run at a time, please")
    return gradients


def refuses_many(step, x, gradients):
    if len(x) > 1:
        raise SystemExit(3)
    return gradients


def raises_alone_too(step, x, gradients):
    if step == 60 and (x[:, 0] > 2.0).any():
        raise RuntimeError("too far")
    return gradients


COUPLED = [
    clipped,
    clipped_late,
    skipped_where_one_is_far,
    first_is_special,
    last_is_special,
    noise_for_each,
    off_by_rounding,
    raises_for_many,
    refuses_many,
    raises_alone_too,
]


@pytest.mark.parametrize("doing", COUPLED, ids=lambda doing: doing.__name__)
def test_what_couples_runs_is_found(doing):
    assert_made_one_by_one(Momentum(doing=doing), problems())


def test_another_way_may_do():
    class Ways(Momentum):
        def in_lockstep(self):
            return (Momentum(doing=clipped).together, self.together)

    assert bits(execute_in_lockstep(Ways(), problems())) == bits(one_by_one(Ways(), problems()))
    assert execute_in_lockstep(Ways(), problems())


@pytest.mark.parametrize("some", [lambda: problems()[:3], lambda: problems(budget=4 * FIRST_STEPS - 1), list])
def test_few_or_short_runs_are_made_one_by_one(some):
    adapter = Momentum()
    assert bits(execute_together(adapter, some())) == bits(one_by_one(adapter, some()))
    assert set(adapter.calls) <= {1}


class TestWarnings:
    def test_of_every_run_are_those_of_each(self):
        def doing(step, x, gradients):
            warnings.warn("always", RuntimeWarning, stacklevel=1)
            return gradients

        runs = execute_in_lockstep(Momentum(doing=doing), problems())
        assert {run.warnings for run in runs} == {("RuntimeWarning: always",)}

    @pytest.mark.parametrize("at", [5, 55])
    def test_of_one_run_are_its_own(self, at):
        there = one_by_one(Momentum(), problems()[3:4])[0].trace.x[at]

        def doing(step, x, gradients):
            if (x == there).all(axis=1).any():
                warnings.warn("there", RuntimeWarning, stacklevel=1)
            return gradients

        assert_made_one_by_one(Momentum(doing=doing), problems())
        runs = execute_together(Momentum(doing=doing), problems())
        assert [k for k, run in enumerate(runs) if run.warnings] == [3]


def test_a_hanging_step_costs_one_time_limit_more():
    def doing(step, x, gradients):
        while len(x) > 1 and step == 40:
            time.sleep(0.01)
        return gradients

    some = problems(time_limit=1.0)
    assert_made_one_by_one(Momentum(doing=doing), some[:5])


@pytest.mark.parametrize(("limit", "expected"), [(None, 22), (1e6, 22), (60.0, 11), (1e-9, 0)])
def test_slow_steps_are_taken_by_fewer_runs(limit, expected):
    """So that the runs together end well within the time limit of one: 22 runs take 30 s here."""
    some = problems(time_limit=limit)
    first_steps = one_by_one(Momentum(), [problem.again(FIRST_STEPS) for problem in problems()])
    timed = [dataclasses.replace(run, wall_time=30.0 / 22 * FIRST_STEPS / BUDGET) for run in first_steps]
    assert len(timed) == 22
    assert together._as_many_as_end_in_time(Momentum(), some, timed) == expected


def test_side_effects_belong_to_one_run(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    def doing(step, x, gradients):
        monkeypatch.chdir("/")
        return gradients

    assert_made_one_by_one(Momentum(doing=doing), problems())


class TestAgain:
    def trace(self, problem):
        x, rng = problem.x0, problem.rng
        for _ in range(3):
            problem.fun(x), problem.gradient(x)
            x = x - 0.01 * problem.gradient(x) + 1e-3 * rng.normal(size=2)
        points, values = problem.evaluated()
        return points.tolist(), values.tolist()

    @pytest.mark.parametrize("units", [1, 40])
    def test_dithered(self, units):
        rng = np.random.default_rng([7, 1])
        exact = Problem("beale", [0.1, 0.2], budget=20, seed=7)
        some, traces = [], []
        for _ in range(3):
            some.append(PerturbedProblem(exact, rng, units=units))
            traces.append(self.trace(some[-1]))
        assert [self.trace(problem.again()) for problem in some] == traces
        assert traces[0] != traces[1]
        assert (some[1].again(5).budget, some[1].again(5).x0.tolist()) == (5, some[1].x0.tolist())

    def test_all_settings(self):
        box = [[-1.0, 4.0], [-2.0, 2.0]]
        problem = Problem("beale", [0.5, 0.5], bounds=box, budget=9, seed=3, time_limit=2.0)
        again = problem.again()
        assert (again.bounds.tolist(), again.budget, again.seed, again.time_limit) == (box, 9, 3, 2.0)
        assert again.x0.tolist() == [0.5, 0.5]


@pytest.mark.parametrize(("run", "name"), [(run_landscape, "beale"), (run_baseline, "rosenbrock[3]")])
def test_records_are_those_of_runs_one_by_one(run, name):
    adapter, alone = Momentum(), Momentum()
    object.__setattr__(alone, "in_lockstep", tuple)
    landscape = landscapes.get(name)
    records = [run(one, landscape, BUDGET).to_plain() for one in (adapter, alone)]
    assert records[0] == records[1]
    assert max(adapter.calls) > 1
    assert set(alone.calls) == {1}


def test_a_comparison_with_a_baseline_gives_a_hanging_optimizer_up():
    """The first cells are run by themselves, once the runs together have hung."""

    def doing(step, x, gradients):
        while True:
            time.sleep(0.01)

    landscape = landscapes.get("beale")
    before = run_landscape(Momentum(), landscape, BUDGET)
    adapter = Momentum(doing=doing, time_limit=0.2)
    record = run_landscape(adapter, landscape, BUDGET, before)
    assert [cell.was_stopped_by_time for cell in record.cells] == [True] * len(record.cells)
    assert adapter.calls == [len(record.cells), 1, 1, 1]
