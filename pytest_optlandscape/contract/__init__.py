"""The contract: checks that every optimizer of a kind must pass, from every start."""

from __future__ import annotations

from pytest_optlandscape.contract.holding import (
    CHECKS,
    CheckOutcome,
    ContractWarning,
    check_optimizer,
    parametrize_with_checks,
)

__all__ = ["CHECKS", "CheckOutcome", "ContractWarning", "check_optimizer", "parametrize_with_checks"]
