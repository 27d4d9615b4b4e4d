import functools
import subprocess
import sys

import numpy as np
import pytest

from pytest_optlandscape import landscapes, minimize
from pytest_optlandscape.optimizers import get

torch = pytest.importorskip("torch")

CLASSES = ["ASGD", "Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "LBFGS", "NAdam", "RAdam", "RMSprop"]
CLASSES += ["Rprop", "SGD"]
CLASSES = [name for name in CLASSES if hasattr(torch.optim, name)]


def by_hand(make, landscape, steps, dtype=torch.float64):
    """A loop as people write it, with gradients from the landscape."""
    parameter = torch.nn.Parameter(torch.tensor(landscape.x0, dtype=dtype))
    optimizer = make([parameter])
    points = [parameter.detach().numpy().astype(np.float64)]
    for _ in range(steps):
        parameter.grad = torch.tensor(landscape.gradient(points[-1]), dtype=dtype)
        optimizer.step()
        points.append(parameter.detach().numpy().astype(np.float64))
    return np.array(points)


def factory(params):
    return torch.optim.SGD(params, lr=0.002)


def with_scheduler(params, gamma=0.9):
    optimizer = torch.optim.SGD(params, lr=0.01)
    return optimizer, torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma)


@pytest.mark.parametrize("budget", [1, 7, 100])
@pytest.mark.parametrize("name", CLASSES)
def test_budget_is_spent_exactly(name, budget):
    lr = 0.001 if name in ("SGD", "ASGD") else 0.01
    run = minimize(f"torch:{name}(lr={lr})", "rosenbrock", budget=budget)
    assert (run.nfev, run.njev, run.stop_reason) == (budget, budget, "budget"), run.message


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", [name for name in CLASSES if name != "LBFGS"])
def test_steps_are_those_of_a_loop_written_by_hand(name, dtype):
    run = minimize(f"torch:{name}(lr=0.01, dtype={dtype!r})", "beale", budget=30)
    make = functools.partial(getattr(torch.optim, name), lr=0.01)
    points = by_hand(make, run.landscape, 30, getattr(torch, dtype))
    assert np.array_equal(run.trace.x, points[:-1])
    assert np.array_equal(run.x, points[-1])
    assert get(run.optimizer).setting == {"dtype": dtype}


@pytest.mark.parametrize("search", ["", "(line_search_fn='strong_wolfe')"])
def test_lbfgs_counts_what_its_closure_is_asked(search):
    count = 0
    run = minimize(f"torch:LBFGS{search}", "beale", budget=1000)
    parameter = torch.nn.Parameter(torch.tensor(run.x0))
    optimizer = torch.optim.LBFGS([parameter], **({"line_search_fn": "strong_wolfe"} if search else {}))

    def closure():
        nonlocal count
        count += 1
        x = parameter.detach().numpy().copy()
        parameter.grad = torch.tensor(run.landscape.gradient(x))
        return torch.tensor(run.landscape(x))

    before = None
    while before is None or not torch.equal(before, parameter.detach()):
        before = parameter.detach().clone()
        optimizer.step(closure)
    assert (run.nfev, run.njev, run.stop_reason) == (count, count, "returned")
    assert run.result_gap < 1e-8


@pytest.mark.parametrize("budget", range(1, 16))
def test_lbfgs_is_stopped_inside_its_own_loop(budget):
    run = minimize("torch:LBFGS", "beale", budget=budget)
    assert (run.nfev, run.njev, run.stop_reason) == (budget, budget, "budget")
    assert run.fun == run.trace.fun.min()


@pytest.mark.parametrize(
    ("thing", "spec"),
    [
        (torch.optim.Adam, "torch:Adam"),
        (functools.partial(torch.optim.Adam, lr=0.1), "torch:Adam(lr=0.1)"),
    ],
)
def test_classes_and_partials(thing, spec):
    run = minimize(thing, "beale", budget=20)
    assert run.optimizer == spec
    assert np.array_equal(run.x, minimize(spec, "beale", budget=20).x)


def test_functions_of_params():
    run = minimize(factory, "beale", budget=20)
    assert run.optimizer == f"{__name__}:factory"
    assert np.array_equal(run.x, minimize("torch:SGD(lr=0.002)", "beale", budget=20).x)
    assert np.array_equal(run.x, minimize(lambda params: torch.optim.SGD(params, 0.002), "beale", budget=20).x)


