import functools
import sys

import numpy as np
import pytest

from pytest_optlandscape import minimize
from pytest_optlandscape.contract.holding import hold_to
from pytest_optlandscape.optimizers import MissingLibrary, get
from pytest_optlandscape.optimizers.libraries import arguments_of, import_library


class Batches:
    """Draw batches around the best point; told points and values."""

    def __init__(self, x0, bounds, rng, size=4):
        self.x0, self.bounds, self.rng, self.size = x0, bounds, rng, size
        self.best, self.value = x0, np.inf

    def ask(self):
        self.asked = np.clip(self.best + 0.3 * self.rng.standard_normal((self.size, len(self.x0))), *self.bounds.T)
        return self.asked

    def tell(self, points, values):
        assert points is self.asked
        assert len(values) == self.size
        for point, value in zip(points.copy(), values, strict=True):
            if value < self.value:
                self.best, self.value = point, value
        points[:] = 7.0  # a buffer that is used again


class Values:
    """Give one point at a time; told the value alone."""

    def __init__(self, x0):
        self.points = iter([x0, x0 + 1.0, x0 - 1.0])
        self.values = []

    def ask(self):
        return next(self.points)

    def tell(self, value):
        assert isinstance(value, float)
        self.values.append(value)


@pytest.mark.parametrize("budget", [1, 7, 100])
def test_budget_is_exact_within_a_batch(budget):
    run = minimize(Batches, "beale", budget=budget, seed=2)
    assert (run.stop_reason, run.nfev) == ("budget", budget)
    assert not np.any(run.trace.x == 7.0)
    np.testing.assert_array_equal(run.x, run.trace.x[np.argmin(run.trace.fun)])
    np.testing.assert_array_equal(run.replay().trace.x, run.trace.x)
    longer = minimize(Batches, "beale", budget=budget + 4, seed=2)
    np.testing.assert_array_equal(longer.trace.x[:budget], run.trace.x)


def test_who_is_told_values_alone_and_stops_by_itself():
    run = minimize(Values, "booth", x0=[0.0, 0.0], budget=10)
    assert (run.stop_reason, run.nfev) == ("returned", 3)
    assert run.x.tolist() == [1.0, 1.0]


def test_stop_none_and_recommend():
    class Stops(Values):
        def stop(self):
            return len(self.values) == 2

    class Recommends(Values):
        def ask(self):
            return next(self.points, None)

        def recommend(self):
            return np.array([1.0, 3.0])

    assert minimize(Stops, "booth").nfev == 2
    run = minimize(Recommends, "booth")
    assert (run.nfev, run.result_gap, run.stop_reason) == (3, 0.0, "returned")


def test_ways_to_write_it_down(monkeypatch):
    class Seeded(Values):
        def __init__(self, x0, seed):
            super().__init__(x0 + seed)

    def made(x0, bounds):
        return Batches(x0, bounds, np.random.default_rng(0))

    monkeypatch.setitem(sys.modules, "mine", type(sys)("mine"))
    sys.modules["mine"].Batches = Batches
    assert minimize("mine:Batches(size=2)", "booth", budget=6).nfev == 6
    assert get("mine:Batches(size=2)").spec == "mine:Batches(size=2)"
    assert minimize(Seeded, "booth", seed=5, x0=[0.0, 0.0]).trace.x[0].tolist() == [5.0, 5.0]
    assert minimize(made, "booth", budget=9).nfev == 9
    assert minimize(functools.partial(Batches, size=3), "booth", budget=9).nfev == 9
    adapter = get(Batches)
    assert (adapter.takes_bounds, adapter.is_stochastic, adapter.uses_gradient) == (True, True, False)


def test_what_cannot_be_made():
    class Wants(Values):
        def __init__(self, x0, temperature):
            super().__init__(x0)

    with pytest.raises(TypeError, match="temperature gets no value"):
        get(Wants)
    with pytest.raises(TypeError, match="an instance of an ask/tell optimizer, which runs only once"):
        get(Values(np.zeros(2)))


def test_dimension_one():
    class Single(Values):
        def ask(self):
            return next(self.points).tolist()

    run = minimize(Single, "forrester")
    assert (run.stop_reason, run.nfev) == ("returned", 3)


def test_missing_and_broken_libraries_are_told_apart(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "broken_one.py").write_text("raise OSError('libgone.so')")
    (tmp_path / "needy_one.py").write_text("import not_there_at_all")
    with pytest.raises(MissingLibrary, match=r"x:Y needs absent_one, which is not installed: pip install .*\[extra\]"):
        import_library("absent_one", "x:Y", "extra")
    with pytest.raises(MissingLibrary, match=r"installation is broken: OSError: libgone.so"):
        import_library("broken_one", "x:Y", "extra")
    with pytest.raises(MissingLibrary, match=r"installation is broken: .*'not_there_at_all'"):
        import_library("needy_one", "x:Y", "extra")


