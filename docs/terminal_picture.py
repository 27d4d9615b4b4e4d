"""Draw what a session prints of a regression, as an SVG for the README.

The script copies ``examples/own_optimizer`` into a temporary folder, lowers the momentum, runs the suite, and draws
parts of the output: the landscape that lost most, and the summary.

    python docs/terminal_picture.py

It needs Rich (``pip install rich``) and writes ``docs/_static/regression.svg``.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "_static" / "regression.svg"
COLUMNS = 80
COMMAND = ("--optlandscape", "-k", "optlandscape and not contract")
ANSI = re.compile(r"\x1b\[[0-9;]*m")


def lowered_momentum(folder: Path) -> Path:
    """Copy the example into a folder, with the defect."""
    project = folder / "own_optimizer"
    shutil.copytree(ROOT / "examples" / "own_optimizer", project, ignore=shutil.ignore_patterns("__pycache__"))
    source = project / "momentum.py"
    text = source.read_text(encoding="utf-8")
    if text.count("0.95") != 1:
        raise SystemExit(f"{source}: the momentum 0.95 was expected once")
    source.write_text(text.replace("0.95", "0.90"), encoding="utf-8")
    return project


def session(project: Path) -> list[str]:
    """Return the lines that the session prints, with colours."""
    environment = {**os.environ, "COLUMNS": str(COLUMNS), "OPENBLAS_NUM_THREADS": "1"}
    pytest = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--color=yes", *COMMAND]
    result = subprocess.run(pytest, cwd=project, env=environment, capture_output=True, text=True, check=False)
    if result.returncode != 1:
        raise SystemExit(f"the session should fail, and ended with {result.returncode}:\n{result.stdout}")
    return result.stdout.splitlines()


def part(lines: list[str], first: str, last: str) -> list[str]:
    """Return the lines from the first that has a text to the next that has another, the latter not included."""
    plain = [ANSI.sub("", line) for line in lines]
    start = next(k for k, line in enumerate(plain) if first in line)
    end = next(k for k, line in enumerate(plain) if k > start and last in line)
    return lines[start:end]


def drawn(lines: list[str]) -> str:
    """Return the lines as an SVG that loads nothing."""
    console = Console(record=True, width=COLUMNS, file=open(os.devnull, "w"), force_terminal=True)  # noqa: SIM115
    for line in lines:
        console.print(Text.from_ansi(line), no_wrap=True, crop=True)
    picture = console.export_svg(title="pytest --optlandscape", unique_id="regression")
    return re.sub(r"@font-face\s*\{.*?\}\s*", "", picture, flags=re.DOTALL)


def main() -> None:
    """Write the picture."""
    with tempfile.TemporaryDirectory() as folder:
        lines = session(lowered_momentum(Path(folder)))
    worst = part(lines, "momentum:minimize on trid[6] __", "trid[6]/sobol-09")
    summary = part(lines, "optlandscape: suite quick =", "over the suite:")
    shown = [*worst, "  …", "", *summary[:-2], ANSI.sub("", lines[-1]) and lines[-1]]
    PICTURE.write_text(drawn(shown), encoding="utf-8")
    print("\n".join(ANSI.sub("", line) for line in shown))
    print(f"written: {PICTURE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
