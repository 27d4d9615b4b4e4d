import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_optlandscape.session.expression_match import read_expression

WORDS = st.sampled_from(["beale", "booth", "scipy:L-BFGS-B", "rosenbrock[10]"])
EXPRESSIONS = st.recursive(
    WORDS.map(lambda word: (word, f"({word!r} in name)")),
    lambda inner: st.one_of(
        inner.map(lambda one: (f"not ({one[0]})", f"(not {one[1]})")),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(
            lambda three: (f"({three[0][0]}) {three[1]} ({three[2][0]})", f"({three[0][1]} {three[1]} {three[2][1]})")
        ),
    ),
)


@given(EXPRESSIONS, st.lists(WORDS))
def test_an_expression_means_what_python_says(expression, words):
    name = "::".join(words)
    assert read_expression(expression[0])(name) == eval(expression[1], {"name": name})


def test_precedence_case_and_words_side_by_side():
    assert read_expression("a or b and not c")("A c")
    assert not read_expression("NOT a b")("b a")
    assert read_expression("a b")("b a")
    assert read_expression("")("anything")


@pytest.mark.parametrize("text", ["and", "a or", "(a", "a)", "not", "()", "a and or b"])
def test_what_is_no_expression(text):
    with pytest.raises(ValueError, match="and, or, not and parentheses"):
        read_expression(text)
