import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_optlandscape.comparison import Verdict
from pytest_optlandscape.comparison.width_comparison import GATE, RESOLUTION, compare_widths

MIRRORED = {Verdict.WORSE: Verdict.BETTER, Verdict.BETTER: Verdict.WORSE}


def row(*ends, landscapes=("beale",), **conditions):
    """A record of ranges, as many for each landscape."""
    names = [f"{name} {k}" for name in landscapes for k in range(len(ends) // len(landscapes))]
    conditions = {"landscapes": dict.fromkeys(landscapes, 1), "budget": None, **conditions}
    ranges = dict(zip(names, map(list, ends), strict=True))
    decades = float(np.mean([math.log10(upper / lower) for lower, upper in ends]))
    named = {"optimizer": "my:sgd", "hyperparameter": "lr"}
    return {**named, "conditions": conditions, "decades": decades, "ranges": ranges}


def moved(widths):
    return row(*((0.01, 0.01 * 10.0**width) for width in widths))


widths = st.lists(st.floats(0.01, 3.0), min_size=8, max_size=8)


@given(widths, widths)
def test_the_other_way_round_it_is_the_opposite(before, now):
    forth, back = compare_widths(moved(now), moved(before)), compare_widths(moved(before), moved(now))
    assert back.verdict == MIRRORED.get(forth.verdict, forth.verdict)
    assert forth.difference == pytest.approx(-back.difference)


@given(widths, st.floats(0.1, 10.0))
def test_a_range_that_moves_as_a_whole_has_no_other_width(before, factor):
    shifted = row(*((factor * 0.01, factor * 0.01 * 10.0**width) for width in before))
    assert compare_widths(shifted, moved(before)).verdict == Verdict.SAME


@pytest.mark.parametrize(
    ("by", "verdict"),
    [
        (0.9 * RESOLUTION, Verdict.SAME),
        (1.1 * RESOLUTION, Verdict.CHANGED),
        (0.9 * GATE, Verdict.CHANGED),
        (1.1 * GATE, Verdict.BETTER),
        (-0.9 * GATE, Verdict.CHANGED),
        (-1.1 * GATE, Verdict.WORSE),
    ],
)
def test_what_matters(by, verdict):
    assert compare_widths(moved([1.0 + by] * 12), moved([1.0] * 12)).verdict == verdict


def test_two_starts_prove_nothing():
    assert compare_widths(moved([0.5, 0.5]), moved([1.0, 1.0])).verdict == Verdict.CHANGED


def test_starts_that_differ_widely_prove_less():
    before = moved([1.0] * 8)
    assert compare_widths(moved([0.7] * 8), before).verdict == Verdict.WORSE
    assert compare_widths(moved([0.1, 1.3] * 4), before).verdict == Verdict.CHANGED


def test_a_range_that_is_gone_has_no_width():
    gone = moved([1.0] * 8)
    gone["ranges"] = dict.fromkeys(gone["ranges"])
    found = compare_widths(gone | {"decades": 0.0}, moved([1.0] * 8))
    assert (found.verdict, found.difference) == (Verdict.WORSE, pytest.approx(-1.0))


def test_landscapes_are_strata():
    both = ("beale", "booth")
    before = row(*[(0.01, 1.0)] * 8, *[(0.01, 0.1)] * 8, landscapes=both)
    now = row(*[(0.01, 0.5)] * 8, *[(0.01, 0.05)] * 8, landscapes=both)
    assert compare_widths(now, before).verdict == Verdict.WORSE


def test_other_conditions_are_named():
    before = moved([1.0] * 8)
    assert compare_widths(moved([1.0] * 8), None).verdict == Verdict.NEW
    for other, said in (
        (row(*[(0.01, 0.1)] * 8, budget=50), "budget None is now 50"),
        (row(*[(0.01, 0.1)] * 8) | {"optimizer": "my:adam"}, "optimizer my:sgd is now my:adam"),
        (moved([1.0] * 7), "the starts differ"),
    ):
        found = compare_widths(other, before)
        assert (found.verdict, found.reason) == (Verdict.NOT_COMPARABLE, said)
