import json

import pytest

SOURCE = """
import numpy as np

generator = np.random.default_rng(0)

def counting(problem):
    return problem(problem.x0) and problem.x0

def restless(problem):
    for _ in range(generator.integers(1, 30)):
        problem(problem.x0)
    return problem.x0

def lost(problem):
    problem(problem.x0)
    return problem.x0 * np.nan

def test_converging(beale, benchmark_minimize):
    run = benchmark_minimize("scipy:L-BFGS-B", beale, x0="article", budget=200)
    assert run.nfev > 1 and run.stop_reason == "returned"

def test_restless(booth, benchmark_minimize):
    benchmark_minimize(restless, booth)

def test_lost(benchmark_minimize):
    benchmark_minimize(lost, "booth")

def test_constrained(benchmark_minimize):
    benchmark_minimize("scipy:SLSQP", "rosenbrock_disk")
"""
FAST = "--benchmark-min-rounds=3", "--benchmark-max-time=0.01", "--benchmark-warmup=off"
KEYS = {"optimizer", "landscape", "nfev", "njev", "gap", "digits", "success", "stop_reason", "nondeterministic"}


@pytest.fixture(autouse=True)
def in_no_worker(monkeypatch):
    """Have sessions measure though pytest-xdist runs the test: pytest-benchmark measures nothing in a worker."""
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)


@pytest.fixture
def timed(pytester):
    pytester.makepyfile(test_timed=SOURCE)

    def run(*arguments, how=pytester.runpytest_inprocess):
        result = how(*FAST, *arguments)
        assert result.ret == 0
        result.assert_outcomes(passed=4)
        return result

    return run


def test_plain_numbers_reach_the_json_of_pytest_benchmark(timed, pytester):
    # pytest-benchmark 5.1 leaves the file open: in a process of its own that is nobody's warning
    timed("--benchmark-json=timed.json", how=pytester.runpytest_subprocess)

    def refuse(constant):
        raise AssertionError(f"{constant} is no JSON")

    found = json.loads((pytester.path / "timed.json").read_text(), parse_constant=refuse)
    info = {one["name"]: one["extra_info"]["optlandscape"] for one in found["benchmarks"]}
    assert all(set(values) >= KEYS for values in info.values())
    assert "UNSERIALIZABLE" not in json.dumps(info)
    assert not [v for values in info.values() for v in values.values() if not isinstance(v, str | int | float | None)]
    good = info["test_converging"]
    assert (good["optimizer"], good["landscape"], good["stop_reason"]) == ("scipy:L-BFGS-B", "beale", "returned")
    assert good["success"] is True
    assert good["nondeterministic"] is False
    assert good["nfev"] > 1
    assert info["test_restless"]["nondeterministic"] is True
    lost = info["test_lost"]
    assert (lost["gap"], lost["digits"], lost["success"]) == (None, None, False)
    assert "constr_nfev" not in good
    assert info["test_constrained"]["constr_nfev"] > info["test_constrained"]["constr_njev"] > 0
    assert len(found["benchmarks"]) == 4


@pytest.mark.parametrize("arguments", [["--benchmark-only"], ["--optlandscape"]])
def test_runs_whatever_pytest_benchmark_is_told(timed, arguments):
    timed(*arguments).stdout.no_fnmatch_line("*recorded nothing*")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--benchmark-disable"], "--benchmark-disable switches it off"),
        (["--benchmark-disable", "--optlandscape"], "--benchmark-disable switches it off"),
        (["-n", "2"], "pytest-xdist runs the tests: leave out -n"),
    ],
)
def test_where_nothing_is_recorded_it_is_said_once(timed, arguments, why):
    lines = timed(*arguments).outlines
    said = [line for line in lines if "recorded nothing" in line]
    assert said == [f"optlandscape: 4 tests used benchmark_minimize, but pytest-benchmark recorded nothing: {why}"]


def test_skipped_with_the_other_benchmarks(pytester):
    pytester.makepyfile(test_timed=SOURCE)
    pytester.runpytest_inprocess("--benchmark-skip").assert_outcomes(skipped=4)


def test_saving_and_comparing(timed):
    timed("--benchmark-save=first").stderr.fnmatch_lines(["Saved benchmark data in: *"])
    timed("--benchmark-compare").stdout.fnmatch_lines(["*test_converging (0001_first)*"])


def test_the_counts_are_those_of_minimize(pytester):
    pytester.makepyfile(
        """
        def test_same(beale, minimize, benchmark_minimize):
            timed = benchmark_minimize("scipy:L-BFGS-B", beale, x0="article", budget=200)
            counted = minimize("scipy:L-BFGS-B", beale, x0="article", budget=200)
            assert (timed.nfev, timed.njev, timed.fun) == (counted.nfev, counted.njev, counted.fun)
        """
    )
    pytester.runpytest_inprocess(*FAST).assert_outcomes(passed=1)
