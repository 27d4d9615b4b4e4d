"""Optimizers that break one check of the contract each, and one that keeps it."""

import contextlib
import math
import random
import types
import warnings

import numpy as np


def search(fun, x0, bounds, rng, maxfev=100):
    """Go along the coordinates in turn, with steps that shrink where none helps."""
    lower, upper = np.transpose(bounds)
    best = np.clip(np.array(x0, dtype=float), lower, upper)
    value = fun(best.copy())
    if math.isnan(value):
        value = math.inf
    evaluations, step = 1, (upper - lower) / 4.0
    while evaluations < maxfev and step.max() > 1e-9:
        moved = False
        for k in range(len(best)):
            for sign in (-1.0, 1.0):
                x = best.copy()
                x[k] = np.clip(x[k] + sign * step[k], lower[k], upper[k])
                if evaluations == maxfev:
                    break
                new = fun(x.copy())
                evaluations += 1
                if new < value:
                    best, value, moved = x, new, True
        if not moved:
            step = step / 2.0
    return result(best, value, success=step.max() <= 1e-9 and math.isfinite(value), nfev=evaluations)


def result(x, fun, **more):
    return types.SimpleNamespace(x=x, fun=fun, **more)


def decent(fun, x0, bounds, rng, maxfev):
    return search(fun, x0, bounds, rng, maxfev)


def raises_sometimes(fun, x0, bounds, rng, maxfev):
    found = search(fun, x0, bounds, rng, maxfev)
    if found.fun > 1.0 and (np.diff(bounds) > 0.0).all():
        raise ArithmeticError("did not converge")
    return found


def misreports(fun, x0, bounds, rng, maxfev):
    found = search(fun, x0, bounds, rng, maxfev)
    return result(found.x, np.nextafter(found.fun, math.inf))


def forgets_the_best(fun, x0, bounds, rng):
    found = search(fun, x0, bounds, rng)
    lower, upper = np.transpose(bounds)
    middle = (found.x + np.clip(np.array(x0, dtype=float), lower, upper)) / 2.0
    return min((found.x * 0.999 + middle * 0.001, np.array(x0, dtype=float)), key=lambda x: fun(x.clip(lower, upper)))


def ends_above_its_start(fun, x0, bounds):
    """It never evaluates the start, so that all that it saw is worse."""
    lower, upper = np.transpose(bounds)
    corners = [upper, lower]
    return min(corners, key=fun).copy()


def miscounts(fun, x0, bounds, rng, maxfev):
    found = search(fun, x0, bounds, rng, maxfev)
    return result(found.x, found.fun, nfev=found.nfev + 1)


def succeeds_at_once(fun, x0, bounds, rng):
    lower, upper = np.transpose(bounds)
    x = np.clip(np.array(x0, dtype=float), lower, upper)
    value = fun(x.copy())
    return result(x, value, success=math.isfinite(value))


def succeeds_with_nan(fun, x0, bounds, rng, maxfev):
    found = search(fun, x0, bounds, rng, maxfev)
    return result(
        found.x, found.fun if math.isfinite(found.fun) else math.nan, success=found.success or found.fun > 1e300
    )


def takes_nan_for_better(fun, x0, bounds, rng, maxfev):
    lost = []

    def watched(x):
        value = fun(x)
        if math.isnan(value):
            lost.append(x)
        return value

    found = search(watched, x0, bounds, rng, maxfev)
    return lost[0] if lost else found.x


def steps_outside(fun, x0, bounds, rng):
    lower, upper = np.transpose(bounds)
    if (lower < upper).all() and (x0 <= upper).all():
        fun(upper + 1e-9)
    return search(fun, x0, bounds, rng).x


def evaluates_a_start_outside(fun, x0, bounds, rng):
    lower, upper = np.transpose(bounds)
    if ((x0 < lower) | (x0 > upper)).any():
        fun(np.array(x0, dtype=float))
    return search(fun, x0, bounds, rng).x


def moves_a_fixed_variable(fun, x0, bounds, rng):
    lower, upper = np.transpose(bounds)
    if (lower == upper).any():
        fun(np.clip(np.array(x0, dtype=float), lower, upper) + 1e-6)
    return search(fun, x0, bounds, rng).x


def keeps_feasible(fun, x0, bounds, rng, constraints):
    """What breaks a constraint is infinitely bad, and not evaluated."""

    def kept(x):
        return all(np.all(one.lb <= values) and np.all(values <= one.ub) for one, values in valued(constraints, x))

    return search(lambda x: fun(x) if kept(x) else math.inf, x0, bounds, rng).x


def valued(constraints, x):
    return [(one, one.A @ x if hasattr(one, "A") else one.fun(x)) for one in constraints]


