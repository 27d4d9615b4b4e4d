import json
import subprocess
import sys
import textwrap

import pytest

from pytest_optlandscape.records import LandscapeRecord
from pytest_optlandscape.store import Baseline, CommitEntry, History, OptimizerEntry, StoreError, Triage, open_history
from pytest_optlandscape.store.entries import digest_of, record_name
from pytest_optlandscape.store.folder import FolderFiles
from pytest_optlandscape.store.history import data_of, digest_of_record

CELL = "standard 16 16 r 4.15e-14 5.19e-07 2,3,5,9,12,14,15,- - 0f3a -:W:V"
A, B = "a" * 40, "b" * 40


def record(nfev=16):
    cell = CELL.replace(" 16 16 ", f" {nfev} 16 ")
    plain = {"landscape": "beale", "definition": {"budget": 400, "reference": 1.0, "fmin": 0.0}, "cells": [cell]}
    return Baseline("scipy:BFGS", {}, {"scipy": "1.17"}, {"beale": LandscapeRecord.from_plain(plain)})


def entry(commit=A, of=None, **further):
    one = OptimizerEntry(record=digest_of_record(of or record()), versions={"scipy": "1.17"}, means={"speed": 1.5})
    return CommitEntry(commit, (B,), "Ann", "a subject", 1, 2, optimizers={"scipy:BFGS": one}, **further)


@pytest.fixture
def history(tmp_path):
    made = open_history("", tmp_path)
    made.add(entry(), [record()])
    return made


def test_what_was_added_is_read_again_and_stored_once(history, tmp_path):
    other = open_history(".optlandscape/history", tmp_path)
    assert other.entries() == [entry()]
    assert other.record(digest_of_record(record())).records == record().records
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.json")}
    other.add(entry(), [record()])
    other.add(entry(B), [record()])
    after = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.json")}
    assert {path: after[path] for path in before} == before
    assert len(after) == len(before) + 1 == 3
    assert (tmp_path / ".optlandscape/history/.gitignore").read_text() == "*\n"
    assert history.problems == other.problems == []


def only(history, kind):
    (path,) = (history.files.folder / kind).rglob("*.json")
    return path


DAMAGE = {
    "cut off": (lambda path: path.write_bytes(path.read_bytes()[:-20]), "its content is not the one"),
    "empty": (lambda path: path.write_bytes(b""), "its content is not the one"),
    "altered": (lambda path: path.write_text(path.read_text().replace("Ann", "Eve")), "its content is not the one"),
    "of another commit": (lambda path: path.rename(str(path).replace(A, B)), f"it describes commit {A}"),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_entry_is_told_once_and_left_while_all_others_are_used(history, kind):
    damage, said = DAMAGE[kind]
    damage(only(history, "commits"))
    files = {path: path.read_bytes() for path in history.files.folder.rglob("*") if path.is_file()}
    history.add(entry("c" * 40))
    assert [one.commit for one in history.entries()] == ["c" * 40]
    history.entries()
    assert len(history.problems) == 1
    assert said in history.problems[0]
    assert files.items() <= {p: p.read_bytes() for p in history.files.folder.rglob("*") if p.is_file()}.items()


def stored(history, content, kind="commits", commit=A):
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    name = f"{kind}/{commit}-{digest_of(data)[:16]}.json" if kind != "records" else record_name(digest_of(data))
    history.files.add({name: data})
    return name


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"not json", "no valid JSON"),
        (b"[" * 100_000, "no valid JSON"),
        ([1], "no file of a history"),
        ({"schema": 99}, "schema 99, this version of pytest-optlandscape reads up to 1"),
        ({"schema": 1}, "KeyError"),
        ({**json.loads(entry().data), "commit": "../../etc"}, "is no commit"),
        ({**json.loads(entry().data), "parents": ["x"]}, "is no commit"),
        ({**json.loads(entry().data), "optimizers": {"a": {"record": "../x"}}}, "is no digest"),
        ({**json.loads(entry().data), "optimizers": [1]}, "AttributeError"),
        ({**json.loads(entry().data), "author": 5}, "is no text"),
        ({**json.loads(entry().data), "author_time": 1e999}, "no valid JSON (Infinity is no number)"),
    ],
)  # fmt: skip
def test_foreign_and_hostile_entries_are_refused_with_a_message(tmp_path, content, said):
    history = open_history("", tmp_path)
    stored(history, content)
    assert history.entries() == []
    assert len(history.problems) == 1
    assert said in history.problems[0]


def test_records_that_cannot_be_used_say_why(history):
    with pytest.raises(StoreError, match="is not in the history"):
        history.record("0" * 64)
    newer = {**json.loads(data_of(record())), "schema": 99}
    with pytest.raises(StoreError, match="schema 99"):
        history.record(stored(history, newer, "records")[11:-5])
    older = {**json.loads(data_of(record())), "schema": 2}
    with pytest.raises(StoreError, match="measure its commits again"):
        history.record(stored(history, older, "records")[11:-5])
    broken = json.loads(data_of(record()))
    broken["landscapes"]["beale"]["cells"] = ["x"]
    with pytest.raises(StoreError, match="not the record of a cell"):
        history.record(stored(history, broken, "records")[11:-5])


