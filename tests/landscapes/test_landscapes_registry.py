import copy
import pickle

import numpy as np
import pytest
from landscape_cases import BOXES

from pytest_optlandscape import landscapes
from pytest_optlandscape.landscapes import TAGS, Landscape
from pytest_optlandscape.landscapes.definition import DEFINITIONS
from pytest_optlandscape.landscapes.tags import OF_SEARCH_SPACES

pytestmark = pytest.mark.usefixtures("catalogue_as_before")


def cone(x):
    return float(np.hypot(*(x - 1.0)))


def cone_slope(x):
    return (x - 1.0) / max(cone(x), 1e-300)


def own(name="cone", **changes):
    facts = {
        "bounds": [(-2, 3), (-2, 3)],
        "x0": [0, 0],
        "minimizers": [[1, 1]],
        "fmin": 0,
        "tags": "convex nonsmooth",
        "source": "test",
    }
    return Landscape(name, cone, **{**facts, **changes})


def test_every_name_gives_its_landscape():
    for name in landscapes.names():
        landscape = landscapes.get(name)
        assert landscape.name == name
        assert landscape.id.partition("[")[0] == name
        assert landscapes.get(landscape.id) is landscapes.get(name) is landscape
        assert landscape.has_gradient == (name in BOXES)


def test_names_are_a_copy():
    landscapes.names().clear()
    assert len(landscapes.names()) >= 42


def test_dimension_by_id_or_argument():
    ten = landscapes.get("rosenbrock[10]")
    assert ten is landscapes.get("rosenbrock", dim=10) is landscapes.get("rosenbrock[10]", dim=10)
    assert (ten.dim, ten.id, ten.name) == (10, "rosenbrock[10]", "rosenbrock")
    assert landscapes.get("rosenbrock").id == "rosenbrock[2]"
    assert landscapes.get("powell_singular").id == "powell_singular[4]"
    assert landscapes.get("beale", dim=2) is landscapes.get("beale[2]") is landscapes.get("beale")
    assert landscapes.get("sphere[1]")([2.0]) == 4.0
    assert landscapes.get("sphere[10000]")(np.ones(10_000)) == 10_000


@pytest.mark.parametrize("name", BOXES)
def test_one_dimension(name):
    if 1 not in DEFINITIONS[name].dims:
        with pytest.raises(ValueError, match="dimension"):
            landscapes.get(name, dim=1)
        return
    line = landscapes.get(name, dim=1)
    assert line(line.minimizers[0]) == pytest.approx(line.fmin, abs=1e-12)
    points = np.linspace(*line.bounds[0], 1001)[:, np.newaxis]
    assert line(points).min() >= line.fmin - 1e-12
    np.testing.assert_allclose(line(points)[7], line(points[7]), rtol=1e-12)
    assert line.gradient(points[7]).shape == (1,)


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ("bealee", "'beale'"),
        ("Rosenbrock", "'rosenbrock'"),
        ("rosenbrok[10]", "'rosenbrock'"),
        ("himelblau", "'himmelblau'"),
        ("xyzzy", "known"),
        ("rosenbrock[ten]", "rosenbrock"),
        ("", "names"),
    ],
)
def test_unknown_names_are_answered_with_the_nearest(wrong, hint):
    with pytest.raises(ValueError, match=hint.replace("[", r"\[")):
        landscapes.get(wrong)


def test_names_are_strings():
    with pytest.raises(TypeError, match="int"):
        landscapes.get(3)


@pytest.mark.parametrize(
    ("name", "dim", "message"),
    [
        ("rosenbrock[10]", 3, "contradict"),
        ("rosenbrock", 1, "from 2 to 10000"),
        ("rosenbrock", 10_001, "from 2 to 10000"),
        ("powell_singular", 6, "steps of 4"),
        ("beale", 3, "its dimension is 2"),
        ("beale[3]", None, "its dimension is 2"),
        ("michalewicz_5", 2, "its dimension is 5"),
        ("sphere", 0, "from 1"),
        ("sphere", -1, "from 1"),
        ("sphere", 2.5, "dimension"),
    ],
)
def test_impossible_dimensions(name, dim, message):
    with pytest.raises(ValueError, match=message):
        landscapes.get(name, dim=dim)


