"""Backfill over builds and releases, on executors, and after kills."""

import json
import os
import signal
import subprocess
import sys
import time
import zipfile

import pytest

from pytest_optlandscape.cli import main
from pytest_optlandscape.landscapes import get
from pytest_optlandscape.store import open_history

BACKEND = """
import zipfile

def build_wheel(directory, config_settings=None, metadata_directory=None):
    name = "built-1.0-py3-none-any.whl"
    with zipfile.ZipFile(f"{directory}/{name}", "w") as wheel:
        wheel.writestr("built.py", open("source.txt").read())
        wheel.writestr("built-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: built\\nVersion: 1.0\\n")
        wheel.writestr("built-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("built-1.0.dist-info/RECORD", "")
    return name
"""
PROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "built"
version = "1.0"
"""
SOURCE = "import tiny_library\n\ndef minimize(problem):\n    {}\n    problem(problem.x0)\n    return problem.x0\n"


@pytest.fixture
def command(repository, monkeypatch, capfd):
    """Run the command in the repository, whose suite is one landscape; give its status, output and complaints."""
    monkeypatch.setattr("pytest_optlandscape.session.suite_plan.suite_landscapes", lambda suite: [get("booth")])
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(repository.path)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    repository.project.configure(optlandscape_budget="10")

    def run(*arguments):
        for name in ("solver", "built", "tiny_library"):
            sys.modules.pop(name, None)
        capfd.readouterr()
        status = main(arguments)
        captured = capfd.readouterr()
        return status, captured.out, captured.err

    return run


def commit(repository, subject, **files):
    for name, text in files.items():
        (repository.path / name.replace("__", ".")).write_text(text)
    repository.git("add", "-A")
    repository.git("commit", "-q", "-m", subject)
    return repository.git("rev-parse", "HEAD").strip()


@pytest.mark.thorough
def test_several_commits_at_once_give_what_one_after_the_other_does(repository, command):
    start = repository.git("rev-parse", "HEAD").strip()
    for repeats in (2, 3):
        repository.project.solver(REPEATS=repeats)
        commit(repository, f"repeats {repeats}")
    commit(repository, "the same files", notes="")
    repository.git("revert", "--no-edit", "HEAD")
    commits = f"{start}..HEAD"
    status, said, _ = command("backfill", commits, "--history", "one")
    assert (status, said) == (0, "3 measured, 0 known, 1 taken over, 0 not run\n")
    status, said, progress = command("backfill", commits, "--history", "many", "--executor", "processes:2")
    assert (status, said) == (0, "3 measured, 0 known, 1 taken over, 0 not run\n")
    assert "ran in " in progress
    found = [{entry.name: entry.data for entry in open_history(place, repository.path).entries()}
             for place in ("one", "many")]  # fmt: skip
    assert found[0] == found[1]
    assert command("backfill", commits, "--history", "one", "--executor", "threads:2")[0] == 4


def test_a_process_that_is_killed_from_outside_is_started_once_more(repository, command, tmp_path_factory):
    mark = tmp_path_factory.mktemp("outside") / "killed"
    good = (repository.path / "solver.py").read_text()
    killed = f"""
import os, pathlib, signal
mark = pathlib.Path({str(mark)!r})
if not mark.exists():
    mark.write_text("")
    os.kill(os.getpid(), signal.SIGTERM)
