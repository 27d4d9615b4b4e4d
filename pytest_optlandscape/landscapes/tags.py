"""Tags: words that describe landscapes and select them."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_optlandscape.texts.spelling import unknown_name

__all__ = ["OF_SEARCH_SPACES", "TAGS", "parse_tags"]

TAGS = {
    "smooth": "twice continuously differentiable inside the bounds",
    "nonsmooth": "has kinks, cusps, jumps or points of infinite curvature inside the bounds",
    "convex": "convex inside the bounds",
    "quadratic": "a quadratic form",
    "polynomial": "a polynomial in the coordinates",
    "separable": "minimised one coordinate at a time",
    "scalable": "defined for many dimensions",
    "unimodal": "one local minimum inside the bounds",
    "multimodal": "several local minima inside the bounds",
    "many-minimizers": "several global minimisers",
    "least-squares": "a sum of squared residuals",
    "ill-conditioned": "curvatures at the minimiser differ by a factor of 1000 or more, or one vanishes",
    "valley": "a curved or narrow valley leads to the minimiser",
    "flat": "wide regions or directions in which almost nothing changes",
    "deceptive": "the trend leads away from the global minimiser",
    "active-bounds": "a global minimiser lies on the bounds",
    "unbounded-below": "falls below fmin outside the bounds",
    "wide-range": "values span many orders of magnitude",
    "undefined-outside": "has no value somewhere outside the bounds",
    "noisy": "values are random",
    "constrained": "has constraints besides the bounds",
    "network": "the loss of a small neural network",
    "structured": "its point is made of several tensors, or of a matrix",
    "search-space": "over a typed search space, whose configurations are coded as points of a box",
    "discrete": "over a search space with finitely many configurations",
    "mixed-integer": "over a search space of real numbers together with whole numbers, categories or steps",
    "conditional": "over a search space with parameters that are active under conditions",
    "multi-fidelity": "has a fidelity: cheaper and less exact values",
    "pseudo-boolean": "a function of bits",
}
"""Every tag and its meaning."""

OF_SEARCH_SPACES = frozenset(
    {"search-space", "discrete", "mixed-integer", "conditional", "multi-fidelity", "pseudo-boolean"}
)
"""Tags that only landscapes over a search space have. Such landscapes are chosen by name or by one of these tags."""


def parse_tags(tags: str | Iterable[str]) -> frozenset[str]:
    """Read tags: one word, several words in one string, or an iterable of words.

    Parameters
    ----------
    tags : str or iterable of str
        For example ``"smooth convex"`` or ``["smooth", "convex"]``.

    Returns
    -------
    frozenset of str

    Raises
    ------
    ValueError
        If a word is not a tag; the message names the nearest one.

    Examples
    --------
    >>> sorted(parse_tags("smooth convex"))
    ['convex', 'smooth']
    """
    if not isinstance(tags, str) and not all(isinstance(tag, str) for tag in tags):
        raise ValueError(f"tags must be words, such as 'smooth'; got {tags!r}")
    words = tags.replace(",", " ").split() if isinstance(tags, str) else list(tags)
    for word in words:
        if word not in TAGS:
            raise ValueError(unknown_name("tag", word, TAGS))
    return frozenset(words)
