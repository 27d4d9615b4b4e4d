"""Regression testing of optimizers, as a pytest plugin.

The public names are imported when first used, so that pytest can load the plugin without loading NumPy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_optlandscape import landscapes, optimizers, strategies
    from pytest_optlandscape.assertions import (
        assert_converges,
        assert_equivalent,
        assert_precise,
        assert_resumes,
        assert_robust,
        assert_stays_feasible,
        assert_tunable,
    )
    from pytest_optlandscape.contract import check_optimizer, parametrize_with_checks
    from pytest_optlandscape.landscapes import Landscape
    from pytest_optlandscape.landscapes.spaces import Choice, Fidelity, Float, Int, Ordinal, Space
    from pytest_optlandscape.optimizers import minimize
    from pytest_optlandscape.runs import Problem, Run

__version__ = "0.2.0"

_HOMES = {
    "Choice": "landscapes.spaces",
    "Fidelity": "landscapes.spaces",
    "Float": "landscapes.spaces",
    "Int": "landscapes.spaces",
    "Landscape": "landscapes",
    "Ordinal": "landscapes.spaces",
    "Problem": "runs",
    "Run": "runs",
    "Space": "landscapes.spaces",
    "assert_converges": "assertions",
    "assert_equivalent": "assertions",
    "assert_precise": "assertions",
    "assert_resumes": "assertions",
    "assert_robust": "assertions",
    "assert_stays_feasible": "assertions",
    "assert_tunable": "assertions",
    "check_optimizer": "contract",
    "landscapes": "",
    "minimize": "optimizers",
    "optimizers": "",
    "parametrize_with_checks": "contract",
    "strategies": "",
}
"""The sub-package that defines each public name; "" marks a sub-package."""

__all__ = [
    "Choice",
    "Fidelity",
    "Float",
    "Int",
    "Landscape",
    "Ordinal",
    "Problem",
    "Run",
    "Space",
    "assert_converges",
    "assert_equivalent",
    "assert_precise",
    "assert_resumes",
    "assert_robust",
    "assert_stays_feasible",
    "assert_tunable",
    "check_optimizer",
    "landscapes",
    "minimize",
    "optimizers",
    "parametrize_with_checks",
    "strategies",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = _HOMES[name]
    if not home:
        return importlib.import_module(f"{__name__}.{name}")
    value = getattr(importlib.import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
