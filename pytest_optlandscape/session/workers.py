"""Answer requests in the workers of an executor: each runs its optimizers in a separate process.

A worker may be a thread of this process, a process of a pool, or a Dask worker on another machine. No worker runs an
optimizer itself. Each thread of a worker keeps a process like those of ``--optlandscape-against``. So time limits have
a main thread, tasks share no global state, and an optimizer that ends its process does not end the worker.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pytest_optlandscape.session.reference.revision_client import RevisionClient, RevisionEndedError, RevisionError

__all__ = ["Question", "announce", "close_processes", "closed", "further", "mismatch", "perform", "worker_name"]

IDLE_SECONDS = 60.0
"""The time without requests after which a server is ended, because its session may be gone."""


@dataclass(frozen=True, eq=False)
class Question:
    """A request to a worker: plain values, so that no object of the session is pickled.

    Attributes
    ----------
    introduction : str
        JSON that starts the process; see `session.remote_items.introduction_for`.
    spec : str
        The optimizer.
    expected : Mapping of str to str
        The required versions and setting of the process.
    request : Mapping of str to Any
        The name of the request and its arguments; empty to load the optimizer only.
    """

    introduction: str
    spec: str
    expected: Mapping[str, str]
    request: Mapping[str, Any] = field(default_factory=dict)


def perform(question: Question, job: str, topic: str) -> dict[str, Any]:
    """Answer a question in a worker.

    Parameters
    ----------
    question : Question
    job : str
        The job and the attempt, for `announce`; "" for a job that is not counted.
    topic : str
        The session.

    Returns
    -------
    dict
        ``worker``, and one of ``answer``, ``failed`` (the reason for no answer) or ``lost`` (how the process ended).
    """
    if job:
        announce(job, topic)
    kept = _process_of_this_thread(question.introduction, topic)
    found: dict[str, Any] = {"worker": worker_name()}
    with kept.at_work():
        try:
            mismatch = kept.mismatch(question)
            if mismatch:
                return {**found, "failed": mismatch}
            request = dict(question.request)
            return {**found, "answer": kept.client.get(request.pop("do"), question.spec, **request) if request else {}}
        except RevisionEndedError as error:
            return {**found, "lost": str(error)}
        except RevisionError as error:
            return {**found, "failed": str(error)}


def announce(job: str, topic: str) -> None:
    """Log the start of a job at the Dask scheduler: a job that begins twice had lost its first worker."""
    worker = _dask_worker()
    if worker is not None:
        with contextlib.suppress(Exception):  # a failed announcement must not fail the job
            worker.log_event(topic, {"job": job, "worker": worker.address})


def worker_name() -> str:
    """Return the name of the worker of this thread."""
    worker = _dask_worker()
    if worker is not None:
        return str(worker.address)
    return f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident()}"


def close_processes(topic: str) -> None:
    """End all servers of a session, even in the middle of a request."""
    closed.add(topic)
    for kept in list(_processes.values()):
        if kept.topic == topic:
            kept.client.kill()
    for client in list(further.get(topic, ())):
        client.kill()


closed: set[str] = set()
"""Sessions that have ended."""

further: dict[str, list[RevisionClient]] = {}
"""By session, the clients of servers that run only one task."""


class _Kept:
    """The server of one thread; it ends after a while without requests."""

    def __init__(self, introduction: str, topic: str) -> None:
        told = json.loads(introduction)
        environment = {**os.environ, **told.pop("environment")}
        folder = told.pop("folder")
        here = folder if Path(folder).is_dir() else os.getcwd()
        self.introduction = introduction
        self.topic = topic
        self.client = RevisionClient(f"the optimizer for {worker_name()}", told, environment, here)
        self._checked: set[str] = set()
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None

    @contextlib.contextmanager
    def at_work(self) -> Any:
        """Keep the server while it answers."""
        if self._timer is not None:
            self._timer.cancel()
        with self._lock:
            yield
        self._timer = threading.Timer(IDLE_SECONDS, self.close_if_idle)
        self._timer.daemon = True
        self._timer.start()

    def close_if_idle(self) -> None:
        """End the server, unless a request came in the meantime."""
        if self._lock.acquire(blocking=False):
            self.client.close()
            self._checked.clear()
            self._lock.release()

    def close(self) -> None:
        """End the process."""
        if self._timer is not None:
            self._timer.cancel()
        self.client.close()

    def mismatch(self, question: Question) -> str:
        """Return why the process cannot compute the session's numbers; "" if it can."""
        if question.spec in self._checked and self.client.is_running:
            return ""
        found = mismatch(self.client, question.spec, question.expected, f"worker {worker_name()}")
        if not found:
            self._checked.add(question.spec)
        return found


def mismatch(client: RevisionClient, spec: str, expected: Mapping[str, str], process: str) -> str:
    """Return why a process cannot compute the session's numbers; "" if it can."""
    loaded = client.load(spec)
    if "missing" in loaded:
        return f"{process} cannot import {spec}: {loaded['missing']}"
    said = {**client.get("machine", ""), **loaded["versions"], **loaded["setting"]}
    for name, wanted in expected.items():
        found = said.get(name, "absent")
        is_equal = found == wanted
        if name == "python":  # all patch releases of a series compute the same numbers
            is_equal = found.rpartition(".")[0] == wanted.rpartition(".")[0]
        if not is_equal:
            return f"{process} has {name} {found}, and this session has {wanted}: make them equal"
    return ""


_processes: dict[int, _Kept] = {}
"""By thread, its server."""


def _process_of_this_thread(introduction: str, topic: str) -> _Kept:
    thread = threading.get_ident()
    kept = _processes.get(thread)
    if kept is None or kept.introduction != introduction or kept.topic != topic:
        if kept is not None:
            kept.close()
        kept = _processes[thread] = _Kept(introduction, topic)
    return kept


def _dask_worker() -> Any:
    """Return the Dask worker that runs this task; None outside Dask."""
    if "distributed" not in sys.modules:
        return None
    with contextlib.suppress(Exception):
        return sys.modules["distributed"].get_worker()
    return None
