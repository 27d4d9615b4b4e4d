import numpy as np
import pytest
from hypothesis import find, settings

from pytest_optlandscape import landscapes, minimize, strategies
from pytest_optlandscape.search.proposals import Witness, signs_of_trouble
from pytest_optlandscape.search.remembered_failures import failed_before
from pytest_optlandscape.search.shrinking import significant_digits
from pytest_optlandscape.strategies import find_failing_start

pytestmark = pytest.mark.usefixtures("example_database")


def left_valley(run):
    return run.x0[0] > 2.3 and run.x0[1] < -1.2


def search(condition=left_valley, name="beale", **arguments):
    return find_failing_start("scipy:L-BFGS-B", name, condition, **{"max_examples": 200, **arguments})


def test_finds_shrinks_and_replays():
    found = search()
    assert left_valley(found.run)
    assert found.run.x0.tolist() == found.x0.tolist()
    assert all(significant_digits(offset) <= 3 for offset in found.x0 - landscapes.get("beale").x0)
    assert found.run.replay().trace.x.tolist() == found.run.trace.x.tolist()
    assert 1 <= found.examples <= 200


def test_none_where_nothing_fails():
    assert search(lambda run: False, max_examples=20) is None


def test_second_search_finds_it_at_once():
    first = search()
    assert [one.x0.tolist() for one in failed_before(landscapes.get("beale"))] == [first.x0.tolist()]
    second = search(seed=5)
    assert second.examples == 1
    assert second.x0.tolist() == first.x0.tolist()


def test_same_seed_same_search(example_database):
    tried = []
    for _ in range(2):
        starts = []
        search(lambda run, starts=starts: starts.append(run.x0.tolist()), max_examples=40)
        tried.append(starts)
    assert tried[0] == tried[1]
    assert len(tried[0]) == 40


@pytest.mark.parametrize("name", ["forrester", "rosenbrock[10]"])
def test_one_and_ten_dimensions_stay_inside(name):
    starts = []
    search(lambda run: starts.append(run.x0), name=name, max_examples=40)
    assert all(landscapes.get(name).contains(x0) for x0 in starts)
    assert len(np.unique(starts, axis=0)) > 20


def test_condition_that_raises_says_where():
    with pytest.raises(ZeroDivisionError) as raised:
        search(lambda run: 1 / 0)
    assert "minimize('scipy:L-BFGS-B'" in raised.value.__notes__[0]


@pytest.mark.parametrize(
    ("arguments", "message"), [({"max_examples": 0}, "max_examples=0"), ({"bounds": [[0, 1]]}, "shape")]
)
def test_errors_are_for_people(arguments, message):
    with pytest.raises(ValueError, match=message):
        search(**arguments)


def test_interrupted_shrinking_keeps_what_was_found():
    failed = []

    def condition(run):
        if failed:
            raise KeyboardInterrupt
        if left_valley(run):
            failed.append(run.x0.tolist())
        return bool(failed)

    with pytest.raises(KeyboardInterrupt):
        search(condition)
    assert [one.x0.tolist() for one in failed_before(landscapes.get("beale"))] == failed


def test_without_a_database_nothing_is_kept(example_database):
    settings.register_profile("forgetful", settings.get_profile("in memory"), database=None)
    settings.load_profile("forgetful")
    assert search().examples == search().examples > 1
    assert failed_before(landscapes.get("beale")) == []


def test_what_failed_on_one_landscape_is_no_start_of_another(example_database):
    search()
    assert failed_before(landscapes.get("himmelblau")) == []
    assert failed_before(landscapes.get("beale").shift([1.0, 0.0])) == []


def test_kept_starts_outside_the_box_are_left_out():
    found = search()
    starts = []
    search(lambda run: starts.append(run.x0.tolist()), max_examples=3, bounds=[[-1.0, 1.0], [-1.0, 1.0]])
    assert found.x0.tolist() not in starts


