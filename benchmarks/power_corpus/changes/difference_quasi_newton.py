"""Changes of the quasi-Newton method on differences."""

from power_corpus.change import copying, defect, rounding

CHANGES = (
    defect("step-default", "relative_step=1.5e-8", "relative_step=1e-5", "default difference step"),
    defect("step-not-turned", "            h = -h\n", "            pass\n", "differences leave the box"),
    defect("step-absolute", "relative_step * max(1.0, abs(x[i]))", "relative_step", "step not relative"),
    defect("coordinate-not-reset", "        z = x.copy()\n        z[i] += h\n        g[i] = (fun(z) - f) / (z[i] - x[i])",
           "        z = x.copy() if i == 0 else z\n        z[i] += h\n        g[i] = (fun(z) - f) / (z[i] - x[i])", "moved coordinates stay moved"),
    defect("damping-constant", "sy < 0.2 * sbs", "sy < 0.02 * sbs", "threshold of Powell's damping"),
    defect("damping-weight", "theta = 0.8 * sbs", "theta = 0.2 * sbs", "weight of Powell's damping"),
    defect("damping-forgets-sy", "            sy = np.dot(s, y)\n        b", "        b", "product not renewed after damping"),
    defect("update-sign", "- np.outer(bs, bs) / sbs", "+ np.outer(bs, bs) / sbs", "sign slip"),
    defect("wrong-divisor", "np.outer(bs, bs) / sbs", "np.outer(bs, bs) / sy", "wrong divisor"),
    defect("gtol-loosened", "gtol=1e-4", "gtol=1e-2", "default tolerance"),
    defect("held-wrong", "(x >= upper) & (g < 0)", "(x >= upper) & (g > 0)", "sign slip at the upper bounds"),
    defect("initial-matrix", "max(np.max(np.abs(g)), 1e-8) * np.eye(n)", "np.eye(n)", "not scaled"),
    defect("backtracking-cap", "range(25)", "range(4)", "too few backtracking steps"),
    defect("backtracking-factor", "t *= 0.4", "t *= 0.6", "constant of the backtracking"),
    rounding("update-order", "b + np.outer(y, y) / sy - np.outer(bs, bs) / sbs", "b - np.outer(bs, bs / sbs) + np.outer(y / sy, y)",
             "another order"),
    rounding("damped-y", "theta * y + (1.0 - theta) * bs", "bs + theta * (y - bs)", "increment"),
    rounding("theta", "0.8 * sbs / (sbs - sy)", "0.8 / (1.0 - sy / sbs)", "divided through"),
    copying("copy", "        z = x.copy()\n", "        z = np.empty_like(x)\n        z[:] = x\n", "another copy"),
)  # fmt: skip
