"""Write GitHub's workflow commands: log lines that GitHub shows as annotations of commits and pull requests."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence

from pytest_optlandscape.report.remarks import Place, Remark
from pytest_optlandscape.report.trend import clean
from pytest_optlandscape.report.wording import replay_command
from pytest_optlandscape.texts.plurals import number_of

__all__ = ["MOST", "annotation_commands", "workflow_command"]

MOST = 10
"""Most annotations of each level that GitHub shows for one step of a workflow; it drops further ones."""

_UNSEEN = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}
"""Categories of characters that control a terminal or end a line."""


def workflow_command(level: str, message: str, **properties: object) -> str:
    r"""Return one workflow command.

    Parameters
    ----------
    level : str
        ``error``, ``warning`` or ``notice``.
    message : str
        One or several lines.
    **properties
        Properties such as ``file``, ``line`` and ``title``; None is left out.

    Returns
    -------
    str
        One line, without a line break at its end. ``%``, CR and LF are escaped, in properties also ``:`` and ``,``.
        Other control characters are replaced.

    Examples
    --------
    >>> workflow_command("warning", "100 % slower\nreplay it", file="a,b.py", line=3, title=None)
    '::warning file=a%2Cb.py,line=3::100 %25 slower%0Areplay it'
    """
    told = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items() if value is not None)
    return f"::{level}{' ' * bool(told)}{told}::{_data(message)}"


def _data(text: str) -> str:
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(one) in _UNSEEN else one for one in escaped)


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def annotation_commands(
    remarks: Sequence[Remark], places: Mapping[str, Place] | None = None, *, with_failures: bool = True
) -> list[str]:
    """Return remarks as workflow commands.

    Parameters
    ----------
    remarks : sequence of Remark
        The worst first.
    places : mapping of str to Place, optional
        Where each optimizer is defined, by spec.
    with_failures : bool, default True
        Whether to annotate failed tests; False if pytest-github-actions-annotate-failures does so.

    Returns
    -------
    list of str
        At most `MOST` commands of each level. A notice counts the remarks that are left out.
    """
    wanted = [
        one for one in remarks if with_failures or not one.fails or one.verdict == "creep"
    ]  # creep is never the failure of a test
    commands: list[str] = []
    left_out = []
    for level, noun in (("error", "error"), ("warning", "warning"), ("notice", "improvement")):
        of_level = [one for one in wanted if one.level == level]
        most = MOST if level != "notice" else MOST - 1
        commands += [_command(one, (places or {}).get(one.spec)) for one in of_level[:most]]
        if len(of_level) > most:
            left_out.append(number_of(len(of_level) - most, f"more {noun}"))
    if left_out:
        commands.append(workflow_command("notice", f"and {', '.join(left_out)}", title="optlandscape"))
    return commands


def _command(remark: Remark, place: Place | None) -> str:
    lines = [clean(remark.text, 2000)]
    if remark.cell:
        lines.append(f"replay the worst cell: {replay_command(clean(remark.spec, 200), clean(remark.cell, 200))}")
    file, line = (place.path, place.line) if place else (None, None)
    return workflow_command(remark.level, "\n".join(lines), file=file, line=line, title=remark.title)
