"""Terms are written as a person would, and mean what they meant."""

import pytest

from graphtrace.core.primitive import primitive_named
from graphtrace.formula.printer import text_of
from graphtrace.formula.term import Name, Term, simplified

X = Term(atom=Name("x"))
Y = Term(atom=Name("y"))


def number(value):
    return Term(atom=value)


def applied(name, *operands):
    return simplified(Term(primitive_named(name), operands))


@pytest.mark.parametrize(
    ("term", "text"),
    [
        (applied("multiply", number(0), X), "0"),
        (applied("multiply", number(1), X), "x"),
        (applied("multiply", X, number(1.0)), "x"),
        (applied("multiply", X, number(-1)), "-x"),
        (applied("multiply", X, number(3)), "3*x"),
        (applied("multiply", X, X), "x**2"),
        (applied("multiply", X, Y), "x*y"),
        (applied("add", X, number(0)), "x"),
        (applied("add", number(0), X), "x"),
        (applied("subtract", X, number(0)), "x"),
        (applied("subtract", number(0), X), "0 - x"),
        (applied("power", X, number(1)), "x"),
        (applied("power", number(1), X), "1**x"),
        (applied("divide", X, number(1)), "x"),
        (applied("divide", number(1), X), "1/x"),
        (applied("negative", number(2)), "-2"),
        (applied("negative", applied("negative", X)), "x"),
        (applied("negative", X), "-x"),
        (applied("positive", X), "x"),
        (applied("multiply", applied("nonzero", X), X), "x**2"),
    ],
)
def test_a_term_is_simplified_as_a_person_would_write_it(term, text):
    assert text_of(term) == text


def test_a_long_term_is_not_readable():
    term = X
    for _ in range(50):
        term = applied("add", term, Y)
    assert not term.is_readable
    assert term.operands[0].holds(X)
