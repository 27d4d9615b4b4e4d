"""Find the definition of an optimizer in the source files of the repository, without importing or running them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

__all__ = ["locate", "locations_of"]

Location = tuple[str, int]

_MOST_STEPS = 8
"""The number of modules through which an imported name is followed."""


def locations_of(specs: Iterable[str], folders: Sequence[Path], config: Path | None, top: Path) -> dict[str, Location]:
    """Find the file and line of optimizers.

    Parameters
    ----------
    specs : iterable of str
    folders : sequence of Path
        The folders to search for modules, in order.
    config : Path or None
        The configuration file. For an optimizer without source in the repository, such as a library's, the line of
        this file that names it is returned.
    top : Path
        The root of the repository.

    Returns
    -------
    dict
        By spec, the path relative to ``top``, with slashes, and the line, counted from 1. Optimizers that are not found
        are left out.
    """
    found = {}
    for spec in specs:
        where = locate(spec, folders) or (config and _line_of(spec, config))
        if where and where[0].resolve().is_relative_to(top.resolve()):
            found[spec] = where[0].resolve().relative_to(top.resolve()).as_posix(), where[1]
    return found


def locate(spec: str, folders: Sequence[Path]) -> tuple[Path, int] | None:
    """Find the definition of ``module:name`` and follow imports; return the module's first line if there is no name.

    Returns
    -------
    (Path, int) or None
        None if no folder has the module.
    """
    module, _, rest = spec.partition(":")
    name = rest.partition("(")[0].strip()
    best = None
    for _ in range(_MOST_STEPS):
        path = _file_of(module.strip(), folders)
        if path is None:
            break
        try:
            body = ast.parse(path.read_bytes()).body
        except (OSError, SyntaxError, ValueError, RecursionError):
            return best or (path, 1)
        best = best or (path, 1)
        first, _, further = name.partition(".")
        line = _defined(body, first, further)
        if line:
            return path, line
        target = _imported(body, first, module, path)
        if target is None:
            break
        module, name = target[0], f"{target[1]}.{further}".rstrip(".")
    return best


def _file_of(module: str, folders: Sequence[Path]) -> Path | None:
    parts = module.split(".")
    if not all(part.isidentifier() for part in parts):
        return None
    for folder in folders:
        for path in (folder.joinpath(*parts, "__init__.py"), folder.joinpath(*parts[:-1], f"{parts[-1]}.py")):
            if path.is_file():
                return path
    return None


def _defined(body: Sequence[ast.stmt], name: str, further: str) -> int:
    """Return the line of the last definition of a name; 0 if there is none."""
    line = 0
    for node in _statements(body):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name == name:
            inner, _, rest = further.partition(".")
            line = (_defined(node.body, inner, rest) if inner else 0) or node.lineno
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(target, ast.Name) and target.id == name for target in targets):
                line = node.lineno
    return line


def _imported(body: Sequence[ast.stmt], name: str, module: str, path: Path) -> tuple[str, str] | None:
    """Return the module from which a name is imported, and its name there."""
    for node in _statements(body):
        if not isinstance(node, ast.ImportFrom):
            continue
        package = module.split(".")
        if node.level:
            up = node.level - (path.name == "__init__.py")
            package = package[: len(package) - up]
        else:
            package = []
        for alias in node.names:
            if (alias.asname or alias.name) == name:
                return ".".join([*package, *([node.module] if node.module else [])]), alias.name
    return None


def _statements(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield statements, including those under ``if``, ``try`` and ``with``."""
    for node in body:
        yield node
        if isinstance(node, ast.If | ast.Try | ast.With):
            blocks = [getattr(node, name, []) for name in ("body", "orelse", "finalbody")]
            blocks += [handler.body for handler in getattr(node, "handlers", [])]
            for block in blocks:
                yield from _statements(block)


def _line_of(spec: str, config: Path) -> tuple[Path, int] | None:
    try:
        lines = config.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    quoted = spec.replace("\\", "\\\\").replace('"', '\\"')
    return next(((config, k) for k, line in enumerate(lines, start=1) if spec in line or quoted in line), (config, 1))
