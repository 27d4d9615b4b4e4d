"""Derivatives by complex steps of 1e-100, exact to rounding.

References
----------
W. Squire, G. Trapp: Using Complex Variables to Estimate Derivatives of Real Functions, SIAM Rev. 40 (1998).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pytest_optlandscape.landscapes.formula.evaluation import Formula

__all__ = ["directional_derivative", "hessian_by_complex_step", "jacobian_by_complex_step"]

FloatArray = NDArray[np.float64]
_STEP = 1e-100  # so small that its square vanishes
_MOST_NUMBERS = 2**22  # complex numbers in one block: 64 MiB


def directional_derivative(formula: Formula, points: FloatArray, directions: FloatArray) -> FloatArray:
    """Return the derivative at points (dim,) or (n, dim), each along its own direction."""
    derivative: FloatArray = np.asarray(formula(points + 1j * _STEP * directions)).imag / _STEP
    return derivative


def jacobian_by_complex_step(formula: Formula, points: FloatArray) -> FloatArray:
    """Return a formula's derivatives along all coordinates.

    Parameters
    ----------
    formula : Formula
        Returns one number or m of them.
    points : ndarray, shape (dim,) or (n, dim)

    Returns
    -------
    ndarray, shape (dim,) or (m, dim), with n in front for a batch
    """
    dim = points.shape[-1]
    batch = points.reshape(-1, dim)
    block = max(_MOST_NUMBERS // (dim * dim), 1)
    parts = [_block(formula, batch[k : k + block]) for k in range(0, len(batch), block)]
    if not parts:  # the batch is empty: evaluate one point to get the shape
        parts = [_block(formula, np.zeros((1, dim)))[:0]]
    derivatives = np.concatenate(parts)
    return derivatives[0] if points.ndim == 1 else derivatives


def _block(formula: Formula, points: FloatArray) -> FloatArray:
    n, dim = points.shape
    moved = np.repeat(points, dim, axis=0)
    found = directional_derivative(formula, moved, np.tile(np.eye(dim), (n, 1)))
    return np.moveaxis(found.reshape(n, dim, *found.shape[1:]), 1, -1)


def hessian_by_complex_step(gradient: Formula, points: FloatArray) -> FloatArray:
    """Return the symmetrised derivatives of a gradient, shape (dim, dim), with n in front for a batch."""
    hessian = jacobian_by_complex_step(gradient, points)
    return (hessian + np.swapaxes(hessian, -1, -2)) / 2.0
