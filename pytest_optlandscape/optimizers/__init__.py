"""Optimizers of any library behind one protocol.

>>> from pytest_optlandscape import optimizers
>>> optimizers.get("scipy:L-BFGS-B").takes_bounds
True
"""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import Any

from numpy.typing import ArrayLike

from pytest_optlandscape.configuration.declarations import parse_declaration
from pytest_optlandscape.configuration.profiles import declared, declared_adapters
from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.optimizers import third_party
from pytest_optlandscape.optimizers.adapters import LIBRARIES, ask_tell, library_adapter
from pytest_optlandscape.optimizers.callables import from_callable, load, makes_optimizers, of_class
from pytest_optlandscape.optimizers.declaration_adapter import adapt, declared_optimizer
from pytest_optlandscape.optimizers.declaration_hints import how_to_declare
from pytest_optlandscape.optimizers.identity import name_of
from pytest_optlandscape.optimizers.profile import with_profile
from pytest_optlandscape.optimizers.protocol import Adapter, Interruption, MissingLibrary, Outcome
from pytest_optlandscape.optimizers.recognition import check_may_be_called
from pytest_optlandscape.optimizers.spec import Spec, parse_spec, shown_spec
from pytest_optlandscape.optimizers.user_code import whatever_is_raised
from pytest_optlandscape.runs import Problem, Run, execute
from pytest_optlandscape.runs.execute import warn_if_never_evaluated
from pytest_optlandscape.runs.raised_warnings import reissue

__all__ = [
    "LIBRARIES",
    "Adapter",
    "Interruption",
    "MissingLibrary",
    "Outcome",
    "Spec",
    "adapt",
    "get",
    "minimize",
    "parse_spec",
]

_HOMES = {"pytorch_optimizer": "torch", "torch_optimizer": "torch"}
"""Packages of optimizers with the library whose adapter runs them."""


def get(optimizer: Any, *, declaration: str = "", profile: str = "") -> Adapter:
    """Return the adapter that runs an optimizer.

    Parameters
    ----------
    optimizer : str, callable, class or object
        One of these: a spec string ``library:Name(key=literal, …)``, where the library is one of `LIBRARIES`, one that
        an installed package or a hook adds, or your own module; a callable with a parameter ``fun`` (called like
        SciPy's methods) or with one parameter (which receives the `Problem`); an optimizer of one of these libraries:
        class, instance or `functools.partial` of a class; a class, or a function of ``x0``, that makes objects with
        ``ask`` and ``tell``; a function without arguments that returns one of these.
    declaration : str, optional
        How to call it, written as after ``SPEC =`` in ``optlandscape_adapters`` (default: the current pytest session's
        declaration).
    profile : str, optional
        Words that correct the inferred profile. They override ``optlandscape_profiles``.

    Returns
    -------
    Adapter
        Its profile, such as local or stochastic, is inferred. ``optlandscape_profiles`` of the current pytest session
        corrects it, and ``optlandscape_adapters`` declares how to call it. An adapter is returned unchanged.

    Raises
    ------
    ValueError
        If the spec cannot be read, or names nothing that exists; the message names the nearest name. If an object
        cannot be rebuilt for each run without losing a setting.
    TypeError
        If the object is not an optimizer.
    MissingLibrary
        If the library is not installed; the message names the extra to install. It is an ImportError.

    Examples
    --------
    >>> get("scipy:L-BFGS-B(maxcor=5)").spec
    'scipy:L-BFGS-B(maxcor=5)'
    >>> get("scipy:Powel")
    Traceback (most recent call last):
        ...
    ValueError: unknown SciPy optimizer 'Powel'; did you mean 'Powell'? ...
    """
    if isinstance(optimizer, Adapter):
        return with_profile(optimizer, profile)
    if isinstance(optimizer, str):
        told = (ValueError, TypeError, ImportError)
        with whatever_is_raised(f"optimizer {shown_spec(optimizer)!r} cannot be made", but=told):
            adapter = _declared(optimizer, declaration) if declaration else _made(optimizer)
    else:
        adapter = _declared(optimizer, declaration) if declaration else _made(optimizer)
    if declaration:
        adapter = replace(adapter, written_declaration=declaration)
    return with_profile(with_profile(adapter, declared(adapter.spec)), profile)


def _declared(optimizer: Any, declaration: str) -> Adapter:
    if not isinstance(optimizer, str):
        return adapt(optimizer, declaration)
    spec = parse_spec(optimizer)
    return adapt(load(spec), declaration, str(spec))


def _made(optimizer: Any) -> Adapter:
    if isinstance(optimizer, str):
        spec = parse_spec(optimizer)
        library = _HOMES.get(spec.library, spec.library)
        if library in LIBRARIES:
            if _declaration_of(str(spec)):
                raise ValueError(
                    f"optlandscape_adapters: {spec} is called by the adapter for {library} and needs no declaration; "
                    "to declare it anyway, write its module as the library"
                )
            adapter: Adapter = library_adapter(library).from_spec(spec)
            return adapter
        added = third_party.find()
        if spec.library in added:
            made = added[spec.library].from_spec(spec)
            return made if isinstance(made, Adapter) else _from_object(made, str(spec))
        return _from_object(load(spec), str(spec))
    return _from_object(optimizer, None)


