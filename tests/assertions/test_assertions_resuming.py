"""Resumed trainings, in plain Python and NumPy; ``test_assertions_resuming_libraries.py`` has those of libraries."""

import dataclasses
import itertools
import json
import random

import numpy as np
import pytest

from pytest_optlandscape import assert_resumes
from pytest_optlandscape.assertions.state_parts import deviation_of_parts, differing_parts, parts_of, shared_parts
from pytest_optlandscape.landscapes.families.training import LABELS, MOONS
from pytest_optlandscape.runs import record_training


@dataclasses.dataclass
class Net:
    """Logistic regression with momentum, on batches whose order a generator draws."""

    weights: np.ndarray
    speed: np.ndarray
    rng: np.random.Generator
    epoch: int = 0


def new():
    return Net(np.zeros(2), np.zeros(2), np.random.default_rng(3))


def train(net, epochs, *, rate=lambda epoch, epochs: 0.1, noise=0.0, each=1):
    net = net or new()
    losses = []
    for _ in range(epochs):
        for batch in np.array_split(net.rng.permutation(40), 4):
            pull = 1.0 / (1.0 + np.exp(LABELS[batch] * (MOONS[batch] @ net.weights)))
            net.speed = 0.9 * net.speed + MOONS[batch].T @ (LABELS[batch] * pull) / 10.0
            net.weights = net.weights + rate(net.epoch, epochs) * net.speed
        net.epoch += 1
        loss = np.log1p(np.exp(-LABELS * (MOONS @ net.weights))).mean() * (
            1.0 + noise * np.random.default_rng().normal()
        )
        losses += [loss] * each
    return net, losses


def save(net, folder):
    np.savez(folder / "net.npz", weights=net.weights, speed=net.speed, epoch=net.epoch)
    (folder / "rng.json").write_text(json.dumps(net.rng.bit_generator.state))


def load(folder, **defects):
    found = np.load(folder / "net.npz")
    net = new()
    net.rng.bit_generator.state = json.loads((folder / "rng.json").read_text())
    whole = {"weights": found["weights"], "speed": found["speed"], "epoch": int(found["epoch"]), "rng": net.rng}
    return Net(**{**whole, **defects})


def test_a_training_that_keeps_all_resumes(tmp_path):
    found = assert_resumes(train, save, load, folder=tmp_path)
    assert (found.epochs, found.interrupted, found.losses, found.parts) == (10, 5, 10, 7)
    assert found.repeats
    assert found.largest == 0.0
    assert "10 epochs, and 5, saved, loaded and 5, have the same 10 losses, bit by bit, and the same 7 parts" in str(
        found
    )
    assert (tmp_path / "net.npz").exists()


@pytest.mark.parametrize(
    ("defects", "epoch", "lost"),
    [
        ({"speed": np.zeros(2)}, 6, r"1 of 7 parts differ \(\.speed by 1\.0e\+00\)"),
        (
            {"rng": np.random.default_rng(4)},
            6,
            r"4 of 7 parts differ \(\.rng\.bit_generator\.state\['state'\]\['state'\],",
        ),
    ],
)
def test_lost_parts_are_named_with_the_epoch(defects, epoch, lost):
    said = rf"^the resumed training parts at epoch {epoch}: the losses .* bit by bit\n  saving and loading: {lost}.*"
    with pytest.raises(AssertionError, match=f"{said}\n  continued without saving, the training does not part$"):
        assert_resumes(train, save, lambda folder: load(folder, **defects))


def test_an_error_of_the_training_says_when_it_was_raised():
    with pytest.raises(ValueError, match="matmul") as error:
        assert_resumes(train, save, lambda folder: load(folder, weights=None))
    assert error.value.__notes__ == ["train raised this for the loaded state and 5 epochs"]


def test_half_precision_of_the_files_is_seen_and_may_be_allowed():
    def save_short(net, folder):
        save(
            dataclasses.replace(net, weights=net.weights.astype(np.float32), speed=net.speed.astype(np.float32)), folder
        )

    with pytest.raises(
        AssertionError, match=r"parts at epoch 6: .* are \d\.\de-\d\d of .*\n.*2 of 7 parts differ \(\.w"
    ):
        assert_resumes(train, save_short, load)
    found = assert_resumes(train, save_short, load, rtol=1e-6)
    assert 0.0 < found.largest < 1e-6
    assert "at most" in str(found)


def test_a_lost_counter_that_shows_only_in_the_state_is_seen():
    with pytest.raises(AssertionError, match=r"parts after the last epoch: .* 1 of 7 parts differ \(\.epoch by"):
        assert_resumes(train, save, lambda folder: load(folder, epoch=0))


