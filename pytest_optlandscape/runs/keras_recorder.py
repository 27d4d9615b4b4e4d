"""`KerasRecorder`: a callback for Keras' ``fit`` that records the training.

Keras does not tell a callback three things, so this module finds them out:

* The meaning of a logged value (`_LogReader`). Keras' own ``train_step`` logs the mean over the epoch so far; another
  may log the loss of one batch.
* The data of ``fit``, and whether it raised (`_FitCall`).
* The loss of the final weights. They are evaluated after the last callback has ended.
"""

from __future__ import annotations

import contextlib
import functools
import math
import sys
import threading
import time
import weakref
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import Any

import numpy as np

from pytest_optlandscape.runs.recorders import TrainingLoss, TrainingRecorder, TrainingRun

__all__ = ["KerasRecorder"]

NO_DATA = "give the recorder data=(x, y), or call recorder.result(loss) after fit"
NO_LOSS = "give the model a test_step that logs it, or call recorder.result(loss) after fit"
"""Advice if the loss of the final weights is unknown: because data are missing, or a loss that can be evaluated."""


class KerasRecorder(TrainingRecorder):
    """A callback for Keras' ``model.fit`` that records the training. Its `run` is the recorded run.

    Per epoch, the training loss is the mean over the epoch's batches, each with the weights of its time. ``"val_loss"``
    is the loss after the epoch. Per batch, it is the loss of that batch. Keras logs only the mean of the epoch so far;
    the recorder derives the batch's loss from the metric's sums. These have single precision, so the loss of the k-th
    batch is known to about k · 10⁻⁷ of the mean. The upper end is recorded. After a NaN, the rest of the epoch is lost.

    When ``fit`` and all its callbacks have ended, ``model.evaluate`` measures the loss of the final weights on the data
    of ``fit``, in one more pass without dropout. It is the run's ``fun``, and `assert_converges` judges it.

    Parameters
    ----------
    fmin : float, default 0.0
        The least value the loss can take, or a lower bound.
    per : str, default "epoch"
        The meaning of an evaluation: ``"epoch"`` or ``"batch"``.
    monitor : str, default "loss"
        The name of one of Keras' logs.
    mode : str, default "auto"
        ``"min"``, ``"max"`` or ``"auto"``. ``"auto"`` works as in Keras' ``EarlyStopping``: losses are minimised, and
        metrics have a direction of their own. Anything else is an error.
    fmax : float, default 1.0
        The greatest value, or an upper bound, of a monitor that is maximised.
    data : tuple or data set, optional
        The data on which the final weights are evaluated: ``(x, y)``, ``(x, y, sample_weight)``, or anything else that
        ``model.evaluate`` takes and that can be read again. Default: the training data of ``fit``, or its validation
        data for a monitor ``"val_…"``.
    batch_size, samples : int, optional
        The size of a batch, and the number of training samples. They weight the batches of an epoch if ``train_step``
        logs each batch's own loss. Give them only if the data of ``fit`` are a data set whose last batch is smaller.
        For arrays they are known.
    name : str, default "training loss"
        A name for messages.

    Raises
    ------
    ImportError
        If Keras is not installed.
    ValueError
        If an argument is out of range. During the training: if the direction of the monitor is unknown, its value for a
        batch cannot be derived, another model is trained, or the callbacks of ``fit`` are not a list.
    KeyError, TypeError
        During the training: if Keras has no log of that name, or logs no number.

    Notes
    -----
    Call ``keras.utils.set_random_seed`` before you make the model. Then ``fit`` is repeatable on one machine.

    A custom ``train_step`` may log anything. A logged value that equals no metric of the model counts as the loss of
    the batch. So keep a running mean in a ``keras.metrics.Mean``.

    If ``fit`` raises, the stop reason is ``"exception"``. Train inside ``with recorder:`` to record what it raised.

    Examples
    --------
    >>> def test_learns(model, x, y):  # doctest: +SKIP
    ...     recorder = KerasRecorder(per="epoch")
    ...     with recorder:
    ...         model.fit(x, y, epochs=20, callbacks=[recorder])
    ...     assert_converges(recorder.run, gap=0.05, within=10)
    """

    params: dict[str, Any]
    model: Any

    def __new__(cls, *args: Any, **keywords: Any) -> KerasRecorder:
        """Make an instance that is also a Keras callback. Keras is imported only now."""
        kind: Any = cls  # mypy does not see that a class is hashable
        made: KerasRecorder = object.__new__(_keras_callback(kind))
        return made

    def __init__(
        self,
        fmin: float | None = None,
        *,
        per: str = "epoch",
        monitor: str = "loss",
        mode: str = "auto",
        fmax: float | None = None,
        data: Any = None,
        batch_size: int | None = None,
        samples: int | None = None,
        name: str = "training loss",
    ) -> None:
        super().__init__(0.0 if fmin is None else fmin, name=name, optimizer="fit")
        if per not in ("batch", "epoch"):
            raise ValueError(f"per is 'batch' or 'epoch', got {per!r}")
        if mode not in ("auto", "min", "max"):
            raise ValueError(f"mode is 'auto', 'min' or 'max', got {mode!r}")
        if per == "batch" and monitor.startswith("val_"):
            raise ValueError(f"{monitor!r} is measured once per epoch at most, so per='batch' has no value of it")
        if fmax is not None and not math.isfinite(fmax):
            raise ValueError(f"fmax is a finite number, got {fmax!r}")
        if data is not None and _is_used_up(_evaluate_arguments(data).get("x")):
            raise ValueError(
                "data is evaluated after each fit, so it cannot be an iterator, which is used up, or empty"
            )
        if (batch_size is None) != (samples is None):
            raise ValueError("batch_size and samples are given together, or neither")
        if batch_size is not None and samples is not None and not 1 <= batch_size <= samples:
            raise ValueError(f"a batch has 1 to all of the samples, got batch_size={batch_size!r}, samples={samples!r}")
        self._unit = per
        self._monitor = monitor
        self._mode = mode
        self._fmin, self._fmax = fmin, fmax
        if mode != "auto":
            self._loss = self._bounded(mode)
        self._data = data
        self._given_batches = None if batch_size is None or samples is None else (batch_size, samples)
        self._call: _FitCall | None = None
        self._trained: weakref.ref[Any] | None = None
        self._thread = 0
        self._plans_made = False
        self._closing: Any = None
        self._reader: _LogReader | None = None
        self._test_reader: _LogReader | None = None
        self._reads_tests = monitor.startswith("val_")
        self._evaluated_on: Mapping[str, Any] | None = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Record an exception, unless ``fit`` has ended and so cannot have raised it."""
        if error is not None and self._wall_time is None:
            self.finish(error)
            self._call = None

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Start the recording, or continue it with another ``fit``."""
        model = self.model
        if self._trained is not None and self._trained() is not model:
            raise ValueError("this recorder has recorded another model; a run is of one model, so make a recorder each")
        if self._unit == "batch" and model.steps_per_execution != 1:
            raise ValueError(
                f"the model is compiled with steps_per_execution={model.steps_per_execution}, so Keras logs no single "
                "batch: record per='epoch'"
            )
        self._trained = weakref.ref(model)
        self._thread = threading.get_ident()
        if not self._losses:
            self._started = time.perf_counter()
        self._wall_time, self._error, self._result = None, "", None
        self._plans_made = False
        optimizer = getattr(model, "optimizer", None)
        self._optimizer = f"fit with keras:{type(optimizer).__name__}" if optimizer is not None else "fit"
        self._call = _FitCall.of(model)
        if self._call is not None:
            self._be_last(self._call.arguments["callbacks"].callbacks)

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Update the planned evaluations, and forget the previous epoch."""
        self._reader = self._test_reader = None
        if not self._plans_made:
            self._plans_made = True
            epochs, steps = self.params.get("epochs"), self.params.get("steps")
            each = 1 if self._unit == "epoch" else steps
            if epochs and each and (self._planned is not None or not self._losses):
                self._planned = len(self._losses) + (epochs - epoch) * each

    def on_train_batch_begin(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Read the metrics before the first batch."""
        if self._reader is None and not self._reads_tests:
            given: Mapping[str, Any] = {} if self._call is None else self._call.arguments
            batches = self._given_batches or _batches(
                given.get("x"), given.get("batch_size"), given.get("steps_per_epoch")
            )
            self._reader = _LogReader(self._monitor, self.model, batches)

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Record the loss of the batch, or keep it for the loss of the epoch."""
        if self._reader is None or (self._unit == "epoch" and self._monitor not in (logs or {})):
            return
        self._check_thread()
        value = self._read(logs)
        if self._unit == "epoch":
            if self._reader.needs_metrics:
                self._settle_direction()
                self._reader.look(value, self.model)
        else:
            self._settle_direction()
            self.step(self._reader.own_value(value, self.model, 1.0 if self._loss.fmax is None else -1.0))
        self._reader.keep(value)

    def on_test_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Forget the previous evaluation."""
        self._test_reader = None

    def on_test_batch_begin(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Read the metrics before the first batch."""
        if self._test_reader is None and self._reads_tests:
            data = self._evaluated_on or ({} if self._call is None else self._call.validation_data())
            batches = _batches(data.get("x"), data.get("batch_size"), data.get("steps"))
            self._test_reader = _LogReader(self._monitor.removeprefix("val_"), self.model, batches)

    def on_test_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Keep the logged value for the loss of the evaluation."""
        reader = self._test_reader
        if reader is not None and logs and reader.name in logs:
            self._check_thread()
            value = _logged(logs, reader.name)
            if reader.needs_metrics:
                reader.look(value, self.model)
            reader.keep(value)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Record the loss of the epoch; NaN if the epoch had no validation."""
        if self._unit == "batch":
            return
        if self._is_not_validated(logs or {}):
            self.step(math.nan)
            return
        value = self._read(logs)
        self._settle_direction()
        reader = self._test_reader if self._reads_tests else self._reader
        self.step(reader.value if reader is not None and reader.batches else value)

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """End the recording if no ``fit`` is running. In ``fit``, the appended last callback ends it."""
        if self._call is None:
            self._close()

    @property
    def run(self) -> TrainingRun:
        """The run recorded so far."""
        if self._wall_time is None and self._call is not None and not self._call.is_running:
            self._call = None
            self.finish()
            self._error = "fit did not come to its end; train inside 'with recorder:' to record what it raised"
        return super().run

    def _check_thread(self) -> None:
        """Raise ValueError in another thread, where the metrics could change while they are read.

        Keras calls callbacks from another thread if they are not in a list.
        """
        if threading.get_ident() != self._thread:
            raise ValueError("fit takes a list of callbacks: callbacks=[recorder]")

    def _be_last(self, callbacks: list[Any]) -> None:
        """Append a callback that ends the recording: others may replace the weights in their on_train_end."""
        import keras

        if self._closing is None:
            self._closing = keras.callbacks.LambdaCallback(on_train_end=lambda logs: self._close())
        if self._closing not in callbacks:
            callbacks.append(self._closing)

    def _close(self) -> None:
        """End the recording and evaluate the weights as they are now."""
        self.finish()
        self._result = self._evaluate()
        self._call = None

    def _final(self) -> tuple[float | None, str]:
        return self._result or (None, "the training has not ended")

    def _evaluate(self) -> tuple[float | None, str]:
        """Measure the loss of the final weights. Return it with a note on its data, or None with the reason."""
        if self._data is None and self._call is None:
            return None, f"this training is no call of fit, so its data are not seen; {NO_DATA}"
        what = "given" if self._data is not None else "validation" if self._reads_tests else "training"
        name = self._monitor.removeprefix("val_")
        history = getattr(self.model, "history", None)  # older Keras replaces it, and fit then returns another
        self._reads_tests, kept = True, self._reads_tests
        try:
            self._evaluated_on = data = self._final_data(what)
            if not data:
                reasons = "there are none, or they can be gone through only once, or are a data set weighed by class"
                return None, f"the {what} data of fit cannot be evaluated ({reasons}); {NO_DATA}"
            with _random_numbers_kept(data["x"]):
                logs = self.model.evaluate(**data, verbose=0, return_dict=True, callbacks=[self])
            if name not in logs:
                return None, f"model.evaluate gives no {name!r}, only {', '.join(logs)}; {NO_LOSS}"
            self._settle_direction()
            reader = self._test_reader
            value = reader.value if reader is not None and reader.batches else _logged(logs, name)
            return value, f"the final weights on the {what} data"
        except Exception as error:  # such as a model without a loss; the training itself is fine
            return None, f"model.evaluate raised {type(error).__name__}: {error}; {NO_LOSS}"
        finally:
            self._reads_tests, self._evaluated_on = kept, None
            if history is not None:
                self.model.history = history

    def _final_data(self, what: str) -> dict[str, Any]:
        """Return the arguments of ``model.evaluate`` for the final weights; empty if it cannot measure them."""
        if self._call is None or what == "given":
            return _evaluate_arguments(self._data)
        return self._call.validation_data() if what == "validation" else self._call.training_data()

    def _read(self, logs: Mapping[str, Any] | None) -> float:
        if not logs or self._monitor not in logs:
            raise KeyError(
                f"Keras logs no {self._monitor!r} per {self._unit}; it logs {', '.join(logs or ()) or 'nothing'}"
            )
        return _logged(logs, self._monitor)

    def _is_not_validated(self, logs: Mapping[str, Any]) -> bool:
        """Return whether an epoch lacks the monitor only because ``fit`` does not validate every epoch."""
        if not self._reads_tests or any(name.startswith("val_") for name in logs):
            return False
        return self._call is None or self._call.arguments["validation_data"] is not None

    def _settle_direction(self) -> None:
        """Infer whether the monitor is minimised or maximised, once the metrics are known."""
        if self._mode == "auto":
            self._mode = _direction(self._monitor, self.model)
            self._loss = self._bounded(self._mode)

    def _bounded(self, mode: str) -> TrainingLoss:
        """Return the monitor with the bound of a direction: fmax if it is maximised, else fmin."""
        if mode == "max":
            if self._fmin is not None:
                raise ValueError(f"{self._monitor!r} is maximised: give its greatest value, fmax (default 1), not fmin")
            return TrainingLoss(self._loss.id, -math.inf, 1.0 if self._fmax is None else float(self._fmax))
        if self._fmax is not None:
            raise ValueError(f"{self._monitor!r} is minimised: give its least value, fmin (default 0), not fmax")
        return self._loss


@functools.cache
def _keras_callback(cls: type[Any]) -> type[Any]:
    """Return the recorder class, or a subclass, as a Keras callback. Keras is imported only now."""
    try:
        import keras
    except ImportError as error:
        raise ImportError(
            f"KerasRecorder needs Keras and a backend: pip install 'pytest-optlandscape[keras,torch]' ({error})"
        ) from error
    if issubclass(cls, keras.callbacks.Callback):
        return cls
    return type(cls.__name__, (cls, keras.callbacks.Callback), {"__module__": cls.__module__, "__doc__": cls.__doc__})


@dataclass(frozen=True)
class _FitCall:
    """The running call of ``fit``.

    Keras tells a callback neither the data nor that ``fit`` raised. Both are read from the stack frame of ``fit``, by
    the names of its documented parameters.

    Attributes
    ----------
    frame : frame
    """

    frame: FrameType

    @classmethod
    def of(cls, model: Any) -> _FitCall | None:
        """Find the call on the stack; None if a user's own loop calls the callbacks."""
        frame = sys._getframe().f_back
        while frame is not None:
            if frame.f_code.co_name == "fit" and frame.f_locals.get("self") is model:
                arguments = frame.f_locals
                if "x" in arguments and hasattr(arguments.get("callbacks"), "callbacks"):
                    return cls(frame)
            frame = frame.f_back
        return None

    @property
    def arguments(self) -> Mapping[str, Any]:
        """The arguments of ``fit``, after it has split off validation data and listed the callbacks."""
        return self.frame.f_locals

    @property
    def is_running(self) -> bool:
        """Whether the call is on any thread's stack."""
        for frame in sys._current_frames().values():
            above: FrameType | None = frame
            while above is not None:
                if above is self.frame:
                    return True
                above = above.f_back
        return False

    def training_data(self) -> dict[str, Any]:
        """Return the arguments of ``model.evaluate`` for the training loss; empty if it cannot be measured."""
        given = self.arguments
        found = {name: given.get(name) for name in ("x", "y", "sample_weight", "batch_size")}
        if _is_used_up(found["x"]):
            return {}
        if given.get("class_weight"):
            if found["y"] is None:
                return {}
            found["sample_weight"] = _weights_of_classes(found["y"], given["class_weight"])
        return {**found, "steps": None if _has_an_end(found["x"]) else given.get("steps_per_epoch")}

    def validation_data(self) -> dict[str, Any]:
        """Return the validation arguments of ``fit``; empty if there are none, or the data are used up."""
        given = self.arguments
        if given.get("validation_data") is None:
            return {}
        found = _evaluate_arguments(given["validation_data"])
        if _is_used_up(found["x"]):
            return {}
        batch_size = given.get("validation_batch_size") or given.get("batch_size")
        return {**found, "batch_size": batch_size, "steps": given.get("validation_steps")}


def _evaluate_arguments(data: Any) -> dict[str, Any]:
    """Unpack data as Keras does: a tuple is x, y and weights, anything else is x."""
    parts = data if isinstance(data, (tuple, list)) else (data,)
    if not 1 <= len(parts) <= 3:
        raise ValueError(f"data is (x, y), (x, y, sample_weight) or a data set, got a tuple of {len(parts)}")
    return dict(zip(("x", "y", "sample_weight"), parts, strict=False))


def _batches(x: Any, batch_size: int | None, steps: int | None) -> tuple[float, float]:
    """Return the batch size and the number of samples of arrays; else values that weight all batches equally."""
    import keras

    shape = getattr(next(iter(keras.tree.flatten(x)), None), "shape", None)
    return (batch_size or 32, shape[0]) if shape and not steps else (1.0, math.inf)


def _is_used_up(x: Any) -> bool:
    """Return whether data are missing, or can be read only once."""
    return x is None or hasattr(x, "__next__")


def _has_an_end(x: Any) -> bool:
    """Return whether data are known to be finite: arrays and data sets of known length."""
    if hasattr(x, "shape"):
        return True
    try:
        return len(x) >= 0
    except TypeError:
        return False


def _weights_of_classes(y: Any, class_weight: Mapping[int, float]) -> Any:
    """Return the weight of each sample by its class: the label, or the index of the largest label."""
    labels = np.asarray(y.detach().cpu().numpy() if hasattr(y, "detach") else y)
    if labels.ndim > 1:
        labels = labels[..., 0] if labels.shape[-1] == 1 else labels.argmax(axis=-1)
    return np.array([class_weight.get(int(label), 1.0) for label in np.round(labels)])


@contextlib.contextmanager
def _random_numbers_kept(data: Any) -> Iterator[None]:
    """Restore torch's random state after reading data: a DataLoader draws a number in each pass."""
    torch = sys.modules.get("torch")
    if torch is None or not isinstance(data, torch.utils.data.DataLoader):
        yield
        return
    own = getattr(data, "generator", None)
    state = None if own is None else own.get_state()
    with torch.random.fork_rng(devices=[]):
        yield
    if own is not None:
        own.set_state(state)


class _LogReader:
    """Interpret the logged values of one pass over data, in an epoch or an evaluation.

    Keras' own steps log the model's metrics: the loss is a mean over the pass so far. A custom step may log anything,
    mostly the loss of the batch. For the whole pass Keras then reports the loss of the last batch, or a metric of the
    same name that was never updated. A logged value counts as a metric's if that metric was updated and equals it. Else
    it belongs to the batch alone.

    Parameters
    ----------
    name : str
        The key of the logs.
    model : keras.Model
        The model before the first batch.
    batches : tuple of float
        The batch size and the number of samples. The last batch may be smaller.
    """

    def __init__(self, name: str, model: Any, batches: tuple[float, float]) -> None:
        self.name = name
        self._batch_size, self._samples = batches
        self._sums = _sums(model)
        self._is_running = True
        self._values: list[float] = []

    @property
    def batches(self) -> int:
        """The number of batches so far."""
        return len(self._values)

    @property
    def needs_metrics(self) -> bool:
        """Whether the next value must be compared with the metrics: for batches 1, 2, 4, 8, ….

        A comparison makes JAX wait, so it is not made after each batch. It is repeated, because the value of the first
        batch is also the mean so far, and so are later values if all are equal.
        """
        return self._is_running and self.batches & (self.batches + 1) == 0

    @property
    def value(self) -> float:
        """The value over all batches so far."""
        if self._is_running:
            return self._values[-1]
        seen = self._batch_size * np.arange(self.batches)
        return float(np.average(self._values, weights=np.clip(self._samples - seen, 1.0, self._batch_size)))

    def keep(self, value: float) -> None:
        """Keep a logged value."""
        self._values.append(value)

    def look(self, value: float, model: Any) -> None:
        """Decide whether a logged value is a metric's value over the pass so far, and keep the decision."""
        sums, before = _sums(model), self._sums
        self._sums = sums
        self._is_running = any(one.explains(value, before.get(key)) for key, one in sums.items())
        self._is_running = self._is_running or self._is_no_mean(value, model)
        if not self._is_running and model.steps_per_execution != 1:
            raise ValueError(
                f"{self.name!r} is logged for single batches, and steps_per_execution={model.steps_per_execution} "
                "hides most of them: log a keras.metrics.Mean, or compile the model with steps_per_execution=1"
            )

    def own_value(self, value: float, model: Any, direction: float) -> float:
        """Derive the value of a batch from the value logged after it.

        Parameters
        ----------
        value : float
            The logged value.
        model : keras.Model
            The model after the batch.
        direction : float
            1 for the upper end of the rounding interval, -1 for the lower end.

        Raises
        ------
        ValueError
            If the logged metric is no mean.
        """
        sums, before = _sums(model), self._sums
        self._sums = sums
        for key, one in sums.items():
            if one.explains(value, before.get(key)):
                return one.since(before.get(key), direction)
        if self._is_no_mean(value, model):
            raise ValueError(f"{self.name!r} is no mean over samples, so no single batch has one: record per='epoch'")
        return value

    def _is_no_mean(self, value: float, model: Any) -> bool:
        """Return whether a logged value equals a metric of this name that is no mean."""
        found = [
            _scalar(metric.result())
            for metric in _metrics(model)
            if _is_called(metric.name, self.name) and not _is_mean(metric)
        ]
        return any(result is not None and _equal(value, result, 1e-6) for result in found)


@dataclass(frozen=True)
class _Sum:
    """The sums of a mean at one time.

    Attributes
    ----------
    total, count : float
    roundoff : float
        The unit roundoff of the metric's type.
    """

    total: float
    count: float
    roundoff: float

    def explains(self, value: float, before: _Sum | None) -> bool:
        """Return whether this mean was updated since ``before`` and equals a logged value."""
        if self.count == 0.0 or (before is not None and self.count == before.count):
            return False
        # On torch, Keras divides in single precision for any type of the metric.
        return _equal(value, self.total / self.count, max(2.0 * self.roundoff, 2.0**-22))

    def since(self, before: _Sum | None, direction: float) -> float:
        """Return the mean of the values added since ``before``, shifted by the sum's rounding in a direction."""
        before = _Sum(0.0, 0.0, 0.0) if before is None else before
        rounding = self.roundoff * abs(self.total) if before.total else 0.0
        return (self.total - before.total + direction * rounding) / (self.count - before.count)


ROUNDOFF = {"float64": 2.0**-53, "float32": 2.0**-24, "bfloat16": 2.0**-8, "float16": 2.0**-11}


def _logged(logs: Mapping[str, Any], name: str) -> float:
    """Read a number from the logs."""
    value = _scalar(logs[name])
    if value is None:
        raise TypeError(f"Keras logs {name!r} as {logs[name]!r}, which is no number to be recorded")
    return value


def _sums(model: Any) -> dict[int, _Sum]:
    """Read the sums of all metrics that are means."""
    found = {}
    for one in _metrics(model):
        if _is_mean(one):
            total, count = _scalar(one.total.value), _scalar(one.count.value)
            if total is None or count is None:
                raise TypeError(f"the sums of Keras' metric {one.name!r} cannot be read: {one.total!r}, {one.count!r}")
            found[id(one)] = _Sum(total, count, ROUNDOFF.get(str(one.dtype), 2.0**-24))
    return found


def _metrics(model: Any) -> list[Any]:
    """List the metrics of a model, with the metrics of ``compile`` unpacked."""
    return [single for one in model.metrics for single in (one.metrics if hasattr(one, "metrics") else [one])]


def _is_mean(metric: Any) -> bool:
    """Return whether a metric's result is its total divided by its count. A subclass may have changed that."""
    import keras

    return isinstance(metric, keras.metrics.Mean) and type(metric).result is keras.metrics.Mean.result


def _is_called(metric: str, log: str) -> bool:
    """Return whether a log belongs to a metric. The name of a model's output may precede the metric's name."""
    return log == metric or log.endswith(f"_{metric}")


def _direction(monitor: str, model: Any) -> str:
    """Infer whether a monitor is minimised or maximised, as Keras' own callbacks do.

    Raises
    ------
    ValueError
        If the direction cannot be inferred.
    """
    name = monitor.removeprefix("val_")
    if name == "loss" or name.endswith("_loss"):
        return "min"
    directions = {getattr(one, "_direction", None) for one in _metrics(model) if _is_called(one.name, name)}
    if directions in ({"up"}, {"down"}):
        return "max" if directions == {"up"} else "min"
    raise ValueError(
        f"Keras does not say whether {monitor!r} is to be minimised or maximised: give mode='min' or 'max'"
    )


def _scalar(value: Any) -> float | None:
    """Convert a number, or a backend's tensor of one number, to a float; None if it is neither."""
    try:
        if not hasattr(value, "item") and hasattr(value, "numpy"):  # TensorFlow's, even on several devices
            value = value.numpy()
        return float(value.item() if hasattr(value, "item") else value)
    except (TypeError, ValueError, RuntimeError):  # several numbers: each backend raises its own error
        return None


def _equal(one: float, other: float, tolerance: float) -> bool:
    return abs(one - other) <= tolerance * abs(other) or (math.isnan(one) and math.isnan(other))
