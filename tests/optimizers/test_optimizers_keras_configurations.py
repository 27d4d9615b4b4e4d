"""Is an optimizer of Keras that is made anew for each run the optimizer that was given?"""

import functools
import os
import pickle
import sys

import numpy as np
import pytest

from pytest_optlandscape import assert_tunable, minimize
from pytest_optlandscape.optimizers import get
from pytest_optlandscape.records.with_value import with_value

if "keras" not in sys.modules:
    os.environ.setdefault("KERAS_BACKEND", "torch")
keras = pytest.importorskip("keras")

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning")
SGD, Adam = keras.optimizers.SGD, keras.optimizers.Adam


class Powered(SGD):
    """Its configuration omits an argument; so does its signature, if that is hidden among the keywords."""

    def __init__(self, learning_rate=0.001, power=2.0, **settings):
        super().__init__(learning_rate, **settings)
        self.power = power

    def update_step(self, gradient, variable, learning_rate):
        super().update_step(gradient * self.power, variable, learning_rate)


class Hidden(SGD):
    def __init__(self, learning_rate=0.001, **settings):
        power = settings.pop("power", 2.0)
        super().__init__(learning_rate, **settings)
        self.power = power

    def update_step(self, gradient, variable, learning_rate):
        super().update_step(gradient * self.power, variable, learning_rate)


class Rounding(Powered):
    def get_config(self):
        return {**super().get_config(), "power": float(round(self.power))}


class Renaming(Powered):
    def get_config(self):
        return {**super().get_config(), "factor": self.power, "power": self.power}


class Careless(Powered):
    def get_config(self):
        return {**super().get_config(), "power": self.power}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config.pop("power")
        return cls(**config)


class Bare(SGD):
    def __init__(self, power=2.0, **settings):
        super().__init__(**settings)
        self.power = power

    def get_config(self):
        return {"power": self.power}


class Closed(SGD):
    """Takes less than its base class tells."""

    def __init__(self, power=2.0):
        super().__init__(0.001 * power)
        self.power = power

    def get_config(self):
        return {**super().get_config(), "power": self.power}


class Whole(Powered):
    """Tells all."""

    def get_config(self):
        return {**super().get_config(), "power": self.power}


class Falling(keras.optimizers.schedules.LearningRateSchedule):
    def __init__(self, rate, half=10.0):
        self.rate, self.half = rate, half

    def __call__(self, step):
        return self.rate * 0.5 ** (keras.ops.cast(step, "float32") / self.half)

    def get_config(self):
        return {"rate": self.rate}


class FallingWhole(Falling):
    def get_config(self):
        return {"rate": self.rate, "half": self.half}


OF_A_MODEL = keras.Variable(np.ones(3), dtype="float32")  # kept, because Keras knows variables by their id


def excluding():
    """Leave out a variable of the user's model, which no other variable stands for."""
    optimizer = keras.optimizers.AdamW(0.01, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_list=[OF_A_MODEL])
    return optimizer


def excluding_by_name():
    optimizer = keras.optimizers.AdamW(0.01, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_names=["kernel", "bias"])
    return optimizer


def patched():
    optimizer = SGD(0.001)
    optimizer.update_step = lambda gradient, variable, rate: None
    return optimizer


def used(optimizer):
    variable = keras.Variable(np.ones(3), dtype="float32")
    optimizer.build([variable])
    optimizer.apply([keras.ops.ones(3)], [variable])
    return optimizer


LIES = {
    "omitted": (lambda: Powered(power=8.0), r"Powered.get_config\(\) lacks power"),
    "omitted, though it is the default": (Powered, r"Powered.get_config\(\) lacks power"),
    "omitted and used": (lambda: used(Powered(power=8.0)), "lacks power"),
    "hidden among the keywords": (lambda: Hidden(power=8.0), "the copy differs in power"),
    "rounded": (lambda: Rounding(power=2.4), "the copy differs in power"),
    "told under another name": (lambda: Renaming(power=8.0), "must be rebuilt from its configuration .*factor"),
    "not read back": (lambda: Careless(power=8.0), "the copy differs in power"),
    "none of the base's": (lambda: Bare(power=8.0, learning_rate=0.001), r"Bare.get_config\(\) lacks clipnorm"),
    "more than the class takes": (lambda: Closed(power=8.0), "must be rebuilt from its configuration"),
    "of a wrapped optimizer": (
        lambda: keras.optimizers.LossScaleOptimizer(Powered(power=8.0)),
        "power|inner_optimizer",
    ),
    "of an exclusion": (excluding, "the copy differs in _exclude_from_weight_decay"),
    "of a used exclusion": (lambda: used(excluding()), "the copy differs in _exclude_from_weight_decay"),
    "of a method that was replaced": (patched, "the copy differs in update_step"),
}


