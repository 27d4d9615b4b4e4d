import gzip
import itertools
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_optlandscape import figures
from pytest_optlandscape.figures.canvas import number, path_of, simplified
from pytest_optlandscape.figures.scales import Scale, decade_ticks, round_ticks
from pytest_optlandscape.figures.wording import escape, plain, shorten, significant, width_of

UNTIMED = settings(deadline=None)
SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = '</text><script>alert("1")</script>&\x00\x1b[31m\u202e\ud800\'' + "long" * 50
RNG = np.random.default_rng(7)
HITS = np.sort(np.round(10 ** RNG.normal(2.2, 0.6, (40, 8))) + 1, axis=1)
FALLING = [(np.arange(1, 90), np.geomspace(10.0, 1e-7, 89) * factor) for factor in (0.5, 1.0, 3.0)]
STARTS = RNG.random((30, 2))
MANY = [f"landscape_{k}[{k}]" for k in range(40)]


def effects(names, **keywords):
    change = np.linspace(-1.5, 1.0, len(names))
    return figures.effect_plot(
        names=names, effects=change, lower=change - 0.1, upper=change + 0.1, gate=0.07, **keywords
    )


def contour(**keywords):
    pytest.importorskip("contourpy")
    x = np.linspace(-2.0, 2.0, 41)
    path = np.array([[-1.0, 1.5], [0.5, 0.5], [0.0, 0.1]])
    keywords = {"trajectories": [("before", path), ("now", path[:2])], "divergence": 2} | keywords
    return figures.contour(
        x=x,
        y=x,
        gaps=x[np.newaxis] ** 2 + 10 * x[:, np.newaxis] ** 2,
        minimizers=[[0, 0]],
        starts=[[-1, 1.5]],
        **keywords,
    )


FIGURES = {
    "runtime_ecdf": lambda a, **k: figures.runtime_ecdf(
        before=HITS, now=HITS * 1.2, budget=500, dim=2, names=(a, a), title=a, **k
    ),
    "data_profile": lambda a, **k: figures.data_profile(
        before=HITS, now=HITS * 1.2, budget=500, dim=2, names=(a, a), title=a, target=a, **k
    ),
    "performance_profile": lambda a, **k: figures.performance_profile(
        before=HITS, now=HITS[::-1], names=(a, a), title=a, **k
    ),
    "gap_curves": lambda a, **k: figures.gap_curves(
        before=FALLING, now=FALLING[::-1], budget=100, names=(a, a), title=a, **k
    ),
    "effect_plot": lambda a, **k: effects([a, *MANY[:9]], title=a, **k),
    "heat_map": lambda a, **k: figures.heat_map(
        landscapes=[a, "b"], states=["1", a], values=[[0.1, -0.2], [np.nan, 0.0]], gate=0.07, title=a, **k
    ),
    "time_line": lambda a, **k: figures.time_line(
        states=[a, "b", "c"],
        values=[0.0, np.nan, -0.3],
        commits=[3, 1, 2],
        gate=0.03,
        events=[("step", 2, 2, True, a), ("creep", 0, 1, False, a)],
        title=a,
        **k,
    ),
    "basin_map": lambda a, **k: figures.basin_map(
        bounds=[(0, 1), (0, 1)], starts=STARTS, now=[0, 1, -1] * 10, before=[0] * 30,
        names=[a, a], panels=(a, a), title=a, **k
    ),
    "curve": lambda a, **k: figures.curve(x=[0, 1, 2], values=[1, np.nan, 1], x_title=a, y_title=a, title=a, **k),
    "contour": lambda a, **k: contour(
        trajectories=[(a, [[0, 0], [1, 1]]), (a, [[0, 0], [1, 0]])], x_title=a, y_title=a, title=a, **k
    ),
    "beside": lambda a, **k: figures.beside(
        figures.curve(x=[0, 1], values=[0, 1], title=a), figures.curve(x=[0, 2], values=[0, 1]), title=a, **k
    ),
}  # fmt: skip


