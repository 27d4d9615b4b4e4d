"""Baseline files in sessions: what an update writes and says, renamed optimizers, edits, and files of others."""

import json
import re
import shlex

import pytest
from thorough import thorough

from pytest_optlandscape.cli import main

ON = ("-k", "booth or beale or himmelblau")


@pytest.fixture
def accepted(project):
    project.accept(*ON)
    return project


def command(project, capsys, *arguments):
    """Run the command in the project's folder; its status and what it prints."""
    status = main(arguments)
    told = capsys.readouterr()
    return status, told.out + told.err


def test_an_update_that_changes_nothing_rewrites_nothing(accepted):
    before, at = accepted.files(), accepted.baseline.stat().st_mtime_ns
    result = accepted.accept(*ON)
    result.stdout.fnmatch_lines(["nothing new to accept: optlandscape_baseline/solver_minimize.json*is left as it was"])
    assert accepted.files() == before
    assert accepted.baseline.stat().st_mtime_ns == at


def test_an_update_rewrites_what_changed_and_prints_it(accepted):
    before = accepted.baseline.read_text().splitlines()
    accepted.solver(EXTRA_FROM=9.9)  # on booth alone
    result = accepted.accept(*ON)
    after = accepted.baseline.read_text().splitlines()
    text = str(result.stdout)
    assert re.search(r"accepted: optlandscape_baseline/solver_minimize.json \(solver:minimize\); commit it\n", text)
    assert re.search(r"\n  booth  +to targets \S+ → \S+\n", text)
    assert "unchanged: 2 landscapes" in text
    gone = [line for line in before if line not in after]
    assert not any("beale" in line for line in gone)
    records = [json.loads("\n".join(lines))["records"] for lines in (before, after)]
    assert records[0]["beale"] == records[1]["beale"]
    assert accepted.verdicts(*ON) == dict.fromkeys(["beale", "booth", "himmelblau"], "same")


def test_totals_and_lines_are_shown_old_and_new(accepted):
    accepted.solver(REPEATS=2)
    text = str(accepted.accept(*ON).stdout)
    assert re.search(r"\n  evaluations  +\d+ → \d+\n", text)
    assert re.search(r"\n  booth  +success 21/21 → 20/21, evaluations \d+ → \d+, to targets \S+ → \S+\n", text)


def test_what_shows_over_the_suite_alone_is_accepted_too(project, monkeypatch):
    """Landscapes that are the same one by one keep no record with which the suite as one would go on to differ."""
    from pytest_optlandscape.comparison import Verdict, compare_optimizer
    from pytest_optlandscape.session import accepting

    def stricter(spec, landscapes, calibration=None):
        found = compare_optimizer(spec, landscapes, calibration)
        drifts = any(one.fingerprint == "rounding" for one in landscapes)
        return type(found)(spec, found.landscapes, Verdict.CHANGED) if drifts else found

    project.accept(*ON)
    before = json.loads(project.baseline.read_text())["records"]
    project.solver(SCALE=1.0 + 2.0**-52)
    monkeypatch.setattr(accepting, "compare_optimizer", stricter)
    project.accept(*ON)
    after = json.loads(project.baseline.read_text())["records"]
    assert {name for name in before if before[name] != after[name]} == set(before)


def test_other_versions_than_the_baseline_was_written_with_are_told(accepted, monkeypatch):
    text = accepted.baseline.read_text()
    version = json.loads(text)["written_with"]["scipy"]
    accepted.baseline.write_text(text.replace(f'"scipy": "{version}"', '"scipy": "0.1"'))
    assert main(["baseline", "accept", str(accepted.baseline)]) == 0
    accepted.on_booth().stdout.no_fnmatch_line("*written with*")
    accepted.solver(REPEATS=2)
    accepted.on_booth().stdout.fnmatch_lines(
        [f"*versions changed since the baseline was written: scipy 0.1 → {version}"]
    )
    accepted.accept("-k", "booth").stdout.fnmatch_lines([f"  written with scipy 0.1 → {version}"])
    written = json.loads(accepted.baseline.read_text())
    assert written["written_with"]["scipy"] == "0.1"
    apart = {name: entry.get("written_with", {}).get("scipy") for name, entry in written["records"].items()}
    assert apart == {"beale": None, "booth": version, "himmelblau": None}


