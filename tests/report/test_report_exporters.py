import csv
import io
import json

import pytest
from exporter_cases import NAMES, commit, rows
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_optlandscape import cli_arguments
from pytest_optlandscape.report.exporters import EXPORTERS, Options
from pytest_optlandscape.report.exporters.asv import merge_benchmarks
from pytest_optlandscape.trend.rows import CRITERIA, Row

HOSTILE = '=cmd|" /C calc"!A0,\n\x1b[31m\u202e</script>\ud800\\ {x}'


def written(form, given_rows, options=None):
    """Give the files that an exporter writes, by name."""
    files = {}
    for name, piece in EXPORTERS[form].write(given_rows, options or Options()):
        files[name] = files.get(name, "") + piece
    return files


def text(form, given_rows, options=None):
    (found,) = written(form, given_rows, options).values()
    return found


def last(given_rows):
    return [row for row in given_rows if row.commit == given_rows[-1].commit]


def row(landscape="beale", value=1.5, **facts):
    told = {"optimizer": "a:b", "setting": "", "suite": "quick", "path": "", "commit": commit(1), "author": "Ann"}
    told |= {"seconds": 1_700_000_000, "subject": "", "verdict": "same", "state": "0" * 16}
    return Row(**{**told, **facts}, landscape=landscape, values={one.name: value for one in CRITERIA})


def test_the_command_offers_every_exporter():
    assert list(EXPORTERS) == list(cli_arguments.EXPORT_FORMATS)


@pytest.mark.parametrize("form", EXPORTERS)
def test_the_same_history_is_written_as_the_same_ascii_or_utf8(form):
    found = rows(0, 4, author=HOSTILE, subject=HOSTILE)
    assert written(form, found) == written(form, rows(0, 4, author=HOSTILE, subject=HOSTILE))
    for content in written(form, found).values():
        content.encode("utf-8")
        assert not set(content) & {"\x1b", "\u202e", "\r", "\0"}
        assert content.endswith("\n")


def test_csv_is_read_back_with_formulas_disarmed():
    found = rows(0, 0, 4, "ImportError: x", author=HOSTILE)
    table = list(csv.DictReader(io.StringIO(text("csv", found))))
    assert len(table) == len(found)
    for line, one in zip(table, found, strict=True):
        assert None not in line
        assert [line["commit"], line["landscape"], line["verdict"]] == [one.commit, one.landscape, one.verdict]
        assert line["author"].startswith("'=cmd")
        for criterion in CRITERIA:
            value = one.values.get(criterion.name)
            assert line[criterion.name] == ("" if value is None else repr(value))
    assert {line["time"] for line in table if line["commit"] == commit(1)} == {"2023-11-14T22:15:00Z"}


def test_json_names_units_and_directions():
    found = json.loads(text("json", rows(0, 4)))
    assert {key: (one["unit"], one["direction"]) for key, one in found["criteria"].items()} == {
        one.name: (one.unit, one.direction) for one in CRITERIA
    }
    assert found["rows"] == [one.to_plain() for one in rows(0, 4)]
    assert json.loads(text("json", []))["rows"] == []


def test_github_action_benchmark_has_a_file_for_each_direction():
    found = last(rows(0, 4))
    smaller = json.loads(text("github-action-benchmark", found))
    bigger = json.loads(text("github-action-benchmark", found, Options(direction="bigger")))
    value = {one["name"]: one["value"] for one in [*smaller, *bigger]}
    assert len(value) == len(smaller) + len(bigger)
    assert value["solver:minimize / quick / beale / success"] == found[1].values["success"]
    assert (
        value["solver:minimize / quick / overall / evaluations_to_targets"]
        == (found[0].values["evaluations_to_targets"])
    )
    assert {one["name"].rpartition(" / ")[2] for one in bigger} == {"precision", "success"}
    assert smaller[0]["unit"] == "evaluations"
    assert f"commit {commit(2)}" in smaller[0]["extra"]
    assert "verdict worse" in smaller[0]["extra"]


def test_bencher_has_a_measure_for_each_criterion_that_a_landscape_has():
    found = json.loads(text("bencher", last(rows(0))))
    assert list(found) == [f"solver:minimize / quick / {name}" for name in ("overall", *NAMES)]
    assert set(found["solver:minimize / quick / beale"]) == {
        "evaluations-to-targets", "precision", "success", "evaluations",
    }  # fmt: skip
    assert "constraint-evaluations" in found["solver:minimize / quick / rosenbrock_disk"]


def test_names_that_read_alike_lose_no_number():
    alike = [row("a\x00"), row("a\x01", 2.5), row("a\x02", 3.5)]
    benchmarks = json.loads(text("bencher", alike))
    assert [one["success"]["value"] for one in benchmarks.values()] == [1.5, 2.5, 3.5]
    names = [one["name"] for one in json.loads(text("github-action-benchmark", alike))]
    assert len(set(names)) == len(names) == 9
    lines = [line for line in text("openmetrics", alike).splitlines() if line.startswith("optlandscape_success")]
    assert len({line.partition("}")[0] for line in lines}) == len(lines) == 3
    files = written("asv", alike)
    results = json.loads(files[f"optlandscape/{commit(1)}-optlandscape.json"])["results"]
    values, (_, landscapes), _ = results["optlandscape.quick.evaluations"]
    assert (values, len(set(landscapes))) == ([1.5, 2.5, 3.5], 3)


