"""Seed defects into released libraries, and count which of them our tests and the project's own tests report.

Each folder of ``examples/ports`` tests a library from the package index. ``ports_defects/PROJECT.toml`` lists defects
and harmless refactors: replacements of one snippet of the library by another. Each of them is made in a copy of the
installed library in a temporary folder; the installation is never touched. The port runs on the copy, then the
project's own tests.

    python benchmarks/ports.py pycma pints --sources ~/checkouts    # ~/checkouts/pycma is the release's source tree
    python benchmarks/ports.py --page                               # write the stored outcomes into docs/ports.md

Without ``--sources`` only the ports run, and own tests that are part of the installed package. Outcomes are
stored as ``ports_defects/PROJECT.json``. Seconds are CPU seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from measure import ROOT, write_tables

PORTS = ROOT / "examples" / "ports"
DEFECTS = Path(__file__).parent / "ports_defects"
PAGE = ROOT / "docs" / "ports.md"
ORDER = (
    *("pycma", "pybobyqa", "iminuit", "pyswarms", "gradient_free_optimizers", "pints", "optimistix", "optax"),
    *("torch_optimizer", "keras"),
)
SECONDS = 240
"""After how many CPU seconds a run of tests is stopped: the load of the machine has no part in an outcome."""
PATIENCE = 8
"""How many times as long a run may last on the clock, for runs that sleep."""
QUIET = ("-q", "--tb=no", "-p", "no:cacheprovider", "-p", "no:randomly")


def lines_of_code(paths: Iterable[Path]) -> int:
    """Return how many lines of the files are neither blank nor only a comment."""
    lines = (line.strip() for path in paths for line in path.read_text().splitlines())
    return sum(1 for line in lines if line and not line.startswith("#"))


def run_in(folder: Path, command: Sequence[str], library: Path) -> tuple[int | None, str, float]:
    """Run a command that imports the copy of the library; return its exit status, its output and its CPU seconds.

    The exit status is None if the command was stopped after `SECONDS`.
    """
    limit = ["prlimit", f"--cpu={SECONDS}", "--", *command]
    environment = os.environ | {
        "PYTHONPATH": str(library),
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "KERAS_BACKEND": "torch",  # the backend of the port's baseline
    }
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        done = subprocess.run(
            limit, cwd=folder, env=environment, capture_output=True, text=True, timeout=PATIENCE * SECONDS, check=False
        )
        stopped = -done.returncode in (signal.SIGXCPU, signal.SIGKILL)
        status, output = None if stopped else done.returncode, done.stdout + done.stderr
    except subprocess.TimeoutExpired:
        status, output = None, ""
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return status, output, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def failures(output: str) -> set[str]:
    """Return the ids of the tests that pytest's short summary calls failed or in error."""
    return set(re.findall(r"^(?:FAILED|ERROR) (\S+)", output, re.MULTILINE))


