"""Run the commands of a page and check, or write, what they print.

    python docs/console.py PAGE.md...            check; exit status 1 where a page says something else
    python docs/console.py --write PAGE.md...    write what is printed into the page

Blocks of the language ``console`` hold lines that begin with ``$ ``, each followed by what the command prints. All
commands of a page run one after another, in one folder. At first it holds the files that the page names in comments
(``<!-- console: examples/year/*.py -->``), and the blocks that begin with a file's name (``# pyproject.toml``).

Numbers differ between machines, by rounding. So what must agree is what tells the story: commits, verdicts, counts of
commits and exit statuses, in their order.
"""

from __future__ import annotations

import difflib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "examples" / "year"))
from code_blocks import code_blocks  # noqa: E402
from make_repository import make  # noqa: E402

BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILES = re.compile(r"^<!-- console: (\S+) -->$", re.MULTILINE)
TIMES = re.compile(r"\b\d+\.\d+ ?s\b( \(\d+:\d\d:\d\d\))?")
STORY = re.compile(
    r"^\$ .*|\b[0-9a-f]{10}\b|\b(?:worse|better|changed|new|step|creep|error)\b"
    r"|\bstatus \d|\b\d+ (?:measured|known|taken over)\b",
    re.MULTILINE,
)


class Console:
    """Commands one after another, as at a terminal: ``cd`` stays."""

    def __init__(self, folder: Path) -> None:
        self.folder = self.home = folder
        scripts = Path(sys.executable).parent
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "GITHUB_", "CI"))},
            "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_AUTHOR_DATE": "2026-12-08T12:00:00Z",
            "GIT_COMMITTER_DATE": "2026-12-08T12:00:00Z",
            "COLUMNS": "100",
            "OPENBLAS_NUM_THREADS": "1",
        }
        for role in ("AUTHOR", "COMMITTER"):
            self.environment |= {f"GIT_{role}_NAME": "You", f"GIT_{role}_EMAIL": "you@example.org"}

    def run(self, command: str) -> str:
        """Run one command and give what it prints, both streams in their order."""
        if command.startswith("cd "):
            self.folder = self.folder / command.removeprefix("cd ").strip()
            return ""
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        printed = TIMES.sub("… s", done.stdout.replace(str(self.home), "/home/you"))
        lines = [line.rstrip() for line in printed.splitlines()]
        return "".join(f"{line}\n" for line in lines)


def as_run(page: str) -> str:
    """Give a page with what its commands print today."""
    with tempfile.TemporaryDirectory() as temporary:
        for pattern in FILES.findall(page):
            for path in ROOT.glob(pattern):
                shutil.copy(path, temporary)
        for block in code_blocks(page):
            if block.file_name is not None:
                (Path(temporary) / block.file_name).write_text(block.text, encoding="utf-8")
        console = Console(Path(temporary))

        def printed_again(found: re.Match[str]) -> str:
            commands = [line for line in found[1].splitlines() if line.startswith("$ ")]
            printed = [f"{command}\n{console.run(command[2:])}" for command in commands]
            return "```console\n" + "".join(printed) + "```"

        return BLOCK.sub(printed_again, page)


def story(page: str) -> list[str]:
    """List what must agree, without the commit of the baseline, whose hash depends on the machine."""
    with tempfile.TemporaryDirectory() as temporary:
        make(Path(temporary))
        listed = ["git", "-C", temporary, "rev-list", "HEAD"]
        commits = {line[:10] for line in subprocess.check_output(listed, text=True).split()}
    return [word for word in STORY.findall(page) if word in commits or not re.fullmatch(r"[0-9a-f]{10}", word)]


def main() -> int:
    """Check or write the pages that are named."""
    writes = "--write" in sys.argv
    status = 0
    for name in sys.argv[1:]:
        if name == "--write":
            continue
        path = Path(name)
        before = path.read_text(encoding="utf-8")
        after = as_run(before)
        if writes:
            path.write_text(after, encoding="utf-8")
        elif story(before) != story(after):
            status = 1
            old, new = (text.splitlines(keepends=True) for text in (before, after))
            sys.stdout.writelines(difflib.unified_diff(old, new, f"{path}", f"{path} as run"))
    return status


if __name__ == "__main__":
    raise SystemExit(main())
