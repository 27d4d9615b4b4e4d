import pytest

from pytest_optlandscape.landscapes import get
from pytest_optlandscape.store import open_history

PROCESSES = "--optlandscape-executor=processes:2"

ENDS = """
import ctypes, os, time

def minimize(problem):
    if {when}:
        {does}
    problem(problem.x0)
    return problem.x0
"""
ONCE = "problem.landscape.name == 'booth' and not os.path.exists('ended')"


@pytest.fixture
def small(monkeypatch, project):
    """Have the suite be three landscapes."""
    chosen = [get("beale"), get("booth"), get("himmelblau")]
    monkeypatch.setattr("pytest_optlandscape.session.suite_plan.suite_landscapes", lambda suite: chosen)
    project.configure(optlandscape_budget="10")
    return project


@pytest.mark.thorough
def test_processes_write_the_bytes_that_one_process_writes(small):
    small.configure(optlandscape_budget="10", optlandscape_contract="true")
    few = ["-k", "not contract or finite"]
    for arguments in ([*few, "--optlandscape-update"], few):
        serial, *by_one = small.written(*arguments)
        shared, *by_processes = small.written(*arguments, PROCESSES)
        assert by_processes == by_one
        assert shared.ret == serial.ret
        assert shared.parseoutcomes() == serial.parseoutcomes()
        shared.stdout.fnmatch_lines(["ran in 2 processes"])
        small.solver(REPEATS=2)
    assert shared.ret == 1
    shared.stdout.fnmatch_lines(["FAILED optlandscape::solver:minimize::overall*"])


def test_the_history_is_that_of_one_process(repository, monkeypatch):
    chosen = [get("beale"), get("booth")]
    monkeypatch.setattr("pytest_optlandscape.session.suite_plan.suite_landscapes", lambda suite: chosen)
    repository.project.configure(optlandscape_budget="10")
    repository.commit()
    for place, further in (("one", []), ("many", [PROCESSES])):
        result = repository.project.run(f"--optlandscape-history={place}", "-p", "no:cacheprovider", *further)
        result.stdout.fnmatch_lines(["recorded: commit *"])
    files = [
        {one.name: one.data for one in open_history(place, repository.path).entries()} for place in ("one", "many")
    ]
    assert files[0] == files[1]
    records = [sorted(path.name for path in (repository.path / place / "records").rglob("*.json"))
               for place in ("one", "many")]  # fmt: skip
    assert records[0] == records[1]


@pytest.mark.thorough
def test_an_optimizer_that_ends_its_process_ends_nothing_else(small):
    small.solver(ENDS.format(when=ONCE, does="open('ended', 'x').close(); ctypes.CDLL(None)._exit(7)"))
    result = small.run(PROCESSES)
    assert result.ret == 0
    result.stdout.fnmatch_lines(["ran in 2 processes; 1 process was lost, and 1 landscape run again"])
    small.solver(ENDS.format(when="problem.landscape.name == 'booth'", does="ctypes.CDLL(None)._exit(7)"))
    result = small.run(PROCESSES, "-k", "not overall", "--tb=short")
    result.stdout.fnmatch_lines(
        [
            "*given up: its worker was lost 3 times (killed, *",
            "*ended with code 7",
            "ran in 2 processes; 2 processes were lost, and 2 landscapes run again",
        ]
    )
    result.assert_outcomes(passed=2, failed=1, deselected=1)


def test_a_time_limit_holds_and_the_first_failure_stops_the_rest(small):
    small.configure(optlandscape_time_limit="0.05")
    small.solver(ENDS.format(when="problem.landscape.name == 'beale'", does="time.sleep(60)"))
    result = small.run(PROCESSES, "-x")
    result.stdout.fnmatch_lines(["*gives no result on beale: the time limit stopped every run*"])
    result.assert_outcomes(failed=1)


@pytest.mark.parametrize(
    ("words", "further", "said"),
    [
        ("processes:0", [], "write a number from 1 to 1024"),
        ("processes", [], "write a number from 1 to 1024"),
        ("threads:2", [], "a time limit cannot end them; write processes:N"),
        ("here", [], "write processes:N, dask:tcp://HOST:PORT"),
        ("solver:nothing", [], "the module solver has no 'nothing'"),
        ("no_such_module:make", [], "No module named 'no_such_module'"),
        ("solver:REPEATS", [], "is not a function"),
        ("solver:minimize", [], "raised TypeError"),
        ("dask:", [], "write the scheduler's address"),
        ("processes:2", ["-n", "2"], "both hand the items to workers"),
        ("processes:2", ["--optlandscape-against=HEAD"], "give one of them"),
    ],
)
def test_words_that_name_no_executor(small, words, further, said):
    if "-n" in further:
        pytest.importorskip("xdist")
    result = small.run(f"--optlandscape-executor={words}", *further)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    told = [*result.errlines, *result.outlines]
    assert sum(said in line for line in told) == 1
    assert not any("Traceback" in line for line in told)


def test_what_a_worker_cannot_import_is_told_at_once(small, monkeypatch):
    small.pytester.makeconftest(
        "import sys, types\n"
        "made = types.ModuleType('made_here')\n"
        "made.minimize = lambda problem: problem.x0\n"
        "sys.modules['made_here'] = made\n"
    )
    small.configure("made_here:minimize")
    result = small.run(PROCESSES)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*cannot import made_here:minimize: *"])


POOLS = """
import concurrent.futures, multiprocessing, os

class Pool(concurrent.futures.ProcessPoolExecutor):
    made = 0

    def __init__(self):
        super().__init__(1, mp_context=multiprocessing.get_context("fork"))
        Pool.made += 1
        if Pool.made == 1:
            self.submit(os.getpid).result()
            for process in self._processes.values():
                process.kill()
                process.join()
"""


def test_an_executor_of_one_s_own_is_made_again_when_it_breaks(small):
    (small.path / "pools.py").write_text(POOLS)
    small.run("--optlandscape-executor=pools:Pool", "-k", "booth").assert_outcomes(passed=1, deselected=3)
