"""The processes that run the two revisions of a comparison, as this one sees them."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from pytest_optlandscape.session.added_optimizers import HookFunction
from pytest_optlandscape.session.reference.installed import InstalledCopies
from pytest_optlandscape.session.reference.search_path import modules_of_repository, search_path
from pytest_optlandscape.session.reference.worktree import Worktree
from pytest_optlandscape.session.revision_server import bootstrap
from pytest_optlandscape.session.settings import Settings

__all__ = [
    "Side", "SideEndedError", "SideError", "present_side", "present_terms", "reference_side", "reference_terms",
]  # fmt: skip


_LONGEST_COMPLAINT = 1 << 14
"""Bytes of the last words of a process that are read: an optimizer may have printed gigabytes."""


class SideError(RuntimeError):
    """The process of one side ended, or an error of its own came back."""


class SideEndedError(SideError):
    """The process of one side ended before it answered."""


class Side:
    """A process that is started when it is first asked for something.

    Parameters
    ----------
    name : str
        For messages.
    introduction : dict
        The first thing it is told: where it finds modules.
    environment : dict
    folder : str
        Where it runs.
    interpreter : str, optional
        The Python that runs it (default: the one that runs this process).
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
        """Have an optimizer imported there.

        Returns
        -------
        dict
            ``setting``, or ``missing``: why it does not exist.
        """
        if self._process is None or spec not in self._loaded:
            self._loaded[spec] = self._ask_and_wait("load", spec=spec)
        return self._loaded[spec]

    def ask(self, do: str, spec: str, **told: Any) -> None:
        """Start something; `answer` waits for what comes out."""
        if self._owes_an_answer:  # whoever asked was interrupted: his answer must not be taken for the next one's
            self.close()
        self.load(spec)
        self._send({"do": do, "spec": spec, **told})
        self._owes_an_answer = True

    def answer(self) -> dict[str, Any]:
        """Wait for what was asked for.

        Raises
        ------
        SideError
            If the process ends instead, or answers with an error.
        """
        process = self._started()
        assert process.stdout is not None
        line = process.stdout.readline()
        self._owes_an_answer = False
        if not line:
            code, said = process.wait(), self._last_complaint()
            self.close()
            raise SideEndedError(f"the process that runs {self.name} ended with code {code}{said}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise SideError(f"the process that runs {self.name} failed:\n{answer['error']}")
        return answer

    def get(self, do: str, spec: str, **told: Any) -> dict[str, Any]:
        """Ask and wait."""
        self.ask(do, spec, **told)
        return self.answer()

    @property
    def is_running(self) -> bool:
        """Whether the process was started and has not been found to have ended."""
        return self._process is not None

    def kill(self) -> None:
        """End the process from another thread; the thread that waits for an answer finds that out."""
        process = self._process
        if process is not None:
            process.kill()

    def close(self) -> None:
        """End the process, whatever it is at."""
        process, self._process = self._process, None
        self._owes_an_answer = False
        self._loaded.clear()  # the next process has loaded nothing
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
        with contextlib.suppress(BrokenPipeError):  # it has ended: `answer` finds out why
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


def reference_side(worktree: Worktree, settings: Settings, copies: InstalledCopies) -> Side:
    """Make the side that runs another revision, with everything outside the repository as it is here."""
    introduction, environment = reference_terms(worktree, settings, copies)
    here = worktree.counterpart_of_current_folder()
    return Side(f"revision {worktree.ref}", introduction, environment, str(here))


def reference_terms(
    worktree: Worktree, settings: Settings, copies: InstalledCopies
) -> tuple[dict[str, Any], dict[str, str]]:
    """Say how a process that runs another revision is begun; the revision need not be checked out yet.

    Parameters
    ----------
    worktree : Worktree
    settings : Settings
    copies : InstalledCopies
        What is imported from the revision's files instead of from an installed copy.

    Returns
    -------
    introduction : dict
        Plain values: the first thing that the process is told.
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
        **_told_to_both(settings),
    }
    environment = _environment()
    if environment.get("PYTHONPATH"):
        entries = environment["PYTHONPATH"].split(os.pathsep)
        environment["PYTHONPATH"] = os.pathsep.join(search_path(worktree, entries))
    return introduction, environment


def present_terms(settings: Settings) -> tuple[dict[str, Any], dict[str, str]]:
    """Say how a process that runs what is imported here is begun, as `reference_terms` does."""
    path = [entry or os.getcwd() for entry in sys.path]
    hooks = [vars(hook) for hook in settings.hooks]
    introduction = {"path": path, "modules": {}, "worktree": None, "hooks": hooks, **_told_to_both(settings)}
    return introduction, _environment()


def present_side(worktree: Worktree, settings: Settings, copies: InstalledCopies) -> Side:
    """Make the side that runs what is imported here, in a process like the other's.

    In pytest's own process a configured plugin, coverage's tracing or a larger heap could make a difference. Modules
    that are installed as copies are imported from the work tree, as they are from the revision's on the other side.
    """
    introduction, environment = present_terms(settings)
    introduction["modules"] = modules_of_repository(worktree, sys.modules)
    introduction["copies"] = copies.terms(worktree.repository)
    here = replace(worktree, folder=worktree.repository)
    introduction["hooks"] = [_there(hook, here, copies) for hook in settings.hooks]
    return Side("the present revision", introduction, environment, os.getcwd())


def _there(hook: HookFunction, worktree: Worktree, copies: InstalledCopies) -> dict[str, Any]:
    """Say where a function of a hook is on another revision."""
    copy = copies.of_file(Path(hook.file).resolve()) if hook.file else None
    if copy is not None and not copy.obstacle:
        return {**vars(hook), "file": None}  # the module's name says where it is
    counterpart = worktree.counterpart(Path(hook.file)) if hook.file else None
    return {**vars(hook), "file": str(counterpart) if counterpart else hook.file}


def _told_to_both(settings: Settings) -> dict[str, Any]:
    return {"profiles": settings.profiles, "adapters": settings.adapters, "time_limit": settings.time_limit}


def _environment() -> dict[str, str]:
    """Have both sides iterate over sets of strings in one order."""
    return {"PYTHONHASHSEED": "0", **os.environ}


def _close_quietly(stream: IO[str]) -> None:
    with contextlib.suppress(OSError):  # what was not sent cannot be sent any more
        stream.close()
