import dataclasses
import json
import re

import pytest

from pytest_optlandscape import landscapes, optimizers
from pytest_optlandscape.records import RoundingSensitivity, run_baseline, run_landscape
from pytest_optlandscape.store import BaselineError, baseline_path, read_baseline, update_baseline


def standing(problem):
    problem(problem.x0)
    return problem.x0


ADAPTER = optimizers.get(standing)


@pytest.fixture(scope="module")
def records():
    return {name: run_landscape(ADAPTER, landscapes.get(name), 10) for name in ["booth", "beale", "bird", "sphere[3]"]}


@pytest.fixture
def path(tmp_path):
    return baseline_path(tmp_path, ADAPTER)


def test_what_is_read_is_what_was_written(path, records):
    assert read_baseline(path, ADAPTER) is None
    update_baseline(path, ADAPTER, records.values())
    baseline = read_baseline(path, ADAPTER)
    assert baseline.optimizer == ADAPTER.spec
    assert baseline.records == dict(sorted(records.items()))
    assert list(baseline.records) == sorted(records)
    assert baseline.written_with.keys() == {"numpy", "platform", "pytest-optlandscape", "python", "scipy"}


def test_merging_replaces_its_rows_and_keeps_the_others(path, records):
    update_baseline(path, ADAPTER, [records["booth"], records["beale"]])
    before = path.read_text().splitlines()
    change = update_baseline(path, ADAPTER, [records["bird"]])
    assert (list(change.before.records), list(change.now.records)) == (["beale", "booth"], ["beale", "bird", "booth"])
    after = path.read_text().splitlines()
    gone = [line for line in before if line not in after]
    assert {line.split('"')[1] for line in gone} <= {
        "success",
        "digits",
        "evaluations",
        "to targets",
        "landscapes",
        "digest",
    }
    assert list(read_baseline(path, ADAPTER).records) == ["beale", "bird", "booth"]


def walking(problem):
    x = problem.x0
    for _ in range(5):
        x = x - 0.01 * problem.rng.uniform() * problem.gradient(x)
        problem(x)
    return x


@pytest.fixture(scope="module")
def measured():
    adapter = dataclasses.replace(optimizers.get(walking), is_stochastic=True)
    made = [run_baseline(adapter, landscapes.get(name), 10) for name in ["booth", "beale", "bird"]]
    return adapter, {record.landscape: record for record in made}


def test_measured_records_are_read_as_they_were_written(tmp_path, measured):
    adapter, records = measured
    path = baseline_path(tmp_path, adapter)
    update_baseline(path, adapter, records.values())
    baseline = read_baseline(path, adapter)
    assert baseline.records == dict(sorted(records.items()))
    assert baseline.to_text() == path.read_text()
    for name, record in records.items():
        assert record.rounding_sensitivity.trials == 4 * len(record.cells)
        assert baseline.records[name].rounding_sensitivity == record.rounding_sensitivity
        assert all(cell.average and cell.average.runs == 5 for cell in baseline.records[name].cells)
    assert baseline.calibration == RoundingSensitivity(0, 4 * sum(len(record.cells) for record in records.values()))


def test_updating_one_landscape_keeps_what_rounding_does_on_the_others(tmp_path, measured):
    adapter, records = measured
    path = baseline_path(tmp_path, adapter)
    jumpy = dataclasses.replace(records["beale"], rounding_sensitivity=RoundingSensitivity(7, 88))
    unsteady = dataclasses.replace(records["bird"], rounding_sensitivity=None, nondeterministic=True)
    update_baseline(path, adapter, [records["booth"], jumpy, unsteady])
    update_baseline(
        path, adapter, [dataclasses.replace(records["booth"], rounding_sensitivity=RoundingSensitivity(2, 84))]
    )
    baseline = read_baseline(path, adapter)
    assert baseline.records["beale"] == jumpy
    assert baseline.records["bird"] == unsteady
    assert baseline.calibration == RoundingSensitivity(9, 172)
    update_baseline(path, adapter, [records["bird"]])
    assert not read_baseline(path, adapter).records["bird"].nondeterministic


