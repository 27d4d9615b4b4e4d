import re

import numpy as np
import pytest
from record_makers import bounds_of, descend, momentum, searching

from pytest_optlandscape import assert_equivalent
from pytest_optlandscape.records.perturbation import PerturbedProblem
from pytest_optlandscape.runs import Problem, record_training

EVERYWHERE = ["beale", "rosenbrock[10]", "booth", "rastrigin[4]", "ackley[5]", "adjiman", "sphere[40]"]


def test_reordered_additions_are_equivalent():
    assert_equivalent(descend, momentum(reordered=True), EVERYWHERE)
    assert_equivalent(descend, momentum(reordered=True))


@pytest.mark.parametrize("optimizer", ["scipy:Nelder-Mead", "scipy:BFGS", "scipy:differential_evolution"])
def test_an_optimizer_is_equivalent_to_itself(optimizer):
    assert_equivalent(optimizer, optimizer, EVERYWHERE, budget=200)


def test_parts_are_named():
    with pytest.raises(AssertionError) as caught:
        assert_equivalent(descend, momentum(momentum=0.9 + 1e-7), ["booth"])
    text = str(caught.value)
    found = re.search(r"part on booth at evaluation (\d+): \[.*\] and \[.*\] are (\S+) of the box apart", text)
    assert int(found[1]) == 3  # the first step has no momentum yet
    assert 1e-14 < float(found[2]) < 1e-6
    assert "record_makers:descend and record_makers:descend(momentum=0.9000001)" in text
    assert text.count("minimize('record_makers:descend") == 2


@pytest.mark.parametrize("change", [{"step": 1.001e-3}, {"momentum": 0.91}])
def test_changed_optimizers_part(change):
    with pytest.raises(AssertionError, match=r"part on beale at evaluation [23]:"):
        assert_equivalent(descend, momentum(**change))


def test_another_algorithm_parts():
    with pytest.raises(AssertionError, match="scipy:BFGS and scipy:L-BFGS-B part on beale at evaluation"):
        assert_equivalent("scipy:BFGS", "scipy:L-BFGS-B")


@pytest.mark.parametrize(("one", "other"), [(150, 149), (149, 150)])
def test_another_end_is_seen(one, other):
    said = rf"follow the same path on beale, but stop after {one + 1} and {other + 1} evaluations, although rounding"
    with pytest.raises(AssertionError, match=said):
        assert_equivalent(momentum(steps=one), momentum(steps=other))


def test_the_end_may_move_where_rounding_moves_it():
    def knife_edge(extra):
        def optimizer(problem):
            x = problem.x0
            steps = 20 if problem(x) == 14.203125 else 30
            for _ in range(steps + extra):
                problem(x)
            return x

        return optimizer

    assert_equivalent(knife_edge(0), knife_edge(1), ["beale"], n_starts=0)


def test_seeds_are_handed_on():
    def draws(fun, x0, bounds, rng):
        for _ in range(10):
            fun(rng.uniform(*np.transpose(bounds)))
        return x0

    assert_equivalent(draws, draws, seed=3)


def test_budget_is_kept():
    seen = []

    def watched(problem):
        seen.append(problem.budget)
        return descend(problem)

    assert_equivalent(watched, descend, ["beale"], budget=30)
    assert set(seen) == {30}


def test_nothing_evaluated_is_nothing_compared():
    def broken(problem):
        raise RuntimeError("not built")

    for pair in ((broken, broken), (descend, broken)):
        with pytest.raises(AssertionError, match=r"RuntimeError: not built.*nothing can be compared"):
            assert_equivalent(*pair)


def test_dithered_problem_is_off_by_a_unit():
    exact = Problem("rosenbrock", budget=50, seed=3)
    perturbed = PerturbedProblem(exact, np.random.default_rng(0))
    x = np.array([0.5, -1.0])
    off = [perturbed(x) for _ in range(20)]
    value = exact(x)
    assert set(off) == {value * (1.0 - 2.0**-52), value * (1.0 + 2.0**-52)}
    assert value not in off
    steps = (perturbed.gradient(x) - exact.gradient(x)) / np.spacing(np.abs(exact.gradient(x)))
    assert np.all((np.abs(steps) >= 0.5) & (np.abs(steps) <= 2.0))
    assert np.all(perturbed.x0 != exact.x0)
    assert np.allclose(perturbed.x0, exact.x0, rtol=1e-15)
    assert (perturbed.budget, perturbed.seed, perturbed.nfev) == (50, 3, 20)


def test_dithered_start_stays_inside():
    for seed in range(8):
        problem = Problem("adjiman", x0=[2.0, 1.0])
        assert np.all(PerturbedProblem(problem, np.random.default_rng(seed)).x0 <= bounds_of("adjiman")[1])


