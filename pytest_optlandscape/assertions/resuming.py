"""Whether a training that is saved, loaded and trained on is the training that was never interrupted.

Two uninterrupted trainings show whether the training repeats itself bit by bit, and if not, how far rounding moves it.
The second of them runs between saving and loading. So nothing carries over that is not saved, such as the random state
of the process, or a model that is a global variable.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.assertions.loss_paths import LARGEST_LOSS_ENVELOPE, largest_loss, relative_deviation
from pytest_optlandscape.assertions.state_parts import (
    Parts,
    deviation_of_parts,
    differing_parts,
    parts_of,
    shared_parts,
)
from pytest_optlandscape.records.path_divergence import MULTIPLE, envelope_of, first_beyond
from pytest_optlandscape.runs import TrainingRun
from pytest_optlandscape.texts.plurals import number_of

__all__ = ["Resumption", "assert_resumes"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Resumption:
    """The result of comparing a resumed training with an uninterrupted one.

    Attributes
    ----------
    epochs, interrupted : int
        The epochs in all, and those before saving.
    losses, parts : int
        The numbers of losses, and of parts of the final state, that were compared. Of an object that is unknown, no
        part is seen.
    repeats : bool
        Whether two uninterrupted trainings agree bit by bit.
    largest : float
        The largest deviation of a loss, as a share of √(loss · largest loss).
    """

    epochs: int
    interrupted: int
    losses: int
    parts: int
    repeats: bool
    largest: float

    def __str__(self) -> str:
        how = "bit by bit" if self.largest == 0.0 else f"at most {self.largest:.1e} apart"
        rest = self.epochs - self.interrupted
        return (
            f"{self.epochs} epochs, and {self.interrupted}, saved, loaded and {rest}, have the same "
            f"{number_of(self.losses, 'loss', 'losses')}, {how}, and the same "
            f"{number_of(self.parts, 'part')} of the final state"
        )


def assert_resumes(
    train: Callable[[Any, int], tuple[Any, Any]],
    save: Callable[[Any, Path], Any],
    load: Callable[[Path], Any],
    *,
    epochs: int = 10,
    rtol: float = 0.0,
    folder: Path | None = None,
) -> Resumption:
    """Assert that a training that is saved, loaded and trained on equals the uninterrupted training.

    Half of the epochs are trained, saved, loaded, and the other half is trained. The losses are compared with those of
    an uninterrupted training, then the final states. They must be equal bit by bit, if two uninterrupted trainings are.
    Otherwise they may be 1000 times as far apart as those two.

    Parameters
    ----------
    train : callable
        ``train(state, epochs)`` returns the new state and the losses, one or more an epoch. A state of None asks for a
        new training, which seeds its own random numbers. The state is a model, a pair of a model and its optimizer, a
        tree of arrays, or any other object. The losses are a list, a `TrainingRun`, a recorder, or Keras' ``History``.
    save : callable
        ``save(state, folder)`` writes the state to files.
    load : callable
        ``load(folder)`` reads the files and returns a new state.
    epochs : int, default 10
        Epochs of the uninterrupted training. Three times as many are trained in all.
    rtol : float, default 0.0
        A further deviation that is allowed: of a loss as a share of √(loss · largest loss), of a part of the final
        state as a share of its largest number. Give it where the files hold fewer digits.
    folder : Path, optional
        Where to save, such as pytest's ``tmp_path`` (default: a temporary folder).

    Returns
    -------
    Resumption
        The amount that was compared; it prints as a sentence.

    Raises
    ------
    AssertionError
        If the trainings part: with the epoch, the losses, the parts of the state that saving and loading lost, and
        whether the training parts even if it is continued without saving.
    ValueError
        If nothing can be compared: the training does not repeat itself, changes nothing, or depends on the number of
        epochs; ``load`` returns the state that was saved; an argument is out of range.
    TypeError
        If ``train`` does not return a state and its losses.

    Notes
    -----
    A model of Keras that is made by ``model_from_json`` has an optimizer without slots. ``load_weights`` then skips
    the saved state of the optimizer, with a warning. Call ``optimizer.build(model.trainable_variables)`` before.

    Examples
    --------
    >>> import json
    >>> def train(state, epochs):
    ...     x, speed = state or (4.0, 0.0)
    ...     losses = []
    ...     for _ in range(epochs):
    ...         losses.append(x * x)
    ...         speed = 0.9 * speed - 0.2 * x
    ...         x = x + speed
    ...     return [x, speed], losses
    >>> def save(state, folder):
    ...     (folder / "state.json").write_text(json.dumps(state))
    >>> def load(folder):
    ...     return json.loads((folder / "state.json").read_text())
    >>> print(assert_resumes(train, save, load))
    10 epochs, and 5, saved, loaded and 5, have the same 10 losses, bit by bit, and the same 2 parts of the final state
    >>> def load_without_speed(folder):
    ...     return [load(folder)[0], 0.0]
    >>> assert_resumes(train, save, load_without_speed)
    Traceback (most recent call last):
        ...
    AssertionError: the resumed training parts at epoch 7: the losses 8.04... and 3.44... are 4.0e-01 of ... apart; ...
      saving and loading: 1 of 2 parts differ ([1] by 1.0e+00)
      continued without saving, the training does not part
    """
    __tracebackhide__ = True
    if isinstance(epochs, bool) or epochs != int(epochs) or epochs < 2:
        raise ValueError(f"epochs is a whole number, at least 2; got {epochs!r}")
    if not 0.0 <= rtol < 1.0:
        raise ValueError(f"rtol is a deviation of at least 0 and below 1, got {rtol!r}")
    if folder is None:
        with tempfile.TemporaryDirectory() as made:
            return assert_resumes(train, save, load, epochs=epochs, rtol=rtol, folder=Path(made))
    half = int(epochs) // 2
    whole = _Trained.of(train, None, epochs, "a new training")
    first = _Trained.of(train, None, half, "a new training")
    save(first.state, Path(folder))
    again = _Trained.of(train, None, epochs, "a new training")
    loaded = load(Path(folder))
    if shared_parts(first.state, loaded):
        raise ValueError("load returned the state that was saved, or a part of it; make a new state and read the files")
    parts = parts_of(loaded)
    rest = _Trained.of(train, loaded, epochs - half, "the loaded state")
    judge = _Judge(whole, again, epochs, rtol)
    judge.check_beginning(first)
    parted = judge.parting([*first.losses, *rest.losses], rest.parts)
    if parted:
        lost = differing_parts(first.parts, parts, {})
        if lost:
            lines = [f"  saving and loading: {lost}"]
        elif first.parts:
            lines = [f"  saving and loading: the {number_of(len(first.parts), 'part')} that can be seen are the same"]
        else:
            lines = [f"  saving and loading: no part of {type(first.state).__name__} can be seen"]
        raise AssertionError("\n".join([f"the resumed training {parted}", *lines, _continued(train, first, judge)]))
    joined = np.array([*first.losses, *rest.losses])
    return Resumption(
        epochs, half, len(joined), len(judge.comparable), judge.repeats, float(judge.apart(joined).max(initial=0.0))
    )


def _continued(train: Callable[[Any, int], Any], first: _Trained, judge: _Judge) -> str:
    """Say whether the training parts if it is continued without saving and loading."""
    try:
        rest = _Trained.of(train, first.state, judge.epochs - judge.epochs // 2, "the state of the first half")
    except Exception as error:
        return f"  continued without saving, the training raises {type(error).__name__}: {error}"
    parted = judge.parting([*first.losses, *rest.losses], rest.parts)
    if not parted:
        return "  continued without saving, the training does not part"
    return (
        f"  continued without saving, the training parts, too, {parted.partition(':')[0].removeprefix('parts ')}: a "
        "second call of train begins something anew, such as a schedule or the order of the data. Derive it from the "
        "number of the epoch, and keep that in the state"
    )


@dataclass(frozen=True)
class _Trained:
    """A state after some epochs, its losses, and its parts at that time."""

    state: Any
    losses: FloatArray
    parts: Parts

    @classmethod
    def of(cls, train: Callable[[Any, int], Any], state: Any, epochs: int, what: str) -> _Trained:
        __tracebackhide__ = True
        try:
            found = train(state, epochs)
        except Exception as error:
            error.add_note(f"train raised this for {what} and {number_of(epochs, 'epoch')}")
            raise
        if not isinstance(found, tuple) or len(found) != 2:
            raise TypeError(f"train returns the state and its losses, a tuple of two; got {found!r:.80}")
        losses = _losses_of(found[1])
        if len(losses) < epochs or len(losses) % epochs:
            raise ValueError(
                f"train returned {len(losses)} losses for {epochs} epochs: return one or more for each epoch"
            )
        return cls(found[0], losses, parts_of(found[0]))


def _losses_of(given: Any) -> FloatArray:
    """Return the losses of a list, a recorded training, a recorder or Keras' ``History``."""
    __tracebackhide__ = True
    run = getattr(given, "run", given)
    if isinstance(run, TrainingRun):
        if run.trouble:
            raise AssertionError(f"{run.optimizer} on {run.landscape.id}: {run.trouble}")
        return run.trace.fun
    logs = getattr(given, "history", given)
    if isinstance(logs, Mapping):
        if "loss" not in logs:
            raise TypeError(f"the losses have no key 'loss', only {', '.join(map(str, logs)) or 'none'}")
        logs = logs["loss"]
    try:
        return np.array([float(loss) for loss in logs], dtype=np.float64)
    except (TypeError, ValueError):
        raise TypeError(
            f"train returns the state and its losses, a list of numbers, a recorded run or a History; got {given!r:.80}"
        ) from None


