"""Small pictures of landscapes for the pages of the families: inline SVG, drawn without a browser.

A map is an embedded PNG of a few kilobytes, in shades of equal area, with the marks as vectors upon it.
"""

from __future__ import annotations

import base64
import struct
import zlib
from html import escape

import numpy as np

PIXELS = 140  # along each side: about half of what it is shown at, 3 kB as PNG
SHADES = 16
SIDE = 260.0
LEFT, TOP, WIDTH, HEIGHT = 48.0, 8.0, 322.0, 292.0
MANY = 16  # marks; more are drawn smaller
_VIRIDIS = "440154 482878 3e4989 31688e 26828e 1f9e89 35b779 6ece58 b5de2b fde725"


def picture(landscape) -> str:
    """Draw a landscape: the curve of one coordinate, else the plane of the first two through a minimiser."""
    draw = _curve if landscape.dim == 1 else _map
    inside, y_ends = draw(landscape)
    x_ends = landscape.bounds[0]
    right, bottom = LEFT + SIDE, TOP + SIDE
    return (
        f'<svg class="landscape-picture" role="img" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" width="{WIDTH:g}" '
        f'height="{HEIGHT:g}" aria-label="{escape(alternative(landscape))}">'
        f'{inside}<rect class="frame" x="{LEFT:g}" y="{TOP:g}" width="{SIDE:g}" height="{SIDE:g}"/>'
        f'<text x="{LEFT:g}" y="{bottom + 16:g}">{x_ends[0]:.4g}</text>'
        f'<text x="{right:g}" y="{bottom + 16:g}" text-anchor="end">{x_ends[1]:.4g}</text>'
        f'<text x="{LEFT - 5:g}" y="{bottom:g}" text-anchor="end">{y_ends[0]:.4g}</text>'
        f'<text x="{LEFT - 5:g}" y="{TOP + 10:g}" text-anchor="end">{y_ends[1]:.4g}</text>'
        "</svg>"
    )


def alternative(landscape) -> str:
    """Say in words what the picture shows."""
    if landscape.dim == 1:
        what = f"The curve of {landscape.id}"
    elif landscape.dim == 2:
        what = f"A map of {landscape.id}"
    else:
        what = f"A map of {landscape.id} in the plane of its first two coordinates through a global minimiser"
    (x_lower, x_upper), *rest = landscape.bounds[:2].tolist()
    box = f"from {x_lower:.4g} to {x_upper:.4g}"
    if rest:
        box += f" and from {rest[0][0]:.4g} to {rest[0][1]:.4g}"
    marked = [f"{what} {_point(at)}" for what, at in _marks(landscape)]
    few = marked if len(marked) <= 6 else [f"{len(landscape.minimizers)} global minimisers", *marked[-1:]]
    return f"{what}, {box}; marked: {', '.join(few)}."


def _marks(landscape):
    """List the minimisers, then the starts, with their names and only their coordinates in the picture."""
    starts = {"start": landscape.x0, **{f"start “{name}”": at for name, at in landscape.starts.items()}}
    marks = [("global minimiser", at) for at in np.unique(landscape.minimizers[:, :2], axis=0)]
    return marks + [(what, at[:2]) for what, at in starts.items()]


def _point(at) -> str:
    return f"({', '.join(f'{value:.6g}' for value in at)})"


def _curve(landscape):
    x = np.linspace(*landscape.bounds[0], 401)
    values = landscape(x[:, np.newaxis])
    lower, upper = float(np.min(values)), float(np.max(values))

    def place(at, value):
        left, right = landscape.bounds[0]
        return LEFT + SIDE * (at - left) / (right - left), TOP + SIDE * (
            0.96 - 0.92 * (value - lower) / (upper - lower)
        )

    line = " ".join("{:.1f},{:.1f}".format(*place(*pair)) for pair in zip(x, values, strict=True))
    marks = [(what, at, place(at[0], landscape(at))) for what, at in _marks(landscape)]
    margin = 0.04 * (upper - lower) / 0.92
    return f'<polyline points="{line}"/>{_drawn(marks)}', (lower - margin, upper + margin)


