"""Typed search spaces: real and whole numbers, categories and levels, some of them active under a condition only."""

from __future__ import annotations

from pytest_optlandscape.landscapes.spaces.parameters import Choice, Float, Int, Ordinal, Parameter
from pytest_optlandscape.landscapes.spaces.space import Space

__all__ = ["Choice", "Float", "Int", "Ordinal", "Parameter", "Space"]
