"""What a run sees of noisy landscapes; that they are exact otherwise, the tests of the catalogue say."""

import itertools
import pickle

import numpy as np
import pytest
from landscape_cases import having, random_points

from pytest_optlandscape import Landscape, Problem, landscapes, minimize
from pytest_optlandscape.assertions import assert_converges, assert_equivalent, assert_precise, assert_robust
from pytest_optlandscape.landscapes.families.stochastic import RandomCoefficients
from pytest_optlandscape.landscapes.noise import Additive, Cauchy, Minibatch, Multiplicative

CATALOGUE = having("noisy", largest=5)


def every_kind():
    return [
        landscapes.get("beale").noisy("additive", level=0.1, seed=1),
        landscapes.get("beale").noisy("multiplicative", level=0.1, seed=1),
        landscapes.get("beale").noisy("cauchy", level=0.1, seed=1),
        landscapes.get("beale").noisy("minibatch", level=2, seed=1),
        landscapes.get("easom").noisy(Additive(0.5, absolute=True), seed=1),
        landscapes.get("xin_she_yang_1", dim=3),
        landscapes.get("sphere", dim=40).noisy("additive", level=0.1, seed=1),
    ]


KINDS = pytest.mark.parametrize("landscape", every_kind(), ids=lambda landscape: landscape.id)


def seen(landscape, count, x=None, seed=0):
    """The first values and gradients that a run sees at one point."""
    problem = Problem(landscape, budget=count, seed=seed)
    x = landscape.x0 if x is None else x
    return np.array([problem(x) for _ in range(count)]), np.array([problem.gradient(x) for _ in range(count)])


@KINDS
def test_evaluation_k_is_always_alike(landscape):
    values, gradients = seen(landscape, 600)
    again = seen(landscape, 600)
    np.testing.assert_array_equal(values, again[0])
    np.testing.assert_array_equal(gradients, again[1])
    assert len(set(values.tolist())) > 2


@KINDS
def test_other_runs_and_points_make_no_difference(landscape):
    alone = seen(landscape, 300)[0]
    first, second = Problem(landscape, budget=300), Problem(landscape, budget=600, seed=1)
    in_turn = []
    for _ in range(300):
        second(landscape.x0)
        first.gradient(landscape.x0)
        in_turn.append(first(landscape.x0))
        second(landscape.minimizers[0])
    np.testing.assert_array_equal(in_turn, alone)
    elsewhere = Problem(landscape, budget=300)
    for _ in range(299):
        elsewhere(landscape.minimizers[0])
    assert elsewhere(landscape.x0) == alone[299]


def test_evaluations_may_be_asked_for_in_any_order():
    observer = Additive(0.1).observer(landscapes.get("beale"))
    order = np.random.default_rng(0).permutation(3000)
    shuffled = {k: observer.value([1.0, 1.0], 0.0, k) for k in order.tolist()}
    assert shuffled == {k: observer.value([1.0, 1.0], 0.0, k) for k in range(3000)}


@pytest.mark.parametrize("seed", [0, 1, 2**40])
@KINDS
def test_problems_and_noises_of_other_seeds_differ(landscape, seed):
    values, gradients = seen(landscape, 50, seed=seed)
    for other in (seen(landscape, 50, seed=seed + 1), seen(landscape.noisy(landscape.noise, seed=7), 50, seed=seed)):
        assert np.any(values != other[0])
        assert np.any(gradients != other[1]) or isinstance(landscape.noise, Cauchy)


def test_seed_of_problem_and_of_noise_do_not_mix():
    beale = landscapes.get("beale")
    one, other = seen(beale.noisy(seed=1), 20, seed=2)[0], seen(beale.noisy(seed=2), 20, seed=1)[0]
    assert np.all(one != other)


def without_expectation(landscape):
    return isinstance(landscape.noise, Cauchy)


@pytest.mark.parametrize("name", CATALOGUE)
def test_means_of_the_catalogue_are_exact(name):
    unbiased(landscapes.get(name), count=2000)


@KINDS
def test_means_are_exact(landscape):
    unbiased(landscape, count=2000)


def unbiased(landscape, count):
    for x in random_points(landscape, 2):
        values, gradients = seen(landscape, count, x)
        exact = np.array([landscape(x), *landscape.gradient(x)])
        columns = np.column_stack([values, gradients])
        if without_expectation(landscape):  # the median is exact, and so is nearly every value
            assert np.median(values) == exact[0]
            np.testing.assert_array_equal(gradients, np.tile(exact[1:], (count, 1)))
            continue
        error = columns.std(axis=0) / np.sqrt(count)
        assert np.all(np.abs(columns.mean(axis=0) - exact) <= 4.5 * error + 1e-12 * np.abs(exact))
        assert np.all(error[:1] > 0) or landscape(x) == landscape.fmin


