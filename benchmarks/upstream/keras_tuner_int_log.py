"""KerasTuner: a trial's value of Int(1, 256, sampling="log") is 257.

`BayesianOptimization` converts a probability of 1 to a value beyond `max_value`. A layer with 257 units, or an index
past the end of a list, is the consequence. Prints the values that are outside the range.

    pip install keras-tuner keras scikit-learn
"""

import tempfile

import keras_tuner


def main():
    """Ask for 60 trials whose score is best for large values."""
    hp = keras_tuner.HyperParameters()
    hp.Int("units", 1, 256, sampling="log")
    oracle = keras_tuner.oracles.BayesianOptimizationOracle(
        objective=keras_tuner.Objective("score", "max"), max_trials=60, hyperparameters=hp, seed=0
    )
    oracle._set_project_dir(tempfile.mkdtemp(), "units")
    values = []
    for _ in range(60):
        trial = oracle.create_trial("tuner0")
        values.append(trial.hyperparameters.values["units"])
        oracle.update_trial(trial.trial_id, {"score": values[-1]})
        trial.status = "COMPLETED"
        oracle.end_trial(trial)
    outside = [one for one in values if not 1 <= one <= 256]
    print(
        f"keras-tuner {keras_tuner.__version__}: {len(outside)} of {len(values)} values outside 1 to 256: {outside[:5]}"
    )


if __name__ == "__main__":
    main()
