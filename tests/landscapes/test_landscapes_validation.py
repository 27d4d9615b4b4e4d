import math
import pickle
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from landscape_cases import BOXES
from scipy.optimize import LinearConstraint, NonlinearConstraint, approx_fprime
from scipy.sparse import csr_array

from pytest_optlandscape import Landscape, landscapes, minimize
from pytest_optlandscape.landscapes.validation import faults_of, low_discrepancy


def valley(x):
    return float((x[0] - 1) ** 2 + 10 * (x[1] - x[0] ** 2) ** 2)


def valley_slope(x):
    return np.array([2 * (x[0] - 1) - 40 * x[0] * (x[1] - x[0] ** 2), 20 * (x[1] - x[0] ** 2)])


def valley_curvature(x):
    return np.array([[2 - 40 * (x[1] - 3 * x[0] ** 2), -40 * x[0]], [-40 * x[0], 20.0]])


def bends(x):
    return np.array([x[0] - 1, math.sqrt(10) * (x[1] - x[0] ** 2)])


def bend_slopes(x):
    return np.array([[1.0, 0.0], [-2 * math.sqrt(10) * x[0], math.sqrt(10)]])


RIGHT = {
    "gradient": valley_slope,
    "hessian": valley_curvature,
    "residuals": bends,
    "jacobian": bend_slopes,
    "bounds": [(-2, 2)] * 2,
    "x0": [-1.2, 1.0],
    "minimizers": [[1.0, 1.0]],
    "fmin": 0.0,
}


def own(fun=valley, **changes):
    facts = {**RIGHT, **changes}
    return Landscape("mine", fun, **{key: fact for key, fact in facts.items() if fact is not None})


def plain(fun, **changes):
    """A landscape of which nothing is known but the minimum, 0 at the origin."""
    facts = {"bounds": [(-2, 2)] * 2, "x0": [-1.2, 1.0], "minimizers": [[0.0, 0.0]], "fmin": 0.0}
    return Landscape("plain", fun, **{**facts, **changes})


WRONG = {
    "gradient of the wrong sign": (
        {"gradient": lambda x: -valley_slope(x)},
        r"component 0 is 263\.729 at x = \[.*give -263\.729; its sign is wrong in every component",
    ),
    "half the gradient": ({"gradient": lambda x: 0.5 * valley_slope(x)}, r"it is 0\.5 times the derivative"),
    "one component of the gradient": (
        {"gradient": lambda x: valley_slope(x) * [2 - abs(x[1]), 1.0]},
        r"the gradient is wrong: component 0 is .* central differences of f give",
    ),
    "a component that is wrong for negative x only": (
        {"gradient": lambda x: valley_slope(x) * [1.0, np.sign(x[0])], "hessian": None},
        r"component 1 is .*; its sign is wrong$",
    ),
    "gradient of the wrong shape": ({"gradient": lambda x: np.zeros(3)}, r"gradient returns shape \(3,\), expected"),
    "gradient that raises": ({"gradient": lambda x: 1 / 0}, "gradient raises ZeroDivisionError"),
    "gradient without a number": ({"gradient": lambda x: np.nan * x}, "gradient is not finite"),
    "minimiser with a digit lost": (
        {"minimizers": [[1.0, 0.1]]},
        r"fmin = 0\.0, but f = 8\.1.* at minimizer 0 = \[1\.0, 0\.1\]: one of the two is wrong",
    ),
    "minimiser and minimum rounded": (
        {"minimizers": [[0.99, 0.98]], "fmin": 0.0},
        r"give the minimizer with all its digits, and fmin",
    ),
    "fmin too high": ({"fmin": 0.5}, r"fmin = 0\.5, but f = 0\.0 at minimizer 0"),
    "fmin too low": ({"fmin": -1.0}, r"fmin = -1\.0, but f = 0\.0 at minimizer 0"),
    "fmin that is no number": ({"fmin": math.nan}, "fmin = nan; give a finite number"),
    "minimiser that is none": (
        {"minimizers": [[0.0, 0.0]], "fmin": 1.0},
        r"which is feasible and lies below fmin = 1\.0; minimizer 0 = \[0\.0, 0\.0\] is no minimum",
    ),
    "second minimiser that is none": (
        {"minimizers": [[1.0, 1.0], [-1.0, 1.0]]},
        r"f = 4\.0 at minimizer 1 = \[-1\.0, 1\.0\]",
    ),
    "minimiser outside": ({"minimizers": [[3.0, 9.0]]}, r"minimizer 0 = \[3\.0, 9\.0\] lies outside the bounds"),
    "named start outside": ({"starts": {"far": [9.0, 0.0]}}, r"start 'far' = \[9\.0, 0\.0\] lies outside the bounds"),
    "hessian": ({"hessian": lambda x: 2 * valley_curvature(x)}, "the hessian is wrong: .*it is 2 times the derivative"),
    "half the sum of squares": (
        {"residuals": lambda x: math.sqrt(2) * bends(x), "jacobian": None},
        r"the sum of their squares, without a factor of ½, is .* multiply the residuals by the square root of 0\.5",
    ),
    "hessian without a gradient": (
        {"gradient": None, "hessian": lambda x: -valley_curvature(x)},
        "the hessian is wrong: .* central differences of f give",
    ),
    "jacobian": ({"jacobian": lambda x: -bend_slopes(x)}, r"the jacobian is wrong: entry .* its sign is wrong"),
    "jacobian transposed": (
        {"residuals": lambda x: [*bends(x), 0.0], "jacobian": lambda x: np.zeros((2, 3))},
        r"jacobian returns shape \(2, 3\), expected \(3, 2\) \(is it transposed\?\)",
    ),
}