@pytest.mark.parametrize("draw", [pytest.param(draw, id=name) for name, draw in FIGURES.items()])
class TestEveryFigure:
    def test_is_an_accessible_picture(self, draw):
        root = ElementTree.fromstring(draw("plain").svg)
        assert root.tag == f"{SVG}svg"
        assert root.get("role") == "img"
        title, description = root.get("aria-labelledby").split()
        by_id = {element.get("id"): element for element in root.iter() if element.get("id")}
        assert by_id[title].tag == f"{SVG}title"
        assert by_id[title].text == "plain"
        assert by_id[description].tag == f"{SVG}desc"
        assert by_id[description].text == draw("plain").description != ""
        assert root.get("viewBox").split()[2:] == [root.get("width"), root.get("height")]
        assert len(list(root.iter(f"{SVG}style"))) == 1

    def test_holds_hostile_names_as_text(self, draw):
        figure = draw(HOSTILE)
        root = ElementTree.fromstring(figure.svg)
        assert {element.tag for element in root.iter()} <= {
            SVG + tag
            for tag in ("svg", "title", "desc", "style", "path", "text", "rect", "circle", "g", "clipPath", "marker")
        }
        assert "<script>" not in figure.to_html()
        assert not re.search("[\x00-\x09\x0b-\x1f\u202e\ud800]", figure.to_html())
        for element in root.iter(f"{SVG}text"):
            written = (element.text or "") + "".join(child.tail or "" for child in element)
            assert width_of(written) < 700

    def test_is_the_same_every_time(self, draw):
        assert draw("plain") == draw("plain")

    def test_ids_begin_with_the_identifier(self, draw):
        figure = draw("plain", identifier="chart-7")
        ids = re.findall(r' id="([^"]*)"', figure.svg)
        assert ids
        assert all(name.startswith("chart-7-") or figure.svg.count("<svg") > 1 for name in ids)
        assert set(re.findall(r"url\(#([^)]*)\)", figure.svg)) <= set(ids)
        assert len(set(ids)) == len(ids)
        with pytest.raises(ValueError, match="identifier must be an ASCII letter"):
            draw("plain", identifier='"><script>')

    def test_has_its_numbers_as_a_table(self, draw):
        figure = draw("plain")
        assert figure.rows
        assert {len(row) for row in figure.rows} == {len(figure.columns)}
        assert figure.to_html(full_html=False).count("<tr>") == len(figure.rows) + 1

    def test_is_small_and_in_range(self, draw):
        figure = draw("plain")
        assert len(gzip.compress(figure.svg.encode())) < 3_000
        assert "nan" not in figure.bare_svg.lower().replace("nano", "")
        assert "inf" not in re.sub(r"<(title|desc|text)[^>]*>[^<]*", "", figure.bare_svg)
        assert "<style>" not in figure.bare_svg


def test_figures_that_differ_have_ids_that_differ():
    first, second = (FIGURES["gap_curves"](name) for name in ("a", "b"))
    assert not set(re.findall(r' id="([^"]*)"', first.svg)) & set(re.findall(r' id="([^"]*)"', second.svg))


def test_figures_are_saved(tmp_path):
    figure = FIGURES["curve"]("f")
    figure.save(tmp_path / "f.svg")
    figure.save(str(tmp_path / "f.HTML"))
    assert ElementTree.parse(tmp_path / "f.svg").getroot().tag == f"{SVG}svg"
    page = (tmp_path / "f.HTML").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert figure.svg in page
    with pytest.raises(ValueError, match=r"saved as \.svg or \.html, got 'f.png'"):
        figure.save(tmp_path / "f.png")
    assert not (tmp_path / "f.png").exists()


def test_colours_are_those_of_the_readers_scheme_and_lines_differ_by_dashes():
    assert "@media (prefers-color-scheme:dark)" in figures.STYLE
    assert re.search(r"\.before\{[^}]*stroke-dasharray", figures.STYLE)
    assert not re.search(r"(fill|stroke):#", figures.STYLE)  # all by custom properties


