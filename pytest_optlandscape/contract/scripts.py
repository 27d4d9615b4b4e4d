"""The three lines that show a breach of the contract without this package."""

from __future__ import annotations

import inspect

from pytest_optlandscape.contract.landscapes import formulas
from pytest_optlandscape.optimizers import Adapter
from pytest_optlandscape.optimizers.protocol import Call
from pytest_optlandscape.runs import Run

__all__ = ["script"]


def script(adapter: Adapter, run: Run, show: str) -> list[str] | None:
    r"""Write the script of a run.

    Parameters
    ----------
    adapter : Adapter
        Who made it.
    run : Run
    show : str
        What to print: an expression in ``r``, the result, ``f``, the objective, ``g``, its gradient, and ``seen``,
        the points at which the objective was evaluated.

    Returns
    -------
    list of str or None
        Three lines; None where the optimizer's call or the landscape's formula takes more.

    Examples
    --------
    >>> from pytest_optlandscape import minimize, optimizers
    >>> run = minimize("scipy:Powell", "sphere[2]")
    >>> print("\n".join(script(optimizers.get("scipy:Powell"), run, "r.fun, f(r.x)")))
    from scipy.optimize import minimize
    f = lambda x: x[0]**2 + x[1]**2
    r = minimize(f, [3.0, 3.0], method='Powell', bounds=[(-5.12, 5.12)]*2); print(r.fun, f(r.x))
    """
    written = formulas(run.landscape)
    call = _call(adapter, run)
    if written is None or call is None:
        return None
    value, gradient = written
    counts = "seen" in show
    names, functions = ["f"], [f"lambda x: seen.append([*x]) or ({value})" if counts else f"lambda x: {value}"]
    if "g" in _words(call.expression + " " + show):
        names.append("g")
        functions.append(f"lambda x: {gradient}")
    if len(functions) > 1:
        functions = [f"({function})" for function in functions]
    imports = f"import math; {call.imports}" if "math." in value + gradient else call.imports
    definition = f"{'seen = []; ' if counts else ''}{', '.join(names)} = {', '.join(functions)}"
    return [imports, definition, f"r = {call.expression}; print({show})"]


def _call(adapter: Adapter, run: Run) -> Call | None:
    start_and_bounds = str(run.x0.tolist()), _pairs(run)
    if "seed" in inspect.signature(adapter.call).parameters:
        return adapter.call(*start_and_bounds, seed=run.seed)
    return None if run.seed else adapter.call(*start_and_bounds)  # an adapter of others that knows no seed


def _words(text: str) -> set[str]:
    return set("".join(c if c.isalnum() or c == "_" else " " for c in text).split())


def _pairs(run: Run) -> str:
    pairs = [tuple(pair) for pair in run.bounds.tolist()]
    return f"[{pairs[0]}]*{len(pairs)}" if len(pairs) > 1 and len(set(pairs)) == 1 else str(pairs)