@pytest.mark.parametrize(("change", "said"), WRONG.values(), ids=WRONG)
def test_wrong_facts_are_refused(change, said):
    with pytest.raises(ValueError, match=f"(?s)^mine: .*{said}"):
        own(**change)


def test_right_facts_are_accepted():
    assert own().fmin_tolerance < 1e-7
    assert own(gradient=None).has_gradient is False


def test_everything_wrong_is_told_at_once():
    with pytest.raises(ValueError, match="mine: 7 facts are wrong") as caught:
        own(
            x0=[9, 9],
            minimizers=[[1, 0.5], [5, 5]],
            fmin=0.5,
            gradient=lambda x: -valley_slope(x),
            hessian=None,
            residuals=lambda x: 2 * bends(x),
            jacobian=None,
            constraints={"type": "ineq", "fun": lambda x: 1 - x[0] ** 2, "jac": lambda x: [2 * x[0], 0.0]},
        )
    text = str(caught.value)
    outside = "x0 = [9.0, 9.0] lies outside", "minimizer 1 = [5.0, 5.0] lies outside", "breaks a constraint by 24"
    for part in (*outside, "fmin = 0.5", "the gradient is wrong", "residuals:", "Jacobian of constraint is wrong"):
        assert part in text


FUNCTIONS = {
    "returns an array": (lambda x: np.array([x @ x]), r"fun returns an array of shape \(1,\)"),
    "returns nothing": (lambda x: None, "fun raises TypeError"),
    "raises": (lambda x: 1 / 0, "fun raises ZeroDivisionError: .* at x0"),
    "is infinite at the start": (lambda x: math.inf if x[0] == -1.2 else float(x @ x), "f is inf at x0"),
    "has a saddle": (lambda x: float(x[0] ** 2 - x[1] ** 2), "is no minimum"),
    "has a maximum": (lambda x: -float(x @ x), "is no minimum"),
    "is lower in another well": (
        lambda x: float((x[0] ** 2 - 1) ** 2 + 0.3 * x[0] + x[1] ** 2 - 1.0),
        "is no minimum",
    ),
}


@pytest.mark.parametrize(("fun", "said"), FUNCTIONS.values(), ids=FUNCTIONS)
def test_functions_that_contradict_the_facts(fun, said):
    with pytest.raises(ValueError, match=said):
        plain(fun)


def branin(x):
    return float(
        (x[1] - 5.1 / (4 * np.pi**2) * x[0] ** 2 + 5 / np.pi * x[0] - 6) ** 2
        + 10 * (1 - 1 / (8 * np.pi)) * np.cos(x[0])
        + 10
    )


