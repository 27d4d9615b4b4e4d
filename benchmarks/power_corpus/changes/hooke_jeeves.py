"""Changes of the pattern search."""

from power_corpus.change import copying, defect, rounding

CHANGES = (
    defect("initial-default", "initial=0.125", "initial=0.1", "default first step"),
    defect("reduction-default", "reduction=0.5", "reduction=0.4", "default reduction"),
    defect("tolerance-loosened", "tolerance=1e-7", "tolerance=1e-4", "default tolerance"),
    defect("tolerance-tightened", "tolerance=1e-7", "tolerance=1e-8", "default tolerance"),
    defect("pattern-factor", "2.0 * x - base", "1.5 * x - 0.5 * base", "shorter pattern move"),
    defect("base-before-pattern", "            pattern = np.clip(2.0 * x - base, lower, upper)\n            base, f_base = x, f\n",
           "            base, f_base = x, f\n            pattern = np.clip(2.0 * x - base, lower, upper)\n", "base renewed too early: no pattern move"),
    defect("negative-first", "(1.0, -1.0)", "(-1.0, 1.0)", "order of the directions"),
    defect("no-break", "                x, f = trial, f_trial\n                break\n", "                x, f = trial, f_trial\n",
           "tries the other direction too"),
    defect("no-pattern-reset", "np.clip(2.0 * x - base, lower, upper)", "2.0 * x - base", "pattern leaves the box"),
    defect("ties", "if f_trial < f:", "if f_trial <= f:", "moves on ties"),
    defect("wrong-bound", "lower[i]), upper[i])", "lower[i]), upper[-1])", "wrong index"),
    defect("steps-absolute", "step * width, lower, upper, maxfev - count)\n        count += used\n        if",
           "step * np.ones_like(width), lower, upper, maxfev - count)\n        count += used\n        if", "step not scaled by the box"),
    defect("last-returned", "x=base, fun=f_base", "x=x, fun=f", "last instead of best point"),
    rounding("pattern", "2.0 * x - base", "x + (x - base)", "increment"),
    copying("copy", "            trial = x.copy()\n", "            trial = np.array(x, copy=True)\n", "other spelling"),
)  # fmt: skip
