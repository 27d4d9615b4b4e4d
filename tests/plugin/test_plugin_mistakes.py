import importlib.util
import json
import os
import re
import sys

import pytest

USAGE_ERROR = pytest.ExitCode.USAGE_ERROR


def check_usage_error(result, *patterns):
    """One clear message, no traceback."""
    assert result.ret == USAGE_ERROR
    shown = [*result.outlines, *result.errlines]
    assert not [line for line in shown if "Traceback" in line or "INTERNALERROR" in line]
    assert sum(line.startswith(("ERROR:", "Exit:")) for line in result.errlines) == 1, shown
    result.stderr.fnmatch_lines([f"*{pattern}*" for pattern in patterns])


def native(*values):
    return pytest.param(*values, marks=pytest.mark.skipif(pytest.version_tuple < (9,), reason="native TOML is new"))


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("scipy:Powel", "did you mean 'Powell'"),
        ("scipi:Powell", "did you mean 'scipy'"),
        ("solver:minimise", "did you mean 'minimize'"),
        ("solvr:minimize", "solvr*pythonpath"),
        ("L-BFGS-B", "L-BFGS-B*library:Name"),
        ("scipy:Powell(maxiter=", "not closed"),
        ("scipy:Powell(maxiter=len('ab'))", "not a literal"),
        ("scipy:Powell(100)", "key=value"),
        ("solver:SOME", "not an optimizer"),
        ("broken:minimize", "broken*ZeroDivisionError"),
    ],
)
def test_optimizer_that_cannot_be_used(project, spec, said):
    project.solver("SOME = 3\ndef minimize(problem): return problem.x0")
    (project.path / "broken.py").write_text("1 / 0")
    project.configure(spec)
    before = project.files()
    check_usage_error(project.run("--optlandscape-update"), f"optlandscape: *{said}")
    assert project.files() == before


def test_missing_keras_is_named_with_what_to_install(project, monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *a: None if name == "keras" else found(name, *a))
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    project.configure("keras:Adam")
    check_usage_error(project.run(), "keras:Adam*not installed: pip install*pytest-optlandscape[[]keras*")


@pytest.mark.parametrize(
    ("ini", "said"),
    [
        ({"optlandscape_suite": "quik"}, "unknown suite 'quik'; did you mean 'quick'"),
        ({"optlandscape_fail_on": "chnged"}, "optlandscape_fail_on*'chnged'; did you mean 'changed'"),
        ({"optlandscape_budget": "lots"}, "optlandscape_budget*'lots'"),
        ({"optlandscape_budget": "-5"}, "optlandscape_budget*'-5'"),
        ({"optlandscape_budget": "0"}, "optlandscape_budget*'0'"),
        ({"optlandscape_budget": "1.5"}, "optlandscape_budget*'1.5'"),
        ({"optlandscape_require_baseline": "perhaps"}, "perhaps"),
        ({"optlandscape_optimizer": "scipy:Powell"}, "did you mean 'optlandscape_optimizers'"),
    ],
)
def test_wrong_value_in_the_configuration(project, ini, said):
    project.configure(**ini)
    before = project.files()
    check_usage_error(project.run("--optlandscape-update"), said)
    assert project.files() == before


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("pyproject.toml", '[tool.pytest.ini_options]\noptlandscape_bugdet = "20"'),
        native("pyproject.toml", '[tool.pytest]\noptlandscape_bugdet = "20"'),
        native("pytest.toml", '[pytest]\noptlandscape_bugdet = "20"'),
        native(".pytest.toml", '[pytest]\noptlandscape_bugdet = "20"'),
        ("pytest.ini", "[pytest]\noptlandscape_bugdet = 20"),
        (".pytest.ini", "[pytest]\noptlandscape_bugdet = 20"),
        ("tox.ini", "[pytest]\noptlandscape_bugdet = 20"),
        ("setup.cfg", "[tool:pytest]\noptlandscape_bugdet = 20"),
    ],
)
def test_misspelt_key_is_named_with_the_nearest(project, name, content):
    (project.path / "pytest.ini").unlink()
    (project.path / name).write_text(content)
    result = project.run()
    check_usage_error(result, "'optlandscape_bugdet'; did you mean 'optlandscape_budget'")


