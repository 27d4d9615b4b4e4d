"""Pictures: pure functions from numbers to accessible SVG, independent of landscapes, runs and records.

Every function takes keyword arguments (numbers, arrays, strings) and returns a `Figure`. All take ``title``,
``caption`` and ``identifier``, the prefix of the ids of the picture's elements.
"""

from pytest_optlandscape.figures.curves import data_profile, gap_curves, performance_profile, runtime_ecdf
from pytest_optlandscape.figures.figure import Figure, html_table
from pytest_optlandscape.figures.planes import basin_map, beside, contour, curve, share_map
from pytest_optlandscape.figures.profiles import StepFunction, performance_ratios, shares_of_hits
from pytest_optlandscape.figures.style import STYLE
from pytest_optlandscape.figures.suites import effect_plot, heat_map, time_line

__all__ = [
    "STYLE",
    "Figure",
    "StepFunction",
    "basin_map",
    "beside",
    "contour",
    "curve",
    "data_profile",
    "effect_plot",
    "gap_curves",
    "heat_map",
    "html_table",
    "performance_profile",
    "performance_ratios",
    "runtime_ecdf",
    "share_map",
    "shares_of_hits",
    "time_line",
]
