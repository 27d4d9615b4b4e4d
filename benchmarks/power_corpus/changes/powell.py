"""Changes of Powell's method."""

from power_corpus.change import copying, defect, rounding

CHANGES = (
    defect("golden-constant", "0.5 * (np.sqrt(5.0) - 1.0)", "0.6", "rounded golden ratio"),
    defect("xtol-loosened", "xtol=1e-4", "xtol=1e-3", "default tolerance of the line search"),
    defect("xtol-tightened", "xtol=1e-4", "xtol=7e-5", "default tolerance of the line search"),
    defect("ftol-loosened", "ftol=1e-9", "ftol=1e-4", "default tolerance"),
    defect("test-constant", "f_start - 2.0 * f + f_extrapolated", "f_start - f + f_extrapolated", "wrong constant"),
    defect("test-square", "(f_start - f - largest) ** 2", "(f_start - f - largest)", "square forgotten"),
    defect("replaced-direction", "directions[steepest] = directions[-1]", "directions[0] = directions[-1]", "wrong index"),
    defect("not-normalised", "directions[-1] = move / np.linalg.norm(move)", "directions[-1] = move", "not normalised"),
    defect("worse-line-search", "    if f_t < f:\n        return np", "    if used:\n        return np", "a worse point is accepted"),
    defect("step-range", "0.25 * (b - a)", "0.5 * (b - a)", "wider bracket"),
    defect("bracket-one-sided", "a, b = max(a, -scale), min(b, scale)", "a, b = max(a, 0.0), min(b, scale)", "forward only"),
    defect("smallest-decrease", "if before - f > largest:", "if before - f >= largest:", "ties: the last direction wins"),
    defect("stale-before", "            before = f\n            x, f", "            before = f_start\n            x, f",
           "decrease measured from the sweep's start"),
    defect("bounds-minimum", "ends.max(axis=0).min()", "ends.max(axis=0).max()", "the farthest bound limits the step"),
    rounding("golden", "c, d = b - GOLDEN * (b - a), a + GOLDEN * (b - a)", "c, d = a + (1.0 - GOLDEN) * (b - a), b - (1.0 - GOLDEN) * (b - a)",
             "from the other end"),
    rounding("norm", "move / np.linalg.norm(move)", "move * (1.0 / np.linalg.norm(move))", "reciprocal"),
    copying("eye", "directions = np.eye(n)", "directions = np.zeros((n, n))\n    np.fill_diagonal(directions, 1.0)", "other spelling"),
    copying("clip", "        return np.clip(x + t * direction, lower, upper), f_t, used",
            "        return np.minimum(np.maximum(x + t * direction, lower), upper), f_t, used", "clip in two steps"),
)  # fmt: skip
