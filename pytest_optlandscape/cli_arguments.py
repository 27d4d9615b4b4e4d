"""Define the arguments and the help of the command ``optlandscape``."""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["EXPORT_FORMATS", "USAGE", "make_parser"]

USAGE = 4
"""The exit status for mistakes, the same as pytest's."""

EXPORT_FORMATS = {
    "csv": "a table with a row for each commit and landscape",
    "json": "the same table, with unit and direction of each criterion",
    "github-action-benchmark": "the last commit as customSmallerIsBetter, or customBiggerIsBetter",
    "bencher": "the last commit in Bencher Metric Format",
    "asv": "a results folder for `asv publish`",
    "openmetrics": "gauges with the commits' times; with --last those of the last commit",
    "codequality": "GitLab's report: what is worse or changed at the last commit",
}
"""The formats of `report.exporters.EXPORTERS`, repeated here because that module is imported only when used."""


def make_parser(commands: Mapping[str, Callable[[argparse.Namespace], int]]) -> argparse.ArgumentParser:
    """Make the parser of the command line.

    Parameters
    ----------
    commands : mapping of str to callable
        By the name of each command, the function that takes the arguments and returns the exit status.

    Returns
    -------
    argparse.ArgumentParser
    """
    parser = _Parser(prog="optlandscape", description="Follow the optimizers of a project over its commits.")
    to = _Commands(parser, commands)
    _reading(to)
    _measuring(to)
    _writing(to)
    _keeping(to)
    _of_baselines(to)
    _of_sessions(to)
    return parser


class _Parser(argparse.ArgumentParser):
    """A parser that exits with pytest's status for mistakes."""

    def error(self, message: str) -> Any:
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: error: {message}\n")


