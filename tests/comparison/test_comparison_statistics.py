import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from pytest_optlandscape.comparison.statistics import (
    ShiftInterval,
    chance_of_as_many,
    holm,
    mean_of_means,
    shift_interval,
    signed_rank_balance,
    signed_rank_shift,
    stratified_signed_rank,
)

differences = st.lists(st.integers(1, 10**6), min_size=1, max_size=20, unique=True).flatmap(
    lambda sizes: st.lists(st.sampled_from([-1, 1]), min_size=len(sizes), max_size=len(sizes)).map(
        lambda signs: [float(sign * size) for sign, size in zip(signs, sizes, strict=True)]
    )
)
with_ties = st.lists(st.lists(st.integers(-3, 3), max_size=6), max_size=3)


@settings(deadline=None)
@given(differences)
def test_one_stratum_is_wilcoxon(d):
    assert stratified_signed_rank([d]) == pytest.approx(stats.wilcoxon(d, method="exact").pvalue, rel=1e-12)


@settings(deadline=None)
@given(with_ties)
def test_p_value_by_enumeration(strata):
    kept = [[d for d in stratum if d] for stratum in strata]
    ranks = np.concatenate([np.zeros(0), *(stats.rankdata(np.abs(d)) for d in kept if d)])
    signs = np.array([d > 0 for stratum in kept for d in stratum])
    patterns = (np.arange(2 ** len(ranks))[:, None] >> np.arange(len(ranks))) & 1
    sums, observed = patterns @ ranks, ranks @ signs
    expected = min(1.0, 2.0 * min(np.mean(sums <= observed), np.mean(sums >= observed)))
    assert stratified_signed_rank(strata) == pytest.approx(expected, abs=1e-12)


@settings(deadline=None)
@given(with_ties)
def test_direction_and_zeros_make_no_difference(strata):
    p = stratified_signed_rank(strata)
    assert stratified_signed_rank([[-d for d in stratum] for stratum in strata]) == pytest.approx(p, abs=1e-12)
    assert stratified_signed_rank([[0, *stratum] for stratum in strata]) == p
    assert stratified_signed_rank(strata[::-1]) == pytest.approx(p, abs=1e-12)
    assert 0.0 < p <= 1.0


def test_zeros_alone_show_nothing():
    assert stratified_signed_rank([]) == stratified_signed_rank([[], [0.0, 0.0]]) == 1.0


def test_strata_are_ranked_by_themselves():
    assert stratified_signed_rank([[1, 2, 3], [-1000, -2000, -3000]]) == 1.0
    assert stratified_signed_rank([[1, 2, 3, -1000, -2000, -3000]]) < 0.5


@pytest.mark.parametrize("level", [0.05, 0.01])
def test_false_alarms_keep_the_level(level):
    rng = np.random.default_rng(11)
    samples = 3000
    p_values = [stratified_signed_rank([rng.normal(size=9), 100.0 * rng.normal(size=6)]) for _ in range(samples)]
    assert np.mean(np.array(p_values) <= level) <= level + 3.0 * np.sqrt(level * (1.0 - level) / samples)
    assert np.mean(np.array(p_values) <= 0.5) > 0.4


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=6), st.floats(0, 1))
def test_holm_rejects_by_stepping_down(p_values, level):
    rejected = set()
    for k, index in enumerate(np.argsort(p_values, kind="stable")):
        if (len(p_values) - k) * p_values[index] > level:
            break
        rejected.add(int(index))
    assert {k for k, p in enumerate(holm(p_values)) if p <= level} == (
        rejected if level < 1.0 else set(range(len(p_values)))
    )


def test_holm_of_nothing_and_of_one():
    assert holm([]) == []
    assert holm([0.2]) == [0.2]
    assert holm([0.9, 0.8]) == [1.0, 1.0]


