"""What a baseline would see, by putting defects into its records."""

import dataclasses
import math

import pytest
from record_makers import record

from pytest_optlandscape import landscapes
from pytest_optlandscape.comparison import Verdict, compare_landscape, compare_optimizer
from pytest_optlandscape.comparison.power import DEFECTS, power_of
from pytest_optlandscape.optimizers import get
from pytest_optlandscape.records import run_baseline, run_landscape
from pytest_optlandscape.records.landscape_record import Descent
from pytest_optlandscape.report.power import power_lines

SUITE = [landscapes.get(name) for name in ("beale", "booth", "himmelblau", "sphere[5]", "trid[6]")]


def gradient_descent(problem, *, repeats=1, steps=60, rate=0.02):
    """Normalised gradient descent that evaluates each point several times."""
    x = problem.x0
    for k in range(steps):
        for _ in range(repeats):
            problem(x)
        slope = problem.gradient(x)
        lower, upper = problem.bounds.T
        x = lower + (x - lower)
        x = x - rate * 0.93**k * (upper - lower) * slope / max(abs(slope).max(), 1e-12)
    return x


def search(problem, *, draws=40):
    """Random search around the best point, with ever smaller steps."""
    lower, upper = problem.bounds.T
    best = problem.x0
    value = problem(best)
    for k in range(draws):
        x = best + problem.rng.normal(size=problem.dim) * (upper - lower) * 0.2 * 0.8**k
        new = problem(x)
        if new < value:
            best, value = x, new
    return best


def power(optimizer, suite=SUITE, budget=400, **keywords):
    adapter = get(optimizer)
    records = [run_baseline(adapter, landscape, budget) for landscape in suite]
    told = {"is_stochastic": adapter.is_stochastic, "takes_bounds": adapter.takes_bounds, **keywords}
    return power_of(adapter.spec, records, **told)


def lines(power, **keywords):
    told = {"per_dimension": 200, "is_global": False, "is_stochastic": False, **keywords}
    return power_lines(power, **told)


def test_a_good_optimizer_is_seen_well():
    found = power("scipy:L-BFGS-B")
    assert not found.is_low
    assert found.seen["slower"] <= 0.05
    assert found.seen["less_precise"] <= 1.0
    assert found.seen["failing"] <= 0.2
    assert found.successes > 0.7 * found.runs == 0.7 * (22 + 4 * 21)
    said = lines(found)
    assert said[0].startswith("scipy:L-BFGS-B: what this baseline sees: ")
    assert max(map(len, said)) <= 80
    assert "more evaluations" in " ".join(said)


def test_sizes_are_in_order_and_found_by_asking_few():
    for sizes in DEFECTS.values():
        assert list(sizes) == sorted(sizes)
    records = [record("booth", seed=1), record("beale", seed=2)]
    once, again = (power_of("a:b", records, is_stochastic=False, takes_bounds=True) for _ in range(2))
    assert once == again


@pytest.mark.parametrize("repeats", [2])
def test_what_is_said_to_be_seen_is_seen(repeats):
    """Put the defect into the optimizer instead of its records: twice the evaluations are seen, as was said."""
    adapter = get(gradient_descent)
    accepted = [run_baseline(adapter, landscape, 400) for landscape in SUITE]
    said = power_of("a:b", accepted, is_stochastic=False, takes_bounds=False)
    assert said.seen["slower"] <= 1.0

    def slower(problem):
        return gradient_descent(problem, repeats=repeats)

    compared = [
        compare_landscape(run_landscape(get(slower), landscape, 400), before, landscapes=len(SUITE))
        for landscape, before in zip(SUITE, accepted, strict=True)
    ]
    assert compare_optimizer("a:b", compared).verdict == Verdict.WORSE


def test_random_numbers_make_small_defects_harder_to_see():
    found = power(search, SUITE[:2])
    as_if_drawn_alike = power(search, SUITE[:2], is_stochastic=False)
    largest = math.inf
    sizes = [one.seen["slower_somewhere"] or largest for one in (found, as_if_drawn_alike)]
    assert sizes[0] >= sizes[1]
    assert found.seen["slower"] is None or found.seen["slower"] >= as_if_drawn_alike.seen["slower"]


def ends_at_once(problem):
    for _ in range(6):
        problem(problem.x0)
    return problem.x0


def diverges(problem):
    x = problem.x0
    for _ in range(50):
        x = x - 3.0 * problem.gradient(x)
    return x


def creeps(problem):
    x = problem.x0
    for _ in range(100):
        x = x - 1e-9 * problem.gradient(x)
    return x


def fails(problem):
    problem(problem.x0)
    raise RuntimeError("no")


@pytest.mark.parametrize(
    ("optimizer", "advice", "keywords"),
    [
        (ends_at_once, "end by themselves within 12 evaluations, away from the minimum: look for a tolerance", {}),
        (diverges, "end far from the minimum or outside the bounds: try a smaller learning rate", {}),
        (creeps, "hardly move: try a larger learning rate or first step", {}),
        (fails, "give no result: find out why before you accept this baseline", {}),
        (search, "spend their budget before they succeed: give them budget=1000 in optlandscape_suites (now 200", {}),
        (search, "say global in optlandscape_profiles if it searches globally", {"is_stochastic": True}),
    ],
)
def test_a_baseline_that_sees_little_says_so_and_what_to_change(optimizer, advice, keywords):
    found = power(optimizer, SUITE[-2:], budget=41 if optimizer is search else 400)
    assert found.is_low
    said = lines(found, **keywords)
    assert max(map(len, said)) <= 80
    text = " ".join(" ".join(said).split())
    assert "this baseline sees little: " in text
    assert advice in text


def test_evaluations_to_the_same_gaps_are_later_too():
    from pytest_optlandscape.comparison.power import _later_descent

    descent = Descent(0.0, 2.0, 64, (31, 62, 125, 250, 500))
    later = _later_descent(descent, 256, 1.0)
    assert (later.end, later.depth) == (128, 2.0)
    for level in (-0.5, -1.0, -1.9):
        ratio = later.evaluations_to(level, 256) / descent.evaluations_to(level, 256)
        assert ratio == pytest.approx(2.0, rel=0.1)
    cut = _later_descent(dataclasses.replace(descent, end=200, thousandths=(31, 62, 125, 250, 500, 750, 900)), 256, 1.0)
    assert cut.end == 256
    assert 0.0 < cut.depth < 2.0
    assert Descent.from_text(cut.to_text()).end == 256
