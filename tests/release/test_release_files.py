"""The files that contributors and forges read: the changelog, the citation, templates, hooks and workflows."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

if not os.environ.get("OPTLANDSCAPE_NO_SKIPS"):
    for tool in ("towncrier", "check_jsonschema", "pre_commit", "yaml"):
        pytest.importorskip(tool, reason=f"the tests of the project's files need {tool}")
import yaml

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PAGES = sorted(ROOT.glob("*.md")) + sorted((ROOT / ".github").rglob("*.md"))
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
FRAGMENTS = sorted((ROOT / "changes").glob("*.md"))


def run(*command):
    words = [sys.executable, "-m", *map(str, command)]
    result = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def load(workflow):
    loaded = yaml.safe_load(workflow.read_text(encoding="utf-8"))
    loaded["on"] = loaded.pop(True)  # YAML 1.1 reads `on` so
    return loaded


def environments_of(workflow):
    """Return the environments of tox that a workflow runs."""
    text = json.dumps(load(workflow))
    return {*re.findall(r'"environment": "(\w+)"', text), *re.findall(r"tox run -e (\w+)", text)}


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("citation-file-format", [ROOT / "CITATION.cff"]),
        ("github-issue-config", [ROOT / ".github" / "ISSUE_TEMPLATE" / "config.yml"]),
        ("github-issue-forms", sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("[!c]*.yml"))),
        ("github-workflows", WORKFLOWS),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_files_follow_their_schemas(schema, files):
    assert files
    run("check_jsonschema", "--builtin-schema", f"vendor.{schema}", *files)


def test_the_hooks_are_configured():
    run("pre_commit", "validate-config", ROOT / ".pre-commit-config.yaml")


@pytest.mark.parametrize("fragment", [pytest.param(path, id=path.name) for path in FRAGMENTS])
def test_a_fragment_is_named_for_an_issue_or_none_and_a_kind(fragment):
    kinds = "|".join(kind["directory"] for kind in PROJECT["tool"]["towncrier"]["type"])
    assert re.fullmatch(rf"(\d+|\+[\w-]+)\.({kinds})(\.\d+)?\.md", fragment.name)


def test_the_changelog_to_be_holds_every_fragment():
    draft = run("towncrier", "build", "--draft", "--version", "99.0")
    assert "## 99.0 (" in draft
    for fragment in FRAGMENTS:
        assert f"- {fragment.read_text(encoding='utf-8').strip()}" in draft


def test_every_kind_of_fragment_stands_in_the_guide():
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for kind in PROJECT["tool"]["towncrier"]["type"]:
        assert f"| `{kind['directory']}` |" in guide


@pytest.mark.parametrize("page", [pytest.param(page, id=page.name) for page in PAGES])
def test_links_lead_to_files_and_headings(page):
    for target, heading in re.findall(r"\]\((?!https?:)([^)#]+)(?:#([\w-]+))?\)", page.read_text(encoding="utf-8")):
        file = page.parent / target
        assert file.exists(), target
        if heading:
            headings = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            assert heading in {re.sub(r"[^\w -]", "", text).lower().replace(" ", "-") for text in headings}, target


@pytest.mark.parametrize("workflow", [pytest.param(path, id=path.name) for path in WORKFLOWS])
def test_actions_have_a_version(workflow):
    for action in re.findall(r"uses: (\S+)", workflow.read_text(encoding="utf-8")):
        assert action.startswith("./") or re.search(r"@v\d+(\.\d+\.\d+)?$", action), action


def test_the_workflow_runs_every_environment_that_our_ci_runs():
    defined = set(re.findall(r"^\[testenv:(\w+)\]", (ROOT / "tox.ini").read_text(encoding="utf-8"), re.MULTILINE))
    public = environments_of(ROOT / ".github" / "workflows" / "ci.yml")
    assert public <= {*defined, "py311"}
    ours = ROOT / ".ci" / "run"
    if ours.exists():  # a source distribution has none
        named = re.findall(r"(?:-e |environments=)([\w,]+)", ours.read_text(encoding="utf-8"))
        assert {name for names in named for name in names.split(",") if name} <= public


def test_every_python_that_is_promised_is_tested():
    promised = {
        text.rpartition(" ")[2].replace(".", "")
        for text in PROJECT["project"]["classifiers"]
        if re.fullmatch(r"Programming Language :: Python :: 3\.\d+", text)
    }
    tested = environments_of(ROOT / ".github" / "workflows" / "ci.yml")
    assert {f"py{version}" for version in promised} <= tested