@pytest.mark.parametrize("option", ["-o", "--override-ini"])
def test_misspelt_key_on_the_command_line(project, option):
    result = project.run(option, "optlandscape_bugdet=20")
    check_usage_error(result, "'optlandscape_bugdet'; did you mean 'optlandscape_budget'")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("pyproject.toml", '[tool.pytest.ini_options]\noptlandscape_optimizers = ["scipy:BFGS"]'),
        native(
            "pytest.toml", '[pytest]\noptlandscape_optimizers = ["scipy:BFGS"]\noptlandscape_require_baseline = true'
        ),
        ("tox.ini", "[pytest]\noptlandscape_optimizers = scipy:BFGS"),
    ],
)
def test_every_kind_of_configuration_file_is_read(project, name, content):
    (project.path / "pytest.ini").unlink()
    (project.path / name).write_text(content)
    result = project.run("-k", "beale", "-v")
    result.stdout.fnmatch_lines(["optlandscape::scipy:BFGS::beale *"])
    assert result.ret == int("require_baseline" in content)


def test_misspelt_suite_option(project):
    check_usage_error(project.run("--optlandscape-suite", "ful"), "unknown suite 'ful'; did you mean 'full'")


def test_misspelt_option_is_refused(project):
    result = project.pytester.runpytest_inprocess("--optlandscap")
    assert result.ret == USAGE_ERROR
    result.stderr.fnmatch_lines(["*--optlandscap*"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ('"beal"', "unknown landscape 'beal'; did you mean 'beale'"),
        ('"rosenbrok[[]10]"', "unknown landscape 'rosenbrok'; did you mean 'rosenbrock'"),
        ('tags="convx"', "'convx'; did you mean 'convex'"),
        ('exclude="nosy"', "'nosy'; did you mean 'noisy'"),
        ('tag="convex"', "unknown keyword 'tag'; did you mean 'tags'"),
        ('"powell_singular", dim=3', "no landscape is left"),
        ('"rosenbrock[[]0]"', "rosenbrock has no dimension 0"),
        ("3", "a landscape's name must be a string"),
    ],
)
def test_mistake_in_a_marker(project, arguments, said):
    source = f"import pytest\n@pytest.mark.landscapes({arguments.replace('[[]', '[')})\ndef test_one(landscape): pass"
    project.pytester.makepyfile(test_marked=source)
    result = project.pytester.runpytest_inprocess()
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"*test_marked.py:2: test_one: @pytest.mark.landscapes: *{said}*"])
    assert not [line for line in result.outlines if "Traceback" in line or "fixtures.py" in line]


