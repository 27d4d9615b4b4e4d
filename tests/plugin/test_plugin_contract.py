import json

import pytest

from pytest_optlandscape import optimizers
from pytest_optlandscape.configuration import profiles as _profiles
from pytest_optlandscape.contract import CHECKS


@pytest.fixture
def held(project):
    project.configure(optlandscape_contract="true")
    return project


def accepted(project):
    return json.loads(project.baseline.read_text())["contract"]


@pytest.mark.thorough
def test_only_new_breaches_fail(held):
    held.solver(SCALE=3.0)  # it starts outside the bounds
    held.accept("-k", "booth or check_reported_value or check_stays_inside_bounds")
    assert accepted(held) == {"check_reported_value": "passed", "check_stays_inside_bounds": "failed"}
    known = held.run("-k", "check_stays_inside_bounds")
    known.assert_outcomes(passed=1)
    known.stdout.fnmatch_lines(["*keeps 0 of 1 check of the contract; known to break check_stays_inside_bounds"])
    held.solver()
    held.accept("-k", "check_stays_inside_bounds")
    assert accepted(held) == {"check_reported_value": "passed", "check_stays_inside_bounds": "passed"}
    held.solver(SCALE=3.0)
    new = held.run("-k", "check_stays_inside_bounds")
    new.assert_outcomes(failed=1)
    new.stdout.fnmatch_lines(["*outside the bounds*", "*newly breaks check_stays_inside_bounds*"])


def test_without_a_baseline_breaches_are_told_and_do_not_fail(held):
    held.solver(SCALE=3.0)
    result = held.run("-k", "check_stays_inside_bounds")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*breaks, with nothing accepted yet,", "*check_stays_inside_bounds"])


@pytest.mark.thorough
def test_workers_find_the_same(held):
    pytest.importorskip("xdist")
    chosen = ("-k", "booth or check_keeps or check_invariant")
    serial, _ = held.outcome(*chosen)
    shared, _ = held.outcome(*chosen, "-n", "2")
    found = serial["optimizers"][0]["contract"]
    assert serial == shared
    assert [one["check"] for one in found] == [name for name in CHECKS if "keeps" in name or "invariant" in name]
    assert found[0].keys() == {"check", "severity", "outcome", "verdict"}


def test_items_can_be_left_out(held):
    held.run("-k", "booth and not contract").assert_outcomes(passed=1)
    held.run("-k", "contract and check_clips", "--collect-only").stdout.fnmatch_lines(["*check_clips_start*"])
    held.configure(optlandscape_contract="false")
    assert held.run("-k", "contract").ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_the_outcome_has_optimizers_of_which_no_landscape_was_run(held):
    held.configure("scipy:Powell", "scipy:CG", optlandscape_contract="true")
    found, _ = held.outcome("-k", "(Powell and check_keeps_start_unchanged) or (CG and booth)")
    powell, cg = found["optimizers"]
    assert (powell["spec"], powell["verdict"], powell["landscapes"]) == ("scipy:Powell", "same", [])
    assert [one["check"] for one in powell["contract"]] == ["check_keeps_start_unchanged"]
    assert (cg["spec"], cg["verdict"], cg["contract"]) == ("scipy:CG", "new", [])
    assert powell.keys() == cg.keys()
    found, _ = held.outcome("-k", "Powell and check_not_worse_than_start")
    assert [(one["verdict"], one["contract"][0]["verdict"]) for one in found["optimizers"]] == [("new", "new")]
    found, _ = held.outcome("-k", "CG and check_keeps_start_unchanged")
    assert [one["spec"] for one in found["optimizers"]] == ["scipy:CG"]


OWN = """
import numpy as np
import pytest
from pytest_optlandscape import check_optimizer, optimizers, parametrize_with_checks
from pytest_optlandscape.contract import CHECKS

START, EVALUATES = "check_not_worse_than_start", "check_evaluates_start"

def corner(fun, x0, bounds):
    return min((bounds[:, 1], bounds[:, 0]), key=fun).copy()

def test_one_profile_everywhere(minimize):
    assert optimizers.get(corner).is_global
    assert optimizers.get("test_own:corner").is_global
    assert CHECKS[START].outcome(corner).outcome == "not-applicable"
    CHECKS[START](corner)
    check_optimizer(corner)
    assert minimize("scipy:L-BFGS-B", "booth").nfev and not optimizers.get("scipy:L-BFGS-B").uses_gradient
    assert minimize("scipy:L-BFGS-B", "booth").njev == 0

@pytest.mark.filterwarnings("ignore:check_evaluates_start")
def test_a_keyword_wins():
    with pytest.raises(AssertionError, match=START):
        check_optimizer(corner, profile="local")
    with pytest.raises(AssertionError):
        CHECKS[START](corner, profile="local")

EXPECTED = {START: "a toy", EVALUATES: "a toy"}

@parametrize_with_checks([corner], expected_failures=EXPECTED, profile={corner: "local"})
def test_local(optimizer, check):
    check(optimizer)

@parametrize_with_checks([corner])
def test_global(optimizer, check):
    check(optimizer)
"""


@pytest.mark.thorough
def test_what_the_configuration_says_of_an_optimizer_holds_in_tests(pytester):
    pytester.makepyfile(test_own=OWN)
    pytester.makeini(
        "[pytest]\noptlandscape_profiles =\n    test_own:corner = global\n    scipy:L-BFGS-B = derivative-free\n"
    )
    put_back = _profiles.declare({"scipy:L-BFGS-B": "global"})
    try:
        result = pytester.runpytest_inprocess("-p", "no:cacheprovider")
        result.assert_outcomes(passed=2 + 2 * len(CHECKS) - 2, xfailed=2)
        around = optimizers.get("scipy:L-BFGS-B")
        assert (around.is_global, around.uses_gradient) == (True, True)
    finally:
        put_back()
    assert not optimizers.get("scipy:L-BFGS-B").is_global


@pytest.mark.parametrize("arguments", [(), ("--optlandscape",)])
def test_a_misspelt_word_is_a_mistake_whoever_is_used(pytester, arguments):
    pytester.makeini("[pytest]\noptlandscape_profiles = nobody:knows = globl\n")
    result = pytester.runpytest_inprocess(*arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines("*unknown word of an optimizer's profile 'globl'; did you mean 'global'*")


def test_a_profile_of_what_tests_alone_use_is_no_mistake(project):
    project.configure(
        optlandscape_profiles="\n    scipy:Powell = global\n    test_mine:anneal = global\n    solver:minimize = local"
    )
    assert project.on_booth().ret == 0