@settings(deadline=None)
@given(st.integers(1, 40), st.floats(0, 50), st.floats(1, 5000))
def test_chance_falls_with_the_cells_that_part_and_rises_with_the_jumps(cells, jumps, trials):
    jumps = min(jumps, trials)
    chances = [chance_of_as_many(diverged, cells, jumps, trials) for diverged in range(cells + 2)]
    assert chances[0] == 1.0
    assert chances[cells + 1] == 0.0
    assert all(a >= b - 1e-12 for a, b in itertools.pairwise(chances))
    for more in (jumps + 1.0, 2.0 * jumps + 5.0):
        more_jumps = [chance_of_as_many(diverged, cells, more, max(trials, more)) for diverged in range(cells + 1)]
        assert all(a >= b - 1e-12 for a, b in zip(more_jumps, chances[:-1], strict=True))


def test_chance_is_the_beta_binomial_one_where_jumps_were_seen():
    assert chance_of_as_many(3, 21, 8.0, 168.0) == pytest.approx(stats.betabinom.sf(2, 21, 8.5, 160.5))
    assert chance_of_as_many(3, 21, 8e5, 168e5) == pytest.approx(stats.binom.sf(2, 21, 8 / 168), rel=1e-4)
    assert chance_of_as_many(1, 21, 168.0, 168.0) == pytest.approx(1.0, abs=1e-9)
    assert 0.0 < chance_of_as_many(2, 2, 0.0, 0.0) < 1e-8


@pytest.mark.parametrize("rate", [0.0, 0.002, 0.02, 0.2])
def test_cells_that_part_by_rounding_seldom_make_a_change(rate):
    """Perturbed runs and cells diverge at one rate; the level is 0.001 over 16 landscapes and the suite as one."""
    rng = np.random.default_rng(8)
    suites, landscapes, cells, perturbations = 1500, 16, 21, 8
    jumps = rng.binomial(perturbations * cells, rate, size=(suites, landscapes))
    diverged = rng.binomial(cells, rate, size=(suites, landscapes))
    alarms = 0
    for own_jumps, own_parted in zip(jumps, diverged, strict=True):
        lent = 50.0 * own_jumps.sum() / (perturbations * cells * landscapes)
        chances = {
            (p, j): chance_of_as_many(p, cells, j + lent, perturbations * cells + 50.0)
            for p, j in set(zip(own_parted.tolist(), own_jumps.tolist(), strict=True))
        }
        alarms += min(chances.values()) < 0.0005 / landscapes
        whole = chance_of_as_many(
            own_parted.sum(), cells * landscapes, own_jumps.sum(), perturbations * cells * landscapes
        )
        alarms += whole < 0.0005
    assert alarms <= 0.001 * suites + 3.0 * np.sqrt(0.001 * suites) + 1.0


def test_one_cell_is_no_proof_and_two_are_where_no_run_jumped():
    level = 0.0005 / 16
    for cells, trials in [(21, 168 + 50), (21, 84 + 50), (16, 50), (22, 0)]:
        assert chance_of_as_many(1, cells, 0.0, trials) > level > chance_of_as_many(2, cells, 0.0, trials)


SAMPLES = 1500


@pytest.mark.parametrize("confidence", [0.9, 0.99])
@pytest.mark.parametrize(
    ("sizes", "deviations"),
    [((21,), (0.2,)), ((21, 21, 16), (0.2,) * 3), ((21, 21, 21), (0.01, 0.1, 1.0)), ((3, 30), (1.0, 0.1))],
)
def test_interval_of_a_shift_covers_often_enough(sizes, deviations, confidence):
    rng = np.random.default_rng(9)
    covered = 0
    for _ in range(SAMPLES):
        strata = [rng.normal(0.3, deviation, size) for deviation, size in zip(deviations, sizes, strict=True)]
        interval = shift_interval(strata, 0.001, confidence)
        assert interval.lower <= interval.shift <= interval.upper
        covered += interval.lower <= 0.3 <= interval.upper
    error = 3.5 * np.sqrt(confidence * (1 - confidence) / SAMPLES)
    assert confidence - error <= covered / SAMPLES <= confidence + error + 0.005  # the distribution has steps


@pytest.mark.parametrize(("strata", "least"), [(1, 0.75), (8, 0.84)])
def test_what_is_called_detectable_is_found_about_nine_times_in_ten(strata, least):
    """Found with a power of 0.9 over a suite; on one landscape, where the level is far out in the tail, with less."""
    rng = np.random.default_rng(10)
    level, cells, found, samples = 0.001, 21, 0, 400
    for _ in range(samples):
        effect = shift_interval([rng.normal(size=cells) for _ in range(strata)], level).detectable
        found += stratified_signed_rank([rng.normal(effect, size=cells) for _ in range(strata)]) < level
    assert least <= found / samples <= 0.95


