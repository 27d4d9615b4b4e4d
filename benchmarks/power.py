"""What the verdict sees and what it does not: defects reported, slowdowns called worse, refactors left in peace.

Reference optimizers of many families (``power_corpus/optimizers``) are changed as commits change them
(``power_corpus/changes``), and every change is judged against the optimizer before it. Beside our verdict stand the
rules that people write today, decided from the same runs.

Run ``python benchmarks/power.py``; ``--details`` names what was missed and what was flagged. Tune on ``--part tune``
only: ``--part held`` is for one look at the end. ``--blas`` and ``--scipy`` run the same optimizers, ours and
SciPy's, under several of OpenBLAS' kernels, and count the verdicts that are not *same*.
"""

from __future__ import annotations

import argparse
import functools
import json
import math
import time
import warnings
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from measure import heading, machine, one_thread
from power_corpus import PARTS, Change, changed, changes_of, optimizer_names, part_of, reference
from power_rules import RULES
from power_runs import Recorded, mutates_start, parts_visibly, recorded
from power_slowdown import STARTS, Slowdown, key_of, measure, read_kept, write_kept

from pytest_optlandscape.comparison import LandscapeComparison, compare_landscape, compare_optimizer
from pytest_optlandscape.comparison.rerun import run_and_compare
from pytest_optlandscape.comparison.suite_comparison import drifts_tested
from pytest_optlandscape.landscapes import Landscape, get
from pytest_optlandscape.optimizers import Adapter
from pytest_optlandscape.records import LandscapeRecord, RoundingSensitivity, run_baseline, run_landscape
from pytest_optlandscape.runs import Problem
from pytest_optlandscape.suites.catalogue import suite_budget_per_dimension, suite_landscapes

_CHUNK = 100  # one baseline for all changes of an optimizer: it costs as much as nine of them

QUICK = [one.id for one in suite_landscapes("quick") if not one.tags & {"constrained", "noisy"}]
"""The landscapes of the suite that every optimizer is run on."""
"""Changes of one optimizer that one process judges in a row: they share the runs of the baseline."""


@dataclass(frozen=True)
class Judgement:
    """What the package says of an optimizer before and after a change.

    Attributes
    ----------
    verdict, fingerprint : str
    landscapes : dict
        The verdict on each.
    reasons : tuple of str
        What moved, in words.
    drift : float
        The least p-value of a drift; 1.0 where nothing moved, or nothing was tested.
    """

    verdict: str
    fingerprint: str
    landscapes: dict[str, str] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()
    drift: float = 1.0


# All that touches the verdict of the package is in the three functions that follow.


def budget_of(adapter: Adapter, landscape: Landscape) -> int:
    """Give the budget of a cell as the suite does."""
    usual = suite_budget_per_dimension(adapter.is_global)
    return usual * landscape.dim


def records(adapter: Adapter, landscapes: Sequence[Landscape], as_baseline: bool = True) -> list[LandscapeRecord]:
    """Run an optimizer as the suite does for a baseline, or for a comparison."""
    run = run_baseline if as_baseline else run_landscape
    return [run(adapter, landscape, budget_of(adapter, landscape)) for landscape in landscapes]


def calibration_of(before: Sequence[LandscapeRecord]) -> RoundingSensitivity:
    """Add up how rounding treats an optimizer."""
    return sum(
        (record.rounding_sensitivity for record in before if record.rounding_sensitivity), RoundingSensitivity(0, 0)
    )


def judge_now(
    adapter: Adapter, before: Sequence[LandscapeRecord], landscapes: Sequence[Landscape], takes_bounds: bool
) -> Judgement:
    """Run an optimizer and compare it with a baseline, as the suite does."""
    calibration = calibration_of(before)

    def judged(old: LandscapeRecord, new: LandscapeRecord) -> LandscapeComparison:
        return compare_landscape(new, old, landscapes=len(before), calibration=calibration, takes_bounds=takes_bounds)

    now = [
        run_and_compare(adapter, landscape, budget_of(adapter, landscape), functools.partial(judged, old), old).now
        for old, landscape in zip(before, landscapes, strict=True)
    ]
    return judge_records(adapter.spec, before, now, takes_bounds)


