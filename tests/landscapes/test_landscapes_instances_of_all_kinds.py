"""Instances of landscapes of one's own, on tensors, in other processes; their names; and what cannot be made."""

import os
import pickle

import numpy as np
import pytest
from instance_cases import CHAINS, made, to_original
from landscape_cases import in_box, random_points
from scipy.optimize import NonlinearConstraint

from pytest_optlandscape import Landscape, landscapes
from pytest_optlandscape.landscapes.transforms.instances import LARGEST_TURNED

MATRIX = np.array([[1.0, 2.0], [0.0, 3.0], [1.0, -1.0]])


def squares(x):
    return float(lines(x) @ lines(x))


def lines(x):
    return MATRIX @ x


def slopes(x):
    return MATRIX


def double(x):
    return 2 * MATRIX.T @ MATRIX @ x


def curvatures(x):
    return 2 * MATRIX.T @ MATRIX


def circle(x):
    return x[0] ** 2 + 2 * x[1]


def circle_slopes(x):
    return np.array([2 * x[0], 2.0])


def own(**changes):
    facts = {
        "bounds": [(-2, 2), (-3, 3)],
        "x0": [1, 1],
        "minimizers": [[0, 0]],
        "fmin": 0.0,
        "gradient": double,
        "hessian": curvatures,
        "residuals": lines,
        "jacobian": slopes,
        "constraints": NonlinearConstraint(circle, -np.inf, 4.0, jac=circle_slopes),
    }
    return Landscape("own", squares, **{**facts, **changes})


@pytest.mark.parametrize("chain", CHAINS)
def test_everything_of_ones_own_is_carried(chain):
    original = own()
    moved = CHAINS[chain](original)
    x, step = np.array([0.3, -0.4]), 1e-6
    u = to_original(moved, x)
    assert moved(x) == pytest.approx(original(u))
    np.testing.assert_allclose(moved.residuals(x), original.residuals(u), rtol=1e-12)
    ahead = x + step * np.eye(2)
    behind = x - step * np.eye(2)
    differences = (moved(ahead) - moved(behind)) / (2 * step)
    np.testing.assert_allclose(moved.gradient(x), differences, rtol=1e-6)
    differences = (moved.gradient(ahead) - moved.gradient(behind)) / (2 * step)
    np.testing.assert_allclose(moved.hessian(x), differences, rtol=1e-6)
    differences = (moved.residuals(ahead) - moved.residuals(behind)).T / (2 * step)
    np.testing.assert_allclose(moved.jacobian(x), differences, rtol=1e-6, atol=1e-9)
    (constraint,) = moved.own_constraints
    assert constraint.values(x)[0] == pytest.approx(circle(u))
    differences = (constraint.values(ahead) - constraint.values(behind)).T / (2 * step)
    np.testing.assert_allclose(constraint.jacobian(x), differences, rtol=1e-6)
    assert moved.violation(moved.minimizers[0]) == original.violation(original.minimizers[0]) == 0.0
    twin = pickle.loads(pickle.dumps(moved))
    assert twin(x) == moved(x)


def test_own_landscape_is_not_taken_to_be_lowest_everywhere():
    turned = own().rotate(1)
    assert np.ptp(turned.bounds[0]) == pytest.approx(np.ptp(turned.bounds[1]))
    corners = in_box(turned, np.array([[0, 0], [0, 1], [1, 0], [1, 1.0]]))
    assert own().contains(to_original(turned, corners)).all()


def test_incomplete_minimizers_stay_incomplete():
    some = own(minimizers_complete=False)
    assert some.n_minimizers == np.inf
    for chain in CHAINS.values():
        assert not chain(some).minimizers_complete


def test_the_minimizer_turned_about_is_not_the_first_where_that_lies_on_the_bounds():
    def waves(x):
        return float(np.sin(np.pi * x[0]) ** 2 + x[1] ** 2)

    fringe = Landscape(
        "fringe",
        waves,
        bounds=[(0, 2), (-1, 1)],
        x0=[0.5, 0.5],
        minimizers=[[0, 0], [1, 0], [2, 0]],
        fmin=0.0,
        tags="active-bounds many-minimizers smooth",
    )
    turned = fringe.rotate(1)
    assert turned.minimizers.tolist() == [[1.0, 0.0]]
    assert turned.n_minimizers == 1
    assert not turned.tags & {"active-bounds", "many-minimizers"}


@pytest.mark.parametrize("chain", CHAINS)
def test_instances_are_pickled_and_written(chain):
    for name in ("beale", "levy[5]"):
        moved = made(name, chain)
        twin = pickle.loads(pickle.dumps(moved))
        again = eval(repr(moved), {"landscapes": landscapes})
        for other in (twin, again):
            assert other.id == moved.id
            assert other(moved.x0) == moved(moved.x0)
            np.testing.assert_array_equal(other.minimizers, moved.minimizers)


