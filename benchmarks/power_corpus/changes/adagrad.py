"""Changes of Adagrad."""

from power_corpus.change import copying, defect, rounding

CHANGES = (
    defect("initial-default", "initial=0.1", "initial=0.0", "default of the accumulator"),
    defect("rate-default", "learning_rate=0.4", "learning_rate=0.36", "default rate a tenth lower"),
    defect("no-root", "(np.sqrt(accumulator) + epsilon)", "(accumulator + epsilon)", "root forgotten"),
    defect("absolute-values", "accumulator += g**2", "accumulator += np.abs(g)", "first power"),
    defect("update-after", "        accumulator += g**2\n        x = np.clip(x - learning_rate * g / (np.sqrt(accumulator) + epsilon), lower, upper)\n",
           "        x = np.clip(x - learning_rate * g / (np.sqrt(accumulator) + epsilon), lower, upper)\n        accumulator += g**2\n",
           "the accumulator lags a step"),
    defect("not-clipped", "x = np.clip(x - learning_rate * g / (np.sqrt(accumulator) + epsilon), lower, upper)",
           "x = x - learning_rate * g / (np.sqrt(accumulator) + epsilon)", "bounds ignored"),
    defect("start-not-clipped", "x = np.clip(np.array(x0, dtype=float), lower, upper)", "x = np.array(x0, dtype=float)",
           "the start is not clipped", visible=False),
    defect("accumulator-scalar", "accumulator += g**2", "accumulator += np.dot(g, g)", "one rate for all coordinates"),
    defect("average-wrong-count", "            averaged += 1\n            average += (x - average) / averaged\n",
           "            average += (x - average) / (averaged + 1)\n", "count never moves: the average is the last iterate"),
    defect("average-all", "if t >= first", "if t >= 0", "averages from the first iterate on"),
    defect("last-returned", "x=average, success", "x=x, success", "last iterate instead of the average"),
    defect("half-averaged", "maxfev // 4", "maxfev // 2", "averages a half instead of a quarter"),
    rounding("hypot", "accumulator += g**2", "accumulator = np.hypot(np.sqrt(accumulator), g) ** 2", "root of a sum of squares"),
    rounding("rate-first", "learning_rate * g / (np.sqrt(accumulator) + epsilon)",
             "(learning_rate / (np.sqrt(accumulator) + epsilon)) * g", "another order"),
    rounding("average-convex", "average += (x - average) / averaged",
             "average = average * ((averaged - 1) / averaged) + x / averaged", "convex combination"),
    copying("square", "accumulator += g**2", "np.add(accumulator, np.multiply(g, g), out=accumulator)", "ufuncs in place"),
)  # fmt: skip