@pytest.mark.parametrize("schema", [1, 5, "4", None, True, 4.0, [4]])
def test_another_schema_is_refused_with_what_to_do(path, records, schema):
    update_baseline(path, ADAPTER, records.values())
    text = json.dumps({**json.loads(path.read_text()), "schema": schema})
    path.write_text(text)
    for act in (lambda: read_baseline(path, ADAPTER), lambda: update_baseline(path, ADAPTER, records.values())):
        with pytest.raises(BaselineError, match=r"reads schema 4.*--optlandscape-update"):
            act()
    assert path.read_text() == text


@pytest.mark.parametrize(
    "damage",
    [
        {"rounding": {"jumps": 1}},
        {"rounding": {"jumps": "many", "trials": 3}},
        {"rounding": {"jumps": 4, "trials": 3}},
        {"rounding": [0, 3]},
        {"rounding": {"jumps": -1, "trials": 3}},
        {"cells": ["standard"]},
        {"cells": []},
    ],
)
def test_damaged_values_are_refused(path, records, damage):
    update_baseline(path, ADAPTER, records.values())
    content = json.loads(path.read_text())
    content["records"]["beale"].update(damage)
    path.write_text(json.dumps(content))
    with pytest.raises(BaselineError, match=r"is damaged: line 1: beale.*restore it from version control"):
        read_baseline(path, ADAPTER)


def test_order_of_acceptance_does_not_show(tmp_path, records):
    texts = []
    for order in (records, dict(reversed(records.items()))):
        path = tmp_path / f"{len(texts)}.json"
        for record in order.values():
            update_baseline(path, ADAPTER, [record])
        texts.append(path.read_bytes())
    assert texts[0] == texts[1]


def test_layout_is_one_row_for_each_landscape_and_cell(path, records):
    update_baseline(path, ADAPTER, records.values())
    text = path.read_text()
    assert text.endswith("}\n")
    assert "\t" not in text
    json.loads(text, parse_constant=pytest.fail)
    rows = re.findall(r'^  "(.+)": "success .*digits .*evaluations .*",?$', text, re.MULTILINE)
    assert rows == re.findall(r'^  "(.+)": \{$', text, re.MULTILINE) == sorted(records)
    assert text.index('"totals"') < text.index('"landscapes"') < text.index('"records"')
    assert sum(line.startswith('    "') for line in text.splitlines()) == sum(len(r.cells) for r in records.values())


def test_every_truncation_is_refused(path, records):
    update_baseline(path, ADAPTER, [records["booth"]])
    text = path.read_text()
    for length in range(0, len(text) - 2, 17):
        path.write_text(text[:length])
        with pytest.raises(BaselineError, match=re.escape(path.name)):
            read_baseline(path, ADAPTER)


def test_every_lost_line_is_refused_or_can_be_worked_with(path, records):
    update_baseline(path, ADAPTER, [records["booth"], records["bird"]])
    lines = path.read_text().splitlines(keepends=True)
    refused = 0
    for k in range(len(lines)):
        damaged = "".join(lines[:k] + lines[k + 1 :])
        path.write_text(damaged)
        try:
            update_baseline(path, ADAPTER, [records["beale"]])
        except BaselineError:
            refused += 1
            assert path.read_text() == damaged
        else:
            assert list(read_baseline(path, ADAPTER).records) == ["beale", "bird", "booth"]
    assert 10 <= refused < len(lines)


def test_a_setting_is_part_of_the_name_and_kept_in_the_file(tmp_path, records):
    torch, jax = (
        dataclasses.replace(ADAPTER, spec="x:y", setting={"dtype": "float32", "backend": backend})
        for backend in ("torch", "jax")
    )
    path = baseline_path(tmp_path, torch)
    assert path.name == "x_y-float32-torch.json"
    assert path != baseline_path(tmp_path, jax)
    update_baseline(path, torch, [records["booth"]])
    assert read_baseline(path, torch).setting == {"backend": "torch", "dtype": "float32"}


