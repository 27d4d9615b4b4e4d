"""Run the suite's items on an executor: send requests to workers and read their answers.

Each item is one task: all runs on a landscape, with the further runs of its comparison, or one check of the contract.
"""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

from pytest_optlandscape.contract import CheckOutcome
from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.optimizers import third_party
from pytest_optlandscape.records import LandscapeRecord

if TYPE_CHECKING:
    from pytest_optlandscape.session.executors import Crew
    from pytest_optlandscape.session.settings import Settings
    from pytest_optlandscape.session.suite import SuiteRun

__all__ = ["RemoteItems", "expected_of", "introduction_for", "kept_record", "where_it_cannot_go"]

_THAT_MATTER = (
    "OPENBLAS_", "MKL_", "OMP_", "VECLIB_", "KERAS_", "JAX_", "XLA_", "TF_", "PYTHONHASHSEED", "CUDA_VISIBLE_",
)  # fmt: skip
"""Prefixes of environment variables that may change numbers: a worker's process gets the session's values."""


class RemoteItems:
    """Run the items of a suite on a crew of workers.

    Parameters
    ----------
    suite : SuiteRun
    crew : Crew

    Raises
    ------
    ValueError
        If an optimizer cannot be sent to a worker.
    """

    def __init__(self, suite: SuiteRun, crew: Crew) -> None:
        self._suite = suite
        self.crew = crew
        for spec in suite.adapters:
            obstacle = where_it_cannot_go(spec, "--optlandscape-executor")
            if obstacle:
                raise ValueError(obstacle)
        self._introduction = json.dumps(introduction_for(suite.settings))

    def check(self) -> None:
        """Check that every worker can load every optimizer.

        Raises
        ------
        ValueError
            If a worker cannot load an optimizer or has other versions. The message names the worker.
        """
        from pytest_optlandscape.session.workers import Question

        questions = [Question(self._introduction, spec, self._expected(spec)) for spec in self._suite.adapters]
        self.crew.ask_everybody(questions)

    def run(self, spec: str, landscape: Landscape) -> LandscapeRecord:
        """Return a worker's record of a landscape; store the record for the history, if there is one."""
        self.submit_landscape(spec, landscape)
        return kept_record(self._suite, spec, landscape, self.crew.take((spec, landscape.id)))

    def hold(self, spec: str, check: str) -> CheckOutcome:
        """Return a worker's outcome of a check of the contract."""
        self.submit_check(spec, check)
        return CheckOutcome(**self.crew.take((spec, f"contract::{check}")))

    def submit_landscape(self, spec: str, landscape: Landscape) -> None:
        """Submit the runs on a landscape, unless they are submitted already."""
        key = spec, landscape.id
        if not self.crew.has(key):
            self._submit(key, "landscape", spec, {"do": "item", **self._suite.asked_of_item(spec, landscape)})

    def submit_check(self, spec: str, check: str) -> None:
        """Submit a check of the contract, unless it is submitted already."""
        key = spec, f"contract::{check}"
        if not self.crew.has(key):
            self._submit(key, "check", spec, {"do": "check", "check": check})

    def _submit(self, key: tuple[str, str], noun: str, spec: str, request: dict[str, Any]) -> None:
        from pytest_optlandscape.session.workers import Question, perform

        question = Question(self._introduction, spec, self._expected(spec), request)
        self.crew.submit(key, noun, perform, question)

    def _expected(self, spec: str) -> dict[str, str]:
        return expected_of(self._suite, spec)


def introduction_for(settings: Settings) -> dict[str, Any]:
    """Return the plain values that start a process for items, with its ``environment`` and ``folder``."""
    return {
        "path": [entry or os.getcwd() for entry in sys.path],
        "prefix": sys.prefix,
        "modules": {},
        "worktree": None,
        "hooks": [vars(hook) for hook in settings.hooks],
        "profiles": settings.profiles,
        "adapters": settings.adapters,
        "time_limit": settings.time_limit,
        "environment": {
            "PYTHONHASHSEED": "0",
            **{name: value for name, value in os.environ.items() if name.startswith(_THAT_MATTER)},
        },
        "folder": os.getcwd(),
    }


def where_it_cannot_go(spec: str, option: str) -> str:
    """Return why an optimizer exists only in this process; "" if other processes can import it."""
    library = third_party.find().get(spec.partition(":")[0])
    if library is None or library.is_found_elsewhere:
        return ""
    return (
        f"{spec} comes from {library.owner}, a method of an object in this process, but {option} runs it in other "
        "processes; define the hook in conftest.py or in a plugin module"
    )


def expected_of(suite: SuiteRun, spec: str) -> dict[str, str]:
    """Return the versions and the setting that another process needs to compute the same numbers."""
    from pytest_optlandscape.session.recording import machine_versions

    adapter = suite.adapters[spec]
    return {**machine_versions(), **adapter.versions(), **adapter.setting}


def kept_record(suite: SuiteRun, spec: str, landscape: Landscape, answer: dict[str, Any]) -> LandscapeRecord:
    """Read another process's record of a landscape; store the record for the history, if there is one."""
    recorded = answer.pop("recorded", None)
    if recorded is not None and suite.recording is not None:
        suite.recording.records[spec, landscape.id] = LandscapeRecord.from_plain(recorded)
    return LandscapeRecord.from_plain(answer)
