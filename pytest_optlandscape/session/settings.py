"""Read and check the command line and the configuration file."""

from __future__ import annotations

import configparser
import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pytest_optlandscape.configuration.declarations import parsed_lines
from pytest_optlandscape.configuration.profiles import parsed
from pytest_optlandscape.configuration.values import check_keys, check_options
from pytest_optlandscape.session.fail_on import FailOn, fail_on_of
from pytest_optlandscape.session.hook_functions import HookFunction, hook_functions
from pytest_optlandscape.session.invocation import Invocation, invocation_of
from pytest_optlandscape.store import DEFAULT_LOCATION
from pytest_optlandscape.store.bases import AUTO, find_base
from pytest_optlandscape.store.revisions import check_revision
from pytest_optlandscape.suites.catalogue import SUITES
from pytest_optlandscape.suites.selection import read_selection
from pytest_optlandscape.texts.spelling import unknown_name

__all__ = ["Settings", "read_settings"]


_MOST_DIGITS = 9
"""The largest number of digits of a budget: a run with more evaluations per dimension never ends."""

_MOST_SECONDS = 1e7
"""The largest time limit: four months, which every timer can count."""


@dataclass(frozen=True)
class Settings:
    """The settings of a session, from the command line and the configuration file.

    Attributes
    ----------
    optimizers : tuple of str
        Spec strings.
    profiles : dict
        By spec, words that correct the inferred profile of the optimizer.
    suite : str
        The suite of all optimizers without an own suite, in the words of `suites.selection`.
    suites : dict of str to str, default {}
        By spec, the own suites of optimizers.
    suite_is_given : bool, default False
        Whether the command line names a suite, which replaces the own suites.
    most_cells : int or None, default None
        The largest number of cells of a landscape, from the command line.
    budget : int or None
        Evaluations per dimension of each cell.
    baseline_folder : Path
    update : bool
        Accept the results as the new baseline.
    json : Path or None
        The file for the machine-readable outcome.
    fail_on : FailOn
        The verdicts that fail a test, for all optimizers and for single ones.
    require_baseline : bool
        Fail if an optimizer has no baseline.
    contract : bool
        Also hold the optimizers to the contract.
    against : str or None
        The revision to compare with instead of the baseline.
    against_is : str
        A sentence on how the commit was found, if it is the base of a pull request.
    time_budget : float
        Seconds per optimizer for further runs while a comparison with a revision is undecided.
    time_limit : float or None
        The longest time of a run in seconds.
    hooks : tuple of HookFunction
        The hook functions that add optimizers, for processes without a session.
    history : str or None
        The place of the history; "" is the default place; with None, nothing is recorded.
    history_dirty : bool
        Record the session even if files differ from the commit.
    paths : tuple of str
        Files and folders on which the optimizers depend, relative to the rootdir.
    report : Path or None
        The file for the page of the session.
    own_suites : dict
        The words of the project's own suites, by name.
    adapters : dict
        By spec, how to call an optimizer with another signature.
    only : tuple of str, default ()
        The ids of the only items to run, without ``optlandscape::``.
    invocation : Invocation
        The command that started the session, for the commands that the session prints.
    isolate : bool
        Run each optimizer's items in a process that can be killed.
    executor : str or None
        The executor that runs the items, as `session.executors` names it; None for this process.
    """

    optimizers: tuple[str, ...]
    profiles: dict[str, str]
    suite: str
    budget: int | None
    baseline_folder: Path
    update: bool
    json: Path | None
    fail_on: FailOn
    require_baseline: bool
    contract: bool = True
    against: str | None = None
    against_is: str = ""
    time_budget: float = 60.0
    time_limit: float | None = None
    hooks: tuple[HookFunction, ...] = ()
    history: str | None = None
    history_dirty: bool = False
    paths: tuple[str, ...] = (".",)
    report: Path | None = None
    executor: str | None = None
    adapters: dict[str, str] = field(default_factory=dict)
    own_suites: dict[str, str] = field(default_factory=dict)
    only: tuple[str, ...] = ()
    suites: dict[str, str] = field(default_factory=dict)
    suite_is_given: bool = False
    most_cells: int | None = None
    invocation: Invocation = field(default_factory=Invocation)
    isolate: bool = False


