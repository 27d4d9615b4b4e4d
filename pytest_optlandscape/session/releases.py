"""Measure the present optimizers with past releases of a library, for the history.

Each release is installed into a virtual environment on top of the present one, in order of versions. Its results are
stored like those of a commit, under the name of the release.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from pytest_optlandscape.report.trend import clean
from pytest_optlandscape.session.backfill import CommitMeasurer
from pytest_optlandscape.session.environments import make_environment
from pytest_optlandscape.session.executors import Crew
from pytest_optlandscape.session.measuring_elsewhere import Found, Outcome, carry_out, perform_plan
from pytest_optlandscape.session.recording import entry_of
from pytest_optlandscape.session.reference.revision_client import RevisionError
from pytest_optlandscape.session.work_folder import make_work_folder, remove_work_folder
from pytest_optlandscape.store import CommitEntry, OptimizerEntry, commit_facts

__all__ = ["backfill_releases", "parse_releases", "resolve_releases"]


def parse_releases(text: str) -> tuple[str, list[str]]:
    """Read the library and its releases.

    Parameters
    ----------
    text : str
        ``NAME==VERSION,VERSION,…``; a version may end in ``.*`` for the newest of a series.

    Returns
    -------
    name : str
    versions : list of str

    Raises
    ------
    ValueError
        If the text has another form.

    Examples
    --------
    >>> parse_releases("scipy==1.14.*, 1.15.*,scipy==1.16.0")
    ('scipy', ['1.14.*', '1.15.*', '1.16.0'])
    """
    name, equals, rest = (part.strip() for part in text.partition("=="))
    versions = [one.strip().removeprefix(f"{name}==").strip() for one in rest.split(",")]
    advice = 'write a library and its releases, such as "scipy==1.14.*,1.15.*,1.16.0"'
    if not equals or not name.replace("-", "_").replace(".", "_").isidentifier():
        raise ValueError(f"--releases {text!r}: {advice}")
    for version in versions:
        try:
            SpecifierSet(f"=={version}")
        except InvalidSpecifier:
            raise ValueError(f"--releases: {version!r} is not a version; {advice}") from None
    return str(canonicalize_name(name)), list(dict.fromkeys(versions))


def resolve_releases(name: str, versions: Sequence[str]) -> list[str]:
    """Find the newest release of each series in the package index, and sort the versions.

    Parameters
    ----------
    name : str
    versions : sequence of str
        As returned by `parse_releases`; complete versions need no look-up.

    Returns
    -------
    list of str
        Oldest first, each once.

    Raises
    ------
    ValueError
        If a series has no release, or the index does not answer.
    """
    found = [version for version in versions if not version.endswith(".*")]
    series = [version for version in versions if version.endswith(".*")]
    if series:
        folder = make_work_folder()
        try:
            python = make_environment(folder / "environment").python
            found += [_newest(str(python), name, one) for one in series]
        finally:
            remove_work_folder(folder)
    return [str(one) for one in sorted(map(Version, dict.fromkeys(found)))]


def _newest(python: str, name: str, series: str) -> str:
    arguments = ["install", "--dry-run", "--ignore-installed", "--no-deps", "--quiet", "--report", "-"]
    done = subprocess.run(
        [python, "-m", "pip", *arguments, f"{name}=={series}"], capture_output=True, text=True, check=False
    )
    try:
        (one,) = json.loads(done.stdout)["install"] if done.returncode == 0 else []
        return str(one["metadata"]["version"])
    except (ValueError, KeyError):
        said = " ".join(done.stderr.split())[-300:]
        raise ValueError(f"--releases: pip finds no {name}=={series}: {said}") from None


def backfill_releases(
    measurer: CommitMeasurer,
    name: str,
    versions: Sequence[str],
    say: Callable[[str], object],
    *,
    retry: bool = False,
    crew: Crew | None = None,
) -> dict[str, int]:
    """Measure the present optimizers with those releases of a library that the history lacks.

    Parameters
    ----------
    measurer : CommitMeasurer
    name : str
        The library.
    versions : sequence of str
        Complete versions, in order.
    say : callable
        Takes a line for each release.
    retry : bool, default False
        Whether to run again the optimizers that could not be run before.
    crew : Crew, optional
        The workers that measure several releases at once.

    Returns
    -------
    dict
        The numbers of releases ``measured``, already ``known``, and ``not run``.

    Raises
    ------
    ValueError
        If files of the project differ from the commit: nobody could reproduce the results.
    """
    counts = {"measured": 0, "known": 0, "not run": 0}
    facts = commit_facts(measurer.rootpath, measurer.suite.settings.paths, _ignored(measurer))
    if facts is not None and facts.is_dirty and measurer.own:
        raise ValueError(f"{', '.join(facts.changed[:3])} differ from commit {facts.commit[:10]}: commit first")
    tree = facts.tree if facts is not None and measurer.own else ""
    measurer.releases = measurer.history.releases()

    def told(entry: CommitEntry, outcome: str, why: str = "") -> None:
        counts[outcome] += 1
        say(f"{sum(counts.values())}/{len(versions)} {entry.release} {outcome} {clean(why, 300)}".rstrip())

    def stored(entry: CommitEntry, known: dict[str, OptimizerEntry], outcome: Outcome) -> None:
        measured = measurer.measured(
            replace(outcome, found={spec: _if_it_ran(one) for spec, one in outcome.found.items()})
        )
        optimizers = {**known, **{spec: one.optimizer for spec, one in measured.items()}}
        versions = dict(outcome.machine) or entry.versions
        whole = replace(entry, optimizers=optimizers, versions=versions)
        measurer.history.add(whole, [one.record for one in measured.values() if one.record])
        measurer.releases.append(whole)
        broken = [f"{spec}: {one.optimizer.missing}" for spec, one in measured.items() if one.record is None]
        why = f"({'; '.join(broken)})" if broken else ""
        told(entry, "not run" if len(broken) == len(measured) else "measured", why)

    begun: dict[str, tuple[CommitEntry, dict[str, OptimizerEntry]]] = {}
    due = list(versions)
    while due or begun:
        while due and len(begun) < (crew.size if crew else 1):
            version = due.pop(0)
            entry = _entry(measurer, name, version, tree)
            known = _known(measurer, entry, retry)
            specs = [spec for spec in measurer.suite.adapters if spec not in known]
            if not specs:
                told(entry, "known")
                continue
            plan = measurer.plan(specs, install=measurer.install, requirement=f"{name}=={version}")
            if crew is None:
                stored(entry, known, carry_out(plan))
            else:
                begun[version] = entry, known
                crew.submit(version, "release", perform_plan, plan)
        if begun and crew is not None:
            key, answer = crew.take_any()
            entry, known = begun.pop(str(key))
            if isinstance(answer, RevisionError):
                why = " ".join(str(answer).split())[:500]
                failed = {spec: Found(missing=why) for spec in measurer.suite.adapters if spec not in known}
                stored(entry, known, Outcome(failed))
            else:
                stored(entry, known, answer["outcome"])
    return counts


def _if_it_ran(found: Found) -> Found:
    """Return the result of an optimizer, or why it could not be run if no run on any landscape gave a result.

    An old release that does not work with the present libraries is no worse than the next one: it cannot be compared.
    """
    if found.record is None or not all(one.gives_no_result for one in found.record.records.values()):
        return found
    errors = [error for one in found.record.records.values() for error in one.errors]
    return Found(missing=": ".join(["no result from any run", *errors[:1]]))


def _ignored(measurer: CommitMeasurer) -> list[Path]:
    return [one for one in (measurer.suite.settings.baseline_folder, measurer.history.folder) if one]


def _entry(measurer: CommitMeasurer, name: str, version: str, tree: str) -> CommitEntry:
    """Return an empty entry for a release."""
    digest = hashlib.sha256(f"{name} {version} {tree}".encode()).hexdigest()[:40]
    now = time.time_ns() // 1_000_000_000
    made = entry_of(None, measurer.suite.settings, {})
    return replace(made, commit=f"r{digest}", release=f"{name} {version}", tree=tree, author_time=now, commit_time=now)


def _known(measurer: CommitMeasurer, entry: CommitEntry, retry: bool) -> dict[str, OptimizerEntry]:
    """Return the history's results for a release with the same files, setting, Python and version of this package."""
    found: dict[str, OptimizerEntry] = {}
    for one in measurer.releases:
        alike = all(one.versions.get(key) == entry.versions[key] for key in ("python", "pytest-optlandscape"))
        if alike and (one.commit, one.suite, one.budget) == (entry.commit, entry.suite, entry.budget):
            for spec, optimizer in one.optimizers.items():
                if measurer.is_whole(optimizer) and not (retry and optimizer.missing):
                    found[spec] = optimizer
    return {spec: one for spec, one in found.items() if spec in measurer.suite.adapters}
