"""Typed search spaces: real and whole numbers, categories and levels, some of them active under a condition only.

An objective may also have a fidelity, such as the number of epochs of a training.
"""

from __future__ import annotations

from pytest_optlandscape.landscapes.spaces.fidelity import Fidelity
from pytest_optlandscape.landscapes.spaces.parameters import Choice, Float, Int, Ordinal, Parameter
from pytest_optlandscape.landscapes.spaces.space import Space

__all__ = ["Choice", "Fidelity", "Float", "Int", "Ordinal", "Parameter", "Space"]
