"""Recording a real training, of Keras' ``fit`` or a loop of one's own, as something that can be asserted on.

What is recorded is the loss a training reports, batch by batch or epoch by epoch: each is one evaluation. The weights
are not, and the minimum of the loss is what the caller says it is. So a `TrainingRun` has gaps, hits and a table, and
neither points nor distances; and no one but the caller can repeat it (``keras.utils.set_random_seed``,
``torch.manual_seed``).
"""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from pytest_optlandscape.runs.run import Trace

__all__ = ["RunRecorder", "TrainingLoss", "TrainingRecorder", "TrainingRun", "record_training"]


@dataclass(frozen=True)
class TrainingLoss:
    """What a training minimises, as far as that is known.

    Attributes
    ----------
    id : str
        A name for messages.
    fmin : float
        The least value the loss can take, or a lower bound, as the caller says.
    """

    id: str
    fmin: float


@dataclass(frozen=True, eq=False)
class TrainingRun:
    """A training as a run: the losses it went through.

    It is what `assert_converges` needs of a `Run`. The other assertions ask for points, which there are none of.

    Attributes
    ----------
    optimizer : str
        Whose training this was, for messages.
    landscape : TrainingLoss
    budget : int
        Evaluations that were planned, or made where no plan is known.
    trace : Trace
        The losses and the gap after each; ``trace.x`` has the shape (n, 0).
    stop_reason : str
        ``"budget"``: all that was planned was done; ``"returned"``: it ended before, or there was no plan;
        ``"exception"``: it raised; ``"unfinished"``: it is still going on.
    message : str
    wall_time : float
        Seconds.
    """

    optimizer: str
    landscape: TrainingLoss
    budget: int
    trace: Trace
    stop_reason: str
    message: str
    wall_time: float

    @property
    def nfev(self) -> int:
        """Batches or epochs recorded."""
        return len(self.trace)

    @property
    def gap(self) -> float:
        """The least finite loss so far minus fmin; inf if there was none."""
        return float(self.trace.gap[-1]) if len(self.trace) else math.inf

    def hit(self, gap: float) -> float:
        """Count the evaluations until the gap first falls to a target, not negative, or below; inf if it never does."""
        if not gap >= 0.0:
            raise ValueError(f"a gap is not negative, got {gap!r}")
        return self.trace.hits([gap])[0]

    def table(self, rows: int = 8) -> str:
        """Draw a small table of evaluations, the loss at each and the gap after it."""
        if not len(self.trace):
            return "  (no loss was recorded)"
        marks = sorted({round(mark) for mark in np.geomspace(1, len(self.trace), rows)})
        lines = [f"  {'evaluations':>11}  {'loss':>9}  {'gap':>9}"]
        lines += [f"  {k:>11}  {self.trace.fun[k - 1]:>9.3g}  {self.trace.gap[k - 1]:>9.3g}" for k in marks]
        return "\n".join(lines)

    def command(self) -> str:
        """Say how the run is repeated: only by its own script."""
        return "train again with the same random seeds; a recorded training carries no optimizer"

    def replay(self) -> NoReturn:
        """Raise ValueError: a recorded training cannot be repeated from here."""
        raise ValueError(f"this is a recorded training: {self.command()}")

    @property
    def distance(self) -> float:
        """Not known: raises TypeError."""
        raise TypeError("a recorded training has no known minimiser, so no distance to one; use assert_converges")

    def __str__(self) -> str:
        return (
            f"{self.optimizer} on {self.landscape.id}: {self.stop_reason} after {self.nfev} evaluations, "
            f"gap {self.gap:.3g}"
        )


