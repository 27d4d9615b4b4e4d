"""Holding one sound optimizer of each library to the whole contract."""

from pytest_optlandscape.contract import CHECKS
from pytest_optlandscape.contract.holding import hold_to
from pytest_optlandscape.optimizers import get

OTHER_PROCESS = "check_same_run_in_another_process"
"""It imports the library anew, which takes seconds: it is asked of one optimizer of each library, elsewhere."""


def breaches(optimizer):
    """Name the checks, by the words behind ``check_``, whose breach would be an error."""
    found = hold_to(get(optimizer), [name for name in CHECKS if name != OTHER_PROCESS])
    return {one.check.removeprefix("check_"): one.message for one in found if one.is_breach}
