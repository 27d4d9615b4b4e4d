"""The key ``optlandscape_adapters`` in sessions, and the advice on global random numbers."""

import pytest

SOLVER = '''
def descend(objfun, guess, limits, max_calls=20):
    """Return a tuple; its names are its own."""
    lower, upper = limits
    x, step, value = list(guess), 0.5, objfun(guess)
    calls = 1
    while calls + 2 * len(x) <= max_calls:
        for k in range(len(x)):
            for sign in (-1.0, 1.0):
                tried = [min(max(xi + (i == k) * sign * step, lower[i]), upper[i]) for i, xi in enumerate(x)]
                calls += 1
                if (new := objfun(tried)) < value:
                    x, value = tried, new
        step *= 0.7
    return value, x
'''
LINE = "solver:descend = objective=objfun start=guess bounds=limits:arrays budget=max_calls result=[1] value=[0]"


@pytest.fixture
def declared(project):
    project.configure("solver:descend", optlandscape_adapters=LINE, optlandscape_suite="quick")
    project.solver(SOLVER)
    return project


@pytest.mark.thorough
def test_a_declared_optimizer_is_run_and_compared_serial_and_distributed(declared):
    result = declared.run("--optlandscape-update", "-k", "booth or beale")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["solver:descend is tested as local, derivative-free, bounds, deterministic*"])
    for arguments in ([], ["-n", "1"], ["--optlandscape-executor", "processes:1"]):
        result = declared.run("-k", "booth or beale", *arguments)
        assert result.ret == 0
        result.stdout.fnmatch_lines(["solver:descend*identical*same"])


def test_the_contract_finds_it_in_another_process(declared):
    declared.configure("solver:descend", optlandscape_adapters=LINE, optlandscape_contract="true")
    result = declared.run("-k", "check_same_run_in_another_process or check_keeps_budget")
    result.assert_outcomes(passed=2, deselected=result.parseoutcomes()["deselected"])
    result.stdout.no_fnmatch_line("*cannot find it*")


@pytest.mark.thorough
def test_both_revisions_are_called_as_declared(repository):
    project = repository.project
    project.configure("solver:descend", optlandscape_adapters=LINE, optlandscape_suite="quick")
    project.solver(SOLVER)
    repository.commit()
    project.solver(SOLVER.replace("step *= 0.7", "step *= 0.9"))
    result = project.run("--optlandscape-against=HEAD", "-k", "beale")
    result.stdout.fnmatch_lines(["*against HEAD*"])
    result.stdout.no_fnmatch_line("*is not there at HEAD*")
    result.stdout.no_fnmatch_line("*identical*")


def test_tests_of_ones_own_call_it_as_declared(declared):
    declared.pytester.makepyfile(
        "def test_it(booth, minimize):\n    assert minimize('solver:descend', booth, budget=50).nfev == 49\n"
    )
    declared.pytester.runpytest_inprocess().assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "solver:descend takes (objfun, guess, limits, ...), none of which is named 'fun'"),
        ("solver:descend", "optlandscape_adapters: 'solver:descend' is not of the form SPEC = key=value"),
        (LINE.replace("start=", "starts="), "unknown key of an adapter 'starts'; did you mean 'start'"),
        (LINE.replace("max_calls", "max_cals"), "unknown parameter of budget=: 'max_cals'; did you mean 'max_calls'"),
        (LINE + "\n    scipy:Powel = objective=func", "unknown optimizer in optlandscape_adapters: 'scipy:Powel'"),
    ],
)
def test_mistakes_end_the_session_before_anything_runs(declared, line, said):
    declared.configure("solver:descend", optlandscape_adapters=line)
    result = declared.run()
    assert result.ret == 4
    assert said in result.stderr.str()


def test_unseeded_global_generators_are_told_with_the_line_to_add(project):
    project.configure("solver:anneal", optlandscape_suite="quick")
    project.solver(
        "import random\n\ndef anneal(fun, x0):\n"
        "    return min(([random.gauss(0.0, 2.0) for _ in x0] for _ in range(9)), key=fun)\n"
    )
    result = project.run("--optlandscape-update", "-k", "booth or beale")
    result.stdout.fnmatch_lines(
        [
            "*draws from the global generators of random, which nobody seeds*beale*",
            "*to have them seeded for each run, add this line to optlandscape_profiles*",
            "    solver:anneal = stochastic seed-globals",
        ]
    )
    project.configure("solver:anneal", optlandscape_suite="quick", optlandscape_profiles="solver:anneal = seed-globals")
    result = project.run("--optlandscape-update", "-k", "booth or beale")
    result.stdout.no_fnmatch_line("*which nobody seeds*")
    result = project.run("-k", "booth or beale")
    result.stdout.fnmatch_lines(["solver:anneal*identical*same"])
