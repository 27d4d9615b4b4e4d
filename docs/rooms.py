"""Draw the imports between the rooms of the package: every arrow points down.

    python docs/rooms.py            write docs/_static/rooms.svg
    python docs/rooms.py --check    exit with status 1 if that file is out of date

Both fail if a room imports a room above it. The order of the rooms is that of import-linter's contract in
pyproject.toml. The imports are read from the source by grimp, which import-linter uses too.
"""

from __future__ import annotations

import sys
import tomllib
from itertools import pairwise
from pathlib import Path

import grimp
import numpy as np

from pytest_optlandscape.figures.canvas import Canvas

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "_static" / "rooms.svg"
PACKAGE = "pytest_optlandscape"
WIDTH, HEIGHT, ACROSS, DOWN, MARGIN = 108.0, 24.0, 124.0, 56.0, 10.0
SWEEPS = 12


def order_of_rooms() -> list[list[str]]:
    """Return the rooms from top to bottom; rooms of one row do not import each other."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    layers = next(one["layers"] for one in contracts if one.get("containers") == [PACKAGE])
    return [[room.strip() for room in layer.split("|")] for layer in layers]


def imports_between(rooms: list[str]) -> dict[str, set[str]]:
    """Return the rooms that each room imports, imports for annotations aside."""
    graph = grimp.build_graph(PACKAGE, exclude_type_checking_imports=True, cache_dir=None)
    found: dict[str, set[str]] = {room: set() for room in rooms}
    for module in graph.modules:
        for imported in graph.find_modules_directly_imported_by(module):
            start, to = ([*name.split("."), ""][1] for name in (module, imported))
            if start != to and start in found and to in found:
                found[start].add(to)
    return found


def check_downward(order: list[list[str]], imports: dict[str, set[str]]) -> None:
    """Raise ValueError if a room imports a room of its own row or above."""
    row_of = {room: k for k, row in enumerate(order) for room in row}
    upward = [f"{start} imports {to}" for start in imports for to in imports[start] if row_of[start] >= row_of[to]]
    if upward:
        raise ValueError("imports must point down: " + "; ".join(sorted(upward)))


def needed(imports: dict[str, set[str]]) -> dict[str, set[str]]:
    """Return the imports that no chain of other imports implies: the transitive reduction (Aho et al., 1972)."""

    def below(room: str) -> set[str]:
        return imports[room].union(*(below(one) for one in imports[room]))

    return {
        room: {to for to in direct if not any(to in below(other) for other in direct)}
        for room, direct in imports.items()
    }


def arrows_of(rooms: list[str], few: dict[str, set[str]]) -> list[list[tuple[int, str]]]:
    """Return the nodes of each arrow, by rank and name: two rooms, and a bend in each rank between them.

    A room's rank is the number of rooms above it on the longest chain of imports (Sugiyama, Tagawa & Toda, 1981).
    """
    rank: dict[str, int] = {}
    for room in rooms:  # from top to bottom, so that the rooms above have their ranks
        rank[room] = max((rank[start] + 1 for start in rank if room in few[start]), default=0)
    arrows = []
    for start in rooms:
        for to in sorted(few[start], key=rooms.index):
            bends = [(k, f"{start} to {to}") for k in range(rank[start] + 1, rank[to])]
            arrows.append([(rank[start], start), *bends, (rank[to], to)])
    return arrows


def places_of(arrows: list[list[tuple[int, str]]]) -> dict[tuple[int, str], tuple[float, float]]:
    """Return where the middle of each node lies; each is moved near the nodes that its arrows join it to."""
    nodes = list(dict.fromkeys(node for arrow in arrows for node in arrow))
    joined: dict[tuple[int, str], list[tuple[int, str]]] = {node: [] for node in nodes}
    for arrow in arrows:
        for above, below in pairwise(arrow):
            joined[above].append(below)
            joined[below].append(above)
    ranks = [[node for node in nodes if node[0] == k] for k in range(max(nodes)[0] + 1)]
    x = {node: float(k) for rank in ranks for k, node in enumerate(rank)}
    for sweep in range(SWEEPS):
        for rank in ranks if sweep % 2 == 0 else ranks[::-1]:
            toward = -1 if sweep % 2 == 0 else 1
            wanted = {}
            for node in rank:
                others = [x[one] for one in joined[node] if one[0] == node[0] + toward]
                wanted[node] = float(np.mean(others)) if others else x[node]
            rank.sort(key=wanted.__getitem__)
            for k, node in enumerate(rank):
                x[node] = max(wanted[node], x[rank[k - 1]] + _apart(rank[k - 1], node)) if k else wanted[node]
            shift = np.mean([wanted[node] - x[node] for node in rank])
            for node in rank:
                x[node] += float(shift)
    left = min(x.values())
    return {
        node: (MARGIN + WIDTH / 2 + ACROSS * (x[node] - left), MARGIN + HEIGHT / 2 + DOWN * node[0]) for node in nodes
    }


def _apart(one: tuple[int, str], other: tuple[int, str]) -> float:
    """Return the distance that two neighbours keep, in columns; bends need less than rooms."""
    return 0.28 + 0.36 * sum(" " not in name for _, name in (one, other))


def draw() -> str:
    """Return the picture as SVG."""
    order = order_of_rooms()
    rooms = [room for row in order for room in row]
    imports = imports_between(rooms)
    check_downward(order, imports)
    arrows = arrows_of(rooms, needed(imports))
    places = places_of(arrows)
    right, bottom = (max(place[k] for place in places.values()) for k in range(2))
    canvas = Canvas(right + WIDTH / 2 + MARGIN, bottom + HEIGHT / 2 + MARGIN)
    for arrow in arrows:
        _draw_arrow(canvas, [places[node] for node in arrow])
    for (_, name), (x, y) in places.items():
        if " " not in name:
            canvas.rectangle(x - WIDTH / 2, y - HEIGHT / 2, WIDTH, HEIGHT, "band")
            canvas.text(x, y + 4, name, "middle strong")
    figure = canvas.figure(
        title="Imports between the rooms of pytest-optlandscape",
        description="Every arrow points down, from a room to a room that it imports. An import that a chain of arrows "
        "implies is left out.",
        columns=("room", "imports"),
        rows=[(room, ", ".join(sorted(imports[room]))) for room in rooms],
        identifier="rooms",
    )
    return figure.svg + "\n"


def _draw_arrow(canvas: Canvas, points: list[tuple[float, float]]) -> None:
    """Draw a smooth line down through points, with a head at its end."""
    (x0, y0), *between, (x1, y1) = points
    stops = [(x0, y0 + HEIGHT / 2), *between, (x1, y1 - HEIGHT / 2 - 6)]
    turn = np.linspace(0.0, 1.0, 20)
    pieces = []
    for (xa, ya), (xb, yb) in pairwise(stops):
        pieces.append(np.column_stack([xa + (xb - xa) * (3 * turn**2 - 2 * turn**3), ya + (yb - ya) * turn]))
    canvas.path(np.concatenate(pieces), "run axis")
    x, y = stops[-1]
    canvas.path(np.array([(x, y + 6), (x - 3.5, y), (x + 3.5, y)]), "ink", closed=True, tolerance=0.0)


def main() -> int:
    """Write the picture, or check that it is up to date."""
    drawn = draw()
    if "--check" not in sys.argv:
        PICTURE.write_text(drawn, encoding="utf-8")
        return 0
    if PICTURE.exists() and PICTURE.read_text(encoding="utf-8") == drawn:
        return 0
    print(f"{PICTURE.relative_to(ROOT)} is out of date: run python docs/rooms.py")
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
