"""How far rounding alone moves the losses of a training: units in the last place of single precision.

A small network is trained with data that are off by one unit in the last place, and compared with the same training on
the data themselves. The peer is the limit of `assert_equivalent` without `perturbed`: 1000 units.

    KERAS_BACKEND=torch python benchmarks/training_rounding.py
"""

from __future__ import annotations

import os

import numpy as np
from measure import heading, machine, one_thread
from numpy.typing import NDArray

LIMIT = 1000.0
EPOCHS, SAMPLES, BATCH, PERTURBED = 100, 64, 16, 5
RATES = {"SGD": 0.05, "Adam": 0.01, "RMSprop": 0.01}


def losses(name: str, x: NDArray[np.float32], y: NDArray[np.float32]) -> NDArray[np.float64]:
    """Train a network of 8 hidden units from fixed weights; return the loss of each epoch."""
    import keras

    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(8, "tanh"), keras.layers.Dense(1)])
    model.compile(getattr(keras.optimizers, name)(RATES[name]), "mse")
    fitted = model.fit(x, y, epochs=EPOCHS, batch_size=BATCH, shuffle=False, verbose=0)
    return np.array(fitted.history["loss"])


def main() -> None:
    """Print the largest distance of each optimizer."""
    os.environ.setdefault("KERAS_BACKEND", "torch")
    one_thread()
    machine()
    rng = np.random.default_rng(0)
    x = rng.normal(size=(SAMPLES, 4)).astype(np.float32)
    y = np.sin(x.sum(axis=1, keepdims=True)).astype(np.float32)
    heading(f"{EPOCHS} epochs, {PERTURBED} trainings with data off by one unit")
    for name in RATES:
        before = losses(name, x, y)
        unit = np.spacing(before.astype(np.float32)).astype(float)
        most = 0.0
        for k in range(PERTURBED):
            away = np.where(np.random.default_rng(k).random(x.shape) < 0.5, -np.inf, np.inf).astype(np.float32)
            most = max(most, float(np.max(np.abs(losses(name, np.nextafter(x, away), y) - before) / unit)))
        print(f"  {name:<10} {most:10.0f} units, {most / LIMIT:8.3f} of the limit")


if __name__ == "__main__":
    main()
