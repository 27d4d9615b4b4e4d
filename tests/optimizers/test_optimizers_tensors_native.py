"""Optimizers written in JAX, torch and TensorFlow themselves: they trace and differentiate the problem."""

import warnings

import numpy as np
import pytest

from pytest_optlandscape import Problem, assert_converges, landscapes, minimize

X = np.array([-1.2, 1.0])


class OfJax:
    @pytest.fixture(autouse=True)
    def double_precision(self):
        self.jax = jax = pytest.importorskip("jax")
        switch = jax.enable_x64 if hasattr(jax, "enable_x64") else jax.experimental.enable_x64
        with switch(True):
            self.numpy = jax.numpy
            yield

    def counts(self, way, name="rosenbrock[2]"):
        problem = Problem(name)
        result = self.jax.block_until_ready(way(problem, self.numpy.array(X)))
        return problem.nfev, problem.njev, problem.nhev, np.array(self.jax.tree_util.tree_leaves(result)[-1])


class TestJax(OfJax):
    exact = landscapes.get("rosenbrock[2]")

    @pytest.mark.parametrize("jitted", [False, True])
    def test_counts_what_is_evaluated(self, jitted):
        jax = self.jax
        jit = jax.jit if jitted else lambda function: function
        value, slope, curvature = self.exact(X), self.exact.gradient(X), self.exact.hessian(X)
        for way, counts, expected in [
            (lambda f, x: jax.jit(f)(x), (1, 0, 0), value),
            (lambda f, x: jit(jax.grad(f))(x), (1, 1, 0), slope),
            (lambda f, x: jit(jax.value_and_grad(f))(x), (1, 1, 0), slope),
            (lambda f, x: jit(lambda x: jax.jvp(f, (x,), (x,)))(x), (1, 1, 0), slope @ X),
            (lambda f, x: jit(lambda x: jax.linearize(f, x)[1](x))(x), (1, 1, 0), slope @ X),
            (lambda f, x: jit(jax.hessian(f))(x), (1, 1, 1), curvature),
            (lambda f, x: jax.jit(f.gradient)(x), (0, 1, 0), slope),
            (lambda f, x: jit(jax.jacfwd(f.gradient))(x), (0, 1, 1), curvature),
            (lambda f, x: jax.jit(f.hessian)(x), (0, 0, 1), curvature),
            (lambda f, x: jax.jit(lambda x: f([x[0], 1.0]))(x), (1, 0, 0), value),
            (lambda f, x: jit(jax.grad(f.traceable))(x), (1, 1, 0), slope),
        ]:
            *counted, result = self.counts(way)
            assert tuple(counted) == counts
            assert result == pytest.approx(expected, rel=1e-15)

    def test_control_flow(self):
        jax, numpy = self.jax, self.numpy

        def descent(f, x):
            body = lambda state: (state[0] - 1e-3 * jax.grad(f)(state[0]), state[1] + 1)  # noqa: E731
            return jax.lax.while_loop(lambda state: state[1] < 7, body, (x, 0))[0]

        *counted, x = self.counts(jax.jit(descent, static_argnums=0))
        assert counted == [7, 7, 0]
        by_hand = X
        for _ in range(7):
            by_hand = by_hand - 1e-3 * self.exact.gradient(by_hand)
        assert x == pytest.approx(by_hand, rel=1e-14)
        branch = lambda f, x: jax.lax.cond(x[0] > 0, f, lambda x: -x[0], x)  # noqa: E731
        assert self.counts(branch) == (0, 0, 0, 1.2)
        batch = lambda f, x: jax.jit(jax.vmap(jax.value_and_grad(f)))(numpy.stack([x, 2 * x, 3 * x]))  # noqa: E731
        *counted, gradients = self.counts(batch)
        assert counted == [3, 3, 0]
        assert gradients == pytest.approx(np.array([self.exact.gradient(k * X) for k in (1, 2, 3)]), rel=1e-14)
        total = lambda f, x: jax.grad(lambda batch: jax.vmap(f)(batch).sum())(numpy.stack([x, 2 * x]))  # noqa: E731
        assert self.counts(total)[:3] == (2, 2, 0)

    def test_the_trace_is_in_order(self):
        jax = self.jax
        problem = Problem("beale")
        jax.jit(lambda x: jax.lax.scan(lambda x, _: (x + 0.1, problem(x)), x, length=5))(self.numpy.array(X))
        points, values = problem.evaluated()
        assert points == pytest.approx(X + 0.1 * np.arange(5)[:, np.newaxis])
        assert values.tolist() == landscapes.get("beale")(points).tolist()

    def test_single_precision(self):
        switch = self.jax.enable_x64 if hasattr(self.jax, "enable_x64") else self.jax.experimental.enable_x64
        with switch(False):
            problem = Problem("beale")
            value, slope = self.jax.jit(self.jax.value_and_grad(problem))(self.numpy.array([0.1, 0.2]))
        assert value.dtype == slope.dtype == np.float32
        (point,), (exact,) = problem.evaluated()
        assert point.tolist() == np.float32([0.1, 0.2]).tolist()
        assert exact == problem.landscape(point)
        assert value == np.float32(exact)

    def test_noise_is_that_of_numpy(self):
        noisy = landscapes.get("beale").noisy("additive", seed=3)
        one, other = Problem(noisy), Problem(noisy)
        seen = [float(self.jax.jit(one)(X)), *self.jax.jit(self.jax.grad(one))(X).tolist()]
        assert seen == [other(X), *(other(X), other.gradient(X))[1].tolist()]
        assert np.array_equal(one.evaluated()[1], other.evaluated()[1])

    @pytest.mark.parametrize("budget", [1, 5])
    def test_the_budget_ends_a_compiled_loop(self, budget, caplog):
        jax = self.jax

        def endless(problem):
            descend = lambda x: x - 1e-4 * jax.grad(problem)(x)  # noqa: E731
            return jax.jit(lambda x: jax.lax.while_loop(lambda x: x[0] < 9, descend, x))(problem.x0)

        run = minimize(endless, "beale", budget=budget)
        assert (run.nfev, run.njev, run.stop_reason) == (budget, budget, "budget")
        assert not caplog.records
        assert minimize(endless, "beale", budget=budget).stop_reason == "budget"

    def test_an_objective_that_raises(self):
        def broken(x):
            if x[0] == 0.75:
                raise ZeroDivisionError("not here")
            return float(x @ x)

        bowl = landscapes.Landscape(
            "bowl", broken, bounds=[(-1, 1)] * 2, x0=[0.75, 0.5], minimizers=[[0, 0]], fmin=0, validate=False
        )
        run = minimize(lambda problem: self.jax.jit(problem)(problem.x0), bowl)
        assert (run.stop_reason, run.nfev) == ("exception", 1)
        assert "ZeroDivisionError: not here" in run.message
        run = minimize(lambda problem: self.jax.grad(problem)(problem.x0), bowl)
        assert "bowl has no gradient, so JAX cannot differentiate it" in run.message

    def test_what_cannot_be(self):
        jax, numpy, problem = self.jax, self.numpy, Problem("beale")
        with pytest.raises(ValueError, match=r"a point has shape \(2,\), got a tensor of shape \(3,\)"):
            jax.jit(problem)(numpy.ones(3))
        with pytest.raises(NotImplementedError, match="cannot differentiate what a problem gives as its hessian"):
            jax.jacfwd(jax.hessian(problem))(numpy.array(X))
        fun = Problem("beale").fun
        with pytest.raises(RuntimeError, match="keep the Problem"):
            jax.jit(fun)(numpy.array(X))

    def test_one_compilation_for_all_problems(self):
        traced = []

        @self.jax.jit
        def slope(f, x):
            traced.append(f)
            return self.jax.grad(f)(x)

        for name in ("beale", "booth", "rosenbrock"):
            problem = Problem(name)
            assert slope(problem.traceable, X).tolist() == problem.landscape.gradient(X).tolist()
            assert problem.njev == 1
        assert len(traced) == 1

    def test_residuals(self):
        jax = self.jax
        landscape = landscapes.get("mgh_helical_valley")
        problem = Problem(landscape)
        x = np.array([-1.0, 0.5, 0.25])
        assert jax.jit(problem.residuals)(x) == pytest.approx(landscape.residuals(x))
        assert jax.jit(jax.jacrev(problem.residuals))(x) == pytest.approx(landscape.jacobian(x))
        assert (problem.nfev, problem.njev) == (2, 1)

    def test_jaxs_own_bfgs_agrees_with_an_objective_that_jax_evaluates(self):
        from jax.scipy.optimize import minimize as bfgs

        def in_scipys_style(fun, x0):
            return bfgs(fun, self.numpy.asarray(x0), method="BFGS").x

        run = minimize(in_scipys_style, "rosenbrock[2]", x0=[-1.2, 1.0], budget=400)
        expected = bfgs(landscapes.get("rosenbrock[2]"), self.numpy.array(X), method="BFGS")
        assert run.stop_reason == "returned"
        assert run.nfev == run.njev == int(expected.nfev)
        assert run.x == pytest.approx(np.array(expected.x), rel=1e-9)