def read_settings(config: pytest.Config, known: Mapping[str, tuple[str, Any, str]]) -> Settings:
    """Read and check the settings of the session.

    Parameters
    ----------
    config : pytest.Config
    known : mapping of str to tuple
        The valid keys of the configuration file, with kind, default and help.

    Returns
    -------
    Settings

    Raises
    ------
    ValueError
        If a key is misspelt or a value is not allowed. The message names the nearest valid one.
    """
    overridden = {text.partition("=")[0] for text in config.getoption("override_ini") or ()}
    for key in sorted(_keys(config.inipath) | overridden):
        if key.startswith("optlandscape") and key not in known:
            raise ValueError(unknown_name("configuration key", key, known))
    check_keys(config, known)
    check_options(config)
    fail_on = fail_on_of(_lines(config.getini("optlandscape_fail_on")))
    budget = str(config.getini("optlandscape_budget")).strip()
    if budget and not (budget.isdecimal() and len(budget) <= _MOST_DIGITS and int(budget) > 0):
        raise ValueError(
            "optlandscape_budget must be a whole number of evaluations per dimension, with at most "
            f"{_MOST_DIGITS} digits; got {budget!r:.200}"
        )
    json = config.getoption("optlandscape_json")
    report = config.getoption("optlandscape_report")
    against, against_is = _base(config, config.getoption("optlandscape_against"))
    if against is not None and config.getoption("optlandscape_update"):
        raise ValueError(
            "--optlandscape-against compares with a revision, and --optlandscape-update accepts a baseline: give one "
            "of them"
        )
    most_cells = _most_cells(config)
    suites, own_suites = _suites(config)
    history = _history(config)
    if fail_on.heeds_creep and history is None:
        raise ValueError(
            "optlandscape_fail_on = creep compares with past commits, but there is no history: set "
            f"optlandscape_history, for instance to {DEFAULT_LOCATION}, or give --optlandscape-history"
        )
    return Settings(
        optimizers=tuple(config.getini("optlandscape_optimizers")),
        adapters=parsed_lines(config.getini("optlandscape_adapters")),
        profiles=parsed(config.getini("optlandscape_profiles")),
        suite=_suite(config, most_cells, own_suites),
        suites=suites,
        own_suites=own_suites,
        suite_is_given=config.getoption("optlandscape_suite") is not None,
        most_cells=most_cells,
        budget=int(budget) if budget else None,
        baseline_folder=config.rootpath / config.getini("optlandscape_baseline_dir"),
        update=config.getoption("optlandscape_update"),
        json=config.invocation_params.dir / json if json else None,
        fail_on=fail_on,
        require_baseline=config.getini("optlandscape_require_baseline"),
        contract=config.getini("optlandscape_contract"),
        against=against,
        against_is=against_is,
        time_budget=_seconds(config, "optlandscape_time_budget"),
        time_limit=_seconds(config, "optlandscape_time_limit") or None,
        hooks=hook_functions(config),
        history=history,
        history_dirty=config.getoption("optlandscape_history_dirty"),
        paths=_paths(config),
        report=config.invocation_params.dir / report if report else None,
        executor=_executor(config),
        isolate=config.getoption("optlandscape_isolate") or config.getini("optlandscape_isolate"),
        only=tuple(one.removeprefix("optlandscape::") for one in config.getoption("optlandscape_only") or ()),
        invocation=invocation_of(config),
    )


def _suite(config: pytest.Config, most_cells: int | None, own: Mapping[str, str]) -> str:
    """Read the words of the suite, and add those of the command line."""
    given = config.getoption("optlandscape_suite")
    text = " ".join(str(config.getini("optlandscape_suite") if given is None else given).split())
    if " = " in text:
        raise ValueError(f"the suite {text!r} names an optimizer: write it into optlandscape_suites")
    selection = read_selection(text, own=own)
    return text if most_cells is None else selection.with_at_most(most_cells).text


def _suites(config: pytest.Config) -> tuple[dict[str, str], dict[str, str]]:
    """Read lines ``SPEC = words`` and ``NAME = words``; an equals sign inside a spec has no spaces around it.

    Returns
    -------
    tuple of dict of str to str
        The words of the optimizers' suites by spec, and those of the project's own suites by name.
    """
    suites: dict[str, str] = {}
    for line in config.getini("optlandscape_suites"):
        spec, separator, words = str(line).rpartition(" = ")
        if not separator or not words.strip():
            raise ValueError(
                f"optlandscape_suites: {line!r} is not of the form SPEC = WORDS or NAME = WORDS, such as "
                "mypackage:minimize = quick -ackley[5] cells=8 budget=60"
            )
        if spec.strip() in suites:
            raise ValueError(f"optlandscape_suites names {spec.strip()!r} twice; put its words into one line")
        suites[spec.strip()] = words
    own = {name: words for name, words in suites.items() if ":" not in name}
    for name in own:
        if name in SUITES or not re.fullmatch(r"[A-Za-z_][\w.-]*", name):
            why = "is a suite of this package" if name in SUITES else "is neither an optimizer nor the name of a suite"
            raise ValueError(f"optlandscape_suites: {name!r} {why}; a suite has a name of its own, such as ours")
        read_selection(name, own=own)
    return {spec: words for spec, words in suites.items() if spec not in own}, own