def test_the_result_prints_what_was_compared():
    same = assert_equivalent(descend, descend, ["beale", "booth"])
    assert (same.cells, same.identical, same.diverged, same.set_aside, same.largest) == (12, 12, 0, 0, 0.0)
    assert str(same).startswith("record_makers:descend and record_makers:descend follow the same path from 12 st")
    close = assert_equivalent(descend, momentum(reordered=True), ["beale", "booth"])
    assert close.identical < close.cells == 12
    assert 0.0 < close.largest < 10.0
    assert "× what rounding was seen to do apart" in str(close)


def test_by_itself_it_takes_the_landscapes_that_are_made_for_both():
    found = assert_equivalent("scipy:SLSQP", "scipy:SLSQP", n_starts=0)
    assert found.cells == 18  # two with constraints, none with noise
    assert assert_equivalent("scipy:SLSQP", "scipy:SLSQP", ["hs071"]).cells == 6


def test_a_difference_that_shows_from_the_bounds_alone_is_seen():
    def from_bounds(problem):
        on_bounds = np.any((problem.x0 == problem.bounds[:, 0]) | (problem.x0 == problem.bounds[:, 1]))
        return descend(problem, steps=150 + 5 * on_bounds)

    with pytest.raises(AssertionError, match="stop after 151 and 156 evaluations"):
        assert_equivalent(descend, from_bounds, ["beale"])
    assert_equivalent(descend, from_bounds, ["beale"], n_starts=0)


def test_another_result_on_the_same_path_is_seen():
    def returns_its_start(problem):
        descend(problem)
        return problem.x0

    with pytest.raises(AssertionError, match=r"follow the same path on booth, but return \["):
        assert_equivalent(descend, returns_its_start, ["booth"])


def test_ties_that_rounding_breaks_are_no_difference():
    found = assert_equivalent(searching(), searching(reordered=True), ["rastrigin[4]", "ackley[5]", "booth"])
    assert found.cells == 18


def test_single_precision_is_measured_in_its_own_units():
    def single(problem):
        x = problem.x0.astype(np.float32)
        for _ in range(50):
            problem(x)
            x = x - np.float32(1e-3) * problem.gradient(x.astype(float)).astype(np.float32)
        return x.astype(float)

    def double(problem):
        x = problem.x0
        for _ in range(50):
            problem(x)
            x = x - 1e-3 * problem.gradient(x)
        return x

    assert assert_equivalent(single, double, ["booth", "sphere[10]"]).identical == 0
    assert assert_equivalent(double, single, ["booth", "sphere[10]"]).identical == 0


def test_gradients_alone_equal_values_and_gradients():
    def steps(problem, asks=True):
        x = problem.x0
        for _ in range(20):
            if asks:
                problem(x)
            x = x - 1e-3 * problem.gradient(x)
        return x

    assert assert_equivalent(steps, lambda problem: steps(problem, False), ["booth"]).identical == 6


def test_values_are_told():
    with pytest.raises(AssertionError, match=r"\n  values: \d+\.\d+ and \d+\.\d+\n  replay: "):
        assert_equivalent(descend, momentum(step=1.01e-3), ["booth"])


@pytest.mark.parametrize("starts", [-1, 17, True])
def test_what_is_no_number_of_starts(starts):
    with pytest.raises(ValueError, match="n_starts is a number of Sobol' points from 0 to 16"):
        assert_equivalent(descend, descend, n_starts=starts)


def test_starts_is_the_earlier_name_of_their_number():
    assert assert_equivalent(descend, descend, ["booth"], starts=1) == assert_equivalent(
        descend, descend, ["booth"], n_starts=1
    )


def test_without_landscapes_nothing_is_equivalent():
    with pytest.raises(ValueError, match="no landscape is made for both"):
        assert_equivalent(descend, descend, [])


# Recorded trainings


def training(steps=30, rate=0.1, start=4.0, *, result=None, unit="evaluation", dtype=float, error=None, momentum=0.0):
    """Losses of a descent on x², of which single precision knows seven digits."""
    recorder = record_training(optimizer="descent", name="square")
    recorder._unit = unit
    with recorder:
        x, speed = dtype(start), dtype(0.0)
        for _ in range(steps):
            recorder.step(x * x)
            speed = dtype(momentum) * speed - dtype(rate) * 2 * x
            x = dtype(x + speed)
        recorder.result(x * x if result is None else result)
    if error:
        recorder.finish(error)
    return recorder.run


def test_a_training_is_equivalent_to_itself():
    found = assert_equivalent(training(), training())
    assert (found.first, found.cells, found.identical, found.evaluations) == ("descent", 1, 1, 30)
    assert "follow the same path from 1 start, 1 bit by bit; 30 evaluations compared" in str(found)


