"""Optimistix' minimisers as functions of a problem."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import optimistix

jax.config.update("jax_enable_x64", True)


def counted(x, problem):
    return problem(x)


def _minimise(solver, problem):
    start = jnp.asarray(problem.x0)
    steps = 2 * problem.budget
    return optimistix.minimise(counted, solver, start, args=problem.traceable, max_steps=steps, throw=False).value


BFGS = optimistix.BFGS(rtol=1e-8, atol=1e-8)
DFP = optimistix.DFP(rtol=1e-8, atol=1e-8)
NONLINEAR_CG = optimistix.NonlinearCG(rtol=1e-8, atol=1e-8)
NELDER_MEAD = optimistix.NelderMead(rtol=1e-8, atol=1e-8)


def bfgs(problem):
    return _minimise(BFGS, problem)


def dfp(problem):
    return _minimise(DFP, problem)


def nonlinear_cg(problem):
    return _minimise(NONLINEAR_CG, problem)


def nelder_mead(problem):
    return _minimise(NELDER_MEAD, problem)
