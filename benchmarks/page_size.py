"""How large the page is and how soon it is there, beside a Plotly page of the same data.

    python benchmarks/page_size.py [COMMITS] [STATES]

Makes up a history of 212 landscapes, 5 optimizers and 500 commits in 25 states each, writes its page, and opens it in
headless Chromium: first paint, and the time until the charts of a landscape that waited in a compressed block are
there. Beside it stands a page of Plotly figures with the same numbers, as `plotly.io` writes it. Then the same for a
typical project: 16 landscapes, 1 optimizer, 60 commits. Needs playwright, plotly, jinja2 and Debian's chromium.
"""

from __future__ import annotations

import gzip
import hashlib
import math
import os
import resource
import shutil
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, sync_playwright

from pytest_optlandscape.landscapes import get
from pytest_optlandscape.records import CellRecord, Fingerprint, LandscapeRecord, RoundingSensitivity
from pytest_optlandscape.records.measuring import definition_of
from pytest_optlandscape.report.page import Subject, change_of, make_page
from pytest_optlandscape.report.page.changes import gap_steps, log_speed
from pytest_optlandscape.store import Baseline, CommitEntry, OptimizerEntry
from pytest_optlandscape.strategies import cells as cells_of
from pytest_optlandscape.suites.catalogue import suite_ids
from pytest_optlandscape.trend import find_trend, in_order, series_of

REPEATS = 3


def first_record(name: str, rng: np.random.Generator) -> LandscapeRecord:
    """Make up how an optimizer does on a landscape."""
    landscape = get(name)
    budget = 200 * landscape.dim
    made = []
    for cell in cells_of(landscape):
        hits = np.cumsum(rng.lognormal(math.log(budget / 25.0), 0.6, size=8)).round()
        reached = tuple(float(hit) if hit <= budget else math.inf for hit in hits.tolist())
        nfev = int(min(hits[-1] + 5, budget))
        gap = float(10.0 ** -rng.uniform(2.0, 12.0))
        print_ = Fingerprint(tuple(rng.uniform(size=8)), 0.5, (2.0**-44,) * 8, 2.0**-40, 0)
        trace = f"{rng.integers(1 << 32):08x}"
        made.append(CellRecord(cell.start, nfev, 0, "returned", gap, 1e-4, reached, frozenset(), trace, print_))
    return LandscapeRecord(
        name, definition_of(landscape, budget), tuple(made), rounding_sensitivity=RoundingSensitivity(0, 150)
    )


def moved(record: LandscapeRecord, rng: np.random.Generator) -> LandscapeRecord:
    """Make up what a commit changes on a landscape."""
    factor, made = float(np.exp(rng.normal(0.0, 0.06))), []
    for cell in record.cells:
        jitter = factor * np.exp(rng.normal(0.0, 0.02, size=len(cell.hits)))
        hits = tuple(
            hit if hit == math.inf else float(round(hit * k)) for hit, k in zip(cell.hits, jitter, strict=True)
        )
        path = tuple(rng.uniform(size=8))
        made.append(
            replace(
                cell,
                hits=tuple(sorted(max(hit, 1.0) for hit in hits)),
                nfev=max(round(cell.nfev * factor), 1),
                gap=cell.gap * float(np.exp(rng.normal(0.0, 0.3))),
                trace=f"{rng.integers(1 << 32):08x}",
                fingerprint=replace(cell.fingerprint, path=path),
            )
        )
    return replace(record, cells=tuple(made))


