"""The state of the process that an optimizer may change, part by part: how each part is read, compared and put back.

`ProcessStateGuard` reads the parts before a landscape's runs and puts back after them what has changed. Few parts
matter to the very next run and are looked at after each one (`EACH_RUN`); the others once for all runs of a landscape.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # those of `signal` are ten times as slow
import builtins
import contextlib
import gc
import locale
import logging
import os
import random
import re
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pytest_optlandscape.runs.quiet_hooks import beneath, put_beneath
from pytest_optlandscape.texts.printable import clean

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

__all__ = ["EACH_LANDSCAPE", "EACH_RUN", "TRACES", "Essentials", "Kept", "Part", "glance", "random_states"]


@dataclass(frozen=True)
class Part:
    """A part of the process's state.

    Attributes
    ----------
    what : str
        What an optimizer does that changes it, such as ``"changes the locale"``.
    read : callable
        Returns the state as a value that does not change any more.
    write : callable
        Takes such a value and makes it the state.
    differs : callable, optional
        Takes the state before and now, and tells whether it was changed (default: whether they are unequal).
    more : callable, optional
        Takes the state before and now, and names the difference.
    """

    what: str
    read: Callable[[], Any]
    write: Callable[[Any], object]
    differs: Callable[[Any, Any], bool] | None = None
    more: Callable[[Any, Any], str] | None = None


TRACES = "sets a function that traces or profiles"


class Essentials:
    """The recursion limit and the built-in functions, without which nothing else can be put back.

    Attributes
    ----------
    recursion_limit : int
        The caller sets it first: no function can be called if it is low.
    """

    def __init__(self) -> None:
        self.recursion_limit = sys.getrecursionlimit()
        self._now = builtins.__dict__
        self._before = dict(self._now)

    def put_back(self) -> tuple[str, ...]:
        """Put the built-in functions back, without calling any; return a text if they were changed."""
        now, before = self._now, self._before
        try:
            if now == before:
                return ()
        except:  # noqa: E722 - even the names of exceptions may be gone
            pass
        changed = False
        for name in before:
            if name not in now or now[name] is not before[name]:
                now[name] = before[name]
                changed = changed or name != "_"
        self._before = dict(now)  # with what was added: a library may install functions
        return ("changes built-in functions",) if changed else ()


class Kept:
    """Several parts as they were at one moment.

    Parameters
    ----------
    parts : iterable of Part
    states : iterable, optional
        What was read of each (default: it is read now).

    Examples
    --------
    >>> kept = Kept(EACH_LANDSCAPE)
    >>> os.environ["STEP_SIZE"] = "0.1"
    >>> kept.put_back(), "STEP_SIZE" in os.environ
    (['changes environment variables (STEP_SIZE)'], False)
    """

    def __init__(self, parts: Iterable[Part], states: Iterable[Any] | None = None) -> None:
        self._states: list[tuple[Part, Any]] = []
        if states is not None:
            self._states += zip(parts, states, strict=True)
            return
        for part in parts:
            try:
                self._states.append((part, part.read()))
            except Exception:  # a part that cannot be read cannot be guarded
                continue

    def put_back(self) -> list[str]:
        """Put back all that has changed; return what an optimizer did to change it."""
        done = []
        for part, before in self._states:
            try:
                now = part.read()
                if not (part.differs(before, now) if part.differs else before != now):
                    continue
                done.append(f"{part.what}{part.more(before, now) if part.more else ''}")
            except BaseException:  # such as a deleted attribute: it can no longer be read, or compared
                done.append(part.what)
            with contextlib.suppress(BaseException):
                part.write(before)
        return done


def _attributes(
    module: Any, *names: str
) -> tuple[Callable[[], Any], Callable[[Any], None], Callable[[Any, Any], bool]]:
    """Read and write attributes of a module, compared by identity; one that is missing is put there again.

    Our own quiet hooks are no change: what lies beneath them is read and written.
    """
    missing = object()

    def read() -> tuple[Any, ...]:
        return tuple(beneath(getattr(module, name, missing)) for name in names)

    def write(before: tuple[Any, ...]) -> None:
        for name, value in zip(names, before, strict=True):
            if value is not missing:
                put_beneath(module, name, value)

    def differs(before: tuple[Any, ...], now: tuple[Any, ...]) -> bool:
        return any(old is not new for old, new in zip(before, now, strict=True))

    return read, write, differs


def _read_folder() -> str:
    try:
        return os.getcwd()
    except OSError:  # somebody removed it
        return ""


def _is_elsewhere(before: str, now: str) -> bool:
    return bool(before) and now != before


def _umask() -> int:
    """Return the mask of permissions of new files.

    ``os.umask`` returns it only by setting another one, under which other threads could make files in the meantime.
    Linux writes it down; elsewhere a new folder shows it.
    """
    with contextlib.suppress(OSError, AttributeError), open("/proc/self/status", "rb", buffering=0) as status:
        return int(_UMASK_LINE.search(status.read(4096)).group(1), 8)  # type: ignore[union-attr]
    with tempfile.TemporaryDirectory() as private:
        probe = os.path.join(private, "probe")
        os.mkdir(probe, 0o777)
        mask = 0o777 & ~os.stat(probe).st_mode
        os.rmdir(probe)
    return mask


_UMASK_LINE = re.compile(rb"^Umask:\s*([0-7]+)", re.MULTILINE)


def _environment() -> tuple[Any, dict[Any, Any]]:
    return os.environ, dict(getattr(os.environ, "_data", os.environ))  # its encoded form is quicker to copy


def _write_environment(before: tuple[Any, dict[Any, Any]]) -> None:
    os.environ, encoded = before
    wanted = {os.fsdecode(name): os.fsdecode(value) for name, value in encoded.items()}
    for name in set(os.environ) - set(wanted):
        del os.environ[name]
    for name, value in wanted.items():
        if os.environ.get(name) != value:
            os.environ[name] = value


def _variables(before: tuple[Any, dict[Any, Any]], now: tuple[Any, dict[Any, Any]]) -> str:
    names = {name for name in {**before[1], **now[1]} if before[1].get(name) != now[1].get(name)}
    listed = sorted(clean(os.fsdecode(name), 40) for name in names)
    return f" ({', '.join(listed[:5])}{' …' if len(listed) > 5 else ''})" if listed else ""


def _locale() -> str:
    return locale.setlocale(locale.LC_ALL)


def _write_locale(before: str) -> None:
    locale.setlocale(locale.LC_ALL, before)


def _collection() -> tuple[bool, tuple[int, int, int], int]:
    return gc.isenabled(), gc.get_threshold(), gc.get_debug()


def _write_collection(before: tuple[bool, tuple[int, int, int], int]) -> None:
    is_enabled, threshold, debug = before
    (gc.enable if is_enabled else gc.disable)()
    gc.set_threshold(*threshold)
    gc.set_debug(debug)


def _lists(*names: str) -> list[tuple[list[Any], tuple[Any, ...]]]:
    return [(found := getattr(sys, name), tuple(found)) for name in names]


def _search_path() -> list[tuple[list[Any], tuple[Any, ...]]]:
    return _lists("path")


def _write_search_path(before: list[tuple[list[Any], tuple[Any, ...]]]) -> None:
    _write_lists(("path",), before)


def _finders() -> list[tuple[list[Any], tuple[Any, ...]]]:
    return _lists("meta_path", "path_hooks")


def _write_finders(before: list[tuple[list[Any], tuple[Any, ...]]]) -> None:
    _write_lists(("meta_path", "path_hooks"), before)


def _write_lists(names: tuple[str, ...], before: list[tuple[list[Any], tuple[Any, ...]]]) -> None:
    for name, (found, items) in zip(names, before, strict=True):
        setattr(sys, name, found)
        found[:] = items


def _some_are_gone(
    before: list[tuple[list[Any], tuple[Any, ...]]], now: list[tuple[list[Any], tuple[Any, ...]]]
) -> bool:
    """Return whether finders are missing; those that libraries add when they are imported may stay."""
    for (old, items), (new, current) in zip(before, now, strict=True):
        identities = set(map(id, current))
        if old is not new or any(id(one) not in identities for one in items):
            return True
    return False


_latest: list[dict[str, Any]] = [{}]
"""A copy of the loaded modules: a new one each time would cost more than many other parts together."""


def _modules() -> tuple[Any, dict[str, Any]]:
    if len(_latest[0]) != len(sys.modules):
        _latest[0] = dict(sys.modules)
    return sys.modules, _latest[0]


def _write_modules(before: tuple[Any, dict[str, Any]]) -> None:
    sys.modules, modules = before
    for name, module in modules.items():
        sys.modules.setdefault(name, module)


def _are_fewer(before: tuple[Any, dict[str, Any]], now: tuple[Any, dict[str, Any]]) -> bool:
    return before[0] is not now[0] or len(now[1]) < len(before[1])


_SIGNALS = [
    getattr(signal, name)
    for name in (
        "SIGABRT", "SIGALRM", "SIGCHLD", "SIGFPE", "SIGHUP", "SIGINT", "SIGPIPE", "SIGPROF", "SIGQUIT", "SIGSEGV",
        "SIGTERM", "SIGTSTP", "SIGUSR1", "SIGUSR2", "SIGVTALRM", "SIGXCPU", "SIGXFSZ",
    )
    if hasattr(signal, name)
]  # fmt: skip


def _handlers() -> list[Any]:
    return [_signal.getsignal(number) for number in _SIGNALS]


def _write_handlers(before: list[Any]) -> None:
    for number, handler in zip(_SIGNALS, before, strict=True):
        if handler is not None and _signal.getsignal(number) is not handler:
            _signal.signal(number, handler)


def _changed_signals(before: list[Any], now: list[Any]) -> str:
    changed = [n.name for n, old, new in zip(_SIGNALS, before, now, strict=True) if old is not new]
    return f" of {', '.join(changed)}"


def _blocked() -> set[Any]:
    return set(signal.pthread_sigmask(signal.SIG_BLOCK, ()))


def _write_blocked(before: set[Any]) -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, before)


_LIMITS = [
    getattr(resource, name)
    for name in ("RLIMIT_NOFILE", "RLIMIT_FSIZE", "RLIMIT_AS", "RLIMIT_CPU")
    if resource is not None and hasattr(resource, name)
]


def _limits() -> list[tuple[int, int]]:
    return [resource.getrlimit(limit) for limit in _LIMITS]


def _write_limits(before: list[tuple[int, int]]) -> None:
    for limit, (soft, hard) in zip(_LIMITS, before, strict=True):
        now = resource.getrlimit(limit)
        if now != (soft, hard):
            try:
                resource.setrlimit(limit, (soft, hard))
            except (ValueError, OSError):  # only root may raise a hard limit
                resource.setrlimit(limit, (now[1], now[1]))


def _decimal_context() -> Any:
    decimal = sys.modules.get("decimal")
    if decimal is None:
        return None
    context = decimal.getcontext()
    return context, context.copy(), repr(context)


def _write_decimal_context(before: Any) -> None:
    if before is not None:
        sys.modules["decimal"].setcontext(before[1])


def _differs_in_decimals(before: Any, now: Any) -> bool:
    return bool(before is not None and now[2] != before[2])


def _log() -> tuple[Any, ...]:
    root = logging.root
    return root.level, root.manager.disable, root.disabled, tuple(root.handlers)


def _write_log(before: tuple[Any, ...]) -> None:
    root = logging.root
    root.setLevel(before[0])
    root.manager.disable = before[1]
    root.disabled = before[2]
    root.handlers[:] = before[3]


def _errors() -> dict[str, Any]:
    return dict(np.geterr())


def _write_errors(before: dict[str, Any]) -> None:
    np.seterr(**before)


def _print_options() -> dict[str, Any]:
    return np.get_printoptions()  # type: ignore[return-value]


def _write_print_options(before: dict[str, Any]) -> None:
    np.set_printoptions(**before)


def _debugs(trace: Any) -> bool:
    """Return whether a tracing function is a debugger's, with which somebody may be inside the optimizer."""
    owner = getattr(trace, "__self__", trace)
    modules = {str(getattr(thing, "__module__", "")).partition(".")[0] for thing in (trace, owner, type(owner))}
    return bool(modules & {"bdb", "pdb", "pydevd", "_pydevd_bundle", "debugpy", "IPython"})


