import pytest

from pytest_optlandscape.session.static_locations import locate, locations_of

FILES = {
    "package/__init__.py": "from .solvers import fast as quick\nfrom package import deep\n",
    "package/solvers.py": "x = 1\n\ndef fast():\n    pass\n\ntry:\n    pass\nexcept ImportError:\n    slow = fast\n",
    "package/deep.py": "class Solver:\n    x = 1\n    def step(self):\n        pass\n",
    "broken.py": "def f(:\n",
    "loop.py": "from loop import f\n",
    "pytest.ini": '[pytest]\noptlandscape_optimizers =\n    scipy:L-BFGS-B\n    "odd:one"\n',
}


@pytest.fixture
def folder(tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("spec", "where"),
    [
        ("package.solvers:fast(step=0.1)", ("package/solvers.py", 3)),
        ("package:quick", ("package/solvers.py", 3)),
        ("package.solvers:slow", ("package/solvers.py", 9)),
        ("package:deep.Solver", ("package/__init__.py", 1)),
        ("package.deep:Solver.step", ("package/deep.py", 3)),
        ("package.deep:nothing", ("package/deep.py", 1)),
        ("broken:f", ("broken.py", 1)),
        ("loop:f", ("loop.py", 1)),
        ("scipy:L-BFGS-B", ("pytest.ini", 3)),
        ("elsewhere:f", ("pytest.ini", 1)),
        ("../../etc:passwd", ("pytest.ini", 1)),
    ],
)
def test_an_optimizer_is_found_without_running_its_code(folder, spec, where):
    assert locations_of([spec], [folder / "src", folder], folder / "pytest.ini", folder) == {spec: where}


def test_what_is_outside_the_repository_has_no_place(folder):
    assert locate("package:quick", [folder]) == (folder / "package/solvers.py", 3)
    assert locations_of(["package:quick"], [folder], None, folder / "package") == {"package:quick": ("solvers.py", 3)}
    assert locations_of(["loop:f", "no:f"], [folder], folder / "pytest.ini", folder / "package") == {}
