import os
import re
import tarfile
import zipfile
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import page_cases
import pytest

from pytest_optlandscape.store import Triage

MAY_SKIP = not os.environ.get("OPTLANDSCAPE_NO_SKIPS")
if MAY_SKIP:
    pytest.importorskip("jinja2")


class Reading(HTMLParser):
    """What a parser of HTML sees: tags, and how they nest."""

    VOID = frozenset({"meta", "link", "br", "img", "input", "hr"})

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.attributes, self.tags = [], [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += [name for name, _ in attributes]
        self.ids += [value for name, value in attributes if name == "id"]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_same_history_gives_the_same_bytes_and_sound_markup(usual):
    assert page_cases.usual().page() == usual
    read = Reading(usual)
    assert len(read.ids) == len(set(read.ids))
    assert not [name for name in read.attributes if name.startswith("on") or name in ("style", "src")]
    assert not re.search(r"https?://(?!www\.w3\.org)", usual)


def test_an_empty_history_says_what_to_do():
    text = page_cases.Made().page()
    assert "The history is empty." in text
    assert "optlandscape backfill" in text


def test_one_commit_has_nothing_to_be_compared_with():
    made = page_cases.Made()
    made.commit(**{"solver:minimize": page_cases.record()})
    text = made.page()
    assert "One state so far" in text
    assert "Nothing to look at" in text


def test_definitions_that_changed_are_not_comparable():
    made = page_cases.Made()
    made.commit(**{"solver:minimize": page_cases.record(["beale"])})
    other = page_cases.landscape_record("beale")
    changed = type(other)("beale", {**other.definition, "budget": 77}, other.cells)
    made.commit(**{"solver:minimize": page_cases.Baseline("solver:minimize", {}, {}, {"beale": changed})})
    text = made.page()
    assert 'class="card is-not-comparable"' in text
    assert "budget 8000 is now 77" in text


def test_a_record_that_cannot_be_read_is_told_and_the_rest_shown():
    made = page_cases.usual()
    lost = made.entries[2].optimizers["solver:minimize"].record
    del made.records[lost]
    text = made.page(problems=[f"records/{lost[:2]}/{lost}.json is <damaged>"])
    assert "1 file of the history cannot be used" in text
    assert "is &lt;damaged&gt;" in text
    assert "optlandscape doctor" in text
    assert "other:descend" in text


def test_an_optimizer_that_was_never_measured_says_why():
    made = page_cases.Made()
    made.commit(**{"solver:minimize": "ImportError: no module named x"})
    text = made.page()
    assert "could not be run: ImportError: no module named x" in text


def test_a_check_that_is_newly_broken_has_a_card():
    made = page_cases.Made()
    made.commit(**{"solver:minimize": page_cases.record()})
    made.commit(broken=["check_keeps_budget"], **{"solver:minimize": page_cases.record()})
    text = made.page()
    assert "breaks check_keeps_budget of the contract" in text
    assert 'class="card is-contract"' in text


def test_what_somebody_said_a_word_on_comes_last():
    made = page_cases.Made()
    made.commit(**{"solver:minimize": page_cases.record()})
    commit = made.commit(**{"solver:minimize": page_cases.record(factors={"*": 1.3})})
    assert "1 worse" in made.page()
    made.triages[commit] = Triage(commit, "expected", "it is <b>safer</b>", "Ann", 1)
    text = made.page()
    assert "Nothing to look at" in text
    assert "expected by Ann: it is &lt;b&gt;safer&lt;/b&gt;" in text


def test_without_jinja_the_extra_is_named(monkeypatch, tmp_path):
    from pytest_optlandscape.report.page import availability

    monkeypatch.setattr(availability.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"pytest-optlandscape\[report\]"):
        availability.check_can_report(tmp_path / "report.html")


def test_templates_are_package_data_of_wheel_and_sdist(tmp_path):
    if MAY_SKIP:
        pytest.importorskip("hatchling")
    from hatchling.builders.sdist import SdistBuilder
    from hatchling.builders.wheel import WheelBuilder

    names = {one.name for one in files("pytest_optlandscape.report.page").joinpath("templates").iterdir()}
    assert {"page.html.j2", "page.css", "page.js"} <= names
    wanted = {f"pytest_optlandscape/report/page/templates/{name}" for name in names}
    root = str(Path(__file__).parents[2])
    (wheel,) = WheelBuilder(root).build(directory=str(tmp_path), versions=["standard"])
    assert wanted <= set(zipfile.ZipFile(wheel).namelist())
    (sdist,) = SdistBuilder(root).build(directory=str(tmp_path), versions=["standard"])
    with tarfile.open(sdist) as archive:
        assert wanted <= {name.partition("/")[2] for name in archive.getnames()}


def test_a_picture_that_cannot_be_drawn_keeps_no_page_from_being_written(monkeypatch):
    def refuse(**numbers):
        raise ValueError("the values are <too> large to draw")

    monkeypatch.setattr("pytest_optlandscape.figures.gap_curves", refuse)
    text = page_cases.usual().page()
    assert "Not drawn: the values are &lt;too&gt; large to draw" in text
    assert "Runtime distribution" in text


def test_of_hundreds_of_states_the_last_are_shown_and_the_others_counted():
    made = page_cases.Made()
    for k in range(130):
        made.commit(**{"solver:minimize": page_cases.record(["beale"], {"beale": 1.0 + 0.01 * (k % 2)})})
    text = made.page()
    assert text.count('<option value="optimizer-1-data') == 60
    assert "The last 100 of 130 states" in text
