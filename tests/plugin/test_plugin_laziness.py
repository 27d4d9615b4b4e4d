import subprocess
import sys

import pytest

from pytest_optlandscape import fixtures
from pytest_optlandscape.plugin import INI_KEYS

HEAVY = "numpy", "scipy", "hypothesis", "keras", "pytest_optlandscape.landscapes", "pytest_optlandscape.session"
WITHOUT_OTHERS = "-p", "no:benchmark", "-p", "no:hypothesispytest"


def test_an_unused_plugin_imports_nothing_heavy(pytester):
    pytester.makepyfile(
        f"""
        import sys

        def test_loaded(pytestconfig):
            assert pytestconfig.pluginmanager.has_plugin("optlandscape")
            assert pytestconfig.pluginmanager.has_plugin("optlandscape-fixtures")

        def test_light():
            assert not [name for name in {HEAVY} if name in sys.modules]
        """
    )
    (pytester.path / "pytest.ini").write_text("[pytest]\noptlandscape_optimizers = scipy:BFGS\n")
    pytester.runpytest_subprocess(*WITHOUT_OTHERS).assert_outcomes(passed=2)


def test_importing_the_package_imports_nothing_heavy():
    code = f"""
import sys
import pytest_optlandscape, pytest_optlandscape.plugin, pytest_optlandscape.fixtures
dir(pytest_optlandscape)
print([name for name in {HEAVY} if name in sys.modules])
pytest_optlandscape.minimize
print("numpy" in sys.modules, "keras" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[]", "True False"]


@pytest.mark.parametrize("arguments", [["--help"], ["--help", "--optlandscape"]])
def test_help_shows_options_and_keys(pytester, arguments):
    result = pytester.runpytest_inprocess(*arguments)
    assert result.ret == 0
    shown = str(result.stdout)
    options = ["--optlandscape ", "--optlandscape-update", "--optlandscape-suite=NAME", "--optlandscape-json=PATH"]
    assert not [option for option in [*options, *INI_KEYS] if option not in shown]
    assert "optlandscape: suite" not in shown


def test_fixtures_and_markers_are_listed(pytester):
    listed = str(pytester.runpytest_inprocess("--fixtures").stdout)
    names = [*fixtures.WELL_KNOWN, "landscape", "minimize", "benchmark_minimize"]
    lines = listed.splitlines()
    assert not [name for name in names if not any(line.partition(" ")[0] == name for line in lines)]
    assert "The landscape 'beale'" in listed
    markers = pytester.runpytest_inprocess("--markers")
    markers.stdout.fnmatch_lines(["@pytest.mark.landscapes(*", "@pytest.mark.optlandscape:*"])