def _most_cells(config: pytest.Config) -> int | None:
    """Read the largest number of cells of a landscape."""
    text = config.getoption("optlandscape_cells")
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 12 and int(text) > 0):
        raise ValueError(f"--optlandscape-cells={text}: expected a whole number of cells of each landscape, above 0")
    if config.getoption("optlandscape_update"):
        raise ValueError(
            "--optlandscape-update would replace the whole baseline by the few cells of --optlandscape-cells: give one "
            f"of them. For fewer cells in every session, write cells={text} into optlandscape_suites"
        )
    return int(text)


def _lines(value: str | list[str]) -> list[str]:
    """Return the lines of a text of the configuration; return a list of TOML unchanged."""
    lines = value.splitlines() if isinstance(value, str) else list(map(str, value))
    return [line.strip() for line in lines if line.strip()]


def _history(config: pytest.Config) -> str | None:
    """Return the place of the history, from the command line or else from the configuration file."""
    told = config.getoption("optlandscape_history")
    if told is None:
        return str(config.getini("optlandscape_history")).strip() or None
    arguments = [str(one) for one in config.invocation_params.args]
    if told and "--optlandscape-history" in arguments:
        raise ValueError(
            f"--optlandscape-history takes {told!r} for the place of the history: if it is the place, write "
            f"--optlandscape-history={told}; if it names tests, put it before the option"
        )
    if config.getoption("optlandscape_against") is not None:
        raise ValueError(
            "--optlandscape-against compares two revisions and --optlandscape-history records one: give one of them"
        )
    return str(told) or str(config.getini("optlandscape_history")).strip()


def _paths(config: pytest.Config) -> tuple[str, ...]:
    paths = tuple(config.getini("optlandscape_paths")) or (".",)
    for path in paths:
        if not (config.rootpath / path).exists():
            raise ValueError(f"optlandscape_paths: there is no {path!r} in {config.rootpath}")
    return paths


def _executor(config: pytest.Config) -> str | None:
    """Return the executor that runs the items; refuse options that exclude each other."""
    executor: str | None = config.getoption("optlandscape_executor")
    if executor is None:
        return None
    if config.getoption("optlandscape_against") is not None:
        raise ValueError(
            "--optlandscape-against times both revisions together on one machine, and --optlandscape-executor runs "
            "items on several: give one of them"
        )
    if hasattr(config, "workerinput") or config.getoption("dist", "no") != "no":
        raise ValueError(
            "--optlandscape-executor and pytest-xdist (-n, --dist) both hand the items to workers: give one of them "
            "(-n 0 where -n is configured)"
        )
    return executor


def _seconds(config: pytest.Config, key: str) -> float:
    text = str(config.getini(key))
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0.0 <= seconds <= _MOST_SECONDS:
        raise ValueError(f"{key} must be a number of seconds from 0 to {_MOST_SECONDS:.0f}; got {text!r:.200}")
    return seconds


def _keys(path: Path | None) -> set[str]:
    """Return the keys of pytest's table in the configuration file: pytest itself only warns of unknown keys."""
    if path is None:
        return set()
    if path.suffix == ".toml":
        content: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        tool = content.get("tool", {})
        native = content.get("pytest", tool.get("pytest", {}) if isinstance(tool, dict) else {})
        tables = [native, native.get("ini_options")] if isinstance(native, dict) else []
        return {key for table in tables if isinstance(table, dict) for key in table}
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    parser.read_string(path.read_text(encoding="utf-8"))
    return {key for name in ("pytest", "tool:pytest") if parser.has_section(name) for key in parser[name]}


def _base(config: pytest.Config, against: str | None) -> tuple[str | None, str]:
    """Find the merge base for ``auto`` or ``REF...`` once; the controller sends it to the workers."""
    if against is None:
        return None, ""
    target = against.removesuffix("...")
    try:
        if target or not against:
            check_revision(target)
    except ValueError as error:
        advice = ", or REF... for the commit where HEAD branched off REF" if ".." in target else ""
        raise ValueError(f"--optlandscape-against: {error}{advice}") from None
    if hasattr(config, "workerinput") or (target == against and against != AUTO):
        return against, ""
    base = find_base(config.rootpath, target or AUTO)
    return base.short, base.text
