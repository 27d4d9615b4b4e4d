import subprocess

import pytest

from pytest_optlandscape.store import GitError
from pytest_optlandscape.store.bases import find_base


@pytest.fixture
def git(tmp_path, monkeypatch):
    """A repository with four commits on main, of which the last two branches leave at the third."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Somebody")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "somebody@example.org")
    (tmp_path / "origin").mkdir()

    def run(*arguments, cwd=tmp_path / "origin"):
        done = subprocess.run(["git", *map(str, arguments)], cwd=cwd, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    run("init", "-q", "-b", "main")
    for k in range(4):
        run("commit", "-q", "--allow-empty", "-m", f"commit {k}")
        run("tag", f"c{k}")
    run("checkout", "-q", "-b", "request", "c2")
    run("commit", "-q", "--allow-empty", "-m", "the request")
    run.folder = tmp_path / "origin"
    run.copy = tmp_path / "copy"
    run.ids = {name: run("rev-parse", name) for name in ("c0", "c1", "c2", "c3", "request")}
    return run


def base(git, target, folder=None, **keywords):
    found = find_base(folder or git.folder, target, environment=keywords.pop("environment", {}), **keywords)
    (name,) = (name for name, commit in git.ids.items() if commit == found.commit)
    return name, found.text


def test_a_request_is_compared_with_the_commit_where_it_left_its_target(git):
    assert base(git, "main") == ("c2", f"{git.ids['c2'][:10]}, where HEAD left main")
    assert base(git, "c3", head="c1") == ("c1", f"{git.ids['c1'][:10]}, c1 itself, as c3 has all its commits")


def test_the_nearest_measured_commit_is_taken_and_named(git):
    name, text = base(git, "main", measured={git.ids["c0"], git.ids["c3"]})
    assert name == "c0"
    short = git.ids["c0"][:10], git.ids["c2"][:10]
    assert text == f"{short[0]}, the nearest measured commit, 2 commits before {short[1]}, where HEAD left main"
    with pytest.raises(GitError, match=r"nor any commit before it was measured; measure it with"):
        base(git, "main", measured={git.ids["c3"]})


@pytest.mark.parametrize(
    "environment",
    [
        {"GITHUB_BASE_REF": "main"},
        {"CI_MERGE_REQUEST_DIFF_BASE_SHA": "c2"},
        {"CI_MERGE_REQUEST_DIFF_BASE_SHA": "0" * 40, "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main"},
    ],
)
def test_the_target_is_taken_from_the_pipeline(git, environment):
    git("clone", "-q", git.folder, git.copy)  # of the target it has the remote's branch only
    assert base(git, "auto", git.copy, environment=environment)[0] == "c2"


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("auto", "this is the pipeline of none"),
        ("nothing", "there is no commit 'nothing' in this clone$"),
        ("--all", "'--all' begins with '-'"),
        ("main..request", "'main..request' is a range"),
        ("orphan", "HEAD and orphan have no common ancestor$"),
    ],
)
def test_mistakes_are_told(git, target, said):
    git("checkout", "-q", "--orphan", "orphan")
    git("commit", "-q", "--allow-empty", "-m", "alone")
    git("checkout", "-q", "request")
    with pytest.raises(ValueError, match=said):
        base(git, target)


@pytest.mark.parametrize("branches", ["--single-branch", "--no-single-branch"])
def test_of_a_shallow_clone_it_is_told_what_to_fetch(git, branches):
    git("clone", "-q", "--depth=1", branches, f"file://{git.folder}", git.copy)
    with pytest.raises(GitError, match=r"this clone is shallow, .*git fetch --unshallow origin.*fetch-depth: 0"):
        base(git, "auto", git.copy, environment={"GITHUB_BASE_REF": "main"})
    git("fetch", "-q", "--unshallow", "origin", "+refs/heads/*:refs/remotes/origin/*", cwd=git.copy)
    assert base(git, "auto", git.copy, environment={"GITHUB_BASE_REF": "main"})[0] == "c2"