def test_merging_takes_the_union_and_refuses_what_is_foreign_or_damaged(history, tmp_path):
    other = History(FolderFiles(tmp_path / "other"))
    other.add(entry(B, record(17)), [record(17)])
    other.add_triage(Triage(B, "expected", "a new default", "Ann", 5))
    other.files.add({"commits/..\\..\\escape.json": b"x", "README": b"x"})
    stored(other, b"cut o", commit="d" * 40)
    added = history.merge(other)
    assert added == {"commits": 1, "records": 1, "triage": 1}
    assert sorted(one.commit for one in history.entries()) == [A, B]
    assert history.triages()[B].word == "expected"
    assert len([one for one in history.problems if "not merged" in one]) == 3
    assert history.merge(other) == {"commits": 0, "records": 0, "triage": 0}


def test_a_place_that_is_no_history_is_neither_written_to_nor_repaired(history, tmp_path):
    project = tmp_path / "project"
    (project / "src").mkdir(parents=True)
    (project / "src" / "solver.py").write_text("x")
    place = open_history("project", tmp_path)
    for act in (
        lambda: place.add(entry(), [record()]),
        lambda: place.add_triage(Triage(A, "expected", "why", "Ann", 1)),
        lambda: place.merge(history),
        lambda: history.merge(place),
        place.check,
    ):
        with pytest.raises(StoreError, match=r"is no history: it has 1 file, such as 'src/solver.py', and none of"):
            act()
    assert [path.name for path in project.rglob("*")] == ["src", "solver.py"]
    (tmp_path / "noted").mkdir()
    (tmp_path / "noted" / "README.md").write_text("our history")
    noted = open_history("noted", tmp_path)
    noted.add(entry(), [record()])
    assert noted.check()[0] == ["README.md"]


def test_the_check_names_what_is_damaged_missing_and_unused(history):
    history.add(entry(B, record(17)))
    unused = stored(history, data_of(record(18)), "records")
    path = history.files.folder / record_name(digest_of_record(record()))
    path.write_bytes(path.read_bytes()[:100])
    damaged, missing, not_used = history.check()
    assert damaged == [str(path.relative_to(history.files.folder))]
    assert missing == sorted([*damaged, record_name(digest_of_record(record(17)))])
    assert not_used == [unused]
    history.add(entry(), [record()])  # whoever has the whole content repairs it
    assert history.check()[0] == []


def test_a_file_of_a_newer_version_is_not_damaged(history):
    newer = stored(history, {**json.loads(entry(B).data), "schema": 99}, commit=B)
    further = stored(history, {**json.loads(data_of(record())), "schema": 99}, "records")
    unknown = stored(history, data_of(record(18)), "records")
    damaged, missing, unused = history.check()
    assert (damaged, missing) == ([], [])
    assert unused == []  # the newer entry may need them
    assert sorted(history.newer) == sorted([newer, further])
    assert len(history.problems) == 2
    history.files.remove([newer, further])
    assert history.check() == ([], [], [unknown])


def test_the_latest_word_on_a_commit_counts(history):
    for time, word in [(2, "fixed"), (3, "accepted"), (1, "expected")]:
        history.add_triage(Triage(A, word, "because", "Ann", time))
    assert history.triages()[A].word == "accepted"


WRITER = """
    import sys
    from pathlib import Path
    sys.path.insert(0, {tests!r})
    from test_store_history import entry, record
    from pytest_optlandscape.store import open_history
    history = open_history("", Path({folder!r}))
    for k in range(10_000):
        commit = f"{{{number}:08x}}{{k:032x}}"
        history.add(entry(commit, record(k)), [record(k)])
        print(commit, flush=True)
"""


def test_writers_that_are_killed_lose_nothing_that_was_acknowledged_and_tear_nothing(tmp_path):
    tests = str(__file__).rpartition("/")[0]
    sources = [textwrap.dedent(WRITER.format(tests=tests, folder=str(tmp_path), number=k)) for k in range(2)]
    writers = [subprocess.Popen([sys.executable, "-c", one], stdout=subprocess.PIPE, text=True) for one in sources]
    acknowledged = []
    for k, writer in enumerate(writers):
        acknowledged += [writer.stdout.readline().strip() for _ in range(20 + 13 * k)]
        writer.kill()
        acknowledged += writer.communicate()[0].split()
    history = open_history("", tmp_path)
    assert {one[:40] for one in acknowledged if len(one) == 40} <= {one.commit for one in history.entries()}
    damaged, missing, _ = history.check()
    assert (damaged, missing, history.problems) == ([], [], [])


def test_a_place_that_can_hold_no_history_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="is a file, not a folder"):
        open_history("file", tmp_path)
    with pytest.raises(StoreError, match="history git:x"):
        open_history("git:x", tmp_path)


def test_a_history_at_any_url(tmp_path):
    pytest.importorskip("fsspec")
    history = open_history("memory://a/history", tmp_path)
    history.add(entry(), [record()])
    again = open_history("memory://a/history", tmp_path)
    assert again.entries() == [entry()]
    assert again.record(digest_of_record(record())).records == record().records
    assert again.files.read(["records/no"]) == {}
    again.files.remove(again.files.names())
    assert again.entries() == []
    with pytest.raises(StoreError, match="nonsense"):
        open_history("nonsense://x", tmp_path)
