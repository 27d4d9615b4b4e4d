"""KerasTuner: a grid search ends early after a reload.

A search that is interrupted and continued with `overwrite=False` reloads its oracle. `GridSearchOracle` does not store
its place in the grid. Prints the values of a search without, and of the same search with a reload after three trials.

    pip install keras-tuner keras
"""

import tempfile

import keras_tuner


def oracle_in(folder):
    """Return an oracle over six values whose state is in a folder."""
    hp = keras_tuner.HyperParameters()
    hp.Choice("units", [1, 2, 3, 4, 5, 6])
    made = keras_tuner.oracles.GridSearchOracle(
        objective=keras_tuner.Objective("score", "max"), max_trials=6, hyperparameters=hp, seed=0
    )
    made._set_project_dir(folder, "grid")
    return made


def trials(oracle, count):
    """Run up to `count` trials; return the values."""
    values = []
    for _ in range(count):
        trial = oracle.create_trial("tuner0")
        if trial.status != "RUNNING":
            break
        values.append(trial.hyperparameters.values["units"])
        oracle.update_trial(trial.trial_id, {"score": values[-1]})
        trial.status = "COMPLETED"
        oracle.end_trial(trial)
    return values


def main():
    """Run both searches."""
    whole = trials(oracle_in(tempfile.mkdtemp()), 6)
    folder = tempfile.mkdtemp()
    first = oracle_in(folder)
    values = trials(first, 3)
    first.save()
    second = oracle_in(folder)
    second.reload()
    values += trials(second, 6)
    print(f"keras-tuner {keras_tuner.__version__}: without a reload {whole}, with a reload after three trials {values}")


if __name__ == "__main__":
    main()
