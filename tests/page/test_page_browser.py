import os
import re

import page_cases
import pytest

if not os.environ.get("OPTLANDSCAPE_NO_SKIPS"):
    pytest.importorskip("playwright", reason="tests of the page need Playwright")
from playwright.sync_api import expect

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)></script>\u202egnp\x1b[31m\x00{{ 7*7 }}العربية"


def shown(page, selector):
    return page.locator(selector).filter(visible=True)


def test_the_first_thing_is_what_to_look_at(usual, reader):
    page = reader.open(usual)
    headings = page.locator("h2").all_inner_texts()
    assert headings[:2] == ["What to look at", "Optimizers"]
    first = page.locator("article.card").first
    assert "worse" in first.inner_text()
    assert "more evaluations to the targets" in first.inner_text()
    assert first.locator("svg").count() == 1
    assert "optlandscape replay " in first.inner_text()
    kinds = [one.get_attribute("class") for one in page.locator("#look > article.card").all()]
    assert kinds == ["card is-worse", "card is-creep"]


def test_choosing_an_optimizer_shows_it_alone(usual, reader):
    page = reader.open(usual)
    assert shown(page, ".panel").count() == 1
    page.get_by_label("Optimizer shown below").select_option(label="solver:minimize")
    assert "solver:minimize" in shown(page, ".panel h2").inner_text()
    page.locator("#look a.of", has_text="other:descend").first.click()
    assert "other:descend" in shown(page, ".panel h2").inner_text()
    assert page.evaluate("document.activeElement.tagName") == "H2"


def test_landscapes_are_filtered_sorted_and_opened(reader):
    made = page_cases.Made()
    made.commit(**{"solver:minimize": page_cases.record(page_cases.MANY)})
    made.commit(**{"solver:minimize": page_cases.record(page_cases.MANY, {"beale": 1.6, "booth": 1.4})})
    page = reader.open(made.page())
    rows = shown(page, "tr.landscape")
    assert rows.count() == len(page_cases.MANY)
    page.get_by_label("Name").fill("rosen")
    assert 0 < rows.count() < 20
    assert page.locator(".count").inner_text() == f"{rows.count()} of {len(page_cases.MANY)} landscapes"
    page.get_by_label("Name").fill("")
    page.get_by_label("Verdict").select_option("moved")
    assert sorted(rows.locator("th").all_inner_texts()) == ["beale", "booth"]
    page.get_by_label("Verdict").select_option("")
    button = page.get_by_role("button", name="speed", exact=True)
    button.click()
    assert page.locator("th[data-kind=number]").first.get_attribute("aria-sort") == "ascending"
    assert rows.nth(0).locator("th").inner_text() == "beale"
    button.click()
    assert page.locator("th[data-kind=number]").first.get_attribute("aria-sort") == "descending"
    assert rows.nth(len(page_cases.MANY) - 1).locator("th").inner_text() == "beale"
    page.get_by_role("button", name="landscape", exact=True).click()
    names = rows.locator("th").all_inner_texts()
    assert names == sorted(names)
    opener = page.locator("button.expand", has_text="ackley[5]").first
    opener.click()
    detail = page.locator("tr.opened-row .detail")
    detail.wait_for()
    assert opener.get_attribute("aria-expanded") == "true"
    assert detail.locator("svg").count() >= 1
    detail.locator("summary", has_text="The cells of").click()
    assert 'optlandscape replay "ackley[5]/standard"' in detail.inner_text()
    opener.click()
    assert not detail.is_visible()
    page.get_by_role("button", name="Show all landscapes").first.click()
    page.locator(".part svg").first.wait_for()


def test_a_state_is_compared_with_the_one_before(usual, reader):
    page = reader.open(usual, "#optimizer-2")
    chooser = shown(page, "select.choose-state")
    labels = chooser.locator("option").all_inner_texts()
    assert labels[0] == "choose a state"
    worse = next(label for label in labels if label.endswith(": worse"))
    chooser.select_option(label=worse)
    shown(page, ".part .detail").wait_for()
    text = shown(page, ".part").inner_text()
    assert "Check every step twice" in text
    assert "optlandscape compare " in text
    chooser.select_option(label="choose a state")
    assert shown(page, ".part").count() == 0


def test_a_replay_line_is_copied(usual, reader):
    page = reader.open(usual)
    button = page.locator("article.card button.copy").first
    line = page.locator("article.card .command code").first.inner_text()
    button.click()
    expect(button).not_to_have_text("Copy")
    page.get_by_label("Name").filter(visible=True).focus()
    page.keyboard.press("Control+V")
    assert page.get_by_label("Name").filter(visible=True).input_value() == line


def test_everything_is_reached_by_the_keyboard(usual, reader):
    page = reader.open(usual)
    reached = set()
    for _ in range(400):
        page.keyboard.press("Tab")
        what = page.evaluate(
            "() => { const e = document.activeElement; if (e === document.body) return null;"
            "const s = getComputedStyle(e); const kind = e.classList[0] || e.id || e.tagName.toLowerCase();"
            "return [kind, s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0]; }"
        )
        if what is None:
            break
        kind, has_outline = what
        assert has_outline, kind
        reached.add(kind)
    assert {
        "skip",
        "needs-script",
        "of",
        "copy",
        "choose-optimizer",
        "drawing",
        "filter-name",
        "filter-verdict",
    } <= reached
    assert {"choose-state", "scroll", "summary"} <= reached
    page.keyboard.press("Escape")
    page.locator("#choose-optimizer").focus()
    page.keyboard.press("ArrowDown")
    assert shown(page, ".panel").count() == 1
    page.locator("thead button").filter(visible=True).first.focus()
    page.keyboard.press("Enter")
    assert page.locator("th[aria-sort=ascending]").count() == 1
    page.locator("#theme").focus()
    page.keyboard.press("Space")
    assert page.locator("html").get_attribute("data-theme") == "dark"


def test_numbers_of_a_picture_are_read_by_arrow_keys(usual, reader):
    page = reader.open(usual)
    drawing = page.locator("article.card .drawing").first
    drawing.focus()
    page.keyboard.press("ArrowRight")
    tip = page.locator("#tip")
    first = tip.inner_text()
    assert first.startswith("sphere[10]; speed × 0.")
    assert first.endswith("(1 of 6)")
    page.keyboard.press("ArrowRight")
    assert tip.inner_text() != first
    page.keyboard.press("Home")
    assert tip.inner_text() == first
    page.keyboard.press("Escape")
    assert not tip.is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_follow_the_reader_and_the_button(usual, reader, scheme):
    page = reader.open(usual, color_scheme=scheme)

    def papers():
        script = "['body', '.drawing svg'].map(s => getComputedStyle(document.querySelector(s)).backgroundColor)"
        return page.evaluate(script)

    colours = {"light": ["rgb(255, 255, 255)"] * 2, "dark": ["rgb(20, 23, 28)"] * 2}
    assert papers() == colours[scheme]
    page.get_by_role("button", name="Dark colours").click()
    assert papers() == colours["dark" if scheme == "light" else "light"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_that_an_accessibility_checker_knows_is_wrong(usual, reader, scheme):
    if not os.environ.get("OPTLANDSCAPE_NO_SKIPS"):
        pytest.importorskip("axe_playwright_python")
    from axe_playwright_python.sync_playwright import Axe

    page = reader.open(usual, color_scheme=scheme)
    for summary in page.locator("#look summary").all():
        summary.click()
    found = Axe().run(page).response["violations"]
    told = [(one["id"], [node["html"][:200] for node in one["nodes"]][:3]) for one in found]
    assert told == []


def test_a_narrow_window_scrolls_no_page_sideways(usual, reader):
    page = reader.open(usual, viewport={"width": 360, "height": 740})
    page.locator("button.expand").filter(visible=True).first.click() if shown(page, "button.expand").count() else None
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert page.evaluate("document.querySelector('table.landscapes').scrollWidth") > 360


def test_motion_is_reduced_on_request(usual, reader):
    page = reader.open(usual, reduced_motion="reduce")
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"


def test_hostile_names_are_text(reader):
    made = page_cases.Made()
    spec = f"mine:{HOSTILE}"
    names = {"beale": "beale", HOSTILE: "booth"}

    def measured(factor):
        records = {n: page_cases.landscape_record(n, factor, like) for n, like in names.items()}
        return page_cases.Baseline(spec, {}, {}, records)

    made.commit_of({spec: measured(1.0)}, HOSTILE, HOSTILE)
    made.commit_of({spec: measured(1.5)}, HOSTILE, HOSTILE, {HOSTILE: HOSTILE}, (HOSTILE,))
    made.commit_of({spec: HOSTILE}, HOSTILE, HOSTILE)
    page = reader.open(made.page(HOSTILE))
    for button in shown(page, "button.expand").all():
        button.click()
    shown(page, "select.choose-state").select_option(index=1)
    shown(page, ".part .detail").wait_for()
    assert page.locator("img").count() == 0
    assert page.locator("script:not([type])").count() == 1
    text = page.locator("body").inner_text()
    assert "<script>alert(1)</script>" in text
    assert "{{ 7*7 }}" in text
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x1b\x00]", page.content())


def test_the_page_is_readable_without_scripts(usual, reader):
    page = reader.open(usual, java_script_enabled=False)
    assert shown(page, ".panel").count() == 2
    assert shown(page, "button").count() == 0
    assert shown(page, "svg").count() >= 8
    assert "Check every step twice" in page.locator("#look").inner_text()
    assert shown(page, "tr.landscape").count() == 2 * len(page_cases.FEW)