def _map(landscape):
    (left, right), (low, high) = landscape.bounds[:2].tolist()
    centres = (np.arange(PIXELS) + 0.5) / PIXELS
    points = np.tile(landscape.minimizers[0], (PIXELS * PIXELS, 1))
    points[:, 0] = np.tile(left + (right - left) * centres, PIXELS)
    points[:, 1] = np.repeat(high + (low - high) * centres, PIXELS)
    feasible = _feasible(landscape, points)
    values = landscape(points)
    shades = _shades(values, feasible) + np.where(feasible, 0, SHADES)
    image_rows = shades.astype(np.uint8).reshape(PIXELS, PIXELS)
    data = base64.b64encode(_png(image_rows)).decode()
    image = (
        f'<image x="{LEFT:g}" y="{TOP:g}" width="{SIDE:g}" height="{SIDE:g}" preserveAspectRatio="none" '
        f'href="data:image/png;base64,{data}"/>'
    )

    def place(at):
        return LEFT + SIDE * (at[0] - left) / (right - left), TOP + SIDE * (high - at[1]) / (high - low)

    return image + _drawn([(what, at, place(at)) for what, at in _marks(landscape)]), (low, high)


def _feasible(landscape, points):
    """Tell which pixels hold feasible points: each constraint's values there and beside it meet its limits."""
    feasible = np.ones((PIXELS, PIXELS), dtype=bool)
    for constraint in landscape.own_constraints:
        values = constraint.values(points).reshape(PIXELS, PIXELS, -1)
        around = [np.roll(values, step, axis=axis) for axis in (0, 1) for step in (-1, 0, 1)]
        around[0][-1], around[2][0], around[3][:, -1], around[5][:, 0] = (
            values[-1],
            values[0],
            values[:, -1],
            values[:, 0],
        )
        met = (np.min(around, axis=0) <= constraint.upper) & (np.max(around, axis=0) >= constraint.lower)
        feasible &= met.all(axis=-1)
    return feasible.ravel()


def _shades(values, feasible):
    """Number the shade of each value, so that each shade covers as much of what is feasible."""
    ranked = values[feasible & ~np.isnan(values)]
    if len(ranked) < SHADES:
        ranked = values
    levels = np.quantile(ranked, np.arange(1, SHADES) / SHADES, method="lower")
    return np.searchsorted(levels, values, side="left")


def _palette() -> bytes:
    colours = np.array([list(bytes.fromhex(colour)) for colour in _VIRIDIS.split()], dtype=float)
    at = np.linspace(0.0, len(colours) - 1.0, SHADES)
    shades = np.stack([np.interp(at, np.arange(len(colours)), channel) for channel in colours.T], axis=1)
    greys = np.repeat(np.linspace(0x70, 0xE8, SHADES), 3)
    return np.rint([*shades.ravel(), *greys]).astype(np.uint8).tobytes()


def _png(rows) -> bytes:
    """Write an image of palette numbers as PNG (ISO/IEC 15948)."""
    height, width = rows.shape
    unfiltered = np.pad(rows, ((0, 0), (1, 0)))  # each row begins with the number of its filter: 0, none
    chunks = {
        b"IHDR": struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0),
        b"PLTE": _palette(),
        b"IDAT": zlib.compress(unfiltered.tobytes(), 9),
        b"IEND": b"",
    }
    written = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks.items()
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(written)


def _drawn(marks) -> str:
    """Draw the marks: a star for a minimiser, a disc for a start; the stars last, so that they are seen."""
    places = {}
    for what, at, (x, y) in marks:
        places.setdefault((what == "global minimiser", round(x, 1), round(y, 1)), f"{what} {_point(at)}")
    size = 8.0 if len(places) <= MANY else 4.5
    drawn = []
    for (is_minimizer, x, y), title in sorted(places.items()):
        shape = f'<path d="{_star(x, y, size)}"/>' if is_minimizer else f'<circle cx="{x:g}" cy="{y:g}" r="5"/>'
        drawn.append(f"<g><title>{escape(title)}</title>{shape}</g>")
    return "".join(drawn)


def _star(x: float, y: float, size: float) -> str:
    angles = np.pi * (np.arange(10) / 5.0 - 0.5)
    radii = np.where(np.arange(10) % 2, 0.45 * size, size)
    corners = zip(x + radii * np.cos(angles), y + radii * np.sin(angles), strict=True)
    return "M" + "L".join(f"{a:.1f} {b:.1f}" for a, b in corners) + "Z"
