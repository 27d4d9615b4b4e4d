"""What is run of the suite, as the configuration and the command line say, and what is compared then."""

import json
import re
import types

import pytest
from plugin_sources import DESCENT

from pytest_optlandscape.session.fitting import fitting_words
from pytest_optlandscape.suites.selection import read_selection

WHOLE = ["rosenbrock_2", "adjiman", "himmelblau", "bukin_n6", "booth"]


def lines(*patterns):
    return [f"*{pattern}*" for pattern in patterns]


@pytest.fixture
def accepted(project):
    """A baseline over all cells of the suite smoke's landscapes and of booth."""
    project.configure(optlandscape_suite=" ".join(WHOLE))
    project.accept()
    return project


def names(found):
    (optimizer,) = found["optimizers"]
    return [landscape["name"] for landscape in optimizer["landscapes"]]


def test_smoke_is_compared_with_a_baseline_of_more(accepted):
    found, status = accepted.outcome("--optlandscape-suite", "smoke -ellipsoid_1e6[5]")
    assert (status, found["suite"]) == (0, "smoke -ellipsoid_1e6[5]")
    assert names(found) == ["rosenbrock_2", "adjiman", "himmelblau", "bukin_n6"]
    assert {one["fingerprint"] for one in found["optimizers"][0]["landscapes"]} == {"identical"}


def test_few_cells_are_compared_and_recorded_as_what_they_are(accepted):
    before = accepted.files()
    result = accepted.run("--optlandscape-cells=3", "--optlandscape-json", "outcome.json")
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        lines("solver:minimize  *identical*same", "solver:minimize: 15 of 105 cells of the baseline were compared")
    )
    assert json.loads(accepted.outcome_path.read_text())["suite"].endswith("booth cells=3")
    accepted.outcome_path.unlink()
    assert accepted.files() == before
    accepted.solver(SCALE=1.01)
    result = accepted.run("--optlandscape-cells=3", "--override-ini", "optlandscape_fail_on=changed")
    assert result.ret == 1


def test_few_cells_are_not_accepted_in_place_of_all(accepted):
    before = accepted.files()
    result = accepted.run("--optlandscape-cells=3", "--optlandscape-update")
    assert result.ret == 4
    result.stderr.fnmatch_lines(lines("--optlandscape-update would replace the whole*cells=3 into optlandscape_suites"))
    assert accepted.files() == before


def test_a_part_that_is_given_does_not_take_the_place_of_the_whole(accepted):
    before = accepted.baseline.read_bytes()
    accepted.accept("--optlandscape-suite", "booth beale cells=3", "-k", "booth")
    assert accepted.baseline.read_bytes() == before
    accepted.solver(SCALE=1.01)
    result = accepted.run("--optlandscape-update", "--optlandscape-suite", "booth cells=3")
    assert result.ret == 4
    assert "booth was not updated, because the suite" in result.stdout.str()
    assert accepted.baseline.read_bytes() == before
    accepted.configure(optlandscape_suite="booth cells=3")  # meant to stay
    accepted.accept()
    assert len(json.loads(accepted.baseline.read_text())["records"]["booth"]["cells"]) == 3


def test_each_optimizer_has_its_own_suite(project):
    project.configure(
        "solver:minimize", "scipy:BFGS", optlandscape_suites="\n  scipy:BFGS = booth beale cells=4 budget=30"
    )
    result = project.accept("-k", "booth or beale")
    result.assert_outcomes(passed=4, deselected=46)
    for name, budget, count in [("solver_minimize", 40, 21), ("scipy_BFGS", 60, 4)]:
        written = json.loads((project.path / "optlandscape_baseline" / f"{name}.json").read_text())
        assert list(written["records"]) == ["beale", "booth"]
        assert written["records"]["booth"]["definition"]["budget"] == budget
        assert len(written["records"]["booth"]["cells"]) == count
    found, status = project.outcome("-k", "booth or beale")
    assert status == 0
    assert found["suites"] == {"scipy:BFGS": "booth beale cells=4 budget=30"}
    for optimizer in found["optimizers"]:
        assert {one["fingerprint"] for one in optimizer["landscapes"]} == {"identical"}
    # the command line chooses other landscapes, and leaves the budget, with which the baseline was made
    found, _ = project.outcome("--optlandscape-suite", "booth cells=2")
    assert [one["landscapes"][0]["fingerprint"] for one in found["optimizers"]] == ["identical", "identical"]


def test_overall_judges_what_is_configured(project):
    project.configure(optlandscape_suites="\n  solver:minimize = booth beale cells=4")
    project.run().assert_outcomes(passed=3)


@pytest.mark.parametrize("workers", ["0", "2"])
@pytest.mark.parametrize(
    ("chosen", "judged"),
    [
        (["-k", "not himmelblau"], ["rosenbrock_2", "adjiman", "bukin_n6", "booth"]),
        (["-k", "overall"], WHOLE),
        (["--optlandscape-only", "solver:minimize::overall"], WHOLE),
    ],
)
def test_overall_does_not_run_what_is_left_out(accepted, workers, chosen, judged):
    found, status = accepted.outcome("-n", workers, *chosen)
    assert (status, names(found)) == (0, judged)


