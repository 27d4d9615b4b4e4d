"""Run the optimizers of one revision in a separate process. Requests and answers are lines of JSON.

`session.reference.revision_client` starts the process. The first line names the places of the modules. Before it is
read, only the standard library is imported.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from pytest_optlandscape.session.reference.search_path import file_of, home_of, is_in_repository
from pytest_optlandscape.session.reference.worktree import Worktree

__all__ = ["main"]


def main() -> None:
    """Answer requests until the input ends.

    Answers go to the standard output, so the prints of optimizers go to the standard error.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # pytest handles Ctrl-C and then ends this process
    _end_with_parent()
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    requests = iter(sys.stdin.readline, "")

    def tell(what: dict[str, Any]) -> None:
        answers.write(json.dumps(what) + "\n")
        answers.flush()

    server = _Server(**json.loads(next(requests)))
    from pytest_optlandscape.runs.refused_calls import refuse_for_good

    refuse_for_good()  # before the imports, as an optimizer may run `from os import _exit`
    for line in requests:
        try:
            answer = server.answer(tell, **json.loads(line))
        except Exception:
            answer = {"error": traceback.format_exc()}
        tell(answer)


def _end_with_parent() -> None:
    """End this process when the session is killed, because nobody would read the answer (Linux only)."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class _FromWorktree(MetaPathFinder):
    """Find the modules of the revision in its folders, before any import hook of an editable installation.

    Parameters
    ----------
    folders : mapping of str to str
        The folder of each top-level module, by its name.
    copies : mapping
        The ``places``, ``namespaces`` and ``constants`` of modules that are installed as copies; see
        `session.reference.installed`.
    """

    def __init__(self, folders: Mapping[str, str], copies: Mapping[str, Any]) -> None:
        self._folders = folders
        self._places: Mapping[str, str] = copies.get("places", {})
        self._namespaces: Mapping[str, list[str]] = copies.get("namespaces", {})
        self._constants: Mapping[str, str] = copies.get("constants", {})

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find a module of the revision; raise if the revision lacks it, so that no other file takes its place."""
        if path is None and fullname in self._folders:
            return self._there(fullname, PathFinder.find_spec(fullname, [self._folders[fullname]], target))
        if fullname.partition(".")[0] in self._folders:
            return None
        folders = self._namespaces.get(fullname.rpartition(".")[0])
        if fullname in self._places:
            return self._there(fullname, _at(fullname, Path(self._places[fullname])))
        if folders is not None:
            found = PathFinder.find_spec(fullname, folders, target)
            return found if found is not None and found.origin else None
        if fullname in self._constants and PathFinder.find_spec(fullname, path, target) is None:
            return spec_from_file_location(fullname, self._constants[fullname])
        return None

    @staticmethod
    def _there(fullname: str, spec: ModuleSpec | None) -> ModuleSpec:
        if spec is None:
            raise ModuleNotFoundError(f"No module named {fullname!r} in that revision", name=fullname)
        return spec


def _at(fullname: str, place: Path) -> ModuleSpec | None:
    """Return the import spec of a package's folder or a module's file; None if there is none."""
    if (place / "__init__.py").is_file():
        inside = [str(place)]
        return spec_from_file_location(fullname, place / "__init__.py", submodule_search_locations=inside)
    return spec_from_file_location(fullname, place) if place.is_file() else None


