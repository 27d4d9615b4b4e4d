"""Pairs of releases of public optimizer libraries, and what is expected of each: written down before it was run.

What is expected was read off the sources of both wheels (function by function, docstrings and annotations aside), for
NLopt, whose wheel is compiled, off its repository between the two tags. *quiet* means that nothing but rounding may
differ, *changed* that some run must. A reason that says where the change can show is part of the expectation.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

__all__ = ["DRIVERS", "PAIRS", "Pair"]


@dataclass(frozen=True)
class Pair:
    """Two releases and one optimizer of theirs."""

    distribution: str
    old: str
    new: str
    spec: str
    expected: str
    why: str
    common: tuple[str, ...] = ()
    """What both sides get besides the library."""
    budget: int = 0
    """Evaluations per dimension; 0: the suite's own."""
    only: str = ""
    """Landscapes, as an expression for pytest's ``-k``; empty: all of ``quick``."""
    profile: str = ""
    """What a user would write into ``optlandscape_profiles``."""
    time_limit: int = 0
    """Seconds after which a run is ended; 0: the suite's own."""


DRIVERS = {
    "bobyqa_py": """
import pybobyqa


def minimize(fun, x0, bounds, maxfev):
    lower, upper = bounds.T
    return pybobyqa.solve(fun, x0, bounds=(lower, upper), maxfun=maxfev, rhobeg=0.1 * min(upper - lower)).x
""",
    "cobyqa_py": """
from cobyqa import minimize as solve
from scipy.optimize import Bounds


def minimize(fun, x0, bounds, maxfev):
    return solve(fun, x0, bounds=Bounds(*bounds.T), options={"maxfev": maxfev}).x
""",
    "cmaes_py": """
import numpy as np
from cmaes import CMA, SepCMA


def run(kind, problem):
    widths = np.diff(problem.bounds).ravel()
    es = kind(mean=problem.x0, sigma=0.25 * min(widths), bounds=problem.bounds, seed=problem.seed % 2**31)
    best, least = problem.x0, np.inf
    while problem.remaining and not es.should_stop():
        told = []
        for _ in range(es.population_size):
            x = es.ask()
            value = problem(x)
            told.append((x, value))
            if value < least:
                best, least = x, value
        es.tell(told)
    return best


def full(problem):
    return run(CMA, problem)


def separable(problem):
    return run(SepCMA, problem)
""",
    "swarms": """
import logging

import numpy as np
from pyswarms.single import GlobalBestPSO, LocalBestPSO

OPTIONS = {"c1": 0.5, "c2": 0.3, "w": 0.9}
logging.disable(logging.CRITICAL)


def run(kind, problem, **more):
    np.random.seed(problem.seed % 2**32)
    swarm = kind(20, problem.dim, {**OPTIONS, **more}, bounds=tuple(problem.bounds.T.copy()))
    return swarm.optimize(lambda X: np.array([problem(x) for x in X]), problem.budget // 20, verbose=False)[1]


def global_best(problem):
    return run(GlobalBestPSO, problem)


def local_best(problem):
    return run(LocalBestPSO, problem, k=3, p=2)
""",
    "meal": """
import numpy as np
from mealpy import DE, GWO, PSO, SA, FloatVar


def run(model, problem):
    lower, upper = problem.bounds.T
    task = {"obj_func": problem, "bounds": FloatVar(lb=list(lower), ub=list(upper)), "minmax": "min", "log_to": None}
    return model.solve(task, seed=problem.seed % 2**31).solution


def jade(problem):
    np.random.seed(problem.seed % 2**32)  # it draws Cauchy numbers from NumPy's global generator
    return run(DE.JADE(epoch=problem.budget // 20, pop_size=20), problem)


def annealing(problem):
    return run(SA.OriginalSA(epoch=problem.budget, pop_size=2, step_size=0.1), problem)


def swarm(problem):
    return run(PSO.OriginalPSO(epoch=problem.budget // 20, pop_size=20), problem)


def wolves(problem):
    return run(GWO.OriginalGWO(epoch=problem.budget // 20, pop_size=20), problem)
""",
    "compiled": """
import nlopt


def run(name, fun, x0, jac, bounds, maxfev):
    def objective(x, gradient):
        if gradient.size:
            gradient[:] = jac(x.copy())
        return float(fun(x.copy()))

    solver = nlopt.opt(getattr(nlopt, name), len(x0))
    solver.set_min_objective(objective)
    solver.set_lower_bounds(bounds[:, 0])
    solver.set_upper_bounds(bounds[:, 1])
    solver.set_xtol_rel(1e-8)
    solver.set_maxeval(maxfev)
    try:
        return solver.optimize(x0)
    except nlopt.RoundoffLimited:
        return None


def slsqp(fun, x0, jac, bounds, maxfev):
    return run("LD_SLSQP", fun, x0, jac, bounds, maxfev)


def lbfgs(fun, x0, jac, bounds, maxfev):
    return run("LD_LBFGS", fun, x0, jac, bounds, maxfev)


def mma(fun, x0, jac, bounds, maxfev):
    return run("LD_MMA", fun, x0, jac, bounds, maxfev)


def cobyla(fun, x0, bounds, maxfev):
    return run("LN_COBYLA", fun, x0, None, bounds, maxfev)


def nelder_mead(fun, x0, bounds, maxfev):
    return run("LN_NELDERMEAD", fun, x0, None, bounds, maxfev)


def praxis(fun, x0, bounds, maxfev):
    nlopt.srand(1)
    return run("LN_PRAXIS", fun, x0, None, bounds, maxfev)
""",
    "minuit": """
from iminuit import Minuit


def migrad(fun, x0, jac, bounds):
    solver = Minuit(lambda x: float(fun(x)), x0, grad=jac)
    solver.limits = [tuple(pair) for pair in bounds]
    solver.migrad()
    return list(solver.values)


def simplex(fun, x0, bounds):
    solver = Minuit(lambda x: float(fun(x)), x0)
    solver.limits = [tuple(pair) for pair in bounds]
    solver.simplex()
    return list(solver.values)
""",
    "polls": """
import directsearch


def minimize(fun, x0, maxfev):
    return directsearch.solve_directsearch(fun, x0, maxevals=maxfev).x
""",
}
"""Modules of the project, for libraries without an adapter, as a user would write them."""

