import dataclasses
import json

import pytest
from test_trend_states import commit, descend, record

from pytest_optlandscape import landscapes, optimizers
from pytest_optlandscape.records.measuring import run_baseline
from pytest_optlandscape.report.trend import history_lines, trend_lines, trend_plain
from pytest_optlandscape.store import Baseline, CommitEntry, OptimizerEntry, digest_of_record
from pytest_optlandscape.trend import Remembered, compare_records, find_trend, in_order, series_of
from pytest_optlandscape.trend.remembered import comparer

RECORDS = [record(0), record(4), record(60), record(60, 3e-16), record(30), record(20), record(8), record(0)]


def followed(remembered=None):
    records = {digest_of_record(one): one for one in RECORDS}
    entries = [
        CommitEntry(commit(k), (commit(k - 1),), optimizers={"solver:minimize": OptimizerEntry(digest)})
        for k, digest in enumerate(map(digest_of_record, RECORDS), start=1)
    ]
    (series,) = series_of(entries, in_order(entries))
    return find_trend(series, records.get, remembered=remembered)


def texts(trend):
    return history_lines(trend), trend_lines(trend), trend_plain([trend])


def test_a_remembered_trend_is_the_trend_that_was_worked_out(tmp_path, monkeypatch):
    remembered = Remembered(tmp_path / "cache")
    plain = texts(followed())
    assert texts(followed(remembered)) == plain
    monkeypatch.setattr("pytest_optlandscape.trend.remembered.compare_records", None)  # nothing is worked out again
    assert texts(followed(remembered)) == plain


@pytest.mark.parametrize("damage", ["", "{", "[]", "{}", "null", '{"spec": 1}', "[" * 5000])
def test_a_damaged_file_is_worked_out_again(tmp_path, damage):
    remembered = Remembered(tmp_path)
    plain = texts(followed(remembered))
    kept = sorted(tmp_path.glob("*.json"))
    assert len(kept) > 5
    for path in kept:
        path.write_text(damage)
    assert texts(followed(remembered)) == plain
    assert all(json.loads(path.read_text())["spec"] == "solver:minimize" for path in kept)


def test_a_file_of_other_records_is_not_used(tmp_path):
    remembered = Remembered(tmp_path)
    remembered.put("one", compare_records(record(0), record(4)))
    found = remembered.get("one", record(0), record(4))
    assert found == compare_records(record(0), record(4))
    assert found.speed == compare_records(record(0), record(4)).speed
    other = dataclasses.replace(record(4), optimizer="other:minimize")
    fewer = dataclasses.replace(record(4), records={"beale": record(4).records["beale"]})
    assert remembered.get("one", record(0), other) is None
    assert remembered.get("one", record(0), fewer) is None


def test_records_that_cannot_be_compared_are_remembered_too(tmp_path):
    adapter = optimizers.get(descend(0))
    other = Baseline("solver:minimize", {}, {}, {"beale": run_baseline(adapter, landscapes.get("beale"), 60)})
    remembered = Remembered(tmp_path)
    records = {"a": record(0), "b": other}
    first, again = (comparer(records.get, remembered)("a", "b", False) for _ in range(2))
    assert str(first.verdict) == "not-comparable"
    assert again == first
    assert again.speed is None


def test_a_folder_that_cannot_be_written_to_changes_nothing(tmp_path):
    (tmp_path / "cache").write_text("a file")
    assert texts(followed(Remembered(tmp_path / "cache"))) == texts(followed())
    assert (tmp_path / "cache").read_text() == "a file"


def test_git_does_not_see_the_folder(tmp_path):
    followed(Remembered(tmp_path / "cache"))
    assert (tmp_path / "cache" / ".gitignore").read_text() == "*\n"
