"""Optimizers of other signatures, called as ``optlandscape_adapters`` declares."""

import random
import types

import numpy as np
import pytest
import scipy.optimize

from pytest_optlandscape import check_optimizer, landscapes, minimize, optimizers
from pytest_optlandscape.configuration import profiles as _profiles
from pytest_optlandscape.configuration.declarations import FORMS, KEYS, parse_declaration, parsed_lines
from pytest_optlandscape.contract.holding import CHECKS, hold_to
from pytest_optlandscape.optimizers import adapt, get
from pytest_optlandscape.optimizers.profile import profile_text, with_profile
from pytest_optlandscape.runs import Problem

HERE = __name__


@pytest.fixture
def declare():
    """Declare lines as a session does; they are taken back after the test."""
    put_back = []
    yield lambda *lines, **profiles: put_back.append(_profiles.declare(profiles, parsed_lines(lines)))
    for one in reversed(put_back):
        one()


def steps(x0, count):
    return [np.asarray(x0) * 0.9**k for k in range(count)]


def of_points(func, start, limits, max_calls=5):
    best = min(steps(start, max_calls - 1), key=func)
    return func(best), best, {"calls": max_calls, "limits": limits}


def of_names(f, guess):
    tried = [{name: value * 0.9**k for name, value in guess.items()} for k in range(4)]
    return types.SimpleNamespace(best=types.SimpleNamespace(params=min(tried, key=f)))


def of_numbers(f, start):
    return min(steps(start, 4), key=lambda x: f(*x))


def of_keywords(f, start):
    return min(steps(start, 4), key=lambda x: f(x0=x[0], x1=x[1]))


def climbs(f, start, grad):
    x = np.asarray(start)
    for _ in range(20):
        x = x + 0.02 * grad(x)
    return x, f(x)


def value_and_gradient(func, x0):
    x = x0
    for _ in range(10):
        x = x - 0.02 * func(x)[1]
    return x


class Swarm:
    """In the style of libraries of particle swarms."""

    def __init__(self, n_particles, dimensions, bounds, options):
        self.shape, (self.lower, self.upper), self.options = (n_particles, dimensions), bounds, options
        self.best = None

    def optimize(self, objective_func, iters, verbose=True):
        assert not verbose
        rng = np.random.default_rng(self.options["seed"])
        self.sizes = []
        for _ in range(iters):
            points = rng.uniform(self.lower, self.upper, self.shape)
            values = objective_func(points)
            assert values.shape == self.shape[:1]
            self.best = points[values.argmin()]


class Suggests:
    """Asked and told by other names, in dicts, for a maximum."""

    def __init__(self, pbounds, random_state=None):
        self.bounds, self.rng, self.seen = pbounds, np.random.default_rng(random_state), []

    def suggest(self):
        return {name: self.rng.uniform(*pair) for name, pair in self.bounds.items()}

    def register(self, params, target):
        self.seen.append((target, params))

    @property
    def max(self):
        target, params = max(self.seen, key=lambda one: one[0])
        return {"params": params, "target": target}


class Generates:
    """Generates with a generator, and is updated with gradients."""

    def __init__(self, start, rate=0.02):
        self.x, self.rate = start, rate

    def generate(self, rng, scale):
        assert rng.standard_normal() is not None
        return self.x + 0.0 * scale

    def update(self, x, f, g):
        assert np.isfinite(f)
        self.x = x - self.rate * g


class OneByOne:
    """Gives its population one by one, and is told it together, as pairs."""

    def __init__(self, mean, seed):
        self.mean, self.rng, self.population_size, self.told = mean, np.random.default_rng(seed), 4, []

    def ask(self):
        return self.mean + self.rng.standard_normal(len(self.mean))

    def tell(self, solutions):
        self.told.append(len(solutions))
        self.mean = min(solutions, key=lambda one: one[1])[0]