def test_a_lost_counter_shows_where_a_schedule_asks_for_it():
    def scheduled(net, epochs):
        return train(net, epochs, rate=lambda epoch, _: 0.1 / (1 + epoch))

    assert_resumes(scheduled, save, load)
    with pytest.raises(AssertionError, match=r"parts at epoch 6: (.|\n)*\(\.epoch by 1\.0e\+00\)"):
        assert_resumes(scheduled, save, lambda folder: load(folder, epoch=0))


def test_a_schedule_that_depends_on_the_number_of_epochs_is_told():
    def scheduled(net, epochs):
        return train(net, epochs, rate=lambda epoch, epochs: 0.1 * (1.0 - epoch / epochs / 2.0))

    with pytest.raises(ValueError, match="trainings of 10 and of 5 epochs part at epoch 2, before anything is saved"):
        assert_resumes(scheduled, save, load)


def test_a_second_call_that_begins_anew_is_told():
    def reseeding(net, epochs):
        if net is not None:
            net.rng = np.random.default_rng(3)
        return train(net, epochs)

    with pytest.raises(AssertionError, match="continued without saving, the training parts, too, at epoch 6: a second"):
        assert_resumes(reseeding, save, load)


def test_hidden_state_of_the_process_does_not_carry_over():
    """A generator that is a global variable, seeded where a training begins, goes on in one process only."""
    hidden = random.Random(0)

    def shaken(net, epochs):
        if net is None:
            hidden.seed(0)
        return train(net, epochs, rate=lambda *_: 0.1 * hidden.random())

    with pytest.raises(AssertionError, match=r"the 7 parts that can be seen are the same\n  continued .* parts, too"):
        assert_resumes(shaken, save, load)


def test_one_net_for_all_trainings_hides_nothing():
    net = new()

    def train_it(state, epochs):
        if state is None:
            vars(net).update(vars(new()))
        _, losses = train(net, epochs)
        return dataclasses.replace(net), losses

    def load_weights(folder):
        net.weights = load(folder).weights
        return dataclasses.replace(net)

    with pytest.raises(AssertionError, match=r"parts at epoch 6(.|\n)*\.speed by"):
        assert_resumes(train_it, save, load_weights)


def test_several_losses_an_epoch_and_recorded_runs():
    def batches(net, epochs):
        return train(net, epochs, each=2)

    assert assert_resumes(batches, save, load, epochs=4).losses == 8
    with pytest.raises(AssertionError, match="parts at loss 1 of 2 in epoch 3"):
        assert_resumes(batches, save, lambda folder: load(folder, speed=np.zeros(2)), epochs=4)

    def recorded(net, epochs, of=lambda recorder: recorder.run):
        net, losses = train(net, epochs)
        with record_training() as recorder:
            for loss in losses:
                recorder.step(loss)
        return net, of(recorder)

    assert assert_resumes(recorded, save, load, epochs=3).interrupted == 1
    assert assert_resumes(lambda net, epochs: recorded(net, epochs, lambda recorder: recorder), save, load).losses == 10

    def below(net, epochs):
        with record_training(fmin=9.0) as recorder:
            recorder.step(1.0)
        return net, recorder

    with pytest.raises(AssertionError, match="below fmin = 9"):
        assert_resumes(below, save, load)


@pytest.mark.parametrize("noise", [1e-13, 1e-9])
def test_a_training_that_repeats_itself_up_to_rounding_is_measured(noise):
    def noisy(net, epochs):
        return train(net, epochs, noise=noise)

    found = assert_resumes(noisy, save, load)
    assert not found.repeats
    assert 0.0 < found.largest < 1000.0 * noise
    with pytest.raises(AssertionError, match=r"is allowed, as two uninterrupted trainings are \d"):
        assert_resumes(noisy, save, lambda folder: load(folder, speed=np.zeros(2)))


def test_a_training_that_does_not_repeat_itself_is_told():
    seeds = itertools.count()

    def unseeded(net, epochs):
        return train(net or Net(np.zeros(2), np.zeros(2), np.random.default_rng(next(seeds))), epochs)

    with pytest.raises(
        ValueError, match=r"does not repeat itself: two new trainings part at epoch 1, .* Seed all random"
    ):
        assert_resumes(unseeded, save, load)


