"""Make the page from a history or a session; `make_page` is the function that other rooms call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from pytest_optlandscape.report.page.attention import cards_of, in_order_of_attention, summary_of
from pytest_optlandscape.report.page.content import Card, OverviewRow
from pytest_optlandscape.report.page.panels import Subject, overview_row, panel_of
from pytest_optlandscape.report.page.rendering import Heading, RenderedPanel, render_page, render_panel
from pytest_optlandscape.report.page.wording import day_of
from pytest_optlandscape.store import Baseline, CommitEntry, Triage

__all__ = ["make_page"]


def make_page(
    title: str,
    subjects: Iterable[Subject],
    *,
    load: Callable[[str], Baseline | None],
    triages: Mapping[str, Triage] | None = None,
    problems: Sequence[str] = (),
    as_of: str = "",
    if_empty: str = "The history is empty.",
) -> str:
    """Return the page of some optimizers.

    Parameters
    ----------
    title : str
        The project's name.
    subjects : iterable of Subject
        The optimizers. Each is rendered before the next is requested, so that not all records are in memory at once.
    load : callable
        Return the record of a digest, or None if there is no usable one.
    triages : mapping of str to Triage, optional
        Triages by commit.
    problems : sequence of str, optional
        Messages about unreadable files. It is read last, so that `load` may add to it.
    as_of : str, optional
        The commit or time that the page shows (default: the last commit and its day).
    if_empty : str, optional
        The sentence of a page without optimizers.

    Returns
    -------
    str
        An HTML document; the same values give the same text.

    Raises
    ------
    ImportError
        If Jinja2 is not installed: it comes with the extra ``report``.
    """
    cards: list[Card] = []
    overview: list[OverviewRow] = []
    panels: list[RenderedPanel] = []
    newest: CommitEntry | None = None
    for subject in subjects:
        cards += cards_of(subject)
        overview.append(overview_row(subject))
        panels.append(render_panel(panel_of(subject, load, triages or {})))
        states = subject.trend.states if subject.trend is not None else ()
        for entry in [states[-1].last.entry] if states else []:
            if newest is None or entry.commit_time > newest.commit_time:
                newest = entry
    if not as_of and newest is not None:
        as_of = f"As of {newest.short}, {day_of(newest.commit_time)}"
    ordered = in_order_of_attention(cards)
    sentence = summary_of(ordered, len(panels)) if panels else if_empty
    return render_page(Heading(title, as_of, sentence, tuple(problems)), ordered, overview, panels)