class SetLater:
    """What it needs is set on the object."""

    def __init__(self, f, *x0):
        self.f, self.x0, self.most = f, x0[0], None

    def set_most(self, most):
        self.most = most

    def run(self):
        assert self.limits.shape == (2, 2)
        self.values = min(steps(self.x0, self.most), key=self.f)


def in_order(run):
    assert run.stop_reason in ("returned", "budget"), run.message
    return run


def test_names_of_parameters_and_positions_in_a_tuple():
    words = (
        "objective=func start=start bounds=limits:pairs budget=max_calls result=[1] value=[0] evaluations=[2][calls]"
    )
    adapter = adapt(of_points, words)
    run = in_order(minimize(adapter, "booth", x0=[3.0, 3.0], budget=20))
    assert (run.nfev, run.reported_fun, run.trace.x[0].tolist()) == (20, run.fun, [3.0, 3.0])
    assert [one.outcome for one in hold_to(adapter, ["check_reported_counts"])] == ["passed"]


def test_dictionaries_of_named_parameters_and_a_path_to_the_result():
    words = "objective=f:named start=guess:named result=best.params"
    run = in_order(minimize(adapt(of_names, words), "booth", x0=[3.0, 3.0]))
    assert run.x.tolist() == run.trace.x[np.argmin(run.trace.fun)].tolist()
    names = [f"x{k:02d}" for k in range(12)]
    seen = {}

    def of_twelve(f, guess):
        seen.update(guess)
        f(guess)
        return guess

    in_order(minimize(adapt(of_twelve, "objective=f:named start=guess:named"), "sphere[12]"))
    assert list(seen) == names


@pytest.mark.parametrize(("function", "form"), [(of_numbers, "numbers"), (of_keywords, "keywords")])
def test_points_as_arguments(function, form):
    run = in_order(minimize(adapt(function, f"objective=f:{form} start=start"), "booth"))
    assert run.nfev == 4


def test_maximisers_are_handed_the_negative_and_report_it():
    run = in_order(
        minimize(adapt(climbs, "objective=f start=start gradient=grad maximise result=[0] value=[1]"), "booth")
    )
    assert run.gap < 10.0
    assert run.njev == 20
    assert run.reported_fun == run.fun


def test_value_and_gradient_in_one():
    run = in_order(minimize(adapt(value_and_gradient, "objective=func:value-and-gradient"), "booth"))
    assert (run.nfev, run.njev) == (10, 10)


def test_a_class_with_a_method_batches_and_iterations():
    words = (
        "dimension=dimensions bounds=bounds:arrays call=optimize(verbose=False) objective=objective_func:batch "
        "budget=iters*n_particles seed=options[seed] result=self.best"
    )
    declared = get_declared(f"{HERE}:Swarm(n_particles=7, options={{'w': 0.5}})", words)
    run = in_order(minimize(declared, "booth", budget=100, seed=3))
    assert (run.nfev, run.gap) == (98, run.result_gap)
    again = in_order(minimize(declared, "booth", budget=100, seed=3))
    assert np.array_equal(run.trace.x, again.trace.x)
    cut = in_order(minimize(declared, "booth", budget=3))
    assert (cut.nfev, cut.stop_reason) == (3, "budget")
    assert profile_text(declared) == "global, derivative-free, bounds, stochastic"


def get_declared(spec, words):
    put_back = _profiles.declare({}, parsed_lines([f"{spec.partition('(')[0]} = {words}"]))
    try:
        return get(spec)
    finally:
        put_back()


def test_suggest_and_register():
    words = "bounds=pbounds:named seed=random_state maximise ask=suggest tell=register(params=x, target=f) "
    words += "result=self.max[params] value=self.max[target]"
    run = in_order(minimize(adapt(Suggests, words), "booth", budget=30))
    assert (run.nfev, run.stop_reason, run.result_gap) == (30, "budget", run.gap)
    assert run.reported_fun == run.fun


