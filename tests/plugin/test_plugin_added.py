"""Optimizers that a conftest.py or a plugin adds by the hook ``pytest_optlandscape_optimizers``."""

import re
from pathlib import Path

import pytest

from pytest_optlandscape.optimizers import third_party

DOCS = Path(__file__).parents[2] / "docs" / "optimizers.md"

CONFTEST = """
import functools

def walk(fun, x0, jac, maxfev, step=0.01):
    x = x0
    for _ in range(maxfev):
        fun(x)
        x = x - step * jac(x)
    return x

def make(spec):
    if spec.name != "Walk":
        raise ValueError(f"walks has no {spec.name}; it has Walk")
    return functools.partial(walk, **spec.arguments)

def pytest_optlandscape_optimizers():
    return {"walks": make}
"""


@pytest.fixture
def walks(project):
    project.configure("walks:Walk(step=0.02)")
    project.pytester.makeconftest(CONFTEST)
    return project


def test_specs_in_the_configuration_and_in_tests(walks):
    walks.pytester.makepyfile(
        """
        def test_walk(booth, minimize):
            assert minimize("walks:Walk", booth, budget=50).optimizer == "walks:Walk"
        """
    )
    assert walks.pytester.runpytest_inprocess().ret == 0
    walks.accept("-k", "booth")
    found, exit_code = walks.outcome("-k", "booth")
    assert exit_code == 0
    assert found["optimizers"][0]["spec"] == "walks:Walk(step=0.02)"
    assert found["optimizers"][0]["landscapes"][0]["fingerprint"] == "identical"
    assert "walks" not in third_party.find()
    replayed = walks.pytester.runpytest_inprocess("--optlandscape-replay=booth/standard")
    replayed.stdout.fnmatch_lines(["walks:Walk(step=0.02) on booth: *", "*identical to the baseline*"])
    assert "walks" not in third_party.find()


@pytest.mark.thorough
def test_workers_have_it_too(walks):
    pytest.importorskip("xdist")
    serial, shared = (walks.outcome("-k", "booth or beale", *more) for more in ((), ("-n", "2")))
    assert serial == shared
    assert len(serial[0]["optimizers"][0]["landscapes"]) == 2


def test_the_example_of_the_documentation(project):
    (code,) = re.findall(r"```python\n(# conftest.py\n.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    project.pytester.makeconftest(code)
    project.configure("walks:random(step=0.5)")
    result = project.on_booth()
    assert result.ret == 0
    result.stdout.fnmatch_lines(["walks:random(step=0.5) * new", "*tested as local, *stochastic*"])
    project.configure("walks:randon")
    project.on_booth().stderr.fnmatch_lines(["*there is no walk 'randon'; there are: random*"])


def test_who_adds_nothing_pays_nothing(pytester):
    pytester.makeconftest("def pytest_optlandscape_optimizers():\n    return None\n")
    pytester.makepyfile("def test_one(): pass")
    pytester.runpytest_inprocess().assert_outcomes(passed=1)


def returning(what):
    return f"def pytest_optlandscape_optimizers():\n    return {what}\n"


@pytest.mark.parametrize(
    ("conftest", "said"),
    [
        (
            returning("[('walks', print)]"),
            "conftest.py returned [[]('walks', <built-in function print>)]; expected a dict",
        ),
        (returning("{'walks': 3}"), "the prefix 'walks' has 3; expected a function of a spec"),
        (returning("{'my walks': print}"), "'my walks' cannot be a prefix of specs; use a name such as 'walks'"),
        (returning("{3: print}"), "3 cannot be a prefix of specs"),
        (
            returning("{'scipy': print}"),
            "the prefix 'scipy' belongs to a built-in library",
        ),
        (returning("{'torch_optimizer': print}"), "the prefix 'torch_optimizer' belongs to a built-in library"),
        (
            returning("1 / 0"),
            "hook pytest_optlandscape_optimizers of *conftest.py raised ZeroDivisionError: division by",
        ),
    ],
)
def test_what_a_hook_may_not_give(project, conftest, said):
    project.pytester.makeconftest(conftest)
    project.pytester.makepyfile("def test_one(): pass")
    for arguments in ([], ["--optlandscape"], ["--optlandscape-replay=booth/standard"]):
        result = project.pytester.runpytest_inprocess(*arguments)
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines([f"ERROR: optlandscape: *{said}*"])


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ("None", "optimizer 'walks:Walk': the hook *conftest.py returned None, which is not an optimizer"),
        ("'scipy:BFGS'", "returned 'scipy:BFGS', which is not an optimizer"),
        ("3", "'walks:Walk' is 3: not an optimizer"),
        ("{}['step']", "optimizer 'walks:Walk': the hook *conftest.py raised KeyError: 'step'"),
        ("spec.name + 1", "raised TypeError: can only concatenate str"),
    ],
)
def test_what_a_spec_may_not_become(project, made, said):
    project.configure("walks:Walk")
    project.pytester.makeconftest(returning(f"{{'walks': lambda spec: {made}}}"))
    result = project.on_booth()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*{said}*"])


