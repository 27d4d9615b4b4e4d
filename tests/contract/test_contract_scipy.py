"""What the contract finds in SciPy 1.17, method by method."""

import contextlib
import io
import math

import numpy as np
import pytest
import scipy
import scipy.optimize
from thorough import one_of_each

from pytest_optlandscape import optimizers
from pytest_optlandscape.contract import CHECKS
from pytest_optlandscape.contract.holding import hold_to
from pytest_optlandscape.contract.landscapes import FORMULAS, formulas, nan_beyond
from pytest_optlandscape.landscapes import get
from pytest_optlandscape.suites.low_discrepancy import sobol_starts

OTHER_PROCESS = "check_same_run_in_another_process"
FOUND = {
    "Nelder-Mead": "claims_success_at_stationary_points",
    "Powell": "not_worse_than_best_seen not_worse_than_start claims_success_at_stationary_points survives_nan "
    "clips_start larger_budget_goes_on",
    "CG": "survives_nan",
    "BFGS": "survives_nan",
    "Newton-CG": "survives_nan takes_any_start hands_callback_own_points",
    "L-BFGS-B": "never_claims_success_with_nan survives_nan keeps_budget hands_callback_own_points",
    "TNC": "never_claims_success_with_nan clips_start keeps_budget takes_any_start",
    "SLSQP": "",
}
"""The errors found in the quick methods."""
WARNED = {
    "Powell": "stays_inside_bounds",
    "CG": "not_worse_than_best_seen copies_gradients",
    "BFGS": "copies_gradients",
    "Newton-CG": "copies_gradients",
    "SLSQP": "not_worse_than_best_seen",
}
SLOW = {
    "COBYLA": "stays_inside_bounds clips_start keeps_budget",
    "COBYQA": "stops_on_request",
    "trust-constr": "stays_inside_bounds clips_start keeps_fixed_variables",
}
"""Errors of slow methods; only these checks are held to."""

of_this_scipy = pytest.mark.skipif(
    not scipy.__version__.startswith("1.17."), reason=f"the table is SciPy 1.17's, this is {scipy.__version__}"
)


def named(text):
    return {f"check_{name}" for name in text.split()}


@of_this_scipy
@pytest.mark.parametrize("method", FOUND)
def test_breaches_of_the_quick_methods(method):
    found = hold_to(optimizers.get(f"scipy:{method}"), [name for name in CHECKS if name != OTHER_PROCESS])
    failed = [one for one in found if one.outcome == "failed"]
    assert {one.check for one in failed if one.severity == "error"} == named(FOUND[method])
    assert {one.check for one in failed if one.severity == "warning"} == named(WARNED.get(method, ""))


@of_this_scipy
@pytest.mark.parametrize("method", one_of_each(SLOW, lambda method: "slow"))
def test_breaches_of_slow_methods(method):
    found = hold_to(optimizers.get(f"scipy:{method}"), sorted(named(SLOW[method])))
    assert [one.outcome for one in found] == ["failed"] * len(found)


@of_this_scipy
def test_a_script_shows_the_breach_without_this_package():
    (found,) = hold_to(optimizers.get("scipy:Powell"), ["check_clips_start"])
    lines = found.message.splitlines()
    first = lines.index("  without this package:") + 1
    script = [line.strip() for line in lines[first : first + 3]]
    assert "optlandscape" not in "".join(script)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), pytest.warns(scipy.optimize.OptimizeWarning):
        exec("\n".join(script), {})
    assert printed.getvalue() == "True\n"


@of_this_scipy
def test_the_simplest_start_is_found_and_always_the_same():
    name = "check_not_worse_than_best_seen"
    messages = {hold_to(optimizers.get("scipy:Powell"), [name])[0].message for _ in range(2)}
    (message,) = messages
    x0 = [float(number) for number in message.partition(" from [")[2].partition("]")[0].split(", ")]
    offsets = 16.0 * (np.array(x0) - get("booth").x0)
    assert "on booth from" in message
    assert np.array_equal(offsets, np.round(offsets))


@pytest.mark.parametrize("name", FORMULAS)
def test_formulas_are_those_of_the_landscapes(name):
    landscape = get(name)
    value, gradient = FORMULAS[name]
    for x in sobol_starts(landscape, 5):
        names = {"x": x, "math": math}
        assert eval(value, names) == pytest.approx(landscape(x), rel=1e-12)
        if gradient != "None":
            assert eval(gradient, names) == pytest.approx(landscape.gradient(x), rel=1e-10)


@pytest.mark.parametrize("name", ["sphere[2]", "rosenbrock[2]"])
def test_formulas_with_nan(name):
    landscape = nan_beyond(name)
    for x in ([2.0, 1.0], [0.25, 1.0]):
        names = {"x": x, "math": math}
        for text, known in zip(formulas(landscape), (landscape(x), landscape.gradient(x)), strict=True):
            assert eval(text, names) == pytest.approx(known, rel=1e-12, nan_ok=True)
    assert landscape(landscape.minimizers[0]) == landscape.fmin