class TrainingRecorder:
    """Collects the losses of a training; `record_training` makes one.

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
        self._optimizer = optimizer
        self._planned = budget
        self._losses: list[float] = []
        self._started = time.perf_counter()
        self._wall_time: float | None = None
        self._error = ""

    def step(self, loss: Any) -> None:
        """Record a loss: a number, or a tensor or array of one.

        Raises
        ------
        TypeError, ValueError
            If it is none.
        """
        if hasattr(loss, "detach"):
            loss = loss.detach().cpu()
        self._losses.append(float(np.asarray(loss, dtype=np.float64).item()))

    def finish(self, error: BaseException | None = None) -> None:
        """End the recording, by an error if there was one."""
        self._wall_time = time.perf_counter() - self._started
        self._error = f"{type(error).__name__}: {error}" if error is not None else ""

    @property
    def run(self) -> TrainingRun:
        """What was recorded so far."""
        fun = np.array(self._losses, dtype=np.float64)
        gaps = np.where(np.isfinite(fun), np.maximum(fun - self._loss.fmin, 0.0), np.inf)
        trace = Trace(np.empty((len(fun), 0)), fun, np.minimum.accumulate(gaps))
        planned = self._planned
        if self._error:
            reason = "exception"
        elif self._wall_time is None:
            reason = "unfinished"
        else:
            reason = "budget" if planned is not None and len(fun) >= planned else "returned"
        return TrainingRun(
            optimizer=self._optimizer,
            landscape=self._loss,
            budget=len(fun) if planned is None else planned,
            trace=trace,
            stop_reason=reason,
            message=self._error,
            wall_time=time.perf_counter() - self._started if self._wall_time is None else self._wall_time,
        )


@contextmanager
def record_training(
    fmin: float = 0.0, *, budget: int | None = None, name: str = "training loss", optimizer: str = "training"
) -> Iterator[TrainingRecorder]:
    """Record a training loop, in torch or anything else.

    Parameters
    ----------
    fmin, budget, name, optimizer
        As for `TrainingRecorder`.

    Yields
    ------
    TrainingRecorder
        Its ``step(loss)`` is to be called once for each batch or epoch; its ``run`` is what came of it.

    Examples
    --------
    >>> from pytest_optlandscape import assert_converges
    >>> with record_training(fmin=1.0) as recorder:
    ...     x = 4.0
    ...     for _ in range(20):
    ...         recorder.step(x * x + 1.0)
    ...         x = x - 0.25 * 2.0 * x
    >>> assert_converges(recorder.run, gap=1e-6, within=15)
    >>> print(recorder.run)
    training on training loss: returned after 20 evaluations, gap 5.82e-11
    """
    recorder = TrainingRecorder(fmin, budget=budget, name=name, optimizer=optimizer)
    try:
        yield recorder
    except BaseException as error:
        recorder.finish(error)
        raise
    recorder.finish()


class RunRecorder(TrainingRecorder):
    """A callback for Keras' ``model.fit`` that records the training; its `run` is what came of it.

    Per epoch, the loss is what Keras reports of it: the mean over the epoch's batches, each with the weights of its
    time, or for ``monitor="val_loss"`` the loss after it. Per batch Keras reports the epoch's mean so far; that is
    undone here, mean · samples − previous mean · previous samples being the batch's share. Means are kept in single
    precision, so the last batches of an epoch of n batches are known to some n · 10⁻⁷ of the mean only. The loss of a
    batch may lie below the least loss of the whole data.

    Parameters
    ----------
    fmin : float, default 0.0
        The least value the loss can take, or a lower bound.
    per : str, default "epoch"
        Or ``"batch"``: what an evaluation is.
    monitor : str, default "loss"
        Which of Keras' logs; per batch only ``"loss"`` or a metric that is a mean over samples.
    batch_size, samples : int, optional
        Per batch: those of the training data, if the last batch of an epoch is smaller. Without them all batches count
        alike.
    name : str, default "training loss"
        What is trained, for messages.

    Raises
    ------
    ImportError
        If Keras is not installed.
    ValueError
        If an argument is out of range.
    KeyError
        During the training, if Keras has no log of that name.

    Notes
    -----
    Call ``keras.utils.set_random_seed`` before the model is made: then ``fit`` repeats itself on one machine.

    Examples
    --------
    >>> def test_learns(model, x, y):  # doctest: +SKIP
    ...     recorder = RunRecorder(per="epoch")
    ...     model.fit(x, y, epochs=20, callbacks=[recorder])
    ...     assert_converges(recorder.run, gap=0.05, within=10)
    """

    params: dict[str, Any]

    def __new__(cls, *args: Any, **keywords: Any) -> RunRecorder:
        """Make a callback of Keras, whose base class is known only where Keras is installed."""
        kind = _keras_callback() if cls is RunRecorder else cls
        made: RunRecorder = object.__new__(kind)
        return made

    def __init__(
        self,
        fmin: float = 0.0,
        *,
        per: str = "epoch",
        monitor: str = "loss",
        batch_size: int | None = None,
        samples: int | None = None,
        name: str = "training loss",
    ) -> None:
        super().__init__(fmin, name=name, optimizer="fit")
        if per not in ("batch", "epoch"):
            raise ValueError(f"per is 'batch' or 'epoch', got {per!r}")
        if (batch_size is None) != (samples is None):
            raise ValueError("batch_size and samples are given together, or neither")
        if batch_size is not None and samples is not None and not 1 <= batch_size <= samples:
            raise ValueError(f"a batch has 1 to all of the samples, got batch_size={batch_size!r}, samples={samples!r}")
        self._per = per
        self._monitor = monitor
        self._batch_size = batch_size or 1
        self._samples = math.inf if samples is None else samples
        self._seen, self._mean = 0.0, 0.0
        self._plans_made = False

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Start, or go on with another ``fit``."""
        del logs
        if not self._losses:
            self._started = time.perf_counter()
        self._wall_time, self._error = None, ""
        self._plans_made = False
        optimizer = getattr(getattr(self, "model", None), "optimizer", None)
        self._optimizer = f"fit with keras:{type(optimizer).__name__}" if optimizer is not None else "fit"

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Forget the mean of the epoch before."""
        del logs
        self._seen, self._mean = 0.0, 0.0
        if not self._plans_made:
            self._plans_made = True
            epochs, steps = self.params.get("epochs"), self.params.get("steps")
            each = 1 if self._per == "epoch" else steps
            if epochs and each and (self._planned is not None or not self._losses):
                self._planned = len(self._losses) + (epochs - epoch) * each

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Record the batch's own loss."""
        if self._per == "batch":
            mean = self._read(logs)
            seen = min((batch + 1.0) * self._batch_size, self._samples)
            self.step((mean * seen - self._mean * self._seen) / (seen - self._seen))
            self._seen, self._mean = seen, mean

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Record the epoch's loss."""
        del epoch
        if self._per == "epoch":
            self.step(self._read(logs))

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """End the recording."""
        del logs
        self.finish()

    def _read(self, logs: Mapping[str, Any] | None) -> float:
        if not logs or self._monitor not in logs:
            raise KeyError(
                f"Keras logs no {self._monitor!r} per {self._per}; it logs {', '.join(logs or ()) or 'nothing'}"
            )
        return float(logs[self._monitor])


@functools.cache
def _keras_callback() -> type[RunRecorder]:
    """Make the recorder a callback of Keras, which is imported only now."""
    try:
        import keras
    except ImportError as error:
        raise ImportError(
            f"RunRecorder needs Keras and a backend: pip install 'pytest-optlandscape[keras,torch]' ({error})"
        ) from error
    return type(
        "RunRecorder", (RunRecorder, keras.callbacks.Callback), {"__module__": __name__, "__doc__": RunRecorder.__doc__}
    )
