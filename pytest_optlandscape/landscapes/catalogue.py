"""The catalogue: finds landscapes by name, id, tags and dimension."""

from __future__ import annotations

import functools
import re
import warnings
from collections.abc import Iterable, Mapping
from importlib.metadata import entry_points
from typing import Any, TypeVar

from pytest_optlandscape.landscapes.definition import DEFINITIONS, Definition, enter
from pytest_optlandscape.landscapes.frozen import set_attributes
from pytest_optlandscape.landscapes.landscape import Landscape
from pytest_optlandscape.landscapes.structure import SUFFIX, Structure, structured
from pytest_optlandscape.landscapes.tags import OF_SEARCH_SPACES, TAGS, parse_tags
from pytest_optlandscape.texts.spelling import unknown_name

__all__ = ["families", "get", "names", "register", "select", "shipped_names", "variants"]

GROUP = "optlandscape.landscapes"
"""The group of entry points by which packages add landscapes."""

_Part = TypeVar("_Part", int | None, str | None)
_structured_form = re.compile(rf"(?P<whole>[^()]+?):{SUFFIX}(\((?P<parts>[^()]*)\))?(:(?P<instance>\d+))?")
_id_form = re.compile(r"(?P<name>[^\[\]:]+)(\[(?P<dim>\d+)\])?(:(?P<variant>[A-Za-z][\w.-]*))?(:(?P<instance>\d+))?")


