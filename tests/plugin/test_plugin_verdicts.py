import json
from xml.etree import ElementTree

import pytest

BOOTH = "optlandscape::solver:minimize::booth"


def lines(*patterns):
    return [f"*{pattern}*" for pattern in patterns]


def test_without_a_baseline_items_pass_and_the_summary_says_so(project):
    result = project.on_booth("-v")
    assert result.ret == 0
    result.assert_outcomes(passed=1, deselected=48)
    result.stdout.fnmatch_lines(
        lines(f"{BOOTH}*PASSED", "solver:minimize*new", "no baseline*solver:minimize", "--optlandscape-update*")
    )
    assert not project.baseline.exists()
    assert project.verdicts("-k", "booth") == {"booth": "new"}


def test_update_writes_a_baseline_for_each_optimizer_and_says_so(project):
    project.configure("solver:minimize", "scipy:BFGS")
    result = project.accept("-k", "booth or beale")
    result.assert_outcomes(passed=4, deselected=92)
    result.stdout.fnmatch_lines(lines("accepted*solver_minimize.json*commit", "accepted*scipy_BFGS.json*commit"))
    for name, spec in [("solver_minimize", "solver:minimize"), ("scipy_BFGS", "scipy:BFGS")]:
        written = json.loads((project.path / "optlandscape_baseline" / f"{name}.json").read_text())
        assert (written["schema"], written["optimizer"]) == (4, spec)
        assert list(written["landscapes"]) == list(written["records"]) == ["beale", "booth"]
        assert len(written["records"]["booth"]["cells"]) == 21


def test_nothing_is_written_without_being_asked(project):
    before = project.files()
    project.on_booth()
    assert project.files() == before


def test_the_next_run_is_the_same(project):
    project.accept("-k", "booth")
    result = project.on_booth()
    assert result.ret == 0
    result.stdout.fnmatch_lines(lines("solver:minimize*identical*same"))
    result.stdout.no_fnmatch_line("*no baseline*")
    assert project.verdicts("-k", "booth") == {"booth": "same"}


def test_slower_fails_and_says_where_and_how_to_replay(project):
    project.accept("-k", "booth")
    project.solver(REPEATS=2)
    result = project.on_booth()
    assert result.ret == 1
    result.assert_outcomes(failed=1, deselected=48)
    result.stdout.fnmatch_lines(
        lines(
            "solver:minimize on booth is worse*",
            "more evaluations to the targets (p = *",
            "worst cells*to the targets*gap*",
            "booth/* → *",
            "pytest --optlandscape-replay booth/* --optlandscape-only solver:minimize",
            "minimize('solver:minimize', landscapes.get('booth'), x0=[[]*[]], budget=40, seed=*)",
            "pytest --optlandscape-update --optlandscape-only solver:minimize::booth",
            "solver:minimize*1 of 48* → *worse",
            "worse, as said above, on booth (*",
        )
    )
    found, exit_code = project.outcome("-k", "booth")
    (landscape,) = found["optimizers"][0]["landscapes"]
    assert (exit_code, landscape["verdict"], found["optimizers"][0]["verdict"]) == (1, "worse", "worse")
    assert landscape["speed_ratio"] == pytest.approx(0.5, rel=0.1)


def test_the_selection_printed_runs_the_landscape_alone(project):
    project.accept("-k", "booth")
    project.solver(REPEATS=2)
    project.run("-k", "solver:minimize and booth").assert_outcomes(failed=1, deselected=48)


@pytest.mark.parametrize("ci", ["", "true"])  # under CI pytest does not shorten the lines of its summary
def test_the_replay_line_replays_the_cell(project, monkeypatch, ci):
    monkeypatch.setenv("CI", ci)
    project.accept("-k", "booth")
    project.solver(REPEATS=2)
    result = project.on_booth()
    (line,) = [line.strip() for line in result.outlines if "import landscapes, minimize; run = minimize(" in line]
    monkeypatch.syspath_prepend(project.path)
    namespace = {}
    exec(line, namespace)
    run = namespace["run"]
    assert run.landscape.name == "booth"
    assert run.budget == 40
    assert run.nfev == 40


def test_faster_is_better_and_passes(project):
    project.solver(REPEATS=2)
    project.accept("-k", "booth")
    project.solver()
    result = project.on_booth()
    assert result.ret == 0
    result.stdout.fnmatch_lines(lines("solver:minimize*better", "better on booth:*fewer evaluations*"))
    found, _ = project.outcome("-k", "booth")
    assert found["optimizers"][0]["landscapes"][0]["speed_ratio"] == pytest.approx(2.0, rel=0.1)