_read_traces: Callable[[], Any] = lambda: (sys.gettrace(), sys.getprofile())  # noqa: E731


def _write_traces(before: tuple[Any, Any]) -> None:
    sys.settrace(before[0])
    sys.setprofile(before[1])


def _other_traces(before: tuple[Any, Any], now: tuple[Any, Any]) -> bool:
    return (before[0] is not now[0] or before[1] is not now[1]) and not _debugs(now[0]) and not _debugs(before[0])


EACH_RUN = (
    Part("changes the recursion limit", sys.getrecursionlimit, sys.setrecursionlimit),
    Part(TRACES, _read_traces, _write_traces, _other_traces),
    Part("replaces stdout or stderr", *_attributes(sys, "stdout", "stderr", "stdin")),
    Part("changes NumPy's handling of floating-point errors", _errors, _write_errors),
    Part("changes the working directory", _read_folder, os.chdir, _is_elsewhere),
)
"""The parts that are compared after each run; the first ones are put back first, because the others need them."""


def glance() -> tuple[Any, ...]:
    """Read all parts of `EACH_RUN` at once: two glances are equal if nothing has changed."""
    streams = sys.__dict__
    return (
        sys.getrecursionlimit(),
        (sys.gettrace(), sys.getprofile()),
        (streams.get("stdout"), streams.get("stderr"), streams.get("stdin")),
        np.geterr(),
        _read_folder(),
    )


