import functools
import sys

import numpy as np
import pytest

from pytest_optlandscape import landscapes, minimize
from pytest_optlandscape.optimizers import MissingLibrary, get
from pytest_optlandscape.optimizers.profile import obstacle
from pytest_optlandscape.runs import Problem
from pytest_optlandscape.runs.execute import execute

MODULE = """
import numpy as np

def minimize(fun, x0, bounds=None, step=0.5):
    fun(x0 + step)
    return x0 + step

def on_problem(problem, *, shift=0.0):
    problem(problem.x0)
    return problem.x0 + shift

class Solver:
    def __init__(self, shift=0.0):
        self.shift = shift

    def __call__(self, problem):
        return on_problem(problem, shift=self.shift)

class Inner:
    def best(problem):
        return on_problem(problem)

ready = Solver(2.0)
number = 3
"""


@pytest.fixture
def solvers(tmp_path, monkeypatch):
    (tmp_path / "own_solvers.py").write_text(MODULE)
    (tmp_path / "own_broken.py").write_text("1 / 0")
    (tmp_path / "own_incomplete.py").write_text("import not_there_at_all")
    monkeypatch.syspath_prepend(tmp_path)
    yield
    for name in ("own_solvers", "own_broken", "own_incomplete"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize(
    ("spec", "x"),
    [
        ("own_solvers:minimize", 1.5),
        ("own_solvers:minimize(step=0.25)", 1.25),
        ("own_solvers:on_problem", 1.0),
        ("own_solvers:on_problem(shift=-1)", 0.0),
        ("own_solvers:Solver(shift=4)", 5.0),
        ("own_solvers:ready", 3.0),
        ("own_solvers:Inner.best", 1.0),
    ],
)
def test_specs_of_own_modules(solvers, spec, x):
    run = minimize(spec, "beale")
    assert (run.stop_reason, run.x.tolist(), run.optimizer) == ("returned", [x, x], spec)


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (
            "own_solver:minimize",
            "unknown library of optimizer 'own_solver:minimize': 'own_solver'; known: cma, hyperopt, keras",
        ),
        ("sciipy:Powell", "did you mean 'scipy'.*set `pythonpath` in pytest's configuration"),
        ("own_solvers.sub:minimize", "unknown library of optimizer"),
        (".own:minimize", "importing '.own' failed: TypeError"),
        ("own_solvers:minimise", "unknown name in 'own_solvers': 'minimise'; did you mean 'minimize'?"),
        ("own_solvers:Inner.worst", "unknown name in 'own_solvers': 'worst'"),
        ("own_broken:minimize", "importing 'own_broken' failed: ZeroDivisionError: division by zero"),
        ("own_incomplete:minimize", "importing 'own_incomplete' failed: No module named 'not_there_at_all'"),
        ("own_solvers:minimize(stp=1)", r"own_solvers:minimize takes \(fun, x0, .*\): got an unexpected .*'stp'"),
        ("own_solvers:Solver(shifty=1)", r"own_solvers:Solver takes \(shift=0.0\): got an unexpected .*'shifty'"),
    ],
)
def test_specs_that_name_nothing(solvers, spec, said):
    with pytest.raises(ValueError, match=said):
        get(spec)


def test_specs_that_name_no_optimizer(solvers):
    for spec, said in (
        ("own_solvers:number", "own_solvers:number' is .*: not an optimizer; give a spec string"),
        ("own_solvers:Solver", "own_solvers:Solver is a class without a method .* optlandscape_adapters"),
    ):
        with pytest.raises(TypeError, match=said):
            get(spec)


def given_to(function, **problem):
    problem = Problem("beale", **problem)
    return get(function).minimize(problem), problem