def test_generate_with_a_generator_and_update_with_gradients():
    words = "start=start ask=generate(rng, scale=0.0) tell=update(x, f, g)"
    adapter = adapt(Generates, words)
    run = in_order(minimize(adapter, "booth", budget=50))
    assert (run.nfev, run.njev, run.gap < 1.0) == (50, 50, True)
    assert (adapter.uses_gradient, adapter.is_stochastic) == (True, True)
    assert [one.outcome for one in hold_to(adapter, ["check_resumes_from_saved_state"])] == ["passed"]


def test_points_asked_one_by_one_and_told_together():
    adapter = adapt(OneByOne, "start=mean seed=seed:positive ask=ask together=population_size tell=tell(pairs)")
    assert in_order(minimize(adapter, "booth", budget=40)).gap < 40.0
    assert in_order(minimize(adapter, "booth", budget=7)).nfev == 7


def test_positions_attributes_and_methods():
    words = "objective=0 start=1 bounds=.limits budget=.set_most() call=run result=self.values"
    assert in_order(minimize(adapt(SetLater, words), "booth", budget=9)).nfev == 9


def test_options_carry_the_budget():
    declared = get_declared(
        "scipy.optimize:minimize(method='Nelder-Mead', options={'xatol': 1e-12, 'fatol': 0.0})",
        "budget=options[maxfev] gradient=none hessian=none",
    )
    run = in_order(minimize(declared, "booth", budget=90))
    assert (run.nfev, run.stop_reason, run.message) == (
        90,
        "returned",
        "Maximum number of function evaluations has been exceeded.",
    )
    assert [one.outcome for one in hold_to(declared, ["check_keeps_budget"])] == ["passed"]


def test_bounds_as_an_object_and_limits_with_the_start():
    seen = []

    def solve(func, x0, box):
        seen.append(box)
        func([0.0, 0.0])
        return [0.0, 0.0]

    in_order(minimize(adapt(solve, "objective=func bounds=box:Bounds"), "booth"))
    assert isinstance(seen[-1], scipy.optimize.Bounds)
    in_order(minimize(adapt(solve, "objective=func bounds=box:named:types:SimpleNamespace"), "booth"))
    assert seen[-1].x0 == (-10.0, 10.0)
    in_order(minimize(adapt(lambda func, box: solve(func, None, box), "objective=func start=box:limited"), "booth"))
    assert seen[-1]["x1"] == {"value": 0.0, "min": -10.0, "max": 10.0}
    in_order(minimize(adapt(solve, "objective=func bounds=box:grid(5)"), "booth"))
    assert seen[-1]["x0"].tolist() == [-10.0, -5.0, 0.0, 5.0, 10.0]


def test_residuals_of_a_sum_of_squares():
    adapter = adapt(scipy.optimize.leastsq, "residuals=func jacobian=Dfun budget=maxfev result=[0]")
    assert in_order(minimize(adapter, "rosenbrock[2]")).gap < 1e-20
    assert adapter.uses_residuals


def test_what_is_set_on_the_object_is_withheld_too():
    words = "objective=0 start=1 bounds=.limits budget=.set_most() call=run result=self.values"
    run = minimize(with_profile(adapt(SetLater, words), "no-bounds"), "booth", budget=9)
    assert "no attribute 'limits'" in run.message


def test_values_with_gradients_and_a_tuple_that_is_the_point():
    class Told(Generates):
        def update(self, fg):
            super().update(self.x, *fg)

    adapter = adapt(Told, "start=start ask=generate(rng, 0.0) tell=update(fg)")
    assert in_order(minimize(adapter, "booth", budget=50)).gap < 1.0
    assert adapter.uses_gradient

    def returns_a_tuple(func, x0):
        func(x0)
        return 1.0, 3.0

    assert in_order(minimize(adapt(returns_a_tuple, "objective=func"), "booth")).x.tolist() == [1.0, 3.0]


