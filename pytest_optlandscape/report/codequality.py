"""GitLab's code quality report: a JSON list of issues, each at a line of the repository.

A session writes the issues of its verdicts, and the exporter ``codequality`` those of a history's events. Both make
them with `issue`, so that GitLab takes the same thing for the same issue.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from pytest_optlandscape.report.trend import clean

__all__ = ["SEVERITIES", "codequality_text", "issue"]

SEVERITIES = ("info", "minor", "major", "critical", "blocker")
"""The severities that GitLab knows, the least first."""


def issue(
    check: str, spec: str, place: str, description: str, *, severity: str, path: str, line: int | None = None
) -> dict[str, Any]:
    r"""Make one issue.

    Parameters
    ----------
    check : str
        What kind of issue it is: ``worse``, ``changed``, ``creep`` and so on.
    spec : str
        The optimizer.
    place : str
        The landscape, the check of the contract or the commit that it is about; ``overall`` for the suite as one.
    description : str
        One sentence.
    severity : str
        One of `SEVERITIES`.
    path : str
        Of a file, relative to the top of the repository.
    line : int, optional
        Counted from 1 (default: the first).

    Returns
    -------
    dict
        Its ``fingerprint`` depends on the first three parameters only, so GitLab sees whether a merge request brings
        an issue or the target branch has it already.

    Raises
    ------
    ValueError
        If GitLab does not know the severity.

    Examples
    --------
    >>> made = issue("worse", "solver:minimize", "beale", "twice as\nslow", severity="major", path="./solver.py")
    >>> made["description"], made["location"]
    ('twice as slow', {'path': 'solver.py', 'lines': {'begin': 1}})
    """
    if severity not in SEVERITIES:
        raise ValueError(f"severity is one of {', '.join(SEVERITIES)}, got {severity!r}")
    identity = "\0".join((check, spec, place)).encode("utf-8", "surrogatepass")
    return {
        "type": "issue",
        "check_name": f"optlandscape-{check}",
        "description": clean(description, 1000),
        "fingerprint": hashlib.sha256(identity).hexdigest()[:40],
        "severity": severity,
        "categories": ["Performance"],
        "location": {"path": clean(path.removeprefix("./"), 4000), "lines": {"begin": max(line or 1, 1)}},
    }


def codequality_text(issues: Iterable[dict[str, Any]]) -> str:
    """Write the issues as GitLab reads them.

    Parameters
    ----------
    issues : iterable of dict
        Made by `issue`. Of several with the same fingerprint the first is kept: GitLab refuses doubles.

    Returns
    -------
    str
        A JSON list, ``[]`` if there is no issue.

    Examples
    --------
    >>> print(codequality_text([]), end="")
    []
    """
    unique: dict[str, dict[str, Any]] = {}
    for one in issues:
        unique.setdefault(one["fingerprint"], one)
    return json.dumps(list(unique.values()), indent=1, ensure_ascii=True, allow_nan=False) + "\n"
