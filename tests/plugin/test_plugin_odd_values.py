"""Odd values of every option and every key of the configuration file: each is one clear usage error."""

import pytest

from pytest_optlandscape import plugin
from pytest_optlandscape.session.settings import read_settings
from pytest_optlandscape.session.suite import SuiteRun

TOLD = (ValueError, TypeError, ImportError, OSError, pytest.UsageError)
"""What a session turns into a usage error."""


def start(config):
    plugin._declare_profiles(config)
    return SuiteRun.against_baseline(read_settings(config, plugin.INI_KEYS))


@pytest.fixture
def configured(pytester):
    """Write a configuration and the text of the error that a session's start raises."""

    def run(*arguments, optimizers='["scipy:Powell"]', **keys):
        text = f"[tool.pytest.ini_options]\noptlandscape_optimizers = {optimizers}\n"
        text += "".join(f"{key} = {value}\n" for key, value in keys.items())
        (pytester.path / "pyproject.toml").write_text(text)
        config = pytester.parseconfig(*arguments)
        with pytest.raises(TOLD) as caught:
            start(config)
        said = str(caught.value)
        assert len(said) < 6000
        assert "\n" not in said
        return said

    return run


KEYS = [
    ("optimizers", "[1]", "optlandscape_optimizers"),
    ("optimizers", "[[]]", "optlandscape_optimizers"),
    ("optimizers", '[["scipy:Powell"]]', "optlandscape_optimizers"),
    ("optimizers", "[true]", "optlandscape_optimizers"),
    ("optimizers", "[{a = 1}]", "optlandscape_optimizers"),
    ("optimizers", "1", "'1' is not of the form"),
    ("optimizers", "2026-11-29", "is not of the form"),
    ("optimizers", '[""]', "'' is not of the form"),
    ("optimizers", '["scipy:BFGS(gtol=1e999)"]', "cannot be stored"),
    ("optimizers", '["scipy:BFGS(gtol=...)"]', "cannot be stored"),
    ("optlandscape_profiles", "[1]", "optlandscape_profiles"),
    ("optlandscape_profiles", "1", "optlandscape_profiles"),
    ("optlandscape_profiles", "[[1]]", "optlandscape_profiles"),
    ("optlandscape_profiles", '[""]', "optlandscape_profiles"),
    ("optlandscape_profiles", '["gtol=1e-5"]', "optlandscape_profiles"),
    ("optlandscape_profiles", '["scipy:BFGS(gtol=1e-5)"]', "optlandscape_profiles"),
    ("optlandscape_profiles", '["scipy:BFGS(gtol = 1e-5)"]', "optlandscape_profiles"),
    ("optlandscape_profiles", '["scipy:Powell = scipy:Powell"]', "optlandscape_profiles"),
    ("optlandscape_profiles", '["scipy:Powell = gtol=1e-5"]', "optlandscape_profiles"),
    ("optlandscape_profiles", '[" = local"]', "optlandscape_profiles"),
    ("optlandscape_profiles", '["scipy:Powell = "]', "optlandscape_profiles"),
    ("optlandscape_profiles", '["scipy:Powell = local global"]', "optlandscape_profiles"),
    ("optlandscape_profiles", '["scipy:Powell = local", "scipy:Powell = global"]', "optlandscape_profiles"),
    ("optlandscape_profiles", '["Powell = local"]', "optlandscape_profiles"),
    ("optlandscape_suite", '""', "optlandscape_suite"),
    ("optlandscape_suite", "[]", "optlandscape_suite"),
    ("optlandscape_suite", '["quick"]', "optlandscape_suite"),
    ("optlandscape_suite", "1", "unknown suite '1'"),
    ("optlandscape_suite", '"quick\\u0000"', "optlandscape_suite has a null character"),
    ("optlandscape_budget", "[]", "optlandscape_budget"),
    ("optlandscape_budget", "true", "optlandscape_budget"),
    ("optlandscape_budget", "1.5", "optlandscape_budget"),
    ("optlandscape_budget", f'"{"9" * 5000}"', "optlandscape_budget"),
    ("optlandscape_budget", '"99999999999999999999"', "optlandscape_budget"),
    ("optlandscape_budget", '"²"', "optlandscape_budget"),
    ("optlandscape_baseline_dir", '""', "optlandscape_baseline_dir"),
    ("optlandscape_baseline_dir", "[]", "optlandscape_baseline_dir"),
    ("optlandscape_baseline_dir", '["a"]', "optlandscape_baseline_dir"),
    ("optlandscape_baseline_dir", '"a\\u0000b"', "optlandscape_baseline_dir"),
    ("optlandscape_fail_on", "[]", "optlandscape_fail_on"),
    ("optlandscape_fail_on", "[1]", "optlandscape_fail_on"),
    ("optlandscape_fail_on", "true", "optlandscape_fail_on"),
    ("optlandscape_time_budget", '"inf"', "optlandscape_time_budget"),
    ("optlandscape_time_budget", '"nan"', "optlandscape_time_budget"),
    ("optlandscape_time_budget", "[]", "optlandscape_time_budget"),
    ("optlandscape_time_limit", '"inf"', "optlandscape_time_limit"),
    ("optlandscape_time_limit", '"1e300"', "optlandscape_time_limit"),
    ("optlandscape_time_limit", "-1", "optlandscape_time_limit"),
    ("optlandscape_time_limit", '""', "optlandscape_time_limit"),
    ("optlandscape_contract", '"perhaps"', "optlandscape_contract"),
    ("optlandscape_contract", "[]", "optlandscape_contract"),
    ("optlandscape_contract", "2", "optlandscape_contract"),
    ("optlandscape_require_baseline", '"perhaps"', "optlandscape_require_baseline"),
    ("optlandscape_require_baseline", "{a = 1}", "optlandscape_require_baseline"),
    ("optlandscape_history", "[]", "optlandscape_history"),
    ("optlandscape_history", '["a"]', "optlandscape_history"),
    ("optlandscape_history", '"a\\u0000b"', "optlandscape_history"),
    ("optlandscape_paths", "[1]", "optlandscape_paths"),
    ("optlandscape_paths", '["a\\u0000b"]', "optlandscape_paths"),
    ("optlandscape_paths", '["nowhere"]', "optlandscape_paths"),
]


