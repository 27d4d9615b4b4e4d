"""Released versions of public libraries: whether what changed between two releases of an optimizer is found.

Each pair of `releases_table.PAIRS` is run as a user would: a small project with a ``pytest.ini``; the baseline is
written by ``pytest --optlandscape-update`` under the older release and compared by ``pytest --optlandscape`` under the
newer one, each in a process of its own. Releases are installed by pip into folders of their own that are put before
the interpreter's packages, so that nothing but the library differs between the two sides.

Run ``python benchmarks/releases.py --cache FOLDER --out results.jsonl`` (an hour or two). Pairs that are in the
results already are not run again; ``--pairs 'scipy.*SLSQP'`` chooses some, ``--table`` prints what is there.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from measure import ROOT, heading, machine, one_thread
from releases_table import DRIVERS, PAIRS, Pair

INSTALLING = 240
"""Seconds for one attempt of pip, which is made three times: downloads sometimes hang."""

RUNNING = 480
"""Seconds for one side of a pair."""

_CHANGED = ("changed", "better", "worse")


class DidNotRunError(Exception):
    """A side that could not be installed or gave no result; the message says why."""


def installed(pin: str, cache: Path) -> Path:
    """Install one release alone into a folder of its own, unless it is there.

    Parameters
    ----------
    pin : str
        Such as ``scipy==1.15.3``.
    cache : Path
        Where the folders of all releases are.

    Returns
    -------
    Path
        A folder to be put on the path.
    """
    folder = cache / pin.replace("==", "-")
    if folder.exists():
        return folder
    unfinished = folder.with_name(f"{folder.name}.part")
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-compile", "--target", str(unfinished)]
    reason = ""
    for _ in range(3):
        shutil.rmtree(unfinished, ignore_errors=True)
        try:
            done = subprocess.run([*command, pin], capture_output=True, text=True, timeout=INSTALLING, check=False)
        except subprocess.TimeoutExpired:
            reason = f"pip took more than {INSTALLING} s"
            continue
        if not done.returncode:
            return unfinished.rename(folder)
        reason = _last_line(done.stderr)
    raise DidNotRunError(f"{pin} could not be installed: {reason}")


def environment(pair: Pair, release: str, cache: Path) -> dict[str, str]:
    """Give the environment of one side: the release, what both sides share, and this package, before all else."""
    pins = [f"{pair.distribution}=={release}", *pair.common]
    folders = [str(installed(pin, cache)) for pin in pins]
    given = {"PYTHONPATH": os.pathsep.join([*folders, str(ROOT)]), "KERAS_BACKEND": "torch", "PYTHONHASHSEED": "0"}
    environ = {**os.environ, **given}
    asking = f"from importlib.metadata import version; print(version({pair.distribution!r}))"
    seen = subprocess.run([sys.executable, "-c", asking], env=environ, capture_output=True, text=True, check=True)
    if seen.stdout.strip() != release:  # something else on the path comes first: both sides would be one
        raise DidNotRunError(f"{pair.distribution} {seen.stdout.strip()} is found instead of {release}")
    return environ


def project(pair: Pair, folder: Path) -> None:
    """Write the project that a user would have."""
    lines = ["[pytest]", f"optlandscape_optimizers =\n    {pair.spec}", "optlandscape_contract = false"]
    lines += [f"optlandscape_budget = {pair.budget}"] if pair.budget else []
    lines += [f"optlandscape_time_limit = {pair.time_limit}"] if pair.time_limit else []
    lines += [f"optlandscape_profiles =\n    {pair.profile}"] if pair.profile else []
    (folder / "pytest.ini").write_text("\n".join(lines) + "\n")
    (folder / "test_nothing.py").write_text("def test_nothing():\n    pass\n")
    module = pair.spec.partition(":")[0]
    if module in DRIVERS:
        (folder / f"{module}.py").write_text(DRIVERS[module].lstrip())


def side(pair: Pair, folder: Path, environ: dict[str, str], *options: str) -> float:
    """Run pytest on one side and give the seconds it took; tests may fail, the session may not."""
    chosen = ["-k", pair.only] if pair.only else []
    command = [sys.executable, "-m", "pytest", "-q", "-pno:cacheprovider", *options, *chosen]
    started = time.perf_counter()
    try:
        done = subprocess.run(
            command, cwd=folder, env=environ, capture_output=True, text=True, timeout=RUNNING, check=False
        )
    except subprocess.TimeoutExpired:
        raise DidNotRunError(f"pytest {options[0]} took more than {RUNNING} s") from None
    (folder / f"{options[0].strip('-')}.txt").write_text(done.stdout + done.stderr)
    if done.returncode not in (0, 1):
        raise DidNotRunError(
            f"pytest {options[0]} ended with {done.returncode}: {_last_line(done.stdout + done.stderr)}"
        )
    return time.perf_counter() - started


def run_pair(pair: Pair, cache: Path, keep: Path | None) -> dict[str, Any]:
    """Write the baseline under the older release, compare under the newer, and say what came of it.

    Parameters
    ----------
    pair : Pair
    cache : Path
        Where releases are installed.
    keep : Path or None
        Where the project with its baseline and outputs is left.

    Returns
    -------
    dict
        Plain values, ``problem`` instead of a verdict where a side did not run.
    """
    told: dict[str, Any] = {"key": key(pair), "spec": pair.spec, "expected": pair.expected, "why": pair.why}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        project(pair, folder)
        try:
            before, after = (environment(pair, release, cache) for release in (pair.old, pair.new))
            seconds = [side(pair, folder, before, "--optlandscape-update")]
            seconds.append(side(pair, folder, after, "--optlandscape", "--optlandscape-json=outcome.json"))
            told |= _summed_up(json.loads((folder / "outcome.json").read_text())["optimizers"][0])
            told |= {"written_with": _written_with(folder), "seconds": [round(one, 1) for one in seconds]}
            told["as_expected"] = (told["verdict"] in _CHANGED) == (pair.expected == "changed")
        except DidNotRunError as reason:
            told["problem"] = str(reason)
        if keep is not None:
            shutil.copytree(folder, keep / re.sub(r"[^\w.=+-]+", "_", key(pair)), dirs_exist_ok=True)
    return told


def key(pair: Pair) -> str:
    """Name a pair: library, releases and optimizer."""
    return f"{pair.distribution} {pair.old} -> {pair.new} {pair.spec}"


def _summed_up(outcome: dict[str, Any]) -> dict[str, Any]:
    landscapes = outcome["landscapes"]
    moved = [one for one in landscapes if one["verdict"] != "same"]
    return {
        "verdict": outcome["verdict"],
        "fingerprint": outcome["fingerprint"],
        "diverged": outcome["cells_that_part"],
        "parted_of_landscapes": {one["name"]: one["cells_that_part"] for one in landscapes if one["cells_that_part"]},
        "landscapes": len(landscapes),
        "moved": {one["name"]: one["verdict"] for one in moved},
        "findings": {one["name"]: one["findings"] for one in moved if one["findings"]},
        "speed": outcome["speed_ratio"],
        "set_aside": sum(one["cells_set_aside"] for one in landscapes),
    }


def _written_with(folder: Path) -> dict[str, str]:
    path = next((folder / "optlandscape_baseline").glob("*.json"), None)
    if path is None:
        raise DidNotRunError("the older release wrote no baseline")
    versions: dict[str, str] = json.loads(path.read_text())["written_with"]
    return versions


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("[notice]")]
    errors = [line for line in lines if "rror" in line]
    return (errors or lines or ["no output"])[-1][:200]


def table(results: Iterable[dict[str, Any]]) -> None:
    """Print one line for each pair, and how many were as expected."""
    found = list(results)
    heading("Pairs of releases: expected and found")
    for one in found:
        if "problem" in one:
            print(f"  {one['key']}: {one['problem']}")
            continue
        where = f"{len(one['moved'])} of {one['landscapes']} landscapes, {one['diverged']} cells part"
        mark = "" if one["as_expected"] else "   <-- NOT AS EXPECTED"
        print(f"  {one['key']}: expected {one['expected']} ({one['why']})")
        print(f"      {one['verdict']}, {one['fingerprint']}, {where}, speed x {one['speed']}{mark}")
    ran = [one for one in found if "problem" not in one]
    for expected in ("changed", "quiet"):
        of_kind = [one for one in ran if one["expected"] == expected]
        print(f"  expected {expected}: {sum(one['as_expected'] for one in of_kind)} of {len(of_kind)} as expected")
    print(
        f"  libraries: {len({one['key'].split()[0] for one in ran})}; pairs that did not run: {len(found) - len(ran)}"
    )


def _known(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []


def _chosen(pattern: str) -> Sequence[Pair]:
    return [pair for pair in PAIRS if re.search(pattern, key(pair))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True, help="folder in which releases are installed and kept")
    parser.add_argument("--out", type=Path, default=Path("releases.jsonl"), help="results, one line for each pair")
    parser.add_argument("--pairs", default="", help="a regular expression; only the pairs it is found in are run")
    parser.add_argument("--keep", type=Path, help="folder in which the projects are left, baselines and all")
    parser.add_argument("--table", action="store_true", help="print what is in the results, run nothing")
    arguments = parser.parse_args()
    one_thread()
    machine()
    known = {one["key"] for one in _known(arguments.out)}
    for pair in () if arguments.table else _chosen(arguments.pairs):
        if key(pair) not in known:
            told = run_pair(pair, arguments.cache, arguments.keep)
            with arguments.out.open("a") as file:
                file.write(json.dumps(told) + "\n")
            print(told["key"], told.get("problem") or told["verdict"], told.get("seconds"), flush=True)
    table(_known(arguments.out))


if __name__ == "__main__":
    main()