@pytest.mark.parametrize("library", ["cma", "nevergrad", "nlopt", "optimagic", "optuna", "pymoo"])
def test_the_extra_is_named_where_a_library_is_missing(library, monkeypatch):
    spec = f"{library}:{ {'cma': 'fmin2', 'pymoo': 'GA'}.get(library, 'Any') }"
    monkeypatch.setitem(sys.modules, library, None)
    monkeypatch.setitem(sys.modules, f"{library}.algorithms", None)
    with pytest.raises(MissingLibrary, match=library):
        get(spec)


def test_arguments_that_are_handed_on():
    class Base:
        def __init__(self, size, *, rate=1.0):
            pass

    class Child(Base):
        def __init__(self, colour=None, **keywords):
            pass

    assert arguments_of(Child) == {"colour", "size", "rate"}
    assert arguments_of(lambda x, y: None) == {"x", "y"}


class Wandering:
    """Remembers where it was: in itself, and in what it is made of."""

    def __init__(self, x0, start, rng):
        self.start, self.rng = start, rng

    def ask(self):
        self.start += self.rng.standard_normal(len(self.start))
        return self.start.copy()

    def tell(self, x, value):
        pass


def test_no_run_finds_the_state_of_another():
    partial = functools.partial(Wandering, start=np.zeros(2), rng=np.random.default_rng(5))
    first, again = (minimize(partial, "booth", budget=5) for _ in range(2))
    assert np.array_equal(first.trace.x, again.trace.x)
    assert partial.keywords["start"].tolist() == [0.0, 0.0]
    made = partial(x0=None)
    for function in (lambda x0: made, lambda: made):
        adapter = get(function)
        assert minimize(adapter, "booth", budget=5).stop_reason == "budget"
        run = minimize(adapter, "booth", budget=5)
        assert run.message.startswith("TypeError")
        assert "it must make a new one for each run" in run.message


def test_functions_without_arguments():
    def make():
        return Wandering(None, np.zeros(2), np.random.default_rng(5))

    partial = functools.partial(Wandering, start=np.zeros(2), rng=np.random.default_rng(5))
    assert np.array_equal(minimize(make, "booth", budget=5).trace.x, minimize(partial, "booth", budget=5).trace.x)


class Walk:
    """Step at random from the best point; a fresh array for each point, or always the same."""

    reuses = False

    def __init__(self, x0, rng):
        self.best, self.value, self.rng, self.point = np.array(x0), np.inf, rng, np.array(x0)
        self.step = 0.5

    def ask(self):
        if not self.reuses:
            self.point = np.empty_like(self.best)
        self.point[:] = self.best + self.step * self.rng.standard_normal(len(self.best))
        return self.point

    def tell(self, x, value):
        self.step *= 0.99
        if value < self.value:
            self.best, self.value = x.copy(), value


class ReusingWalk(Walk):
    reuses = True


class WalkWithStates(Walk):
    """Its state is a dict, and it cannot be pickled."""

    kept = ("best", "value", "step")

    def __init__(self, x0, rng):
        super().__init__(x0, rng)
        self.started = rng.standard_normal()  # a fresh one draws, too
        self.unpicklable = lambda: None

    def state_dict(self):
        return {name: getattr(self, name) for name in self.kept}

    def load_state_dict(self, state):
        vars(self).update(state)


class WalkThatForgets(WalkWithStates):
    kept = ("best", "value")


class UnpicklableWalk(Walk):
    def __init__(self, x0, rng):
        super().__init__(x0, rng)
        self.unpicklable = lambda: None


@pytest.mark.parametrize(
    ("kind", "check", "outcome", "said"),
    [
        (Walk, "check_hands_out_own_points", "passed", ""),
        (ReusingWalk, "check_hands_out_own_points", "failed", "arrays that it had handed to f"),
        (Walk, "check_resumes_from_saved_state", "passed", ""),
        (WalkWithStates, "check_resumes_from_saved_state", "passed", ""),
        (WalkThatForgets, "check_resumes_from_saved_state", "failed", "(state_dict() and load_state_dict())"),
        (UnpicklableWalk, "check_resumes_from_saved_state", "not-applicable", "pickle refuses it: "),
        (lambda fun, x0: x0, "check_resumes_from_saved_state", "not-applicable", "no state of it can be saved"),
    ],
)
def test_the_contract_of_what_is_asked_and_told(kind, check, outcome, said):
    (found,) = hold_to(get(kind), [check])
    assert found.outcome == outcome
    assert said in found.message
