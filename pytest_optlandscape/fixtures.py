"""The fixtures: landscapes by name, `minimize`, `benchmark_minimize` and `track`.

The package's other modules are imported only when a test needs them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Literal

import pytest

if TYPE_CHECKING:
    from pytest_optlandscape.landscapes import Landscape
    from pytest_optlandscape.runs import Run

UNTIMED = "optlandscape_untimed"
"""The user property of a test with the reason why pytest-benchmark records nothing for its `benchmark_minimize`."""

WELL_KNOWN = (
    "ackley", "adjiman", "alpine_1", "beale", "bird", "bohachevsky_1", "booth", "branin", "bukin_n6", "cross_in_tray",
    "dixon_price", "drop_wave", "easom", "eggholder", "goldstein_price", "griewank", "hartmann_3", "hartmann_6",
    "himmelblau", "holder_table", "leon", "levi_n13", "levy", "matyas", "mccormick", "michalewicz_2", "michalewicz_5",
    "michalewicz_10", "parsopoulos", "powell_singular", "qing", "quintic", "rastrigin", "rosenbrock",
    "salomon", "schaffer_n2", "schaffer_n4", "schwefel_226", "shekel_5", "shekel_7", "shekel_10", "shubert",
    "six_hump_camel", "sphere", "styblinski_tang", "sum_squares", "three_hump_camel", "trid", "vincent", "zakharov",
)  # fmt: skip
"""Landscapes with a fixture of the same name; the marker ``landscapes`` gives all others."""


def _landscape_fixture(name: str) -> Any:
    def landscape_by_name() -> Landscape:
        from pytest_optlandscape import landscapes

        return landscapes.get(name)

    landscape_by_name.__doc__ = f"The landscape {name!r} in the dimension it is usually used in."
    return pytest.fixture(scope="session", name=name)(landscape_by_name)


SECOND_NAMES = ("rosenbrock_2",)
"""Fixtures whose landscapes have another name in the catalogue."""

for _name in (*WELL_KNOWN, *SECOND_NAMES):
    globals()[f"_{_name}_fixture"] = _landscape_fixture(_name)


@pytest.fixture
def landscape() -> Landscape:
    """Return a landscape: the test runs once for each landscape of its marker ``landscapes``."""
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

    A separate, counted run gives evaluations, digits and success. This run is returned, and its numbers are stored in
    ``benchmark.extra_info["optlandscape"]``. The timed runs only minimise.
    """
    from pytest_optlandscape.store.timing import benchmark_run

    config = request.config

    def run(optimizer: Any, landscape: Any, **keywords: Any) -> Run:
        if hasattr(config, "workerinput"):
            request.node.user_properties.append((UNTIMED, "pytest-xdist runs the tests: leave out -n"))
        elif not getattr(benchmark, "enabled", True):  # pytest-codspeed's fixture has no such attribute
            given = "--benchmark-disable" if config.getoption("benchmark_disable", False) else "pytest-benchmark"
            request.node.user_properties.append((UNTIMED, f"{given} switches it off"))
        return benchmark_run(benchmark, optimizer, landscape, **keywords)

    return run


@pytest.fixture
def track(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Track a width, a run, a recorded training, a rate or a number across commits.

    ``track(found, name=None, *, unit=None, better=None, gate=None, absolute_gate=None)``, where ``found`` is a number,
    a `Run`, a `TrainingRun`, or the result of ``assert_robust``, ``assert_tunable`` or ``rate_interval``. A number and
    a rate need a name. For a number, ``unit`` is text, and ``better`` is ``"lower"``, ``"higher"`` or ``"none"``
    (default). The smallest change that matters is ``gate``, a share of the value before (default 0.1), or
    ``absolute_gate``, in the unit.

    With ``--optlandscape``, the value is compared with the baseline, and the test fails if the value is worse.
    ``--optlandscape-update`` accepts the value. Without these options, only the arguments are checked. In all cases
    ``track`` returns ``found``.
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
    """Parametrize a test that uses ``landscape`` by its marker ``landscapes``."""
    if "landscape" not in metafunc.fixturenames:
        return
    marker = metafunc.definition.get_closest_marker("landscapes")
    if marker is not None:
        chosen = _chosen(metafunc.definition, marker)
        # Hypothesis refuses function-scoped fixtures; for other tests, function scope keeps the order of the file
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
    """Return single names and lists of names as one list."""
    return [one for name in names for one in (name if isinstance(name, list | tuple) else [name])]
