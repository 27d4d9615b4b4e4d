"""Escaping and cutting: what names, messages and subjects from elsewhere can do to commands, Markdown and JSON."""

import html
import json
import re
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pytest_optlandscape.comparison import compare_landscape, compare_optimizer
from pytest_optlandscape.landscapes import get
from pytest_optlandscape.optimizers import get as optimizer
from pytest_optlandscape.records import run_baseline
from pytest_optlandscape.report.codequality import codequality_text, issue
from pytest_optlandscape.report.github import annotation_commands, workflow_command
from pytest_optlandscape.report.markdown import code, escaped, markdown, marker
from pytest_optlandscape.report.remarks import Place, Remark, SessionReport, remarks_of
from pytest_optlandscape.report.trend import clean
from pytest_optlandscape.store import CommitEntry, OptimizerEntry, Triage
from pytest_optlandscape.trend import Event, Point, Series, Share, State, Trend

HOSTILE = [
    "a\r\n::error::injected", "100%25 :,\n", "|x| `y` <script>alert(1)</script>", "@everyone #1 !2 ~bug %7 &3 $4",
    "/close", "\x1b[31m\x00\u202e\ud800", "--> <!--", "[x](https://evil.example)", "www.evil.example", "# head",
    "- [ ] x", "12. one", "GH-7", "![](https://evil.example/x.png)",
]  # fmt: skip
TEXTS = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=40))


def unescaped(text, is_property=False):
    if is_property:
        text = text.replace("%3A", ":").replace("%2C", ",")
    return text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")


def printable(text):
    """The text as it can be shown in a log: a mark stands for a control character."""
    hidden = ("C", "Zl", "Zp")
    return "".join(
        "\ufffd" if unicodedata.category(one).startswith(hidden) and one not in "\r\n" else one for one in text
    )


@given(message=TEXTS, title=TEXTS, file=TEXTS)
@example(message="::", title=",file=x::", file="%0A")
def test_a_workflow_command_is_one_line_and_says_what_it_is_told(message, title, file):
    line = workflow_command("warning", message, file=file, title=title)
    assert len(line.splitlines()) == 1
    head, found = re.fullmatch(r"::warning (.*?)::(.*)", line).groups()
    read = dict(one.split("=", 1) for one in head.split(","))
    assert unescaped(found) == printable(message)
    assert {key: unescaped(value, True) for key, value in read.items()} == {
        "file": printable(file), "title": printable(title),
    }  # fmt: skip


@given(TEXTS)
def test_escaped_text_is_text(text):
    for made, length in ((escaped(text), 300), (code(text), 120)):
        inside = made.removeprefix("<code>").removesuffix("</code>")
        assert html.unescape(inside).replace("\u200b", "") == clean(text, length)
        assert not set(inside) & set("|<>`*_[]{}\\@\n\r\x1b")
        assert not re.search(r"(?<!&)[#!$%](?=[^\W\d])", inside)
        assert not inside.startswith(("#", "-", "+", "=", "/"))
        assert not re.search(r"://|www\.", inside, re.IGNORECASE)


@given(TEXTS)
def test_the_marker_is_one_comment(text):
    made = marker(text)
    assert re.fullmatch(r"<!-- optlandscape(: [\w./-]+)? -->", made, re.ASCII)
    assert "--" not in made[4:-3]


def remarks(count, verdict="worse", fails=True):
    return [Remark(verdict, f"a:b{k}", "beale", "5 % slower", fails, cell="beale/standard") for k in range(count)]


@pytest.mark.parametrize("count", [0, 10, 17])
def test_github_is_given_no_more_than_it_shows(count):
    several = [*remarks(count), *remarks(count, "changed", False), *remarks(count, "better", False)]
    commands = annotation_commands(several, {"a:b0": Place("a b.py", 3)})
    levels = [re.match(r"::(\w+)", one)[1] for one in commands]
    assert {level: levels.count(level) for level in levels} == (
        {} if not count else {"error": 10, "warning": 10, "notice": 10}
    )
    if count:
        assert commands[0].startswith("::error file=a b.py,line=3,title=worse%3A a%3Ab0%2C beale::")
    if count == 17:
        assert commands[-1] == "::notice title=optlandscape::and 7 more errors, 7 more warnings, 8 more improvements"
    others = annotation_commands([*several, *remarks(1, "creep")], with_failures=False)
    assert [one for one in others if one.startswith("::error")] == annotation_commands(remarks(1, "creep"))