class _Commands:
    """Add commands and their arguments to the parser."""

    def __init__(
        self, parser: argparse.ArgumentParser, commands: Mapping[str, Callable[[argparse.Namespace], int]]
    ) -> None:
        self._commands = commands
        self._parsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(self, name: str, text: str, example: str) -> argparse.ArgumentParser:
        """Add a command; its help ends with an example."""
        made: argparse.ArgumentParser = self._parsers.add_parser(
            name,
            help=text,
            description=f"{text[0].upper()}{text[1:]}.",
            epilog="example:\n" + textwrap.indent(example, "  "),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        made.set_defaults(run=self._commands[name])
        return made

    @staticmethod
    def of_history(made: argparse.ArgumentParser, as_json: bool = True) -> argparse.ArgumentParser:
        """Add the arguments of every command that reads a history."""
        made.add_argument(
            "--history", metavar="PLACE", help="a folder, git:BRANCH or a URL (default: optlandscape_history)"
        )
        if as_json:
            made.add_argument("--json", action="store_true", help="print JSON for other tools")
        return made

    @staticmethod
    def of_line(made: argparse.ArgumentParser) -> None:
        """Add the arguments of every command that follows optimizers along commits or releases."""
        made.add_argument("--until", metavar="REV", help="the last commit of the line (default: HEAD)")
        made.add_argument("--releases", action="store_true", help="follow releases of libraries instead of commits")
        made.add_argument("-k", dest="words", default="", metavar="WORDS", help="only optimizers with these words")
        made.add_argument("--optimizer", metavar="SPEC", help="only this optimizer")
        made.add_argument("--suite", metavar="NAME", help="only this suite")


def _reading(to: _Commands) -> None:
    made = to.of_history(to.add("history", "list the states of each optimizer, newest first", "optlandscape history"))
    to.of_line(made)
    _timing_argument(made)
    made = to.of_history(
        to.add("trend", "show steps and creep, with the share of each commit", "optlandscape trend --exit-code")
    )
    to.of_line(made)
    made.add_argument(
        "--exit-code", action="store_true", help="exit with 1 if a step or creep is worse and nobody triaged it"
    )
    made = to.of_history(to.add("show", "show a commit, landscape by landscape", "optlandscape show HEAD"))
    made.add_argument("commit", metavar="COMMIT")
    made = to.of_history(
        to.add(
            "compare",
            "compare two recorded commits; exit with 0 if nothing is worse, 1 if worse, 3 if not comparable",
            "optlandscape compare v1.0 HEAD\noptlandscape compare --base origin/main",
        )
    )
    made.add_argument("revisions", metavar="A B", nargs="*", help="two commits; with --base only B (default: HEAD)")
    made.add_argument(
        "--base",
        metavar="REF",
        help="compare with the commit where B branched off REF, or the nearest recorded commit before it; auto: where "
        "a pull request branched off its target",
    )
    made.add_argument("--markdown", metavar="PATH", help="also write Markdown for a comment to PATH")
    made.set_defaults(complain=made.error)
    made = to.of_history(
        to.add(
            "triage",
            "record a person's judgement of the step or creep at a commit",
            'optlandscape triage 3f2a91b expected "a safer default"',
        ),
        as_json=False,
    )
    made.add_argument("commit", metavar="COMMIT")
    made.add_argument("word", choices=("accepted", "expected", "fixed"))
    made.add_argument("why", metavar="WHY")


def _measuring(to: _Commands) -> None:
    made = to.of_history(
        to.add(
            "backfill",
            "measure past commits that the history lacks, along first parents",
            "optlandscape backfill v1.0..HEAD",
        )
    )
    made.add_argument("revisions", metavar="REV..REV", nargs="?", help="a range of commits, as for git rev-list")
    made.add_argument(
        "--releases", metavar="RELEASES", help='releases of a library instead of commits: "scipy==1.14.*,1.15.*,1.16.0"'
    )
    made.add_argument("--steps", type=_positive, metavar="N", help="at most N commits, spread evenly")
    made.add_argument("--retry", action="store_true", help="also measure commits again that could not be run")
    made.add_argument(
        "--install",
        metavar="COMMAND",
        default="",
        help='build each commit in an environment with COMMAND, such as "pip install ."',
    )
    made.add_argument(
        "--executor", metavar="WORDS", help="measure several at once: processes:N, dask:ADDRESS, module:callable"
    )
    made = to.of_history(
        to.add(
            "bisect",
            "find the commit that made an optimizer worse, better or changed",
            'optlandscape bisect v1.0 HEAD -k "solver and beale"',
        )
    )
    made.add_argument("good", metavar="GOOD")
    made.add_argument("bad", metavar="BAD")
    made.add_argument(
        "-k",
        dest="words",
        default="",
        metavar="EXPRESSION",
        help='run items with these words in SPEC::LANDSCAPE, as pytest\'s -k does: "solver and not (beale or booth)"',
    )


def _writing(to: _Commands) -> None:
    made = to.of_history(
        to.add("report", "write the page of a history: one file", "optlandscape report -o report.html"),
        as_json=False,
    )
    to.of_line(made)
    made.add_argument("-o", "--output", metavar="PATH", required=True, help="where the page is written")
    made.add_argument("--no-runs", action="store_true", help="do not run the worst cells again to draw their paths")
    made = to.of_history(
        to.add("export", "write the history for another tool", "optlandscape export csv -o history.csv")
    )
    to.of_line(made)
    _export_arguments(made)


def _keeping(to: _Commands) -> None:
    made = to.of_history(to.add("merge", "add the entries of other histories", "optlandscape merge artifacts/*/"))
    made.add_argument("places", metavar="PLACE", nargs="+")
    made.add_argument(
        "--commit", metavar="HASH", help="add only the entries of this commit, and no triage: for the history of a fork"
    )
    made = to.of_history(
        to.add(
            "prune",
            "keep the first and last commit of each state; remove the others with their records",
            "optlandscape prune --dry-run",
        )
    )
    made.add_argument("--dry-run", action="store_true", help="print what would be removed, and remove nothing")
    made = to.of_history(to.add("doctor", "list damaged files, and how to repair them", "optlandscape doctor --repair"))
    made.add_argument("--repair", action="store_true", help="move damaged files into the folder `damaged`")


def _of_baselines(to: _Commands) -> None:
    made = to.add(
        "baseline",
        "check baselines, accept one that was edited by hand, or move that of a renamed optimizer",
        "optlandscape baseline check\n"
        "optlandscape baseline accept optlandscape_baseline/solver_minimize.json\n"
        "optlandscape baseline move solver:minimize solver:descend",
    )
    made.add_argument("action", choices=("check", "accept", "move"), metavar="check | accept | move")
    made.add_argument("names", nargs="*", metavar="NAME", help="accept: files; move: the old spec and the new one")
    made.set_defaults(complain=made.error)


def _of_sessions(to: _Commands) -> None:
    made = to.add("list", "print the catalogue of landscapes", "optlandscape list multimodal dim=2 -noisy")
    made.add_argument("words", nargs="*", help="names, tags, families or dim=N; put a minus in front to exclude")
    made.add_argument("--json", action="store_true", help="print JSON for other tools")
    made = to.add("replay", "run one cell of each configured optimizer again", "optlandscape replay beale/sobol-03")
    made.add_argument("cell", metavar="CELL")
    made.add_argument("--optimizer", metavar="SPEC", help="run only this optimizer")


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number, 1 or more; got {text!r}")
    return number


def _timing_argument(made: argparse.ArgumentParser) -> None:
    made.add_argument(
        "--timing",
        nargs="?",
        const="",
        metavar="PLACE",
        help="add the times that pytest-benchmark saved on this machine: a folder or a file (default: .benchmarks)",
    )


def _export_arguments(made: argparse.ArgumentParser) -> None:
    width = max(map(len, EXPORT_FORMATS))
    listed = "\n".join(f"  {name:<{width}}  {about}" for name, about in EXPORT_FORMATS.items())
    made.epilog = f"formats:\n{listed}\n\n{made.epilog}"
    made.add_argument("format", metavar="FORMAT", choices=EXPORT_FORMATS, help="see below")
    made.add_argument("-o", dest="output", metavar="PATH", help="a file; a folder for asv (default: standard output)")
    made.add_argument("--overall", action="store_true", help="export only the whole suite, no single landscapes")
    made.add_argument("--last", action="store_true", help="openmetrics: only the last commit, without its time")
    made.add_argument(
        "--direction",
        choices=("smaller", "bigger"),
        help="github-action-benchmark: criteria of which smaller (default) or bigger values are better",
    )
