"""Changes of the particle swarm."""

from power_corpus.change import copying, defect, rounding, stream

CHANGES = (
    defect("inertia-default", "inertia=0.7298", "inertia=0.9", "default inertia"),
    defect("social-default", "social=1.49618", "social=2.0", "default attraction"),
    defect("particles-default", "particles=12", "particles=16", "default number"),
    defect("aliased-memory", "own, f_own = x.copy(),", "own, f_own = x,", "memory is a view of the positions"),
    defect("one-random-number", "rng.random(n), rng.random(n)", "rng.random(), rng.random()", "one number for all coordinates"),
    defect("same-random-numbers", "r1, r2 = rng.random(n), rng.random(n)", "r1 = r2 = rng.random(n)", "one vector for both"),
    defect("cognitive-sign", "(own[i] - x[i])", "(x[i] - own[i])", "sign slip"),
    defect("wrong-leader", "social * r2 * (own[leader]", "social * r2 * (own[0]", "wrong index"),
    defect("leader-not-renewed", "                if f < f_own[leader]:\n                    leader = i\n", "", "leader stays the first one"),
    defect("velocity-not-cut", "            v[i] = np.clip(v[i], -0.5 * width, 0.5 * width)\n", "", "no limit of the velocity"),
    defect("walls-absorb", "v[i, outside] *= -0.5", "v[i, outside] *= 0.0", "walls do not reflect"),
    defect("walls-wrong-sign", "v[i, outside] *= -0.5", "v[i, outside] *= 0.5", "velocity not turned round"),
    defect("clipped-late", "            x[i] = np.clip(x[i], lower, upper)\n            f = fun(x[i])\n",
           "            f = fun(x[i])\n            x[i] = np.clip(x[i], lower, upper)\n", "evaluated before it is clipped"),
    defect("position-returned", "x=own[leader].copy(), fun", "x=x[leader].copy(), fun", "position instead of memory"),
    defect("memory-ties", "if f < f_own[i]:", "if f <= f_own[i]:", "ties renew the memory", ),
    defect("start-lost", "    x[0] = np.clip(x0, lower, upper)\n", "", "start not among the particles"),
    rounding("velocity", "inertia * v[i] + cognitive * r1 * (own[i] - x[i]) + social * r2 * (own[leader] - x[i])", "inertia * v[i] + (cognitive * r1 * (own[i] - x[i]) + social * r2 * (own[leader] - x[i]))", "order of the sum"),
    rounding("coefficients", "cognitive * r1 * (own[i] - x[i])", "r1 * (cognitive * own[i] - cognitive * x[i])", "distributed"),
    copying("in-place", "x[i] = x[i] + v[i]", "x[i] += v[i]", "in place"),
    stream("two-at-once", "r1, r2 = rng.random(n), rng.random(n)", "r2, r1 = rng.random((2, n))", "order of the draws"),
    stream("uniform", "v = rng.uniform(-0.1, 0.1, (particles, n)) * width", "v = 0.1 * width - 0.2 * width * rng.random((particles, n))", "mirrored"),
)  # fmt: skip
