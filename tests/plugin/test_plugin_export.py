import csv
import functools
import io
import json
import math
import sys

import pytest

from pytest_optlandscape import landscapes, optimizers
from pytest_optlandscape.cli import main
from pytest_optlandscape.records.measuring import run_baseline
from pytest_optlandscape.session.recording import optimizer_entry
from pytest_optlandscape.store import Baseline, CommitEntry, commit_facts, open_history

TIMED = """
from solver import minimize

def test_timed(benchmark_minimize):
    benchmark_minimize("solver:minimize", "beale", budget=40)

def test_other(benchmark):
    benchmark(sum, [1])
"""
SAVE = "--benchmark-autosave", "--benchmark-min-rounds=3", "--benchmark-max-time=0.01", "--benchmark-warmup=off"


@functools.cache
def record(repeats):
    """Measure gradient descent that evaluates each point so often."""

    def minimize(problem):
        x = problem.x0
        for _ in range(problem.budget):
            for _ in range(repeats):
                problem(x)
            gradient = problem.gradient(x)
            x = x - 0.02 * gradient / (1.0 + abs(gradient).max())
        return x

    adapter = optimizers.get(minimize)
    measured = [run_baseline(adapter, landscapes.get(name), 40) for name in ("beale", "booth")]
    made = Baseline("solver:minimize", {}, {}, {one.landscape: one for one in measured})
    return optimizer_entry(adapter, made), made


@pytest.fixture
def recorded(repository):
    """Give a repository with three recorded commits, of which the last is slower."""
    history = open_history("", repository.path)
    for repeats in (1, 1, 2):
        repository.project.solver(REPEATS=repeats)
        repository.commit()
        optimizer, made = record(repeats)
        facts = commit_facts(repository.path)
        history.add(CommitEntry.of(facts, 0, suite="standard", optimizers={"solver:minimize": optimizer}), [made])
    return repository