def test_scipy_style_gets_what_it_names():
    def everything(*, fun, x0, jac, hess, bounds, seed, rng, maxfev, maxiter, callback):
        return locals()

    given, problem = given_to(everything, budget=9, seed=4)
    assert given["fun"] is problem.fun
    assert given["x0"].tolist() == [1.0, 1.0]
    assert given["jac"]([1.0, 1.0]).tolist() == [0.0, 27.75]
    assert given["hess"]([1.0, 1.0]).shape == (2, 2)
    assert given["bounds"].tolist() == [[-4.5, 4.5]] * 2
    assert (given["seed"], given["maxfev"], given["maxiter"]) == (4, 9, 9)
    assert given["rng"] is problem.rng
    assert given["callback"](given["x0"], intermediate=1) is None


def test_scipy_style_gets_nothing_else():
    def some(fun, x0, tolerance=1e-3, maxiter=5, **options):
        return tolerance, maxiter, options

    assert given_to(some, budget=9)[0] == (1e-3, 9, {})


@pytest.mark.filterwarnings("ignore:Method L-BFGS-B does not use Hessian")  # SciPy's own, of what it is handed
def test_scipy_itself_is_scipy_style():
    import scipy.optimize

    run = minimize(scipy.optimize.minimize, "booth")
    assert run.digits > 4
    assert run.njev > 0


def test_without_gradient_none_is_given():
    from pytest_optlandscape.landscapes import Landscape

    landscape = Landscape("bowl", lambda x: float(x @ x), bounds=[(-1, 1)], x0=[1], minimizers=[[0]], fmin=0)
    seen = []

    def optimizer(fun, x0, jac, hess):
        seen.extend([jac, hess])
        fun(x0)
        return x0

    minimize(optimizer, landscape)
    assert seen == [None, None]


def test_anything_else_gets_the_problem():
    assert given_to(lambda problem: problem)[0].__class__ is Problem
    assert given_to(lambda whatever, steps=3: (whatever, steps))[0][1] == 3
    assert given_to(lambda *anything: anything)[0][0].__class__ is Problem
    assert given_to(id)[0] > 0


def test_partials_keep_what_was_fixed():
    def optimizer(fun, x0, maxiter, seed, step):
        return maxiter, seed, step

    fixed = functools.partial(optimizer, step=0.5, maxiter=3, seed=11)
    assert given_to(fixed, budget=100, seed=0)[0] == (3, 11, 0.5)
    assert get(fixed).spec.endswith("optimizer(step=0.5, maxiter=3, seed=11)")
    assert not get(fixed).is_stochastic

    def on_problem(rate, problem):
        return rate

    assert given_to(functools.partial(on_problem, 0.1))[0] == 0.1
    assert get(functools.partial(on_problem, 0.1)).spec != get(functools.partial(on_problem, 0.2)).spec


class Descent:
    def __init__(self, rate):
        self.rate = rate

    def __call__(self, fun, x0, jac):
        return x0 - self.rate * jac(x0)

    def method(self, problem):
        problem(problem.x0)
        return problem.x0 * self.rate


def test_objects_and_methods():
    assert minimize(Descent(0.01), "beale").x.tolist() == [1.0, 1.0 - 0.2775]
    assert minimize(Descent(2.0).method, "beale").x.tolist() == [2.0, 2.0]
    assert get(Descent(1.0)).spec == f"{__name__}:Descent"
    assert get(Descent(1.0).method).spec == f"{__name__}:Descent.method"


def test_kinds_are_read_from_the_parameters():
    def kind(function):
        adapter = get(function)
        return adapter.uses_gradient, adapter.takes_bounds, adapter.is_stochastic

    assert kind(lambda fun, x0: x0) == (False, False, False)
    assert kind(lambda fun, x0, jac, bounds, rng: x0) == (True, True, True)
    assert kind(lambda fun, x0, seed: x0) == (False, False, True)
    assert kind(lambda problem: problem.x0) == (True, True, False)


