"""Special starts, saddles and boxes."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_optlandscape import landscapes
from pytest_optlandscape.landscapes.saddle_table import SADDLES
from pytest_optlandscape.landscapes.saddles import saddles
from pytest_optlandscape.search.shrinking import significant_digits
from pytest_optlandscape.strategies import Box, bounds, boxes, sobol_starts, special_starts, starts
from pytest_optlandscape.strategies.offsets import decoded, short

quick = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
IDS = st.sampled_from(["beale", "bukin_n6", "adjiman", "trid[6]", "vincent[3]", "styblinski_tang[5]", "forrester"])


@pytest.mark.parametrize("name", SADDLES)
def test_saddles_are_saddles(name):
    landscape = landscapes.get(name)
    width = np.ptp(landscape.bounds, axis=1)
    for point in saddles(landscape):
        hessian = landscape.hessian(point)
        step = np.linalg.lstsq(hessian, landscape.gradient(point), rcond=1e-14)[0]
        assert np.max(np.abs(step) / width) < 1e-12
        curvatures = np.linalg.eigvalsh(hessian)
        assert curvatures[0] < -1e-7 * np.abs(curvatures).max()
        assert curvatures[-1] > 0.0
    assert len(saddles(landscape)) == len(SADDLES[name])


def test_saddles_move_along():
    beale = landscapes.get("beale")
    for moved in (beale.rotate(0), beale.permute([1, 0]).shift([0.5, 0.0]), beale.scale(4.0), beale.noisy()):
        points = saddles(moved)
        assert len(points)
        assert np.abs(moved.gradient(points)).max() < 1e-9
    numbered = [saddles(landscapes.get(f"beale:{k}")) for k in range(1, 9)]
    assert any(map(len, numbered))
    for k, points in enumerate(numbered, start=1):
        assert np.abs(landscapes.get(f"beale:{k}").gradient(points)).max(initial=0.0) < 1e-9


@pytest.mark.parametrize("name", ["beale", "easom", "forrester", "rosenbrock[10]", "step_2", "hs071"])
def test_special_starts_lie_inside(name):
    landscape = landscapes.get(name)
    for start, point in special_starts(landscape).items():
        assert point.shape == (landscape.dim,), start
        assert landscape.contains(point) or landscape.own_constraints, start
    for start, point in special_starts(landscape, outside=True).items():
        inside = np.all((point >= landscape.bounds[:, 0]) & (point <= landscape.bounds[:, 1]))
        assert inside != start.startswith("outside"), start


def test_plateaus_are_level_and_high():
    for name in ("easom", "michalewicz_2", "michalewicz_5", "shekel_foxholes"):
        landscape = landscapes.get(name)
        point = special_starts(landscape)["plateau"]
        assert np.max(np.abs(landscape.gradient(point))) < 1e-3
        assert landscape(point) > landscape.fmin + 0.1
    assert "plateau" not in special_starts("sphere[2]")


def test_special_starts_of_another_box():
    named = special_starts("beale", bounds=[(2, 4), (0.5, 0.5)])
    assert named["standard"].tolist() == [2.0, 0.5]
    assert named["corner-upper"].tolist() == [4.0, 0.5]
    assert "saddle-0" not in named


@quick
@given(st.data())
def test_outside_starts_lie_outside(data):
    landscape = landscapes.get(data.draw(IDS))
    x0 = data.draw(starts(landscape, outside=True))
    assert not np.all((x0 >= landscape.bounds[:, 0]) & (x0 <= landscape.bounds[:, 1]))


@given(st.integers(1 - 2**20, 2**20 - 1), st.integers(1, 20), st.floats(0, 1e6), st.floats(0, 1e6))
def test_offsets_keep_to_their_room(code, digits, below, above):
    offset = decoded(code, digits, below, above)
    assert -below <= offset <= above
    assert significant_digits(offset) <= digits
    assert significant_digits(short(offset)) <= 3
    assert abs(short(offset)) <= abs(offset) <= abs(short(offset)) * 1.25


@quick
@given(st.data(), st.sampled_from(["keep", "touch", "pin", "cut"]))
def test_boxes_are_of_their_kind(data, kind):
    landscape = landscapes.get(data.draw(st.sampled_from(["beale", "trid[6]", "sphere[4]", "himmelblau"])))
    box = data.draw(boxes(landscape, kinds=kind))
    assert box.kind == kind
    array = np.asarray(box)
    assert array.shape == (landscape.dim, 2)
    assert np.all(array[:, 0] <= array[:, 1])
    assert repr(eval(repr(box), {"Box": Box})) == repr(box)
    assert (box.fmin is None) == (box.minimizers is None)
    if kind != "cut":
        assert box.fmin == landscape.fmin


@quick
@given(st.data())
def test_known_minima_of_boxes_are_lowest(data):
    landscape = landscapes.get(data.draw(st.sampled_from(["sphere[4]", "sum_squares[3]", "beale"])))
    box = data.draw(boxes(landscape))
    points = sobol_starts(landscape, 64, box.bounds)
    lowest = landscape.fmin if box.fmin is None else box.fmin
    assert lowest <= np.min(landscape(points)) + 1e-12
    if box.minimizers is not None:
        assert np.allclose(landscape(box.minimizers), box.fmin)


def test_boxes_that_cannot_be():
    with pytest.raises(ValueError, match="did you mean 'pin'"):
        bounds("beale", kinds="pinn")
    with pytest.raises(ValueError, match="no boxes of kinds"):
        bounds("forrester", kinds="pin")
    with pytest.raises(ValueError, match=r"have shape \(2, 2\)"):
        Box("beale", [(0, 1)])
    with pytest.raises(ValueError, match="within the bounds of beale"):
        Box("beale", [(0, 5), (0, 1)])
    with pytest.raises(ValueError, match="within the bounds of beale"):
        Box("beale", [(1, 0), (0, 1)])


@pytest.mark.parametrize(
    "ask", [special_starts, starts, lambda name, bounds: sobol_starts(landscapes.get(name), 2, bounds)]
)
def test_bounds_of_another_shape_are_refused(ask):
    with pytest.raises(ValueError, match=r"bounds of starts on beale have the shape \(2, 2\), got \(1, 2\)"):
        ask("beale", bounds=[(0, 1)])
