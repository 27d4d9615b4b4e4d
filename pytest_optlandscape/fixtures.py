"""The fixtures: landscapes by name, `minimize`, `benchmark_minimize` and `track`.

Nothing is imported here before a test asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Literal

import pytest

if TYPE_CHECKING:
    from pytest_optlandscape.landscapes import Landscape
    from pytest_optlandscape.runs import Run

UNTIMED = "optlandscape_untimed"
"""The property of a test that says why pytest-benchmark records nothing of its `benchmark_minimize`."""

WELL_KNOWN = (
    "ackley", "adjiman", "alpine_1", "beale", "bird", "bohachevsky_1", "booth", "branin", "bukin_n6", "cross_in_tray",
    "dixon_price", "drop_wave", "easom", "eggholder", "goldstein_price", "griewank", "hartmann_3", "hartmann_6",
    "himmelblau", "holder_table", "leon", "levi_n13", "levy", "matyas", "mccormick", "michalewicz_2", "michalewicz_5",
    "michalewicz_10", "parsopoulos", "powell_singular", "qing", "quintic", "rastrigin", "rosenbrock",
    "salomon", "schaffer_n2", "schaffer_n4", "schwefel_226", "shekel_5", "shekel_7", "shekel_10", "shubert",
    "six_hump_camel", "sphere", "styblinski_tang", "sum_squares", "three_hump_camel", "trid", "vincent", "zakharov",
)  # fmt: skip
"""Landscapes that have a fixture of their own name; all others come through the marker ``landscapes``."""


def _landscape_fixture(name: str) -> Any:
    def landscape_by_name() -> Landscape:
        from pytest_optlandscape import landscapes

        return landscapes.get(name)

    landscape_by_name.__doc__ = f"The landscape {name!r} in the dimension it is usually used in."
    return pytest.fixture(scope="session", name=name)(landscape_by_name)


SECOND_NAMES = ("rosenbrock_2",)
"""Fixtures of landscapes that the catalogue lists under another name."""

for _name in (*WELL_KNOWN, *SECOND_NAMES):
    globals()[f"_{_name}_fixture"] = _landscape_fixture(_name)


@pytest.fixture
def landscape() -> Landscape:
    """Each landscape that the test's marker ``landscapes`` chooses."""
    raise pytest.UsageError(
        "the argument `landscape` needs the marker that says which: @pytest.mark.landscapes('beale', 'rosenbrock[10]') "
        "or @pytest.mark.landscapes(tags='smooth', dim=2)"
    )


@pytest.fixture(scope="session")
def minimize() -> Callable[..., Run]:
    """Run an optimizer on a landscape: ``minimize(optimizer, landscape, *, x0, bounds, budget, seed)``."""
    from pytest_optlandscape import minimize

    return minimize


@pytest.fixture
def benchmark_minimize(benchmark: Any, request: pytest.FixtureRequest) -> Callable[..., Run]:
    """Time an optimizer with pytest-benchmark: ``benchmark_minimize(optimizer, landscape, **as for minimize)``.

    Evaluations, digits and success are taken from a run of its own, which is returned, and left in
    ``benchmark.extra_info["optlandscape"]``; the timed runs only minimise.
    """
    from pytest_optlandscape.store.timing import benchmark_run

    config = request.config

    def run(optimizer: Any, landscape: Any, **keywords: Any) -> Run:
        if hasattr(config, "workerinput"):
            request.node.user_properties.append((UNTIMED, "pytest-xdist runs the tests: leave out -n"))
        elif not benchmark.enabled:
            given = "--benchmark-disable" if config.getoption("benchmark_disable", False) else "pytest-benchmark"
            request.node.user_properties.append((UNTIMED, f"{given} switches it off"))
        return benchmark_run(benchmark, optimizer, landscape, **keywords)

    return run


@pytest.fixture
def track(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Track a width, a run, a rate or a number across commits.

    ``track(found, name=None, *, unit=None, better=None, gate=None, absolute_gate=None)``, where ``found`` is what
    ``assert_robust``, ``assert_tunable`` or ``rate_interval`` returns, a `Run`, or a number. A number and a rate need a
    name. For a number ``unit`` is text, ``better`` is ``"lower"``, ``"higher"`` or ``"none"`` (default), and ``gate``
    the move that matters, as a share of the value before (default 0.1), or ``absolute_gate`` the one in its unit.

    With ``--optlandscape`` it is compared with the baseline, and fails the test where it got worse;
    ``--optlandscape-update`` accepts it. Without, nothing is done but to check the arguments. What is handed over is
    returned either way.
    """
    session = request.config.pluginmanager.get_plugin("optlandscape-suite")
    names: set[str] = set()
    if session is not None:
        session.tracking.begin(request.node)

    def follow(found: Any, name: str | None = None, **terms: Any) -> Any:
        __tracebackhide__ = True
        from pytest_optlandscape.comparison.tracked_comparison import tracked

        checked = tracked(found, name, **terms)
        if checked.name in names:
            raise ValueError(f"track: this test tracks {checked.name!r} already; give each entry a name of its own")
        names.add(checked.name)
        if session is not None:
            session.tracking.track(request.node, checked)
        return found

    return follow


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrize a test that takes ``landscape`` by its marker ``landscapes``."""
    if "landscape" not in metafunc.fixturenames:
        return
    marker = metafunc.definition.get_closest_marker("landscapes")
    if marker is not None:
        chosen = _chosen(metafunc.definition, marker)
        # Hypothesis refuses fixtures of functions; for other tests that scope keeps them in the order of the file
        scope: Literal["class"] | None = "class" if getattr(metafunc.function, "is_hypothesis_test", False) else None
        metafunc.parametrize("landscape", chosen, ids=[landscape.id for landscape in chosen], scope=scope)


def _chosen(item: pytest.Item, marker: pytest.Mark) -> list[Landscape]:
    from pytest_optlandscape.landscapes import select
    from pytest_optlandscape.texts.spelling import unknown_name

    keywords = dict(marker.kwargs)
    known = ("tags", "dim", "exclude")
    if "dims" in keywords and "dim" not in keywords:
        keywords["dim"] = keywords.pop("dims")
    try:
        for keyword in keywords:
            if keyword not in known:
                raise ValueError(unknown_name("keyword", keyword, known))
        chosen = select(*_flat(marker.args), **keywords)
        if not chosen:
            raise ValueError("no landscape is left; `pytest.mark.landscapes` chose none")
    except (TypeError, ValueError) as error:
        path, line, name = item.reportinfo()
        place = f"{path}:{line + 1}" if line is not None else str(path)
        raise pytest.Collector.CollectError(f"{place}: {name}: @pytest.mark.landscapes: {error}") from None
    return chosen


def _flat(names: Iterable[Any]) -> list[Any]:
    """Return names that are given one by one or in lists as one list."""
    return [one for name in names for one in (name if isinstance(name, list | tuple) else [name])]
