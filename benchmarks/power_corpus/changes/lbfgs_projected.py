"""Changes of limited-memory BFGS."""

from power_corpus.change import copying, defect, rounding

CHANGES = (
    defect("memory-default", "memory=6", "memory=3", "default memory"),
    defect("memory-not-shifted", "pairs.pop(0)", "pairs.pop()", "the newest pair is thrown away"),
    defect("memory-off-by-one", "len(pairs) > memory", "len(pairs) >= memory", "one pair less is kept"),
    defect("scaling-oldest", "s, y = pairs[-1]", "s, y = pairs[0]", "scaled by the oldest pair"),
    defect("scaling-missing", "q *= np.dot(s, y) / np.dot(y, y)", "q *= 1.0", "initial matrix not scaled"),
    defect("loop-order", "in reversed(pairs):", "in pairs:", "first loop in the wrong direction"),
    defect("beta-sign", "(alpha - beta) * s", "(alpha + beta) * s", "sign slip"),
    defect("gtol-loosened", "gtol=1e-5", "gtol=1e-3", "default tolerance"),
    defect("ftol-loosened", "ftol=1e-11", "ftol=1e-7", "default tolerance of the decrease"),
    defect("relative-decrease", "max(abs(f), abs(f_new), 1.0)", "max(abs(f), abs(f_new), 1e-300)", "purely relative"),
    defect("bound-wrong-side", "(x >= upper) & (g < 0.0)", "(x >= upper) & (g > 0.0)", "sign slip at the upper bounds"),
    defect("bound-missing", "direction[bound] = 0.0\n", "pass\n", "nothing: the two loops need not keep zeros"),
    defect("not-clipped", "x_new = np.clip(x + t * direction, lower, upper)", "x_new = x + t * direction", "bounds ignored"),
    defect("curvature-test-lost", "np.dot(s, y) > 2.2e-16 * np.dot(y, y)", "np.dot(s, y) != 0.0", "pairs of negative curvature are kept"),
    defect("first-step", "min(1.0, 1.0 / np.linalg.norm(direction))", "min(1.0, 0.1 / np.linalg.norm(direction))", "shorter first step"),
    rounding("reciprocal", "alpha = np.dot(s, q) / np.dot(s, y)", "alpha = np.dot(s, q) * (1.0 / np.dot(s, y))", "ρ kept"),
    rounding("sums", "beta = np.dot(y, q) / np.dot(s, y)", "beta = np.sum(y * q) / np.sum(s * y)", "sums of products"),
    rounding("two-steps", "q += (alpha - beta) * s", "q += alpha * s - beta * s", "distributed"),
    copying("view-copied", "pairs.append((s, y))", "pairs.append((s.copy(), y.copy()))", "copies kept"),
)  # fmt: skip
