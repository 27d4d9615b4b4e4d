import json
import os
import signal
import threading

import pytest

SOMETIMES = """
import numpy as np

def minimize(problem):
    problem(problem.x0)
    if problem.x0[0] > 0:
        raise ArithmeticError("too far to the right")
    return problem.x0
"""


def raising(error):
    return f"def minimize(problem):\n    problem(problem.x0)\n    raise {error}"


STILL = "def minimize(problem):\n    problem(problem.x0)\n    return problem.x0"


def test_raising_everywhere_fails_with_the_error_once(project):
    project.solver(raising("ArithmeticError('never works')"))
    result = project.run("-k", "booth or himmelblau")
    assert result.ret == 1
    result.assert_outcomes(failed=2, deselected=47)
    result.stdout.fnmatch_lines(
        [
            "*solver:minimize gives no result on himmelblau: ArithmeticError: never works (*solver.py:3)*",
            "*raise ArithmeticError('never works')",
            "*solver:minimize gives no result on booth: ArithmeticError: never works (*solver.py:3)*",
            "*the traceback is the same as on himmelblau*",
            "*no result from 42 of 42 starts on himmelblau, booth: ArithmeticError: never works*",
        ]
    )
    assert str(result.stdout).count("raise ArithmeticError") == 1


def test_what_newly_cannot_run_is_one_finding_without_statistics(project):
    project.accept("-k", "booth or himmelblau")
    project.solver(raising("ArithmeticError('never works')"))
    result = project.run("-k", "booth or himmelblau", "--optlandscape-json", "outcome.json")
    assert result.ret == 1
    text = str(result.stdout)
    result.stdout.fnmatch_lines(
        [
            "*solver:minimize gives no result on himmelblau: ArithmeticError: never works (*solver.py:3)*",
            "*it cannot run from any of 21 starts, 21 of which had a result in its baseline",
            "*replay the worst cell*",
            "*no result from any start, as said above, on himmelblau, booth",
        ]
    )
    assert not any(word in text for word in ("confidence", "p = ", "worst cells", "is worse than", "accept"))
    assert text.count("raise ArithmeticError") == 1
    (optimizer,) = json.loads(project.outcome_path.read_text())["optimizers"]
    assert optimizer["verdict"] == "worse"
    assert [len(one["findings"]) for one in optimizer["landscapes"]] == [1, 1]


def test_what_the_baseline_had_too_is_told_once(project):
    project.solver(SOMETIMES)
    project.accept("-k", "booth or himmelblau")
    result = project.run("-k", "booth or himmelblau")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["  as in the baseline, no result from 18 of 4? starts on himmelblau, booth"])
    result.stdout.no_fnmatch_line("*ArithmeticError*")


@pytest.mark.parametrize("had_baseline", [False, True])
def test_nothing_but_exceptions_is_not_accepted(project, had_baseline):
    if had_baseline:
        project.accept("-k", "booth")
    project.solver(raising("ArithmeticError('never works')"))
    before = project.files()
    result = project.on_booth("--optlandscape-update")
    assert result.ret == 1
    result.assert_outcomes(failed=1, deselected=47)
    result.stdout.no_fnmatch_line("*accepted:*")
    assert project.files() == before


def test_exceptions_from_some_starts_are_reported(project):
    project.solver(SOMETIMES)
    result = project.on_booth()
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*no result from 9 of 21 starts on booth: ArithmeticError: too far to the right*"])
    project.accept("-k", "booth")
    assert project.verdicts("-k", "booth") == {"booth": "same"}


def test_raising_where_there_were_results_is_worse(project):
    project.solver(STILL)
    project.accept("-k", "booth")
    project.solver(SOMETIMES)
    result = project.on_booth()
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        ["*solver:minimize on booth is worse*", "*no result from * of 21 starts*", "*too far to the right*"]
    )
    assert project.verdicts("-k", "booth") == {"booth": "worse"}


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("def minimize(problem): problem(problem.x0)", "the optimizer returned nothing"),
        ("def minimize(problem): return 'there'", "returned 'there', which is no point"),
        ("def minimize(problem): return [1.0, 2.0, 3.0]", "shape (3,)*"),
        ("def minimize(problem): raise SystemExit(3)", "SystemExit: 3"),
        ("def minimize(problem): return problem.no_such_thing", "no_such_thing"),
    ],
)
def test_no_result_is_told_and_the_session_goes_on(project, source, said):
    project.pytester.makepyfile("def test_booth(): pass")
    project.solver(source)
    project.configure("solver:minimize", "scipy:BFGS")
    result = project.on_booth()
    result.assert_outcomes(failed=1, passed=2, deselected=96)
    result.stdout.fnmatch_lines([f"*solver:minimize gives no result on booth: *{said}*"])


