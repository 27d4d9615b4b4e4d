"""The call of a declared function as text, for scripts that show a breach without this package."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING

from pytest_optlandscape.configuration.declarations import Declaration, Handed
from pytest_optlandscape.optimizers.libraries import unwrapped
from pytest_optlandscape.optimizers.protocol import Call

if TYPE_CHECKING:
    from pytest_optlandscape.optimizers.declaration_adapter import DeclaredOptimizer

__all__ = ["written_call"]

_MANY = "10_000"


def written_call(optimizer: DeclaredOptimizer, x0: str, bounds: str, seed: int) -> Call | None:
    """Return the call of a declared function as text.

    Parameters
    ----------
    optimizer : DeclaredOptimizer
    x0, bounds : str
        Python literals.
    seed : int

    Returns
    -------
    Call or None
        None if the call takes more than one line, as for a class.
    """
    told, function = optimizer.declaration, unwrapped(optimizer.function)
    name = getattr(function, "__qualname__", "<>")
    fixed = dict(getattr(optimizer.function, "keywords", {}))
    takes_more = told.call or told.ask or told.maximise or told.imports or getattr(optimizer.function, "args", ())
    if takes_more or "<" in name or isinstance(function, type):
        return None
    positions: dict[int, str] = {}
    keywords = {key: repr(value) for key, value in fixed.items()}
    for step in optimizer.used():
        handed, place = step.handed, step.handed.place
        if handed.what == "constraints":
            continue
        text = _written(handed, x0, bounds, seed)
        if text is None:
            return None
        if place.kind == "position":
            positions[int(place.name)] = text
        elif place.kind == "parameter":
            keywords[place.name] = text
        else:
            keywords[place.name] = f"{{**{keywords.get(place.name, '{}')}, {place.key!r}: {text}}}"
    arguments = [*(positions[k] for k in sorted(positions)), *(f"{key}={text}" for key, text in keywords.items())]
    owner = name.partition(".")[0]
    imports = f"import types; import numpy as np; from {function.__module__} import {owner}"
    return Call(imports, _with_names(f"{name}({', '.join(arguments)})", told))


def _written(handed: Handed, x0: str, bounds: str, seed: int) -> str | None:
    """Return a passed value as an expression; None if it takes more than an expression."""
    if handed.maker or handed.factors:
        return None
    forms: dict[tuple[str, str], Callable[[], str]] = {
        ("objective", "array"): lambda: "f",
        ("objective", "value-and-gradient"): lambda: "lambda x: (f(x), np.array(g(x)))",
        ("gradient", ""): lambda: "lambda x: np.array(g(x))",
        ("start", "array"): lambda: f"np.array({x0})",
        ("start", "list"): lambda: x0,
        ("bounds", "rows"): lambda: f"np.array({bounds})",
        ("bounds", "pairs"): lambda: bounds,
        ("bounds", "arrays"): lambda: f"tuple(np.transpose({bounds}))",
        ("lower", "array"): lambda: f"np.transpose({bounds})[0]",
        ("upper", "array"): lambda: f"np.transpose({bounds})[1]",
        ("budget", ""): lambda: _MANY,
        ("seed", "integer"): lambda: str(seed),
        ("seed", "positive"): lambda: str(max(seed, 1)),
        ("rng", ""): lambda: f"np.random.default_rng({seed})",
        ("dimension", ""): lambda: str(len(ast.literal_eval(x0))),
        ("callback", ""): lambda: "lambda *a, **k: None",
    }
    write = forms.get((handed.what, handed.form))
    return write() if write else None


def _with_names(call: str, told: Declaration) -> str:
    """Wrap the call so that its result has the attribute names that the checks read."""
    paths = {"x": told.result, "fun": told.value, "nfev": told.evaluations, "success": told.success}
    parts = []
    for name, path in paths.items():
        if path is not None:
            steps = {"item": "[{!r}]", "name": ".{}", "call": "()"}
            parts.append(f"{name}=r" + "".join(steps[kind].format(key) for kind, key in path.steps))
    return f"(lambda r: types.SimpleNamespace({', '.join(parts)}))({call})" if told.result else call
