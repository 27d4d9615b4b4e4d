"""The entry point of the pytest plugin: options, configuration keys, markers and fixtures. It decides nothing.

pytest imports this module in every session in which the package is installed, so it imports nothing heavy. The rest is
imported when ``--optlandscape`` is given.
"""

from __future__ import annotations

import os
import sys

import pytest

from pytest_optlandscape import fixtures, hookspecs
from pytest_optlandscape.configuration import profiles as _profiles
from pytest_optlandscape.configuration import values as _values
from pytest_optlandscape.texts.plurals import number_of

INI_KEYS = {
    "optlandscape_optimizers": (
        "linelist",
        [],
        "optimizers that run the suite: library:Name(key=literal, ...)",
    ),
    "optlandscape_suite": (
        "string",
        "quick",
        "suite of landscapes: smoke, quick, standard, full, structured, limits or tuning",
    ),
    "optlandscape_suites": (
        "linelist",
        [],
        "a suite for one optimizer, SPEC = quick -ackley[5] cells=8 budget=60 ..., or an own suite, NAME = WORDS",
    ),
    "optlandscape_budget": (
        "string",
        "",
        "evaluations per dimension of each run of the suite (default: 200)",
    ),
    "optlandscape_baseline_dir": (
        "string",
        "optlandscape_baseline",
        "folder of the baselines, from the rootdir",
    ),
    "optlandscape_profiles": (
        "linelist",
        [],
        "corrections of inferred profiles of optimizers: SPEC = local gradient no-bounds ...",
    ),
    "optlandscape_adapters": (
        "linelist",
        [],
        "how to call optimizers with other signatures: SPEC = objective=func start=x0 budget=maxfev ...",
    ),
    "optlandscape_fail_on": (
        "linelist",
        ["worse"],
        "verdicts that fail a test: worse, changed, different (also better), never, or creep over the commits of the "
        "history; SPEC = WORD sets it for one optimizer",
    ),
    "optlandscape_time_budget": (
        "string",
        "60",
        "seconds per optimizer for further runs when a comparison of --optlandscape-against is undecided",
    ),
    "optlandscape_time_limit": ("string", "60", "seconds after which a run of the suite is stopped (0: never)"),
    "optlandscape_isolate": (
        "bool",
        False,
        "run the suite's items in a separate process, which is killed if a run hangs",
    ),
    "optlandscape_contract": ("bool", True, "also run the checks of the contract, one item each"),
    "optlandscape_history": (
        "string",
        "",
        "where to record sessions of the suite: a folder, git:BRANCH or a URL (default: nowhere)",
    ),
    "optlandscape_paths": (
        "linelist",
        [],
        "files and folders of the project on which the optimizers depend (default: all)",
    ),
    "optlandscape_require_baseline": ("bool", False, "fail a test of the suite that has no baseline"),
}

BLAS_THREADS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
"""The number of threads changes the last bits of some optimizers, and small problems are slower with several."""


_SWITCHES = ("optlandscape", "optlandscape_update", "optlandscape_against")
"""The options that run the suite."""

