"""Suggestions of an ``optlandscape_adapters`` line for an optimizer with its own signature, guessed from names."""

from __future__ import annotations

import inspect
from typing import Any

from pytest_optlandscape.optimizers.libraries import unwrapped

__all__ = ["how_to_declare"]

_CALLED: dict[str, tuple[str, ...]] = {
    "objective": (
        "fun", "func", "function", "f", "fn", "fcn", "objective", "objfun", "obj_fun", "obj_func", "objective_func",
        "objective_function", "objective_fct", "userfcn", "cost", "cost_function", "cost_func", "loss", "loss_fn",
        "loss_function", "target", "fitness", "fitness_function", "energy", "evaluate", "problem",
    ),
    "gradient": ("jac", "grad", "gradient", "fprime", "df", "grad_fn", "gradient_function"),
    "start": ("x0", "start", "initial", "init", "x_init", "initial_guess", "guess", "p0", "theta0", "x", "params"),
    "bounds": ("bounds", "pbounds", "limits", "boundaries", "box", "domain", "dimensions", "space", "search_space"),
    "lower": ("lower", "lb", "lower_bound", "lower_bounds", "lbound", "xl"),
    "upper": ("upper", "ub", "upper_bound", "upper_bounds", "ubound", "xu"),
    "dimension": ("dim", "dimension", "dimensions", "ndim", "n_dim", "n_dims", "n_variables"),
    "budget": (
        "maxfev", "maxfun", "max_nfev", "max_evals", "max_evaluations", "maxevals", "max_calls", "n_calls", "budget",
        "n_trials", "max_fun_evals", "nfev",
    ),
    "iterations": (
        "maxiter", "max_iter", "niter", "n_iter", "n_iters", "iters", "iterations", "max_iterations", "steps",
        "n_steps", "epochs", "epoch", "generations", "n_generations",
    ),
    "seed": ("seed", "random_state", "random_seed"),
    "rng": ("rng", "generator", "random_generator"),
}  # fmt: skip
"""Usual names of parameters, the likeliest first."""

_METHODS = ("minimize", "minimise", "optimize", "optimise", "run", "search", "solve", "fit", "maximize", "maximise")
_ASKS = (("ask", "tell"), ("suggest", "register"), ("generate", "update"), ("suggest", "observe"), ("get", "set"))


def how_to_declare(thing: Any, spec: str) -> str:
    """Suggest a declaration for an optimizer that needs one.

    Parameters
    ----------
    thing : callable or class
        Fixed arguments of a `functools.partial` need no declaration.
    spec : str

    Returns
    -------
    str
        A sentence and the line to type.

    Examples
    --------
    >>> def descend(objfun, x_init, rate, max_iter=100): ...
    >>> print(how_to_declare(descend, "solvers:descend").splitlines()[2])
      pytest.ini:      optlandscape_adapters = solvers:descend = objective=objfun start=x_init budget=max_iter*1
    """
    base, fixed = unwrapped(thing), set(getattr(thing, "keywords", {}))
    parameters, method, methods = _parameters(base, fixed), "", ""
    if isinstance(base, type):
        method, methods = _how_it_minimises(base)
        if not method:
            return (
                f"{spec} is a class without a method whose name suggests that it minimises. If one does, declare it in "
                f"optlandscape_adapters: {_base(spec)} = call=METHOD objective=PARAMETER start=PARAMETER result=..."
            )
        if method.startswith("call="):
            of_method = _parameters(getattr(base, method.removeprefix("call=")), fixed | {"self"})
            parameters |= {name: one for name, one in of_method.items() if name not in parameters}
    guesses = _guesses(parameters, told=method.startswith("ask="))
    iterations = guesses.pop("iterations", "")
    if iterations and "budget" not in guesses:
        guesses["budget"] = f"{iterations}*1"
    words = [*([method] if method else []), *(f"{key}={name}" for key, name in guesses.items())]
    line = f"{_base(spec)} = {' '.join(words)}"
    given = {*guesses.values(), iterations}
    lacking = [name for name, one in parameters.items() if one.default is one.empty and name not in given]
    if method:
        what = f"{spec} is a class with {methods}; declare how to call it"
    elif "fun" in parameters:
        what = f"{spec} takes {_shown(parameters)}; declare their meaning"
    else:
        what = f"{spec} takes {_shown(parameters)}, none of which is named 'fun'; declare their meaning"
    lines = [
        f"{what} in pytest's configuration:",
        f'  pyproject.toml:  optlandscape_adapters = ["{line}"]',
        f"  pytest.ini:      optlandscape_adapters = {line}",
        f'  or, in a test:   optimizers.adapt({_base(spec).rpartition(":")[2]}, "{" ".join(words)}")',
    ]
    if "<" in spec:  # this name cannot be imported
        lines = [f"{what} in the test:", f'  optimizers.adapt(FUNCTION, "{" ".join(words)}")']
    if lacking:
        example = f"{_base(spec)}({', '.join(f'{name}=...' for name in lacking)})"
        lines.append(f"Give {' and '.join(lacking)} in the spec: {example}.")
    if guesses.get("budget", "").endswith("*1"):
        lines.append("Replace the 1 by the number of evaluations of one iteration.")
    lines.append(
        "The names are a guess: correct wrong ones. If the result is neither the point nor an object with .x,\
        "
        "declare where the point is, such as result=[0]. All words: docs/optimizers.md, 'Declared adapters'."
    )
    if not method:
        lines.append("A function of one parameter receives the problem and needs no declaration.")
    return "\n".join(lines)


def _how_it_minimises(kind: type) -> tuple[str, str]:
    """Guess the methods of a class: return words of a declaration, and a description."""
    for ask, tell in _ASKS:
        if callable(getattr(kind, ask, None)) and callable(getattr(kind, tell, None)):
            return f"ask={ask} tell={tell}", f"{ask}() and {tell}()"
    for name in _METHODS:
        if callable(getattr(kind, name, None)):
            return f"call={name}", f"a method {name}()"
    return "", ""


def _parameters(function: Any, without: set[str]) -> dict[str, inspect.Parameter]:
    try:
        found = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return {}
    any_of = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return {name: one for name, one in found.items() if name not in without and one.kind not in any_of}


def _guesses(parameters: dict[str, inspect.Parameter], *, told: bool) -> dict[str, str]:
    """Guess the meaning of parameters by name, and of the first two required ones by position."""
    guesses: dict[str, str] = {}
    for key, names in _CALLED.items():
        if told and key in ("objective", "gradient"):
            continue
        found = next((name for name in names if name in parameters and name not in guesses.values()), None)
        if found:
            guesses[key] = found
    needed = [name for name, one in parameters.items() if one.default is one.empty and name not in guesses.values()]
    for key in ("objective", "start"):
        is_wanted = key not in guesses and not (told and key == "objective")
        if is_wanted and needed and (key == "objective" or not {"bounds", "lower", "dimension"} & set(guesses)):
            guesses[key] = needed.pop(0)
    if "rng" in guesses:
        guesses.pop("seed", None)  # both name the seed
    order = list(_CALLED)
    return {key: guesses[key] for key in sorted(guesses, key=order.index)}


def _shown(parameters: dict[str, inspect.Parameter]) -> str:
    needed = [name for name, one in parameters.items() if one.default is one.empty]
    return f"({', '.join([*needed, *(['...'] if len(needed) < len(parameters) else [])])})"


def _base(spec: str) -> str:
    return spec.partition("(")[0]
