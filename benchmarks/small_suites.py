"""What small suites see of what the suite quick sees: smoke, and a few cells of each landscape.

With ``--order`` it counts instead how many cells of a landscape run until a defect shows: in the order of running, and
in the order of the suite.

The reference optimizers and changes of ``power_corpus`` are judged over several selections of cells, with the judging
of a session. Everything is measured in one run. Only the part for tuning is used: the order of the cells may depend on
it, and the other part is kept for the verdict.

Run ``python benchmarks/small_suites.py``; ``--optimizers bfgs adam`` limits it.
"""

from __future__ import annotations

import argparse
import functools
import time
import warnings
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor

from measure import machine, one_thread
from power_corpus import Change, changed, changes_of, optimizer_names, part_of, reference

from pytest_optlandscape.comparison import compare_landscape, compare_optimizer
from pytest_optlandscape.comparison.rerun import run_and_compare
from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.optimizers import Adapter
from pytest_optlandscape.optimizers.callables import from_callable
from pytest_optlandscape.records import LandscapeRecord, RoundingSensitivity, run_baseline, run_landscape
from pytest_optlandscape.suites import cells
from pytest_optlandscape.suites.catalogue import suite_budget_per_dimension
from pytest_optlandscape.suites.selection import in_early_order, read_selection

SELECTIONS = ("quick", "smoke", "quick cells=1", "quick cells=2", "quick cells=4", "quick cells=8")


def budget_of(adapter: Adapter, landscape: Landscape) -> int:
    """Give the budget of a cell as the suite does."""
    usual = suite_budget_per_dimension(adapter.is_global)
    return usual * landscape.dim


def plain(words: str) -> list[Landscape]:
    """List the landscapes of a selection that every optimizer is run on."""
    return [one for one in read_selection(words).landscapes if not one.tags & {"constrained", "noisy"}]


def judge(
    adapter: Adapter,
    before: dict[str, LandscapeRecord],
    words: str,
    calibration: RoundingSensitivity,
    takes_bounds: bool,
) -> tuple[str, int]:
    """Compare an optimizer over a selection; return the verdict and the evaluations that the cells may make."""
    landscapes = plain(words)
    chosen = read_selection(words).cells(functools.partial(budget_of, adapter), landscapes)
    compared = []
    for landscape in landscapes:
        judged = functools.partial(
            compare_landscape,
            before=before[landscape.id],
            landscapes=len(landscapes),
            calibration=calibration,
            takes_bounds=takes_bounds,
        )
        starts = [cell.start for cell in chosen[landscape.id]]
        budget = budget_of(adapter, landscape)
        compared.append(run_and_compare(adapter, landscape, budget, judged, before[landscape.id], starts=starts))
    steps = sum(cell.budget(budget_of(adapter, cell.landscape)) for some in chosen.values() for cell in some)
    return str(compare_optimizer(adapter.spec, compared, calibration).verdict), steps


def tuned_changes(optimizer: str) -> list[Change]:
    """List the visible changes of an optimizer in the part for tuning."""
    return [one for one in changes_of(optimizer) if one.visible and part_of()[optimizer, one.name] == "tune"]


def cells_until_it_shows(optimizer: str) -> list[tuple[int, int]]:
    """Count the cells until a defect shows: in the order in which they are run, and in the order of the suite.

    Landscapes on which a defect shows in every cell or in none tell nothing of the order, and are left out.
    """
    warnings.simplefilter("ignore")
    adapter = from_callable(reference(optimizer), f"corpus:{optimizer}")
    defects = [one for one in tuned_changes(optimizer) if one.kind == "defect"]
    landscapes = plain("quick") if defects else []
    before = {one.id: run_landscape(adapter, one, budget_of(adapter, one)) for one in landscapes}
    counts = []
    for change in defects:
        now = from_callable(changed(optimizer, change), f"corpus:{optimizer}")
        for landscape in landscapes:
            record = run_landscape(now, landscape, budget_of(adapter, landscape))
            known = {cell.start: cell.bits for cell in before[landscape.id].cells}
            shows = {cell.start for cell in record.cells if cell.bits != known[cell.start]}
            if 0 < len(shows) < len(record.cells):
                orders = (in_early_order(cells(landscape)), cells(landscape))
                first, usual = (1 + [cell.start in shows for cell in order].index(True) for order in orders)
                counts.append((first, usual))
    return counts


def judge_changes(
    optimizer: str,
) -> tuple[list[tuple[Change, dict[str, str]]], dict[str, int], dict[str, float]]:
    """Judge all changes of an optimizer over every selection; give steps and seconds for each selection, too."""
    warnings.simplefilter("ignore")
    adapter = from_callable(reference(optimizer), f"corpus:{optimizer}")
    before = {one.id: run_baseline(adapter, one, budget_of(adapter, one)) for one in plain("quick")}
    calibration = sum(
        (one.rounding_sensitivity for one in before.values() if one.rounding_sensitivity), RoundingSensitivity(0, 0)
    )
    found, steps, seconds = [], {}, Counter[str]()
    for change in tuned_changes(optimizer):
        now = from_callable(changed(optimizer, change), f"corpus:{optimizer}")
        verdicts = {}
        for words in SELECTIONS:
            started = time.process_time()
            verdicts[words], steps[words] = judge(now, before, words, calibration, adapter.takes_bounds)
            seconds[words] += time.process_time() - started
        found.append((change, verdicts))
    return found, steps, dict(seconds)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--optimizers", nargs="*", default=list(optimizer_names()))
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--order", action="store_true", help="measure how early a defect shows, and nothing else")
    told = parser.parse_args()
    one_thread()
    machine()
    every: list[tuple[Change, dict[str, str]]] = []
    steps: dict[str, list[int]] = {words: [] for words in SELECTIONS}
    seconds = Counter[str]()
    with ProcessPoolExecutor(told.processes) as executor:
        if told.order:
            print_order([count for counts in executor.map(cells_until_it_shows, told.optimizers) for count in counts])
            return
        for found, of_one, spent in executor.map(judge_changes, told.optimizers):
            every += found
            for words, count in of_one.items():
                steps[words].append(count)
            seconds.update(spent)
    defects = [verdicts for change, verdicts in every if change.kind == "defect"]
    refactors = [verdicts for change, verdicts in every if change.kind in ("rounding", "copying")]
    worse = [verdicts for verdicts in defects if verdicts["quick"] == "worse"]
    print("| suite | steps at most | CPU s a change | defects reported | worse of quick's | refactors flagged |")
    print("|---|---|---|---|---|---|")
    for words in SELECTIONS:
        print(
            f"| {words} | {max(steps[words]):,} | {seconds[words] / len(every):.2f} | {_reported(defects, words)} of "
            f"{len(defects)} | {sum(one[words] == 'worse' for one in worse)} of {len(worse)} | "
            f"{_reported(refactors, words)} of {len(refactors)} |"
        )


def print_order(counts: Sequence[tuple[int, int]]) -> None:
    """Print how many cells run until a defect shows."""
    print("| order of the cells | shows in the first | within four | cells until it shows, mean |\n|---|---|---|---|")
    for name, some in zip(("as they are run", "as the suite lists them"), zip(*counts, strict=True), strict=True):
        first, four = (sum(count <= most for count in some) / len(some) for most in (1, 4))
        print(f"| {name} | {first:.1%} | {four:.1%} | {sum(some) / len(some):.2f} |")


def _reported(judged: Sequence[dict[str, str]], words: str) -> int:
    return sum(one[words] != "same" for one in judged)


if __name__ == "__main__":
    main()