def test_ids_are_the_same_every_time_and_tell_instances_apart():
    beale, sphere = landscapes.get("beale"), landscapes.get("sphere", dim=10)
    ids = [
        beale.shift(1.0).id,
        beale.shift([1.0, 2.0]).id,
        beale.shift([1.0, 2.0000001]).id,
        beale.shift(seed=1).id,
        beale.scale(2.0).id,
        beale.permute([1, 0]).id,
        beale.permute(seed=0).id,
        beale.rotate(1).id,
        beale.rotate(1).shift(seed=1).id,
        beale.instance(2).id,
        sphere.shift(np.arange(10.0)).id,
        sphere.shift(np.arange(1.0, 11.0)).id,
    ]
    assert ids[:2] == ["beale:shift(1)", "beale:shift(1,2)"]
    assert ids[3:10] == [
        "beale:shift-1",
        "beale:scale-2",
        "beale:permute(1,0)",
        "beale:permute-0",
        "beale:rotate-1",
        "beale:rotate-1:shift-1",
        "beale:2",
    ]
    assert len(set(ids)) == len(ids)
    assert max(map(len, ids)) < 40


def test_numbered_instances():
    beale = landscapes.get("beale")
    assert beale.instance(0) is beale
    assert landscapes.get("beale:3").minimizers.tolist() == beale.instance(3).minimizers.tolist()
    assert landscapes.get("beale", instance=3) is landscapes.get("beale:3")
    assert beale.instance(1).minimizers.tolist() != beale.instance(2).minimizers.tolist()
    line = landscapes.get("sphere", dim=1).instance(5)
    assert line(line.minimizers[0]) == 0.0
    assert line.id == "sphere[1]:5"
    long = landscapes.get("sphere", dim=2000).instance(1)
    assert long(long.minimizers[0]) == 0.0


@pytest.mark.parametrize("library", ["torch", "jax", "tensorflow"])
@pytest.mark.parametrize("chain", ["all", "instance"])
def test_tensors_pass_through(library, chain):
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    module = pytest.importorskip(library)
    if library == "jax":
        module.config.update("jax_enable_x64", True)
    tensor = {"torch": "tensor", "tensorflow": "constant"}.get(library)
    for name in ("beale", "griewank[40]"):
        moved = made(name, chain)
        batch = random_points(moved, 3)
        for points in (batch, batch[0]):
            given = getattr(module, tensor)(points) if tensor else module.numpy.asarray(points)
            np.testing.assert_allclose(np.asarray(moved(given)), moved(points), rtol=1e-11)
            gradient = moved.gradient(points)
            np.testing.assert_allclose(np.asarray(moved.gradient(given)), gradient, atol=1e-11 * np.abs(gradient).max())
    if library == "torch":
        leaf = module.tensor(batch[0], requires_grad=True)
        moved(leaf).backward()
        np.testing.assert_allclose(leaf.grad.numpy(), moved.gradient(batch[0]), rtol=1e-9)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda f: f.shift(), TypeError, "either an offset or a seed"),
        (lambda f: f.shift(1.0, seed=1), TypeError, "either an offset or a seed"),
        (lambda f: f.shift([1.0, 2.0, 3.0]), ValueError, r"shape \(2,\)"),
        (lambda f: f.shift("far"), ValueError, r"shape \(2,\)"),
        (lambda f: f.shift(np.nan), ValueError, "finite"),
        (lambda f: f.shift([1.0, np.inf]), ValueError, "finite"),
        (lambda f: f.shift(seed=-1), ValueError, "whole number from 0"),
        (lambda f: f.shift(seed=1.5), ValueError, "whole number"),
        (lambda f: f.scale(0.5), ValueError, "at least 1"),
        (lambda f: f.scale(np.inf), ValueError, "finite"),
        (lambda f: f.scale(np.nan), ValueError, "at least 1"),
        (lambda f: f.permute(), TypeError, "either an order or a seed"),
        (lambda f: f.permute([0, 1], seed=1), TypeError, "either an order or a seed"),
        (lambda f: f.permute([0, 0]), ValueError, "0 to 1 once each"),
        (lambda f: f.permute([0, 1, 2]), ValueError, "0 to 1 once each"),
        (lambda f: f.permute([0.2, 1.9]), ValueError, "0 to 1 once each"),
        (lambda f: f.permute(1), ValueError, "0 to 1 once each"),
        (lambda f: f.permute("ab"), ValueError, "0 to 1 once each"),
        (lambda f: f.permute(seed=-2), ValueError, "whole number from 0"),
        (lambda f: f.rotate(-1), ValueError, "whole number from 0"),
        (lambda f: f.rotate(True), ValueError, "whole number"),
        (lambda f: f.instance(-1), ValueError, "whole number from 0"),
        (lambda f: f.instance(2.5), ValueError, "whole number"),
    ],
)
def test_wrong_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call(landscapes.get("beale"))


def test_what_cannot_be_turned_or_stretched_is_said():
    line = landscapes.get("sphere", dim=1)
    with pytest.raises(ValueError, match="one coordinate"):
        line.scale(10.0)
    with pytest.raises(ValueError, match="2 to 1000 dimensions"):
        line.rotate(1)
    with pytest.raises(ValueError, match="2 to 1000 dimensions"):
        landscapes.get("sphere", dim=LARGEST_TURNED + 1).rotate(1)
    adjiman = landscapes.get("adjiman")
    with pytest.raises(ValueError, match="lie on the bounds"):
        adjiman.rotate(1)
    assert sorted(np.ptp(adjiman.instance(1).bounds, axis=1)) == sorted(np.ptp(adjiman.bounds, axis=1))
