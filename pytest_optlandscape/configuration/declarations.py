"""Declarations of optimizers with their own signature: the lines of ``optlandscape_adapters``.

A line is ``SPEC = key=value key=value ...``. It states which parameter of the optimizer is the objective, which the
start, where the result is, and so on. This module parses the lines; `optimizers.declaration_adapter` calls the
optimizer. This module imports nothing heavy, because the plugin reads the configuration before any other import.
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
"""The values that an optimizer can receive, and their forms; the first form is the default."""

_READ = ("result", "value", "evaluations", "success")
_METHODS = ("call", "ask", "tell")
_OTHERS = ("maximise", "together", "imports")

KEYS = (*FORMS, *_READ, *_METHODS, *_OTHERS)
"""All keys of a declaration."""

_ARGUMENTS = {"ask": ("rng", "seed"), "tell": ("x", "f", "g", "fg", "pairs"), "call": ()}
"""The arguments that a method may have, besides literals."""

_SPELLINGS = {"maximize": "maximise", "dim": "dimension", "x0": "start", "gradients": "gradient"}
_MAKERS = {"Bounds": ("arrays", "scipy.optimize:Bounds")}


@dataclass(frozen=True)
class Place:
    """The place of a value in an optimizer's call.

    Attributes
    ----------
    kind : str
        ``"parameter"``, ``"position"``, ``"entry"`` (of a dict parameter), ``"attribute"`` or ``"method"`` (of the
        optimizer's object), or ``"nowhere"``.
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
    """A value that an optimizer receives.

    Attributes
    ----------
    what : str
        A key of `FORMS`.
    place : Place
    form : str
        One of its forms; "" if it has none.
    points : int
        For a grid, the number of values of each variable.
    maker : str
        ``module:name`` of a function that makes the value from the form; "" for none.
    factors : tuple of str
        For a budget in iterations, the divisors of evaluations: whole numbers, ``"dim"`` and names of parameters.
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
        For each argument the keyword ("" for a position), the value's name, and the literal if that is None. None
        instead of a tuple means the default form: ``ask()``, ``tell(x, f)`` or ``tell(f)``.
    """

    name: str
    arguments: tuple[tuple[str, str | None, Any], ...] | None = None


@dataclass(frozen=True)
class Path:
    """A path to a value in an optimizer's result, or in the optimizer's object.

    Attributes
    ----------
    of_optimizer : bool
        Whether to begin at the optimizer's object instead of its result.
    steps : tuple of (str, object)
        ``("name", n)`` for an attribute or key, ``("item", k)`` for a position or key, ``("call", None)`` for a call.
    text : str
        The path as written.
    """

    of_optimizer: bool
    steps: tuple[tuple[str, Any], ...]
    text: str


@dataclass(frozen=True)
class Declaration:
    """The declaration of an optimizer's call.

    Attributes
    ----------
    handed : tuple of Handed
    result, value, evaluations, success : Path or None
        Paths to the point, its value, the number of evaluations and the claim of success.
    call : Method or None
        The object's method that minimises.
    ask, tell : Method or None
        The methods that return points and take their values.
    together : str
        Number of single points to ask for before telling: a whole number, or the name of an attribute.
    imports : tuple of str
        Arguments of the spec written as ``"module:name"``, which are replaced by the named object.
    maximise : bool
        Whether the optimizer maximises; then it receives the negative objective.

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
        """Return the entries of a value."""
        return [one for one in self.handed if one.what == what]


def parsed_lines(lines: Iterable[str]) -> dict[str, str]:
    """Parse the lines of ``optlandscape_adapters``.

    Parameters
    ----------
    lines : iterable of str
        Lines ``SPEC = key=value ...``.

    Returns
    -------
    dict
        The text of the declaration for each spec.

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
            raise ValueError(f"optlandscape_adapters: {line!r} is not a string; a line is SPEC = key=value ...")
        place = next((at for at, sign in _outside_brackets(line) if sign == "="), -1)
        spec, text = line[:place].strip(), line[place + 1 :].strip()
        if place < 0 or ":" not in spec:
            raise ValueError(
                f"optlandscape_adapters: {line!r} is not of the form SPEC = key=value ..., such as "
                "'mypackage:minimize = objective=func start=x0'"
            )
        if spec in found:
            raise ValueError(f"optlandscape_adapters: {spec} is declared twice; remove one line")
        try:
            parse_declaration(text)
        except ValueError as error:
            raise ValueError(f"optlandscape_adapters: {spec}: {error}") from None
        found[spec] = text
    return found


def parse_declaration(text: str) -> Declaration:
    """Parse a declaration: words ``key=value``, separated by spaces or commas.

    Raises
    ------
    ValueError
        If a key, form or value is unknown or occurs twice; the message names the nearest known one.

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
                raise ValueError(f"maximise takes no value, got {word!r}; omit it for an optimizer that minimises")
            value = "yes"
        if not value:
            raise ValueError(f"{key} needs a value, such as {key}={_EXAMPLES.get(key, 'NAME')}")
        if key == "imports":
            imports.append(value)
            continue
        if key in others or (key != "budget" and any(one.what == key for one in handed)):
            raise ValueError(f"{key} is declared twice; keep one")
        if key in FORMS:
            handed.append(_handed(key, value))
        else:
            others[key] = _READERS[key](key, value)
    declaration = Declaration(tuple(handed), imports=tuple(imports), **others)
    _check_together(declaration)
    return declaration


def _check_together(declaration: Declaration) -> None:
    """Raise ValueError for keys that exclude each other."""
    if (declaration.ask is None) != (declaration.tell is None):
        lacking, has = ("tell", "ask") if declaration.tell is None else ("ask", "tell")
        raise ValueError(f"{has}= needs {lacking}=, the other method of an ask/tell optimizer")
    if declaration.ask and declaration.call:
        raise ValueError(
            "call= names the method that minimises; an optimizer with ask= and tell= has none; remove call="
        )
    if declaration.ask and declaration.of("objective"):
        raise ValueError("an optimizer with ask= and tell= is told values; remove objective=")
    if declaration.together and not declaration.ask:
        raise ValueError("together= needs ask= and tell=")
    if declaration.of("residuals") and declaration.of("objective"):
        raise ValueError("an optimizer works on the residuals= of a sum of squares or on an objective=, not on both")
    if declaration.of("residuals") and declaration.maximise:
        raise ValueError("residuals= are those of a sum of squares, which is minimised; remove maximise")


_EXAMPLES = {
    "objective": "func", "start": "x0", "bounds": "bounds:pairs", "budget": "maxfev", "seed": "random_state",
    "result": "[0]", "ask": "ask", "tell": "tell(x, f)", "call": "run", "together": "population_size",
}  # fmt: skip


def _outside_brackets(text: str) -> Iterable[tuple[int, str]]:
    """Yield the characters of a text outside brackets and quotes, each with its index."""
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
            raise ValueError(
                f"{what}={text}: the function that makes the value is written module:name, got {':'.join(forms)!r}"
            )
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
    """Parse an argument of a method: a value's name or a literal."""
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
        f"{key}={text}: expected a path in the result ([0], x, best[params]) or in the optimizer (self.best_position)"
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
