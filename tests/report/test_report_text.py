import dataclasses
import json
import math
import re
import shlex

import pytest

from pytest_optlandscape import landscapes
from pytest_optlandscape.comparison import Verdict, compare_landscape, compare_optimizer
from pytest_optlandscape.comparison.findings import Finding
from pytest_optlandscape.comparison.own_time import TimeRatios, judge_landscape_by_time
from pytest_optlandscape.records import CellRecord, Fingerprint, LandscapeRecord, definition_of
from pytest_optlandscape.report import (
    Wording,
    details,
    failure_text,
    landscape_rows,
    outcome,
    outcome_text,
    overall_failure_text,
    summary_blocks,
    summary_lines,
)
from pytest_optlandscape.report.before_and_now import before_and_now, records_of
from pytest_optlandscape.report.layout import table
from pytest_optlandscape.report.page.wording import moved_title
from pytest_optlandscape.report.remarks import SessionReport, remarks_of
from pytest_optlandscape.report.trend import what_moved
from pytest_optlandscape.suites.catalogue import cells

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
    several = [optimizer(WORSE, NEW), dataclasses.replace(optimizer(SAME), spec="b:c")]
    header, first, second, legend = summary_lines(several)
    assert legend.startswith("speed: evaluations to the targets, baseline / now; ")
    assert header.split()[0] == "optimizer"
    assert first.split()[:5] == [SPEC, "1", "of", "2", "42/42"]
    assert first.endswith("worse")
    assert second.endswith("same")
    assert "identical" in second
    assert summary_blocks(several, configured=[16, 1])[1][-1].split()[1:4] == ["1", "of", "16"]


def test_a_long_name_stands_on_a_line_of_its_own():
    specs = ["solver:minimize(rule='the best of two', step=0.002)", "x:y"]
    several = [dataclasses.replace(optimizer(one), spec=spec) for one, spec in zip((WORSE, SAME), specs, strict=True)]
    lines = summary_lines(several)
    assert [lines[k] for k in (0, 2, 4)] == ["optimizer", *specs]
    assert lines[3].split()[-3:] == ["×", "0.5", "worse"]
    assert max(map(len, lines)) <= 80
    assert len(summary_lines(several, width=200)) == 4


def test_numbers_before_and_now_stand_side_by_side():
    lost = record(slowdown=2)
    cells_now = tuple(dataclasses.replace(c, gap=9.0) if k in (2, 3) else c for k, c in enumerate(lost.cells))
    before, now = record(), dataclasses.replace(lost, cells=cells_now)
    _, row, _ = summary_lines([optimizer(compare(now, before))])
    assert "21 → 19/21" in row
    assert "41 → 82" in row
    _, row, *_ = summary_lines([optimizer(compare(now, before), NEW)])
    assert "→" not in row  # sums over different landscapes are no before and now


def test_cells_that_were_not_run_do_not_count_before_either():
    part = dataclasses.replace(WORSE, now=dataclasses.replace(WORSE.now, cells=WORSE.now.cells[:8]))
    assert before_and_now(*records_of(part))[0] == "8/8"


def test_rows_of_landscapes():
    spec, header, *rows = landscape_rows(optimizer(SAME, WORSE, NEW))
    assert (spec, header.split()[0]) == (SPEC, "landscape")
    assert [(row.split()[0], row.split()[-1]) for row in rows] == [
        ("booth", "same"),
        ("booth", "worse"),
        ("bird", "new"),
    ]
    assert " × 0.5 " in rows[1]
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


GAINED = Finding("precision", -0.11, 1e-15, "0.11 digits more precise")
LOST = Finding("speed", 0.03, 1e-9, "7.15 % more evaluations to the targets")


def test_what_moved_names_what_decided_the_verdict():
    one_landscape = dataclasses.replace(optimizer(BETTER, SAME, WORSE), findings=(GAINED,))
    assert one_landscape.verdict == Verdict.WORSE
    said = what_moved(one_landscape)
    assert said.startswith("booth: ")
    assert said.index("more evaluations to the targets") < said.index("but over the suite 0.11 digits more precise")
    assert "beale" not in said
    assert "digits more precise" not in said.partition(";")[0]
    assert moved_title(one_landscape).startswith("booth: ")
    assert "p = " not in moved_title(one_landscape)
    assert [name for name, _ in one_landscape.decisive] == ["booth"] * len(WORSE.findings)
    over_the_suite = dataclasses.replace(one_landscape, findings=(GAINED, LOST))
    assert what_moved(over_the_suite) == f"{LOST}; {GAINED}"
    assert moved_title(over_the_suite) == "7.15 % more evaluations to the targets; 0.11 digits more precise"
    assert what_moved(dataclasses.replace(optimizer(BETTER, SAME), findings=())).startswith("beale: ")