def test_a_profile_says_what_is_handed():
    handed = {}

    def solve(func, x0, *, jac=None, bounds=None, constraints=None, callback=None):
        handed.update(jac=jac, bounds=bounds, constraints=constraints, callback=callback)
        func(x0)
        return x0

    def usual(fun, x0, *, jac=None, bounds=None, constraints=None, callback=None):
        return solve(fun, x0, jac=jac, bounds=bounds, constraints=constraints, callback=callback)

    for adapter in (adapt(solve, "objective=func"), get(usual)):
        minimize(adapter, "booth")
        assert [name for name, value in handed.items() if value is None] == ["constraints"]  # there are none
        minimize(adapter, "hs071")
        assert len(handed["constraints"]) == 2
        minimize(with_profile(adapter, "derivative-free no-bounds no-constraints no-callback"), "hs071")
        assert set(handed.values()) == {None}


def test_needed_constraints_are_an_empty_tuple():
    def needs(fun, x0, constraints):
        assert constraints == ()
        fun(x0)
        return x0

    in_order(minimize(needs, "booth"))


def test_a_batch_is_counted_point_by_point():
    problem = Problem("booth", budget=3)
    assert problem(np.array([[0.0, 0.0], [1.0, 3.0]])).tolist() == [74.0, 0.0]
    assert problem.nfev == 2
    run = minimize(lambda problem: problem(np.zeros((5, 2))), "booth", budget=3)
    assert (run.nfev, run.stop_reason) == (3, "budget")


def test_global_generators_are_seeded_and_put_back():
    def walk(fun, x0):
        return min(([random.gauss(0.0, 1.0), np.random.normal()] for _ in range(9)), key=fun)

    seeded = with_profile(get(walk), "seed-globals")
    before = random.getstate()
    first, again, other = (minimize(seeded, "booth", seed=seed) for seed in (1, 1, 2))
    assert random.getstate() == before
    assert np.array_equal(first.trace.x, again.trace.x)
    assert not np.array_equal(first.trace.x, other.trace.x)
    assert seeded.is_stochastic
    names = ["check_same_seed_same_run", "check_leaves_global_random_state"]
    assert [one.outcome for one in hold_to(seeded, names)] == ["passed", "passed"]
    assert "failed" in [one.outcome for one in hold_to(get(walk), names)]


def test_a_declaration_holds_for_a_spec_with_other_arguments_too(declare):
    declare(
        f"{HERE}:of_points = objective=func start=start bounds=limits result=[1]",
        f"{HERE}:of_points(max_calls=3) = objective = func, start=start bounds=limits:pairs result=[1]",
    )
    assert in_order(minimize(f"{HERE}:of_points(max_calls=9)", "booth")).nfev == 9
    assert in_order(minimize(f"{HERE}:of_points( max_calls = 3 )", "booth")).nfev == 3
    assert in_order(minimize(of_points, "booth")).nfev == 5
    assert [one.outcome for one in check_optimizer_names(f"{HERE}:of_points")] == ["passed"]


def check_optimizer_names(spec):
    return hold_to(get(spec), ["check_takes_any_start"])


def test_a_spec_argument_may_name_what_is_imported(declare):
    declare("scipy.optimize:minimize = imports=method")
    with pytest.raises(ValueError, match="imports=method: builtins:nothing cannot be imported"):
        get("scipy.optimize:minimize(method='builtins:nothing')")
    assert get("scipy.optimize:minimize(method='builtins:print')").spec.endswith("(method='builtins:print')")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("objectve=f", "unknown key of an adapter 'objectve'; did you mean 'objective'"),
        ("objective=f:batches", "unknown form of objective 'batches'; did you mean 'batch'"),
        ("objective=f objective=g", "objective is declared twice"),
        ("objective", "objective needs a value, such as objective=func"),
        ("objective=f bounds=b:grid", r"a grid needs the number of values of each variable"),
        ("objective=f budget=n*1.5", "'1.5' is neither a whole number nor the name of a parameter"),
        ("objective=f seed=s:odd", "unknown form of seed 'odd'"),
        ("objective=f rng=r:odd", "rng has no forms"),
        ("ask=ask", "ask= needs tell="),
        ("ask=ask tell=tell(y)", "unknown argument in tell"),
        ("ask=ask tell=tell objective=f", "is told values; remove objective="),
        ("objective=f maximise=no", "maximise takes no value"),
        ("objective=f result=a+b", "expected a path in the result"),
        ("objective=f call=a.b()", "expected the name of a method"),
        ("objective=f start=x-y", "expected the name of a parameter, its position"),
        ("objective=f bounds=b:pairs:c:d:e", "the function that makes the value is written module:name"),
        ("residuals=f objective=g", "not on both"),
    ],
)
def test_declarations_that_cannot_be_read(words, said):
    with pytest.raises(ValueError, match=said):
        parse_declaration(words)