@pytest.mark.parametrize(
    "spec",
    [
        "scipy:Powell(maxiter=10, xtol=1e-09)",
        "solver:minimize(path='a/b\\\\c', mode='<>|?*\"')",
        "solver:minimize(text='" + "long" * 60 + "')",
        "solver:minimize(text='ä ö')",
        "solver:" + "𝔣" * 90,
    ],
)
def test_names_of_files_are_plain_and_short(tmp_path, spec):
    path = baseline_path(tmp_path, optimizers.callables.from_callable(standing, spec))
    assert path.parent == tmp_path
    assert re.fullmatch(r"[A-Za-z0-9_.,=()-]{1,105}", path.name)


def of_spec(spec):
    return optimizers.callables.from_callable(standing, spec)


def test_specs_that_would_share_a_name_have_files_of_their_own(tmp_path, records):
    pairs = [
        ("solver:minimize(a='x y')", "solver:minimize(a='x_y')"),
        ("solver:minimize", "Solver:Minimize"),
        ("solver_fast:minimize", "solver:fast_minimize"),
        ("solver:größe", "solver:gröse"),
    ]
    for one, other in pairs:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        both = [of_spec(one), of_spec(other)]
        configured = [baseline_path(folder, adapter, both) for adapter in both]
        assert len({path.name.casefold() for path in configured}) == 2
        for adapter in both:  # one after the other, as if each had been configured alone
            update_baseline(baseline_path(folder, adapter), adapter, [records["booth"]])
        paths = [baseline_path(folder, adapter) for adapter in both]
        assert len({path.name.casefold() for path in paths}) == 2
        assert [read_baseline(path, adapter).optimizer for path, adapter in zip(paths, both, strict=True)] == [
            one,
            other,
        ]
        assert paths == [baseline_path(folder, adapter, both) for adapter in both]


def test_a_baseline_keeps_the_name_that_an_earlier_version_gave_it(tmp_path, records):
    adapter = of_spec("solver:minimize(a='x y')")
    old = tmp_path / "solver_minimize(a=_x_y_).json"
    update_baseline(old, adapter, [records["booth"]])
    assert baseline_path(tmp_path, adapter) == old
    assert baseline_path(tmp_path, of_spec("solver:minimize(a='x_y')")) != old


def test_files_of_an_earlier_version_whose_names_differ_in_case_are_both_found(tmp_path, records):
    (tmp_path / "case").touch()
    if (tmp_path / "CASE").exists():
        pytest.skip("upper and lower case are the same in this file system")
    both = [of_spec("solver:minimize"), of_spec("Solver:Minimize")]
    paths = [tmp_path / "solver_minimize.json", tmp_path / "Solver_Minimize.json"]
    for path, adapter in zip(paths, both, strict=True):
        update_baseline(path, adapter, [records["booth"]])
    assert [baseline_path(tmp_path, adapter, both) for adapter in both] == paths


def test_a_file_of_another_optimizer_under_our_name_is_no_reason_to_look_elsewhere(path, records):
    update_baseline(path, ADAPTER, records.values())
    path.write_text(path.read_text().replace(ADAPTER.spec, "scipy:BFGS"))
    assert baseline_path(path.parent, ADAPTER) == path
    with pytest.raises(BaselineError, match=r"belongs to 'scipy:BFGS'.*optlandscape baseline move"):
        read_baseline(path, ADAPTER)


def test_different_specs_have_different_files(tmp_path):
    specs = [f"solver:minimize(text='{'long' * 60}{k}')" for k in range(3)]
    specs += ["solver:minimize(a=1)", "solver:minimize(a=-1)", "solver:minimize(a=1, b=2)", "solver:minimize"]
    specs += ["solver:minimize(mode='a/b')", "solver:minimize(mode='a?b')", "solver:minimize(mode=[1])"]
    names = {baseline_path(tmp_path, optimizers.callables.from_callable(standing, spec)).name for spec in specs}
    assert len(names) == len(specs)