def test_details_tell_exceptions_with_their_number():
    said = " ".join(" ".join(details(optimizer(BROKEN))).split())
    assert said.count("ValueError: no (mine.py:7)") == 1  # of the finding, with its number
    assert "worse on adjiman: no result from 2 of 21 starts that had one, sobol-01 first: ValueError: no" in said
    lines = details(optimizer(dataclasses.replace(NEW, now=BROKEN.now)))
    assert any("no result from 2 of 21 starts on adjiman: ValueError: no (mine.py:7)" in line for line in lines)


def test_lines_are_short_but_paths_stay_whole():
    path = "/a-long-way/to-the-place/" + "x" * 120 + "/mine.py:7"
    now = record("adjiman", broken=range(21), errors=[f"ValueError: {'many words ' * 20}({path})"])
    lines = details(optimizer(compare(now, None)))
    assert any(path in line for line in lines)
    assert all(len(line) <= 80 for line in lines if path not in line)


def test_failure_names_the_worst_cells_the_replay_and_the_selection():
    text = failure_text(WORSE, SPEC)
    lines = text.splitlines()
    assert lines[0] == "mine:minimize on booth is worse than its baseline:"
    start = cells(landscapes.get("booth"))[5]
    shown = [line.split()[0] for line in lines if line.strip().startswith("booth/")]
    assert shown[0] == start.id
    assert len(shown) == 5
    x0 = start.x0.tolist()
    call = f"minimize('mine:minimize', landscapes.get('booth'), x0={x0}, budget=400, seed={start.seed})"
    assert f"    from pytest_optlandscape import landscapes, minimize; run = {call}; print(run.table())\n" in text
    assert "    pytest --optlandscape --optlandscape-only mine:minimize::booth\n" in text
    assert "    pytest --optlandscape-update --optlandscape-only mine:minimize::booth\n" in text
    assert f"    pytest --optlandscape-replay {start.id} --optlandscape-only mine:minimize\n" in text


def test_an_item_that_means_something_to_a_shell_is_quoted():
    said = failure_text(WORSE, "mine:minimize(step=0.1, rule='a b')")
    assert "--optlandscape-only \"mine:minimize(step=0.1, rule='a b')::booth\"\n" in said
    said = failure_text(WORSE, "mine:minimize(rule='$HOME')")
    alone = next(line for line in said.splitlines() if "::booth" in line)
    assert shlex.split(alone)[-1] == "mine:minimize(rule='$HOME')::booth"


def test_commands_begin_as_the_session_did():
    wording = Wording(command=("python", "-m", "pytest", "-c", "a b.ini"), python_path=("src",))
    said = failure_text(WORSE, SPEC, wording)
    assert '    python -m pytest -c "a b.ini" --optlandscape --optlandscape-only mine:minimize::booth\n' in said
    assert "    import sys; sys.path[:0] = ['src']; from pytest_optlandscape import landscapes, minimize; run" in said
    assert "in Python" not in failure_text(WORSE, SPEC, wording, in_python=False)


@pytest.mark.parametrize(
    ("comparison", "said"),
    [
        (CHANGED, "mine:minimize on branin has changed since its baseline"),
        (OTHER, "mine:minimize on easom cannot be compared with its baseline: budget 400 is now 200"),
        (NEW, "mine:minimize on bird has no baseline\n\n  accept what it does now:\n    pytest --optlandscape-update "),
        (BROKEN, "mine:minimize on adjiman is worse than its baseline:\n  no result from 2 of 21 starts that had one"),
    ],
)
def test_failures_of_other_kinds(comparison, said):
    assert " ".join(failure_text(comparison, SPEC).split()).startswith(" ".join(said.split()))


def test_a_revision_is_named_where_one_is_compared_with():
    earlier = Wording("v1.0")
    for comparison, said in (
        (WORSE, "mine:minimize on booth is worse than at v1.0:"),
        (CHANGED, "mine:minimize on branin has changed since v1.0: no criterion moved significantly and far enough"),
        (OTHER, "mine:minimize on easom cannot be compared with v1.0: budget 400 is now 200"),
    ):
        assert " ".join(failure_text(comparison, SPEC, earlier).split()).startswith(said)
    text = failure_text(WORSE, SPEC, earlier)
    assert "pytest --optlandscape-against=v1.0 --optlandscape-only mine:minimize::booth" in text
    assert "--optlandscape-update" not in text  # there is nothing to accept it into
    few = dataclasses.replace(optimizer(SAME), diverged=1, expected=0.5)
    assert "1 cell diverges from those at v1.0; rounding explains 0.5" in " ".join(details(few, earlier))


def test_failure_of_the_suite_as_one():
    text = overall_failure_text(optimizer(WORSE, SAME))
    assert text.splitlines()[0] == "mine:minimize is worse than its baseline, over 2 landscapes"
    assert "worse on booth: " in text
    assert "worse on booth" not in overall_failure_text(optimizer(WORSE, SAME), tested={"booth"})
    assert "pytest --optlandscape --optlandscape-only mine:minimize::overall" in text
    assert "pytest --optlandscape-update --optlandscape-only mine:minimize\n" in text


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