def places_of(svg, classes, axis):
    return [
        float(element.get(axis))
        for element in ElementTree.fromstring(svg).iter(f"{SVG}text")
        if element.get("class") == classes and element.get(axis)
    ]


@pytest.mark.parametrize("count", [1, 2, 16, 40])
def test_names_of_landscapes_do_not_overlap(count):
    figure = effects(MANY[:count])
    names = places_of(figure.svg, "end", "y")
    assert len(names) == count
    assert all(after - before >= 14.0 for before, after in itertools.pairwise(names))
    heat = figures.heat_map(landscapes=MANY[:count], states=["a"], values=np.zeros((count, 1)), gate=0.1)
    names = places_of(heat.svg, "end", "y")
    assert all(after - before >= 14.0 for before, after in itertools.pairwise(names))


def test_effects_draw_what_changed_most_and_list_all():
    figure = effects([f"landscape {k}" for k in range(100)])
    assert len(places_of(figure.svg, "end", "y")) == 40
    assert len(figure.rows) == 100
    assert figure.caption == "60 more are in the table."
    assert [row[0] for row in figure.rows][:2] == ["landscape 0", "landscape 1"]


def test_effects_that_are_not_known_say_so():
    figure = figures.effect_plot(names=["a", "b"], effects=[np.nan, np.inf], lower=[np.nan] * 2, upper=[1, 1], gate=0.1)
    assert figure.svg.count("not known</text>") == 2
    assert figure.rows[0] == ("a", "–", "–", "× 2", "not known")


def test_heat_map_merges_neighbours_and_marks_what_lies_beyond_the_gate():
    figure = figures.heat_map(landscapes=["a"], states=list("wxyz"), values=[[-0.5, -0.5, 0.01, 0.5]], gate=[0.1])
    slower = re.search(r'<path class="worse cell" d="([^"]*)"', figure.svg)[1]
    assert slower.count("M") == 1
    triangles = re.findall(r'<path class="ink" d="([^"]*)"', figure.svg)
    assert [shape.count("M") for shape in triangles] == [2, 1]  # down, up


def test_curves_end_at_the_budget():
    figure = figures.runtime_ecdf(before=[[10.0, 900.0]], now=[[20.0, 30.0]], budget=100, dim=1)
    assert figure.rows[-1] == ("100", "50 %", "100 %")
    assert "before reaches 50 % and now 100 % within the budget of 100" in figure.description
    uneven = figures.runtime_ecdf(before=[[10.0], [150.0]], now=[[10.0], [np.inf]], budget=[100, 200], dim=1)
    assert uneven.rows[-1] == ("100", "50 %", "50 %")
    assert "before reaches 100 % and now 50 %" in uneven.description
    assert "end at the smallest, 100" in uneven.description


def test_nothing_reached_is_drawn_too():
    missed = np.full((3, 2), np.inf)
    for figure in (
        figures.runtime_ecdf(before=missed, now=missed, budget=100, dim=[1, 2, 3]),
        figures.data_profile(before=missed, now=missed, budget=100, dim=2),
        figures.performance_profile(before=missed, now=missed),
    ):
        assert "0 %" in figure.description
        ElementTree.fromstring(figure.svg)


def test_gap_curves_are_order_statistics_of_paired_cells():
    before = [([1, 5], [8.0, 4.0]), ([2], [2.0]), ([1], [1.0])]
    now = [([1], [0.0]), ([1], [np.nan]), ([1, 3], [1.0, 3.0])]
    figure = figures.gap_curves(before=before, now=now, budget=10)
    rows = {row[0]: row[1:] for row in figure.rows}
    assert rows["1"] == ("8", "1", "∞", "1", "0", "∞")
    assert rows["10"] == ("2", "1", "4", "1", "0", "∞")
    assert "lower in 1 cell and higher in 1" in figure.description
    assert ">0</text>" in figure.svg
    with pytest.raises(ValueError, match="the same cells; got 3 and 1"):
        figures.gap_curves(before=before, now=now[:1], budget=10)
    with pytest.raises(ValueError, match="rising evaluations"):
        figures.gap_curves(before=[([2, 1], [1.0, 1.0])], budget=10)


