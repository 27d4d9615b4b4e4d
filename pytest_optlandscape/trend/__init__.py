"""Find how an optimizer changed over the commits of a history: states, steps and creep; pure functions."""

from __future__ import annotations

from pytest_optlandscape.trend.comparing import compare_records
from pytest_optlandscape.trend.reading import trends_of
from pytest_optlandscape.trend.release_order import releases_in_order
from pytest_optlandscape.trend.remembered import CACHE, Remembered
from pytest_optlandscape.trend.rows import CRITERIA, Row, rows_of, to_dataframe, to_rows
from pytest_optlandscape.trend.series import Point, Series, in_order, series_of
from pytest_optlandscape.trend.shares import Share, shares_of, split_exactly
from pytest_optlandscape.trend.states import Event, State, Trend, find_trend, open_creep, versions_that_changed

__all__ = [
    "CACHE",
    "CRITERIA",
    "Event",
    "Point",
    "Remembered",
    "Row",
    "Series",
    "Share",
    "State",
    "Trend",
    "compare_records",
    "find_trend",
    "in_order",
    "open_creep",
    "releases_in_order",
    "rows_of",
    "series_of",
    "shares_of",
    "split_exactly",
    "to_dataframe",
    "to_rows",
    "trends_of",
    "versions_that_changed",
]