class _Server:
    """Answer the requests of one session; each method ``do_…`` answers one kind.

    Parameters
    ----------
    path : list of str
        The new ``sys.path``.
    modules : dict
        By name, the only folders from which these top-level modules are imported.
    worktree : dict or None
        The checkout of the other revision; None for the present files.
    profiles : dict
        By spec, words that correct the profile of an optimizer.
    adapters : dict, optional
        By spec, how to call an optimizer with another signature.
    time_limit : float or None
        The longest time of a run in seconds.
    hooks : list of dict
        The locations of the functions that add optimizers.
    copies : dict, optional
        The modules that are imported from the repository's files instead of their installed copy; see
        `session.reference.installed`.
    prefix : str, optional
        The environment of ``path``. A server in another environment keeps its own ``sys.path``. It puts the existing
        folders of ``path`` without installed modules before it.
    """

    def __init__(
        self,
        *,
        path: list[str],
        modules: dict[str, str],
        worktree: dict[str, str] | None,
        profiles: dict[str, str],
        adapters: dict[str, str] | None = None,
        time_limit: float | None,
        hooks: list[dict[str, Any]],
        copies: dict[str, Any] | None = None,
        prefix: str | None = None,
    ) -> None:
        self._copies = copies or {}
        sys.path[:] = path if prefix in (None, sys.prefix) else _before_own(path)
        sys.path += [one for one in self._copies.get("roots", ()) if one not in sys.path]
        sys.meta_path.insert(0, _FromWorktree(modules, self._copies))
        importlib.invalidate_caches()
        self._worktree = Worktree.from_plain(worktree) if worktree else None
        self._profiles = profiles
        self._declared = adapters
        self._time_limit = time_limit
        self._hooks = hooks
        self._adapters: dict[str, Any] = {}

    def answer(
        self, tell: Callable[[dict[str, Any]], None], do: str, hanging: Sequence[str] | None = None, **told: Any
    ) -> dict[str, Any]:
        """Answer a request; ``do`` names the method. Report each run if ``hanging`` names the hanging runs."""
        asked: Callable[..., dict[str, Any]] = getattr(self, f"do_{do}")
        if do == "load":
            return asked(**told)
        from pytest_optlandscape.runs import supervision, watchdog

        if not watchdog.last_words.is_enabled:
            watchdog.last_words.enable(2, ends=True)  # a run that cannot be ended ends this process
        if hanging is None:
            return asked(**told)
        with supervision.supervised(supervision.Supervision(tell, hanging)):
            return asked(**told)

    def do_load(self, spec: str) -> dict[str, Any]:
        """Import an optimizer; return its setting, file and versions, or the reason why it cannot be run."""
        try:
            from pytest_optlandscape.optimizers import get
            from pytest_optlandscape.optimizers.profile import with_profile

            self._add_from_hooks()
            self._declare()
            adapter = with_profile(get(spec), self._profiles.get(spec, ""))
            self._adapters[spec] = replace(adapter, time_limit=self._time_limit)
        except (Exception, SystemExit) as error:
            return {"missing": str(error) or type(error).__name__}
        lent = self._lent_by_the_present()
        if lent:
            return {"incomparable": lent}
        file = home_of(spec)
        return {"setting": adapter.setting, "file": str(file) if file else None, "versions": adapter.versions()}

    def _add_from_hooks(self) -> None:
        """Call the hook functions, once."""
        if self._hooks:
            from pytest_optlandscape.session.added_landscapes import add_landscapes_from
            from pytest_optlandscape.session.added_optimizers import add_optimizers_from
            from pytest_optlandscape.session.hook_functions import HookFunction

            functions = [HookFunction(**one) for one in self._hooks]
            add_landscapes_from(functions)
            add_optimizers_from(functions)
            self._hooks = []

    def _declare(self) -> None:
        """Apply the session's profiles and adapters, once."""
        if self._declared:
            from pytest_optlandscape.configuration.profiles import declare

            declare(self._profiles, self._declared)
            self._declared = None

    def _lent_by_the_present(self) -> str:
        """Return a reason if modules come from the present revision or its installed copy; "" if none do."""
        worktree = self._worktree
        if worktree is None:
            return ""
        files = {name: file_of(module) for name, module in sorted(sys.modules.items())}
        stray = [name for name, file in files.items() if file and is_in_repository(worktree, file)]
        if stray:
            return f"there {', '.join(stray[:3])} would still be imported from the present revision"
        allowed = {str(Path(one).resolve()) for one in self._copies.get("constants", {}).values()}
        places = {Path(place).resolve(): why for place, why in self._copies.get("refused", {}).items()}
        for file in files.values() if places else ():
            why = next((places[one] for one in (file, *file.parents) if one in places), "") if file else ""
            if why and str(file) not in allowed:
                return why
        return ""

    def do_cells(
        self, spec: str, landscape: str, budget: int, with_envelope: bool, starts: list[str] | None = None
    ) -> dict[str, Any]:
        """Run the cells of a landscape; with ``with_envelope``, also make the runs that a baseline needs."""
        from pytest_optlandscape.landscapes import get
        from pytest_optlandscape.records import run_baseline, run_landscape

        run = run_baseline if with_envelope else run_landscape
        record = run(self._adapters[spec], get(landscape), budget, starts=starts).to_plain()
        lent = self._lent_by_the_present()
        if lent:
            raise ImportError(f"while it ran, it imported a module from outside that revision: {lent}")
        return record

    def do_item(self, spec: str, landscape: str, budget: int, **told: Any) -> dict[str, Any]:
        """Run a landscape as an item of the suite does, including the further runs of its comparison."""
        from pytest_optlandscape.landscapes import get
        from pytest_optlandscape.session.item_run import run_item

        return run_item(self._adapters[spec], get(landscape), budget, **told)

    def do_machine(self, spec: str) -> dict[str, str]:
        """Return the versions that may change the numbers of every optimizer."""
        from pytest_optlandscape.session.recording import machine_versions

        return machine_versions()

    def do_repeats(self, spec: str, record: dict[str, Any], at: list[int]) -> dict[str, Any]:
        """Run some cells again; return whether each run repeats itself."""
        from pytest_optlandscape.records import LandscapeRecord
        from pytest_optlandscape.records.measuring import repeats_itself

        known = LandscapeRecord.from_plain(record)
        return {"repeats": repeats_itself(self._adapters[spec], known, known.budget, at)}

    def do_further(self, spec: str, record: dict[str, Any], over: str, batches: int) -> dict[str, Any]:
        """Average the criteria of a record over further runs."""
        from pytest_optlandscape.records import LandscapeRecord
        from pytest_optlandscape.records.averages import with_further_runs

        known = LandscapeRecord.from_plain(record)
        return with_further_runs(self._adapters[spec], known, known.budget, over, batches).to_plain()

    def do_check(self, spec: str, check: str) -> dict[str, str]:
        """Hold an optimizer to one check of the contract."""
        from pytest_optlandscape.contract import CHECKS

        return CHECKS[check].outcome(self._adapters[spec]).to_plain()

    def do_trace(self, spec: str, cell: str, budget: int) -> dict[str, Any]:
        """Run one cell and return every evaluation."""
        from pytest_optlandscape.records.measuring import run_cell

        run = run_cell(self._adapters[spec], _cell(cell), budget)
        return {"x": run.trace.x.tolist(), "fun": run.trace.fun.tolist()}

    def do_time(self, spec: str, cell: str, budget: int) -> dict[str, Any]:
        """Run one cell and time it."""
        from pytest_optlandscape.comparison.own_time import timed_run

        return vars(timed_run(self._adapters[spec], _cell(cell), budget))


def _before_own(path: Sequence[str]) -> list[str]:
    """Return this environment's path behind the folders of another path, without its installed modules."""
    installed = {"site-packages", "dist-packages", "lib-dynload"}
    ahead = [one for one in path if Path(one).is_dir() and not installed & set(Path(one).parts)]
    ahead = [one for one in ahead if not (Path(one) / "os.py").exists()]  # another standard library
    return [*ahead, *(one for one in sys.path if one not in ahead)]


def _cell(cell_id: str) -> Any:
    from pytest_optlandscape.landscapes import get
    from pytest_optlandscape.suites.catalogue import find_cell

    landscape, _, start = cell_id.rpartition("/")
    return find_cell(get(landscape), start)


def bootstrap(interpreter: str = sys.executable) -> list[str]:
    """Return the command that starts a server; the interpreter needs only this package on its search path."""
    folder = str(Path(__file__).resolve().parents[3])
    code = "import sys; sys.path.insert(0, sys.argv[1]); "
    code += "from pytest_optlandscape.session.reference import revision_server as server; server.main()"
    return [interpreter, "-P", "-c", code, folder]
