"""Whether a history loses or tears anything: writers that are killed, and shallow clones that push at once.

    python benchmarks/history_kills.py [PROCESSES] [SESSIONS] [CLONES]

PROCESSES writers record SESSIONS commits each into one folder, each with a record of its own, and say so when the store
says that it is safe. They are killed at random moments and started again, until all is written. Then CLONES shallow
clones record ten commits each on one branch of their common origin, at once.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pytest_optlandscape.records import LandscapeRecord
from pytest_optlandscape.store import Baseline, CommitEntry, OptimizerEntry, digest_of_record, open_history

CELL = "sobol-{start} {nfev} 16 r 4.15e-14 5.19e-07 2,3,5,9,12,14,15,- - 0f3a -:W:V"


def write(place: str, folder: str, number: int, start: int, end: int) -> None:
    """Record commits; print the number of each when it is stored."""
    history = open_history(place, Path(folder))
    for k in range(start, end):
        plain = {"landscape": "beale", "definition": {"budget": 400, "reference": 1.0, "fmin": 0.0}}
        cells = [CELL.format(start=start, nfev=1 + 1000 * number + k) for start in range(300)]
        record = LandscapeRecord.from_plain({**plain, "cells": cells})
        whole = Baseline("solver:minimize", {}, {}, {"beale": record})
        optimizers = {"solver:minimize": OptimizerEntry(digest_of_record(whole))}
        history.add(CommitEntry(f"{number:08x}{k:032x}", optimizers=optimizers), [whole])
        print(k, flush=True)


def killed_writers(processes: int, sessions: int) -> None:
    rng = random.Random(15)
    with tempfile.TemporaryDirectory() as folder:
        done = dict.fromkeys(range(processes), 0)
        running: dict[int, subprocess.Popen[str]] = {}
        told: dict[int, list[str]] = {number: [] for number in done}
        kills, started = 0, time.monotonic()
        while running or any(count < sessions for count in done.values()):
            for number in done:
                if number not in running and done[number] < sessions:
                    command = [sys.executable, __file__, "write", "", folder, number, done[number], sessions]
                    output = Path(folder, f"said-{number}")
                    with output.open("w") as file:
                        running[number] = subprocess.Popen([str(one) for one in command], stdout=file, text=True)
            time.sleep(rng.uniform(1.0, 4.0))
            victim = rng.choice(list(running))
            if rng.random() < 0.7 and running[victim].poll() is None:
                running[victim].kill()
                kills += 1
            for number, process in list(running.items()):
                if process.poll() is not None:
                    said = Path(folder, f"said-{number}").read_text().split("\n")[:-1]
                    told[number] += said
                    done[number] = int(said[-1]) + 1 if said else done[number]
                    del running[number]
        seconds = time.monotonic() - started
        history = open_history("", Path(folder))
        there = {entry.commit for entry in history.entries()}
        acknowledged = {f"{number:08x}{int(k):032x}" for number, several in told.items() for k in several}
        damaged, missing, _ = history.check()
        print(
            f"{processes} writers × {sessions} sessions, {kills} kills, {seconds:.0f} s: {len(acknowledged)} "
            f"acknowledged, {len(acknowledged - there)} lost, {len(damaged)} torn, {len(missing)} records missing, "
            f"{len(list(history.folder.rglob('*.unfinished')))} unfinished files left" if history.folder else ""
        )  # fmt: skip


def pushing_clones(clones: int) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)

        def git(*arguments: str, cwd: Path = folder) -> None:
            subprocess.run(["git", *arguments], cwd=cwd, check=True, capture_output=True)

        git("init", "-q", "--bare", "server")
        git("clone", "-q", "server", "first")
        told = ("-c", "user.name=A", "-c", "user.email=a@example.org")
        git(*told, "commit", "-q", "--allow-empty", "-m", "one", cwd=folder / "first")
        git("push", "-q", "origin", "HEAD", cwd=folder / "first")
        writers, started = [], time.monotonic()
        for number in range(clones):
            git("clone", "-q", "--depth=1", f"file://{folder}/server", f"clone{number}")
            command = [sys.executable, __file__, "write", "git:history", str(folder / f"clone{number}"), number, 0, 10]
            writers.append(subprocess.Popen([str(one) for one in command], stdout=subprocess.PIPE, text=True))
        said = [writer.communicate()[0].split() for writer in writers]
        seconds = time.monotonic() - started
        history = open_history("git:history", folder / "first")
        there = {entry.commit for entry in history.entries()}
        acknowledged = {f"{number:08x}{int(k):032x}" for number, several in enumerate(said) for k in several}
        damaged, missing, _ = history.check()
        problems = json.dumps(history.problems)
        print(
            f"{clones} shallow clones × 10 pushes at once, {seconds:.0f} s: {len(acknowledged)} acknowledged, "
            f"{len(acknowledged - there)} lost, {len(damaged)} torn, {len(missing)} records missing; {problems}"
        )


def main() -> None:
    processes, sessions, clones = (int(one) for one in [*sys.argv[1:], *["8", "200", "6"][len(sys.argv) - 1 :]])
    killed_writers(processes, sessions)
    pushing_clones(clones)


if __name__ == "__main__":
    if sys.argv[1:2] == ["write"]:
        write(sys.argv[2], sys.argv[3], *map(int, sys.argv[4:]))
    else:
        main()