"""
    commit(repository, "killed", solver__py=killed + good)
    commit(repository, "as before", solver__py=good)
    status, said, progress = command("backfill", "HEAD~2..HEAD~1")
    assert (status, said) == (0, "1 measured, 0 known, 0 taken over, 0 not run\n"), progress
    assert mark.exists()


def test_each_commit_is_built_into_an_environment_of_its_own(repository, command, tmp_path_factory):
    place = tmp_path_factory.mktemp("elsewhere")
    (place / "tiny_library.py").write_text("")
    (place / "built.py").write_text(SOURCE.format("pass"))  # what is installed at present
    sys.path.insert(0, str(place))
    repository.project.configure("built:minimize", optlandscape_budget="10")
    commit(repository, "a build", backend__py=BACKEND, pyproject__toml=PROJECT, source__txt=SOURCE.format("pass"))
    commit(repository, "slower", source__txt=SOURCE.format("problem(problem.x0)"))
    commit(repository, "broken", backend__py="raise RuntimeError('no compiler here')")
    arguments = ("backfill", "HEAD~3..HEAD", "--install", "pip install .")
    status, said, progress = command(*arguments)
    assert (status, said) == (0, "2 measured, 0 known, 0 taken over, 1 not run\n"), progress
    assert "not run (built:minimize: `pip install .` ended with status 1:" in progress
    assert "no compiler here" in " ".join(progress.split())
    assert command(*arguments)[1] == "0 measured, 3 known, 0 taken over, 0 not run\n"
    assert "2 states over 2 recorded commits; 1 commit could not be run" in command("history")[1]


def wheel(folder, version, source):
    information = f"tiny_library-{version}.dist-info"
    with zipfile.ZipFile(folder / f"tiny_library-{version}-py3-none-any.whl", "w") as made:
        made.writestr("tiny_library.py", source)
        made.writestr(f"{information}/METADATA", f"Metadata-Version: 2.1\nName: tiny-library\nVersion: {version}\n")
        made.writestr(f"{information}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        made.writestr(f"{information}/RECORD", "")


@pytest.mark.thorough
def test_releases_of_a_library_are_measured_in_order_of_versions(repository, command, monkeypatch, tmp_path_factory):
    index = tmp_path_factory.mktemp("index")
    for version, source in [
        ("1.9", "N = 1"),
        ("1.10.0", "N = 1"),
        ("1.10.2", "N = 2"),
        ("2.0", "raise OSError('old')"),
        ("3.0", "N = None"),
    ]:
        wheel(index, version, source)
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    (repository.path / "tiny_library.py").write_text("N = 1")
    solver = SOURCE.format("for _ in range(tiny_library.N): problem(problem.x0)")
    repository.project.configure(optlandscape_budget="10", pythonpath="src")
    (repository.path / "src").mkdir()
    (repository.path / "src" / "solver.py").write_text(solver)
    (repository.path / "solver.py").unlink()
    commit(repository, "an optimizer that uses a library")
    arguments = ("backfill", "--releases", "tiny-library==2.*,1.10.*,1.9")
    status, said, progress = command(*arguments)
    assert (status, said) == (0, "2 measured, 0 known, 1 not run\n"), progress
    order = [line.split()[2] for line in progress.splitlines() if "/3 tiny-library" in line]
    assert order == ["1.9", "1.10.2", "2.0"]
    assert command(*arguments)[1] == "0 measured, 3 known, 0 not run\n"
    assert command("backfill", "--releases", "tiny-library==1.10.0", "--executor", "processes:1")[1].startswith("1 mea")
    status, said, _ = command("history", "--releases")
    assert "2 states over 3 recorded releases; 1 release could not be run" in said
    for option, name in (("--optimizer", "solvr:minimize"), ("--suite", "standrad")):
        status, _, error = command("history", "--releases", option, name)
        assert (status, "did you mean" in error) == (4, True)
    assert "tiny-library 1.9 … tiny-library 1.10.0" in said
    assert "tiny-library 1.10.0 → 1.10.2" not in said.splitlines()[0]
    status, said, _ = command("show", "tiny-library==1.10.2")
    assert (status, "against tiny-library 1.10.0" in said) == (0, True)
    assert command("history")[0] == 4
    assert command("doctor")[0] == 0
    _, said, progress = command("backfill", "--releases", "tiny-library==3.0")
    assert said == "0 measured, 0 known, 1 not run\n"
    assert "no result from any run: TypeError: 'NoneType' object" in " ".join(progress.split())
    (found,) = json.loads(command("trend", "--releases", "--json")[1])["optimizers"]
    assert [one["release"] for one in found["not_run"]] == ["tiny-library 2.0", "tiny-library 3.0"]
    assert [one["releases"] for one in found["states"]] == [
        ["tiny-library 1.9", "tiny-library 1.10.0"],
        ["tiny-library 1.10.2"],
    ]
    for wrong, told in [("tiny-library", "write a library and its releases"), ("tiny-library==7.*", "pip finds no")]:
        status, _, error = command("backfill", "--releases", wrong)
        assert (status, told in error, "Traceback" in error) == (4, True, False)


def test_a_kill_leaves_nothing_behind_for_the_next_start(repository, command, monkeypatch):
    slow = "import time\nfrom pathlib import Path\nPath({!r}).touch()\ntime.sleep({})\n"
    sign = repository.temporary.parent / "is-here"
    source = (repository.path / "solver.py").read_text()
    commit(repository, "slow to import", solver__py=slow.format(str(sign), 60) + source)
    code = "import sys; from pytest_optlandscape.cli import main; sys.exit(main(sys.argv[1:]))"
    environment = {**os.environ, "TMPDIR": str(repository.temporary), "PYTHONPATH": str(repository.path)}
    arguments = [sys.executable, "-c", code, "backfill", "HEAD~1..HEAD", "--install", "true"]
    started = time.monotonic()
    (repository.path / "solver.py").write_text(source)  # this process imports it at once
    with subprocess.Popen(arguments, cwd=repository.path, env=environment, stderr=subprocess.PIPE) as process:
        while not sign.exists() and process.poll() is None and time.monotonic() - started < 60:
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
    assert list(repository.temporary.glob("optlandscape-*"))
    repository.git("checkout", "-q", "--", "solver.py")
    commit(repository, "fast again", solver__py=source)
    assert command("backfill", "HEAD~1..HEAD")[1] == "1 measured, 0 known, 0 taken over, 0 not run\n"
    repository.assert_nothing_is_left()
