"""Optimizers of one release of SciPy, which runs in a Python of its own behind a pipe.

The version of this distribution is the release of SciPy. ``SCIPY_RELEASES`` is a folder that has an executable file
``RELEASE/serve`` for each release, which starts ``scipy_server.py``; ``benchmarks/other_pythons.py`` prepares it.
One process serves all runs: a start costs more than a run.
"""

from __future__ import annotations

import atexit
import importlib.metadata
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

RELEASE = importlib.metadata.version("scipy-in-other-python")

Objective = Callable[[np.ndarray], Any]


class Server:
    """A process that runs SciPy's optimizers, started at the first run, and again after a run that left it at work."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._is_ready = False
        atexit.register(self.end)

    def minimize(self, optimizer: str, fun: Objective, jac: Objective | None = None, **terms: Any) -> np.ndarray:
        """Return the point that the optimizer returned."""
        if not self._is_ready:
            self._start()
        self._is_ready = False
        objectives = {"fun": fun} if jac is None else {"fun": fun, "jac": jac}
        kind, said = self._asked({"optimizer": optimizer, "has_gradient": jac is not None, **terms})
        while kind in objectives:
            try:
                value = np.asarray(objectives[kind](np.array(said, dtype=float)), dtype=float).tolist()
            except BaseException:  # the budget is spent, or the time
                kind, _ = self._asked(None)
                self._is_ready = kind not in objectives
                raise
            kind, said = self._asked(value)
        self._is_ready = True
        if kind == "error":
            raise RuntimeError(f"SciPy {RELEASE} raised {said}")
        return np.array(said, dtype=float)

    def end(self) -> None:
        """End the process."""
        self._is_ready = False
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _start(self) -> None:
        self.end()
        command = [Path(os.environ["SCIPY_RELEASES"]) / RELEASE / "serve"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        kind, said = self._read()
        if kind != "release" or said != RELEASE:
            raise RuntimeError(f"{command[0]} serves {kind} {said}; expected release {RELEASE}")

    def _asked(self, told: Any) -> tuple[str, Any]:
        """Tell the process something; return what it says to that."""
        process = self._running()
        print(json.dumps(told), file=process.stdin, flush=True)
        return self._read()

    def _read(self) -> tuple[str, Any]:
        stdout = self._running().stdout
        line = stdout.readline() if stdout else ""
        if not line:
            raise RuntimeError(f"the process that serves SciPy {RELEASE} has ended")
        ((kind, said),) = json.loads(line).items()
        return kind, said

    def _running(self) -> subprocess.Popen[str]:
        assert self._process is not None
        return self._process


server = Server()


def _descent(optimizer: str) -> Callable[..., np.ndarray]:
    def minimize(fun: Objective, x0: np.ndarray, jac: Objective) -> np.ndarray:
        return server.minimize(optimizer, fun, jac, x0=x0.tolist())

    return minimize


def _descent_within_bounds(optimizer: str) -> Callable[..., np.ndarray]:
    def minimize(fun: Objective, x0: np.ndarray, jac: Objective, bounds: np.ndarray) -> np.ndarray:
        return server.minimize(optimizer, fun, jac, x0=x0.tolist(), bounds=bounds.tolist())

    return minimize


def _direct_search(optimizer: str) -> Callable[..., np.ndarray]:
    def minimize(fun: Objective, x0: np.ndarray) -> np.ndarray:
        return server.minimize(optimizer, fun, x0=x0.tolist())

    return minimize


def differential_evolution(fun: Objective, bounds: np.ndarray, seed: int) -> np.ndarray:
    """Minimise by ``scipy.optimize.differential_evolution``."""
    return server.minimize("differential_evolution", fun, bounds=bounds.tolist(), seed=seed)


bfgs = _descent("BFGS")
cg = _descent("CG")
l_bfgs_b = _descent_within_bounds("L-BFGS-B")
tnc = _descent_within_bounds("TNC")
slsqp = _descent_within_bounds("SLSQP")
nelder_mead = _direct_search("Nelder-Mead")
powell = _direct_search("Powell")
cobyla = _direct_search("COBYLA")