def history(
    names: list[str], optimizers: int, commits: int, states: int
) -> tuple[list[CommitEntry], dict[str, Baseline]]:
    """Make up a history in which each state changes a quarter of the landscapes."""
    rng = np.random.default_rng(20261129)
    records: dict[str, Baseline] = {}
    named: dict[tuple[int, int], str] = {}
    for n in range(optimizers):
        current = {name: first_record(name, rng) for name in names}
        for state in range(states):
            if state:
                chosen = rng.choice(names, size=max(len(names) // 4, 1), replace=False).tolist()
                current = {**current, **{name: moved(current[name], rng) for name in chosen}}
            digest = hashlib.sha256(f"{n} {state}".encode()).hexdigest()
            records[digest] = Baseline(f"solver{n}:minimize", {}, {}, current)
            named[n, state] = digest
    versions = {"numpy": "2.3.1", "pytest-optlandscape": "0.1.0", "python": "3.12.1", "scipy": "1.16.0"}
    entries = []
    for k in range(commits):
        at = k * states // commits
        ids = [hashlib.sha1(str(j).encode()).hexdigest() for j in (k, k - 1)]
        measured = {f"solver{n}:minimize": OptimizerEntry(named[n, at]) for n in range(optimizers)}
        entries.append(
            CommitEntry(
                ids[0],
                (ids[1],),
                "A developer",
                f"Commit number {k}",
                86400 * k,
                86400 * k,
                "",
                ids[0],
                optimizers=measured,
                versions=versions,
                platform="Linux x86_64",
            )
        )
    return entries, records


def own_page(entries: list[CommitEntry], records: dict[str, Baseline]) -> tuple[str, float]:
    """Write our page; return it with the seconds that took."""

    def subjects():
        for number, series in enumerate(series_of(entries, in_order(entries)), start=1):
            trend = find_trend(series, records.get)
            yield Subject(number, series.title, series.suite, change_of(trend, records.get, {}), trend)

    started = time.perf_counter()
    text = make_page("project", subjects(), load=records.get)
    return text, time.perf_counter() - started


def stepped(record: LandscapeRecord, cell: CellRecord, x: np.ndarray) -> np.ndarray:
    """Give the gap of a cell after so many evaluations; the first one that is known before it."""
    at, gaps = gap_steps(record, cell)
    return np.concatenate([gaps[:1], gaps])[np.searchsorted(at, x, side="right")] if len(at) else np.ones(len(x))


def plotly_page(entries: list[CommitEntry], records: dict[str, Baseline]) -> str:
    """Write the same numbers as Plotly figures: heat maps, gap curves before and now of every landscape, runtimes."""
    import plotly.graph_objects as go
    import plotly.io

    figures = []
    for series in series_of(entries, in_order(entries)):
        digests = list(dict.fromkeys(points[0].optimizer.record for points in series.points.values()))
        first, last = records[digests[0]], records[digests[-1]]
        names = list(first.records)
        z = [[log_speed(first.records[n], records[digest].records[n]) for digest in digests] for n in names]
        figures.append(go.Figure(go.Heatmap(z=z, y=names, colorscale="RdBu")))
        figure = go.Figure()
        for side in (first, last):
            hits = np.sort([hit for one in side.records.values() for cell in one.cells for hit in cell.hits])
            figure.add_trace(go.Scatter(x=hits[np.isfinite(hits)], y=np.arange(len(hits)) / len(hits), mode="lines"))
        figures.append(figure)
        figure = go.Figure()
        for name in names:
            for side in (first, last):
                record = side.records[name]
                x = np.unique(np.round(np.geomspace(1.0, record.budget, 60)))
                falls = np.array([stepped(record, cell, x) for cell in record.cells])
                for q in (25, 50, 75):
                    y = np.quantile(falls, q / 100, axis=0, method="inverted_cdf")
                    figure.add_trace(go.Scatter(x=x, y=y, visible=name == names[0], showlegend=False))
        figures.append(figure)
        rows = [
            (f"{name}/{new.start}", old.nfev, new.nfev, f"{old.gap:.3g}", f"{new.gap:.3g}")
            for name in names
            for old, new in zip(first.records[name].cells, last.records[name].cells, strict=True)
        ]
        figures.append(go.Figure(go.Table(cells={"values": list(zip(*rows, strict=True))})))
    parts = [
        plotly.io.to_html(figure, full_html=False, include_plotlyjs=number == 0)
        for number, figure in enumerate(figures)
    ]
    return "<!doctype html><html><head><meta charset=utf-8></head><body>" + "".join(parts) + "</body></html>"


def opened(browser: Browser, path: Path, is_ours: bool) -> tuple[float, float]:
    """Open a page; return seconds to the first paint, and until the charts are there."""
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    page.set_default_timeout(120_000)
    started = time.perf_counter()
    page.goto(path.as_uri(), wait_until="commit")
    if is_ours:
        page.wait_for_selector("html[data-ready]", state="attached")
        page.locator(".panel button.expand").locator("visible=true").first.evaluate("button => button.click()")
        page.wait_for_selector("tr.opened-row svg", state="attached")
    else:
        page.wait_for_selector(".main-svg", state="attached")
        page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        page.wait_for_function(
            "[...document.querySelectorAll('.js-plotly-plot')].every(p => p.querySelector('.main-svg'))"
        )
    ready = time.perf_counter() - started
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN") / 1000.0
    page.close()
    return paint, ready


def measure(name: str, names: list[str], optimizers: int, commits: int, states: int) -> None:
    """Print sizes and times of both pages."""
    entries, records = history(names, optimizers, commits, states)
    ours, seconds = own_page(entries, records)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    theirs = plotly_page(entries, records)
    print(f"{name}: {len(names)} landscapes x {optimizers} x {commits} commits in {states} states")
    print(f"  written in {seconds:.1f} s, {memory:.0f} MB of memory")
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
        rows = []
        for kind, text in (("ours", ours), ("plotly", theirs)):
            path = Path(temporary) / f"{kind}.html"
            path.write_text(text, encoding="utf-8")
            times = [opened(browser, path, kind == "ours") for _ in range(REPEATS)]
            paint, ready = (min(one[k] for one in times) for k in (0, 1))
            size = len(text.encode()) / 1e6
            rows.append((size, paint, ready))
            packed = len(gzip.compress(text.encode(), 6)) / 1e6
            print(f"  {kind:<7} {size:6.2f} MB ({packed:.2f} gzipped), first paint {paint:.2f} s, charts {ready:.2f} s")
        ratios = ", ".join(
            f"{what} {rows[1][k] / rows[0][k]:.1f}" for k, what in enumerate(("size", "paint", "charts"))
        )
        print(f"  plotly / ours: {ratios}")
        browser.close()


def main() -> None:
    commits, states = (int(one) for one in [*sys.argv[1:], *["500", "25"][len(sys.argv) - 1 :]])
    measure("typical", list(suite_ids("quick")[:16]), 1, 60, 8)
    measure("largest", list(suite_ids("full")[:212]), 5, commits, states)


if __name__ == "__main__":
    main()
