import numpy as np
import pytest

from pytest_optlandscape import landscapes, minimize


def test_gap_is_drawn_in_any_dimension():
    run = minimize("scipy:L-BFGS-B", "rosenbrock[5]", budget=100)
    figure = run.plot()
    assert figure.title == "scipy:L-BFGS-B on rosenbrock[5]"
    assert figure.rows[0][1] == "1.02e3"
    assert float(figure.rows[-1][0]) == len(run.trace)


def test_path_is_drawn_on_contours():
    pytest.importorskip("contourpy")
    run = minimize("scipy:L-BFGS-B", "beale", budget=100)
    both = run.plot()
    assert both.svg.count("<svg") == 3
    contour = run.plot("contour")
    assert f"makes {len(run.trace)} evaluations" in contour.description
    projected = minimize("scipy:L-BFGS-B", "rosenbrock[5]", budget=100).plot("contour", axes=(1, 4))
    assert projected.columns == ("point", "x₂", "x₅")


def test_wrong_kind_is_named():
    run = minimize("scipy:L-BFGS-B", "beale", budget=10)
    with pytest.raises(ValueError, match="unknown kind of picture 'gaps'; did you mean 'gap'"):
        run.plot("gaps")


@pytest.mark.usefixtures("without_contourpy")
def test_without_contourpy_the_gap_is_drawn():
    run = minimize("scipy:L-BFGS-B", "beale", budget=10)
    with pytest.raises(ImportError, match=r"pytest-optlandscape\[report\]"):
        run.plot()
    shown = run._repr_html_()
    assert "<svg" in shown
    assert "pytest-optlandscape[report]" in shown


def never_feasible(problem):
    problem(problem.bounds[:, 1] + 1.0)
    return problem.x0 + np.nan


def idle(problem):
    return problem.x0


def raises(problem):
    problem(problem.x0)
    raise RuntimeError("<b>\x1b[31m")


@pytest.mark.parametrize(
    "optimizer", [never_feasible, pytest.param(idle, marks=pytest.mark.filterwarnings("ignore:.*never called")), raises]
)
def test_notebooks_show_every_run(optimizer):
    shown = minimize(optimizer, "beale", budget=10)._repr_html_()
    assert "<table>" in shown
    assert "<b>" not in shown


def test_notebooks_show_runs_whose_minimum_is_not_known():
    part = landscapes.get("beale").within([(0, 2), (0, 1)])
    run = minimize("scipy:L-BFGS-B", part, budget=50)
    assert "the minimum is not known" in run._repr_html_()
    with pytest.raises(ValueError, match=r"minimum of .* is not known"):
        run.plot("gap")


def test_pictures_count_no_evaluations():
    run = minimize("scipy:L-BFGS-B", "beale", budget=50)
    counts = run.nfev, run.njev, run.nhev, len(run.evaluated[1])
    run._repr_html_()
    assert (run.nfev, run.njev, run.nhev, len(run.evaluated[1])) == counts
