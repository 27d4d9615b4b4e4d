"""A baseline is saved item by item: whoever ends an update keeps what was done."""

import json
import signal

import pytest
from thorough import thorough

from pytest_optlandscape.optimizers import get
from pytest_optlandscape.records import run_baseline
from pytest_optlandscape.session.incremental_update import BaselineWriter
from pytest_optlandscape.store import read_baseline

ENDED = """
import ctypes, os, pathlib, signal, sys, time
import numpy as np
sys.path.insert(0, ".")

def minimize(fun, x0, jac, bounds, maxfev):
    if len(x0) == 10:  # sphere[10] is last
        while not pathlib.Path("optlandscape_baseline/solver_minimize.json").exists():
            time.sleep(0.01)
        if not pathlib.Path("killed").exists():
            pathlib.Path("killed").touch()
            process = os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()
            ctypes.CDLL(None).kill(process, signal.{name})  # `os.kill` of one's own process is refused
        time.sleep(1)
    x = np.array(x0)
    for _ in range(5):
        fun(x)
        x = np.clip(x - 0.001 * jac(x), *np.transpose(bounds))
    return x
"""


@pytest.mark.parametrize(
    ("name", "workers"), [("SIGTERM", "0"), *thorough(("SIGKILL", "0"), ("SIGTERM", "2"), ("SIGINT", "2"))]
)
def test_what_was_done_is_kept(project, monkeypatch, name, workers):
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    project.configure(optlandscape_suite="booth beale sphere[10]", optlandscape_time_limit="30")
    project.solver(ENDED.format(name=name))
    result = project.pytester.runpytest_subprocess("--optlandscape-update", "-n", workers, "-p", "no:cacheprovider")
    assert result.ret != 0
    written = json.loads(project.baseline.read_text())
    done = set(written["landscapes"])
    assert done & {"booth", "beale"}  # all but what was done within a fraction of a second before SIGKILL
    if workers == "0" and name != "SIGKILL":
        assert done == {"booth", "beale"}
        result.stdout.fnmatch_lines(
            ["*solver:minimize gives no result on sphere[[]10[]]*", "*accepted: *solver_minimize.json*"]
        )
    assert not list(project.baseline.parent.glob(".*.tmp"))
    project.solver()  # the file can be read, and be compared with
    assert project.pytester.runpytest_inprocess("--optlandscape", "-k", "booth", "-p", "no:cacheprovider").ret in (0, 1)


def test_writing_takes_a_small_share_of_the_time(project, monkeypatch):
    monkeypatch.syspath_prepend(project.path)
    adapter = get("scipy:BFGS")
    records = [run_baseline(adapter, landscape, 20, ["standard"]) for landscape in landscapes_of_quick()]
    now = [0.0]

    def clock():
        now[0] += 1.0  # each look at the clock: so writing takes a second
        return now[0]

    writer = BaselineWriter({adapter.spec: None}, clock)
    path = project.path / "baseline.json"
    written = []
    for record in records:
        writer.add(path, adapter, record)
        written.append(len(read_baseline(path, adapter).records))
    assert written[0] == 1  # at once
    assert written[-1] < len(records)  # the others wait until writing has been rare enough
    now[0] += 100.0
    writer.add(path, adapter, records[0])
    assert len(read_baseline(path, adapter).records) == len(records)


def test_a_baseline_that_cannot_be_written_is_told_at_the_end(project):
    project.configure(optlandscape_suite="booth beale")
    project.solver()
    project.path.joinpath("conftest.py").write_text(
        "import os, pytest\n"
        "@pytest.hookimpl(tryfirst=True)\n"
        "def pytest_runtest_setup(item):\n"
        "    if item.name == 'beale':\n"
        "        folder = item.config.rootpath / 'optlandscape_baseline'\n"
        "        (folder / 'solver_minimize.json').write_text('{')\n"
    )
    result = project.run("--optlandscape-update")
    assert result.ret == 4
    assert "solver_minimize.json was not written" in result.stdout.str() + result.stderr.str()
    assert project.baseline.read_text() == "{"


def test_sigterm_of_a_project_is_left_alone():
    from pytest_optlandscape.session.incremental_update import end_on_sigterm

    def theirs(number, frame):
        pass

    before = signal.signal(signal.SIGTERM, theirs)
    try:
        put_back = end_on_sigterm()
        assert signal.getsignal(signal.SIGTERM) is theirs
        put_back()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        put_back = end_on_sigterm()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL  # a second one ends the process
        put_back()
    finally:
        signal.signal(signal.SIGTERM, before)


def landscapes_of_quick():
    from pytest_optlandscape.strategies import suite_landscapes

    return [one for one in suite_landscapes("quick") if not one.tags & {"constrained", "noisy"}]