def register(landscape: Landscape) -> Landscape:
    """Add a landscape of your own to the catalogue.

    Afterwards `get`, `names`, `select` and the marker ``landscapes`` find it. The suites do not change.

    Parameters
    ----------
    landscape : Landscape
        Its name must not be taken.

    Returns
    -------
    Landscape
        The same object.

    Raises
    ------
    TypeError
        If the argument is not a `Landscape`.
    ValueError
        If another landscape has the name, or the name has other characters than letters, digits, ``_``, ``-`` and
        ``.``.

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
        raise ValueError(
            f"a landscape's name must consist of letters, digits, '_', '-' and '.'; got {landscape.name!r}"
        )
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
    _made.pop(landscape.id, None)
    return _keep(landscape)


_made: dict[str, Landscape] = {}


def _keep(landscape: Landscape) -> Landscape:
    """Keep a landscape under its id, by which other processes find it; return the one that is kept."""
    kept = _made.setdefault(landscape.id, landscape)
    if kept is landscape:
        set_attributes(landscape, _found_by=(get, (landscape.id,)))
    return kept


def is_registered(landscape: Landscape) -> bool:
    """Return whether `get` returns this object for its id."""
    return _made.get(landscape.id) is landscape


def remove(name: str) -> None:
    """Remove a landscape that `register` added, with its instances."""
    del DEFINITIONS[name]
    for one in [one for one in _made if re.split(r"[\[:]", one)[0] == name]:
        del _made[one]


def added(given: Any, owner: str) -> list[Landscape]:
    """Add landscapes that a hook or a package gives.

    Parameters
    ----------
    given : Landscape, iterable of Landscape, or None
    owner : str
        Who gives them, for messages.

    Returns
    -------
    list of Landscape
        They are in the catalogue.

    Raises
    ------
    TypeError
        If something is no landscape.
    ValueError
        If a name is taken or not allowed. Then none of them is added.
    """
    several = [given] if isinstance(given, Landscape) else [] if given is None else given
    if isinstance(several, str | Mapping) or not isinstance(several, Iterable):
        raise TypeError(f"{owner} returned {given!r:.80}; expected landscapes, in a list")
    done: list[Landscape] = []
    for landscape in several:
        try:
            done.append(register(landscape))
        except (TypeError, ValueError) as error:
            for one in done:
                remove(one.name)
            raise type(error)(f"{owner}: {error}") from None
    return done


@functools.cache
def _add_those_of_packages() -> None:
    """Add the landscapes of installed packages, once; warn of a package whose landscapes cannot be loaded."""
    for point in entry_points(group=GROUP):
        whose = f"the entry point {point.name} = {point.value} of {point.dist.name if point.dist else 'a package'}"
        try:
            given = point.load()
            added(given() if callable(given) and not isinstance(given, Landscape) else given, whose)
        except Exception as error:
            said = str(error) if str(error).startswith(whose) else f"{whose}: {type(error).__name__}: {error}"
            warnings.warn(f"landscapes cannot be loaded: {said}", stacklevel=4)


def names() -> list[str]:
    """List the names in the catalogue, in its order.

    No two landscapes are the same function. `get` accepts a second name for a few: ``"cube"`` is ``"leon"`` in a larger
    box, and ``"rosenbrock_2"`` is ``"rosenbrock[2]"``.

    Returns
    -------
    list of str

    Examples
    --------
    >>> names()[:3]
    ['beale', 'booth', 'himmelblau']
    """
    _add_those_of_packages()
    return [name for name, definition in DEFINITIONS.items() if ":" not in name and not definition.same_as]


def get(name: str, dim: int | None = None, *, variant: str | None = None, instance: int | None = None) -> Landscape:
    """Return a landscape by name or id.

    Parameters
    ----------
    name : str
        A name such as ``"rosenbrock"``, or an id with its dimension, variant or instance: ``"rosenbrock[10]"``,
        ``"hartmann_3:rounded"``, ``"rosenbrock[10]:3"``. ``":structured"`` is followed by the tensors of a point:
        ``"rosenbrock[6]:structured(kernel=2x2,bias=2)"``; see `Landscape.structured`.
    dim : int, optional
        The dimension of a scalable landscape (default: the one in the id, else the landscape's usual one).
    variant : str, optional
        Another form of the landscape in the literature; see `variants`.
    instance : int, optional
        A numbered instance; see `Landscape.instance`.

    Returns
    -------
    Landscape
        The same object for the same id.

    Raises
    ------
    ValueError
        If there is no such landscape, or it lacks this dimension.

    Examples
    --------
    >>> get("rosenbrock", dim=10)
    landscapes.get('rosenbrock[10]')
    >>> get("beale").minimizers.tolist()
    [[3.0, 0.5]]
    """
    if not isinstance(name, str):
        raise TypeError(f"a landscape's name must be a string, got {type(name).__name__}")
    if f":{SUFFIX}" in name and (form := _structured_form.fullmatch(name)):
        return _get_structured(name, form, dim, variant, instance)
    form = _id_form.fullmatch(name)
    base = form["name"] if form else name
    if form is not None and base not in DEFINITIONS:
        _add_those_of_packages()
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
        return _keep(definition.landscape(dim, number))
    return _made[landscape_id]


def _get_structured(
    name: str, form: re.Match[str], dim: int | None, variant: str | None, instance: int | None
) -> Landscape:
    number = _one_of(name, "instance", _whole(form["instance"]), instance) or 0
    parts = None if form["parts"] is None else Structure.parse(form["parts"])
    made = structured(get(form["whole"], dim, variant=variant), parts).instance(number)
    return _keep(made)


def _whole(digits: str | None) -> int | None:
    return None if digits is None else int(digits)


def _one_of(name: str, what: str, in_name: _Part, given: _Part) -> _Part:
    """Return a part of an id, given in the id or by keyword; if both, they must agree."""
    if in_name is not None and given is not None and in_name != given:
        raise ValueError(f"{name!r} and {what}={given} contradict each other; give one of them")
    return given if in_name is None else in_name


def shipped_names() -> list[str]:
    """List the names that the package ships, without registered ones.

    Examples
    --------
    >>> shipped_names()[0]
    'beale'
    """
    return [name for name in names() if DEFINITIONS[name].family]


def families() -> list[str]:
    """List the families in the catalogue, in its order.

    Examples
    --------
    >>> families()[:2]
    ['classic-2d', 'scalable']
    """
    return list(dict.fromkeys(definition.family for definition in DEFINITIONS.values() if definition.family))


def variants(name: str) -> list[str]:
    """List the other forms of a landscape in the literature.

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
        Names or ids to choose from (default: the whole catalogue; without landscapes over search spaces, unless a tag
        of theirs is among ``tags``).
    tags : str or iterable of str, optional
        Words of `TAGS`; a landscape must have all of them.
    dim : int or iterable of int, optional
        Dimensions; a scalable landscape is returned in each of them.
    exclude : str or iterable of str, optional
        Names, ids or tags to leave out.

    Returns
    -------
    list of Landscape
        In the order of ``ids`` or, without them, of the catalogue. It may be empty.

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
    hidden = frozenset() if ids or wanted & OF_SEARCH_SPACES else frozenset({"search-space"})
    chosen = [
        landscape
        for base in ids or names()
        for landscape in _in_dims(base, dims)
        if not hidden & landscape.tags
        and wanted <= landscape.tags
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
