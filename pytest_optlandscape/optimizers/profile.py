"""What an optimizer is: it decides on which landscapes it is run, with which budget, and what may be asked of it.

The profile is inferred by the adapter of each library and stated in the summary; where that is wrong, the key
``optlandscape_profiles`` of pytest's configuration says what is right.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from pytest_optlandscape._names import unknown_name
from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.optimizers.protocol import Adapter

__all__ = ["INVARIANCES", "WORDS", "obstacle", "profile_text", "with_profile"]

WORDS: dict[str, tuple[str, bool]] = {
    "local": ("is_global", False),
    "global": ("is_global", True),
    "gradient": ("uses_gradient", True),
    "derivative-free": ("uses_gradient", False),
    "bounds": ("takes_bounds", True),
    "no-bounds": ("takes_bounds", False),
    "constraints": ("takes_constraints", True),
    "no-constraints": ("takes_constraints", False),
    "keeps-feasible": ("keeps_feasible", True),
    "no-keeps-feasible": ("keeps_feasible", False),
    "noise": ("takes_noise", True),
    "no-noise": ("takes_noise", False),
    "residuals": ("uses_residuals", True),
    "no-residuals": ("uses_residuals", False),
    "stochastic": ("is_stochastic", True),
    "deterministic": ("is_stochastic", False),
    "ending": ("ends_by_itself", True),
    "endless": ("ends_by_itself", False),
}
"""The words of a profile, and what each says of an adapter."""

INVARIANCES = ("scaling", "permutation", "translation", "rotation")
"""What an optimizer may promise not to depend on; in a profile ``rotation-invariant``, or ``no-rotation-invariant``."""

_UNDERSTOOD = ("no-constraints", "no-keeps-feasible", "no-noise", "no-residuals", "ending")


def profile_text(adapter: Adapter) -> str:
    """Say what an optimizer is, in the words of `WORDS`; what few are is told of those alone.

    Examples
    --------
    >>> from pytest_optlandscape import optimizers
    >>> profile_text(optimizers.get("scipy:L-BFGS-B"))
    'local, gradient, bounds, deterministic'
    """
    told = ((word, field, value) for word, (field, value) in WORDS.items() if word not in _UNDERSTOOD)
    return ", ".join(word for word, field, value in told if getattr(adapter, field) is value)


def with_profile(adapter: Adapter, text: str) -> Adapter:
    """Correct what an optimizer is taken for.

    Parameters
    ----------
    adapter : Adapter
    text : str
        Words of `WORDS`, separated by spaces or commas; what is not named stays as it was.

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
    promises = {f"{name}-invariant": name for name in INVARIANCES}
    refusals = {f"no-{word}": name for word, name in promises.items()}
    for word in text.replace(",", " ").split():
        if word in promises or word in refusals:
            before = changes.get("invariances", adapter.invariances)
            changes["invariances"] = before | {promises[word]} if word in promises else before - {refusals[word]}
            continue
        if word not in WORDS:
            raise ValueError(unknown_name("word of an optimizer's profile", word, [*WORDS, *promises, *refusals]))
        field, value = WORDS[word]
        changes[field] = value
    return dataclasses.replace(adapter, **changes)


def obstacle(adapter: Adapter, landscape: Landscape) -> str:
    """Say why an optimizer cannot be judged on a landscape; "" if it can.

    Examples
    --------
    >>> from pytest_optlandscape import landscapes, optimizers
    >>> obstacle(optimizers.get("scipy:L-BFGS-B"), landscapes.get("hs071"))
    'constraints'
    """
    if landscape.own_constraints and not adapter.takes_constraints:
        return "constraints"
    if landscape.noise is not None and not adapter.takes_noise:
        return "noise"
    if adapter.uses_residuals and not landscape.has_residuals:
        return "no residuals"
    if adapter.uses_gradient and not adapter.uses_residuals and not landscape.has_gradient:
        return "no gradient"
    return adapter.obstacle(landscape)
