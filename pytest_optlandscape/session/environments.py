"""Virtual environments for one build of the project, or for one release of a library.

Such an environment lies on top of the present one. Packages that it lacks are imported from the present environment.
So only the requested package differs.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import venv
from dataclasses import dataclass
from pathlib import Path

__all__ = ["BuildError", "Environment", "make_environment"]

MOST_LINES, MOST_CHARACTERS = 6, 220
"""How much of a failed build's output is shown: its last lines name the failure, and the lines above the cause."""

_SAID_BY_PIP = ("note:", "hint:", "[end of output]", "│ exit code", "╰─>", "error: subprocess-exited", "× ")
"""The lines that pip adds to the output of a failed build."""

_PARENT = "optlandscape_present_environment.pth"


class BuildError(RuntimeError):
    """An installation failed; the message has the last lines of the output."""


@dataclass(frozen=True)
class Environment:
    """A virtual environment.

    Attributes
    ----------
    folder : Path
    """

    folder: Path

    @property
    def python(self) -> Path:
        """The path of the interpreter."""
        windows = os.name == "nt"
        return self.folder / ("Scripts" if windows else "bin") / ("python.exe" if windows else "python")

    @property
    def site_packages(self) -> Path:
        """The folder of the installed packages."""
        if os.name == "nt":
            return self.folder / "Lib" / "site-packages"
        return self.folder / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"

    def has_module(self, name: str) -> bool:
        """Return whether a top-level module is installed in this environment."""
        site = self.site_packages
        return (site / name).is_dir() or any(site.glob(f"{name}.*py")) or any(site.glob(f"{name}.*.so"))

    def install(self, command: str, folder: Path) -> None:
        """Run the user's command, such as ``pip install .``, in a folder, with the ``pip`` of this environment.

        If uv is installed, it replaces ``pip install``. It keeps the versions that are installed now if it can.

        Raises
        ------
        BuildError
            If the command fails.
        """
        words = shlex.split(command)
        uv = shutil.which("uv")
        if uv is not None and words[:2] == ["pip", "install"] and not set(command) & set("&|;<>$`"):
            constraints = self.folder / "constraints.txt"
            constraints.write_text(_present_versions(), encoding="utf-8")
            base = [uv, "pip", "install", "--python", str(self.python)]
            try:
                self._run([*base, "-c", str(constraints), *words[2:]], folder)
            except BuildError:
                self._run([*base, *words[2:]], folder)
            return
        self._run(command, folder)

    def install_requirement(self, requirement: str) -> None:
        """Install a release of a library and its dependencies from the package index.

        Raises
        ------
        BuildError
            If the release does not exist or cannot be installed.
        """
        self._run([str(self.python), "-m", "pip", "install", "--quiet", requirement], self.folder)

    def _run(self, command: str | list[str], folder: Path) -> None:
        variables = {name: value for name, value in os.environ.items() if name not in ("PYTHONHOME", "PYTHONPATH")}
        variables |= {
            "PATH": os.pathsep.join([str(self.python.parent), variables.get("PATH", "")]),
            "VIRTUAL_ENV": str(self.folder),
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_NO_INPUT": "1",
        }
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
            done = subprocess.run(
                command,
                shell=isinstance(command, str),
                cwd=folder,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                check=False,
            )
            if done.returncode:
                said.seek(0)
                every = [line.strip() for line in said.read().splitlines() if line.strip(" │╰─>×")]
                lines = [line for line in every if not line.startswith(_SAID_BY_PIP)][-MOST_LINES:]
                told = command if isinstance(command, str) else shlex.join(command[2:])
                last = " / ".join(lines)
                last = last if len(last) <= MOST_CHARACTERS else f"…{last[-MOST_CHARACTERS:]}"
                raise BuildError(f"`{told}` ended with status {done.returncode}: {last}")


def make_environment(folder: Path) -> Environment:
    """Make an environment on top of the present one.

    Parameters
    ----------
    folder : Path
        The folder to create.

    Returns
    -------
    Environment
    """
    has_pip = importlib.util.find_spec("pip") is not None
    venv.EnvBuilder(with_pip=not has_pip, symlinks=os.name != "nt").create(folder)
    made = Environment(folder)
    present = [entry for entry in sys.path if Path(entry).name in ("site-packages", "dist-packages")]
    lines = [f"import site; site.addsitedir({entry!r})\n" for entry in present]
    (made.site_packages / _PARENT).write_text("".join(lines), encoding="utf-8")
    if has_pip and os.name != "nt":
        script = made.python.parent / "pip"
        script.write_text(f'#!/bin/sh\nexec "{made.python}" -m pip "$@"\n', encoding="utf-8")
        script.chmod(0o755)
    return made


def _present_versions() -> str:
    """Return the installed releases as pip constraints; leave out packages from a folder or a URL."""
    found: dict[str, str] = {}
    for one in importlib.metadata.distributions():
        name = one.metadata["Name"]
        if name and one.read_text("direct_url.json") is None:
            found.setdefault(name.lower().replace("_", "-"), one.version)
    return "".join(f"{name}=={version}\n" for name, version in sorted(found.items()))
