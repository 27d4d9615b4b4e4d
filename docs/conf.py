"""Sphinx configuration, with directives that draw tables from the code: ``landscape-catalogue``, ``landscape-tags``."""

from __future__ import annotations

import sys
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive

import pytest_optlandscape
from pytest_optlandscape import landscapes
from pytest_optlandscape.landscapes.definition import DEFINITIONS

sys.path.insert(0, str(Path(__file__).parent))
from family_pages import dimensions, link

project = "pytest-optlandscape"
author = "The pytest-optlandscape developers"
copyright = author
release = version = pytest_optlandscape.__version__

extensions = ["myst_parser", "numpydoc", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.doctest"]
extensions += ["family_pages"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_static_path = ["_static"]
html_title = "pytest-optlandscape"
default_role = "code"
myst_heading_anchors = 3  # `page.md#a-heading` is a link, as on GitHub

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # numpydoc's sections say them
autosummary_generate = False
numpydoc_show_class_members = False

# Docstrings are run by pytest (--doctest-modules); here the pages are.
doctest_test_doctest_blocks = ""


def _table(header, widths, rows):
    group = nodes.tgroup(cols=len(header))
    group += [nodes.colspec(colwidth=width) for width in widths]
    head, body = nodes.thead(), nodes.tbody()
    for part, lines in ((head, [header]), (body, rows)):
        for line in lines:
            row = nodes.row()
            for text in line:
                entry = nodes.entry()
                entry += nodes.paragraph("", "", *text) if isinstance(text, list) else nodes.paragraph(text=text)
                row += entry
            part.append(row)
    group += [head, body]
    return nodes.table("", group)


def _literal(text):
    return [nodes.literal(text=text)]


class Catalogue(Directive):
    """Every landscape, in its usual dimension."""

    def run(self):
        rows = []
        for name in landscapes.names():
            landscape = landscapes.get(name)
            rows.append(
                [
                    [link(name)],
                    dimensions(DEFINITIONS[name]),
                    str(landscape.n_minimizers),
                    f"{landscape.fmin:.10g}",
                    ", ".join(sorted(landscape.tags)),
                    landscape.source,
                ]
            )
        header = ["name", "dimensions", "minimisers", "fmin", "tags", "source"]
        return [_table(header, [15, 14, 9, 12, 30, 30], rows)]


class Tags(Directive):
    """Every tag, what it says, and how many landscapes have it."""

    def run(self):
        rows = [
            [_literal(tag), meaning, str(len(landscapes.select(tags=tag)))] for tag, meaning in landscapes.TAGS.items()
        ]
        return [_table(["tag", "meaning", "landscapes"], [18, 60, 10], rows)]


def setup(app):
    app.add_directive("landscape-catalogue", Catalogue)
    app.add_directive("landscape-tags", Tags)
    return {"parallel_read_safe": True}
