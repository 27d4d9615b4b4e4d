import builtins
import signal
import sys

import pytest
import scipy.optimize
import scipy.stats  # noqa: F401  (pytester drops what its sessions import first; SciPy can be imported but once)
from forgetting import forgetting_landscapes
from hypothesis import settings
from hypothesis.database import InMemoryExampleDatabase
from thorough import slow_tests

collect_ignore_glob = ["conftest.py", "*/conftest.py"]  # no doctests in them, and two of one name cannot be collected


SLOW_TESTS = slow_tests()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark the slow tests thorough: the default run deselects them."""
    for item in items:
        if item.nodeid in SLOW_TESTS:
            item.add_marker("thorough")


def pytest_terminal_summary(terminalreporter, config):
    """Say what the default run leaves out: under pytest-xdist pytest's last line does not count it."""
    if config.option.markexpr == "not thorough":
        terminalreporter.write_line('the tests marked thorough were deselected; `pytest -m ""` runs them too')


@pytest.fixture
def example_database():
    """Have a test remember its examples in a database of its own."""
    before = settings()
    kept = InMemoryExampleDatabase()
    settings.register_profile("in memory", before, database=kept)
    settings.load_profile("in memory")
    yield kept
    settings.register_profile("as before", before)
    settings.load_profile("as before")


@pytest.fixture(scope="session", autouse=True)
def with_ctrl_c():
    """Have processes heed Ctrl-C: where tests run in the background it is ignored, and they would inherit that."""
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, previous)


@pytest.fixture(autouse=True)
def unwatched():
    """Fail a test that leaves the interpreter watched line by line: all later tests would be slow."""
    yield
    if hasattr(sys, "monitoring"):
        assert "optlandscape" not in [sys.monitoring.get_tool(tool) for tool in range(6)]


@pytest.fixture
def catalogue_as_before():
    """Forget the landscapes that a test registers."""
    with forgetting_landscapes():
        yield


@pytest.fixture
def without_plotly(monkeypatch):
    """Have a test run as if Plotly were not installed."""
    _refuse(monkeypatch, "plotly")


@pytest.fixture
def without_contourpy(monkeypatch):
    """Have a test run as if contourpy were not installed."""
    _refuse(monkeypatch, "contourpy")


def _refuse(monkeypatch, library):
    imported = builtins.__import__

    def refuse(name, *arguments, **keywords):
        if name.startswith(library):
            raise ModuleNotFoundError(f"No module named {name!r}")
        return imported(name, *arguments, **keywords)

    monkeypatch.setattr(builtins, "__import__", refuse)
