"""Changes of the damped Newton method."""

from power_corpus.change import copying, defect, rounding

CHANGES = (
    defect("gtol-loosened", "gtol=1e-7", "gtol=1e-2", "default tolerance"),
    defect("floor-default", "floor=1e-3", "floor=1e-1", "default of the smallest eigenvalue"),
    defect("eigenvalues-signed", "np.maximum(np.abs(values), floor)", "np.maximum(values, floor)", "negative curvature cut off"),
    defect("eigenvalues-raw", "np.maximum(np.abs(values), floor)", "np.where(np.abs(values) < floor, floor, values)", "goes uphill"),
    defect("free-lower-only", " | ((x == upper) & (g < 0.0)))", ")", "upper bounds forgotten"),
    defect("free-wrong-sign", "(x == lower) & (g > 0.0)", "(x == lower) & (g < 0.0)", "sign slip at the lower bounds"),
    defect("clipped-late", "            x_new = np.clip(x + t * p, lower, upper)\n            f_new = fun(x_new)\n",
           "            x_new = x + t * p\n            f_new = fun(x_new)\n            x_new = np.clip(x_new, lower, upper)\n",
           "evaluated before it is clipped"),
    defect("transposed", "-vectors @ ((vectors.T @ g[free]) / values)", "-vectors.T @ ((vectors @ g[free]) / values)", "wrong transposes"),
    defect("armijo-constant", "1e-4 * np.dot(g, x_new - x)", "0.4 * np.dot(g, x_new - x)", "too strict a decrease"),
    defect("full-step-lost", "t = 1.0\n", "t = 0.9\n", "the first step is nine tenths"),
    defect("step-halved-thrice", "t *= 0.5", "t *= 0.1", "backtracks too far"),
    defect("x0-mutated", "        x, f = x_new, f_new\n", "        x0[:] = x_new\n        x, f = x0, f_new\n",
           "the start serves as the working array"),
    rounding("weights", "((vectors.T @ g[free]) / values)", "((1.0 / values) * (vectors.T @ g[free]))", "reciprocal"),
    rounding("dense", "-vectors @ ((vectors.T @ g[free]) / values)", "-((vectors / values) @ vectors.T) @ g[free]", "the inverse formed"),
    copying("loop-named", "        x, f = x_new, f_new\n", "        x = x_new.copy()\n        f = float(f_new)\n", "copies"),
)  # fmt: skip
