import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from record_makers import ends_of, fingerprint_of, shifted, visiting

from pytest_optlandscape import minimize
from pytest_optlandscape.records import Fingerprint, RoundingSensitivity
from pytest_optlandscape.records.fingerprint import (
    divergence,
    measured,
)
from pytest_optlandscape.records.path_divergence import MULTIPLE
from pytest_optlandscape.records.perturbation import DOUBLE

END = (40, 40, "returned")


numbers = st.floats(-(2.0**21), 2.0**21) | st.just(math.nan) | st.floats(-2.0, 2.0)
levels = st.integers(20, 48).map(lambda k: 2.0**-k)


@st.composite
def measured_fingerprints(draw):
    envelope = tuple(sorted(draw(st.lists(levels, max_size=11))))
    path = draw(st.lists(numbers, min_size=len(envelope), max_size=len(envelope) + 2))
    spread = draw(st.integers(-1, 300))
    return Fingerprint(tuple(path), draw(numbers), envelope, draw(levels | st.just(math.inf)), spread)


plain_fingerprints = st.builds(Fingerprint, path=st.lists(numbers, max_size=12).map(tuple), result=numbers)


@settings(deadline=None)
@given(plain_fingerprints | measured_fingerprints())
def test_text_is_read_as_it_was_written(print_):
    text = print_.to_text()
    assert not set(text) & set(' "\\,/\n')
    read = Fingerprint.from_text(text)
    assert read.to_text() == text
    assert (read.envelope, read.result_envelope, read.spread) == (
        print_.envelope,
        print_.result_envelope,
        print_.spread,
    )
    kept = len(print_.envelope) if print_.is_measured else len(print_.path)
    units = print_.envelope if print_.is_measured else (2.0**-53,) * kept
    assert len(read.path) == kept
    for value, stored, unit in zip(print_.path, read.path, units, strict=False):
        assert stored == pytest.approx(value, abs=32.0 * unit, rel=0.0, nan_ok=True)


@settings(deadline=None)
@given(measured_fingerprints(), st.sampled_from([-1.0, 1.0]))
def test_what_is_stored_parts_from_nothing_that_the_original_does_not_part_from(print_, sign):
    stored = Fingerprint.from_text(print_.to_text())
    plain = Fingerprint.from_text(Fingerprint(print_.path, print_.result).to_text())
    for now in (print_, stored, plain):
        assert divergence(stored, END, now, END) == ""
        assert divergence(print_, END, now, END) == ""
    if all(abs(value) < 4.0 for value in print_.path if not math.isnan(value)):
        most = MULTIPLE - 32.0 - 2.0**-10  # a stored number is off by 32 envelopes at most
        path = [v + sign * most * e for v, e in zip(print_.path, print_.envelope, strict=False)]
        assert divergence(stored, END, Fingerprint(tuple(path), print_.result), END) == ""


@pytest.mark.parametrize(
    "text", ["", "-", "0", "0:", ":", "~:", "-:", "0:m", "x:mW", "0:?W", "0:mW:m?", "-:+", "0:mW::mW"]
)
def test_other_text_is_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011 - the record of a cell says it in its words
        Fingerprint.from_text(text)


def of(points, result=None, landscape="booth"):
    return fingerprint_of(minimize(visiting(points, result), landscape, budget=4000))


POINTS = np.random.default_rng(0).uniform(size=(70, 2))


@pytest.mark.parametrize(
    ("count", "windows"), [(1, 1), (2, 2), (3, 3), (4, 3), (5, 4), (8, 4), (9, 5), (16, 5), (17, 6), (64, 7), (65, 8)]
)
def test_windows_double(count, windows):
    assert len(of(POINTS[:count]).path) == windows


def test_each_point_is_in_its_window_alone():
    whole = of(POINTS[:64]).path
    for k in range(64):
        points = POINTS[:64].copy()
        points[k] = 1.0 - points[k]
        changed = [i for i, (a, b) in enumerate(zip(whole, of(points, POINTS[63]).path, strict=True)) if a != b]
        assert changed == [(k).bit_length()]


