"""What stands in the terminal: short enough, said once, and with commands that begin as the session did."""

import re
import shlex

import pytest

from pytest_optlandscape.landscapes import get
from pytest_optlandscape.session.fail_on import fail_on_of
from pytest_optlandscape.session.invocation import invocation_of

DESCENT = """
import numpy as np

STEP, TWICE = 1e-2, False


def descend(fun, x0, jac, bounds, maxfev, rule="plain"):
    x = np.array(x0)
    for _ in range(maxfev):
        for _ in range(1 + TWICE):
            fun(x)
        x = np.clip(x - STEP * jac(x), bounds[:, 0], bounds[:, 1])
    return x
"""
PLAIN, LONG = "solver:descend", "solver:descend(rule='a rule with a long name, and \"quotes\"')"


@pytest.fixture
def small(project, monkeypatch):
    chosen = [get("sphere[2]"), get("booth")]
    monkeypatch.setattr("pytest_optlandscape.session.suite_plan.suite_landscapes", lambda suite: chosen)
    monkeypatch.setenv("COLUMNS", "80")
    project.configure(PLAIN)
    project.solver(DESCENT)
    return project


def commands(result):
    """The commands of pytest that were printed, without the program."""
    found = [re.fullmatch(r" +(?:python -m )?pytest (.+)", line) for line in result.outlines]
    return [shlex.split(one[1]) for one in found if one]


def test_lines_fit_80_columns_but_for_commands(small):
    small.configure(PLAIN, LONG)
    small.accept()
    small.solver(DESCENT, TWICE=True)
    result = small.run()
    assert result.ret == 1
    begins = result.outlines.index(next(line for line in result.outlines if "FAILURES" in line))
    long = [line for line in result.outlines[begins:] if len(line) > 80]
    commands_and_titles = re.compile(r" +(python -m )?pytest |    from pytest_opt|FAILED |_+ optlandscape")
    assert [line for line in long if not commands_and_titles.match(line)] == []


def test_a_finding_is_printed_in_full_once(small):
    small.accept()
    small.solver(DESCENT, TWICE=True)
    for arguments, times in (([], 1), (["--tb=no"], 1), (["-o", "optlandscape_fail_on=never"], 1)):
        text = small.unwrapped(small.run(*arguments).stdout)
        found = re.findall(r"\d+(?:\.\d+)? % more evaluations [a-z ]+ \(p = [^)]+\)", text)
        assert found
        assert len(found) == times * len(set(found))


def test_commands_begin_as_the_session_did(small, monkeypatch):
    folder = small.path / "elsewhere"
    folder.mkdir()
    (small.path / "pytest.ini").rename(folder / "my settings.ini")
    (folder / "conftest.py").write_text("")
    begin = ["-c", "elsewhere/my settings.ini", "--rootdir=.", "-o", "pythonpath=.", "elsewhere"]
    monkeypatch.syspath_prepend(small.path)
    small.accept(*begin)
    small.solver(DESCENT, TWICE=True)
    failed = small.run(*begin)
    failed.assert_outcomes(failed=3)
    replay, alone, accept, *_ = commands(failed)
    for command in (replay, alone, accept):
        assert command[: command.index("elsewhere") + 1] == ["elsewhere"]
        assert [command[command.index(option) + 1] for option in ("-c", "--rootdir", "-o")] == [
            "elsewhere/my settings.ini",
            ".",
            "pythonpath=.",
        ]
    assert "diverges from the baseline" in str(small.pytester.runpytest_inprocess(*replay).stdout)
    small.pytester.runpytest_inprocess(*alone).assert_outcomes(failed=1, deselected=2)
    small.pytester.runpytest_inprocess(*accept).assert_outcomes(passed=1, deselected=1)
    small.pytester.runpytest_inprocess(*alone).assert_outcomes(passed=1, deselected=2)


def test_workers_print_the_same_commands(project):
    project.configure(PLAIN)
    project.solver(DESCENT)
    project.accept("-k", "booth")
    project.solver(DESCENT, TWICE=True)
    chosen = ["-k", "booth", "-o", "optlandscape_time_limit=50"]
    serial, parallel = (commands(project.run(*chosen, "-n", workers)) for workers in ("0", "2"))
    assert len(serial) == 3
    assert serial == parallel
    assert all("optlandscape_time_limit=50" in command for command in serial)


