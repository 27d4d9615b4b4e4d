import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pytest_optlandscape.figures import StepFunction, performance_ratios, shares_of_hits

UNTIMED = settings(deadline=None)
HIT = st.one_of(st.integers(1, 10_000).map(float), st.just(np.inf))
HITS = arrays.arrays(np.float64, st.tuples(st.integers(1, 12), st.integers(1, 5)), elements=HIT)


@st.composite
def pairs(draw):
    before = draw(HITS)
    return before, draw(arrays.arrays(np.float64, before.shape, elements=HIT))


@UNTIMED
@given(HITS, st.integers(1, 40), st.integers(1, 10_000))
def test_shares_rise_within_0_and_1_to_what_is_reached(hits, dim, budget):
    shares = shares_of_hits(hits, dim=dim, budget=budget)
    values = shares(np.concatenate([[0.0], np.geomspace(1e-3, 1e5, 60)]))
    assert np.all(np.diff(values) >= 0.0)
    assert values[0] == 0.0
    assert values[-1] == shares.limit == pytest.approx(np.mean(hits <= budget))
    assert shares.problems == hits.size


@UNTIMED
@given(HITS, st.integers(1, 10_000))
def test_share_is_the_count_of_hits_divided(hits, evaluations):
    assert shares_of_hits(hits)(evaluations) == pytest.approx(np.sum(hits <= evaluations) / hits.size)
    assert shares_of_hits(hits, dim=4.0)(evaluations / 4.0) == pytest.approx(np.sum(hits <= evaluations) / hits.size)


@UNTIMED
@given(HITS, st.randoms(use_true_random=False))
def test_order_of_cells_and_targets_does_not_matter(hits, random):
    cells = list(range(len(hits)))
    random.shuffle(cells)
    shares, shuffled = shares_of_hits(hits), shares_of_hits(hits[cells][:, ::-1])
    np.testing.assert_array_equal(shares.at, shuffled.at)
    np.testing.assert_array_equal(shares.share, shuffled.share)


@UNTIMED
@given(HITS)
def test_two_halves_average_to_the_whole(hits):
    twice = shares_of_hits(np.concatenate([hits, hits]))
    np.testing.assert_allclose(twice(hits), shares_of_hits(hits)(hits))


def test_dimensions_and_budgets_are_those_of_each_cell():
    hits = [[10.0, 40.0], [10.0, 40.0]]
    shares = shares_of_hits(hits, dim=[2, 10], budget=[20, 100])
    assert shares.at.tolist() == [1.0, 4.0, 5.0]
    assert shares.limit == 0.75


@UNTIMED
@given(pairs())
def test_ratios_are_those_of_the_definition(sides):
    before, now = sides
    for ratios, hits, others in zip(performance_ratios(before, now), (before, now), (now, before), strict=True):
        for ratio, hit, other in zip(ratios.ravel(), hits.ravel(), others.ravel(), strict=True):
            assert ratio == (np.inf if np.isinf(hit) else max(1.0, hit / other))


@UNTIMED
@given(pairs())
def test_profiles_rise_and_together_cover_what_is_solved(sides):
    before, now = sides
    profiles = [StepFunction.of(ratio) for ratio in performance_ratios(before, now)]
    tau = np.geomspace(1.0, 2e4, 50)
    for profile, hits in zip(profiles, sides, strict=True):
        assert np.all(np.diff(profile(tau)) >= 0.0)
        assert profile.limit == pytest.approx(np.mean(np.isfinite(hits)))
    solved = float(np.mean(np.isfinite(np.minimum(before, now))))
    ties = float(np.mean((before == now) & np.isfinite(before)))
    assert profiles[0](1.0) + profiles[1](1.0) == pytest.approx(solved + ties)


@UNTIMED
@given(pairs(), st.sampled_from([0.5, 2.0, 8.0]))
def test_profiles_do_not_depend_on_the_unit_or_on_who_is_first(sides, unit):
    ratios = performance_ratios(*sides)
    for other, same in zip(performance_ratios(sides[0] * unit, sides[1] * unit), ratios, strict=True):
        np.testing.assert_array_equal(other, same)
    for other, same in zip(performance_ratios(sides[1], sides[0]), ratios[::-1], strict=True):
        np.testing.assert_array_equal(other, same)


def test_targets_that_both_miss_are_not_ties():
    missed = np.full(3, np.inf)
    assert StepFunction.of(performance_ratios(missed, missed)[0])(1e300) == 0.0


@pytest.mark.parametrize("wrong", [[0.0], [-1.0], [np.nan]])
def test_hits_are_positive(wrong):
    with pytest.raises(ValueError, match="evaluations from 1, or inf"):
        shares_of_hits(wrong)
    with pytest.raises(ValueError, match="hits before must be numbers of evaluations"):
        performance_ratios(wrong, [1.0])


def test_sides_have_the_same_problems():
    with pytest.raises(ValueError, match="same problems"):
        performance_ratios([1.0, 2.0], [1.0])
    with pytest.raises(ValueError, match="no problem"):
        performance_ratios([], [])
    with pytest.raises(ValueError, match="one for each of the 2 cells"):
        shares_of_hits([[1.0], [2.0]], dim=[1, 2, 3])
    with pytest.raises(ValueError, match="positive"):
        shares_of_hits([[1.0]], budget=0)