def test_windows_that_are_complete_do_not_depend_on_what_follows():
    long = of(POINTS).path
    for count in (1, 2, 4, 8, 32):
        short = of(POINTS[:count]).path
        assert short == long[: len(short)]


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 39), st.integers(0, 1), st.sampled_from([1e-9, -1e-9, 0.5]))
def test_any_change_of_a_point_moves_its_number(k, coordinate, change):
    points = POINTS[:40].copy()
    points[k, coordinate] += change
    before, now = of(POINTS[:40], [0.5, 0.5]).path, of(points, [0.5, 0.5]).path
    window = k.bit_length()
    diluted = abs(change) / 2.0 / max(2 ** (window - 1), 1)
    assert abs(now[window] - before[window]) >= 0.49 * diluted


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 39), st.integers(0, 39))
def test_exchanged_points_move_a_number(i, k):
    points = POINTS[:40].copy()
    points[[i, k]] = points[[k, i]]
    assert (of(points, [0.5, 0.5]).path == of(POINTS[:40], [0.5, 0.5]).path) == (i == k)


def test_exchanged_coordinates_and_shifts_move_every_number():
    before = np.array(of(POINTS[:40]).path)
    assert np.abs(np.array(of(POINTS[:40, ::-1]).path) - before).min() > 1e-4
    later = of([POINTS[0], *POINTS[:39]]).path
    assert np.abs(np.array(later[1:]) - before[1:]).min() > 1e-4


def test_result_is_a_number_by_itself():
    short, long = of(POINTS[:3], [0.25, 0.75]), of(POINTS, [0.25, 0.75])
    assert short.result == long.result
    assert short.result != of(POINTS, [0.75, 0.25]).result
    assert of(POINTS, [0.25, 0.75 + 1e-9]).result != long.result
    assert of(POINTS, [0.25, 0.75 + 1e-9]).path == long.path


def test_numbers_are_in_units_of_the_box():
    assert of(POINTS, landscape="booth").path == pytest.approx(of(POINTS, landscape="beale").path, rel=1e-12)


@pytest.mark.filterwarnings("default:.*never called the objective")
def test_no_evaluation_is_no_window():
    run = minimize(lambda problem: problem.x0, "booth")
    empty = fingerprint_of(run)
    assert empty.path == ()
    whole, rounding_sensitivity = measured(run, [run, run], DOUBLE)
    assert (whole.path, whole.envelope, whole.spread, rounding_sensitivity) == ((), (), 0, RoundingSensitivity(0, 2))
    assert Fingerprint.from_text(whole.to_text()) == dataclasses.replace(
        whole, result=pytest.approx(whole.result, abs=32.0 * whole.result_envelope)
    )
    assert divergence(whole, ends_of(run), empty, ends_of(run)) == ""
    moved = minimize(lambda problem: problem.x0 + 1e-3, "booth")
    assert divergence(whole, ends_of(run), fingerprint_of(moved), ends_of(moved)) == "the result"
    some = minimize(visiting(POINTS[:1], [0.5, 0.5]), "booth")
    assert divergence(whole, ends_of(run), fingerprint_of(some), ends_of(some)) == "the end"


def test_points_that_are_not_finite():
    points = POINTS[:20].copy()
    points[5] = [math.nan, 0.5]
    points[10] = [math.inf, -math.inf]
    points[17] = [1e300, -1e300]
    print_ = of(points)
    assert [math.isnan(value) for value in print_.path] == [False, False, False, True, False, False]
    assert np.isfinite(print_.result)
    assert Fingerprint.from_text(print_.to_text()).to_text() == print_.to_text()
    envelope = (2.0**-40,) * 6
    before = dataclasses.replace(print_, envelope=envelope, result_envelope=2.0**-40, spread=0)
    assert divergence(before, END, print_, END) == ""
    assert divergence(before, END, of(POINTS[:20]), END) == "evaluations 5 to 8"
    finite = dataclasses.replace(of(POINTS[:20]), envelope=envelope, result_envelope=2.0**-40, spread=0)
    assert divergence(finite, END, print_, END) == "evaluations 5 to 8"
    lost = of(POINTS[:20], [math.nan, 0.5])
    assert math.isnan(lost.result)
    assert divergence(dataclasses.replace(finite, result=math.nan), END, lost, END) == ""
    assert divergence(finite, END, lost, END) == "the result"


