import pytest

pytest.importorskip("xdist")


@pytest.fixture
def quick(project):
    project.configure(optlandscape_suite="quick", optlandscape_budget="10")

    def run(*arguments):
        result = project.run("--optlandscape-json", "outcome.json", *arguments)
        written = project.baseline.read_bytes() if project.baseline.exists() else None
        return result, project.outcome_path.read_bytes(), written

    project.quick = run
    return project


def test_workers_write_the_bytes_that_one_process_writes_beside_ordinary_tests(quick):
    quick.pytester.makepyfile(
        """
        def test_timed(beale, benchmark_minimize):
            assert benchmark_minimize("scipy:L-BFGS-B", beale).stop_reason == "returned"
        """
    )
    serial, outcome, baseline = quick.quick("--optlandscape-update")
    assert baseline is not None
    quick.baseline.unlink()
    quick.outcome_path.unlink()
    quick.pytester.makeconftest(
        """
        from pytest_optlandscape.store import baseline

        write = baseline.write_atomically

        def pytest_configure(config):
            def written(path, text):
                (config.rootpath / "a_worker_wrote").touch()
                write(path, text)

            # the main process saves the baseline item by item
            baseline.write_atomically = written if hasattr(config, "workerinput") else write

        def pytest_sessionfinish(session):
            if hasattr(session.config, "workerinput") and list(session.config.rootpath.glob("outcome.json")):
                (session.config.rootpath / "a_worker_wrote").touch()
        """
    )
    shared, *written = quick.quick("--optlandscape-update", "-n", "2")
    assert written == [outcome, baseline]
    assert not (quick.path / "a_worker_wrote").exists()
    for result in (serial, shared):
        result.assert_outcomes(passed=17)
        result.stdout.fnmatch_lines(["accepted: *solver_minimize.json*"])
    assert sum("accepted:" in line for line in shared.outlines) == 1


def test_workers_give_the_verdicts_that_one_process_gives(quick):
    assert quick.quick("--optlandscape-update")[0].ret == 0
    quick.solver(REPEATS=2)
    serial, *written = quick.quick()
    shared, *written_by_workers = quick.quick("-n", "2")
    assert written_by_workers == written
    assert shared.ret == serial.ret == 1
    assert shared.parseoutcomes() == serial.parseoutcomes()
    failed = [{line.split(" - ")[0] for line in r.outlines if line.startswith("FAILED")} for r in (serial, shared)]
    assert failed[0] == failed[1]
    assert "FAILED optlandscape::solver:minimize::overall" in failed[0]


def test_mistakes_are_told_once_before_workers_start(quick):
    quick.configure(optlandscape_suite="quik")
    result = quick.run("-n", "2")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert sum("did you mean 'quick'" in line for line in [*result.outlines, *result.errlines]) == 1
    assert "Traceback" not in str(result.stderr) + str(result.stdout)


def test_a_damaged_baseline_stops_a_distributed_update_too(quick):
    quick.baseline.parent.mkdir()
    quick.baseline.write_text("{")
    result = quick.run("-n", "2", "--optlandscape-update")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*solver_minimize.json is damaged or truncated*"])
    assert quick.baseline.read_text() == "{"
