"""Checks of the contract on repetition: the same seed makes the same run, and global random states stay unchanged."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import numpy as np

from pytest_optlandscape.configuration.profiles import declared_adapters
from pytest_optlandscape.contract.search import Held
from pytest_optlandscape.contract.trials import Breach, Complaint, NotApplicable, Trial, trials
from pytest_optlandscape.optimizers import Adapter, get
from pytest_optlandscape.optimizers.profile import full_profile
from pytest_optlandscape.runs import Run

__all__ = [
    "check_leaves_global_random_state",
    "check_same_run_in_another_process",
    "check_same_seed_same_run",
]

_CHILD = "PYTEST_OPTLANDSCAPE_OTHER_PROCESS"
"""Set in the other process, so that a module which checks its optimizer on import starts no third process."""

_PATIENCE = 120.0
"""Seconds for another process to import an optimizer's library and run twice. Keras takes about ten."""


def check_same_seed_same_run(held: Held) -> None:
    """Check that two runs with the same seed evaluate and return the same points."""
    __tracebackhide__ = True

    def judge(trial: Trial) -> Complaint | float | None:
        first, second = trial.observe().run, trial.observe_anew().run
        if run_hash(first) == run_hash(second):
            return None
        return Complaint(
            "a second run with the same seed went elsewhere", second, trial, "r, len(seen)", "run it twice"
        )

    held.to(judge, lambda adapter: trials(adapter, ("beale", "rastrigin[2]"), starts=2), everywhere=False)


def run_hash(run: Run) -> str:
    """Return a hash of a run's points and result. Equal bits have equal hashes.

    Examples
    --------
    >>> from pytest_optlandscape import minimize
    >>> run_hash(minimize("scipy:Powell", "booth")) == run_hash(minimize("scipy:Powell", "booth"))
    True
    """
    digest = hashlib.sha256(np.ascontiguousarray(run.trace.x).tobytes())
    digest.update(np.ascontiguousarray(run.x).tobytes())
    return digest.hexdigest()


def check_same_run_in_another_process(held: Held) -> None:
    """Check that another process, with other string hashes, makes the same run with the same seed."""
    __tracebackhide__ = True
    adapter = held.adapter
    spec = _importable_spec(adapter)
    landscapes = ("beale", "rosenbrock[2]")
    usual = [trial.observe() for trial in trials(adapter, landscapes, starts=1)]
    answer = _other_process(adapter, spec, [seen.run for seen in usual])
    for seen, there in zip(usual, answer, strict=True):
        if run_hash(seen.run) != there:
            run = seen.run
            raise Breach(
                f"{run.optimizer} on {run.landscape.id} from {run.x0.tolist()}: another process with the same seed "
                f"went elsewhere\n  to see it: run the following in two processes\n  replay: {run.script()}"
            )


def _importable_spec(adapter: Adapter) -> str:
    """Return the spec under which another process finds the same optimizer."""
    if os.environ.get(_CHILD):
        raise NotApplicable("this is the other process")
    if adapter.spec.startswith("__main__:"):
        raise NotApplicable("it is defined in the script that runs, which another process cannot import")
    try:
        same = get(adapter.spec)
    except (ValueError, TypeError, ImportError):
        raise NotApplicable(f"another process cannot find it under {adapter.spec!r}") from None
    if getattr(same, "declaration", None) != getattr(adapter, "declaration", None):
        raise NotApplicable(f"another process would call {adapter.spec!r} in another way")
    if getattr(same, "function", None) is not getattr(adapter, "function", None) and not _are_alike(same, adapter):
        raise NotApplicable(f"another process would find another object under {adapter.spec!r}")
    return adapter.spec


def _are_alike(one: Adapter, other: Adapter) -> bool:
    """Return whether two callables are the same function with the same arguments."""
    first, second = getattr(one, "function", None), getattr(other, "function", None)
    parts = ("func", "args", "keywords")
    return all(hasattr(first, part) and getattr(first, part) == getattr(second, part, None) for part in parts)


_SOURCE = """
import sys
sys.path[:] = {path!r}
from pytest_optlandscape import minimize
from pytest_optlandscape.optimizers import get
from pytest_optlandscape.optimizers.profile import with_profile
from pytest_optlandscape.contract.checks.repetition import run_hash
from pytest_optlandscape.configuration.profiles import declare
declare({{}}, {adapters!r})
optimizer = with_profile(get({spec!r}), {profile!r})
for landscape, budget, seed in {runs!r}:
    print("run:" + run_hash(minimize(optimizer, landscape, budget=budget, seed=seed)))
"""


def _other_process(adapter: Adapter, spec: str, runs: list[Run]) -> list[str]:
    told = [(run.landscape.id, run.budget, run.seed) for run in runs]
    source = _SOURCE.format(
        path=sys.path, spec=spec, profile=full_profile(adapter), runs=told, adapters=dict(declared_adapters())
    )
    other_hashes = "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"
    environment = {**os.environ, _CHILD: "1", "PYTHONHASHSEED": other_hashes}
    try:
        done = subprocess.run(
            [sys.executable, "-c", source],
            check=False,
            env=environment,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotApplicable(f"another process could not be run: {type(error).__name__}") from None
    answers = [line.removeprefix("run:") for line in done.stdout.splitlines() if line.startswith("run:")]
    if done.returncode or len(answers) != len(runs):
        last = (done.stderr.strip().splitlines() or ["no output"])[-1]
        raise NotApplicable(f"another process cannot run it: {last:.200}")
    return answers


def check_leaves_global_random_state(held: Held) -> None:
    """Check that the global random states of NumPy, Python and, if loaded, torch do not change."""
    __tracebackhide__ = True

    def judge(trial: Trial) -> Complaint | float | None:
        seen = trial.observe()
        if not seen.touched:
            return None
        what = f"the global random state was touched ({', '.join(seen.touched)})"
        how = f"compare the state of {seen.touched[0]} before and after a run"
        return Complaint(what, seen.run, trial, how=how)

    held.to(judge)