def leaves_the_feasible_set(fun, x0, bounds, rng, constraints):
    """It looks at what a constraint forbids, once."""
    middle = np.clip(np.array(x0, dtype=float), *np.transpose(bounds))
    for x in np.linspace(middle, np.transpose(bounds), 9).reshape(-1, len(middle)):
        if any(np.any(one.lb > values) or np.any(values > one.ub) for one, values in valued(constraints, x)):
            fun(x)
            break
    return keeps_feasible(fun, x0, bounds, rng, constraints)


def overspends(fun, x0, bounds, rng, maxfev):
    found = search(fun, x0, bounds, rng, maxfev)
    value = fun(found.x.copy())
    return result(found.x, value, nfev=found.nfev + 1)


def plans_ahead(fun, x0, bounds, maxfev):
    """It makes other steps where it has a larger budget."""
    lower, upper = np.transpose(bounds)
    best = np.clip(np.array(x0, dtype=float), lower, upper)
    value = fun(best.copy())
    spread = np.linspace(lower, upper, min(maxfev, 50))[: max(maxfev - 1, 0)]
    for x in spread:
        new = fun(x.copy())
        if new < value:
            best, value = x, new
    return result(best, value)


def ignores_the_seed(fun, x0, bounds, rng):
    elsewhere = np.random.default_rng().uniform(*np.transpose(bounds))
    found = search(fun, x0, bounds, rng)
    return elsewhere if fun(elsewhere) < found.fun else found.x


HASHED = "a string whose hash differs between processes"


def depends_on_hashes(fun, x0, bounds, rng):
    lower, upper = np.transpose(bounds)
    fun(lower + 1e-6 * (upper - lower) * (hash(HASHED) % 1000003) / 1000003.0)  # a corner, and never the best seen
    return search(fun, x0, bounds, rng).x


def draws_globally(fun, x0, bounds, rng):
    np.random.random()
    return search(fun, x0, bounds, rng)


def draws_from_python(fun, x0, bounds, rng):
    random.random()
    return search(fun, x0, bounds, rng)


def writes_to_the_start(fun, x0, bounds, rng):
    found = search(fun, x0, bounds, rng)
    x0[:] = found.x
    return found


def reuses_its_array(fun, x0, bounds, rng):
    x = np.array(x0, dtype=float)

    def through_one_array(point):
        x[:] = point
        return fun(x)

    return search(through_one_array, x0, bounds, rng)


def keeps_gradients(fun, x0, jac, bounds):
    """Gradient descent with steps of Barzilai and Borwein, whose old gradient is the one that it was given."""
    lower, upper = np.transpose(bounds)
    x = np.clip(np.array(x0, dtype=float), lower, upper)
    best, value, old, slope = x, fun(x), None, jac(x)
    for _ in range(30):
        step = 0.01 / (1.0 + np.linalg.norm(slope))
        if old is not None and (x - old[0]) @ (slope - old[1]) > 0.0:
            step = (x - old[0]) @ (x - old[0]) / ((x - old[0]) @ (slope - old[1]))
        old, x = (x, slope), np.clip(x - step * slope, lower, upper)
        new, slope = fun(x), jac(x)
        if new < value:
            best, value = x, new
    return best


def wants_floats(fun, x0, bounds, rng):
    if getattr(x0, "dtype", None) != np.float64:
        raise TypeError("x0 is a float64 array")
    return search(fun, x0, bounds, rng)


def sees_sizes(fun, x0, bounds, rng):
    """It makes a step as long as the value is large."""
    lower, upper = np.transpose(bounds)
    x = np.clip(np.array(x0, dtype=float), lower, upper)
    value = fun(x.copy())
    if math.isfinite(value):
        fun(np.clip(x + 1e-3 * value, lower, upper))
    return search(fun, x0, bounds, rng).x


def goes_along_axes(fun, x0, bounds, rng):
    """It goes along the first axis first, from a place of its own."""
    return search(fun, x0, bounds, rng)


def has_an_origin(fun, x0, bounds, rng):
    """It looks at the origin second."""
    first = np.clip(np.array(x0, dtype=float), *np.transpose(bounds))
    origin = np.clip(np.zeros(len(x0)), *np.transpose(bounds))
    values = fun(first), fun(origin)
    return search(fun, origin if values[1] < values[0] else x0, bounds, rng).x


def descent(fun, x0, bounds, callback):
    """Go along the coordinates, and call the callback after each round, with a copy of the point."""
    return rounds(fun, x0, bounds, lambda x: callback(x.copy()))


ROUNDS = 40