def test_time_lines_number_their_events():
    figure = FIGURES["time_line"]("a1")
    assert figure.description.startswith(
        "3 states over 6 commits. 1: step for the worse at c: a1. 2: creep for the better"
    )
    assert [row[3] for row in figure.rows] == ["", "2: creep, better: a1", "1: step, worse: a1"]
    with pytest.raises(ValueError, match="states 0 to 0, got 'step' over 1 to 1"):
        figures.time_line(states=["a"], values=[0.0], events=[("step", 1, 1, True, "")])


def test_contours_mark_where_two_runs_part():
    figure = contour()
    assert figure.svg.count('class="split"') == 2
    assert "The paths diverge at evaluation 2." in figure.description
    assert contour(divergence=None).svg.count('class="split"') == 0
    assert contour(divergence=3).svg.count('class="split"') == 1  # the second path has no third evaluation


@pytest.mark.parametrize(
    "gaps",
    [
        np.full((3, 3), 5.0),
        np.zeros((3, 3)),
        np.diag([1e308, 1.0, 1e-308]),
        np.array([[np.nan, np.inf, 1.0], [1.0, 2.0, 3.0], [-1.0, 0.0, 5.0]]),
        np.array([[5.0, 5.01, 5.02]] * 3),
    ],
)
def test_contours_of_any_gaps(gaps):
    pytest.importorskip("contourpy")
    figure = figures.contour(
        x=[0, 1, 2], y=[0, 1, 2], gaps=gaps, trajectories=[("now", [[np.nan, 1], [1e300, -1e300]])]
    )
    ElementTree.fromstring(figure.svg)


def test_contours_stay_small():
    pytest.importorskip("contourpy")
    x = np.linspace(-5.0, 5.0, 201)
    gaps = 20 + sum(np.add.outer(p, p) for p in (x**2, -10 * np.cos(2 * np.pi * x)))
    walk = np.cumsum(np.random.default_rng(0).normal(0, 0.1, (20_000, 2)), axis=0)
    figure = figures.contour(x=x, y=x, gaps=gaps, trajectories=[("now", np.mod(walk + 5.0, 10.0) - 5.0)])
    assert len(gzip.compress(figure.svg.encode())) < 9_000
    still = figures.contour(x=x, y=x, gaps=gaps)
    assert len(gzip.compress(still.svg.encode())) < 6_500


@pytest.mark.parametrize(
    "draw",
    [
        lambda: figures.runtime_ecdf(before=[1], now=[1], budget=np.inf, dim=1),
        lambda: figures.data_profile(before=[1], now=[1], budget=np.inf, dim=1),
        lambda: figures.curve(x=[0, np.inf], values=[0, 1]),
        lambda: figures.basin_map(bounds=[(0, np.inf), (0, 1)], starts=[[0, 0]], now=[0]),
    ],
)
def test_axes_without_an_end_are_named(draw):
    with pytest.raises(ValueError, match="to inf"):
        draw()


def test_wrong_planes_are_named():
    pytest.importorskip("contourpy")
    with pytest.raises(ValueError, match="rising"):
        figures.contour(x=[1, 0], y=[0, 1], gaps=np.ones((2, 2)))
    with pytest.raises(ValueError, match=r"a row for each y and a column for each x, got shape \(3, 2\)"):
        figures.contour(x=[0, 1], y=[0, 1], gaps=np.ones((3, 2)))
    with pytest.raises(ValueError, match="no gap is finite"):
        figures.contour(x=[0, 1], y=[0, 1], gaps=np.full((2, 2), np.nan))
    with pytest.raises(ValueError, match="draws at most two runs"):
        contour(trajectories=[("a", [[0, 0]])] * 3)
    with pytest.raises(ValueError, match=r"shape \(n, 2\), got \(1, 3\)"):
        contour(trajectories=[("a", [[0, 0, 0]])])


