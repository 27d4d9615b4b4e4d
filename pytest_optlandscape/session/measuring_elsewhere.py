"""Measure optimizers at a commit, or with a release of a library, in any process that can read the repository.

A plan consists of plain values, so it can be sent to a worker of an executor, even on another machine.
"""

from __future__ import annotations

import copy
import os
import sys
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pytest_optlandscape.records import LandscapeRecord
from pytest_optlandscape.session.environments import BuildError, Environment, make_environment
from pytest_optlandscape.session.recording import equal_record
from pytest_optlandscape.session.reference.revision_client import RevisionClient, RevisionError, RevisionKilledError
from pytest_optlandscape.session.reference.worktree import Worktree, WorktreeError, make_worktree
from pytest_optlandscape.session.work_folder import make_work_folder, remove_work_folder
from pytest_optlandscape.session.workers import announce, closed, further, worker_name
from pytest_optlandscape.store import Baseline

__all__ = ["Found", "Outcome", "Plan", "carry_out", "no_worktree", "perform_plan"]


@dataclass(frozen=True)
class Found:
    """The result of one optimizer.

    Attributes
    ----------
    record : Baseline or None
        None if the optimizer could not be run.
    versions : Mapping of str to str
        The versions of the libraries that the optimizer uses.
    missing : str
        Why the optimizer could not be run.
    """

    record: Baseline | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    missing: str = ""


@dataclass(frozen=True)
class Outcome:
    """The result of a plan.

    Attributes
    ----------
    found : Mapping of str to Found
        By spec.
    machine : Mapping of str to str
        The versions of Python, NumPy, SciPy and this package; empty if no optimizer could be run.
    """

    found: Mapping[str, Found]
    machine: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """The plan of a measurement: revision, process, optimizers and landscapes.

    Attributes
    ----------
    rootpath : str
        The project's folder.
    commit : str
        The commit to check out; "" for the present files.
    worktree : Mapping of str to str
        The placeholder for the checkout in ``introduction``.
    introduction : Mapping of str to Any
        The first line that the process reads; see `session.reference.revision_client`.
    environment : Mapping of str to str
    folder : str
        The folder where the process runs, if nothing is checked out.
    install : str
        A command that installs the project into an environment; "" for the present environment.
    requirement : str
        A release of a library that is installed into an environment, such as ``scipy==1.15.3``.
    takes_bounds : Mapping of str to bool
        By spec.
    own : frozenset of str
        The specs of optimizers that must come from the checkout.
    landscapes : Mapping of str to Sequence of (str, int, list of str or None)
        By spec, landscapes, budgets, and the starts of the cells; None for all usual cells.
    counts : Mapping of str to int
        By spec, the number of landscapes of the whole suite.
    known : Mapping of str to Sequence of Baseline
        By spec, the records with which a run is compared.
    """

    rootpath: str
    commit: str
    worktree: Mapping[str, str]
    introduction: Mapping[str, Any]
    environment: Mapping[str, str]
    folder: str
    install: str
    requirement: str
    takes_bounds: Mapping[str, bool]
    own: frozenset[str]
    landscapes: Mapping[str, Sequence[tuple[str, int, list[str] | None]]]
    counts: Mapping[str, int]
    known: Mapping[str, Sequence[Baseline]]


def no_worktree(repository: Path, commit: str) -> Worktree:
    """Return a placeholder for a checkout that is made later."""
    return Worktree(repository, Path(os.path.abspath(os.sep)) / f"optlandscape-{uuid.uuid4().hex}", commit, commit)


def perform_plan(plan: Plan, job: str, topic: str) -> dict[str, Any]:
    """Carry out a plan in a worker of an executor; return a dict as `session.workers.perform` does."""
    announce(job, topic)
    try:
        return {"worker": worker_name(), "answer": {"outcome": carry_out(plan, topic)}}
    except WorktreeError as error:
        return {"worker": worker_name(), "failed": f"{error} (a worker needs the repository at the same path)"}


def carry_out(plan: Plan, topic: str = "") -> Outcome:
    """Carry out a plan.

    The worktree, environment and process that are made for the plan are removed at the end.

    Parameters
    ----------
    plan : Plan
    topic : str
        The session, which may end the plan from another thread; see `session.workers.close_processes`.

    Returns
    -------
    Outcome

    Raises
    ------
    WorktreeError
        If the commit cannot be checked out.
    RevisionError
        If the session ended the plan.
    """
    worktree = make_worktree(Path(plan.rootpath), plan.commit) if plan.commit else None
    holder = worktree.folder.parent if worktree else make_work_folder()
    try:
        return _carried_out(plan, worktree, holder, topic)
    finally:
        if worktree is not None:
            worktree.remove()
        else:
            remove_work_folder(holder)