def test_states_that_nothing_is_known_of_are_judged_by_their_losses():
    class Box:
        def __init__(self, net):
            self.net = net

    def boxed(box, epochs):
        net, losses = train(box and box.net, epochs)
        return Box(net), losses

    def save_box(box, folder):
        save(box.net, folder)

    found = assert_resumes(boxed, save_box, lambda folder: Box(load(folder)))
    assert (found.parts, found.repeats) == (0, True)
    with pytest.raises(AssertionError, match="no part of Box can be seen"):
        assert_resumes(boxed, save_box, lambda folder: Box(load(folder, speed=np.zeros(2))))


KEPT = []


@pytest.mark.parametrize(
    ("arguments", "kind", "said"),
    [
        ({"load": lambda folder: KEPT[0]}, ValueError, "load returned the state that was saved"),
        ({"load": lambda folder: load(folder, speed=KEPT[0].speed)}, ValueError, "or a part of it"),
        ({"train": lambda net, epochs: train(net, epochs)[1]}, TypeError, "returns the state and its losses, a tuple"),
        (
            {"train": lambda net, epochs: (net, "loss")},
            TypeError,
            "a list of numbers, a recorded run or a History; got",
        ),
        ({"train": lambda net, epochs: (net, {"mse": [1.0]})}, TypeError, "no key 'loss', only mse"),
        ({"train": lambda net, epochs: (net, [1.0])}, ValueError, "1 losses for 10 epochs"),
        ({"train": lambda net, epochs: (net, [1.0] * epochs)}, ValueError, "the training changes nothing"),
        ({"train": lambda net, epochs: (net, [1.0, np.nan] * (epochs // 2))}, ValueError, "4 losses for 5 epochs"),
        ({"train": lambda net, epochs: (net, [2.0, 1.0, *[np.nan] * (epochs - 2)])}, ValueError, "is finite"),
        ({"train": lambda net, epochs: (net, list(range(epochs * (2 if epochs > 5 else 1))))}, ValueError, "as many"),
        ({"epochs": 1}, ValueError, "epochs is a whole number, at least 2; got 1"),
        ({"rtol": -1.0}, ValueError, "rtol"),
    ],
)
def test_trainings_that_cannot_be_compared_are_told(arguments, kind, said):
    def remember(net, folder):
        save(net or new(), folder)
        KEPT[:] = [net]

    with pytest.raises(kind, match=said):
        assert_resumes(**{"train": train, "save": remember, "load": load, **arguments})


def test_all_kinds_of_states_are_taken_apart():
    legacy, plain, philox = np.random.RandomState(0), random.Random(0), np.random.Generator(np.random.Philox(0))
    state = {"net": new(), "more": [1, 2.5, 1j, None, "text"], "random": (legacy, plain), "bits": philox}
    parts = parts_of(state)
    assert {"['net'].weights", "['more'][2]", "['random'][1].getstate()[1]"} <= set(parts)
    assert differing_parts(parts, parts_of(state), {}) == ""
    for draw in (legacy.random, plain.random, philox.random):
        before = parts_of(state)
        draw()
        assert "parts differ" in differing_parts(before, parts_of(state), {})
    legacy.standard_normal()
    with_spare = parts_of(legacy)
    assert ".get_state()['has_gauss']" in with_spare


def test_parts_are_copies_and_compared_with_their_size():
    weights = np.array([1.0, 100.0])
    before = parts_of([weights, weights[:1]])
    weights[0] += 1.0
    after = parts_of([weights])
    assert differing_parts(before, after, {}) == (
        "1 of 2 parts are missing ([1]); 1 of 2 parts differ ([0] by 1.0e-02)"
    )
    assert "differ" not in differing_parts(before, after, {"[0]": 0.1})


@pytest.mark.parametrize(
    ("one", "other", "deviation"),
    [
        (np.ones(2), np.ones(3), np.inf),
        (np.array([np.nan, 2.0]), np.array([np.nan, 2.0]), 0.0),
        (np.array([np.nan, 2.0]), np.array([1.0, 2.0]), np.inf),
        (np.array(0.0), np.array(3.0), 1.0),
        (np.array(2.0 + 1j), np.array(2.0 + 1j), 0.0),
        (np.array([np.inf, 1.0]), np.array([np.inf, 1.5]), 0.5),
        (np.array(1 << 62), np.array((1 << 62) + 1), 2.0**-53),
        (np.array(True), np.array(False), 1.0),
    ],
)
def test_deviations_of_parts(one, other, deviation):
    assert deviation_of_parts(one, other) == deviation


def test_equal_numbers_are_not_shared_and_arrays_are():
    net = new()
    assert shared_parts(net, net)
    assert shared_parts({"a": net.weights}, [net.weights])
    assert not shared_parts([1, "a", None, np.float64(1.0)], [1, "a", None, np.float64(1.0)])
    assert not shared_parts(net, dataclasses.replace(new()))
