import json
import re

import pytest

TESTS = """
from pytest_optlandscape import assert_tunable


def descend(fun, x0, jac, learning_rate):
    x = x0
    for _ in range(40):
        x = x - learning_rate * jac(x)
        fun(x)
    return x


def found(**keywords):
    return assert_tunable(
        descend, "sphere[2]", over={"learning_rate": (1e-2, 10.0)}, gap=1e-6, budget=50, decades=0.25, **keywords
    )


def test_rates(track):
    assert track(found()) is not None
"""


@pytest.fixture
def tracked(project):
    """A project with a test that tracks a width; ``write`` changes its file."""

    def write(old="", new=""):
        (project.path / "test_rates.py").write_text(TESTS.replace(old, new) if old else TESTS + new)

    project.write = write
    write()
    return project


def run(project, *arguments):
    return project.run("-k", "test_rates.py", *arguments)


def accept(project, *arguments):
    result = run(project, "--optlandscape-update", *arguments)
    assert result.ret == 0
    return result


def path_of(project):
    return project.path / "optlandscape_baseline" / "tracked.json"


def accepted(project):
    return json.loads(path_of(project).read_text())["tracked"]


def verdict(project, *arguments):
    result = run(project, "--optlandscape-json=out.json", *arguments)
    (one,) = json.loads((project.path / "out.json").read_text())["tracked"]
    return result, one


def test_without_the_option_it_is_an_ordinary_test(tracked):
    result = tracked.pytester.runpytest_inprocess()
    assert result.parseoutcomes() == {"passed": 1}
    assert not (tracked.path / "optlandscape_baseline").exists()


def test_new_accepted_and_the_same(tracked):
    result, one = verdict(tracked)
    assert (result.ret, one["verdict"], one["accepted"]) == (0, "new", False)
    where = "test_rates:descend, learning_rate, in test_rates.py::test_rates"
    result.stdout.fnmatch_lines([f"{where}: 0.* decades, no baseline yet"])
    result = accept(tracked)
    result.stdout.fnmatch_lines(
        [f"{where}: *no baseline yet; accepted", "accepted: *tracked.json (what tests track); commit it"]
    )
    (row,) = accepted(tracked)
    assert (row["test"], row["name"]) == ("test_rates.py::test_rates", "test_rates:descend, learning_rate")
    result, one = verdict(tracked)
    assert (result.ret, one["verdict"], one["kind"], one["unit"]) == (0, "same", "width", "decades")
    assert one["value"] == one["before"] == row["decades"]
    assert re.fullmatch(r"\d\.\d+ decades, the same", one["text"])


def test_narrower_is_worse_and_wider_is_better(tracked):
    accept(tracked)
    before = accepted(tracked)
    tracked.write("range(40)", "range(25)")
    result, one = verdict(tracked)
    assert (result.ret, one["verdict"]) == (1, "worse")
    result.stdout.fnmatch_lines(["*decades, before *: -0.* at 99.9 % confidence), worse", "*--optlandscape-update*"])
    assert accepted(tracked) == before
    accept(tracked).stdout.fnmatch_lines(["*worse; accepted"])
    tracked.write()
    assert verdict(tracked)[1]["verdict"] == "better"


def test_a_small_shift_is_a_change_and_other_settings_are_not_comparable(tracked):
    accept(tracked)
    tracked.write("range(40)", "range(36)")
    result, one = verdict(tracked)
    assert (result.ret, one["verdict"]) == (0, "changed")
    assert verdict(tracked, "-o", "optlandscape_fail_on=changed")[0].ret == 1
    tracked.write("gap=1e-6", "gap=1e-5")
    result, one = verdict(tracked)
    assert (result.ret, one["verdict"]) == (0, "not-comparable")
    assert one["text"].endswith("not compared: target a gap of 1e-06 is now a gap of 1e-05")
    assert verdict(tracked, "-o", "optlandscape_require_baseline=true")[0].ret == 1


def test_no_optimizer_need_be_configured(tracked):
    (tracked.path / "pytest.ini").write_text("[pytest]\n")
    result = accept(tracked)
    result.stdout.fnmatch_lines(
        ["no optimizer is configured*", "*no baseline yet; accepted", "accepted: *tracked.json*"]
    )
    assert verdict(tracked)[1]["verdict"] == "same"


def test_workers_accept_and_compare(tracked):
    tracked.write(new="\n\ndef test_others(track):\n    track(found(seed=1))\n")
    accept(tracked, "-n", "2")
    assert len(accepted(tracked)) == 2
    result = run(tracked, "-n", "2")
    result.stdout.fnmatch_lines(["*test_others: * decades, the same", "*test_rates: * decades, the same"])