def test_rounding_is_the_same(project):
    project.accept("-k", "booth")
    project.solver(SCALE=1.0 + 2.0**-52)
    result = project.on_booth()
    assert result.ret == 0
    result.stdout.fnmatch_lines(lines("1 of 48*up to rounding*same"))
    found, _ = project.outcome("-k", "booth")
    assert found["optimizers"][0]["fingerprint"] == "rounding"


@pytest.mark.parametrize(("fail_on", "failed"), [("worse", 0), ("changed", 1), ("never", 0)])
def test_changed_fails_only_where_asked(project, fail_on, failed):
    project.accept("-k", "booth")
    project.solver(EXTRA_FROM=6.0)
    project.configure(optlandscape_fail_on=fail_on)
    result = project.on_booth()
    assert result.ret == failed
    result.assert_outcomes(passed=1 - failed, failed=failed, deselected=48)
    result.stdout.fnmatch_lines(lines("solver:minimize*changed", "changed on booth:*"))
    if failed:
        result.stdout.fnmatch_lines(
            lines("solver:minimize on booth has changed*", "cells that diverge*diverge at*", "*minimize('*")
        )


def test_worse_fails_never_where_asked(project):
    project.accept("-k", "booth")
    project.solver(REPEATS=2)
    project.configure(optlandscape_fail_on="never")
    assert project.outcome("-k", "booth")[1] == 0
    assert project.verdicts("-k", "booth") == {"booth": "worse"}


def test_new_fails_where_a_baseline_is_required(project):
    project.configure(optlandscape_require_baseline="true")
    result = project.on_booth()
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        lines(
            "solver:minimize on booth has no baseline",
            "--optlandscape-update --optlandscape-only solver:minimize::booth",
        )
    )
    project.accept("-k", "booth")
    assert project.on_booth().ret == 0


@pytest.mark.parametrize("required", [False, True])
def test_another_budget_is_not_comparable(project, required):
    project.accept("-k", "booth")
    project.solver(REPEATS=2)
    project.configure(optlandscape_budget="30", optlandscape_require_baseline=required)
    result = project.on_booth()
    assert result.ret == int(required)
    result.stdout.fnmatch_lines(lines("solver:minimize*not-comparable", "not compared on booth: budget 40 is now 60"))
    assert project.verdicts("-k", "booth") == {"booth": "not-comparable"}


def test_partial_update_keeps_the_other_rows(project):
    project.accept("-k", "booth or beale")
    before = json.loads(project.baseline.read_text())["records"]
    project.solver(REPEATS=2)
    project.accept("-k", "booth or himmelblau")
    after = json.loads(project.baseline.read_text())["records"]
    assert list(after) == ["beale", "booth", "himmelblau"]
    assert after["beale"] == before["beale"]
    assert after["booth"] != before["booth"]
    assert project.verdicts("-k", "booth or himmelblau") == {"booth": "same", "himmelblau": "same"}
    assert project.verdicts("-k", "beale") == {"beale": "worse"}


def test_some_landscapes_without_a_baseline_are_named(project):
    project.accept("-k", "booth")
    result = project.run("-k", "booth or beale")
    result.stdout.fnmatch_lines(
        lines(
            "no baseline*solver:minimize on 1 of 2*", "--optlandscape-update --optlandscape-only solver:minimize::beale"
        )
    )


@pytest.mark.thorough
def test_whole_suite_twice(project):
    project.configure(optlandscape_suite="quick", optlandscape_budget="10")
    project.accept().assert_outcomes(passed=16)
    first = project.baseline.read_bytes()
    project.accept()
    assert project.baseline.read_bytes() == first
    result = project.run("--optlandscape-json", "outcome.json")
    result.assert_outcomes(passed=17)
    assert result.ret == 0
    found = json.loads(project.outcome_path.read_text())
    assert {landscape["verdict"] for landscape in found["optimizers"][0]["landscapes"]} == {"same"}


