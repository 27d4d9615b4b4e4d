"""The cost of the plugin where it is not used: CPU time of ``python -m pytest`` on one empty test.

Run ``python benchmarks/startup.py``.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

from measure import ROOT, heading, line, machine

OURS = "pytest_optlandscape.plugin"
ROUNDS = 25
MOST_MILLISECONDS = 5.0
HEAVY = ("numpy", "scipy", "hypothesis", "pytest_benchmark", "keras", "torch", "jax", "plotly")
_LIST_IMPORTS = f"""
import sys, pytest
status = pytest.main(sys.argv[1:])
print("IMPORTED", *[name for name in {HEAVY} if name in sys.modules])
sys.exit(status)
"""


def plugins() -> dict[str, str]:
    """List the installed pytest plugins: the name of each and its module."""
    return {entry.name: entry.value for entry in metadata.entry_points(group="pytest11")}


def variants() -> dict[str, list[str]]:
    """Name the ways to start pytest, and the options of each."""
    installed = plugins()
    others = [f"-pno:{name}" for name, module in installed.items() if module != OURS]
    ours = [name for name, module in installed.items() if module == OURS]
    with_ours = [] if ours else [f"-p{OURS}"]
    without_ours = [f"-pno:{name}" for name in ours]
    return {
        "bare": [*others, *without_ours],
        "bare again": [*others, *without_ours],
        "only ours": [*others, *with_ours],
        "everything but ours": without_ours,
        "everything": with_ours,
    }


def command(python: list[str], options: list[str]) -> list[str]:
    return [sys.executable, *python, "-q", "-pno:cacheprovider", *options, "test_empty.py"]


def milliseconds(options: list[str], folder: Path, environment: dict[str, str]) -> float:
    """Run pytest once; give user and system time of it and of the processes it waited for."""
    process = subprocess.Popen(
        command(["-m", "pytest"], options), cwd=folder, env=environment, stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"pytest {options} ended with {process.returncode}")
    return 1000.0 * (usage.ru_utime + usage.ru_stime)


def imported(options: list[str], folder: Path, environment: dict[str, str]) -> set[str]:
    """List the heavy packages that a run of pytest imports."""
    out = subprocess.run(
        command(["-c", _LIST_IMPORTS], options),
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return set(out.rpartition("IMPORTED")[2].split())


def main() -> None:
    machine()
    ways = variants()
    print("installed pytest plugins:", ", ".join(sorted(plugins())))
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": ""}
    environment = {key: value for key, value in environment.items() if not key.startswith("PYTEST_")}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "test_empty.py").write_text("def test_nothing():\n    pass\n")
        (folder / "pytest.ini").write_text("[pytest]\n")
        for options in ways.values():
            milliseconds(options, folder, environment)  # writes bytecode, fills the disk's cache
        turns: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(ROUNDS):
            for way, options in ways.items():
                turns[way].append(milliseconds(options, folder, environment))
        imports = {way: imported(options, folder, environment) for way, options in ways.items()}
    heading(f"CPU time of pytest on one empty test (median of {ROUNDS}, in turn)")
    for way, times in turns.items():
        heavy = ", ".join(sorted(imports[way])) or "nothing heavy"
        print(f"  {way:<22} {statistics.median(times):7.1f} ms; imports {heavy}")

    def difference(way: str, base: str) -> float:
        return statistics.median(a - b for a, b in zip(turns[way], turns[base], strict=True))

    print(f"  noise: bare against bare {difference('bare again', 'bare'):+.1f} ms")
    line("only ours, over bare", difference("only ours", "bare"), MOST_MILLISECONDS, "ms")
    line("everything, over everything but ours", difference("everything", "everything but ours"), 5.0, "ms")
    ratio = statistics.median(turns["only ours"]) / statistics.median(turns["bare"])
    print(f"  ratio, only ours to bare: {ratio:.3f}")
    because = (imports["only ours"] - imports["bare"]) | (imports["everything"] - imports["everything but ours"])
    print(f"  imported because of us: {', '.join(sorted(because)) or 'nothing heavy'}")


if __name__ == "__main__":
    main()
