"""Names of baseline files. A name gets a hash if two optimizers could share it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Iterable
from pathlib import Path

from pytest_optlandscape.optimizers import Adapter
from pytest_optlandscape.store.strict_json import DamageError, parsed, read_regular

__all__ = ["NOT_BASELINES", "baseline_files", "baseline_path", "owner_of"]

NOT_BASELINES = ("tracked.json", "widths.json")
"""Files beside the baselines that belong to tests."""

_LONGEST = 100
"""The most characters of a plain name. With a hash and a temporary suffix it stays far below the 255 bytes of most file
systems."""

_OWNER = re.compile(r'\s*\{\s*"schema": *\d+,\s*"optimizer": *("(?:[^"\\\n]|\\.)*")')
"""The beginning of a file that this package wrote."""


def baseline_path(folder: Path, adapter: Adapter, others: Iterable[Adapter] = ()) -> Path:
    """Return the path of an optimizer's baseline.

    The name gets a hash of the spec if it is too long, if some file system cannot hold its characters, or if another
    optimizer has the same name. Case is ignored.

    Parameters
    ----------
    folder : Path
        It need not exist. An existing file of this optimizer keeps its name.
    adapter : Adapter
    others : iterable of Adapter, optional
        The other optimizers of the configuration.

    Returns
    -------
    Path

    Examples
    --------
    >>> from pytest_optlandscape import optimizers
    >>> baseline_path(Path("baselines"), optimizers.get("scipy:L-BFGS-B")).name
    'scipy_L-BFGS-B.json'
    """
    name = _name_of(adapter)
    plain, hashed = _plain(name), _hashed(name)
    present = _names_in(folder)
    for known in (hashed, plain, _of_earlier_versions(name)):
        path = folder / f"{known}.json"
        owners = (adapter.spec, None) if known == hashed else (adapter.spec,)  # no other optimizer has this hash
        if path.name in present and owner_of(path) in owners:
            return path
    alike = [owner_of(folder / one) for one in present if one.casefold() == f"{plain}.json".casefold()]
    is_taken = any(
        owner not in (adapter.spec, None) and plain.casefold().startswith(_plain(str(owner)).casefold())
        for owner in alike
    )
    is_shared = any(
        _plain(_name_of(other)).casefold() == plain.casefold() for other in others if _name_of(other) != name
    )
    return folder / f"{hashed if _is_ambiguous(name) or is_taken or is_shared else plain}.json"


def _name_of(adapter: Adapter) -> str:
    return "-".join([adapter.spec, *(str(value) for value in adapter.setting.values())])


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.,=()-]+", "_", name)[:_LONGEST]


def _hashed(name: str) -> str:
    return f"{_plain(name)[:90]}-{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()[:8]}"


def _is_ambiguous(name: str) -> bool:
    """Return whether a plain name loses more than the colon after the library and the spaces after commas."""
    rest = name.replace(":", "", 1).replace(", ", "")
    return len(name) > _LONGEST or re.search(r"[^A-Za-z0-9_.,=()-]", rest) is not None


def _of_earlier_versions(name: str) -> str:
    plain = re.sub(r"[^\w.,=()-]+", "_", name)
    if len(plain) > 100 or re.search(r"[^\w.,=()\-: ']", name):
        plain = f"{plain[:90]}-{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()[:8]}"
    return plain


def _names_in(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def baseline_files(folder: Path) -> list[Path]:
    """List the possible baselines in a folder, sorted by name."""
    names = sorted(one for one in _names_in(folder) if one.endswith(".json") and not one.startswith("."))
    return [folder / name for name in names if name not in NOT_BASELINES]


def owner_of(path: Path) -> str | None:
    """Return the spec of the optimizer whose baseline a file is; None if it is no baseline, or is damaged.

    Examples
    --------
    >>> owner_of(Path("no such file")) is None
    True
    """
    with contextlib.suppress(OSError, ValueError):
        text = read_regular(path)
        found = _OWNER.match(text)
        if found:
            return str(json.loads(found.group(1)))
        with contextlib.suppress(DamageError):
            content = parsed(text)
            owner = content.get("optimizer") if isinstance(content, dict) else None
            return owner if isinstance(owner, str) else None
    return None
