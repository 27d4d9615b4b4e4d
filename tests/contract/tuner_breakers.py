"""Tuners that break one check of the contract each, and one that keeps it."""

import dataclasses
import math

import numpy as np

from pytest_optlandscape.optimizers.adapters.ask_tell import AskTell


class Tuner:
    """Draw at random, then near the best; never ask for a configuration twice."""

    def __init__(self, space, seed):
        self.space, self.rng = space, np.random.default_rng(seed)
        self.best, self.lowest, self.asked, self.known = None, math.inf, 0, set()

    def ask(self):
        for _ in range(300):
            codes = self.draw()
            key = tuple(self.space.canonical(codes).tolist())
            if key not in self.known:
                self.known.add(key)
                self.asked += 1
                return self.space.decode(codes)
        return None

    def draw(self):
        codes = self.rng.random(self.space.dim)
        if self.best is None or self.asked < 8 or self.rng.random() < 0.1:
            return codes
        near = self.space.encode(self.best) + 0.08 * self.rng.standard_normal(self.space.dim)
        return np.where(self.rng.random(self.space.dim) < 0.15, codes, np.clip(near, 0.0, 1.0))

    def tell(self, configuration, value):
        if value < self.lowest:
            self.best, self.lowest = configuration, value

    def recommend(self):
        return self.best


class AsksForFloats(Tuner):
    def ask(self):
        asked = super().ask()
        return asked and {name: float(value) if type(value) is int else value for name, value in asked.items()}


class AsksForNumPysNumbers(Tuner):
    def ask(self):
        asked = super().ask()
        return asked and {name: np.int64(value) if type(value) is int else value for name, value in asked.items()}


class KeepsInactiveNames(Tuner):
    def ask(self):
        asked = super().ask()
        if "momentum" in self.space.parameters and self.asked >= 15:
            return {"momentum": 0.5, **asked}
        return asked


class Repeats(Tuner):
    def ask(self):
        if self.asked == 4 and self.best is not None:
            self.asked += 1
            return dict(self.best)
        return super().ask()


class NeverEnds(Tuner):
    def ask(self):
        if self.asked == 9 and "norm" in self.space.parameters:
            return self.space.decode(self.draw())
        return super().ask()


class DiesOfNan(Tuner):
    def tell(self, configuration, value):
        if math.isnan(value):
            raise ValueError("cannot fit NaN")
        super().tell(configuration, value)


class ReturnsNan(Tuner):
    def tell(self, configuration, value):
        if not value >= self.lowest:
            self.best, self.lowest = configuration, -math.inf if math.isnan(value) else value


class ForgetsTheBest(Tuner):
    def __getstate__(self):
        return {**vars(self), "best": None}


class IgnoresItsSeed(Tuner):
    def __init__(self, space, seed):
        super().__init__(space, 0)


class MixesUpWorkers(Tuner):
    def ask(self):
        self.last = super().ask()
        return self.last

    def tell(self, configuration, value):
        super().tell(self.last, value)


class AsksTwice(Tuner):
    """Ask for the same configuration until its value is told."""

    waiting = None

    def ask(self):
        self.waiting = self.waiting or super().ask()
        return self.waiting

    def tell(self, configuration, value):
        self.waiting = None
        super().tell(configuration, value)


class GoesUp(Tuner):
    def tell(self, configuration, value):
        super().tell(configuration, -value)


class DrawsAtRandom(Tuner):
    def draw(self):
        return self.rng.random(self.space.dim)


class _Announced(AskTell):
    """A tuner that announces as many trials as the budget has."""

    def planned(self, problem):
        return problem.budget


class _AnnouncesMore(AskTell):
    def planned(self, problem):
        return problem.budget + 1


class _MaximizesAnother(AskTell):
    def told_to_maximize(self):
        return dataclasses.replace(self, factory=DrawsAtRandom)


def _adapter(kind, spec):
    names = frozenset({"space", "seed"})
    return kind(spec, takes_bounds=True, is_stochastic=True, needs_space=True, factory=Tuner, names=names)


Announced = _adapter(_Announced, "tuner_breakers:Announced")
AnnouncesMore = _adapter(_AnnouncesMore, "tuner_breakers:AnnouncesMore")
MaximizesAnother = _adapter(_MaximizesAnother, "tuner_breakers:MaximizesAnother")

BREAKERS = [
    ("AsksForFloats", "check_evaluates_values_of_space", r"evaluation 1 has batch = .*\.0, which is a float, but"),
    ("KeepsInactiveNames", "check_leaves_out_inactive_names", "has momentum, not active in it"),
    ("Repeats", "check_repeats_no_configuration", "evaluation 5 repeats .* where 9 configurations exist"),
    ("NeverEnds", "check_ends_when_space_is_exhausted", "30 evaluations of a space of 9 configurations, and did not"),
    ("DiesOfNan", "check_survives_failed_trials", "was NaN, and it ended: ValueError: cannot fit NaN"),
    ("ReturnsNan", "check_survives_failed_trials", "it returned a trial that failed"),
    ("AnnouncesMore", "check_keeps_schedule", "its schedule has 8 evaluations, but it made 7"),
    ("MaximizesAnother", "check_maximizes_as_it_minimizes", "told to maximise −f, it parts from minimising f from tri"),
    ("ForgetsTheBest", "check_resumes_search", r"its state was saved and loaded \(pickle\), and it went elsewhere"),
    ("IgnoresItsSeed", "check_search_follows_seed", "seeds 0, 1 and 2 make the same trials"),
    ("MixesUpWorkers", "check_takes_values_in_any_order", "with 4 trials under way it returned f = .*, but saw"),
    ("GoesUp", "check_beats_random_search", r"random search ends as low as it with a mean probability of 0\.[789]"),
]
"""A tuner, the check that it breaks, and what is said."""

SLIGHT = [
    ("AsksForNumPysNumbers", "check_evaluates_values_of_space", "which is a int64 instead of a int"),
    ("AsksTwice", "check_takes_values_in_any_order", "it asked for one configuration 4 times at once"),
    ("DrawsAtRandom", "check_beats_random_search", r"with a mean probability of 0\.[456]"),
]
"""The same for breaches of which a tuner is only warned."""