def test_worst_cells_are_those_of_the_criterion_that_failed():
    # all but two cells need many more gradients; those two, which reach their targets much later, are no reason
    before = record()
    cells_now = list(before.cells)
    for k, cell in enumerate(cells_now):
        cells_now[k] = dataclasses.replace(cell, trace="ffffffff", njev=cell.njev * (3 if k > 1 else 1))
    for k in (0, 1):
        late = tuple(9 * hit for hit in cells_now[k].hits)
        cells_now[k] = dataclasses.replace(cells_now[k], trace="ffffffff", hits=late, gap=1e-3)
    comparison = compare(dataclasses.replace(before, cells=tuple(cells_now)), before)
    assert [finding.metric for finding in comparison.findings] == ["cost"]
    lines = failure_text(comparison, SPEC).splitlines()
    header = next(line for line in lines if "worst cells" in line)
    rows = [line for line in lines if line.startswith("  booth/")]
    assert header.split()[2:5] == ["values", "+", "gradients"]
    assert len(rows) == 5
    first = {f"booth/{one.start}" for one in before.cells[:2]}
    for row in rows:
        assert row.split()[0] not in first
        assert re.search(r"(\d+) \+ \1 → \1 \+ \d+", row)
    assert comparison.worst_cell["cell"] == rows[0].split()[0]


def test_cells_of_a_mistake_are_those_that_make_it():
    lines = failure_text(BROKEN, SPEC).splitlines()
    rows = [line for line in lines if line.startswith("  adjiman/")]
    assert [row.split()[0] for row in rows] == [f"adjiman/{BROKEN.now.cells[k].start}" for k in (2, 3)]
    assert all("returned → exception" in row for row in rows)


def test_a_finding_that_was_printed_is_only_named_again():
    whole = optimizer(WORSE, BETTER)
    above = details(whole, told={"booth"})
    assert above[0] == SPEC
    assert sum("p = " in line for line in above) < sum("p = " in line for line in details(whole))
    assert "  worse, as said above, on booth (speed)" in " ".join(above) or any("booth (" in line for line in above)
    assert not any("worse on booth:" in line for line in above)
    assert any("better on beale:" in line for line in above)


def test_nothing_is_said_of_what_would_have_been_seen_where_a_loss_is_proven():
    lone = optimizer(CHANGED)
    assert "would have been seen" in " ".join(details(lone))
    unjudged = dataclasses.replace(lone, unjudged=WORSE.findings, unjudged_verdict=Verdict.WORSE)
    for comparison in (optimizer(CHANGED, WORSE), unjudged):
        assert "would have been seen" not in " ".join(details(comparison))
        said = remarks_of(SessionReport("quick", [comparison]))
        assert not any("would have been seen" in remark.text for remark in said)


def test_better_along_another_path_from_the_first_evaluations_says_so():
    for where, says in (("evaluations 5 to 8", True), ("evaluations 9 to 16", False), ("the end", False)):
        comparison = dataclasses.replace(BETTER, diverged=tuple((cell.start, where) for cell in BETTER.now.cells))
        whole = optimizer(comparison)
        assert whole.verdict == Verdict.BETTER
        assert ("better, but on a different path from the first evaluations" in " ".join(details(whole))) == says


def test_cells_of_a_finding_of_time_are_those_that_were_timed():
    starts = [cell.start for cell in SAME.now.cells[:3]]
    timed = TimeRatios(tuple(zip(starts, (0.4, 0.5, 0.3), strict=True)), 24, 0)
    comparison = judge_landscape_by_time(SAME, timed, 16)
    text = failure_text(comparison, SPEC)
    rows = [line.split() for line in text.splitlines() if line.startswith("  booth/")]
    assert [row[0] for row in rows] == [f"booth/{starts[k]}" for k in (1, 0, 2)]
    assert [row[2] for row in rows] == ["3.2", "2.5", "2"]
    assert comparison.worst_cell["cell"] == f"booth/{starts[1]}"
    assert "speed" not in text  # not a single evaluation differs


def test_evaluations_that_bought_precision_over_the_suite_are_told_as_a_change():
    names = "booth", "beale", "branin", "bird"
    bought = [(record(name), record(name, slowdown=1, gap=1e-14)) for name in names]
    several = []
    for before, now in bought:
        dearer = tuple(dataclasses.replace(c, nfev=2 * c.nfev, njev=2 * c.njev, trace="ffff") for c in now.cells)
        several.append(compare(dataclasses.replace(now, cells=dearer), before))
    comparison = optimizer(*several)
    assert comparison.verdict == Verdict.CHANGED
    said = " ".join(" ".join(details(comparison)).split())
    assert "over the suite, and more evaluations bought a better result: " in said
    told = " ".join(overall_failure_text(comparison).split())
    assert f"{SPEC} has changed since its baseline, and more evaluations bought a better result, over 4" in told
    (remark,) = remarks_of(SessionReport("quick", [comparison]))
    assert (remark.verdict, remark.fails) == ("changed", False)
    assert "more evaluations bought a better result: over the suite: 2 digits more precise" in remark.text