class TestLibrariesOfJax(OfJax):
    def test_optimistix(self):
        optimistix = pytest.importorskip("optimistix")

        def bfgs(problem):
            solver = optimistix.BFGS(rtol=1e-8, atol=1e-8)
            objective = lambda x, traceable: traceable(x)  # noqa: E731
            return optimistix.minimise(
                objective, solver, self.numpy.asarray(problem.x0), args=problem.traceable, max_steps=500
            ).value

        run = minimize(bfgs, "rosenbrock[2]")
        assert_converges(run, gap=1e-12)
        assert run.nfev >= run.njev > 5

    def test_only_the_first_run_compiles(self):
        """The recipe of docs/optimizers.md: functions and solvers are made once, the problem is an argument."""
        optimistix = pytest.importorskip("optimistix")
        traced = []

        def counted_value(x, counted):
            traced.append(x)
            return counted(x)

        def bfgs(problem):
            solver = optimistix.BFGS(rtol=1e-5, atol=1e-5)
            start = self.numpy.asarray(problem.x0)
            return optimistix.minimise(counted_value, solver, start, args=problem.traceable, throw=False).value

        assert_converges(minimize(bfgs, "booth"), gap=1e-6)
        times_traced = len(traced)
        assert_converges(minimize(bfgs, "booth", x0=[-3.0, 4.0]), gap=1e-6)
        assert_converges(minimize(bfgs, "himmelblau"), gap=1e-6)
        assert len(traced) == times_traced > 0

    def test_jaxopt(self):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # it is no longer developed
            jaxopt = pytest.importorskip("jaxopt")

        def gradient_descent(problem):
            solver = jaxopt.GradientDescent(fun=problem, maxiter=300, tol=1e-6)
            return solver.run(self.numpy.asarray(problem.x0)).params

        run = minimize(gradient_descent, "booth")
        assert_converges(run, gap=1e-8)
        assert run.njev > 5