def test_rounding_is_no_difference_of_trainings():
    found = assert_equivalent(training(dtype=np.float32), training())
    assert (found.identical, found.diverged) == (0, 0)
    assert 0.0 < found.largest < 10.0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"rate": 0.1005},
            r"part on square at evaluation 2: 10\.24\d* and 10\.21\d* are 2\.0e-03 of .* apart; rounding",
        ),
        ({"start": 4.01}, "part on square at evaluation 1: 16.0 and"),
        ({"momentum": 0.01}, "part on square at evaluation 3"),
        ({"steps": 31}, "follow the same path on square, but stop after 30 and 31 evaluations, although"),
        (
            {"result": 0.5},
            r"follow the same path on square, but the losses of the final weights, 2.\d+e-05 and 0\.5, are",
        ),
    ],
)
def test_changed_trainings_part(change, said):
    with pytest.raises(AssertionError, match=f"^descent and descent {said}"):
        assert_equivalent(training(), training(**change))


def test_a_change_that_shows_at_small_losses_only_is_seen():
    """At a loss of 1e-8 of the first, a tenth more is a thousandth of their geometric mean."""

    def with_end(factor):
        with record_training() as recorder:
            for k in range(9):
                recorder.step(10.0**-k * (factor if k == 8 else 1.0))
        return recorder.run

    assert_equivalent(with_end(1.0), with_end(1.0 + 1e-6))
    with pytest.raises(AssertionError, match="at evaluation 9"):
        assert_equivalent(with_end(1.0), with_end(4.0))


def test_perturbed_trainings_measure_rounding():
    def chaotic(x):
        """Doubles a deviation at each step."""
        with record_training() as recorder:
            for _ in range(60):
                recorder.step(x)
                x = 4.0 * x * (1.0 - x)
        return recorder.run

    one, other = chaotic(0.3), chaotic(0.3 * (1.0 + 1e-15))
    with pytest.raises(AssertionError, match=r"rounding explains 1\.2e-07 \(one unit in the last place; perturbed="):
        assert_equivalent(one, other)
    perturbed = [chaotic(0.3 + k * 2.0**-54) for k in (-2, -1, 1, 2)]
    found = assert_equivalent(one, other, perturbed=perturbed)
    assert 20 < found.evaluations < 50
    with pytest.raises(AssertionError, match=r"part on training loss at evaluation \d+: .* explains \d\.\de-16\n"):
        assert_equivalent(one, chaotic(0.3 + 1e-12), perturbed=perturbed)


def test_epochs_without_a_loss_are_compared_by_what_they_lack():
    def validated(every):
        with record_training() as recorder:
            for k in range(6):
                recorder.step(1.0 / (k + 1) if k % every == 0 else np.nan)
            recorder.result(0.1)
        return recorder.run

    assert assert_equivalent(validated(2), validated(2)).identical == 1
    with pytest.raises(AssertionError, match=r"part on training loss at evaluation 3: .*nan are inf of"):
        assert_equivalent(validated(2), validated(3))


@pytest.mark.parametrize(
    ("second", "arguments", "kind", "said"),
    [
        ("scipy:BFGS", {}, TypeError, "compares two optimizers or two recorded trainings; second is 'scipy:BFGS'"),
        (training(), {"landscapes": ["beale"]}, TypeError, "landscapes does not apply to recorded trainings"),
        (training(), {"n_starts": 0}, TypeError, "n_starts does not apply"),
        (training(), {"perturbed": ["scipy:BFGS"]}, TypeError, r"perturbed\[0\] is 'scipy:BFGS'"),
        (training(unit="epoch"), {}, ValueError, "second has a loss per epoch, first has a loss per evaluation"),
        (record_training().run, {}, ValueError, "second: the training has not ended"),
        (training(0, result=0.0), {}, AssertionError, "evaluated nothing, so nothing can be compared"),
    ],
)
def test_trainings_that_cannot_be_compared(second, arguments, kind, said):
    with pytest.raises(kind, match=said):
        assert_equivalent(training(), second, **arguments)


def test_perturbed_runs_of_optimizers_are_made_and_not_given():
    with pytest.raises(TypeError, match="perturbed does not apply to optimizers"):
        assert_equivalent(descend, descend, perturbed=[training()])


def test_trainings_that_raise_at_the_same_loss_are_equivalent():
    raised = training(5, error=ArithmeticError("no"))
    assert assert_equivalent(raised, training(5, error=ArithmeticError("no"))).identical == 1
    with pytest.raises(AssertionError, match="stop after 5 and 30 evaluations"):
        assert_equivalent(raised, training())
