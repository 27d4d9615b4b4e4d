"""Start a revision server, a process that runs the optimizers of one revision, and send it requests.

A session that compares two revisions has two servers. Workers of an executor, isolated optimizers and ``optlandscape
backfill`` use the same kind of process.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from pytest_optlandscape.session.hook_functions import HookFunction
from pytest_optlandscape.session.reference.installed import InstalledCopies
from pytest_optlandscape.session.reference.revision_server import bootstrap
from pytest_optlandscape.session.reference.search_path import modules_of_repository, search_path
from pytest_optlandscape.session.reference.worktree import Worktree
from pytest_optlandscape.session.settings import Settings

__all__ = [
    "RevisionClient", "RevisionEndedError", "RevisionError", "RevisionKilledError", "client_of_present",
    "client_of_revision", "present_introduction", "revision_introduction",
]  # fmt: skip


_LONGEST_COMPLAINT = 1 << 14
"""The number of bytes that are read from the end of a server's stderr: an optimizer may print gigabytes."""


class RevisionError(RuntimeError):
    """A revision server ended or answered with an error."""


class RevisionEndedError(RevisionError):
    """A revision server ended before it answered."""


class RevisionKilledError(RevisionEndedError):
    """Somebody else ended a revision server, by a signal that no defect of its code sends."""


_FROM_OUTSIDE = {-getattr(signal, name) for name in ("SIGHUP", "SIGINT", "SIGKILL", "SIGTERM") if hasattr(signal, name)}
"""The exit codes of processes that were ended from outside, for example for want of memory."""


class RevisionClient:
    """The client of one revision server, which is started at the first request.

    Parameters
    ----------
    name : str
        The name of the revision in messages.
    introduction : dict
        The first line that the server reads: it names the places of the modules.
    environment : dict
        Environment variables of the server.
    folder : str
        The server's current folder.
    interpreter : str, optional
        The Python that runs the server (default: that of this process).
    """

    def __init__(
        self,
        name: str,
        introduction: dict[str, Any],
        environment: dict[str, str],
        folder: str,
        *,
        interpreter: str = sys.executable,
    ) -> None:
        self.name = name
        self._command = bootstrap(interpreter)
        self._introduction = introduction
        self._environment = environment
        self._folder = folder
        self._process: subprocess.Popen[str] | None = None
        self._complaints: IO[str] | None = None
        self._loaded: dict[str, dict[str, Any]] = {}
        self._owes_an_answer = False

    def load(self, spec: str) -> dict[str, Any]:
        """Make the server import an optimizer.

        Returns
        -------
        dict
            ``setting``, ``file`` and ``versions``; or ``missing`` or ``incomparable``, the reason why the optimizer
            cannot be run.
        """
        if self._process is None or spec not in self._loaded:
            self._loaded[spec] = self._ask_and_wait("load", spec=spec)
        return self._loaded[spec]

    def ask(self, do: str, spec: str, **told: Any) -> None:
        """Send a request; `answer` waits for the result."""
        if self._owes_an_answer:  # the answer to an interrupted request must not be read as this one
            self.close()
        self.load(spec)
        self._send({"do": do, "spec": spec, **told})
        self._owes_an_answer = True

    def answer(self) -> dict[str, Any]:
        """Wait for the answer to the request.

        Raises
        ------
        RevisionError
            If the server ends or answers with an error.
        """
        process = self._started()
        assert process.stdout is not None
        line = process.stdout.readline()
        self._owes_an_answer = False
        if not line:
            code, said = process.wait(), self._last_complaint()
            self.close()
            kind = RevisionKilledError if code in _FROM_OUTSIDE else RevisionEndedError
            raise kind(f"the process that runs {self.name} ended with code {code}{said}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise RevisionError(f"the process that runs {self.name} failed:\n{answer['error']}")
        return answer

    def get(self, do: str, spec: str, **told: Any) -> dict[str, Any]:
        """Send a request and return the answer."""
        self.ask(do, spec, **told)
        return self.answer()

    @property
    def is_running(self) -> bool:
        """Whether the server was started and, as far as known, has not ended."""
        return self._process is not None

    def kill(self) -> None:
        """End the server from another thread; the waiting thread gets an error."""
        process = self._process
        if process is not None:
            process.kill()

    def close(self) -> None:
        """End the server, even in the middle of a request."""
        process, self._process = self._process, None
        self._owes_an_answer = False
        self._loaded.clear()  # the next server starts with no optimizer loaded
        if process is not None:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    _close_quietly(stream)
        complaints, self._complaints = self._complaints, None
        if complaints is not None:
            complaints.close()

    def _ask_and_wait(self, do: str, **told: Any) -> dict[str, Any]:
        self._send({"do": do, **told})
        return self.answer()

    def _send(self, request: dict[str, Any]) -> None:
        process = self._started()
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # the server has ended: `answer` says why
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()

    def _started(self) -> subprocess.Popen[str]:
        if self._process is None:
            self._complaints = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._complaints,
                env=self._environment,
                cwd=self._folder,
                encoding="utf-8",
            )
            self._send(self._introduction)
        return self._process

    def _last_complaint(self) -> str:
        assert self._complaints is not None
        self._complaints.seek(max(self._complaints.seek(0, os.SEEK_END) - _LONGEST_COMPLAINT, 0))
        lines = self._complaints.read().split("\n")
        said = "\n".join(line for line in lines[-12:] if line.strip())
        return f":\n{said}" if said else ""


