import dataclasses
import json
import math
import shlex

import pytest

from pytest_optlandscape import landscapes
from pytest_optlandscape.report import (
    Wording,
    details,
    failure_text,
    landscape_rows,
    outcome,
    outcome_text,
    overall_failure_text,
    summary_lines,
)
from pytest_optlandscape.report.terminal import table
from pytest_optlandscape.strategies.suites import cells
from pytest_optlandscape.verdicts import (
    CellRecord,
    Fingerprint,
    LandscapeRecord,
    Verdict,
    compare_landscape,
    compare_optimizer,
    definition_of,
)

SPEC = "mine:minimize"


def record(name="booth", *, slowdown=1, worst=None, slow=(), broken=(), errors=(), budget=400, gap=1e-12):
    starts = [cell.start for cell in cells(landscapes.get(name))]
    made = []
    for k, start in enumerate(starts):
        factor = 4 * slowdown if k == worst or k in slow else slowdown
        hits = tuple(min(factor * (10 + k + 3 * j), budget) for j in range(8))
        stop = "exception" if k in broken else "returned"
        path = Fingerprint((0.25, 0.5 + factor), 0.5, (2.0**-48, 2.0**-40), 2.0**-40, 0)
        flags = frozenset()
        made.append(CellRecord(start, hits[-1], hits[-1], stop, gap, 1e-6, hits, flags, f"{factor:08x}", path))
    return LandscapeRecord(name, definition_of(landscapes.get(name), budget), tuple(made), errors)


def compare(now, before):
    return compare_landscape(now, before, landscapes=16)


def optimizer(*comparisons):
    return compare_optimizer(SPEC, list(comparisons))


SAME = compare(record(), record())
WORSE = compare(record(slowdown=2, worst=5), record())
BETTER = compare(record("beale"), record("beale", slowdown=2))
NEW = compare(record("bird"), None)
OTHER = compare(record("easom", budget=200), record("easom"))
CHANGED = compare(record("branin", slow=[3, 4]), record("branin"))
BROKEN = compare(record("adjiman", broken=[2, 3], errors=["ValueError: no (mine.py:7)"]), record("adjiman"))


def test_the_synthetic_comparisons_are_what_they_are_called():
    found = [c.verdict for c in (SAME, WORSE, BETTER, NEW, OTHER, CHANGED, BROKEN)]
    assert found == ["same", "worse", "better", "new", "not-comparable", "changed", "worse"]


def test_table_aligns_its_columns():
    lines = table(["name", "runs", "verdict"], [["a", "10", "same"], ["longer", "5", "not-comparable"]])
    assert lines == ["name    runs  verdict", "a         10  same", "longer     5  not-comparable"]
    assert table(["a", "b"], []) == ["a  b"]


def test_summary_has_a_row_for_each_optimizer():
    header, first, second = summary_lines([optimizer(WORSE, NEW), dataclasses.replace(optimizer(SAME), spec="b:c")])
    assert header.split()[0] == "optimizer"
    assert first.split()[:3] == [SPEC, "2", "42/42"]
    assert first.endswith("worse")
    assert second.endswith("same")
    assert "identical" in second


def test_rows_of_landscapes():
    header, *rows = landscape_rows(optimizer(SAME, WORSE, NEW))
    assert header.startswith(SPEC)
    assert [(row.split()[0], row.split()[-1]) for row in rows] == [
        ("booth", "same"),
        ("booth", "worse"),
        ("bird", "new"),
    ]
    assert "speed × 0.5 " in rows[1]
    assert "-" in rows[2]


def test_details_say_what_moved_and_nothing_else():
    assert details(optimizer(SAME)) == []
    assert details(optimizer(NEW)) == []
    text = "\n".join(details(optimizer(WORSE, BETTER, OTHER, CHANGED, NEW)))
    assert "worse on booth: " in text
    assert "more evaluations to the targets" in text
    assert "better on beale: " in text
    assert "fewer evaluations to the targets" in text
    assert "changed on branin: " in text
    assert "not compared on easom: budget 400 is now 200" in text
    assert "bird" not in text


def test_details_tell_exceptions_with_their_number():
    lines = details(optimizer(BROKEN))
    assert any("no result from 2 of 21 starts on adjiman: ValueError: no (mine.py:7)" in line for line in lines)


def test_lines_are_short_but_paths_stay_whole():
    path = "/a-long-way/to-the-place/" + "x" * 120 + "/mine.py:7"
    now = record("adjiman", broken=range(21), errors=[f"ValueError: {'many words ' * 20}({path})"])
    lines = details(optimizer(compare(now, None)))
    assert any(path in line for line in lines)
    assert all(len(line) <= 110 for line in lines if path not in line)


