import ast
import importlib
import inspect
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import pytest_optlandscape

PACKAGE = Path(pytest_optlandscape.__file__).parent
NAME = PACKAGE.name
PROJECT = Path(__file__).parents[1]
MODULES = {
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}
LAZY = {"fixtures", "hookspecs", "plugin"}
"""Rooms that import what is heavy inside functions only."""
LIGHT = {"fixtures", "hookspecs", "configuration", "texts"}
"""What the plugin may import at once."""
SEEDS_THE_WORLD = {f"{NAME}.{room}" for room in ("contract.trials", "optimizers.seeding", "runs.process_state")}
"""What looks whether optimizers leave the global random state alone, and what puts it back after those that do not."""


def room(module):
    return module.split(".")[1] if "." in module else ""


def imports(path):
    """Imported modules of the package, each with whether a function imports it; not those for annotations."""
    found = []

    def visit(node, inside):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            for child in node.orelse:
                visit(child, inside)
            return
        if isinstance(node, ast.Import):
            found.extend((alias.name, inside) for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            found.extend((f"{node.module}.{alias.name}", inside) for alias in node.names)
        inside = inside or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for child in ast.iter_child_nodes(node):
            visit(child, inside)

    visit(ast.parse(path.read_text(encoding="utf-8")), False)
    return [(name, inside) for name, inside in found if name.split(".")[0] == NAME]


def names_used(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield ast.unparse(node)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module)


LINT = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(cache_dir=None))"


def lint(folder):
    """Run import-linter with the rules of pyproject.toml in a folder."""
    return subprocess.run([sys.executable, "-c", LINT], cwd=folder, capture_output=True, text=True, check=False)


def test_rules_of_import():
    """pyproject.toml has the rules: rooms import downward, and no circles."""
    linted = lint(PROJECT)
    assert linted.returncode == 0, linted.stdout + linted.stderr


@pytest.mark.parametrize(
    ("module", "line", "rule"),
    [
        ("texts/plurals.py", "from pytest_optlandscape import report", "Rooms import downward"),
        (
            "records/averages.py",
            "from pytest_optlandscape.records import measuring",
            "No circles between the modules of a room",
        ),
    ],
)
def test_a_broken_rule_would_be_seen(tmp_path, module, line, rule):
    shutil.copytree(PACKAGE, tmp_path / NAME, ignore=shutil.ignore_patterns("__pycache__"))
    with (tmp_path / NAME / module).open("a", encoding="utf-8") as file:
        file.write(f"\n\ndef late():\n    {line}\n")
    shutil.copy(PROJECT / "pyproject.toml", tmp_path)
    linted = lint(tmp_path)
    assert linted.returncode == 1
    assert f"{rule} BROKEN" in linted.stdout


@pytest.mark.parametrize("module", [module for module in MODULES if room(module) in LAZY])
def test_the_door_of_the_plugin_loads_nothing_heavy(module):
    for name, inside in imports(MODULES[module]):
        there = room(name)
        there = pytest_optlandscape._HOMES.get(there) or there  # a name of the package's top
        assert inside or there in {*LIGHT, "", "__version__"}, f"{module} imports {name} at once"


def test_an_import_inside_a_function_would_be_seen(tmp_path):
    path = tmp_path / "module.py"
    path.write_text(
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from pytest_optlandscape.report import details\n"
        "import pytest_optlandscape.session.items\n"
        "def late():\n    from pytest_optlandscape.store import read_baseline\n"
    )
    assert imports(path) == [
        ("pytest_optlandscape.session.items", False),
        ("pytest_optlandscape.store.read_baseline", True),
    ]


def global_random_numbers(source):
    legacy = {"seed", "rand", "randn", "random", "uniform", "normal", "randint", "get_state", "set_state", "choice"}
    return {
        name
        for name in names_used(ast.parse(source))
        if name.split(".")[0] == "random" or ("random." in name and name.rpartition(".")[2] in legacy)
    }


@pytest.mark.parametrize("module", [module for module in MODULES if module not in SEEDS_THE_WORLD])
def test_no_global_random_numbers(module):
    assert global_random_numbers(MODULES[module].read_text(encoding="utf-8")) == set()


def test_global_random_numbers_would_be_seen():
    source = (
        "import random\nx = np.random.seed(0), numpy.random.rand(), random.gauss\nrng.random(), np.random.default_rng()"
    )
    assert global_random_numbers(source) == {"random", "np.random.seed", "numpy.random.rand", "random.gauss"}