@pytest.fixture(scope="module")
def compared():
    """Two optimizers on one landscape, one of them with half the evaluations."""
    before = run_baseline(optimizer("scipy:L-BFGS-B"), get("booth"), 40)
    now = run_baseline(optimizer("scipy:Nelder-Mead"), get("booth"), 40)
    landscape = compare_landscape(now, before, landscapes=1)
    same = compare_landscape(before, before, landscapes=1)
    return [compare_optimizer("same:one", [same]), compare_optimizer("<b>|@all", [landscape])]


def test_markdown_has_the_worst_first_and_a_row_for_each_thing(compared):
    report = SessionReport("quick", compared, notes=["/close @all"])
    found = remarks_of(report)
    text = markdown(report, found, project="packages/a")
    assert text.startswith(
        "<!-- optlandscape: packages/a -->\n### Optimizers of <code>packages/a</code>: 1 worse, 1 same"
    )
    rows = [re.split(r"(?<!\\)\|", line) for line in text.splitlines() if line.startswith("|")]
    assert [len(row) for row in rows if "same:one" in "".join(row)] == [9]
    assert text.index("&#60;b&#62;&#124;&#64;all") < text.index("same:one")
    assert "```console\noptlandscape replay booth/" in text
    assert "- &#47;close &#64;&#8203;all\n" in text
    assert " → " in text


def point(letter, subject=""):
    return Point(CommitEntry(letter * 40, subject=subject), OptimizerEntry(record=letter * 64))


def test_creep_is_told_with_its_shares_and_a_person_s_word(compared):
    _, slower = compared
    states = [State((point("a"),)), State((point("b"),), slower), State((point("c", "|@all"),), slower)]
    shares = (Share("b" * 40, 400, 1.0, "a bit"), Share("c" * 40, 600, 1.0, "more"))
    creep = Event("creep", states[0], tuple(states[1:]), slower, shares)
    series = Series(slower.spec, (), "quick", "", (), {})
    report = SessionReport("quick", [], trends=[Trend(series, tuple(states), (creep,))], commit="c" * 40)
    (remark,) = remarks_of(report)
    assert (remark.verdict, remark.level, remark.where) == ("creep", "warning", "c" * 10)
    assert "worse by small changes over 2 states since aaaaaaaaaa, the first of them bbbbbbbbbb" in remark.text
    text = markdown(report, [remark])
    assert "| worse | creep | <code>cccccccccc</code> &#124;&#64;&#8203;all |" in text
    assert "shares: <code>bbbbbbbbbb</code> 40.0 %, <code>cccccccccc</code> 60.0 %" in text
    (failing,) = remarks_of(replace(report, crept=[(slower.spec, creep)]))
    assert (failing.verdict, failing.level) == ("creep", "error")
    assert remarks_of(replace(report, commit="b" * 40)) == []
    triaged = replace(creep, triage=Triage("c" * 40, "expected", "a <safer> default", "Ann", 1))
    report = replace(report, trends=[Trend(series, tuple(states), (triaged,))])
    assert remarks_of(report) == []
    assert "| expected: a &#60;safer&#62; default |" in markdown(report, [])


@pytest.mark.parametrize("limit", [64_000, 5_000, 300, 10])
def test_markdown_is_cut_between_rows_and_says_so(compared, limit):
    many = [Remark("worse", "|" * 90, "ж" * 90, "@" * 250, True) for _ in range(1000)]
    text = markdown(SessionReport("quick", compared), many, limit=limit)
    assert len(text.encode()) <= limit
    assert limit < 300 or "Too long: " in text
    if limit >= 5000:
        left_out = int(re.search(r"long: (\d+) more rows are left out", text)[1])
        shown = [line for line in text.splitlines() if line.startswith("| **worse** | <code>&#124;")]
        assert len(shown) + left_out == 1000
        assert all(line.endswith(" |") for line in shown)


@given(st.lists(st.tuples(TEXTS, TEXTS, TEXTS, TEXTS), max_size=5))
def test_a_code_quality_report_is_json_without_doubles(several):
    issues = [issue("worse", spec, place, text, severity="major", path=path) for spec, place, text, path in several]
    found = json.loads(codequality_text([*issues, *issues]))
    assert len({one["fingerprint"] for one in found}) == len(found) == len({one[:2] for one in several})
    assert all(one["location"]["lines"]["begin"] == 1 for one in found)


def test_a_severity_that_gitlab_does_not_know_is_refused():
    with pytest.raises(ValueError, match="severity must be one of info, minor"):
        issue("worse", "a:b", "beale", "slower", severity="bad", path="a.py")
