"""Functions of bits with known minima: those of the PBO suite, Jump and NM landscapes.

The literature maximises them. Here they are minimised, so each has the opposite sign. A bit is `Int(0, 1)`.

References
----------
C. Doerr, F. Ye, N. Horesh, H. Wang, O. M. Shir, T. Bäck: Benchmarking Discrete Optimization Heuristics with
IOHprofiler, Appl. Soft Comput. 88 (2020) 106027.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pytest_optlandscape.landscapes.definition import Definition, searched
from pytest_optlandscape.landscapes.spaces.parameters import Int
from pytest_optlandscape.landscapes.spaces.space import Space

FAMILY = "pseudo-boolean"
Bits = list[int]


def space_of(dim: int) -> Space:
    """Return the space of bits: x1, x2 and so on."""
    return Space(**{f"x{k}": Int(0, 1) for k in range(1, dim + 1)})


def configuration_of(bits: list[int]) -> dict[str, int]:
    """Return the configuration of bits.

    Examples
    --------
    >>> configuration_of([0, 1])
    {'x1': 0, 'x2': 1}
    """
    return {f"x{k}": bit for k, bit in enumerate(bits, start=1)}


def _ones(dim: int) -> list[dict[str, int]]:
    return [configuration_of([1] * dim)]


def bits(
    *,
    best: Callable[[int], float],
    minimizers: Callable[[int], list[dict[str, int]]] = _ones,
    source: str,
    dims: range | tuple[int, ...],
    dim: int = 16,
    complete: bool = True,
    tags: str = "",
) -> Callable[[Callable[[Bits], float]], Definition]:
    """Add a function of bits that is to be maximised to the catalogue, with the opposite sign.

    Parameters
    ----------
    best : callable
        The maximum, a function of the dimension.
    minimizers : callable, optional
        From the dimension to the configurations of the maximum (default: all ones).
    source : str
    dims : range or tuple of int
    dim : int, default 16
    complete : bool, default True
        Whether all minimisers are listed.
    tags : str, optional
        Further tags.
    """

    def define(formula: Callable[[Bits], float]) -> Definition:
        def negative(configuration: dict[str, Any]) -> float:
            return 0.0 - float(formula(list(configuration.values())))

        negative.__name__, negative.__module__, negative.__doc__ = formula.__name__, formula.__module__, formula.__doc__
        return searched(
            space=space_of,
            x0=lambda dim: configuration_of([0] * dim),
            minimizers=minimizers,
            fmin=lambda dim: -float(best(dim)),
            tags=f"pseudo-boolean {tags}",
            source=source,
            dim=dim,
            dims=dims,
            complete=complete,
        )(negative)

    return define


@bits(best=float, source="Doerr et al. (2020), F1", dims=range(1, 1001), tags="separable")
def one_max(bits: Bits) -> float:
    """−Σ xᵢ: the number of ones, negated."""
    return sum(bits)
