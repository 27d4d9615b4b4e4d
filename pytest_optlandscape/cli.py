"""Run the command ``optlandscape``, also available as ``python -m pytest_optlandscape``."""

from __future__ import annotations

import argparse
import contextlib
import gc
import getpass
import io
import json
import os
import re
import shlex
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_optlandscape.cli_arguments import USAGE, make_parser
from pytest_optlandscape.texts.plurals import number_of, verb_of

if TYPE_CHECKING:
    from pytest_optlandscape.session.backfill import CommitMeasurer
    from pytest_optlandscape.store import CommitEntry, History, OptimizerEntry
    from pytest_optlandscape.store.bases import Base
    from pytest_optlandscape.trend import Series, Trend

__all__ = ["main"]

SAME, WORSE, NOT_COMPARABLE = 0, 1, 3
"""Exit statuses."""

_FEWEST_DIGITS = 4
"""The fewest digits that abbreviate a commit, as in git."""

_MANY = 3
"""The number of commits that were measured in vain from which `backfill` says how to skip them."""

_READING = ["--noconftest", "-p", "no:cacheprovider", "-o", "addopts=", "-o", "required_plugins="]
"""Arguments with which pytest reads the configuration without running the user's code."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line and run its command.

    Parameters
    ----------
    arguments : sequence of str, optional
        The arguments (default: those of the process).

    Returns
    -------
    int
        The exit status: 0; 1 if a result is worse; 3 if no result can be compared; 4 for mistakes.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="replace")  # a terminal or pipe of another encoding may lack a sign such as ×
    parser = make_parser(_COMMANDS)
    for text in sys.argv[1:] if arguments is None else arguments:
        if "\0" in text:
            parser.error(f"an argument has a null character: {text[:200]!r}")
    told, rest = parser.parse_known_args(arguments)
    if rest and told.command != "list":
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    told.rest = rest
    try:
        status: int = told.run(told)
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # the reader of the output has closed it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return SAME
    except KeyboardInterrupt:
        print("interrupted; what was measured is stored", file=sys.stderr)
        return 2


class _Command:
    """Run a command after pytest has read the configuration, without a session."""

    def __init__(self, do: Callable[[pytest.Config], int]) -> None:
        self._do = do

    @pytest.hookimpl(tryfirst=True)
    def pytest_cmdline_main(self, config: pytest.Config) -> int:
        """Run the command; report a mistake on one line."""
        try:
            return self._do(config) or SAME
        except (ValueError, TypeError, ImportError, OSError) as error:
            if isinstance(error, BrokenPipeError):
                raise
            raise pytest.UsageError(f"optlandscape: {error}") from error


def _with_configuration(do: Callable[[pytest.Config], int], runs_code: bool = False) -> int:
    """Let pytest read the project's configuration, and run a command with it."""
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())  # like `python -m`, also for the command `optlandscape`
    if runs_code:
        return int(pytest.main([], plugins=[_Command(do)]))
    from pytest_optlandscape import plugin

    with _no_other_plugins():
        return int(pytest.main(list(_READING), plugins=[plugin, _Command(do)]))


