import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_optlandscape.optimizers import Spec, get, parse_spec

literals = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
keys = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True).map(lambda word: f"{word}_")
parts = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.-]{0,12}", fullmatch=True)


@settings(max_examples=50, deadline=None)
@given(parts, parts, st.dictionaries(keys, literals, max_size=3))
def test_what_is_written_is_read(library, name, arguments):
    spec = Spec(library, name, arguments)
    read = parse_spec(str(spec))
    assert read == spec
    assert str(parse_spec(str(read))) == str(read)


def test_parts():
    assert parse_spec("scipy:L-BFGS-B") == Spec("scipy", "L-BFGS-B", {})
    assert parse_spec("a.b.c:d.e()") == Spec("a.b.c", "d.e", {})
    assert parse_spec("  keras : Adam ( learning_rate = -1e-3, name='a:(b' ) ") == Spec(
        "keras", "Adam", {"learning_rate": -1e-3, "name": "a:(b"}
    )


@pytest.mark.parametrize("text", ["", "Powell", ":", "scipy:", ":Powell", "scipy:  ", "scipy:(a=1)"])
def test_other_forms(text):
    with pytest.raises(ValueError, match="is not of the form 'library:Name' or 'library:Name"):
        parse_spec(text)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("a=1", "the bracket after 'f' is not closed"),
        ("a=1,", "the bracket after 'f' is not closed"),
        ("a=)", "cannot read the arguments"),
        ("a=1, a=2)", "a is given twice"),
        ("a=1\0)", "cannot read the arguments"),
        ("1e-3)", "arguments must be written key=value"),
        ("a=1, *b)", "arguments must be written key=value"),
        ("**{'a': 1})", "arguments must be written key=value"),
        ("a=1)(b=2)", "expected one pair of brackets around all arguments"),
        ("a=1).g(b=2)", "expected one pair of brackets around all arguments"),
        ("a=1) + f()", "expected one pair of brackets around all arguments"),
        ("a=1)#)", "cannot read the arguments"),
        ("a=b)", "a=b is not a literal"),
        ("a={[1]: 2})", "is not a literal"),
        ("a=1 + 1)", "a=1 + 1 is not a literal"),
        ("a=__import__('os').getpid())", "a=__import__('os').getpid() is not a literal"),
        ("a=[().__class__])", "is not a literal"),
        ("a=(lambda: 1)())", "is not a literal"),
        ("a=f'{1}')", "is not a literal"),
    ],
)
def test_arguments_that_cannot_be_read(arguments, said):
    with pytest.raises(ValueError, match=re.escape(said)) as caught:
        parse_spec(f"m:f({arguments}")
    assert str(caught.value).startswith(f"optimizer {f'm:f({arguments}'!r}")


def test_no_code_is_run(monkeypatch):
    import os

    monkeypatch.setattr(os, "system", lambda command: pytest.fail("it was run"))
    for text in ("scipy:BFGS(gtol=__import__('os').system('true'))", "os:system(command=open('x').read())"):
        with pytest.raises(ValueError, match="is not a literal"):
            get(text)
