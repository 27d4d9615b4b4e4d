"""The code in README.md and in the pages of docs/ is run as it stands there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from thorough import one_of_each

from pytest_optlandscape.plugin import INI_KEYS

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "docs"))
try:
    from code_blocks import FENCE, code_blocks
finally:
    sys.path.remove(str(ROOT / "docs"))

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
MADE_BY_THE_BUILD = "families/"


def blocks(page, language):
    found = code_blocks(page.read_text(encoding="utf-8"))
    return [block for block in found if block.language == language]


def write_blocks(page, folder):
    """Write a page's code into a project: a block that begins with a file's name there, any other as a test module."""
    settings = [block for block in blocks(page, "toml") if block.file_name]
    for k, block in enumerate([*settings, *blocks(page, "python")]):
        needs_a_test = block.file_name is None and "def test_" not in block.text
        ending = "\n\ndef test_runs():\n    pass\n" if needs_a_test else ""
        path = folder / (block.file_name or f"test_block_{k}.py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text + ending, encoding="utf-8")


@pytest.mark.parametrize(
    "page",
    one_of_each(
        (pytest.param(page, id=page.name) for page in PAGES if blocks(page, "python")),
        lambda page: "README.md" if page.name == "README.md" else "a page of docs/",
    ),
)
def test_code_of_the_page_runs(page, pytester):
    write_blocks(page, pytester.path)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    outcomes = result.parseoutcomes()
    assert result.ret == 0, str(result.stdout)
    assert set(outcomes) <= {"passed", "xfailed", "warnings", "warning"}
    tests = [block for block in blocks(page, "python") if block.file_name is None or "def test_" in block.text]
    assert sum(outcomes.get(outcome, 0) for outcome in ("passed", "xfailed")) >= len(tests)


def test_configuration_of_the_readme_runs(pytester):
    write_blocks(ROOT / "README.md", pytester.path)
    result = pytester.runpytest_subprocess("--optlandscape-update", "-k", "optlandscape and (himmelblau or beale)")
    result.assert_outcomes(passed=4, deselected=result.parseoutcomes()["deselected"])
    result.stdout.fnmatch_lines(["*accepted: *solver_minimize.json*", "*accepted: *scipy_L-BFGS-B*.json*"])
    result = pytester.runpytest_subprocess("--optlandscape", "-k", "optlandscape and (himmelblau or beale)")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["solver:minimize*", "*identical*same"])


def test_first_commands_of_the_readme_install_and_run():
    """Tools read them from here: the first runs an example, the second passes the tests."""
    first, second, *_ = [block.text for block in blocks(ROOT / "README.md", "bash")]
    assert first == (
        "python -m venv .venv && .venv/bin/pip install . && .venv/bin/pytest --optlandscape examples/article\n"
    )
    assert second == '.venv/bin/pip install ".[test]" && .venv/bin/pytest -n 2\n'


@pytest.mark.parametrize("page", [pytest.param(page, id=page.name) for page in PAGES])
def test_links_lead_to_files(page):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", FENCE.sub("", page.read_text(encoding="utf-8"))):
        assert target.startswith(MADE_BY_THE_BUILD) or (page.parent / target).exists(), target


def test_the_architecture_page_names_what_exists():
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    answers = re.findall(r"^\| [^|]+\? \| `([\w/]+\.py)` \| (.+) \|$", text, re.MULTILINE)
    assert len(answers) >= 10
    package = ROOT / "pytest_optlandscape"
    for path, names in answers:
        source = (package / path).read_text(encoding="utf-8")
        for name in re.findall(r"`(\w+)`", names):
            assert re.search(rf"^(class |def )?{name}\b", source, re.MULTILINE), f"{path} does not define {name}"
    for path in re.findall(r"`((?:[\w]+/)*\w+\.py)`", text):
        assert list(ROOT.rglob(path)), f"there is no {path}"


def test_the_picture_of_the_rooms_is_up_to_date():
    command = [sys.executable, "docs/rooms.py", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_page_of_options_has_every_key_and_option(pytester):
    text = (ROOT / "docs" / "options.md").read_text(encoding="utf-8")
    assert [key for key in INI_KEYS if f"| `{key}` |" not in text] == []
    shown = str(pytester.runpytest_inprocess("--help").stdout)
    options = set(re.findall(r"^  (--optlandscape[a-z-]*)", shown, re.MULTILINE))
    assert len(options) >= 15
    assert sorted(option for option in options if not re.search(rf"`{option}[^a-z-]", text)) == []
