"""Ctrl-C in the middle of a campaign over an executor: the session ends, and nothing goes on running."""

import os
import signal
import subprocess
import sys
from concurrent.futures import Executor, Future

import pytest
from thorough import thorough

from pytest_optlandscape.runs.campaign import in_order

PATIENCE = 60.0
"""Seconds until a session that does not end counts as one that never would; it takes one or two."""

SLOW = """
import os, pathlib, time

def minimize(problem):
    pathlib.Path(os.environ["BEGUN"], str(os.getpid())).touch()
    time.sleep(0.05)
    return problem.landscape.minimizers[0]
"""

TESTS = """
import multiprocessing
from concurrent.futures import ProcessPoolExecutor

from pytest_optlandscape import assert_robust

def test_many_runs():
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as executor:
        assert_robust("slow:minimize", "beale", n_starts=100_000, rate=0.999, sequential=False, executor=executor)

def test_not_reached():
    pass
"""


@pytest.mark.skipif(os.name != "posix", reason="groups of processes are POSIX's")
@pytest.mark.parametrize("to_all", [True, *thorough(False)], ids=["ctrl-c", "session alone"])
def test_an_interrupted_session_ends_and_leaves_nothing_running(tmp_path, to_all):
    (tmp_path / "slow.py").write_text(SLOW)
    (tmp_path / "test_campaign.py").write_text(TESTS)
    begun = tmp_path / "begun"
    begun.mkdir()
    session = subprocess.Popen(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "test_campaign.py"],
        cwd=tmp_path,
        env={**os.environ, "BEGUN": str(begun), "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        while not any(begun.iterdir()):
            assert session.poll() is None, session.stdout.read()
        (os.killpg if to_all else os.kill)(session.pid, signal.SIGINT)
        output, _ = session.communicate(timeout=PATIENCE)
        assert session.returncode == pytest.ExitCode.INTERRUPTED, output
        assert "KeyboardInterrupt" in output
        assert "INTERNALERROR" not in output
        for worker in begun.iterdir():
            with pytest.raises(ProcessLookupError):
                os.kill(int(worker.name), 0)
    finally:
        if session.poll() is None:
            os.killpg(session.pid, signal.SIGKILL)
            session.communicate()


class Waiting(Executor):
    """Takes work on and does only the first piece."""

    _max_workers = 2

    def __init__(self):
        self.taken = []

    def submit(self, function, /, *arguments, **keywords):
        future = Future()
        if not self.taken:
            future.set_result(function(*arguments, **keywords))
        self.taken.append(future)
        return future


def test_what_waits_is_called_off():
    executor = Waiting()
    results = in_order(sum, 1000, executor)
    next(results)
    with pytest.raises(KeyboardInterrupt):
        results.throw(KeyboardInterrupt)
    assert len(executor.taken) > 1
    assert all(future.cancelled() for future in executor.taken[1:])