_OPTIONS_OF_THE_SUITE = (
    "optlandscape_suite",
    "optlandscape_cells",
    "optlandscape_json",
    "optlandscape_report",
    "optlandscape_format",
    "optlandscape_markdown",
    "optlandscape_codequality",
    "optlandscape_history",
    "optlandscape_history_dirty",
    "optlandscape_executor",
    "optlandscape_isolate",
    "optlandscape_only",
)
"""The options that change how the suite is run, and do nothing without it."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options and the keys of the configuration file."""
    group = parser.getgroup("optlandscape", "regression testing of optimizers")
    group.addoption(
        "--optlandscape",
        action="store_true",
        help="run the suite of the optimizers in `optlandscape_optimizers` and compare it with the baseline",
    )
    group.addoption(
        "--optlandscape-update",
        action="store_true",
        help="run the suite and accept the results as the baseline",
    )
    group.addoption(
        "--optlandscape-against",
        metavar="REF",
        help="also run the suite at the revision REF of the project, and compare with it instead of the baseline; "
        "REF... means the commit where HEAD branched off REF; auto, in the pipeline of a pull request, means the "
        "commit where it branched off its target",
    )
    group.addoption(
        "--optlandscape-suite",
        metavar="NAME",
        help="run this suite: smoke, quick, standard, full, structured, limits, tuning, one of your own, or names of "
        "landscapes; overrides `optlandscape_suite`",
    )
    group.addoption(
        "--optlandscape-cells",
        metavar="N",
        help="run only the N cells of each landscape that show a change earliest, and compare them with the same cells "
        "of the baseline",
    )
    group.addoption(
        "--optlandscape-json",
        metavar="PATH",
        help="write the outcome of the suite to PATH, as JSON for other tools",
    )
    group.addoption(
        "--optlandscape-report",
        metavar="PATH",
        help="write an HTML page of the suite to PATH, with the history if there is one (needs the extra `report`)",
    )
    group.addoption(
        "--optlandscape-format",
        choices=("auto", "github", "gitlab", "none"),
        default="auto",
        help="write annotations and a job summary for GitHub, or a code quality report for GitLab (default: auto, "
        "which looks at the environment)",
    )
    group.addoption(
        "--optlandscape-markdown",
        metavar="PATH",
        help="write the outcome of the suite as Markdown, for a comment on a pull request, to PATH",
    )
    group.addoption(
        "--optlandscape-codequality",
        metavar="PATH",
        help="write GitLab's code quality report of the suite to PATH (default, on GitLab: "
        "gl-code-quality-report.json)",
    )
    group.addoption(
        "--optlandscape-history",
        metavar="PATH",
        nargs="?",
        const="",
        help="record the results of this commit: in a folder, git:BRANCH or at a URL "
        "(default: `optlandscape_history`, else .optlandscape/history)",
    )
    group.addoption(
        "--optlandscape-history-dirty",
        action="store_true",
        help="record the results even if files differ from the commit, and mark them as such",
    )
    group.addoption(
        "--optlandscape-executor",
        metavar="WORDS",
        help="run the suite's items on an executor: processes:N, dask:tcp://HOST:PORT, dask:FILE.json or "
        "module:callable",
    )
    group.addoption(
        "--optlandscape-isolate",
        action="store_true",
        help="run the suite's items in a separate process, which is killed if a run hangs",
    )
    group.addoption(
        "--optlandscape-only",
        metavar="ITEM",
        action="append",
        help="run only this item of the suite and no other test: SPEC, SPEC::LANDSCAPE, SPEC::overall or "
        "SPEC::contract::CHECK, exactly as written; may be given several times",
    )
    group.addoption(
        "--optlandscape-replay",
        metavar="CELL",
        help="run one cell, such as beale/sobol-03, of each configured optimizer, print the run, and exit",
    )
    group.addoption(
        "--optlandscape-fit",
        metavar="MINUTES",
        help="run a few cells of each configured optimizer, print a line for `optlandscape_suites` that takes "
        "at most MINUTES to compare, and exit",
    )
    group.addoption(
        "--optlandscape-list",
        metavar="WORDS",
        nargs="?",
        const="",
        help="print the catalogue of landscapes, or only those with the names, tags, families or dim=N of WORDS, and "
        "exit",
    )
    for key, (kind, default, text) in INI_KEYS.items():
        parser.addini(key, text, type=kind, default=default)  # type: ignore[arg-type]


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Declare the hooks of this plugin."""
    pluginmanager.add_hookspecs(hookspecs)


def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Run the options that need no session: list the catalogue, replay a cell, fit a suite."""
    if config.getoption("optlandscape_list") is not None:
        from pytest_optlandscape.session.listing import list_landscapes

        return list_landscapes(config.getoption("optlandscape_list"), print)
    if config.getoption("optlandscape_replay") is not None:
        _one_thread()
        _add_from_hooks(config)
        _declare_profiles(config)
        from pytest_optlandscape.session.replay import replay_cell

        return replay_cell(config, INI_KEYS)
    if config.getoption("optlandscape_fit") is not None:
        _one_thread()
        _add_from_hooks(config)
        _declare_profiles(config)
        from pytest_optlandscape.session.fitting import fit_suites

        return fit_suites(config, INI_KEYS)
    return None


