"""Plan a session: its optimizers, and the landscapes, cells and budgets of each."""

from __future__ import annotations

import importlib.util
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.landscapes import get as get_landscape
from pytest_optlandscape.optimizers import LIBRARIES, Adapter, get, third_party
from pytest_optlandscape.optimizers.profile import obstacle, with_profile
from pytest_optlandscape.optimizers.user_code import whatever_is_raised
from pytest_optlandscape.records.measuring import runs_of_baseline
from pytest_optlandscape.session.settings import Settings
from pytest_optlandscape.session.time_estimate import Work
from pytest_optlandscape.store import baseline_path
from pytest_optlandscape.suites.catalogue import (
    Cell,
    suite_budget_per_dimension,
    suite_ids,
)
from pytest_optlandscape.suites.selection import Selection, read_selection
from pytest_optlandscape.texts.spelling import unknown_name

__all__ = ["SuitePlan", "suite_landscapes"]


class SuitePlan:
    """The optimizers of a session, each with its landscapes, cells and budgets.

    Parameters
    ----------
    settings : Settings

    Attributes
    ----------
    adapters : dict of str to Adapter
        By spec, in the order of the configuration.
    selection : Selection
        The suite of the session.
    selections : dict of str to Selection
        By spec, the suite of each optimizer.

    Raises
    ------
    ValueError, TypeError, ImportError
        If an optimizer or the suite is unknown.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        selection = read_selection(settings.suite, own=settings.own_suites)
        self.selection = replace(selection, landscapes=tuple(suite_landscapes(selection)))
        self.adapters: dict[str, Adapter] = {}
        for spec in settings.optimizers:
            adapter = get(spec)
            if adapter.spec in self.adapters:
                raise ValueError(f"optlandscape_optimizers names {adapter.spec!r} twice; remove one")
            profiled = with_profile(adapter, settings.profiles.get(adapter.spec, ""))
            self.adapters[adapter.spec] = replace(profiled, time_limit=settings.time_limit)
        self.selections: dict[str, Selection] = {}
        self._landscapes: dict[str, list[Landscape]] = {}
        self._cells: dict[str, dict[str, tuple[Cell, ...]]] = {}
        self._choose_cells()
        self._check_specs()

    def _choose_cells(self) -> None:
        """Choose the landscapes and cells of each optimizer."""
        settings = self.settings
        for spec in settings.suites:
            if spec not in self.adapters:
                raise ValueError(unknown_name("optimizer in optlandscape_suites:", spec, self.adapters))
        for spec, adapter in self.adapters.items():
            selection = self.selection
            if spec in settings.suites:
                selection = read_selection(settings.suites[spec], settings.suite, settings.own_suites)
                if settings.suite_is_given:  # the baseline is comparable only with the same budget
                    selection = replace(self.selection, budget=selection.budget, trials=selection.trials)
            if settings.most_cells is not None:
                selection = selection.with_at_most(settings.most_cells)
            self.selections[spec] = selection
            wanted = [one for one in selection.landscapes if not obstacle(adapter, one)]
            self._cells[spec] = selection.cells(partial(self.budget, spec), wanted)
            self._landscapes[spec] = [one for one in wanted if self._cells[spec][one.id]]

    def _check_specs(self) -> None:
        """Raise ValueError if a line of the configuration is for an optimizer that is not used."""
        settings = self.settings
        for spec in settings.profiles:
            if spec not in self.adapters and not _may_be_of_tests(spec):
                raise ValueError(unknown_name("optimizer in optlandscape_profiles:", spec, self.adapters))
        for spec in settings.fail_on.of_optimizer:
            if spec not in self.adapters:
                raise ValueError(unknown_name("optimizer in optlandscape_fail_on:", spec, self.adapters))
        known = {spec.partition("(")[0] for spec in self.adapters} | set(self.adapters)
        for spec in settings.adapters:
            if spec not in known and not _may_be_of_tests(spec):
                raise ValueError(unknown_name("optimizer in optlandscape_adapters:", spec, self.adapters))

    def baseline_path(self, spec: str) -> Path:
        """Return the path of an optimizer's baseline."""
        return baseline_path(self.settings.baseline_folder, self.adapters[spec], self.adapters.values())

    def budget(self, spec: str, landscape: Landscape) -> int:
        """Return the evaluations that a cell of a landscape may make."""
        return self.selections[spec].budget_of(landscape, self.per_dimension(spec))

    def per_dimension(self, spec: str) -> int:
        """Return the evaluations per dimension that a cell may make."""
        usual = suite_budget_per_dimension(self.adapters[spec].is_global)
        return self.selections[spec].budget or self.settings.budget or usual

    def landscapes_for(self, spec: str) -> list[Landscape]:
        """Return the landscapes on which an optimizer is run."""
        return list(self._landscapes[spec])

    def cells(self, spec: str, landscape_id: str) -> tuple[Cell, ...]:
        """Return the cells to run on a landscape; none if the landscape is not in the optimizer's suite."""
        return self._cells[spec].get(landscape_id, ())

    def starts(self, spec: str, landscape: Landscape) -> list[str] | None:
        """Return the starts of the cells to run on a landscape; None for all its usual cells."""
        chosen = self._cells[spec].get(landscape.id)
        return None if chosen is None or self.selections[spec].is_whole else [cell.start for cell in chosen]

    def steps(self, spec: str, landscape: Landscape) -> int:
        """Return the total evaluations of a landscape if each of its cells is run once."""
        return sum(cell.budget(self.budget(spec, landscape)) for cell in self._cells[spec][landscape.id])

    def obstacles(self, spec: str) -> dict[str, int]:
        """Return the number of landscapes on which an optimizer is not run, by reason."""
        reasons = [obstacle(self.adapters[spec], landscape) for landscape in self.selections[spec].landscapes]
        without_start = reasons.count("") - len(self._landscapes[spec])
        found = dict(Counter(reason for reason in reasons if reason))
        return {**found, "no such start": without_start} if without_start else found

    def work(self, spec: str, due: Sequence[Landscape]) -> Work:
        """Return the runs and evaluations that an optimizer needs on some landscapes."""
        counts = {one.id: self._runs(spec, self._cells[spec][one.id]) for one in due}
        means = {one.id: self.steps(spec, one) / len(self._cells[spec][one.id]) for one in due}
        steps = {one.id: round(counts[one.id] * means[one.id]) for one in due}
        few = [one for one in map(get_landscape, suite_ids("smoke")) if not obstacle(self.adapters[spec], one)]
        smoke = sum(
            self._runs(spec, chosen) * self.budget(spec, chosen[0].landscape)
            for chosen in read_selection("smoke").cells(partial(self.budget, spec), few).values()
        )
        return Work(spec, counts, steps, smoke, is_update=self.settings.update)

    def _runs(self, spec: str, chosen: Sequence[Cell]) -> int:
        """Return the number of runs that an item makes of some cells."""
        return runs_of_baseline(self.adapters[spec], chosen) if self.settings.update else len(chosen)

    def runs_in_python(self, spec: str) -> bool:
        """Return whether plain Python can run an optimizer: only pytest knows the optimizers of hooks."""
        return spec.partition(":")[0] not in third_party.find()

    def to_plain(self) -> dict[str, Any]:
        """Return the words of the suites for the JSON outcome."""
        own = {spec: one.text for spec, one in self.selections.items() if one.text != self.settings.suite}
        return {"suite": self.settings.suite, **({"suites": own} if own else {})}


def suite_landscapes(selection: Selection) -> list[Landscape]:
    """Return the landscapes of the session's suite."""
    return list(selection.landscapes)


def _may_be_of_tests(spec: str) -> bool:
    """Return whether only tests may use an optimizer.

    Test modules cannot be imported before collection. Functions inside functions cannot be imported at all.
    """
    try:
        return get(spec).spec == spec
    except ImportError:
        return True
    except (ValueError, TypeError):
        library, _, name = spec.partition(":")
        return "<" in name or (library not in LIBRARIES and not _can_be_imported(library))


def _can_be_imported(module: str) -> bool:
    try:
        with whatever_is_raised(f"importing the package of {module!r} failed"):
            return importlib.util.find_spec(module) is not None
    except ValueError:
        return False
