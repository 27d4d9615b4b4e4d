"""Landscapes that a conftest.py, a plugin or a package adds, and suites of a project's own."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_optlandscape import landscapes

DOCS = Path(__file__).parents[2] / "docs" / "own-landscapes.md"

BOWL = """
from pytest_optlandscape import Landscape

def bowl(x):
    return float(x @ x)

def slope(x):
    return 2 * x

def make(name="our_bowl"):
    return Landscape(name, bowl, gradient=slope, bounds=[(-1, 1)] * 2, x0=[1, 1], minimizers=[[0, 0]], fmin=0.0)
"""
CONFTEST = f"""{BOWL}
def pytest_optlandscape_landscapes():
    return [make(), make("our_other_bowl")]
"""
SUITES = "\n    ours = our_bowl our_other_bowl booth cells=4\n    more = ours beale -booth"


@pytest.fixture
def ours(project):
    project.solver()
    project.configure(optlandscape_suite="ours", optlandscape_suites=SUITES)
    project.pytester.makeconftest(CONFTEST)
    return project


def names(outcome):
    return [one["name"] for one in outcome["optimizers"][0]["landscapes"]]


def test_a_suite_of_the_project(ours):
    ours.accept()
    outcome, exit_code = ours.outcome()
    assert exit_code == 0
    assert names(outcome) == ["our_bowl", "our_other_bowl", "booth"]
    assert {one["fingerprint"] for one in outcome["optimizers"][0]["landscapes"]} == {"identical"}
    assert outcome["suite"] == "ours"
    ours.solver(REPEATS=2)
    assert ours.outcome()[0]["optimizers"][0]["verdict"] == "changed"  # four cells are too few for more


def test_the_catalogue_is_as_before_after_the_session(ours):
    ours.run()
    assert "our_bowl" not in landscapes.names()
    with pytest.raises(ValueError, match="unknown landscape 'our_bowl'"):
        landscapes.get("our_bowl")


def test_suites_name_each_other(ours):
    ours.accept("--optlandscape-suite", "more")
    assert names(ours.outcome("--optlandscape-suite", "more")[0]) == ["our_bowl", "our_other_bowl", "beale"]


def test_tests_find_the_landscapes(ours):
    ours.pytester.makepyfile(
        """
        import pytest

        @pytest.mark.landscapes("our_bowl")
        def test_bowl(landscape, minimize):
            assert minimize("scipy:BFGS", landscape).gap < 1e-8
        """
    )
    ours.pytester.runpytest_inprocess().assert_outcomes(passed=1)


@pytest.mark.thorough
def test_workers_have_them_too(ours):
    pytest.importorskip("xdist")
    serial, shared = (ours.outcome(*more) for more in ((), ("-n", "2")))
    assert serial == shared


@pytest.mark.thorough
def test_items_in_a_process_of_their_own_have_them(ours):
    ours.accept()
    outcome, exit_code = ours.outcome("--optlandscape-isolate")
    assert exit_code == 0
    assert names(outcome) == ["our_bowl", "our_other_bowl", "booth"]


def test_another_revision_has_its_own(repository):
    repository.project.configure(optlandscape_suite="ours", optlandscape_suites=SUITES)
    repository.project.pytester.makeconftest(CONFTEST)
    repository.commit()
    landscape, _, result = repository.verdict(chosen="our_bowl")
    assert (result.ret, landscape["fingerprint"]) == (0, "identical")


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        ("3", "returned 3; expected landscapes, in a list"),
        ("[3]", "register takes a Landscape, got int"),
        ("{'a': make()}", "returned {'a': landscapes.get('our_bowl')}; expected landscapes, in a list"),
        ("make('beale')", "a landscape named 'beale' is already in the catalogue"),
        ("[make(), make()]", "a landscape named 'our_bowl' is already in the catalogue"),
        ("make('two words')", "a landscape's name must consist of letters"),
        ("1 / 0", "raised ZeroDivisionError: division by zero"),
    ],
)
def test_wrong_landscapes_are_usage_errors(pytester, returned, said):
    pytester.makeconftest(f"{BOWL}\ndef pytest_optlandscape_landscapes():\n    return {returned}\n")
    pytester.makepyfile("def test_one(): pass")
    result = pytester.runpytest_inprocess()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert f"the hook pytest_optlandscape_landscapes of {pytester.path}" in str(result.stderr)
    assert said in str(result.stderr)
    assert "our_bowl" not in landscapes.names()


def test_no_landscapes_are_no_mistake(pytester):
    pytester.makeconftest("def pytest_optlandscape_landscapes():\n    return None\n")
    pytester.makepyfile("def test_one(): pass")
    pytester.runpytest_inprocess().assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("quick = beale", "'quick' is a suite of this package"),
        ("two words = beale", "'two words' is neither an optimizer nor the name of a suite"),
        ("ours = bele", "the suite ours: unknown suite 'bele'; did you mean 'beale'"),
        ("ours = theirs\n    theirs = ours", "the suite ours: the suite theirs: unknown suite 'ours'"),
        ("ours = quick tags=smoth", "the suite ours: unknown tag 'smoth'; did you mean 'smooth'"),
        ("ours = quick dim=x", "the suite ours: dim=x: dimensions were expected"),
        ("ours = quick tags=network", "the suite ours: the suite 'quick tags=network' leaves no landscape"),
    ],
)
def test_wrong_suites_are_usage_errors(project, line, said):
    project.solver()
    project.configure(optlandscape_suites=f"\n    {line}")
    result = project.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert said in str(result.stderr)


def packaged(folder, entry, source):
    """Write an installed package with an entry point into a folder."""
    (folder / "their_package.py").write_text(source)
    info = folder / "their_package-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: their-package\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[optlandscape.landscapes]\ntheirs = {entry}\n")


def asked(folder, code):
    code = f"import sys; sys.path.insert(0, {str(folder)!r})\nfrom pytest_optlandscape import landscapes\n{code}"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)


@pytest.mark.parametrize("entry", ["their_package:make", "their_package:BOWL", "their_package:SEVERAL"])
def test_packages_add_landscapes(tmp_path, entry):
    packaged(tmp_path, entry, f"{BOWL}\nBOWL = make()\nSEVERAL = [BOWL]\n")
    assert asked(tmp_path, "print(landscapes.get('our_bowl').dim)").stdout == "2\n"
    assert asked(tmp_path, "print(landscapes.names()[-1], len(landscapes.select('our_bowl')))").stdout == "our_bowl 1\n"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("def make():\n    return 3", "returned 3; expected landscapes"),
        (f"{BOWL}\nmake = make('beale')", "a landscape named 'beale' is already in the catalogue"),
    ],
)
def test_a_package_whose_landscapes_cannot_be_loaded_is_named(tmp_path, source, said):
    packaged(tmp_path, "their_package:make", source)
    result = asked(tmp_path, "print(len(landscapes.names()) > 100)")
    assert result.stdout == "True\n"
    assert "the entry point theirs = their_package:make of their-package" in result.stderr
    assert said in result.stderr


def test_the_examples_of_the_documentation(project):
    text = DOCS.read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(# conftest.py\n.*?)```", text, re.DOTALL)
    (toml,) = re.findall(r"```toml\n(# pyproject.toml\n.*?)```", text, re.DOTALL)
    project.pytester.makeconftest(code)
    (project.path / "pyproject.toml").write_text(toml)
    (project.path / "pytest.ini").unlink()
    result = project.run("--optlandscape-cells=2")
    assert result.ret == 0, str(result.stdout)
    assert "ours cells=2" in str(result.stdout)
