"""Each export is read by the tool that it is for, or held against the schema that the tool documents."""

import functools
import importlib
import json
import math
import os
import shutil
import subprocess
import sys

import pytest
from exporter_cases import NAMES, commit, entries_of, record, records_of, rows, trends_of_entries
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_optlandscape.report.exporters import EXPORTERS, Options
from pytest_optlandscape.store import CommitEntry, open_history
from pytest_optlandscape.trend import rows_of, to_dataframe
from pytest_optlandscape.trend.rows import CRITERIA, Row

if not os.environ.get("OPTLANDSCAPE_NO_SKIPS"):
    for tool in ("asv", "jsonschema", "pandas", "polars", "prometheus_client"):
        pytest.importorskip(tool)

HOSTILE = '=1+1,"a"\n\x1b[31m\ud800\\ </script>'

GITHUB_ACTION_BENCHMARK = {
    "type": "array",
    "minItems": 1,
    "items": {
        "type": "object",
        "required": ["name", "unit", "value"],
        "additionalProperties": False,
        "properties": {
            "name": {"type": "string", "minLength": 1},
            "unit": {"type": "string", "minLength": 1},
            "value": {"type": "number"},
            "range": {"type": "string"},
            "extra": {"type": "string"},
        },
    },
}
BENCHER = {
    "type": "object",
    "propertyNames": {"minLength": 1, "maxLength": 1024, "pattern": r"^\S(.*\S)?$"},
    "additionalProperties": {
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"pattern": "^[a-z0-9]+(-[a-z0-9]+)*$", "maxLength": 64},
        "additionalProperties": {
            "type": "object",
            "required": ["value"],
            "additionalProperties": False,
            "properties": {key: {"type": "number"} for key in ("value", "lower_value", "upper_value")},
        },
    },
}
CODE_QUALITY = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{32,64}$"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "minLength": 1, "pattern": r"^(?!\./|/)"},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}


names = st.text(max_size=8)


def text(form, given_rows, options=None):
    return "".join(piece for _, piece in EXPORTERS[form].write(given_rows, options or Options()))


@functools.cache
def history_rows():
    return rows(0, 0, 4, "ImportError: x", 4, 0, author=HOSTILE, subject=HOSTILE)


def same(value, other):
    return (value is None and math.isnan(other)) or value == other


def test_csv_is_read_by_pandas_and_polars(tmp_path):
    pandas, polars = map(importlib.import_module, ("pandas", "polars"))
    path = tmp_path / "history.csv"
    path.write_text(text("csv", history_rows()), encoding="utf-8", newline="")
    frame = pandas.read_csv(path, parse_dates=["time"])
    table = polars.read_csv(path, try_parse_dates=True, infer_schema_length=None)
    assert list(frame.columns) == table.columns == list(history_rows()[0].to_plain())
    assert len(frame) == table.height == len(history_rows())
    assert str(frame["time"].dtype).startswith("datetime64")
    assert isinstance(table["time"][0], type(frame["time"][0].to_pydatetime()))
    for k, row in enumerate(history_rows()):
        for criterion in CRITERIA:
            value = row.values.get(criterion.name)
            assert same(value, frame[criterion.name][k])
            assert table[criterion.name][k] == value
    assert table["verdict"].to_list() == [row.verdict for row in history_rows()]


def test_a_history_becomes_a_data_frame(tmp_path):
    polars = importlib.import_module("polars")
    history = open_history("history", tmp_path)
    assert list(to_dataframe(history).columns) == list(history_rows()[0].to_plain())
    extras = 0, 4, "ImportError: x"
    for entry in entries_of(*extras, subject="=x"):
        history.add(entry, [record(extra) for extra in extras if not isinstance(extra, str)])
    frame = to_dataframe(history)
    assert frame["subject"].unique().tolist() == ["=x"]
    assert frame["verdict"].tolist() == ["new", *["new"] * len(NAMES), *["worse"] * (1 + len(NAMES)), "not-run"]
    assert str(frame["time"].dtype).endswith("UTC]")
    assert {str(frame[criterion.name].dtype) for criterion in CRITERIA} == {"float64"}
    assert frame.attrs["units"]["precision"] == "digits"
    overall = to_dataframe(history, words="solver", landscapes=False)
    assert overall["landscape"].unique().tolist() == ["overall"]
    assert polars.DataFrame(overall.to_dict("list")).height == 3
    with pytest.raises(ValueError, match="did you mean 'solver:minimize'"):
        to_dataframe(history, words="solver:minimise")


@pytest.mark.parametrize("direction", ["smaller", "bigger"])
def test_github_action_benchmark_and_bencher_keep_to_their_schemas(direction):
    jsonschema = importlib.import_module("jsonschema")
    last = [row for row in history_rows() if row.commit == commit(6)]
    jsonschema.validate(
        json.loads(text("github-action-benchmark", last, Options(direction=direction))), GITHUB_ACTION_BENCHMARK
    )
    jsonschema.validate(json.loads(text("bencher", last)), BENCHER)


