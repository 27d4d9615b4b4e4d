"""Functions of bits: their minima by enumeration, and PBO's against IOHexperimenter where it is installed."""

import itertools

import numpy as np
import pytest

from pytest_optlandscape import landscapes
from pytest_optlandscape.landscapes.definition import DEFINITIONS
from pytest_optlandscape.landscapes.families import pseudo_boolean

NAMES = [one.name for one in landscapes.select(tags="pseudo-boolean")]
PBO = {int(name[5:7]): name for name in NAMES if name.startswith("pbo_")} | {1: "one_max", 2: "leading_ones"}
"""By number of the function."""
VALUES = {
    1: [("1010011011010101", 9.0), ("1011111111011010", 12.0), ("1110111101111111", 14.0)],
    2: [("0000000100000100", 0.0), ("1100101111011111", 2.0), ("1010111111111110", 1.0)],
    3: [("0110000000101100", 43.0), ("1111111111111111", 136.0), ("1011111111111111", 134.0)],
    4: [("1101110111010110", 6.0), ("0111110011010111", 4.0), ("1111110110101001", 5.0)],
    5: [("0000111101010000", 5.0), ("0111111110111011", 11.0), ("1111110111111111", 13.0)],
    6: [("1101111100101110", 4.0), ("1111111111111101", 5.0), ("1111111111111101", 5.0)],
    7: [("0011100000001011", 8.0), ("1111011010100111", 7.0), ("1111101111111111", 11.0)],
    8: [("1111100101000010", 5.0), ("0111011111111110", 7.0), ("1111111111111110", 8.0)],
    9: [("1010001001001110", 6.0), ("1001111100101111", 10.0), ("1111111111110111", 14.0)],
    10: [("1010010100100010", 10.0), ("0111111111111011", 12.0), ("0111111111111111", 11.0)],
    11: [("1101010111001011", 3.0), ("1111111101111111", 8.0), ("1111110111101111", 3.0)],
    12: [("0010010110100100", 0.0), ("0111111110101101", 0.0), ("0111101111111111", 0.0)],
    13: [("0010110110011001", 0.0), ("1111111111111111", 5.0), ("1111111011111111", 5.0)],
    14: [("0101011100110001", 1.0), ("1111110101000111", 3.0), ("0111111101111101", 0.0)],
    15: [("1101110001110110", 2.0), ("1110100101111101", 2.0), ("1111111111101111", 6.0)],
    16: [("0001110110101110", 1.0), ("1110111101011111", 2.0), ("1111111111011111", 11.0)],
    17: [("0000000100010100", 0.0), ("1011111111111111", 5.0), ("1111111001111111", 9.0)],
    18: [
        ("1011001101100111", 0.7272727272727273),
        ("1101011111111110", 0.6274509803921569),
        ("1111110111111111", 0.19631901840490798),
    ],
    19: [("1100010000101100", 8.0), ("1111010111100011", 10.0), ("1111101111101101", 10.0)],
    20: [("1011001111101111", 20.0), ("1101011011111110", 18.0), ("1010111111111101", 20.0)],
    21: [("1110111110110001", 28.0), ("1011111111111101", 36.0), ("1011011111011111", 30.0)],
    22: [("0000010110101110", -73.0), ("0000101111111011", -134.0), ("1101111111111011", -306.0)],
    23: [("0010011011000111", -48.0), ("1111111011000111", -96.0), ("1111111111111111", -152.0)],
    24: [("0100110011001111001100111", 1.2), ("1101111101101111011111001", 0.2), ("1111111101011111111111111", 3.0)],
}
"""(x, f(x)), to be maximised, as ioh 0.4.2 gives them, by number of the function."""


def codes_of(bits):
    return (np.asarray(bits) + 0.5) / 2


def bits_of(points):
    return {tuple(point) for point in (points > 0.5).astype(int).tolist()}


def test_the_suite_has_all_functions_with_known_maxima():
    assert sorted(PBO) == list(range(1, 25))


@pytest.mark.parametrize("number", sorted(PBO))
def test_values_of_pbo(number):
    for bits, value in VALUES[number]:
        landscape = landscapes.get(PBO[number], len(bits))
        assert -landscape(codes_of([int(bit) for bit in bits])) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize("number", sorted(PBO))
def test_functions_are_those_of_ioh(number):
    ioh = pytest.importorskip("ioh")
    rng = np.random.default_rng(number)
    for dim in (9, 10, 16, 25, 49, 64, 100):
        if dim in DEFINITIONS[PBO[number]].dims:
            problem = ioh.get_problem(number, 1, dim, ioh.ProblemClass.PBO)
            landscape = landscapes.get(PBO[number], dim)
            bits = (rng.random((40, dim)) < rng.random((40, 1))).astype(int)
            expected = [-problem(one.tolist()) for one in bits]
            np.testing.assert_allclose(landscape(codes_of(bits)), expected, rtol=1e-12)


def stated_maximum(number, dim):
    ioh = pytest.importorskip("ioh")
    return ioh.get_problem(number, 1, dim, ioh.ProblemClass.PBO).optimum.y


