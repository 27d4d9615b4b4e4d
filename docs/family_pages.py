"""One page of the docs per family of the catalogue, made from the code.

Before the sources are read, `write_pages` writes a stub for each family into ``families/`` (not under version
control). Its directive ``landscape-family`` makes a section of each landscape: formula, facts, picture, citation.
``landscape-gallery`` shows the pictures of all landscapes on one page, which can be searched.
"""

from __future__ import annotations

import math
import sys
from pathlib import Path

import gallery
import pictures
from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx import addnodes
from sphinx.errors import ExtensionError

from pytest_optlandscape import landscapes
from pytest_optlandscape.landscapes.definition import DEFINITIONS
from pytest_optlandscape.landscapes.families import FAMILIES

FOLDER = "families"
MOST_LISTED = 9  # minimisers on the page; of more the first are given

DESCRIPTIONS = {
    "classic-2d": "The classic test functions of two coordinates.",
    "scalable": "The classic test functions of any dimension, and those of a few fixed dimensions that belong to them.",
    "1d": "Functions of one coordinate: what a line search, or a global method on an interval, meets.",
    "ill-conditioned": "Directions that differ in importance by orders of magnitude.",
    "nonsmooth": "Functions whose minimiser lies on a kink: sums of absolute values, and largest of several functions.",
    "deceptive": "Several wells, of which the lowest is not the widest or hardly lower than the next.",
    "plateau-flat": "Functions on which little or nothing changes: steps, plateaus, saddles, flat bottoms.",
    "least-squares": "The sums of squares of Moré, Garbow & Hillstrom (1981), with residuals and Jacobian.",
    "constrained": "Problems with constraints besides the bounds; minimum and minimisers are those of feasible points.",
    "bbob": "The 24 functions of the BBOB suite, with COCO's own instances: `bbob_f01_sphere[10]:3` is the third.",
    "neural-network": "Losses of networks that are small enough for their global minima to be known.",
    "training": "Losses of one small network in training, whole or batch by batch.",
    "bbob-mixint": "The 24 functions of the suite bbob-mixint, over whole and real numbers, with COCO's own instances.",
    "tuning": "Small problems over typed search spaces: discrete, mixed, conditional.",
    "pseudo-boolean": "Functions of bits: those of the suite PBO whose maxima are known, negated; Jump; NM landscapes.",
    "cross-validated": "Grids of the hyperparameters of small models on real data, of which every point was tried.",
    "multi-fidelity": "Functions with cheap levels, at which the minimum lies elsewhere than at full fidelity.",
    "stochastic": "Functions whose values are random in a run; what is drawn and listed is their exact expectation.",
}

LEGEND = (
    "In the pictures each of the sixteen shades covers as much of the box; dark is low, grey is infeasible. ★ marks "
    "global minimisers, ○ the starts. Of more than two coordinates the plane of the first two through a global "
    "minimiser is drawn, and marks are projected onto it."
)

LEGEND_OF_SPACES = (
    "These landscapes are functions of a configuration of a "
    "[search space](#landscapes-over-search-spaces). Their points are the codes of configurations."
)


GALLERY = """# Gallery

All landscapes, in their usual dimension. The words are searched in names, families, tags, formulas and sources.
Dark is low; ★ marks global minimisers, ○ the starts.

```{landscape-gallery}
```
"""


def write_pages(app) -> None:
    """Write a stub for each family, and the index of them; leave alone those that are as they should be."""
    folder = Path(app.srcdir) / FOLDER
    folder.mkdir(exist_ok=True)
    families = landscapes.families()
    pages = {f"{family}.md": _stub(family) for family in families}
    pages |= {"index.md": _index(families), "gallery.md": GALLERY}
    for stale in {path.name for path in folder.iterdir()} - pages.keys():
        (folder / stale).unlink()
    for name, text in pages.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def names_of(family: str) -> list[str]:
    """List the names of a family, in the catalogue's order."""
    return [name for name in landscapes.names() if DEFINITIONS[name].family == family]


