"""Profiles of optimizers: they decide which landscapes, budgets and contract checks apply.

Each library's adapter infers the profile, and the summary prints it. The key ``optlandscape_profiles`` of pytest's
configuration corrects it for the whole session.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from pytest_optlandscape.configuration.profiles import INVARIANCES, WORDS, check_words
from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.optimizers.protocol import Adapter

__all__ = ["INVARIANCES", "WORDS", "full_profile", "obstacle", "profile_text", "with_profile"]

_OF_THE_CONTRACT = ("callback", "no-callback", "stoppable", "unstoppable")
_UNDERSTOOD = (
    *("no-constraints", "no-keeps-feasible", "no-noise", "no-residuals", "ending"),
    *("no-seed-globals", "hard-limit", "accepts-nan", "points"),
    *_OF_THE_CONTRACT,
)


def profile_text(adapter: Adapter) -> str:
    """Return an optimizer's profile in words of `WORDS`; rare words appear only if they apply.

    Examples
    --------
    >>> from pytest_optlandscape import optimizers
    >>> profile_text(optimizers.get("scipy:L-BFGS-B"))
    'local, gradient, bounds, deterministic'
    """
    told = ((word, field, value) for word, (field, value) in WORDS.items() if word not in _UNDERSTOOD)
    return ", ".join(word for word, field, value in told if getattr(adapter, field) is value)


def with_profile(adapter: Adapter, text: str) -> Adapter:
    """Return an adapter with a corrected profile.

    Parameters
    ----------
    adapter : Adapter
    text : str
        Words of `WORDS`, separated by spaces or commas. The rest of the profile stays.

    Returns
    -------
    Adapter

    Raises
    ------
    ValueError
        If a word is unknown.

    Examples
    --------
    >>> from pytest_optlandscape import optimizers
    >>> profile_text(with_profile(optimizers.get("scipy:Powell"), "global no-bounds"))
    'global, derivative-free, no-bounds, deterministic'
    """
    changes: dict[str, Any] = {}
    for word in check_words(text):
        if word in WORDS:
            field, value = WORDS[word]
            changes[field] = value
        else:
            before = changes.get("invariances", adapter.invariances)
            name = word.removeprefix("no-").removesuffix("-invariant")
            changes["invariances"] = before - {name} if word.startswith("no-") else before | {name}
    if changes.get("seeds_globals"):
        changes.setdefault("is_stochastic", True)  # runs depend on the seed
    if changes.get("needs_space"):
        changes.setdefault("uses_gradient", False)  # configurations have none
    written = _merged(adapter.written_profile, text)
    return dataclasses.replace(adapter, **changes, written_profile=written) if changes else adapter


def _merged(before: str, text: str) -> str:
    """Return the words of both profiles; where they contradict each other, those of the second."""
    if before in ("", text):
        return text
    said = {_property_of(word): word for profile in (before, text) for word in check_words(profile)}
    return " ".join(said.values())


def _property_of(word: str) -> str:
    return WORDS[word][0] if word in WORDS else word.removeprefix("no-")


def full_profile(adapter: Adapter) -> str:
    """Return the complete profile, in words that `with_profile` takes.

    Examples
    --------
    >>> from pytest_optlandscape import optimizers
    >>> powell = with_profile(optimizers.get("scipy:Powell"), "global rotation-invariant")
    >>> with_profile(optimizers.get("scipy:Powell"), full_profile(powell)) == powell
    True
    """
    words = [word for word, (field, value) in WORDS.items() if getattr(adapter, field) is value]
    promises = [f"{'' if name in adapter.invariances else 'no-'}{name}-invariant" for name in INVARIANCES]
    return " ".join([*words, *promises])


def obstacle(adapter: Adapter, landscape: Landscape) -> str:
    """Return the reason why an optimizer cannot be judged on a landscape; "" if it can.

    Examples
    --------
    >>> from pytest_optlandscape import landscapes, optimizers
    >>> obstacle(optimizers.get("scipy:L-BFGS-B"), landscapes.get("hs071"))
    'constraints'
    """
    if adapter.needs_space and landscape.space is None:
        return "no search space"
    if landscape.own_constraints and not adapter.takes_constraints:
        return "constraints"
    if landscape.noise is not None and not adapter.takes_noise:
        return "noise"
    if adapter.uses_residuals and not landscape.has_residuals:
        return "no residuals"
    is_tried = adapter.assumes_gradient and landscape.space is not None
    if adapter.uses_gradient and not adapter.uses_residuals and not landscape.has_gradient and not is_tried:
        return "no gradient"
    return adapter.obstacle(landscape)
