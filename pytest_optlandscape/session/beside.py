"""Say what another plugin of the session leaves out, where the plugin itself does not say it."""

from __future__ import annotations

import pytest

from pytest_optlandscape.session.settings import Settings

__all__ = ["left_out"]


def left_out(config: pytest.Config, settings: Settings) -> list[str]:
    """List what other plugins leave out of this session.

    Parameters
    ----------
    config : pytest.Config
    settings : Settings

    Returns
    -------
    list of str
        One line for each plugin.
    """
    lines = []
    if config.getoption("codspeed", False):
        lines.append("pytest-codspeed deselects all tests but benchmarks; run the suite without --codspeed")
    elsewhere = settings.isolate or settings.executor is not None or settings.against is not None
    if elsewhere and config.pluginmanager.hasplugin("_cov"):
        lines.append("pytest-cov does not see the suite's optimizers: they ran in other processes")
    return lines
