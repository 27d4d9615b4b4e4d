"""Cross-validated grids: their data, every configuration, and scikit-learn where it is installed."""

import numpy as np
import pytest

from pytest_optlandscape import landscapes
from pytest_optlandscape.landscapes.families.cross_validated import HALD, LONGLEY, ridge

TIED = 1e-9
"""Neighbours whose distances differ by less are at the same distance."""


def every_value(name):
    landscape = landscapes.get(name)
    configurations = list(landscape.space.configurations())
    return landscape, configurations, np.array([landscape(landscape.space.encode(one)) for one in configurations])


def test_data_have_the_known_least_squares_fits():
    """Of the reference data sets of NIST (Longley), and of Draper & Smith (1998), p. 650 (Hald)."""
    slopes, level = ridge(LONGLEY[:, 1:], LONGLEY[:, 0], 0.0, True)
    units = np.array([1e3, 1.0, 100.0, 100.0, 1.0, 1e3])
    certified = [15.0618722713733, -0.358191792925910e-1, -2.02022980381683, -1.03322686717359, -0.511041056535807e-1]
    np.testing.assert_allclose(slopes * units, [*certified, 1829.15146461355], rtol=1e-8)
    assert level == pytest.approx(-3482.25863459582, rel=1e-8)
    slopes, level = ridge(HALD[:, 1:], HALD[:, 0], 0.0, True)
    np.testing.assert_allclose([level, *slopes], [62.4054, 1.5511, 0.5102, 0.1019, -0.1441], atol=5e-5)


@pytest.mark.parametrize(("name", "size"), [("ridge_longley", 300), ("nearest_neighbors_hald", 198)])
def test_minimum_by_enumeration(name, size):
    landscape, configurations, values = every_value(name)
    assert len(configurations) == landscape.space.size == size
    assert values.min() == pytest.approx(landscape.fmin, rel=1e-12)
    assert landscape.space.decode(landscape.minimizers[0]) == configurations[values.argmin()]
    assert np.sort(values)[1] > landscape.fmin * 1.001  # the only minimiser, whatever the rounding


def scaler(name, preprocessing):
    return {"none": None, "standard": preprocessing.StandardScaler(), "range": preprocessing.MinMaxScaler()}[name]


def test_ridge_is_that_of_scikit_learn():
    pytest.importorskip("sklearn")
    from sklearn import compose, linear_model, model_selection, pipeline, preprocessing

    _, configurations, values = every_value("ridge_longley")
    for one, value in list(zip(configurations, values, strict=True))[::40]:
        model = linear_model.Ridge(one["penalty"], fit_intercept=one["intercept"], solver="svd")
        steps = pipeline.make_pipeline(scaler(one["scaling"], preprocessing) or "passthrough", model)
        if one["target"] == "logarithm":
            steps = compose.TransformedTargetRegressor(steps, func=np.log, inverse_func=np.exp)
        scores = model_selection.cross_val_score(
            steps, LONGLEY[:, 1:], LONGLEY[:, 0], cv=model_selection.LeaveOneOut(), scoring="neg_mean_squared_error"
        )
        assert value == pytest.approx(-scores.mean(), rel=1e-6)


def has_ties(one):
    """Return whether the last neighbour that counts and the first that does not are ever at the same distance."""
    order = {"manhattan": 1, "euclidean": 2, "chebyshev": np.inf}[one["metric"]]
    for k in range(len(HALD)):
        rest = np.delete(HALD, k, axis=0)[:, 1:]
        width = {"none": 1.0, "standard": rest.std(axis=0), "range": np.ptp(rest, axis=0)}[one["scaling"]]
        distances = np.sort(np.linalg.norm((rest - HALD[k, 1:]) / width, ord=order, axis=1))
        if distances[one["neighbors"]] - distances[one["neighbors"] - 1] < TIED:
            return True
    return False


def test_nearest_neighbors_are_those_of_scikit_learn():
    pytest.importorskip("sklearn")
    from sklearn import model_selection, neighbors, pipeline, preprocessing

    _, configurations, values = every_value("nearest_neighbors_hald")
    untied = [pair for pair in zip(configurations, values, strict=True) if not has_ties(pair[0])]
    assert len(untied) > 100
    for one, value in untied[::30]:
        model = neighbors.KNeighborsRegressor(one["neighbors"], weights=one["weights"], metric=one["metric"])
        steps = pipeline.make_pipeline(scaler(one["scaling"], preprocessing) or "passthrough", model)
        scores = model_selection.cross_val_score(
            steps, HALD[:, 1:], HALD[:, 0], cv=model_selection.LeaveOneOut(), scoring="neg_mean_squared_error"
        )
        assert value == pytest.approx(-scores.mean(), rel=1e-9)
