"""Changes of CMA-ES."""

from power_corpus.change import copying, defect, rounding, stream

CHANGES = (
    defect("weights-equal", "np.log(0.5 * (lam + 1.0)) - np.log(np.arange(1, mu + 1))", "np.ones(mu)", "no ranks in the weights"),
    defect("weights-off-by-one", "np.log(np.arange(1, mu + 1))", "np.log(np.arange(1, mu + 1) + 1.0)", "ranks begin at two", ),
    defect("mueff", "1.0 / np.sum(weights**2)", "1.0 / np.sum(weights)", "square forgotten"),
    defect("path-decay", "(1.0 - cs) * ps", "cs * ps", "path forgets"),
    defect("path-root", "np.sqrt(cs * (2.0 - cs) * mueff)", "(cs * (2.0 - cs) * mueff)", "root forgotten"),
    defect("no-inverse-root", "(basis @ ((basis.T @ step) / scales))", "step", "path not whitened"),
    defect("rank-one-dropped", "c1 * np.outer(pc, pc)", "c1 * covariance", "no rank-one update"),
    defect("rank-mu-dropped", "cmu * (chosen.T * weights) @ chosen", "cmu * covariance", "no rank-µ update"),
    defect("transposed", "(z * scales) @ basis.T", "(z * scales) @ basis", "wrong transpose"),
    defect("damping", "(cs / damps) * (length / chi - 1.0)", "(cs / damps) * (length / chi - 1.1)", "step size drifts downward"),
    defect("popsize", "4 + int(3.0 * np.log(n))", "6 + int(3.0 * np.log(n))", "larger population by default"),
    defect("hsig", "(1.4 + 2.0 / (n + 1.0)) * chi", "0.4 * chi", "path stalls too often"),
    defect("not-clipped", "np.clip(mean + sigma * y, 0.0, 1.0)", "(mean + sigma * y)", "bounds ignored"),
    defect("sigma-default", "sigma=0.2", "sigma=0.3", "default step size"),
    defect("mean-returned", "x=best, fun=f_best, nfev", "x=lower + mean * width, fun=f_best, nfev", "mean instead of best point"),
    defect("worst-chosen", "f[order[0]] < f_best", "f[order[0]] > f_best", "best point not kept"),
    rounding("outer", "c1 * np.outer(pc, pc)", "np.outer(c1 * pc, pc)", "another order"),
    rounding("weighted-mean", "step = weights @ chosen", "step = (weights[:, None] * chosen).sum(axis=0)", "sum"),
    rounding("norm", "length = np.linalg.norm(ps)", "length = np.sqrt(np.sum(ps * ps))", "the same norm"),
    copying("points", "f = np.array([fun(point) for point in points])", "f = np.array(list(map(fun, points.copy())))", "copies"),
    stream("one-by-one", "rng.standard_normal((lam, n))", "rng.standard_normal((n, lam)).T", "drawn coordinate by coordinate"),
    stream("mirrored", "rng.standard_normal((lam, n))", "-rng.standard_normal((lam, n))", "mirrored"),
)  # fmt: skip
