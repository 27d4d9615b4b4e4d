"""The workflows in examples/ci, run by a stand-in for the runners (see ci_runner.py for what is and is not run)."""

import importlib.util
import json
import os
import subprocess
from xml.etree import ElementTree

import pytest

if not os.environ.get("OPTLANDSCAPE_NO_SKIPS"):
    pytest.importorskip("yaml", reason="PyYAML reads the workflows")
import yaml
from ci_runner import EXAMPLES, GitHub, GitLab, commands_of

SOLVER = '''"""Steepest descent with a fixed number of trials for each step."""

REPEATS = 1


def minimize(fun, x0, jac, maxfev):
    x = x0
    for k in range(maxfev):
        for _ in range(REPEATS):
            fun(x)
        x = x - 0.02 * jac(x) / (1.0 + abs(jac(x)).max())
    return x
'''

SMALL = """import pytest_optlandscape.session.suite_plan
from pytest_optlandscape.landscapes import get

pytest_optlandscape.session.suite_plan.suite_landscapes = lambda suite: [get("beale"), get("booth")]
"""
"""Have the suite be two landscapes, in the workers of pytest-xdist and in revision servers, too."""

INI = """[pytest]
optlandscape_optimizers = solver:minimize
optlandscape_budget = 20
optlandscape_contract = false
optlandscape_time_budget = 0
pythonpath = .
addopts = -p no:cacheprovider -p no:pytest_github_actions_annotate_failures
"""


def load(name):
    loaded = yaml.safe_load((EXAMPLES / name).read_text(encoding="utf-8"))
    if True in loaded:  # YAML 1.1 reads `on` so
        loaded["on"] = loaded.pop(True)
    return loaded


class Forge:
    """A bare repository, and working copies as runners have them."""

    def __init__(self, folder):
        self.folder = folder
        self.origin, self.work = folder / "origin.git", folder / "work"
        self.git("init", "-q", "--bare", "-b", "main", str(self.origin), cwd=folder)
        self.git("clone", "-q", str(self.origin), str(self.work), cwd=folder)
        self.git("checkout", "-q", "-b", "main")

    def git(self, *arguments, cwd=None):
        identity = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.org")
        done = subprocess.run(
            ["git", *identity, *arguments], cwd=cwd or self.work, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def commit(self, files, branch="main"):
        for name, text in files.items():
            path = self.work / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "a commit")
        self.git("push", "-q", "origin", f"HEAD:{branch}")
        return self.git("rev-parse", "HEAD")

    def checkout(self, name, revision):
        """Clone as a runner does: on no branch, with all branches and tags of the remote."""
        copy = self.folder / name / "copy"
        copy.parent.mkdir()
        self.git("clone", "-q", str(self.origin), str(copy), cwd=self.folder)
        self.git("checkout", "-q", "--detach", revision, cwd=copy)
        return copy.parent, copy

    def history(self):
        return self.git("ls-tree", "-r", "--name-only", "optlandscape-history", cwd=self.origin).splitlines()


