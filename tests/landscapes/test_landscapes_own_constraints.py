import copy
import math
import pickle

import numpy as np
import pytest
from scipy.optimize import SR1, LinearConstraint, NonlinearConstraint
from scipy.sparse import csr_array

from pytest_optlandscape import Landscape, landscapes
from pytest_optlandscape.landscapes.constraints import as_constraints, broken_though_kept


def distance_to(x, y=0.0):
    return float(1.0 - x[0] ** 2 - (x[1] - y) ** 2)


def slope(x, y=0.0):
    return np.array([-2.0 * x[0], -2.0 * (x[1] - y)])


def height(x):
    return float(x[0] + x[1])


def own(constraints, validate=True):
    return Landscape(
        "plane",
        height,
        gradient=np.ones_like,
        bounds=[(-2, 2), (-2, 2)],
        x0=[0, 0],
        minimizers=[[-np.sqrt(0.5)] * 2],
        fmin=-np.sqrt(2),
        constraints=constraints,
        validate=validate,
    )


def own_without_facts(constraints):
    """Where the minimiser lies inside, so that the landscape can be turned."""
    return Landscape(
        "bowl",
        lambda x: float(x @ x),
        bounds=[(-2, 2), (-2, 2)],
        x0=[0.5, 0.25],
        minimizers=[[0, 0]],
        fmin=0.0,
        constraints=constraints,
    )


DISK = {
    "dict": {"type": "ineq", "fun": distance_to},
    "dict with jac": {"type": "ineq", "fun": distance_to, "jac": slope},
    "dict with args": {"type": "ineq", "fun": distance_to, "jac": slope, "args": (0.0,)},
    "nonlinear": NonlinearConstraint(distance_to, 0.0, np.inf),
    "nonlinear with jac": NonlinearConstraint(distance_to, 0.0, np.inf, jac=slope),
}


@pytest.mark.parametrize("given", DISK.values(), ids=DISK)
def test_a_disk_in_every_form(given):
    for landscape in (own(given), own([given]), own((given,)), pickle.loads(pickle.dumps(own(given)))):
        assert landscape.violation([1.0, 1.0]) == 1.0
        assert landscape.violation([[1.0, 1.0], [0.5, 0.0], [2.0, 0.0]]).tolist() == [1.0, 0.0, 3.0]
        assert landscape.is_feasible([[1.0, 1.0], [0.5, 0.0]]).tolist() == [False, True]
        assert landscape.violation(np.zeros((0, 2))).shape == (0,)
        (constraint,) = landscape.constraints
        told = constraint if isinstance(given, dict) else vars(constraint)
        assert type(constraint) is type(given)
        assert told == (given if isinstance(given, dict) else {**vars(given), "hess": told["hess"]})
        if "jac" in given if isinstance(given, dict) else callable(given.jac):
            assert landscape.own_constraints[0].jacobian([1.0, 0.5]).tolist() == [[-2.0, -1.0]]
        else:
            with pytest.raises(ValueError, match=r"has no Jacobian; give one as NonlinearConstraint\(..., jac=...\)"):
                landscape.own_constraints[0].jacobian([1.0, 0.5])


@pytest.mark.parametrize("matrix", [[[1.0, 0.0], [1.0, -1.0]], csr_array([[1.0, 0.0], [1.0, -1.0]])])
def test_linear_constraints(matrix):
    landscape = own(LinearConstraint(matrix, [-1.0, 0.0], [np.inf, 0.0], keep_feasible=[True, False]), validate=False)
    for one in (landscape, pickle.loads(pickle.dumps(landscape)), copy.deepcopy(landscape)):
        assert one.violation([[-1.0, -1.0], [-1.5, -1.5], [1.0, 0.25]]).tolist() == [0.0, 0.5, 0.75]
        assert one.violation(np.zeros((0, 2))).shape == (0,)
        (handed,) = one.constraints
        assert type(handed.A) is type(LinearConstraint(matrix, 0.0, 1.0).A)
        assert (handed.A @ [2.0, 1.0]).tolist() == [2.0, 1.0]
        assert handed.keep_feasible.tolist() == [True, False]
        handed.lb[:] = 9.0  # an optimizer's own business
        assert one.constraints[0].lb.tolist() == [-1.0, 0.0]


def test_the_matrix_of_a_linear_constraint_has_a_column_for_each_coordinate():
    with pytest.raises(
        ValueError, match=r"plane: the matrix of a LinearConstraint must have shape \(m, 2\), got \(1, 3\)"
    ):
        own(LinearConstraint(np.ones((1, 3)), 0.0, 1.0))


