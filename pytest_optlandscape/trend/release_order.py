"""Sort measured releases of libraries by version."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from packaging.version import InvalidVersion, Version

from pytest_optlandscape.store import CommitEntry

__all__ = ["releases_in_order"]


def releases_in_order(entries: Iterable[CommitEntry]) -> dict[str, list[str]]:
    """Sort the entries of releases by library and version.

    Parameters
    ----------
    entries : iterable of CommitEntry
        Entries of commits are ignored. If a library was measured with several states of the project's files, only the
        state measured last counts, because a change of the files would look like a change of the library.

    Returns
    -------
    dict of str to list of str
        The names of each library's entries, oldest release first.
    """
    by_library: dict[str, list[CommitEntry]] = defaultdict(list)
    for entry in entries:
        if entry.release:
            by_library[entry.release.rpartition(" ")[0]].append(entry)
    found = {}
    for library, several in sorted(by_library.items()):
        tree = max(several, key=lambda one: (one.commit_time, one.name)).tree
        ordered = sorted((one for one in several if one.tree == tree), key=_order)
        found[library] = list(dict.fromkeys(one.commit for one in ordered))
    return found


def _order(entry: CommitEntry) -> tuple[bool, Version, str]:
    text = entry.release.rpartition(" ")[2]
    try:
        return True, Version(text), text
    except InvalidVersion:
        return False, Version("0"), text
