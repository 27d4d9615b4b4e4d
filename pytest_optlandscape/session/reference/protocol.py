"""The interface of a session's reference: the stored baseline or another revision."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pytest_optlandscape.comparison import LandscapeComparison, OptimizerComparison
from pytest_optlandscape.contract import CheckOutcome
from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.records import LandscapeRecord, RoundingSensitivity
from pytest_optlandscape.report import Wording
from pytest_optlandscape.runs.run import Trace
from pytest_optlandscape.store import Baseline
from pytest_optlandscape.suites.catalogue import Cell

__all__ = ["Note", "Reference"]


@dataclass(frozen=True)
class Note:
    """A line of the terminal summary.

    Attributes
    ----------
    text : str
    is_warning : bool, default False
        Whether the line is printed in yellow.
    is_wrapped : bool, default True
        Whether the line is wrapped to the width of the terminal; a command is not.
    """

    text: str
    is_warning: bool = False
    is_wrapped: bool = True


class Reference(Protocol):
    """The runs with which a session compares its own runs."""

    @property
    def revision(self) -> str:
        """The other revision, as the user named it; "" for the stored baseline."""

    @property
    def baselines(self) -> Mapping[str, Baseline | None]:
        """By spec, the stored baseline before the session; None if there was none."""

    @property
    def is_history_possible(self) -> bool:
        """Whether the session may be recorded in the history."""

    @property
    def has_own_processes(self) -> bool:
        """Whether the reference runs the optimizers in its own processes, so that they need no isolation."""

    @property
    def may_lack_optimizers(self) -> bool:
        """Whether an optimizer that is *new* passes although a baseline is required."""

    def hindrance(self, spec: str) -> str:
        """Return why an optimizer cannot be compared; "" if it can."""

    def measure(self, spec: str, landscape: Landscape) -> LandscapeComparison:
        """Run the cells of a landscape in this process or the reference's own, and compare them."""

    def compare(self, spec: str, record: LandscapeRecord) -> LandscapeComparison:
        """Compare a record that another process of the session measured."""

    def judge(self, spec: str, comparisons: Sequence[LandscapeComparison]) -> OptimizerComparison:
        """Judge an optimizer by the comparisons of its landscapes."""

    def before(self, spec: str, landscape_id: str) -> LandscapeRecord | None:
        """Return the record with which a landscape is compared; None if it is not known yet."""

    def calibration(self, spec: str) -> RoundingSensitivity | None:
        """Return the sensitivity of an optimizer to rounding over all its landscapes."""

    def setting_differs(self, spec: str) -> str:
        """Return how an optimizer's setting differs from the reference's; "" if it does not."""

    def hold(self, spec: str, check: str) -> tuple[CheckOutcome, str | None]:
        """Hold an optimizer to a check of the contract; return the outcome and, if it was run, the reference's."""

    def pack(self, spec: str, landscape_id: str) -> dict[str, Any]:
        """Return the plain values that another process needs to compare a landscape."""

    def unpack(self, plain: Mapping[str, Any]) -> None:
        """Store the values of `pack` from another process."""

    def worker_input(self) -> dict[str, Any]:
        """Return the plain values with which a worker of pytest-xdist makes the same reference."""

    def traces(self, spec: str, cell: Cell, budget: int) -> tuple[Trace | None, Trace]:
        """Run a cell again; return the reference's evaluations, if it can be run, and the present ones."""

    def explanation(self, spec: str, comparison: LandscapeComparison) -> list[str]:
        """Return lines that explain a failure further."""

    def outcome_extras(self, comparisons: Sequence[OptimizerComparison]) -> dict[str, Any]:
        """Return the reference's part of the JSON outcome."""

    def notes(
        self, comparisons: Sequence[OptimizerComparison], wording: Wording, accepted: Collection[str]
    ) -> Iterator[Note]:
        """Yield the reference's lines of the summary; ``accepted`` are the optimizers with a new baseline."""

    def close(self) -> None:
        """End the reference's processes."""
