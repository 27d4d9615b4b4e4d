"""The catalogue: landscapes by name, by id and by what they are like."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeVar

from pytest_optlandscape.landscapes.definition import DEFINITIONS, Definition, enter
from pytest_optlandscape.landscapes.frozen import set_attributes
from pytest_optlandscape.landscapes.landscape import Landscape
from pytest_optlandscape.landscapes.structure import SUFFIX, Structure, structured
from pytest_optlandscape.landscapes.tags import TAGS, parse_tags
from pytest_optlandscape.texts.spelling import unknown_name

__all__ = ["families", "get", "names", "register", "select", "shipped_names", "variants"]

_Part = TypeVar("_Part", int | None, str | None)
_structured_form = re.compile(rf"(?P<whole>[^()]+?):{SUFFIX}(\((?P<parts>[^()]*)\))?(:(?P<instance>\d+))?")
_id_form = re.compile(r"(?P<name>[^\[\]:]+)(\[(?P<dim>\d+)\])?(:(?P<variant>[A-Za-z][\w.-]*))?(:(?P<instance>\d+))?")


def register(landscape: Landscape) -> Landscape:
    """Put a landscape of your own into the catalogue.

    From then on it is found by `get`, `names` and `select`, and by the marker ``landscapes``; the suites stay as
    they are.

    Parameters
    ----------
    landscape : Landscape
        Of a name that is not taken.

    Returns
    -------
    Landscape
        The same one.

    Raises
    ------
    TypeError
        If it is no `Landscape`.
    ValueError
        If the name is taken by another landscape or is no plain name.

    Examples
    --------
    >>> from pytest_optlandscape import Landscape, landscapes
    >>> _ = landscapes.register(Landscape(
    ...     "ridge", lambda x: abs(x[0]) + 100 * abs(x[1]), bounds=[(-1, 1)] * 2, x0=[1, 1],
    ...     minimizers=[[0, 0]], fmin=0.0, tags="convex nonsmooth"))
    >>> landscapes.get("ridge").dim
    2
    """
    if not isinstance(landscape, Landscape):
        raise TypeError(f"register takes a Landscape, got {type(landscape).__name__}")
    if not re.fullmatch(r"\w[\w.-]*", landscape.name):
        raise ValueError(f"a landscape's name is made of letters, digits, '_', '-' and '.'; got {landscape.name!r}")
    enter(
        Definition(
            name=landscape.name,
            formula=lambda x, xp: landscape(x),
            bounds=lambda dim: landscape.bounds,
            x0=lambda dim: landscape.x0,
            minimizers=lambda dim: landscape.all_minimizers,
            fmin=lambda dim: landscape.fmin,
            tags=" ".join(sorted(landscape.tags)),
            source=landscape.source,
            dim=landscape.dim,
            dims=range(landscape.dim, landscape.dim + 1),
            make_instance=lambda dim, number: landscape.instance(number),
        )
    )
    set_attributes(landscape, _found_by=(get, (landscape.id,)))
    _made[landscape.id] = landscape
    return landscape


_made: dict[str, Landscape] = {}


def is_registered(landscape: Landscape) -> bool:
    """Tell whether `get` gives this very landscape for its id."""
    return _made.get(landscape.id) is landscape


def names() -> list[str]:
    """List the names of the catalogue, in its order.

    No two landscapes are the same function. A few have a second name, which `get` knows: ``"cube"`` is ``"leon"`` in a
    larger box, ``"rosenbrock_2"`` is ``"rosenbrock[2]"``.

    Returns
    -------
    list of str

    Examples
    --------
    >>> names()[:3]
    ['beale', 'booth', 'himmelblau']
    """
    return [name for name, definition in DEFINITIONS.items() if ":" not in name and not definition.same_as]


def get(name: str, dim: int | None = None, *, variant: str | None = None, instance: int | None = None) -> Landscape:
    """Get a landscape by its name or id.

    Parameters
    ----------
    name : str
        A name such as ``"rosenbrock"``, or an id with its dimension, variant or instance: ``"rosenbrock[10]"``,
        ``"hartmann_3:rounded"``, ``"rosenbrock[10]:3"``. After ``":structured"`` stand the tensors of its point:
        ``"rosenbrock[6]:structured(kernel=2x2,bias=2)"``; see `Landscape.structured`.
    dim : int, optional
        The dimension of a scalable landscape; by default the one in the id or, without it, the usual one.
    variant : str, optional
        Another form of it in the literature; see `variants`.
    instance : int, optional
        A numbered instance; see `Landscape.instance`.

    Returns
    -------
    Landscape
        The same object for the same id.

    Raises
    ------
    ValueError
        If there is no such landscape, or not in this dimension.

    Examples
    --------
    >>> get("rosenbrock", dim=10)
    landscapes.get('rosenbrock[10]')
    >>> get("beale").minimizers.tolist()
    [[3.0, 0.5]]
    """
    if not isinstance(name, str):
        raise TypeError(f"a landscape's name is a string, got {type(name).__name__}")
    if f":{SUFFIX}" in name and (form := _structured_form.fullmatch(name)):
        return _get_structured(name, form, dim, variant, instance)
    form = _id_form.fullmatch(name)
    base = form["name"] if form else name
    if form is None or base not in DEFINITIONS:
        advice = "`landscapes.names()` lists all; an id with a dimension is written 'rosenbrock[10]'."
        raise ValueError(unknown_name("landscape", base, names(), advice))
    dim = _one_of(name, "dim", _whole(form["dim"]), dim)
    variant = _one_of(name, "variant", form["variant"], variant)
    number = _one_of(name, "instance", _whole(form["instance"]), instance) or 0
    if variant is not None and f"{base}:{variant}" not in DEFINITIONS:
        raise ValueError(unknown_name(f"variant of {base}", variant, variants(base)))
    definition = DEFINITIONS[base if variant is None else f"{base}:{variant}"]
    dim = definition.checked_dim(dim)
    landscape_id = definition.id_of(dim, number)
    if landscape_id not in _made:
        made = definition.landscape(dim, number)
        set_attributes(made, _found_by=(get, (landscape_id,)))  # pickled by its id: formulas are sent nowhere
        _made[landscape_id] = made
    return _made[landscape_id]


def _get_structured(
    name: str, form: re.Match[str], dim: int | None, variant: str | None, instance: int | None
) -> Landscape:
    number = _one_of(name, "instance", _whole(form["instance"]), instance) or 0
    parts = None if form["parts"] is None else Structure.parse(form["parts"])
    made = structured(get(form["whole"], dim, variant=variant), parts).instance(number)
    return _made.setdefault(made.id, made)


def _whole(digits: str | None) -> int | None:
    return None if digits is None else int(digits)


def _one_of(name: str, what: str, in_name: _Part, given: _Part) -> _Part:
    """Take what stands in the id or is given beside it; both must agree."""
    if in_name is not None and given is not None and in_name != given:
        raise ValueError(f"{name!r} and {what}={given} contradict each other")
    return given if in_name is None else in_name


def shipped_names() -> list[str]:
    """List the names of the catalogue as it is shipped, without those that were registered.

    Examples
    --------
    >>> shipped_names()[0]
    'beale'
    """
    return [name for name in names() if DEFINITIONS[name].family]


def families() -> list[str]:
    """List the families of the catalogue, in its order.

    Examples
    --------
    >>> families()[:2]
    ['classic-2d', 'scalable']
    """
    return list(dict.fromkeys(definition.family for definition in DEFINITIONS.values() if definition.family))


def variants(name: str) -> list[str]:
    """List the other forms of a landscape that circulate in the literature.

    Examples
    --------
    >>> variants("beale")
    []
    """
    return [key.partition(":")[2] for key in DEFINITIONS if key.startswith(f"{name}:")]


def select(
    *ids: str,
    tags: str | Iterable[str] = (),
    dim: int | Iterable[int] | None = None,
    exclude: str | Iterable[str] = (),
) -> list[Landscape]:
    """Choose landscapes by id, tags and dimension.

    Parameters
    ----------
    *ids : str
        Names or ids to choose from; by default the whole catalogue.
    tags : str or iterable of str, optional
        Tags of `TAGS`; a landscape must have all of them.
    dim : int or iterable of int, optional
        Dimensions; scalable landscapes are given in each of them.
    exclude : str or iterable of str, optional
        Names, ids or tags that are left out.

    Returns
    -------
    list of Landscape
        In the order of the catalogue or of ``ids``; possibly empty.

    Raises
    ------
    ValueError
        If a name or tag is unknown.

    Examples
    --------
    >>> [landscape.id for landscape in select("beale", "booth", "sphere", tags="convex quadratic", dim=2)]
    ['booth', 'sphere[2]']
    """
    wanted = parse_tags(tags)
    without_names, without_tags = _parse_exclude(exclude)
    dims = None if dim is None else [dim] if isinstance(dim, int) else list(dim)
    chosen = [
        landscape
        for base in ids or names()
        for landscape in _in_dims(base, dims)
        if wanted <= landscape.tags
        and not without_tags & landscape.tags
        and not without_names & {landscape.name, landscape.id}
    ]
    return list({landscape.id: landscape for landscape in chosen}.values())


def _in_dims(name: str, dims: list[int] | None) -> list[Landscape]:
    landscape = get(name)
    if dims is None:
        return [landscape]
    definition = DEFINITIONS[re.split(r"[\[:]", name)[0]]
    if "[" in name or not definition.is_scalable:
        return [landscape] if landscape.dim in dims else []
    return [get(name, dim) for dim in dims if dim in definition.dims]


def _parse_exclude(exclude: str | Iterable[str]) -> tuple[set[str], frozenset[str]]:
    words = exclude.split() if isinstance(exclude, str) else list(exclude)
    excluded_names = {word for word in words if word.partition("[")[0] in DEFINITIONS}
    for word in excluded_names:
        get(word)
    try:
        return excluded_names, parse_tags([word for word in words if word not in excluded_names])
    except ValueError:
        wrong = next(word for word in words if word not in excluded_names and word not in TAGS)
        raise ValueError(unknown_name("name or tag to exclude", wrong, [*TAGS, *DEFINITIONS])) from None