def test_the_suite_limits_adds_cells(accepted):
    result = accepted.run("--optlandscape-suite", "booth limits -beale -goldstein_price")
    assert re.search(
        r"15 cells of this session are not in the baseline; to accept them: .*pytest .*--optlandscape-update",
        accepted.unwrapped(result.stdout),
    )
    accepted.accept("--optlandscape-suite", "booth limits", "-k", "booth")
    written = json.loads(accepted.baseline.read_text())["records"]["booth"]["cells"]
    assert len(written) == 26
    found, _ = accepted.outcome("--optlandscape-suite", "booth limits", "-k", "booth")
    assert found["optimizers"][0]["landscapes"][0]["fingerprint"] == "identical"


@pytest.mark.parametrize(
    ("ini", "arguments", "complaint"),
    [
        ({"optlandscape_suites": "scipy:BFGS = quick"}, [], "unknown optimizer in optlandscape_suites: 'scipy:BFGS'"),
        ({"optlandscape_suites": "solver:minimize: quick"}, [], "is not of the form SPEC = WORDS"),
        ({"optlandscape_suites": "solver:minimize = cell=3"}, [], "unknown word of a suite 'cell'*'cells'"),
        (
            {"optlandscape_suite": "solver:minimize = quick"},
            [],
            "names an optimizer: write it into optlandscape_suites",
        ),
        ({"optlandscape_suite": "quick@1"}, [], "this release has version 3 of the suite quick"),
        ({}, ["--optlandscape-suite", ""], "--optlandscape-suite has an empty value"),
        ({}, ["--optlandscape-cells=0"], "--optlandscape-cells=0: expected a whole number*"),
        ({}, ["--optlandscape-cells=a"], "--optlandscape-cells=a: expected a whole number*"),
    ],
)
def test_mistakes_end_the_session_before_anything_runs(project, ini, arguments, complaint):
    project.configure(**ini)
    result = project.run(*arguments)
    assert result.ret == 4
    result.stderr.fnmatch_lines(lines(complaint))


def test_a_suite_is_fitted_into_a_time(project, monkeypatch):
    """A clock of our own: each look at it takes a second, so each run does."""
    from pytest_optlandscape.session import fitting

    ticks = iter(range(1000))
    monkeypatch.setattr(fitting, "time", types.SimpleNamespace(perf_counter=lambda: float(next(ticks))))
    project.configure("scipy:BFGS", "scipy:Powell", optlandscape_suite="quick", optlandscape_budget="100")
    result = project.run("--optlandscape-fit=2")
    assert result.ret == 0
    # three runs of 200 evaluations took three seconds: 24 000 fit, of 130 400
    result.stdout.fnmatch_lines(
        [
            "scipy:BFGS: 5 ms for each evaluation of the budget",
            "  quick: about 11 min, a baseline 1.7 h",
            "  quick@3 steps=24000: about 2 min, a baseline 19 min",
            "for the configuration, so that every machine runs the same:",
            "optlandscape_suites =",
            "    scipy:BFGS = quick@3 steps=24000",
            "    scipy:Powell = quick@3 steps=24000",
        ]
    )
    printed = [line for line in result.outlines if line.startswith("    scipy:")]
    project.configure("scipy:BFGS", "scipy:Powell", optlandscape_suites="\n" + "\n".join(printed))
    found, status = project.outcome("-k", "booth or beale")
    assert status == 0
    assert found["suites"]["scipy:BFGS"] == "quick@3 steps=24000"
    assert project.run("--optlandscape-fit=never").ret == 4


@pytest.mark.parametrize("steps", [800, 2_000, 7_777, 12_345, 90_000])
def test_what_is_fitted_fits(steps):
    words = fitting_words(read_selection("quick"), steps, 200, [one.dim for one in read_selection("quick").landscapes])
    selection = read_selection(words)
    per_dimension = selection.budget or 200
    chosen = selection.cells(lambda landscape: per_dimension * landscape.dim, selection.landscapes)
    assert 0.3 * steps < sum(per_dimension * cell.landscape.dim for some in chosen.values() for cell in some) <= steps


def test_an_update_says_what_the_baseline_sees(project):
    project.configure("solver:minimize", "solver:idle", optlandscape_suite="booth beale", optlandscape_budget="100")
    project.solver(DESCENT + "\n\ndef idle(fun, x0):\n    fun(x0)\n    return x0\n")
    result = project.accept()
    result.stdout.fnmatch_lines(
        [
            "accepted: *solver_minimize.json*",
            "solver:minimize: what this baseline sees: * of 43 runs succeeded, *",
            "accepted: *solver_idle.json*",
            "solver:idle: this baseline sees little: 0 of 43 runs succeeded, 1 evaluation",
            "*43 runs end by themselves within 12 evaluations*",
        ]
    )
