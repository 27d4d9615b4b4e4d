"""scikit-learn's searches, on landscapes over a search space and on boxes."""

import numpy as np
import pytest
from blackbox_checks import needed
from tuning_landscapes import FINITE_BEST, TunerTests, asked, distinct, finite, finite_loss, mixed

from pytest_optlandscape import Problem, minimize
from pytest_optlandscape.optimizers import get

needed("sklearn")
from sklearn.experimental import enable_halving_search_cv  # noqa: E402, F401
from sklearn.model_selection import GridSearchCV, HalvingRandomSearchCV, ParameterSampler  # noqa: E402


class TestSklearn(TunerTests):
    tuners = ("sklearn:RandomizedSearchCV", "sklearn:HalvingRandomSearchCV")
    listing = ("sklearn:GridSearchCV", "sklearn:HalvingGridSearchCV")
    wrong = (
        ("sklearn:GridSearch", "did you mean 'GridSearchCV'"),
        ("sklearn:RandomizedSearchCV(n_inter=3)", "did you mean 'n_iter'"),
        ("sklearn:GridSearchCV(n_jobs=2)", "n_jobs cannot be given"),
        ("sklearn:GridSearchCV(cv=1)", "number of folds"),
    )


def test_each_candidate_is_fitted_once():
    grid = minimize("sklearn:GridSearchCV", finite(), budget=100)
    drawn = minimize("sklearn:RandomizedSearchCV", finite(), budget=100)
    assert (grid.nfev, len(distinct(grid))) == (drawn.nfev, len(distinct(drawn))) == (18, 18)
    assert grid.configuration == drawn.configuration == FINITE_BEST


def test_halving_scores_twice_and_fits_once():
    """successive halving scores the training part, too: of 40 fits, 80 scores"""
    scored = []
    original = HalvingRandomSearchCV.fit

    def fit(self, *arguments):
        kind = type(self.estimator)
        score = kind.score

        def counted(one, *parts):
            scored.append(one)
            return score(one, *parts)

        kind.score = counted
        try:
            return original(self, *arguments)
        finally:
            kind.score = score

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(HalvingRandomSearchCV, "fit", fit)
        run = minimize("sklearn:HalvingRandomSearchCV", mixed(), budget=40)
    assert (run.nfev, len(scored)) == (27 + 9 + 3 + 1, 2 * 40)


@pytest.mark.parametrize(
    ("spec", "make", "fits"),
    [
        ("sklearn:RandomizedSearchCV", mixed, 30),
        ("sklearn:RandomizedSearchCV(n_iter=7)", mixed, 7),
        ("sklearn:RandomizedSearchCV(n_iter=7, refit=True)", mixed, 8),
        ("sklearn:RandomizedSearchCV(cv=3)", mixed, 30),
        ("sklearn:RandomizedSearchCV", finite, 18),
        ("sklearn:GridSearchCV", finite, 18),
        ("sklearn:HalvingGridSearchCV", finite, 18 + 6 + 2),
        ("sklearn:HalvingRandomSearchCV(factor=2)", mixed, 15 + 8 + 4 + 2),
    ],
)
def test_the_fits_announced_are_the_fits_made(spec, make, fits):
    run = minimize(spec, make(), budget=30)
    assert run.nfev == get(spec).planned(Problem(make(), budget=30)) == fits


def test_folds_of_a_noisy_landscape_differ_by_its_noise():
    landscapes = (finite(), finite().noisy("additive"))
    exact, noisy = (asked("sklearn:GridSearchCV(cv=4)", one, budget=100) for one in landscapes)
    assert exact[0].nfev == noisy[0].nfev == 4 * 18
    assert exact[1] == noisy[1]
    assert exact[1][0] == exact[1][3] != exact[1][4]
    seen = []
    with pytest.MonkeyPatch.context() as patch:
        fit = GridSearchCV.fit

        def kept(self, *parts):
            fit(self, *parts)
            seen.append(self.cv_results_)
            return self

        patch.setattr(GridSearchCV, "fit", kept)
        run = minimize("sklearn:GridSearchCV(cv=4)", landscapes[1], budget=100)
    folds = np.array([seen[0][f"split{k}_test_score"] for k in range(4)])
    values = run.trace.fun.reshape(18, 4)
    assert np.ptp(folds, axis=0).min() > 0.0
    assert np.ptp(values, axis=1).max() == 0.0
    assert abs((folds.T + values).mean()) < 4.0 * (folds.T + values).std() / np.sqrt(72)


def test_the_draws_are_those_of_the_parameter_sampler():
    landscape = finite()
    parts = [{"norm": ["l1"], "depth": [1, 2, 3], "size": ["s", "m"]}]
    parts.append({"norm": ["l2"], "dual": [True, False], "depth": [1, 2, 3], "size": ["s", "m"]})
    _, handed = asked("sklearn:RandomizedSearchCV", landscape, budget=9, seed=5)
    assert handed == list(ParameterSampler(parts, 9, random_state=5))


def test_random_search_runs_on_a_box():
    run = minimize("sklearn:RandomizedSearchCV", "booth", budget=50)
    assert run.nfev == 50
    assert np.all(np.abs(run.trace.x) <= 10.0)
    assert run.fun == run.trace.fun.min()


def test_a_grid_of_real_numbers_is_refused():
    assert get("sklearn:GridSearchCV").obstacle(mixed()) == "no finite search space"
    run = minimize("sklearn:GridSearchCV", mixed(), budget=5)
    assert "no finite search space" in run.message


def test_the_returned_configuration_is_the_one_that_scored_best():
    values = []

    def loss(c):
        values.append(finite_loss(c))
        return values[-1]

    run = minimize("sklearn:RandomizedSearchCV", finite(loss, validate=False), budget=6, seed=2)
    assert run.fun == min(values[: run.nfev])
