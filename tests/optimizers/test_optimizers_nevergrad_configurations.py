"""Nevergrad's optimizers on landscapes over a search space."""

import pytest
from blackbox_checks import needed
from tuning_landscapes import TunerTests, asked, mixed

from pytest_optlandscape import Landscape
from pytest_optlandscape.landscapes.spaces import Choice, Float, Int, Space

needed("nevergrad")


class TestNevergrad(TunerTests):
    tuners = ("nevergrad:TwoPointsDE", "nevergrad:CMA")
    wrong = (("nevergrad:TwoPointDE", "did you mean .TwoPointsDE."),)


def test_the_first_configuration_is_the_start():
    landscape = mixed()
    _, handed = asked("nevergrad:OnePlusOne", landscape, budget=3)
    code = landscape.space.encode(handed[0])
    assert code == pytest.approx(landscape.x0, abs=1e-13)  # Nevergrad takes the exponential of a logarithm


def test_bounds_hold_to_the_last_digit():
    """a bound of a logarithm is the exponential of a rounded logarithm"""

    def value(c):
        return -c["rate"] - c["batch"] + (c["norm"] == "l1")

    space = Space(rate=Float(1e-7, 0.3, log=True), batch=Int(3, 7), norm=Choice("l1", "l2"))
    best = {"rate": 0.3, "batch": 7, "norm": "l2"}
    x0 = {"rate": 1e-3, "batch": 3, "norm": "l1"}
    landscape = Landscape("corner", value, space=space, x0=x0, minimizers=[best], fmin=value(best))
    run, handed = asked("nevergrad:TwoPointsDE", landscape, budget=200)
    assert run.stop_reason == "budget", run.message
    assert max(one["rate"] for one in handed) <= 0.3
    assert run.gap < 0.1