def test_small_slowdown_everywhere_fails_the_suite_as_one(project):
    # 3 % of the evaluations, and less than a tenth on every landscape, however a machine rounds
    project.configure(optlandscape_suite="quick", optlandscape_budget="22")
    project.accept()
    project.solver(EXTRA_EVERY=13)
    result = project.run("-v")
    assert result.ret == 1
    result.assert_outcomes(passed=16, failed=1)
    result.stdout.fnmatch_lines(
        lines(
            "optlandscape::solver:minimize::overall FAILED*",
            "solver:minimize is worse than its baseline, over 16 landscapes",
            "more evaluations to the targets (p = *",
            "moved most*success*",
            "16 of 16 * × 0.9* worse",
            "over the suite: speed*, as said above",
        )
    )


def slower_everywhere(project):
    project.configure(optlandscape_suite="quick", optlandscape_budget="22")
    project.accept()
    project.solver(EXTRA_EVERY=13)


def optimizer_and_row(project, *arguments):
    """What the JSON outcome and the summary's table say of the optimizer, and the session."""
    result = project.run("--optlandscape-json", "outcome.json", *arguments)
    (row,) = [line for line in result.outlines if " of 16 " in line or " of 48 " in line]
    return json.loads(project.outcome_path.read_text())["optimizers"][0], row, result


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_verdict_that_no_test_stands_for_is_not_shown_as_one(project, workers):
    slower_everywhere(project)
    found, row, result = optimizer_and_row(project, "-k", "not overall", "-n", workers)
    assert result.ret == 0
    assert found["verdict"] != "worse"
    assert row.split()[-1] == found["verdict"]
    assert "more evaluations to the targets" in found["unjudged"][0]
    assert found["findings"] == []
    result.stdout.fnmatch_lines(lines("not judged, as the test `overall` was not run: *"))


@pytest.mark.thorough
def test_overall_stands_for_the_landscapes_whose_tests_are_not_run(project):
    project.accept()
    project.solver(REPEATS=2)
    found, row, result = optimizer_and_row(project, "-k", "overall")
    result.assert_outcomes(failed=1, deselected=48)
    assert (found["verdict"], row.split()[-1]) == ("worse", "worse")
    project.solver(EXTRA_FROM=4.0)  # one landscape alone, and not all of its cells: no finding of the suite as one
    found, row, result = optimizer_and_row(project, "-k", "overall", "--override-ini", "optlandscape_fail_on=changed")
    changed = [one["name"] for one in found["landscapes"] if one["verdict"] != "same"]
    assert changed
    assert result.ret == 1
    chosen = " or ".join(["overall", *(name.partition("[")[0] for name in changed)])
    _, _, again = optimizer_and_row(project, "-k", chosen, "--override-ini", "optlandscape_fail_on=changed")
    assert again.ret == 1


BOUGHT = """
STEPS = 10


def minimize(fun, x0, jac):
    x = x0
    for _ in range(STEPS):
        fun(x)
        x = x - 0.2 * jac(x)
    return x
"""


def test_what_is_said_of_evaluations_that_bought_a_better_result_agrees(project):
    project.configure(optlandscape_suite="quick", optlandscape_budget="40", optlandscape_fail_on="changed")
    project.solver(BOUGHT)
    project.accept("-k", "sphere")
    project.solver(BOUGHT, STEPS=20)
    result = project.run("-k", "sphere")
    assert result.ret == 1
    text = result.stdout.str()
    bought = "has changed since its baseline, and more evaluations bought a better result:"
    result.stdout.fnmatch_lines(
        lines(
            "solver:minimize on sphere* has changed since its baseline, and more*",
            "100 % more evaluations in all*",
            "but *digits more precise*",
            "changed on sphere*, and more evaluations bought a better result:*",
        )
    )
    assert bought in " ".join(text.split())
    for contradiction in ("no criterion moved", "is changed than", "equivalent"):
        assert contradiction not in text


CREEPING = """
import numpy as np

STEP = 1e-6


def minimize(fun, x0, jac, bounds):
    x = x0
    for _ in range(30):
        fun(x)
        x = np.clip(x - STEP * jac(x), *bounds.T)
    return x
"""


