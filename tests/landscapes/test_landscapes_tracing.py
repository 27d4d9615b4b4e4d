import numpy as np
import pytest

from pytest_optlandscape.landscapes.formula.evaluation import Formula

COMPARISONS = {
    "<": lambda x: x < 0.5,
    "<=": lambda x: x <= 0.5,
    ">": lambda x: x > 0.5,
    ">=": lambda x: x >= 0.5,
    "turned round": lambda x: x > 0.5,
    "of parts": lambda x: x[1:] < x[:-1],
    "after a function": lambda x: 2.0 * x - 1.0 > 0.0,
}


@pytest.mark.parametrize("comparison", COMPARISONS)
def test_whole_arrays_are_compared_alike_on_floats_and_arrays(comparison):
    compare = COMPARISONS[comparison]
    formula = Formula(lambda x, xp: xp.sum(xp.where(compare(x), 1.0, 10.0)), dim=3, name="compared")
    for point in ([0.0, 0.5, 1.0], [1.0, 0.5, 0.0], [0.7, 0.1, 0.9], [np.nan, 0.5, 0.2]):
        assert formula.floats(point) == formula(np.array([point]))[0]


def test_branching_on_a_value_is_refused():
    formula = Formula(lambda x, xp: 1.0 if x[0] > 0.0 else 0.0, dim=2, name="branching")
    with pytest.raises(TypeError, match=r"xp\.where"):
        _ = formula.floats
