"""With another plugin, a session has the verdicts and the outcome that it has without."""

import importlib.metadata

import pytest
from beside_project import SUITE_IDS, WORSE, ended, require

pytestmark = pytest.mark.thorough  # the environment `beside` of tox runs them

PLUGINS = {
    "pytest-randomly": ["-p", "randomly", "--randomly-seed=7"],
    "pytest-cov": ["-p", "pytest_cov", "--cov=solvers"],
    "pytest-timeout": ["-p", "timeout", "--timeout=300"],
    "pytest-rerunfailures": ["-p", "rerunfailures", "--reruns=2"],
    "pytest-split": ["-p", "pytest-split", "--splits=1", "--group=1"],
    "pytest-subtests": ["-p", "subtests"],
    "pytest-codspeed": ["-p", "codspeed"],
    "pytest-html": ["-p", "html", "-p", "metadata", "--html=report.html"],
    "pytest-json-report": ["-p", "pytest_jsonreport", "--json-report"],
    "pytest-asyncio": ["-p", "asyncio", "--asyncio-mode=auto"],
    "anyio": ["-p", "anyio"],
    "teamcity-messages": ["-p", "pytest-teamcity", "--teamcity"],
    "pytest-xdist": ["-p", "xdist", "-n", "1"],
}
"""By distribution, the arguments that switch the plugin on."""


def assert_as_without(project, result, outcome):
    assert outcome == project.plain
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert ended(result, "FAILED") == WORSE
    assert ended(result, "PASSED") == {*SUITE_IDS, "test_own.py::test_own"} - WORSE


@pytest.mark.parametrize("distribution", PLUGINS)
def test_one_plugin_changes_nothing(project, distribution):
    require(distribution)
    result, outcome = project.suite(*PLUGINS[distribution])
    assert_as_without(project, result, outcome)


def test_all_plugins_together_change_nothing(project, monkeypatch):
    for distribution in PLUGINS:
        require(distribution)
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    chosen = [word for words in PLUGINS.values() for word in words if word.startswith("--")]
    result, outcome = project.suite(*chosen, "-n", "2")
    assert_as_without(project, result, outcome)
    (plugins,) = {line for line in result.outlines if line.startswith("plugins: ")}
    loaded = {"pytest-" + name for name in plugins.removeprefix("plugins: ").replace("pytest-", "").split(", ")}
    for distribution in set(PLUGINS) - {"pytest-subtests"}:  # pytest has its own since 9.0, and loads that
        installed = f"{distribution}-{importlib.metadata.version(distribution)}"
        assert "pytest-" + installed.removeprefix("pytest-") in loaded


def test_a_baseline_is_the_same_whatever_plugins_are_loaded(project, monkeypatch, kept):
    for distribution in PLUGINS:
        require(distribution)
    (project.path / "solvers.py").write_text((project.path / "solvers.py").read_text().replace("True", "False", 1))
    for path in project.baseline.iterdir():
        path.unlink()
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    assert project.run("--optlandscape-update", "--cov=solvers", "--reruns=2", "--timeout=300").ret == 0
    assert project.accepted() == kept["baseline"]
