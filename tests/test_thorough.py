import subprocess
import sys
from pathlib import Path

import pytest
from thorough import one_of_each, slow_tests, thorough

TESTS = Path(__file__).parent


def is_thorough(param):
    return [mark.name for mark in param.marks] == ["thorough"]


def test_all_but_the_first_of_each_kind_are_thorough():
    cases = one_of_each([1, 2, 3, 4, 5], lambda number: number % 2)
    assert [(*case.values, is_thorough(case)) for case in cases] == [
        (1, False),
        (2, False),
        (3, True),
        (4, True),
        (5, True),
    ]


def test_values_of_several_parameters_and_ids_are_kept():
    first, second = one_of_each([pytest.param("a", 1, id="one"), ("a", 2)], lambda letter, number: letter)
    assert (first.values, first.id, is_thorough(first)) == (("a", 1), "one", False)
    assert (second.values, is_thorough(second)) == (("a", 2), True)


def test_a_list_is_one_value():
    (case,) = thorough(["-n", "2"])
    assert (case.values, is_thorough(case)) == ((["-n", "2"],), True)


def test_a_plain_run_deselects_them_and_counts_them(pytester, pytestconfig):
    pytester.makepyfile(
        "import pytest\n@pytest.mark.parametrize('case', [1, pytest.param(2, marks=pytest.mark.thorough)])\n"
        "def test_case(case):\n    pass\n"
    )
    chosen = " ".join(map(repr, selection(pytestconfig)))
    pytester.makeini(f"[pytest]\nmarkers = thorough\naddopts = {chosen}\n")
    pytester.runpytest_subprocess("-p", "no:cacheprovider").stdout.fnmatch_lines(["*1 passed, 1 deselected*"])
    pytester.runpytest_subprocess("-p", "no:cacheprovider", "-m", "").assert_outcomes(passed=2)


def selection(config):
    """Return how the options of this project choose tests by markers."""
    options = config.getini("addopts")
    at = options.index("-m")
    return options[at : at + 2]


@pytest.mark.thorough
def test_the_list_of_slow_tests_names_tests_that_exist():
    listed = slow_tests()
    files = sorted({line.partition("::")[0] for line in listed})
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-m", "", "-p", "no:cacheprovider", *files]
    collected = subprocess.run(command, cwd=TESTS.parent, capture_output=True, text=True, check=True).stdout
    assert listed - set(collected.splitlines()) == set()
