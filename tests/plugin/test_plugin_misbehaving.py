import json

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


def test_raising_everywhere_fails_with_the_error(project):
    project.solver(raising("ArithmeticError('never works')"))
    result = project.run("-k", "booth or himmelblau")
    assert result.ret == 1
    result.assert_outcomes(failed=2, deselected=47)
    result.stdout.fnmatch_lines(
        [
            "*solver:minimize gives no result on booth: ArithmeticError: never works (*solver.py:3)*",
            "*no result from 21 of 21 starts on booth: ArithmeticError: never works*",
        ]
    )


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


@pytest.mark.parametrize("source", [SOMETIMES, raising("ArithmeticError('too far to the right')")])
def test_raising_where_there_were_results_is_worse(project, source):
    project.solver(STILL)
    project.accept("-k", "booth")
    project.solver(source)
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


def test_printing_and_warning_is_harmless(project):
    noisy = "import sys, warnings\nprint('hello')\n" + STILL.replace(
        "    return", "    print('NOISE'); warnings.warn('OLD', DeprecationWarning)\n    return"
    )
    project.solver(noisy)
    result = project.on_booth("-W", "error")
    assert result.ret == 0
    result.stdout.no_fnmatch_line("*NOISE*")
    result.stdout.no_fnmatch_line("*no result*")


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
    project.solver(raising("KeyboardInterrupt"))
    result = project.on_booth("--optlandscape-update", no_reraise_ctrlc=True)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert project.baseline.read_bytes() == before
