"""Functions of bits with known minima: those of the PBO suite, Jump and NM landscapes.

The literature maximises them. Here they are minimised: each has the opposite sign. A bit is `Int(0, 1)`.

PBO has 25 functions. NK landscapes (F25) are missing, because their maxima are not known. Enumeration shows that some
maxima which IOHexperimenter 0.4.2 states are wrong. N-queens (F23) has no solution for two and three queens. The
concatenated trap (F24) counts bits twice unless the dimension is a multiple of five, so only these dimensions are here.
Low autocorrelation (F18) has no stated maximum.

References
----------
C. Doerr, F. Ye, N. Horesh, H. Wang, O. M. Shir, T. Bäck: Benchmarking Discrete Optimization Heuristics with
IOHprofiler, Appl. Soft Comput. 88 (2020) 106027.
T. Weise, Z. Wu: Difficult Features of Combinatorial Optimization Problems and the Tunable W-Model Benchmark Problem for
Simulating them, GECCO Companion 2018.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from pytest_optlandscape.landscapes.definition import Definition, searched
from pytest_optlandscape.landscapes.families.bbob_transforms import gaussian, uniform
from pytest_optlandscape.landscapes.minimizers import LONGEST_LIST, Minimizers
from pytest_optlandscape.landscapes.spaces.coded import CodedGrid, CodedMinimizers
from pytest_optlandscape.landscapes.spaces.parameters import Int
from pytest_optlandscape.landscapes.spaces.space import Space

FAMILY = "pseudo-boolean"
Bits = Sequence[int]
Points = Callable[[int], Minimizers]
SQUARES = (4, 9, 16, 25, 36, 49, 64, 81, 100)
MOST = 1000
"""The largest dimension."""


@functools.cache
def space_of(dim: int) -> Space:
    """Return the space of bits: x1, x2 and so on."""
    return Space(**{f"x{k}": Int(0, 1) for k in range(1, dim + 1)})


def configuration_of(bits: Bits) -> dict[str, int]:
    """Return the configuration of bits.

    Examples
    --------
    >>> configuration_of([0, 1])
    {'x1': 0, 'x2': 1}
    """
    return {f"x{k}": bit for k, bit in enumerate(bits, start=1)}


def _listed(points: Sequence[Bits]) -> Minimizers:
    """Return the minimisers, all of them."""
    return CodedMinimizers(space_of(len(points[0])), map(configuration_of, points))


def _ones(dim: int) -> Minimizers:
    return _listed([[1] * dim])


def _alternating(dim: int) -> Bits:
    return [k % 2 for k in range(dim)]


def _equal(dim: int) -> Minimizers:
    return _listed([[0] * dim, [1] * dim])


def bits(
    *,
    best: Callable[[int], float],
    minimizers: Points = _ones,
    start: Callable[[int], Bits] = lambda dim: [0] * dim,
    source: str,
    dims: range | tuple[int, ...],
    dim: int = 16,
    tags: str = "",
) -> Callable[[Callable[[Bits], float]], Definition]:
    """Add a function of bits that is to be maximised to the catalogue, with the opposite sign.

    Parameters
    ----------
    best : callable
        The maximum, a function of the dimension.
    minimizers : callable, optional
        From the dimension to the configurations of the maximum (default: all ones).
    start : callable, optional
        From the dimension to the bits of the start (default: all zeros).
    source : str
    dims : range or tuple of int
    dim : int, default 16
    tags : str, optional
        Further tags.
    """

    def define(formula: Callable[[Bits], float]) -> Definition:
        @functools.wraps(formula)
        def negative(configuration: dict[str, Any]) -> float:
            return 0.0 - float(formula(list(configuration.values())))

        return searched(
            space=space_of,
            x0=lambda dim: configuration_of(start(dim)),
            minimizers=minimizers,
            fmin=lambda dim: -float(best(dim)),
            tags=f"pseudo-boolean {tags}",
            source=source,
            dim=dim,
            dims=dims,
        )(negative)

    return define


def pbo(number: int) -> str:
    """Return the source of a function of PBO."""
    return f"Doerr et al. (2020), F{number}"


def ones_of(bits: Bits) -> int:
    """Return the number of ones."""
    return sum(bits)


def leading_ones_of(bits: Bits) -> int:
    """Return the number of ones before the first zero."""
    return next((k for k, bit in enumerate(bits) if not bit), len(bits))


@bits(best=float, source=pbo(1), dims=range(1, MOST + 1), tags="separable")
def one_max(bits: Bits) -> float:
    """−Σ xᵢ: the number of ones, negated."""
    return ones_of(bits)


@bits(best=float, source=pbo(2), dims=range(1, MOST + 1))
def leading_ones(bits: Bits) -> float:
    """−Σᵢ Π_{j ≤ i} xⱼ: the number of ones before the first zero, negated."""
    return leading_ones_of(bits)


@bits(best=lambda dim: dim * (dim + 1) / 2, source=pbo(3), dims=range(1, MOST + 1), tags="separable")
def pbo_f03_linear(bits: Bits) -> float:
    """−Σ i xᵢ."""
    return sum(k * bit for k, bit in enumerate(bits, start=1))


GAP = 3
"""How many zeros of Jump are turned to ones at once."""


@bits(
    best=lambda dim: dim + GAP,
    source="Droste, Jansen & Wegener (2002), k = 3",
    dims=range(GAP + 1, MOST + 1),
    tags="deceptive",
)
def jump_3(bits: Bits) -> float:
    """−(3 + Σ xᵢ) if 0 or at least 3 bits are zero, else −(number of zeros): three zeros are turned to ones at once."""
    zeros = len(bits) - ones_of(bits)
    return zeros if 0 < zeros < GAP else GAP + ones_of(bits)


# The layers of the W-model: they hide bits, merge them, mix them, or permute the values.


@functools.cache
def seen(dim: int, share: float) -> tuple[int, ...]:
    """Return the positions of the bits that a function with dummy bits sees, as IOHexperimenter draws them."""
    count = math.floor(dim * share)
    places = list(range(dim))
    for k, number in enumerate(_draws(count, seed=10000)):
        other = math.floor(number * dim)
        places[k], places[other] = places[other], places[k]
    return tuple(sorted(places[:count]))


def _draws(count: int, seed: int) -> Iterator[float]:
    """Draw numbers as `uniform` does, but each draw continues from the number that was drawn before."""
    multiplier, modulus, share = 16807, 2**31 - 1, 67108865
    table = [0] * 32
    for k in reversed(range(40)):
        seed = multiplier * seed % modulus
        if k < len(table):
            table[k] = seed
    for _ in range(count):
        place = seed // share
        seed, table[place] = table[place], multiplier * seed % modulus
        yield seed / modulus


def _ones_where_seen(share: float) -> Points:
    def grid(dim: int) -> Minimizers:
        places = seen(dim, share)
        return CodedGrid(space_of(dim), {f"x{k + 1}": [1] if k in places else [0, 1] for k in range(dim)})

    return grid


def merged(bits: Bits) -> list[int]:
    """Return one bit for each three: the one that most of them are. Bits that are left over are ignored."""
    return [int(sum(bits[k : k + 3]) >= 2) for k in range(0, len(bits) - 2, 3)]


def _majorities(dim: int) -> Minimizers:
    three = [block for block in itertools.product((1, 0), repeat=3) if sum(block) >= 2]
    blocks, rest = divmod(dim, 3)
    if len(three) ** blocks * 2**rest > LONGEST_LIST:
        return CodedMinimizers(space_of(dim), [configuration_of([1] * dim)], complete=False)
    parts = [three] * blocks + [[(1,), (0,)]] * rest
    return _listed([list(itertools.chain(*chosen)) for chosen in itertools.product(*parts)])


def mixed(bits: Bits) -> list[int]:
    """Replace each block of four bits by exclusive ors of most of them; the last block may be shorter."""
    return [bit for k in range(0, len(bits), 4) for bit in _mixed_block(tuple(bits[k : k + 4]))]


@functools.cache
def _mixed_block(block: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(sum(bit for j, bit in enumerate(block) if j != skip) % 2 for skip in range(1, len(block) + 1))


def _unmixed(dim: int) -> Minimizers:
    """Return the only bits that `mixed` maps to ones, block by block."""
    best: list[int] = []
    for size in [4] * (dim // 4) + ([dim % 4] if dim % 4 else []):
        best += next(block for block in itertools.product((0, 1), repeat=size) if all(_mixed_block(block)))
    return _listed([best])


def rugged_1(value: int, dim: int) -> int:
    """Halve the value, so that pairs of neighbours are equal; the maximum stands alone."""
    if value == dim:
        return math.ceil(value / 2) + 1
    return (math.floor(value / 2) if dim % 2 == 0 else math.ceil(value / 2)) + 1


def rugged_2(value: int, dim: int) -> int:
    """Exchange pairs of neighbouring values below the maximum."""
    if value == dim:
        return value
    return value + 1 if (value + dim) % 2 == 0 else max(value - 1, 0)


def rugged_3(value: int, dim: int) -> int:
    """Reverse groups of five values below the maximum."""
    if value == dim:
        return value
    rest = dim % 5
    if value < rest:
        return rest - 1 - value
    start = rest + (value - rest) // 5 * 5
    return 2 * start + 4 - value


_BASES: tuple[tuple[int, str, Callable[[Bits], int]], ...] = (
    (4, "one_max", ones_of),
    (11, "leading_ones", leading_ones_of),
)


def _layered(
    number: int,
    name: str,
    formula: Callable[[Bits], float],
    *,
    best: Callable[[int], float],
    minimizers: Points = _ones,
    first: int = 4,
    summary: str,
) -> None:
    formula.__name__, formula.__doc__ = f"pbo_f{number:02}_{name}", summary
    bits(best=best, minimizers=minimizers, source=pbo(number), dims=range(first, 101))(formula)


def _enter_layers(first: int, base: str, count: Callable[[Bits], int]) -> None:
    """Add the seven functions with layers over OneMax or LeadingOnes."""

    def of_seen(share: float) -> Callable[[Bits], float]:
        return lambda bits: count([bits[k] for k in seen(len(bits), share)])

    def of_values(rugged: Callable[[int, int], int]) -> Callable[[Bits], float]:
        return lambda bits: rugged(count(bits), len(bits))

    of = f"−{base}"
    for number, name, share in ((first, "dummy_1", 0.5), (first + 1, "dummy_2", 0.9)):
        _layered(
            number,
            f"{base}_{name}",
            of_seen(share),
            best=lambda dim, share=share: len(seen(dim, share)),  # type: ignore[misc]
            minimizers=_ones_where_seen(share),
            summary=f"{of} of {share:.0%} of the bits.",
        )
    _layered(
        first + 2,
        f"{base}_neutrality",
        lambda bits: count(merged(bits)),
        best=lambda dim: dim // 3,
        minimizers=_majorities,
        summary=f"{of} of the majorities of each three bits.",
    )
    _layered(
        first + 3,
        f"{base}_epistasis",
        lambda bits: count(mixed(bits)),
        best=float,
        minimizers=_unmixed,
        summary=f"{of} of exclusive ors in blocks of four bits.",
    )
    _layered(
        first + 4,
        f"{base}_ruggedness_1",
        of_values(rugged_1),
        best=lambda dim: math.ceil(dim / 2) + 1,
        summary=f"{of}, halved, so that neighbouring values are equal.",
    )
    _layered(
        first + 5,
        f"{base}_ruggedness_2",
        of_values(rugged_2),
        best=float,
        summary=f"{of}, with neighbouring values exchanged.",
    )
    _layered(
        first + 6,
        f"{base}_ruggedness_3",
        of_values(rugged_3),
        best=float,
        summary=f"{of}, with groups of five values reversed.",
    )


for _base in _BASES:
    _enter_layers(*_base)


LEAST_ENERGIES = {
    4: (2, (0x1,)),
    9: (12, (0x1A, 0x29, 0x2C, 0x32)),
    16: (24, (0x39A, 0x11D2, 0x221E, 0x3056)),
    20: (26, (0x5D39,)),
    25: (36, (0x380AD9,)),
}
"""The least energies of sequences, and sequences that have it, one for each set of symmetric ones."""


def _symmetric(dim: int) -> Minimizers:
    """Return all sequences of least energy: the listed ones, reversed, negated and with every second bit negated."""
    found: set[tuple[int, ...]] = set()
    waiting = [tuple(map(int, f"{number:0{dim}b}")) for number in LEAST_ENERGIES[dim][1]]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            alternated = tuple(bit ^ (k % 2) for k, bit in enumerate(one))
            waiting += [one[::-1], tuple(1 - bit for bit in one), alternated]
    return _listed(sorted(found))


@bits(
    best=lambda dim: dim**2 / (2 * LEAST_ENERGIES[dim][0]),
    minimizers=_symmetric,
    source="Doerr et al. (2020), F18, which states no maximum; Packebusch & Mertens (2016)",
    dims=tuple(LEAST_ENERGIES),
)
def pbo_f18_low_autocorrelation(bits: Bits) -> float:
    """−d²/(2 Σₖ (Σᵢ sᵢ sᵢ₊ₖ)²), s = 2x − 1: the merit factor of a sequence, negated."""
    signs = [2 * bit - 1 for bit in bits]
    size = len(signs)
    energy = sum(sum(signs[i] * signs[i + k] for i in range(size - k)) ** 2 for k in range(1, size))
    return size**2 / (2 * energy)


@bits(best=float, minimizers=_equal, start=_alternating, source=pbo(19), dims=range(4, 101))
def pbo_f19_ising_ring(bits: Bits) -> float:
    """−Σ [xᵢ = xᵢ₋₁], around a ring."""
    return sum(bit == bits[k - 1] for k, bit in enumerate(bits))


def _alike(bits: Bits, steps: Sequence[tuple[int, int]]) -> int:
    """Count the pairs of equal neighbours on a torus."""
    side = math.isqrt(len(bits))
    return sum(
        bits[row * side + column] == bits[(row + down) % side * side + (column + right) % side]
        for row in range(side)
        for column in range(side)
        for down, right in steps
    )


@bits(best=lambda dim: 2 * dim, minimizers=_equal, start=_alternating, source=pbo(20), dims=SQUARES)
def pbo_f20_ising_torus(bits: Bits) -> float:
    """−Σ [xᵢ = xⱼ] over the neighbours i, j of a square lattice on a torus."""
    return _alike(bits, ((1, 0), (0, 1)))


@bits(best=lambda dim: 3 * dim, minimizers=_equal, start=_alternating, source=pbo(21), dims=SQUARES)
def pbo_f21_ising_triangular(bits: Bits) -> float:
    """−Σ [xᵢ = xⱼ] over the neighbours i, j of a triangular lattice on a torus."""
    return _alike(bits, ((1, 0), (0, 1), (1, 1)))


@functools.cache
def edges(size: int) -> tuple[tuple[int, int], ...]:
    """List the edges of the graph of F22: two paths of half of the nodes, with crossed rungs between them."""
    half = size // 2
    paths = [(i, i + 1) for i in range(size - 1) if i + 1 != half]
    return tuple(paths + [(i, i + half + 1) for i in range(half - 1)] + [(i, i + half - 1) for i in range(1, half)])


def _independent_sets(dim: int) -> Minimizers:
    """Return all largest sets of nodes without an edge, found by trying all; an odd last bit is free."""
    size = dim - dim % 2
    neighbours: list[set[int]] = [set() for _ in range(size)]
    for i, j in edges(size):
        neighbours[i].add(j)
        neighbours[j].add(i)
    best: list[tuple[int, ...]] = []

    def extend(chosen: tuple[int, ...], free: tuple[int, ...]) -> None:
        if best and len(chosen) + len(free) < len(best[0]):
            return
        if not free:
            if best and len(chosen) > len(best[0]):
                best.clear()
            best.append(chosen)
            return
        node, rest = free[0], free[1:]
        extend((*chosen, node), tuple(other for other in rest if other not in neighbours[node]))
        extend(chosen, rest)

    extend((), tuple(range(size)))
    listed = [[int(k in chosen) for k in range(size)] for chosen in best]
    return _listed([[*one, *rest] for one in listed for rest in itertools.product((0, 1), repeat=dim - size)])


@bits(
    best=lambda dim: dim // 2 if dim // 2 % 2 == 0 else dim // 2 + 1,
    minimizers=_independent_sets,
    source=pbo(22),
    dims=range(8, 31),
)
def pbo_f22_independent_set(bits: Bits) -> float:
    """−Σ xᵢ + d Σ xᵢ xⱼ over the edges of a graph: the size of a set of nodes, negated, with a penalty for edges."""
    size = len(bits) - len(bits) % 2
    return sum(bits[:size]) - size * sum(bits[i] and bits[j] for i, j in edges(size))


def _queens(dim: int) -> Minimizers:
    """Return all placements of the most queens that do not attack each other, found by trying all."""
    side = math.isqrt(dim)
    most = most_queens(dim)
    found: list[dict[int, int]] = []

    def place(row: int, queens: dict[int, int]) -> None:
        if len(queens) + side - row < most:
            return
        if row == side:
            found.append(queens)
            return
        for column in range(side):
            if all(column != other and abs(column - other) != row - above for above, other in queens.items()):
                place(row + 1, {**queens, row: column})
        place(row + 1, queens)

    place(0, {})
    return _listed([[int(queens.get(k // side) == k % side) for k in range(dim)] for queens in found])


def most_queens(dim: int) -> int:
    """Return how many queens fit on a board of ``dim`` squares: a queen a row, but 1 on 2 × 2 and 2 on 3 × 3."""
    side = math.isqrt(dim)
    return side - 1 if side in (2, 3) else side


@bits(
    best=most_queens,
    minimizers=_queens,
    source="Doerr et al. (2020), F23; its maxima 2 and 3 for 4 and 9 bits are wrong",
    dims=SQUARES[:-1],
)
def pbo_f23_n_queens(bits: Bits) -> float:
    """−Σ xᵢ + N Σ max(0, queens − 1) over the rows, columns and diagonals of a board of N × N squares."""
    side = math.isqrt(len(bits))
    lines: dict[tuple[str, int], int] = {}
    for k in itertools.compress(range(len(bits)), bits):
        row, column = divmod(k, side)
        for line in (("row", row), ("column", column), ("falling", row - column), ("rising", row + column)):
            lines[line] = lines.get(line, 0) + 1
    return sum(bits) - side * sum(queens - 1 for queens in lines.values())


@bits(
    best=lambda dim: dim // 5,
    source="Doerr et al. (2020), F24; its implementation is right only for multiples of five bits",
    dims=range(5, MOST + 1, 5),
    dim=25,
    tags="deceptive",
)
def pbo_f24_concatenated_trap(bits: Bits) -> float:
    """−Σ trap over blocks of five bits: 1 for five ones, else (4 − ones)/5."""
    blocks = [sum(bits[k : k + 5]) for k in range(0, len(bits), 5)]
    return sum(5 if ones == 5 else 4 - ones for ones in blocks) / 5


ORDER = 4
"""The most features that interact in the NM landscape."""


@functools.cache
def interactions(dim: int) -> tuple[tuple[float, tuple[int, ...]], ...]:
    """Draw the terms of the NM landscape: each feature alone, and ``dim`` sets of two, three and four features.

    Returns
    -------
    tuple
        Pairs of a coefficient exp(−|N(0, 10²)|) and the numbers of the features.
    """
    sets: list[tuple[int, ...]] = [(k,) for k in range(dim)]
    for order in range(2, ORDER + 1):
        keys = uniform(dim * dim, seed=100 * dim + order)
        rows = [sorted(range(dim), key=keys[k * dim : (k + 1) * dim].__getitem__)[:order] for k in range(dim)]
        sets += dict.fromkeys(tuple(sorted(row)) for row in rows)
    heights = [math.exp(-10.0 * abs(normal)) for normal in gaussian(len(sets), seed=dim)]
    return tuple(zip(heights, sets, strict=True))


@bits(
    best=lambda dim: sum(height for height, _ in interactions(dim)),
    source="Manukyan, Eppstein & Buzas (2016), M = 4; coefficients of our own draw",
    dims=range(ORDER, 101),
)
def nm_landscape(bits: Bits) -> float:
    """−Σ β_U Π_{i ∈ U} sᵢ, s = 2x − 1, β > 0, over sets U of up to four features: ones make every term largest."""
    signs = [2 * bit - 1 for bit in bits]
    return sum(height * math.prod(signs[k] for k in features) for height, features in interactions(len(bits)))
