import functools
import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pytest

from pytest_optlandscape.optimizers.identity import short_name


@dataclass
class Setting:
    rate: float
    words: tuple = ()


class Plain:
    def __init__(self, rate):
        self.rate = rate

    def step(self, x):
        return self.rate * x


def step(x, *, rate=1.0):
    return rate * x


def made(rate):
    return [
        lambda x: rate * x,
        functools.partial(step, rate=rate),
        Plain(rate).step,
        Plain(rate),
        Setting(rate),
        [rate, {"a": 2.0}],
        {rate, "a"},
        {"rate": rate},
        np.array([rate, 1.0]),
        (max, step, Setting(1.0, (rate,))),
    ]


@pytest.mark.parametrize("k", range(len(made(0.1))))
def test_numbers_decide(k):
    one, same, other = made(0.1)[k], made(0.1)[k], made(0.2)[k]
    assert short_name(one) == short_name(same) != short_name(other)
    assert len(short_name(one)) == 8


def test_lambdas_without_memory_differ_by_their_constants():
    assert short_name(lambda x: 0.1 * x) != short_name(lambda x: 0.2 * x)


def test_kinds_differ():
    assert len({short_name(one) for one in (1, 1.0, True, "1", [1], (1,), None, step, max)}) == 9


def test_another_process_gives_the_same_name():
    code = (
        "from pytest_optlandscape.optimizers.identity import short_name; print(short_name({'a': 1.5, 'b': {'x', 'y'}}))"
    )
    names = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True, text=True, check=True,
        ).stdout
        for seed in "12"
    }  # fmt: skip
    assert names == {short_name({"a": 1.5, "b": {"x", "y"}}) + "\n"}


def test_nothing_stable_to_say():
    endless = []
    endless.append(endless)
    assert short_name(endless) is None
    assert short_name([object()]) is None