def judge_records(
    spec: str, before: Sequence[LandscapeRecord], now: Sequence[LandscapeRecord], takes_bounds: bool = True
) -> Judgement:
    """Compare records with a baseline, as the suite does."""
    calibration = calibration_of(before)
    compared = [
        compare_landscape(new, old, landscapes=len(now), calibration=calibration, takes_bounds=takes_bounds)
        for old, new in zip(before, now, strict=True)
    ]
    overall = compare_optimizer(spec, compared, calibration)
    return Judgement(
        str(overall.verdict),
        str(overall.fingerprint),
        {one.now.landscape: str(one.verdict) for one in compared},
        tuple(f"{one.now.landscape}: {finding}" for one in compared for finding in one.findings)
        + tuple(f"overall: {finding}" for finding in overall.findings),
        min((one.p_value for one in drifts_tested(overall.compared)), default=1.0),
    )


def judge(before: Adapter, after: Adapter, landscapes: tuple[Landscape, ...]) -> Judgement:
    """Judge an optimizer after a change; the baseline is run once for all changes of an optimizer."""
    global _baseline  # noqa: PLW0603 - one baseline at a time: those of all optimizers would not fit in memory
    if _baseline is None or _baseline[:2] != (before, landscapes):
        _baseline = before, landscapes, records(before, landscapes)
    return judge_now(after, _baseline[2], landscapes, before.takes_bounds)


_baseline: tuple[Adapter, tuple[Landscape, ...], list[LandscapeRecord]] | None = None


@dataclass(frozen=True)
class Outcome:
    """What came out for one change.

    Attributes
    ----------
    optimizer, change, kind, note : str
    visible : bool
        Whether the change is said to be visible.
    seen_in_runs, mutates_start : bool
        Whether it is: in any run, or in the start that was handed in.
    judgement : Judgement
    rules : dict
        Which of today's rules report it.
    seconds : float
        CPU time of judging, baseline not included.
    slowdown : Slowdown or None
        What it costs, for a defect.
    """

    optimizer: str
    change: str
    kind: str
    note: str
    visible: bool
    seen_in_runs: bool
    mutates_start: bool
    judgement: Judgement
    rules: dict[str, bool]
    seconds: float
    slowdown: Slowdown | None = None

    @property
    def name(self) -> str:
        """The optimizer and the change."""
        return f"{self.optimizer}/{self.change}"

    @property
    def reported(self) -> bool:
        """Whether our verdict reports it at all."""
        return self.judgement.verdict != "same"

    @property
    def worse(self) -> bool:
        """Whether our verdict calls it worse."""
        return self.judgement.verdict == "worse"

    def costs(self, least: float) -> bool:
        """Tell whether it costs at least this share of evaluations."""
        return self.slowdown is not None and self.slowdown.ratio >= 1.0 + least


@functools.lru_cache(maxsize=1)
def _before(optimizer: str) -> Recorded:
    return recorded(reference(optimizer), f"power_corpus:{optimizer}")


