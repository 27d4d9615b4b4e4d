"""Optimizers that do not end beside an honest one: each is ended and named, no item is lost, and no other disturbed."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import endless
import pytest
from thorough import thorough

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the signals and forks of POSIX")

CONFIGURATION = """
[pytest]
optlandscape_optimizers =
{optimizers}
optlandscape_suite = standard
optlandscape_budget = 20
optlandscape_contract = false
optlandscape_time_limit = {limit}
pythonpath = {folder}
"""

HASTY = """
from pytest_optlandscape.runs import watchdog
from pytest_optlandscape.session import isolation

watchdog._BEFORE_ENDING = isolation.LONGER = 1.5
watchdog._LONGEST_PAUSE = 0.05
"""
"""Little time for what cannot be ended, in workers, too."""

PATIENCE = 300.0
"""Seconds until a session that does not end counts as one that never would."""


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """Run a session over beale; give its status, all that it printed, and its outcome by optimizer."""
    tmp_path = tmp_path_factory.mktemp("endless")
    (tmp_path / "conftest.py").write_text(HASTY)

    def run(names, *options, limit=0.2):
        optimizers = "\n".join(f"    endless:{name}" for name in names)
        folder = Path(endless.__file__).parent
        (tmp_path / "pytest.ini").write_text(CONFIGURATION.format(optimizers=optimizers, folder=folder, limit=limit))
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-k", "beale", "--tb=short"]
        done = subprocess.run(
            [*command, "--optlandscape", "--optlandscape-json=outcome.json", *options],
            cwd=tmp_path,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "200"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        found = json.loads((tmp_path / "outcome.json").read_text())
        return done, {one["spec"].removeprefix("endless:"): one for one in found["optimizers"]}

    return run


@pytest.fixture(scope="module")
def alone(session):
    """The outcome of the honest optimizer in a session of its own."""
    return session(["honest"])[1]["honest"]


def check_named(done, expected):
    """Count what the summary says: of each optimizer what is expected of it."""
    said = " ".join(done.stdout.split())
    for text, number in Counter(filter(None, expected.values())).items():
        assert said.count(text) >= number, (text, done.stdout)


@pytest.mark.parametrize("options", [[], *thorough(["-n", "2"])], ids=["serial", "two workers"])
def test_what_the_session_can_end_itself(session, alone, options):
    if options:
        pytest.importorskip("xdist")
    done, together = session([*endless.ENDED_HERE, "honest"], *options)
    assert list(together) == [*endless.ENDED_HERE, "honest"], done.stdout
    assert together["honest"] == alone
    check_named(done, endless.ENDED_HERE)
    assert "INTERNALERROR" not in done.stdout
    threads = together["evaluates_in_threads"]["landscapes"][0]["worst_cell"]
    assert (threads["stop_reason"], threads["evaluations"]) == ("budget", 40)


@pytest.mark.parametrize(
    "options", [["--optlandscape-isolate"], *thorough(["-n", "2"])], ids=["isolated", "two workers"]
)
def test_what_nothing_ends_but_the_end_of_its_process(session, alone, options):
    if "-n" in options:
        pytest.importorskip("xdist")
    done, together = session([*endless.ENDED_WITH_THEIR_PROCESS, "honest"], *options)
    assert {"keeps_the_lock", "sleeps_deaf", "honest"} <= set(together), done.stdout
    assert together["honest"] == alone
    check_named(done, endless.ENDED_WITH_THEIR_PROCESS)
    assert done.returncode == 1