def test_infinite_results_are_compared_and_written_as_plain_json(project):
    project.solver("import numpy as np\ndef minimize(problem): problem(problem.x0); return problem.x0 * np.nan")
    found, exit_code = project.outcome("-k", "booth")
    assert exit_code == 0
    (landscape,) = found["optimizers"][0]["landscapes"]
    assert landscape["success"] == 0.0
    assert landscape["worst_cell"]["gap"] is None
    json.dumps(found, allow_nan=False)
    project.accept("-k", "booth")
    assert project.verdicts("-k", "booth") == {"booth": "same"}


def test_printing_is_harmless(project):
    project.solver("print('hello')\n" + STILL.replace("    return", "    print('NOISE')\n    return"))
    result = project.on_booth("-W", "error")
    assert result.ret == 0
    result.stdout.no_fnmatch_line("*NOISE*")
    result.stdout.no_fnmatch_line("*no result*")


WARNS = "import warnings\nclass SlowWarning(UserWarning): pass\n" + STILL.replace(
    "    return", "    warnings.warn('step is tiny', SlowWarning)\n    return"
)


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["serial", "xdist"])
def test_warnings_reach_pytests_summary_once_each_with_their_place(project, workers):
    if workers:
        pytest.importorskip("xdist")
    project.configure(filterwarnings="default")  # else those of the session around it hold
    project.solver(WARNS)
    result = project.run("-k", "booth or himmelblau", *workers)
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*warnings summary*", "*solver.py:5: SlowWarning: step is tiny"])
    assert str(result.stdout).count("SlowWarning: step is tiny") == 1
    assert result.parseoutcomes()["warnings"] == 2  # one for each landscape


@pytest.mark.parametrize(
    ("filters", "status"), [("error", 1), ("error:step is:UserWarning", 1), ("ignore::UserWarning", 0)]
)
def test_filters_decide_what_becomes_of_a_warning(project, filters, status):
    project.configure(filterwarnings="default")  # else those of the session around it hold
    project.solver(WARNS)
    project.accept("-k", "booth")
    found, exit_code = project.outcome("-k", "booth", "-W", filters)
    assert exit_code == status
    assert found["optimizers"][0]["verdict"] == "same"  # what is compared does not depend on the filters
    result = project.on_booth("-W", filters)
    result.assert_outcomes(**{"failed" if status else "passed": 1}, deselected=48)
    if status:
        result.stdout.fnmatch_lines(
            ["*solver:minimize warns, and pytest's filters make that an error: SlowWarning: step is tiny (*py:5)"]
        )


def test_output_of_a_failing_item_is_shown(project):
    project.solver(raising("ArithmeticError('no')").replace("    raise", "    print('NOISE')\n    raise"))
    project.on_booth().stdout.fnmatch_lines(["*Captured stdout call*", "NOISE"])


def test_endless_optimizer_is_ended_by_the_budget(project):
    project.solver("def minimize(problem):\n    while True:\n        problem(problem.x0)")
    found, exit_code = project.outcome("-k", "booth")
    assert exit_code == 0
    worst = found["optimizers"][0]["landscapes"][0]["worst_cell"]
    assert (worst["stop_reason"], worst["evaluations"]) == ("budget", 40)


def test_interruption_ends_the_session_and_accepts_nothing_half_done(project):
    project.accept("-k", "booth")
    before = project.baseline.read_bytes()
    project.solver("def minimize(problem):\n    while True: pass")
    timer = threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    result = project.on_booth("--optlandscape-update", no_reraise_ctrlc=True)
    timer.join()
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert project.baseline.read_bytes() == before
