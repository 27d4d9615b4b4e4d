"""Comparisons with a revision where the project is installed as a copy, as under tox: that must never be run twice."""

import importlib.machinery
import json
import os
import subprocess

import pytest

from pytest_optlandscape.session.environments import make_environment
from pytest_optlandscape.session.reference.installed import find_copies

BACKEND = '''
import base64, hashlib, json, pathlib, zipfile


def build_wheel(folder, config_settings=None, metadata_directory=None):
    """Put what layout.json names into a wheel: by the path in the wheel, the path in the project, or a text."""
    layout = json.loads(pathlib.Path("layout.json").read_text())
    name, info = layout["name"], f"{layout['name']}-1.0.dist-info"
    files = {place: pathlib.Path(source).read_text() for place, source in layout["files"].items()}
    files |= layout["written"]
    files[f"{info}/METADATA"] = f"Metadata-Version: 2.1\\nName: {name}\\nVersion: 1.0\\n"
    files[f"{info}/WHEEL"] = "Wheel-Version: 1.0\\nGenerator: here\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
    digest = lambda text: base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
    record = "".join(f"{place},sha256={digest(text)},{len(text.encode())}\\n" for place, text in files.items())
    files[f"{info}/RECORD"] = record + f"{info}/RECORD,,\\n"
    wheel = f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(folder) / wheel, "w") as archive:
        for place, text in files.items():
            archive.writestr(place, text)
    return wheel
'''
"""A build backend in the project's tree, so that a test needs no package index."""


