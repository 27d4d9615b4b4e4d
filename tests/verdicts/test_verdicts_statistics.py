import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pytest_optlandscape.verdicts.statistics import holm, rate_interval, stratified_signed_rank

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


@pytest.mark.parametrize("confidence", [0.9, 0.99])
@pytest.mark.parametrize("trials", [1, 2, 10, 47])
def test_bounds_cover_every_rate_often_enough(trials, confidence):
    intervals = [rate_interval(k, trials, confidence) for k in range(trials + 1)]
    lower = np.array([interval.lower for interval in intervals])
    upper = np.array([interval.upper for interval in intervals])
    assert np.all(np.diff(lower) > 0)
    assert np.all(np.diff(upper) > 0)
    assert np.all(lower <= np.arange(trials + 1) / trials)
    for rate in np.linspace(0.0, 1.0, 101):
        probability = stats.binom.pmf(np.arange(trials + 1), trials, rate)
        assert probability[lower <= rate].sum() >= confidence - 1e-12
        assert probability[upper >= rate].sum() >= confidence - 1e-12


@pytest.mark.parametrize(("successes", "trials"), [(0, 5), (5, 5), (3, 10), (98, 100)])
def test_bounds_are_scipys(successes, trials):
    interval = rate_interval(successes, trials, 0.99)
    both = stats.binomtest(successes, trials).proportion_ci(confidence_level=0.98, method="exact")
    assert (interval.lower, interval.upper) == pytest.approx((both.low, both.high), abs=1e-9)
    assert interval.rate == successes / trials


def test_text_of_an_interval():
    assert str(rate_interval(44, 44)) == "44 of 44, at least 0.901 at 0.99 confidence"
