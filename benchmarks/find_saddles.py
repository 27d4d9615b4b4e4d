"""Find the saddle points that `landscapes.saddles` lists, and print its table.

Newton's method for a zero of the gradient is started from even points of each smooth landscape; what converges inside
the bounds to a Hessian of both signs is kept, the nearest to the standard start first. Run from the repository's root:
``python benchmarks/find_saddles.py``.
"""

from __future__ import annotations

import warnings

import numpy as np

from pytest_optlandscape import landscapes
from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.strategies import sobol_starts, suite_landscapes

KEPT = 2
"""Of each landscape: a multimodal one has thousands."""
LARGEST_DIM = 10
SEARCHES = 96


def newton(landscape: Landscape, x: np.ndarray) -> np.ndarray | None:
    """Go to a zero of the gradient, in steps of at most a tenth of the box."""
    width = np.ptp(landscape.bounds, axis=1)
    for _ in range(80):
        gradient, hessian = landscape.gradient(x), landscape.hessian(x)
        if not (np.all(np.isfinite(gradient)) and np.all(np.isfinite(hessian))):
            return None
        step = -np.linalg.lstsq(hessian, gradient, rcond=1e-14)[0]
        longest = np.max(np.abs(step) / width)
        x = x + step * min(1.0, 0.1 / longest if longest > 0.0 else 1.0)
        if not landscape.contains(x):
            return None
        if longest < 1e-15:
            break
    return x if longest < 1e-12 else None


def is_saddle(landscape: Landscape, x: np.ndarray) -> bool:
    """Whether curvatures of both signs are beyond rounding."""
    curvatures = np.linalg.eigvalsh(landscape.hessian(x))
    clear = 1e-6 * np.max(np.abs(curvatures))
    return bool(clear > 1e-12 and curvatures[0] < -clear and curvatures[-1] > clear)


def found(landscape: Landscape) -> list[list[float]]:
    """List the saddles nearest to the standard start."""
    width = np.ptp(landscape.bounds, axis=1)
    near = landscape.x0 + (sobol_starts(landscape, SEARCHES // 2) - landscape.bounds.mean(axis=1)) / 4.0
    lower, upper = landscape.bounds.T
    saddles: list[np.ndarray] = []
    for start in [*np.clip(near, lower, upper), *sobol_starts(landscape, SEARCHES // 2)]:
        x = newton(landscape, start)
        if x is None or not is_saddle(landscape, x):
            continue
        x = np.where(np.abs(x) < 1e-14 * width, 0.0, x)
        if all(np.max(np.abs(x - other) / width) > 1e-6 for other in saddles):
            saddles.append(x)
    saddles.sort(key=lambda x: float(np.linalg.norm((x - landscape.x0) / width)))
    return [x.tolist() for x in saddles[:KEPT]]


def main() -> None:
    """Print the table."""
    warnings.simplefilter("ignore")
    everywhere = {landscape.id: landscape for landscape in [*landscapes.select(), *suite_landscapes("standard")]}
    for landscape in everywhere.values():
        if landscape.dim > LARGEST_DIM or not {"smooth"} <= landscape.tags or landscape.tags & {"constrained", "noisy"}:
            continue
        if landscape.dim < 2 or "convex" in landscape.tags:
            continue
        try:
            saddles = found(landscape)
        except (np.linalg.LinAlgError, ValueError):
            continue
        if saddles:
            print(f'    "{landscape.id}": {saddles},', flush=True)


if __name__ == "__main__":
    main()
