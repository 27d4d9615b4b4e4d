"""The contract: properties that every optimizer of a family must have from every start.

Each check is a small named function in `contract.checks`. `contract.rules.CHECK_RULES` says to which optimizers it
applies, and how grave a breach is. If a family breaks a property by design, the check does not apply, or only warns.
Users name other accepted failures with ``expected_failures``.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pytest_optlandscape.configuration.profiles import check_words
from pytest_optlandscape.contract.rules import CHECK_RULES, CheckRule, Outcome, Severity
from pytest_optlandscape.contract.search import Held
from pytest_optlandscape.contract.trials import Breach
from pytest_optlandscape.optimizers import Adapter, get
from pytest_optlandscape.optimizers.profile import profile_text, with_profile
from pytest_optlandscape.texts.plurals import number_of
from pytest_optlandscape.texts.printable import printable
from pytest_optlandscape.texts.spelling import unknown_name

__all__ = [
    "CHECKS",
    "Check",
    "CheckOutcome",
    "ContractWarning",
    "check_optimizer",
    "hold_to",
    "parametrize_with_checks",
]


class ContractWarning(UserWarning):
    """An optimizer breaks a property that its family need not have."""


@dataclass(frozen=True)
class CheckOutcome:
    """The outcome of one check.

    Attributes
    ----------
    check : str
        The name of the check.
    severity : str
        ``"error"`` or ``"warning"``: how grave a breach is for this optimizer.
    outcome : str
        ``"passed"``, ``"failed"`` or ``"not-applicable"``.
    message : str
        Where the check fails and how to see it, or why it does not apply; "" if it passed.
    """

    check: str
    severity: Severity
    outcome: Outcome
    message: str = ""

    @property
    def is_breach(self) -> bool:
        """Whether the check failed with severity "error"."""
        return self.outcome == "failed" and self.severity == "error"

    def to_plain(self) -> dict[str, str]:
        """Convert to plain values."""
        return {"check": self.check, "severity": self.severity, "outcome": self.outcome, "message": self.message}


@dataclass(frozen=True)
class Check:
    """A check of the contract, called with an optimizer.

    A breach raises AssertionError, or warns with `ContractWarning` if the family of the optimizer is exempt.

    Attributes
    ----------
    term : CheckRule
    always_raises : bool
        Whether a breach raises even if it would only warn.
    profile : str
        Words that correct the optimizer's profile, as in ``optlandscape_profiles``.

    Examples
    --------
    >>> CHECKS["check_reported_value"]("scipy:Powell")
    >>> CHECKS["check_reported_value"].outcome("scipy:Powell").outcome
    'passed'
    """

    term: CheckRule
    always_raises: bool = False
    profile: str = ""
    _made: _Made | None = field(default=None, compare=False, repr=False)

    @property
    def name(self) -> str:
        """The check's name."""
        return self.term.name

    def outcome(self, optimizer: Any, *, searches: bool = False, profile: str | None = None) -> CheckOutcome:
        """Check an optimizer and return the outcome.

        Parameters
        ----------
        optimizer : str, callable, class or object
        searches : bool, default False
            Whether to search for further starts that break the property, as calling the check does.
        profile : str, optional
            Words that correct the optimizer's profile, such as ``"global stochastic"``.

        Returns
        -------
        CheckOutcome

        Raises
        ------
        ValueError
            If a word of the profile is unknown.
        """
        if profile is None and self._made:
            adapter = self._made.adapter(optimizer)
        else:
            adapter = with_profile(get(optimizer), self.profile if profile is None else profile)
        outcome, severity, message = self.term.hold(Held(adapter, searches))
        return CheckOutcome(self.name, severity, outcome, printable(message))

    def __call__(self, optimizer: Any, *, profile: str | None = None) -> None:
        """Raise or warn if the optimizer breaks the property. The parameters are those of `outcome`."""
        __tracebackhide__ = True
        found = self.outcome(optimizer, searches=True, profile=profile)
        if found.is_breach or (found.outcome == "failed" and self.always_raises):
            raise Breach(found.message)
        if found.outcome == "failed":
            warnings.warn(f"{self.name}: {found.message}", ContractWarning, stacklevel=2)


class _Made:
    """The adapter of one optimizer. It is made once, so that its checks share runs."""

    def __init__(self, optimizer: Any, profile: str) -> None:
        self._optimizer = optimizer
        self._profile = profile
        self._adapter: Adapter | None = None

    def adapter(self, optimizer: Any) -> Adapter:
        """Return the adapter, made at the first call. Another optimizer gets a new adapter."""
        if optimizer is not self._optimizer:
            return with_profile(get(optimizer), self._profile)
        if self._adapter is None:
            self._adapter = with_profile(get(optimizer), self._profile)
        return self._adapter


CHECKS: dict[str, Check] = {term.name: Check(term) for term in CHECK_RULES}
"""The checks by name."""