def test_stated_maxima_hold_but_for_three_functions():
    for number, name in PBO.items():
        for dim in (4, 9, 16, 25):
            if dim in DEFINITIONS[name].dims and number != 18:
                is_wrong = (number, dim) in {(23, 4), (23, 9)}
                assert (stated_maximum(number, dim) == -landscapes.get(name, dim).fmin) != is_wrong, (name, dim)
    assert stated_maximum(18, 9) == np.inf
    assert stated_maximum(24, 9) == 0.5  # of a function that counts bits twice


def check_by_enumeration(landscape):
    bits = np.array(list(itertools.product((0, 1), repeat=landscape.dim)))
    formula, names = DEFINITIONS[landscape.name].formula, tuple(landscape.space.parameters)
    values = np.array([formula(dict(zip(names, one, strict=True))) for one in bits.tolist()])
    assert values.min() == pytest.approx(landscape.fmin, rel=1e-13)
    lowest = {tuple(one) for one in bits[values <= landscape.fmin * (1 - 1e-13)].tolist()}
    listed = bits_of(landscape.minimizers)
    assert listed == lowest if landscape.all_minimizers.listed_all else listed < lowest
    if landscape.minimizers_complete:
        assert landscape.n_minimizers == len(lowest)


@pytest.mark.parametrize("name", NAMES)
def test_minimum_and_minimizers_by_enumeration(name):
    dims = DEFINITIONS[name].dims
    for dim in (4, 5, 8, 9, 10):
        if dim in dims:
            check_by_enumeration(landscapes.get(name, dim))


@pytest.mark.thorough
@pytest.mark.parametrize("name", NAMES)
def test_minimum_and_minimizers_by_enumeration_of_more_bits(name):
    dim = 16 if 16 in DEFINITIONS[name].dims else 15
    check_by_enumeration(landscapes.get(name, dim))


@pytest.mark.parametrize("dim", [4, 9, 16, 20, pytest.param(25, marks=pytest.mark.thorough)])
def test_least_energies_by_enumeration(dim):
    """All sequences that begin with 0; the others are their negations."""
    least, lowest = np.inf, []
    block = 2 ** min(dim - 1, 18)
    for start in range(0, 2 ** (dim - 1), block):
        words = np.arange(start, start + block, dtype=np.int64)
        signs = 1 - 2 * ((words[:, np.newaxis] >> np.arange(dim)[::-1]) & 1).astype(np.int8)
        energy = np.zeros(block, dtype=np.int64)
        for k in range(1, dim):
            energy += np.einsum("ij,ij->i", signs[:, :-k], signs[:, k:]).astype(np.int64) ** 2
        if energy.min() < least:
            least, lowest = energy.min(), []
        if energy.min() == least:
            lowest += words[energy == least].tolist()
    landscape = landscapes.get("pbo_f18_low_autocorrelation", dim)
    assert landscape.fmin == -(dim**2) / (2 * least)
    found = {tuple(map(int, f"{word:0{dim}b}")) for word in lowest}
    assert bits_of(landscape.minimizers) == found | {tuple(1 - bit for bit in one) for one in found}


@pytest.mark.parametrize("rugged", [pseudo_boolean.rugged_1, pseudo_boolean.rugged_2, pseudo_boolean.rugged_3])
def test_ruggedness_keeps_the_maximum_alone_in_every_dimension(rugged):
    for dim in range(4, 101):
        values = [rugged(value, dim) for value in range(dim + 1)]
        assert values[-1] > max(values[:-1])
        assert min(values) >= 0


def test_mixed_bits_are_one_to_one():
    for size in (1, 2, 3, 4):
        blocks = list(itertools.product((0, 1), repeat=size))
        assert sorted(tuple(pseudo_boolean.mixed(block)) for block in blocks) == blocks


def test_largest_independent_sets_have_the_size_of_the_proof():
    for dim in DEFINITIONS["pbo_f22_independent_set"].dims:
        landscape = landscapes.get("pbo_f22_independent_set", dim)
        size = dim - dim % 2
        found = bits_of(landscape.minimizers)
        assert {sum(bits[:size]) for bits in found} == {-landscape.fmin}
        assert not any(bits[i] and bits[j] for bits in found for i, j in pseudo_boolean.edges(size))


def test_numbers_of_solutions_of_n_queens():
    counts = {side: landscapes.get("pbo_f23_n_queens", side**2).n_minimizers for side in (4, 5, 6, 7, 8)}
    assert counts == {4: 2, 5: 10, 6: 4, 7: 40, 8: 92}


def test_terms_of_the_nm_landscape_are_largest_at_ones():
    for dim in (4, 16, 100):
        terms = pseudo_boolean.interactions(dim)
        assert all(height > 0 for height, _ in terms)
        assert {features for _, features in terms} >= {(k,) for k in range(dim)}
        assert {len(features) for _, features in terms} == {1, 2, 3, 4}
        assert len({features for _, features in terms}) == len(terms)
