"""The wheel and the source distribution, built, checked, installed and run in clean environments."""

import email
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import pytest_optlandscape

if not os.environ.get("OPTLANDSCAPE_NO_SKIPS"):
    pytest.importorskip("build", reason="the release's tests build with build")
    pytest.importorskip("twine", reason="the release's tests check with twine")

ROOT = Path(__file__).parents[2]
NAME = f"pytest_optlandscape-{pytest_optlandscape.__version__}"
PACKAGE_FILES = {
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "pytest_optlandscape").rglob("*")
    if path.is_file() and "__pycache__" not in path.parts
}
OUR_VARIABLES = ("PYTEST_", "PYTHONPATH", "COVERAGE_", "OPTLANDSCAPE_", "GITHUB_", "CI")
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(OUR_VARIABLES)}


def run(*command, folder):
    """Run a command without this session's settings, and return its output."""
    words = [str(word) for word in command]
    result = subprocess.run(words, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, f"{' '.join(words)}\n{result.stdout}\n{result.stderr}"
    return result.stdout


@pytest.fixture(scope="session")
def artifacts(tmp_path_factory):
    """Build the source distribution, and the wheel from it."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", folder, ROOT, folder=folder)
    return folder


@pytest.fixture(scope="session", params=["wheel", "sdist"])
def scripts(request, artifacts, tmp_path_factory):
    """Return the folder of scripts of a clean environment that has only the artifact and the extra ``report``."""
    file = {"wheel": f"{NAME}-py3-none-any.whl", "sdist": f"{NAME}.tar.gz"}[request.param]
    environment = tmp_path_factory.mktemp(request.param) / "env"
    run(sys.executable, "-m", "venv", environment, folder=artifacts)
    found = environment / ("Scripts" if os.name == "nt" else "bin")
    run(found / "python", "-m", "pip", "install", "-q", f"{artifacts / file}[report]", folder=artifacts)
    return found


def wheel_files(artifacts):
    with zipfile.ZipFile(artifacts / f"{NAME}-py3-none-any.whl") as wheel:
        return {name: wheel.read(name) for name in wheel.namelist()}


def sdist_names(artifacts):
    with tarfile.open(artifacts / f"{NAME}.tar.gz") as sdist:
        return {member.name.removeprefix(f"{NAME}/") for member in sdist.getmembers() if member.isfile()}


def test_the_build_makes_one_wheel_and_one_source_distribution(artifacts):
    assert {path.name for path in artifacts.iterdir()} >= {f"{NAME}-py3-none-any.whl", f"{NAME}.tar.gz"}


def test_twine_finds_nothing_to_warn_of(artifacts):
    run(sys.executable, "-m", "twine", "check", "--strict", *artifacts.glob(f"{NAME}*"), folder=artifacts)


def test_both_hold_every_file_of_the_package(artifacts):
    in_wheel = {name for name in wheel_files(artifacts) if ".dist-info/" not in name}
    in_sdist = {name for name in sdist_names(artifacts) if name.startswith("pytest_optlandscape/")}
    assert in_wheel == in_sdist == PACKAGE_FILES
    assert "pytest_optlandscape/py.typed" in in_wheel
    assert {name for name in in_wheel if name.endswith(".j2")}


def test_the_source_distribution_holds_the_project_without_its_ci(artifacts):
    names = sdist_names(artifacts)
    assert {"LICENSE", "README.md", "CHANGELOG.md", "CITATION.cff", "tox.ini", "docs/index.md"} <= names
    assert "tests/release/test_release_artifacts.py" in names
    assert not {name for name in names if name.startswith((".ci/", ".git/", ".tox/"))}


def test_metadata_of_the_wheel(artifacts):
    files = wheel_files(artifacts)
    metadata = email.message_from_bytes(files[f"{NAME}.dist-info/METADATA"])
    assert metadata["Name"] == "pytest-optlandscape"
    assert metadata["Version"] == pytest_optlandscape.__version__
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["License-Expression"] == "MIT"
    assert f"{NAME}.dist-info/licenses/LICENSE" in files
    entry_points = files[f"{NAME}.dist-info/entry_points.txt"].decode()
    assert "[pytest11]\noptlandscape = pytest_optlandscape.plugin" in entry_points
    assert "[console_scripts]\noptlandscape = pytest_optlandscape.cli:main" in entry_points


def test_the_installed_package_is_imported_from_its_environment(scripts, tmp_path):
    code = "import pytest_optlandscape as package; print(package.__version__, package.__file__)"
    version, file = run(scripts / "python", "-c", code, folder=tmp_path).split()
    assert version == pytest_optlandscape.__version__
    assert Path(file).is_relative_to(scripts.parent)


def test_a_suite_in_an_empty_folder(scripts, tmp_path):
    """The first session has nothing to compare with; the second accepts its runs; the third finds the same."""
    session = ["-o", "optlandscape_optimizers=scipy:L-BFGS-B", "--optlandscape-suite=smoke", "-p", "no:cacheprovider"]
    assert re.search(
        r"^scipy:L-BFGS-B .* new$", run(scripts / "pytest", "--optlandscape", *session, folder=tmp_path), re.M
    )
    run(scripts / "pytest", "--optlandscape-update", *session, folder=tmp_path)
    assert (tmp_path / "optlandscape_baseline" / "scipy_L-BFGS-B.json").is_file()
    again = run(scripts / "pytest", "--optlandscape", *session, folder=tmp_path)
    assert re.search(r"^scipy:L-BFGS-B .*identical +same$", again, re.M)


def test_the_command_writes_the_page_from_its_templates(scripts, tmp_path):
    assert run(scripts / "optlandscape", "--help", folder=tmp_path).startswith("usage: optlandscape")
    (tmp_path / "pyproject.toml").write_text(
        '[tool.pytest.ini_options]\noptlandscape_optimizers = ["scipy:L-BFGS-B"]\noptlandscape_suite = "smoke"\n',
        encoding="utf-8",
    )
    person = ["-c", "user.name=You", "-c", "user.email=you@example.org"]
    run("git", "init", "-q", folder=tmp_path)
    run("git", "add", "pyproject.toml", folder=tmp_path)
    run("git", *person, "commit", "-q", "-m", "Configure the suite", folder=tmp_path)
    history = "--optlandscape-history=history"
    run(scripts / "pytest", "--optlandscape", history, "-p", "no:cacheprovider", folder=tmp_path)
    run(scripts / "optlandscape", "report", "--history=history", "--no-runs", "-o", "page.html", folder=tmp_path)
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "scipy:L-BFGS-B" in page