def test_half_a_step_is_slower_where_no_target_is_reached(project):
    project.configure(optlandscape_suite="quick")
    project.solver(CREEPING)
    project.accept("-k", "himmelblau or sphere or overall")
    project.solver(CREEPING, STEP=5e-7)
    result = project.run("-k", "himmelblau or sphere")
    result.assert_outcomes(failed=2, deselected=15)
    result.stdout.fnmatch_lines(
        lines(
            "solver:minimize on himmelblau is worse than its baseline:",
            "8*% more evaluations to the same gap where no target is reached*",
            "speed unknown: 0 of 168 targets reached; where none is reached, progress to",
            "the same gaps × 0.5* (*",
            "worst cells*to the same gap*",
            "2 of 16*unknown*worse",
        )
    )
    assert "equivalent" not in result.stdout.str()
    found, _ = project.outcome("-k", "himmelblau")
    (landscape,) = found["optimizers"][0]["landscapes"]
    assert landscape["speed_ratio"] is None
    assert landscape["targets"] == {"reached": 0, "all": 168}
    assert landscape["speed_ratio_to_same_gaps"] == pytest.approx(0.53, abs=0.02)
    project.solver(CREEPING, STEP=2e-6)
    assert project.verdicts("-k", "himmelblau") == {"himmelblau": "better"}


def test_outcome_schema(project):
    project.configure("solver:minimize", "scipy:BFGS")
    project.accept("-k", "solver and booth")
    project.solver(REPEATS=2)
    found, _ = project.outcome("-k", "booth or (solver and beale)")
    assert found["schema"] == 1
    assert [optimizer["spec"] for optimizer in found["optimizers"]] == ["solver:minimize", "scipy:BFGS"]
    mine, other = found["optimizers"]
    assert mine.keys() >= {"spec", "verdict", "fingerprint", "landscapes", "contract"}
    assert (mine["verdict"], mine["fingerprint"], mine["contract"]) == ("worse", "changed", [])
    assert (other["verdict"], other["fingerprint"]) == ("new", None)
    assert [(row["name"], row["verdict"]) for row in mine["landscapes"]] == [("beale", "new"), ("booth", "worse")]
    new, worse = mine["landscapes"]
    assert worse.keys() >= {"name", "verdict", "speed_ratio", "success", "digits", "worst_cell"}
    assert worse["worst_cell"]["cell"].startswith("booth/")
    assert worse["worst_cell"].keys() >= {"gap", "evaluations", "baseline_gap", "baseline_evaluations", "stop_reason"}
    assert new["speed_ratio"] is None
    assert 0.0 <= new["success"] <= 1.0


