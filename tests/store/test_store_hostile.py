import contextlib
import json
import os
import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_store_git import commit, git  # noqa: F401 - a fixture
from test_store_history import A, B, entry, record

from pytest_optlandscape.store import CommitEntry, StoreError, Triage, open_history
from pytest_optlandscape.store.entries import digest_of, record_name
from pytest_optlandscape.store.history import data_of, problem_with, record_of
from pytest_optlandscape.trend import compare_records


def name_of(kind, data, commit=A):
    return record_name(digest_of(data)) if kind == "records" else f"{kind}/{commit}-{digest_of(data)[:16]}.json"


def stored(history, text, kind="commits"):
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    history.files.add({name_of(kind, data): data})


WHOLE = entry().data.decode()
HOSTILE = {
    "nested": (WHOLE.replace('"Ann"', "[" * 100 + "]" * 100), "nested too deeply"),
    "long number": (WHOLE.replace('"author_time": 1', '"author_time": ' + "9" * 5000), "no valid JSON"),
    "large number": (WHOLE.replace('"author_time": 1', '"author_time": ' + "9" * 50), "no whole number that fits"),
    "not a number": (WHOLE.replace('"speed": 1.5', '"speed": NaN'), "NaN is no number"),
    "infinite": (WHOLE.replace('"speed": 1.5', '"speed": 1e999'), "1e999 is too large"),
    "a key twice": (WHOLE.replace('"author": "Ann"', '"author": "Ann", "author": "Eve"'), "occurs twice"),
    "optimizers twice": (WHOLE.replace('"author": "Ann"', '"author": "Ann", "optimizers": {}'), "occurs twice"),
    "half a character": (WHOLE.replace('"Ann"', '"\\ud800"'), "half of a surrogate pair"),
    "not UTF-8": (WHOLE.replace("Ann", "\udcff"), "no UTF-8"),
    "parent": (WHOLE.replace(B, "../" * 13 + "x"), "is no commit"),
    "no record": (WHOLE.replace('"record": "', '"other": "'), "or neither"),
    "garbage behind": (WHOLE + "}", "no valid JSON"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_entries_are_refused_with_one_message_and_leave_the_others(tmp_path, kind):
    text, said = HOSTILE[kind]
    assert text != WHOLE
    history = open_history("", tmp_path)
    stored(history, text)
    history.add(entry(B), [record()])
    assert [one.commit for one in history.entries()] == [B]
    assert [said in one and len(one) < 400 and one.isprintable() for one in history.problems] == [True]


def test_an_entry_in_another_layout_is_read_like_one_in_ours(tmp_path):
    history = open_history("", tmp_path)
    stored(history, json.dumps(json.loads(WHOLE)))
    stored(history, json.dumps(dict(reversed(json.loads(WHOLE).items())), indent=1))
    assert [(one.optimizers, one.author) for one in history.entries()] == [(entry().optimizers, "Ann")] * 2


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_what_is_no_plain_file_is_told_put_aside_and_never_waited_for(tmp_path):
    history = open_history("", tmp_path)
    history.add(entry(), [record()])
    commits = history.folder / "commits"
    (tmp_path / "secret").write_text("{}")
    os.mkfifo(commits / f"{B}-{'0' * 16}.json")
    (commits / f"{B}-{'1' * 16}.json").symlink_to(tmp_path / "secret")
    (commits / f"{B}-{'2' * 16}.json").mkdir()
    (commits / f"{B}-{'2' * 16}.json" / "inside").write_text("x")
    with open(commits / f"{B}-{'3' * 16}.json", "wb") as file:
        file.truncate(1 << 40)  # a terabyte of nothing
    (history.folder / "records").rename(tmp_path / "elsewhere")
    (history.folder / "records").symlink_to(tmp_path / "elsewhere")
    assert [one.commit for one in history.entries()] == [A]
    said = sorted(problem.partition(".json")[2] for problem in history.problems)
    assert len(said) == 4
    for words in ("is no regular file", "is a symbolic link", "more than any file", "is no file of a history"):
        assert any(words in one for one in said), words
    damaged, missing, _ = history.check()
    assert len(damaged) == 5
    assert len(missing) == 1
    assert len(history.put_aside(damaged)) == 5
    assert history.check()[0] == []
    assert (history.folder / "damaged" / "records").is_symlink()
    assert (tmp_path / "secret").read_text() == "{}"
    assert list((tmp_path / "elsewhere").rglob("*.json"))


def test_damaged_files_of_one_name_are_all_kept(tmp_path):
    history = open_history("", tmp_path)
    for text in ("one", "two"):
        history.files.add({f"commits/{A}-{'0' * 16}.json": text.encode()})
        history.put_aside(history.check()[0])
    assert sorted(one.read_text() for one in (history.folder / "damaged").iterdir()) == ["one", "two"]
    assert history.check() == ([], [], [])


def test_a_hostile_tree_of_a_branch(git, tmp_path):  # noqa: F811
    commit(git, a="1")
    folder = tmp_path / "repository"
    history = open_history("git:history", folder)
    history.add(entry(), [record()])
    blob = subprocess.run(
        ["git", "hash-object", "-w", "--stdin"], cwd=folder, input="../../secret", capture_output=True, text=True,
        check=True,
    ).stdout.strip()  # fmt: skip
    lines = f"120000 {blob}\tcommits/{B}-{'1' * 16}.json\x00100644 {blob}\tcommits/a\nb\x00"
    environment = {**os.environ, "GIT_INDEX_FILE": str(tmp_path / "index")}

    def run(*arguments, **keywords):
        return subprocess.run(
            ["git", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=True, **keywords
        ).stdout.strip()

    run("read-tree", "history")
    run("update-index", "-z", "--index-info", input=lines)
    run("update-ref", "refs/heads/history", run("commit-tree", run("write-tree"), "-p", "history", "-m", "x"))
    again = open_history("git:history", folder)
    assert [one.commit for one in again.entries()] == [A]
    assert len(again.problems) == 2
    damaged, missing, _ = again.check()
    assert (len(damaged), missing) == (2, [])
    again.put_aside(name for name in damaged if "\n" in name)
    assert len(again.check()[0]) == 1


def leaves(value, path=()):
    if isinstance(value, dict):
        for key, one in value.items():
            yield from leaves(one, (*path, key))
    elif isinstance(value, list):
        for key, one in enumerate(value):
            yield from leaves(one, (*path, key))
    yield path


FILES = {
    "commits": entry().data,
    "triage": Triage(A, "accepted", "because", "Ann", 5).data,
    "records": data_of(record()),
}
JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2), st.just(10**400), st.just("-" * 300),
    st.sampled_from(["../x", "", "0" * 64, "1,2", "nan", "inf"]),
)  # fmt: skip


@st.composite
def mutated(draw):
    kind = draw(st.sampled_from(sorted(FILES)))
    data = FILES[kind]
    if draw(st.booleans()):
        at = draw(st.integers(0, len(data) - 1))
        return kind, data[:at] + draw(st.binary(max_size=3)) + data[at + draw(st.integers(0, 3)) :]
    content = json.loads(data)
    for _ in range(draw(st.integers(1, 2))):
        path = draw(st.sampled_from([one for one in leaves(content) if one]))
        place = content
        for key in path[:-1]:
            place = place[key]
        if draw(st.booleans()):
            place[path[-1]] = draw(JUNK)
        else:
            del place[path[-1]]
    return kind, json.dumps(content, indent=1).encode()


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(mutated())
def test_altered_files_with_the_right_name_are_refused_or_can_be_used(altered):
    kind, data = altered
    name = name_of(kind, data)
    said = problem_with(name, data)
    if said:
        assert said.isprintable()
        assert len(said) < 500
    elif kind == "commits":
        read = CommitEntry.read(name, data)
        again = CommitEntry.read(name_of(kind, read.data, read.commit), read.data)
        assert (again.optimizers, again.short) == (read.optimizers, read.short)
    elif kind == "records":
        read = record_of(name, data)
        for pair in ((read, record()), (record(), read), (read, read)):
            with contextlib.suppress(StoreError):
                compare_records(*pair)
