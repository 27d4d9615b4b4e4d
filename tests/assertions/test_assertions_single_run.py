import types

import numpy as np
import pytest

from pytest_optlandscape import (
    assert_converges,
    assert_precise,
    assert_robust,
    assert_stays_feasible,
    landscapes,
    minimize,
)


@pytest.fixture(scope="module")
def run():
    return minimize("scipy:L-BFGS-B", "beale", budget=200)


def message_of(function, *arguments, **keywords):
    with pytest.raises(AssertionError) as caught:
        function(*arguments, **keywords)
    return str(caught.value)


def test_converges(run):
    hit = run.hit(1e-3)
    assert assert_converges(run, gap=1e-3) is None
    assert_converges(run, gap=1e-3, within=int(hit))
    text = message_of(assert_converges, run, gap=1e-3, within=int(hit) - 1)
    assert f"required a gap of 0.001 within {hit - 1:.0f} evaluations" in text
    assert f"but the gap came to 0.001 only after {hit:.0f} evaluations" in text


def test_never_converges(run):
    text = message_of(assert_converges, run, gap=0.0)
    first, stop, *table, replay = text.splitlines()
    assert first == (
        "scipy:L-BFGS-B on beale: required a gap of 0 within 200 evaluations, "
        f"but the smallest gap was {run.gap:.3g} after {len(run.trace)} evaluations"
    )
    assert stop == f"  stop reason: returned ({run.message})"
    assert "\n".join(table) == run.table()
    assert replay == f"  replay: {run.script()}"


def test_converges_is_asked_sensibly(run):
    with pytest.raises(ValueError, match="a gap is not negative"):
        assert_converges(run, gap=-1.0)
    with pytest.raises(ValueError, match="within is a number of evaluations, at least 1; got 0"):
        assert_converges(run, gap=1.0, within=0)


def test_precise(run):
    assert assert_precise(run, digits=np.floor(run.digits)) is None
    text = message_of(assert_precise, run, digits=12)
    assert "required 12 digits: a distance of at most 1e-12 to a global minimiser" in text
    assert f"the returned point {run.x.tolist()} is {run.distance:.3g} away ({run.digits:.1f} digits)" in text
    assert run.table() in text
    assert f"replay: {run.script()}" in text


def test_precise_asks_the_result_and_converges_the_path():
    def passes_by(problem):
        problem([3.0, 0.5])
        return problem.x0

    passed = minimize(passes_by, "beale")
    assert_converges(passed, gap=0.0, within=1)
    message_of(assert_precise, passed, digits=1)


def test_broken_optimizers_converge_nowhere():
    def breaks(problem):
        raise RuntimeError("no line search")

    broken = minimize(breaks, "beale")
    text = message_of(assert_converges, broken, gap=1.0)
    assert "the smallest gap was inf after 0 evaluations" in text
    assert "stop reason: exception (RuntimeError: no line search" in text
    assert "(no evaluation was made)" in text
    diverged = minimize(lambda problem: [np.nan, 0.0], "beale")
    assert "no evaluation was made" in message_of(assert_precise, diverged, digits=-3)
    diverged = minimize(lambda problem: problem(problem.x0) * np.array([np.nan, 0.0]), "beale")
    assert "is inf away" in message_of(assert_precise, diverged, digits=-3)


def hits(share):
    def optimizer(problem):
        problem(problem.x0)
        return problem.landscape.minimizers[0] if problem.seed % 100 < share else problem.x0

    return optimizer


def test_robust_says_what_was_shown():
    robustness = assert_robust(hits(98), "beale", rate=0.9, sequential=False)
    assert str(robustness) == "required 0.9, at least 0.919 at 99 % confidence after 100 starts (98 succeeded)"
    assert (robustness.interval.successes, len(robustness.failures)) == (98, 2)
    assert [run.seed for run in robustness.failures] == [98, 99]


def test_not_robust():
    text = message_of(assert_robust, hits(95), "beale", rate=0.95, sequential=False)
    first, worst, *rest = text.splitlines()
    assert first.endswith(
        "hits.<locals>.optimizer reaches a millionth of the typical gap: "
        "required 0.95, at least 0.874 at 99 % confidence after 100 starts (95 succeeded)"
    )
    assert worst.startswith("worst of 5 failures: ")
    assert rest[-1].startswith("  replay: from pytest_optlandscape import landscapes, minimize; minimize(")


