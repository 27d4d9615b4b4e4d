"""Assertions: a run converges, is precise, stays feasible; an optimizer is robust; two are alike; one resumes."""

from __future__ import annotations

from pytest_optlandscape.assertions.equivalence import Equivalence, assert_equivalent
from pytest_optlandscape.assertions.resuming import Resumption, assert_resumes
from pytest_optlandscape.assertions.robust import assert_robust
from pytest_optlandscape.assertions.single_run import assert_converges, assert_precise, assert_stays_feasible
from pytest_optlandscape.assertions.tunable import assert_tunable

__all__ = [
    "Equivalence",
    "Resumption",
    "assert_converges",
    "assert_equivalent",
    "assert_precise",
    "assert_resumes",
    "assert_robust",
    "assert_stays_feasible",
    "assert_tunable",
]
