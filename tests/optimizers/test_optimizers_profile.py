import pytest

from pytest_optlandscape import landscapes, optimizers
from pytest_optlandscape.configuration import profiles as _profiles
from pytest_optlandscape.optimizers.profile import WORDS, obstacle, profile_text, with_profile


@pytest.mark.parametrize(
    ("spec", "profile"),
    [
        ("scipy:L-BFGS-B", "local, gradient, bounds, deterministic"),
        ("scipy:Nelder-Mead", "local, derivative-free, bounds, deterministic"),
        ("scipy:BFGS", "local, gradient, no-bounds, deterministic"),
        ("scipy:SLSQP", "local, gradient, bounds, constraints, deterministic"),
        ("scipy:differential_evolution", "global, derivative-free, bounds, constraints, stochastic"),
        ("scipy:direct", "global, derivative-free, bounds, deterministic"),
    ],
)
def test_profile_is_inferred(spec, profile):
    assert profile_text(optimizers.get(spec)) == profile


def test_every_word_says_what_it_says():
    adapter = optimizers.get("scipy:Powell")
    for word, (field, value) in WORDS.items():
        assert getattr(with_profile(adapter, word), field) is value
    assert profile_text(with_profile(adapter, "")) == profile_text(adapter)


def test_unknown_word_is_named():
    with pytest.raises(ValueError, match="'stochastik'; did you mean 'stochastic'"):
        with_profile(optimizers.get("scipy:Powell"), "stochastik")


def test_obstacles():
    slsqp, lbfgsb = optimizers.get("scipy:SLSQP"), optimizers.get("scipy:L-BFGS-B")
    disk, noisy = landscapes.get("rosenbrock_disk"), landscapes.get("beale").noisy()
    assert (obstacle(slsqp, disk), obstacle(lbfgsb, disk)) == ("", "constraints")
    assert (obstacle(lbfgsb, noisy), obstacle(with_profile(lbfgsb, "noise"), noisy)) == ("noise", "")


def test_an_inner_session_puts_back_what_was_in_force_around_it():
    outermost, outer, inner = (_profiles.declare(words) for words in ({}, {"scipy:Powell": "global"}, {}))
    try:
        assert not optimizers.get("scipy:Powell").is_global
        inner()
        assert optimizers.get("scipy:Powell").is_global
    finally:
        for put_back in (inner, outer, outermost):
            put_back()
    assert not optimizers.get("scipy:Powell").is_global