def test_additive_level_is_the_standard_deviation():
    branin = landscapes.get("branin")
    height = branin(branin.x0) - branin.fmin
    values, gradients = seen(branin.noisy("additive", level=0.2), 4000)
    assert values.std() == pytest.approx(0.2 * height, rel=0.05)
    assert gradients.std(axis=0) == pytest.approx(0.2 * height / 15.0 * np.ones(2), rel=0.05)
    values, gradients = seen(landscapes.get("noisy_quartic"), 4000)
    assert values.std() == pytest.approx(1.0, rel=0.05)
    assert gradients.std(axis=0) == pytest.approx(np.ones(2) / 2.56, rel=0.05)


def test_multiplicative_level_is_the_deviation_of_the_logarithm():
    branin = landscapes.get("branin").noisy("multiplicative", level=0.5)
    values, gradients = seen(branin, 4000)
    exact = branin(branin.x0) - branin.fmin
    logarithms = np.log((values - branin.fmin) / exact)
    assert (logarithms.mean(), logarithms.std()) == pytest.approx((-0.125, 0.5), abs=0.02)
    factors = gradients / branin.gradient(branin.x0)
    assert np.allclose(factors[:, 0], factors[:, 1])
    assert np.log(factors).std() == pytest.approx(0.5, rel=0.05)


def test_multiplicative_noise_leaves_the_minimum_alone():
    booth = landscapes.get("booth").noisy("multiplicative", level=2.0)
    values, gradients = seen(booth, 100, x=[1.0, 3.0])
    assert np.all(values == booth.fmin)
    assert np.all(gradients == 0.0)


def test_cauchy_level_is_the_outliers_median_and_rate_their_share():
    sphere = landscapes.get("sphere", dim=2)
    noisy = sphere.noisy(Cauchy(0.1, rate=0.3))
    excess = seen(noisy, 6000)[0] - sphere(sphere.x0)
    outliers = np.abs(excess[excess != 0.0])
    assert len(outliers) / 6000 == pytest.approx(0.3, rel=0.05)
    assert np.median(outliers) == pytest.approx(0.1 * sphere(sphere.x0), rel=0.1)
    assert outliers.max() > 50 * np.median(outliers)


def test_minibatches_have_the_exact_expectation_by_enumeration():
    beale = landscapes.get("beale")
    x = np.array([2.0, -0.5])
    residuals, jacobian = beale.residuals(x), beale.jacobian(x)
    for size in (1, 2, 3):
        batches = [list(rows) for rows in itertools.combinations(range(3), size)]
        values = [3 / size * residuals[rows] @ residuals[rows] for rows in batches]
        gradients = np.array([6 / size * jacobian[rows].T @ residuals[rows] for rows in batches])
        assert np.mean(values) == pytest.approx(beale(x))
        assert gradients.mean(axis=0) == pytest.approx(beale.gradient(x))
        problem = Problem(beale.noisy("minibatch", level=size), budget=500)
        counts = np.zeros(len(batches))
        for _ in range(500):
            value, gradient = problem(x), problem.gradient(x)
            (which,) = np.flatnonzero(np.isclose(values, value, rtol=1e-12))
            counts[which] += 1
            np.testing.assert_allclose(gradient, gradients[which], rtol=1e-12)  # of the same sample
        expected = 500 / len(batches)
        assert np.all(np.abs(counts - expected) <= 4 * np.sqrt(expected))


def test_random_coefficients_lie_between_0_and_1_and_fit_value_and_gradient():
    landscape = landscapes.get("xin_she_yang_1", dim=3)
    x = np.array([-1.5, 2.0, -0.5])
    problem = Problem(landscape, budget=400)
    coefficients = []
    for _ in range(400):
        value, gradient = problem(x), problem.gradient(x)
        coefficients.append(gradient / (np.arange(1.0, 4.0) * np.abs(x) ** np.arange(3) * np.sign(x)))
        assert value == pytest.approx(coefficients[-1] @ np.abs(x) ** np.arange(1, 4))
    assert np.min(coefficients) == pytest.approx(0.0, abs=0.02)
    assert np.max(coefficients) == pytest.approx(1.0, abs=0.02)
    assert np.std(coefficients, axis=0) == pytest.approx(np.sqrt(np.ones(3) / 12), rel=0.1)
    assert np.all(seen(landscape, 20, x=np.zeros(3))[0] == 0.0)