def test_lines_that_cannot_be_read():
    with pytest.raises(ValueError, match="'solvers:descend' is not of the form SPEC = key=value"):
        parsed_lines(["solvers:descend"])
    with pytest.raises(ValueError, match="a:b is declared twice"):
        parsed_lines(["a:b = objective=f", "a:b = objective=g"])
    with pytest.raises(ValueError, match="optlandscape_adapters: a:b: unknown key"):
        parsed_lines(["a:b = objectiv=f"])
    read = parsed_lines(["a:b(c='x = y', d={'e': 1}) = objective = f , start=x0"])
    assert parse_declaration(read["a:b(c='x = y', d={'e': 1})"]) == parse_declaration("objective=f start=x0")


@pytest.mark.parametrize(
    ("thing", "words", "said"),
    [
        (of_points, "objective=fun start=start", "unknown parameter of objective=: 'fun'; did you mean 'func'"),
        (of_points, "start=start", "objective= is not declared"),
        (of_points, "objective=func start=start", "it needs limits: declare .* test_optimizers_declared:of_points"),
        (of_points, "objective=func start=.start bounds=limits", "belongs to an object; name its method"),
        (of_points, "objective=0 start=2 bounds=1", None),
        (of_points, "objective=0 start=2", "positions must be 0, 1, 2, … without a gap"),
        (of_points, "objective=0 start=func", "declared by position and by name"),
        (of_points, "objective=func start=start bounds=limits budget=max_calls*size", "budget=: 'size'"),
        (of_points, "objective=func start=start bounds=limits:nowhere:Box", "nowhere:Box cannot be imported"),
        (Swarm, "call=optimise objective=objective_func", "unknown method 'optimise'; did you mean 'optimize'"),
        (Swarm, "call=optimize objective=objective_func budget=iters*n_particles dimension=dimensions bounds=bounds "
         "seed=options[seed]", "budget= is divided by n_particles, whose value is not known; give it in the spec"),
        (OneByOne, "start=mean seed=seed ask=asks tell=tell", "unknown method 'asks'; did you mean 'ask'"),
    ],
)  # fmt: skip
def test_declarations_that_do_not_fit(thing, words, said):
    if said is None:
        return adapt(thing, words) and None
    with pytest.raises(ValueError, match=said):
        adapt(thing, words)


@pytest.mark.parametrize(
    ("thing", "line"),
    [
        (of_points, "of_points = objective=func start=start bounds=limits budget=max_calls"),
        (Swarm, "Swarm = call=optimize objective=objective_func bounds=bounds dimension=dimensions budget=iters*1"),
        (Suggests, "Suggests = ask=suggest tell=register bounds=pbounds seed=random_state"),
    ],
)
def test_who_declares_nothing_is_told_the_line_to_type(thing, line):
    with pytest.raises(TypeError) as caught:
        get(f"{HERE}:{thing.__name__}")
    assert f'  pyproject.toml:  optlandscape_adapters = ["{HERE}:{line}"]' in str(caught.value)
    assert f"  pytest.ini:      optlandscape_adapters = {HERE}:{line}" in str(caught.value)
    parsed_lines([f"{HERE}:{line}"])


def test_two_required_parameters():
    with pytest.raises(TypeError, match=r"scipy.optimize:fmin takes \(func, x0, ...\), none of which is named 'fun'"):
        get("scipy.optimize:fmin")


