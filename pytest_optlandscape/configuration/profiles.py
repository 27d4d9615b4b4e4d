"""What optimizers are, as the configuration says: the words of a profile, and what is in force, by spec.

In force are profiles and, as text, the declarations of ``optlandscape_adapters``, which `_declarations` reads.

The plugin reads them before anything that is heavy is imported, so nothing of the package is imported here.
`optimizers.get` applies them to every optimizer that it makes.
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
}
"""The words of a profile, and what each says of an adapter."""

INVARIANCES = ("scaling", "permutation", "translation", "rotation")
"""What an optimizer may promise not to depend on; in a profile ``rotation-invariant``, or ``no-rotation-invariant``."""

_PROMISES = {f"{name}-invariant" for name in INVARIANCES}

_sessions: list[tuple[Mapping[str, str], Mapping[str, str]]] = []
"""The profiles and the adapters by spec that each session of this process declares; an inner session (pytester's) comes
after an outer one."""


def declare(profiles: Mapping[str, str], adapters: Mapping[str, str] | None = None) -> Callable[[], None]:
    """Put the profiles and adapters of a session in force, instead of those of a session around it.

    Parameters
    ----------
    profiles : mapping of str to str
        By spec, words separated by spaces or commas.
    adapters : mapping of str to str, optional
        By spec, a declaration; see `_declarations.parse_declaration`.

    Returns
    -------
    callable
        Puts back what was in force before.

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
        _sessions[:] = [session for session in _sessions if session is not own]  # others may be equal

    return put_back


def declared(spec: str) -> str:
    """Return what the session says of an optimizer; "" if it says nothing."""
    return _sessions[-1][0].get(spec, "") if _sessions else ""


def declared_adapters() -> Mapping[str, str]:
    """Return the declarations of adapters that the session makes, by spec."""
    return _sessions[-1][1] if _sessions else {}


def said_of(spec: str) -> str:
    """Write what the session says of an optimizer as further arguments of a call of `minimize`; "" for nothing.

    Examples
    --------
    >>> put_back = declare({"solvers:descend": "no-bounds"}, {"solvers:descend": "objective=func start=x0"})
    >>> said_of("solvers:descend")
    ", declaration='objective=func start=x0', profile='no-bounds'"
    >>> put_back()
    """
    adapters, words = declared_adapters(), declared(spec)
    declaration = adapters.get(spec) or adapters.get(spec.partition("(")[0])
    return "".join(f", {name}={text!r}" for name, text in (("declaration", declaration), ("profile", words)) if text)


def parsed(lines: Iterable[str]) -> dict[str, str]:
    """Read lines ``SPEC = words``; a spec may hold equals signs, but none with spaces around.

    Raises
    ------
    ValueError
        If a line has another form, or two lines are of one optimizer.

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
    """Split a profile into its words.

    Raises
    ------
    ValueError
        If a word is unknown; the message names the nearest. If two words contradict each other.

    Examples
    --------
    >>> check_words("global, stochastic")
    ['global', 'stochastic']
    """
    words = text.replace(",", " ").split()
    said: dict[str, str] = {}
    for word in words:
        promise = word.removeprefix("no-")
        if word not in WORDS and promise not in _PROMISES:
            known = [*WORDS, *sorted(_PROMISES), *(f"no-{promise}" for promise in sorted(_PROMISES))]
            raise ValueError(unknown_name("word of an optimizer's profile", word, known))
        other = said.setdefault(WORDS[word][0] if word in WORDS else promise, word)
        if other != word:
            raise ValueError(f"an optimizer's profile says {other!r} and {word!r}: give one of them")
    return words
