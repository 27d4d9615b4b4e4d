"""Changes of the (1+1) evolution strategy."""

from power_corpus.change import copying, defect, rounding, stream

CHANGES = (
    defect("sigma-default", "sigma=0.1", "sigma=0.3", "default step size"),
    defect("one-third-rule", "grow ** (-0.25)", "grow ** (-0.5)", "one third instead of one fifth"),
    defect("one-tenth-rule", "grow ** (-0.25)", "grow ** (-0.125)", "one ninth instead of one fifth"),
    defect("sigma-fixed", "            sigma = min(sigma * grow, 0.5)\n", "", "step size never grows"),
    defect("growth-dimension", "np.sqrt(len(parent) + 1.0)", "(len(parent) + 1.0)", "root forgotten: adapts slowly"),
    defect("ties-lost", "f_child <= f_parent", "f_child < f_parent", "ties: a plateau is not crossed"),
    defect("not-clipped", "np.clip(parent + sigma * width * z, lower, upper)", "parent + sigma * width * z", "bounds ignored"),
    defect("isotropic", "sigma * width * z", "sigma * width.max() * z", "one width for all coordinates"),
    defect("uniform-mutation", "rng.standard_normal(len(parent))", "rng.uniform(-1.0, 1.0, len(parent))", "another distribution"),
    defect("one-number", "rng.standard_normal(len(parent))", "rng.standard_normal()", "the same number for all coordinates"),
    defect("cauchy", "rng.standard_normal(len(parent))", "rng.standard_cauchy(len(parent))", "heavy tails"),
    defect("worse-accepted", "f_child <= f_parent:", "f_child <= f_parent + 1e-3 * abs(f_parent):", "accepts slightly worse children"),
    defect("child-returned", "x=parent, fun=f_parent", "x=child, fun=f_child", "last child instead of the parent"),
    defect("seed-ignored", "z = rng", "z = np.random.default_rng(_)", "seed ignored: always the same numbers"),
    rounding("scaled-first", "sigma * width * z", "sigma * (width * z)", "another order"),
    rounding("shrink", "grow ** (-0.25)", "1.0 / np.sqrt(np.sqrt(grow))", "roots instead of a power"),
    copying("assigned", "parent, f_parent = child, f_child", "parent, f_parent = child.copy(), float(f_child)", "copies"),
    stream("normal-minus", "z = rng.standard_normal(len(parent))", "z = -rng.normal(0.0, 1.0, len(parent))", "mirrored"),
    stream("reversed", "z = rng.standard_normal(len(parent))", "z = rng.standard_normal(len(parent))[::-1]", "reversed order"),
    stream("box-muller", "z = rng.standard_normal(len(parent))",
           "u = rng.random((2, len(parent)))\n        z = np.sqrt(-2.0 * np.log(1.0 - u[0])) * np.cos(2.0 * np.pi * u[1])", "Box and Muller"),
)  # fmt: skip
