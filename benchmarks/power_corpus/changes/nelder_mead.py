"""Changes of the simplex method."""

from power_corpus.change import copying, defect, rounding

CHANGES = (
    defect("reflection-coefficient", "centroid + 1.0 * (centroid - worst)", "centroid + 1.1 * (centroid - worst)", "coefficient"),
    defect("expansion-coefficient", "centroid + 2.0 * (centroid - worst)", "centroid + 1.5 * (centroid - worst)", "coefficient"),
    defect("contraction-coefficient", "0.5 * (reflected - centroid)", "0.25 * (reflected - centroid)", "coefficient"),
    defect("contraction-sign", "centroid - 0.5 * (centroid - worst)", "centroid + 0.5 * (centroid - worst)", "sign slip"),
    defect("centroid-of-all", "simplex[:-1].mean(axis=0)", "simplex.mean(axis=0)", "the worst vertex counts"),
    defect("shrink-coefficient", "simplex[0] + 0.5 * (simplex[1:]", "simplex[0] + 0.9 * (simplex[1:]", "coefficient"),
    defect("shrink-not-evaluated", "                values[1:] = [fun(vertex) for vertex in simplex[1:]]\n", "", "old values after a shrink"),
    defect("compare-with-worst", "f_reflected < values[-2]", "f_reflected < values[-1]", "wrong index"),
    defect("expansion-greedy", "f_expanded < f_reflected", "f_expanded < values[0]", "greedy instead of careful"),
    defect("xtol-or", "<= xtol and np", "<= xtol or np", "either tolerance stops"),
    defect("ftol-loosened", "ftol=1e-8", "ftol=1e-3", "default tolerance"),
    defect("xtol-tightened", "xtol=1e-6", "xtol=1e-9", "default tolerance"),
    defect("size-default", "size=0.1", "size=0.05", "default size of the simplex"),
    defect("reflected-not-clipped", "reflected = np.clip(centroid + 1.0 * (centroid - worst), lower, upper)",
           "reflected = centroid + 1.0 * (centroid - worst)", "evaluates outside the bounds"),
    defect("start-outside", "+= edge if simplex[0, i] + edge <= upper[i] else -edge", "+= edge", "first simplex leaves the box"),
    defect("last-returned", "best = np.argmin(values)", "best = len(values) - 1", "last instead of best vertex"),
    rounding("centroid-sum", "simplex[:-1].mean(axis=0)", "simplex[:-1].sum(axis=0) * (1.0 / n)", "reciprocal"),
    rounding("expanded", "centroid + 2.0 * (centroid - worst)", "3.0 * centroid - 2.0 * worst", "distributed"),
    rounding("contracted", "centroid - 0.5 * (centroid - worst)", "0.5 * (centroid + worst)", "mean"),
    copying("take", "simplex, values = simplex[order], values[order]", "simplex, values = np.take(simplex, order, axis=0), values.take(order)",
            "take instead of indexing"),
)  # fmt: skip