_NUMPY = ("numpy==1.26.4",)
_JAX = ("jax==0.4.38", "jaxlib==0.4.38", "chex==0.1.89", "etils==1.12.2", "toolz==1.0.0")
_PLANAR = "beale or branin or himmelblau or goldstein_price"
_FEW = "beale or branin or goldstein_price or rosenbrock_2 or rastrigin"


def _scipy(old: str, new: str, method: str, expected: str, why: str, budget: int = 0) -> Pair:  # noqa: PLR0917
    only = _PLANAR if method in ("differential_evolution", "dual_annealing", "basinhopping") else ""
    return Pair("scipy", old, new, f"scipy:{method}", expected, why, _NUMPY, budget, only)


def _torch(old: str, new: str, name: str, expected: str, why: str) -> Pair:
    return Pair("pytorch_optimizer", old, new, f"pytorch_optimizer:{name}", expected, why, budget=12, only=_FEW)


def _keras(old: str, new: str, name: str, expected: str, why: str) -> Pair:
    return Pair("keras", old, new, f"keras:{name}", expected, why, budget=12, only=_FEW)


def _optax(old: str, new: str, name: str, expected: str, why: str) -> Pair:
    return Pair("optax", old, new, f"optax:{name}", expected, why, _JAX, budget=12, only=_FEW)


def _own(  # noqa: PLR0917
    distribution: str, old: str, new: str, driver: str, expected: str, why: str, budget: int = 0
) -> Pair:
    return Pair(distribution, old, new, driver, expected, why, budget=budget)


def _planar(pair: Pair) -> Pair:
    return replace(pair, only=_PLANAR)


def _stochastic(pair: Pair) -> Pair:
    return replace(pair, profile=f"{pair.spec} = global stochastic bounds", only=_FEW)


