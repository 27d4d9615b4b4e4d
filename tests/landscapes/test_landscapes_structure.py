import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_optlandscape import Landscape, Problem, landscapes, minimize
from pytest_optlandscape.landscapes.structure import Structure
from pytest_optlandscape.records.measuring import definition_of
from pytest_optlandscape.strategies import suite_landscapes

LAYER = landscapes.get("rosenbrock[6]").structured(kernel=(2, 2), bias=2)
NAMES = st.text("abcdefxyz_", min_size=1, max_size=5).filter(str.isidentifier)
SHAPES = st.lists(st.integers(1, 4), max_size=3).map(tuple)


@given(st.dictionaries(NAMES, SHAPES, min_size=1, max_size=5))
def test_text_and_parts_lead_back(parts):
    structure = Structure(parts)
    assert Structure.parse(str(structure)) == structure
    x = np.arange(float(structure.dim))
    split = structure.split(x)
    assert {name: part.shape for name, part in split.items()} == parts
    assert structure.join(split).tolist() == x.tolist()


def test_order_matters():
    assert Structure({"a": 2, "b": 3}) != Structure({"b": 3, "a": 2})
    assert LAYER.structure.split(range(6))["kernel"].tolist() == [[0.0, 1.0], [2.0, 3.0]]


@pytest.mark.parametrize("form", [
    LAYER, LAYER.instance(3), LAYER.shift(seed=1), LAYER.noisy(), LAYER.within(0.75 * LAYER.bounds),
    landscapes.get("xor_mlp_l2").structured(), landscapes.get("rosenbrock[6]:2").structured(a=6),
    LAYER.within(0.75 * LAYER.bounds).structured(a=(3, 2)),
])  # fmt: skip
def test_it_stays_with_the_landscape_and_travels(form):
    copy = pickle.loads(pickle.dumps(form))
    written = eval(repr(form), {"landscapes": landscapes})
    for again in (copy, written):
        assert (again.id, again.structure, again.tags) == (form.id, form.structure, form.tags)
        assert again(form.x0) == form(form.x0)
        assert again.bounds.tolist() == form.bounds.tolist()
    assert "structured" in form.tags


def test_ids():
    assert landscapes.get("rosenbrock[6]:structured( kernel=2x2, bias=2 )") is landscapes.get(LAYER.id)
    assert landscapes.get("rosenbrock", 6).structured(x=6) is landscapes.get("rosenbrock[6]")
    assert LAYER.structured(x=6) is landscapes.get("rosenbrock[6]")
    assert landscapes.get(LAYER.id, instance=3).structure == LAYER.structure
    natural = landscapes.get("xor_mlp_l2:structured")
    assert landscapes.get("xor_mlp_l2").structured(**natural.structure).id == natural.id
    assert "structured" not in landscapes.get("linear_layer_3_2").structured(x=8).tags
    assert [one.id for one in landscapes.select_by_text(f"{LAYER.id}, beale")] == [LAYER.id, "beale"]
    found = landscapes.select("linear_layer_3_2", "xor_mlp_l2", "xor_mlp_l2:structured", tags="structured")
    assert [one.id for one in found] == ["linear_layer_3_2", "xor_mlp_l2:structured"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rosenbrock[6]:structured(kernel=2x2)", r"the parts kernel=2x2 hold 4 numbers; rosenbrock\[6\] has 6"),
        ("rosenbrock[6]:structured", "has no structure of its own; name its parts"),
        ("rosenbrock[6]:structured(a=2,a=4)", "each name once; got 'a=2,a=4'"),
        ("rosenbrock[6]:structured(a=2x)", "a structure must be written as 'kernel=2x3,bias=3'"),
        ("rosenbrock[6]:structured(a=0)", "the shape of a must be a whole number from 1"),
        ("rosenbrok[6]:structured(a=6)", "did you mean 'rosenbrock'"),
    ],
)
def test_what_is_no_structure(text, said):
    with pytest.raises(ValueError, match=said):
        landscapes.get(text)


def test_ones_own():
    facts = {"bounds": [(-1, 1)] * 6, "x0": [1] * 6, "minimizers": [[0] * 6], "fmin": 0.0}
    own = Landscape("own", lambda x: float(x @ x), **facts, structure={"kernel": (2, 2), "bias": 2})
    assert dict(own.structure) == {"kernel": (2, 2), "bias": (2,)}
    with pytest.raises(ValueError, match="own: the structure kernel=2x2 holds 4 numbers, not 6"):
        Landscape("own", lambda x: float(x @ x), **facts, structure={"kernel": (2, 2)})
    with pytest.raises(ValueError, match=r"a part's name must be an identifier, such as 'kernel'; got 'a.b'"):
        Landscape("own", lambda x: float(x @ x), **facts, structure={"a.b": 6})


def test_definitions_differ_where_the_structure_does():
    flat = landscapes.get("linear_layer_3_2").structured(x=8)
    assert "structure" not in definition_of(flat, 100)
    assert definition_of(landscapes.get("linear_layer_3_2"), 100)["structure"] == "weight=2x3,bias=2"


def test_the_suite():
    chosen = suite_landscapes("structured")
    assert all("structured" in one.tags for one in chosen)
    both = [one.id for one in suite_landscapes("quick structured")]
    assert both == [one.id for one in (*suite_landscapes("quick"), *chosen)]


def test_points_as_parts():
    problem = Problem(LAYER)
    parts = LAYER.structure.split(LAYER.x0)
    assert problem(parts) == LAYER(LAYER.x0)
    gradient = problem.gradient(parts)
    assert LAYER.structure.join(gradient).tolist() == LAYER.gradient(LAYER.x0).tolist()
    assert (problem.nfev, problem.njev) == (1, 1)
    with pytest.raises(ValueError, match=r"the point must have the parts .*kernel.*, got \{'kernel'"):
        problem({"kernel": parts["kernel"]})
    run = minimize(lambda problem: (problem(parts), parts)[1], LAYER)
    assert (run.stop_reason, run.x.tolist()) == ("returned", LAYER.x0.tolist())