@contextlib.contextmanager
def _no_other_plugins() -> Any:
    """Keep pytest from loading other plugins, which take more time than the command."""
    names = ("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "PYTEST_PLUGINS", "PYTEST_ADDOPTS")
    before = {name: os.environ.pop(name, None) for name in names}
    os.environ[names[0]] = "1"
    try:
        yield
    finally:
        for key, value in before.items():
            os.environ.pop(key, None)
            if value is not None:
                os.environ[key] = value


def _open(config: pytest.Config, told: argparse.Namespace) -> History:
    from pytest_optlandscape.store import open_history

    place = told.history if told.history is not None else str(config.getini("optlandscape_history")).strip()
    folder = config.invocation_params.dir if told.history is not None else config.rootpath
    return open_history(place, folder)


def _entries(history: History, releases: bool = False) -> list[CommitEntry]:
    """Read the entries of commits and, on request, of releases; if there are none, raise an error with advice."""
    entries = [*history.entries(), *(history.releases() if releases else ())]
    if not entries:
        _complain(history)
        raise ValueError(
            f"the history {history} is empty: record a session with `pytest --optlandscape --optlandscape-history`, or "
            "past commits with `optlandscape backfill REV..REV`"
        )
    return entries


def _complain(history: History) -> None:
    for problem in history.problems[:5]:
        print(f"optlandscape: {problem}", file=sys.stderr)
    if len(history.problems) > 5:
        rest = len(history.problems) - 5
        print(f"optlandscape: and {rest} more; `optlandscape doctor` lists them", file=sys.stderr)


def _trends(config: pytest.Config, told: argparse.Namespace, events: bool = True) -> tuple[list[Trend], History]:
    from pytest_optlandscape.trend import CACHE, Remembered, find_trend
    from pytest_optlandscape.trend.reading import loader

    history = _open(config, told)
    is_of_releases = getattr(told, "releases", False)
    with _without_garbage():
        chosen = _releases(told, history) if is_of_releases else _chosen(config, told, _entries(history))
        load, triages = loader(history), history.triages()
        remembered = Remembered(config.rootpath / CACHE)
        found = [find_trend(one, load, triages, events=events, remembered=remembered) for one in chosen]
    _complain(history)
    return found, history


@contextlib.contextmanager
def _without_garbage() -> Iterator[None]:
    """Switch off garbage collection while a history is read: none of its many objects is garbage."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()


def _chosen(config: pytest.Config, told: argparse.Namespace, entries: Sequence[CommitEntry]) -> list[Series]:
    """Sort the recorded commits, and choose optimizers by name."""
    from pytest_optlandscape.store import GitError, first_parents
    from pytest_optlandscape.store.revisions import check_revision
    from pytest_optlandscape.trend import in_order, series_of

    recorded = {entry.commit for entry in entries}
    line = None
    try:
        line = first_parents(config.rootpath, "HEAD" if told.until is None else check_revision(told.until))
    except GitError:
        if told.until:
            raise
    if line is not None and not recorded & set(line):
        line = None
    commits = in_order(entries, line)
    beside = recorded - set(commits)
    if beside:
        print(
            f"optlandscape: {number_of(len(beside), 'recorded commit')} left out, not on the line of first parents",
            file=sys.stderr,
        )

    every = series_of(entries, commits)
    if not every:
        raise ValueError("no recorded commit is on this line: name another end with --until")
    return _named(every, told)


def _named(every: list[Series], told: argparse.Namespace) -> list[Series]:
    """Choose optimizers by ``--optimizer``, ``--suite`` and ``-k``."""
    from pytest_optlandscape.trend.reading import choose_series

    every = _only(every, "recorded optimizer", getattr(told, "optimizer", None), lambda one: one.spec)
    every = _only(every, "recorded suite", getattr(told, "suite", None), lambda one: one.suite)
    return choose_series(every, told.words)


def _only(every: list[Any], what: str, wanted: str | None, name_of: Callable[[Any], str]) -> list[Any]:
    """Choose by exact name; raise an error with the nearest name if it does not occur."""
    from pytest_optlandscape.texts.spelling import unknown_name

    names = list(dict.fromkeys(map(name_of, every)))
    if wanted is not None and wanted not in names:
        raise ValueError(unknown_name(what, wanted, names))
    return [one for one in every if wanted is None or name_of(one) == wanted]


def _releases(told: argparse.Namespace, history: History) -> list[Series]:
    """Sort the recorded releases of libraries, and choose optimizers by name."""
    from pytest_optlandscape.trend import releases_in_order, series_of

    entries = history.releases()
    if not entries:
        raise ValueError(
            f"the history {history} has no releases: measure some, for instance with "
            '`optlandscape backfill --releases "scipy==1.15.*,1.16.*"`'
        )
    every = [one for commits in releases_in_order(entries).values() for one in series_of(entries, commits)]
    return _named(every, told)


def _history(told: argparse.Namespace) -> int:
    def do(config: pytest.Config) -> int:
        from pytest_optlandscape.report.trend import history_lines, trend_plain

        if _shows_accepted(config, told):
            return SAME
        trends, _ = _trends(config, told, events=told.json)
        timing = None
        if told.timing is not None:
            from pytest_optlandscape.session.saved_times import saved_times

            timing = saved_times(config, told.timing, trends)
            for remark in timing.remarks:
                _say(f"optlandscape: {remark}")
        if told.json:
            _print_json({**trend_plain(trends), **({"timing": timing.to_plain()} if timing else {})})
            return SAME
        for k, trend in enumerate(trends):
            print(*([""] if k else []), *history_lines(trend), sep="\n")
            print(*(timing.lines(trend) if timing else []), sep="\n", end="\n" if timing else "")
        return SAME

    return _with_configuration(do)


def _shows_accepted(config: pytest.Config, told: argparse.Namespace) -> bool:
    """Print the accepted states from git's log if there is no history; return False if there is one, or no log."""
    from pytest_optlandscape.report.accepted import accepted_lines, accepted_plain
    from pytest_optlandscape.trend.accepted import accepted_states

    history = _open(config, told)
    if history.files.names():
        return False
    found = accepted_states(config.rootpath / config.getini("optlandscape_baseline_dir"))
    words = told.words.lower().split()
    chosen = _only(list(found), "optimizer with a committed baseline", told.optimizer, str) if found else []
    found = {spec: found[spec] for spec in chosen if all(word in spec.lower() for word in words)}
    if not found:
        return False
    if told.json:
        _print_json(accepted_plain(found))
        return True
    for spec, states in found.items():
        print(*accepted_lines(spec, states), "", sep="\n")
    print(f"{history} has nothing yet: these are the accepted baselines, from git's log. More is known of every commit")
    print("that is recorded with `pytest --optlandscape --optlandscape-history`, or measured with")
    print("`optlandscape backfill REV..REV`.")
    return True


def _trend(told: argparse.Namespace) -> int:
    def do(config: pytest.Config) -> int:
        from pytest_optlandscape.report.trend import trend_lines, trend_plain

        trends, _ = _trends(config, told)
        if told.json:
            _print_json(trend_plain(trends))
        else:
            for trend in trends:
                print(*trend_lines(trend), sep="\n")
        open_events = any(event.is_worse and event.triage is None for trend in trends for event in trend.events)
        return WORSE if told.exit_code and open_events else SAME

    return _with_configuration(do)


def _find(config: pytest.Config, entries: Sequence[CommitEntry], revision: str) -> list[CommitEntry]:
    """Find the entries of a commit by a name that git knows, by the start of its hash, or by a release."""
    from pytest_optlandscape.store import GitError, first_parents, resolve_commit

    released = [one for one in entries if one.release and one.release == revision.replace("==", " ")]
    if released:
        newest = max(released, key=lambda one: (one.commit_time, one.name)).commit
        return [one for one in released if one.commit == newest]
    try:
        commit, unknown = resolve_commit(config.rootpath, revision), None
    except GitError as error:
        commit, unknown = revision.lower(), error
    is_start = len(commit) >= _FEWEST_DIGITS
    found = [entry for entry in entries if is_start and entry.commit.startswith(commit)]
    if len({entry.commit for entry in found}) > 1:
        raise ValueError(f"several recorded commits begin with {revision!r}: write more of its digits")
    if found:
        return sorted(found, key=lambda entry: (entry.is_dirty, entry.name))
    if "==" in revision:
        raise ValueError(
            f"release {revision!r} is not in the history: measure it with "
            f"`optlandscape backfill --releases {shlex.quote(revision)}`"
        )
    if unknown is not None:
        raise ValueError(f"no recorded commit is or begins with {revision!r}, and git knows none: {unknown}")
    advice = f"measure it with `optlandscape backfill --steps 1 {shlex.quote(revision)}`"
    with contextlib.suppress(GitError):
        recorded = {entry.commit for entry in entries}
        near = [one for one in first_parents(config.rootpath, commit) if one in recorded]
        if near:
            advice += f", or take the nearest recorded before it, {near[-1][:10]}"
    raise ValueError(f"commit {revision!r} is not in the history: {advice}")


def _pairs(history: History, before: Sequence[CommitEntry], now: Sequence[CommitEntry]) -> tuple[list[Any], list[str]]:
    """Compare the optimizers that both commits have; return lines on those that only one has.

    Of several measurements of a commit, those with equal settings and versions are compared.
    """
    from pytest_optlandscape.trend import compare_records

    def by_key(entries: Sequence[CommitEntry]) -> dict[tuple[str, str], list[tuple[OptimizerEntry, Any]]]:
        found: dict[tuple[str, str], list[tuple[OptimizerEntry, Any]]] = {}
        for entry in entries:
            for spec, one in entry.optimizers.items():
                if one.record:
                    terms = one.setting, {**entry.versions, **one.versions}
                    found.setdefault((spec, entry.suite), []).append((one, terms))
        return found

    old, new = by_key(before), by_key(now)
    compared = []
    for key in (key for key in new if key in old):
        alike = ((one, other) for other, terms in new[key] for one, told in old[key] if told == terms)
        one, other = next(alike, (old[key][0][0], new[key][0][0]))
        compared.append(compare_records(history.record(one.record), history.record(other.record), other.takes_bounds))
    alone = [
        f"{spec}, suite {suite}, is recorded at only one of the two commits"
        for spec, suite in sorted(old.keys() ^ new.keys())
    ]
    return compared, alone


def _compare(told: argparse.Namespace) -> int:
    if len(told.revisions) > 1 if told.base is not None else len(told.revisions) != 2:
        told.complain("give two commits, A B, or the target of a pull request, --base REF [B]")

    def do(config: pytest.Config) -> int:
        from pytest_optlandscape.comparison import Verdict
        from pytest_optlandscape.report import Wording, details, landscape_rows, outcome, summary_lines
        from pytest_optlandscape.report.markdown import markdown
        from pytest_optlandscape.report.remarks import SessionReport, remarks_of
        from pytest_optlandscape.store import write_atomically

        history = _open(config, told)
        entries = _entries(history, releases=True)
        _complain(history)
        *first, revision = told.revisions or ["HEAD"]
        now = _find(config, entries, revision)
        base = _base(config, entries, told.base, now[0].commit) if told.base is not None else None
        named = base.short if base else first[0]
        before = _find(config, entries, base.commit if base else named)
        if base:
            print(f"optlandscape: compared with {base.text}", file=sys.stderr)
        compared, alone = _pairs(history, before, now)
        verdicts = {one.verdict for one in compared}
        if told.json:
            _print_json({"before": before[0].commit, "now": now[0].commit, **outcome(compared)})
        else:
            wording = Wording(named)
            if compared:
                print(f"{now[0].short} against {named}", *summary_lines(compared, wording), sep="\n")
            for one in compared:
                if one.verdict not in (Verdict.SAME, Verdict.NOT_COMPARABLE):
                    print("", *landscape_rows(one, wording), sep="\n")
                    print(*details(one, wording, heading=False), sep="\n")
                elif lines := details(one, wording):
                    print(*lines, sep="\n")
            print(*alone, sep="\n" if alone else "", end="\n" if alone else "")
        if told.markdown:
            notes = [*([f"compared with {base.text}"] if base else []), *alone]
            report = SessionReport(now[0].suite, compared, Wording(named), notes=notes)
            text = markdown(report, remarks_of(report), project=now[0].path)
            write_atomically(config.invocation_params.dir / told.markdown, text)
        if Verdict.WORSE in verdicts:
            return WORSE
        return SAME if any(one.compared for one in compared) else NOT_COMPARABLE

    return _with_configuration(do)


def _base(config: pytest.Config, entries: Sequence[CommitEntry], target: str, head: str) -> Base:
    """Find the recorded commit with which a pull request is compared."""
    from pytest_optlandscape.store.bases import find_base

    measured = {one.commit for one in entries if not one.is_dirty and any(o.record for o in one.optimizers.values())}
    return find_base(config.rootpath, target, head, measured=measured)


def _show(told: argparse.Namespace) -> int:
    def do(config: pytest.Config) -> int:
        from pytest_optlandscape.report import Wording, details, landscape_rows, outcome
        from pytest_optlandscape.report.trend import clean
        from pytest_optlandscape.trend import compare_records

        history = _open(config, told)
        entries = _entries(history, releases=True)
        _complain(history)
        now = _find(config, entries, told.commit)
        before = _recorded_before(config, entries, now[0])
        compared, _ = _pairs(history, before or now, now)
        if told.json:
            facts = {"commit": now[0].commit, "against": before[0].commit if before else None}
            _print_json({**facts, **outcome(compared), "entries": [json.loads(one.data) for one in now]})
            return SAME
        one = now[0]
        print(f"{one.short} by {clean(one.author, 40)}: {clean(one.subject)}" if one.author else one.short)
        print(f"  {one.platform}; " + ", ".join(f"{name} {version}" for name, version in one.versions.items()))
        against = f"against {before[0].short}" if before else "the first that was recorded"
        print(f"  {against}")
        for comparison in compared:
            wording = Wording(before[0].short if before else "itself")
            print("", *landscape_rows(comparison, wording), *details(comparison, wording, heading=False), sep="\n")
        recorded = {comparison.spec for comparison in compared}
        for entry in now:
            for spec, optimizer in entry.optimizers.items():
                if optimizer.missing:
                    print("", f"{spec} could not be run: {clean(optimizer.missing, 300)}", sep="\n")
                elif spec not in recorded:
                    record = history.record(optimizer.record)
                    print("", *landscape_rows(compare_records(record, record), Wording("itself")), sep="\n")
                recorded.add(spec)
        return SAME

    return _with_configuration(do)


def _recorded_before(config: pytest.Config, entries: Sequence[CommitEntry], now: CommitEntry) -> list[CommitEntry]:
    """Return the entries of the nearest earlier recorded commit along first parents."""
    from pytest_optlandscape.store import GitError, first_parents
    from pytest_optlandscape.trend import in_order, releases_in_order

    entries = [entry for entry in entries if bool(entry.release) == bool(now.release)]
    line = None
    if now.release:
        line = releases_in_order(entries)[now.release.rpartition(" ")[0]]
    else:
        with contextlib.suppress(GitError):
            line = first_parents(config.rootpath, now.commit)
    has_record = {entry.commit for entry in entries if any(one.record for one in entry.optimizers.values())}
    order = [one for one in in_order(entries, line) if one in has_record or one == now.commit]
    if now.commit not in order or order.index(now.commit) == 0:
        return []
    commit = order[order.index(now.commit) - 1]
    return [entry for entry in entries if entry.commit == commit and not entry.is_dirty]


def _triage(told: argparse.Namespace) -> int:
    def do(config: pytest.Config) -> int:
        from pytest_optlandscape.store import GitError, Triage, ask_git

        if not told.why.strip():
            raise ValueError("WHY is empty: write the reason, which is shown beside the step")
        history = _open(config, told)
        entries = _entries(history, releases=True)
        _complain(history)
        entry = _find(config, entries, told.commit)[0]
        try:
            who = ask_git(config.rootpath, "config", "user.name")
        except GitError:
            who = getpass.getuser()
        history.add_triage(Triage(entry.commit, told.word, told.why, who, time.time_ns() // 1000))
        print(f"{entry.commit[:10]} {told.word}: {told.why}")
        return SAME

    return _with_configuration(do)


def _measurer(config: pytest.Config, told: argparse.Namespace) -> CommitMeasurer:
    from pytest_optlandscape.plugin import INI_KEYS
    from pytest_optlandscape.session.backfill import CommitMeasurer
    from pytest_optlandscape.session.settings import read_settings
    from pytest_optlandscape.session.suite import SuiteRun

    suite = SuiteRun.against_baseline(read_settings(config, INI_KEYS))
    if not suite.adapters:
        raise ValueError("no optimizer is configured: add optlandscape_optimizers to pytest's configuration")
    return CommitMeasurer(suite, _open(config, told), config.rootpath, getattr(told, "install", ""))


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _backfill(told: argparse.Namespace) -> int:
    def do(config: pytest.Config) -> int:
        from pytest_optlandscape.runs.progress import Progress
        from pytest_optlandscape.session.backfill import backfill
        from pytest_optlandscape.store import first_parents

        if (told.revisions is None) == (told.releases is None):
            raise ValueError('give commits, such as v1.0..HEAD, or --releases "scipy==1.15.*,1.16.*"')
        measurer = _measurer(config, told)
        if told.releases is None:
            commits = first_parents(config.rootpath, told.revisions, steps=told.steps)
        else:
            from pytest_optlandscape.session.releases import backfill_releases, parse_releases, resolve_releases

            library, wanted = parse_releases(told.releases)
            commits = resolve_releases(library, wanted)
        with _ended_by_sigterm(), _crew(told.executor) as crew, Progress(len(commits), "commit", None) as bar:

            def say(line: str) -> None:
                bar.advance(1)
                bar.say(line)

            if told.releases is None:
                counts = backfill(measurer, commits, say, told.retry, crew)
            else:
                counts = backfill_releases(measurer, library, commits, say, retry=told.retry, crew=crew)
        _complain(measurer.history)
        if measurer.in_vain >= _MANY and measurer.suite.settings.paths == (".",):
            _say(
                f"optlandscape: {measurer.in_vain} of the measured commits changed no result; to skip such commits, "
                "name the optimizers' files and folders in optlandscape_paths"
            )
        if told.json:
            _print_json(counts)
        else:
            print(", ".join(f"{number} {what}" for what, number in counts.items()))
        return SAME

    return _with_configuration(do, runs_code=True)


@contextlib.contextmanager
def _crew(words: str | None) -> Any:
    """Make the crew of the named executor; at the end, print where it worked."""
    if words is None:
        yield None
        return
    from pytest_optlandscape.session.executors import make_crew

    crew = make_crew(words)
    try:
        yield crew
        _say(crew.report())
    finally:
        crew.close()


@contextlib.contextmanager
def _ended_by_sigterm() -> Any:
    """Treat SIGTERM like Ctrl-C, so that the worktree is removed."""

    def end(*_: object) -> None:
        raise KeyboardInterrupt

    try:
        before = signal.signal(signal.SIGTERM, end)
    except ValueError:  # not the main thread
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _bisect(told: argparse.Namespace) -> int:
    def do(config: pytest.Config) -> int:
        from pytest_optlandscape.report.trend import clean, what_moved
        from pytest_optlandscape.session.bisecting import bisect

        measurer = _measurer(config, told)
        with _ended_by_sigterm():
            found = bisect(measurer, told.good, told.bad, told.words, _say)
        if told.json:
            alone = None if found.alone is None else str(found.alone)
            _print_json({"verdict": str(found.verdict), "commits": list(found.commits), "against_its_parent": alone})
            return SAME
        if not found.commits:
            print(f"{told.bad} is the same as {told.good}")
            return SAME
        if len(found.commits) > 1:
            print("it is one of these commits; the others could not be run:")
        for commit in found.commits:
            facts = measurer.facts(commit)
            print(f"{found.verdict}: {commit[:10]} by {clean(facts.author, 40)}: {clean(facts.subject)}")
        if found.comparison:
            print(f"  {found.comparison.spec}, {told.bad} against {told.good}: {what_moved(found.comparison)}")
        if found.is_creep:
            print(
                f"  against its parent alone it is {found.alone}: small changes added up, and this one passes the "
                "gate; `optlandscape backfill` and `trend` show the share of each"
            )
        return SAME

    return _with_configuration(do, runs_code=True)


def _report(told: argparse.Namespace) -> int:
    def do(config: pytest.Config) -> int:
        from pytest_optlandscape.plugin import INI_KEYS
        from pytest_optlandscape.report.page.availability import check_can_report
        from pytest_optlandscape.session.reporting import write_history_page
        from pytest_optlandscape.session.settings import read_settings

        path = config.invocation_params.dir / told.output
        check_can_report(path)
        settings = None if told.no_runs or told.releases else read_settings(config, INI_KEYS)
        history = _open(config, told)
        if told.releases:
            series = _releases(told, history)
        else:
            entries = history.entries()
            series = _chosen(config, told, entries) if entries else []
        print(
            write_history_page(path, config.rootpath.name, series, history, rootpath=config.rootpath, settings=settings)
        )
        _complain(history)
        return SAME

    return _with_configuration(do, runs_code=not told.no_runs)


def _full_hash(text: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", text):
        raise ValueError(f"--commit must be the full hash of a commit; got {text!r}")
    return text


def _merge(told: argparse.Namespace) -> int:
    def do(config: pytest.Config) -> int:
        from pytest_optlandscape.store import open_history
        from pytest_optlandscape.store.selection import of_commit

        history = _open(config, told)
        total: dict[str, int] = {}
        for place in told.places:
            is_elsewhere = "://" in place or place.startswith("git:")
            if not place.strip() or not (is_elsewhere or (Path.cwd() / place).is_dir()):
                raise ValueError(f"there is no folder {place!r}")
            other = open_history(place, Path.cwd())
            if told.commit:
                other, left_out = of_commit(other, _full_hash(told.commit))
                if left_out:
                    text = f"{number_of(left_out, 'file')} left out, not of {told.commit}"
                    print(f"optlandscape: {other}: {text}", file=sys.stderr)
            added = history.merge(other)
            total = {kind: total.get(kind, 0) + number for kind, number in added.items()}
        for problem in history.problems:
            print(f"optlandscape: {problem}", file=sys.stderr)
        if told.json:
            _print_json(total)
        else:
            commits, records = number_of(total["commits"], "commit"), number_of(total["records"], "record")
            print(f"{commits}, {records}, {number_of(total['triage'], 'triage')} were new")
        return WORSE if history.problems else SAME

    return _with_configuration(do)


def _prune(told: argparse.Namespace) -> int:
    def do(config: pytest.Config) -> int:
        from pytest_optlandscape.store.entries import record_name

        told.until, told.words, told.releases = None, "", False
        trends, history = _trends(config, told)
        if history.problems:
            raise ValueError(
                "nothing was removed, because the history has files that cannot be used; see `optlandscape doctor`"
            )
        every = history.entries()
        on_the_line = {one.commit for trend in trends for state in trend.states for one in state.points}
        kept = {one.entry.name for trend in trends for state in trend.states for one in (state.first, state.last)}
        kept |= {point.entry.name for trend in trends for point in trend.not_run}
        removed = [entry.name for entry in every if entry.commit in on_the_line and entry.name not in kept]
        left = [*(entry for entry in every if entry.name not in set(removed)), *history.releases()]
        used = {record_name(one.record) for entry in left for one in entry.optimizers.values() if one.record}
        unused = [name for name in history.files.names() if name.startswith("records/") and name not in used]
        if not told.dry_run:
            history.files.remove([*removed, *unused])
        if told.json:
            _print_json({"commits": removed, "records": unused})
        else:
            would = "would be removed" if told.dry_run else "were removed"
            print(f"{number_of(len(removed), 'commit')} and {number_of(len(unused), 'record')} {would}")
        return SAME

    return _with_configuration(do)


def _doctor(told: argparse.Namespace) -> int:
    def do(config: pytest.Config) -> int:
        history = _open(config, told)
        damaged, missing, unused = history.check()
        aside = history.put_aside(damaged) if told.repair else []
        left_over = history.files.left_over()
        if told.repair:
            history.files.remove(left_over)
        if told.json:
            found = {
                "damaged": damaged,
                "missing": missing,
                "unused": unused,
                "put_aside": aside,
                "left_over": left_over,
                "newer": history.newer,
            }
            _print_json({**found, "problems": history.problems})
        else:
            print(*history.problems, sep="\n", end="\n" if history.problems else "")
            if aside:
                were = verb_of(len(aside), "was", "were")
                print(f"{number_of(len(aside), 'damaged file')} {were} moved to {history}/damaged")
            elif damaged:
                print("`optlandscape doctor --repair` moves the damaged files away; all others are used as they are")
            if left_over:
                removed = verb_of(len(left_over), "was removed", "were removed")
                what = removed if told.repair else "can be removed by `optlandscape doctor --repair`"
                files = number_of(len(left_over), "unfinished file")
                print(f"{files} of writers that were killed {what}")
            if unused:
                are, them = verb_of(len(unused), "is", "are"), verb_of(len(unused), "it", "them")
                records = number_of(len(unused), "record")
                print(f"{records} {are} named by no commit; `optlandscape prune` removes {them}")
            if history.newer:
                are = verb_of(len(history.newer), "is", "are")
                print(f"{number_of(len(history.newer), 'file')} of a newer version {are} whole, and left in place")
            if not (damaged or missing or history.newer):
                print(f"{history}: {number_of(len(history.files.names()), 'file')}, nothing is damaged")
        return WORSE if missing or history.newer or (damaged and not aside) else SAME

    return _with_configuration(do)


def _baseline(told: argparse.Namespace) -> int:
    wanted = {"check": (not told.names, "nothing"), "accept": (bool(told.names), "one or more files"),
              "move": (len(told.names) == 2, "the old spec and the new one")}  # fmt: skip
    is_right, takes = wanted[told.action]
    if not is_right:
        told.complain(f"baseline {told.action} takes {takes}")

    def do(config: pytest.Config) -> int:
        from pytest_optlandscape.session.baseline_files import accept_file, check_folder, move_baseline

        folder = config.rootpath / config.getini("optlandscape_baseline_dir")
        if told.action == "move":
            old, new = move_baseline(folder, *told.names)
            print(f"moved {_relative(old)} to {_relative(new)}; commit both")
        for name in told.names if told.action == "accept" else ():
            edited = accept_file(config.invocation_params.dir / name)
            print(f"accepted: {name}" + (f" ({', '.join(edited)})" if edited else ", as it is") + "; commit it")
        if told.action == "check":
            good, problems = check_folder(folder)
            print(*good, *problems, *([] if good or problems else [f"no baselines in {_relative(folder)}"]), sep="\n")
            return WORSE if problems else SAME
        return SAME

    return _with_configuration(do, runs_code=told.action == "move")


def _relative(path: Path) -> str:
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative


def _export(told: argparse.Namespace) -> int:
    def do(config: pytest.Config) -> int:
        from pytest_optlandscape.session.exporting import checked_options, export, options_of
        from pytest_optlandscape.trend import rows_of
        from pytest_optlandscape.trend.reading import loader

        output = Path(told.output) if told.output and told.output != "-" else None
        given = {"direction": told.direction is not None, "last": told.last}
        exporter = checked_options(told.format, given, output)
        if told.json and output is None:
            raise ValueError("--json lists the written files: name the output with -o")
        trends, history = _trends(config, told)
        options = options_of(config, trends, told.direction or "smaller", told.last)
        written = export(exporter, rows_of(trends, loader(history), not told.overall), trends, options, output)
        for remark in written.remarks:
            _say(f"optlandscape: {remark}")
        if told.json:
            _print_json({"format": told.format, "rows": written.rows, "files": list(written.files)})
        return SAME

    return _with_configuration(do)


def _list(told: argparse.Namespace) -> int:
    from pytest_optlandscape.session.listing import list_landscapes

    words = " ".join([*told.words, *told.rest])
    try:
        if told.json:
            from pytest_optlandscape.landscapes import select_by_text

            keys = ("id", "family", "dim", "fmin")
            chosen = select_by_text(words)
            _print_json([{**{k: getattr(one, k) for k in keys}, "tags": sorted(one.tags)} for one in chosen])
            return SAME
        return list_landscapes(words, print)
    except (pytest.UsageError, ValueError, TypeError) as error:
        print(f"optlandscape list: {str(error).removeprefix('--optlandscape-list: ')}", file=sys.stderr)
        return USAGE


def _replay(told: argparse.Namespace) -> int:
    only = [] if told.optimizer is None else [f"--optlandscape-only={told.optimizer}"]
    return int(pytest.main([f"--optlandscape-replay={told.cell}", *only]))


def _print_json(value: Any) -> None:
    print(json.dumps(value, indent=1, ensure_ascii=True, allow_nan=False))


_COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "history": _history,
    "trend": _trend,
    "show": _show,
    "compare": _compare,
    "triage": _triage,
    "backfill": _backfill,
    "bisect": _bisect,
    "report": _report,
    "export": _export,
    "merge": _merge,
    "prune": _prune,
    "doctor": _doctor,
    "baseline": _baseline,
    "list": _list,
    "replay": _replay,
}