def judge_changes(
    optimizer: str, chosen: Sequence[Change], landscape_ids: Sequence[str], starts: int, kept: dict[str, Slowdown]
) -> list[tuple[Outcome, str]]:
    """Judge some changes of one optimizer; each outcome comes with the key of its slowdown."""
    warnings.simplefilter("ignore")
    landscapes = tuple(get(name) for name in landscape_ids)
    before = _before(optimizer)
    judge_baseline = [] if before.runs else [judge(before, before, landscapes)]
    assert all(judgement.verdict == "same" for judgement in judge_baseline), f"{optimizer} is not the same as itself"
    outcomes = []
    for change in chosen:
        after = recorded(changed(optimizer, change), before.spec)
        began = time.process_time()
        judgement = judge(before, after, landscapes)
        seconds = time.process_time() - began
        pairs = [(run, after.runs[cell]) for cell, run in before.runs.items() if cell in after.runs]
        key, slowdown = key_of(optimizer, change, starts, landscapes), None
        if change.kind == "defect" and starts:
            slowdown = kept.get(key) or measure(optimizer, change, starts, landscapes)
        start_problem = Problem(landscapes[0], budget=20)
        outcome = Outcome(
            optimizer,
            change.name,
            change.kind,
            change.note,
            change.visible,
            any(parts_visibly(one, other) for one, other in pairs),
            mutates_start(after, start_problem),
            judgement,
            {name: rule(pairs) for name, rule in RULES.items()},
            seconds,
            slowdown,
        )
        outcomes.append((outcome, key))
    return outcomes


def judge_all(
    part: str, names: Sequence[str], landscape_ids: Sequence[str], starts: int, workers: int
) -> list[Outcome]:
    """Judge all changes of a part, in several processes."""
    kept = read_kept()
    parts = part_of()
    outcomes: list[Outcome] = []
    with ProcessPoolExecutor(workers) as pool:
        tasks = []
        for optimizer in names:
            chosen = [change for change in changes_of(optimizer) if parts[optimizer, change.name] == part]
            for chunk in _chunks(chosen):
                tasks.append(pool.submit(judge_changes, optimizer, chunk, landscape_ids, starts, kept))
        for task in as_completed(tasks):
            for outcome, key in task.result():
                outcomes.append(outcome)
                if outcome.slowdown:
                    kept[key] = outcome.slowdown
            if starts:
                write_kept(kept)
    order = {(optimizer, change.name): k for optimizer in names for k, change in enumerate(changes_of(optimizer))}
    return sorted(outcomes, key=lambda outcome: (outcome.optimizer, order[outcome.optimizer, outcome.change]))


def _chunks(chosen: Sequence[Change]) -> list[Sequence[Change]]:
    return [chosen[k : k + _CHUNK] for k in range(0, len(chosen), _CHUNK)]


def print_table(outcomes: Sequence[Outcome]) -> None:
    """Print one row for each optimizer, and the sum."""
    heading("Our verdict")
    columns = "defects reported|>=5 % slower: worse|>=10 %: worse|refactors flagged|new random numbers: worse|CPU s"
    print(f"  {'':<26}" + "".join(f"{name:>{len(name) + 2}}" for name in columns.split("|")))
    names = list(dict.fromkeys(outcome.optimizer for outcome in outcomes))
    for name in [*names, "all"]:
        rows = [outcome for outcome in outcomes if name in (outcome.optimizer, "all")]
        cells = [*_counts(rows, lambda o: o.reported, lambda o: o.worse), f"{sum(o.seconds for o in rows):.1f}"]
        print(
            f"  {name:<26}"
            + "".join(f"{cell:>{len(title) + 2}}" for cell, title in zip(cells, columns.split("|"), strict=True))
        )
    heading("Beside it, from the same runs, the rules of today")
    for rule in RULES:
        flagged = functools.partial(_flagged, rule)
        print(f"  {rule:<30}" + "".join(f"{cell:>14}" for cell in _counts(outcomes, flagged, flagged)))
    print(
        f"  {'our verdict':<30}"
        + "".join(f"{c:>14}" for c in _counts(outcomes, lambda o: o.reported, lambda o: o.worse))
    )


def print_drifts(outcomes: Sequence[Outcome]) -> None:
    """Print how near rounding came to being told as a drift."""
    rounding = [outcome for outcome in outcomes if outcome.kind == "rounding"]
    if rounding:
        least = min(rounding, key=lambda one: one.judgement.drift)
        heading("Drifts")
        print(f"  least p of {len(rounding)} refactors that round: {least.judgement.drift:.2g} ({least.name})")


def _flagged(rule: str, outcome: Outcome) -> bool:
    return outcome.rules[rule]