_posix = [
    *([Part("changes limits of the process's resources", _limits, _write_limits)] if resource else []),
    Part("changes the mask of permissions of new files (umask)", _umask, os.umask),  # read from a file: limits first
]

EACH_LANDSCAPE = (
    Part("removes loaded modules", _modules, _write_modules, _are_fewer),
    Part("replaces hooks of the interpreter", *_attributes(
        sys, "excepthook", "displayhook", "unraisablehook", "breakpointhook", "__stdout__", "__stderr__", "__stdin__",
    )),
    Part("replaces hooks of threads", *_attributes(threading, "excepthook")),
    *(_posix if os.name == "posix" else []),
    Part("changes environment variables", _environment, _write_environment, more=_variables),
    Part("changes the locale", _locale, _write_locale),
    Part("changes the garbage collector", _collection, _write_collection),
    Part("changes the search path of modules (sys.path)", _search_path, _write_search_path),
    Part("removes finders of modules (sys.meta_path)", _finders, _write_finders, _some_are_gone),
    Part("changes the switch interval of threads", sys.getswitchinterval, sys.setswitchinterval),
    Part("changes the handlers", _handlers, _write_handlers, more=_changed_signals),
    *([Part("blocks signals", _blocked, _write_blocked)] if hasattr(signal, "pthread_sigmask") else []),
    Part("changes the function that NumPy calls at floating-point errors (seterrcall)", np.geterrcall, np.seterrcall),
    Part("changes how NumPy prints", _print_options, _write_print_options),
    Part("changes the context of decimal numbers", _decimal_context, _write_decimal_context, _differs_in_decimals),
    Part("changes the root logger", _log, _write_log),
)  # fmt: skip
"""The parts that are compared once, after all runs of a landscape."""


