"""Is one Keras optimizer the same algorithm on every backend? Each backend runs in a process of its own."""

import importlib.util
import os
import subprocess
import sys

import numpy as np
import pytest

from pytest_optlandscape import Problem, assert_equivalent
from pytest_optlandscape.optimizers import get

if "keras" not in sys.modules:
    os.environ.setdefault("KERAS_BACKEND", "torch")
keras = pytest.importorskip("keras")

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning")

HERE = keras.backend.backend()
OTHERS = [name for name in ("torch", "jax", "tensorflow") if name != HERE and importlib.util.find_spec(name)]
LANDSCAPES = ["beale", "rosenbrock"]
BUDGET = 60

ARGUMENTS = ["", "weight_decay=0.01", "clipnorm=0.5", "use_ema=True, ema_overwrite_frequency=5"]
ARGUMENTS += ["gradient_accumulation_steps=4"]
DECAY = "learning_rate='ExponentialDecay(initial_learning_rate=0.1, decay_steps=5, decay_rate=0.8)'"
CLASSES = ["Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "Ftrl", "Lamb", "Lion", "Muon", "Nadam"]
CLASSES += ["RMSprop", "ScheduleFreeAdamW"]
SPECS = [f"keras:{name}" for name in CLASSES if hasattr(keras.optimizers, name)]
SPECS += [f"keras:Adam({arguments})" for arguments in [*ARGUMENTS[1:], DECAY]]
SPECS += ["keras:SGD(learning_rate=0.0005)", "keras:SGD(learning_rate=0.0002, momentum=0.9, nesterov=True)"]
SPECS += ["keras:Adam(amsgrad=True)", "keras:RMSprop(momentum=0.9)"]

IN_PLACE = {"torch", "tensorflow"}
"""Where ``variable.value`` is the variable itself: ScheduleFreeAdamW keeps its old momentum in it, which then moves."""

PROGRAM = f"""
import sys
import numpy as np
from pytest_optlandscape import minimize
points = {{}}
for spec in sys.argv[2:]:
    for landscape in {LANDSCAPES}:
        points[spec + " on " + landscape] = minimize(spec, landscape, budget={BUDGET}).trace.x
np.savez(sys.argv[1], **points)
"""


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    """The points of every optimizer on every other backend, each made in one process."""
    made = {}
    for backend in OTHERS:
        file = tmp_path_factory.mktemp(backend) / "paths.npz"
        environment = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
        finished = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", PROGRAM, str(file), *SPECS],
            env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert finished.returncode == 0, finished.stderr
        with np.load(file) as arrays:
            made[backend] = dict(arrays)
    return made


def recorded(points):
    """An optimizer that goes where another went."""

    def follow(problem: Problem):
        for x in points:
            problem.fun(x)
            problem.gradient(x)
        problem.fun(points[-1])

    return follow


@pytest.mark.parametrize("landscape", LANDSCAPES)
@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("backend", OTHERS)
def test_backends_agree(spec, backend, landscape, paths):
    there = recorded(paths[backend][f"{spec} on {landscape}"])
    if "ScheduleFree" in spec and (backend in IN_PLACE) != (HERE in IN_PLACE):
        with pytest.raises(AssertionError, match=f"part on {landscape}"):
            assert_equivalent(get(spec), there, [landscape], budget=BUDGET, starts=0)
        return
    assert_equivalent(get(spec), there, [landscape], budget=BUDGET, starts=0)
