"""The gallery of the documentation is searched in a browser."""

import sys
from pathlib import Path

import pytest

from pytest_optlandscape.landscapes import get
from pytest_optlandscape.landscapes.definition import DEFINITIONS

DOCS = Path(__file__).parents[2] / "docs"
sys.path.insert(0, str(DOCS))
try:
    import gallery
finally:
    sys.path.remove(str(DOCS))

NAMES = ["beale", "booth", "himmelblau", "rosenbrock", "mgh_osborne_1", "one_max", "bbob_mixint_f01_sphere"]


@pytest.fixture
def page(chromium, tmp_path):
    script = (DOCS / "_static" / "gallery.js").as_uri()
    cards = gallery.gallery(NAMES, lambda name: f"families.html#{name}")
    path = tmp_path / "gallery.html"
    path.write_text(f'<!doctype html><meta charset="utf-8"><script src="{script}"></script>{cards}', encoding="utf-8")
    with chromium.new_page() as page:
        complaints = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.set_default_timeout(5000)
        page.goto(f"{path.as_uri()}?dim=10")
        yield page
        assert complaints == []


def shown(page):
    return page.locator(".landscape-gallery > li:visible code").all_inner_texts()


def test_the_gallery_is_searched_by_words_tags_and_dimension(page):
    assert shown(page) == ["rosenbrock", "one_max", "bbob_mixint_f01_sphere"]  # the address asked for ten dimensions
    page.fill("[name=dim]", "5")
    assert shown(page) == [name for name in NAMES if 5 in dimensions(name)]
    page.fill("[name=dim]", "")
    assert shown(page) == NAMES
    page.fill("[name=words]", "Osborne")
    assert shown(page) == ["mgh_osborne_1"]
    page.fill("[name=words]", "")
    page.select_option("[name=tag]", "valley")
    assert shown(page) == [name for name in NAMES if "valley" in get(name).tags]
    page.fill("[name=words]", "no such word")
    assert shown(page) == []
    assert page.inner_text("output") == f"0 of {len(NAMES)} landscapes"


def dimensions(name):
    definition = DEFINITIONS[name]
    return definition.dims if definition.is_scalable else [definition.dim]
