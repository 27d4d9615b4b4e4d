"""How an optimizer is called that has a signature of its own: the lines of ``optlandscape_adapters``.

A line is ``SPEC = key=value key=value ...``. It says which parameter of the optimizer is the objective, which the
start, where the result is, and so on. This module reads such lines and checks their words;
`optimizers.own_signatures` calls the optimizer. It imports nothing heavy, because the plugin reads the configuration
before anything else is imported.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pytest_optlandscape.texts.spelling import unknown_name

__all__ = ["FORMS", "KEYS", "Declaration", "Handed", "Method", "Path", "Place", "parse_declaration", "parsed_lines"]

_FORM_OF_POINTS = ("array", "named", "keywords", "numbers")

FORMS: dict[str, tuple[str, ...]] = {
    "objective": (*_FORM_OF_POINTS, "batch", "value-and-gradient"),
    "residuals": _FORM_OF_POINTS,
    "gradient": (),
    "jacobian": (),
    "hessian": (),
    "start": ("array", "list", "named", "limited"),
    "bounds": ("rows", "pairs", "arrays", "named", "Bounds", "grid"),
    "lower": ("array", "list"),
    "upper": ("array", "list"),
    "constraints": (),
    "budget": (),
    "seed": ("integer", "positive"),
    "rng": (),
    "dimension": (),
    "callback": (),
}
"""What can be handed to an optimizer, and in which forms; the first is used where none is named."""

_READ = ("result", "value", "evaluations", "success")
_METHODS = ("call", "ask", "tell")
_OTHERS = ("maximise", "together", "imports")

KEYS = (*FORMS, *_READ, *_METHODS, *_OTHERS)
"""All keys of a declaration."""

_ARGUMENTS = {"ask": ("rng", "seed"), "tell": ("x", "f", "g", "fg", "pairs"), "call": ()}
"""What the arguments of a method may be, besides literals."""

_SPELLINGS = {"maximize": "maximise", "dim": "dimension", "x0": "start", "gradients": "gradient"}
_MAKERS = {"Bounds": ("arrays", "scipy.optimize:Bounds")}


@dataclass(frozen=True)
class Place:
    """Where something is handed over.

    Attributes
    ----------
    kind : str
        ``"parameter"``, ``"position"``, ``"entry"`` (of a parameter that is a dict), ``"attribute"`` or ``"method"``
        (of the object that was made), or ``"nowhere"``.
    name : str
        The parameter, attribute or method; a position as digits.
    key : str
        The key of an entry.
    """

    kind: str
    name: str = ""
    key: str = ""


@dataclass(frozen=True)
class Handed:
    """Something that an optimizer is handed.

    Attributes
    ----------
    what : str
        A key of `FORMS`.
    place : Place
    form : str
        One of its forms; "" where it has none.
    points : int
        Of a grid, how many values each variable may take.
    maker : str
        ``module:name`` of what makes the value from the form; "" for none.
    factors : tuple of str
        Of a budget in iterations, what evaluations are divided by: whole numbers, ``"dim"`` and names of parameters.
    """

    what: str
    place: Place
    form: str = ""
    points: int = 0
    maker: str = ""
    factors: tuple[str, ...] = ()


@dataclass(frozen=True)
class Method:
    """A method and its arguments.

    Attributes
    ----------
    name : str
    arguments : tuple of (str, str or None, object)
        Keyword ("" for a position), what is handed, and the literal where that is None. None stands for whatever the
        method's form of old is: ``ask()``, ``tell(x, f)`` or ``tell(f)``.
    """

    name: str
    arguments: tuple[tuple[str, str | None, Any], ...] | None = None


@dataclass(frozen=True)
class Path:
    """Where something stands in what an optimizer returned, or in the optimizer itself.

    Attributes
    ----------
    of_optimizer : bool
        Whether to begin at the object that was made instead of what was returned.
    steps : tuple of (str, object)
        ``("name", n)`` for an attribute or key, ``("item", k)`` for a position or key, ``("call", None)`` for a call.
    text : str
        As it was written.
    """

    of_optimizer: bool
    steps: tuple[tuple[str, Any], ...]
    text: str


@dataclass(frozen=True)
class Declaration:
    """How an optimizer is called.

    Attributes
    ----------
    handed : tuple of Handed
    result, value, evaluations, success : Path or None
        Where the point, its value, the number of evaluations and the claim of success are.
    call : Method or None
        The method that minimises, of an object that is made first.
    ask, tell : Method or None
        Of an optimizer that is asked for points and told their values.
    together : str
        How many single points are asked for before they are told: a whole number, or the name of an attribute.
    imports : tuple of str
        Arguments of the spec that are written ``"module:name"`` and stand for what that names.
    maximise : bool
        Whether the optimizer looks for a maximum: it is handed the negative of the objective.

    Examples
    --------
    >>> one = parse_declaration("objective=func:named budget=n_iter*pop_size maximise result=[0]")
    >>> [(each.what, each.place.name, each.form) for each in one.handed]
    [('objective', 'func', 'named'), ('budget', 'n_iter', '')]
    >>> one.maximise, one.handed[1].factors, one.result.steps
    (True, ('pop_size',), (('item', 0),))
    """

    handed: tuple[Handed, ...] = ()
    result: Path | None = None
    value: Path | None = None
    evaluations: Path | None = None
    success: Path | None = None
    call: Method | None = None
    ask: Method | None = None
    tell: Method | None = None
    together: str = ""
    imports: tuple[str, ...] = field(default_factory=tuple)
    maximise: bool = False

    def of(self, what: str) -> list[Handed]:
        """List the places where something is handed over."""
        return [one for one in self.handed if one.what == what]


def parsed_lines(lines: Iterable[str]) -> dict[str, str]:
    """Read the lines of ``optlandscape_adapters``.

    Parameters
    ----------
    lines : iterable of str
        Each ``SPEC = key=value ...``.

    Returns
    -------
    dict
        By spec, the text of its declaration.

    Raises
    ------
    ValueError
        If a line has another form, a spec occurs twice, or a declaration cannot be read.

    Examples
    --------
    >>> parsed_lines(["solvers:descend(rate=0.1) = objective=func start=x0"])
    {'solvers:descend(rate=0.1)': 'objective=func start=x0'}
    """
    found: dict[str, str] = {}
    for line in lines:
        if not isinstance(line, str):
            raise ValueError(f"optlandscape_adapters: {line!r} is no text; a line is SPEC = key=value ...")
        place = next((at for at, sign in _outside_brackets(line) if sign == "="), -1)
        spec, text = line[:place].strip(), line[place + 1 :].strip()
        if place < 0 or ":" not in spec:
            raise ValueError(
                f"optlandscape_adapters: {line!r} is not of the form SPEC = key=value ..., such as "
                "'mypackage:minimize = objective=func start=x0'"
            )
        if spec in found:
            raise ValueError(f"optlandscape_adapters: {spec} is declared twice; one of the two is enough")
        try:
            parse_declaration(text)
        except ValueError as error:
            raise ValueError(f"optlandscape_adapters: {spec}: {error}") from None
        found[spec] = text
    return found


def parse_declaration(text: str) -> Declaration:
    """Read a declaration: words ``key=value``, separated by spaces or commas.

    Raises
    ------
    ValueError
        If a key, a form or a value is unknown or stands twice; the message names the nearest.

    Examples
    --------
    >>> parse_declaration("objectiv=func")
    Traceback (most recent call last):
        ...
    ValueError: unknown key of an adapter 'objectiv'; did you mean 'objective'? ...
    """
    handed: list[Handed] = []
    others: dict[str, Any] = {}
    imports: list[str] = []
    for word in _words(text):
        key, sign, value = word.partition("=")
        key, value = _SPELLINGS.get(key.strip(), key.strip()), value.strip()
        if key not in KEYS:
            advice = "All keys are in docs/optimizers.md, 'Declared adapters'."
            raise ValueError(unknown_name("key of an adapter", key, KEYS, advice))
        if key == "maximise":
            if sign and value not in ("yes", "true", "True"):
                raise ValueError(f"maximise stands alone, got {word!r}; leave it out for an optimizer that minimises")
            value = "yes"
        if not value:
            raise ValueError(f"{key} needs a value, such as {key}={_EXAMPLES.get(key, 'NAME')}")
        if key == "imports":
            imports.append(value)
            continue
        if key in others or (key != "budget" and any(one.what == key for one in handed)):
            raise ValueError(f"{key} is declared twice")
        if key in FORMS:
            handed.append(_handed(key, value))
        else:
            others[key] = _READERS[key](key, value)
    declaration = Declaration(tuple(handed), imports=tuple(imports), **others)
    _check_together(declaration)
    return declaration


def _check_together(declaration: Declaration) -> None:
    """Refuse what cannot be had together."""
    if (declaration.ask is None) != (declaration.tell is None):
        lacking, has = ("tell", "ask") if declaration.tell is None else ("ask", "tell")
        raise ValueError(f"{has}= needs {lacking}=, the other method of an ask/tell optimizer")
    if declaration.ask and declaration.call:
        raise ValueError("call= names the method that minimises; an optimizer with ask= and tell= has none")
    if declaration.ask and declaration.of("objective"):
        raise ValueError("an optimizer with ask= and tell= is told values; it is handed no objective=")
    if declaration.together and not declaration.ask:
        raise ValueError("together= belongs to ask= and tell=")
    if declaration.of("residuals") and declaration.of("objective"):
        raise ValueError("an optimizer works on the residuals= of a sum of squares or on an objective=, not on both")
    if declaration.of("residuals") and declaration.maximise:
        raise ValueError("residuals= are those of a sum of squares, which is minimised; maximise does not go with it")


_EXAMPLES = {
    "objective": "func", "start": "x0", "bounds": "bounds:pairs", "budget": "maxfev", "seed": "random_state",
    "result": "[0]", "ask": "ask", "tell": "tell(x, f)", "call": "run", "together": "population_size",
}  # fmt: skip


def _outside_brackets(text: str) -> Iterable[tuple[int, str]]:
    """List the characters of a text outside of brackets and quotes, each with its place."""
    depth, quote = 0, ""
    for at, sign in enumerate(text):
        if quote:
            quote = "" if sign == quote and text[at - 1] != "\\" else quote
        elif sign in "'\"":
            quote = sign
        elif sign in "([{":
            depth += 1
        elif sign in ")]}":
            depth -= 1
        elif depth == 0:
            yield at, sign


def _words(text: str) -> list[str]:
    text = re.sub(r"\s*=\s*", "=", text)
    words, before = [], 0
    for at, sign in _outside_brackets(text):
        if sign.isspace() or sign == ",":
            words.append(text[before:at])
            before = at + 1
    return [word for word in [*words, text[before:]] if word]


_PLACES = (
    ("nowhere", re.compile(r"(none)")),
    ("position", re.compile(r"(\d+)")),
    ("parameter", re.compile(r"([^\W\d]\w*)")),
    ("entry", re.compile(r"([^\W\d]\w*)\[['\"]?([\w.-]+)['\"]?\]")),
    ("method", re.compile(r"\.([^\W\d]\w*)\(\)")),
    ("attribute", re.compile(r"\.([^\W\d]\w*)")),
)


def _place(text: str, what: str) -> Place:
    for kind, pattern in _PLACES:
        match = pattern.fullmatch(text)
        if match:
            return Place(kind, *match.groups())
    raise ValueError(
        f"{what}={text}: expected the name of a parameter, its position (0, 1, ...), an entry of a dict "
        "(options[maxfev]), an attribute (.limits), a method (.set_budget()) or none"
    )


def _handed(what: str, text: str) -> Handed:
    place_text, *forms = text.split(":")
    factors: tuple[str, ...] = ()
    if what == "budget":
        place_text, *divisors = place_text.split("*")
        factors = tuple(divisors)
        for one in factors:
            if not re.fullmatch(r"[1-9]\d*|[^\W\d]\w*", one):
                raise ValueError(f"budget={text}: {one!r} is neither a whole number nor the name of a parameter")
    place, known = _place(place_text, what), FORMS[what]
    form, points, maker = (known[0] if known else ""), 0, ""
    if forms:
        first, _, inside = forms[0].partition("(")
        if first in known or len(forms) == 1:
            form, points = _form(what, first, inside)
            forms = forms[1:]
        elif what == "bounds":
            form = "arrays"
        if len(forms) == 2:
            maker = ":".join(forms)
        elif forms:
            raise ValueError(f"{what}={text}: what makes the value is written module:name, got {':'.join(forms)!r}")
        if form in _MAKERS:
            form, maker = _MAKERS[form]
    return Handed(what, place, form, points, maker, factors)


def _form(what: str, name: str, inside: str) -> tuple[str, int]:
    known = FORMS[what]
    if not known:
        raise ValueError(f"{what} has no forms, got {name!r}")
    if name not in known:
        raise ValueError(unknown_name(f"form of {what}", name, known))
    if name != "grid":
        if inside:
            raise ValueError(f"the form {name!r} of {what} takes nothing in brackets")
        return name, 0
    count = inside.removesuffix(")")
    if not (count.isdecimal() and int(count) > 1):
        raise ValueError(f"a grid needs the number of values of each variable, such as {what}=search_space:grid(1001)")
    return name, int(count)


def _method(key: str, text: str) -> Method:
    try:
        parsed: ast.expr = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError):
        raise ValueError(f"{key}={text}: expected the name of a method, such as {key}={_EXAMPLES[key]}") from None
    if isinstance(parsed, ast.Name):
        return Method(parsed.id)
    if not isinstance(parsed, ast.Call) or not isinstance(parsed.func, ast.Name):
        raise ValueError(f"{key}={text}: expected the name of a method, such as {key}={_EXAMPLES[key]}")
    given = [("", one) for one in parsed.args] + [(one.arg or "", one.value) for one in parsed.keywords]
    return Method(parsed.func.id, tuple((name, *_argument(key, node)) for name, node in given))


def _argument(key: str, node: ast.expr) -> tuple[str | None, Any]:
    """Read an argument of a method: the name of what is handed, or a literal."""
    known = _ARGUMENTS[key]
    if isinstance(node, ast.Name):
        if node.id not in known:
            raise ValueError(unknown_name(f"argument in {key}=", node.id, known or ("a literal",)))
        return node.id, None
    try:
        return None, ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError):
        raise ValueError(
            f"{key}=: {ast.unparse(node)} is neither a literal nor one of {', '.join(known) or 'nothing else'}"
        ) from None


def _path(key: str, text: str) -> Path:
    wrong = ValueError(
        f"{key}={text}: expected where it is in what is returned ([0], x, best[params]) or in the optimizer "
        "(self.best_position)"
    )
    try:
        node: ast.expr = ast.parse("_" + text if text[0] in "[." else text, mode="eval").body
    except (SyntaxError, ValueError):
        raise wrong from None
    steps: list[tuple[str, Any]] = []
    while not isinstance(node, ast.Name):
        if isinstance(node, ast.Attribute):
            steps.append(("name", node.attr))
            node = node.value
        elif isinstance(node, ast.Subscript):
            steps.append(("item", _index(node.slice, wrong)))
            node = node.value
        elif isinstance(node, ast.Call) and not node.args and not node.keywords:
            steps.append(("call", None))
            node = node.func
        else:
            raise wrong
    if node.id not in ("_", "self"):
        steps.append(("name", node.id))
    return Path(node.id == "self", tuple(reversed(steps)), text)


def _index(node: ast.expr, wrong: ValueError) -> Any:
    if isinstance(node, ast.Name):
        return node.id
    try:
        index = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError):
        raise wrong from None
    if not isinstance(index, int | str):
        raise wrong
    return index


def _together(key: str, text: str) -> str:
    if not re.fullmatch(r"[1-9]\d*|[^\W\d]\w*", text):
        raise ValueError(f"{key}={text}: expected a whole number or the name of an attribute of the optimizer")
    return text


_READERS: dict[str, Any] = {
    **dict.fromkeys(_READ, _path),
    **dict.fromkeys(_METHODS, _method),
    "together": _together,
    "maximise": lambda key, text: True,
}
