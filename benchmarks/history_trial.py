"""Whether backfill, trend and bisect name the right commits: made-up repositories of 60 commits whose truth is known.

    python benchmarks/history_trial.py [SOLVER ...] [--seeds 1 2] [--budget N] [--bisect] [--keep FOLDER]

Each repository has, in an order drawn from the seed, a slowdown of 6 %, a gain of 8 %, a creep of ten commits of 1 %,
a refactor that only moves rounding, a commit that cannot be imported, a merge (of a branch that leaves the optimizer
alone, or that brings the gain), a squash, and commits that change documentation, tests or comments only. It is
measured by `optlandscape backfill`, twice; what `trend` says is compared with the truth; on request each change is
bisected, too. A creep is found where the sum of its changes passes the gate, at one of its commits.
The optimizers are in `history_solvers.py`.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from history_solvers import SOLVERS, Solver

COMMITS = 60


class Repository:
    """A repository in the making: a package in a src-layout with one optimizer.

    Parameters
    ----------
    folder : Path
    solver : Solver
    settings : dict
        Further lines of the configuration.
    """

    def __init__(self, folder: Path, solver: Solver, settings: dict[str, str]) -> None:
        self.folder = folder
        self.solver = solver
        self.number = 0
        folder.mkdir(parents=True)
        self.git("init", "-q", "-b", "main")
        told = {
            "pythonpath": "src", "optlandscape_suite": "quick", "optlandscape_contract": "false",
            "optlandscape_optimizers": "ourlib.solver:minimize", **settings,
        }  # fmt: skip
        lines = "".join(f"{key} = {value}\n" for key, value in told.items())
        self._write("pytest.ini", f"[pytest]\n{lines}")
        self._write("src/ourlib/__init__.py", "")
        self._write("src/ourlib/solver.py", solver.source())

    def git(self, *arguments: str) -> str:
        """Run git as one person, at a time that goes on with the commits."""
        identity = {f"GIT_{r}_{w}": "someone@example.org" for r in ("AUTHOR", "COMMITTER") for w in ("NAME", "EMAIL")}
        when = f"2026-{1 + self.number // 28:02d}-{1 + self.number % 28:02d}T12:00:00Z"
        dates = {f"GIT_{role}_DATE": when for role in ("AUTHOR", "COMMITTER")}
        done = subprocess.run(
            ["git", *arguments], cwd=self.folder, env={**os.environ, **identity, **dates}, check=True, text=True,
            capture_output=True,
        )  # fmt: skip
        return done.stdout.strip()

    def _write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def commit(self, subject: str, broken: bool = False) -> str:
        """Commit the solver as it is now; give the hash."""
        self.number += 1
        self._write("NOTES", f"{self.number}\n")
        head = "import a_module_that_is_not_there\n" if broken else ""
        self._write("src/ourlib/solver.py", head + self.solver.source())
        self.git("add", "-A")
        self.git("commit", "-q", "-m", subject)
        return self.git("rev-parse", "HEAD")

    def neutral(self, rng: random.Random) -> str:
        """Commit something that leaves the optimizer's numbers alone."""
        kind = rng.choice(["notes", "tests", "comment"])
        if kind == "tests":
            self._write(f"tests/test_{self.number}.py", "def test_nothing():\n    pass\n")
        if kind == "comment":
            self.solver.comment += 1
        return self.commit(kind)

    def merged(self, name: str, squash: bool, ratio: float = 1.0) -> str:
        """Merge a branch of two commits, the first of which may change the ratio."""
        self.git("checkout", "-q", "-b", name)
        self.solver.ratio *= ratio
        self.commit(f"{name}, begun")
        self.commit(f"{name}, ended")
        self.git("checkout", "-q", "main")
        self.number += 1
        self.git("merge", "-q", *(["--squash", name] if squash else ["--no-ff", "-m", f"merge {name}", name]))
        if squash:
            self.git("commit", "-q", "-m", f"squash {name}")
        return self.git("rev-parse", "HEAD")


def make(repository: Repository, seed: int) -> dict[str, list[str]]:
    """Make the commits; give by what was done the hashes in which it was."""
    rng = random.Random(seed)
    truth: dict[str, list[str]] = {"first": [repository.commit("first")], "creep": []}
    solver = repository.solver
    gain_by_merge = bool(rng.getrandbits(1))
    plan = ["worse", "better", "creep"]
    rng.shuffle(plan)
    further = ["refactor", "broken", "squash", *([] if gain_by_merge else ["merge"])]
    for one in further:
        plan.insert(rng.randrange(len(plan) + 1), one)
    at = plan.index("creep")
    plan[at : at + 1] = ["creep"] * 10
    count = COMMITS - 1 - len(plan) - 1  # the first, and the one that mends the import
    for _ in range(count):
        plan.insert(rng.randrange(len(plan) + 1), "neutral")
    for one in plan:
        if one == "neutral":
            repository.neutral(rng)
        elif one == "broken":
            truth["broken"] = [repository.commit("tidy imports", broken=True)]
            repository.commit("mend the import")
        elif one == "refactor":
            solver.refactored = True
            truth["refactor"] = [repository.commit("refactor")]
        elif one == "better" and gain_by_merge:
            truth["better"] = [repository.merged("memory", squash=False, ratio=1.0 / 1.08)]
        elif one in ("merge", "squash"):
            truth[one] = [repository.merged(one, squash=one == "squash")]
        else:
            solver.ratio *= {"worse": 1.06, "better": 1.0 / 1.08, "creep": 1.01}[one]
            truth.setdefault(one, []).append(repository.commit("a bit more care" if one == "creep" else "rework"))
    return truth


