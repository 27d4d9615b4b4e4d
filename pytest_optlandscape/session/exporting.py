"""Run the command ``optlandscape export``: choose rows, format them with an exporter, and write the text."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from pytest_optlandscape.report.exporters import EXPORTERS, Exporter, Options, Pieces
from pytest_optlandscape.report.trend import clean
from pytest_optlandscape.session.static_locations import locations_of
from pytest_optlandscape.store import GitError, ask_git
from pytest_optlandscape.store.atomic_files import new_file
from pytest_optlandscape.store.strict_json import read_regular
from pytest_optlandscape.texts.plurals import number_of
from pytest_optlandscape.trend import Row, Trend
from pytest_optlandscape.trend.rows import NOT_RUN

__all__ = ["Written", "checked_options", "export", "options_of"]


@dataclass(frozen=True)
class Written:
    """The result of an export.

    Attributes
    ----------
    rows : int
    files : tuple of str
        The written files, with their folder; empty if the text went to standard output.
    remarks : tuple of str
        The omitted results, each with the reason.
    """

    rows: int
    files: tuple[str, ...]
    remarks: tuple[str, ...]


def checked_options(form: str, given: dict[str, bool], output: Path | None) -> Exporter:
    """Check that the options fit the format, and return its exporter.

    Parameters
    ----------
    form : str
        The name of the format.
    given : dict of str to bool
        By name, whether the user gave an option that only some formats have.
    output : Path or None

    Returns
    -------
    Exporter

    Raises
    ------
    ValueError
        If the format does not have an option, or ``output`` is missing or of the wrong kind.
    """
    exporter = EXPORTERS[form]
    for name, was_given in given.items():
        if was_given and name not in exporter.takes:
            able = ", ".join(other for other, one in EXPORTERS.items() if name in one.takes)
            raise ValueError(f"export {form} does not take --{name}; {able} does")
    if exporter.is_folder and output is None:
        raise ValueError(f"export {form} writes several files: name a folder with -o, asv's `results_dir`")
    if output is not None:
        kind = "a file" if exporter.is_folder else "a folder"
        if output.is_file() if exporter.is_folder else output.is_dir():
            wanted = "a folder" if exporter.is_folder else "a file"
            raise ValueError(f"-o {output}: this is {kind}, but export {form} writes {wanted}")
        if not output.parent.is_dir():
            raise ValueError(f"-o {output}: there is no folder {output.parent}")
    return exporter


def options_of(
    config: pytest.Config, trends: Iterable[Trend], direction: Literal["smaller", "bigger"], last: bool
) -> Options:
    """Return the options of an export, with the files where the optimizers are defined."""
    root = config.rootpath
    try:
        top = Path(ask_git(root, "rev-parse", "--show-toplevel"))
    except GitError:
        top = root
    folders = [*map(Path, config.getini("pythonpath")), root, root / "src"]
    found = locations_of({trend.series.spec for trend in trends}, folders, config.inipath, top)
    return Options(direction, last, found)


def export(
    exporter: Exporter, rows: Iterable[Row], trends: Sequence[Trend], options: Options, output: Path | None = None
) -> Written:
    """Write rows in a format.

    Parameters
    ----------
    exporter : Exporter
    rows : iterable of Row
    trends : sequence of Trend
        The trends of the rows.
    options : Options
    output : Path, optional
        A file, or a folder if the format has several files (default: standard output).

    Returns
    -------
    Written

    Raises
    ------
    ValueError
        If no recorded result has numbers, or an existing file cannot be extended.
    OSError
        If a file cannot be written. The old file stays as it is.
    """
    if not any(trend.states for trend in trends) and exporter.needs_numbers:
        raise ValueError("there is nothing to export: no recorded commit has numbers; see `optlandscape history`")
    remarks: list[str] = []
    if exporter.commits == "last":
        rows, remarks = _of_last_commit(rows, trends)
    counted = _Counted(rows)
    pieces = exporter.write(counted, options)
    if output is None:
        _print(text for _, text in pieces)
        files: list[str] = []
    elif exporter.is_folder:
        files = _write_folder(output, pieces, exporter)
    else:
        _write_whole(output, (text for _, text in pieces))
        files = [str(output)]
    return Written(counted.number, tuple(files), tuple(remarks))


def _print(pieces: Iterable[str]) -> None:
    """Write to standard output in UTF-8, even if the terminal has another encoding."""
    sys.stdout.flush()
    stream = getattr(sys.stdout, "buffer", None)
    for piece in pieces:
        if stream is None:
            sys.stdout.write(piece)
        else:
            stream.write(piece.encode("utf-8"))
    sys.stdout.flush()


class _Counted:
    """Count the items of an iterator as they pass."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows = rows
        self.number = 0

    def __iter__(self) -> Iterator[Row]:
        for row in self._rows:
            self.number += 1
            yield row


def _of_last_commit(rows: Iterable[Row], trends: Sequence[Trend]) -> tuple[list[Row], list[str]]:
    """Return the rows of the last commit with numbers, and remarks on that commit and the optimizers it lacks."""
    position = {commit: k for trend in trends for k, commit in enumerate(trend.series.commits)}
    measured = {trend.series.title: [state.last.commit for state in trend.states] for trend in trends}
    last = max((commits[-1] for commits in measured.values() if commits), key=position.__getitem__)
    chosen = [row for row in rows if row.commit == last and row.verdict != NOT_RUN]
    line = trends[0].series.commits
    behind = len(line) - 1 - position[last]
    remarks = []
    if behind:
        remarks.append(
            f"the numbers are from commit {last[:10]}, the last recorded commit, {number_of(behind, 'commit')} before "
            f"the end of the line"
        )
    absent = [title for title in measured if title not in {row.title for row in chosen}]
    if absent:
        named = ", ".join(clean(title, 100) for title in absent[:5]) + (" …" if len(absent) > 5 else "")
        remarks.append(f"left out, because they have no numbers at commit {last[:10]}: {named}")
    return chosen, remarks


def _write_folder(folder: Path, pieces: Pieces, exporter: Exporter) -> list[str]:
    written = []
    for name, piece in pieces:
        path, text = folder / name, piece
        if exporter.merge is not None and path.exists():
            try:
                text = exporter.merge(name, read_regular(path), piece)
            except ValueError as error:
                raise ValueError(f"{folder}: {error}") from None
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_whole(path, [text])
        written.append(str(path))
    return written


def _write_whole(path: Path, pieces: Iterable[str]) -> None:
    """Write a file piece by piece, whole or not at all; write directly to a pipe or device."""
    if path.exists() and not path.is_file():  # /dev/stdout, a pipe
        with path.open("w", encoding="utf-8", newline="") as file:
            file.writelines(pieces)
        return
    handle, temporary = new_file(path.parent, f".{path.name[:60]}.", ".unfinished")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.writelines(pieces)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
