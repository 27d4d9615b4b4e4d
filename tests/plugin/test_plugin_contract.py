import json

import pytest

from pytest_optlandscape.verdicts import CHECKS


@pytest.fixture
def held(project):
    project.configure(optlandscape_contract="true")
    return project


def accepted(project):
    return json.loads(project.baseline.read_text())["contract"]


def test_only_new_breaches_fail(held):
    held.solver(SCALE=3.0)  # it starts outside the bounds
    held.accept("-k", "booth or check_reported_value or check_stays_inside_bounds")
    assert accepted(held) == {"check_reported_value": "passed", "check_stays_inside_bounds": "failed"}
    known = held.run("-k", "check_stays_inside_bounds")
    known.assert_outcomes(passed=1)
    known.stdout.fnmatch_lines(["*keeps 0 of 1 checks of the contract; known to break check_stays_inside_bounds"])
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