class _Judge:
    """The uninterrupted training, and how far another training may be from it."""

    def __init__(self, whole: _Trained, again: _Trained, epochs: int, rtol: float) -> None:
        self.epochs, self.rtol = epochs, rtol
        self._whole = whole
        self._largest = largest_loss(whole.losses)
        self._check_repeats(again)
        moved = self.apart(again.losses)
        self._allowed = MULTIPLE * envelope_of(moved[np.newaxis], 0.0) + rtol
        self._allowed[self._allowed >= MULTIPLE * LARGEST_LOSS_ENVELOPE + rtol] = np.inf
        spread = {
            place: deviation_of_parts(part.value, again.parts[place].value)
            for place, part in whole.parts.items()
            if place in again.parts
        }
        self.repeats = not moved.any() and not any(spread.values())
        self.comparable = [place for place, deviation in spread.items() if deviation < LARGEST_LOSS_ENVELOPE]
        self._allowed_parts = {place: MULTIPLE * spread[place] + rtol for place in self.comparable}

    def apart(self, losses: FloatArray) -> FloatArray:
        """Return how far losses are from those of the uninterrupted training."""
        return relative_deviation(self._whole.losses, losses, self._largest)

    def _check_repeats(self, again: _Trained) -> None:
        """Raise ValueError if the uninterrupted training shows nothing, or does not repeat itself."""
        losses = self._whole.losses
        after = losses[len(losses) * (self.epochs // 2) // self.epochs :]
        if not np.isfinite(after).any():
            raise ValueError("no loss after the interruption is finite, so nothing can be compared: train less boldly")
        if np.ptp(losses[np.isfinite(losses)]) == 0.0:
            raise ValueError(f"all losses are {losses[0]!r}: the training changes nothing, so nothing can be compared")
        if len(losses) != len(again.losses):
            raise ValueError(f"two new trainings have {len(losses)} and {len(again.losses)} losses: nothing to compare")
        k = first_beyond(self.apart(again.losses), np.full(len(losses), LARGEST_LOSS_ENVELOPE), 1.0)
        if k is not None and k < len(losses) - len(after) + 1:
            raise ValueError(
                f"the training does not repeat itself: two new trainings part {self._at(k)}, with losses "
                f"{float(losses[k])!r} and {float(again.losses[k])!r}. Seed all random numbers in train where state is "
                "None: the initial weights, the order of the data, dropout"
            )

    def check_beginning(self, first: _Trained) -> None:
        """Raise ValueError unless a shorter training is the beginning of the longer one."""
        losses = self._whole.losses
        length = len(losses) * (self.epochs // 2) // self.epochs
        if len(first.losses) != length:
            raise ValueError(
                f"train returned {len(losses)} losses for {self.epochs} epochs and {len(first.losses)} for "
                f"{self.epochs // 2}: return as many for each epoch"
            )
        k = first_beyond(relative_deviation(losses[:length], first.losses, self._largest), self._allowed[:length], 1.0)
        if k is not None:
            raise ValueError(
                f"trainings of {self.epochs} and of {self.epochs // 2} epochs part {self._at(k)}, before anything is "
                f"saved: {float(losses[k])!r} and {float(first.losses[k])!r}. The training depends on the number of "
                "epochs, such as by a schedule that ends with it; give it a fixed length"
            )

    def parting(self, losses: Sequence[float], parts: Parts) -> str:
        """Describe where a training parts from the uninterrupted one; "" if it does not."""
        expected, found = self._whole.losses, np.array(losses)
        if len(found) != len(expected):
            return f"has {len(found)} losses, the uninterrupted training {len(expected)}"
        deviation = self.apart(found)
        k = first_beyond(deviation, self._allowed, 1.0)
        if k is not None:
            return (
                f"parts {self._at(k)}: the losses {float(expected[k])!r} and {float(found[k])!r} are "
                f"{deviation[k]:.1e} of √(loss · largest loss) apart; {self._explained(float(self._allowed[k]))}"
            )
        compared = {place: self._whole.parts[place] for place in self.comparable}
        moved = differing_parts(compared, parts, self._allowed_parts)
        if moved:
            return f"parts after the last epoch: the losses are the same, but of the final state {moved}"
        return ""

    def _explained(self, allowed: float) -> str:
        if allowed == self.rtol:
            more = f", within rtol = {self.rtol:g}" if self.rtol else ""
            return f"two uninterrupted trainings are the same bit by bit{more}"
        return (
            f"{allowed:.1e} is allowed, as two uninterrupted trainings are {(allowed - self.rtol) / MULTIPLE:.1e} apart"
        )

    def _at(self, k: int) -> str:
        """Return the place of a loss in words."""
        each = len(self._whole.losses) // self.epochs
        epoch = f"epoch {k // each + 1}"
        return f"at {epoch}" if each == 1 else f"at loss {k % each + 1} of {each} in {epoch}"
