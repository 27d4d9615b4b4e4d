"""What is minimised: landscapes with known minima.

>>> from pytest_optlandscape import landscapes
>>> beale = landscapes.get("beale")
>>> beale([4.0, 4.0])
68891.203125
>>> beale.gradient([1.0, 1.0])
array([ 0.  , 27.75])
"""

from __future__ import annotations

from pytest_optlandscape.landscapes import classic_2d as _classic_2d
from pytest_optlandscape.landscapes import classic_2d_waves as _classic_2d_waves
from pytest_optlandscape.landscapes import least_squares as _least_squares
from pytest_optlandscape.landscapes import least_squares_data as _least_squares_data
from pytest_optlandscape.landscapes import least_squares_linear as _least_squares_linear
from pytest_optlandscape.landscapes import least_squares_polynomials as _least_squares_polynomials
from pytest_optlandscape.landscapes import least_squares_scalable as _least_squares_scalable
from pytest_optlandscape.landscapes import scalable as _scalable
from pytest_optlandscape.landscapes import scalable_waves as _scalable_waves
from pytest_optlandscape.landscapes.landscape import Landscape
from pytest_optlandscape.landscapes.registry import get, names, register, select, variants
from pytest_optlandscape.landscapes.tags import TAGS

__all__ = ["TAGS", "Landscape", "get", "names", "register", "select", "variants"]

FAMILIES = (
    _classic_2d,
    _classic_2d_waves,
    _scalable,
    _scalable_waves,
    _least_squares,
    _least_squares_data,
    _least_squares_polynomials,
    _least_squares_scalable,
    _least_squares_linear,
)
"""The family modules, in the catalogue's order; importing one enters its landscapes."""