class TestTorch:
    @pytest.fixture(autouse=True)
    def library(self):
        self.torch = pytest.importorskip("torch")

    def point(self, **keywords):
        return self.torch.tensor(X, requires_grad=True, **keywords)

    def test_backward(self):
        problem, x = Problem("rosenbrock[2]"), self.point()
        value = problem(x)
        assert (value.item(), problem.nfev, problem.njev) == (problem.landscape(X), 1, 0)
        value.backward()
        assert x.grad.tolist() == problem.landscape.gradient(X).tolist()
        assert (problem.nfev, problem.njev) == (1, 1)

    def test_a_loop_as_people_write_it(self):
        torch = self.torch

        def adam(problem):
            x = torch.tensor(problem.x0, requires_grad=True)
            optimizer = torch.optim.Adam([x], lr=0.1)
            for _ in range(30):
                optimizer.zero_grad()
                (2.0 * problem(x)).backward()
                optimizer.step()
            return x

        def lbfgs(problem):
            x = torch.tensor(problem.x0, requires_grad=True)
            optimizer = torch.optim.LBFGS([x], line_search_fn="strong_wolfe", max_iter=100)

            def closure():
                optimizer.zero_grad()
                loss = problem(x)
                loss.backward()
                return loss

            optimizer.step(closure)
            return x

        run = minimize(adam, "beale")
        assert (run.nfev, run.njev, run.stop_reason) == (30, 30, "returned")
        doubled = landscapes.get("beale")
        x = torch.tensor(doubled.x0, requires_grad=True)
        optimizer = torch.optim.Adam([x], lr=0.1)
        for _ in range(30):
            optimizer.zero_grad()
            (2.0 * doubled(x)).backward()
            optimizer.step()
        assert run.x == pytest.approx(x.detach().numpy(), rel=1e-9)
        run = minimize(adam, "beale", budget=7)
        assert (run.nfev, run.njev, run.stop_reason) == (7, 7, "budget")
        assert_converges(minimize(lbfgs, "beale"), gap=1e-8)

    @pytest.mark.filterwarnings("ignore:.torch.jit.script:DeprecationWarning")  # torch.func's own
    def test_hessians_and_function_transforms(self):
        torch, exact = self.torch, landscapes.get("rosenbrock[2]")
        x = torch.tensor(X)
        for way, counts, expected in [
            (lambda f: torch.autograd.functional.hessian(f, x), (1, 1, 2), exact.hessian(X)),
            (lambda f: torch.func.grad(f)(x), (1, 1, 0), exact.gradient(X)),
            (lambda f: torch.func.jvp(f, (x,), (x,))[1], (1, 1, 0), exact.gradient(X) @ X),
            (lambda f: torch.func.hessian(f)(x), None, exact.hessian(X)),
            (lambda f: torch.func.vmap(torch.func.grad(f))(torch.stack([x, x]))[0], (2, 2, 0), exact.gradient(X)),
        ]:
            problem = Problem(exact)
            assert way(problem).detach().numpy() == pytest.approx(expected, rel=1e-14)
            assert counts in (None, (problem.nfev, problem.njev, problem.nhev))

    def test_types(self):
        problem = Problem("beale")
        single = self.torch.tensor([0.1, 0.2], requires_grad=True)
        value = problem(single)
        value.backward()
        assert value.dtype == single.grad.dtype == self.torch.float32
        assert problem.evaluated()[0].tolist() == [single.tolist()]
        assert type(problem(single.detach())) is float
        assert problem([single[0], single[1]]).requires_grad
        with pytest.raises(ValueError, match=r"a point has shape \(2,\), got a tensor of shape \(3,\)"):
            problem(self.torch.ones(3, requires_grad=True))


