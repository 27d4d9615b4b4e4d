"""The canvas of pictures: lines, marks, texts and axes as short SVG.

References
----------
U. Ramer: An Iterative Procedure for the Polygonal Approximation of Plane Curves, CGIP 1 (1972).
D. H. Douglas, T. K. Peucker: Algorithms for the Reduction of the Number of Points Required to Represent a Digitized
Line or its Caricature, Cartographica 10 (1973).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pytest_optlandscape.figures.figure import Figure
from pytest_optlandscape.figures.scales import Scale
from pytest_optlandscape.figures.style import STYLE
from pytest_optlandscape.figures.wording import escape, plain, shorten, width_of

__all__ = ["Canvas", "number", "simplified"]

FloatArray = NDArray[np.float64]

_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_-]*\Z")
_HERE = "\0"  # placeholder of the identifier; no text contains it
LINE = 15.0


def number(value: float) -> str:
    """Write a coordinate with at most one decimal.

    Examples
    --------
    >>> number(12.04), number(-0.04), number(0.55)
    ('12', '0', '.6')
    """
    tenths = round(10.0 * float(value))
    text = f"{tenths / 10:.1f}".removesuffix(".0")
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text


def _joined(parts: Sequence[str]) -> str:
    """Join numbers of a path; a minus sign separates too."""
    return "".join(part if k == 0 or part.startswith("-") else f" {part}" for k, part in enumerate(parts))


def path_of(points: FloatArray, *, closed: bool = False, apart: bool = False) -> str:
    """Return SVG path data of a line through points (n, 2), rounded to tenths, or of separate points."""
    if apart:  # move to each point; whole numbers suffice for marks
        return "".join(f"M{x} {y}" for x, y in np.rint(points).astype(np.int64).tolist())
    tenths = np.rint(10.0 * points).astype(np.int64)
    if len(tenths) > 1:
        moved = np.any(tenths[1:] != tenths[:-1], axis=1)
        tenths = tenths[np.concatenate([[True], moved])]
    start = _joined([number(value / 10) for value in tenths[0].tolist()])
    steps = [number(value / 10) for value in np.diff(tenths, axis=0).ravel().tolist()]
    return f"M{start}" + (f"l{_joined(steps)}" if steps else "h0") + ("z" if closed else "")


def simplified(points: FloatArray, tolerance: float = 0.3) -> FloatArray:
    """Remove points of a line within ``tolerance`` of the remaining line (Ramer 1972; Douglas & Peucker 1973)."""
    kept = np.zeros(len(points), dtype=bool)
    kept[[0, -1]] = True
    open_ranges = [(0, len(points) - 1)]
    while open_ranges:
        first, last = open_ranges.pop()
        if last - first < 2:
            continue
        base = points[last] - points[first]
        between = points[first + 1 : last] - points[first]
        along = np.clip(between @ base / max(float(base @ base), 1e-300), 0.0, 1.0)
        apart = between - along[:, np.newaxis] * base
        away = np.hypot(apart[:, 0], apart[:, 1])
        farthest = int(np.argmax(away))
        if away[farthest] > tolerance:
            middle = first + 1 + farthest
            kept[middle] = True
            open_ranges += [(first, middle), (middle, last)]
    return points[kept]


class Canvas:
    """A picture under construction.

    Parameters
    ----------
    width, height : float
        Its size; the viewer scales it.
    """

    def __init__(self, width: float, height: float) -> None:
        self.width = width
        self.height = height
        self.parts: list[str] = []

    def add(self, markup: str) -> None:
        """Add an element given as markup."""
        self.parts.append(markup)

    def reference(self, name: str) -> str:
        """Return an id for an element, unique among the pictures of a page."""
        return f"{_HERE}-{name}"

    def path(self, points: ArrayLike, classes: str, *, closed: bool = False, tolerance: float = 0.3) -> None:
        """Draw a line through points (n, 2), without those that make no visible difference."""
        line = np.asarray(points, dtype=np.float64)
        if len(line):
            self.add(f'<path class="{classes}" d="{path_of(simplified(line, tolerance), closed=closed)}"/>')

    def line(self, x1: float, y1: float, x2: float, y2: float, classes: str) -> None:
        """Draw a straight line."""
        self.add(f'<path class="{classes}" d="{path_of(np.array([[x1, y1], [x2, y2]]))}"/>')

    def rectangle(self, x: float, y: float, width: float, height: float, classes: str) -> None:
        """Draw a rectangle."""
        self.add(
            f'<rect class="{classes}" x="{number(x)}" y="{number(y)}" width="{number(width)}" '
            f'height="{number(height)}"/>'
        )

    def text(
        self, x: float, y: float, text: object, classes: str = "", *, most: float | None = None, turned: bool = False
    ) -> None:
        """Write a text, shortened to a width; a shortened text has the whole as its title."""
        whole = plain(text)
        shown = whole if most is None else shorten(whole, most)
        title = f"<title>{escape(whole)}</title>" if shown != whole else ""
        named = f' class="{classes}"' if classes else ""
        where = (
            f'transform="translate({number(x)} {number(y)})rotate(-90)"'
            if turned
            else f'x="{number(x)}" y="{number(y)}"'
        )
        self.add(f"<text{named} {where}>{title}{escape(shown)}</text>")

    def mark(self, at: Sequence[float], shape: str, classes: str, size: float = 4.0) -> None:
        """Draw a mark: disc, square, diamond, up, down, star, cross, plus or hexagon."""
        x, y = at
        if shape == "disc":
            self.add(f'<circle class="{classes}" cx="{number(x)}" cy="{number(y)}" r="{number(size)}"/>')
        else:
            self.add(f'<path class="{classes}" d="{mark_path(x, y, shape, size)}"/>')

    def marker(self, name: str, shape: str, classes: str, size: float) -> None:
        """Define a mark for `marks`."""
        outline = mark_path(0.0, 0.0, shape, size)
        self.add(
            f'<marker id="{self.reference(name)}" markerUnits="userSpaceOnUse" overflow="visible">'
            f'<path class="{classes}" d="{outline}"/></marker>'
        )

    def marks(self, points: FloatArray, name: str) -> None:
        """Draw the named mark on each of the points (n, 2)."""
        if len(points):
            at = f"url(#{self.reference(name)})"
            self.add(
                f'<path marker-start="{at}" marker-mid="{at}" marker-end="{at}" d="{path_of(points, apart=True)}"/>'
            )

    def legend(self, x: float, y: float, width: float, entries: Sequence[tuple[str, str, str]]) -> None:
        """Draw a legend in one row: names with samples of their lines ("line") or marks (a shape).

        Parameters
        ----------
        x, y, width : float
            Start, baseline and largest width of the row.
        entries : sequence of (name, kind, classes)
        """
        gap, sample = 14.0, 26.0
        room = _room([width_of(plain(name)) for name, _, _ in entries], width - (gap + sample) * len(entries) + gap)
        for name, kind, classes in entries:
            if kind == "line":
                self.line(x, y - 4, x + 20, y - 4, classes)
            else:
                self.mark((x + 10, y - 4), kind, classes)
            self.text(x + sample, y, name, most=room)
            x += sample + width_of(shorten(plain(name), room)) + gap

    def axes(self, x: Scale, y: Scale, x_title: str, y_title: str, *, zero_at: float | None = None) -> None:
        """Draw two axes, with grid lines at the ticks of the vertical one.

        A logarithmic vertical axis may show zero below its lower end, at ``zero_at``. The horizontal axis is then drawn
        there.
        """
        left, right, top, bottom = x.start, x.end, y.end, y.start if zero_at is None else zero_at
        across = max(2, int((right - left) / 62))
        x_ticks, y_ticks = x.ticks(across), y.ticks(max(2, int((y.start - top) / 34)))
        lines = "".join(path_of(np.array([[left, at], [right, at]])) for at in y(y_ticks).tolist())
        self.add(f'<path class="grid" d="{lines}"/>')
        ends = "".join(path_of(np.array([[at, bottom], [at, bottom + 4]])) for at in x(x_ticks).tolist())
        self.add(f'<path class="axis" d="{path_of(np.array([[left, bottom], [right, bottom]]))}{ends}"/>')
        for at, label in zip(x(x_ticks).tolist(), x.labels(x_ticks), strict=True):
            self.text(at, bottom + 17, label, "muted middle")
        labelled = [*zip(y(y_ticks).tolist(), y.labels(y_ticks), strict=True)]
        if zero_at is not None:
            labelled.append((zero_at, "0"))
        for at, label in labelled:
            self.text(left - 6, at + 4, label, "muted end")
        self.text((left + right) / 2, bottom + 34, x_title, "middle", most=right - left + 40)
        wide = max((width_of(label) for _, label in labelled), default=0.0)
        self.text(left - wide - 12, (top + bottom) / 2, y_title, "middle", turned=True, most=bottom - top + 40)

    def figure(
        self,
        *,
        title: str,
        description: str,
        columns: Sequence[str],
        rows: Sequence[tuple[object, ...]],
        caption: str = "",
        identifier: str = "",
    ) -> Figure:
        """Return the finished picture.

        Parameters
        ----------
        title, description, columns, rows, caption
            See `Figure`.
        identifier : str, default ""
            Prefix of ids (default: a hash of the picture, so that different pictures have different ids).

        Raises
        ------
        ValueError
            If the identifier is not a letter followed by letters, digits, "_" and "-".
        """
        if identifier and not _IDENTIFIER.match(identifier):
            raise ValueError(
                f"an identifier must be an ASCII letter followed by ASCII letters, digits, _ and -; got {identifier!r}"
            )
        title, description = plain(title), plain(description)
        body = "".join(self.parts)
        if not identifier:
            digest = hashlib.sha256(f"{title}\n{description}\n{body}".encode()).hexdigest()
            identifier = f"figure-{digest[:10]}"
        size = f"{number(self.width)} {number(self.height)}"
        width, height = size.split()
        svg = (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="optlandscape" role="img" '
            f'aria-labelledby="{identifier}-title {identifier}-desc" viewBox="0 0 {size}" width="{width}" '
            f'height="{height}"><title id="{identifier}-title">{escape(title)}</title>'
            f'<desc id="{identifier}-desc">{escape(description)}</desc><style>{STYLE}</style>'
            f"{body.replace(_HERE, identifier)}</svg>"
        )
        return Figure(svg, title, description, tuple(columns), tuple(rows), plain(caption))


def _room(widths: Sequence[float], total: float) -> float:
    """Return the largest width of a text so that all fit into a row; short texts leave room for long ones."""
    left, waiting = total, sorted(widths)
    while waiting:
        share = left / len(waiting)
        if waiting[0] > share:
            return share
        left -= waiting.pop(0)
    return max(widths, default=0.0)


def mark_path(x: float, y: float, shape: str, size: float) -> str:
    """Return SVG path data of a mark's outline around a place."""
    if shape in ("cross", "plus"):
        arm = 0.9 * size if shape == "cross" else 1.2 * size
        a, b = ((arm, arm), (arm, -arm)) if shape == "cross" else ((arm, 0.0), (0.0, arm))
        strokes = [np.array([[x - dx, y - dy], [x + dx, y + dy]]) for dx, dy in (a, b)]
        return "".join(path_of(stroke) for stroke in strokes)
    corners, first, inner = {
        "square": (4, 0.25 * np.pi, 1.0),
        "diamond": (4, 0.0, 1.0),
        "up": (3, -0.5 * np.pi, 1.0),
        "down": (3, 0.5 * np.pi, 1.0),
        "hexagon": (6, 0.0, 1.0),
        "star": (10, -0.5 * np.pi, 0.42),
        "disc": (12, 0.0, 1.0),
    }[shape]
    size *= {"square": 1.15, "diamond": 1.3, "up": 1.35, "down": 1.35, "star": 1.7, "hexagon": 1.15}.get(shape, 1.0)
    angles = first + 2.0 * np.pi * np.arange(corners) / corners
    radii = np.where(np.arange(corners) % 2, inner * size, size)
    return path_of(np.stack([x + radii * np.cos(angles), y + radii * np.sin(angles)], axis=1), closed=True)