def package_folder(package: str) -> Path:
    """Return the folder of an installed package."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise SystemExit(f"{package} is not installed: pip install -r examples/ports/requirements.txt")
    return Path(spec.origin).parent


def copy_library(package: str, to: Path) -> None:
    """Copy the folder of an installed package below ``to``."""
    shutil.copytree(package_folder(package), to / package, ignore=shutil.ignore_patterns("__pycache__"))


def seed(library: Path, change: Mapping[str, str]) -> None:
    """Replace a snippet of the copied library; it must occur in the file exactly once."""
    path = library / change["file"]
    text = path.read_text()
    if text.count(change["before"]) != 1:
        found = text.count(change["before"])
        raise SystemExit(f"{change['name']}: the snippet occurs {found} times in {change['file']}, not once")
    path.write_text(text.replace(change["before"], change["after"]))


def run_port(project: str, folder: Path, library: Path) -> dict[str, Any]:
    """Run a port on a copy of the library; return its verdict, the tests that fail, and CPU seconds.

    The verdict is the gravest one: "worse" if a landscape is worse or an ordinary test or a check of the contract
    fails, else "changed" or "better", else "same".
    """
    tests = folder / "port"
    shutil.copytree(PORTS / project, tests)
    outcome = folder / "outcome.json"
    command = [sys.executable, "-m", "pytest", *QUIET, "-rfE", "--optlandscape", "--optlandscape-json", str(outcome)]
    status, output, seconds = run_in(tests, [*command, "."], library)
    if status is None:
        return {"verdict": "stopped", "failed": [], "seconds": SECONDS}
    failed = failures(output)
    landscapes = {}
    if outcome.exists():
        for optimizer in json.loads(outcome.read_text())["optimizers"]:
            named = {each["name"]: each["verdict"] for each in optimizer["landscapes"]}
            landscapes.update({f"{optimizer['spec']}::{name}": verdict for name, verdict in named.items()})
            landscapes[f"{optimizer['spec']}::overall"] = optimizer["verdict"]
    verdicts = set(landscapes.values())
    ordinary = sorted(name for name in failed if not name.startswith("optlandscape"))
    gravest = next((each for each in ("worse", "changed", "better", "not-comparable") if each in verdicts), "same")
    if ordinary or not outcome.exists():
        gravest = "worse"
    match = re.search(r"(\d+) passed", output)
    return {
        "verdict": gravest,
        "by_landscape": landscapes,
        "failed": ordinary,
        "items": (int(match[1]) if match else 0) + len(failed),
        "seconds": round(seconds, 1),
    }


def run_own_tests(port: Mapping[str, Any], sources: Path | None, folder: Path, library: Path) -> dict[str, Any]:
    """Run the project's own tests of the same optimizers on a copy of the library."""
    if "own_command" in port:  # tests that are part of the installed package
        status, output, seconds = run_in(folder, [sys.executable, *port["own_command"]], library)
        failed = {"the command"} if status else set()
    else:
        assert sources is not None
        tests = folder / "own"
        shutil.copytree(sources / port["own_folder"], tests / port["own_folder"])
        files = [name for name in port["own_tests"] if name.endswith(".py")]
        command = [sys.executable, "-m", "pytest", *QUIET, "-rfE", "-p", "no:optlandscape", "-o", "addopts="]
        status, output, seconds = run_in(tests, [*command, *port.get("own_options", ()), *files], library)
        failed = failures(output)
        if status not in (0, 1, None):
            raise SystemExit(f"the project's own tests did not run:\n{output[-2000:]}")
    match = re.search(r"(\d+) passed", output)
    return {
        "failed": sorted(failed) if status is not None else ["stopped"],
        "tests": (int(match[1]) if match else 0) + len(failed),
        "seconds": round(seconds, 1),
    }


def measure(project: str, sources: Path | None, only: Sequence[str]) -> dict[str, Any]:
    """Run a port, and the project's own tests, on the released library and on each seeded change of it.

    If ``only`` names changes, the stored rows of all others are kept.
    """
    port = tomllib.loads((DEFECTS / f"{project}.toml").read_text())
    tree = sources / project if sources else None
    changes = [("unchanged", {})]
    changes += [("defect", change) for change in port["defect"]] + [("refactor", change) for change in port["refactor"]]
    kept = {}
    if only:
        kept = {row["name"]: row for row in json.loads((DEFECTS / f"{project}.json").read_text())["rows"]}
    rows = []
    for kind, change in changes:
        if only and change.get("name", "unchanged") not in only:
            rows.append(kept[change.get("name", "")])
            continue
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            library = folder / "library"
            copy_library(port["package"], library)
            if change:
                seed(library, change)
            row = {"kind": kind, "name": change.get("name", ""), "ours": run_port(project, folder, library)}
            if tree or "own_command" in port:
                row["own"] = run_own_tests(port, tree, folder, library)
                if kind == "unchanged" and row["own"]["failed"] == ["stopped"]:
                    raise SystemExit(f"the project's own tests need more than {SECONDS} CPU seconds: choose some")
            rows.append(row)
        print(project, kind, row["name"], row["ours"]["verdict"], row["ours"]["failed"][:2], row.get("own"), flush=True)
    ours = [path for path in (PORTS / project).glob("*.*") if path.suffix in (".py", ".toml")]
    root = package_folder(port["package"]).parent if "own_command" in port else tree
    own = [root / name for name in port["own_tests"]] if root else []
    return {
        "distribution": port["distribution"],
        "version": version(port["distribution"]),
        "lines": lines_of_code(ours),
        "own_lines": lines_of_code(own),
        "rows": rows,
    }


