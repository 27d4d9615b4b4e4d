"""Searches over the box: for starts from which an optimizer fails, and for the basins to which runs lead."""

from __future__ import annotations

from pytest_optlandscape.search.basins import Basin, BasinMap, basin_map
from pytest_optlandscape.search.failing_starts import FailingStart, find_failing_start

__all__ = ["Basin", "BasinMap", "FailingStart", "basin_map", "find_failing_start"]
