"""Files that were cut off, merged badly, edited by hand, or written by somebody who means harm."""

import copy
import json
import random
import re

ODD_VALUES = [
    None, True, False, 0, -1, 1, 2, 10**18, -(10**18), 10**300, 10**400, 0.5, -0.0, 1e308, 1e-320, "", "x", "0", "NaN",
    "inf", "\xe9\u202e\x1b[31m", "\ud800", "a" * 5000, [], [[]], {}, {"a": 1}, ["standard"], {"": {}},
]  # fmt: skip
ODD_TEXTS = [
    "NaN", "Infinity", "-Infinity", "1e999", "9" * 5000, "[" * 10_000, '{"a":' * 3000, "null", '"', "\\", "\x00",
    "\x1b", "\ufeff", "<<<<<<< HEAD\n", "=======\n", ">>>>>>> theirs\n", ",", "}", "]", "-", "1_000", "0x10",
    "\u0663", "+1", "01", '"\\ud800"', "//", "\n\n", "\r", "\t",
]  # fmt: skip


def mutated(text, rng):
    """Change a text in one place or a few, as an accident would."""
    for _ in range(rng.choice([1, 1, 1, 2, 4])):
        text = rng.choice(_ACCIDENTS)(text, rng)
    return text


def _cut(text, rng):
    return text[: rng.randrange(len(text) + 1)]


def _lose(text, rng):
    at = rng.randrange(len(text) + 1)
    return text[:at] + text[at + rng.choice([1, 2, 5, 50, 500]) :]


def _other_character(text, rng):
    at = rng.randrange(max(len(text), 1))
    return text[:at] + rng.choice('0123456789abcxyz-.,:/*!~ "{}[]é') + text[at + 1 :]


def _insert(text, rng):
    at = rng.randrange(len(text) + 1)
    return text[:at] + rng.choice(ODD_TEXTS) + text[at:]


def _other_number(text, rng):
    numbers = list(re.finditer(r"-?\d+(\.\d+)?(e-?\d+)?", text))
    if not numbers:
        return text
    one = rng.choice(numbers)
    new = rng.choice(["0", "-1", "1", "7", "1e5", "1e-300", "nan", "inf", "-", "", "99999999999999999999", *ODD_TEXTS])
    return text[: one.start()] + new + text[one.end() :]


def _lines(text, rng):
    lines = text.splitlines(keepends=True) or [""]
    at, to = rng.randrange(len(lines)), rng.randrange(len(lines))
    what = rng.choice(["lose", "twice", "swap", "move"])
    if what == "lose":
        del lines[at]
    elif what == "twice":
        lines.insert(to, lines[at])
    elif what == "swap":
        lines[at], lines[to] = lines[to], lines[at]
    else:
        lines.insert(to, lines.pop(at))
    return "".join(lines)


_ACCIDENTS = [_cut, _lose, _other_character, _insert, _other_number, _other_number, _lines, _lines]


def damaged(text, seed):
    """Give the bytes of a JSON file after an accident to its text, for an odd seed, or to one of its values."""
    rng = random.Random(seed)
    changed = mutated(text, rng) if seed % 2 else as_json(with_another_value(json.loads(text), rng))
    return changed.encode("utf-8", "surrogatepass")


def with_another_value(content, rng):
    """Replace, remove, add, rename or swap one value of plain JSON; the rest stays valid."""
    content = copy.deepcopy(content)
    places = list(_places(content))
    holder, key = rng.choice(places)
    what = rng.choice(["replace", "replace", "replace", "remove", "add", "rename", "swap"])
    if what == "remove":
        del holder[key]
    elif what == "add" and isinstance(holder, dict):
        holder[rng.choice(["", "x", "schema", "optimizer", "digest", "written_with"])] = rng.choice(ODD_VALUES)
    elif what == "rename" and isinstance(holder, dict):
        holder[rng.choice(["", "x", "beale", "booth", "\x1b[2J", "a" * 300])] = holder.pop(key)
    elif what == "swap":
        other, at = rng.choice(places)
        holder[key], other[at] = copy.deepcopy(other[at]), copy.deepcopy(holder[key])
    elif isinstance(holder[key], str) and rng.random() < 0.7:
        holder[key] = mutated(holder[key], rng)
    else:
        holder[key] = rng.choice(ODD_VALUES)
    return content


def _places(value):
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in items:
        yield value, key
        yield from _places(one)


def as_json(content):
    return json.dumps(content, indent=1)