def test_settings_of_nonlinear_constraints_are_kept():
    strategy = SR1()
    given = NonlinearConstraint(
        lambda x: [distance_to(x), x[0]],
        0.0,
        [np.inf, np.inf],
        jac="cs",
        hess=strategy,
        keep_feasible=[True, False],
        finite_diff_rel_step=[1e-6, 1e-7],
        finite_diff_jac_sparsity=csr_array([[1, 1], [1, 0]]),
    )
    landscape = own_without_facts(given)
    (handed,) = landscape.constraints
    for name in ("lb", "ub", "jac", "keep_feasible", "finite_diff_rel_step"):
        assert getattr(handed, name) == getattr(given, name), name
    assert (handed.finite_diff_jac_sparsity != given.finite_diff_jac_sparsity).nnz == 0
    assert isinstance(handed.hess, SR1)
    assert handed.hess is not strategy  # it has a state, which must not go from run to run
    (turned,) = landscape.permute([1, 0]).constraints
    assert turned.finite_diff_rel_step.tolist() == [1e-7, 1e-6]
    assert turned.finite_diff_jac_sparsity.toarray().tolist() == [[1, 1], [0, 1]]
    (turned,) = landscape.rotate(seed=1).constraints
    assert turned.finite_diff_jac_sparsity.toarray().all()
    assert turned.finite_diff_rel_step == [1e-6, 1e-7]


def test_equality_and_several():
    landscape = own([{"type": "eq", "fun": lambda x: x[0] - x[1]}, DISK["dict"]])
    assert landscape.violation([[0.5, 0.5], [0.5, 0.0], [2.0, 1.75]]).tolist() == [0.0, 0.5, 6.0625]
    assert len(landscape.constraints) == 2


def test_several_values_of_one_function():
    landscape = own(NonlinearConstraint(lambda x: [x[0], x[0] - x[1]], [-1.0, 0.0], [1.0, 0.0]), validate=False)
    assert landscape.violation([[0.5, 0.5], [1.5, 1.5], [0.5, 0.25]]).tolist() == [0.0, 0.5, 0.25]
    assert landscape.violation([1.5, 1.5]) == 0.5


def test_without_constraints_everything_is_kept():
    landscape = own((), validate=False)
    assert landscape.constraints == ()
    assert landscape.violation([[9.0, 9.0]]).tolist() == [0.0]
    assert landscape.is_feasible([[9.0, 9.0], [1.0, 1.0]]).tolist() == [False, True]


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        (
            distance_to,
            TypeError,
            "plane: a constraint must be SciPy's NonlinearConstraint or LinearConstraint, or a dict",
        ),
        ([3], TypeError, "got 3"),
        ({"fun": distance_to}, TypeError, "a dict with 'type' and 'fun'"),
        ({"type": "inequality", "fun": distance_to}, ValueError, "must be 'eq' or 'ineq', got 'inequality'"),
    ],
)
def test_what_is_no_constraint(given, error, said):
    with pytest.raises(error, match=said):
        own(given)


@pytest.mark.parametrize("value", [-0.5, np.nan])
def test_minimizers_that_break_a_constraint_are_refused(value):
    said = rf"plane: minimizer 0 = \[-0.707.*\] breaks a constraint by {abs(value):g}; check the sign"
    with pytest.raises(ValueError, match=said):
        own({"type": "ineq", "fun": lambda x: value})


def in_every_form(a, upper):
    """The half-plane a x <= upper, in every form, with derivatives that are not constant to look at."""
    a = np.array(a)
    return {
        "linear": LinearConstraint([a], -np.inf, upper, keep_feasible=True),
        "sparse": LinearConstraint(csr_array([a]), -np.inf, upper, keep_feasible=True),
        "nonlinear": NonlinearConstraint(lambda x: a @ x, -np.inf, upper, jac=lambda x: a, keep_feasible=True),
        "sparse jac": NonlinearConstraint(lambda x: a @ x, -np.inf, upper, jac=lambda x: csr_array([a])),
        "with hess": NonlinearConstraint(
            lambda x: [a @ x, x @ np.diag([1.0, 2.0]) @ x],
            -np.inf,
            [upper, 99.0],
            jac=lambda x: np.array([a, 2.0 * x * [1.0, 2.0]]),
            hess=lambda x, v: 2.0 * v[1] * np.diag([1.0, 2.0]),
        ),
        "dict": {
            "type": "ineq",
            "fun": lambda x, b, c: c - b @ x,
            "jac": lambda x, b, c: -b,
            "args": (a, upper),
        },
    }


MOVES = {
    "shift": lambda landscape: landscape.shift([0.5, -0.25]),
    "scale": lambda landscape: landscape.scale(16.0),
    "permute": lambda landscape: landscape.permute([1, 0]),
    "rotate": lambda landscape: landscape.rotate(seed=3),
    "both": lambda landscape: landscape.instance(2),
}