@pytest.hookimpl(trylast=True)  # after others that register what implements our hooks
def pytest_configure(config: pytest.Config) -> None:
    """Declare the markers, register the fixtures and, on request, the suite."""
    config.addinivalue_line(
        "markers",
        "landscapes(*ids, tags=..., dim=..., exclude=...): run the test on each landscape chosen, "
        "passed as the argument `landscape`",
    )
    config.addinivalue_line("markers", "optlandscape: an item of the suite that --optlandscape adds")
    config.pluginmanager.register(fixtures, "optlandscape-fixtures")
    wanted = any(config.getoption(name) not in (None, False) for name in _SWITCHES)
    is_wanted = wanted and not config.getoption("help", False)
    if not wanted and not config.getoption("help", False):
        _refuse_options_of_the_suite(config)
    if is_wanted:
        _one_thread()
    _add_from_hooks(config)
    if not config.getoption("help", False):
        _declare_profiles(config)
    if is_wanted:
        from pytest_optlandscape.session.hooks import SuitePlugin

        config.pluginmanager.register(SuitePlugin(config, INI_KEYS), "optlandscape-suite")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print once that tests asked for times and pytest-benchmark recorded none."""
    reports = (report for reports in terminalreporter.stats.values() for report in reports)
    properties = [getattr(report, "user_properties", ()) for report in reports if getattr(report, "when", "") == "call"]
    reasons = [dict(found)[fixtures.UNTIMED] for found in properties if fixtures.UNTIMED in dict(found)]
    if reasons:
        count = number_of(len(reasons), "test")
        why = "; ".join(dict.fromkeys(reasons))
        terminalreporter.write_line(
            f"optlandscape: {count} used benchmark_minimize, but pytest-benchmark recorded nothing: {why}", yellow=True
        )


def _refuse_options_of_the_suite(config: pytest.Config) -> None:
    given = [name for name in _OPTIONS_OF_THE_SUITE if config.getoption(name) not in (None, False, "auto")]
    if given:
        option = f"--{given[0].replace('_', '-')}"
        raise pytest.UsageError(f"{option} needs --optlandscape, which runs the suite; give both, or neither")
    of_suite = [argument for argument in config.args if argument.startswith("optlandscape::")]
    if of_suite:
        raise pytest.UsageError(f"{of_suite[0]} is a test of the suite; give --optlandscape too, which runs the suite")


def _add_from_hooks(config: pytest.Config) -> None:
    if config.hook.pytest_optlandscape_landscapes.get_hookimpls():
        from pytest_optlandscape.session.added_landscapes import add_landscapes

        add_landscapes(config)
    if config.hook.pytest_optlandscape_optimizers.get_hookimpls():
        from pytest_optlandscape.session.added_optimizers import add_optimizers

        add_optimizers(config)


def _declare_profiles(config: pytest.Config) -> None:
    """Apply the configured profiles and adapters until the session ends."""
    try:
        _values.check_keys(config, INI_KEYS, ["optlandscape_profiles", "optlandscape_adapters"])
        lines = config.getini("optlandscape_adapters")
        adapters = {}
        if lines:
            from pytest_optlandscape.configuration.declarations import parsed_lines

            adapters = parsed_lines(lines)
        put_back = _profiles.declare(_profiles.parsed(config.getini("optlandscape_profiles")), adapters)
    except ValueError as error:
        raise pytest.UsageError(f"optlandscape: {error}") from error
    config.add_cleanup(put_back)


def _one_thread() -> None:
    if "numpy" not in sys.modules:  # it reads these once
        for name in BLAS_THREADS:
            os.environ.setdefault(name, "1")
