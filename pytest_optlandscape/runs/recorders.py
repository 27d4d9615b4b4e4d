"""Recording a training, Keras' ``fit`` or a loop of one's own, as a run that `assert_converges` takes.

The losses that a training reports are recorded, by batch or by epoch. Each is an evaluation. The weights are not
recorded, and the least loss is what the caller says it is. So a `TrainingRun` has gaps, hits and a table, but neither
points nor distances, and only its own script can repeat it.

A training returns weights. The best loss that was seen on the way need not be theirs, so the loss of the final weights
is kept beside the trace.
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
"""How far a loss may lie below the least one, as a share of its size: single precision leaves some 1e-7 of the largest
term of a loss, and the terms may be larger than the loss."""


@dataclass(frozen=True)
class TrainingLoss:
    """What a training minimises, or maximises, as far as that is known.

    Attributes
    ----------
    id : str
        A name for messages.
    fmin : float
        The least value, or a lower bound, as the caller says. It is -inf where ``fmax`` is given.
    fmax : float or None
        The greatest value, or an upper bound, of a measure that is maximised. None for a loss.
    """

    id: str
    fmin: float
    fmax: float | None = None

    @property
    def bound(self) -> str:
        """Name the best value for messages."""
        return f"fmin = {self.fmin:g}" if self.fmax is None else f"fmax = {self.fmax:g}"

    def excess(self, fun: Any) -> FloatArray:
        """Subtract fmin from values, or values from fmax: what is left to gain, negative if the bound is wrong."""
        values = np.asarray(fun, dtype=np.float64)
        return values - self.fmin if self.fmax is None else self.fmax - values

    def impossible(self, fun: Any, scale: float) -> NDArray[np.bool_]:
        """Find values beyond the bound by more than rounding; losses up to ``scale`` occurred."""
        best = self.fmin if self.fmax is None else self.fmax
        return self.excess(fun) < -ROUNDING * max(abs(best), min(scale, 1.0))

    def gaps(self, fun: Any, scale: float) -> FloatArray:
        """Compute the gap of each value by itself: inf where it is not finite, or impossible."""
        counts = np.isfinite(fun) & ~self.impossible(fun, scale)
        return np.where(counts, np.maximum(self.excess(fun), 0.0), np.inf)


@dataclass(frozen=True, eq=False)
class TrainingRun:
    """A training as a run: the losses it went through, and the loss of the weights it ended with.

    `assert_converges` takes it. The other assertions need points, and a recorded training has none.

    Attributes
    ----------
    optimizer : str
        Whose training this was, for messages.
    landscape : TrainingLoss
    budget : int
        Evaluations that were planned; those made, if no plan is known.
    trace : Trace
        The losses and the gap after each; ``trace.x`` has the shape (n, 0). A loss that was not measured is NaN. A
        value below fmin by more than rounding has no gap: it is inf.
    stop_reason : str
        ``"budget"``: all that was planned was done; ``"returned"``: it ended before, or there was no plan;
        ``"exception"``: it raised; ``"unfinished"``: it is still going on.
    message : str
        What it raised.
    wall_time : float
        Seconds.
    fun : float or None
        The loss of the final weights; None if it is not known.
    fun_note : str
        How ``fun`` was measured, or why it is not known.
    unit : str
        What an evaluation is: ``"epoch"``, ``"batch"`` or ``"evaluation"``.
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

    @property
    def nfev(self) -> int:
        """Batches or epochs recorded."""
        return len(self.trace)

    @property
    def gap(self) -> float:
        """The least finite loss so far minus fmin; inf if there was none."""
        return float(self.trace.gap[-1]) if len(self.trace) else math.inf

    @property
    def result_gap(self) -> float:
        """The loss of the final weights minus fmin; inf if it is not finite or below fmin, NaN if it is not known."""
        if self.fun is None:
            return math.nan
        return float(self.landscape.gaps(self.fun, self._scale))

    @property
    def trouble(self) -> str:
        """Return why no assertion can hold: the training did not end well, or a loss is impossible; else empty."""
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
        """The largest finite loss: what rounding is a share of."""
        return float(np.abs(self.trace.fun[np.isfinite(self.trace.fun)]).max(initial=0.0))

    def hit(self, gap: float) -> float:
        """Count the evaluations until the gap first falls to a target, not negative, or below; inf if it never does."""
        if not gap >= 0.0:
            raise ValueError(f"a gap is not negative, got {gap!r}")
        return self.trace.hits([gap])[0]

    def shortfall(self, gap: float) -> str:
        """Return why the final weights do not reach a gap, not negative; empty if they do."""
        if self.result_gap <= gap:
            return ""
        if self.fun is None:
            return f"the loss of the final weights is not known: {self.fun_note}"
        best = f", although the smallest on the way was {self.gap:.3g}" if self.gap <= gap else ""
        return f"the gap of {self.fun_note} was {self.result_gap:.3g}{best}"

    def table(self, rows: int = 8) -> str:
        """Draw a small table of evaluations, the loss at each and the gap after it."""
        if not len(self.trace):
            return "  (no loss was recorded)"
        marks = sorted({round(mark) for mark in np.geomspace(1, len(self.trace), rows)})
        lines = [f"  {'evaluations':>11}  {'loss':>9}  {'gap':>9}"]
        lines += [f"  {k:>11}  {self.trace.fun[k - 1]:>9.3g}  {self.trace.gap[k - 1]:>9.3g}" for k in marks]
        if self.fun is not None:
            lines.append(f"  {'result':>11}  {self.fun:>9.3g}  {self.result_gap:>9.3g}")
        return "\n".join(lines)

    def command(self) -> str:
        """Return the text that says how to repeat the run: only by its own script."""
        return "train again with the same random seeds; a recorded training carries no optimizer"

    def script(self) -> str:
        """Return the same: what was recorded cannot be repeated by a line of Python."""
        return self.command()

    def replay(self) -> NoReturn:
        """Raise ValueError: a recorded training cannot be repeated from here."""
        raise ValueError(f"this is a recorded training: {self.command()}")

    @property
    def distance(self) -> float:
        """Not known: raises TypeError."""
        raise TypeError("a recorded training has no known minimiser, so no distance to one; use assert_converges")

    def __str__(self) -> str:
        end = "" if self.fun is None else f", result gap {self.result_gap:.3g}"
        return (
            f"{self.optimizer} on {self.landscape.id}: {self.stop_reason} after {number_of(self.nfev, 'evaluation')}, "
            f"gap {self.gap:.3g}{end}"
        )


