"""The cost of a step: what a run adds to a loop written by hand with the same framework.

Run ``python benchmarks/steps.py``; libraries that are not installed are left out, and Keras runs on KERAS_BACKEND.
"""

from __future__ import annotations

import importlib.util
import os
import statistics
import time
from collections.abc import Callable

import numpy as np
from measure import MICRO, heading, line, machine, one_thread

from pytest_optlandscape import Problem, landscapes, optimizers
from pytest_optlandscape.runs import execute

STEPS = 1000
ROUNDS = 15
MOST = 1.15
BEALE = landscapes.get("beale")


def torch_by_hand() -> Callable[[], None]:
    import torch

    def loop() -> None:
        parameter = torch.nn.Parameter(torch.tensor(BEALE.x0))
        optimizer = torch.optim.Adam([parameter], lr=0.001)
        for _ in range(STEPS):
            x = parameter.detach().numpy()
            BEALE(x)
            parameter.grad = torch.from_numpy(BEALE.gradient(x))
            optimizer.step()

    return loop


def optax_by_hand() -> Callable[[], None]:
    import jax
    import optax

    adam = optax.adam(0.001)

    @jax.jit
    def step(gradient, state, x):
        changes, state = adam.update(gradient, state, x)
        return optax.apply_updates(x, changes), state

    def loop() -> None:
        with jax.enable_x64(True):
            x = jax.numpy.asarray(BEALE.x0)
            state = adam.init(x)
            for _ in range(STEPS):
                here = np.asarray(x)
                BEALE(here)
                x, state = step(BEALE.gradient(here), state, x)

    return loop


def keras_by_hand() -> Callable[[], None]:
    import keras

    variable = keras.Variable(BEALE.x0, dtype="float32")
    optimizer = keras.optimizers.Adam(0.001)
    optimizer.build([variable])
    if keras.backend.backend() == "jax":
        import jax

        step = jax.jit(lambda state, gradient, x: optimizer.stateless_apply(state, [gradient], x))

        def loop() -> None:
            state, x = [v.value for v in optimizer.variables], [variable.value]
            for _ in range(STEPS):
                here = np.asarray(x[0], dtype=np.float64)
                BEALE(here)
                x, state = step(state, BEALE.gradient(here).astype(np.float32), x)

        return loop

    apply = optimizer.apply
    if keras.backend.backend() == "tensorflow":
        import tensorflow

        apply = tensorflow.function(lambda gradients: optimizer.apply(gradients, [variable]))

    def loop() -> None:
        for _ in range(STEPS):
            here = np.array(keras.ops.convert_to_numpy(variable), dtype=np.float64)
            BEALE(here)
            gradients = [keras.ops.convert_to_tensor(BEALE.gradient(here).astype(np.float32))]
            apply(gradients, [variable]) if apply == optimizer.apply else apply(gradients)

    return loop


def compare(spec: str, by_hand: Callable[[], None]) -> None:
    adapter = optimizers.get(spec)

    def run() -> None:
        assert execute(adapter, Problem(BEALE, budget=STEPS)).nfev == STEPS

    ratios, ours = [], []
    for round_ in range(ROUNDS + 1):
        times = []
        for way in (run, by_hand):
            started = time.process_time()
            way()
            times.append(time.process_time() - started)
        if round_:  # the first compiles
            ratios.append(times[0] / times[1])
            ours.append(times[0])
    line(f"{spec}: {statistics.median(ours) / STEPS / MICRO:.0f} µs a step", statistics.median(ratios), MOST)


def main() -> None:
    one_thread()
    machine()
    heading(f"A step over the same loop by hand (median of {ROUNDS} rounds of {STEPS} steps)")
    ways = {
        "torch:Adam(lr=0.001)": ("torch", torch_by_hand),
        "optax:adam(learning_rate=0.001)": ("optax", optax_by_hand),
        "keras:Adam(learning_rate=0.001)": ("keras", keras_by_hand),
    }
    print(f"Keras' backend: {os.environ.get('KERAS_BACKEND', 'not chosen')}")
    for spec, (library, by_hand) in ways.items():
        if importlib.util.find_spec(library):
            compare(spec, by_hand())


if __name__ == "__main__":
    main()
