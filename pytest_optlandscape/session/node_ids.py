"""Read the ids of the suite's items among the arguments of pytest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

__all__ = ["NodeIds"]

_ROOT = "optlandscape"


@dataclass(frozen=True)
class NodeIds:
    """The arguments of pytest, with the suite's ids apart.

    Attributes
    ----------
    of_suite : list of str
        The ids of items of the suite, without ``optlandscape::``.
    others : list of str
        The other arguments: files, folders and ids of ordinary tests.
    choose : bool
        Whether the arguments name single tests. Then no item of the suite runs that they do not name.
    """

    of_suite: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    choose: bool = False

    @classmethod
    def of_arguments(cls, arguments: Sequence[str], specs: Sequence[str]) -> NodeIds:
        """Sort the arguments.

        Visual Studio Code replaces the first part of an id by the file of the item. So an id may begin with any file
        if a spec follows.

        Parameters
        ----------
        arguments : sequence of str
        specs : sequence of str
            The optimizers of the session.

        Returns
        -------
        NodeIds

        Examples
        --------
        >>> found = NodeIds.of_arguments(["tests/a.py", "/home/me/solver.py::solver:f::booth"], ["solver:f"])
        >>> found.of_suite, found.others, found.choose
        (['solver:f::booth'], ['tests/a.py'], True)
        >>> NodeIds.of_arguments(["tests/a.py::test_a"], ["solver:f"]).choose
        True
        >>> NodeIds.of_arguments(["tests"], ["solver:f"]).choose
        False
        """
        of_suite: list[str] = []
        others: list[str] = []
        for argument in arguments:
            head, _, rest = argument.partition("::")
            is_of_suite = rest and (head == _ROOT or any(f"{rest}::".startswith(f"{spec}::") for spec in specs))
            if is_of_suite:
                of_suite.append(rest)
            else:
                others.append(argument)
        only_tests = bool(others) and all("::" in other for other in others)
        return cls(of_suite, others, choose=bool(of_suite) or only_tests)
