"""Other landscape libraries, where they are installed: ``pip install surfaces landscapes opfunu``."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from typing import Any

from measure import version_of

Function = Callable[[Any], Any]
Peer = dict[str, Function]


def _surfaces() -> Peer:
    from surfaces.test_functions.algebraic import BealeFunction, RastriginFunction, RosenbrockFunction

    return {
        "beale": BealeFunction(collect_data=False),
        "rosenbrock[10]": RosenbrockFunction(n_dim=10, collect_data=False),
        "rastrigin[10]": RastriginFunction(n_dim=10, collect_data=False),
    }


def _landscapes() -> Peer:
    from landscapes import single_objective as so

    return {"beale": so.beale, "rosenbrock[10]": so.rosenbrock, "rastrigin[10]": so.rastrigin}


def _opfunu() -> Peer:
    from opfunu.name_based import Beale
    from opfunu.utils.operator import rastrigin_func, rosenbrock_func

    with contextlib.redirect_stdout(io.StringIO()):
        beale = Beale(ndim=2).evaluate
    return {"beale": beale, "rosenbrock[10]": rosenbrock_func, "rastrigin[10]": rastrigin_func}


def installed() -> tuple[dict[str, Peer], list[str]]:
    """Give the functions of each library that can be imported, and what is to be said of the others."""
    peers: dict[str, Peer] = {}
    missing: list[str] = []
    for name, load in {"surfaces": _surfaces, "landscapes": _landscapes, "opfunu": _opfunu}.items():
        version = version_of(name)
        if version is None:
            missing.append(f"{name} is not installed")
            continue
        try:
            peers[f"{name} {version}"] = load()
        except ImportError as error:
            missing.append(f"{name} {version} cannot be imported as expected: {error}")
    return peers, missing
