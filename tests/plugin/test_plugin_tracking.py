import json
import re

import pytest

TESTS = """
from pytest_optlandscape import assert_robust


def descend(fun, x0, jac, learning_rate):
    x = x0
    for _ in range(40):
        x = x - learning_rate * jac(x)
        fun(x)
    return x


def found(**keywords):
    return assert_robust(
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


def widths(project):
    return json.loads((project.path / "optlandscape_baseline" / "widths.json").read_text())["widths"]


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
    result.stdout.fnmatch_lines([f"{where}: *no baseline yet; accepted", "accepted: *widths.json (*); commit it"])
    assert list(widths(tracked)) == ["test_rates.py::test_rates test_rates:descend learning_rate"]
    result, one = verdict(tracked)
    assert (result.ret, one["verdict"]) == (0, "same")
    assert re.fullmatch(r"\d\.\d+ decades, the same", one["text"])


def test_narrower_is_worse_and_wider_is_better(tracked):
    accept(tracked)
    before = widths(tracked)
    tracked.write("range(40)", "range(25)")
    result, one = verdict(tracked)
    assert (result.ret, one["verdict"]) == (1, "worse")
    result.stdout.fnmatch_lines(["*decades, before *: -0.* at 99.9 % confidence), worse", "*--optlandscape-update*"])
    assert widths(tracked) == before
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
        ["no optimizer is configured*", "*no baseline yet; accepted", "accepted: *widths.json*"]
    )
    assert verdict(tracked)[1]["verdict"] == "same"


def test_workers_accept_and_compare(tracked):
    tracked.write(new="\n\ndef test_others(track):\n    track(found(seed=1))\n")
    accept(tracked, "-n", "2")
    assert len(widths(tracked)) == 2
    result = run(tracked, "-n", "2")
    result.stdout.fnmatch_lines(["*test_others: * decades, the same", "*test_rates: * decades, the same"])


def test_a_damaged_file_is_told_before_anything_runs(tracked):
    accept(tracked)
    path = tracked.path / "optlandscape_baseline" / "widths.json"
    text = path.read_text()
    for damaged, said in (
        (text[: len(text) // 2], "damaged or truncated: line"),
        (text.replace('"schema": 1', '"schema": 9'), "has schema 9, this version reads schema 1"),
        (text.replace('"decades"', '"decade"'), "is no width"),
        ("[]", "holds no widths"),
        (re.sub(r'"decades": [^,]*', '"decades": null', text), "is no width"),
        (re.sub(r'"conditions": {[^}]*}[^}]*}', '"conditions": 3', text), "is no width"),
        (re.sub(r'"sphere\[2\] 0": \[', '"sphere[2] 0": [0, ', text), "is no width"),
        (re.sub(r'"sphere\[2\] 0": \[[^,]*', '"sphere[2] 0": [-1.0', text), "is no width"),
    ):
        path.write_text(damaged)
        for option in ("--optlandscape", "--optlandscape-update"):
            result = run(tracked, option)
            assert result.ret == pytest.ExitCode.USAGE_ERROR
            result.stderr.fnmatch_lines([f"*widths.json*{said}*"])
        assert path.read_text() == damaged


def test_what_is_no_width_is_refused(tracked):
    tracked.write("track(found())", "track(1.5)")
    result = run(tracked)
    result.stdout.fnmatch_lines(["*TypeError: track takes what assert_robust(..., over=...) returns, got float"])


def test_against_a_revision_it_is_not_compared_and_says_so(repository):
    repository.project.solver()
    (repository.path / "test_rates.py").write_text(TESTS)
    repository.commit()
    result = repository.compare(chosen="test_rates.py")
    result.stdout.fnmatch_lines(["*decades, not compared: tests of one's own are run on this revision only"])