def test_a_renamed_optimizer_is_recognised_and_its_baseline_moves_by_the_command_that_is_printed(accepted, capsys):
    text = (accepted.path / "solver.py").read_text()
    (accepted.path / "solver.py").write_text(text.replace("def minimize", "def descend"))
    accepted.configure("solver:descend")
    result = accepted.run(*ON)
    result.stdout.fnmatch_lines(
        [
            "solver:minimize has a baseline, but is not configured:",
            "  optlandscape_baseline/solver_minimize.json",
            "  renamed to solver:descend? its runs are the same on 3 landscapes",
        ]
    )
    told = re.search(r"if so: optlandscape (.*)", str(result.stdout)).group(1)
    before = json.loads(accepted.baseline.read_text())
    status, out = command(accepted, capsys, *shlex.split(told))
    assert (status, out.splitlines()[-1]) == (
        0, "moved optlandscape_baseline/solver_minimize.json to optlandscape_baseline/solver_descend.json; commit both"
    )  # fmt: skip
    (path,) = accepted.baseline.parent.iterdir()
    after = json.loads(path.read_text())
    assert (path.name, after["optimizer"], after["records"]) == (
        "solver_descend.json",
        "solver:descend",
        before["records"],
    )
    result = accepted.run(*ON)
    result.stdout.no_fnmatch_line("*has a baseline, but*")
    assert set(accepted.verdicts(*ON).values()) == {"same"}


def test_an_orphaned_baseline_of_another_optimizer_is_told_and_not_taken_for_it(accepted):
    accepted.configure("scipy:BFGS")
    result = accepted.run("-k", "booth")
    result.stdout.fnmatch_lines(
        ["solver:minimize has a baseline, but is not configured:", "  configure it again, or delete the file"]
    )
    result.stdout.no_fnmatch_line("*renamed*")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["move", "solver:minimise", "scipy:BFGS"], "did you mean 'solver:minimize'"),
        *thorough(
            (["move", "solver:minimize", "solver:nothing"], "nothing"),
            (["move", "solver:minimize"], "takes the old spec and the new one"),
        ),
        (["accept"], "takes one or more files"),
        (["accept", "nowhere.json"], "there is no file"),
        (["accept", "solver.py"], "no valid JSON"),
        (["check", "this"], "takes nothing"),
    ],
)
def test_mistakes_of_the_command(accepted, capsys, arguments, said):
    before = accepted.files()
    try:
        status, out = command(accepted, capsys, "baseline", *arguments)
    except SystemExit as ended:
        status, told = ended.code, capsys.readouterr()
        out = told.out + told.err
    assert status == 4
    assert said in out
    assert "Traceback" not in out
    assert accepted.files() == before


def test_check_lists_good_and_damaged_files(accepted, capsys):
    status, out = command(accepted, capsys, "baseline", "check")
    assert (status, out.splitlines()[-1]) == (0, "solver_minimize.json: solver:minimize, 3 landscapes")
    accepted.baseline.write_text(accepted.baseline.read_text().replace('"jumps": 0', '"jumps": 900', 1))
    status, out = command(accepted, capsys, "baseline", "check")
    assert status == 1
    assert re.search(r"solver_minimize.json is damaged: line \d+: beale: rounding", out)


@pytest.mark.thorough
def test_an_outcome_replaces_an_outcome_and_nothing_else(accepted):
    before = accepted.files()
    options = ["--optlandscape-json", "--optlandscape-markdown", "--optlandscape-codequality", "--optlandscape-report"]
    for option in options:
        for name in ("solver.py", "optlandscape_baseline/solver_minimize.json"):
            result = accepted.on_booth(option, name)
            assert result.ret == pytest.ExitCode.USAGE_ERROR
            result.stderr.fnmatch_lines([f"*{option} would overwrite *{name}, which is not *"])
    assert accepted.files() == before
    for _ in range(2):
        arguments = [word for option in options[:3] for word in (option, f"written{option}")]
        accepted.on_booth(*arguments).stdout.fnmatch_lines(["outcome written to written--optlandscape-json"])


TWINS = "\n".join(
    f"def {name}(fun, x0, maxfev):\n    for _ in range({steps}):\n        fun(x0)\n    return x0\n"
    for name, steps in {"minimize": 3, "Minimize": 5}.items()
)


def test_optimizers_whose_names_differ_in_case_have_baselines_of_their_own(project):
    project.configure("solver:minimize", "solver:Minimize")
    project.solver(TWINS)
    project.accept("-k", "booth")
    names = [path.name for path in project.baseline.parent.iterdir()]
    assert len({name.casefold() for name in names}) == 2
    found, status = project.outcome("-k", "booth")
    assert ([one["verdict"] for one in found["optimizers"]], status) == (["same", "same"], 0)
