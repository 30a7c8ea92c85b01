"""Python's ints are traced as floats: what a float does not hold is refused, and never false."""

import numpy as np
import pytest

import graphtrace as gt

LOST = 2**53 + 1  # the first whole number that no float holds


def message(f, *args, **how):
    with pytest.raises(gt.GraphtraceError) as caught:
        f(*args, **how)
    text = str(caught.value)
    assert "\n" not in text
    return text


@pytest.mark.parametrize(
    "number",
    [LOST, -LOST, np.int64(2**63 - 1), 10**400, -(10**400), 10**5000],
    ids=lambda n: f"{'-' if n < 0 else ''}{int(n).bit_length()} bits",
)
@pytest.mark.parametrize("transform", [gt.grad, lambda f: lambda *a: gt.trace(f, *a)])
def test_an_argument_that_no_float_holds_is_refused_by_its_name(transform, number):
    text = message(transform(lambda n: n * 1.0), number)
    assert "parameter n is " in text
    assert "float" in text
    assert len(text) < 200


def test_the_argument_is_named_in_its_container():
    assert "d['n'][0]" in message(gt.grad(lambda d: d["n"][0]), {"n": [LOST]})


def test_a_large_number_that_a_float_holds_is_taken():
    assert gt.grad(lambda n: n % 2)(2**53 + 2) == 1.0
    assert gt.trace(lambda n: n * 2, 2**70).value == 2.0**71


def test_another_value_for_the_graph_is_refused_alike():
    graph = gt.trace(lambda n: n * 2, 3)
    assert graph.forward(n=7) == 14
    for number in (LOST, 10**400):
        assert "parameter n is " in message(graph.forward, n=number)


def remainder(n):
    return (n + 1) % 2


def quotient(n):
    return (n + 1) // 3


def generator(n):
    for _ in range(5):
        n = (n * 1103515245 + 12345) % 2**31
    return n * 1.0


@pytest.mark.parametrize(
    ("f", "n", "step"),
    [
        (remainder, 2**53, "9007199254740993 % 2"),
        (quotient, 2**53 + 2, "9007199254740995 // 3"),
        (generator, 42, "1379941429606443960 % 2147483648"),
    ],
)
@pytest.mark.parametrize("transform", [gt.grad, lambda f: lambda *a: gt.trace(f, *a)])
def test_what_is_left_of_a_number_that_was_rounded_is_refused_at_its_line(transform, f, n, step):
    text = message(transform(f), n)
    assert step in text
    assert f"{f.__name__}(), {__file__} line " in text


@pytest.mark.parametrize("n", [5, 2**40, 2**53 - 2])
def test_a_remainder_of_numbers_that_floats_hold_is_that_of_ints(n):
    assert gt.trace(remainder, n).value == remainder(n)
    assert gt.trace(quotient, n).value == quotient(n)


def branch(n):
    return n * 2.0 if n * n + 1 == 2**60 else n * 1.0


def whole(n):
    return int(n * n + 1) * 1.0 * n


@pytest.mark.parametrize("f", [branch, whole])
@pytest.mark.parametrize("transform", [gt.grad, lambda f: lambda *a: gt.trace(f, *a)])
def test_a_decision_that_ints_would_take_otherwise_is_refused_at_its_line(transform, f):
    assert f"{f.__name__}(), {__file__} line " in message(transform(f), 2**30)
    transform(f)(2**20)


def test_a_power_that_is_rounded_as_any_float_is_taken():
    assert gt.grad(lambda n: n**20)(9) == 20 * 9.0**19


@pytest.mark.parametrize("f", [lambda n: n**2000, lambda n: n + 10**400])
def test_a_result_beyond_the_largest_float_is_refused_at_its_line(f):
    text = message(gt.grad(f), 9)
    assert "of whole numbers is more than the largest float" in text
    assert __file__ in text


def test_floats_go_on_as_plain_floats_do():
    assert gt.trace(lambda x: (x + 1) % 2, 2.0**53).value == (2.0**53 + 1) % 2
    with pytest.raises(OverflowError):
        gt.grad(lambda x: x**2000)(9.0)


def test_pythons_round_is_exact_and_numpys_is_numpys():
    assert gt.trace(lambda x: round(x, 2), 8.705).value == round(8.705, 2) == 8.71
    assert gt.trace(lambda x: np.round(x, 2), 8.705).value == np.round(8.705, 2) == 8.7


def test_a_rounded_number_is_replayed_and_printed_as_pythons():
    graph = gt.trace(lambda x: round(x, 2) * x, 8.705)
    assert graph.forward(x=2.675) == round(2.675, 2) * 2.675
    assert graph.compile()(2.675)[0] == round(2.675, 2) * 2.675
    assert "round(x, ndigits=2)" in graph.to_python()
    assert "round(x, 2)" in graph.to_text()


def test_python_rounds_no_arrays():
    with pytest.raises(TypeError, match="__round__"):
        gt.trace(lambda x: round(x, 2), np.ones(2))
