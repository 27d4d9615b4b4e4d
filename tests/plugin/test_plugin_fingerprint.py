"""What becomes of real changes to an optimizer, from its source to the outcome in JSON."""

import json
import re

import pytest

ANNEALING = '''
import numpy as np

STREAM, STEP, WASTE = 0, 1.0, 0


def minimize(fun, x0, bounds, rng, maxfev):
    """Random steps, accepted where they lead down; their size follows the successes."""
    lower, upper = np.transpose(bounds)
    for _ in range(STREAM):
        rng.random()
    x, value, step = np.array(x0), fun(x0), STEP
    for k in range(maxfev - 1):
        if WASTE and k % WASTE == 0:
            fun(x)
        trial = np.clip(x + step * rng.normal(size=x.size), lower, upper)
        new = fun(trial)
        if new < value:
            x, value, step = trial, new, 1.5 * step
        else:
            step *= 0.9
    return x
'''
"""A stochastic optimizer with knobs: another random stream, a worse first step, evaluations that are wasted."""

DRIFTING = '''
import numpy as np

CALLS = [0]


def minimize(fun, x0, jac, bounds):
    """Steepest descent whose step depends on how often it was called before."""
    CALLS[0] += 1
    lower, upper = np.transpose(bounds)
    x = np.array(x0)
    for _ in range(15):
        fun(x)
        x = np.clip(x - (0.01 + 1e-4 * (CALLS[0] % 5)) * jac(x), lower, upper)
    return x
'''

SCIPYLIKE = '''
import numpy as np

TOLERANCE, KEEPS_BOUNDS, SQUARE, OVERWRITES = 1e-8, True, lambda v: v**2, False


def minimize(fun, x0, jac, bounds, maxfev):
    """Gradient descent with backtracking, until the squared slope is small."""
    lower, upper = np.transpose(bounds)
    x = np.array(x0)
    value = fun(x)
    step = 0.05
    for _ in range(maxfev):
        slope = jac(x)
        size = np.sqrt(sum(SQUARE(s) for s in slope))
        if size < TOLERANCE:
            break
        while True:
            trial = x - step * slope
            if KEEPS_BOUNDS:
                trial = np.clip(trial, lower, upper)
            new = fun(trial)
            if new <= value - 1e-4 * SQUARE(np.linalg.norm(trial - x)) or step < 1e-12:
                break
            step /= 2.0
        if OVERWRITES:
            x0[:] = trial
        x, value, step = trial, new, 2.0 * step
    return x
'''
"""A deterministic optimizer with knobs: tolerance, bounds, how it squares, whether it writes into x0."""

ON = ("-k", "booth or beale or trid")


def judged(project, *arguments):
    found, exit_code = project.outcome(*(arguments or ON))
    (optimizer,) = found["optimizers"]
    return optimizer, exit_code


def accepted(project, source, budget=50, **knobs):
    project.configure(optlandscape_suite="standard", optlandscape_budget=str(budget))
    project.solver(source, **knobs)
    project.accept(*ON)
    same, exit_code = judged(project)
    assert exit_code == 0
    return same


def test_a_square_written_as_a_product_is_the_same(project):
    project.configure(optlandscape_suite="standard", optlandscape_budget="50")
    project.solver(SCIPYLIKE)
    project.accept(*ON)
    project.solver(
        SCIPYLIKE.replace("lambda v: v**2", "lambda v: v * v").replace("x - step * slope", "-slope * step + x")
    )
    found, exit_code = judged(project)
    assert (found["verdict"], exit_code) == ("same", 0)
    assert found["fingerprint"] in ("identical", "rounding")
    assert {row["verdict"] for row in found["landscapes"]} == {"same"}
    # the norm by another sum differs in its last digits where a power may not
    project.solver(
        SCIPYLIKE.replace("np.sqrt(sum(SQUARE(s) for s in slope))", "np.linalg.norm(slope * 3.0) / 3.0").replace(
            "x - step * slope", "(3.0 * x - 3.0 * step * slope) / 3.0"
        )
    )
    found, exit_code = judged(project)
    assert (found["verdict"], found["fingerprint"], exit_code) == ("same", "rounding", 0)


@pytest.mark.thorough
def test_a_tolerance_that_shows_at_the_end_is_reported(project):
    same = accepted(project, SCIPYLIKE, budget=150, TOLERANCE=1e-3)
    assert same["fingerprint"] == "identical"
    project.solver(SCIPYLIKE, TOLERANCE=1.15e-3)
    found, exit_code = judged(project)
    assert (found["verdict"], found["fingerprint"], exit_code) == ("changed", "changed", 0)
    rows = {row["name"]: row for row in found["landscapes"]}
    assert rows["booth"]["fingerprint"] == rows["trid[6]"]["fingerprint"] == "changed"
    assert rows["booth"]["worst_cell"]["parts_at"] != "evaluation 1"
    assert rows["beale"]["fingerprint"] == "identical"  # nowhere does it come to its end
    project.solver(SCIPYLIKE, TOLERANCE=1e-2)
    found, exit_code = judged(project)
    assert (found["verdict"], exit_code) == ("worse", 1)
    rows = {row["name"]: row for row in found["landscapes"]}
    assert "digits less precise" in " ".join(rows["booth"]["findings"])