def test_select_all():
    searches = {landscape.name for landscape in landscapes.select(tags="search-space")}
    assert searches
    assert [one.name for one in landscapes.select()] == [one for one in landscapes.names() if one not in searches]


def test_select_by_id():
    chosen = landscapes.select("rosenbrock[10]", "beale", "rosenbrock[10]")
    assert [landscape.id for landscape in chosen] == ["rosenbrock[10]", "beale"]


@pytest.mark.parametrize("tag", TAGS)
def test_select_by_tag(tag):
    chosen = landscapes.select(tags=tag)
    every = map(landscapes.get, landscapes.names())
    found = [one for one in every if tag in one.tags and (tag in OF_SEARCH_SPACES or one.space is None)]
    assert chosen == found
    assert chosen


def test_select_by_several_tags():
    assert landscapes.select(tags=["smooth", "convex"]) == landscapes.select(tags="smooth, convex")
    assert all({"smooth", "convex"} <= landscape.tags for landscape in landscapes.select(tags="smooth convex"))
    assert landscapes.select(tags="convex multimodal") == []


def test_select_by_dimension():
    chosen = landscapes.select("beale", "sphere", "powell_singular", dim=[2, 4, 6])
    assert [landscape.id for landscape in chosen] == [
        "beale",
        "sphere[2]",
        "sphere[4]",
        "sphere[6]",
        "powell_singular[4]",
    ]
    assert {landscape.dim for landscape in landscapes.select(dim=7)} == {7}
    assert landscapes.select("rosenbrock[10]", dim=3) == []
    assert [landscape.id for landscape in landscapes.select("rosenbrock[10]", dim=10)] == ["rosenbrock[10]"]


def test_select_without():
    everything = landscapes.select()
    without = landscapes.select(exclude="nonsmooth beale rosenbrock[2]")
    assert landscapes.get("beale") not in without
    assert landscapes.get("rosenbrock") not in without
    assert all("nonsmooth" not in landscape.tags for landscape in without)
    assert len(without) == sum("nonsmooth" not in landscape.tags for landscape in everything) - 2
    kept = landscapes.select("rosenbrock", dim=[2, 3], exclude=["rosenbrock[2]"])
    assert [landscape.id for landscape in kept] == ["rosenbrock[3]"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"tags": "convexx"}, "'convex'"),
        ({"tags": ["smoth"]}, "'smooth'"),
        ({"exclude": "nonsmoth"}, "'nonsmooth'"),
        ({"exclude": "beele"}, "'beale'"),
        ({"exclude": "beale[7]"}, "dimension"),
    ],
)
def test_select_names_what_is_unknown(arguments, message):
    with pytest.raises(ValueError, match=message):
        landscapes.select(**arguments)


def test_select_unknown_landscape():
    with pytest.raises(ValueError, match="'beale'"):
        landscapes.select("beele", dim=2)


def test_registered_landscape_is_found():
    mine = landscapes.register(own())
    assert landscapes.get("cone") is mine
    assert landscapes.names()[-1] == "cone"
    assert mine in landscapes.select(tags="convex nonsmooth")
    assert mine in landscapes.select("cone", dim=2)
    assert landscapes.select("cone", dim=3) == []
    assert mine not in landscapes.select(exclude="cone")
    assert pickle.loads(pickle.dumps(mine)) is mine
    with pytest.raises(ValueError, match="its dimension is 2"):
        landscapes.get("cone", dim=3)