def test_a_damaged_file_is_told_before_anything_runs(tracked):
    accept(tracked)
    path = path_of(tracked)
    text = path.read_text()
    for damaged, said in (
        (text[: len(text) // 2], "damaged or truncated: line"),
        (text.replace('"schema": 2', '"schema": 9'), "has schema 9, this version reads schema 2"),
        (text.replace('"decades": ', '"decades": 1'), "is damaged: line 4: entry 1 (*) is not the one that its digest"),
        (text.replace('"decades"', '"decade"'), "is damaged: line *: entry 1 (*) is nothing that can be tracked"),
        ("[]", "holds nothing that tests track"),
        ('{"schema": 2, "tracked": {}}', "holds nothing that tests track"),
        ('{"schema": 2, "tracked": [3]}', "is damaged: line *: entry 1 is nothing that can be tracked"),
        (
            text.replace('"kind": "width"', '"kind": "length"'),
            "is damaged: line *: entry 1 (*) is nothing that can be tracked",
        ),
        (
            re.sub(r"( *{.test.*})", r"\1,\n\1", text),
            "entry 2 ('test_rates:descend, learning_rate' of *) is there twice",
        ),
        (
            re.sub(r'"decades": [^,]*', '"decades": null', text),
            "is damaged: line *: entry 1 (*) is nothing that can be tracked",
        ),
        (
            re.sub(r'"conditions": {[^}]*}[^}]*}', '"conditions": 3', text),
            "is damaged: line *: entry 1 (*) is nothing that can be tracked",
        ),
        (
            re.sub(r'"sphere\[2\] 0": \[', '"sphere[2] 0": [0, ', text),
            "is damaged: line *: entry 1 (*) is nothing that can be tracked",
        ),
        (
            re.sub(r'"sphere\[2\] 0": \[[^,]*', '"sphere[2] 0": [-1.0', text),
            "is damaged: line *: entry 1 (*) is nothing that can be tracked",
        ),
    ):
        path.write_text(damaged)
        for option in ("--optlandscape", "--optlandscape-update"):
            result = run(tracked, option)
            assert result.ret == pytest.ExitCode.USAGE_ERROR
            result.stderr.fnmatch_lines([f"*tracked.json*{said.replace(chr(91), chr(91) * 2)}*"])
        assert path.read_text() == damaged


def test_a_file_of_the_version_before_is_told(tracked):
    folder = tracked.path / "optlandscape_baseline"
    folder.mkdir()
    (folder / "widths.json").write_text('{"schema": 1, "widths": {}}')
    result = run(tracked)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*widths.json is of an earlier version*Delete it, and accept the widths anew*"])


NUMBERS = """
from pytest_optlandscape.runs import rate_interval, record_training

STEPS, TIME, RATE = 60, 3.2, 40


def descend(problem):
    x = problem.x0
    for _ in range(STEPS):
        x = x - 0.1 * problem.gradient(x)
        problem(x)
    return x


def test_run(track, minimize, beale):
    run = minimize(descend, "sphere[2]", budget=200)
    assert track(run) is run


def test_rate(track):
    track(rate_interval(RATE, 40), "reaches the minimum")


def test_training(track):
    x = 4.0
    with record_training(budget=30, name="square", optimizer="mine") as recorder:
        for _ in range(30):
            recorder.step(x * x)
            x -= 0.3 / TIME * x
    track(recorder.run)


def test_number(track):
    track(TIME, name="time per step", unit="ms", better="lower", gate=0.2)
    track(STEPS, name="steps", absolute_gate=5)
"""


@pytest.fixture
def numbers(project):
    def write(values="60, 3.2, 40"):
        (project.path / "test_numbers.py").write_text(NUMBERS.replace("60, 3.2, 40", values))

    project.write = write
    write()
    return project


def told(project, *arguments):
    result = project.run("-k", "test_numbers.py", "--optlandscape-json=out.json", *arguments)
    outcome = json.loads((project.path / "out.json").read_text())["tracked"]
    return result, {one["name"]: (one["verdict"], one["text"]) for one in outcome}


def test_runs_rates_and_numbers(numbers):
    result, found = told(numbers)
    assert result.ret == 0
    assert {verdict for verdict, _ in found.values()} == {"new"}
    assert found["time per step"] == ("new", "3.2 ms, no baseline yet")
    numbers.run("-k", "test_numbers.py", "--optlandscape-update")
    assert [(row["test"], row["name"], row["kind"]) for row in accepted(numbers)] == [
        ("test_numbers.py::test_number", "steps", "number"),
        ("test_numbers.py::test_number", "time per step", "number"),
        ("test_numbers.py::test_rate", "reaches the minimum", "rate"),
        ("test_numbers.py::test_run", "test_numbers:descend on sphere[2]", "run"),
        ("test_numbers.py::test_training", "mine on square", "training"),
    ]
    assert {verdict for verdict, _ in told(numbers)[1].values()} == {"same"}
    numbers.write("80, 4.2, 20")
    result, found = told(numbers)
    assert result.ret == 1
    assert result.parseoutcomes()["failed"] == 3
    assert found == {
        "mine on square": (
            "worse",
            "30 evaluations, gap 0.217, before 30 evaluations, gap 0.053: 30.8 % more evaluations to the same "
            "gap; 0.61 digits less precise (one training, no test of significance), worse",
        ),
        "reaches the minimum": (
            "worse",
            "20 of 40, before 40 of 40: -50 points (p = 7.8e-08, Fisher's exact test), worse",
        ),
        "test_numbers:descend on sphere[2]": (
            "changed",
            "80 evaluations, gap 5.62e-15, before 60 evaluations, gap 4.23e-11: 3.9 digits more precise; "
            "33.3 % more evaluations in all (one run, no test of significance), changed",
        ),
        "time per step": (
            "worse",
            "4.2 ms, before 3.2 ms: +31.2 % (gate 20 %; one value, no test of significance), worse",
        ),
    }  # the test stopped there: nothing is said of its steps
    result.stdout.fnmatch_lines(["time per step, in test_numbers.py::test_number: 4.2 ms, before 3.2 ms: +31.2 %*"])
    numbers.write("66, 2, 40")
    result, found = told(numbers)
    assert result.ret == 0
    assert found["steps"] == (
        "changed",
        "66, before 60: +6 (gate 5; one value, no test of significance), changed",
    )
    assert {name: verdict for name, (verdict, _) in found.items()} == {
        "mine on square": "better",
        "reaches the minimum": "same",
        "steps": "changed",
        "test_numbers:descend on sphere[2]": "better",
        "time per step": "better",
    }


MISTAKES = """
import math
import pytest
from pytest_optlandscape.runs import rate_interval

@pytest.mark.parametrize("arguments, keywords", [
    ((1.5,), {}),
    ((rate_interval(3, 4),), {}),
    (("1.5", "x"), {}),
    ((True, "x"), {}),
    ((math.nan, "x"), {}),
    ((1.5, "x"), {"better": "less"}),
    ((1.5, "x"), {"gate": -1}),
    ((1.5, "x"), {"gate": 0.1, "absolute_gate": 1}),
    ((rate_interval(3, 4), "x"), {"unit": "s"}),
    ((1.5, ""), {}),
])
def test_wrong(track, arguments, keywords):
    track(*arguments, **keywords)

def test_twice(track):
    track(1.5, "x")
    track(1.6, "x")
"""
SAID = [
    "ValueError: track: a number needs a name, to be found in the next session: track(…, name='…')",
    "ValueError: track: a rate needs a name*",
    "TypeError: track takes what assert_robust or assert_tunable returns, a Run, a TrainingRun, a rate of *",
    "TypeError: track takes *; got bool: True",
    "ValueError: track: 'x' is nan; a tracked number must be finite",
    "ValueError: track: better of 'x' must be 'lower', 'higher' or 'none', got 'less'",
    "ValueError: track: gate of 'x' must be a positive number, got -1",
    "TypeError: track: 'x' takes either gate (a share) or absolute_gate (in its unit), not both",
    "TypeError: track: 'x' is a rate, which takes better and gate; unit does not apply",
    "ValueError: track: a name must be one line of text, got ''",
    "ValueError: track: this test tracks 'x' already; give each entry a name of its own",
]


@pytest.mark.parametrize("option", [[], ["--optlandscape"]])
def test_mistakes_are_told_with_and_without_the_option(pytester, option):
    pytester.makepyfile(MISTAKES)
    result = pytester.runpytest_inprocess(*option)
    result.assert_outcomes(failed=len(SAID))
    result.stdout.fnmatch_lines([f"E*{said}" for said in SAID])


def test_a_test_that_is_run_again_may_track_again(numbers, monkeypatch):
    """As plugins that run flaky tests again do: the same item, with fresh fixtures."""
    (numbers.path / "conftest.py").write_text(
        """
from _pytest.runner import runtestprotocol

def pytest_runtest_protocol(item, nextitem):
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    runtestprotocol(item, nextitem=nextitem, log=False)
    item._initrequest()
    for report in runtestprotocol(item, nextitem=nextitem, log=False):
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True
"""
    )
    result = numbers.run("-k", "test_rate and test_numbers", "--optlandscape-json=out.json")
    assert result.ret == 0
    assert len(json.loads((numbers.path / "out.json").read_text())["tracked"]) == 1


def test_against_a_revision_it_is_not_compared_and_says_so(repository):
    repository.project.solver()
    (repository.path / "test_rates.py").write_text(TESTS)
    repository.commit()
    result = repository.compare(chosen="test_rates.py")
    text = repository.project.unwrapped(result.stdout)
    assert " decades, not compared: your own tests run at this revision only " in text
