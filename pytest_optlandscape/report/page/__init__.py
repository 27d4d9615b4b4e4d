"""The page: one HTML file without a network, readable without scripts, from pure values to text."""

from __future__ import annotations

from pytest_optlandscape.report.page.changes import Change
from pytest_optlandscape.report.page.content import Fact
from pytest_optlandscape.report.page.making import make_page
from pytest_optlandscape.report.page.panels import Subject, change_of
from pytest_optlandscape.report.page.trajectories import PathPair, Trajectories

__all__ = ["Change", "Fact", "PathPair", "Subject", "Trajectories", "change_of", "make_page"]
