"""How long the suite of a slow optimizer takes is said before it is spent, and how far it is while it runs."""

import pytest

from pytest_optlandscape import optimizers
from pytest_optlandscape.landscapes import get
from pytest_optlandscape.records import run_landscape
from pytest_optlandscape.runs import Problem, execute_all
from pytest_optlandscape.runs.observers import observed, observing
from pytest_optlandscape.session import time_estimate as pace
from pytest_optlandscape.session.time_estimate import Pace, Work
from pytest_optlandscape.strategies import cells

BEALE = get("beale")
EVERY = {f"landscape-{k}": 22 for k in range(16)}


class Watched:
    """A pace whose clock goes on by so many seconds with each run, and what it says."""

    def __init__(self, seconds, **keywords):
        self.said = []
        self.now = 0.0
        self.seconds = seconds
        self.pace = Pace(say=self.said.append, clock=lambda: self.now, **keywords)

    def run(self, landscape, work, paths=None, runs=22, **keywords):
        before = len(self.said)
        with self.pace.item(work, landscape, paths):
            for problem in observed(Problem(BEALE, cell.x0, budget=10, seed=cell.seed) for cell in cells(BEALE)[:runs]):
                problem(problem.x0)
                self.now += self.seconds
        return self.said[before:]


def work(**keywords):
    return Work("solver:slow", EVERY, dict.fromkeys(EVERY, 22 * 10), **keywords)


def test_an_estimate_is_said_once_after_the_first_cells():
    watched = Watched(4.0)
    first = watched.run("landscape-0", work(smoke_steps=190))
    assert first[0] == "solver:slow will take about 23 min: 16 landscapes, 352 runs, judging by the first runs"
    assert first[1].startswith("  to shorten: --optlandscape-suite smoke (about 76 s), --optlandscape-cells=N")
    assert first[2] == "solver:slow on landscape-0: 3 of 22 runs, about 76 s left"
    assert not any("will take" in line for line in watched.run("landscape-1", work()))


def test_an_update_is_made_smaller_by_the_configuration_alone():
    said = Watched(4.0).run("landscape-0", work(smoke_steps=190, is_update=True))
    assert said[1].startswith("  to shorten: cells= or budget= in optlandscape_suites (--optlandscape-fit=MINUTES")
    assert "--optlandscape-suite" not in " ".join(said)


def test_a_quick_optimizer_is_not_talked_about():
    assert Watched(0.01).run("landscape-0", work()) == []
    assert Watched(0.1).run("landscape-0", work(), runs=3) == []


def test_workers_share_the_work_and_one_of_them_says_so(tmp_path):
    watched = Watched(4.0, workers=4, shared=tmp_path)
    (said, *_) = watched.run("landscape-0", work())
    assert said.startswith("solver:slow will take about 6 min: ")
    assert said.endswith("on 4 workers")
    other = Watched(4.0, workers=4, shared=tmp_path)
    assert not any("will take" in line for line in other.run("landscape-1", work()))


def test_progress_becomes_rarer_and_says_what_differs():
    adapter = optimizers.get("scipy:BFGS")
    record = run_landscape(adapter, BEALE, 10)
    known = {cell.start: cell for cell in record.cells}
    paths = {cell.seed: known[cell.start].path for cell in cells(BEALE)}
    watched = Watched(15.0)
    with watched.pace.item(work(), "landscape-0", paths):
        problems = [Problem(BEALE, cell.x0, budget=10, seed=cell.seed) for cell in cells(BEALE)]

        def one_after_another():
            for number, problem in enumerate(problems):
                watched.now += 15.0
                yield problem if number < 21 else Problem(BEALE, problem.x0 + 0.1, budget=10, seed=problem.seed)

        execute_all(adapter, observed(one_after_another()))
    progress = [line for line in watched.said if " on " in line]
    assert progress[0] == "solver:slow on landscape-0: 1 of 22 runs, about 5 min left; all as in the baseline"
    assert [int(line.split(": ")[1].split()[0]) for line in progress] == [1, 3, 6, 10, 14, 18, 22]
    assert progress[-1] == "solver:slow on landscape-0: 22 of 22 runs; 1 differ from the baseline"


def test_observers_are_told_of_runs_that_are_stepped_together():
    told = []
    with observing(told.append):
        problems = list(observed(Problem(BEALE, seed=k) for k in range(3)))
        assert told == []
        handed = observed(Problem(BEALE, seed=k) for k in range(3))
        taken = [next(handed) for _ in range(3)]
        for problem in taken:
            problem(problem.x0)
        assert list(handed) == []
    assert [problem.seed for problem in told] == [0, 1, 2]
    assert [problem.seed for problem in problems] == [0, 1, 2]


@pytest.mark.parametrize(("option", "runs"), [("--optlandscape", 22), ("--optlandscape-update", 210)])
def test_lines_reach_a_log_without_a_terminal(project, option, runs, monkeypatch, capfd):
    for name in ("FIRST_SECONDS", "FIRST_LINE", "LONGEST_SILENCE", "WORTH_SAYING"):
        monkeypatch.setattr(pace, name, 0.0)
    project.configure(optlandscape_suite="quick")
    project.pytester.runpytest_inprocess(option, "-k", "beale or himmelblau")
    said = [line for line in capfd.readouterr().err.splitlines() if line.startswith("optlandscape: ")]
    assert said[2].startswith("optlandscape: solver:minimize will take about ")
    assert "2 landscapes, " in said[2]
    assert f"optlandscape: solver:minimize on beale: 7 of {runs} runs, about " in " ".join(said)
