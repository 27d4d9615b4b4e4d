"""Landscapes in a part of their box: what is known there, and that all else is as it was."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from landscape_cases import (
    few,
    ids,
    in_box,
    one_of_each_shape,
)

from pytest_optlandscape import (
    Landscape,
    Problem,
    assert_converges,
    assert_precise,
    assert_robust,
    landscapes,
    minimize,
    strategies,
)
from pytest_optlandscape.landscapes.minimizers import MinimizerBox, MinimizerGrid
from pytest_optlandscape.runs import feasible
from pytest_optlandscape.strategies import boxes, sobol_starts

IDS = ids(largest=10)


def parts(name):
    return boxes(name).map(lambda box: box.inside)


def feasible_points(part):
    points = sobol_starts(part, 256)
    return points[feasible(points, part.bounds, part)]


def same(part, other):
    assert (part.id, repr(part), part.tags) == (other.id, repr(other), other.tags)
    assert np.array_equal(part.n_minimizers, other.n_minimizers, equal_nan=True)
    assert np.array_equal(part.bounds, other.bounds)
    assert np.array_equal(part.minimizers, other.minimizers)
    assert part(part.x0) == other(other.x0)


@pytest.mark.parametrize("name", one_of_each_shape(IDS))
@few(3)
@given(data=st.data())
def test_what_is_known_is_right_and_what_is_not_is_marked(name, data):
    part = data.draw(parts(name))
    whole = landscapes.get(name)
    points = feasible_points(part)
    values = whole(points)
    lowest = np.min(values, initial=np.inf, where=~np.isnan(values))
    slack = 1e-12 * max(1.0, abs(whole.fmin))
    assert part.contains(part.minimizers).all()
    assert all(part.contains(start) for start in (part.x0, *part.starts.values()))
    if part.minimum_is_known:
        assert part.fmin <= lowest + slack
        assert part.fmin >= whole.fmin
        np.testing.assert_allclose(part(part.minimizers), part.fmin, rtol=1e-8, atol=1e-8 * max(1.0, abs(part.fmin)))
        assert np.all(part.distance(part.minimizers) < 1e-9)
    else:
        assert part is not whole
        assert np.isnan(part.fmin)
        assert part.minimizers.shape == (0, part.dim)
        assert part.distance(part.x0) == np.inf
        assert not part.minimizers_complete
        assert not whole.contains(whole.minimizers[0]) or not part.contains(whole.minimizers).any()


@pytest.mark.parametrize("name", one_of_each_shape(IDS))
@few(2)
@given(data=st.data())
def test_it_is_evaluated_sent_written_and_cut_again_as_any(name, data):
    part = data.draw(parts(name))
    whole = landscapes.get(name)
    x = in_box(part, np.array(data.draw(st.lists(st.floats(0, 1), min_size=part.dim, max_size=part.dim))))
    assert part(x) == whole(x) or np.isnan(whole(x))
    if whole.has_gradient:
        assert np.array_equal(part.gradient(x), whole.gradient(x), equal_nan=True)
    assert part.violation(x) == whole.violation(x)
    same(part, pickle.loads(pickle.dumps(part)))
    same(part, eval(repr(part), {"landscapes": landscapes}))
    middle = part.bounds.mean(axis=1, keepdims=True)
    smaller = middle + 0.5 * (part.bounds - middle)
    same(part.within(smaller), whole.within(smaller))
    same(whole.within(whole.bounds), whole)


@pytest.mark.parametrize("name", ["beale", "sphere[4]", "himmelblau", "rosenbrock[10]", "powell_singular[8]", "g06"])
@few(6)
@given(data=st.data())
def test_moved_parts_know_what_parts_know(name, data):
    part = data.draw(parts(name))
    moved = data.draw(strategies.instances(part))
    assert moved.minimum_is_known == part.minimum_is_known
    assert moved.contains(moved.minimizers).all()
    if part.minimum_is_known:
        assert moved.fmin == part.fmin
        points = feasible_points(moved)
        scale = max(1.0, float(np.max(np.abs(part(part.x0)))))
        np.testing.assert_allclose(moved(moved.minimizers), part.fmin, atol=1e-9 * scale)
        if len(points):
            assert part.fmin <= np.nanmin(moved(points)) + 1e-9 * scale
    same(moved, pickle.loads(pickle.dumps(moved)))


@pytest.mark.parametrize("model", ["additive", "multiplicative", "cauchy", "minibatch"])
@few(6)
@given(data=st.data())
def test_noise_does_not_depend_on_the_bounds(model, data):
    part = data.draw(parts("beale"))
    noisy = part.noisy(model, seed=3)
    whole = landscapes.get("beale").noisy(model, seed=3)
    same(noisy, whole.within(part.bounds))
    assert "noisy" in noisy.tags
    x = in_box(part, np.array([0.25, 0.75]))
    seen, told = Problem(noisy, seed=1), Problem(whole, seed=1)
    assert [seen(x) for _ in range(3)] == [told(x) for _ in range(3)]
    assert np.array_equal(seen.gradient(x), told.gradient(x))
    moved, of_whole = noisy.shift(1.0), whole.shift(1.0)
    assert Problem(moved)(x + 1.0) == Problem(of_whole)(x + 1.0)
    same(noisy, pickle.loads(pickle.dumps(noisy)))


@few(20)
@given(data=st.data())
def test_runs_stay_inside_and_are_repeated_by_their_command(data):
    part = data.draw(parts(data.draw(st.sampled_from(["beale", "sphere[4]", "trid[6]", "forrester"]))))
    run = minimize("scipy:L-BFGS-B", part, budget=200)
    assert part.contains(run.x)
    again = eval(run.command(), {"minimize": minimize, "landscapes": landscapes})
    assert np.array_equal(run.trace.x, again.trace.x)
    assert np.array_equal(run.trace.x, run.replay().trace.x)
    if part.minimum_is_known:
        assert run.gap < np.inf
    else:
        assert run.hit(1e300) == run.gap == run.result_gap == run.distance == np.inf
        assert "the minimum is not known" in str(run)


UNKNOWN = landscapes.get("beale").within([(0, 2), (0, 1)])


def test_what_needs_the_minimum_says_that_it_is_not_known():
    run = minimize("scipy:L-BFGS-B", UNKNOWN)
    for claim in (
        lambda: assert_converges(run, gap=1.0),
        lambda: assert_precise(run, digits=1),
        lambda: assert_robust("scipy:L-BFGS-B", UNKNOWN),
        lambda: strategies.basin_map("scipy:L-BFGS-B", UNKNOWN, n_starts=16),
    ):
        with pytest.raises(ValueError, match=r"the minimum of beale:within\(0,2,0,1\) is not known: its box cuts off"):
            claim()
    with pytest.raises(ValueError, match="cannot be rotated: its minimisers are not known"):
        UNKNOWN.rotate(1)
    assert UNKNOWN.instance(1).minimum_is_known is False


@pytest.mark.usefixtures("example_database")
def test_what_does_not_need_the_minimum_goes_on_without():
    found = strategies.find_failing_start("scipy:L-BFGS-B", UNKNOWN, lambda run: run.x[1] < 0.5, max_examples=60)
    assert UNKNOWN.contains(found.x0)
    assert found.run.x[1] < 0.5
    found = strategies.find_failing_start("scipy:L-BFGS-B", UNKNOWN, lambda run: run.x0[0] > 1.75, max_examples=60)
    assert found.x0[0] > 1.75
    named = strategies.special_starts(UNKNOWN)
    assert "minimizer" not in named
    assert all(UNKNOWN.contains(start) for start in named.values())


def test_a_known_minimum_on_a_bound_is_asserted():
    part = landscapes.get("sphere[2]").within([(1, 2), (-1, 1)])
    run = minimize("scipy:L-BFGS-B", part)
    assert_converges(run, gap=0.0, within=10)
    assert_precise(run, digits=12)
    assert assert_robust("scipy:L-BFGS-B", part).failed == 0
    assert part.tags >= {"active-bounds", "unbounded-below", "unimodal"}
    assert assert_robust("scipy:L-BFGS-B", landscapes.get("beale").within([(2, 4), (0.5, 0.5)])).failed == 0


def test_a_minimizer_on_a_bound_stays_on_it_where_axes_are_stretched():
    moved = landscapes.get("g06").within([(13.0, 14.095), (0.0, 100.0)]).permute([1, 0]).scale(100.0)
    assert moved.minimizers[0][1] == moved.bounds[1, 1]


def test_tags_are_those_of_the_part():
    valleys = landscapes.get("himmelblau")
    one = valleys.within([(2, 5), (1, 5)])
    assert "many-minimizers" in valleys.tags
    assert one.n_minimizers == 1
    assert not one.tags & {"many-minimizers", "multimodal", "active-bounds"}
    assert "unimodal" not in landscapes.get("rosenbrock[2]").within([(-2, 0), (0, 1)]).tags


def test_a_part_of_several_minimizers_is_not_turned_out_of_its_box():
    one = landscapes.get("himmelblau").within([(2, 5), (1, 5)])
    turned = one.rotate(1)
    corners = in_box(turned, np.array([[0, 0], [0, 1], [1, 0], [1, 1.0]]))
    matrix = turned._made_by[1][0].matrix
    back = (corners - one.minimizers[0]) @ matrix.T + one.minimizers[0]
    assert one.contains(back).all()


def test_minimizers_by_rule_are_known_beyond_their_list():
    grid = MinimizerGrid([[-1.0, 1.0]] * 14)
    assert grid.count > len(grid.points) == 4096
    lower, upper = np.full(14, 0.5), np.full(14, 2.0)
    kept = grid.within(lower, upper)
    assert kept.points.tolist() == [[1.0] * 14]
    assert grid.within(upper, upper + 1.0) is None
    plain = MinimizerBox([[0.0, 1.0], [0.0, 1.0]])
    assert plain.within(np.array([0.75, 0.0]), np.array([2.0, 1.0])).points.tolist() == [[0.875, 0.5]]
    assert plain.within(np.array([1.5, 0.0]), np.array([2.0, 1.0])) is None


def test_landscapes_of_ones_own():
    own = Landscape(
        "own",
        lambda x: float((x[0] * x[1]) ** 2),
        bounds=[(-1, 1)] * 2,
        x0=[1, 1],
        minimizers=[[0, 0], [0, 0.5]],
        fmin=0.0,
        minimizers_complete=False,
        starts={"far": [-1, -1]},
    )
    part = own.within([(-0.5, 0.5), (0.25, 1)])
    assert part.minimizers.tolist() == [[0.0, 0.5]]
    assert part.n_minimizers == np.inf
    assert part.starts["far"].tolist() == [-0.5, 0.25]
    assert not own.within([(0.5, 1), (0.75, 1)]).minimum_is_known
    assert own.within([(0.5, 1), (0.75, 1)]).id != part.id


@pytest.mark.parametrize(
    ("box", "message"),
    [
        ([(0, 1)], r"have shape \(2, 2\), got \(1, 2\)"),
        ([(0, 9), (0, 1)], "a box must lie within the bounds of beale"),
        ([(1, 0), (0, 1)], "with lower <= upper"),
        ([(0, np.inf), (0, 1)], "must be finite"),
    ],
)
def test_boxes_that_cannot_be(box, message):
    with pytest.raises(ValueError, match=message):
        landscapes.get("beale").within(box)


def test_on_tensors():
    torch = pytest.importorskip("torch")
    part = landscapes.get("beale").within([(0, 4), (0, 1)])
    x = torch.tensor([1.0, 0.5], dtype=torch.float64, requires_grad=True)
    part(x).backward()
    assert np.array_equal(x.grad.numpy(), part.gradient([1.0, 0.5]))


def test_it_is_drawn():
    pytest.importorskip("contourpy")
    for part in (UNKNOWN, landscapes.get("sphere[2]").within([(1, 2), (-1, 1)])):
        assert 'class="field"' in part.plot(points=21).svg