_SCIPY = [
    _scipy("1.10.1", "1.11.4", "Powell", "quiet", "the new care for failed brackets is for runs without bounds"),
    _scipy("1.10.1", "1.11.4", "COBYLA", "changed", "bounds became constraints of the method; before, it ignored them"),
    replace(
        _scipy("1.10.1", "1.11.4", "shgo", "changed", "rewritten: complex, sampling and local searches", 40),
        only=_PLANAR,
    ),
    _scipy("1.10.1", "1.11.4", "basinhopping", "changed", "a step is refused where the local search failed", 20),
    _scipy("1.11.4", "1.12.0", "BFGS", "quiet", "dcsrch of the line search: Fortran to Python"),
    _scipy("1.11.4", "1.12.0", "CG", "quiet", "dcsrch of the line search: Fortran to Python"),
    _scipy("1.11.4", "1.12.0", "Newton-CG", "quiet", "in-place arithmetic and math.sqrt"),
    _scipy("1.11.4", "1.12.0", "differential_evolution", "changed", "partners are drawn by another shuffle", 60),
    _scipy("1.12.0", "1.13.1", "Nelder-Mead", "changed", "the first simplex is reflected at upper bounds; only there"),
    _scipy("1.12.0", "1.13.1", "Newton-CG", "quiet", "the first step length is infinite instead of twice xtol"),
    _scipy("1.13.1", "1.14.1", "differential_evolution", "changed", "mutates whole populations: another stream", 60),
    _scipy("1.14.1", "1.15.3", "L-BFGS-B", "quiet", "Fortran to C"),
    _scipy("1.14.1", "1.15.3", "TNC", "quiet", "how x0 is made an array"),
    _scipy("1.14.1", "1.15.3", "Nelder-Mead", "quiet", "messages"),
    _scipy("1.14.1", "1.15.3", "dual_annealing", "quiet", "names, and L-BFGS-B inside from Fortran to C", 20),
    _scipy("1.15.3", "1.16.3", "COBYLA", "changed", "Fortran replaced by PRIMA, in Python", 20),
    _scipy("1.15.3", "1.16.3", "SLSQP", "quiet", "Fortran to C"),
    replace(
        _scipy("1.15.3", "1.16.3", "trust-exact", "quiet", "messages, workers"),
        time_limit=1,
        only="bukin or himmelblau",
    ),
    _scipy("1.15.3", "1.16.3", "least_squares(method='lm')", "changed", "x_scale is 'jac' where nothing is said"),
    _scipy("1.15.3", "1.16.3", "least_squares(method='trf')", "quiet", "who evaluates; x_scale stays 1"),
    replace(
        _scipy("1.16.3", "1.17.1", "trust-exact", "changed", "subproblem: at most 25 iterations, before endless; rare"),
        time_limit=1,
        only="bukin or himmelblau",
    ),
    _scipy("1.16.3", "1.17.1", "differential_evolution", "quiet", "polishing may be the user's", 60),
    _scipy("1.16.3", "1.17.1", "L-BFGS-B", "quiet", "nothing in its Python; compiled anew"),
]

_CMA = [
    Pair(
        "cma", "4.0.0", "4.2.0", "cma:fmin2", "quiet", "bookkeeping of injected points, float()", budget=20, only=_FEW
    ),
    Pair("cma", "4.2.0", "4.3.0", "cma:fmin2", "quiet", "archives, float()", budget=20, only=_FEW),
    Pair(
        "cma",
        "4.3.0",
        "4.4.4",
        "cma:fmin2",
        "quiet",
        "damping differs for large populations only",
        budget=20,
        only=_FEW,
    ),
    Pair(
        "cma",
        "4.4.4",
        "4.5.0",
        "cma:fmin2",
        "changed",
        "cs is capped at 1/2: 2-D landscapes only",
        budget=20,
        only=_FEW,
    ),
    _stochastic(_own("cmaes", "0.8.2", "0.9.1", "cmaes_py:full", "quiet", "copies the mean, checks bounds", 20)),
    _stochastic(_own("cmaes", "0.9.1", "0.10.0", "cmaes_py:full", "quiet", "learning rates adapt, off by default", 20)),
    _stochastic(_own("cmaes", "0.12.0", "0.13.1", "cmaes_py:full", "quiet", "rank-mu update by einsum: rounding", 20)),
]