def label(name: str) -> str:
    """Name the target of a landscape's section."""
    return f"landscape-{name}"


def link(name: str) -> nodes.Node:
    """Refer to the section of a landscape."""
    reference = addnodes.pending_xref(
        "", refdomain="std", reftype="ref", reftarget=label(name), refexplicit=True, refwarn=True
    )
    reference += nodes.literal(text=name)
    return reference


def _description(family: str) -> str:
    if family not in DESCRIPTIONS:
        raise ExtensionError(f"the family {family!r} has no description: add one to DESCRIPTIONS in {__name__}.py")
    return DESCRIPTIONS[family]


def _stub(family: str) -> str:
    first = landscapes.get(names_of(family)[0])
    legend = LEGEND if first.space is None else LEGEND_OF_SPACES
    return f"""# {family}

{_description(family)}

```{{doctest}}
>>> from pytest_optlandscape import landscapes
>>> everything = map(landscapes.get, landscapes.names())
>>> family = [landscape for landscape in everything if landscape.family == "{family}"]
>>> len(family), family[0]
({len(names_of(family))}, {first!r})
```

{legend}

```{{landscape-family}} {family}
```
"""


def _index(families: list[str]) -> str:
    rows = "\n".join(
        f"| [{family}]({family}.md) | {len(names_of(family))} | {_description(family)} |" for family in families
    )
    return f"""# Families

Every landscape with its formula, picture, minimisers and source, family by family.
To search by words, tags and dimension, go to the [gallery](gallery.md).

| family | landscapes | |
|---|---|---|
{rows}

```{{toctree}}
:hidden:

gallery
{chr(10).join(families)}
```
"""


class Gallery(Directive):
    """A card of each landscape."""

    def run(self):
        environment = self.state.document.settings.env
        for module in (pictures, gallery, *FAMILIES):
            environment.note_dependency(module.__file__)

        def address(name):
            page = f"{FOLDER}/{DEFINITIONS[name].family}"
            return f"{environment.app.builder.get_relative_uri(environment.docname, page)}#{label(name)}"

        return [nodes.raw("", gallery.gallery(landscapes.names(), address), format="html")]


class Family(Directive):
    """A section for each landscape of a family, in its usual dimension."""

    required_arguments = 1

    def run(self):
        for module in (pictures, sys.modules[__name__], *FAMILIES):
            self.state.document.settings.env.note_dependency(module.__file__)
        return [self._section(landscapes.get(name)) for name in names_of(self.arguments[0])]

    def _section(self, landscape):
        section = nodes.section(ids=[label(landscape.name)], names=[label(landscape.name)])
        section += nodes.title(text=landscape.name)
        self.state.document.note_explicit_target(section)
        section += nodes.paragraph(text=landscape.summary)
        beside = nodes.container(classes=["landscape-facts"])
        if landscape.space is None:
            beside += nodes.raw("", pictures.picture(landscape), format="html")
        beside += _field_list(facts(landscape))
        section += beside
        return section


def _field_list(rows):
    fields = nodes.field_list()
    for name, content in rows.items():
        body = nodes.field_body()
        body += nodes.paragraph("", "", *content) if isinstance(content, list) else nodes.paragraph(text=content)
        fields += nodes.field("", nodes.field_name(text=name), body)
    return fields


def facts(landscape) -> dict[str, str | list[nodes.Node]]:
    """Tell what is known of a landscape, by what it is; texts, or lists of inline nodes."""
    rows = {
        "id": _literals([landscape.id]),
        "dimension": dimensions(DEFINITIONS[landscape.name]),
        **_box_or_space(landscape),
        "start": _literals([_point_or_configuration(landscape, landscape.x0)]),
    }
    for name, start in landscape.starts.items():
        rows[f"start “{name}”"] = _literals([_point_or_configuration(landscape, start)])
    rows["minimum"] = _literals([_number(landscape.fmin)])
    rows["minimisers"] = _minimizers(landscape)
    if landscape.own_constraints:
        rows["constraints"] = _constraints(landscape)
    if landscape.noise is not None:
        rows["noise"] = _literals([repr(landscape.noise)])
    if landscape.space is None:
        rows["derivatives"] = _derivatives(landscape)
    variants = landscapes.variants(landscape.name)
    if variants:
        rows["variants"] = "; ".join(_variant(landscapes.get(landscape.name, variant=name)) for name in variants)
    rows["tags"] = ", ".join(sorted(landscape.tags))
    rows["source"] = landscape.source or "this package's own"
    return rows