def test_schedulers():
    expected = minimize(with_scheduler, "beale", budget=20)
    run = minimize("torch:SGD(lr=0.01, scheduler='ExponentialLR(gamma=0.9)')", "beale", budget=20)
    assert np.array_equal(run.trace.x, expected.trace.x)
    constant = minimize("torch:SGD(lr=0.01)", "beale", budget=20)
    assert np.array_equal(constant.trace.x[:2], run.trace.x[:2])
    assert not np.array_equal(constant.trace.x[2], run.trace.x[2])


def test_scheduler_that_looks_at_the_loss():
    plain = minimize("torch:SGD(lr=0.019)", "sphere", budget=40)
    spec = "torch:SGD(lr=0.019, scheduler='ReduceLROnPlateau(mode=\"max\", patience=0)')"
    run = minimize(spec, "sphere", budget=40)
    assert run.stop_reason == "budget"
    assert run.fun > plain.fun


def test_instances_are_refused():
    instance = torch.optim.Adam([torch.zeros(2)])
    with pytest.raises(TypeError, match=r"an instance of Adam is bound to its parameters: give the class"):
        get(instance)


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("torch:Adm", "unknown torch optimizer 'Adm'; did you mean 'Adam'"),
        ("torch:SparseAdam", "unknown torch optimizer 'SparseAdam'"),
        ("torch:Adam(learning_rate=1)", "unknown argument of torch:Adam 'learning_rate'"),
        ("torch:Adam(lr=-1.0)", "cannot be made for a vector: Invalid learning rate"),
        ("torch:Adam(dtype='int8')", "dtype must be one of bfloat16, float16, float32, float64; got 'int8'"),
        ("torch:Adam(scheduler='StepR(step_size=2)')", "unknown scheduler 'StepR'; did you mean 'StepLR'"),
        ("torch:Adam(scheduler='StepLR(steps=2)')", "cannot be made for a vector: .*'steps'"),
    ],
)
def test_what_torch_does_not_have(spec, said):
    with pytest.raises(ValueError, match=said):
        get(spec)


@pytest.mark.skipif(not hasattr(torch.optim, "Muon"), reason="torch has no Muon")
def test_muon_wants_a_matrix():
    assert "Muon only supports 2D parameters" in get("torch:Muon").obstacle(landscapes.get("beale"))
    assert minimize("torch:Muon", "beale").stop_reason == "exception"


class Silent(torch.optim.SGD):
    def step(self, closure=None):
        return None


class WithoutClosure(torch.optim.SGD):
    def step(self):
        return super().step()


class Noisy(torch.optim.SGD):
    def step(self, closure=None):
        super().step(closure)
        with torch.no_grad():
            for parameter in self.param_groups[0]["params"]:
                parameter.add_(0.01 * torch.randn(parameter.shape, dtype=parameter.dtype))


def test_closure_that_is_never_called():
    run = minimize(Silent, "beale", budget=9)
    assert run.stop_reason == "exception"
    assert "did not call the closure" in run.message


def test_step_without_closure():
    run = minimize(WithoutClosure, "beale", budget=9)
    assert np.array_equal(run.trace.x, minimize("torch:SGD", "beale", budget=9).trace.x)


