"""``python -m pytest_optlandscape list [WORDS …]``: print the catalogue of landscapes."""

from __future__ import annotations

import argparse

import pytest


def main(arguments: list[str] | None = None) -> int:
    """Read the command line and answer it.

    Parameters
    ----------
    arguments : list of str, optional
        Default: those of the process.

    Returns
    -------
    int
        The exit code.
    """
    parser = argparse.ArgumentParser(prog="python -m pytest_optlandscape", description=__doc__)
    commands = parser.add_subparsers(required=True)
    listing = commands.add_parser("list", help="print the catalogue of landscapes")
    listing.add_argument("words", nargs="*", help="names, tags, families or dim=N; put a minus in front to exclude")
    words, rest = parser.parse_known_args(arguments)
    from pytest_optlandscape.session.listing import list_landscapes

    try:
        return list_landscapes(" ".join([*words.words, *rest]), print)
    except pytest.UsageError as error:
        parser.error(str(error).removeprefix("--optlandscape-list: "))


if __name__ == "__main__":
    raise SystemExit(main())