@settings(max_examples=30)
@given(names, names, names)
def test_whatever_the_names_the_schemas_are_kept(optimizer, suite, landscape):
    jsonschema = importlib.import_module("jsonschema")
    values = {one.name: 0.5 for one in CRITERIA}
    facts = {"setting": "", "path": suite, "commit": commit(1), "seconds": 1, "author": "", "subject": ""}
    made = [
        Row(optimizer, suite=suite, landscape=one, verdict="worse", state="s", values=values, **facts)
        for one in dict.fromkeys(["overall", landscape])
    ]
    jsonschema.validate(json.loads(text("github-action-benchmark", made)), GITHUB_ACTION_BENCHMARK)
    jsonschema.validate(json.loads(text("bencher", made)), BENCHER)
    jsonschema.validate(json.loads(text("codequality", made)), CODE_QUALITY)


def test_code_quality_keeps_to_gitlab_s_schema():
    jsonschema = importlib.import_module("jsonschema")
    for extras in [(0, 4), (0, 4, HOSTILE), (0, 20), (0,)]:
        found = json.loads(text("codequality", rows(*extras)))
        jsonschema.validate(found, CODE_QUALITY)
        assert len({one["fingerprint"] for one in found}) == len(found)


def gauges(content):
    parse = importlib.import_module("prometheus_client.openmetrics.parser").text_string_to_metric_families
    return {family.name: family for family in parse(content)}


def test_openmetrics_is_read_by_prometheus_s_parser():
    found = gauges(text("openmetrics", history_rows()))
    assert {name: family.unit for name, family in found.items()} == {
        "optlandscape_to_targets_evaluations": "evaluations",
        "optlandscape_precision_digits": "digits",
        "optlandscape_success_ratio": "ratio",
        "optlandscape_run_evaluations": "evaluations",
        "optlandscape_constraint_evaluations": "evaluations",
        "optlandscape_commit": "",
    }
    samples = found["optlandscape_success_ratio"].samples
    told = {(one.labels["landscape"], float(one.timestamp)): one.value for one in samples}
    expected = {(one.landscape, float(one.seconds)): one.values["success"] for one in history_rows() if one.state}
    assert told == expected
    commits = [(one.labels["commit"], one.labels["verdict"]) for one in found["optlandscape_commit"].samples]
    assert commits == [(one.commit, one.verdict) for one in history_rows() if one.state and one.landscape == "overall"]
    last = gauges(text("openmetrics", history_rows(), Options(last=True)))
    assert {one.timestamp for family in last.values() for one in family.samples} == {None}


@settings(max_examples=40)
@given(st.lists(st.tuples(names, names, names), min_size=1, max_size=4), st.lists(st.integers(-(10**12), 10**12)))
def test_whatever_the_names_and_times_openmetrics_can_be_parsed(told, times):
    made = [
        Row(optimizer, setting, "quick", "", commit(k), time, "", "", landscape, "same", "s",
            values={one.name: 0.5 for one in CRITERIA})
        for optimizer, setting, landscape in dict.fromkeys(told) for k, time in enumerate([0, *times])
    ]  # fmt: skip
    found = gauges(text("openmetrics", made))
    assert len(found["optlandscape_success_ratio"].samples) == len(made)


def test_asv_publishes_what_was_recorded(tmp_path):
    def git(*arguments):
        told = ["git", "-c", "user.name=Ann", "-c", "user.email=ann@example.org", *arguments]
        return subprocess.run(told, cwd=tmp_path, check=True, capture_output=True, text=True).stdout.strip()

    git("init", "-q", "-b", "main")
    extras = (0, 0, 4, 0)
    commits = []
    for k in range(len(extras)):
        git("commit", "-q", "--allow-empty", "-m", f"change {k}")
        commits.append(git("rev-parse", "HEAD"))
    entries = [
        CommitEntry(**{**vars(entry), "commit": commits[k], "parents": tuple(commits[k - 1 : k])})
        for k, entry in enumerate(entries_of(*extras))
    ]
    records = records_of(*extras)
    found = list(rows_of(trends_of_entries(entries, records), records.get))
    for name, piece in EXPORTERS["asv"].write(found, Options()):
        path = tmp_path / "results" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(piece)
    configuration = {"version": 1, "project": "a", "repo": ".", "branches": ["main"], "results_dir": "results",
                     "html_dir": "html", "environment_type": "virtualenv"}  # fmt: skip
    (tmp_path / "asv.conf.json").write_text(json.dumps(configuration))
    done = subprocess.run(
        [sys.executable, "-m", "asv", "publish", "--no-pull"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "warning" not in (done.stdout + done.stderr).lower()
    index = json.loads((tmp_path / "html/index.json").read_text())
    revisions = {commit: revision for revision, commit in index["revision_to_hash"].items()}
    benchmark = index["benchmarks"]["optlandscape.quick.evaluations_to_targets"]
    assert (benchmark["unit"], benchmark["params"]) == ("evaluations", [["solver:minimize"], ["overall", *NAMES]])
    (path,) = (tmp_path / "html/graphs").rglob("machine-optlandscape/optlandscape.quick.evaluations_to_targets.json")
    told = {
        (str(revision), k): value for revision, values in json.loads(path.read_text()) for k, value in enumerate(values)
    }
    expected = {
        (revisions[one.commit], ["overall", *NAMES].index(one.landscape)): one.values["evaluations_to_targets"]
        for one in found
    }
    assert told == {key: pytest.approx(value) for key, value in expected.items()}
    shutil.rmtree(tmp_path / "html")
