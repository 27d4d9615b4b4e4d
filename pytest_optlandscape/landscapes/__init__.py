"""What is minimised: landscapes with known minima.

>>> from pytest_optlandscape import landscapes
>>> beale = landscapes.get("beale")
>>> beale([4.0, 4.0])
68891.203125
>>> beale.gradient([1.0, 1.0])
array([ 0.  , 27.75])
"""

# ruff: noqa: I001 (families enter the catalogue in the order of their imports)

from __future__ import annotations

from pytest_optlandscape.landscapes import classic_2d as _classic_2d
from pytest_optlandscape.landscapes import classic_2d_waves as _classic_2d_waves
from pytest_optlandscape.landscapes import scalable as _scalable
from pytest_optlandscape.landscapes import scalable_waves as _scalable_waves
from pytest_optlandscape.landscapes import constrained as _constrained
from pytest_optlandscape.landscapes import constrained_design as _constrained_design
from pytest_optlandscape.landscapes.landscape import Landscape
from pytest_optlandscape.landscapes.registry import get, names, register, select, variants
from pytest_optlandscape.landscapes.tags import TAGS

__all__ = ["TAGS", "Landscape", "get", "names", "register", "select", "variants"]

FAMILIES = (_classic_2d, _classic_2d_waves, _scalable, _scalable_waves, _constrained, _constrained_design)
"""The family modules, in the catalogue's order, which is that of the imports: importing one enters its landscapes."""
