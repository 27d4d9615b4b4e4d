"""Make the report page: one HTML file that needs no network and is readable without scripts."""

from __future__ import annotations

from pytest_optlandscape.report.page.changes import Change
from pytest_optlandscape.report.page.content import Fact
from pytest_optlandscape.report.page.making import make_page
from pytest_optlandscape.report.page.panels import Subject, change_of
from pytest_optlandscape.report.page.trajectories import PathPair, Trajectories

__all__ = ["Change", "Fact", "PathPair", "Subject", "Trajectories", "change_of", "make_page"]
