"""Summarise the checks of the contract for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_optlandscape.comparison import Verdict
from pytest_optlandscape.contract import CheckOutcome
from pytest_optlandscape.report.layout import WIDTH, wrapped
from pytest_optlandscape.texts.plurals import number_of

__all__ = ["contract_lines"]


def contract_lines(
    spec: str, judged: Sequence[tuple[CheckOutcome, Verdict]], ref: str | None = None, width: int = WIDTH
) -> list[str]:
    """Summarise which checks of the contract an optimizer keeps and breaks.

    Parameters
    ----------
    spec : str
    judged : sequence of (CheckOutcome, Verdict)
    ref : str, optional
        The revision to compare with (default: the accepted outcomes).
    width : int, default 80

    Returns
    -------
    list of str
        One sentence, wrapped; empty if no check was run.

    Examples
    --------
    >>> known = CheckOutcome("check_clips_start", "error", "failed", "…")
    >>> fine = CheckOutcome("check_reported_value", "error", "passed")
    >>> contract_lines("scipy:Powell", [(known, Verdict.SAME), (fine, Verdict.SAME)])
    ['scipy:Powell keeps 1 of 2 checks of the contract; known to break', '  check_clips_start']
    """
    asked = [(found, verdict) for found, verdict in judged if found.outcome != "not-applicable"]
    if not asked:
        return []
    kept = sum(found.outcome == "passed" for found, _ in asked)
    parts = [f"{spec} keeps {kept} of {number_of(len(asked), 'check')} of the contract"]
    breaches = [(found.check, verdict) for found, verdict in asked if found.is_breach]
    new, old = "breaks, with nothing accepted yet,", "known to break"
    if ref:
        new, old = f"breaks, with nothing to compare with at {ref},", f"breaks as at {ref}"
    for what, names in (
        ("newly breaks", [name for name, verdict in breaches if verdict == Verdict.WORSE]),
        (new, [name for name, verdict in breaches if verdict == Verdict.NEW]),
        (old, [name for name, verdict in breaches if verdict == Verdict.SAME]),
        ("no longer breaks", [found.check for found, verdict in asked if verdict == Verdict.BETTER]),
        ("warned of", [found.check for found, _ in asked if found.outcome == "failed" and not found.is_breach]),
    ):
        if names:
            parts.append(f"{what} {', '.join(names)}")
    return wrapped("; ".join(parts), "", width)