BEFORE = Fingerprint((0.5, 0.25, 0.125, 0.75), 0.5, (2.0**-48, 2.0**-47, 2.0**-40, 2.0**-30), 2.0**-35, 0)


@pytest.mark.parametrize(
    ("window", "where"),
    [
        (0, "evaluation 1"),
        (1, "evaluation 2"),
        (2, "evaluations 3 to 4"),
        (3, "evaluations 5 to 8"),
        ("result", "the result"),
    ],
)
def test_parting_says_where(window, where):
    for sign in (-1.0, 1.0):
        assert divergence(BEFORE, END, shifted(BEFORE, window, sign * 1.01 * MULTIPLE), END) == where
        assert divergence(BEFORE, END, shifted(BEFORE, window, sign * 0.99 * MULTIPLE), END) == ""


def test_the_first_place_counts():
    now = shifted(shifted(shifted(BEFORE, 1, 2 * MULTIPLE), 3, 2 * MULTIPLE), "result", 2 * MULTIPLE)
    assert divergence(BEFORE, END, now, (41, 40, "budget")) == "evaluation 2"
    now = shifted(BEFORE, "result", 2 * MULTIPLE)
    assert divergence(BEFORE, END, now, (41, 40, "returned")) == "the end"


def test_how_a_run_ends():
    def place(spread, *end, windows=4):
        before = dataclasses.replace(BEFORE, spread=spread)
        return divergence(before, END, dataclasses.replace(BEFORE, path=BEFORE.path[:windows]), end)

    assert place(0, 40, 41, "returned") == place(0, 41, 40, "returned") == place(0, 39, 40, "returned") == "the end"
    assert place(0, 41, 39, "returned") == "the end"
    assert place(0, 40, 40, "budget") == place(9, 40, 40, "budget") == "the end"
    assert place(2, 42, 42, "returned") == place(2, 38, 38, "returned") == place(2, 44, 44, "returned") == ""
    assert place(2, 45, 44, "returned") == place(2, 31, 40, "returned") == "the end"
    assert place(-1, 400, 0, "budget") == ""
    assert place(0, 3, 40, "returned", windows=2) == "the end"
    assert place(-1, 3, 40, "returned", windows=2) == ""


def test_what_was_not_measured_parts_from_nothing():
    plain = Fingerprint(BEFORE.path, BEFORE.result)
    assert divergence(plain, END, of(POINTS), (3, 0, "budget")) == ""
    without_result = dataclasses.replace(BEFORE, result_envelope=math.inf)
    assert divergence(without_result, END, dataclasses.replace(BEFORE, result=math.nan), END) == ""


def test_two_measured_ones_part_by_the_larger_envelope():
    now = dataclasses.replace(shifted(BEFORE, 1, 2.0 * MULTIPLE), envelope=(2.0**-48, 2.0**-45, 2.0**-40, 2.0**-30))
    assert divergence(BEFORE, END, now, END) == ""
    assert divergence(now, END, BEFORE, END) == ""
    assert divergence(BEFORE, END, dataclasses.replace(now, envelope=BEFORE.envelope), END) == "evaluation 2"
    fewer = Fingerprint.from_text(dataclasses.replace(BEFORE, envelope=BEFORE.envelope[:2]).to_text())
    assert divergence(BEFORE, END, fewer, END) == ""
    coarse = Fingerprint.from_text(dataclasses.replace(BEFORE, result=0.6, result_envelope=math.inf).to_text())
    assert divergence(dataclasses.replace(BEFORE, result=0.6), END, coarse, END) == ""
