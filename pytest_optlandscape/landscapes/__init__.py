"""Test functions with known minima, called landscapes.

>>> from pytest_optlandscape import landscapes
>>> beale = landscapes.get("beale")
>>> beale([4.0, 4.0])
68891.203125
>>> beale.gradient([1.0, 1.0])
array([ 0.  , 27.75])
"""

from __future__ import annotations

import pytest_optlandscape.landscapes.families  # noqa: F401  (first: a name imported below replaces the module)
from pytest_optlandscape.landscapes.catalogue import families, get, names, register, select, shipped_names, variants
from pytest_optlandscape.landscapes.families.training import training_task
from pytest_optlandscape.landscapes.landscape import Landscape
from pytest_optlandscape.landscapes.selection import select_by_text
from pytest_optlandscape.landscapes.tags import TAGS

__all__ = [
    "TAGS",
    "Landscape",
    "families",
    "get",
    "names",
    "register",
    "select",
    "select_by_text",
    "shipped_names",
    "training_task",
    "variants",
]
