"""One word means one thing in every public function: `budget`, `max_examples`, `starts`, `n_starts`."""

import importlib
import inspect

import pytest

from pytest_optlandscape import (
    Landscape,
    Problem,
    assert_equivalent,
    assert_robust,
    assert_tunable,
    landscapes,
    minimize,
)
from pytest_optlandscape.landscapes.noise import MODELS
from pytest_optlandscape.records import measure_suite
from pytest_optlandscape.runs.problem import BUDGET_PER_DIMENSION
from pytest_optlandscape.search import basin_map, find_failing_start

ROOMS = (
    "", "landscapes", "runs", "optimizers", "suites", "strategies", "search", "records", "comparison", "assertions",
    "contract", "store", "trend",
)  # fmt: skip


def public_callables():
    """The functions, classes and public methods that the rooms promise."""
    modules = [importlib.import_module(f"pytest_optlandscape.{room}".rstrip(".")) for room in ROOMS]
    things = [getattr(module, name) for module in modules for name in module.__all__]
    classes = [one for one in things if inspect.isclass(one) and not issubclass(one, BaseException)]
    methods = [member for one in classes for name, member in vars(one).items() if not name.startswith("_")]
    functions = [one for one in [*things, *methods] if inspect.isfunction(one)]
    return list(dict.fromkeys([*functions, *classes]))


PARAMETERS = [
    (one.__qualname__, parameter)
    for one in public_callables()
    for parameter in inspect.signature(one).parameters.values()
]


def named(name):
    return [(function, parameter) for function, parameter in PARAMETERS if parameter.name == name]


def test_a_budget_is_a_number_of_evaluations_and_its_default_is_the_rule():
    found = named("budget")
    assert {
        "minimize", "Problem", "assert_robust", "assert_tunable", "assert_equivalent", "find_failing_start",
        "basin_map",
    } <= {function for function, _ in found}  # fmt: skip
    for function, parameter in found:
        assert parameter.annotation in ("int", "int | None"), function
        assert parameter.default in (None, inspect.Parameter.empty), function


def test_starts_are_never_a_number():
    for function, parameter in named("starts"):
        assert "int" not in parameter.annotation, function
    for function, parameter in named("n_starts"):
        assert parameter.annotation in ("int", "int | None"), function
    assert {function for function, _ in named("n_starts")} == {
        "assert_robust", "assert_tunable", "assert_equivalent", "basin_map",
    }  # fmt: skip


def test_searches_count_examples():
    assert {function for function, _ in named("max_examples")} == {"assert_robust", "find_failing_start"}


@pytest.fixture
def budgets():
    """The budgets of the runs of an optimizer that returns the minimiser."""
    return set()


@pytest.fixture
def best(budgets):
    def minimiser(problem, step=1.0):
        budgets.add(problem.budget)
        x = problem.landscape.minimizers[0] * min(step, 1.0)
        problem(x)
        return x

    return minimiser


CALLS = {
    "minimize": lambda best, **budget: minimize(best, "beale", **budget),
    "assert_robust": lambda best, **budget: assert_robust(best, "beale", **budget),
    "assert_robust, adversarial": lambda best, **budget: assert_robust(best, "beale", adversarial=True, **budget),
    "assert_tunable": lambda best, **budget: assert_tunable(
        best, "beale", over={"step": (0.1, 10.0)}, decades=0.5, **budget
    ),
    "assert_equivalent": lambda best, **budget: assert_equivalent(best, best, ["beale"], **budget),
    "find_failing_start": lambda best, **budget: find_failing_start(best, "beale", lambda run: False, **budget),
    "basin_map": lambda best, **budget: basin_map(best, "beale", n_starts=4, **budget),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_all_functions_share_one_default_budget(call, best, budgets):
    call(best)
    assert budgets == {2 * BUDGET_PER_DIMENSION} == {Problem("beale").budget}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_budget_that_is_named_is_kept(call, best, budgets):
    call(best, budget=17)
    assert budgets == {17}


def test_noise_takes_its_arguments_in_one_order():
    of_method = list(inspect.signature(Landscape.noisy).parameters)
    assert of_method == ["self", "model", "level", "seed"]
    for name, model in MODELS.items():
        assert list(inspect.signature(model).parameters)[:2] == ["level", "seed"]
        level = 2 if name == "minibatch" else 0.5
        assert landscapes.get("beale").noisy(name, level, 3).noise == model(level, 3)
        assert landscapes.get("beale").noisy(name, seed=3, level=level).noise == model(seed=3, level=level)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: assert_robust("scipy:CG", "beale", over={"gtol": (0.1, 1.0)}), r"use assert_tunable"),
        (lambda: assert_robust("scipy:CG", "beale", decades=1.0), r"use assert_tunable"),
        (lambda: assert_robust("scipy:CG", "beale", starts=44), r"use n_starts=44"),
        (lambda: assert_robust("scipy:CG", "beale", starts="article"), r"starts=\['article'\]"),
        (lambda: assert_robust("scipy:CG", "beale", starts=["article"], n_starts=3), r"either starts, .* or n_starts"),
        (lambda: assert_robust("scipy:CG", "beale", n_starts=4.5), r"n_starts is a whole number"),
        (lambda: assert_robust("scipy:CG", "beale", n_starts=True), r"n_starts is a whole number"),
        (lambda: assert_robust("scipy:CG", "beale", max_examples=9), r"give adversarial=True"),
        (lambda: assert_robust("scipy:CG", "beale", n_start=9), r"unknown keyword 'n_start'; did you mean 'n_starts'"),
        (lambda: assert_tunable("scipy:CG", "beale", over={"gtol": (0.1, 1.0)}, starts=8), r"use n_starts=8"),
        (lambda: assert_tunable("scipy:CG", "beale", over={"gtol": (0.1, 1.0)}, seeds=8), r"use seed"),
        (
            lambda: assert_tunable("scipy:CG", "beale", over={"gtol": (0.1, 1.0)}, rate=0.9),
            r"use decades, or assert_rob",
        ),
        (lambda: assert_equivalent("scipy:CG", "scipy:CG", starts="sobol"), r"use n_starts, a number of Sobol' starts"),
        (lambda: basin_map("scipy:CG", "beale", starts=64), r"use n_starts, the number of starts"),
        (
            lambda: find_failing_start("scipy:CG", "beale", bool, evaluations=9),
            r"use budget, the evaluations of each run",
        ),
        (lambda: measure_suite("scipy:CG", budget=9), r"use budget_per_dimension"),
    ],
)
def test_an_old_keyword_is_answered_with_the_new_one(call, message):
    with pytest.raises(TypeError, match=message):
        call()
