"""One sound tuner of each library, held to the contract on landscapes over a search space."""

import pytest
from blackbox_checks import needed

from pytest_optlandscape.contract import CHECKS
from pytest_optlandscape.contract.holding import hold_to
from pytest_optlandscape.optimizers import get

NAMES = list(CHECKS)[list(CHECKS).index("check_evaluates_values_of_space") :]
AT_RANDOM = {"beats_random_search": "it draws at random"}
REPEATS = {"repeats_no_configuration": "it has no memory of what it asked for"}
TUNERS = {
    "optuna:TPESampler": REPEATS,
    "optuna:BruteForceSampler": {},
    "optuna:RandomSampler": {**REPEATS, **AT_RANDOM},
    "sklearn:RandomizedSearchCV": AT_RANDOM,
    "sklearn:HalvingGridSearchCV": {},
    "hyperopt:tpe.suggest": REPEATS,
    "nevergrad:OnePlusOne": REPEATS,
    "smac:RandomFacade": {},
}
"""The checks that a tuner fails, all of them with a warning, and why."""

SLOW = ("hyperopt", "nevergrad", "smac")
"""Libraries whose tuners are not compared with random search, which takes 480 trials."""


@pytest.mark.parametrize("spec", TUNERS)
def test_sound_tuners_fail_only_what_is_known(spec):
    library = spec.partition(":")[0]
    needed(library)
    found = {one.check: one for one in hold_to(get(spec), NAMES[:-1] if library in SLOW else NAMES)}
    failed = {name.removeprefix("check_"): one for name, one in found.items() if one.outcome == "failed"}
    assert set(failed) == set(TUNERS[spec]), [one.message for one in failed.values()]
    assert {one.severity for one in failed.values()} <= {"warning"}
    assert found["check_evaluates_values_of_space"].outcome == "passed"


def test_a_sampler_told_the_wrong_sign_is_worse_than_random_search():
    optuna = needed("optuna")

    class Upward(optuna.samplers.TPESampler):
        def after_trial(self, study, trial, state, values):
            super().after_trial(study, trial, state, values)

        def sample_relative(self, study, trial, search_space):
            return super().sample_relative(_Negated(study), trial, search_space)

        def sample_independent(self, study, trial, name, distribution):
            return super().sample_independent(_Negated(study), trial, name, distribution)

    class _Negated:
        def __init__(self, study):
            self._study = study
            self.direction = optuna.study.StudyDirection.MAXIMIZE
            self.directions = [self.direction]

        def __getattr__(self, name):
            return getattr(self._study, name)

    (found,) = hold_to(get(Upward), ["check_beats_random_search"])
    assert (found.outcome, found.severity) == ("failed", "error")