def test_random_numbers_come_from_the_seed_and_the_state_is_put_back():
    before = torch.random.get_rng_state()
    one, two, other = (minimize(Noisy, "beale", budget=9, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(before, torch.random.get_rng_state())
    assert np.array_equal(one.trace.x, two.trace.x)
    assert not np.array_equal(one.trace.x, other.trace.x)


def test_a_run_on_the_cpu_seeds_no_other_device(monkeypatch):
    seeded = []
    monkeypatch.setattr(torch.cuda, "manual_seed_all", seeded.append)
    torch.manual_seed(3)
    assert seeded == [3]
    minimize(Noisy, "beale", budget=9)
    assert seeded == [3]


def test_divergence_ends_the_run():
    run = minimize("torch:SGD(lr=1.0)", "beale", budget=500)
    assert run.stop_reason == "non-finite"
    assert run.nfev == run.njev < 500


def test_landscape_without_gradient():
    bowl = landscapes.Landscape("bowl", lambda x: float(x @ x), bounds=[(-1, 1)], x0=[1], minimizers=[[0]], fmin=0)
    run = minimize("torch:Adam", bowl)
    assert run.stop_reason == "exception"
    assert "bowl has no gradient" in run.message


@pytest.mark.parametrize("package", ["torch_optimizer", "pytorch_optimizer"])
def test_third_parties(package):
    library = pytest.importorskip(package)
    spec = f"{package}:AdaBelief(lr=0.1)"
    run = minimize(spec, "beale", budget=100)
    assert (run.nfev, run.njev, run.stop_reason) == (100, 100, "budget")
    assert run.fun < 1e-2
    assert set(get(spec).versions()) == {"torch", package}
    thing = functools.partial(library.AdaBelief, lr=0.1)
    assert get(thing).spec == spec
    assert np.array_equal(run.trace.x, minimize(thing, "beale", budget=100).trace.x)
    single = minimize(f"{package}:AdaBelief(lr=0.1, dtype='float32')", "beale", budget=20)
    assert np.array_equal(single.trace.x, single.trace.x.astype(np.float32))


def test_class_of_ones_own_by_spec():
    run = minimize("test_optimizers_torch:WithoutClosure(lr=0.01)", "beale", budget=9)
    assert np.array_equal(run.trace.x, minimize("torch:SGD(lr=0.01)", "beale", budget=9).trace.x)


def test_two_processes_agree():
    program = "from pytest_optlandscape import minimize\n"
    program += "print(minimize('torch:Adam(lr=0.1)', 'beale', budget=20).trace.x.tobytes().hex())"
    here = minimize("torch:Adam(lr=0.1)", "beale", budget=20)
    elsewhere = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert elsewhere.stdout.strip() == here.trace.x.tobytes().hex()


def test_two_of_ones_own_module_stay_two(tmp_path, monkeypatch):
    code = "import torch\nslow, quick = [lambda params, lr=lr: torch.optim.SGD(params, lr) for lr in (0.001, 0.002)]\n"
    (tmp_path / "own_sgd.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    slow, quick = (minimize(f"own_sgd:{name}", "beale", budget=20) for name in ("slow", "quick"))
    del sys.modules["own_sgd"]
    assert (slow.optimizer, quick.optimizer) == ("own_sgd:slow", "own_sgd:quick")
    assert slow.gap != quick.gap


def test_optimizers_of_other_parameters_are_refused():
    parameter = torch.nn.Parameter(torch.zeros(2, dtype=torch.float64))
    made = torch.optim.SGD([parameter], lr=0.1)
    with pytest.raises(ValueError, match="returned a SGD of other parameters than it received"):
        get(lambda params: made)


class Dropping(torch.optim.SGD):
    """Takes any keyword and uses one."""

    def __init__(self, params, lr=0.1, **further):
        super().__init__(params, lr, momentum=further.get("inertia", 0.0))


@pytest.mark.parametrize("thing", [f"{__name__}:Dropping(inertai=0.5)", functools.partial(Dropping, inertai=0.5)])
def test_keywords_that_a_class_drops_are_refused(thing):
    with pytest.raises(ValueError, match="unknown argument of Dropping 'inertai'"):
        get(thing)
    assert minimize(functools.partial(Dropping, inertia=0.5), "booth", budget=3).stop_reason == "budget"


def test_keywords_that_a_third_party_drops_are_refused():
    library = pytest.importorskip("pytorch_optimizer")
    with pytest.raises(ValueError, match="'lrr'; did you mean 'lr'"):
        get("pytorch_optimizer:AdaBelief(lrr=0.1)")
    with pytest.raises(ValueError, match="'lrr'; did you mean 'lr'"):
        get(functools.partial(library.Adai, lrr=0.1))
    assert get("pytorch_optimizer:AdaBelief(maximize=False)").uses_gradient


def test_arguments_are_those_of_a_new_optimizer_in_every_run():
    class Wearing(torch.optim.SGD):
        def __init__(self, params, rates):
            super().__init__(params, lr=rates.pop())

    adapter = get(functools.partial(Wearing, rates=[0.01, 0.02]))
    first, again = (minimize(adapter, "booth", budget=5) for _ in range(2))
    assert np.array_equal(first.trace.x, again.trace.x)