@KINDS
def test_landscape_itself_gives_exact_values(landscape):
    exact = landscapes.get(landscape.name, dim=landscape.dim)
    points = random_points(landscape, 5)
    np.testing.assert_array_equal(landscape(points), exact(points))
    np.testing.assert_array_equal(landscape.gradient(points), exact.gradient(points))
    np.testing.assert_array_equal(landscape.hessian(points[0]), exact.hessian(points[0]))
    assert landscape.fmin == exact.fmin
    assert "noisy" in landscape.tags


@KINDS
def test_runs_are_judged_by_exact_values(landscape):
    run = minimize("scipy:Nelder-Mead", landscape, budget=60)
    np.testing.assert_allclose(run.trace.fun, landscape(run.trace.x), rtol=1e-12)
    gaps = np.minimum.accumulate(np.where(landscape.contains(run.trace.x), run.trace.fun - landscape.fmin, np.inf))
    np.testing.assert_allclose(run.trace.gap, np.maximum(gaps, 0.0))
    assert run.fun == landscape(run.x)
    assert run.gap == run.trace.gap[-1]
    target = run.trace.gap[20]
    assert run.hit(target) == 1 + np.argmax(run.trace.gap <= target)
    assert run.replay().trace.x.tolist() == run.trace.x.tolist()


def test_optimizer_does_see_the_noise():
    noisy = landscapes.get("booth").noisy("additive", level=0.1)
    run = minimize("scipy:L-BFGS-B", noisy, budget=100)
    exact = minimize("scipy:L-BFGS-B", "booth", budget=100)
    assert run.trace.x.tolist() != exact.trace.x.tolist()
    assert run.reported_fun != run.fun


def test_exhausted_budget_and_wrong_points_are_still_refused():
    problem = Problem(landscapes.get("beale").noisy(), budget=1)
    with pytest.raises(ValueError, match=r"\(3,\)"):
        problem([1.0, 2.0, 3.0])
    problem([1.0, 1.0])
    with pytest.raises(BaseException, match="budget of 1 evaluation"):
        problem([1.0, 1.0])
    assert problem.nfev == 1


def test_what_is_not_a_number_stays_so():
    for landscape in every_kind():
        assert np.isnan(Problem(landscape)(np.full(landscape.dim, np.nan)))


def test_assert_converges_takes_noisy_landscapes():
    noisy = landscapes.get("sphere", dim=2).noisy("additive", level=1e-4)
    run = minimize("scipy:Nelder-Mead", noisy)
    assert_converges(run, gap=0.1)
    assert_converges(run, gap=0.1, within=run.hit(0.1))
    with pytest.raises(AssertionError, match="sphere"):
        assert_converges(run, gap=1e-12)
    assert_precise(run, digits=0.5)
    with pytest.raises(AssertionError, match="sphere"):
        assert_precise(run, digits=12)


def test_other_assertions_take_noisy_landscapes():
    noisy = landscapes.get("sphere", dim=2).noisy("additive", level=1e-4)
    assert_robust("scipy:Nelder-Mead", noisy, gap=0.1, rate=0.5, n_starts=8, budget=300)
    assert_equivalent("scipy:L-BFGS-B", "scipy:L-BFGS-B", landscapes=[noisy])


@KINDS
def test_pickled_landscape_is_as_noisy(landscape):
    twin = pickle.loads(pickle.dumps(landscape))
    assert (twin.id, twin.noise, twin.tags) == (landscape.id, landscape.noise, landscape.tags)
    np.testing.assert_array_equal(seen(twin, 20)[0], seen(landscape, 20)[0])


def test_written_landscape_gives_it_again():
    for noisy in [*every_kind()[:4], every_kind()[5]]:
        again = eval(repr(noisy), {"landscapes": landscapes})
        assert (again.id, again.noise) == (noisy.id, noisy.noise)


def test_ids_tell_noises_apart():
    beale = landscapes.get("beale")
    noises = [
        Additive(0.1),
        Additive(0.1, 1),
        Additive(0.1, absolute=True),
        Additive(0.1234567),
        Additive(0.1234568),
        Multiplicative(0.1),
        Cauchy(0.1),
        Cauchy(0.1, rate=0.5),
        Minibatch(2),
    ]
    ids = [beale.noisy(noise).id for noise in noises]
    assert len(set(ids)) == len(noises)
    assert ids[0] == "beale:additive(0.1,0)"
    assert ids[2] == "beale:additive(0.1,0,absolute=True)"
    assert ids[-1] == "beale:minibatch(2,0)"


