"""What a user relies on in each plugin holds for the suite too."""

import html
import json
import re

import pytest
from beside_project import SUITE_IDS, WORSE, ended, require

pytestmark = pytest.mark.thorough  # the environment `beside` of tox runs them

ALL_IDS = {*SUITE_IDS, "test_own.py::test_own"}


@pytest.mark.parametrize("seed", [1, 2])
def test_the_seeds_of_randomly_leave_the_runs_alone(project, seed):
    require("pytest-randomly")
    result, outcome = project.suite("-p", "randomly", f"--randomly-seed={seed}")
    assert outcome == project.plain
    assert ended(result, "FAILED") | ended(result, "PASSED") == ALL_IDS


def test_randomly_does_not_hide_an_optimizer_that_draws_from_the_global_generator(empty):
    require("pytest-randomly")
    empty.configure("solvers:careless")
    randomly = ["-p", "randomly", "--randomly-seed=7"]
    assert empty.run("--optlandscape-update", *randomly).ret == 0
    result, outcome = empty.suite(*randomly)
    assert result.ret == 0
    assert "seeds the global generator of numpy.random" in " ".join(str(result.stdout).split())
    (careless,) = json.loads(outcome)["optimizers"]
    assert careless["verdict"] in ("same", "changed")


def test_cov_measures_the_optimizer_under_test(project):
    require("pytest-cov")
    result, outcome = project.suite("-p", "pytest_cov", "--cov=solvers", "--cov-report=json:c.json")
    assert outcome == project.plain
    missed = project.read("c.json")["files"]["solvers.py"]["missing_lines"]
    source = (project.path / "solvers.py").read_text().splitlines()
    assert [source[number - 1].strip() for number in missed] == [
        "return _descent(fun, x0, jac, bounds, np.random.uniform, 1)",  # careless is not configured
        "while True:",  # endless neither
        "pass",
    ]
    assert "pytest-cov does not see" not in str(result.stdout)


@pytest.mark.parametrize("elsewhere", ["--optlandscape-isolate", "--optlandscape-executor=processes:1"])
def test_the_summary_says_what_cov_does_not_see(project, elsewhere):
    require("pytest-cov")
    result, _ = project.suite("-p", "pytest_cov", "--cov=solvers", "--cov-report=json:c.json", elsewhere)
    assert ended(result, "FAILED") == WORSE
    assert project.read("c.json")["totals"]["percent_covered"] < 50
    result.stdout.fnmatch_lines(["pytest-cov does not see the suite's optimizers: they ran in other processes"])


def test_timeout_ends_one_item_and_the_others_are_judged(project):
    require("pytest-timeout")
    project.configure("solvers:endless", "solvers:steady", "solvers:moved")
    result, outcome = project.suite("-p", "timeout", "--timeout=1", "--timeout-method=signal", "-k", "booth")
    assert ended(result, "FAILED") == {"optlandscape::solvers:endless::booth", "optlandscape::solvers:moved::booth"}
    assert ended(result, "PASSED") == {"optlandscape::solvers:steady::booth"}
    result.stdout.fnmatch_lines(["*Timeout (>1.0s) from pytest-timeout.*"])
    result.stdout.fnmatch_lines(["*solvers:endless gives no result on booth*"])
    of_machinery = r"\S*(_pytest|pluggy|pytest_optlandscape)/\S*py:\d+: "
    assert not [line for line in result.outlines if re.match(of_machinery, line)]
    judged = {one["spec"]: one["landscapes"] for one in json.loads(outcome)["optimizers"]}
    assert judged["solvers:steady"][0]["verdict"] == "same"
    assert judged["solvers:moved"][0]["verdict"] == "worse"


@pytest.mark.parametrize("method", ["signal", "thread"])
def test_timeout_leaves_the_baseline_whole(project, method):
    require("pytest-timeout")
    project.configure("solvers:steady", "solvers:endless")
    before = project.accepted()
    result = project.run("--optlandscape-update", "-p", "timeout", "--timeout=1", f"--timeout-method={method}")
    assert result.ret == 1
    after = project.accepted()
    assert {name: after[name] for name in before} == before
    assert not [name for name in after if "endless" in name]
    project.configure("solvers:steady", "solvers:moved")
    assert project.suite()[1] == project.plain


def test_rerunfailures_turns_no_regression_into_a_pass(project):
    require("pytest-rerunfailures")
    result, outcome = project.suite("-p", "rerunfailures", "--reruns=2")
    assert outcome == project.plain
    assert ended(result, "FAILED") == WORSE
    assert result.parseoutcomes()["rerun"] == 2 * len(WORSE)


