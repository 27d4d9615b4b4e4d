"""Run items of the suite in a process that can be killed, for optimizers that cannot be ended otherwise.

The process is like those of an executor and computes the same numbers as this one. It reports the start of each run. A
run that goes on long after its time limit is killed with its process. The next process records that run as hanging and
does the rest.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_optlandscape.contract import CheckOutcome
from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.records import LandscapeRecord
from pytest_optlandscape.runs import supervision
from pytest_optlandscape.runs.watchdog import tell
from pytest_optlandscape.session.reference.revision_client import RevisionClient, RevisionEndedError, RevisionError
from pytest_optlandscape.session.remote_items import expected_of, introduction_for, kept_record, where_it_cannot_go
from pytest_optlandscape.session.workers import mismatch

if TYPE_CHECKING:
    from pytest_optlandscape.session.suite import SuiteRun

__all__ = ["IsolatedItems", "SupervisedClient"]

LONGER = 6.0
"""The least number of seconds after the time limit in which the process may still end its own run."""

_LOOK_SECONDS = 0.1


class IsolatedItems:
    """Run the items of some optimizers in a separate process.

    Parameters
    ----------
    suite : SuiteRun
    everything : bool
        Whether all optimizers are isolated from the start. Otherwise, an optimizer is isolated once a run of it could
        not be ended.
    spool : Path or None
        The folder where the session's processes mark the optimizers to isolate.
    """

    def __init__(self, suite: SuiteRun, *, everything: bool, spool: Path | None = None) -> None:
        self._suite = suite
        self._everything = everything
        self._spool = spool
        self._isolated: set[str] = set()
        self._impossible: set[str] = set()
        self._hanging: dict[str, list[str]] = {}
        self._client: SupervisedClient | None = None

    def check(self) -> None:
        """Load all optimizers in the process.

        Raises
        ------
        ValueError
            If an optimizer cannot be loaded in another process, or differs there.
        """
        for spec in self._suite.adapters:
            obstacle = self._obstacle(spec)
            if obstacle:
                raise ValueError(f"--optlandscape-isolate: {obstacle}")

    def takes(self, spec: str) -> bool:
        """Return whether the items of an optimizer run in the separate process from now on."""
        if self._everything or spec in self._isolated:
            return True
        if spec in self._impossible or not (spec in supervision.hard_to_end or self._is_marked(spec)):
            return False
        obstacle = self._obstacle(spec)
        if obstacle:
            self._impossible.add(spec)
            tell(f"{spec} did not stop at its time limit, and it cannot run in a separate process: {obstacle}")
            return False
        self._isolated.add(spec)
        tell(f"{spec} did not stop at its time limit: its remaining items run in a separate process")
        return True

    def mark(self, spec: str) -> None:
        """Mark an optimizer for all processes of the session, so that they isolate it."""
        if self._spool is not None:
            self._marker(self._spool, spec).touch()

    def run(self, spec: str, landscape: Landscape) -> LandscapeRecord:
        """Run a landscape in the process and return its record."""
        answer = self._ask(spec, "item", **self._suite.asked_of_item(spec, landscape))
        return kept_record(self._suite, spec, landscape, answer)

    def hold(self, spec: str, check: str) -> CheckOutcome:
        """Run a check of the contract in the process and return its outcome."""
        return CheckOutcome(**self._ask(spec, "check", check=check))

    def close(self) -> None:
        """End the process."""
        if self._client is not None:
            self._client.close()

    def _ask(self, spec: str, do: str, **told: Any) -> dict[str, Any]:
        """Repeat a request until it is answered; each hanging run ends one process."""
        hanging = self._hanging.setdefault(spec, [])
        for _ in range(supervision.MOST_HANGING + 1):
            client = self._started()
            try:
                return client.get(do, spec, **told, hanging=hanging)
            except RevisionEndedError as error:
                run = client.run_that_ended
                if run is None or not client.was_overdue or run["begins"] in hanging:
                    where = f" while it ran {run['name']}" if run else ""
                    raise RevisionEndedError(f"{spec} ended its process{where}: {error}") from None
                hanging.append(run["begins"])
                tell(f"{run['name']} did not stop at its time limit of {run['seconds']:g} s, so its process was killed")
        raise RevisionError(f"{spec} was given up: too many of its runs did not stop at their time limit")

    def _started(self) -> SupervisedClient:
        if self._client is None:
            introduction = introduction_for(self._suite.settings)
            environment = {**os.environ, **introduction.pop("environment")}
            folder = introduction.pop("folder")
            self._client = SupervisedClient("the isolated optimizer", introduction, environment, folder)
        return self._client

    def _obstacle(self, spec: str) -> str:
        obstacle = where_it_cannot_go(spec, "--optlandscape-isolate")
        if obstacle:
            return obstacle
        try:
            return mismatch(self._started(), spec, expected_of(self._suite, spec), "the isolated process")
        except RevisionError as error:
            return str(error)

    def _is_marked(self, spec: str) -> bool:
        return self._spool is not None and self._marker(self._spool, spec).exists()

    @staticmethod
    def _marker(spool: Path, spec: str) -> Path:
        return spool / f"isolate-{hashlib.sha256(spec.encode('utf-8', 'replace')).hexdigest()[:24]}"


class SupervisedClient(RevisionClient):
    """The client of a server that reports its runs and is ended when a run is overdue.

    Attributes
    ----------
    run_that_ended : dict or None
        The run in progress when the server ended: ``begins`` is its key, ``name``, ``seconds``.
    was_overdue : bool
        Whether the server was ended because the run took too long.
    """

    run_that_ended: dict[str, Any] | None = None
    was_overdue = False
    _run: dict[str, Any] | None = None
    _overdue_at: float | None = None

    def get(self, do: str, spec: str, **told: Any) -> dict[str, Any]:
        """Send a request and return the answer; end the server when a run takes too long."""
        self._run = self._overdue_at = self.run_that_ended = None
        self.was_overdue = False
        done = threading.Event()
        supervisor = threading.Thread(target=self._supervise, args=(done,), daemon=True)
        supervisor.start()
        try:
            return super().get(do, spec, **told)
        except RevisionEndedError:
            self.run_that_ended = self._run
            self.was_overdue = self.was_overdue or self._is_late()
            raise
        finally:
            done.set()
            supervisor.join()

    def answer(self) -> dict[str, Any]:
        """Wait for the answer; note the runs that the server reports in the meantime."""
        while True:
            told = super().answer()
            if "begins" in told:
                self._run, self._began = told, time.monotonic()
                seconds = told["seconds"]
                self._overdue_at = None if seconds is None else self._began + seconds + max(seconds, LONGER)
            elif "waits" in told:
                self._overdue_at = time.monotonic() + told["waits"] + max(told["waits"], LONGER)
            elif "ends" in told:
                self._run = self._overdue_at = None
            else:
                return told
            self._owes_an_answer = True

    _began = 0.0

    def _is_late(self) -> bool:
        """Return whether the current run exceeded its time limit."""
        seconds = self._run and self._run["seconds"]
        return bool(seconds) and time.monotonic() > self._began + float(seconds or 0.0)

    def _supervise(self, done: threading.Event) -> None:
        while not done.wait(_LOOK_SECONDS):
            overdue_at = self._overdue_at
            if overdue_at is not None and time.monotonic() > overdue_at:
                self.was_overdue = True
                self.kill()
                return
