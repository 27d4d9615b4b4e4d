"""Optuna on landscapes over a search space."""

from blackbox_checks import needed
from tuning_landscapes import TunerTests, asked, distinct, finite, mixed

from pytest_optlandscape import minimize
from pytest_optlandscape.optimizers import get

optuna = needed("optuna")


class TestOptuna(TunerTests):
    tuners = (
        "optuna:TPESampler",
        "optuna:RandomSampler",
        "optuna:TPESampler(multivariate=True, pruner='HyperbandPruner(reduction_factor=4)')",
        "optuna:NSGAIISampler(population_size=8)",
    )
    listing = ("optuna:BruteForceSampler", "optuna:GridSampler")
    wrong = (
        ("optuna:TPESampler(pruner='MedianPrune')", "did you mean 'MedianPruner'"),
        ("optuna:TPESampler(pruner='MedianPruner(startup=3)')", "startup"),
        ("optuna:GridSample", "did you mean 'GridSampler'"),
    )


def test_the_run_is_that_of_an_objective_in_the_define_by_run_style():
    def objective(trial):
        c = {
            "lr": trial.suggest_float("lr", 1e-5, 1, log=True),
            "batch": trial.suggest_int("batch", 1, 256, log=True),
            "layers": trial.suggest_int("layers", 2, 8, step=2),
            "dropout": trial.suggest_float("dropout", 0, 0.5, step=0.1),
            "width": (16, 64, 256)[trial.suggest_int("width", 0, 2)],
            "optimizer": trial.suggest_categorical("optimizer", ("sgd", "adam", None)),
        }
        if c["optimizer"] == "sgd":
            c["momentum"] = trial.suggest_float("momentum", 0, 0.99)
            if c["width"] == 256:
                c["nesterov"] = trial.suggest_categorical("nesterov", (True, False))
        told.append(c)
        return landscape(landscape.space.encode(c))

    landscape, told = mixed(), []
    start = {"lr": 0.1, "batch": 1, "layers": 4, "dropout": 0.2, "width": 1, "optimizer": "sgd", "momentum": 0.9}
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=7))
    study.enqueue_trial({**start, "lr": landscape.space.decode(landscape.x0)["lr"]})
    study.optimize(objective, n_trials=30)
    run, handed = asked("optuna:TPESampler", landscape, budget=30, seed=7)
    assert handed == told
    assert run.fun == study.best_value


def test_a_grid_is_the_product_of_all_values_and_brute_force_lists_configurations():
    grid, brute = (minimize(f"optuna:{name}", finite(), budget=100) for name in ("GridSampler", "BruteForceSampler"))
    assert (grid.stop_reason, grid.nfev, len(distinct(grid))) == ("returned", 24, 18)
    assert (brute.stop_reason, brute.nfev, len(distinct(brute))) == ("returned", 18, 18)


def test_a_box_of_real_numbers_cannot_be_listed():
    run = minimize("optuna:GridSampler", "booth", budget=5)
    assert run.stop_reason == "exception"
    assert "finite search space" in run.message
    assert get("optuna:GridSampler").obstacle(mixed()) == "no finite search space"


def test_maximizing_the_negated_objective_makes_the_same_trials():
    adapter = get("optuna:TPESampler")
    runs = [minimize(one, mixed(), budget=30) for one in (adapter, adapter.told_to_maximize())]
    assert (runs[0].trace.x == runs[1].trace.x).all()
    assert runs[0].fun == runs[1].fun


def test_an_instance_is_copied_for_each_run():
    sampler = optuna.samplers.TPESampler(seed=3)
    first, second = (minimize(sampler, mixed(), budget=15) for _ in range(2))
    assert (first.trace.x == second.trace.x).all()
