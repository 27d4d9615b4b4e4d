import pytest
from beside_project import SUITE_IDS, WORSE, Project, ended


@pytest.fixture
def empty(pytester, monkeypatch):
    """A project without a baseline."""
    for name in ("CI", "BUILD_NUMBER", "PYTEST_ADDOPTS", "TEAMCITY_VERSION", "GITHUB_ACTIONS", "GITLAB_CI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")  # a solver that changes within a second keeps its time stamp
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    monkeypatch.setenv("COLUMNS", "200")
    return Project(pytester)


@pytest.fixture(scope="session")
def kept():
    """What the first test accepts and finds, for the tests after it."""
    return {}


@pytest.fixture
def project(empty, kept):
    """A project with a baseline, of which `moved` is worse now; `plain` is the outcome without other plugins."""
    if not kept:
        result = empty.run("--optlandscape-update")
        assert result.ret == 0
        kept["baseline"] = empty.accepted()
        empty.make_worse()
        result, kept["outcome"] = empty.suite()
        assert ended(result, "FAILED") == WORSE
        assert ended(result, "PASSED") == {*SUITE_IDS, "test_own.py::test_own"} - WORSE
    empty.baseline.mkdir(exist_ok=True)
    for name, text in kept["baseline"].items():
        (empty.baseline / name).write_bytes(text)
    empty.make_worse()
    empty.plain = kept["outcome"]
    return empty
