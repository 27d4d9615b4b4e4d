"""Profiles and declarations of optimizers from pytest's configuration, by spec.

This module parses profiles. Declarations of ``optlandscape_adapters`` stay text, which `declarations` parses. The
plugin reads them before any heavy import, so this module imports little. `optimizers.get` applies them to every
optimizer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from pytest_optlandscape.texts.spelling import unknown_name

__all__ = ["INVARIANCES", "WORDS", "check_words", "declare", "declared", "declared_adapters", "parsed", "said_of"]

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
    "callback": ("takes_callback", True),
    "no-callback": ("takes_callback", False),
    "stoppable": ("stops_on_request", True),
    "unstoppable": ("stops_on_request", False),
    "seed-globals": ("seeds_globals", True),
    "no-seed-globals": ("seeds_globals", False),
    "hard-limit": ("has_hard_limit", True),
    "soft-limit": ("has_hard_limit", False),
    "accepts-nan": ("refuses_nan", False),
    "refuses-nan": ("refuses_nan", True),
    "points": ("needs_space", False),
    "configurations": ("needs_space", True),
}
"""The words of a profile, with the attribute of the adapter that each sets, and its value."""

INVARIANCES = ("scaling", "permutation", "translation", "rotation")
"""Invariances that an optimizer may promise; in a profile ``rotation-invariant`` or ``no-rotation-invariant``."""

_PROMISES = {f"{name}-invariant" for name in INVARIANCES}

_sessions: list[tuple[Mapping[str, str], Mapping[str, str]]] = []
"""The profiles and declarations by spec of each session in this process; an inner session (pytester's) comes after the
outer one.
"""


def declare(profiles: Mapping[str, str], adapters: Mapping[str, str] | None = None) -> Callable[[], None]:
    """Activate a session's profiles and declarations, instead of those of the outer session.

    Parameters
    ----------
    profiles : mapping of str to str
        For each spec, words separated by spaces or commas.
    adapters : mapping of str to str, optional
        For each spec, a declaration; see `declarations.parse_declaration`.

    Returns
    -------
    callable
        Restores the previous profiles and declarations.

    Raises
    ------
    ValueError
        If a word is unknown.

    Examples
    --------
    >>> put_back = declare({"scipy:Powell": "global"})
    >>> declared("scipy:Powell")
    'global'
    >>> put_back()
    >>> declared("scipy:Powell")
    ''
    """
    for spec, text in profiles.items():
        try:
            check_words(text)
        except ValueError as error:
            raise ValueError(f"optlandscape_profiles, {spec[:200]}: {error}") from None
    own = dict(profiles), dict(adapters or {})
    _sessions.append(own)

    def put_back() -> None:
        _sessions[:] = [
            session for session in _sessions if session is not own
        ]  # compare by identity, as sessions may be equal

    return put_back


def declared(spec: str) -> str:
    """Return the session's profile of an optimizer; "" if there is none."""
    return _sessions[-1][0].get(spec, "") if _sessions else ""


def declared_adapters() -> Mapping[str, str]:
    """Return the session's declarations by spec."""
    return _sessions[-1][1] if _sessions else {}


def said_of(spec: str, declaration: str = "", profile: str = "") -> str:
    """Return an optimizer's declaration and profile as arguments of a `minimize` call; "" for none.

    Parameters
    ----------
    spec : str
    declaration, profile : str, optional
        Those that were given with a keyword (default: the session's).

    Examples
    --------
    >>> put_back = declare({"solvers:descend": "no-bounds"}, {"solvers:descend": "objective=func start=x0"})
    >>> said_of("solvers:descend")
    ", declaration='objective=func start=x0', profile='no-bounds'"
    >>> put_back()
    """
    adapters = declared_adapters()
    written = {
        "declaration": declaration or adapters.get(spec) or adapters.get(spec.partition("(")[0]),
        "profile": profile or declared(spec),
    }
    return "".join(f", {name}={text!r}" for name, text in written.items() if text)


def parsed(lines: Iterable[str]) -> dict[str, str]:
    """Parse lines ``SPEC = words``; a spec may contain equals signs without spaces around them.

    Raises
    ------
    ValueError
        If a line has another form, or two lines name the same optimizer.

    Examples
    --------
    >>> parsed(["mypackage:anneal(steps=3) = global stochastic"])
    {'mypackage:anneal(steps=3)': 'global stochastic'}
    """
    profiles: dict[str, str] = {}
    for line in lines:
        spec, separator, words = str(line).strip().rpartition(" = ")
        is_spec = ":" in spec and spec.count("(") == spec.count(")")
        if not separator or not is_spec or not words.strip():
            raise ValueError(
                f"optlandscape_profiles: {str(line)[:200]!r} is not of the form SPEC = WORDS, such as "
                "'scipy:Powell = global no-bounds'"
            )
        if spec.strip() in profiles:
            raise ValueError(f"optlandscape_profiles names {spec.strip()!r} twice; put its words into one line")
        profiles[spec.strip()] = words
    return profiles


def check_words(text: str) -> list[str]:
    """Split a profile into words and check them.

    Raises
    ------
    TypeError
        If the profile is no string.
    ValueError
        If a word is unknown; the message names the nearest known one. If two words contradict each other.

    Examples
    --------
    >>> check_words("global, stochastic")
    ['global', 'stochastic']
    """
    if not isinstance(text, str):
        raise TypeError(f"an optimizer's profile is a string of words, such as 'global stochastic', got {text!r}")
    words = text.replace(",", " ").split()
    said: dict[str, str] = {}
    for word in words:
        promise = word.removeprefix("no-")
        if word not in WORDS and promise not in _PROMISES:
            known = [*WORDS, *sorted(_PROMISES), *(f"no-{promise}" for promise in sorted(_PROMISES))]
            raise ValueError(unknown_name("word of an optimizer's profile", word, known))
        other = said.setdefault(WORDS[word][0] if word in WORDS else promise, word)
        if other != word:
            raise ValueError(f"an optimizer's profile says {other!r} and {word!r}; keep one of them")
    return words
