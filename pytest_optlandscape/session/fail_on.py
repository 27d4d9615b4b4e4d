"""The verdicts that fail a test: ``optlandscape_fail_on``, for all optimizers and for single ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pytest_optlandscape.comparison import Verdict
from pytest_optlandscape.texts.spelling import unknown_name

__all__ = ["FAIL_ON", "FailOn", "fail_on_of"]

FAIL_ON: dict[str, set[Verdict]] = {
    "worse": {Verdict.WORSE},
    "changed": {Verdict.WORSE, Verdict.CHANGED},
    "different": set(Verdict) - {Verdict.SAME},
    "never": set(),
    "creep": {Verdict.WORSE},
}
"""The verdicts that fail a test, for each word of ``optlandscape_fail_on``. Creep also fails the session."""


@dataclass(frozen=True)
class FailOn:
    """The words of ``optlandscape_fail_on``.

    Attributes
    ----------
    words : tuple of str, default ("worse",)
        The words for all other optimizers; several words add up.
    of_optimizer : mapping of str to tuple of str
        By spec, the words for one optimizer.

    Examples
    --------
    >>> refactored = FailOn(("worse",), {"solver:descend": ("different",)})
    >>> [refactored.fails(Verdict.BETTER, spec) for spec in ("solver:descend", "scipy:CG")]
    [True, False]
    """

    words: tuple[str, ...] = ("worse",)
    of_optimizer: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def fails(self, verdict: Verdict, spec: str = "") -> bool:
        """Return whether a verdict fails a test of an optimizer or, without a spec, a test of the user's own."""
        return any(verdict in FAIL_ON[word] for word in self.words_of(spec))

    def words_of(self, spec: str) -> tuple[str, ...]:
        """Return the words that apply to an optimizer."""
        return self.of_optimizer.get(spec, self.words)

    @property
    def heeds_creep(self) -> bool:
        """Whether creep of any optimizer over the history fails the session."""
        return any("creep" in words for words in (self.words, *self.of_optimizer.values()))


def fail_on_of(lines: Iterable[str]) -> FailOn:
    """Read the words for all optimizers, and the lines ``SPEC = words`` for single ones.

    Parameters
    ----------
    lines : iterable of str

    Raises
    ------
    ValueError
        If a word is unknown, ``never`` is combined with other words, or an optimizer has two lines.

    Examples
    --------
    >>> fail_on_of(["worse, creep", "solver:descend(step=0.5) = different"]).of_optimizer
    {'solver:descend(step=0.5)': ('different',)}
    """
    words: list[str] = []
    of_optimizer: dict[str, tuple[str, ...]] = {}
    for line in lines:
        spec, separator, told = line.rpartition(" = ")
        if not separator:
            words += _checked(told)
            continue
        if spec.strip() in of_optimizer:
            raise ValueError(f"optlandscape_fail_on has two lines for {spec.strip()!r}; remove one")
        of_optimizer[spec.strip()] = tuple(_checked(told)) or ("worse",)
    return FailOn(tuple(_checked(" ".join(words))) or ("worse",), of_optimizer)


def _checked(text: str) -> list[str]:
    words = text.replace(",", " ").split()
    for word in words:
        if word not in FAIL_ON:
            advice = "for one optimizer, write a line SPEC = WORD" if "=" in word or ":" in word else ""
            raise ValueError(unknown_name("value of optlandscape_fail_on:", word, FAIL_ON, advice and f"; {advice}"))
    if "never" in words and len(words) > 1:
        raise ValueError(f"optlandscape_fail_on is {' '.join(words)!r}: write 'never' without other words")
    return words
