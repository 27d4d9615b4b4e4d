import re

import numpy as np
import pytest
from verdicts_helpers import bounds_of, descend, momentum

from pytest_optlandscape import assert_equivalent
from pytest_optlandscape.runs import Problem
from pytest_optlandscape.verdicts.dithering import DitheredProblem

EVERYWHERE = ["beale", "rosenbrock[10]", "booth", "rastrigin[4]", "ackley[5]", "adjiman", "sphere[40]"]


def test_reordered_additions_are_equivalent():
    assert_equivalent(descend, momentum(reordered=True), EVERYWHERE)
    assert_equivalent(descend, momentum(reordered=True))


@pytest.mark.parametrize("optimizer", ["scipy:Nelder-Mead", "scipy:BFGS", "scipy:differential_evolution"])
def test_an_optimizer_is_equivalent_to_itself(optimizer):
    assert_equivalent(optimizer, optimizer, EVERYWHERE)


def test_parts_are_named():
    with pytest.raises(AssertionError) as caught:
        assert_equivalent(descend, momentum(momentum=0.9 + 1e-7), ["booth"])
    text = str(caught.value)
    found = re.search(r"part on booth at evaluation (\d+): \[.*\] and \[.*\] are (\S+) of the box apart", text)
    assert int(found[1]) == 3  # the first step has no momentum yet
    assert 1e-14 < float(found[2]) < 1e-6
    assert "verdicts_helpers:descend and verdicts_helpers:descend(momentum=0.9000001)" in text
    assert text.count("minimize('verdicts_helpers:descend") == 2


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

    assert_equivalent(knife_edge(0), knife_edge(1), ["beale"])


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


def test_dithered_problem_is_off_by_one_unit():
    exact = Problem("rosenbrock", budget=50, seed=3)
    dithered = DitheredProblem(exact, np.random.default_rng(0))
    x = np.array([0.5, -1.0])
    off = [dithered(x) for _ in range(20)]
    value = exact(x)
    assert set(off) == {np.nextafter(value, -np.inf), np.nextafter(value, np.inf)}
    steps = (dithered.gradient(x) - exact.gradient(x)) / np.spacing(np.abs(exact.gradient(x)))
    assert np.all((np.abs(steps) >= 0.5) & (np.abs(steps) <= 1.0))
    assert np.all(dithered.x0 != exact.x0)
    assert np.allclose(dithered.x0, exact.x0, rtol=1e-15)
    assert (dithered.budget, dithered.seed, dithered.nfev) == (50, 3, 20)


def test_dithered_start_stays_inside():
    for seed in range(8):
        problem = Problem("adjiman", x0=[2.0, 1.0])
        assert np.all(DitheredProblem(problem, np.random.default_rng(seed)).x0 <= bounds_of("adjiman")[1])
