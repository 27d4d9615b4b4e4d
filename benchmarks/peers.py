"""Other landscape libraries, where they are installed.

``pip install coco-experiment ioh surfaces opfunu landscapes pymoo botorch``; opfunu also needs ``setuptools<81``.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from typing import Any

from measure import version_of

Function = Callable[[Any], Any]
Peer = dict[str, Function]
BBOB = {"bbob_f01_sphere[2]": (1, 2), "bbob_f08_rosenbrock[10]": (8, 10), "bbob_f03_rastrigin_separable[10]": (3, 10)}
"""Number and dimension of the BBOB functions that are compared, all of instance 1."""
COMPARED = ("beale", "rosenbrock[10]", "rastrigin[10]", *BBOB)


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


def _coco() -> Peer:
    import cocoex

    suite = cocoex.Suite("bbob", "instances: 1", "dimensions: 2,10")
    return {name: suite.get_problem_by_function_dimension_instance(f, dim, 1) for name, (f, dim) in BBOB.items()}


def _ioh() -> Peer:
    import ioh

    return {name: ioh.get_problem(f, 1, dim, ioh.ProblemClass.BBOB) for name, (f, dim) in BBOB.items()}


def _pymoo() -> Peer:
    from pymoo.problems import get_problem

    problems = {"rosenbrock[10]": "rosenbrock", "rastrigin[10]": "rastrigin"}
    return {name: _first_value(get_problem(problem, n_var=10).evaluate) for name, problem in problems.items()}


def _first_value(evaluate: Function) -> Function:
    return lambda x: evaluate(x)[0]


def _botorch() -> Peer:
    import torch
    from botorch.test_functions import Beale, Rastrigin, Rosenbrock

    def of_array(function: Function) -> Function:
        return lambda x: function(torch.from_numpy(x))

    return {
        "beale": of_array(Beale()),
        "rosenbrock[10]": of_array(Rosenbrock(dim=10)),
        "rastrigin[10]": of_array(Rastrigin(dim=10)),
    }


LIBRARIES: dict[str, Callable[[], Peer]] = {
    "coco-experiment": _coco,
    "ioh": _ioh,
    "surfaces": _surfaces,
    "opfunu": _opfunu,
    "landscapes": _landscapes,
    "pymoo": _pymoo,
    "botorch": _botorch,
}


def installed() -> tuple[dict[str, Peer], list[str]]:
    """Give the functions of each library that can be imported, and what is to be said of the others."""
    peers: dict[str, Peer] = {}
    missing: list[str] = []
    for name, load in LIBRARIES.items():
        version = version_of(name)
        if version is None:
            missing.append(f"{name} is not installed")
            continue
        try:
            peers[f"{name} {version}"] = load()
        except ImportError as error:
            missing.append(f"{name} {version} cannot be imported as expected: {error}")
    return peers, missing