def test_leaving_the_bounds_is_worse_and_named(project):
    accepted(project, SCIPYLIKE)
    project.solver(SCIPYLIKE, KEEPS_BOUNDS=False)
    found, exit_code = judged(project)
    assert (found["verdict"], exit_code) == ("worse", 1)
    rows = {row["name"]: row for row in found["landscapes"]}
    breaches = [text for row in rows.values() for text in row["findings"] if text.startswith("evaluates outside")]
    assert breaches
    assert all(
        re.fullmatch(r"evaluates outside the bounds from \d+ of \d+ starts and from none before, .+ first", text)
        for text in breaches
    )
    assert {rows[name]["verdict"] for name in rows if any("bounds" in t for t in rows[name]["findings"])} == {"worse"}
    project.accept(*ON)
    again, exit_code = judged(project)
    assert (again["verdict"], exit_code) == ("same", 0)


def test_writing_into_x0_is_worse_and_named(project):
    accepted(project, SCIPYLIKE)
    project.solver(SCIPYLIKE, OVERWRITES=True)
    found, exit_code = judged(project)
    assert (found["verdict"], exit_code) == ("worse", 1)
    assert {row["verdict"] for row in found["landscapes"]} == {"worse"}
    for row in found["landscapes"]:
        (text,) = row["findings"]
        assert text.startswith("changes x0 in place from ")


def test_a_nondeterministic_optimizer_is_said_to_be_so(project):
    project.configure(optlandscape_suite="standard", optlandscape_budget="50")
    project.solver(DRIFTING)
    project.accept(*ON)
    written = json.loads(project.baseline.read_text())["records"]
    assert all(row["nondeterministic"] for row in written.values())
    assert not any("rounding" in row for row in written.values())
    found, exit_code = judged(project)
    assert (found["fingerprint"], found["verdict"], exit_code) == ("nondeterministic", "same", 0)
    assert "nondeterministic" in {row["fingerprint"] for row in found["landscapes"]}  # the first to run may repeat


def test_an_optimizer_that_becomes_nondeterministic_has_changed(project):
    accepted(project, DRIFTING.replace("CALLS[0] += 1", "CALLS[0] = 3"))
    project.solver(DRIFTING)
    found, exit_code = judged(project)
    assert (found["fingerprint"], exit_code) == ("nondeterministic", 0)
    assert found["verdict"] == "changed"


@pytest.fixture
def annealing(project):
    same = accepted(project, ANNEALING)
    assert (same["verdict"], same["fingerprint"]) == ("same", "identical")
    return project


def test_a_baseline_of_a_stochastic_optimizer_has_averages(annealing):
    rows = json.loads(annealing.baseline.read_text())["records"]
    for row in rows.values():
        assert row["rounding"]["trials"] == 4 * len(row["cells"])
        assert all(re.fullmatch(r"5(/[-\d.e+]+){4}/[0-8]", cell.split()[-1]) for cell in row["cells"])


@pytest.mark.parametrize("stream", [1, 2, 3])
def test_another_random_stream_is_changed_and_not_worse(annealing, stream):
    annealing.solver(ANNEALING, STREAM=stream)
    found, exit_code = judged(annealing)
    assert (found["verdict"], found["fingerprint"], exit_code) == ("changed", "changed", 0)
    assert all(row["findings"] == [] for row in found["landscapes"])


@pytest.mark.parametrize("stream", [0, 1])
def test_a_stochastic_optimizer_made_worse_is_worse(annealing, stream):
    annealing.solver(ANNEALING, STREAM=stream, WASTE=1)
    found, exit_code = judged(annealing)
    assert (found["verdict"], exit_code) == ("worse", 1)
    assert 0.4 < found["speed_ratio"] < 0.9
    assert any("more evaluations to the targets" in text for row in found["landscapes"] for text in row["findings"])


@pytest.mark.thorough
def test_a_stochastic_optimizer_made_better_is_better(project):
    accepted(project, ANNEALING, WASTE=1)
    project.solver(ANNEALING, STREAM=1)
    found, exit_code = judged(project)
    assert (found["verdict"], exit_code) == ("better", 0)


@pytest.mark.thorough
def test_update_of_one_landscape_keeps_what_rounding_does_on_the_others(annealing):
    before = json.loads(annealing.baseline.read_text())["records"]
    annealing.solver(ANNEALING, STREAM=1)
    annealing.accept("-k", "booth")
    after = json.loads(annealing.baseline.read_text())["records"]
    for name in before:
        assert (after[name] == before[name]) == (name != "booth")
        assert after[name]["rounding"].keys() == {"jumps", "trials"}
    rows = {row["name"]: row["verdict"] for row in judged(annealing)[0]["landscapes"]}
    assert rows.pop("booth") == "same"
    assert set(rows.values()) == {"changed"}


@pytest.mark.thorough
def test_workers_accept_and_say_what_one_process_does(annealing):
    """An update compares what was just measured, which crosses from the workers as text, with the old baseline."""
    pytest.importorskip("xdist")
    before = annealing.baseline.read_bytes()
    annealing.solver(ANNEALING, STREAM=1, WASTE=3)
    outcomes, baselines = [], []
    for arguments in ((), ("-n", "2")):
        annealing.baseline.write_bytes(before)
        outcomes.append(annealing.outcome("--optlandscape-update", *ON, *arguments))
        baselines.append(annealing.baseline.read_bytes())
    assert outcomes[0] == outcomes[1]
    assert baselines[0] == baselines[1] != before
    assert outcomes[0][0]["optimizers"][0]["verdict"] == "worse"
