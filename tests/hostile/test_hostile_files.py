"""Every reader of stored files: a mutated file is refused with the documented error, or has no effect.

A few hundred mutations run each time. ``OPTLANDSCAPE_FUZZ=5000`` in the environment runs as many for each reader.
"""

import dataclasses
import json
import os
import random
import signal

import file_mutations
import pytest

from pytest_optlandscape import landscapes, minimize, optimizers
from pytest_optlandscape.comparison import compare_landscape, compare_optimizer
from pytest_optlandscape.comparison.tracked_comparison import compare_tracked, tracked
from pytest_optlandscape.records import run_baseline
from pytest_optlandscape.report.outcome import outcome_text
from pytest_optlandscape.report.overwriting import check_is_own
from pytest_optlandscape.runs import record_training
from pytest_optlandscape.session.baseline_files import accept_file
from pytest_optlandscape.store import (
    Baseline,
    BaselineError,
    CommitEntry,
    OptimizerEntry,
    StoreError,
    Triage,
    baseline_path,
    read_baseline,
    read_tracked,
    tracked_path,
    update_baseline,
    update_tracked,
)
from pytest_optlandscape.store.baseline import baseline_of
from pytest_optlandscape.store.entries import digest_of as digest_of_bytes
from pytest_optlandscape.store.entries import record_name
from pytest_optlandscape.store.history import data_of, record_of
from pytest_optlandscape.store.strict_json import DamageError, digest_of, parsed
from pytest_optlandscape.store.tracked import accept_tracked

COUNT = int(os.environ.get("OPTLANDSCAPE_FUZZ", "150"))


def walking(problem):
    x = problem.x0
    for _ in range(8):
        x = x - 0.01 * problem.gradient(x)
        problem(x)
    return x


ADAPTER = optimizers.get(walking)
CONTRACT = {"check_keeps_budget": "failed", "check_reported_value": "passed"}


@pytest.fixture(scope="module")
def records():
    return [run_baseline(ADAPTER, landscapes.get(name), 10) for name in ("beale", "booth")]


@pytest.fixture
def path(tmp_path, records):
    path = baseline_path(tmp_path, ADAPTER)
    update_baseline(path, ADAPTER, records, CONTRACT)
    return path


@pytest.fixture(autouse=True)
def no_reader_hangs():
    """End a test whose reader waits for ever, such as for a pipe."""
    if not hasattr(signal, "SIGALRM"):
        yield
        return
    before = signal.signal(signal.SIGALRM, lambda *_: pytest.fail("a reader hangs"))
    signal.alarm(600)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def check_is_told(error, name):
    """An error names the file, on one line of a length that can be read, and says what to do."""
    text = str(error)
    assert name in text
    assert "\n" not in text
    assert len(text) < 1500
    assert "\x1b" not in text
    text.encode()
    assert "restore it" in text or "baseline accept" in text or "--optlandscape-update" in text


def check_is_told_of(error, words):
    text = str(error)
    assert words in text
    assert len(text) < 800
    assert text.isprintable()


def test_a_mutated_baseline_is_refused_or_has_no_effect(path):
    text, whole = path.read_text(), read_baseline(path, ADAPTER)
    refused = 0
    for seed in range(COUNT):
        changed = file_mutations.damaged(text, seed)
        path.write_bytes(changed)
        try:
            assert read_baseline(path, ADAPTER) == whole, f"seed {seed}"
        except BaselineError as error:
            refused += 1
            check_is_told(error, path.name)
            with pytest.raises(BaselineError):
                update_baseline(path, ADAPTER, [])
            assert path.read_bytes() == changed
    assert refused > COUNT // 2


def test_a_baseline_that_was_edited_and_accepted_can_be_worked_with_or_is_refused(path, records):
    text = path.read_text()
    accepted = 0
    for seed in range(COUNT):
        rng = random.Random(seed)
        changed = file_mutations.as_json(file_mutations.with_another_value(json.loads(text), rng))
        path.write_text(changed, encoding="utf-8")
        try:
            accept_file(path)
        except BaselineError as error:
            check_is_told(error, path.name)
            assert path.read_text() == changed
            continue
        owner = json.loads(path.read_text())["optimizer"]
        baseline = read_baseline(path, dataclasses.replace(ADAPTER, spec=owner))
        accepted += 1
        check_can_be_worked_with(baseline, records)
    assert accepted > 0


def check_can_be_worked_with(baseline, records):
    """What is valid can be compared and written, without an error later on."""
    compared = [
        compare_landscape(one, baseline.records.get(one.landscape), landscapes=2, calibration=baseline.calibration)
        for one in records
    ]
    whole = compare_optimizer("walking", compared, baseline.calibration)
    outcome_text([whole])
    assert baseline_of(parsed(baseline.to_text())).records == baseline.records