def test_name_can_be_taken_once():
    landscapes.register(own())
    for name in ("cone", "beale"):
        with pytest.raises(ValueError, match="already"):
            landscapes.register(own(name))
    assert landscapes.get("beale").dim == 2


@pytest.mark.parametrize("name", ["", "two words", "cone[2]", "-cone"])
def test_name_must_be_plain(name):
    with pytest.raises(ValueError, match="name"):
        landscapes.register(own(name))


def test_only_landscapes_are_registered():
    with pytest.raises(TypeError, match="function"):
        landscapes.register(cone)


@pytest.mark.parametrize("name", ["beale", "rosenbrock[10]", "powell_singular[8]"])
def test_catalogue_is_pickled_by_id(name):
    landscape = landscapes.get(name)
    assert pickle.loads(pickle.dumps(landscape)) is landscape
    assert copy.deepcopy(landscape) is landscape
    assert len(pickle.dumps(landscape)) < 200
    assert eval(repr(landscape), {"landscapes": landscapes}) is landscape


def test_own_landscape_is_pickled_whole():
    mine = own(gradient=cone_slope, starts={"far": [3, 3]})
    twin = pickle.loads(pickle.dumps(mine))
    assert twin is not mine
    assert twin([2.0, 1.0]) == twin.floats([2.0, 1.0]) == 1.0
    assert twin.gradient([2.0, 1.0]).tolist() == [1.0, 0.0]
    assert twin.starts["far"].tolist() == [3.0, 3.0]
    assert (twin.id, twin.tags, twin.fmin) == (mine.id, mine.tags, mine.fmin)


def test_own_landscape_of_a_registered_name_is_not_mistaken():
    impostor = own("beale")
    assert pickle.loads(pickle.dumps(impostor))([1.0, 1.0]) == 0.0


def test_own_function_of_one_point():
    mine = own(gradient=cone_slope)
    batch = np.array([[1.0, 1.0], [4.0, 5.0]])
    assert mine(batch).tolist() == [0.0, 5.0]
    assert mine([4, 5]) == 5.0
    assert mine.gradient(batch[1]).tolist() == [0.6, 0.8]
    assert mine.gradient(batch).tolist() == [[0.0, 0.0], [0.6, 0.8]]
    assert mine.distance(batch).tolist() == [0.0, 5.0]
    assert mine.distance(batch[1]) == 5.0
    with pytest.raises(ValueError, match=r"\(3,\)"):
        mine([1.0, 2.0, 3.0])


def test_own_hessian():
    with pytest.raises(ValueError, match="no Hessian"):
        own().hessian([0.0, 0.0])
    flat = own(hessian=lambda x: np.zeros((2, 2)), validate=False)
    assert flat.hessian([[0.0, 0.0]] * 3).shape == (3, 2, 2)


def test_without_gradient():
    assert not own().has_gradient
    with pytest.raises(ValueError, match="no gradient"):
        own().gradient([0.0, 0.0])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"bounds": [1, 2]}, "bounds must have shape"),
        ({"bounds": [(3, -2), (-2, 3)]}, "below"),
        ({"bounds": [(-np.inf, 3), (-2, 3)]}, "finite"),
        ({"x0": [0, 0, 0]}, r"\(3,\)"),
        ({"x0": [9, 0]}, "outside the bounds"),
        ({"x0": [np.nan, 0]}, "finite"),
        ({"starts": {"far": [9, 9]}}, "start 'far'"),
        ({"minimizers": [[1, 1, 1]]}, "minimizers must have shape"),
        ({"minimizers": [[1, 1], [9, 9]]}, "minimizer 1"),
        ({"tags": "smoth"}, "'smooth'"),
    ],
)
def test_contradictory_facts_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        own(**changes)


def test_facts_cannot_be_changed():
    landscape = landscapes.get("himmelblau")
    for array in (landscape.bounds, landscape.x0, landscape.minimizers):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 7.0
    with pytest.raises(TypeError):
        landscapes.get("beale").starts["article"] = 0
