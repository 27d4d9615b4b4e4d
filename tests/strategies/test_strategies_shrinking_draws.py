"""What Hypothesis shrinks starts to, how draws print, and how they live with Hypothesis' settings."""

import ast
import random
import re

import numpy as np
import pytest
from hypothesis import find, settings

from pytest_optlandscape import landscapes, minimize
from pytest_optlandscape.search.shrinking import LONGEST, significant_digits
from pytest_optlandscape.strategies import hyperparameters, instances, sobol_starts, starts

searching = settings(deadline=None, database=None, max_examples=2000)


def simplest(strategy, condition, seed=0):
    return find(strategy, condition, settings=searching, random=random.Random(seed))


def is_short(landscape, x0):
    return all(significant_digits(offset) <= LONGEST for offset in (x0 - landscape.x0).tolist())


CONDITIONS = {
    "half plane": ("beale", lambda x: x[0] > 2.3),
    "diagonal": ("beale", lambda x: x[0] + x[1] > 5.1),
    "ball": ("himmelblau", lambda x: np.linalg.norm(x - [-2.0, 3.0]) < 0.6),
    "ring": ("rosenbrock_2", lambda x: 0.4 < np.linalg.norm(x) < 0.6),
    "far corner": ("rastrigin[4]", lambda x: bool(np.all(x < -3.0))),
    "one coordinate of ten": ("sphere[10]", lambda x: x[7] < -1.7),
    "not from the standard start": ("ackley[5]", lambda x: x[2] != landscapes.get("ackley[5]").x0[2]),
    "narrow strip": ("branin", lambda x: 7.9 < x[1] < 8.1),
}


@pytest.mark.parametrize("name", CONDITIONS)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_failing_starts_shrink_to_three_binary_digits(name, seed):
    landscape_id, fails = CONDITIONS[name]
    landscape = landscapes.get(landscape_id)
    x0 = simplest(starts(landscape), fails, seed)
    assert fails(x0)
    assert is_short(landscape, x0), x0.tolist()


def test_starts_from_which_an_optimizer_fails_shrink_to_three_binary_digits():
    himmelblau = landscapes.get("himmelblau")
    settings_here = settings(searching, max_examples=100)

    def fails(x0):
        return minimize("scipy:L-BFGS-B", himmelblau, x0=x0, budget=200).x[0] < 0.0

    x0 = find(starts(himmelblau), fails, settings=settings_here, random=random.Random(0))
    assert fails(x0)
    assert is_short(himmelblau, x0), x0.tolist()


def test_coordinates_that_do_not_matter_go_back_to_the_standard_start():
    sphere = landscapes.get("sphere[10]")
    x0 = simplest(starts(sphere), lambda x: x[7] < -1.7)
    assert np.delete(x0 == sphere.x0, 7).all()


def test_instances_shrink_to_the_landscape_and_print_as_calls():
    assert simplest(instances("beale"), lambda moved: True) is landscapes.get("beale")
    shifted = simplest(instances("beale"), lambda moved: moved.minimizers[0, 0] > 3.5)
    again = eval(repr(shifted), {"landscapes": landscapes})
    points = sobol_starts(shifted, 8)
    assert np.array_equal(again(points), shifted(points))
    assert again.minimizers.tolist() == shifted.minimizers.tolist()


def test_hyperparameters_shrink_to_one_digit():
    rates = hyperparameters(learning_rate=(1e-4, 1.0), beta_1=[0.0, 0.9])
    assert simplest(rates, lambda keywords: True) == {"learning_rate": 0.01, "beta_1": 0.0}
    assert simplest(rates, lambda keywords: keywords["learning_rate"] > 0.023)["learning_rate"] == 0.1
    assert simplest(rates, lambda keywords: 0.023 < keywords["learning_rate"] < 0.09)["learning_rate"] == 0.03
    spec = hyperparameters("torch:SGD(nesterov=True)", lr=(0.01, 1.0), momentum=(0.0, 1.0), steps=(1, 9))
    assert simplest(spec, lambda spec: True) == "torch:SGD(nesterov=True, lr=0.1, momentum=0.1, steps=1)"