# Read through the legacy functions on purpose: they are the global state.
def _numpys() -> dict[str, Any]:
    return np.random.get_state(legacy=False)


def _is_another(before: dict[str, Any], now: dict[str, Any]) -> bool:
    return repr(_written(before)) != repr(_written(now))


def _written(state: dict[str, Any]) -> dict[str, Any]:
    return {**state, "state": {key: np.asarray(value).tobytes() for key, value in state["state"].items()}}


def _torchs() -> Any:
    torch = sys.modules.get("torch")
    return torch.get_rng_state() if torch is not None and hasattr(torch, "get_rng_state") else None


def _write_torchs(before: Any) -> None:
    if before is not None:
        sys.modules["torch"].set_rng_state(before)


def _is_another_of_torch(before: Any, now: Any) -> bool:
    return before is not None and before.tolist() != now.tolist()


def random_states() -> tuple[Part, ...]:
    """List the global states of random numbers.

    They are not put back after each run: a run that draws from them goes on where the last one ended. A test of the
    suite puts them back at its end, so that later tests draw the same numbers as without it.
    """
    return (
        Part("draws from or seeds the global generator of random", random.getstate, random.setstate),
        Part("draws from or seeds the global generator of numpy.random", _numpys, np.random.set_state, _is_another),
        Part("draws from or seeds the global generator of torch", _torchs, _write_torchs, _is_another_of_torch),
    )