@pytest.mark.parametrize(
    ("thing", "said"),
    [
        (
            Descent,
            "not an optimizer; give a spec string such as 'scipy:L-BFGS-B', a callable, or an optimizer",
        ),
        (3, "3: not an optimizer"),
        (None, "None: not an optimizer"),
        (np.zeros(2), "not an optimizer"),
        (lambda fun, x0, learning_rate: x0, "so it is called like SciPy's methods; learning_rate gets no value"),
        (
            lambda f, start: start,
            r"takes \(f, start\), none of which(.|\n)*optimizers.adapt\(FUNCTION, .objective=f start=start",
        ),
        (lambda: None, "cannot be called with a problem"),
        (lambda *, problem: None, "can be called neither with a problem"),
        (lambda fun, /, x0: None, "can be called neither with a problem nor with fun and x0"),
    ],
)
def test_what_is_no_optimizer(thing, said):
    with pytest.raises(TypeError, match=said):
        get(thing)


def test_error_inside_an_optimizer_ends_the_run_alone():
    run = execute(get(lambda problem: 1 / 0), Problem("beale"))
    assert (run.stop_reason, run.message.partition(" (")[0]) == ("exception", "ZeroDivisionError: division by zero")


def test_keras_that_is_not_installed(monkeypatch):
    import importlib.util

    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "keras" else found(name))
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    with pytest.raises(MissingLibrary, match=r"keras:Adam needs Keras.*'pytest-optlandscape\[keras,torch\]'"):
        get("keras:Adam")
    assert issubclass(MissingLibrary, ImportError)


def test_an_optimizer_of_a_library_in_ones_own_module_is_called_as_it_is_written_there(tmp_path, monkeypatch):
    code = "from pytest_optlandscape.optimizers import get\n"
    code += "coarse, fine = get('scipy:BFGS(gtol=0.1)'), get('scipy:BFGS')\n"
    (tmp_path / "own_ready.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    coarse, fine = (minimize(f"own_ready:{name}", "beale") for name in ("coarse", "fine"))
    sys.modules.pop("own_ready")
    assert (coarse.optimizer, fine.optimizer) == ("own_ready:coarse", "own_ready:fine")
    assert coarse.nfev < fine.nfev


class Shrinking:
    """A class of a user's, whose objects are called and remember it."""

    def __init__(self, step):
        self.step = step

    def __call__(self, problem):
        self.step *= 0.5
        return problem.x0 - self.step * problem.gradient(problem.x0)


def test_a_class_in_a_spec_is_made_anew_for_each_run():
    adapter = get(f"{__name__}:Shrinking(step=0.1)")
    first, again = (minimize(adapter, "booth", budget=5) for _ in range(2))
    assert np.array_equal(first.x, again.x)
    with pytest.raises(ValueError, match=r"<lambda>' cannot be made: ZeroDivisionError"):
        get(lambda: 1 / 0)
    with pytest.raises(ValueError, match=r"Shrinking\(stp=1\)"):
        get(f"{__name__}:Shrinking(stp=1)")


def _asks_space(problem):
    return min((problem.space.decode(problem.rng.random(problem.space.dim)) for _ in range(3)), key=problem)


def _asks_box_too(problem):
    return problem.x0 if problem.space is None else _asks_space(problem)


class _Searches:
    def __call__(self, problem):
        return problem.space.decode(problem.rng.random(problem.space.dim))


@pytest.mark.parametrize("search", [_asks_space, functools.partial(_asks_space), _Searches()])
def test_a_function_that_asks_for_the_space_searches_configurations(search):
    adapter = get(search)
    assert (adapter.needs_space, adapter.uses_gradient, adapter.is_stochastic) == (True, False, True)


def test_a_function_that_may_search_a_space_runs_there_although_there_is_no_gradient():
    adapter = get(_asks_box_too)
    assert (adapter.needs_space, adapter.uses_gradient, adapter.assumes_gradient) == (False, True, True)
    assert obstacle(adapter, landscapes.get("jenatton_tree")) == ""
    assert obstacle(adapter, landscapes.get("beale")) == ""
    assert obstacle(get("scipy:BFGS"), landscapes.get("jenatton_tree")) == "no gradient"
