"""Write a session as Markdown, for the summary of a job and for a comment on a pull request or merge request.

Names, messages and subjects of commits are escaped: they cannot make a table cell, an HTML element, a mention of a
person or a command of GitLab.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from pytest_optlandscape.comparison import OptimizerComparison
from pytest_optlandscape.report.before_and_now import before_and_now, records_of, speed_text
from pytest_optlandscape.report.remarks import Remark, SessionReport
from pytest_optlandscape.report.trend import clean, what_moved
from pytest_optlandscape.report.wording import replay_command
from pytest_optlandscape.texts.plurals import number_of
from pytest_optlandscape.trend import Event, Trend

__all__ = ["COMMENT_BYTES", "SUMMARY_BYTES", "code", "escaped", "markdown", "marker"]

COMMENT_BYTES = 64_000
"""GitHub accepts comments of up to 65 536 characters."""

SUMMARY_BYTES = 900_000
"""GitHub accepts job summaries of up to 1 MiB for each step."""

_REPLAYED = 10
_EVENTS = 10
_ORDER = ("worse", "changed", "not-comparable", "new", "better", "same")

_MEANS = re.compile(
    r"[\\`*_{}\[\]<>|&~@]"  # Markdown, HTML and mentions of people, anywhere
    r"|[#!$%](?=[\w\"'])"  # issues, requests, labels, milestones, formulas
    r"|!(?=\[)|:(?=//)|(?<=www)\."  # pictures and links
    r"|(?<=\bGH)-(?=\d)|^[-+=#/]",  # issues; lists, headings, commands of GitLab
    re.IGNORECASE,
)
_MENTIONS = "@#!~$%&-"


def escaped(text: str, length: int = 300) -> str:
    r"""Escape text for Markdown and HTML.

    Parameters
    ----------
    text : str
    length : int, default 300
        Longer text is cut.

    Returns
    -------
    str
        One line. Control characters are replaced, and characters with a meaning become entities. Those that could
        mention a person are followed by a zero-width space.

    Examples
    --------
    >>> escaped("a|b <script> @all")
    'a&#124;b &#60;script&#62; &#64;&#8203;all'
    """
    return _entities(clean(text, length), "&#8203;")


def code(text: str, length: int = 120) -> str:
    r"""Return a name as code, where it cannot mention a person.

    Examples
    --------
    >>> code("solver:minimize"), code("a`b")
    ('<code>solver:minimize</code>', '<code>a&#96;b</code>')
    """
    return f"<code>{_entities(clean(text, length), '')}</code>"


def _entities(text: str, after_mentions: str) -> str:
    made = _MEANS.sub(lambda found: f"&#{ord(found[0])};" + (after_mentions if found[0] in _MENTIONS else ""), text)
    return re.sub(r"^(\d+)\.(?= |$)", r"\1&#46;", made)  # no list


def marker(project: str = "") -> str:
    """Return the hidden line that identifies a comment, so that it can be found and updated.

    Parameters
    ----------
    project : str, optional
        The project's folder, if its repository has several projects.

    Examples
    --------
    >>> marker(), marker("packages/a --> b")
    ('<!-- optlandscape -->', '<!-- optlandscape: packages/a_-___b -->')
    """
    name = re.sub(r"[^\w./-]|(?<=-)-", "_", clean(project, 200), flags=re.ASCII)
    return f"<!-- optlandscape: {name} -->" if name else "<!-- optlandscape -->"


@dataclass(frozen=True)
class _Part:
    """A piece of the document: a head, rows and a foot; if space is short, the last rows are left out."""

    head: str
    rows: Sequence[str] = ()
    foot: str = ""


def markdown(report: SessionReport, remarks: Sequence[Remark], *, project: str = "", limit: int = COMMENT_BYTES) -> str:
    """Return a session as Markdown.

    Parameters
    ----------
    report : SessionReport
    remarks : sequence of Remark
        The worst first.
    project : str, optional
        The project's folder within its repository.
    limit : int, default 64000
        The largest size in bytes. A longer text is cut between rows, and says so.

    Returns
    -------
    str
        The hidden `marker`, a table of the optimizers, a table of remarks, commands to replay the worst cells, and the
        events of the history; the worst comes first.
    """
    order = [one.spec for one in sorted(report.comparisons, key=_worst_first(remarks))]
    compared = {one.spec: one for one in report.comparisons}
    against = escaped(report.wording.reference) if report.wording.revision else "the baseline"
    in_project = f" of {code(project)}" if project else ""
    parts = [
        _Part(f"{marker(project)}\n### Optimizers{in_project}: {_counts(report)}\n\n"),
        _Part(f"Suite {code(report.suite)}, compared with {against}.\n\n"),
        _table(
            ["optimizer", "verdict", "compared", "speed", "success", "digits", "evaluations"],
            [_optimizer_row(compared[spec]) for spec in order],
        ),
        _table(
            ["", "optimizer", "where", "what moved", "success", "digits", "evaluations"],
            [_remark_row(one, compared) for one in remarks],
            "#### What moved",
        ),
        _replays(remarks, in_project.replace(" of ", ", in ", 1)),
        *(part for trend in report.trends for part in _over_commits(trend)),
        _Part("", [f"- {escaped(note, 600)}\n" for note in report.notes]),
    ]
    return _within(parts, limit)


def _counts(report: SessionReport) -> str:
    if not report.comparisons:
        return "no landscape was run"
    counted = Counter(str(one.verdict) for one in report.comparisons)
    return ", ".join(f"{counted[verdict]} {verdict}" for verdict in _ORDER if counted[verdict])


def _worst_first(remarks: Sequence[Remark]) -> Callable[[OptimizerComparison], tuple[int, int]]:
    first: dict[str, int] = {}
    for k, remark in enumerate(remarks):
        first.setdefault(remark.spec, k)
    return lambda one: (_ORDER.index(str(one.verdict)), first.get(one.spec, len(remarks)))


def _table(header: Sequence[str], rows: Iterable[Sequence[str]], title: str = "") -> _Part:
    lines = [_row(row) for row in rows]
    if not lines:
        return _Part("")
    return _Part((f"{title}\n\n" if title else "") + _row(header) + _row(["---"] * len(header)), lines, "\n")


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def _optimizer_row(comparison: OptimizerComparison) -> list[str]:
    verdict = str(comparison.verdict)
    return [
        code(comparison.spec),
        verdict if verdict == "same" else f"**{verdict}**",
        _count(comparison),
        "" if comparison.speed is None else speed_text(comparison),
        *before_and_now(*records_of(comparison)),
    ]


def _count(comparison: OptimizerComparison) -> str:
    return f"{len(comparison.compared)} of {len(comparison.landscapes)}"


def _remark_row(remark: Remark, compared: dict[str, OptimizerComparison]) -> list[str]:
    landscapes = compared[remark.spec].landscapes if remark.spec in compared else ()
    of_remark = next((one for one in landscapes if one.now.landscape == remark.where), None)
    numbers = ["", "", ""]
    if of_remark is not None:
        numbers = before_and_now(*records_of(of_remark))
    verdict = f"**{remark.verdict}**" if remark.fails else remark.verdict
    return [verdict, code(remark.spec), code(remark.where) if remark.where else "", escaped(remark.text), *numbers]


def _replays(remarks: Sequence[Remark], where: str) -> _Part:
    """Return the commands that replay the worst cell of each optimizer."""
    cells: dict[str, str] = {}
    for remark in remarks:
        if remark.cell and remark.spec not in cells:
            cells[remark.spec] = remark.cell
    lines = [replay_command(clean(spec, 200), clean(cell, 200)) for spec, cell in list(cells.items())[:_REPLAYED]]
    if not lines:
        return _Part("")
    fence = "`" * max(3, 1 + max((len(run) for line in lines for run in re.findall("`+", line)), default=0))
    text = "\n".join([f"{fence}console", *lines, fence, ""])
    return _Part(f"Replay the worst {'cells' if len(lines) > 1 else 'cell'}{where}:\n\n{text}\n")


def _over_commits(trend: Trend) -> list[_Part]:
    """Return a table of the steps and creep of a history, the newest first."""
    if not trend.events:
        return []
    commits = sum(len(state.points) for state in trend.states)
    title = f"#### Over {number_of(commits, 'recorded commit')}: {code(trend.series.title)}"
    rows = [_event_row(event) for event in reversed(trend.events[-_EVENTS:])]
    return [_table(["", "", "commit", "what moved", "triage"], rows, title)]


def _event_row(event: Event) -> list[str]:
    entry = event.states[-1].first.entry
    subject = f" {escaped(entry.subject, 72)}" if entry.subject else ""
    what = escaped(what_moved(event.comparison))
    if event.kind == "creep" and event.shares:
        shares = ", ".join(f"{code(one.commit[:10])} {one.permille / 10:.1f} %" for one in event.shares[:12])
        what += f"; shares: {shares}" + ("…" if len(event.shares) > 12 else "")
    word = f"{event.triage.word}: {escaped(event.triage.why, 200)}" if event.triage else ""
    return [str(event.comparison.verdict), event.kind, f"{code(entry.short)}{subject}", what, word]


def _within(parts: Sequence[_Part], limit: int) -> str:
    """Join the parts; if they are too long, cut between rows."""
    rows = sum(len(part.rows) for part in parts)
    word = "\nToo long: {} more rows are left out here; `--optlandscape-json` has them all.\n"
    room = limit - len(word.format(rows).encode())
    text: list[str] = []
    used = written = 0
    for part in parts:
        head = len(part.head.encode())
        needed = head + (len((part.rows[0] + part.foot).encode()) if part.rows else len(part.foot.encode()))
        if used + needed > room:
            return _cut(text, word.format(rows - written), limit)
        text.append(part.head)
        used += head
        for row in part.rows:
            size = len((row + part.foot).encode())
            if used + size > room:
                return _cut(text, word.format(rows - written), limit)
            text.append(row)
            used += len(row.encode())
            written += 1
        text.append(part.foot)
        used += len(part.foot.encode())
    return "".join(text)


def _cut(text: Sequence[str], word: str, limit: int) -> str:
    whole = "".join([*text, word])
    return whole if len(whole.encode()) <= limit else ""