def test_digits_that_are_missing_are_warned_of():
    facts = {"bounds": [(-5, 10), (0, 15)], "x0": [2.5, 7.5]}
    points = [[-3.14159265, 12.275], [3.14159265, 2.275], [9.42477796, 2.475]]
    assert plain(branin, **facts, minimizers=points, fmin=0.3978873577).fmin_tolerance < 1e-7
    warning = r"plain: fmin = 0\.397887, but .* until then, gaps below 3.6e-07 are meaningless"
    with pytest.warns(UserWarning, match=warning):
        rounded = plain(branin, **facts, minimizers=points, fmin=0.397887)
    assert minimize("scipy:Nelder-Mead", rounded, x0=[3.0, 2.0]).fmin_contradiction == ""
    with pytest.raises(ValueError, match="give the minimizer with all its digits"):
        plain(branin, **facts, minimizers=points, fmin=0.398)


def test_what_is_expensive_is_not_called():
    def never(x):
        raise AssertionError

    landscape = Landscape("never", never, **{**RIGHT, "gradient": never}, validate=False)
    with pytest.raises(ValueError, match="outside the bounds"):
        Landscape("never", never, **{**RIGHT, "x0": [9, 9]}, validate=False)
    assert landscape.shift([1.0, 1.0]).fmin == 0.0


def test_a_few_calls_do():
    calls = []
    Landscape("counted", lambda x: calls.append(x) or valley(x), **RIGHT)
    assert len(calls) <= 100
    assert all(np.all(np.abs(x) <= 2.0) for x in calls)


def test_a_copy_in_another_process_is_not_checked_again():
    landscape = pickle.loads(pickle.dumps(own()))
    assert landscape.fmin_tolerance == own().fmin_tolerance


rng = np.random.default_rng(0)
SOUND = {
    "noise": (lambda x: float(x @ x + 0.01 * rng.normal()), lambda x: 2 * x),
    "much noise": (lambda x: float(x @ x + rng.normal()), lambda x: 2 * x),
    "multiplicative noise": (lambda x: float(x @ x * np.exp(rng.normal())), lambda x: 2 * x),
    "noisy gradient": (lambda x: float(x @ x), lambda x: 2 * x + 1e-3 * rng.normal(size=2)),
    "noise that repeats itself": (lambda x: float(x @ x + 1e-6 * math.sin(1e9 * x[0])), lambda x: 2 * x),
    "single precision": (
        lambda x: np.sum(np.square(x, dtype=np.float32)),
        lambda x: 2 * x.astype(np.float32),
    ),
    "half precision": (lambda x: np.sum(np.square(x.astype(np.float16))), lambda x: 2 * x.astype(np.float16)),
    "kinks": (lambda x: float(np.abs(x).sum()), np.sign),
    "cusps": (lambda x: float(np.sqrt(np.abs(x)).sum()), lambda x: np.sign(x) / 2 / np.sqrt(np.abs(x) + 1e-300)),
    "a value that is clipped": (lambda x: min(float(x @ x), 3.0), lambda x: 2 * x),
    "points that are clipped": (lambda x: float(np.sum(np.clip(x, -2, 2) ** 2)), lambda x: 2 * x),
    "steep": (lambda x: float(np.expm1(80 * (x @ x))), lambda x: 160 * x * np.exp(80 * (x @ x))),
    "steps": (lambda x: float(np.sum(np.floor(np.abs(x) * 7))), lambda x: 0 * x),
    "rounded to three digits": (lambda x: round(float(x @ x), 3), lambda x: 2 * x),
    "rounded to one digit": (lambda x: round(float(x @ x) + 100.0, 1) - 100.0, lambda x: 2 * x),
    "rounded down to thirds": (lambda x: math.floor(3 * float(x @ x)) / 3, lambda x: 2 * x),
    "whole numbers": (lambda x: int(np.sum(np.round(10 * x) ** 2)), None),
    "holes": (lambda x: float(x @ x) if x[0] > -1.3 else math.nan, lambda x: 2 * x),
    "holes that raise": (lambda x: float(x @ x) if x[0] > -1.3 else 1 / 0, lambda x: 2 * x),
    "differences": (lambda x: float(x @ x), lambda x: approx_fprime(x, lambda x: x @ x)),
    "small": (lambda x: 1e-300 * float(x @ x), lambda x: 2e-300 * x),
    "large": (lambda x: 1e200 * float(x @ x), lambda x: 2e200 * x),
    "ill-conditioned": (lambda x: float(x[0] ** 2 + 1e12 * x[1] ** 2), lambda x: [2 * x[0], 2e12 * x[1]]),
    "warns": (lambda x: warnings.warn("no", stacklevel=1) or float(x @ x), lambda x: 2 * x),
}


