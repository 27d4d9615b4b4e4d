import numpy as np
import pytest
from hypothesis import settings
from hypothesis.database import InMemoryExampleDatabase

from pytest_optlandscape import landscapes
from pytest_optlandscape.strategies import find_failing_start
from pytest_optlandscape.strategies.failures import failed_before
from pytest_optlandscape.strategies.shrinking import significant_digits


@pytest.fixture(autouse=True)
def database():
    before = settings.get_current_profile_name()
    kept = InMemoryExampleDatabase()
    settings.register_profile("hunter", settings.get_profile(before), database=kept)
    settings.load_profile("hunter")
    yield kept
    settings.load_profile(before)


def left_valley(run):
    return run.x0[0] > 2.3 and run.x0[1] < -1.2


def hunt(condition=left_valley, name="beale", **arguments):
    return find_failing_start("scipy:L-BFGS-B", name, condition, **{"budget": 200, **arguments})


def test_finds_shrinks_and_replays():
    found = hunt()
    assert left_valley(found.run)
    assert found.run.x0.tolist() == found.x0.tolist()
    assert all(significant_digits(offset) <= 3 for offset in found.x0 - landscapes.get("beale").x0)
    assert found.run.replay().trace.x.tolist() == found.run.trace.x.tolist()
    assert 1 <= found.examples <= 200


def test_none_where_nothing_fails():
    assert hunt(lambda run: False, budget=20) is None


def test_second_search_finds_it_at_once():
    first = hunt()
    assert [x0.tolist() for x0 in failed_before(landscapes.get("beale"))] == [first.x0.tolist()]
    second = hunt(seed=5)
    assert second.examples == 1
    assert second.x0.tolist() == first.x0.tolist()


def test_same_seed_same_search(database):
    tried = []
    for _ in range(2):
        starts = []
        hunt(lambda run, starts=starts: starts.append(run.x0.tolist()), budget=40)
        tried.append(starts)
    assert tried[0] == tried[1]
    assert len(tried[0]) == 40


@pytest.mark.parametrize("name", ["forrester", "rosenbrock[10]"])
def test_one_and_ten_dimensions_stay_inside(name):
    starts = []
    hunt(lambda run: starts.append(run.x0), name=name, budget=40)
    assert all(landscapes.get(name).contains(x0) for x0 in starts)
    assert len(np.unique(starts, axis=0)) > 20


def test_condition_that_raises_says_where():
    with pytest.raises(ZeroDivisionError) as raised:
        hunt(lambda run: 1 / 0)
    assert "minimize('scipy:L-BFGS-B'" in raised.value.__notes__[0]


@pytest.mark.parametrize(("arguments", "message"), [({"budget": 0}, "budget=0"), ({"bounds": [[0, 1]]}, "shape")])
def test_errors_are_for_people(arguments, message):
    with pytest.raises(ValueError, match=message):
        hunt(**arguments)


def test_interrupted_shrinking_keeps_what_was_found():
    failed = []

    def condition(run):
        if failed:
            raise KeyboardInterrupt
        if left_valley(run):
            failed.append(run.x0.tolist())
        return bool(failed)

    with pytest.raises(KeyboardInterrupt):
        hunt(condition)
    assert [x0.tolist() for x0 in failed_before(landscapes.get("beale"))] == failed