class Adds:
    """A plugin that is no module."""

    def pytest_optlandscape_optimizers(self):
        def stays(problem):
            problem(problem.x0)
            return problem.x0

        return {"walks": lambda spec: stays}


def test_two_with_one_prefix(walks):
    result = walks.pytester.runpytest_inprocess(plugins=[Adds()])
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    said = str(result.stderr)
    assert "the prefix 'walks' is taken by the hook pytest_optlandscape_optimizers of" in said
    assert "of Adds" in said


def test_an_unknown_prefix_is_told_with_the_ones_that_were_added(walks):
    walks.configure("walk:Walk")
    walks.on_booth().stderr.fnmatch_lines(["*'walk'; did you mean 'walks'?*"])


@pytest.mark.thorough
def test_other_revision_makes_it_of_its_own_conftest(repository):
    repository.project.configure("walks:Walk(step=0.02)")
    repository.project.pytester.makeconftest(CONFTEST)
    repository.commit()
    landscape, _, result = repository.verdict()
    assert (result.ret, landscape["fingerprint"]) == (0, "identical")
    result.stdout.no_fnmatch_line("*is not in this repository*")
    repository.project.pytester.makeconftest(CONFTEST.replace("        fun(x)\n", "        fun(x), fun(x)\n"))
    landscape, _, result = repository.verdict()
    assert landscape["fingerprint"] == "changed"
    assert landscape["worst_cell"]["parts_at"] == "evaluation 2"
    workers, _, _ = repository.verdict("-n", "2")
    assert workers == landscape


def test_new_where_the_other_revision_had_no_hook(repository):
    repository.project.configure("walks:Walk")
    repository.project.pytester.makeconftest(CONFTEST)
    result = repository.compare()
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*walks:Walk is not there at HEAD: unknown library of optimizer*"])


@pytest.mark.thorough
def test_a_conftest_of_the_same_name_is_told_by_its_file(repository):
    folder = repository.path / "inner"
    folder.mkdir()
    (folder / "conftest.py").write_text(CONFTEST)
    repository.project.pytester.makeconftest("'''Another conftest.'''")
    repository.project.configure("walks:Walk(step=0.02)", testpaths="inner")
    repository.commit()
    assert repository.verdict("--import-mode=importlib")[0]["fingerprint"] == "identical"
    assert repository.verdict()[0]["fingerprint"] == "identical"


@pytest.mark.parametrize("chosen", ["booth", "check_keeps_start_unchanged"])
def test_a_hook_of_an_object_cannot_be_compared_and_says_so(repository, chosen):
    repository.project.configure("walks:Walk", optlandscape_contract="true")
    repository.commit()
    assert repository.project.run("-k", chosen, plugins=[Adds()]).ret == 0
    result = repository.compare(chosen=chosen, plugins=[Adds()])
    assert result.ret == 1
    said = "it comes from the hook pytest_optlandscape_optimizers of Adds, a method of an object in this process"
    text = repository.project.unwrapped(result.stdout)
    assert f"walks:Walk cannot be compared: {said}" in text
    assert "walks:Walk was not run: it comes from" in text or "walks:Walk gives no result on booth, and is not" in text
    assert text.count("a comparison with HEAD runs in other processes; define the hook in conftest.py") >= 2
    result.stdout.no_fnmatch_line("*Traceback*")
    repository.assert_nothing_is_left()


UNDER_PYTEST = """
import sys

if "_pytest.main" not in sys.modules:
    raise ImportError("pytest only")

def minimize(problem):
    return problem.x0
"""


def test_what_cannot_be_imported_elsewhere_is_said_by_the_contract_too(repository):
    repository.project.configure(optlandscape_contract="true")
    repository.project.solver(UNDER_PYTEST)
    result = repository.compare(chosen="check_keeps_start_unchanged")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["solver:minimize cannot be imported in a separate process: *pytest only*"])
    result.stdout.no_fnmatch_line("*Traceback*")
