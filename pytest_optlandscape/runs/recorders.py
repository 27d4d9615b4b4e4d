"""Record a training, by Keras' ``fit`` or a user's own loop, as a run for assertions and for ``track``.

A recorder keeps the losses that a training reports, per batch or per epoch. Each counts as an evaluation. It keeps no
weights, and the caller gives the least loss. So a `TrainingRun` has gaps, hits and a table, but no points and no
distances. Only the training script can repeat it.

The best loss on the way need not be the loss of the final weights. So the run stores the latter beside the trace.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Any, NoReturn, Self

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.runs.run import Trace
from pytest_optlandscape.texts.plurals import number_of

__all__ = ["TrainingLoss", "TrainingRecorder", "TrainingRun", "record_training"]

FloatArray = NDArray[np.float64]

ROUNDING = 1e-5
"""How far a loss may lie below the bound, as a share of its size. Single precision rounds the largest term of a loss by
about 1e-7, and the terms may be larger than the loss."""


@dataclass(frozen=True)
class TrainingLoss:
    """The loss that a training minimises, or the measure that it maximises.

    Attributes
    ----------
    id : str
        A name for messages.
    fmin : float
        The least value, or a lower bound, as given by the caller. It is -inf if ``fmax`` is given.
    fmax : float or None
        The greatest value, or an upper bound, of a measure that is maximised. None for a loss.
    """

    id: str
    fmin: float
    fmax: float | None = None

    @property
    def bound(self) -> str:
        """The bound as a text for messages."""
        return f"fmin = {self.fmin:g}" if self.fmax is None else f"fmax = {self.fmax:g}"

    def excess(self, fun: Any) -> FloatArray:
        """Return values - fmin, or fmax - values. It is negative if the bound is wrong."""
        values = np.asarray(fun, dtype=np.float64)
        return values - self.fmin if self.fmax is None else self.fmax - values

    def impossible(self, fun: Any, scale: float) -> NDArray[np.bool_]:
        """Mark values beyond the bound by more than rounding. The largest loss of the training is ``scale``."""
        best = self.fmin if self.fmax is None else self.fmax
        return self.excess(fun) < -ROUNDING * max(abs(best), min(scale, 1.0))

    def gaps(self, fun: Any, scale: float) -> FloatArray:
        """Return the gap of each value; inf for values that are not finite or impossible."""
        counts = np.isfinite(fun) & ~self.impossible(fun, scale)
        return np.where(counts, np.maximum(self.excess(fun), 0.0), np.inf)


@dataclass(frozen=True, eq=False)
class TrainingRun:
    """A training as a run: its losses, and the loss of its final weights.

    `assert_converges`, `assert_equivalent`, `assert_resumes` and the fixture ``track`` take it. The other assertions
    need points, which a recorded training lacks.

    Attributes
    ----------
    optimizer : str
        The name of the optimizer, for messages.
    landscape : TrainingLoss
    budget : int
        The evaluations planned; if no plan is known, the evaluations made.
    trace : Trace
        The losses, and the gap after each. ``trace.x`` has shape (n, 0). A loss that was not measured is NaN. A value
        below fmin by more than rounding has the gap inf.
    stop_reason : str
        ``"budget"``: all planned evaluations were made. ``"returned"``: the training ended before, or had no plan.
        ``"exception"``: it raised. ``"unfinished"``: it is still running.
    message : str
        The exception as text; "" if none was raised.
    wall_time : float
        Seconds.
    fun : float or None
        The loss of the final weights; None if unknown.
    fun_note : str
        How ``fun`` was measured, or why it is unknown.
    unit : str
        The meaning of an evaluation: ``"epoch"``, ``"batch"`` or ``"evaluation"``.
    is_planned : bool
        Whether a plan of the evaluations is known.
    """

    optimizer: str
    landscape: TrainingLoss
    budget: int
    trace: Trace
    stop_reason: str
    message: str
    wall_time: float
    fun: float | None = None
    fun_note: str = "this run was made without it, fun=..."
    unit: str = "evaluation"
    is_planned: bool = True

    @property
    def nfev(self) -> int:
        """The number of losses recorded."""
        return len(self.trace)

    @property
    def gap(self) -> float:
        """The least finite loss so far minus fmin; inf if no loss was finite."""
        return float(self.trace.gap[-1]) if len(self.trace) else math.inf

    @property
    def result_gap(self) -> float:
        """The loss of the final weights minus fmin; inf if it is not finite or below fmin, NaN if it is unknown."""
        if self.fun is None:
            return math.nan
        return float(self.landscape.gaps(self.fun, self._scale))

    @property
    def trouble(self) -> str:
        """Why no assertion can hold: the training failed, or a loss is impossible; else ""."""
        if self.stop_reason == "exception":
            return f"the training ended by an exception: {self.message}"
        if self.stop_reason == "unfinished":
            return "the training has not ended, or not begun; ask for the run afterwards"
        below = np.flatnonzero(self.landscape.impossible(self.trace.fun, self._scale))
        if len(below):
            where, value = f"the loss of {self.unit} {below[0] + 1}", self.trace.fun[below[0]]
        elif self.fun is not None and self.landscape.impossible(self.fun, self._scale):
            where, value = f"the loss of {self.fun_note}", self.fun
        else:
            return ""
        side = "below" if self.landscape.fmax is None else "above"
        advice = ""
        if self.unit == "batch":
            advice = (
                ". One batch may fit better than all data can: give the least loss of any batch, or record per epoch"
            )
        return (
            f"{where} is {value:.9g}, {side} {self.landscape.bound}; either this is not the loss that it is taken for, "
            f"or the bound is wrong{advice}"
        )

    @property
    def _scale(self) -> float:
        """The largest finite loss. Rounding is relative to it."""
        return float(np.abs(self.trace.fun[np.isfinite(self.trace.fun)]).max(initial=0.0))

    def hit(self, gap: float) -> float:
        """Count the evaluations until the gap first reaches a non-negative target; inf if it never does."""
        if not gap >= 0.0:
            raise ValueError(f"a gap is not negative, got {gap!r}")
        return self.trace.hits([gap])[0]

    def shortfall(self, gap: float) -> str:
        """Return why the final weights miss a non-negative gap; "" if they reach it."""
        if self.result_gap <= gap:
            return ""
        if self.fun is None:
            return f"the loss of the final weights is not known: {self.fun_note}"
        best = f", although the smallest on the way was {self.gap:.3g}" if self.gap <= gap else ""
        return f"the gap of {self.fun_note} was {self.result_gap:.3g}{best}"

    def table(self, rows: int = 8) -> str:
        """Return a small table of evaluations, losses and gaps."""
        if not len(self.trace):
            return "  (no loss was recorded)"
        marks = sorted({round(mark) for mark in np.geomspace(1, len(self.trace), rows)})
        lines = [f"  {'evaluations':>11}  {'loss':>9}  {'gap':>9}"]
        lines += [f"  {k:>11}  {self.trace.fun[k - 1]:>9.3g}  {self.trace.gap[k - 1]:>9.3g}" for k in marks]
        if self.fun is not None:
            lines.append(f"  {'result':>11}  {self.fun:>9.3g}  {self.result_gap:>9.3g}")
        return "\n".join(lines)

    def command(self) -> str:
        """Return how to repeat the run: only its own script can."""
        return "train again with the same random seeds; a recorded training carries no optimizer"

    def script(self) -> str:
        """Return the text of `command`: no line of Python can repeat a recorded training."""
        return self.command()

    def replay(self) -> NoReturn:
        """Raise ValueError: a recorded training cannot be repeated."""
        raise ValueError(f"this is a recorded training: {self.command()}")

    @property
    def distance(self) -> float:
        """Raise TypeError: no minimiser is known."""
        raise TypeError("a recorded training has no known minimiser, so no distance to one; use assert_converges")

    def __str__(self) -> str:
        end = "" if self.fun is None else f", result gap {self.result_gap:.3g}"
        return (
            f"{self.optimizer} on {self.landscape.id}: {self.stop_reason} after {number_of(self.nfev, 'evaluation')}, "
            f"gap {self.gap:.3g}{end}"
        )


class TrainingRecorder:
    """Collect the losses of a training. `record_training` makes a recorder.

    It is a context manager. An exception inside ends the recording, and is recorded.

    Parameters
    ----------
    fmin : float, default 0.0
        The least value the loss can take, or a lower bound.
    budget : int, optional
        The number of losses planned.
    name, optimizer : str, optional
        Names of the loss and the optimizer, for messages.

    Raises
    ------
    ValueError
        If fmin is not finite, or the budget is below 1.
    """

    def __init__(
        self, fmin: float = 0.0, *, budget: int | None = None, name: str = "training loss", optimizer: str = "training"
    ) -> None:
        super().__init__()
        if not math.isfinite(fmin):
            raise ValueError(f"fmin is a finite number, got {fmin!r}")
        if budget is not None and budget < 1:
            raise ValueError(f"a budget is a whole number of evaluations, at least 1; got {budget!r}")
        self._loss = TrainingLoss(name, float(fmin))
        self._unit = "evaluation"
        self._optimizer = optimizer
        self._planned = budget
        self._losses: list[float] = []
        self._result: tuple[float | None, str] | None = None
        self._started = time.perf_counter()
        self._wall_time: float | None = None
        self._error = ""

    def __enter__(self) -> Self:
        self._started = time.perf_counter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.finish(error)

    def step(self, loss: Any) -> None:
        """Record a loss: a number, or a tensor or array of one number.

        Raises
        ------
        TypeError, ValueError
            If ``loss`` is not a number.
        """
        self._losses.append(_as_number(loss))
        self._result = None

    def result(self, loss: Any) -> None:
        """Record the loss of the final weights, which `assert_converges` judges.

        Without it, the last recorded loss counts as the result. That loss belongs to the weights before the last step,
        often on one batch. Give the loss of the final weights on all data, even if the loop restores earlier weights.

        Raises
        ------
        TypeError, ValueError
            If ``loss`` is not a number, or a tensor or array of one number.
        """
        self._result = _as_number(loss), "the final weights"

    def finish(self, error: BaseException | None = None) -> None:
        """End the recording, with the error if there was one."""
        self._wall_time = time.perf_counter() - self._started
        self._error = f"{type(error).__name__}: {error}" if error is not None else ""

    def _final(self) -> tuple[float | None, str]:
        """Return the loss of the final weights, and how it was measured or why it is unknown."""
        if self._result is not None:
            return self._result
        if self._losses:
            return self._losses[-1], "the last recorded loss (recorder.result(loss) takes that of the final weights)"
        return None, "no loss was recorded; call recorder.step(loss) and, at the end, recorder.result(loss)"

    @property
    def run(self) -> TrainingRun:
        """The run recorded so far."""
        fun = np.array(self._losses, dtype=np.float64)
        scale = float(np.abs(fun[np.isfinite(fun)]).max(initial=0.0))
        gaps = self._loss.gaps(fun, scale)
        trace = Trace(np.empty((len(fun), 0)), fun, np.minimum.accumulate(gaps))
        planned = self._planned
        if self._error:
            reason = "exception"
        elif self._wall_time is None:
            reason = "unfinished"
        else:
            reason = "budget" if planned is not None and len(fun) >= planned else "returned"
        result, note = self._final()
        return TrainingRun(
            optimizer=self._optimizer,
            landscape=self._loss,
            budget=len(fun) if planned is None else planned,
            trace=trace,
            stop_reason=reason,
            message=self._error,
            wall_time=time.perf_counter() - self._started if self._wall_time is None else self._wall_time,
            fun=result,
            fun_note=note,
            unit=self._unit,
            is_planned=planned is not None,
        )


def record_training(
    fmin: float = 0.0, *, budget: int | None = None, name: str = "training loss", optimizer: str = "training"
) -> TrainingRecorder:
    """Record a training loop of torch or any other library.

    Parameters
    ----------
    fmin, budget, name, optimizer
        As for `TrainingRecorder`.

    Returns
    -------
    TrainingRecorder
        Use it in a ``with`` statement. Call ``step(loss)`` for each batch or epoch, and ``result(loss)`` with the loss
        of the final weights. Then pass its ``run`` to `assert_converges`.

    Examples
    --------
    >>> from pytest_optlandscape import assert_converges
    >>> with record_training(fmin=1.0) as recorder:
    ...     x = 4.0
    ...     for _ in range(20):
    ...         recorder.step(x * x + 1.0)
    ...         x = x - 0.25 * 2.0 * x
    ...     recorder.result(x * x + 1.0)
    >>> assert_converges(recorder.run, gap=1e-6, within=15)
    >>> print(recorder.run)
    training on training loss: returned after 20 evaluations, gap 5.82e-11, result gap 1.46e-11
    """
    return TrainingRecorder(fmin, budget=budget, name=name, optimizer=optimizer)


def _as_number(loss: Any) -> float:
    if hasattr(loss, "detach"):
        loss = loss.detach().cpu().double()
    return float(np.asarray(loss, dtype=np.float64).item())
