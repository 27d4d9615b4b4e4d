import functools
import math
import sys
from dataclasses import replace

import pytest

from pytest_optlandscape import landscapes, optimizers
from pytest_optlandscape.comparison.findings import Finding
from pytest_optlandscape.records.measuring import run_baseline
from pytest_optlandscape.store import Baseline, CommitEntry, OptimizerEntry, Triage, digest_of_record, open_history
from pytest_optlandscape.trend import CRITERIA, rows_of, to_dataframe, to_rows, trends_of
from pytest_optlandscape.trend.reading import loader

NAMES = ("beale", "rosenbrock_disk")


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

    measured = [run_baseline(optimizers.get(minimize), landscapes.get(name), 40) for name in NAMES]
    return Baseline("solver:minimize", {}, {}, {one.landscape: one for one in measured})


def commit(k):
    return f"{k:040x}"


@pytest.fixture
def history(tmp_path):
    """Give a history of five commits: the third is slower, the fourth could not be run."""
    found = open_history("history", tmp_path)
    for k, repeats in enumerate([1, 1, 2, None, 2], start=1):
        made = [record(repeats)] if repeats else []
        optimizer = OptimizerEntry(missing="ImportError: no solver")
        if made:
            versions = {"scipy": "1.16" if k > 2 else "1.15"}
            optimizer = OptimizerEntry(digest_of_record(made[0]), versions=versions, broken=("check_keeps_budget",))
        facts = {"commit_time": 86400 * k, "author": "Ann", "subject": f"=change {k}"}
        found.add(CommitEntry(commit(k), (commit(k - 1),), optimizers={"solver:minimize": optimizer}, **facts), made)
    return found


def test_each_commit_has_a_row_for_the_suite_and_for_each_landscape(history):
    rows = list(to_rows(history))
    assert [(int(row["commit"], 16), row["landscape"]) for row in rows] == [
        *[(k, name) for k in (1, 2, 3) for name in ("overall", *NAMES)],
        (4, "overall"),
        *[(5, name) for name in ("overall", *NAMES)],
    ]
    by_commit = {int(row["commit"], 16): row for row in rows if row["landscape"] == "overall"}
    assert [row["verdict"] for row in by_commit.values()] == ["new", "same", "worse", "not-run", "same"]
    states = [row["state"] for row in by_commit.values()]
    assert states[0] == states[1] == f"sha256:{digest_of_record(record(1))[:16]}"
    assert states[2] == states[4] == f"sha256:{digest_of_record(record(2))[:16]}"
    assert states[3] == ""
    slower = by_commit[3]
    assert (slower["event"], slower["time"], slower["subject"]) == ("worse step", "1970-01-04T00:00:00Z", "=change 3")
    assert "scipy 1.15 → 1.16 came with it" in slower["note"]
    assert "evaluations" in slower["what_moved"]
    assert slower["broken_checks"] == "check_keeps_budget"
    assert by_commit[4]["note"] == "ImportError: no solver"
    assert [list(row) for row in rows] == [list(rows[0])] * len(rows)


def test_a_gain_over_the_suite_does_not_explain_a_loss_on_a_landscape(history):
    (trend,) = trends_of(history)
    first, slower = trend.states
    gained = Finding("precision", -0.11, 1e-15, "0.11 digits more precise")
    mixed = replace(slower, comparison=replace(slower.comparison, findings=(gained,)))
    rows = list(rows_of([replace(trend, states=(first, mixed))], loader(history)))
    told = {row.landscape: row for row in rows if row.commit == commit(3)}
    assert (told["overall"].verdict, told["overall"].what_moved) == ("worse", "")
    assert "more evaluations" in told["beale"].what_moved


def test_criteria_are_those_of_the_cells(history):
    rows = {row["landscape"]: row for row in to_rows(history) if row["commit"] == commit(1)}
    for name in NAMES:
        of_landscape, cells = record(1).records[name], record(1).records[name].cells
        hits = [math.log10(min(hit, 2 * of_landscape.budget)) for cell in cells for hit in cell.hits]
        assert rows[name]["evaluations_to_targets"] == pytest.approx(10 ** (sum(hits) / len(hits)), rel=1e-5)
        assert rows[name]["success"] == pytest.approx(of_landscape.successes / len(cells), rel=1e-5)
        shares = [math.log10(min(max(cell.gap, of_landscape.noise) / of_landscape.reference, 1e3)) for cell in cells]
        assert rows[name]["precision"] == pytest.approx(-sum(shares) / len(shares), rel=1e-5)
    assert rows["beale"]["constraint_evaluations"] is None
    assert rows["overall"]["constraint_evaluations"] == rows["rosenbrock_disk"]["constraint_evaluations"] is not None
    for criterion in CRITERIA[1:3]:
        means = [rows[name][criterion.name] for name in NAMES]
        assert rows["overall"][criterion.name] == pytest.approx(sum(means) / 2, rel=1e-5)


def test_a_line_words_and_a_person_s_word_are_heeded(history):
    history.add_triage(Triage(commit(3), "expected", "safer", "Ann", 1))
    some = list(to_rows(history, [commit(1), commit(3)], words="SOLVER", landscapes=False))
    assert [(row["commit"], row["triage"]) for row in some] == [(commit(1), ""), (commit(3), "expected")]
    with pytest.raises(ValueError, match="unknown optimizer 'solvr:minimize'; did you mean 'solver:minimize'"):
        to_rows(history, words="solvr:minimize")
    assert trends_of(history, ["f" * 40]) == []


def test_a_damaged_record_is_named_and_its_commits_are_left_out(history):
    (path,) = history.folder.rglob(f"{digest_of_record(record(2))}.json")
    path.write_bytes(path.read_bytes()[:100])
    assert {row["commit"] for row in to_rows(history)} == {commit(1), commit(2), commit(4)}
    assert "is damaged" in history.problems[0]


def test_a_data_frame_without_pandas_names_the_extra(history, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"pytest-optlandscape\[dataframe\].*to_rows works without it"):
        to_dataframe(history)
