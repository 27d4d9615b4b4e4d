"""The version stands in one place, ``__version__`` of the package: a checkout that is not installed knows it, too."""

import importlib.metadata
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import pytest_optlandscape

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_the_build_reads_the_version_from_the_package():
    assert "version" not in PROJECT["project"]
    assert PROJECT["project"]["dynamic"] == ["version"]
    source = ROOT / PROJECT["tool"]["hatch"]["version"]["path"]
    assert re.findall(r'^__version__ = "(.*)"$', source.read_text(encoding="utf-8"), re.MULTILINE) == [
        pytest_optlandscape.__version__
    ]


def test_the_installed_version_is_that_of_the_package():
    installed = importlib.metadata.version("pytest-optlandscape")
    assert installed == pytest_optlandscape.__version__, "the checkout's version has changed: install it again"


def test_a_checkout_that_is_not_installed_knows_its_version(tmp_path):
    code = (
        f"import sys; sys.path[:0] = [{str(ROOT)!r}]; import pytest_optlandscape as package; print(package.__version__)"
    )
    bare = [sys.executable, "-S", "-c", code]  # without site-packages
    result = subprocess.run(bare, capture_output=True, text=True, cwd=tmp_path, check=True)
    source = (ROOT / "pytest_optlandscape" / "__init__.py").read_text(encoding="utf-8")
    assert f'__version__ = "{result.stdout.strip()}"' in source.splitlines()


@pytest.mark.parametrize("file", ["CITATION.cff", "pyproject.toml"])
def test_no_other_file_has_a_version_that_could_be_forgotten(file):
    assert not re.findall(r"^version\b", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)
