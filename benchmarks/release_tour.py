"""Measure optimizers of six libraries with each of their past releases, and publish the pages of their histories.

``release_tour.toml`` names the libraries, releases and optimizers. For each library the script makes a project as a
user would have it, and runs ``optlandscape backfill --releases``. Then it writes the page of the report and the states.

    python benchmarks/release_tour.py scipy optax --work ~/tour    # resumes after an interruption
    python benchmarks/release_tour.py --page                       # write the stored states into docs/releases.md

The states are stored in ``release_tour/LIBRARY.json``, the pages in ``docs/_static/releases``. A change of behaviour
is explained in ``release_tour.toml``; the page says which changes have no explanation.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from measure import ROOT, write_tables

TABLE = Path(__file__).with_suffix(".toml")
STATES = Path(__file__).with_suffix("")
PAGES = ROOT / "docs" / "_static" / "releases"
PAGE = ROOT / "docs" / "releases.md"
QUIET = ("same", "new")


def tours() -> dict[str, dict[str, Any]]:
    """Return the description of each library, by the name of the library."""
    return tomllib.loads(TABLE.read_text())


def make_project(tour: Mapping[str, Any], folder: Path) -> None:
    """Write a project that declares the optimizers, and commit it."""
    lines = ["[pytest]", "optlandscape_optimizers =", *(f"    {spec}" for spec in tour["optimizers"])]
    lines += [f"optlandscape_suite = {tour['suite']}", "optlandscape_contract = false"]
    lines += ["optlandscape_suites =", *(f"    {one}" for one in tour.get("suites", ()))] if "suites" in tour else []
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pytest.ini").write_text("\n".join(lines) + "\n")
    if not (folder / ".git").exists():
        (folder / ".gitignore").write_text(".optlandscape/\n")
        run(["git", "init", "--quiet"], folder)
    run(["git", "add", "."], folder)
    author = ["-c", "user.name=tour", "-c", "user.email=tour@example.org"]
    if subprocess.run(["git", "diff", "--cached", "--quiet"], cwd=folder, check=False).returncode:
        run(["git", *author, "commit", "--quiet", "--message", "Declare the optimizers"], folder)


def run(command: Sequence[str], folder: Path) -> str:
    """Run a command in a folder with one thread; return its output, and print its errors."""
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "KERAS_BACKEND": "torch"}
    return subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout


def measure(name: str, tour: Mapping[str, Any], work: Path) -> None:
    """Measure a library's releases that the history lacks; write the page and the states."""
    folder = work / name
    make_project(tour, folder)
    command = [sys.executable, "-m", "pytest_optlandscape"]
    print(run([*command, "backfill", "--releases", f"{tour['distribution']}=={','.join(tour['releases'])}"], folder))
    PAGES.mkdir(parents=True, exist_ok=True)
    run([*command, "report", "--releases", "-o", str(PAGES / f"{name}.html")], folder)
    STATES.mkdir(exist_ok=True)
    told = json.loads(run([*command, "history", "--releases", "--json"], folder))
    kept = ("releases", "verdict", "speed_ratio", "what_moved", "came_with")
    states = {
        one["spec"]: {
            "states": [{key: state[key] for key in kept} for state in one["states"]],
            "not_run": [{key: entry[key] for key in ("release", "why")} for entry in one["not_run"]],
        }
        for one in told["optimizers"]
    }
    stored = {"optimizers": states}
    (STATES / f"{name}.json").write_text(json.dumps(stored, indent=1, ensure_ascii=False) + "\n")


def changes(stored: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each optimizer with each of its states that is not the first one and is not the same as before."""
    for spec, one in stored["optimizers"].items():
        for state in one["states"]:
            if state["verdict"] not in QUIET:
                yield spec, state


def explanation(tour: Mapping[str, Any], spec: str, release: str) -> str:
    """Return the text of ``release_tour.toml`` about a change, or that there is none."""
    for one in tour.get("explained", ()):
        if spec in one["optimizers"] and release == one["release"]:
            return f"{one['says']} ({one['source']})"
    return "not explained"


def write_page() -> None:
    """Write the tables of all stored states between the markers of docs/releases.md."""
    every = {name: json.loads((STATES / f"{name}.json").read_text()) for name in tours() if _is_stored(name)}
    summary = ["| library | releases | optimizers | states | *worse* | *better* | *changed* | not run |"]
    summary += ["|---|---|---|---|---|---|---|---|"]
    rows = ["| release | optimizer | verdict | what moved | explanation |", "|---|---|---|---|---|"]
    failed = ["| releases | optimizers | why |", "|---|---|---|"]
    for name, stored in every.items():
        tour = tours()[name]
        found = list(changes(stored))
        of = {verdict: sum(state["verdict"] == verdict for _, state in found) for verdict in ("worse", "better")}
        optimizers = stored["optimizers"]
        measured = {release for one in optimizers.values() for state in one["states"] for release in state["releases"]}
        not_run = {entry["release"] for one in optimizers.values() for entry in one["not_run"]}
        states = sum(len(one["states"]) for one in optimizers.values())
        other = len(found) - sum(of.values())
        summary.append(
            f"| [{tour['title']}](_static/releases/{name}.html) | {len(measured)} | {len(optimizers)} | {states} "
            f"| {of['worse']} | {of['better']} | {other} | {len(not_run - measured)} |"
        )
        for spec, state in found:
            release = state["releases"][0]
            moved = state["what_moved"].replace("|", "\\|").replace("\n", " ")
            told = explanation(tour, spec, release)
            rows.append(f"| {release} | `{spec.partition(':')[2]}` | *{state['verdict']}* | {moved} | {told} |")
        whys: dict[str, tuple[dict[str, None], dict[str, None]]] = {}  # in order, each once
        for spec, one in optimizers.items():
            for entry in one["not_run"]:
                releases, specs = whys.setdefault(entry["why"], ({}, {}))
                releases[entry["release"]] = None
                specs[f"`{spec.partition(':')[2]}`"] = None
        for why, (releases, specs) in whys.items():
            told = " ".join(why.replace("|", "\\|").split())[:200]
            failed.append(f"| {', '.join(releases)} | {', '.join(specs)} | {told} |")
    write_tables(PAGE, {"summary": summary, "changes": rows, "failed": failed})


def _is_stored(name: str) -> bool:
    return (STATES / f"{name}.json").exists()


def main() -> None:
    """Measure the libraries that were named, or write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("libraries", nargs="*", help=f"of {', '.join(tours())}")
    parser.add_argument("--work", type=Path, help="the folder of the projects and their histories")
    parser.add_argument("--page", action="store_true", help="write the stored states into docs/releases.md")
    told = parser.parse_args()
    unknown = set(told.libraries) - set(tours())
    if unknown or (told.libraries and told.work is None):
        parser.error(f"name --work FOLDER and libraries of {', '.join(tours())}")
    for name in told.libraries:
        measure(name, tours()[name], told.work.resolve())
    if told.page:
        write_page()


if __name__ == "__main__":
    main()
