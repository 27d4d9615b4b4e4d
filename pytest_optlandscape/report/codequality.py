"""Write GitLab's code quality report: a JSON list of issues, each at a line of the repository.

A session reports its verdicts, and the exporter ``codequality`` the events of a history. Both use `issue`, so that
GitLab recognises the same issue in both.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from pytest_optlandscape.report.trend import clean

__all__ = ["SEVERITIES", "codequality_text", "issue"]

SEVERITIES = ("info", "minor", "major", "critical", "blocker")
"""GitLab's severities, the least severe first."""


def issue(
    check: str, spec: str, place: str, description: str, *, severity: str, path: str, line: int | None = None
) -> dict[str, Any]:
    r"""Return one issue.

    Parameters
    ----------
    check : str
        The kind of issue: ``worse``, ``changed``, ``creep`` and so on.
    spec : str
        The optimizer.
    place : str
        The landscape, the check of the contract or the commit; ``overall`` for the whole suite.
    description : str
        One sentence.
    severity : str
        One of `SEVERITIES`.
    path : str
        The path of a file, relative to the top of the repository.
    line : int, optional
        The line, counted from 1 (default: 1).

    Returns
    -------
    dict
        The ``fingerprint`` depends on the first three parameters only, so that GitLab can tell new issues of a merge
        request from those of the target branch.

    Raises
    ------
    ValueError
        If the severity is not one of GitLab's.

    Examples
    --------
    >>> made = issue("worse", "solver:minimize", "beale", "twice as\nslow", severity="major", path="./solver.py")
    >>> made["description"], made["location"]
    ('twice as slow', {'path': 'solver.py', 'lines': {'begin': 1}})
    """
    if severity not in SEVERITIES:
        raise ValueError(f"severity must be one of {', '.join(SEVERITIES)}, got {severity!r}")
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
    """Return the issues as JSON for GitLab.

    Parameters
    ----------
    issues : iterable of dict
        Issues of `issue`. Among those with the same fingerprint the first is kept, because GitLab rejects duplicates.

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
