import numpy as np
import pytest
from scipy import stats

from pytest_optlandscape.runs.rates import rate_interval


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


@pytest.mark.parametrize("counts", [(3, 2), (-1, 2), (0, 0)])
def test_counts_that_make_no_rate_are_refused(counts):
    with pytest.raises(ValueError, match=f"got {counts[0]} of {counts[1]}"):
        rate_interval(*counts)
    with pytest.raises(ValueError, match=r"confidence is between 0 and 1, got 99"):
        rate_interval(1, 2, 99)
