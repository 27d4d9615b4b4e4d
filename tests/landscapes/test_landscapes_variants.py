import numpy as np
import pytest
from landscape_cases import INDEPENDENT, random_points
from mpmath import diff, findroot, mp, mpf

from pytest_optlandscape import landscapes

PRINTED = {key: formula for module in INDEPENDENT for key, formula in getattr(module, "VARIANTS", {}).items()}
VARIANTS = {
    (name, variant): landscapes.get(name, variant=variant)
    for name in landscapes.names()
    for variant in landscapes.variants(name)
}


def test_every_variant_is_printed_somewhere():
    assert set(VARIANTS) == set(PRINTED)


@pytest.mark.parametrize("key", VARIANTS)
def test_variant_differs_in_its_constants_only(key):
    variant, original = VARIANTS[key], landscapes.get(key[0])
    assert (variant.name, variant.tags, variant.dim) == (original.name, original.tags, original.dim)
    assert (variant.id, variant.family) == (":".join(key), original.family)
    assert variant.bounds.tolist() == original.bounds.tolist()
    assert variant.source != original.source
    assert abs(variant.fmin - original.fmin) > 1e-7
    assert variant.distance(original.minimizers[0]) > 1e-8


@pytest.mark.parametrize("key", VARIANTS)
def test_variant_agrees_with_the_literature(key):
    variant = VARIANTS[key]
    for x in random_points(variant, 30):
        with mp.workdps(40):
            point = [mpf(v) for v in x]
            value = float(PRINTED[key](point))
            slopes = [float(slope) for slope in gradient(PRINTED[key], point)]
        assert variant(x) == pytest.approx(value, rel=1e-13)
        np.testing.assert_allclose(variant.gradient(x), slopes, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("key", VARIANTS)
def test_minimizer_of_variant_is_correctly_rounded(key):
    variant = VARIANTS[key]
    (minimizer,) = variant.minimizers
    with mp.workdps(40):
        polished = [*findroot(lambda *x: gradient(PRINTED[key], x), minimizer.tolist())]
        assert [float(v) for v in polished] == minimizer.tolist()
        assert float(PRINTED[key](polished)) == variant.fmin
    assert np.linalg.eigvalsh(variant.hessian(minimizer))[0] > 0
    assert variant(random_points(variant, 20000)).min() > variant.fmin


def gradient(formula, x):
    """Differentiate to some 30 digits."""
    orders = np.eye(len(x), dtype=int)
    return [diff(lambda *v: formula(v), tuple(x), tuple(order.tolist())) for order in orders]