class TestTensorFlow:
    @pytest.fixture(autouse=True)
    def library(self):
        self.tensorflow = pytest.importorskip("tensorflow")

    @pytest.mark.parametrize("graph", [False, True])
    def test_tape(self, graph):
        tensorflow, problem = self.tensorflow, Problem("rosenbrock[2]")

        def value_and_gradient(x):
            with tensorflow.GradientTape() as tape:
                value = problem(x)
            return value, tape.gradient(value, x)

        call = tensorflow.function(value_and_gradient) if graph else value_and_gradient
        value, gradient = call(tensorflow.Variable(X))
        assert value.numpy() == problem.landscape(X)
        assert gradient.numpy().tolist() == problem.landscape.gradient(X).tolist()
        assert (problem.nfev, problem.njev) == (1, 1)

    @pytest.mark.parametrize("graph", [False, True])
    def test_budget(self, graph):
        tensorflow = self.tensorflow

        def descent(problem):
            x = tensorflow.Variable(problem.x0)

            def step():
                with tensorflow.GradientTape() as tape:
                    value = problem(x)
                x.assign_sub(1e-4 * tape.gradient(value, x))

            step = tensorflow.function(step) if graph else step
            while True:
                step()

        run = minimize(descent, "beale", budget=6)
        assert (run.nfev, run.njev, run.stop_reason) == (6, 6, "budget")