def test_outcome_is_the_same_bytes_every_time(project):
    for accepted in (False, True):
        seen = set()
        for arguments in [(), (), ("--benchmark-disable",), ("-v", "-s")]:
            project.outcome("-k", "booth", *arguments)
            seen.add(project.outcome_path.read_bytes())
        assert len(seen) == 1
        if not accepted:
            project.accept("-k", "booth")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--optlandscape-json", "outcome.json"],
        ["--optlandscape-suite", "quick"],
        ["--optlandscape-cells=3"],
        ["--optlandscape-report=page.html"],
        ["--optlandscape-format=github"],
        ["--optlandscape-markdown=comment.md"],
        ["--optlandscape-codequality=report.json"],
        ["--optlandscape-history"],
        ["--optlandscape-history-dirty"],
        ["--optlandscape-executor=processes:2"],
        ["--optlandscape-isolate"],
        ["--optlandscape-only", "solver:minimize"],
    ],
    ids=lambda arguments: arguments[0].partition("=")[0],
)
def test_an_option_of_the_suite_needs_the_suite(project, arguments):
    project.pytester.makepyfile("def test_one(): pass")
    result = project.pytester.runpytest_inprocess(*arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    option = arguments[0].partition("=")[0]
    result.stderr.fnmatch_lines([f"ERROR: {option} needs --optlandscape, which runs the suite; give both, or neither"])
    project.pytester.runpytest_inprocess(*arguments, "--help").stdout.fnmatch_lines([f"*{option}*"])


@pytest.mark.parametrize("switch", ["--optlandscape", "--optlandscape-update"])
def test_json_is_written_where_the_suite_runs(project, switch):
    result = project.pytester.runpytest_inprocess(switch, "--optlandscape-json", "outcome.json", "-k", "booth")
    result.assert_outcomes(passed=1, deselected=48 if switch == "--optlandscape" else 47)  # an update has no `overall`
    assert json.loads(project.outcome_path.read_text())["optimizers"][0]["verdict"] == "new"


def test_suite_option_overrides_the_configuration(project):
    result = project.run("--optlandscape-suite", "quick", "--collect-only", "-q")
    assert sum("::solver:minimize::" in line for line in result.outlines) == 17


def test_nothing_is_added_without_the_option(project):
    project.pytester.makepyfile("def test_one(): pass")
    project.pytester.runpytest_inprocess().assert_outcomes(passed=1)


def test_items_stand_beside_ordinary_tests(project):
    project.pytester.makepyfile("def test_booth(): pass\ndef test_other(): pass")
    project.on_booth().assert_outcomes(passed=2, deselected=49)


def test_collect_only_runs_nothing(project):
    project.solver("def minimize(problem): print('CALLED')")
    result = project.run("--collect-only", "-q", "-s")
    result.stdout.fnmatch_lines([BOOTH, "optlandscape::solver:minimize::overall"])
    result.stdout.no_fnmatch_line("*CALLED*")


def test_marker_deselects(project):
    project.pytester.makepyfile("def test_one(): pass")
    project.run("-m", "not optlandscape").assert_outcomes(passed=1, deselected=49)
    result = project.run("-m", "optlandscape", "-k", "booth or test_one", "--strict-markers")
    result.assert_outcomes(passed=1, deselected=49)


def test_first_failure_ends_the_session_and_last_failed_repeats_it(project):
    project.accept("-k", "booth or himmelblau")
    project.solver(REPEATS=2)
    result = project.run("-x", "-k", "booth or himmelblau")
    result.assert_outcomes(failed=1, deselected=47)
    project.run("--lf").assert_outcomes(failed=1, deselected=48)


def test_junit_has_the_failure(project):
    project.accept("-k", "booth")
    project.solver(REPEATS=2)
    project.on_booth("--junit-xml=junit.xml")
    suite = ElementTree.parse(project.path / "junit.xml").getroot().find("testsuite")
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("1", "1", "0")
    assert "more evaluations to the targets" in suite.find("testcase/failure").get("message")
    properties = {p.get("name"): p.get("value") for p in suite.findall("testcase/properties/property")}
    assert properties == {"optlandscape_verdict": "worse"}


def test_no_optimizer_is_said(project):
    (project.path / "pytest.ini").write_text("[pytest]\n")
    result = project.run()
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    result.stdout.fnmatch_lines(lines("no optimizer is configured*optlandscape_optimizers*"))


def test_the_profile_is_stated_and_can_be_set(project):
    project.configure(optlandscape_profiles="\n    solver:minimize = global stochastic\n")
    result = project.on_booth()
    result.stdout.fnmatch_lines("solver:minimize is tested as global, gradient, bounds, stochastic*")


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("solver:minimise = local", "*unknown optimizer in optlandscape_profiles: 'solver:minimise'; did you mean*"),
        ("solver:minimize = locl", "*'locl'; did you mean 'local'*"),
        ("solver:minimize local", "*is not of the form SPEC = WORDS*"),
    ],
)
def test_a_mistaken_profile_is_named(project, line, complaint):
    project.configure(optlandscape_profiles=f"\n    {line}\n")
    result = project.on_booth()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(complaint)


def test_a_cell_is_replayed(project):
    project.accept("-k", "booth")
    result = project.pytester.runpytest_inprocess("--optlandscape-replay=booth/sobol-03")
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        ["solver:minimize on booth: returned*", "*evaluations*gap*", "*identical to the baseline*"]
    )
    project.solver(REPEATS=2)
    result = project.pytester.runpytest_inprocess("--optlandscape-replay=booth/sobol-03")
    result.stdout.fnmatch_lines("*diverges from the baseline at evaluation 2*")


@pytest.mark.parametrize(
    ("cell", "complaint"),
    [
        ("booth/sobl-03", "*'sobl-03'; did you mean 'sobol-03'*"),
        ("both/sobol-03", "*'both'; did you mean 'booth'*"),
        ("x", "*write a cell as*"),
    ],
)
def test_an_unknown_cell_is_named(project, cell, complaint):
    result = project.pytester.runpytest_inprocess(f"--optlandscape-replay={cell}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(complaint)


def test_the_catalogue_is_listed(project):
    result = project.pytester.runpytest_inprocess("--optlandscape-list", "convex -scalable")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["landscape *family*", "booth *classic-2d*", "*landscapes"])
    result.stdout.no_fnmatch_line("sphere*")
    wrong = project.pytester.runpytest_inprocess("--optlandscape-list=convx")
    assert wrong.ret == pytest.ExitCode.USAGE_ERROR
    wrong.stderr.fnmatch_lines("*'convx'; did you mean 'convex'*")
