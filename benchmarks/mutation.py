"""Count how many mutants of the package its tests kill: the tests of another revision, and those of the working tree.

Cosmic Ray makes the mutants (``pip install cosmic-ray``). Of each module a fixed sample of mutants is taken. The tests
of the other revision run on each mutant, then the tests of the working tree: first the default run and, if the mutant
survives it, the tests that are marked ``thorough``. A test of the other revision that fails on the unchanged module
does not count; it may quote a text that was rewritten since.

    python benchmarks/mutation.py main --mutants 30
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

ROOT = Path(__file__).parents[1]
PACKAGE = "pytest_optlandscape"
MODULES = {
    "comparison/width_comparison.py": ("comparison/test_comparison_widths",),
    "records/averages.py": ("records/test_records_averages",),
    "trend/shares.py": ("trend/test_trend_states", "trend/test_trend_rows"),
    "optimizers/spec.py": ("optimizers/test_optimizers_spec",),
    "search/special_points.py": ("search/test_search_special_points",),
    "suites/low_discrepancy.py": ("suites/test_suites_low_discrepancy",),
    "suites/named_starts.py": ("suites/test_suites_catalogue", "suites/test_suites_special"),
    "figures/scales.py": ("figures/test_figures",),
    "landscapes/formula/derivatives.py": ("landscapes/test_landscapes_residuals",),
    "landscapes/transforms/affine.py": ("landscapes/test_landscapes_instances",),
    "landscapes/transforms/sub_box.py": ("landscapes/test_landscapes_within",),
    "store/strict_json.py": ("hostile/test_hostile_files",),
    "session/incremental_update.py": ("plugin/test_plugin_saving",),
}
"""Modules of many rooms, each with the files of tests that are about it."""
PRELOADED = ("hypothesis", "mpmath", "numpy", "pytest_benchmark", "scipy.optimize", "scipy.stats", "xdist")
"""What the tests import and no mutant changes: it is imported once, and each run of tests is a copy of this process."""
CPU_SECONDS = 120
"""After how many a mutant counts as killed: it loops."""
EVERY_TEST = ("-m", "")
DEFAULT_RUN = ()
THOROUGH_ONLY = ("-m", "thorough")
FIRST_FAILURE = (
    *("-x", "-q", "-p", "no:cacheprovider", "--hypothesis-seed=0"),
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),  # of what is imported already
)
NO_TESTS = 5
"""How pytest ends if it deselects every test."""


def sampled_mutants(path: Path, number: int, seed: int) -> list[str]:
    """Draw places of a module, and of each place one of its mutants.

    Parameters
    ----------
    path : Path
        The module.
    number : int
        How many mutants to draw at most.
    seed : int
        Of the draw.

    Returns
    -------
    list of str
        The whole source of each mutant.
    """
    source = path.read_text(encoding="utf-8")
    nodes = list(ast_nodes(get_ast(source)))
    at_place: dict[Any, list[tuple[str, int]]] = {}
    for name in operator_names():
        operator_class = get_operator(name)
        if operator_class.arguments() or "_BitOr_" in name:  # "|" stands in annotations almost everywhere
            continue
        operator = operator_class()
        places = [place for node in nodes for place in operator.mutation_positions(node)]
        for occurrence, place in enumerate(places):
            at_place.setdefault(place, []).append((name, occurrence))
    rng = random.Random(seed)
    drawn = rng.sample(sorted(at_place), min(number, len(at_place)))
    chosen = [rng.choice(at_place[place]) for place in drawn]
    return [mutate_code(source, get_operator(name)(), occurrence) for name, occurrence in chosen]


def unpacked(revision: str, folder: Path) -> Path:
    """Write the tests of a revision, and its settings of pytest, into a folder."""
    command = ["git", "archive", revision, "tests", "pyproject.toml"]
    packed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")
    return folder


class FailedTests:
    """A plugin of pytest that writes the failed tests of a session into a file.

    Parameters
    ----------
    path : Path
        The file. It has one test on each line, in the form that ``--deselect`` takes.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._path.touch()

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Add a test that failed."""
        if report.failed:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(f"{report.nodeid}\n")


def failing_tests(project: Path, tests: list[str], limit: float) -> list[str]:
    """List the tests that fail on the package as it is."""
    path = project / "failed.txt"
    path.unlink(missing_ok=True)
    passes(project, tests, (*EVERY_TEST, "--maxfail=0"), limit, (FailedTests(path),))
    return list(dict.fromkeys(path.read_text(encoding="utf-8").splitlines()))


def passes(
    project: Path, tests: list[str], options: tuple[str, ...], limit: float, plugins: Sequence[Any] = ()
) -> bool:
    """Run tests in a copy of this process, which has not imported the package yet."""
    child = os.fork()
    if child == 0:
        os.setsid()
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
        os.chdir(project)
        sys.path[:0] = [str(project)]
        os.environ["PYTHONPATH"] = str(project)
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), 1)
            os.dup2(nowhere.fileno(), 2)
        import pytest

        status = pytest.main([*tests, *FIRST_FAILURE, *options], plugins)
        os._exit(status)
    until = time.monotonic() + limit
    while time.monotonic() < until:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status) in (0, NO_TESTS)
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def main() -> None:
    """Print a line for each module, as soon as it is known."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("revision", help="whose tests are compared with those of the working tree")
    parser.add_argument("--mutants", type=int, default=30, help="how many of each module (default: 30)")
    parser.add_argument("--seed", type=int, default=0, help="of the sample (default: 0)")
    parser.add_argument("--limit", type=float, default=600.0, help="seconds after which a mutant counts as killed")
    parser.add_argument("modules", nargs="*", metavar="module", help=f"of {', '.join(MODULES)} (default: all)")
    options = parser.parse_intermixed_args()
    sys.dont_write_bytecode = True
    for name in PRELOADED:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    print("| module | mutants | killed before | killed by the default run | killed with `thorough` |", flush=True)
    print("|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as work:
        before = unpacked(options.revision, Path(work) / "before")
        after = Path(work) / "after"
        shutil.copytree(ROOT / "tests", after / "tests", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", after)
        for project in (before, after):
            shutil.copytree(ROOT / PACKAGE, project / PACKAGE, ignore=shutil.ignore_patterns("__pycache__"))
        for module in options.modules or MODULES:
            print(line(module, before, after, options), flush=True)


def line(module: str, before: Path, after: Path, options: argparse.Namespace) -> str:
    """Try one module's mutants and say how many were killed."""
    tests = [f"tests/{name}.py" for name in MODULES[module]]
    failing = failing_tests(before, tests, options.limit)
    if failing:
        print(f"{module}: {len(failing)} tests before fail on it as it is, and do not count:", *failing, sep="\n  ",
              file=sys.stderr)  # fmt: skip
    still_passing = (*EVERY_TEST, *(f"--deselect={test}" for test in failing))
    runs = ((before, still_passing), (after, DEFAULT_RUN), (after, THOROUGH_ONLY))
    for project, chosen in runs:
        if not passes(project, tests, chosen, options.limit):
            raise SystemExit(f"{module} is as it should be, and its tests fail in {project.name}: {' '.join(tests)}")
    path = ROOT / PACKAGE / module
    mutants = sampled_mutants(path, options.mutants, options.seed)
    killed = [0, 0, 0]
    for mutant in mutants:
        for project in (before, after):
            (project / PACKAGE / module).write_text(mutant, encoding="utf-8")
        results = [not passes(project, tests, chosen, options.limit) for project, chosen in runs[:2]]
        results.append(results[1] or not passes(after, tests, THOROUGH_ONLY, options.limit))
        killed = [count + result for count, result in zip(killed, results, strict=True)]
    for project in (before, after):
        shutil.copy(path, project / PACKAGE / module)
    return f"| `{module}` | {len(mutants)} | {killed[0]} | {killed[1]} | {killed[2]} |"


if __name__ == "__main__":
    main()
