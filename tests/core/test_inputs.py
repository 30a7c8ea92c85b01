"""What is no argument of a transform or a graph is named, with what to pass."""

import numpy as np
import pytest
from core.messages import X, at, failure, message_of, says

import graphtrace as gt


def test_a_bare_backward_without_any_output_says_that_there_is_none():
    with pytest.raises(gt.ArgumentError) as info:
        gt.trace(lambda x: None, 1.0).backward()
    message = message_of(info.value)
    assert "()" not in message.removeprefix("f()"), "an empty list of outputs is no choice"


def J(a, b, c):
    return 3 * (a + b * c)


def test_an_unknown_argument_is_named_with_the_parameters():
    message = failure(J, 5, 3, d=2, error=gt.ArgumentError)
    says(message, "J() ", "(a, b, c)", "'d'")


def test_a_missing_argument_is_named_with_the_parameters():
    message = failure(J, 5, 3, error=gt.ArgumentError)
    says(message, "J() ", "(a, b, c)", "'c'")


def test_too_many_arguments_are_refused_with_the_parameters():
    says(failure(J, 1, 2, 3, 4, error=gt.ArgumentError), "J() ", "(a, b, c)", "too many")


def test_an_argument_given_twice_is_named():
    says(failure(J, 1, 2, 3, a=4, error=gt.ArgumentError), "J() ", "'a'")


@pytest.mark.parametrize("no_function", [3.0, b"J", None, [J]])
def test_what_is_not_callable_is_named(no_function):
    message = failure(no_function, 1.0, error=gt.ArgumentError)
    says(message, "a function is needed", repr(no_function))


def test_grad_of_what_is_not_callable_is_named():
    with pytest.raises(gt.ArgumentError, match="a function is needed"):
        gt.grad(3.0)(1.0)


def test_forward_of_an_unknown_parameter_lists_the_known():
    with pytest.raises(gt.ArgumentError, match=r"^J\(\) has no parameter 'z'; it has a, b, c$"):
        gt.trace(J, 1, 2, 3).forward(z=1)


def test_argnums_out_of_range_say_how_many_arguments_there_were():
    with pytest.raises(gt.ArgumentError, match=r"argument 3 of J\(\), which got 3 positional"):
        gt.grad(J, argnums=3)(1.0, 2.0, 3.0)


def test_grad_with_no_argument_says_so():
    with pytest.raises(gt.ArgumentError, match=r"argument 0 of J\(\), which got 0 positional"):
        gt.grad(J)()


def test_an_integer_array_in_argnums_says_to_pass_floats():
    with pytest.raises(gt.ArgumentError) as info:
        gt.grad(lambda x: np.sum(x))(np.arange(3))
    says(
        message_of(info.value),
        "parameter x of f() ",
        "int64[3]",
        "carries no gradient",
        "astype(float)",
    )


def test_an_integer_leaf_is_named_by_its_path():
    with pytest.raises(gt.ArgumentError, match=r"params\['n'\]"):
        gt.grad(lambda params: params["w"] * 2.0)({"w": 1.0, "n": np.arange(3)})


@pytest.mark.parametrize("flag", [True, "text", None])
def test_a_flag_in_argnums_is_refused(flag):
    with pytest.raises(gt.ArgumentError, match=r"x of f\(\)"):
        gt.grad(lambda x: 1.0)(flag)


def test_a_vector_output_has_no_gradient_and_the_message_says_what_to_do():
    with pytest.raises(gt.ArgumentError) as info:
        gt.grad(lambda x: x * 2)(X)
    says(message_of(info.value), "f() must return a real scalar", "float64[3]", "np.sum", "gt.vjp")


@pytest.mark.parametrize(
    ("f", "kind"),
    [
        (lambda x: None, "None"),
        (lambda x: (x, x), "tuple"),
        (lambda x: {"loss": x}, "dict"),
        (lambda x: "text", "text"),
        (lambda x: [x], "list"),
    ],
    ids=["none", "tuple", "dict", "str", "list"],
)
def test_an_output_that_is_no_number_is_described(f, kind):
    with pytest.raises(gt.ArgumentError) as info:
        gt.grad(f)(1.0)
    says(message_of(info.value), "f() must return a real scalar", kind)


def test_a_complex_output_has_no_gradient():
    with pytest.raises(gt.ArgumentError, match="real scalar"):
        gt.grad(lambda x: x * 1j)(1.0)


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.ma.array([1.0, 2.0], mask=[0, 1]), "MaskedArray"),
        (np.array(["a", "b"]), "<U1"),
        (np.array([1.0, None], dtype=object), "object"),
        (np.matrix([[1.0, 2.0]]), "matrix"),
        (np.array(["2020-01-01"], dtype="datetime64[D]"), "datetime64[D]"),
        (np.zeros(2, dtype=[("a", float)]), "[('a', '<f8')]"),
    ],
    ids=["masked", "str", "object", "matrix", "datetime", "structured"],
)
def test_an_array_that_is_no_plain_array_of_numbers_is_named(array, words):
    message = failure(lambda x: x, array, error=gt.ArgumentError)
    says(message, "parameter x is ", words, "cannot be traced", "pass ")


def test_a_masked_array_in_the_function_is_refused_at_its_line():
    def f(x):
        return np.sum(x * np.ma.array([1.0, 2.0, 3.0], mask=[0, 1, 0]))

    says(failure(f, X), at(f), "MaskedArray", "filled(")


def test_a_matrix_in_the_function_is_refused_or_right():
    def f(x):
        return np.sum(np.matrix([[1.0, 2.0, 3.0]]) * x.reshape(3, 1))

    try:
        value = gt.trace(f, X).value
    except gt.GraphtraceError:
        return
    assert value == f(X)


def test_a_wrong_leaf_in_a_container_is_named_by_its_path():
    message = failure(lambda p: p, {"w": [np.array(["a"])]}, error=gt.ArgumentError)
    says(message, "parameter p['w'][0] ")


def test_tracing_a_traced_value_is_refused():
    def f(x):
        return gt.trace(lambda y: y * 2, x).value

    message = failure(f, 1.0, error=gt.ArgumentError)
    says(message, "parameter y of f() is traced already", "gt.grad")


def test_tracing_inside_a_trace_with_plain_values_works():
    def f(x):
        inner = gt.trace(lambda y: y * y, 3.0)
        return x * inner.value + x * inner.backward()["y"]

    assert gt.trace(f, 2.0).backward() == {"x": 15.0}
