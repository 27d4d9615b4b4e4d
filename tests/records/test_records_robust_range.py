import functools
import math
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest

from pytest_optlandscape import assert_robust, assert_tunable, landscapes
from pytest_optlandscape.records.with_value import with_value

SPHERE = landscapes.get("sphere", dim=2)


def descend(fun, x0, jac, learning_rate, maxiter):
    """Contracts the sphere, whose curvature is 2, by |1 − 2 · learning_rate| a step."""
    x = x0
    for _ in range(min(maxiter, 40)):
        x = x - learning_rate * jac(x)
        fun(x)
        if not np.abs(x).max() < 1e6:
            break
    return x


def of_problem(problem, *, learning_rate=0.5):
    return descend(problem, problem.x0, problem.gradient, learning_rate, 40)


def found(optimizer=descend, over=(1e-3, 10.0), **arguments):
    return assert_tunable(optimizer, SPHERE, over={"learning_rate": over}, gap=1e-6, budget=50, **arguments)


@pytest.mark.parametrize("optimizer", [descend, of_problem, f"{__name__}:descend"])
def test_the_range_is_that_of_the_theory(optimizer):
    width = found(optimizer, decades=0.5)
    for each in width.ranges:
        assert 0.05 < each.lower < 0.5 < each.upper < 1.0
        assert not each.reaches_edge
        # symmetric around ½, where one step does: the factors' sizes are equal at both ends
        low, high = 1 - 2 * each.lower, 2 * each.upper - 1
        assert low == pytest.approx(high, abs=0.03)
    assert width.interval[0] <= width.width <= width.interval[1]
    assert width.is_shown


def test_the_ends_are_exact_to_a_hundredth_of_a_decade():
    from pytest_optlandscape.suites.low_discrepancy import sobol_starts

    width = found(decades=0.5)
    for each, x0 in zip(width.ranges, sobol_starts(SPHERE, 8), strict=True):
        factor = (1e-6 / SPHERE(x0)) ** (1 / 80)  # 40 steps, and the value is a square
        lower, upper = (1 - factor) / 2, (1 + factor) / 2
        assert 0 <= math.log10(each.lower / lower) <= 1 / 128 + 1e-9
        assert 0 <= math.log10(upper / each.upper) <= 1 / 128 + 1e-9


def test_the_failure_says_what_was_found():
    with pytest.raises(AssertionError) as failure:
        found(decades=1.5)
    text = str(failure.value)
    assert "required 1.5 decades, found 0." in text
    assert "at 99 % confidence): learning_rate from 0." in text
    assert "on sphere[2]" in text
    assert "8/8" in text


def test_nothing_succeeds():
    with pytest.raises(AssertionError, match=r"found 0 .*no value serves all starts(.|\n)*no value from 2 to 10"):
        found(over=(2.0, 10.0), decades=0.5)


def test_a_range_may_go_on():
    width = found(over=(0.3, 0.6), decades=0.2)
    assert all(each.reaches_edge for each in width.ranges)
    assert width.width == pytest.approx(math.log10(2))
    assert "go on beyond the values tried, 0.3 to 0.6" in str(width)
    assert width.interval[1] == pytest.approx(math.log10(2))


def test_values_are_tried_as_they_are():
    width = found(over=[0.3, 0.01, 0.6, 5.0, 0.4], decades=0.2)
    assert [value for value, _ in width.rates] == [0.01, 0.3, 0.4, 0.6, 5.0]
    assert {(each.lower, each.upper) for each in width.ranges} == {(0.3, 0.6)}
    assert [rate.successes for _, rate in width.rates] == [0, 8, 8, 8, 0]


def test_a_gap_ends_a_range():
    def moody(fun, x0, learning_rate):
        ok = learning_rate < 0.01 or 0.1 <= learning_rate <= 2.0
        x = np.zeros(2) if ok else np.ones(2)
        fun(x)
        return x

    width = found(moody, over=(0.001, 10.0), decades=1.0)
    assert all(each.lower == pytest.approx(0.1, rel=0.02) and each.upper > 1.9 for each in width.ranges)


def test_agreement_of_a_few_starts_is_no_certainty():
    width = found(over=[0.3, 0.4, 0.6], decades=0.2)
    assert width.interval[0] < width.width
    wider = found(over=[0.3, 0.4, 0.6], decades=0.2, n_starts=40)
    assert wider.interval[0] > width.interval[0]


def test_several_landscapes_are_averaged():
    both = assert_tunable(
        descend,
        ["sphere[2]", "sphere[5]"],
        over={"learning_rate": (0.05, 2.0)},
        gap=1e-6,
        budget=50,
        decades=0.3,
        n_starts=3,
    )
    assert len(both.ranges) == 6
    assert set(both.common_ranges()) == {"sphere[2]", "sphere[5]"}
    assert both.width == pytest.approx(np.mean([each.width for each in both.ranges]))


