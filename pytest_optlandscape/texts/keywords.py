"""The error for a keyword that a function does not take, such as one that was renamed."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from pytest_optlandscape.texts.spelling import unknown_name

__all__ = ["refuse_keywords"]


def refuse_keywords(
    function: Callable[..., Any], given: Mapping[str, object], renamed: Mapping[str, str], *, called: str = ""
) -> None:
    """Raise TypeError for a keyword that a function does not take, and name the keyword that it takes instead.

    Parameters
    ----------
    function : callable
    given : mapping of str to object
        The keywords that the function does not take.
    renamed : mapping of str to str
        By each old keyword, the text that follows "use".
    called : str, optional
        The name by which users call the function (default: its own).

    Raises
    ------
    TypeError
        If any keyword is given.

    Examples
    --------
    >>> def search(*, max_examples=100, **others):
    ...     refuse_keywords(search, others, {"evaluations": "budget, the evaluations of each run"})
    >>> search(evaluations=50)
    Traceback (most recent call last):
        ...
    TypeError: search() takes no keyword 'evaluations'; use budget, the evaluations of each run
    >>> search(max_example=50)
    Traceback (most recent call last):
        ...
    TypeError: search(): unknown keyword 'max_example'; did you mean 'max_examples'?
    """
    __tracebackhide__ = True
    called = called or function.__name__
    for name in given:
        if name in renamed:
            raise TypeError(f"{called}() takes no keyword {name!r}; use {renamed[name]}")
        kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
        known = [one.name for one in inspect.signature(function).parameters.values() if one.kind in kinds]
        raise TypeError(f"{called}(): {unknown_name('keyword', name, known)}")
