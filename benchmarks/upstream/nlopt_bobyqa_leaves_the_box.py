"""NLopt: LN_BOBYQA evaluates points outside the bounds, by rounding.

With bounds that are no round numbers, some points are outside by a few units in the last place. An objective such as a
logarithm, which is undefined there, raises or returns NaN. Prints how many of 300 boxes are left.

    pip install nlopt numpy
"""

import nlopt
import numpy as np


def leaves(box, target, x0):
    """Minimise the distance to a point outside the box; return whether a point outside the box was evaluated."""
    lower, upper = box
    outside = []

    def objective(x, _gradient):
        outside.append(bool(np.any(x < lower) or np.any(x > upper)))
        return float(np.sum((x - target) ** 2))

    solver = nlopt.opt(nlopt.LN_BOBYQA, len(lower))
    solver.set_min_objective(objective)
    solver.set_lower_bounds(lower)
    solver.set_upper_bounds(upper)
    solver.set_xtol_rel(1e-8)
    solver.set_maxeval(200)
    solver.optimize(x0)
    return any(outside)


def main():
    """Try random boxes whose corner is the constrained minimum."""
    rng = np.random.default_rng(0)
    count = 0
    for _ in range(300):
        lower = rng.uniform(-10, 0, 2)
        upper = lower + rng.uniform(0.1, 10, 2)
        count += leaves((lower, upper), upper + 1.0, lower + rng.uniform(0.2, 0.8, 2) * (upper - lower))
    version = f"{nlopt.version_major()}.{nlopt.version_minor()}.{nlopt.version_bugfix()}"
    print(f"nlopt {version}: points outside the bounds were evaluated in {count} of 300 boxes")


if __name__ == "__main__":
    main()