def command(folder: Path, *arguments: str) -> tuple[int, str, float]:
    """Run `optlandscape`; give status, output and seconds."""
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "pytest_optlandscape", *arguments], cwd=folder, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    if done.returncode > 1:
        print(done.stderr, file=sys.stderr)
    return done.returncode, done.stdout, time.monotonic() - started


def judge(truth: dict[str, list[str]], events: list[dict[str, object]]) -> list[str]:
    """Compare what trend found with the truth; list what is wrong."""
    wrong = []
    found = {(event["kind"], event["verdict"], event["commit"]) for event in events if event["kind"] == "step"}
    expected = {("step", kind, truth[kind][0]) for kind in ("worse", "better")}
    wrong += [f"missed: {one[1]} {one[2][:10]}" for one in sorted(expected - found)]
    wrong += [f"false: {one[1]} {str(one[2])[:10]}" for one in sorted(found - expected, key=str)]
    creeps = [event for event in events if event["kind"] == "creep"]
    if len(creeps) != 1:
        wrong.append(f"{len(creeps)} creeps instead of one")
    for event in creeps:
        shares: list[dict[str, float]] = event["shares"]  # type: ignore[assignment]
        named = [share["commit"] for share in shares]
        big = [share["commit"] for share in shares if abs(share["share"]) >= 0.005]
        left_out = [one[:10] for one in truth["creep"] if one not in named]
        others = [str(one)[:10] for one in big if one not in truth["creep"]]
        if event["verdict"] != "worse":
            wrong.append(f"a creep that is {event['verdict']}")
        if left_out:
            wrong.append(f"creep without {', '.join(left_out)}")
        if others:
            wrong.append(f"creep with {', '.join(others)}")
        if sum(round(1000 * share["share"]) for share in shares) != 1000:
            wrong.append("shares do not add up")
    return wrong


def bisected(repository: Repository, truth: dict[str, list[str]]) -> list[str]:
    """Bisect each of the three changes between commits that hold it alone; list what is wrong."""
    wrong = []
    line = repository.git("rev-list", "--first-parent", "--reverse", "HEAD").split()
    before = repository.git("rev-parse", "HEAD"), repository.git("status", "--porcelain")
    changes = sorted(line.index(one) for kind in ("worse", "better", "creep") for one in truth[kind])
    unusable = {line.index(one) for one in truth.get("broken", ())}
    for kind in ("worse", "better"):
        at = line.index(truth[kind][0])
        good = max([k for k in changes if k < at], default=0)
        bad = min([k for k in changes if k > at], default=len(line)) - 1
        good, bad = (k - (k in unusable) for k in (good, bad))
        _, said, seconds = command(repository.folder, "bisect", line[good], line[bad])
        if line[at][:10] not in said:
            wrong.append(f"bisect of the {kind} one says {said!r}")
        print(f"  bisect {kind} over {bad - good} commits: {seconds:.0f} s", flush=True)
    first, last = (line.index(truth["creep"][k]) for k in (0, -1))
    _, said, seconds = command(repository.folder, "bisect", line[first - 1 - (first - 1 in unusable)], line[last])
    convicted = {line.split()[1] for line in said.splitlines() if line.startswith("worse: ")}
    named = [one for one in truth["creep"] if one[:10] in convicted]
    if len(named) != 1:
        wrong.append(f"bisect of the creep says {said!r}")
    print(f"  bisect creep: its commit {1 + truth['creep'].index(named[0]) if named else '?'}, {seconds:.0f} s")
    if before != (repository.git("rev-parse", "HEAD"), repository.git("status", "--porcelain")):
        wrong.append("bisect changed the checkout")
    if "\n" in repository.git("worktree", "list"):
        wrong.append("a worktree was left over")
    return wrong


def trial(name: str, seed: int, budget: str, bisects: bool, folder: Path) -> bool:
    """Make one repository, measure it, and judge what is said of it."""
    solver = Solver(*SOLVERS[name])
    settings = {"optlandscape_budget": budget, **({"optlandscape_paths": "src"} if seed % 2 else {})}
    repository = Repository(folder, solver, settings)
    truth = make(repository, seed)
    wrong = []
    for turn in range(2):
        status, said, seconds = command(folder, "backfill", "HEAD")
        print(f"{name} seed {seed}: backfill {said.strip()} ({seconds:.0f} s, status {status})", flush=True)
        if turn and "0 measured" not in said:
            wrong.append("the second backfill measured something")
    status, said, _ = command(folder, "trend", "--json")
    events = [event for one in json.loads(said)["optimizers"] for event in one["events"]]
    wrong += judge(truth, events)
    if command(folder, "trend", "--exit-code")[0] != 1:
        wrong.append("trend --exit-code is not 1")
    if bisects:
        wrong += bisected(repository, truth)
    if wrong:
        print(command(folder, "trend")[1])
        print({kind: [one[:10] for one in several] for kind, several in truth.items()})
    print(f"{name} seed {seed}: {'; '.join(wrong) or 'right'}", flush=True)
    return not wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("solvers", nargs="*", metavar="SOLVER", help=f"of {', '.join(SOLVERS)} (default: all)")
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--budget", default="60", help="evaluations per dimension")
    parser.add_argument("--bisect", action="store_true")
    parser.add_argument("--keep", type=Path, help="where the repositories are left")
    told = parser.parse_args()
    right, count = 0, 0
    with tempfile.TemporaryDirectory() as temporary:
        for name in told.solvers or SOLVERS:
            for seed in told.seeds:
                folder = (told.keep or Path(temporary)) / f"{name}-{seed}"
                right += trial(name, seed, told.budget, told.bisect, folder)
                count += 1
    print(f"{right} of {count} repositories right")


if __name__ == "__main__":
    main()
