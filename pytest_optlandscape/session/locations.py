"""Find the file and line of an optimizer, to which reports of its tests point.

For an optimizer of the project, this is its definition. For an optimizer of an installed library, it is the line of the
configuration that names it, because the user can change that line. Nothing is imported here.
"""

from __future__ import annotations

import ast
import functools
import inspect
import os
import re
import sys
import sysconfig
import types
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import pytest_optlandscape
from pytest_optlandscape.optimizers import LIBRARIES, parse_spec, third_party
from pytest_optlandscape.session.suite import SuiteRun

__all__ = ["Location", "configured_at", "defined_at", "locate", "locations_of"]

Location = tuple[Path, int | None]
"""A file and a line, counted from 0 as pytest does; None if the line is not known."""

_OURS = Path(pytest_optlandscape.__file__).resolve().parent
_KEY = re.compile(r"""\s*["']?optlandscape_optimizers["']?\s*=""")
_MOST_BYTES = 4_000_000
"""The largest file that is searched: larger files are not written by hand."""


_FOUND = pytest.StashKey[dict[str, Location]]()


def locations_of(config: pytest.Config, suite: SuiteRun) -> dict[str, Location]:
    """Find all optimizers of a session, once; see `locate`."""
    if _FOUND not in config.stash:
        written = dict(zip(suite.adapters, suite.settings.optimizers, strict=True))
        config.stash[_FOUND] = locate(written, config.rootpath, config.inipath)
    return config.stash[_FOUND]


def locate(written: Mapping[str, str], rootdir: Path, inipath: Path | None) -> dict[str, Location]:
    """Find all optimizers of a session.

    Parameters
    ----------
    written : mapping of str to str
        By spec, the text of the configuration.
    rootdir : Path
        The project's folder.
    inipath : Path or None
        The configuration file.

    Returns
    -------
    dict of str to (Path, int or None)
        The definition of an optimizer of the project, else the line of the configuration file that names it.
    """
    return {spec: defined_at(spec, rootdir) or configured_at(text, rootdir, inipath) for spec, text in written.items()}


def configured_at(written: str, rootdir: Path, inipath: Path | None) -> Location:
    """Find the line of the configuration file that names an optimizer.

    Parameters
    ----------
    written : str
        The optimizer's text in the configuration file.
    rootdir : Path
    inipath : Path or None

    Returns
    -------
    (Path, int or None)
        The line of the key ``optlandscape_optimizers`` if the name is not found. The rootdir and None if there is no
        configuration file.
    """
    if inipath is None:
        return rootdir, None
    lines = _text_of(inipath).splitlines()
    start = next((k for k, line in enumerate(lines) if _KEY.match(line)), None)
    if start is None:
        return inipath, None
    pattern = re.compile(rf"(?<![\w:.-]){re.escape(written.strip())}(?![\w(.-])")
    for k in range(start, len(lines)):
        if not lines[k].lstrip().startswith(("#", ";")) and pattern.search(lines[k]):
            return inipath, k
    return inipath, start


def defined_at(spec: str, rootdir: Path) -> Location | None:
    """Find the definition of an optimizer of the project.

    For a decorated or partially applied function, this is the definition of the function itself. For an object without
    code in the project, such as a partial of a library's function, it is the line where the project names it.

    Parameters
    ----------
    spec : str
    rootdir : Path

    Returns
    -------
    (Path, int) or None
        None if the optimizer is not of the project, or if its place is unknown.
    """
    module, name = _module_and_name(spec)
    if module is None:
        return None
    file = _file_of(getattr(module, "__file__", None), rootdir)
    named = _bound_at(file, name) if file else None
    if named and named[1]:  # a def or class statement
        return file, named[0]  # type: ignore[return-value]
    found = _code_at(_attribute(module, name), rootdir) if name else None
    if found is None and file:
        found = file, named[0] if named else 0
    return found


def is_of_project(file: Path, rootdir: Path) -> bool:
    """Return whether a file is the project's own: inside the rootdir, in no environment, and not of this package."""
    try:
        parts = file.relative_to(rootdir.resolve()).parts
    except ValueError:
        return False
    installed = (Path(sysconfig.get_path(kind)).resolve() for kind in ("stdlib", "platstdlib", "purelib", "platlib"))
    is_installed = any(file.is_relative_to(folder) for folder in installed)
    return not is_installed and not {"site-packages", "dist-packages"} & set(parts) and not file.is_relative_to(_OURS)


