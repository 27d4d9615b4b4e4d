"""Prepare releases of SciPy that need an older Python, for the tour of releases.

This package needs Python 3.11, and SciPy before 1.10 has no wheels for it. So each release runs in a Python of its own,
behind a pipe: ``other_pythons/scipy_server.py`` there, and ``other_pythons/scipy_in_other_python.py`` here. The latter
becomes a distribution whose versions are SciPy's, so that ``optlandscape backfill --releases`` installs them.

    python benchmarks/other_pythons.py --work ~/pythons --python 2.7="chroot /bullseye python2.7" \
        --python 3.9="chroot /bullseye python3.9" --python 3.11=python3.11
    export SCIPY_RELEASES=~/pythons/releases PIP_FIND_LINKS=~/pythons/wheels
    pip install scipy-in-other-python
    python benchmarks/release_tour.py scipy_in_other_python --work ~/tour

Each command must find the folder of ``--work`` under the same path; mount it into a chroot or a container. Debian 11
has both old Pythons. The wheels are for Linux on x86_64.
"""

from __future__ import annotations

import argparse
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from release_tour import tours

SOURCES = Path(__file__).with_suffix("")
SINCE = {"2.7": (0, 18), "3.9": (1, 3), "3.11": (1, 10)}
"""By Python, the first series of SciPy that it runs; it runs all series before that of the next Python."""

BUILT = ("1.3.3", "1.4.1")
"""Releases that have no wheels for a Python of Debian 11. Build them there, with Cython 0.29 and
``gfortran -fallow-argument-mismatch``, and put ``scipy`` and ``numpy`` into the folder ``site`` of the release."""

NUMPY = {"2.7": "1.16.6", "3.9": "1.22.4", "3.11": "1.26.4"}
"""By Python, a release of NumPy that all its releases of SciPy take: NumPy is not what is compared."""

PLATFORMS = [f"manylinux{one}_x86_64" for one in ("1", "2010", "2014", "_2_17", "_2_27", "_2_28")]
PROJECT = """[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "scipy-in-other-python"
version = "{version}"

[tool.hatch.build.targets.wheel]
include = ["scipy_in_other_python.py"]
"""


def python_of(release: str) -> str:
    """Return the Python that runs a release."""
    series = tuple(map(int, release.split(".")[:2]))
    return max((python for python, first in SINCE.items() if first <= series), key=SINCE.__getitem__)


def install(python: str, release: str, folder: Path) -> None:
    """Install the wheels of a release and of NumPy into a folder."""
    if release in BUILT:
        sys.exit(f"SciPy {release} has no wheels for Python {python}: build it, and put scipy and numpy into {folder}")
    abi = ["--abi", "cp27mu", "--implementation", "cp"] if python == "2.7" else []
    platforms = [word for platform in PLATFORMS for word in ("--platform", platform)]
    other = ["--only-binary=:all:", "--no-deps", "--ignore-requires-python", "--python-version", python]
    packages = [f"scipy=={release}", f"numpy=={NUMPY[python]}"]
    pip = [sys.executable, "-m", "pip", "install", "-q", "--target", str(folder)]
    subprocess.run([*pip, *other, *abi, *platforms, *packages], check=True)


def write_server(command: str, folder: Path) -> None:
    """Write the file that starts the server of a release."""
    server = folder / "scipy_server.py"
    shutil.copy(SOURCES / server.name, server)
    paths = shlex.quote(str(folder / "site"))
    serve = folder / "serve"
    serve.write_text(f"#!/bin/sh\nPYTHONPATH={paths} exec {command} -u {shlex.quote(str(server))}\n")
    serve.chmod(0o755)


def build_wheel(release: str, work: Path) -> None:
    """Build the client's distribution with the version of a release."""
    project = work / "project"
    project.mkdir(exist_ok=True)
    (project / "pyproject.toml").write_text(PROJECT.format(version=release))
    shutil.copy(SOURCES / "scipy_in_other_python.py", project)
    wheels = str(work / "wheels")
    subprocess.run([sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", wheels, str(project)], check=True)


def prepare(commands: Mapping[str, str], work: Path) -> None:
    """Prepare all releases whose Python was named; leave those alone that are there."""
    for release in tours()["scipy_in_other_python"]["releases"]:
        python = python_of(release)
        if python in commands:
            folder = work / "releases" / release
            if not (folder / "site").exists():
                install(python, release, folder / "site")
            write_server(commands[python], folder)
            build_wheel(release, work)
            print(f"SciPy {release} on Python {python}", flush=True)


def main() -> None:
    """Prepare the releases."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="the folder of the releases and the wheels")
    parser.add_argument("--python", action="append", required=True, metavar="VERSION=COMMAND")
    told = parser.parse_args()
    commands = dict(one.split("=", 1) for one in told.python)
    if unknown := set(commands) - set(SINCE):
        parser.error(f"no release for Python {', '.join(sorted(unknown))}; there are some for {', '.join(SINCE)}")
    prepare(commands, told.work.resolve())


if __name__ == "__main__":
    main()