def test_kept_starts_are_drawn_again():
    found = search()
    drawn = find(strategies.starts("beale"), lambda x0: np.array_equal(x0, found.x0))
    assert drawn.tolist() == found.x0.tolist()


CONDITIONS = {
    "effort": lambda run: run.nfev > 10**6,
    "gap": lambda run: run.result_gap > 1e300,
    "reach": lambda run: bool(np.any(np.abs(run.trace.x) > 1e300)),
    "rise": lambda run: run.fun > run.trace.fun[0] + 1e300,
    "path": lambda run: run.claimed_success is None,
    "start": lambda run: run.x0[0] > 1e300,
}


@pytest.mark.parametrize("sign", CONDITIONS)
def test_the_condition_says_which_signs_matter(sign):
    witness = Witness()
    run = minimize("scipy:L-BFGS-B", "beale")
    assert not CONDITIONS[sign](witness.watching(run))
    assert sign in witness.signs
    assert set(witness.signs) <= set(signs_of_trouble(run))
    assert isinstance(witness.watching(run), type(run))
    assert str(witness.watching(run)) == str(run)


def test_parts_of_a_run_that_others_are_made_of_are_not_seen():
    witness = Witness()
    assert witness.watching(minimize("scipy:L-BFGS-B", "beale")).gap < 1.0
    assert witness.seen == {"gap"}


def test_runs_without_evaluations_and_with_infinite_values_have_signs():
    returns_at_once = minimize(lambda problem: 1 / 0, "beale")
    blows_up = minimize(lambda problem: problem([1e200, 1e200]) * problem.x0, "beale")
    for run in (returns_at_once, blows_up):
        assert all(np.isfinite(value) for value in signs_of_trouble(run).values())


def test_a_rare_failure_is_found_sooner_than_by_even_points():
    """Ten failing regions of 0.25 % of the box, told by more evaluations: half of what uniform points take at most."""
    rng = np.random.default_rng(0)
    examples = []
    for number in range(10):
        centre = rng.uniform(-4.0, 4.0, 2)

        def slower_near_it(problem, centre=centre):
            for _ in range(1 + int(60.0 / (1.0 + np.max(np.abs(problem.x0 - centre))))):
                problem(problem.x0)
            return problem.x0

        found = find_failing_start(slower_near_it, "beale", lambda run: run.nfev > 49, max_examples=500, seed=number)
        examples.append(found.examples if found else 500)
    assert np.median(examples) <= np.log(0.5) / np.log(1.0 - 0.0025) / 2.0


def fails_for_some_seeds(problem):
    problem(problem.x0)
    return problem.x0 if problem.rng.random() < 0.133 else problem.landscape.minimizers[0]


def test_seeds_that_fail_are_found_and_shrunk():
    smallest = next(seed for seed in range(100) if np.random.default_rng(seed).random() < 0.133)
    found = find_failing_start(
        fails_for_some_seeds, "beale", lambda run: run.result_gap > 1.0, max_examples=100, seed=300
    )
    assert (found.seed, found.run.seed) == (smallest, smallest)
    assert found.x0.tolist() == landscapes.get("beale").x0.tolist()
    assert f" with seed {smallest}, found after " in str(found)
    assert f"seed={smallest})" in str(found)
    assert found.run.replay().result_gap > 1.0
    assert [one.seed for one in failed_before(landscapes.get("beale"))] == [smallest]
    again = find_failing_start(fails_for_some_seeds, "beale", lambda run: run.result_gap > 1.0, max_examples=1)
    assert (again.examples, again.seed) == (1, smallest)


def test_one_seed_can_be_kept_to():
    seeds = set()
    search(lambda run: seeds.add(run.seed), max_examples=20, seed=3, vary_seed=False)
    assert seeds == {3}
    search(lambda run: seeds.add(run.seed), max_examples=20, seed=3)
    assert seeds == set(range(3, 23))