def client_of_revision(worktree: Worktree, settings: Settings, copies: InstalledCopies) -> RevisionClient:
    """Return the client of a server for another revision; it imports other modules from the present environment."""
    introduction, environment = revision_introduction(worktree, settings, copies)
    here = worktree.counterpart_of_current_folder()
    return RevisionClient(f"revision {worktree.ref}", introduction, environment, str(here))


def revision_introduction(
    worktree: Worktree, settings: Settings, copies: InstalledCopies
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the values that start a server of another revision, which need not be checked out yet.

    Parameters
    ----------
    worktree : Worktree
    settings : Settings
    copies : InstalledCopies
        The modules that are imported from the revision's files instead of their installed copy.

    Returns
    -------
    introduction : dict
        Plain values: the first line that the server reads.
    environment : dict
        Its environment variables.
    """
    folders = modules_of_repository(worktree, sys.modules)
    introduction = {
        "path": search_path(worktree, sys.path),
        "modules": {name: str(worktree.counterpart(Path(folder))) for name, folder in folders.items()},
        "worktree": worktree.to_plain(),
        "hooks": [_there(hook, worktree, copies) for hook in settings.hooks],
        "copies": copies.terms(worktree.folder, worktree.commit),
        **_common_introduction(settings),
    }
    environment = _environment()
    if environment.get("PYTHONPATH"):
        entries = environment["PYTHONPATH"].split(os.pathsep)
        environment["PYTHONPATH"] = os.pathsep.join(search_path(worktree, entries))
    return introduction, environment


def present_introduction(settings: Settings) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the values that start a server of the present files, as `revision_introduction` does."""
    path = [entry or os.getcwd() for entry in sys.path]
    hooks = [vars(hook) for hook in settings.hooks]
    introduction = {"path": path, "modules": {}, "worktree": None, "hooks": hooks, **_common_introduction(settings)}
    return introduction, _environment()


def client_of_present(worktree: Worktree, settings: Settings, copies: InstalledCopies) -> RevisionClient:
    """Return the client of a server that runs the present files.

    pytest's own process is not used, because a plugin, coverage's tracing or a larger heap could make a difference.
    Modules that are installed as copies are imported from the work tree, as the other server imports them from the
    revision.
    """
    introduction, environment = present_introduction(settings)
    introduction["modules"] = modules_of_repository(worktree, sys.modules)
    introduction["copies"] = copies.terms(worktree.repository)
    here = replace(worktree, folder=worktree.repository)
    introduction["hooks"] = [_there(hook, here, copies) for hook in settings.hooks]
    return RevisionClient("the present revision", introduction, environment, os.getcwd())


def _there(hook: HookFunction, worktree: Worktree, copies: InstalledCopies) -> dict[str, Any]:
    """Return the location of a hook's function in another revision."""
    copy = copies.of_file(Path(hook.file).resolve()) if hook.file else None
    if copy is not None and not copy.obstacle:
        return {**vars(hook), "file": None}  # the module's name is enough to find it
    counterpart = worktree.counterpart(Path(hook.file)) if hook.file else None
    return {**vars(hook), "file": str(counterpart) if counterpart else hook.file}


def _common_introduction(settings: Settings) -> dict[str, Any]:
    return {"profiles": settings.profiles, "adapters": settings.adapters, "time_limit": settings.time_limit}


def _environment() -> dict[str, str]:
    """Return the environment of a server; all servers iterate over sets of strings in the same order."""
    return {"PYTHONHASHSEED": "0", **os.environ}


def _close_quietly(stream: IO[str]) -> None:
    with contextlib.suppress(OSError):  # closing flushes, which fails if the server has ended
        stream.close()