@pytest.mark.parametrize("kind", ["records", "commits", "triage"])
def test_a_mutated_file_of_a_history_is_refused_or_has_no_effect(records, kind):
    commit = "a" * 40
    record = Baseline("walking", {}, {}, {one.landscape: one for one in records})
    optimizer = OptimizerEntry(digest_of_bytes(data_of(record)), versions={"scipy": "1.17"}, means={"speed": 1.5})
    entry = CommitEntry(commit, ("b" * 40,), "Ann", "a subject", 1, 2, optimizers={"walking": optimizer})
    word = Triage(commit, "expected", "why", "Ann", 3)
    read, data = {
        "records": (record_of, data_of(record)),
        "commits": (CommitEntry.read, entry.data),
        "triage": (Triage.read, word.data),
    }[kind]
    name = {"records": record_name(digest_of_bytes(data)), "commits": entry.name, "triage": word.name}[kind]
    whole = read(name, data)
    good = 0
    for seed in range(COUNT):
        changed = file_mutations.damaged(data.decode(), seed)
        try:
            assert read(name, changed) == whole
        except StoreError as error:
            check_is_told_of(error, name)
        digest = digest_of_bytes(changed)  # somebody who names the file by what it holds now
        renamed = record_name(digest) if kind == "records" else f"{kind}/{commit}-{digest[:16]}.json"
        try:
            found = read(renamed, changed)
        except StoreError as error:
            check_is_told_of(error, renamed)
            continue
        good += 1
        if kind == "records":
            check_can_be_worked_with(found, records)
        else:
            assert found.name == renamed or read(found.name, found.data) == found
    assert 0 < good < COUNT


def recorded(losses, **arguments):
    with record_training(**arguments) as recorder:
        for loss in losses:
            recorder.step(loss)
    return recorder.run


def test_a_mutated_file_of_what_tests_track_is_refused_or_has_no_effect(tmp_path):
    path = tracked_path(tmp_path)
    width = {"kind": "width", "optimizer": "walking", "hyperparameter": "step", "conditions": {}}
    width["conditions"] = {"landscapes": {"booth": 1}, "starts": 2, "values": [1e-4, 1.0, 33], "target": "3 digits"}
    entries = [
        {**width, "decades": 2.4, "ranges": {"booth 0": [0.0003, 0.07], "booth 1": None}},
        tracked(minimize("scipy:BFGS", "beale", budget=50)).record(),
        tracked(recorded([3.0, 1.0, 0.25], budget=4)).record(),
        {"kind": "rate", "successes": 19, "trials": 20, "better": "higher"},
        {"kind": "number", "value": 3.2, "unit": "ms", "better": "lower"},
    ]
    for entry in entries:
        update_tracked(path, "test_mine.py::test", f"of kind {entry['kind']}", entry)
    text, whole = path.read_text(), read_tracked(path)
    for seed in range(COUNT):
        changed = file_mutations.damaged(text, seed)
        path.write_bytes(changed)
        try:
            found = read_tracked(path)
        except BaselineError as error:
            check_is_told(error, path.name)
        else:  # an entry that is gone is new the next time, and said to be
            assert found.items() <= whole.items()
        try:
            accept_tracked(path)
        except BaselineError as error:
            check_is_told(error, path.name)
            continue
        for record in read_tracked(path).values():
            for entry in entries:
                str(compare_tracked(entry, record))