def rounds(fun, x0, bounds, after_each, *, catches=StopIteration):
    lower, upper = np.transpose(bounds)
    x = np.clip(np.array(x0, dtype=float), lower, upper)
    value, step = fun(x.copy()), (upper - lower) / 4.0
    for _ in range(ROUNDS):
        for k in range(len(x)):
            for sign in (-1.0, 1.0):
                new = x.copy()
                new[k] = np.clip(x[k] + sign * step[k], lower[k], upper[k])
                at_new = fun(new.copy())
                if at_new < value or math.isnan(value):
                    x[:], value = new, at_new
        step = step / 2.0
        try:
            after_each(x)
        except catches:
            break
    return result(x.copy(), value)


def calls_back(fun, x0, bounds, callback):
    return descent(fun, x0, bounds, callback)


def never_calls_back(fun, x0, bounds, callback):
    return descent(fun, x0, bounds, lambda x: None)


def calls_back_without_a_point(fun, x0, bounds, callback):
    return descent(fun, x0, bounds, lambda x: callback(fun(x)))


def hands_out_its_point(fun, x0, bounds, callback):
    return rounds(fun, x0, bounds, callback)


def hands_out_one_buffer(fun, x0, bounds, callback):
    buffer = np.empty(len(x0))

    def copied(x):
        buffer[:] = x
        callback(buffer)

    return rounds(fun, x0, bounds, copied)


def works_on_what_it_hands_out(fun, x0, bounds, callback):
    """Its points are its own each time, but it goes on from what the callback made of them."""

    def copied(x):
        handed = x.copy()
        callback(handed)
        x[:] = handed

    return rounds(fun, x0, bounds, copied)


def succeeds_when_stopped(fun, x0, bounds, callback):
    calls = []

    def counted(x):
        calls.append(x)
        callback(x)

    found = descent(fun, x0, bounds, counted)
    return result(found.x, found.fun, success=len(calls) < ROUNDS)


def goes_on_when_stopped(fun, x0, bounds, callback):
    def deaf(x):
        with contextlib.suppress(StopIteration):
            callback(x)

    return descent(fun, x0, bounds, deaf)


def forgets_its_callback_when_stopped(fun, x0, bounds, callback):
    heard = []

    def once(x):
        try:
            if not heard:
                callback(x)
        except StopIteration:
            heard.append(x)

    return descent(fun, x0, bounds, once)


def lets_stop_iteration_out(fun, x0, bounds, callback):
    return rounds(fun, x0, bounds, lambda x: callback(x.copy()), catches=())


class KeepsItsStep:
    """An evolution strategy of one parent and one child, asked and told."""

    def __init__(self, x0, bounds, rng):
        self.lower, self.upper = np.transpose(bounds)
        self.rng = rng
        self.best, self.value, self.step = np.clip(np.array(x0, dtype=float), self.lower, self.upper), math.inf, 0.1

    def ask(self):
        if math.isinf(self.value):
            return self.best.copy()
        away = self.step * (self.upper - self.lower) * self.rng.standard_normal(len(self.best))
        return np.clip(self.best + away, self.lower, self.upper)

    def tell(self, x, value):
        self.step *= 1.5 if value < self.value else 0.9
        if value < self.value:
            self.best, self.value = np.array(x), value


class ForgetsItsStep(KeepsItsStep):
    """Its pickle has not all of its state."""

    def __getstate__(self):
        return {**vars(self), "step": 0.1}


def skips_its_start(fun, x0, bounds, rng, maxfev):
    return search(fun, 0.9 * np.array(x0, dtype=float) + 0.1 * np.mean(bounds, axis=1), bounds, rng, maxfev)


def silences_numpy(fun, x0, bounds, rng, maxfev):
    before = np.seterr(all="ignore")
    found = search(fun, x0, bounds, rng, maxfev)
    np.seterr(**before)
    return found


def filters_warnings(fun, x0, bounds, rng, maxfev):
    context = warnings.catch_warnings()
    context.__enter__()
    warnings.simplefilter("ignore")
    found = search(fun, x0, bounds, rng, maxfev)
    context.__exit__(None, None, None)
    return found


def seeds_for_itself(fun, x0, bounds, rng, maxfev):
    before = random.getstate()
    random.seed(1)
    found = search(fun, x0, bounds, rng, maxfev)
    random.setstate(before)
    return found


def refuses_nan(fun, x0, bounds, rng, maxfev):
    def checked(x):
        value = fun(x)
        if math.isnan(value):
            raise ValueError("the objective is NaN")
        return value

    return search(checked, x0, bounds, rng, maxfev)


def looks_at_its_limit_between_rounds(fun, x0, bounds, rng, maxfev):
    found = search(fun, x0, bounds, rng, maxfev)
    for _ in range(2):
        fun(found.x.copy())
    found.nfev += 2
    return found