def test_split_groups_cover_the_suite_and_judge_it_as_a_whole(project):
    require("pytest-split")
    (project.path / ".test_durations").write_text(json.dumps(dict.fromkeys(ALL_IDS, 1.0)))
    groups = []
    for group in (1, 2):
        result, _ = project.suite("-p", "pytest-split", "--splits=2", f"--group={group}")
        failed = ended(result, "FAILED")
        groups.append(ended(result, "PASSED") | failed)
        assert failed == groups[-1] & WORSE
    assert not groups[0] & groups[1]
    assert groups[0] | groups[1] == ALL_IDS
    assert all(groups)


def test_split_stores_the_durations_of_the_suite(project):
    require("pytest-split")
    project.suite("-p", "pytest-split", "--store-durations")
    assert set(project.read(".test_durations")) == ALL_IDS


def test_subtests_over_landscapes_beside_the_suite(project):
    require("pytest-subtests")
    (project.path / "test_own.py").write_text(
        "def test_own(subtests, minimize, beale, booth):\n"
        "    for landscape in (beale, booth):\n"
        "        with subtests.test(landscape=landscape.id):\n"
        "            assert minimize('scipy:L-BFGS-B', landscape, budget=100).fun < 1e-3 and landscape is beale\n"
    )
    result, outcome = project.suite("-p", "subtests")
    assert outcome == project.plain
    assert ended(result, "FAILED") >= WORSE
    result.stdout.fnmatch_lines(["*landscape='booth'*"])


def test_codspeed_times_benchmark_minimize_and_the_summary_says_that_the_suite_did_not_run(project):
    require("pytest-codspeed")
    (project.path / "test_own.py").write_text(
        "def test_own(beale, benchmark_minimize):\n"
        "    assert benchmark_minimize('scipy:L-BFGS-B', beale, budget=100).fun < 1e-3\n"
    )
    result = project.run("--optlandscape", "-p", "codspeed", "--codspeed", "--codspeed-max-time=0.1")
    assert result.ret == 0
    assert ended(result, "PASSED") == {"test_own.py::test_own"}
    result.stdout.fnmatch_lines(["*1 benchmarked*", "solvers:moved was not run", "pytest-codspeed deselects*"])


def test_html_shows_each_item_and_the_text_of_its_failure(project):
    require("pytest-html")
    project.suite("-p", "html", "-p", "metadata", "--html=report.html", "--self-contained-html")
    page = (project.path / "report.html").read_text(encoding="utf-8")
    tests = json.loads(html.unescape(re.search(r'data-jsonblob="([^"]*)"', page)[1]))["tests"]
    assert set(tests) == ALL_IDS
    assert {name for name, (shown,) in tests.items() if shown["result"] == "Failed"} == WORSE
    (shown,) = tests["optlandscape::solvers:moved::booth"]
    assert "more evaluations to the targets" in shown["log"]


def test_json_report_has_each_item_its_line_and_its_failure(project):
    require("pytest-json-report")
    project.suite("-p", "pytest_jsonreport", "--json-report", "--json-report-file=report.json")
    tests = {test["nodeid"]: test for test in project.read("report.json")["tests"]}
    assert set(tests) == ALL_IDS
    assert {name for name, test in tests.items() if test["outcome"] == "failed"} == WORSE
    moved = tests["optlandscape::solvers:moved::booth"]
    assert "more evaluations to the targets" in str(moved["call"])
    source = (project.path / "solvers.py").read_text().splitlines()
    assert source[moved["lineno"]].startswith("def moved(")


ASYNC = """
import pytest

@pytest.mark.landscapes("booth", "beale")
@pytest.mark.{mark}
async def test_own(landscape, minimize):
    assert minimize("scipy:L-BFGS-B", landscape, budget=100).fun < 1e-3
"""


@pytest.mark.parametrize(("distribution", "mark"), [("pytest-asyncio", "asyncio"), ("anyio", "anyio")])
def test_async_tests_use_the_fixtures_beside_the_suite(project, distribution, mark):
    require(distribution)
    (project.path / "test_own.py").write_text(ASYNC.format(mark=mark))
    result, outcome = project.suite("-p", mark)
    assert outcome == project.plain
    passed = ended(result, "PASSED") - SUITE_IDS
    assert len(passed) == 2
    assert all(re.match(r"test_own\.py::test_own\[.*(booth|beale)", name) for name in passed)


def test_xdist_with_reruns_and_shuffled_order(project):
    for distribution in ("pytest-xdist", "pytest-rerunfailures", "pytest-randomly"):
        require(distribution)
    others = ["-p", "rerunfailures", "--reruns=1", "-p", "randomly", "--randomly-seed=3"]
    result, outcome = project.suite("-p", "xdist", "-n", "2", "--dist=loadscope", *others)
    assert outcome == project.plain
    assert ended(result, "FAILED") == WORSE
