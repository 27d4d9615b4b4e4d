"""Read the code blocks of a page.

A block may begin with a comment that is a file's name (``# pyproject.toml``): the page shows that file.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass

FENCE = re.compile(r"^( *)```(\w+)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
FILE_NAME = re.compile(r"# ([\w./]+\.(?:py|toml))\n")


@dataclass(frozen=True)
class CodeBlock:
    """One block of a page.

    Attributes
    ----------
    language : str
    text : str
        The lines between the fences, without the indentation that they share.
    """

    language: str
    text: str

    @property
    def file_name(self) -> str | None:
        """The file that the block shows; None if the block names no file."""
        found = FILE_NAME.match(self.text)
        return None if found is None else found[1]


def code_blocks(page: str) -> list[CodeBlock]:
    """List the blocks of a page in their order.

    Parameters
    ----------
    page : str
        The Markdown text.

    Returns
    -------
    list of CodeBlock
    """
    return [CodeBlock(language, textwrap.dedent(text)) for _, language, text in FENCE.findall(page)]