def test_the_starts_of_a_landscape_by_name():
    names = [f"restart-{k}" for k in range(4)]
    width = assert_tunable(
        descend, "moons_mlp_mse", over={"learning_rate": [0.1, 0.2, 0.3]}, gap=0.5, budget=50, decades=0.3, starts=names
    )
    assert [each.start for each in width.ranges] == names
    rate = assert_robust("scipy:L-BFGS-B", "moons_mlp_mse", rate=0.3, starts=names, gap=0.3)
    assert rate.interval.trials == 4
    with pytest.raises(TypeError, match="list of names"):
        found(starts="standard")
    with pytest.raises(ValueError, match="'restart-1'"):
        assert_tunable(
            descend, "moons_mlp_mse", over={"learning_rate": [0.1, 0.2, 0.3]}, decades=0.1, starts=["restart1"] * 2
        )


def test_the_same_twice_and_plain_values_to_store():
    first, again = found(decades=0.5), found(decades=0.5)
    assert first == again
    record = first.record()
    assert record["hyperparameter"] == "learning_rate"
    assert record["decades"] == pytest.approx(first.width, rel=1e-3)
    assert all(type(value) in (float, str) for value in record.values())


@pytest.fixture(scope="module")
def processes():
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as executor:
        yield executor


@pytest.mark.parametrize("optimizer", [descend, functools.partial(of_problem, learning_rate=0.1)])
def test_over_an_executor_the_range_is_the_same(optimizer, processes):
    serial = found(optimizer, decades=0.5, n_starts=4)
    assert found(optimizer, decades=0.5, n_starts=4, executor=processes) == serial
    with ThreadPoolExecutor(2) as threads:
        assert found(optimizer, decades=0.5, n_starts=4, executor=threads) == serial


def test_a_failure_over_an_executor_reads_the_same(processes):
    texts = []
    for executor in (None, processes):
        with pytest.raises(AssertionError) as failure:
            found(decades=1.5, n_starts=4, executor=executor)
        texts.append(str(failure.value))
    assert texts[0] == texts[1]


def test_what_cannot_be_sent_to_an_executor_is_named(monkeypatch, processes):
    monkeypatch.setitem(sys.modules, "cloudpickle", None)
    with pytest.raises(TypeError, match="optimizer cannot be sent to other processes"):
        found(lambda fun, x0, learning_rate: x0, decades=0.5, executor=processes)


def test_a_bound_argument_is_given_anew():
    assert (
        "learning_rate=0.25" in with_value(functools.partial(of_problem, learning_rate=0.1), "learning_rate", 0.25).spec
    )


def swallowing(fun, x0, jac, maxiter, **further):
    return descend(fun, x0, jac, further.get("rate", 0.1), maxiter)


def raising(fun, x0, learning_rate):
    raise ArithmeticError("not here")


def test_a_hyperparameter_that_changes_nothing_has_no_width():
    with pytest.raises(ValueError, match=r"learning_rate changes nothing: from each of 4 starts .*swallowing makes"):
        assert_tunable(swallowing, "booth", over={"learning_rate": (1e-2, 1.0)}, decades=0.1, n_starts=4, budget=9)
    with pytest.raises(ValueError, match="The first run: exception, ArithmeticError: not here"):
        found(raising, n_starts=4)
    width = assert_tunable(swallowing, SPHERE, over={"rate": (1e-2, 1.0)}, decades=0.1, n_starts=4, budget=99, gap=1e-3)
    assert width.hyperparameter == "rate"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"over": {"learning_rat": (0.1, 1.0)}}, "'learning_rate'"),
        ({"over": {}}, "one hyperparameter"),
        ({"over": {"learning_rate": (0.1, 1.0), "maxiter": (1, 2)}}, "one hyperparameter"),
        ({"over": {"learning_rate": (0.0, 1.0)}}, "positive"),
        ({"over": {"learning_rate": (0.1, math.inf)}}, "finite"),
        ({"over": {"learning_rate": (0.1,)}}, "at least two"),
        ({"over": {"learning_rate": (0.1, 1.0)}, "decades": 1.5}, "cannot be shown"),
        ({"over": {"learning_rate": (0.1, 10.0)}, "n_starts": 1}, "at least 2 starts"),
        ({"over": {"learning_rate": (0.1, 10.0)}, "confidence": 1.0}, "confidence"),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        assert_tunable(descend, SPHERE, **arguments)


def test_what_cannot_be_made_anew_is_refused():
    from pytest_optlandscape import optimizers

    with pytest.raises(TypeError, match="cannot be given another learning_rate"):
        found(optimizers.get("scipy:L-BFGS-B"))


def test_keras_by_spec_class_and_instance():
    pytest.importorskip("keras")
    import keras

    for optimizer in ("keras:SGD", keras.optimizers.SGD, keras.optimizers.SGD(momentum=0.0)):
        width = found(optimizer, over=(0.05, 3.0), decades=0.3, n_starts=4)
        assert all(0.05 < each.lower < 0.5 < each.upper < 1.0 for each in width.ranges)