_BLACK_BOX = [
    replace(
        _own("cobyqa", "1.0.2", "1.1.1", "cobyqa_py:minimize", "changed", "models by eigenvalues", 20),
        only="branin or adjiman",
    ),
    replace(
        _own("cobyqa", "1.1.1", "1.1.4", "cobyqa_py:minimize", "changed", "one bound for all lines: a slip", 20),
        only="branin or adjiman",
    ),
    _planar(_own("Py-BOBYQA", "1.3", "1.4.1", "bobyqa_py:minimize", "quiet", "logging; restarts for noise", 20)),
    _planar(_own("Py-BOBYQA", "1.4.1", "1.5.0", "bobyqa_py:minimize", "quiet", "projections, none given", 20)),
    _own("nlopt", "2.8.0", "2.9.1", "compiled:slsqp", "quiet", "only constraints see the repaired test"),
    _own("nlopt", "2.8.0", "2.9.1", "compiled:cobyla", "changed", "returns the best point seen: end of runs only"),
    _own("nlopt", "2.8.0", "2.9.1", "compiled:praxis", "changed", "the box by a transformation, not by infinity"),
    _own("nlopt", "2.9.1", "2.10.0", "compiled:lbfgs", "quiet", "a parameter for the gradient's tolerance, 0"),
    _own("nlopt", "2.9.1", "2.10.0", "compiled:nelder_mead", "quiet", "not touched"),
    _own("nlopt", "2.10.0", "2.11.0", "compiled:mma", "quiet", "parameters whose defaults are what was"),
    Pair("nlopt", "2.10.0", "2.11.0", "nlopt:LN_BOBYQA(xtol_rel=1e-8)", "quiet", "not touched"),
    Pair("nlopt", "2.10.0", "2.11.0", "nlopt:LN_PRAXIS(xtol_rel=1e-8)", "changed", "counts more evaluations"),
    Pair("nlopt", "2.10.0", "2.11.0", "nlopt:LN_PRAXIS(maxeval=60)", "changed", "counts more evaluations"),
    replace(
        _stochastic(_own("pyswarms", "1.2.0", "1.3.0", "swarms:global_best", "quiet", "strategies of options", 20)),
        common=("attrs==24.2.0", "future==1.0.0"),
    ),
    _stochastic(_own("mealpy", "3.0.1", "3.0.2", "meal:jade", "changed", "draws the second partner otherwise", 20)),
    _stochastic(_own("mealpy", "3.0.1", "3.0.2", "meal:annealing", "changed", "cools by epoch, not epoch + 1", 20)),
    _stochastic(_own("mealpy", "3.0.1", "3.0.2", "meal:swarm", "quiet", "sorting, by other means", 20)),
    _stochastic(_own("mealpy", "3.0.2", "3.0.3", "meal:wolves", "quiet", "not touched; other wolves are new", 40)),
    _planar(_own("iminuit", "2.18.0", "2.30.1", "minuit:migrad", "quiet", "views, drawing, costs; Minuit2 not read")),
    _planar(_own("directsearch", "1.0.1", "1.1", "polls:minimize", "quiet", "iterations are counted", 20)),
    Pair("nevergrad", "1.0.4", "1.0.5", "nevergrad:OnePlusOne", "quiet", "optional smoothing", budget=15, only=_FEW),
    Pair("nevergrad", "1.0.5", "1.0.8", "nevergrad:DE", "quiet", "penalties, none", budget=40, only=_FEW),
    Pair("nevergrad", "1.0.8", "1.0.11", "nevergrad:PSO", "quiet", "type annotations", budget=40, only=_FEW),
    Pair(
        "nevergrad", "1.0.3", "1.0.4", "nevergrad:ParametrizedOnePlusOne(mutation='lognormal')", "changed",
        "mutation rate at least a tenth of 1/dimension: rare", budget=100, only="rastrigin",
    ),
    Pair("pymoo", "0.6.1", "0.6.1.3", "pymoo:PSO", "quiet", "not touched", budget=60, only=_FEW),
    Pair("pymoo", "0.6.1.3", "0.6.1.5", "pymoo:DE", "quiet", "other names", budget=60, only=_FEW),
    Pair("pymoo", "0.6.1.5", "0.6.1.6", "pymoo:GA", "changed", "a generator of its own", budget=60, only=_FEW),
    Pair("pymoo", "0.6.1.5", "0.6.1.6", "pymoo:NelderMead", "quiet", "not touched", budget=60, only=_FEW),
    Pair("optuna", "4.0.0", "4.2.1", "optuna:CmaEsSampler", "quiet", "not touched", budget=10, only=_FEW),
]  # fmt: skip