@pytest.mark.parametrize(("key", "value", "said"), KEYS, ids=range(len(KEYS)))
def test_an_odd_value_of_a_key_is_told(configured, key, value, said):
    assert said in configured(**{key: value})


OPTIONS = [
    (["--optlandscape-suite", ""], "--optlandscape-suite"),
    (["--optlandscape-suite", "quik"], "unknown suite 'quik'"),
    (["--optlandscape-suite=" + "-" * 1000], "unknown suite '---"),
    (["--optlandscape-json", ""], "--optlandscape-json"),
    (["--optlandscape-json", "a\0b"], "--optlandscape-json"),
    (["--optlandscape-json", "a" * 5000], "aaa"),
    (["--optlandscape-report", ""], "--optlandscape-report"),
    (["--optlandscape-markdown", ""], "--optlandscape-markdown"),
    (["--optlandscape-markdown", "a\0b"], "--optlandscape-markdown"),
    (["--optlandscape-codequality", ""], "--optlandscape-codequality"),
    (["--optlandscape-executor", ""], "--optlandscape-executor"),
    (["--optlandscape-only", ""], "--optlandscape-only"),
    (["--optlandscape-history=a\0b"], "--optlandscape-history"),
    (["-o", "optlandscape_suite=["], "unknown suite '['"),
    (["-o", "optlandscape_profiles=1"], "optlandscape_profiles"),
]


@pytest.mark.parametrize(("arguments", "said"), OPTIONS, ids=range(len(OPTIONS)))
def test_an_odd_value_of_an_option_is_told(configured, arguments, said):
    assert said in configured(*arguments)


SESSIONS = [
    ([], {"optlandscape_profiles": "[1]"}, "optlandscape_profiles must be a list of strings"),
    (
        ["--optlandscape"],
        {"optlandscape_contract": '"perhaps"'},
        "optlandscape_contract: invalid truth value 'perhaps'",
    ),
    (["--optlandscape", "--optlandscape-suite="], {}, "--optlandscape-suite has an empty value"),
    (["--optlandscape", "--optlandscape-suite=" + "-" * 1000], {}, "unknown suite '---"),
    (["--optlandscape", "--optlandscape-json", ""], {}, "--optlandscape-json has an empty value"),
    (["--optlandscape-replay", ""], {}, "write a cell as LANDSCAPE/START"),
    (["--optlandscape-replay", "/" * 1000], {}, "unknown landscape"),
    (["--optlandscape-list", "dim=" + "9" * 5000], {}, "--optlandscape-list"),
    (["--optlandscape", "--optlandscape-executor", "processes:" + "9" * 5000], {}, "processes:999"),
    (["--optlandscape", "--optlandscape-executor", "nothing:here"], {}, "nothing"),
    (["--optlandscape", "--optlandscape-only", "x" * 5000], {}, "--optlandscape-only"),
    (["--optlandscape", "--optlandscape-history", "git:"], {}, "git:"),
]


@pytest.mark.parametrize(("arguments", "keys", "said"), SESSIONS, ids=range(len(SESSIONS)))
def test_a_session_ends_with_one_usage_error(pytester, arguments, keys, said):
    text = '[tool.pytest.ini_options]\noptlandscape_optimizers = ["scipy:Powell"]\n'
    text += "".join(f"{key} = {value}\n" for key, value in keys.items())
    (pytester.path / "pyproject.toml").write_text(text)
    result = pytester.runpytest_inprocess(*arguments)
    shown = [*result.outlines, *result.errlines]
    assert not [line for line in shown if "Traceback" in line or "INTERNALERROR" in line], "\n".join(shown)
    errors = [line for line in result.errlines if line.startswith("ERROR:")]
    assert (result.ret, len(errors)) == (pytest.ExitCode.USAGE_ERROR, 1), "\n".join(shown)
    assert said in errors[0]