@pytest.mark.parametrize(("fun", "gradient"), SOUND.values(), ids=SOUND)
def test_sound_functions_of_all_kinds_are_accepted(fun, gradient):
    plain(fun, gradient=gradient)


UNSOUND = {
    "noise": (lambda x: float(x @ x + 1e-3 * rng.normal()), lambda x: -2 * x),
    "single precision": (lambda x: np.sum(np.square(x, dtype=np.float32)), lambda x: -2 * x.astype(np.float32)),
    "kinks": (lambda x: float(np.abs(x).sum()), lambda x: -np.sign(x)),
    "small": (lambda x: 1e-200 * float(x @ x), lambda x: -2e-200 * x),
    "rounded to three digits": (lambda x: round(float(x @ x), 3), lambda x: -2 * x),
    "a constant rounded": (lambda x: float(np.sum(1 - np.cos(math.pi * x))), lambda x: 3.14 * np.sin(math.pi * x)),
}


@pytest.mark.parametrize(("fun", "gradient"), UNSOUND.values(), ids=UNSOUND)
def test_a_wrong_gradient_is_seen_all_the_same(fun, gradient):
    with pytest.raises(ValueError, match="the gradient is wrong"):
        plain(fun, gradient=gradient, bounds=[(-1.3, 1.3)] * 2)


@pytest.mark.parametrize("digits", range(1, 12))
def test_rounded_values_of_many_variables_are_no_wrong_gradient(digits):
    facts = {"bounds": [(-3, 3)] * 10, "x0": [2.0] * 10, "minimizers": [[0.0] * 10], "fmin": 0.0}
    weights = np.arange(1.0, 11.0)
    Landscape("rounded", lambda x: round(float(weights @ x**2), digits), gradient=lambda x: 2 * weights * x, **facts)


def test_a_local_minimum_is_no_minimiser_where_the_centre_is_lower():
    def rastrigin(x):
        return float(np.sum(x**2 + 10.0 * (1.0 - np.cos(2.0 * np.pi * x))))

    near = 0.9949586376
    with pytest.raises(ValueError, match=r"lies below fmin = 3\.97\d*; minimizer 0 = .* is no minimum"):
        plain(
            rastrigin,
            minimizers=[[near, near, near, near]],
            fmin=rastrigin(np.full(4, near)),
            bounds=[(-5, 5)] * 4,
            x0=[2] * 4,
        )


def test_one_component_of_many():
    facts = {"bounds": [(-2, 2)] * 100, "x0": [1.0] * 100, "minimizers": [[0.0] * 100], "fmin": 0.0}
    weights = np.linspace(1.0, 100.0, 100)
    Landscape("many", lambda x: float(weights @ x**2), gradient=lambda x: 2 * weights * x, **facts)
    with pytest.raises(ValueError, match=r"component 41 is .* its sign is wrong$"):
        Landscape(
            "many",
            lambda x: float(weights @ x**2),
            gradient=lambda x: 2 * weights * x * np.where(np.arange(100) == 41, -1, 1),
            **facts,
        )


DISK = {"type": "ineq", "fun": lambda x: 1 - x @ x, "jac": lambda x: -2 * x}
FEASIBLE = {
    "disk": (DISK, [-(0.5**0.5)] * 2),
    "circle": ({**DISK, "type": "eq"}, [-(0.5**0.5)] * 2),
    "rounded": (DISK, [-0.7071068, -0.7071068]),
    "line": (LinearConstraint([[1.0, 1.0]], -1.0, np.inf), [-0.5, -0.5]),
    "two": (
        NonlinearConstraint(lambda x: [x[0] + x[1], x[0]], [-1, -5], [9, 9], jac=lambda x: [[1, 1], [1, 0]]),
        [-0.5, -0.5],
    ),
}


