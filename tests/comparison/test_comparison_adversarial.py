"""`assert_robust(..., adversarial=True)`: no start at all may fail."""

import itertools

import numpy as np
import pytest

from pytest_optlandscape import assert_robust, landscapes
from pytest_optlandscape.search.remembered_failures import failed_before
from pytest_optlandscape.search.shrinking import LONGEST, significant_digits

BOOTH = landscapes.get("booth")


pytestmark = pytest.mark.usefixtures("example_database")


def stuck_in_a_corner(problem):
    """Solve Booth's function, but not from 1 % of its box."""
    problem(problem.x0)
    far = np.all(problem.x0 >= BOOTH.bounds[:, 1] - 2.0)
    return problem.x0 if far else BOOTH.minimizers[0]


def lost_in_the_middle(problem):
    """Fail from a hundredth of the box that no fixed start lies in, and take the longer the nearer."""
    away = np.max(np.abs(problem.x0 - [4.1, -6.3]))
    for _ in range(max(1, int(40.0 - 4.0 * away))):
        problem(problem.x0)
    return problem.x0 if away < 1.0 else BOOTH.minimizers[0]


def test_a_search_that_finds_nothing_is_reported():
    found = assert_robust("scipy:L-BFGS-B", "booth", adversarial=True)
    assert found.searched == 100
    assert "a search of 100 more found no failing start" in str(found)


def test_without_it_nothing_is_searched():
    assert assert_robust("scipy:L-BFGS-B", "booth").searched == 0


@pytest.mark.parametrize("optimizer", [stuck_in_a_corner, lost_in_the_middle])
def test_rare_failures_are_shown_robust_without_and_found_with_it(optimizer):
    assert assert_robust(optimizer, "booth").is_shown
    with pytest.raises(AssertionError, match="but no start may fail, and one does") as raised:
        assert_robust(optimizer, "booth", adversarial=True)
    assert "replay: from pytest_optlandscape import landscapes, minimize; minimize(" in str(raised.value)
    (failure,) = failed_before(BOOTH)
    assert all(significant_digits(offset) <= LONGEST for offset in (failure.x0 - BOOTH.x0).tolist())


def test_what_failed_before_fails_at_once_with_the_fewest_starts():
    with pytest.raises(AssertionError):
        assert_robust(lost_in_the_middle, "booth", adversarial=True)
    with pytest.raises(AssertionError, match="found after 1 example"):
        assert_robust(lost_in_the_middle, "booth", rate=0.5, n_starts=8, adversarial=True)


def test_every_combination_is_searched():
    found = assert_robust("scipy:L-BFGS-B", ["booth", "beale"], rate=0.5, n_starts=16, instances=2, adversarial=True,
                          gap=10.0)  # fmt: skip
    assert found.searched == 4 * 16


def test_a_failure_that_the_rate_allows_is_none_that_the_adversary_does():
    runs = itertools.count()

    def once(problem):
        problem(problem.x0)
        return problem.x0 if next(runs) == 3 else BOOTH.minimizers[0]

    with pytest.raises(AssertionError, match="but no start may fail"):
        assert_robust(once, "booth", rate=0.5, n_starts=32, adversarial=True)
