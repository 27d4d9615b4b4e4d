"""Problems, which count and trace evaluations, and the runs that optimizers make of them."""

from __future__ import annotations

from pytest_optlandscape.runs.execute import Optimizer, execute, execute_all
from pytest_optlandscape.runs.keras_recorder import KerasRecorder
from pytest_optlandscape.runs.lockstep import execute_in_lockstep, execute_together
from pytest_optlandscape.runs.problem import Problem, as_landscape
from pytest_optlandscape.runs.rates import RateInterval, rate_interval
from pytest_optlandscape.runs.recorders import TrainingRecorder, TrainingRun, record_training
from pytest_optlandscape.runs.run import Run, Trace, box_widths, digits_of, feasible, inside
from pytest_optlandscape.runs.watchdog import BudgetExhausted, TimeExhausted

__all__ = [
    "BudgetExhausted",
    "KerasRecorder",
    "Optimizer",
    "Problem",
    "RateInterval",
    "Run",
    "TimeExhausted",
    "Trace",
    "TrainingRecorder",
    "TrainingRun",
    "as_landscape",
    "box_widths",
    "digits_of",
    "execute",
    "execute_all",
    "execute_in_lockstep",
    "execute_together",
    "feasible",
    "inside",
    "rate_interval",
    "record_training",
]