def test_refuted():
    text = message_of(assert_robust, hits(50), "beale", rate=0.9, sequential=False)
    assert "at most 0.619, so the requirement is refuted" in text


def test_worst_failure_is_shown():
    def optimizer(problem):
        problem(problem.x0)
        return problem.x0 if problem.seed < 5 else [9.0, 9.0] if problem.seed == 5 else [3.0, 0.5]

    assert "ended at [9.0, 9.0]" in message_of(
        assert_robust, optimizer, "beale", rate=0.99, n_starts=500, sequential=False
    )


def test_robust_over_landscapes_counts_all_starts():
    seen = []

    def optimizer(problem):
        seen.append((problem.landscape.id, problem.seed, problem.budget))
        problem(problem.x0)
        return problem.landscape.minimizers[0]

    robustness = assert_robust(optimizer, ["beale", "booth"], n_starts=30, budget=77, seed=5, sequential=False)
    assert robustness.interval.trials == 60
    assert seen == [(name, 5 + k + first, 77) for k in range(30) for name, first in (("beale", 0), ("booth", 32))]


def test_what_counts_as_success():
    def near(distance):
        return lambda problem: (problem(problem.x0), types.SimpleNamespace(x=[3.0 + distance, 0.5]))[1]

    assert_robust(near(1e-3), "beale", digits=2.9)
    assert "reaches 3.1 digits" in message_of(assert_robust, near(1e-3), "beale", digits=3.1)
    assert_robust(near(1e-3), "beale", gap=1e-4)
    assert "reaches a gap of 1e-08" in message_of(assert_robust, near(1e-3), "beale", gap=1e-8)
    text = message_of(assert_robust, near(1e-3), "beale", gap=1e-8, digits=2)
    assert "reaches a gap of 1e-08 and 2 digits" in text
    assert_robust(near(1e-3), "beale")
    message_of(assert_robust, near(0.1), "beale")
    message_of(assert_robust, near(6.0), "beale", gap=1e9)
    with pytest.warns(RuntimeWarning, match="never called the objective"):
        message_of(assert_robust, lambda problem: [3.0, 0.5], "beale")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"n_starts": 43}, "43 starts cannot show a rate of 0.9 at 99 % confidence.*0.898; take at least 44 starts"),
        ({"n_starts": 0}, "at least one start is needed"),
        ({"rate": 1.0}, "no finite number of runs shows 1"),
        ({"rate": 0.0}, "rate is a share above 0 and below 1"),
        ({"rate": 1.5}, "rate is a share"),
        ({"confidence": 1.0}, "confidence is at least 0.5 and below 1"),
        ({"confidence": 0.4}, "confidence is at least 0.5"),
        ({"landscapes": []}, "landscapes is empty"),
        ({"landscapes": "beal"}, "did you mean 'beale'"),
        ({"optimizer": "scipy:Powel"}, "did you mean 'Powell'"),
    ],
)
def test_robust_is_asked_sensibly(wrong, said):
    def never(problem):
        raise AssertionError("no run is needed to see that")

    arguments = {"optimizer": never, "landscapes": "beale", **wrong}
    with pytest.raises(ValueError, match=said):
        assert_robust(**arguments)


def test_as_many_starts_as_the_message_asks_for_are_enough():
    assert_robust(hits(100), "beale", n_starts=44)


def test_stays_feasible():
    disk = landscapes.get("rosenbrock_disk").keeping_feasible()

    def through(*points):
        def optimizer(problem):
            for x in points:
                problem(x)
            return points[-1]

        return minimize(optimizer, disk)

    assert_stays_feasible(through([0.0, 0.0], [1.0, 1.0]))
    text = message_of(assert_stays_feasible, through([0.0, 0.0], [1.0, 1.5], [1.0, 1.25], [0.0, 1.0]))
    assert "but evaluation 2, [1.0, 1.5], breaks one by 1.25; 2 of 4 evaluations break one, by up to 1.25" in text
    leaves = minimize(lambda problem: (problem([0.0, 0.0]), [1.0, 1.5])[1], disk)
    text = message_of(assert_stays_feasible, leaves)
    assert "but the returned point, [1.0, 1.5], breaks one by 1.25; 0 of 1 evaluations" in text
    with pytest.raises(ValueError, match=r"no inequality of rosenbrock_disk says keep_feasible=True; say so in its"):
        assert_stays_feasible(minimize("scipy:SLSQP", "rosenbrock_disk"))