@pytest.mark.parametrize("module", MODULES)
def test_promised_names_exist(module):
    loaded = importlib.import_module(module)
    promised = getattr(loaded, "__all__", [])
    assert not [name for name in promised if not hasattr(loaded, name)]
    assert len(set(promised)) == len(promised)


def test_top_of_the_package():
    public = {
        "minimize", "Landscape", "Problem", "Run", "assert_converges", "assert_precise", "assert_robust",
        "assert_equivalent", "assert_resumes", "assert_stays_feasible", "assert_tunable", "check_optimizer",
        "parametrize_with_checks", "landscapes", "optimizers", "strategies",
        "Choice", "Fidelity", "Float", "Int", "Ordinal", "Space",
    }  # fmt: skip
    assert set(pytest_optlandscape.__all__) == public
    assert public <= set(dir(pytest_optlandscape))
    assert {name for name in public if getattr(pytest_optlandscape, name) is None} == set()
    with pytest.raises(AttributeError, match="minimise"):
        _ = pytest_optlandscape.minimise


PUBLIC = (
    "", "landscapes", "runs", "optimizers", "suites", "strategies", "search", "records", "comparison", "assertions",
    "contract", "store", "trend", "figures", "report",
)  # fmt: skip
"""The rooms whose ``__all__`` users may import from; "" is the top of the package."""


def in_reference(text):
    """Map each full name that a page of the reference documents to the object."""
    found, module = {}, ""
    for directive, name in re.findall(r"^\.\. (\w+):: (\S+)", text, re.MULTILINE):
        if directive in ("automodule", "currentmodule"):
            module = name
        elif directive.startswith("auto"):
            home, _, last = (name if name.startswith(f"{NAME}.") else f"{module}.{name}").rpartition(".")
            found[f"{home}.{last}"] = getattr(importlib.import_module(home), last)
    return found


def missing_in(text, room):
    """List the names of a room that the reference lacks; it may have them under another room."""
    module = importlib.import_module(f"{NAME}.{room}" if room else NAME)
    documented = in_reference(text)
    public = {name: getattr(module, name) for name in module.__all__}
    return [
        name
        for name, thing in public.items()
        if not inspect.ismodule(thing)
        and not any(full.endswith(f".{name}") and thing is one for full, one in documented.items())
    ]


@pytest.mark.parametrize("room", PUBLIC)
def test_every_public_name_is_in_the_reference(room):
    text = (PROJECT / "docs" / "reference.rst").read_text(encoding="utf-8")
    assert missing_in(text, room) == []


def test_a_name_that_the_reference_lacks_would_be_seen():
    page = ".. automodule:: pytest_optlandscape.search\n.. autofunction:: basin_map\n"
    assert missing_in(page, "search") == ["Basin", "BasinMap", "FailingStart", "find_failing_start"]
    with pytest.raises(AttributeError, match="basin_mapp"):
        in_reference(page.replace("basin_map", "basin_mapp"))


def undocumented(module):
    loaded = importlib.import_module(module)
    if not loaded.__doc__:
        yield module
    for name, thing in vars(loaded).items():
        if name.startswith("_") or getattr(thing, "__module__", None) != module:
            continue
        if inspect.isfunction(thing) and not thing.__doc__:
            yield f"{module}.{name}"
        if inspect.isclass(thing):
            if not vars(thing).get("__doc__"):
                yield f"{module}.{name}"
            for part, member in vars(thing).items():
                function = getattr(member, "fget", None) or getattr(member, "__func__", member)
                function = getattr(function, "func", function)
                if part.startswith("_") or not inspect.isfunction(function):
                    continue
                inherited = [getattr(base, part, None) for base in thing.__mro__[1:]]
                if not function.__doc__ and not any(getattr(one, "__doc__", None) for one in inherited):
                    yield f"{module}.{name}.{part}"


@pytest.mark.parametrize("module", MODULES)
def test_public_things_are_documented(module):
    assert list(undocumented(module)) == []


def test_moved_modules_are_where_the_page_of_changes_says():
    page = (PROJECT / "docs" / "changes-before-1.0.md").read_text(encoding="utf-8")
    moved = re.findall(r"^\| module \| `([\w.]+)` \| `([\w.]+)` \|$", page, re.MULTILINE)
    assert len(moved) > 50
    assert [now for _, now in moved if f"{NAME}.{now}" not in MODULES] == []
