"""Checks of the contract on invariances, for optimizers that promise them.

Each check transforms a landscape in a way that should not matter. It maps the first evaluations back and compares them.
Later evaluations are not compared: rounding alone may separate the runs by then.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.contract.landscapes import scaled, turned
from pytest_optlandscape.contract.search import Held
from pytest_optlandscape.contract.trials import Complaint, Trial, trials
from pytest_optlandscape.landscapes import Landscape

__all__ = [
    "check_invariant_to_permutation",
    "check_invariant_to_rotation",
    "check_invariant_to_scaling",
    "check_invariant_to_translation",
]

FloatArray = NDArray[np.float64]

_COMPARED = 12
"""The number of evaluations compared. In SciPy's methods rounding grows from 1e-16, by less than a factor of 100 per
evaluation."""

_TOLERANCE = 1e-6
"""The tolerance, in widths of the box."""

_ANGLE = 0.5
_UNCHANGED, _ORIGIN = np.eye(2), np.zeros(2)
_LANDSCAPES = ("booth", "beale", "himmelblau")


def check_invariant_to_scaling(held: Held) -> None:
    """Check that the same points are evaluated for 4 f as for f."""
    __tracebackhide__ = True
    _compare(held, "on f times 4", lambda landscape: scaled(landscape, 4.0))


def check_invariant_to_permutation(held: Held) -> None:
    """Check that the same points are evaluated, permuted, if the variables are permuted."""
    __tracebackhide__ = True
    matrix = np.array([[0.0, 1.0], [1.0, 0.0]])
    _compare(held, "with the variables exchanged", lambda landscape: landscape.permute([1, 0]), matrix)


def check_invariant_to_translation(held: Held) -> None:
    """Check that the same points are evaluated, shifted, if the space is shifted."""
    __tracebackhide__ = True
    offset = np.array([0.5, -0.25])
    _compare(held, "shifted by (0.5, -0.25)", lambda landscape: landscape.shift(offset), offset=offset)


def check_invariant_to_rotation(held: Held) -> None:
    """Check that the same points are evaluated, rotated, if the space is rotated."""
    __tracebackhide__ = True
    cos, sin = np.cos(_ANGLE), np.sin(_ANGLE)
    matrix = np.array([[cos, -sin], [sin, cos]])
    _compare(held, "turned by half a radian", lambda landscape: turned(landscape, matrix), matrix)


def _compare(
    held: Held,
    how: str,
    change: Callable[[Landscape], Landscape],
    matrix: FloatArray = _UNCHANGED,
    offset: FloatArray = _ORIGIN,
) -> None:
    """Compare the runs on a landscape and on the transformed one, where x becomes ``matrix @ x + offset``."""
    __tracebackhide__ = True

    def judge(trial: Trial) -> Complaint | float | None:
        usual = trial.observe().run
        moved_start = matrix @ trial.x0 + offset
        other = Trial(trial.adapter, change(trial.landscape), moved_start, trial.seed).observe_anew().run
        count = min(len(usual.trace), len(other.trace), _COMPARED)
        back = (other.trace.x[:count] - offset) @ matrix
        width = np.ptp(trial.landscape.bounds, axis=1).max()
        apart = np.abs(back - usual.trace.x[:count]).max(axis=1) > _TOLERANCE * width
        if not apart.any():
            return None
        first = int(np.argmax(apart))
        what = f"{how} it goes elsewhere from evaluation {first + 1} on: {back[first]}, not {usual.trace.x[first]}"
        return Complaint(what, usual, trial, how=f"print the points evaluated on the landscape, and {how}")

    held.to(judge, lambda adapter: trials(adapter, _LANDSCAPES, starts=2), everywhere=False)