@pytest.fixture
def command(repository, monkeypatch, capfd):
    """Run the command in the repository; give its status, output and complaints."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(repository.path)

    def run(*arguments):
        capfd.readouterr()
        status = main(arguments)
        captured = capfd.readouterr()
        return status, captured.out, captured.err

    return run


def head(repository):
    return repository.git("rev-parse", "HEAD").strip()


def test_a_history_is_exported_to_standard_output_and_to_files(recorded, command, tmp_path):
    status, said, complaint = command("export", "csv")
    assert (status, complaint) == (0, "")
    table = list(csv.DictReader(io.StringIO(said)))
    assert [line["landscape"] for line in table] == ["overall", "beale", "booth"] * 3
    assert [line["verdict"] for line in table][::3] == ["new", "same", "worse"]
    entry = {one.commit: one for one in open_history("", recorded.path).entries()}[head(recorded)]
    means = entry.optimizers["solver:minimize"].means
    assert float(table[-3]["evaluations"]) == pytest.approx(10 ** means["cost"], rel=1e-4)
    assert float(table[-3]["success"]) == pytest.approx(1.0 - means["failure"], rel=1e-4)
    assert float(table[-3]["precision"]) == pytest.approx(-means["precision"], rel=1e-4)
    assert math.isclose(float(table[-3]["evaluations_to_targets"]), 10 ** means["speed"], rel_tol=1e-4)

    assert command("export", "csv", "-o", "-")[1] == said
    path = tmp_path / "history.csv"
    status, told, _ = command("export", "csv", "-o", str(path), "--json")
    assert (status, path.read_bytes().decode()) == (0, said)
    assert json.loads(told) == {"format": "csv", "rows": 9, "files": [str(path)]}
    assert "overall" not in {line["landscape"] for line in table[1::3]}
    assert command("export", "csv", "--overall")[1].count("\n") == 4

    (issue, *_) = json.loads(command("export", "codequality")[1])
    assert issue["location"] == {"path": "solver.py", "lines": {"begin": 7}}
    assert "worse" in issue["description"]

    recorded.git("commit", "-q", "--allow-empty", "-m", "not recorded")
    status, said, complaint = command("export", "bencher", "--overall")
    assert "the last recorded commit, 1 commit before the end of the line" in complaint
    assert list(json.loads(said)) == ["solver:minimize / standard / overall"]

    folder = tmp_path / "results"
    folder.mkdir()
    (folder / "benchmarks.json").write_text('{"version": 2, "theirs": {"name": "theirs"}}')
    assert command("export", "asv", "-o", str(folder))[0] == 0
    assert "theirs" in json.loads((folder / "benchmarks.json").read_text())
    assert len(list((folder / "optlandscape").iterdir())) == 4


def test_mistakes_in_an_export_are_told_on_one_line_and_lose_nothing(recorded, command, tmp_path):
    (tmp_path / "benchmarks.json").write_text("{")
    for arguments, said in [
        (["csv", "--last"], "export csv does not take --last; openmetrics does"),
        (
            ["bencher", "--direction", "bigger"],
            "export bencher does not take --direction; github-action-benchmark does",
        ),
        (["asv"], "name a folder with -o"),
        (["asv", "-o", str(tmp_path)], "exists, but is not a list of benchmarks of asv"),
        (["csv", "-o", str(tmp_path)], "this is a folder, but export csv writes a file"),
        (["csv", "-o", "no/where"], "there is no folder no"),
        (["csv", "--json"], "name the output with -o"),
        (["csv", "-k", "solver:minimise"], "did you mean 'solver:minimize'?"),
        (["csv", "--history", "elsewhere"], "is empty: record a session"),
    ]:
        status, output, error = command("export", *arguments)
        assert (status, output, said in error, "Traceback" in error) == (4, "", True, False), error
    assert (tmp_path / "benchmarks.json").read_text() == "{"
    with pytest.raises(SystemExit) as ended:
        command("export", "cvs")
    assert ended.value.code == 4
    (record, *_) = (recorded.path / ".optlandscape/history/records").rglob("*.json")
    record.write_bytes(record.read_bytes()[:100])
    status, output, error = command("export", "csv")
    assert (status, "is damaged" in error) == (0, True)
    assert 0 < len(output.splitlines()) < 10


def test_saved_times_are_joined_by_commit_and_for_this_machine_only(recorded, command, monkeypatch):
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)  # pytest-benchmark measures nothing in a worker
    (recorded.path / "test_timed.py").write_text(TIMED)
    recorded.project.pytester.runpytest_subprocess(*SAVE, "test_timed.py").assert_outcomes(passed=2)
    (path,) = (recorded.path / ".benchmarks").rglob("*.json")
    saved = json.loads(path.read_text())
    assert saved["commit_info"]["id"] == head(recorded)
    assert {"optlandscape"} == {key for one in saved["benchmarks"] for key in one["extra_info"]}

    def save(name, folder=path.parent, **changes):
        content = {key: {**saved[key], **changes.get(key, {})} for key in ("machine_info", "commit_info")}
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(json.dumps({**saved, **content}))

    first = recorded.git("rev-parse", "HEAD~1").strip()
    save("0002_first.json", commit_info={"id": first})
    save("0003_dirty.json", commit_info={"dirty": True})
    save("0004_elsewhere.json", commit_info={"id": "0" * 40})
    save("0005_node.json", machine_info={"node": "another \x1b[31m"})
    save("0006_folder.json", folder=path.parent.parent / "Windows-PyPy-9.9-64bit")
    (path.parent / "0007_cut.json").write_text("{")
    (path.parent / "0008_foreign.json").write_text('{"benchmarks": []}')

    status, said, remarks = command("history", "--timing")
    assert status == 0
    assert "times of this machine (" in remarks
    assert " from 2 files in " in remarks
    for told in (
        "files differed from the commit",
        "its commit is not in the history",
        "another machine (another ",
        "another machine (Windows-PyPy-9.9-64bit)",
        "cannot be read, or is not a file of pytest-benchmark",
        "does not name its machine",
    ):
        assert told in remarks
    assert "\x1b" not in remarks
    lines = [line for line in said.splitlines() if line.endswith("test_timed.py::test_timed on beale")]
    assert [line.split()[0] for line in lines] == [head(recorded)[:10], first[:10]]

    found = json.loads(command("history", "--timing", ".benchmarks", "--json")[1])
    tests = found["timing"]["tests"]
    assert [one["commit"] for one in tests] == [first, head(recorded)]
    median = next(one["stats"]["median"] for one in saved["benchmarks"] if one["extra_info"])
    assert tests[1]["median"] == pytest.approx(median)
    assert len(found["timing"]["left_out"]) == 6
    only = json.loads(command("history", "--timing", str(path), "--json")[1])["timing"]["tests"]
    assert [one["commit"] for one in only] == [head(recorded)]
    status, _, error = command("history", "--timing", "nowhere")
    assert (status, "there is no such folder or file" in error) == (4, True)


def test_without_saved_times_the_history_says_how_to_save_them(recorded, command):
    status, _, error = command("history", "--timing")
    assert (status, "--benchmark-autosave" in error) == (4, True)
    assert not (recorded.path / ".benchmarks").exists()