def test_failure_names_the_worst_cells_the_replay_and_the_selection():
    text = failure_text(WORSE, SPEC)
    lines = text.splitlines()
    assert lines[0] == "mine:minimize on booth is worse than its baseline:"
    start = cells(landscapes.get("booth"))[5]
    shown = [line.split()[0] for line in lines if line.strip().startswith("booth/")]
    assert shown[0] == start.id
    assert len(shown) == 5
    x0 = start.x0.tolist()
    assert f"minimize('mine:minimize', landscapes.get('booth'), x0={x0}, budget=400, seed={start.seed})" in text
    assert "pytest --optlandscape --optlandscape-only mine:minimize::booth\n" in text
    assert "pytest --optlandscape-update --optlandscape-only mine:minimize::booth\n" in text


def test_an_item_that_means_something_to_a_shell_is_quoted():
    said = failure_text(WORSE, "mine:minimize(step=0.1, rule='a b')")
    assert "--optlandscape-only \"mine:minimize(step=0.1, rule='a b')::booth\"\n" in said
    said = failure_text(WORSE, "mine:minimize(rule='$HOME')")
    alone = next(line for line in said.splitlines() if "alone:" in line)
    assert shlex.split(alone)[-1] == "mine:minimize(rule='$HOME')::booth"


@pytest.mark.parametrize(
    ("comparison", "said"),
    [
        (CHANGED, "mine:minimize on branin has changed since its baseline"),
        (OTHER, "mine:minimize on easom cannot be compared with its baseline: budget 400 is now 200"),
        (NEW, "mine:minimize on bird has no baseline; accept one with --optlandscape-update"),
        (BROKEN, "mine:minimize on adjiman is worse than its baseline:\n  no result from 2 of 21 starts that had one"),
    ],
)
def test_failures_of_other_kinds(comparison, said):
    assert failure_text(comparison, SPEC).startswith(said)


def test_a_revision_is_named_where_one_is_compared_with():
    earlier = Wording("v1.0")
    for comparison, said in (
        (WORSE, "mine:minimize on booth is worse than at v1.0:"),
        (CHANGED, "mine:minimize on branin has changed since v1.0: no criterion moved significantly and far enough"),
        (OTHER, "mine:minimize on easom cannot be compared with v1.0: budget 400 is now 200"),
    ):
        assert failure_text(comparison, SPEC, earlier).startswith(said)
    text = failure_text(WORSE, SPEC, earlier)
    assert "pytest --optlandscape-against=v1.0 --optlandscape-only mine:minimize::booth" in text
    assert "--optlandscape-update" not in text  # there is nothing to accept it into
    whole = optimizer(WORSE, SAME)
    assert "against v1.0" in summary_lines([whole], earlier)[0]
    assert "against v1.0" in landscape_rows(whole, earlier)[0]
    few = dataclasses.replace(optimizer(SAME), parted=1, expected=0.5)
    assert "1 cell parts from those at v1.0; 0.5 are expected" in " ".join(details(few, earlier))


def test_failure_of_the_suite_as_one():
    text = overall_failure_text(optimizer(WORSE, SAME))
    assert text.splitlines()[0] == "mine:minimize is worse over 2 landscapes"
    assert "worse on booth" in text


def test_outcome_is_plain_and_complete():
    comparison = optimizer(SAME, WORSE, BETTER, NEW, OTHER, CHANGED, BROKEN)
    found = outcome([comparison])
    assert found.keys() == {"schema", "optimizers"}
    assert found["schema"] == 1
    (one,) = found["optimizers"]
    assert one.keys() >= {"spec", "verdict", "fingerprint", "landscapes", "contract"}
    assert (one["spec"], one["verdict"], one["fingerprint"]) == (SPEC, "worse", "changed")
    rows = one["landscapes"]
    assert [row["verdict"] for row in rows] == [str(c.verdict) for c in comparison.landscapes]
    assert {row["verdict"] for row in rows} == {str(verdict) for verdict in Verdict}
    assert all(row.keys() >= {"name", "verdict", "speed_ratio", "success", "digits", "worst_cell"} for row in rows)
    assert [row["speed_ratio"] is None for row in rows] == [c.speed_ratio is None for c in comparison.landscapes]
    assert rows[0]["speed_ratio"] == 1.0
    assert rows[1]["worst_cell"]["cell"] == "booth/" + WORSE.now.cells[5].start
    assert json.loads(outcome_text([comparison])) == found
    assert outcome([]) == {"schema": 1, "optimizers": []}


def test_outcome_has_no_infinities():
    lost = record("booth", gap=math.inf)
    lost = dataclasses.replace(lost, cells=tuple(dataclasses.replace(c, distance=math.inf) for c in lost.cells))
    text = outcome_text([optimizer(compare(lost, record()), compare(lost, None))])
    (one,) = json.loads(text, parse_constant=pytest.fail)["optimizers"]
    assert one["landscapes"][0]["worst_cell"]["gap"] is None


def test_text_does_not_depend_on_when_it_is_made():
    comparison = optimizer(WORSE, CHANGED, BROKEN)
    for function in (outcome_text, summary_lines):
        assert function([comparison]) == function([comparison])
    assert details(comparison) == details(comparison)
