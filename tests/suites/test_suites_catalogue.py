import numpy as np
import pytest
from thorough import one_of_each

from pytest_optlandscape import landscapes
from pytest_optlandscape.strategies import SUITES, cells, sobol_starts, suite_landscapes
from pytest_optlandscape.suites.catalogue import suite_ids

EVERYWHERE = suite_landscapes("full")
NESTED = ("quick", "standard", "full")


def test_larger_suites_begin_with_the_smaller():
    quick, standard, full = (set(suite_ids(name)) for name in NESTED)
    assert set(suite_ids("smoke")) < quick < standard < full
    assert ("smoke", *NESTED, "structured", "limits") == SUITES
    searches = {landscape.name for landscape in landscapes.select(tags="search-space")}
    assert {landscape.name for landscape in EVERYWHERE} == set(landscapes.shipped_names()) - searches


def shape_of_cells(landscape):
    """Tell what the cells of a landscape depend on."""
    return min(landscape.dim, 3), len(landscape.starts)


def plain(name):
    return [one for one in suite_landscapes(name) if not one.tags & {"constrained", "noisy"}]


def test_sizes():
    assert (len(plain("quick")), len(plain("standard"))) == (16, 48)


@pytest.mark.parametrize("name", NESTED)
def test_suites_hold_every_kind_of_difficulty(name):
    tags = set().union(*(landscape.tags for landscape in plain(name)))
    assert tags >= {"valley", "ill-conditioned", "flat", "active-bounds", "nonsmooth", "many-minimizers", "multimodal"}
    everything = set().union(*(landscape.tags for landscape in suite_landscapes(name)))
    assert everything >= {"constrained", "noisy"}


@pytest.mark.parametrize("name", SUITES)
def test_suites_name_landscapes_once(name):
    chosen = suite_landscapes(name)
    assert [landscape.id for landscape in chosen] == [landscapes.get(one).id for one in suite_ids(name)]
    assert len({landscape.id for landscape in chosen}) == len(chosen)


def test_registered_landscapes_are_in_no_suite():
    assert all(landscape.family for landscape in EVERYWHERE)


def test_unknown_suite():
    with pytest.raises(ValueError, match="unknown suite 'standart'; did you mean 'standard'"):
        suite_landscapes("standart")


@pytest.mark.parametrize("landscape", one_of_each(EVERYWHERE, shape_of_cells), ids=lambda landscape: landscape.id)
def test_cells(landscape):
    chosen = cells(landscape)
    by_name = {cell.start: cell.x0 for cell in chosen}
    assert len({cell.id for cell in chosen}) == len(chosen) == (21 if landscape.dim > 1 else 19) + len(landscape.starts)
    assert len({cell.seed for cell in chosen}) == len(chosen)
    assert all(landscape.contains(x0) and x0.shape == (landscape.dim,) for x0 in by_name.values())
    lower, upper = landscape.bounds.T
    assert np.array_equal(by_name["standard"], landscape.x0)
    assert np.array_equal(by_name["corner-lower"], lower)
    assert np.array_equal(by_name["corner-upper"], upper)
    spread = [x0 for name, x0 in by_name.items() if name.startswith("sobol")]
    assert np.array_equal(spread, sobol_starts(landscape, 16))
    if landscape.dim == 1:  # whose faces are its corners
        return
    at_edge = {name: (x0 == lower).sum() + (x0 == upper).sum() for name, x0 in by_name.items()}
    assert by_name["face-lower"][0] == lower[0]
    assert by_name["face-upper"][-1] == upper[-1]
    assert at_edge["face-lower"] == at_edge["face-upper"] == 1


def test_named_starts_have_cells():
    assert {cell.start: cell.x0.tolist() for cell in cells(landscapes.get("beale"))}["article"] == [4.0, 4.0]


def test_seeds_are_these_everywhere_and_for_ever():
    seeds = {cell.id: cell.seed for cell in cells(landscapes.get("beale"))}
    assert seeds["beale/standard"] == 2712226083
    assert seeds["beale/article"] == 1731546304
    assert seeds["beale/sobol-00"] == 4152209184


def test_starts_of_cells_cannot_be_written_to():
    for cell in cells(landscapes.get("beale")):
        with pytest.raises(ValueError, match="read-only"):
            cell.x0[:] = 99.0
