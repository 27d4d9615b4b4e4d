"""Asking git, without a user's hooks and without what a surrounding hook says in the environment."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

__all__ = ["GitError", "ask_git", "run_git"]

_OF_A_SURROUNDING_HOOK = {
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_NAMESPACE",
}  # fmt: skip


class GitError(ValueError):
    """Git is not there or refuses; the message has git's own words."""


def run_git(
    folder: Path, *arguments: str, told: bytes | None = None, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run git in a folder and return whatever comes out, without raising where git fails.

    Parameters
    ----------
    folder : Path
    *arguments : str
    told : bytes, optional
        What git reads from its standard input (default: nothing).
    environment : mapping, optional
        Further variables, such as ``GIT_INDEX_FILE``.

    Returns
    -------
    subprocess.CompletedProcess
        Standard output and error as bytes. Messages are in English.

    Raises
    ------
    GitError
        If git is not installed.
    """
    program = shutil.which("git")
    if program is None:
        raise GitError("git was not found on PATH")
    inherited = {name: value for name, value in os.environ.items() if name not in _OF_A_SURROUNDING_HOOK}
    fixed = {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
    return subprocess.run(
        [program, "-c", f"core.hooksPath={os.devnull}", *arguments],
        cwd=folder,
        env={**inherited, **fixed, **(environment or {})},
        input=told if told is not None else b"",
        capture_output=True,
        check=False,
    )


def ask_git(
    folder: Path, *arguments: str, told: bytes | None = None, environment: Mapping[str, str] | None = None
) -> str:
    """Run git in a folder and return its output as text, without white space at the ends.

    Raises
    ------
    GitError
        If git fails; the message has git's own words.
    """
    done = run_git(folder, *arguments, told=told, environment=environment)
    if done.returncode:
        said = " ".join(done.stderr.decode("utf-8", "replace").split())
        raise GitError(f"git {arguments[0]} in {folder}: {said or f'exit status {done.returncode}'}")
    return done.stdout.decode("utf-8", "replace").strip()
