"""A Hypothesis strategy for configurations of a search space."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from pytest_optlandscape.landscapes import Landscape
from pytest_optlandscape.landscapes.spaces import Float, Int, Parameter, Space
from pytest_optlandscape.runs import as_landscape

__all__ = ["configurations"]


def configurations(space: Space | Landscape | str) -> st.SearchStrategy[dict[str, Any]]:
    """Draw configurations of a search space, in which the names of parameters that are not active are absent.

    A failing configuration shrinks parameter by parameter: to the value of the landscape's standard start, or for a
    space alone to the first option, the first level, or the number that is nearest to 0.

    Parameters
    ----------
    space : Space, Landscape or str
        The space, a landscape over one, or its id.

    Returns
    -------
    SearchStrategy
        Of dicts.

    Raises
    ------
    ValueError
        If the landscape is unknown, or has no search space.

    Examples
    --------
    >>> from hypothesis import given
    >>> from pytest_optlandscape import landscapes
    >>> @given(configuration=configurations("jenatton_tree"))
    ... def test_not_below_the_minimum(configuration):
    ...     tree = landscapes.get("jenatton_tree")
    ...     assert tree(tree.space.encode(configuration)) >= tree.fmin
    >>> test_not_below_the_minimum()
    """
    if isinstance(space, Space):
        return _configurations(space, {})
    landscape = as_landscape(space)
    if landscape.space is None:
        raise ValueError(f"{landscape.id} has no search space; draw its points with strategies.starts")
    return _configurations(landscape.space, landscape.space.decode(landscape.x0))


@st.composite
def _configurations(draw: st.DrawFn, space: Space, simplest: dict[str, Any]) -> dict[str, Any]:
    # Values of inactive parameters are drawn, too: Hypothesis would take a configuration with fewer draws for simpler.
    drawn = {name: draw(_values(parameter)) for name, parameter in space.parameters.items()}
    for name, value in simplest.items():
        if draw(_AS_SIMPLE):
            drawn[name] = value
    made = space.assemble(lambda name, parameter: drawn[name])
    return space.decode(space.encode(made))  # as an optimizer evaluates it


_AS_SIMPLE = st.sampled_from([True, False, False, False])


def _values(parameter: Parameter) -> st.SearchStrategy[Any]:
    if isinstance(parameter, Float) and not parameter.step:
        return st.floats(parameter.low, parameter.high)
    if isinstance(parameter, Int) and parameter.step == 1:
        return st.integers(parameter.low, parameter.high)
    return st.sampled_from(range(int(parameter.count))).map(lambda number: _value(parameter, number))


def _value(parameter: Parameter, number: int) -> Any:
    return parameter.decode((number + 0.5) / int(parameter.count))