_NEURAL = [
    _torch("3.10.1", "4.0.0", "AdaBelief(lr=0.05)", "changed", "epsilon is added after, not before, the bias"),
    _torch("3.10.1", "4.0.0", "NovoGrad(lr=0.05)", "changed", "first moments start at the first gradient"),
    _torch("3.10.1", "4.0.0", "QHAdam(lr=0.05)", "changed", "1 - b * g^2 becomes (1 - b) * g^2"),
    _torch("3.10.1", "4.0.0", "DiffGrad(lr=0.05)", "changed", "the friction it is named for is applied at last"),
    _torch("3.10.1", "4.0.0", "FAdam(lr=0.05)", "changed", "epsilon by another formula"),
    _torch("3.10.1", "4.0.0", "Lion(lr=0.05)", "quiet", "lerp for mul and add: rounding"),
    _torch("3.10.1", "4.0.0", "AdaMod(lr=0.05)", "quiet", "lerp for mul and add: rounding"),
    _torch("3.10.1", "4.0.0", "AdEMAMix(lr=0.05)", "quiet", "order of divisions, foreach: rounding"),
    _torch("4.0.0", "4.1.0", "AdaBound(lr=0.05)", "quiet", "foreach: rounding"),
    _torch("4.0.0", "4.1.0", "Adan(lr=0.05)", "quiet", "foreach: rounding"),
    _torch("4.0.0", "4.1.0", "DiffGrad(lr=0.05)", "quiet", "foreach: rounding"),
    _keras("3.5.0", "3.10.0", "Adam(learning_rate=0.05)", "quiet", "how variables are made"),
    _keras("3.8.0", "3.12.4", "SGD(learning_rate=0.001, momentum=0.9)", "quiet", "how variables are made"),
    _keras("3.11.3", "3.12.4", "Adafactor(learning_rate=0.05)", "quiet", "ops.subtract for -: rounding"),
    _keras("3.12.4", "3.13.2", "Muon(learning_rate=0.05)", "changed", "weight decay 0.004, before 0.1"),
    _keras(
        "3.3.3", "3.5.0", "Adam(learning_rate=0.05, clipnorm=1.0, gradient_accumulation_steps=4)", "changed",
        "clips the accumulated gradient, not each",
    ),
    _optax("0.2.3", "0.2.4", "adam(learning_rate=0.05)", "quiet", "jax.tree instead of tree_util"),
    _optax("0.2.3", "0.2.4", "adabelief(learning_rate=0.05)", "changed", "error against the new mean, not the old"),
    _optax("0.2.3", "0.2.4", "lbfgs()", "changed", "first step capped, line search starts at 1"),
    _optax("0.2.3", "0.2.4", "rmsprop(learning_rate=0.05)", "quiet", "options whose defaults are what was"),
    _optax("0.2.4", "0.2.5", "lbfgs()", "quiet", "complex parameters, types kept"),
    Pair(
        "torch_optimizer", "0.1.0", "0.3.0", "torch_optimizer:AdaBelief(lr=0.05)", "quiet", "memory formats",
        budget=12, only=_FEW,
    ),
    Pair(
        "torch_optimizer", "0.1.0", "0.3.0", "torch_optimizer:QHAdam(lr=0.05)", "quiet", "memory formats",
        budget=12, only=_FEW,
    ),
]  # fmt: skip

PAIRS = [*_SCIPY, *_CMA, *_BLACK_BOX, *_NEURAL]