def _carried_out(plan: Plan, worktree: Worktree | None, holder: Path, topic: str) -> Outcome:
    environment: Environment | None = None
    project = Path(plan.rootpath)
    if worktree is not None:
        project = worktree.counterpart(project) or worktree.folder
    if plan.install or plan.requirement:
        try:
            environment = make_environment(holder / "environment")
            if plan.install:
                environment.install(plan.install, project)
            if plan.requirement:
                environment.install_requirement(plan.requirement)
        except (BuildError, OSError) as error:
            return Outcome({spec: _not_run(str(error)) for spec in plan.landscapes})
    introduction = copy.deepcopy(dict(plan.introduction))
    variables = dict(plan.environment)
    folder = plan.folder
    if worktree is not None:
        was, now = plan.worktree["folder"], str(worktree.folder)
        introduction, variables = _placed(introduction, was, now), _placed(variables, was, now)
        introduction["worktree"] = worktree.to_plain()
        here = Path(_placed(folder, was, now))
        folder = str(here if here.is_dir() else worktree.folder)
    interpreter = sys.executable
    if environment is not None:
        interpreter = str(environment.python)
        introduction["path"] = [str(environment.site_packages), *introduction["path"]]
        introduction["modules"] = {
            name: place for name, place in introduction["modules"].items() if not environment.has_module(name)
        }
        if plan.install:
            introduction.pop("copies", None)  # the project was built and installed there
    name = f"revision {plan.commit[:10]}" if plan.commit else plan.requirement or "the present files"
    client = RevisionClient(name, introduction, variables, folder, interpreter=interpreter)
    places = [one for one in (worktree.folder if worktree else None, environment and environment.folder) if one]
    try:
        further.setdefault(topic, []).append(client)
        measured = {}
        for spec in plan.landscapes:
            measured[spec] = _measure_one(client, plan, spec, places, lambda: topic in closed)
            if topic in closed:
                raise RevisionError("the session was ended")
        machine: dict[str, str] = {}
        could_run = next((spec for spec, one in measured.items() if one.record), None)
        if could_run is not None:
            machine = client.get("machine", could_run)
        return Outcome(measured, machine)
    finally:
        further[topic].remove(client)
        client.close()


def _placed(thing: Any, was: str, now: str) -> Any:
    """Replace the name of a folder in all strings of a plain value."""
    if isinstance(thing, str):
        return thing.replace(was, now)
    if isinstance(thing, dict):
        return {key: _placed(value, was, now) for key, value in thing.items()}
    return [_placed(one, was, now) for one in thing] if isinstance(thing, list) else thing


def _measure_one(
    client: RevisionClient, plan: Plan, spec: str, places: Sequence[Path], is_ended: Callable[[], bool]
) -> Found:
    """Measure an optimizer; once more if its process was killed from outside, which says nothing about the commit."""
    try:
        try:
            return _measured(client, plan, spec, places)
        except RevisionKilledError:
            if is_ended():
                raise
            client.close()
            return _measured(client, plan, spec, places)
    except RevisionError as error:
        client.close()
        return _not_run(str(error).strip().rpartition("\n")[2] or str(error))


def _measured(client: RevisionClient, plan: Plan, spec: str, places: Sequence[Path]) -> Found:
    loaded = client.load(spec)
    if "missing" in loaded or "incomparable" in loaded:
        return _not_run(str(loaded.get("missing") or loaded["incomparable"]))
    file = loaded["file"]
    if plan.commit and spec in plan.own and not (file and any(Path(file).is_relative_to(one) for one in places)):
        return _not_run(f"it would be imported from {file}, which is not in the commit")
    setting = dict(sorted(loaded["setting"].items()))
    known = [one for one in plan.known[spec] if one.setting == setting]
    records: dict[str, LandscapeRecord] = {}
    for landscape, budget, starts in plan.landscapes[spec]:
        asked: dict[str, Any] = {"landscape": landscape, "budget": budget, "starts": starts}
        record = LandscapeRecord.from_plain(client.get("cells", spec, **asked, with_envelope=False))
        found = equal_record(record, known, landscapes=plan.counts[spec], takes_bounds=plan.takes_bounds[spec])
        if found is None:
            found = LandscapeRecord.from_plain(client.get("cells", spec, **asked, with_envelope=True))
        records[landscape] = found
    return Found(Baseline(spec, setting, {}, records), dict(sorted(loaded["versions"].items())))


def _not_run(why: str) -> Found:
    return Found(missing=" ".join(why.split())[:500])