@pytest.fixture
def forge(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    return Forge(tmp_path)


PROJECT = {"solver.py": SOLVER, "conftest.py": SMALL, "pytest.ini": INI}
SLOWER = {"solver.py": SOLVER.replace("REPEATS = 1", "REPEATS = 2")}


def merged(forge, branch):
    """Make the commit that GitHub checks out for a request: the merge of its head and its base."""
    forge.git("checkout", "-q", "--detach", "main")
    forge.git("merge", "-q", "--no-ff", "-m", "the merge", branch)
    forge.git("push", "-q", "origin", "HEAD:refs/heads/merges")
    return forge.git("rev-parse", "HEAD")


def request_of(head, base="main"):
    repo = {"full_name": "somebody/project"}
    request = {"number": 7, "head": {"sha": head, "repo": repo}, "base": {"ref": base}}
    return {"event": {"pull_request": request}, "base_ref": base, "ref": "refs/pull/7/merge"}


@pytest.mark.parametrize("options", ["", "-n 2"])
def test_github_compares_a_request_comments_and_updates_the_comment(forge, options):
    forge.commit(PROJECT)
    forge.git("checkout", "-q", "-b", "slower")
    head = forge.commit(SLOWER, "slower")
    folder, copy = forge.checkout("runner", merged(forge, "slower"))
    runner = GitHub(
        folder, copy, event="pull_request", context=request_of(head), GITHUB_BASE_REF="main", PYTEST_ADDOPTS=options
    )
    runner.answers(**{"--jq": "41\t<!-- something else -->\n"})
    (_, compare, comment) = runner.run(load("github/optimizers.yml"))
    assert compare[1] == 1
    commands = commands_of(compare[2])
    assert [level for level, *_ in commands] == ["error"] * 3
    assert {properties["file"] for _, properties, _ in commands} == {"solver.py"}
    assert {properties["line"] for _, properties, _ in commands} == {"6"}
    assert [message for *_, message in commands if "replay the worst cell: optlandscape replay " not in message] == []
    summary = (folder / "github_step_summary").read_text()
    assert "### Optimizers: 1 worse" in summary
    assert "where HEAD left origin/main" in summary
    assert comment[1] == 0
    (_, body), *_ = reversed(told := runner.told_gh())
    assert [one[0][2] for one in told] == ["repos/somebody/project/issues/7/comments?per_page=100", "POST"]
    assert body.startswith("<!-- optlandscape -->\n### Optimizers: 1 worse")
    if options:
        return
    runner.answers(**{"--jq": "41\t<!-- something else -->\n42\t<!-- optlandscape -->\n"})
    workflow = load("github/optimizers.yml")
    (job,) = workflow["jobs"].values()
    job["steps"] = [step for step in job["steps"] if step.get("name") == "Comment"]
    runner.run(workflow)
    assert runner.told_gh()[1][0][2:4] == ["PATCH", "repos/somebody/project/issues/comments/42"]


def test_github_records_what_main_does(forge):
    forge.commit(PROJECT)
    head = forge.commit({"notes": ""})
    folder, copy = forge.checkout("runner", "main")
    context = {"event": {"before": "0" * 40}, "ref": "refs/heads/main"}
    runner = GitHub(folder, copy, event="push", context=context)
    names = [(name, status) for name, status, _ in runner.run(load("github/optimizers.yml"))]
    assert names == [("Install", 0), ("Record", 0)]
    assert any(name.startswith(f"commits/{head}-") for name in forge.history())


def test_a_fork_hands_over_what_a_workflow_with_rights_checks(forge):
    forge.commit(PROJECT)
    forge.git("checkout", "-q", "-b", "fork")
    head = forge.commit(SLOWER, "fork")
    folder, copy = forge.checkout("reads", head)
    runner = GitHub(folder, copy, event="pull_request", context=request_of(head), GITHUB_BASE_REF="main")
    (_, measured) = runner.run(load("github/request.yml"))
    assert measured[1] == 0, measured[2]
    handed_over = copy / "handed-over"
    assert sorted(path.name for path in handed_over.iterdir()) == ["comment.md", "history"]

    folder, copy = forge.checkout("writes", "main")
    handed_over.rename(copy / "handed-over")
    foreign = copy / "handed-over/history/triage/forged.json"
    foreign.parent.mkdir()
    foreign.write_text("{}")
    run = {
        "head_sha": head,
        "id": 1,
        "html_url": "https://example.org/1",
        "event": "pull_request",
        "conclusion": "failure",
    }
    context = {"event": {"workflow_run": run}}
    runner = GitHub(folder, copy, event="workflow_run", context=context)
    runner.answers(**{"state=open": "7\n"})
    ran = runner.run(load("github/comment.yml"))
    assert [status for _, status, _ in ran] == [0, 0, 0], ran
    assert f"1 file left out, not of {head}" in ran[1][2]
    assert {name.partition("/")[0] for name in forge.history()} == {"commits", "records"}
    *_, (arguments, body) = runner.told_gh()
    assert arguments[2:4] == ["POST", "repos/somebody/project/issues/7/comments"]
    assert body.startswith("<!-- optlandscape -->\n")
    assert body.endswith("[the run of the request](https://example.org/1).\n")
    for text, status in (("something else", 1), ("<!-- optlandscape -->\n" + "x" * 70_000, 1)):
        (copy / "handed-over/comment.md").write_text(text)
        assert runner.run(load("github/comment.yml"))[-1][1] == status
        assert not any("POST" in arguments for arguments, _ in runner.told_gh())


def test_a_monorepo_runs_the_projects_that_changed(forge):
    project = {f"packages/solvers/{name}": text for name, text in PROJECT.items()}
    forge.commit({**project, "packages/samplers/notes": ""})
    forge.git("checkout", "-q", "-b", "slower")
    head = forge.commit({f"packages/solvers/{name}": text for name, text in SLOWER.items()}, "slower")
    folder, copy = forge.checkout("runner", merged(forge, "slower"))
    runner = GitHub(folder, copy, event="pull_request", context=request_of(head), GITHUB_BASE_REF="main")
    workflow = load("github/monorepo.yml")
    ran = runner.run(workflow, {"project": "packages/samplers"})
    assert [name for name, *_ in ran] == ["Look for changes"]
    ran = runner.run(workflow, {"project": "packages/solvers"})
    assert [(name, status) for name, status, _ in ran][2:] == [("Compare with the base", 1)]
    assert {properties["file"] for _, properties, _ in commands_of(ran[2][2])} == {"packages/solvers/solver.py"}
    assert "<!-- optlandscape: packages/solvers -->" in (folder / "github_step_summary").read_text()


def test_a_release_is_compared_with_the_one_before(forge):
    forge.commit(PROJECT)
    forge.git("tag", "v1.0")
    forge.git("push", "-q", "origin", "v1.0")
    forge.commit(SLOWER)
    forge.git("tag", "v1.1")
    folder, copy = forge.checkout("runner", "main")
    context = {"event": {"release": {"tag_name": "v1.1"}}}
    runner = GitHub(folder, copy, event="release", context=context)
    runner.answers(view="What is new.\n")
    ran = runner.run(load("github/release.yml"))
    assert [status for _, status, _ in ran] == [0, 0, 0]
    assert "compared with v1.0" in ran[1][2]
    *_, (arguments, body) = runner.told_gh()
    assert arguments[:3] == ["release", "edit", "v1.1"]
    assert body.startswith("What is new.\n\n<!-- optlandscape -->")
    assert "1 worse" in body


def test_gitlab_compares_a_merge_request(forge, request):
    base = forge.commit(PROJECT)
    forge.git("checkout", "-q", "-b", "slower")
    forge.commit(SLOWER, "slower")
    folder, copy = forge.checkout("runner", "origin/slower")
    job = load("gitlab/.gitlab-ci.yml")["optimizers"]
    has_page = request.config.getoption("optlandscape_report", "absent") != "absent"
    if not has_page or importlib.util.find_spec("jinja2") is None:
        job["script"] = [line.replace("--optlandscape-report=optlandscape.html ", "") for line in job["script"]]
    runner = GitLab(folder, copy, CI_MERGE_REQUEST_IID="7", CI_MERGE_REQUEST_DIFF_BASE_SHA=base)
    status, log = runner.run(job)
    assert status == 1, log
    assert commands_of(log) == []
    issues = json.loads((copy / job["artifacts"]["reports"]["codequality"]).read_text())
    assert {one["severity"] for one in issues} == {"major"}
    assert {(one["location"]["path"], one["location"]["lines"]["begin"]) for one in issues} == {("solver.py", 6)}
    cases = ElementTree.parse(copy / job["artifacts"]["reports"]["junit"]).iter("testcase")
    assert {(one.get("file"), one.get("line")) for one in cases} == {("solver.py", "5")}


@pytest.mark.parametrize("path", [pytest.param(one, id=one.name) for one in sorted((EXAMPLES / "github").iterdir())])
def test_permissions_are_named_and_nothing_of_a_stranger_is_run(path):
    workflow = load(f"github/{path.name}")
    assert set(workflow["permissions"]) <= {"actions", "contents", "pull-requests"}
    triggers = workflow["on"]
    assert "pull_request_target" not in triggers
    if "workflow_run" in triggers:
        (job,) = workflow["jobs"].values()
        checkouts = [step for step in job["steps"] if step.get("uses", "").startswith("actions/checkout")]
        assert [step.get("with", {}).get("ref") for step in checkouts] == [None]
        assert not any("pip install ." in step.get("run", "") for step in job["steps"])
