import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from test_store_history import entry, record

from pytest_optlandscape.store import (
    CommitEntry,
    GitError,
    StoreError,
    commit_facts,
    facts_of_commit,
    first_parents,
    open_history,
    resolve_commit,
)


@pytest.fixture
def git(tmp_path, monkeypatch):
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Ann <x> Ö")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "ann@example.org")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")

    def run(*arguments, cwd=tmp_path / "repository"):
        cwd.mkdir(exist_ok=True)
        return subprocess.run(["git", *arguments], cwd=cwd, capture_output=True, text=True, check=True).stdout.strip()

    run("init", "-q", "-b", "main")
    return run


def commit(git, message="a commit", **files):
    for name, text in files.items():
        path = Path(git("rev-parse", "--show-toplevel"), name.replace("__", "/").replace("_py", ".py"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git("add", "-A")
    git("commit", "-q", "--allow-empty", "-m", message)
    return git("rev-parse", "HEAD")


def test_facts_of_a_project_within_a_repository(git, tmp_path):
    folder = tmp_path / "repository"
    assert commit_facts(tmp_path) is None
    assert commit_facts(folder) is None  # nothing was committed yet
    first = commit(git, "one\nand more", packages__opt__solver_py="1", other__file="1")
    project = folder / "packages" / "opt"
    facts = commit_facts(project)
    assert (facts.commit, facts.parents, facts.subject) == (first, (), "one")
    assert (facts.author, facts.path, facts.is_dirty) == ("Ann x Ö", "packages/opt", False)
    assert facts.tree == git("rev-parse", "HEAD:packages/opt")
    second = commit(git, other__file="2")
    elsewhere = commit_facts(project)
    assert (elsewhere.tree, elsewhere.parents, elsewhere.commit) == (facts.tree, (first,), second)
    assert commit_facts(project, (".", "../../other")).tree != facts.tree
    assert commit_facts(folder).tree == git("rev-parse", "HEAD^{tree}")
    with pytest.raises(ValueError, match="leads out of the repository"):
        commit_facts(project, ("../../../x",))
    entry = CommitEntry.of(elsewhere, 7)
    assert CommitEntry.read(entry.name, entry.data) == entry


def test_commits_before_a_path_was_there_differ_if_anything_differs(git, tmp_path):
    folder = tmp_path / "repository"
    moved = [commit(git, solver_py=str(k), settings="s") for k in range(2)]
    git("mv", "solver.py", "settings2")
    moved += [commit(git, src__solver_py="1"), commit(git, doc="1")]
    for paths in (("src",), ("src", "settings")):
        trees = [facts_of_commit(folder, one, "", paths).tree for one in moved]
        assert len(set(trees)) == 3
        assert trees[2] == trees[3]


def test_what_counts_as_a_change(git, tmp_path):
    folder = tmp_path / "repository"
    commit(git, package__solver_py="1", baseline__x="1", doc="1")
    for name in ("baseline/x", "baseline/new", "notes.txt"):
        (folder / name).write_text("2")
    assert not commit_facts(folder, ignored=[folder / "baseline"]).is_dirty
    (folder / "doc").write_text("2")
    assert commit_facts(folder, ignored=[folder / "baseline"]).changed == ("doc",)
    assert not commit_facts(folder, ("package",)).is_dirty
    (folder / "package" / "new.py").write_text("1")
    facts = commit_facts(folder, ("package",))
    assert facts.changed == ("package/new.py",)
    assert CommitEntry.of(facts, 5).is_dirty


def test_a_shallow_clone_knows_its_parent_and_a_worktree_its_commit(git, tmp_path):
    first = commit(git, a="1")
    second = commit(git, a="2")
    git("clone", "-q", "--depth=1", f"file://{tmp_path}/repository", str(tmp_path / "shallow"), cwd=tmp_path)
    assert commit_facts(tmp_path / "shallow").parents == (first,)
    with pytest.raises(GitError, match="shallow"):
        resolve_commit(tmp_path / "shallow", first)
    git("worktree", "add", "-q", str(tmp_path / "other"), first)
    assert commit_facts(tmp_path / "other").commit == first
    assert first_parents(tmp_path / "other", "main") == [first, second]


def test_first_parents_leave_out_what_was_merged(git, tmp_path):
    commits = [commit(git, a=str(k)) for k in range(4)]
    git("checkout", "-q", "-b", "side", commits[1])
    commit(git, b="1")
    git("checkout", "-q", "main")
    git("merge", "-q", "--no-ff", "-m", "merge", "side")
    merge = git("rev-parse", "HEAD")
    folder = tmp_path / "repository"
    assert first_parents(folder, f"{commits[0]}..main") == [*commits[1:], merge]
    assert first_parents(folder, "main", steps=3) == [commits[0], commits[2], merge]
    assert first_parents(folder, "main", steps=1) == [merge]


def test_a_branch_holds_a_history_without_a_checkout(git, tmp_path):
    commit(git, a="1")
    folder = tmp_path / "repository"
    before = git("status", "--porcelain"), git("rev-parse", "HEAD")
    history = open_history("git:history", folder)
    assert history.entries() == []
    history.add(entry(), [record()])
    history.add(entry("b" * 40), [record()])
    again = open_history("git:history", folder)
    assert [one.commit[0] for one in again.entries()] == ["a", "b"]
    assert again.check() == ([], [], [])
    assert (git("status", "--porcelain"), git("rev-parse", "HEAD")) == before
    assert git("rev-list", "--count", "history") == "2"
    again.files.remove([entry().name])
    assert [one.commit[0] for one in again.entries()] == ["b"]
    for name in ("a b", "-x", "../x"):
        with pytest.raises(StoreError, match="history git:"):
            open_history(f"git:{name}", folder)


PUSHER = """
    import sys
    from pathlib import Path
    sys.path.insert(0, {tests!r})
    from test_store_history import entry, record
    from pytest_optlandscape.store import open_history
    history = open_history("git:history", Path({folder!r}))
    for k in range(3):
        history.add(entry(f"{{{number}:08x}}{{k:032x}}", record(k)), [record(k)])
"""


def test_shallow_clones_that_push_at_once_lose_nothing(git, tmp_path):
    commit(git, a="1")
    git("clone", "-q", "--bare", str(tmp_path / "repository"), str(tmp_path / "server"), cwd=tmp_path)
    pushers = []
    for number in range(3):
        clone = tmp_path / f"clone{number}"
        git("clone", "-q", "--depth=1", f"file://{tmp_path}/server", str(clone), cwd=tmp_path)
        tests = str(Path(__file__).parent)
        source = textwrap.dedent(PUSHER.format(tests=tests, folder=str(clone), number=number))
        pushers.append(subprocess.Popen([sys.executable, "-c", source], stderr=subprocess.PIPE, text=True))
    assert [one.communicate()[1] for one in pushers] == [""] * 3
    history = open_history("git:history", tmp_path / "clone0")
    assert len(history.entries()) == 9
    assert history.check()[:2] == ([], [])


def test_a_branch_of_sources_is_no_history(git, tmp_path):
    tip = commit(git, "one", solver_py="x", README="y")
    history = open_history("git:main", tmp_path / "repository")
    with pytest.raises(StoreError, match=r"git:main is no history: it has 1 file, such as 'solver.py'"):
        history.add(entry(), [record()])
    with pytest.raises(StoreError, match="is no history"):
        history.check()
    assert git("rev-parse", "main") == tip


def test_a_repository_with_sha_256_holds_a_history(git, tmp_path):
    folder = tmp_path / "long"
    git("init", "-q", "--object-format=sha256", str(folder))
    facts = git("commit-tree", "-m", "one", git("write-tree", cwd=folder), cwd=folder)
    assert len(facts) == 64
    history = open_history("git:history", folder)
    history.add(entry(facts), [record()])
    history.add(entry("b" * 64), [record()])
    history.files.remove([entry(facts).name])
    assert [one.commit for one in open_history("git:history", folder).entries()] == ["b" * 64]
    assert history.check() == ([], [], [])


def test_a_branch_that_git_cannot_make_is_told_in_its_own_words(git, tmp_path, monkeypatch):
    commit(git, a="1")
    git("branch", "history/old")
    monkeypatch.setattr("pytest_optlandscape.store.branch.TRIES", 2)
    with pytest.raises(StoreError, match="'refs/heads/history/old' exists"):
        open_history("git:history", tmp_path / "repository").add(entry(), [record()])
