import ast
import importlib
import inspect
from pathlib import Path

import pytest

import pytest_optlandscape

PACKAGE = Path(pytest_optlandscape.__file__).parent
NAME = PACKAGE.name
MODULES = {
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}
ROOMS = {
    "_counting": 0,
    "_names": 0,
    "_texts": 0,
    "figures": 0,
    "_declarations": 1,
    "_profiles": 1,
    "_values": 1,
    "landscapes": 1,
    "runs": 2,
    "optimizers": 3,
    "strategies": 4,
    "verdicts": 5,
    "ledger": 6,
    "store": 7,
    "trend": 8,
    "report": 9,
    "session": 10,
    "fixtures": 10,
    "hookspecs": 10,
    "cli_arguments": 11,
    "cli": 12,
    "plugin": 11,
    "__main__": 13,
}
"""Imports run from higher floors to lower ones only."""
LAZY = {"fixtures", "hookspecs", "plugin"}
"""Rooms that import what is heavy inside functions only."""
LIGHT = {"fixtures", "hookspecs", "_counting", "_declarations", "_names", "_profiles", "_values"}
"""What the plugin may import at once."""
SEEDS_THE_WORLD = {
    f"{NAME}.{room}" for room in ("verdicts.contract_trials", "optimizers.seeding", "runs.process_state")
}
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


def test_every_module_is_in_a_room_that_is_known():
    assert {room(module) for module in MODULES} - {""} == set(ROOMS)


@pytest.mark.parametrize("module", MODULES)
def test_imports_run_downward(module):
    here = room(module)
    for name, inside in imports(MODULES[module]):
        there = room(name)
        if here == "":
            assert there == "", f"{module} imports {name}"
            continue
        there = pytest_optlandscape._HOMES.get(there) or there  # a name of the package's top
        if there in ("", "__version__"):
            continue
        assert there == here or ROOMS[there] < ROOMS[here], f"{module} imports {name}"
        if here in LAZY:
            assert inside or there in LIGHT, f"{module} imports {name} at once"


def test_an_upward_import_would_be_seen(tmp_path):
    path = tmp_path / "module.py"
    path.write_text(
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from pytest_optlandscape.report import details\n"
        "import pytest_optlandscape.session.items\n"
        "def late():\n    from pytest_optlandscape.ledger import read_baseline\n"
    )
    assert imports(path) == [
        ("pytest_optlandscape.session.items", False),
        ("pytest_optlandscape.ledger.read_baseline", True),
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
        "assert_equivalent", "assert_stays_feasible", "check_optimizer", "parametrize_with_checks", "landscapes",
        "optimizers", "strategies",
    }  # fmt: skip
    assert set(pytest_optlandscape.__all__) == public
    assert public <= set(dir(pytest_optlandscape))
    assert {name for name in public if getattr(pytest_optlandscape, name) is None} == set()
    with pytest.raises(AttributeError, match="minimise"):
        _ = pytest_optlandscape.minimise


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
