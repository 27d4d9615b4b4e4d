import copy
import pickle

import numpy as np
import pytest
from scipy.optimize import LinearConstraint, NonlinearConstraint
from scipy.sparse import csr_array

from pytest_optlandscape import Landscape


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
        assert (constraint.lb.tolist(), constraint.ub.tolist()) == ([0.0], [np.inf])
        assert constraint.fun([1.0, 1.0]).tolist() == [-1.0]
        if "jac" in given if isinstance(given, dict) else callable(given.jac):
            assert constraint.jac([1.0, 0.5]).tolist() == [[-2.0, -1.0]]
        else:
            assert constraint.jac == "2-point"
            with pytest.raises(ValueError, match=r"has no Jacobian; give one as NonlinearConstraint\(..., jac=...\)"):
                landscape.own_constraints[0].jacobian([1.0, 0.5])


@pytest.mark.parametrize("matrix", [[[1.0, 0.0], [1.0, -1.0]], csr_array([[1.0, 0.0], [1.0, -1.0]])])
def test_linear_constraints(matrix):
    landscape = own(LinearConstraint(matrix, [-1.0, 0.0], [np.inf, 0.0]), validate=False)
    for one in (landscape, pickle.loads(pickle.dumps(landscape)), copy.deepcopy(landscape)):
        assert one.violation([[-1.0, -1.0], [-1.5, -1.5], [1.0, 0.25]]).tolist() == [0.0, 0.5, 0.75]
        assert one.violation(np.zeros((0, 2))).shape == (0,)
        assert one.constraints[0].jac([0.0, 0.0]).tolist() == [[1.0, 0.0], [1.0, -1.0]]


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
        (distance_to, TypeError, "plane: a constraint is SciPy's NonlinearConstraint or LinearConstraint, or a dict"),
        ([3], TypeError, "got 3"),
        ({"fun": distance_to}, TypeError, "a dict with 'type' and 'fun'"),
        ({"type": "inequality", "fun": distance_to}, ValueError, "is 'eq' or 'ineq', got 'inequality'"),
    ],
)
def test_what_is_no_constraint(given, error, said):
    with pytest.raises(error, match=said):
        own(given)


@pytest.mark.parametrize("value", [-0.5, np.nan])
def test_minimizers_that_break_a_constraint_are_refused(value):
    said = rf"plane: minimizer 0 = \[-0.707.*\] breaks a constraint by {abs(value):g}; mind the sign"
    with pytest.raises(ValueError, match=said):
        own({"type": "ineq", "fun": lambda x: value})


def test_instances_keep_own_constraints():
    moved = own(DISK["nonlinear"]).shift([1.0, -1.0])
    assert moved.violation([[1.0, -1.0], [2.0, 0.0]]).tolist() == [0.0, 1.0]
