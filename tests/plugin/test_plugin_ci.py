"""What a session tells GitHub and GitLab, and where its tests say that an optimizer is written."""

import json
import os
import sys
from pathlib import Path

import pytest

from pytest_optlandscape.landscapes import get
from pytest_optlandscape.session.locations import configured_at, defined_at

QUIET = ("-p", "no:pytest_github_actions_annotate_failures", "-p", "no:cacheprovider")


@pytest.fixture
def small(project, monkeypatch):
    """Have the suite be two landscapes, and an optimizer that is slower than its baseline."""
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "GITHUB_WORKSPACE", "GITLAB_CI", "CI_PROJECT_DIR"):
        monkeypatch.delenv(name, raising=False)
    chosen = [get("beale"), get("booth")]
    monkeypatch.setattr("pytest_optlandscape.session.suite_plan.suite_landscapes", lambda suite: chosen)
    project.configure("solver:minimize", "scipy:L-BFGS-B")
    project.accept()
    project.solver(REPEATS=2)
    return project


def commands(result):
    return [line for line in result.outlines if line.startswith("::")]


@pytest.mark.thorough
def test_a_session_on_github(small, monkeypatch):
    summary = small.path / "summary.md"
    summary.write_text("what was there\n")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    result = small.run("--optlandscape-markdown=out/comment.md", *QUIET)
    assert result.ret == 1
    shown = commands(result)
    assert [one.partition("::")[2].partition("::")[0] for one in shown] == [
        f"error file=solver.py,line=7,title=worse%3A solver%3Aminimize%2C {name}"
        for name in sorted(("beale", "booth", "overall"), key=lambda name: [name in one for one in shown].index(True))
    ]
    comment = (small.path / "out/comment.md").read_text()
    assert "| <code>solver:minimize</code> | **worse** | 2 of 2 | × 0." in comment
    assert "| <code>scipy:L-BFGS-B</code> | same | 2 of 2 | identical |" in comment
    assert summary.read_text() == f"what was there\n\n{comment}\n"
    result.stdout.fnmatch_lines(["written: *comment.md"])
    assert small.run("--optlandscape-format=none", *QUIET).outlines.count("::") == 0
    assert summary.read_text() == f"what was there\n\n{comment}\n"
    result = small.run("-o", "optlandscape_fail_on=never", "--no-summary", "-q", "--color=yes", *QUIET)
    assert [one.partition(" ")[0] for one in commands(result)] == ["::warning"] * 3
    result = small.run("-p", "no:terminal", "-s", *QUIET)
    assert commands(result) == shown
    written = summary.read_text()
    assert commands(small.run("--collect-only", *QUIET)) == []
    assert commands(small.run("-k", "nothing", *QUIET)) == []
    assert summary.read_text() == written


@pytest.mark.thorough
def test_what_fails_is_left_to_the_plugin_that_annotates_it(small, monkeypatch):
    if not os.environ.get("OPTLANDSCAPE_NO_SKIPS"):
        pytest.importorskip("pytest_github_actions_annotate_failures")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    result = small.run("-p", "no:cacheprovider")
    assert commands(result) == []
    theirs = [line for line in result.errlines if "::error " in line]
    assert len(theirs) == 3
    assert all("file=solver.py,line=7::" in line for line in theirs)
    result = small.run("-o", "optlandscape_fail_on=never", "-p", "no:cacheprovider")
    assert [one.partition(" ")[0] for one in commands(result)] == ["::warning"] * 3


def test_a_session_on_gitlab(small, monkeypatch):
    monkeypatch.setenv("GITLAB_CI", "true")
    monkeypatch.setenv("CI_PROJECT_DIR", str(small.path.parent))
    result = small.run("--junitxml=junit.xml", "-o", "junit_family=xunit1")
    assert commands(result) == []
    issues = json.loads((small.path / "gl-code-quality-report.json").read_text())
    where = f"{small.path.name}/solver.py"
    assert {(one["severity"], one["location"]["path"], one["location"]["lines"]["begin"]) for one in issues} == {
        ("major", where, 7)
    }
    assert len(issues) == 3
    assert 'file="solver.py" line="6"' in (small.path / "junit.xml").read_text()
    small.solver()
    assert small.run("--optlandscape-codequality=other.json").ret == 0
    assert json.loads((small.path / "other.json").read_text()) == []


def test_a_test_that_could_not_be_run_is_annotated_too(small):
    small.solver("def minimize(fun, x0):\n    raise ValueError('no\\n::error::luck')\n")
    small.baseline.unlink()
    result = small.run("--optlandscape-format=github", *QUIET)
    shown = commands(result)
    assert (
        sum(one.startswith("::error file=solver.py,line=1,title=failed%3A solver%3Aminimize%2C b") for one in shown)
        == 2
    )
    assert not any(one.startswith("::error::luck") for one in shown)