def hold_to(adapter: Adapter, names: Iterable[str] | None = None, *, searches: bool = False) -> list[CheckOutcome]:
    """Run all checks, or some, on an optimizer. Return the outcomes without raising.

    Examples
    --------
    >>> from pytest_optlandscape import optimizers
    >>> [found.outcome for found in hold_to(optimizers.get("scipy:CG"), ["check_clips_start"])]
    ['not-applicable']
    """
    return [CHECKS[name].outcome(adapter, searches=searches) for name in (CHECKS if names is None else names)]


def check_optimizer(optimizer: Any, *, profile: str = "") -> list[CheckOutcome]:
    """Check an optimizer on the whole contract.

    Parameters
    ----------
    optimizer : str, callable, class or object
        Anything that `optimizers.get` takes.
    profile : str, optional
        Words that correct the optimizer's profile, such as ``"global stochastic"``. They override
        ``optlandscape_profiles``. Properties that are not named keep their values.

    Returns
    -------
    list of CheckOutcome
        One for each check: ``check, severity, outcome, message``.

    Raises
    ------
    AssertionError
        If checks fail. The message lists each, where it fails and how to see it.
    ValueError
        If a word of the profile is unknown.

    Warns
    -----
    ContractWarning
        For each failed check whose property the optimizer's family need not have.

    Examples
    --------
    >>> check_optimizer("scipy:L-BFGS-B")
    Traceback (most recent call last):
        ...
    AssertionError: scipy:L-BFGS-B breaks ...
      check_never_claims_success_with_nan: ...
    """
    __tracebackhide__ = True
    adapter = with_profile(get(optimizer), profile)
    found = hold_to(adapter, searches=True)
    for one in found:
        if one.outcome == "failed" and not one.is_breach:
            warnings.warn(f"{one.check}: {one.message}", ContractWarning, stacklevel=2)
    broken = [f"  {one.check}: {one.message}" for one in found if one.is_breach]
    if broken:
        title = f"{adapter.spec} breaks {len(broken)} of {number_of(len(CHECKS), 'check')}"
        held_as = f"  it was taken for: {profile_text(adapter)}; if that is wrong, give its profile"
        raise AssertionError("\n".join([title, *broken, held_as]))
    return found


def parametrize_with_checks(
    optimizers: Iterable[Any],
    *,
    expected_failures: Mapping[str, str] | None = None,
    profile: str | Mapping[Any, str] = "",
) -> Any:
    """Decorate a test that takes ``optimizer`` and ``check``, so that it runs for each pair.

    Parameters
    ----------
    optimizers : iterable
        Anything that `optimizers.get` takes.
    expected_failures : mapping of str to str, optional
        Names of checks that are known to fail, each with the reason. The test fails if such a check passes. Checks that
        would only warn may be named, too.
    profile : str or mapping, optional
        Words that correct the optimizers' profiles, such as ``"global stochastic"``. A mapping holds them by optimizer
        or spec. They override ``optlandscape_profiles``.

    Returns
    -------
    pytest.MarkDecorator

    Raises
    ------
    ValueError
        If an expected failure names no check, a profile has an unknown word, or a profile names none of the optimizers.

    Examples
    --------
    >>> @parametrize_with_checks(["scipy:Powell"])
    ... def test_contract(optimizer, check):
    ...     check(optimizer)
    """
    import pytest

    expected = dict(expected_failures or {})
    for name in expected:
        if name not in CHECKS:
            raise ValueError(unknown_name("check", name, CHECKS))
    if isinstance(optimizers, str):
        raise TypeError("parametrize_with_checks takes a list of optimizers, got one string")
    chosen = [(one, one if isinstance(one, str) else get(one).spec) for one in optimizers]
    words_of = zip(chosen, _profiles(chosen, profile), strict=True)
    made = [(one, spec, words, _Made(one, words)) for (one, spec), words in words_of]
    parameters = [
        pytest.param(
            optimizer,
            replace(check, always_raises=name in expected, profile=words, _made=its_adapter),
            id=f"{spec}-{name}",
            marks=[pytest.mark.xfail(reason=expected[name], strict=True)] if name in expected else [],
        )
        for optimizer, spec, words, its_adapter in made
        for name, check in CHECKS.items()
    ]
    return pytest.mark.parametrize(("optimizer", "check"), parameters)


def _profiles(optimizers: list[tuple[Any, str]], profile: str | Mapping[Any, str]) -> list[str]:
    """Return the words of the profile for each optimizer; "" if there are none."""
    if isinstance(profile, str):
        check_words(profile)
        return [profile] * len(optimizers)
    for key, words in profile.items():
        check_words(words)
        if not any(key is one or key == spec for one, spec in optimizers):
            raise ValueError(unknown_name("optimizer of a profile:", str(key), [spec for _, spec in optimizers]))
    return [
        next((words for key, words in profile.items() if key is one or key == spec), "") for one, spec in optimizers
    ]