def test_few_differences_have_students_interval():
    interval = shift_interval([[1.0, 3.0], [4.0]], level=0.6, confidence=0.95)
    assert interval.shift == 2.5  # of 1, 2, 3 and 4
    error = np.sqrt(2.0 / 2.0) / 2.0
    assert interval.upper - 2.5 == pytest.approx(stats.t.ppf(0.975, 1) * error)
    assert 2.5 - interval.lower == pytest.approx(interval.upper - 2.5)
    seen = stats.t.isf(0.3, 1) + stats.t.isf(0.1, 1)
    assert interval.detectable == pytest.approx(seen * error * np.sqrt(np.pi / 3.0))


def test_nothing_is_detectable_where_the_test_can_find_nothing():
    assert shift_interval([[0.0] * 5, [0.0] * 4], level=0.01).detectable == 0.0
    assert shift_interval([[0.0] * 5, [0.0] * 4], level=0.001) == ShiftInterval(0.0, 0.0, 0.0, np.inf)
    assert shift_interval([[0.1] * 9], level=0.001).detectable == np.inf


@given(strata=arrays(float, (3, 7), elements=st.floats(-2.0, 2.0, width=16)))
def test_the_shift_never_contradicts_the_test(strata):
    shift, balance = signed_rank_shift(strata), signed_rank_balance(strata)
    assert shift * balance >= 0.0
    assert signed_rank_shift(-strata) == pytest.approx(-shift)
    with_nothing_told = np.hstack([strata, np.full((3, 2), np.nan)])
    assert signed_rank_shift(with_nothing_told) == shift
    assert stratified_signed_rank(with_nothing_told) == stratified_signed_rank(strata)


def test_the_interval_holds_the_shifts_that_the_test_does_not_reject():
    rng = np.random.default_rng(3)
    strata = rng.normal(0.2, 1.0, size=(2, 12))
    interval = shift_interval(strata, 0.001, confidence=0.95)
    for limit, outward in ((interval.lower, -1.0), (interval.upper, 1.0)):
        assert stratified_signed_rank(strata - limit - outward * 1e-9) < 0.05
        assert stratified_signed_rank(strata - limit + outward * 1e-9) > 0.05


def test_a_large_gain_in_one_stratum_does_not_pay_for_losses_in_the_others():
    strata = [[0.03 + k * 1e-4 for k in range(21)]] * 14 + [[-1.5 - k * 1e-3 for k in range(21)]] * 2
    assert np.mean(strata) < 0.0 < signed_rank_shift(strata) < 0.04
    assert stratified_signed_rank(strata) < 1e-10
    assert shift_interval(strata, 0.001).lower > 0.0


def test_differences_of_zero_lower_the_shift_and_not_the_proof():
    moved = [[0.1, 0.2, 0.3]] * 4
    diluted = [[0.1, 0.2, 0.3, 0.0, 0.0, 0.0]] * 4
    assert signed_rank_shift(diluted) == pytest.approx(signed_rank_shift(moved) / 2.0)
    assert stratified_signed_rank(diluted) == stratified_signed_rank(moved)


def test_more_pairs_tell_more():
    wide, narrow = (shift_interval([np.tile([-1.0, 1.0], n)], level=0.01) for n in (5, 500))
    assert wide.upper > 5.0 * narrow.upper >= 0.0
    assert wide.detectable > 5.0 * narrow.detectable > 0.0


def test_means_of_strata_count_alike_however_long_they_are():
    assert mean_of_means([[1.0] * 100, [0.0], [np.nan]]) == 0.5
    assert mean_of_means([]) == 0.0


def test_no_slowdown_within_the_limits_is_called_detectable():
    """Strata that move in two directions: the limits are wide, however little the pairs of one stratum scatter."""
    interval = shift_interval([[0.1] * 10] * 7 + [[-0.7] * 10] * 9, level=0.001)
    assert interval.upper - interval.shift == pytest.approx(0.8)
    assert interval.detectable == pytest.approx(0.8)