def test_given_noise_keeps_what_is_not_changed():
    beale = landscapes.get("beale")
    assert beale.noisy(Additive(0.3, 5)).noise == Additive(0.3, 5)
    assert beale.noisy(Additive(0.3, 5, absolute=True), level=0.4).noise == Additive(0.4, 5, absolute=True)
    assert beale.noisy(Additive(0.3, 5), seed=6).noise == Additive(0.3, 6)
    assert beale.noisy().noise == Additive(0.01, 0)
    assert beale.noisy("cauchy").noisy("additive").noise == Additive()


def test_noise_of_instances():
    beale = landscapes.get("beale")
    shifted_first = beale.shift([1.0, 2.0]).noisy("additive", level=0.1, seed=3)
    noisy_first = beale.noisy("additive", level=0.1, seed=3).shift([1.0, 2.0])
    for landscape in (shifted_first, noisy_first):
        assert "noisy" in landscape.tags
        assert landscape([4.0, 2.5]) == 0.0
        values, gradients = seen(landscape, 20, x=landscape.x0)
        np.testing.assert_allclose(values, seen(beale.noisy("additive", level=0.1, seed=3), 20)[0])
        np.testing.assert_allclose(gradients, seen(beale.noisy("additive", level=0.1, seed=3), 20)[1])
        assert pickle.loads(pickle.dumps(landscape)).id == landscape.id
        assert eval(repr(landscape), {"landscapes": landscapes}).id == landscape.id


@pytest.mark.parametrize("name", ["minibatch_least_squares[3]", "xin_she_yang_1[3]"])
def test_noise_that_knows_the_formula_goes_with_its_instance(name):
    landscape = landscapes.get(name)
    moved = landscape.permute([2, 0, 1]).scale(9.0).shift([0.5, -0.25, 1.0]).rotate(4)
    unbiased(moved, count=2000)
    point = moved.x0
    scaled = landscape.scale(9.0)
    factors = np.array([1.0, 3.0**0.5, 3.0])
    values, gradients = seen(scaled, 10, point)
    original = seen(landscape, 10, point * factors)
    np.testing.assert_allclose(values, original[0], rtol=1e-12)
    np.testing.assert_allclose(gradients, original[1] * factors, rtol=1e-12)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"model": "aditive"}, ValueError, "'additive'"),
        ({"model": 3}, TypeError, "int"),
        ({"level": 0.0}, ValueError, "positive"),
        ({"level": -1.0}, ValueError, "positive"),
        ({"level": np.nan}, ValueError, "positive"),
        ({"level": np.inf}, ValueError, "finite"),
        ({"seed": -1}, ValueError, "whole number"),
        ({"seed": 1.5}, ValueError, "whole number"),
        ({"seed": True}, ValueError, "whole number"),
        ({"model": "minibatch", "level": 4}, ValueError, "1 to 3"),
        ({"model": "minibatch", "level": 1.5}, ValueError, "1 to 3"),
        ({"model": RandomCoefficients()}, ValueError, "no random coefficients"),
    ],
)
def test_wrong_noise_is_named(arguments, error, message):
    with pytest.raises(error, match=message):
        landscapes.get("beale").noisy(**arguments)


def test_minibatches_need_a_sum_of_squares():
    with pytest.raises(ValueError, match="easom is no sum of squares"):
        landscapes.get("easom").noisy("minibatch")


def test_rate_and_coefficients_are_shares():
    with pytest.raises(ValueError, match="rate"):
        Cauchy(rate=0.0)
    with pytest.raises(ValueError, match="at most 1"):
        landscapes.get("xin_she_yang_1").noisy(RandomCoefficients(1.5))


def bowl(**changes):
    facts = {"bounds": [(-1, 1)] * 2, "x0": [0, 0], "minimizers": [[0, 0]], "fmin": 0.0}
    return Landscape("bowl", lambda x: float(x @ x), **{**facts, **changes})


def test_share_of_nothing_is_refused():
    with pytest.raises(ValueError, match="absolute=True"):
        bowl().noisy()
    with pytest.raises(ValueError, match="absolute=True"):
        bowl(noise=Cauchy())
    assert bowl().noisy(Additive(0.1, absolute=True)).noise.level == 0.1


def test_landscape_made_with_noise_is_tagged():
    assert "noisy" in bowl(x0=[1, 1], noise=Additive()).tags


def test_global_random_state_is_left_alone():
    before = repr(np.random.get_state())
    for landscape in every_kind():
        seen(landscape, 3)
    assert repr(np.random.get_state()) == before