def test_openmetrics_times_grow_though_clocks_go_back():
    times = [-2, -3, 50, 50, 200]
    found = [row("overall", seconds=time, commit=commit(k)) for k, time in enumerate(times)]
    lines = [line for line in text("openmetrics", found).splitlines() if line.startswith("optlandscape_success")]
    assert [line.split()[-1] for line in lines] == ["-2", "-1.999", "50", "50.001", "200"]
    lines = text("openmetrics", found, Options(last=True)).splitlines()
    assert [line for line in lines if line.startswith("optlandscape_success")] == [
        'optlandscape_success_ratio{optimizer="a:b",setting="",suite="quick",path="",landscape="overall"} 1.5'
    ]
    assert sum(line.startswith("optlandscape_commit{") for line in lines) == 1


def test_asv_keeps_benchmarks_of_others_and_turns_precision_and_success_round():
    files = written("asv", rows(0, 4))
    benchmarks = json.loads(files["benchmarks.json"])
    assert benchmarks["optlandscape.quick.failure"]["unit"] == "share of the runs"
    found = json.loads(files[f"optlandscape/{commit(1)}-optlandscape.json"])
    values, params, version = found["results"]["optlandscape.quick.failure"]
    assert params == [["solver:minimize"], ["overall", *NAMES]]
    assert version == benchmarks["optlandscape.quick.failure"]["version"]
    assert values[1] == pytest.approx(1.0 - rows(0)[1].values["success"])
    theirs = {"version": 2, "theirs.time_it": {"name": "theirs.time_it"}, "optlandscape.old.cost": {}}
    merged = json.loads(merge_benchmarks("benchmarks.json", json.dumps(theirs), files["benchmarks.json"]))
    assert set(merged) == {*benchmarks, "theirs.time_it"}
    with pytest.raises(ValueError, match="not a list of benchmarks of asv"):
        merge_benchmarks("benchmarks.json", "{", files["benchmarks.json"])
    assert list(written("asv", [row(commit="t0000000000000001")])) == ["benchmarks.json", "optlandscape/machine.json"]


def issues(*extras, options=None, **facts):
    return json.loads(text("codequality", rows(*extras, **facts), options))


def test_code_quality_holds_the_findings_of_the_last_state():
    where = Options(locations={"solver:minimize": ("src/solver.py", 7)})
    found = issues(0, 0, 4, options=where)
    assert {one["location"]["path"]: one["location"]["lines"]["begin"] for one in found} == {"src/solver.py": 7}
    assert len(found) == 1 + len(NAMES)
    assert f"solver:minimize is worse on beale since commit {commit(3)[:10]}: " in found[1]["description"]
    later = issues(0, 0, 4, 4, options=where)
    assert later == found
    assert issues(0, 0, 4, 0) == issues(0) == []
    assert issues(0, 0, 4, 4, triage={3: "expected"}) == []
    (only,) = issues(0, 4, "ImportError: x")
    assert only["description"] == "solver:minimize could not be run: ImportError: x"
    assert issues(0, 4, "ImportError: x", 4) == issues(0, 4)


def test_code_quality_tells_creep_and_a_course_that_changed():
    told = [row("overall", verdict="changed", state="1" * 16, event="worse creep"), row(verdict="changed")]
    creep, changed = json.loads(text("codequality", told))
    assert creep["check_name"].endswith("creep")
    assert "takes a different path on 1 landscape since commit" in changed["description"]
    assert changed["severity"] == "info"


names = st.text(max_size=12)


@settings(max_examples=60)
@given(st.lists(st.tuples(names, names, names, names, st.floats(-3.0, 300.0)), min_size=1, max_size=5))
def test_any_names_are_read_back_as_many_rows_and_benchmarks(told):
    made = [
        row(landscape, value, optimizer=optimizer, setting=setting, suite=suite, path=suite)
        for optimizer, setting, suite, landscape, value in told
    ]
    kept = {(*one.series, one.landscape): one for one in made}
    made = list(kept.values())
    table = list(csv.DictReader(io.StringIO(text("csv", made))))
    assert [float(one["success"]) for one in table] == [one.values["success"] for one in made]
    assert [one["success"]["value"] for one in json.loads(text("bencher", made)).values()] == [
        one.values["success"] for one in made
    ]
    assert len(json.loads(text("github-action-benchmark", made))) == 3 * len(made)
    json.loads(text("codequality", made))
    lines = text("openmetrics", made).split("\n")
    assert sum(line.startswith("optlandscape_success_ratio{") for line in lines) == len(made)
    files = written("asv", made)
    results = json.loads(files[f"optlandscape/{commit(1)}-optlandscape.json"])["results"]
    found = [value for name, (values, *_) in results.items() if name.endswith(".evaluations") for value in values]
    assert len([value for value in found if value is not None]) == len(made)
