import subprocess
import sys

import numpy as np
import pytest
import scipy

from pytest_optlandscape import landscapes, minimize
from pytest_optlandscape.optimizers import get
from pytest_optlandscape.optimizers.adapters import scipy as adapters
from pytest_optlandscape.optimizers.adapters.scipy import GLOBAL, METHODS

VERSION = tuple(map(int, scipy.__version__.split(".")[:2]))
AVAILABLE = [method for method in METHODS if method != "COBYQA" or VERSION >= (1, 14)]
STOCHASTIC = ("differential_evolution", "dual_annealing", "basinhopping")


@pytest.mark.parametrize("method", [*AVAILABLE, *GLOBAL])
def test_every_method_reaches_the_minimum_of_booth(method):
    run = minimize(f"scipy:{method}", "booth", budget=4000)
    assert run.stop_reason == ("budget" if method == "dual_annealing" else "returned")
    assert run.digits >= (1 if method == "brute" else 3)
    assert run.optimizer == f"scipy:{method}"


@pytest.mark.parametrize("method", AVAILABLE)
def test_methods_are_handed_what_they_want(method):
    wants = "" if method == "COBYLA" and VERSION < (1, 11) else METHODS[method]
    adapter = get(f"scipy:{method}")
    assert adapter.takes_bounds == ("bounds" in wants)
    assert adapter.uses_gradient == ("gradient" in wants)
    assert not adapter.is_stochastic
    run = minimize(adapter, "rosenbrock", budget=60)
    assert (run.njev > 0, run.nhev > 0) == ("gradient" in wants, "hessian" in wants)


@pytest.mark.parametrize("method", GLOBAL)
def test_kinds_of_global_optimizers(method):
    adapter = get(f"scipy:{method}")
    assert (adapter.takes_bounds, adapter.is_stochastic) == (True, method in STOCHASTIC)
    assert adapter.uses_gradient == (method == "basinhopping")


@pytest.mark.parametrize("method", ["Nelder-Mead", "Powell", "L-BFGS-B", "TNC", "SLSQP", *GLOBAL])
def test_bounds_are_kept(method):
    box = [(2.0, 4.0), (0.5, 1.0)]
    run = minimize(f"scipy:{method}", "beale", x0=[2.5, 0.75], bounds=box, budget=400)
    assert run.nfev > 1
    lower, upper = np.transpose(box)
    assert np.all((run.trace.x >= lower) & (run.trace.x <= upper))


@pytest.mark.parametrize("method", [method for method in AVAILABLE if get(f"scipy:{method}").takes_bounds])
@pytest.mark.parametrize("bounds", [None, [(2.0, 4.0), (0.5, 1.0)]], ids=["its own", "others"])
def test_bounds_have_the_same_effect_as_pairs_of_numbers(method, bounds):
    landscape = landscapes.get("beale")
    points = []

    def fun(x):
        points.append(x.tolist())
        return landscape(x)

    box = landscape.bounds if bounds is None else np.array(bounds)
    jac = landscape.gradient if get(f"scipy:{method}").uses_gradient else None
    scipy.optimize.minimize(fun, [2.5, 0.75], method=method, jac=jac, bounds=box)
    run = minimize(f"scipy:{method}", landscape, x0=[2.5, 0.75], bounds=bounds)
    assert run.trace.x.tolist() == points


def test_start_is_the_first_point():
    for method in ("Nelder-Mead", "Powell", "BFGS", "L-BFGS-B", "COBYLA", "dual_annealing", "basinhopping"):
        run = minimize(f"scipy:{method}", "beale", x0=[0.5, 0.25], budget=20)
        assert run.trace.x[0].tolist() == [0.5, 0.25]


