"""A Hypothesis strategy for hyperparameters, with values that are easy to read."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from pytest_optlandscape.optimizers.spec import Spec, parse_spec

__all__ = ["hyperparameters"]

_DECADE = 10.0


def hyperparameters(
    optimizer: str | Mapping[str, Any] | None = None, /, **spans: Any
) -> st.SearchStrategy[dict[str, Any] | str]:
    """Draw hyperparameters of an optimizer.

    Numbers have one or two significant decimal digits, or are the ends of their span. In a span of positive numbers
    over a decade or more, all decades are equally likely.

    Parameters
    ----------
    optimizer : str or mapping, optional
        A spec such as ``"keras:Adam"``: then draws are specs with the drawn arguments. Or the spans as a mapping, for
        names that Python does not take as keywords.
    **spans
        For each hyperparameter: its least and its greatest value, such as ``(1e-4, 1.0)``, of which draws are whole if
        both ends are; or a list of its values, the simplest first; or a strategy.

    Returns
    -------
    SearchStrategy
        Of dicts of keyword arguments, or of specs. Numbers shrink to powers of ten or to one decimal digit, near the
        middle of their span.

    Raises
    ------
    TypeError
        If no span is given, or one is neither a pair, a list nor a strategy.
    ValueError
        If a span is empty or not finite, or the spec cannot be read.

    Examples
    --------
    >>> from hypothesis import given
    >>> @given(spec=hyperparameters("keras:SGD", learning_rate=(1e-4, 1.0), momentum=[0.0, 0.9]))
    ... def test_spec(spec):
    ...     assert spec.startswith("keras:SGD(learning_rate=")
    >>> test_spec()
    """
    if isinstance(optimizer, Mapping):
        spans = {**optimizer, **spans}
        optimizer = None
    if not spans:
        raise TypeError("hyperparameters takes at least one, such as learning_rate=(1e-4, 1.0)")
    # not fixed_dictionaries, which has an order of its own
    values = st.tuples(*(_values(name, span) for name, span in spans.items()))
    spec = None if optimizer is None else parse_spec(optimizer)

    @st.composite
    def drawn(draw: Any) -> dict[str, Any] | str:
        arguments = dict(zip(spans, draw(values), strict=True))
        return arguments if spec is None else str(Spec(spec.library, spec.name, {**spec.arguments, **arguments}))

    return drawn()


def _values(name: str, span: Any) -> st.SearchStrategy[Any]:
    if isinstance(span, st.SearchStrategy):
        return span
    if isinstance(span, list) and span:
        return st.sampled_from(span)
    if not (isinstance(span, tuple) and len(span) == 2 and all(isinstance(end, int | float) for end in span)):
        raise TypeError(f"{name} takes a pair (least, greatest), a list of values or a strategy; got {span!r}")
    lower, upper = span
    if not (math.isfinite(lower) and math.isfinite(upper) and lower < upper):
        raise ValueError(f"{name} lies between two finite numbers, the lesser first; got {span!r}")
    if isinstance(lower, int) and isinstance(upper, int):
        return st.integers(lower, upper)
    readable = st.sampled_from(_readable(float(lower), float(upper)))

    def rounded(drawn: tuple[int, float]) -> float:
        digits, value = drawn
        return min(max(float(f"{value:.0e}"), float(lower)), float(upper)) if digits == 1 else value

    return st.tuples(st.integers(1, 2), readable).map(rounded)


def _readable(lower: float, upper: float) -> list[float]:
    """List the ends of a span and the numbers of one or two decimal digits between, the easiest to read first."""
    by_decade = lower > 0.0 and upper / lower >= _DECADE
    if by_decade:
        decades = range(math.floor(math.log10(lower)), math.floor(math.log10(upper)) + 1)
        inside = {float(f"{tenths}e{decade - 1}") for decade in decades for tenths in range(10, 100)}
    else:
        decade = math.floor(math.log10(upper - lower)) - 1
        first, last = math.floor(lower / 10.0**decade), math.ceil(upper / 10.0**decade)
        inside = {float(f"{step}e{decade}") for step in range(first, last + 1)}

    def place(value: float) -> float:
        return math.log10(value) if by_decade else value

    middle = (place(lower) + place(upper)) / 2.0

    def ease(value: float) -> tuple[int, bool, float, float]:
        digits = repr(value).partition("e")[0].lstrip("-").replace(".", "").strip("0")
        return max(len(digits), 1), digits not in ("1", ""), abs(place(value) - middle), value

    return sorted({value for value in inside if lower <= value <= upper} | {lower, upper}, key=ease)