DAMAGED = {
    "truncated": (lambda text: text[: len(text) // 2], "damaged or truncated"),
    "empty": (lambda text: "", "damaged or truncated"),
    "foreign JSON": (lambda text: '{"name": "package", "version": 3}', "no baseline of pytest-optlandscape"),
    "a list": (lambda text: "[1, 2]", "no baseline of pytest-optlandscape"),
    "not JSON": (lambda text: "<<<<<<< HEAD\n" + text, "damaged or truncated: line 1"),
    "other schema": (lambda text: text.replace('"schema": 4', '"schema": 1'), "schema 1*--optlandscape-update"),
    "another's": (lambda text: text.replace("solver:minimize", "scipy:BFGS"), "belongs to 'scipy:BFGS'"),
    "cell": (lambda text: re.sub(r'"sobol-03 \d+', '"sobol-03 x', text), "damaged*sobol-03"),
    "field lost": (lambda text: text.replace('"definition":', '"definitions":'), "damaged"),
    "reference lost": (lambda text: text.replace('"reference":', '"refrence":'), "damaged"),
    "no cells": (lambda text: re.sub(r'"cells": \[[^]]*\]', '"cells": []', text), "damaged"),
    "landscapes a list": (lambda text: text[: text.index('"landscapes"')] + '"landscapes": []}', "damaged"),
    "records a list": (lambda text: text[: text.index('"records"')] + '"records": []}', "damaged"),
    "a key twice": (lambda text: text.replace('"setting"', '"optimizer"'), "line 4: the key 'optimizer' occurs twice"),
    "edited": (lambda text: text.replace('"success 21/21', '"success 20/21'), "baseline accept"),
    "definition a list": (
        lambda text: text.replace('"definition": {', '"definition": [{').replace("}", "}]"),
        "damaged",
    ),
}


@pytest.mark.parametrize("update", [False, True])
@pytest.mark.parametrize("kind", DAMAGED)
def test_damaged_baseline_is_named_and_kept(project, kind, update):
    project.accept("-k", "booth")
    damage, said = DAMAGED[kind]
    changed = damage(project.baseline.read_text())
    assert changed != project.baseline.read_text()
    project.baseline.write_text(changed)
    before = project.files()
    result = project.on_booth(*["--optlandscape-update"] * update)
    check_usage_error(result, f"solver_minimize.json*{said}")
    if kind != "other schema":
        result.stderr.fnmatch_lines(["*left as it is; restore it from version control, or delete it*"])
    assert project.files() == before


@pytest.mark.parametrize("update", [False, True])
def test_binary_baseline_is_named_and_kept(project, update):
    project.baseline.parent.mkdir()
    project.baseline.write_bytes(b"\x89PNG\r\n\x1a\n\x00\xff\xfe")
    before = project.files()
    check_usage_error(project.on_booth(*["--optlandscape-update"] * update), "solver_minimize.json cannot be read*")
    assert project.files() == before


@pytest.mark.parametrize("update", [False, True])
def test_folder_in_place_of_the_baseline(project, update):
    project.baseline.mkdir(parents=True)
    check_usage_error(project.on_booth(*["--optlandscape-update"] * update), "solver_minimize.json cannot be read*")
    assert project.baseline.is_dir()


def test_file_in_place_of_the_baseline_folder(project):
    project.baseline.parent.write_text("mine")
    check_usage_error(project.on_booth("--optlandscape-update"), "optlandscape_baseline")
    assert project.baseline.parent.read_text() == "mine"


@pytest.mark.parametrize("path", ["afile/outcome.json", "afolder"])
def test_outcome_that_cannot_be_written_is_said_before_anything_runs(project, path):
    (project.path / "afile").write_text("mine")
    (project.path / "afolder").mkdir()
    project.solver("def minimize(problem): print('CALLED')")
    before = project.files()
    result = project.on_booth("--optlandscape-json", path, "-s")
    check_usage_error(result, path.partition("/")[0])
    result.stdout.no_fnmatch_line("*CALLED*")
    assert project.files() == before


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
@pytest.mark.parametrize("arguments", [["--optlandscape-update"], ["--optlandscape-json", "locked/outcome.json"]])
def test_folder_without_permission(project, arguments):
    project.configure(optlandscape_baseline_dir="locked")
    folder = project.path / "locked"
    folder.mkdir()
    folder.chmod(0o500)
    try:
        check_usage_error(project.on_booth(*arguments), "locked")
    finally:
        folder.chmod(0o700)


@pytest.mark.parametrize("what", ["baseline", "outcome"])
def test_failing_write_at_the_end_is_told_and_loses_nothing(project, monkeypatch, what):
    project.accept("-k", "booth")
    project.solver(REPEATS=2)
    project.outcome_path.write_text('{"schema": 1, "optimizers": []}')
    before = project.files()

    def full(*arguments):
        raise OSError(28, "No space left on device")

    arguments = ["--optlandscape-update"] if what == "baseline" else ["--optlandscape-json", "outcome.json"]
    with monkeypatch.context() as patched:
        patched.setattr("pytest_optlandscape.store.atomic_files.os.replace", full)
        result = project.on_booth(*arguments)
    assert result.ret == USAGE_ERROR
    name = "solver_minimize.json" if what == "baseline" else "outcome.json"
    assert re.search(rf"{name} was not written: .*No space left", project.unwrapped(result.stdout))
    result.stderr.fnmatch_lines([f"*{name} was not written: *No space left*"])
    result.stdout.no_fnmatch_line("*accepted:*")
    result.stdout.no_fnmatch_line("*outcome written*")
    assert project.files() == before


def test_one_failing_write_does_not_stop_the_others(project, monkeypatch):
    project.configure("solver:minimize", "scipy:BFGS")
    project.accept("-k", "booth and scipy")
    replace = os.replace

    def fails_for_mine(source, target):
        if "solver" in str(target):
            raise OSError("no")
        replace(source, target)

    monkeypatch.setattr("pytest_optlandscape.store.atomic_files.os.replace", fails_for_mine)
    result = project.run("--optlandscape-update", "-k", "beale")
    assert result.ret == USAGE_ERROR
    written = project.path / "optlandscape_baseline" / "scipy_BFGS.json"
    assert list(json.loads(written.read_text())["landscapes"]) == ["beale", "booth"]
    assert not project.baseline.exists()


def test_one_optimizer_named_twice_has_one_baseline_and_is_refused(project):
    project.configure("scipy:Powell(xtol=1e-3)", "scipy:BFGS", "scipy:Powell( xtol = 0.001 )")
    result = project.run("-k", "booth")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*optlandscape_optimizers names 'scipy:Powell(xtol=0.001)' twice*"])
