import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from pytest_optlandscape.landscapes import get

if not os.environ.get("OPTLANDSCAPE_NO_SKIPS"):
    pytest.importorskip("distributed")

pytestmark = pytest.mark.filterwarnings("default")

WAITS = """
import os, time

def minimize(problem):
    if problem.landscape.name == "booth" and not os.path.exists("goes-on"):
        with open("begun", "x") as file:
            file.write(str(os.getppid()))  # of the worker, which began this process
        os.rename("begun", "is-here")
        while not os.path.exists("goes-on"):
            time.sleep(0.05)
    problem(problem.x0)
    return problem.x0
"""


@pytest.fixture(scope="module")
def cluster():
    from distributed import LocalCluster

    with LocalCluster(n_workers=3, threads_per_worker=1, dashboard_address=None, protocol="tcp") as made:
        yield made


@pytest.fixture
def small(monkeypatch, project, cluster):
    chosen = [get("beale"), get("booth"), get("himmelblau")]
    monkeypatch.setattr("pytest_optlandscape.session.suite_plan.suite_landscapes", lambda suite: chosen)
    project.configure(optlandscape_budget="10")
    project.on_cluster = f"--optlandscape-executor=dask:{cluster.scheduler_address}"
    return project


def outcome(project, *arguments):
    result = project.run("--optlandscape-json=outcome.json", *arguments)
    return result, project.outcome_path.read_bytes()


def test_a_cluster_of_which_a_worker_is_killed_gives_the_bytes_of_one_process(small):
    (small.path / "goes-on").touch()
    small.solver(WAITS)
    small.accept()
    _, serial = outcome(small)
    (small.path / "goes-on").unlink()

    def kill():
        while not (small.path / "is-here").exists():
            time.sleep(0.05)
        os.kill(int((small.path / "is-here").read_text()), signal.SIGKILL)
        (small.path / "goes-on").touch()

    killer = threading.Thread(target=kill)
    killer.start()
    result, shared = outcome(small, small.on_cluster)
    killer.join()
    assert shared == serial
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        ["ran on * Dask workers of dask:tcp://*; 1 Dask worker was lost, and 1 landscape run again"]
    )


def test_a_scheduler_that_is_not_there_or_goes_away_is_told(small, tmp_path_factory, monkeypatch):
    monkeypatch.setattr("pytest_optlandscape.session.executors.CONNECT_SECONDS", 2.0)
    result = small.run("--optlandscape-executor=dask:tcp://127.0.0.1:9")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*dask:tcp://127.0.0.1:9: no Dask scheduler answers there*"])
    folder = tmp_path_factory.mktemp("scheduler")
    code = (
        "from distributed import LocalCluster; import time\n"
        "if __name__ == '__main__':\n"
        "    made = LocalCluster(n_workers=1, threads_per_worker=1, processes=False, "
        "dashboard_address=None, protocol='tcp')\n"
        "    print(made.scheduler_address, flush=True); time.sleep(600)\n"
    )
    small.solver(WAITS)
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=folder) as other:

        def kill():
            while not (small.path / "is-here").exists():
                time.sleep(0.05)
            other.kill()

        killer = threading.Thread(target=kill)
        killer.start()
        result = small.run(f"--optlandscape-executor=dask:{other.stdout.readline().strip()}", "-k", "booth", "-rA")
        killer.join()
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*the scheduler is gone, or the connection to it is lost*"])