@pytest.mark.parametrize("name", LIES)
def test_instances_that_would_be_made_otherwise_are_refused(name):
    make, said = LIES[name]
    with pytest.raises(ValueError, match=f"{said}(.|\n)*Give the class, functools.partial"):
        get(make())


@pytest.mark.parametrize("name", ["omitted", "rounded", "of an exclusion", "none of the base's"])
def test_a_function_makes_what_an_instance_cannot_tell(name):
    make = LIES[name][0]
    adapter = get(make)
    first, again = (minimize(adapter, "booth", budget=9) for _ in range(2))
    assert first.stop_reason == "budget"
    assert np.array_equal(first.trace.x, again.trace.x)
    told = {"omitted": SGD(0.008), "rounded": SGD(0.0024)}
    if name in told:
        assert first.trace.x == pytest.approx(minimize(told[name], "booth", budget=9).trace.x, rel=1e-6)


def used_scaler():
    optimizer = keras.optimizers.LossScaleOptimizer(Adam(0.01), initial_scale=4.0)
    variable = keras.Variable(np.ones(3), dtype="float32")
    optimizer.build([variable])
    if keras.backend.backend() != "jax":  # where it works jitted only
        optimizer.apply([keras.ops.ones(3)], [variable])
    return optimizer


def changed():
    optimizer = Adam(0.01)
    optimizer.learning_rate = 0.05
    optimizer.beta_1 = 0.5
    return optimizer


PLAIN = {
    "SGD": lambda: SGD(0.001),
    "used": lambda: used(Adam(0.05, beta_1=0.5)),
    "own": lambda: Whole(0.001, power=8.0),
    "schedule": lambda: SGD(keras.optimizers.schedules.PiecewiseConstantDecay([3, 6], [0.001, 0.0005, 0.0001])),
    "schedule that omits an argument": lambda: SGD(Falling(0.001, half=2.0)),
    "function of the rate": lambda: SGD(lambda: 0.001),
    "function of the variable": lambda: keras.optimizers.MultiOptimizer(lambda variable: SGD(0.001)),
    "own schedule": lambda: SGD(FallingWhole(0.001, half=3.0)),
    "wrapped own": lambda: keras.optimizers.LossScaleOptimizer(Whole(0.001, power=8.0), initial_scale=4.0),
    "wrapped used": used_scaler,
    "map": lambda: keras.optimizers.MultiOptimizer(keras.optimizers.OptimizerMap(SGD(0.001), {"y": Adam()})),
    "changed": changed,
    "Muon": lambda: keras.optimizers.Muon(0.01, exclude_layers=["a"]),
    "exclusion by name": excluding_by_name,
    "exclusion by name that was used": lambda: used(excluding_by_name()),
}


@pytest.mark.parametrize("name", PLAIN)
def test_instances_that_tell_all_are_rebuilt(name):
    make = PLAIN[name]
    rebuilt = minimize(make(), "booth", budget=12)
    if "used" not in name:
        assert np.array_equal(rebuilt.trace.x, minimize(make, "booth", budget=12).trace.x)
    assert np.array_equal(rebuilt.trace.x, minimize(make(), "booth", budget=12).trace.x)
    assert not np.array_equal(rebuilt.trace.x[0], rebuilt.trace.x[-1])


@pytest.mark.parametrize("name", ["SGD", "own schedule", "wrapped own"])
def test_what_makes_them_goes_to_other_processes(name):
    adapter = get(PLAIN[name]())
    before = minimize(adapter, "booth", budget=5)
    sent = pickle.loads(pickle.dumps(adapter))
    assert np.array_equal(minimize(sent, "booth", budget=5).trace.x, before.trace.x)