def _from_object(thing: Any, spec: str | None) -> Adapter:
    """Return the adapter for an object, named by its spec if there is one."""
    if callable(thing) and not isinstance(thing, Adapter) and declared_adapters():
        name = spec or name_of(thing)
        text = _declaration_of(name)
        if text:
            return declared_optimizer(thing, parse_declaration(text), name)
    adapter = thing if isinstance(thing, Adapter) else _recognized(thing)
    if adapter is not None:
        return replace(adapter, spec=spec) if spec else adapter
    if ask_tell.recognizes(thing):
        return ask_tell.from_object(thing, spec)
    if spec and isinstance(thing, functools.partial) and parse_spec(spec).arguments:
        check_may_be_called(thing, spec)
    if isinstance(thing, functools.partial) and isinstance(thing.func, type):
        return _from_class(thing, spec)
    if makes_optimizers(thing):
        return _from_factory(thing, spec)
    if callable(thing) and not isinstance(thing, type):
        return from_callable(thing, spec)
    if isinstance(thing, type) and spec:
        raise TypeError(how_to_declare(thing, spec))
    what = f"{spec!r} is {thing!r:.80}" if spec else f"{thing!r:.80}"
    raise TypeError(
        f"{what}: not an optimizer; give a spec string such as 'scipy:L-BFGS-B', a callable, or an optimizer of "
        + " or ".join(LIBRARIES)
    )


def _declaration_of(spec: str) -> str:
    """Return the spec's line of ``optlandscape_adapters``, with its arguments or without; "" if there is none."""
    adapters = declared_adapters()
    found = adapters.get(spec, "")
    for one in adapters if not found and adapters else ():
        if "(" in one and str(parse_spec(one)) == spec:
            return adapters[one]
    return found or adapters.get(spec.partition("(")[0], "")


def _from_class(thing: functools.partial[Any], spec: str | None) -> Adapter:
    """Return the adapter for a class of no known library, with its arguments."""
    spec = spec or name_of(thing)
    try:
        instance = thing()
    except TypeError as error:
        raise ValueError(f"optimizer {spec!r} cannot be made: {error}") from error
    if _recognized(instance) is None and callable(instance):
        return from_callable(of_class(thing, instance), spec)
    return _from_object(instance, spec)


def _from_factory(make: Any, spec: str | None) -> Adapter:
    """Return the adapter for a function without arguments that returns an optimizer."""
    spec = spec or name_of(make)
    try:
        made = make()
    except Exception as error:
        raise ValueError(f"optimizer {spec!r} cannot be made: {type(error).__name__}: {error}") from error
    keras = library_adapter("keras")
    if keras.recognizes(made):
        adapter: Adapter = keras.from_factory(make, spec)
        return adapter
    if ask_tell.recognizes(made) and not callable(made):
        return ask_tell.from_factory(make, spec)
    recognized = _recognized(made)
    if recognized is None:
        raise TypeError(
            f"{spec} cannot be called with a problem; called without arguments it returned {made!r:.80}, which is not "
            "an optimizer"
        )
    return replace(recognized, spec=spec)


def _recognized(thing: Any) -> Adapter | None:
    for library in map(library_adapter, LIBRARIES):
        if hasattr(library, "recognizes") and library.recognizes(thing):
            adapter: Adapter = library.from_object(thing)
            return adapter
    return third_party.recognized(thing)


def minimize(
    optimizer: Any,
    landscape: Landscape | str,
    *,
    x0: ArrayLike | str | None = None,
    bounds: ArrayLike | None = None,
    budget: int | None = None,
    seed: int = 0,
    time_limit: float | None = None,
    declaration: str = "",
    profile: str = "",
) -> Run:
    """Run an optimizer on a landscape; count and trace its evaluations.

    On a landscape with constraints, an optimizer that takes none runs without them. Its infeasible points do not count.

    Parameters
    ----------
    optimizer : str, callable, class or object
        As for `optimizers.get`.
    landscape : Landscape or str
        The landscape or its id.
    x0 : array_like, shape (dim,), or str, optional
        The start, or the name of a start such as ``"article"`` (default: the landscape's standard start).
    bounds : array_like, shape (dim, 2), optional
        The box (default: the landscape's).
    budget : int, optional
        Largest number of evaluations of the objective, and of the gradient (default: 1000 for each dimension).
    seed : int, default 0
        Seed of the optimizer's random numbers.
    time_limit : float, optional
        Seconds after which the run ends with ``stop_reason`` ``"time"`` (default: no limit). Its result then depends on
        the machine. Compiled code that does not return to Python cannot be ended.
    declaration, profile : str, optional
        As for `optimizers.get`.

    Returns
    -------
    Run
        Returned even if the optimizer raises, ignores its budget or takes too long: see ``stop_reason``.

    Warns
    -----
    RuntimeWarning
        If the optimizer returned without calling the objective.
    Warning
        Each of the optimizer's own warnings once, with its location; filters such as ``-W error`` apply.

    Raises
    ------
    ValueError, TypeError, MissingLibrary
        If the optimizer, landscape, start, bounds, budget or time limit cannot be used.

    Examples
    --------
    >>> run = minimize("scipy:L-BFGS-B", "beale", x0="article", budget=200)
    >>> run.stop_reason, run.x.round(3).tolist()
    ('returned', [3.0, 0.5])
    """
    problem = Problem(landscape, x0, bounds=bounds, budget=budget, seed=seed, time_limit=time_limit)
    run = execute(get(optimizer, declaration=declaration, profile=profile), problem)
    warn_if_never_evaluated(run)
    reissue([one for one in run.warned if one.is_of_optimizer], raises=True)
    return run