def dimensions(definition) -> str:
    """Say in which dimensions a landscape comes."""
    if not definition.is_scalable:
        return str(definition.dim)
    if not isinstance(definition.dims, range):
        return f"{', '.join(map(str, definition.dims))}; usually {definition.dim}"
    step = f", step {definition.dims.step}" if definition.dims.step > 1 else ""
    return f"{definition.dims[0]} to {definition.dims[-1]}{step}; usually {definition.dim}"


def _box_or_space(landscape):
    if landscape.space is None:
        return {"bounds": _bounds(landscape)}
    kinds = {}
    for name, parameter in landscape.space.parameters.items():
        kinds.setdefault(repr(parameter), []).append(name)
    return {"search space": _literals([f"{_names(names)}: {kind}" for kind, names in kinds.items()])}


def _names(names) -> str:
    return ", ".join(names) if len(names) <= 2 else f"{names[0]}, …, {names[-1]}"


def _point_or_configuration(landscape, point) -> str:
    if landscape.space is None:
        return _point(point)
    values = landscape.space.decode(point)
    if "pseudo-boolean" in landscape.tags:
        return "".join(map(str, values.values()))
    return ", ".join(f"{name}={f'{v:.15g}' if isinstance(v, float) else repr(v)}" for name, v in values.items())


def _bounds(landscape):
    sides = [f"[{_number(lower)}, {_number(upper)}]" for lower, upper in landscape.bounds.tolist()]
    if len(sides) > 1 and len(set(sides)) == 1:
        return [nodes.literal(text=sides[0]), nodes.Text(" in each coordinate")]
    return _literals(sides, " × ")


def _minimizers(landscape):
    points = landscape.minimizers
    listed = _literals([_point_or_configuration(landscape, point) for point in points[:MOST_LISTED]])
    if math.isinf(landscape.n_minimizers):
        return [nodes.Text("a continuum, or more than are counted; for all stand "), *listed]
    if landscape.n_minimizers > MOST_LISTED:
        return [nodes.Text(f"{landscape.n_minimizers:g}, the first of them "), *listed, nodes.Text(", …")]
    return listed


def _constraints(landscape) -> str:
    constraints = landscape.constraints
    sides = [side for constraint in constraints for side in zip(constraint.lb, constraint.ub, strict=True)]
    equalities = sum(lower == upper for lower, upper in sides)
    counts = [(len(sides) - equalities, "inequality", "inequalities"), (equalities, "equality", "equalities")]
    return ", ".join(f"{count} {one if count == 1 else many}" for count, one, many in counts if count)


def _derivatives(landscape) -> str:
    known = ["gradient"] if landscape.has_gradient else []
    if known and "smooth" in landscape.tags:
        known.append("Hessian")
    if landscape.has_residuals:
        known.append("residuals and their Jacobian")
    return ", ".join(known) or "none"


def _variant(variant) -> str:
    return f"{variant.id}, minimum {_number(variant.fmin)} ({variant.source})"


def _literals(texts, between=", "):
    separated = [node for text in texts for node in (nodes.Text(between), nodes.literal(text=text))]
    return separated[1:]


def _point(point) -> str:
    return f"({', '.join(map(_number, point))})"


def _number(value) -> str:
    return repr(float(value)).removesuffix(".0")


def setup(app):
    app.add_directive("landscape-family", Family)
    app.add_directive("landscape-gallery", Gallery)
    app.connect("builder-inited", write_pages)
    app.add_css_file("families.css")
    app.add_js_file("gallery.js")
    return {"parallel_read_safe": True}
