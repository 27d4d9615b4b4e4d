"""Gradient-Free-Optimizers: simulated annealing accepts every worse point if all scores are negative.

`search(..., optimum="minimum")` hands on negated values, so the scores of a positive objective are negative. The
energy is normalised by the sum of two scores, which is negative, too. So the exponent is positive for a worse point,
and its probability of acceptance is above 1 at any temperature. Prints how many worse points are accepted at a
temperature below 1e-6, where almost none should be.

    pip install gradient-free-optimizers numpy
"""

from importlib.metadata import version

import numpy as np
from gradient_free_optimizers import SimulatedAnnealingOptimizer

GRID = np.linspace(-5.0, 5.0, 1001)


class Watched(SimulatedAnnealingOptimizer):
    """Simulated annealing that counts its decisions on worse points at low temperatures."""

    asked = accepted = 0

    def _on_evaluate(self, score_new):
        is_worse = score_new < self._score_current and self.temp < 1e-6
        before = self.n_transitions
        super()._on_evaluate(score_new)
        Watched.asked += is_worse
        Watched.accepted += is_worse and self.n_transitions > before


def main():
    """Minimise the same bowl above and below zero."""
    for text, shift in (("f > 0", 1.0), ("f < 0", -100.0)):
        Watched.asked = Watched.accepted = 0
        optimizer = Watched({"x": GRID, "y": GRID}, random_state=0)
        optimizer.search(
            lambda p, shift=shift: shift + p["x"] ** 2 + p["y"] ** 2, n_iter=2000, optimum="minimum", verbosity=False
        )
        print(
            f"gradient-free-optimizers {version('gradient-free-optimizers')}, {text}: {Watched.accepted} of "
            f"{Watched.asked} worse points accepted at a temperature below 1e-6"
        )


if __name__ == "__main__":
    main()