@pytest.mark.thorough
def test_files_that_cannot_be_written_are_told_before_anything_runs(small):
    (small.path / "folder").mkdir()
    result = small.run("--optlandscape-markdown=folder")
    assert result.ret == 4
    assert "is a folder" in str(result.stderr)
    result = small.run("--optlandscape-format=travis")
    assert result.ret == 4


@pytest.mark.thorough
def test_a_job_summary_that_cannot_be_written_fails_nothing(small, monkeypatch):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(small.path))
    result = small.run("--optlandscape-format=github", "-k", "L-BFGS-B", *QUIET)
    assert result.ret == 0
    result.stdout.fnmatch_lines(["the job summary was not written: *"])


SOURCES = """
import functools, operator
from helper import helped, wrapped
import scipy.optimize

def plain(problem): ...

@wrapped
@functools.lru_cache
def decorated(problem): ...

partial = functools.partial(plain)
of_library = functools.partial(scipy.optimize.minimize, method="Powell")
short = lambda problem: problem.x0
compiled = operator.itemgetter(0)
imported = helped

class Method:
    def __call__(self, problem): ...
    @staticmethod
    def inner(problem): ...

instance = Method()
exec(compile("def generated(problem): ...", "<string>", "exec"))

if True:
    def conditional(problem): ...
"""

HELPER = """
def helped(problem): ...

def wrapped(function):
    def call(problem): ...
    return call
"""


def test_optimizers_are_found_where_they_are_written(tmp_path, monkeypatch):
    (tmp_path / "places.py").write_text(SOURCES)
    (tmp_path / "helper.py").write_text(HELPER)
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("places", "helper"):
        monkeypatch.delitem(sys.modules, name, raising=False)
        __import__(name)
        monkeypatch.setitem(sys.modules, name, sys.modules[name])
    lines = SOURCES.splitlines()

    def line(text):
        return next(k for k, one in enumerate(lines) if text in one)

    expected = {
        "plain": line("def plain"), "decorated": line("@wrapped"), "partial": line("def plain"),
        "of_library": line("of_library ="), "short": line("lambda"), "compiled": line("compiled ="),
        "Method": line("class Method"), "Method.inner": line("@staticmethod"), "instance": line("class Method"),
        "generated": 0, "conditional": line("def conditional"), "plain(tolerance=1)": line("def plain"),
    }  # fmt: skip
    for name, where in expected.items():
        assert defined_at(f"places:{name}", tmp_path) == (tmp_path / "places.py", where), name
    for name in ("imported", "helped"):
        assert defined_at(f"places:{name}", tmp_path) == (tmp_path / "helper.py", 1)
    for spec in ("scipy:Powell", "scipy.optimize:minimize", "nowhere:x", "no spec"):
        assert defined_at(spec, tmp_path) is None
    assert defined_at("places:plain", tmp_path / "elsewhere") is None
    installed = tmp_path / ".venv/lib/python3/site-packages"
    assert defined_at("places:plain", tmp_path) is not None
    monkeypatch.setattr(sys.modules["places"], "__file__", str(installed / "places.py"))
    assert defined_at("places:decorated", tmp_path) == (tmp_path / "helper.py", 4)


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        (
            "pytest.ini",
            "[pytest]\n# optlandscape_optimizers = a:b\noptlandscape_optimizers =\n    a:b(c=1)\n    a:b\n",
            4,
        ),
        ("pytest.ini", "[pytest]\noptlandscape_optimizers = a:b\n", 1),
        ("pyproject.toml", '[tool.pytest.ini_options]\noptlandscape_optimizers = [\n  "a:bc",\n  "a:b",\n]\n', 3),
        ("pyproject.toml", '[tool.pytest.ini_options]\noptlandscape_optimizers = ["a:\\u0062"]\n', 1),
        ("setup.cfg", "[tool:pytest]\n", None),
        ("gone.ini", None, None),
    ],
)
def test_optimizers_of_libraries_are_found_where_they_are_configured(tmp_path, name, text, line):
    path = tmp_path / name
    if text is not None:
        path.write_text(text)
    assert configured_at("a:b", tmp_path, path) == (path, line)
    assert configured_at("a:b", tmp_path, None) == (tmp_path, None)


@pytest.mark.thorough
def test_reports_of_tests_name_the_place(small):
    result = small.pytester.inline_run("--optlandscape", "-p", "no:cacheprovider", "-o", "optlandscape_contract=true")
    places = {report.location[:2] for report in result.getreports("pytest_runtest_logreport")}
    assert places == {("solver.py", 6), ("pytest.ini", 3)}
    assert Path(small.path, "pytest.ini").read_text().splitlines()[3] == "    scipy:L-BFGS-B"