def write_page() -> None:
    """Write the tables of the stored outcomes between the markers of docs/ports.md."""
    outcomes = {name: json.loads((DEFECTS / f"{name}.json").read_text()) for name in ORDER if stored(name)}
    summary = [
        "| project | own tests: lines, tests, CPU s | own: defects reported | ours: lines, items, CPU s "
        "| ours: *worse* | ours: *changed* | missed | false alarms, own and ours |",
        "|---|---|---|---|---|---|---|---|",
    ]
    total = dict.fromkeys(("defects", "own", "worse", "changed", "missed", "refactors", "false"), 0)
    each = ["| project | defect or refactor | own tests | ours |", "|---|---|---|---|"]
    for name, outcome in outcomes.items():
        says = {change["name"]: change["says"] for change in changes_of(name)}
        rows = outcome["rows"]
        clean = rows[0]
        known = set(clean["own"]["failed"]) if "own" in clean else set()
        defects = [row for row in rows if row["kind"] == "defect"]
        refactors = [row for row in rows if row["kind"] == "refactor"]
        verdicts = [row["ours"]["verdict"] for row in defects]
        worse = verdicts.count("worse")
        missed = sum(verdict in ("same", "stopped") for verdict in verdicts)
        ours = f"{outcome['lines']}, {clean['ours']['items']}, {clean['ours']['seconds']:.0f}"
        false = sum(row["ours"]["verdict"] != "same" for row in refactors)
        if "own" in clean:
            own = f"{outcome['own_lines']}, {clean['own']['tests']}, {clean['own']['seconds']:.0f}"
            if not clean["own"]["tests"]:  # a command that does not count them
                own = f"{outcome['own_lines']}, doctests, {clean['own']['seconds']:.0f}"
            own_found = sum(bool(set(row["own"]["failed"]) - known) for row in defects)
            found = f"{own_found} of {len(defects)}"
            own_false = str(sum(bool(set(row["own"]["failed"]) - known) for row in refactors))
        else:
            own, own_found, found, own_false = "not run", 0, "–", "–"
        changed = len(defects) - worse - missed
        counts = {"defects": len(defects), "worse": worse, "changed": changed, "missed": missed}
        counts |= {"refactors": len(refactors), "false": false, "own": own_found}
        total = {key: total[key] + number for key, number in counts.items()}
        summary.append(
            f"| {outcome['distribution']} {outcome['version']} | {own} | {found} | {ours} "
            f"| {worse} of {len(defects)} | {changed} | {missed} | {own_false}, {false} of {len(refactors)} |"
        )
        for row in defects + refactors:
            tests = "not run"
            if "own" in row:
                number = len(set(row["own"]["failed"]) - known)
                tests = (f"{number} fail" if number > 1 else "1 fails") if number else "pass"
                if "own_command" in port_of(name):
                    tests = "fail" if number else "pass"
            verdict = row["ours"]["verdict"]
            failed = len(row["ours"]["failed"])
            verdict = f"*{verdict}*" + (f"; ordinary tests or checks that fail: {failed}" if failed else "")
            kind = "" if row["kind"] == "defect" else "(refactor) "
            each.append(f"| {outcome['distribution']} | {kind}{says[row['name']]} | {tests} | {verdict} |")
    summary.append(
        f"| all | | {total['own']} of {total['defects']} | | {total['worse']} of {total['defects']} "
        f"| {total['changed']} | {total['missed']} | {total['false']} of {total['refactors']} ours |"
    )
    write_tables(PAGE, {"summary": summary, "each": each})


def port_of(project: str) -> dict[str, Any]:
    """Return the description of a port."""
    return tomllib.loads((DEFECTS / f"{project}.toml").read_text())


def changes_of(project: str) -> list[dict[str, str]]:
    """Return the defects and refactors of a port."""
    port = port_of(project)
    return [*port["defect"], *port["refactor"]]


def stored(project: str) -> bool:
    """Return whether an outcome of the project is stored."""
    return (DEFECTS / f"{project}.json").exists()


def main() -> None:
    """Measure the named ports, or write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("projects", nargs="*", choices=[*ORDER, []], help="folders of examples/ports")
    parser.add_argument("--sources", type=Path, help="folder with a source tree of each project, for its own tests")
    parser.add_argument("--only", nargs="+", default=(), help="run these changes, and keep the stored rows of others")
    parser.add_argument("--page", action="store_true", help="write the stored outcomes into docs/ports.md")
    arguments = parser.parse_args()
    for project in arguments.projects:
        outcome = measure(project, arguments.sources, arguments.only)
        (DEFECTS / f"{project}.json").write_text(json.dumps(outcome, indent=1, sort_keys=True) + "\n")
    if arguments.page:
        write_page()


if __name__ == "__main__":
    main()