def _module_and_name(spec: str) -> tuple[types.ModuleType | None, str]:
    """Return the loaded module of an optimizer and its name there; "" if only the module is known."""
    try:
        parsed = parse_spec(spec)
        if parsed.library in LIBRARIES:
            return None, ""
        added = third_party.find().get(parsed.library)
        if added is not None:
            return added.module(), ""
    except Exception:
        return None, ""
    return sys.modules.get(parsed.library), parsed.name


def _attribute(module: types.ModuleType, name: str) -> Any:
    thing: Any = module
    for part in name.split("."):
        try:
            thing = inspect.getattr_static(thing, part) if isinstance(thing, type) else getattr(thing, part)
        except Exception:  # a user's __getattr__ may raise anything
            return None
    return thing


def _file_of(name: object, rootdir: Path) -> Path | None:
    """Return the path of a file; None if it is not a source file of the project."""
    if not isinstance(name, str) or name.startswith("<"):
        return None
    try:
        file = Path(name).resolve()
        is_source = file.suffix in (".py", ".pyw") and file.is_file() and is_of_project(file, rootdir)
    except (OSError, ValueError, RuntimeError):
        return None
    return file if is_source else None


def _code_at(thing: Any, rootdir: Path) -> Location | None:
    """Find the project's code behind partials, decorators, methods and instances."""
    for one in _layers(thing):
        found: Location | None = None
        if isinstance(one, types.FunctionType):
            file = _file_of(one.__code__.co_filename, rootdir)
            found = (file, max(one.__code__.co_firstlineno - 1, 0)) if file else None
        else:
            found = _class_at(one if isinstance(one, type) else type(one), rootdir)
        if found is not None:
            return found
    return None


def _layers(thing: Any) -> Iterator[Any]:
    """Yield a function and its wrappers, the innermost first."""
    layers: list[Any] = []
    while thing is not None and len(layers) < 100 and all(thing is not one for one in layers):
        layers.append(thing)
        if isinstance(thing, functools.partial | functools.partialmethod):
            thing = thing.func
        elif isinstance(thing, types.MethodType | staticmethod | classmethod):
            thing = thing.__func__
        else:
            thing = inspect.getattr_static(thing, "__wrapped__", None)
    yield from reversed(layers)


def _class_at(made: type, rootdir: Path) -> Location | None:
    module = sys.modules.get(str(made.__module__))
    file = _file_of(getattr(module, "__file__", None), rootdir)
    named = _bound_at(file, made.__qualname__) if file else None
    return (file, named[0]) if file and named and named[1] else None


@functools.lru_cache(maxsize=256)
def _tree_of(file: Path, size: int, time: int) -> ast.Module | None:
    try:
        return ast.parse(_text_of(file))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _bound_at(file: Path, name: str) -> tuple[int, bool] | None:
    """Return the line where a module binds a name, and whether a def or class statement does so.

    The last binding counts, as it does when the module runs.
    """
    try:
        facts = os.stat(file)
    except OSError:
        return None
    tree = _tree_of(file, facts.st_size, facts.st_mtime_ns)
    body: list[ast.stmt] = tree.body if tree else []
    found: tuple[int, bool] | None = None
    for part in name.split(".") if name else ():
        statement = next((one for one in reversed(list(_statements(body))) if part in _names_of(one)), None)
        if statement is None:
            return found
        is_definition = isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        decorators = getattr(statement, "decorator_list", [])
        found = min([statement.lineno, *(one.lineno for one in decorators)]) - 1, is_definition
        body = statement.body if isinstance(statement, ast.ClassDef) else []
    return found


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements of a module or class, including those under ``if`` and ``try``."""
    for one in body:
        yield one
        for inner in ("body", "orelse", "finalbody"):
            if isinstance(one, ast.If | ast.Try | ast.With):
                yield from _statements(getattr(one, inner, []))
        for handler in getattr(one, "handlers", ()):
            yield from _statements(handler.body)


def _names_of(statement: ast.stmt) -> set[str]:
    """Return the names that a statement binds, except by import."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {statement.name}
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    return {one.id for target in targets if target for one in ast.walk(target) if isinstance(one, ast.Name)}


def _text_of(file: Path) -> str:
    try:
        if file.stat().st_size > _MOST_BYTES:
            return ""
        return file.read_bytes().decode("utf-8-sig", "replace")
    except OSError:
        return ""