@pytest.mark.parametrize(("constraints", "minimizer"), FEASIBLE.values(), ids=FEASIBLE)
def test_constraints(constraints, minimizer):
    facts = {"gradient": np.ones_like, "constraints": constraints, "minimizers_complete": False}
    plain(lambda x: float(x[0] + x[1]), **facts, minimizers=[minimizer], fmin=sum(minimizer))
    beside = [-1.0, 0.0] if constraints != FEASIBLE["line"][0] else [1.0, 0.0]
    if constraints in (DISK, FEASIBLE["circle"][0]):
        with pytest.raises(ValueError, match="is no minimum"):
            plain(lambda x: float(x[0] + x[1]), **facts, minimizers=[beside], fmin=-1.0)


def test_a_constraints_jacobian():
    facts = {"minimizers": [[-(0.5**0.5)] * 2], "fmin": -(2**0.5)}
    with pytest.raises(ValueError, match=r"the Jacobian of constraint 1 is wrong: entry \[0, 0\].*its sign is wrong"):
        plain(lambda x: float(x[0] + x[1]), constraints=[DISK, {**DISK, "jac": lambda x: 2 * x}], **facts)


def ring(limit=1.0, curvature=2.0):
    def hessian(x, multipliers):
        return csr_array(curvature * multipliers[0] * np.eye(2))

    return NonlinearConstraint(lambda x: x @ x, -np.inf, limit, jac=lambda x: 2 * x, hess=hessian)


def test_a_constraints_hessian_and_limit():
    facts = {"gradient": np.ones_like, "minimizers": [[-(0.5**0.5)] * 2], "fmin": -(2**0.5)}
    plain(lambda x: float(x[0] + x[1]), constraints=[ring()], **facts)
    with pytest.raises(ValueError, match=r"the Hessian of constraint is wrong: entry \[0, 0\] .* of its Jacobian give"):
        plain(lambda x: float(x[0] + x[1]), constraints=[ring(curvature=1.0)], **facts)
    with pytest.raises(ValueError, match=r"is feasible and lies below fmin = -1\.414\d*; minimizer 0"):
        plain(lambda x: float(x[0] + x[1]), constraints=[ring(limit=1.001)], **facts)


def test_tags_that_a_part_of_the_box_shows_to_be_wrong():
    bent = plain(lambda x: float(x @ x + 1.5 * x[0] * x[1]), tags="separable unimodal")
    assert bent.within([(-1, 1), (-1, 1)]).fmin == 0.0
    with pytest.raises(ValueError, match="the tags of plain include separable and unimodal; correct them"):
        bent.within([(1, 2), (-2, 2)])


@given(st.data())
@settings(max_examples=25, deadline=None)
def test_a_part_with_edges_that_are_not_round_is_lowest_exactly_on_them(data):
    lower = data.draw(arrays(np.float64, 3, elements=st.floats(-2.0, 1.9)))
    upper = lower + data.draw(arrays(np.float64, 3, elements=st.floats(0.01, 2.0)))
    box = np.clip(np.stack([lower, upper], axis=1), -2.0, 2.0)
    weights = np.array([1.0, 3.7, 0.3])
    bowl = Landscape(
        "bowl", lambda x: float(weights @ (x - 0.1) ** 2), bounds=[(-2, 2)] * 3, x0=[1, 1, 1],
        minimizers=[[0.1] * 3], fmin=0.0, tags="separable unimodal convex",
    )  # fmt: skip
    for part in (bowl.within(box), bowl.within(box).permute([2, 0, 1]), bowl.within(box).shift([0.3, -0.7, 1 / 3])):
        (minimizer,) = part.minimizers
        assert part.contains(minimizer)
        assert part(minimizer) == pytest.approx(part.fmin, rel=1e-12, abs=1e-15)
        assert faults_of(part) == []
    assert bowl.within(box).minimizers[0].tolist() == np.clip([0.1] * 3, *box.T).tolist()


