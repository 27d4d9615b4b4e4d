"""What is run of a suite: words to landscapes and cells."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_optlandscape import landscapes
from pytest_optlandscape.strategies import SUITES, cells
from pytest_optlandscape.suites.catalogue import (
    EVALUATIONS_PER_DIMENSION,
    GLOBAL_EVALUATIONS_PER_DIMENSION,
    SUITE_VERSIONS,
    find_cell,
    kind_of_start,
    limit_cells,
    suite_ids,
)
from pytest_optlandscape.suites.selection import KINDS_OF_STARTS, in_early_order, read_selection


def ids(text):
    return [landscape.id for landscape in read_selection(text).landscapes]


def starts(text):
    selection = read_selection(text)
    return [cell.start for cell in selection.cells_of(selection.landscapes[0])]


def chosen(text, per_dimension):
    selection = read_selection(text)
    found = selection.cells(lambda landscape: per_dimension * landscape.dim, selection.landscapes)
    return [cell for several in found.values() for cell in several]


@pytest.mark.parametrize("per_dimension", [EVALUATIONS_PER_DIMENSION, GLOBAL_EVALUATIONS_PER_DIMENSION])
def test_smoke_is_small_and_has_each_kind_of_difficulty(per_dimension):
    found = chosen("smoke", per_dimension)
    assert sum(cell.budget(per_dimension * cell.landscape.dim) for cell in found) <= 10_000
    tags = set().union(*(cell.landscape.tags for cell in found))
    assert tags >= {"valley", "ill-conditioned", "active-bounds", "many-minimizers", "multimodal", "nonsmooth"}
    assert {cell.id for cell in found} <= {cell.id for one in suite_ids("quick") for cell in cells(landscapes.get(one))}


def test_the_cells_of_smoke_are_these_until_its_version_is_raised():
    found = [cell.id for cell in chosen("smoke", EVALUATIONS_PER_DIMENSION)]
    assert SUITE_VERSIONS["smoke"] == 1
    first = ["standard", "sobol-00", "sobol-01", "face-lower"]
    assert found == [
        *(f"{one}/{start}" for one in ("rosenbrock_2", "ellipsoid_1e6[5]", "adjiman", "himmelblau") for start in first),
        *(f"bukin_n6/{start}" for start in ("standard", "sobol-00", "face-lower")),
    ]


def test_suites_and_landscapes_are_added_and_left_out():
    assert ids("beale booth") == ["beale", "booth"]
    assert ids("smoke beale -bukin_n6") == [
        "rosenbrock_2", "ellipsoid_1e6[5]", "adjiman", "himmelblau", "beale"
    ]  # fmt: skip
    assert set(ids("quick -smoke")) == {landscapes.get(one).id for one in set(suite_ids("quick")) - set(ids("smoke"))}
    assert ids(f"quick@{SUITE_VERSIONS['quick']}") == ids("quick")


def test_options_alone_take_the_landscapes_of_the_default():
    selection = read_selection("cells=3", "smoke cells=9 budget=50")
    assert [one.id for one in selection.landscapes] == ids("smoke")
    assert (selection.most_cells, selection.budget) == (3, 50)
    assert read_selection("-beale", "quick").text == "quick -beale"


def test_kinds_of_starts():
    assert starts("beale starts=standard,others") == ["standard", "article"]
    assert starts("beale starts=corners,faces") == ["corner-lower", "corner-upper", "face-lower", "face-upper"]
    assert [start for start in starts("adjiman limits starts=limits") if not start.startswith("limit-")] == []


def test_every_kind_comes_early():
    first = [cell.start for cell in in_early_order(cells(landscapes.get("beale")))]
    assert first[:7] == ["standard", "sobol-00", "face-lower", "sobol-01", "corner-upper", "sobol-02", "face-upper"]
    assert sorted(first) == sorted(cell.start for cell in cells(landscapes.get("beale")))


@given(st.integers(1, 30), st.integers(1, 60_000), st.sampled_from([7, 200, 600]))
def test_a_smaller_selection_is_part_of_a_larger_one(count, steps, per_dimension):
    small, large = (
        {cell.id for cell in chosen(f"smoke beale cells={count + more} steps={steps + 900 * more}", per_dimension)}
        for more in (0, 1)
    )
    assert small <= large
    spent = sum(per_dimension * landscapes.get(one.rpartition("/")[0]).dim for one in small)
    assert spent <= max(steps, sum(per_dimension * one.dim for one in read_selection("smoke beale").landscapes))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "unknown suite ''; known: full, limits"),
        ("quikc", "unknown suite 'quikc'; did you mean 'quick'"),
        ("rosenbrok[10]", "unknown suite 'rosenbrok.*did you mean 'rosenbrock'"),
        ("beale[7]", "beale"),
        ("quick@2", "this release has version 3 of the suite quick; write quick@3"),
        ("quick cell=3", "unknown word of a suite 'cell'; did you mean 'cells'"),
        ("quick cells=0", "cells=0: a whole number of cells of each landscape was expected"),
        ("quick cells=1e3", "cells=1e3"),
        ("quick steps=" + "9" * 5000, "a whole number of evaluations was expected"),
        ("quick cells=3 cells=4", "repeats a word with a number"),
        ("quick starts=edges", "unknown kind of starts 'edges'"),
        ("quick starts=", "unknown kind of starts ''"),
        ("beale -beale", "leaves no landscape"),
        ("beale -booth", "leaves out booth, which is not in it"),
        ("-beale", "unknown suite '-beale'"),
    ],
)
def test_mistakes_are_told(text, complaint):
    with pytest.raises(ValueError, match=complaint):
        read_selection(text)


def test_cells_at_call_limits():
    for name in set(SUITES) - {"limits"}:
        assert not any(cell.limit for cell in chosen(name, 10))
    limited = limit_cells(landscapes.get("beale"))
    assert [cell.limit for cell in limited] == [7, 15, 35, 23, 11]
    assert [cell.budget(20) for cell in limited] == [7, 15, 20, 20, 11]
    assert {cell.start for cell in chosen("beale limits", 10) if cell.landscape.name == "beale"} >= {
        cell.start for cell in limited
    }
    assert len({cell.seed for cell in (*limited, *cells(landscapes.get("beale")))}) == 5 + 22
    assert find_cell(landscapes.get("beale"), "limit-standard") is limited[0]
    assert set(KINDS_OF_STARTS) > {"limits"}


OWN = {
    "valleys": "quick tags=smooth,valley",
    "few": "valleys cells=4 starts=standard,sobol",
    "edges": "limits cells=3",
    "dear": "booth budget=500",
}


def own(text):
    return read_selection(text, own=OWN)


def own_ids(text):
    return [landscape.id for landscape in own(text).landscapes]


def test_tags_and_dimensions_choose_landscapes():
    valleys = ids("quick tags=smooth,valley")
    assert valleys
    assert all({"smooth", "valley"} <= landscapes.get(one).tags for one in valleys)
    assert [one for one in ids("quick") if {"smooth", "valley"} <= landscapes.get(one).tags] == valleys
    in_dims = ["sphere[2]", "beale", "sphere[5]", "rosenbrock[2]", "rosenbrock[5]"]
    assert ids("sphere rosenbrock[10] beale dim=2,5") == in_dims
    assert ids("rosenbrock_2 rosenbrock[10] dim=2") == ["rosenbrock_2"]


def test_own_suites_are_words():
    assert own_ids("valleys") == ids("quick tags=smooth,valley")
    assert own_ids("valleys booth") == [*ids("quick tags=smooth,valley"), "booth"]
    assert own_ids("quick -valleys") == [one for one in ids("quick") if one not in own_ids("valleys")]
    assert own("few").text == "few"


def test_words_of_an_own_suite_hold_where_it_is_used():
    few = own("few")
    assert (few.most_cells, few.starts) == (4, {"standard", "sobol"})
    assert own("few cells=2").most_cells == 2
    assert own("edges").has_limits
    assert own("dear").budget == 500
    assert own("dear budget=60").budget == 60


def test_own_suites_with_different_words_need_a_decision():
    with pytest.raises(ValueError, match="adds up suites with different cells=; give cells= here, too"):
        own("few edges")
    assert own("few edges cells=2 starts=standard").most_cells == 2
    assert own("dear valleys").budget == 500


def test_cells_over_a_search_space_differ_in_their_seeds():
    selection = read_selection("tuning booth")
    tree = landscapes.get("jenatton_tree")
    found = selection.cells_of(tree)
    assert [cell.start for cell in found] == [f"seed-{number:02}" for number in range(22)]
    assert len({cell.seed for cell in found}) == 22
    assert found[0].x0.tolist() == tree.x0.tolist()
    assert all(tree.contains(cell.x0) and cell.is_spread for cell in found)
    assert {kind for cell in found for kind in [kind_of_start(cell.start)]} == {"seeds"}
    assert starts("jenatton_tree cells=2 starts=seeds") == ["seed-00", "seed-01"]


def test_trials_are_the_budget_over_a_search_space():
    tree, booth = map(landscapes.get, ("jenatton_tree", "booth"))
    assert [read_selection("tuning").budget_of(one, 200) for one in (tree, booth)] == [40, 400]
    assert [read_selection("tuning trials=60 budget=5").budget_of(one, 200) for one in (tree, booth)] == [60, 10]


def test_no_other_suite_has_search_spaces():
    searches = {landscape.id for landscape in landscapes.select(tags="search-space")}
    assert {landscapes.get(one).name for one in suite_ids("tuning")} <= {landscapes.get(one).name for one in searches}
    for name in set(SUITES) - {"tuning"}:
        assert not searches & {landscapes.get(one).id for one in suite_ids(name)}