@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES)
@pytest.mark.parametrize("form", in_every_form([1.0, 2.0], 0.5))
def test_instances_move_constraints_and_keep_their_kind(move, form):
    given = in_every_form([1.0, 2.0], 0.5)[form]
    original = own_without_facts(given)
    moved = move(original)
    (handed,) = moved.constraints
    assert type(handed) is type(given)
    points = np.random.default_rng(0).uniform(-2.0, 2.0, (20, 2))
    # The objective is that of the original, which tells nothing of where its points went; its distances do.
    there = np.array([_original_point(original, move, x) for x in points])
    np.testing.assert_allclose(moved.violation(points), original.violation(there), rtol=1e-12, atol=1e-12)
    (constraint,) = moved.own_constraints
    for x in points[:3]:
        slopes = [(constraint.values(x + h) - constraint.values(x - h)) / 2e-6 for h in 1e-6 * np.eye(2)]
        np.testing.assert_allclose(constraint.jacobian(x), np.transpose(slopes), rtol=1e-6, atol=1e-8)
    if isinstance(given, dict):
        assert {key: handed[key] for key in ("type", "args")} == {key: given[key] for key in ("type", "args")}
    else:
        assert np.all(handed.keep_feasible) == np.all(given.keep_feasible)
    if form == "sparse":
        assert isinstance(handed.A, csr_array)
    if form == "with hess":
        x, v = points[0], np.array([0.3, 0.7])
        curved = [(v @ handed.jac(x + h) - v @ handed.jac(x - h)) / 2e-6 for h in 1e-6 * np.eye(2)]
        np.testing.assert_allclose(handed.hess(x, v), np.transpose(curved), rtol=1e-6, atol=1e-8)
    if form in ("nonlinear", "with hess"):
        step = handed.fun(points[0] + 1e-100j * np.array([1.0, 0.0]))
        np.testing.assert_allclose(np.imag(step) * 1e100, constraint.jacobian(points[0])[:, 0], rtol=1e-12)


def _original_point(original, move, x):
    """Find the point of the original by two linear functions, moved alike."""
    return [float(move(_linear(original, k))(x)) for k in range(2)]


def _linear(original, k):
    return Landscape(
        "bowl",
        lambda x: float(x[k]),
        bounds=original.bounds,
        x0=original.x0,
        minimizers=original.minimizers,
        fmin=0.0,
        validate=False,
    )


def test_instances_keep_own_constraints():
    moved = own(DISK["nonlinear"]).shift([1.0, -1.0])
    assert moved.violation([[1.0, -1.0], [2.0, 0.0]]).tolist() == [0.0, 1.0]


@pytest.mark.parametrize("form", in_every_form([1.0, 2.0], 0.5))
def test_keeping_feasible(form):
    given = in_every_form([1.0, 2.0], 0.5)[form]
    keeping = own_without_facts(given).keeping_feasible()
    (handed,) = keeping.constraints
    assert np.all(handed.keep_feasible)
    assert type(handed) is (NonlinearConstraint if isinstance(given, dict) else type(given))
    x = np.array([0.5, 1.0])
    values = handed.A @ x if hasattr(handed, "A") else np.ravel(handed.fun(x))
    assert values.tolist() == keeping.own_constraints[0].values(x).tolist()
    assert np.all(keeping.shift([0.5, 0.0]).constraints[0].keep_feasible)
    assert keeping.violation([1.0, 1.0]) == 2.5


def test_keeping_feasible_travels_and_needs_an_inequality():
    keeping = landscapes.get("rosenbrock_disk").keeping_feasible()
    assert pickle.loads(pickle.dumps(keeping)).constraints[0].keep_feasible is True
    assert keeping.instance(1).constraints[0].keep_feasible is True
    part = landscapes.get("rosenbrock_disk").within([(0, 1), (0, 1)]).keeping_feasible()
    assert part.noisy().constraints[0].keep_feasible is True
    assert not landscapes.get("rosenbrock_disk").constraints[0].keep_feasible
    for none in ("beale", "g11"):
        with pytest.raises(ValueError, match=f"{none} has no inequality constraint besides its bounds"):
            landscapes.get(none).keeping_feasible()


def test_what_is_broken_though_it_must_be_kept():
    points = np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 0.0], [-1.0, 0.0], [0.25 + 1e-17, 0.25]])
    flags = [True, False, True]
    (one,) = as_constraints(
        NonlinearConstraint(
            lambda x: [x[0] + x[1], x[0] - x[1], x[0]], [-9, -9, 2.0], [0.5, 0.0, 2.0], keep_feasible=flags
        ),
        dim=2,
        name="mine",
    )
    assert one.must_keep.tolist() == [True, False, False]  # the third is an equality
    assert broken_though_kept((one,), points).tolist() == [0.0, 1.5, 1.5, 0.0, 0.0]
    (root,) = as_constraints(
        NonlinearConstraint(lambda x: np.sqrt(x[0]), 0.0, 9.0, keep_feasible=True), dim=2, name="mine"
    )
    assert broken_though_kept((root,), points).tolist() == [0.0, 0.0, 0.0, np.inf, 0.0]
    (raising,) = as_constraints(
        NonlinearConstraint(lambda x: math.sqrt(x[0]), 0.0, 9.0, keep_feasible=True), dim=2, name="mine"
    )
    assert broken_though_kept((raising,), points).tolist() == [0.0, 0.0, 0.0, np.inf, 0.0]
