import pytest

from pytest_optlandscape import fixtures, landscapes


def collected(pytester, marker, name="test_one"):
    pytester.makepyfile(f"import pytest\n{marker}\ndef {name}(landscape): pass")
    result = pytester.runpytest_inprocess("--collect-only", "-q")
    assert result.ret == 0
    start = f"::{name}["
    return [line.partition(start)[2][:-1] for line in result.outlines if start in line]


def test_the_fixtures_are_landscapes_of_the_catalogue():
    assert set(fixtures.WELL_KNOWN) <= set(landscapes.names())
    assert len(set(fixtures.WELL_KNOWN)) == len(fixtures.WELL_KNOWN) >= 50


def test_each_fixture_is_the_landscape_of_its_name(pytester):
    names = ", ".join(fixtures.WELL_KNOWN)
    pytester.makepyfile(
        f"""
        from pytest_optlandscape import landscapes

        def test_all({names}):
            for landscape in [{names}]:
                assert landscape is landscapes.get(landscape.name)
            assert [landscape.name for landscape in [{names}]] == "{names}".split(", ")
        """
    )
    pytester.runpytest_inprocess().assert_outcomes(passed=1)


FEW = "'beale', 'booth', 'sphere', 'trid'"
"""To choose from: the whole catalogue grows."""


@pytest.mark.parametrize(
    ("arguments", "ids"),
    [
        ("'beale'", ["beale"]),
        ("'rosenbrock[10]', 'beale'", ["rosenbrock[10]", "beale"]),
        ("['beale', 'booth']", ["beale", "booth"]),
        ("'sphere', dim=3", ["sphere[3]"]),
        ("'sphere', 'beale', dim=[2, 5]", ["sphere[2]", "sphere[5]", "beale"]),
        ("'sphere', 'beale', dims=[2, 5]", ["sphere[2]", "sphere[5]", "beale"]),
        (f"{FEW}, tags='convex quadratic', dim=2", ["booth", "sphere[2]", "trid[2]"]),
        (f"{FEW}, tags=['convex', 'quadratic'], exclude='scalable'", ["booth"]),
        (f"{FEW}, tags='convex quadratic', dim=2, exclude=['booth', 'trid[2]']", ["sphere[2]"]),
        ("'beale', 'beale'", ["beale"]),
    ],
)
def test_marker_chooses_landscapes(pytester, arguments, ids):
    assert collected(pytester, f"@pytest.mark.landscapes({arguments})") == ids


def test_marker_without_arguments_chooses_the_catalogue(pytester):
    assert {chosen.partition("[")[0] for chosen in collected(pytester, "@pytest.mark.landscapes")} >= set(
        fixtures.WELL_KNOWN
    )


def test_marker_of_a_class_or_module_and_the_closest_one_wins(pytester):
    pytester.makepyfile(
        """
        import pytest
        pytestmark = pytest.mark.landscapes("booth")

        def test_module(landscape):
            assert landscape.id == "booth"

        @pytest.mark.landscapes("beale")
        class TestClass:
            def test_class(self, landscape):
                assert landscape.id == "beale"

            @pytest.mark.landscapes("sphere[3]")
            def test_function(self, landscape):
                assert landscape.dim == 3

        def test_without_landscape(): pass
        """
    )
    pytester.runpytest_inprocess("--strict-markers").assert_outcomes(passed=4)


def test_marker_goes_with_parametrize_and_minimize(pytester):
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("optimizer", ["scipy:BFGS", "scipy:L-BFGS-B"])
        @pytest.mark.landscapes("beale", "booth")
        def test_both(landscape, optimizer, minimize):
            run = minimize(optimizer, landscape, budget=100)
            assert run.landscape is landscape and run.optimizer == optimizer and 0 < run.nfev <= 100
        """
    )
    pytester.runpytest_inprocess().assert_outcomes(passed=4)


def test_marked_tests_keep_the_order_of_the_file(pytester):
    marker = "@pytest.mark.landscapes('beale', 'booth')"
    pytester.makepyfile(f"import pytest\n{marker}\ndef test_b(landscape): pass\n{marker}\ndef test_a(landscape): pass")
    result = pytester.runpytest_inprocess("--collect-only", "-q")
    order = [line.partition("::")[2] for line in result.outlines if "::" in line]
    assert order == ["test_b[beale]", "test_b[booth]", "test_a[beale]", "test_a[booth]"]


def test_missing_marker_says_what_to_write(pytester):
    pytester.makepyfile("def test_one(landscape): pass")
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*needs the marker*@pytest.mark.landscapes('beale'*"])


def test_own_fixtures_override(pytester):
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture
        def beale():
            return "mine"

        @pytest.fixture(params=["left", "right"])
        def landscape(request):
            return request.param

        def test_beale(beale):
            assert beale == "mine"

        def test_landscape(landscape):
            assert landscape in ("left", "right")

        @pytest.mark.parametrize("landscape", ["up", "down", "aside"])
        def test_parametrized(landscape):
            assert landscape in ("up", "down", "aside")
        """
    )
    pytester.runpytest_inprocess("-W", "error").assert_outcomes(passed=6)


def test_own_fixture_may_use_ours(pytester):
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture
        def beale(beale):
            return beale, "wrapped"

        def test_beale(beale):
            assert beale[0].name == "beale" and beale[1] == "wrapped"
        """
    )
    pytester.runpytest_inprocess().assert_outcomes(passed=1)


def test_session_fixtures_under_given_raise_no_health_check(pytester):
    pytester.makepyfile(
        """
        import pytest
        from hypothesis import given, settings
        from pytest_optlandscape.strategies import starts

        @settings(max_examples=5, deadline=None, database=None)
        @given(x0=starts("booth"))
        def test_given(booth, minimize, x0):
            assert minimize("scipy:BFGS", booth, x0=x0, budget=50).fun <= booth(x0)

        @pytest.mark.landscapes("booth", "beale")
        @settings(max_examples=5, deadline=None, database=None)
        @given(x0=starts("booth"))
        def test_marked(landscape, x0):
            assert landscape(x0) >= 0
        """
    )
    pytester.runpytest_inprocess().assert_outcomes(passed=3)