class Installed:
    """A repository whose package is installed into an environment, and not editable."""

    def __init__(self, repository):
        self.repository, self.path = repository, repository.path
        (self.path / "solver.py").unlink()
        self.environment = make_environment(self.path / ".tox" / "py")
        (self.path / ".gitignore").write_text(".tox\n__pycache__\n")

    def lay_out(self, name, files, written=None, project="."):
        """Say what the wheel of a project has."""
        folder = self.path / project
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "backend.py").write_text(BACKEND)
        (folder / "pyproject.toml").write_text(
            f'[project]\nname = "{name}"\nversion = "1.0"\n'
            '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        )
        layout = {"name": name, "files": files, "written": written or {}}
        (folder / "layout.json").write_text(json.dumps(layout))

    def write(self, file, **knobs):
        """Write the optimizer, changed by knobs, to a file."""
        self.repository.project.solver(**knobs)
        target = self.path / file
        target.parent.mkdir(parents=True, exist_ok=True)
        (self.path / "solver.py").rename(target)

    def install(self, project="."):
        command = "pip install --quiet --no-deps --no-index --force-reinstall ."
        self.environment.install(command, self.path / project)

    def compare(self, *arguments, ref="HEAD", chosen="beale"):
        """Run pytest in the environment, and return its status, the first optimizer's outcome and what was printed."""
        outcome = self.repository.temporary.parent / "outcome.json"
        outcome.unlink(missing_ok=True)
        command = [self.environment.python, "-m", "pytest", "-p", "no:cacheprovider", "--optlandscape"]
        command += [f"--optlandscape-against={ref}", "-k", chosen, f"--optlandscape-json={outcome}", *arguments]
        variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        variables |= {"TMPDIR": str(self.repository.temporary), "COLUMNS": "200"}
        (self.path / "tests").mkdir(exist_ok=True)
        done = subprocess.run(
            command, cwd=self.path / "tests", env=variables, capture_output=True, text=True, check=False
        )
        assert outcome.exists(), done.stdout + done.stderr
        (found,) = json.loads(outcome.read_text())["optimizers"]
        return done.returncode, found, done.stdout


@pytest.fixture
def installed(repository, monkeypatch):
    made = Installed(repository)
    configure = repository.project.configure
    made.configure = lambda *specs, **ini: configure(*specs, pythonpath="", addopts="--rootdir=..", **ini)
    made.configure("momentum:minimize")
    return made


@pytest.mark.thorough
def test_a_package_below_src_is_run_from_its_source_on_both_sides(installed):
    files = {"momentum/__init__.py": "src/momentum/__init__.py", "momentum/steps.py": "src/momentum/steps.py"}
    installed.lay_out("momentum", files, {"momentum/_version.py": '__version__ = version = "1.0"\n'})
    installed.write("src/momentum/steps.py")
    text = "from momentum._version import version\nfrom .steps import minimize\n"
    (installed.path / "src/momentum/__init__.py").write_text(text)
    installed.repository.commit()
    installed.install()
    status, found, said = installed.compare()
    assert (status, found["verdict"]) == (0, "same")
    assert "momentum is installed as a copy: both sides ran its source, src/momentum" in said

    installed.write("src/momentum/steps.py", REPEATS=2)
    status, found, said = installed.compare()  # what is installed is the old one still
    assert (status, found["verdict"]) == (1, "worse")
    assert "the installed copy differs from it in src/momentum/steps.py" in said


@pytest.mark.thorough
def test_a_copy_whose_source_cannot_be_run_is_not_comparable(installed):
    """The package needs a file that only its build writes, so the source of neither revision can be run."""
    installed.configure("momentum:minimize", optlandscape_require_baseline="true")
    installed.lay_out("momentum", {"momentum/__init__.py": "src/momentum/__init__.py"}, {"momentum/fast.py": FAST})
    installed.write("src/momentum/__init__.py")
    with (installed.path / "src/momentum/__init__.py").open("a") as file:
        file.write("\nfrom momentum.fast import step\n")
    installed.repository.commit()
    installed.install()
    status, found, said = installed.compare()
    assert (status, found["verdict"]) == (1, "not-comparable")
    commit = installed.repository.git("rev-parse", "--short=10", "HEAD").strip()
    assert "not compared on beale: fast.py of momentum is written by the build" in said
    assert f'\n  optlandscape backfill --install "pip install ." --steps 1 {commit}\n' in said
    assert f"\n  optlandscape compare {commit} HEAD\n" in said
    assert "same" not in said


FAST = "def step(x):\n    return x\n"
MODULE = "def minimize(problem):\n    return problem.x0\n"


@pytest.fixture
def site(repository, tmp_path_factory):
    """A folder for installed packages."""
    (repository.path / "solver.py").unlink()
    repository.commit()
    return tmp_path_factory.mktemp("site")


def put(base, files):
    for name, text in files.items():
        file = base / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def distribution(site, name, files):
    """Lay a distribution out as pip does."""
    put(site, files)
    record = "".join(f"{file},,\n" for file in files)
    put(site / f"{name}-1.0.dist-info", {"METADATA": f"Metadata-Version: 2.1\nName: {name}\n", "RECORD": record})


LAYOUTS = {
    "src": ("mine", {"mine/__init__.py": "", "mine/a.py": MODULE}, "src/", {"mine": "src/mine"}),
    "flat": ("mine", {"mine/__init__.py": "", "mine/a.py": MODULE}, "", {"mine": "mine"}),
    "a single module": ("mine", {"mine.py": MODULE}, "lib/", {"mine": "lib/mine.py"}),
    "a folder of a monorepo": (
        "mine-core", {"mine/__init__.py": "", "mine/a.py": MODULE}, "packages/core/src/",
        {"mine": "packages/core/src/mine"},
    ),
    "a namespace": (
        "mine-steps", {"company/steps/__init__.py": "", "company/steps/a.py": MODULE}, "src/",
        {"company.steps": "src/company/steps"},
    ),
    "modules in a namespace": ("mine", {"company/steps.py": MODULE}, "src/", {"company.steps": "src/company/steps.py"}),
}  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("is_stale", [False, True])
def test_the_source_of_a_copy_is_found_in_every_layout(repository, site, layout, is_stale):
    """A stale copy has other hashes: then the project's name and the paths tell."""
    name, files, root, expected = LAYOUTS[layout]
    distribution(site, name, files)
    distribution(site, "else", {"company/other/__init__.py": "", "tests/__init__.py": "", "tests/test_a.py": MODULE})
    put(repository.path, {f"{root}{file}": text + "x = 1\n" * is_stale for file, text in files.items()})
    put(repository.path, {"tests/test_b.py": MODULE, "pyproject.toml": f'[project]\nname = "{name}"\n'})
    repository.commit()
    copies = find_copies(repository.path, [site])
    assert {copy.name: copy.source for copy in copies.copies} == expected
    assert [copy.differing != () for copy in copies.copies] == [is_stale]
    terms = copies.terms(repository.path, "HEAD")
    assert terms["places"] == {name: str(repository.path / place) for name, place in expected.items()}
    assert terms["roots"] == [str(repository.path / root)]


def test_the_source_is_found_where_its_folder_has_another_name_or_another_place_at_the_revision(repository, site):
    distribution(site, "mine", {"mine/__init__.py": "", "mine/a.py": MODULE})
    put(repository.path, {"pyproject.toml": '[project]\nname = "mine"\n', "mine/__init__.py": "", "mine/a.py": MODULE})
    repository.commit()
    (repository.path / "mine").rename(repository.path / "lib")
    repository.commit()
    copies = find_copies(repository.path, [site])
    assert [copy.source for copy in copies.copies] == ["lib"]
    assert copies.terms(repository.path, "HEAD")["places"] == {"mine": str(repository.path / "lib")}
    assert copies.terms(repository.path, "HEAD~1")["places"] == {"mine": str(repository.path / "mine")}


def test_what_is_not_the_repositorys_is_no_copy_of_it(repository, site):
    """Files of one name, folders of one name, and untracked builds and environments."""
    distribution(site, "editable", {"__editable___editable_finder.py": MODULE, "_editable_impl_editable.py": MODULE})
    distribution(site, "other", {"solver.py": MODULE, "tests/__init__.py": "", "tests/test_a.py": MODULE})
    distribution(site, "mine", {"mine/__init__.py": "", "mine/a.py": MODULE})
    own = {"mine/__init__.py": "", "mine/a.py": f"{MODULE}x = 1\n"}
    put(repository.path / "src", own)
    put(repository.path, {"solver.py": "x = 1\n", "tests/test_b.py": MODULE})
    put(repository.path, {"pyproject.toml": '[project]\nname = "editable"\n'})
    repository.commit()
    for folder in ("build/lib", "env/lib/site-packages"):  # nearer to what is installed than the source is
        put(repository.path / folder, {"mine/__init__.py": "", "mine/a.py": MODULE})
    copies = find_copies(repository.path, [site])
    assert [(copy.name, copy.source) for copy in copies.copies] == [("mine", "src/mine")]


def test_a_compiled_copy_and_one_without_source_cannot_be_replaced(repository, site):
    suffix = importlib.machinery.EXTENSION_SUFFIXES[0]
    distribution(site, "mine", {"mine/__init__.py": MODULE, f"mine/fast{suffix}": "", "lost/__init__.py": "x = 1"})
    put(repository.path, {"setup.py": "setup(name='mine')", "mine/__init__.py": MODULE, "mine/fast.c": ""})
    repository.commit()
    copies = find_copies(repository.path, [site])
    told = {copy.name: copy.obstacle for copy in copies.copies}
    assert told == {
        "mine": f"fast{suffix} of mine is compiled, and mine has only the source",
        "lost": "lost is installed as a copy, and its source was not found in this repository",
    }
    assert copies.terms(repository.path)["refused"] == {str(site / name): why for name, why in told.items()}