@pytest.mark.parametrize(
    "name", ["fmin", "fmin_powell", "fmin_cg", "fmin_bfgs", "differential_evolution", "dual_annealing", "basinhopping"]
)
@pytest.mark.filterwarnings("ignore:Maximum number")
def test_a_guessed_line_does_what_it_says(declare, name):
    spec = f"scipy.optimize:{name}"
    with pytest.raises(TypeError) as caught:
        get(spec)
    (line,) = (line for line in str(caught.value).splitlines() if line.startswith("  pytest.ini:"))
    declare(line.partition(" = ")[2])
    run = in_order(minimize(spec, "booth", budget=60))
    assert run.nfev > 4


def test_a_result_that_is_not_there_is_said_with_its_place():
    run = minimize(adapt(of_names, "objective=f:named start=guess:named result=best.parms"), "booth")
    assert run.stop_reason == "exception"
    assert "its result has no best.parms: step 2 is missing in SimpleNamespace" in run.message
    run = minimize(adapt(of_points, "objective=func start=start bounds=limits"), "booth")
    assert "of_points returned a tuple: declare where the point is, such as result=[0]" in run.message
    run = minimize(adapt(SetLater, "objective=0 start=1 bounds=.limits budget=.set_most() call=run"), "booth", budget=9)
    assert "SetLater returned nothing: declare where the point is, such as result=self.best_position" in run.message


def outside(func, start, limits, max_calls=5, options=None):
    best = func(list(start)), list(start)
    func([one - 1.0 for one in limits[0]])
    return best


@pytest.mark.parametrize(
    ("thing", "words", "name"),
    [
        (
            outside,
            "objective=func start=start:list bounds=limits:arrays budget=options[most] result=[1] value=[0]",
            "inside",
        ),
        (climbs, "objective=f start=start gradient=grad result=[0]", "not_worse_than_start"),
    ],
)
def test_a_breach_is_shown_in_three_lines_without_this_package(thing, words, name):
    name = next(one for one in CHECKS if name in one)
    (found,) = hold_to(adapt(thing, words), [name])
    lines = found.message.splitlines()[2:5]
    assert "optlandscape" not in "".join(lines)
    told = {}
    exec("\n".join(lines).replace("    ", "").replace("print(", "shown = (lambda *a: a)("), told)
    assert len(told["shown"]) >= 1


def test_the_line_that_repeats_a_run_needs_no_session():
    spec, words = f"{HERE}:of_points(max_calls=7)", "objective=func start=start bounds=limits result=[1]"
    put_back = _profiles.declare({spec: "no-bounds seed-globals"}, parsed_lines([f"{HERE}:of_points = {words}"]))
    run = minimize(spec, "booth", x0=[3.0, 3.0], budget=30)
    line = run.command()
    put_back()
    again = eval(line, {"minimize": minimize, "landscapes": landscapes})
    assert np.array_equal(again.trace.x, run.trace.x)
    assert get(spec, declaration=words, profile="global").is_global
    with pytest.raises(TypeError, match="declare their meaning"):
        minimize(spec, "booth")


def test_libraries_with_an_adapter_need_no_declaration(declare):
    declare("scipy:Powell = objective=func")
    with pytest.raises(ValueError, match="scipy:Powell is called by the adapter for scipy"):
        get("scipy:Powell")


def test_every_key_and_form_is_a_word_of_the_docs(request):
    text = (request.config.rootpath / "docs" / "optimizers.md").read_text(encoding="utf-8")
    words = {*KEYS, *(form for forms in FORMS.values() for form in forms), *_profiles.WORDS}
    assert not [
        word for word in words if f"`{word}`" not in text and f"`{word}=" not in text and f"`{word}(" not in text
    ]
    assert "optimizers.adapt(" in text


def test_the_top_of_the_package_knows_adapt():
    assert optimizers.adapt is adapt
    assert callable(check_optimizer)