def test_options_reach_scipy():
    loose = minimize("scipy:L-BFGS-B(ftol=0.1, maxcor=3)", "rosenbrock")
    assert loose.nfev < minimize("scipy:L-BFGS-B", "rosenbrock").nfev
    assert minimize("scipy:Nelder-Mead(tol=1.0)", "beale").nfev < minimize("scipy:Nelder-Mead", "beale").nfev
    assert minimize("scipy:brute(Ns=3, finish=None)", "beale").nfev == 9
    assert minimize("scipy:differential_evolution(maxiter=0, popsize=4, polish=False)", "beale").nfev == 8


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("scipy:Powel", "unknown SciPy optimizer 'Powel'; did you mean 'Powell'?"),
        ("scipy:nelder-mead", "unknown SciPy optimizer 'nelder-mead'; did you mean 'Nelder-Mead'?"),
        ("scipy:xyz", "unknown SciPy optimizer 'xyz'; known: "),
        ("scipy:L-BFGS-B(maxcorr=5)", "scipy's L-BFGS-B has no option maxcorr"),
        ("scipy:trust-constr(foo=5)", "cannot be run: TypeError: .* unexpected keyword argument 'foo'"),
        ("scipy:TNC(maxcor=5)", "scipy's TNC has no option maxcor"),
        ("scipy:Nelder-Mead(xatol='small')", r"cannot be run: \w*TypeError"),
        ("scipy:shgo(sampling=1)", "unknown argument of scipy:shgo 'sampling'; did you mean 'sampling_method'?"),
        ("scipy:brute(ranges=1)", "unknown argument of scipy:brute 'ranges'"),
        ("scipy:differential_evolution(seed=1)", "unknown argument of scipy:differential_evolution 'seed'"),
        ("scipy:differential_evolution(workers=2)", "unknown argument of scipy:differential_evolution 'workers'"),
        ("scipy:BFGS(1e-3)", "arguments must be written key=value"),
    ],
)
def test_what_scipy_does_not_have(spec, said):
    with pytest.raises(ValueError, match=said):
        get(spec)


def test_methods_of_newer_releases(monkeypatch):
    monkeypatch.setattr(adapters, "_VERSION", (1, 10))
    with pytest.raises(ValueError, match=r"scipy:COBYQA needs SciPy 1.14 or newer; SciPy .* is installed"):
        get("scipy:COBYQA")
    assert not get("scipy:COBYLA").takes_bounds


def test_grid_too_fine_to_run():
    run = minimize("scipy:brute(Ns=500)", "rosenbrock[5]")
    assert run.stop_reason == "exception"
    assert "brute with Ns=500 in 5 dimensions is a grid of more than 1e7 points" in run.message


@pytest.mark.parametrize("method", ["differential_evolution", "dual_annealing", "basinhopping"])
def test_random_numbers_come_from_the_seed_alone(method):
    import random

    def state():
        return random.getstate(), repr(np.random.get_state())

    before = state()
    run = minimize(f"scipy:{method}", "rastrigin", budget=300, seed=5)
    np.random.random()
    between = state()
    again = minimize(f"scipy:{method}", "rastrigin", budget=300, seed=5)
    other = minimize(f"scipy:{method}", "rastrigin", budget=300, seed=6)
    assert np.array_equal(run.trace.x, again.trace.x)
    assert not np.array_equal(run.trace.x[:50], other.trace.x[:50])
    assert before != between == state()


def test_two_processes_agree():
    program = (
        "from pytest_optlandscape import minimize\n"
        f"for method in {STOCHASTIC}:\n"
        "    print(minimize('scipy:' + method, 'rastrigin', budget=300, seed=5).trace.x.tobytes().hex())"
    )
    elsewhere = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    here = [minimize(f"scipy:{method}", "rastrigin", budget=300, seed=5) for method in STOCHASTIC]
    assert elsewhere.split() == [run.trace.x.tobytes().hex() for run in here]


def test_versions_name_scipy():
    assert get("scipy:BFGS").versions() == get("scipy:brute").versions() == {"scipy": scipy.__version__}


def test_adapters_pass_through():
    adapter = get("scipy:BFGS")
    assert get(adapter) is adapter
    assert minimize(adapter, landscapes.get("booth")).optimizer == "scipy:BFGS"
