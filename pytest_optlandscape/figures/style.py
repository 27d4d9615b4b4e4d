"""The style sheet of all pictures: line widths, and colour-blind-safe colours for light and dark.

References
----------
M. Okabe, K. Ito: Color Universal Design, jfly.uni-koeln.de/color (2008).
"""

from __future__ import annotations

__all__ = ["BASIN_COLOURS", "STYLE"]

BASIN_COLOURS = 8
"""Number of kinds of marks in a basin map; each has its own colour and shape."""

_LIGHT = {
    "paper": "#fff",
    "ink": "#1c2128",
    "muted": "#59636e",
    "grid": "#e4e7eb",
    "before": "#5a5f66",
    "now": "#0a58a8",
    "better": "#087f5b",
    "worse": "#c2410c",
    "field": "#8a7a3c",
    "band": "#eef1f4",
}
_DARK = {
    "paper": "#14171c",
    "ink": "#e4e7eb",
    "muted": "#9aa4af",
    "grid": "#2b3138",
    "before": "#b4bac2",
    "now": "#6cb6ff",
    "better": "#3fc79a",
    "worse": "#ff8a4c",
    "field": "#b9a65a",
    "band": "#22272e",
}
# Colours of Okabe & Ito (2008), darker on a light background and lighter on a dark one.
_BASINS_LIGHT = ("#0072b2", "#c2410c", "#007a5a", "#a2387f", "#b07d00", "#2f9bd6", "#5a5f66", "#7a4a1e")
_BASINS_DARK = ("#5cb3ec", "#ff8a4c", "#3fc79a", "#e58ac4", "#e9b949", "#9ad7ff", "#b4bac2", "#c99a6b")


def _colours(colours: dict[str, str], basins: tuple[str, ...]) -> str:
    named = {**colours, **{f"basin{k}": colour for k, colour in enumerate(basins)}}
    return "".join(f"--{name}:{colour};" for name, colour in named.items()).rstrip(";")


_RULES = {
    "": "max-width:100%;height:auto;background:var(--paper);font:12px system-ui,sans-serif;color:var(--ink)",
    "text": "fill:var(--ink)",
    "path,line,polyline": "fill:none;stroke-linejoin:round;stroke-linecap:butt",
    ".muted": "fill:var(--muted)",
    ".grid": "stroke:var(--grid)",
    ".axis": "stroke:var(--muted)",
    ".frame": "fill:none;stroke:var(--muted)",
    ".middle": "text-anchor:middle",
    ".end": "text-anchor:end",
    ".strong": "font-weight:600",
    ".before": "stroke:var(--before);stroke-width:1.8;stroke-dasharray:5 3",
    ".now": "stroke:var(--now);stroke-width:2",
    ".run": "stroke-width:1.5",
    ".halo": "stroke:var(--paper);stroke-width:3.5;stroke-opacity:.75",
    ".before-area": "fill:var(--before);fill-opacity:.14",
    ".now-area": "fill:var(--now);fill-opacity:.16",
    ".before-mark": "fill:var(--paper);stroke:var(--before);stroke-width:1.5",
    ".now-mark": "fill:var(--now);stroke:var(--paper)",
    "text.before-text": "fill:var(--before)",
    "text.now-text": "fill:var(--now)",
    ".better": "fill:var(--better);stroke:var(--better)",
    ".worse": "fill:var(--worse);stroke:var(--worse)",
    ".cell,.shade": "stroke:none",
    ".shade": "fill-opacity:.13",
    ".whisker": "stroke-width:1.6",
    ".same": "fill:var(--band)",
    ".ink": "fill:var(--ink)",
    ".unknown": "fill:var(--grid);stroke:var(--muted);stroke-dasharray:2 2",
    "text.better,text.worse": "stroke:none",
    ".outlined": "paint-order:stroke;stroke:var(--paper);stroke-width:3;stroke-linejoin:round",
    ".band": "fill:var(--band)",
    ".sheet": "fill:var(--paper)",
    ".field": "fill:var(--field);fill-opacity:.1;stroke:var(--field);stroke-opacity:.5;stroke-width:1;"
    "fill-rule:evenodd",
    ".hatch": "stroke:var(--muted);stroke-opacity:.45",
    ".star": "fill:var(--paper);stroke:var(--ink);stroke-width:1.2",
    ".start": "fill:var(--ink);stroke:var(--paper);stroke-width:1.2",
    ".split": "fill:none;stroke:var(--worse);stroke-width:2",
    ".switched": "fill:none;stroke:var(--ink);stroke-width:1.4",
    **{f".basin{k}": f"fill:var(--basin{k});stroke:var(--paper);stroke-width:.7" for k in range(BASIN_COLOURS)},
}


def _sheet() -> str:
    rules = "".join(
        ",".join(f".optlandscape {part}".strip() for part in selector.split(",")) + "{" + body + "}"
        for selector, body in _RULES.items()
    )
    return (
        f".optlandscape{{{_colours(_LIGHT, _BASINS_LIGHT)}}}"
        f"@media (prefers-color-scheme:dark){{.optlandscape{{{_colours(_DARK, _BASINS_DARK)}}}}}{rules}"
    )


STYLE = _sheet()
"""The style sheet of all pictures. A page with many pictures includes it once and uses `Figure.bare_svg`."""