def test_local_classes_are_rebuilt():
    class Local(SGD):
        pass

    class LocalSchedule(FallingWhole):
        pass

    expected = minimize(SGD(FallingWhole(0.001)), "booth", budget=9).trace.x
    local = Local(LocalSchedule(0.001))
    for optimizer in (local, keras.optimizers.LossScaleOptimizer(local)):
        assert minimize(optimizer, "booth", budget=9).trace.x == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("optimizer", "spec"),
    [
        (functools.partial(Powered, power=8.0), f"{__name__}:Powered(power=8.0)"),
        (functools.partial(Powered, 0.001, 8.0), f"{__name__}:Powered(learning_rate=0.001, power=8.0)"),
        (f"{__name__}:Powered(power=8.0)", None),
        (f"{__name__}:Hidden(power=8.0)", None),
        (lambda: Powered(power=8.0), f"{__name__}:<lambda>"),
        (f"{__name__}:make_powered(power=8.0)", None),
        (
            functools.partial(Hidden, power=8.0, learning_rate=0.001),
            f"{__name__}:Hidden(learning_rate=0.001, power=8.0)",
        ),
    ],
)
def test_arguments_that_are_given_are_the_arguments(optimizer, spec):
    run = minimize(optimizer, "booth", budget=9)
    assert run.optimizer == (spec or optimizer)
    assert run.trace.x == pytest.approx(minimize(SGD(0.008), "booth", budget=9).trace.x, rel=1e-6)


def make_powered(power) -> Powered:
    return Powered(power=power)


def test_partials_of_keras_own():
    run = minimize(functools.partial(SGD, 0.003, momentum=0.8), "booth", budget=25)
    assert run.optimizer == "keras:SGD(learning_rate=0.003, momentum=0.8)"
    assert np.array_equal(run.trace.x, minimize(run.optimizer, "booth", budget=25).trace.x)
    assert get(functools.partial(Adam, dtype="float64")).setting["dtype"] == "float64"
    assert (
        get(functools.partial(Adam, FallingWhole(0.1))).spec
        == "keras:Adam(learning_rate=FallingWhole(rate=0.1, half=10.0))"
    )
    with pytest.raises(ValueError, match=r"Keras refuses these arguments: .*momentun"):
        get(functools.partial(SGD, momentun=0.8))


class Counting(keras.optimizers.schedules.LearningRateSchedule):
    """Remembers how often it was asked."""

    def __init__(self):
        self.calls = 0

    def __call__(self, step):
        self.calls += 1
        return 0.001 * self.calls

    def get_config(self):
        return {}


def test_the_state_of_an_argument_is_that_of_a_new_one_in_every_run():
    schedule, inner = Counting(), Adam(0.01)
    for make in (functools.partial(SGD, schedule), functools.partial(keras.optimizers.LossScaleOptimizer, inner)):
        adapter = get(make)
        first, again = (minimize(adapter, "booth", budget=9) for _ in range(2))
        assert np.array_equal(first.trace.x, again.trace.x)
    assert schedule.calls == 0
    assert not inner.built


def test_a_function_that_makes_nothing_new_is_refused():
    optimizer = Adam(0.01)
    with pytest.raises(ValueError, match="returned an optimizer that was returned or used before"):
        get(lambda: optimizer)


def test_values_of_a_hyperparameter_are_the_values():
    for optimizer in (Powered, make_powered, f"{__name__}:Powered", functools.partial(Powered, learning_rate=0.001)):
        run = minimize(with_value(optimizer, "power", 8.0), "booth", budget=9)
        assert run.trace.x == pytest.approx(minimize(SGD(0.008), "booth", budget=9).trace.x, rel=1e-6)
    scaler = keras.optimizers.LossScaleOptimizer(SGD(0.008))
    assert "initial_scale=4.0" in with_value(scaler, "initial_scale", 4.0).spec
    assert with_value(SGD(0.1, momentum=0.5), "learning_rate", 0.2).spec == "keras:SGD(learning_rate=0.2, momentum=0.5)"
    with pytest.raises(ValueError, match="lacks power"):
        with_value(Powered(), "learning_rate", 0.1)


class Ignoring(SGD):
    """Takes whatever it is given."""

    def __init__(self, learning_rate=0.05, **_):
        super().__init__(learning_rate)


@pytest.mark.parametrize("optimizer", [Ignoring, f"{__name__}:Ignoring"])
def test_a_hyperparameter_that_is_ignored_has_no_width(optimizer):
    with pytest.raises(ValueError, match="power changes nothing: from each of 2 starts"):
        assert_tunable(optimizer, "sphere[2]", over={"power": (1.0, 10.0)}, n_starts=2, gap=10.0, budget=5)


def test_schedules_whose_configuration_lacks_a_setting_have_names_of_their_own():
    names = [get(SGD(Falling(0.1, falls_by))).spec for falls_by in (0.5, 0.5, 0.9)]
    assert names[0] == names[1] != names[2]
    assert names[0].startswith("keras:SGD(learning_rate=Falling(")