@pytest.mark.usefixtures("without_contourpy")
def test_missing_contourpy_names_the_extra():
    with pytest.raises(ImportError, match=r"pytest-optlandscape\[report\]"):
        figures.contour(x=[0, 1], y=[0, 1], gaps=np.ones((2, 2)))


@UNTIMED
@given(st.lists(st.tuples(*[st.floats(-500, 500)] * 2), min_size=2, max_size=60), st.floats(0.1, 5.0))
def test_lines_keep_within_the_tolerance(points, tolerance):
    line = np.array(points)
    kept = simplified(line, tolerance)
    assert np.array_equal(kept[[0, -1]], line[[0, -1]])
    for point in line:
        assert min(_distance(point, a, b) for a, b in itertools.pairwise(kept)) <= tolerance + 1e-6


def _distance(point, a, b):
    along = b - a
    length = along @ along
    part = 0.0 if length == 0.0 else np.clip((point - a) @ along / length, 0.0, 1.0)
    return float(np.hypot(*(point - a - part * along)))


@UNTIMED
@given(st.lists(st.tuples(*[st.floats(-900, 900)] * 2), min_size=1, max_size=20))
def test_paths_are_read_back_to_a_tenth(points):
    """An independent reader of "M x y l dx dy …" finds the points again: rounding does not add up."""
    text = path_of(np.array(points))
    values = [float(part) for part in re.findall(r"-?(?:\d+\.?\d*|\.\d+)", text.replace("h0", ""))]
    read = np.cumsum(np.array(values).reshape(-1, 2), axis=0)
    np.testing.assert_allclose(read[[0, -1]], np.array(points)[[0, -1]], atol=0.0501)


@UNTIMED
@given(st.floats(-1e6, 1e6))
def test_numbers_are_short(value):
    assert abs(float(number(value)) - value) <= 0.0501 + 1e-9 * abs(value)


@UNTIMED
@given(st.floats(-1e12, 1e12), st.floats(1e-9, 1e12), st.integers(2, 12))
def test_ticks_are_round_few_and_inside(lower, width, most):
    width = max(width, 1e-6 * abs(lower))
    upper = lower + width
    ticks = round_ticks(lower, upper, most)
    assert len(ticks) <= most
    assert all(lower - 1e-6 * width <= tick <= upper + 1e-6 * width or len(ticks) == 1 for tick in ticks)


@UNTIMED
@given(st.floats(-300, 290), st.floats(0.3, 300), st.integers(3, 9))
def test_decades_are_few_and_inside(exponent, span, most):
    lower, upper = 10.0**exponent, 10.0 ** min(exponent + span, 300.0)
    ticks = decade_ticks(lower, upper, most)
    assert len(ticks) <= max(most, 9)
    assert all(lower * (1 - 1e-6) <= tick <= upper * (1 + 1e-6) for tick in ticks)
    assert ticks == sorted(set(ticks))


def test_labels_of_an_axis_are_written_in_one_way():
    scale = Scale(1e-6, 1e6, 0.0, 1.0, log=True)
    assert scale.labels([1e-6, 1.0, 1e6]) == ["10⁻⁶", "10⁰", "10⁶"]
    assert Scale(1, 1e4, 0, 1, log=True).labels([1.0, 10.0, 1e4]) == ["1", "10", "10000"]


@UNTIMED
@given(st.text(max_size=60), st.floats(30, 300))
def test_text_is_plain_and_fits(text, most):
    shown = plain(text)
    assert ElementTree.fromstring(f"<a>{escape(text)}</a>").text in (shown, None)
    shortened = shorten(shown, most)
    assert width_of(shortened) <= most or shortened in (shown, "…")


@UNTIMED
@given(st.floats(allow_nan=True, allow_infinity=True))
def test_any_number_is_written(value):
    text = significant(value)
    if abs(value) < 1e308:  # beyond, rounding leaves the range of floats
        assert float(text.replace("−", "-")) == pytest.approx(value, rel=6e-3)
    assert len(text) <= 10
