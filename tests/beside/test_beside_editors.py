"""The test views of Visual Studio Code and PyCharm show the suite's items, and run them one by one."""

import json
import re

import pytest
from beside_project import SUITE_IDS, WORSE, ended, require

TREE = '''
import json


def pytest_collection_finish(session):
    """Write what the plugin vscode_pytest reads of each item."""
    items = [
        {"id": item.nodeid, "path": str(item.path), "parent": str(item.parent.path), "location": item.location}
        for item in session.items
    ]
    with open("tree.json", "w") as file:
        json.dump(items, file)
'''


def collected(project, *arguments):
    result = project.run("--optlandscape", "--collect-only", "-q", *arguments)
    assert result.ret == 0
    return [line for line in result.outlines if "::" in line]


def test_a_collection_prints_ids_and_no_verdicts(project):
    result = project.run("--optlandscape", "--collect-only", "-q")
    assert set(collected(project)) == {*SUITE_IDS, "test_own.py::test_own"}
    assert "optlandscape: suite" not in str(result.stdout)
    assert "was not run" not in str(result.stdout)


@pytest.mark.thorough
def test_each_collected_id_runs_one_test(project):
    for nodeid in collected(project):
        result = project.run("--optlandscape", nodeid)
        assert result.ret == int(nodeid in WORSE)
        assert ended(result, "PASSED") | ended(result, "FAILED") == {nodeid}


def test_ids_of_one_optimizer_and_of_ordinary_tests_run_together(project):
    result = project.run("--optlandscape", "optlandscape::solvers:steady", "test_own.py::test_own")
    chosen = {name for name in SUITE_IDS if "steady" in name}
    assert ended(result, "PASSED") == {*chosen, "test_own.py::test_own"}
    result.assert_outcomes(passed=4, deselected=3)


@pytest.mark.thorough
def test_a_folder_still_runs_the_whole_suite(project):
    project.run("--optlandscape", ".").assert_outcomes(passed=5, failed=2)


@pytest.mark.thorough
def test_workers_run_one_id(project):
    require("pytest-xdist")
    result = project.run("--optlandscape", "-p", "xdist", "-n", "1", "optlandscape::solvers:moved::booth")
    assert ended(result, "FAILED") == {"optlandscape::solvers:moved::booth"}
    result.assert_outcomes(failed=1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--optlandscape", "optlandscape::solvers:moved::both"], "*did you mean 'solvers:moved::booth'?"),
        (["optlandscape::solvers:moved::booth"], "*is a test of the suite; give --optlandscape too*"),
    ],
)
def test_an_id_that_cannot_run_says_what_to_do(project, arguments, said):
    result = project.run(*arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([said])


@pytest.mark.thorough
def test_an_update_of_one_id_leaves_the_other_landscapes(project):
    before = json.loads(project.accepted()["solvers_moved.json"])["records"]
    result = project.run("--optlandscape-update", "optlandscape::solvers:moved::beale")
    result.assert_outcomes(passed=1, deselected=3)
    after = json.loads(project.accepted()["solvers_moved.json"])["records"]
    assert [name for name in before if after[name] != before[name]] == ["beale"]


@pytest.mark.parametrize("folder", ["", pytest.param("source", marks=pytest.mark.thorough)])
def test_visual_studio_code_finds_items_below_the_file_of_their_optimizer_and_runs_them(project, folder):
    """Its ids are those of pytest, with the file of the item in the place of the first part."""
    file = project.path / folder / "solvers.py"
    file.parent.mkdir(exist_ok=True)
    (project.path / "solvers.py").rename(file)
    (project.path / "conftest.py").write_text(TREE)
    collected(project, "-o", f"pythonpath={folder or '.'}")
    tree = [item for item in project.read("tree.json") if item["id"] in SUITE_IDS]
    assert len(tree) == len(SUITE_IDS)
    source = file.read_text().splitlines()
    for item in tree:
        assert item["path"] == item["parent"] == str(file)
        name = item["id"].split("::")[1].partition(":")[2]
        assert source[item["location"][1]].startswith(f"def {name}(")
    (of_editor,) = [
        "::".join([item["path"], *item["id"].split("::")[1:]]) for item in tree if "moved::booth" in item["id"]
    ]
    result = project.run("--optlandscape", f"--rootdir={project.path}", of_editor, "-o", f"pythonpath={folder or '.'}")
    assert ended(result, "FAILED") == {"optlandscape::solvers:moved::booth"}
    result.assert_outcomes(failed=1, deselected=len(SUITE_IDS) - 1)


@pytest.mark.thorough
def test_hooks_of_the_root_conftest_see_the_items_and_those_beside_an_optimizer_do_not(project):
    hook = "def pytest_runtest_setup(item):\n    print('seen by', __file__)\n"
    (project.path / "source").mkdir()
    (project.path / "solvers.py").rename(project.path / "source" / "solvers.py")
    (project.path / "conftest.py").write_text(hook)
    (project.path / "source" / "conftest.py").write_text(hook)
    result = project.run("--optlandscape", "-o", "pythonpath=source", "optlandscape::solvers:steady::booth", "-s")
    assert [line.split("/")[-2:] for line in result.outlines if "seen by" in line] == [
        [project.path.name, "conftest.py"]
    ]


@pytest.mark.thorough
def test_pycharm_is_told_of_each_item_and_of_failures(project):
    require("teamcity-messages")
    result = project.run("--optlandscape", "-p", "pytest-teamcity", "--teamcity")
    told = re.findall(r"##teamcity\[(\w+) .*?name='([^']*)'", str(result.stdout))
    names = {name.replace("::", ".") for name in SUITE_IDS} | {"test_own.test_own"}
    assert {name for kind, name in told if kind == "testStarted"} == names
    assert {name for kind, name in told if kind == "testFinished"} == names
    assert {name for kind, name in told if kind == "testFailed"} == {name.replace("::", ".") for name in WORSE}
