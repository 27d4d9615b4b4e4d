"""Run git without the user's hooks, and without the environment variables of a surrounding hook."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

__all__ = ["GitError", "ask_git", "read_objects", "run_git"]

_OF_A_SURROUNDING_HOOK = {
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_NAMESPACE",
}  # fmt: skip


class GitError(ValueError):
    """Git is not installed, or fails. The message quotes git."""


def run_git(
    folder: Path, *arguments: str, told: bytes | None = None, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run git in a folder, and return its output. Do not raise if git fails.

    Parameters
    ----------
    folder : Path
    *arguments : str
    told : bytes, optional
        The standard input of git (default: empty).
    environment : mapping, optional
        Additional variables, such as ``GIT_INDEX_FILE``.

    Returns
    -------
    subprocess.CompletedProcess
        Standard output and error as bytes. Messages are in English.

    Raises
    ------
    GitError
        If git is not installed.
    """
    return subprocess.run(
        _command(*arguments),
        cwd=folder,
        env=_environment(environment or {}),
        input=told if told is not None else b"",
        capture_output=True,
        check=False,
    )


def read_objects(folder: Path, ids: Iterable[str], most: Sequence[int]) -> Iterator[bytes | None]:
    """Read objects one by one, with one process of git.

    Parameters
    ----------
    folder : Path
    ids : iterable of str
    most : sequence of int
        The largest size of each object, in bytes.

    Yields
    ------
    bytes or None
        None if the object does not exist, or is larger.

    Raises
    ------
    GitError
        If git is not installed, or stops early.
    """
    with tempfile.TemporaryFile() as told:  # a pipe could fill up while git waits for us to read
        told.writelines(f"{one}\n".encode() for one in ids)
        told.seek(0)
        with subprocess.Popen(
            _command("cat-file", "--batch"), cwd=folder, env=_environment({}), stdin=told, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as process:  # fmt: skip
            assert process.stdout is not None
            for limit in most:
                header = process.stdout.readline().split()
                if not header:
                    raise GitError(f"git cat-file in {folder} ended too early")
                if len(header) != 3:
                    yield None
                    continue
                left = int(header[2]) + 1
                if left - 1 <= limit:
                    yield process.stdout.read(left)[:-1]
                    continue
                while left:
                    left -= len(process.stdout.read(min(left, 1 << 20)) or b" " * left)
                yield None
            process.kill()


def _command(*arguments: str) -> list[str]:
    program = shutil.which("git")
    if program is None:
        raise GitError("git was not found on PATH")
    return [program, "-c", f"core.hooksPath={os.devnull}", *arguments]


def _environment(further: Mapping[str, str]) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name not in _OF_A_SURROUNDING_HOOK}
    return {**inherited, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", **further}


def ask_git(
    folder: Path, *arguments: str, told: bytes | None = None, environment: Mapping[str, str] | None = None
) -> str:
    """Run git in a folder, and return its output as text without surrounding white space.

    Raises
    ------
    GitError
        If git fails. The message quotes git.
    """
    done = run_git(folder, *arguments, told=told, environment=environment)
    if done.returncode:
        said = " ".join(done.stderr.decode("utf-8", "replace").split())
        raise GitError(f"git {arguments[0]} in {folder}: {said or f'exit status {done.returncode}'}")
    return done.stdout.decode("utf-8", "replace").strip()