class TrainingRecorder:
    """Collects the losses of a training; `record_training` makes one.

    It is a context manager: what is raised inside ends the recording, and is recorded.

    Parameters
    ----------
    fmin : float, default 0.0
        The least value the loss can take, or a lower bound.
    budget : int, optional
        How many losses are planned.
    name, optimizer : str, optional
        What is trained and by what, for messages.

    Raises
    ------
    ValueError
        If fmin is not finite or the budget below 1.
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
        """Record a loss: a number, or a tensor or array of one.

        Raises
        ------
        TypeError, ValueError
            If it is none.
        """
        self._losses.append(_as_number(loss))
        self._result = None

    def result(self, loss: Any) -> None:
        """Record the loss of the weights that the training ends with: what `assert_converges` holds the end to.

        Without it, the last recorded loss counts as the result. That is the loss of the weights before the last step,
        often on one batch. Give the loss of the final weights on all data, also where the loop puts other weights back.

        Raises
        ------
        TypeError, ValueError
            If it is no number, nor a tensor or array of one.
        """
        self._result = _as_number(loss), "the final weights"

    def finish(self, error: BaseException | None = None) -> None:
        """End the recording, by an error if there was one."""
        self._wall_time = time.perf_counter() - self._started
        self._error = f"{type(error).__name__}: {error}" if error is not None else ""

    def _final(self) -> tuple[float | None, str]:
        """Return the loss of the final weights, and how it is known or why it is not."""
        if self._result is not None:
            return self._result
        if self._losses:
            return self._losses[-1], "the last recorded loss (recorder.result(loss) takes that of the final weights)"
        return None, "no loss was recorded; call recorder.step(loss) and, at the end, recorder.result(loss)"

    @property
    def run(self) -> TrainingRun:
        """What was recorded so far."""
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
        )


def record_training(
    fmin: float = 0.0, *, budget: int | None = None, name: str = "training loss", optimizer: str = "training"
) -> TrainingRecorder:
    """Record a training loop, in torch or anything else.

    Parameters
    ----------
    fmin, budget, name, optimizer
        As for `TrainingRecorder`.

    Returns
    -------
    TrainingRecorder
        To be entered with ``with``. Call its ``step(loss)`` once for each batch or epoch, and its ``result(loss)`` with
        the loss of the final weights; its ``run`` is then what `assert_converges` takes.

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
