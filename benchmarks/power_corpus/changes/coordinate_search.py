"""Changes of the coordinate search."""

from power_corpus.change import copying, defect, rounding

CHANGES = (
    defect("initial-default", "initial=0.1", "initial=0.2", "default first step"),
    defect("tolerance-loosened", "tolerance=1e-7", "tolerance=1e-3", "default tolerance"),
    defect("aliasing", "z = x.copy()", "z = x", "trial points overwrite the iterate"),
    defect("vertex-half", "b - 0.5 * ((b - a)", "b - ((b - a)", "factor one half lost"),
    defect("vertex-sign", "b - 0.5 * ((b - a)", "b + 0.5 * ((b - a)", "sign slip"),
    defect("concave", "if not p < q:", "if not p > q:", "takes the highest point"),
    defect("vertex-outside", "vertex is not None and lower[i] <= vertex <= upper[i]", "vertex is not None", "evaluates outside the bounds"),
    defect("expansion", "2.0 * moved", "1.0 * moved", "steps do not grow"),
    defect("shrink", "0.25 * h", "0.5 * h", "shrinking factor"),
    defect("left-wrong-bound", "max(x[i] - h, lower[i])", "max(x[i] - h, lower[0])", "wrong index"),
    defect("larger-side", "if f_left < f_right else", "if f_left > f_right else", "the worse side is taken"),
    defect("stop-all", "np.any(steps > tolerance", "np.all(steps > tolerance", "stops when one step is small"),
    defect("x0-mutated", "x = np.clip(np.array(x0, dtype=float), lower, upper)", "x = np.clip(x0, lower, upper, out=x0)",
           "the start serves as the working array"),
    defect("ties", "if f_best < f:", "if f_best <= f:", "moves on ties"),
    rounding("vertex", "0.5 * ((b - a) * p - (b - c) * q) / (p - q)", "0.5 * ((b - a) * p / (p - q) - (b - c) * q / (p - q))", "divided first"),
    rounding("numerator", "p = (b - a) * (f_b - f_c)", "p = (b - a) * f_b - (b - a) * f_c", "distributed"),
    copying("z-array", "z = x.copy()", "z = np.array(x)", "other spelling"),
)  # fmt: skip