@pytest.mark.parametrize(
    ("spans", "error", "words"),
    [
        ({}, TypeError, "at least one"),
        ({"lr": 0.1}, TypeError, "lr takes a pair"),
        ({"lr": []}, TypeError, "lr takes a pair"),
        ({"lr": (1.0, 0.1)}, ValueError, "the lesser first"),
        ({"lr": (0.0, float("inf"))}, ValueError, "finite"),
    ],
)
def test_spans_that_are_none(spans, error, words):
    with pytest.raises(error, match=words):
        hyperparameters(**spans)


FAILING = """
    from hypothesis import given
    from pytest_optlandscape import strategies

    @given(x0=strategies.starts("beale"))
    def test_start(x0):
        assert x0[0] < 2.3

    @given(box=strategies.bounds("beale"), moved=strategies.instances("beale"))
    def test_box(box, moved):
        assert box[0, 1] == 4.5
"""


def test_failures_print_what_can_be_pasted(pytester):
    pytester.makeconftest(
        "from hypothesis import settings\nsettings.register_profile('x', derandomize=True, deadline=None)"
    )
    pytester.makepyfile(FAILING)
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "--hypothesis-profile=x")
    result.assert_outcomes(failed=2)
    text = "".join(result.stdout.str().split())
    x0 = np.array(ast.literal_eval(re.search(r"x0=array\((\[.*?\])", text)[1]))
    assert x0[0] >= 2.3
    assert is_short(landscapes.get("beale"), x0)
    assert "moved=landscapes.get('beale')" in text
    assert "<unknown>" not in text


def test_digits_that_numpy_leaves_out_are_printed(pytester):
    pytester.makepyfile(
        """
        from hypothesis import given, settings
        from pytest_optlandscape import strategies
        saddle = strategies.special_starts("himmelblau")["saddle-0"]

        @settings(derandomize=True, deadline=None, max_examples=2000)
        @given(x0=strategies.starts("himmelblau"))
        def test_start(x0):
            assert (x0 != saddle).any()
        """
    )
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*array([[]-0.12796134673068008, -1.9537149802445766])*"])


@pytest.mark.thorough
def test_fixtures_profiles_examples_and_database(pytester):
    # no deadline: the first run imports SciPy
    pytester.makeconftest("from hypothesis import settings\nsettings.register_profile('patient', deadline=None)")
    pytester.makepyfile(
        """
        import numpy as np
        import pytest
        from hypothesis import example, given, settings
        from hypothesis.database import DirectoryBasedExampleDatabase
        from pytest_optlandscape import strategies

        kept = DirectoryBasedExampleDatabase("kept")
        seen = []

        @settings(max_examples=10)
        @given(x0=strategies.starts("beale"), box=strategies.boxes("beale"))
        def test_with_fixtures(minimize, beale, x0, box):
            if box.fmin is not None:
                assert minimize("scipy:L-BFGS-B", beale, x0=x0, bounds=box, budget=20).nfev <= 20

        @pytest.mark.landscapes("booth", "rosenbrock[4]")
        @settings(max_examples=5)
        @given(spec=strategies.hyperparameters("scipy:L-BFGS-B", maxcor=(1, 10)))
        def test_with_marker(landscape, minimize, spec):
            assert minimize(spec, landscape, budget=10).nfev <= 10

        @settings(max_examples=5, derandomize=True)
        @given(x0=strategies.starts("beale", outside=True))
        @example(x0=np.array([5.0, 5.0]))
        def test_with_example(x0):
            assert abs(x0).max() > 4.5

        @settings(database=kept)
        @given(x0=strategies.starts("beale"))
        def test_replayed(x0):
            seen.append(x0.tolist())
            assert x0[0] < 2.3

        def test_first_is_replayed():
            if __import__("os").path.exists("second"):
                assert seen[0][0] >= 2.3
        """
    )
    options = ["-p", "no:cacheprovider", "-W", "error", "--hypothesis-profile=patient"]
    pytester.runpytest_inprocess(*options).assert_outcomes(passed=5, failed=1)
    pytester.path.joinpath("second").touch()
    pytester.runpytest_inprocess(*options).assert_outcomes(passed=5, failed=1)