SHAPES = {
    "bowl": (lambda t: t * t / 2, lambda t: t, lambda t: 1.0 + 0 * t),
    "funnel": (lambda t: np.log(np.cosh(t)), np.tanh, lambda t: 1 / np.cosh(t) ** 2),
    "well": (
        lambda t: -np.expm1(-t * t / 2),
        lambda t: t * np.exp(-t * t / 2),
        lambda t: (1 - t * t) * np.exp(-t * t / 2),
    ),
    "waves": (
        lambda t: t * t + 1 - np.cos(3 * t),
        lambda t: 2 * t + 3 * np.sin(3 * t),
        lambda t: 2 + 9 * np.cos(3 * t),
    ),
}


@st.composite
def smooth(draw):
    """Facts of a random smooth landscape: a sum of shapes of linear functions that vanish at the minimiser."""
    dim = draw(st.integers(1, 4))
    value, slope, curvature = SHAPES[draw(st.sampled_from(sorted(SHAPES)))]
    seeded = np.random.default_rng(draw(st.integers(0, 2**32)))
    matrix = np.eye(dim) + 0.4 * seeded.uniform(-1, 1, (dim, dim))
    size, offset = 10.0 ** draw(st.integers(-6, 6)), draw(st.sampled_from([0.0, -1.0, 1 / 3, 700.0]))
    lower = seeded.uniform(-3, -1, dim)
    bounds = np.stack([lower, lower + seeded.uniform(2, 5, dim)], axis=1)
    minimizer = seeded.uniform(*bounds.T)
    return {
        "fun": lambda x: float(size * (offset + np.sum(value(matrix @ (x - minimizer))))),
        "gradient": lambda x: size * matrix.T @ slope(matrix @ (x - minimizer)),
        "hessian": lambda x: size * matrix.T @ (curvature(matrix @ (x - minimizer))[:, np.newaxis] * matrix),
        "bounds": bounds,
        "x0": seeded.uniform(*bounds.T),
        "minimizers": [minimizer],
        "fmin": size * offset,
    }


@given(smooth())
@settings(max_examples=60, deadline=None)
def test_right_facts_are_always_accepted(facts):
    Landscape("random", **facts)


def falsified(facts, kind, k, factor):
    dim = len(facts["x0"])
    axis = np.eye(dim)[k % dim]
    height = max(map(facts["fun"], facts["bounds"].T)) - facts["fmin"]
    gradient, hessian = facts["gradient"], facts["hessian"]
    width = np.ptp(facts["bounds"], axis=1)
    towards = np.where(facts["minimizers"][0] > facts["bounds"].mean(axis=1), -1.0, 1.0)
    moved = facts["minimizers"][0] + 0.05 * towards * width * axis
    return {
        "gradient": {"gradient": lambda x: factor * gradient(x)},
        "component": {"gradient": lambda x: gradient(x) * (1.0 + (factor - 1.0) * axis)},
        "hessian": {"hessian": lambda x: factor * hessian(x)},
        "fmin": {"fmin": facts["fmin"] + (factor - 1.0) * 1e-2 * height},
        "minimizer": {"minimizers": [moved]},
        "minimum": {"minimizers": [moved], "fmin": facts["fun"](moved)},
        "residuals": {"residuals": lambda x: np.sqrt([factor**2 * max(facts["fun"](x) + height, 0.0)])},
    }[kind]


@given(
    smooth(),
    st.sampled_from(["gradient", "component", "hessian", "fmin", "minimizer", "minimum", "residuals"]),
    st.integers(0, 3),
    st.sampled_from([-1.0, 0.0, 0.5, 0.9, 1.1, 2.0]),
)
@settings(max_examples=150, deadline=None)
def test_one_false_fact_is_always_refused(facts, kind, k, factor):
    with pytest.raises(ValueError, match="random: "):
        Landscape("random", **{**facts, **falsified(facts, kind, k, factor)})


def test_the_catalogue_gives_no_alarm():
    wrong = {}
    for name in landscapes.names():
        instances = (0, 2) if name in BOXES and len(name) % 2 == 0 else (0,)
        for landscape in map(landscapes.get(name).instance, instances):
            if faults := faults_of(landscape):
                wrong[landscape.id] = faults
    assert wrong == {}


def test_points_spread_evenly():
    points = low_discrepancy(16, 2)
    assert np.all((points > 0) & (points < 1))
    for k in range(2):
        assert np.ptp(np.histogram(points[:, k], 4, (0, 1))[0]) <= 2