def test_what_the_configuration_says_is_not_repeated(pytester):
    pytester.makeini("[pytest]\naddopts = -p no:doctest -o optlandscape_budget=20\n")
    config = pytester.parseconfig("-o", "optlandscape_suite=standard")
    assert invocation_of(config).options == ("-o", "optlandscape_suite=standard")
    assert invocation_of(pytester.parseconfig()).command[-1] == "pytest"


def test_where_nothing_is_accepted_the_command_accepts_what_was_run(small):
    result = small.run("-k", "booth")
    (command,) = commands(result)
    assert command == ["--optlandscape-update", "--optlandscape-only", "solver:descend::booth"]
    small.pytester.runpytest_inprocess(*command).assert_outcomes(passed=1, deselected=1)
    result = small.run()
    result.stdout.fnmatch_lines(["*1 of 2 *same", "*solver:descend on 1 of 2 landscapes*"])
    (command,) = commands(result)
    small.pytester.runpytest_inprocess(*command).assert_outcomes(passed=1, deselected=1)
    result = small.run()
    result.stdout.fnmatch_lines(["*2 of 2*identical*same"])
    assert not commands(result)


def test_known_breaches_can_be_seen(small):
    small.configure(PLAIN, optlandscape_contract="true")
    small.solver(DESCENT.replace("x = np.array(x0)", "x = 3.0 * np.array(x0)"))  # it starts outside the bounds
    chosen = ["-k", "booth or check_stays_inside_bounds"]
    small.accept(*chosen)
    result = small.run(*chosen)
    assert result.parseoutcomes()["passed"] == 2
    assert "a point lies" not in str(result.stdout)
    (command,) = commands(result)
    assert command == ["--optlandscape", "--optlandscape-only", "solver:descend::contract", "-rP"]
    seen = small.pytester.runpytest_inprocess(*command[:-2], f"{command[-2]}::check_stays_inside_bounds", command[-1])
    seen.stdout.fnmatch_lines(["*PASSES*", "*a point lies * outside the bounds*", "*without this package:*"])


@pytest.mark.parametrize(
    ("words", "failed"), [("different", 3), ("worse", 0), ("worse\n    solver:descend = different", 3)]
)
def test_different_fails_what_is_better(small, words, failed):
    small.solver(DESCENT, TWICE=True)
    small.accept()
    small.solver(DESCENT)
    small.configure(PLAIN, optlandscape_fail_on=f"\n    {words}")
    result = small.run()
    result.assert_outcomes(failed=failed, passed=3 - failed)
    if failed:
        result.stdout.fnmatch_lines(
            ["solver:descend on sphere* is better than its baseline:", "  cells that gained most*"]
        )
    small.accept()
    small.run().assert_outcomes(passed=3)


def test_different_fails_what_has_nothing_to_compare_with(small):
    result = small.run("-o", "optlandscape_fail_on=different")
    result.assert_outcomes(failed=2, passed=1)  # each landscape says so itself
    accepts = commands(result)[1]
    assert accepts[-3:] == ["--optlandscape-update", "--optlandscape-only", "solver:descend::booth"]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["solver:descend = diferent"], "did you mean 'different'"),
        (["solver:descend=different"], "for one optimizer, write a line SPEC = WORD"),
        (["a:b = worse", "a:b = never"], "two lines for 'a:b'"),
        (["a:b = never creep"], "write 'never' without other words"),
    ],
)
def test_mistakes_in_fail_on(lines, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        fail_on_of(lines)


def test_fail_on_names_a_configured_optimizer(small):
    small.configure(PLAIN, optlandscape_fail_on="solver:descent = different")
    result = small.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["*optimizer in optlandscape_fail_on: 'solver:descent'; did you mean 'solver:descend'?*"]
    )


@pytest.mark.parametrize(("name", "said"), [("mp", "known: descend"), ("descent", "did you mean 'descend'?")])
def test_imported_modules_are_not_suggested(small, name, said):
    small.configure(f"solver:{name}")
    result = small.run()
    result.stderr.fnmatch_lines([f"*unknown name in 'solver': '{name}'; {said}*"])


def test_one_is_no_plural(small, pytester):
    assert pytester.runpytest_inprocess("--optlandscape-list", "beale").outlines[-1] == "1 landscape"
    result = small.run("-k", "booth")
    result.stdout.fnmatch_lines(["solver:descend: 1 landscape of the suite was not run"])