def test_a_file_that_is_no_outcome_is_not_overwritten(tmp_path):
    path = tmp_path / "outcome.json"
    text = outcome_text([])
    for seed in range(COUNT):
        path.write_bytes(file_mutations.mutated(text, random.Random(seed)).encode("utf-8", "surrogatepass"))
        try:
            check_is_own("--optlandscape-json", path)
        except ValueError as error:
            check_is_told_of(error, "name another file, or delete this one")
    path.write_text("")
    check_is_own("--optlandscape-json", path)
    for other in ("[]", "{}", "print('hello')", '{"schema": 4, "optimizer": "x"}'):
        path.write_text(other)
        with pytest.raises(ValueError, match=r"would overwrite .*outcome\.json"):
            check_is_own("--optlandscape-json", path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes")
def test_what_is_no_regular_file_is_refused_at_once(path, tmp_path):
    path.unlink()
    for make in (os.mkfifo, os.mkdir, lambda one: os.symlink("/dev/zero", one), lambda one: os.symlink(one, one)):
        make(path)
        with pytest.raises(BaselineError, match=rf"{path.name} cannot be read: .*restore it"):
            read_baseline(path, ADAPTER)
        with pytest.raises(BaselineError):
            update_baseline(path, ADAPTER, [])
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
    os.mkfifo(tracked_path(tmp_path))
    with pytest.raises(BaselineError, match="no regular file"):
        read_tracked(tracked_path(tmp_path))


IMPOSSIBLE = {
    "a gap that is NaN": ("gap", "nan"),
    "a negative gap": ("gap", "-1"),
    "a distance that is NaN": ("distance", "nan"),
    "a hit of 0": ("hits", "0,2,3,4,5,-,-,-"),
    "a fractional hit": ("hits", "1.5,2,3,4,5,-,-,-"),
    "a hit after the end": ("hits", "1,2,3,4,900,-,-,-"),
    "hits that fall": ("hits", "5,4,3,2,1,-,-,-"),
    "too few hits": ("hits", "-,-"),
    "infinite evaluations": ("nfev", "inf"),
    "fractional evaluations": ("nfev", "8.5"),
    "negative evaluations": ("nfev", "-8"),
    "evaluations of 5000 digits": ("nfev", "9" * 5000),
    "evaluations written otherwise": ("nfev", "+8"),
    "an unknown stop reason": ("stop", "z"),
    "an unknown mistake": ("flags", "q"),
    "no trace": ("trace", "?"),
    "a returned evaluation that was not made": ("trace", "0f3a.99"),
}
FIELDS = ["start", "nfev", "njev", "stop", "gap", "distance", "hits", "flags", "trace"]


@pytest.mark.parametrize("kind", IMPOSSIBLE)
def test_an_impossible_value_is_refused_even_if_its_digest_is_right(path, kind):
    field, value = IMPOSSIBLE[kind]
    content = json.loads(path.read_text())
    words = content["records"]["booth"]["cells"][3].split(" ")
    words[FIELDS.index(field)] = value
    content["records"]["booth"]["cells"][3] = " ".join(words)
    entry = {key: one for key, one in content["records"]["booth"].items() if key != "digest"}
    content["records"]["booth"]["digest"] = digest_of(["booth", content["landscapes"]["booth"], entry])
    text = file_mutations.as_json(content)
    path.write_text(text)
    line = next(k for k, one in enumerate(text.splitlines(), start=1) if json.dumps(" ".join(words)) in one)
    with pytest.raises(BaselineError, match=rf"is damaged: line {line}: booth: .*restore it from version control"):
        read_baseline(path, ADAPTER)
    with pytest.raises(BaselineError, match=rf"line {line}"):
        accept_file(path)
    assert path.read_text() == text


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("budget", 0), ("budget", -10), ("budget", 10.5), ("budget", "10"), ("budget", True), ("budget", 10**400),
        ("fmin", "0"), ("fmin", 10**400), ("reference", 0), ("reference", -1.0), ("reference", None), ("version", None),
        ("format", [3]), ("starts", {}), ("best_seen", "1.0 x"), ("best_seen", "nan"), ("constraints", -1),
    ],
)  # fmt: skip
def test_an_impossible_definition_is_refused_even_if_the_edit_is_to_be_accepted(path, key, value):
    content = json.loads(path.read_text())
    content["records"]["booth"]["definition"][key] = value
    text = file_mutations.as_json(content)
    path.write_text(text)
    with pytest.raises(BaselineError, match=rf"is damaged: line \d+: booth: definition: .*{key}"):
        accept_file(path)
    assert path.read_text() == text


def test_an_edit_by_hand_is_refused_and_can_be_accepted(path):
    text = path.read_text()
    changed = text.replace('"budget": 10', '"budget": 20', 1)
    path.write_text(changed)
    line = 1 + next(k for k, one in enumerate(text.splitlines()) if one == '  "beale": {')
    with pytest.raises(BaselineError, match=rf"line {line}: .*beale.*To accept the edit: optlandscape baseline accept"):
        read_baseline(path, ADAPTER)
    assert accept_file(path) == ["beale"]
    assert read_baseline(path, ADAPTER).records["beale"].budget == 20
    assert accept_file(path) == []


def test_an_unfinished_merge_is_told(path):
    text = path.read_text()
    at = text.index(' "totals"')
    path.write_text(f"{text[:at]}<<<<<<< ours\n{text[at:]}")
    line = text.count("\n", 0, at) + 1
    with pytest.raises(BaselineError, match=rf"line {line} was left by git for a conflict"):
        read_baseline(path, ADAPTER)


def test_the_file_of_the_version_before_is_read_and_written_anew_with_the_same_runs(path, records):
    whole = read_baseline(path, ADAPTER)
    content = json.loads(data_of(whole))
    content |= {"written_with": {"scipy": "1.16.0"}, "contract": CONTRACT}
    path.write_text(json.dumps(content))
    before = read_baseline(path, ADAPTER)
    assert (before.records, before.contract) == (whole.records, CONTRACT)
    change = update_baseline(path, ADAPTER, [])
    assert change.is_written
    assert json.loads(path.read_text())["schema"] == 4
    assert read_baseline(path, ADAPTER) == before


def test_refused_texts_of_json():
    for text, said in {
        "[1e999]": "too large",
        "[NaN]": "NaN is no number",
        "[" * 100_000: "nested too deeply",
        "[" * 100 + "]" * 100: "line 1 is no valid JSON \\(nested too deeply",
        '{"a": {"b": 1,\n"b": 2}}': "line 2: the key 'b' occurs twice",
        '["\\ud800"]': "half of a surrogate pair",
        f"[{'9' * 5000}]": "no valid JSON",
        "": "line 1",
    }.items():
        with pytest.raises(DamageError, match=said):
            parsed(text)
    assert parsed("[" * 99 + "]" * 99)[0]