def _counts(rows: Sequence[Outcome], reported: Any, worse: Any) -> list[str]:
    """Count, for each column, what was found of what there is."""
    defects = [o for o in rows if o.kind == "defect" and o.visible]
    refactors = [o for o in rows if o.kind in ("rounding", "copying")]
    streams = [o for o in rows if o.kind == "random-stream"]
    columns = [
        (defects, reported),
        ([o for o in defects if o.costs(0.05)], worse),
        ([o for o in defects if o.costs(0.10)], worse),
        (refactors, reported),
        (streams, worse),
    ]
    return [f"{sum(map(found, among))}/{len(among)}" for among, found in columns]


def print_details(outcomes: Sequence[Outcome]) -> None:
    """Name what was missed and what was flagged."""

    def show(title: str, chosen: list[Outcome]) -> None:
        heading(f"{title}: {len(chosen)}")
        for o in chosen:
            cost = (
                f", evaluations x{o.slowdown.ratio:.3f}, worst landscape x{o.slowdown.worst:.2f}" if o.slowdown else ""
            )
            print(f"  {o.name}: {o.judgement.verdict}{cost} ({o.note})")
            for reason in o.judgement.reasons[:4]:
                print(f"      {reason}")

    defects = [o for o in outcomes if o.kind == "defect"]
    show(
        "Defects without any visible effect",
        [o for o in defects if o.visible and not (o.seen_in_runs or o.mutates_start)],
    )
    show(
        "Defects said to be invisible that are visible",
        [o for o in defects if not o.visible and (o.seen_in_runs or o.mutates_start)],
    )
    show("Seen only in the start that was handed in", [o for o in defects if o.mutates_start and not o.seen_in_runs])
    show("Visible defects not reported", [o for o in defects if o.visible and o.seen_in_runs and not o.reported])
    show("Slower by 5 % or more, not worse", [o for o in defects if o.costs(0.05) and not o.worse])
    show("Refactors flagged", [o for o in outcomes if o.kind in ("rounding", "copying") and o.reported])
    show("New random numbers called worse", [o for o in outcomes if o.kind == "random-stream" and o.worse])
    show("Refactors said to copy that move bits",
         [o for o in outcomes if o.kind == "copying" and o.rules["golden trace, exact"]])  # fmt: skip


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=PARTS, default="tune", help="which half of the changes")
    parser.add_argument("--optimizers", nargs="+", default=list(optimizer_names()), metavar="NAME")
    parser.add_argument("--landscapes", nargs="+", default=QUICK, metavar="ID")
    parser.add_argument("--starts", type=int, default=STARTS, help="for the slowdowns, on each landscape; 0: none")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--details", action="store_true", help="name what was missed and what was flagged")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write every outcome there")
    parser.add_argument("--check", action="store_true", help="check that the changes are what they say; judges nothing")
    parser.add_argument("--blas", action="store_true", help="other kernels of OpenBLAS, the reference optimizers")
    parser.add_argument("--scipy", action="store_true", help="other kernels of OpenBLAS, methods of SciPy")
    arguments = parser.parse_args()
    machine()
    if arguments.check:
        from power_check import check_corpus

        check_corpus(arguments.optimizers, arguments.landscapes, arguments.workers)
        return
    if arguments.blas or arguments.scipy:
        from power_kernels import judge_kernels

        judge_kernels(
            arguments.optimizers if arguments.blas else [], arguments.scipy, arguments.landscapes, arguments.workers
        )
        return
    began = time.perf_counter()
    outcomes = judge_all(
        arguments.part, arguments.optimizers, arguments.landscapes, arguments.starts, arguments.workers
    )
    print_table(outcomes)
    print_drifts(outcomes)
    if arguments.details:
        print_details(outcomes)
    print(f"\n{len(outcomes)} changes, part {arguments.part}, {time.perf_counter() - began:.0f} s")
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(o) for o in outcomes], indent=1, default=_plain), encoding="utf-8")


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else str(value)


if __name__ == "__main__":
    one_thread()
    main()
