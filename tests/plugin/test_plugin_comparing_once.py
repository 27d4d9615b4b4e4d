"""A session compares each landscape once and hands the comparison on, in one process and in each of several."""

import collections
import json

import pytest

import pytest_optlandscape.comparison
from pytest_optlandscape.session.reference import another_revision, stored_baseline

SUITE = "booth beale sphere[10]"

COUNTING = """
import json, os
from pytest_optlandscape.session import recording
from pytest_optlandscape.session.reference import stored_baseline

made = []
compare = stored_baseline.compare_landscape

def counted(now, before, **settings):
    made.append(now.landscape)
    return compare(now, before, **settings)

stored_baseline.compare_landscape = recording.compare_landscape = counted

def write_down(config):
    role = getattr(config, "workerinput", {}).get("workerid", "controller")
    (config.rootpath / f"compared_{role}.json").write_text(json.dumps(made))

def pytest_sessionfinish(session):  # the last hook of a worker
    write_down(session.config)

def pytest_unconfigure(config):  # after the summary of the controller
    write_down(config)
"""
"""A conftest.py that writes down, for each process, which landscapes it compares."""


@pytest.fixture
def compared(project, monkeypatch):
    """Run a session in this process; give the pairs of records that it compares."""
    project.configure(optlandscape_suite=SUITE)
    pairs = []
    compare = pytest_optlandscape.comparison.compare_landscape

    def counted(now, before, **settings):
        pairs.append((now, before))
        return compare(now, before, **settings)

    for module in (stored_baseline, another_revision):
        monkeypatch.setattr(module, "compare_landscape", counted)

    def run(*arguments):
        pairs.clear()
        project.run("--optlandscape-json", "outcome.json", "-v", *arguments)
        return list(pairs)

    return run


def counts(pairs):
    return collections.Counter(now.landscape for now, _ in pairs)


@pytest.mark.parametrize("arguments", [(), ("--optlandscape-update",), ("-k", "booth or overall")])
def test_each_landscape_is_compared_once(project, compared, arguments):
    assert counts(compared("--optlandscape-update")) == dict.fromkeys(SUITE.split(), 1)
    assert counts(compared(*arguments)) == dict.fromkeys(["booth"] if "-k" in arguments else SUITE.split(), 1)


def test_a_landscape_is_compared_again_only_if_further_runs_replace_its_record(project, compared):
    compared("--optlandscape-update")
    project.solver(REPEATS=2)
    pairs = compared()
    found = counts(pairs)
    assert set(found) == set(SUITE.split())
    assert max(found.values()) == 2  # before and after the average over further runs
    assert len({id(now) for now, _ in pairs}) == len(pairs)  # never the same record
    verdicts = [one["verdict"] for one in json.loads(project.outcome_path.read_text())["optimizers"][0]["landscapes"]]
    assert "worse" in verdicts


@pytest.mark.parametrize("changes", [{}, {"REPEATS": 2}])
def test_each_landscape_is_compared_once_with_a_revision(project, repository, compared, changes):
    repository.project.solver(**changes)
    pairs = compared("--optlandscape-against=HEAD", "-k", "booth or beale")
    assert set(counts(pairs)) == {"booth", "beale"}
    assert len({(id(now), id(before)) for now, before in pairs}) == len(pairs)
    if not changes:
        assert counts(pairs) == {"booth": 1, "beale": 1}


@pytest.mark.parametrize("arguments", [(), ("--optlandscape-update",), ("--optlandscape-history=history",)])
def test_no_process_of_several_compares_a_landscape_twice(project, arguments):
    pytest.importorskip("xdist")
    project.configure(optlandscape_suite=SUITE)
    project.accept()
    project.pytester.makeconftest(COUNTING)
    project.pytester.runpytest_subprocess("--optlandscape", "-n", "2", *arguments)
    made = {file.stem: json.loads(file.read_text()) for file in project.path.glob("compared_*.json")}
    assert sorted(made) == ["compared_controller", "compared_gw0", "compared_gw1"]
    assert sorted(made["compared_controller"]) == sorted(SUITE.split())
    for names in made.values():
        assert len(names) == len(set(names))
