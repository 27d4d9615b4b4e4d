"""The outcomes of the contract's checks in one session, and the accepted outcomes."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_optlandscape.comparison import Verdict
from pytest_optlandscape.contract import CHECKS, CheckOutcome

__all__ = ["ContractRecord", "accepted_outcome"]


WARNED = "warned"
"""The accepted outcome of a check whose failure is only a warning. An error in its place is a change."""


class ContractRecord:
    """The outcomes of the checks, by optimizer.

    Parameters
    ----------
    known : mapping of str to mapping
        By spec, the accepted outcome of each check.
    """

    def __init__(self, known: Mapping[str, Mapping[str, str]]) -> None:
        self._known = {spec: dict(outcomes) for spec, outcomes in known.items()}
        self._found: dict[str, dict[str, CheckOutcome]] = {}

    def keep(self, spec: str, found: CheckOutcome) -> None:
        """Store the outcome of a check."""
        self._found.setdefault(spec, {})[found.check] = found

    def know(self, spec: str, check: str, before: str) -> None:
        """Store the earlier outcome of a check, as `accepted` returns it; ignore ``not-applicable``."""
        if before != "not-applicable":
            self._known.setdefault(spec, {})[check] = before

    def known(self, spec: str, check: str) -> str | None:
        """Return the earlier outcome of a check; None if it is unknown."""
        return self._known.get(spec, {}).get(check)

    def outcomes(self, spec: str) -> list[CheckOutcome]:
        """Return the outcomes of an optimizer, from all processes, in the order of the contract."""
        found = self._found.get(spec, {})
        return [found[name] for name in CHECKS if name in found]

    def accepted(self, spec: str) -> dict[str, str]:
        """Return the outcomes of an optimizer as the baseline stores them."""
        return {found.check: accepted_outcome(found) for found in self.outcomes(spec)}

    def verdict(self, spec: str, found: CheckOutcome) -> Verdict:
        """Judge one outcome: an accepted breach is *same*; an outcome without an earlier one is *new*."""
        before = self.known(spec, found.check)
        if not found.is_breach:
            return Verdict.BETTER if before in ("failed", WARNED) and found.outcome == "passed" else Verdict.SAME
        if before is None:
            return Verdict.NEW
        return Verdict.SAME if before == "failed" else Verdict.WORSE

    def judged(self, spec: str) -> list[tuple[CheckOutcome, Verdict]]:
        """Return the outcomes of an optimizer, each with its verdict."""
        return [(found, self.verdict(spec, found)) for found in self.outcomes(spec)]


def accepted_outcome(found: CheckOutcome) -> str:
    """Return the outcome of a check as the baseline stores it.

    Examples
    --------
    >>> accepted_outcome(CheckOutcome("check_stays_inside_bounds", "warning", "failed"))
    'warned'
    """
    return WARNED if found.outcome == "failed" and not found.is_breach else found.outcome
