"""What cannot be traced fails at its line, with one sentence that says what to write instead."""

# ruff: noqa: PT011, PT017 (some may be refused or right; and NumPy's own words are compared)

import math
import re
import traceback
import warnings

import numpy as np
import pytest
import scipy.special

import graphtrace as gt

X = np.array([1.0, 2.0, 3.0])
HERE = __file__


def message_of(error):
    text = str(error)
    assert "\n" not in text, "one sentence stands on one line"
    assert not re.search(r"[^.]\.$", text), (
        "a message is one sentence without a full stop, as Python's are"
    )
    return text


def failure(f, *args, error=gt.TraceError, **kwargs):
    """The message with which tracing `f` fails; `gt.grad` must fail with the same."""
    with pytest.raises(error) as info:
        gt.trace(f, *args, **kwargs)
    return message_of(info.value)


def at(f, offset=1):
    """The place of a line of `f` as a message gives it."""
    return f"{f.__name__}(), {HERE} line {f.__code__.co_firstlineno + offset}: "


def says(message, place, *parts):
    assert message.startswith(place), f"{message!r} should start with {place!r}"
    for part in parts:
        assert part in message, f"{message!r} should say {part!r}"


def test_a_bare_backward_without_any_output_says_that_there_is_none():
    with pytest.raises(gt.ArgumentError) as info:
        gt.trace(lambda x: None, 1.0).backward()
    message = message_of(info.value)
    assert "()" not in message.removeprefix("f()"), "an empty list of outputs is no choice"


# -- Arguments -------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("no_function", [3.0, "J", None, [J]])
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


# -- What cannot be intercepted --------------------------------------------------------------------


def test_an_unsupported_numpy_function_is_named_with_its_line_and_its_source():
    def f(x):
        m = np.busday_count(x, x)
        return np.sum(m)

    message = failure(f, X, error=gt.NoDerivative)
    says(
        message,
        at(f),
        "np.busday_count has no derivative rule",
        "float64[3]",
        "np.busday_count(x, x)`",
        "write it with",
    )


def test_an_unsupported_ufunc_is_named():
    def f(x):
        return np.sum(scipy.special.struve(1.0, x))

    says(
        failure(f, X, error=gt.NoDerivative), at(f), ": struve has", "scipy.special.struve(1.0, x)"
    )


def test_adding_at_places_of_a_plain_array_is_refused():
    def f(x):
        out = np.zeros(3)
        np.add.at(out, [0, 0, 1], x)
        return np.sum(out)

    says(failure(f, X), at(f, 2), "np.add.at")


def test_grad_gives_the_same_error_as_trace():
    def f(x):
        return np.sum(np.busday_count(x, x))

    with pytest.raises(gt.NoDerivative) as info:
        gt.grad(f)(X)
    assert str(info.value) == failure(f, X)


def test_math_sin_says_to_write_np_sin():
    def f(x):
        return math.sin(x) * 2

    says(failure(f, 1.0), at(f), "`math.sin(x)`", "write np.sin(...) instead")


def test_a_function_imported_from_math_is_named():
    from math import exp

    def f(x):
        return exp(-x) * 2

    says(failure(f, 1.0), at(f), "`exp(-x)`", "np.exp")


@pytest.mark.parametrize(
    ("name", "numpy_name"),
    [
        ("pow", "power"),
        ("asin", "arcsin"),
        ("fabs", "fabs"),
        ("hypot", "hypot"),
        ("atan2", "arctan2"),
    ],
)
def test_what_math_calls_otherwise_is_called_as_numpy_has_it(name, numpy_name):
    function = getattr(math, name)
    arguments = {"pow": 2, "hypot": 2, "atan2": 2}.get(name, 1)
    namespace = {"math": math}
    exec(f"f = lambda x: math.{name}({', '.join('x' * arguments)})", namespace)
    with pytest.raises(gt.TraceError) as info:
        gt.trace(namespace["f"], 0.5)
    assert function is not None
    suggested = re.search(r"np\.(\w+)", message_of(info.value))
    assert suggested is None or hasattr(np, suggested[1])


def test_float_says_to_leave_the_conversion_out():
    def f(x):
        return float(x) * 2

    says(failure(f, 1.0), at(f), "`float(x)`", "leave")


def test_a_float_format_is_no_loss():
    def f(x):
        assert f"{x:.2f}" == "1.00"
        assert str(x)
        return x * 2

    assert gt.trace(f, 1.0).value == 2.0


def test_complex_of_a_traced_value_is_refused():
    def f(x):
        return complex(x)

    says(failure(f, 1.0), at(f), "complex")


def test_np_array_with_a_dtype_says_to_write_np_stack():
    def f(x, y):
        return np.sum(np.array([x, y], dtype=float))

    says(failure(f, 1.0, 2.0), at(f), "`np.array([x, y], dtype=float)`", "np.stack([...])")


def test_np_array_of_traced_scalars_works():
    def f(x, y):
        return np.sum(np.array([x, y]) ** 2)

    assert gt.trace(f, 1.0, 2.0).backward() == {"x": 2.0, "y": 4.0}


@pytest.mark.parametrize("function", ["np.asarray(x)", "np.array(x)", "np.asanyarray(x)"])
def test_np_asarray_of_a_traced_array_works_or_says_to_leave_it_out(function):
    namespace = {"np": np}
    exec(f"def f(x):\n    return np.sum({function} * x)", namespace)
    try:
        g = gt.trace(namespace["f"], X)
    except gt.TraceError as error:
        assert "would lose the trace" in message_of(error)
    else:
        assert g.value == 14.0
        np.testing.assert_array_equal(g.backward()["x"], 2 * X)


def test_np_asarray_names_itself():
    def f(x):
        return np.sum(np.asarray(x))

    says(failure(f, X), at(f), "`np.asarray(x)`", "leave np.asarray out")


def test_np_asarray_of_a_traced_scalar_keeps_the_trace():
    def f(x):
        return np.sum(np.asarray(x) * 2)

    assert gt.trace(f, 3.0).backward() == {"x": 2.0}


@pytest.mark.parametrize(
    "store",
    [
        "out[0] = x",
        "out[:] = x",
        "out[1:2] = x",
        "out[[0, 1]] = x",
        "out[out == 0] = x",
        "out[0] += x",
    ],
)
def test_storing_into_a_plain_array_says_to_collect_and_stack(store):
    source = f"def f(x):\n    out = np.zeros(3)\n    {store}\n    return np.sum(out)\n"
    import linecache

    name = f"<store {store}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    namespace = {"np": np}
    exec(compile(source, name, "exec"), namespace)
    says(
        failure(namespace["f"], 2.0),
        f"f(), {name} line 3: ",
        f"`{store}`",
        "stores a traced value into a plain array",
        "np.stack",
    )


def test_storing_a_traced_array_into_a_plain_array_is_refused():
    def f(x):
        out = np.zeros((2, 3))
        out[0] = x * 2
        return np.sum(out)

    says(failure(f, X), at(f, 2), "`out[0] = x * 2`", "np.stack")


def test_a_loop_that_fills_a_plain_array_is_refused_by_grad_too():
    def f(x):
        out = np.zeros(3)
        for i in range(3):
            out[i] = x[i] ** 2
        return np.sum(out)

    with pytest.raises(gt.TraceError) as info:
        gt.grad(f)(X)
    says(message_of(info.value), at(f, 3), "`out[i] = x[i] ** 2`")


def test_adding_in_place_to_a_plain_array_is_refused():
    def f(x):
        out = np.zeros(3)
        out += x
        return np.sum(out)

    says(failure(f, X), at(f, 2), "x = x + ...")


def test_out_of_a_ufunc_is_refused():
    def f(x):
        out = np.zeros(3)
        np.exp(x, out=out)
        return np.sum(out)

    says(failure(f, X), at(f, 2), "out")


def test_where_of_a_ufunc_is_refused_or_right():
    def f(x):
        return np.sum(np.exp(x, where=np.array([True, True, True])))

    try:
        assert gt.trace(f, X).value == f(X)
    except gt.TraceError as error:
        says(message_of(error), at(f), "where")


def test_dtype_of_a_ufunc_is_kept_or_refused():
    def f(x):
        return np.sum(np.add(x, 1, dtype=np.float32))

    try:
        value = gt.trace(f, X).value
    except gt.TraceError as error:
        says(message_of(error), at(f), "dtype")
    else:
        assert value.dtype == np.float32


def test_a_function_of_an_array_of_traced_and_plain_numbers_says_to_stack():
    def f(x):
        return np.sum(np.exp(np.array([x[0], 1.0])))

    says(failure(f, X.copy()), at(f), "np.stack([...]) instead of np.array([...])")


def test_a_traced_value_is_not_hashable():
    def f(x):
        return {x: 1}[x]

    says(failure(f, 1.0), at(f), "not hashable")


def test_a_cached_function_says_that_a_traced_value_is_not_hashable():
    import functools

    @functools.lru_cache
    def slow(x):
        return x * x

    def f(x):
        return slow(x)

    says(failure(f, 1.0), at(f), "not hashable")


def test_a_traced_scalar_is_not_iterable():
    def f(x):
        a, b = x
        return a + b

    message = failure(f, 1.0, error=TypeError)
    says(message, at(f), "a traced scalar cannot be iterated over")


def test_len_of_a_traced_scalar_is_a_type_error():
    with pytest.raises(TypeError, match="len"):
        gt.trace(lambda x: len(x) * x, 1.0)


def test_a_fraction_is_no_index():
    def f(x, i):
        return x[i]

    says(failure(f, X, 1.5), at(f), "whole number is needed", "1.5", "int(...)")


def test_an_index_out_of_range_is_the_users_own_error_with_a_note():
    def f(x):
        return x[7]

    with pytest.raises(IndexError, match="out of bounds") as info:
        gt.trace(f, X)
    assert any(note.startswith(at(f)) for note in info.value.__notes__)


def test_an_unknown_method_says_what_to_write():
    def f(x):
        return x.relu()

    message = failure(f, X, error=AttributeError)
    says(message, at(f), "no attribute 'relu'")
    assert "np.relu" not in message, "NumPy has no relu"


def test_an_array_method_that_is_missing_points_to_its_function():
    def f(x):
        return sum(x.tolist())

    try:
        assert gt.trace(f, X).value == 6.0
    except (AttributeError, gt.TraceError) as error:
        assert "np.tolist" not in message_of(error), "NumPy has no tolist"


def test_hasattr_works_on_a_traced_value():
    def f(x):
        return x * 2 if hasattr(x, "numpy") else x * 3

    assert gt.trace(f, 1.0).value == 3.0


def test_a_list_of_numbers_and_strings_is_not_taken_for_an_operand():
    with pytest.raises(TypeError):
        gt.trace(lambda x: x + "text", 1.0)


def test_an_object_array_of_plain_things_is_refused_at_its_line():
    def f(x):
        return np.sum(x * np.array([1.0, None, 3.0], dtype=object))

    says(failure(f, X), at(f), "dtype object", "numeric dtype")


def test_the_mean_of_a_list_of_traced_scalars_works_or_fails_at_the_users_line():
    def f(x, y):
        return np.mean([x, y]) + np.array([x, y]).mean()

    try:
        gradient = gt.trace(f, 1.0, 2.0).backward()
    except gt.TraceError as error:
        says(message_of(error), at(f), "np.stack")
    else:
        assert gradient == {"x": 1.0, "y": 1.0}


def test_a_ufunc_of_a_list_of_traced_and_plain_scalars_works_or_says_what_to_write():
    def f(x):
        return np.sum(np.exp(np.array([x, 1.0])))

    try:
        gradient = gt.trace(f, 1.0).backward()
    except gt.TraceError as error:
        says(message_of(error), at(f), "np.stack")
    else:
        assert gradient == {"x": np.exp(1.0)}


def test_np_array_of_traced_arrays_works_or_says_to_write_np_stack():
    def f(x):
        return np.sum(np.array([x, x * x]))

    says(failure(f, X), at(f), "`np.array([x, x * x])`", "np.stack")


def test_np_arange_of_a_whole_parameter_works_or_says_to_write_int():
    def f(n, x):
        return np.sum(np.arange(n) * x)

    try:
        assert gt.trace(f, 3, 2.0).value == 6.0
    except gt.TraceError as error:
        says(message_of(error), at(f), "`np.arange(n)`", "int(n)")


def test_a_conversion_to_a_numpy_float_says_to_leave_it_out():
    def f(x):
        return np.float64(x) * 2

    says(failure(f, 1.0), at(f), "`np.float64(x)`", "leave the conversion out")


def test_nonzero_and_where_of_a_mask_work_or_say_that_they_have_no_rule():
    def f(x):
        return np.sum(x[np.where(x > 1)]) + np.sum(x[np.nonzero(x > 1)[0]])

    try:
        g = gt.trace(f, X)
    except gt.NoDerivative as error:
        says(message_of(error), at(f), "np.where(x > 1)")
    else:
        np.testing.assert_array_equal(g.backward()["x"], [0.0, 2.0, 2.0])


def test_a_deep_copy_of_a_traced_value_works_or_is_refused_by_name():
    import copy

    def f(x):
        return np.sum(copy.deepcopy(x) * x)

    try:
        assert gt.trace(f, X).value == 14.0
    except gt.TraceError as error:
        says(message_of(error), at(f))


def test_the_message_of_a_changed_branch_quotes_the_condition_only():
    def f(x):
        return x if np.isnan(x) else x * 2

    with pytest.raises(gt.BranchChanged, match=r"`np\.isnan\(x\)` was False"):
        gt.trace(f, 1.0).forward(x=np.nan)


# -- Wrong shapes ----------------------------------------------------------------------------------


def test_a_matmul_of_wrong_shapes_is_numpys_error_with_the_place_and_the_shapes():
    def f(W, x):
        return W @ x

    with pytest.raises(ValueError, match="matmul") as info:
        gt.trace(f, np.ones((4, 2)), X)
    (note,) = info.value.__notes__
    says(note, at(f), "W @ x", "float64[4,2], float64[3]")


def test_a_broadcast_of_wrong_shapes_has_the_place_and_the_shapes():
    def f(x, y):
        u = x + y
        return np.sum(u)

    with pytest.raises(ValueError, match="broadcast") as info:
        gt.grad(f)(X, np.ones(4))
    (note,) = info.value.__notes__
    says(note, at(f), "x + y", "float64[3], float64[4]")


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.reshape(x, (2, 2)),
        lambda x: x.reshape(2, 2),
        lambda x: np.concatenate([x, x.reshape(3, 1)]),
        lambda x: np.sum(x, axis=4),
        lambda x: np.dot(x, np.ones(4)),
        lambda x: np.stack([x, x[:2]]),
        lambda x: np.add(x, np.ones(4)),
    ],
    ids=["reshape", "method", "concatenate", "axis", "dot", "stack", "ufunc"],
)
def test_numpys_own_errors_come_through_with_a_note(f):
    with pytest.raises(ValueError) as theirs:
        f(X)
    with pytest.raises(ValueError) as ours:
        gt.trace(f, X)
    assert type(ours.value) is type(theirs.value)
    assert str(ours.value) == str(theirs.value)
    assert any(HERE in note and "float64[3]" in note for note in ours.value.__notes__)


# -- Traces that meet or end -----------------------------------------------------------------------


def test_a_value_leaked_from_grad_is_refused():
    box = []

    def f(x):
        box.append(x)
        return x * x

    gt.grad(f)(3.0)
    with pytest.raises(gt.TraceError) as info:
        box[0] * 2
    says(
        message_of(info.value),
        "test_a_value_leaked_from_grad_is_refused(), ",
        "after its trace had ended",
        "return it",
    )


def test_a_value_leaked_from_trace_is_refused():
    box = []

    def f(x):
        box.append(x)
        return x * x

    gt.trace(f, 3.0)
    with pytest.raises(gt.TraceError, match="after its trace had ended"):
        box[0] * 2


def test_a_value_leaked_from_vjp_is_refused():
    box = []

    def f(x):
        box.append(x)
        return x * x

    _, pullback = gt.vjp(f, 3.0)
    with pytest.raises(gt.TraceError, match="after its trace had ended"):
        np.exp(box[0])
    assert pullback(1.0) == (6.0,)


def test_a_value_leaked_through_an_exception_is_refused():
    box = []

    def f(x):
        box.append(x * 1)
        raise KeyError

    for attempt in (lambda: gt.trace(f, 1.0), lambda: gt.grad(f)(1.0)):
        with pytest.raises(KeyError):
            attempt()
        with pytest.raises(gt.TraceError):
            box[-1] * 2


def test_values_of_two_traces_do_not_mix():
    box = []

    def keep(x):
        box.append(x)
        return x * x

    def f(y):
        return y * box[0]

    gt.grad(keep)(3.0)
    says(failure(f, 2.0), at(f), "two traced values of different traces meet", "return a value")


@pytest.mark.parametrize(
    "mix",
    [
        lambda y, old: old * y,
        lambda y, old: np.multiply(y, old),
        lambda y, old: np.stack([y, old]),
        lambda y, old: y if y < old else old,
        lambda y, old: np.where(y > 0, old, y),
    ],
    ids=["reflected", "ufunc", "stack", "compare", "where"],
)
def test_no_operation_mixes_two_traces(mix):
    box = []

    def keep(x):
        box.append(x)
        return x * x

    gt.trace(keep, 3.0)
    with pytest.raises(gt.TraceError):
        gt.trace(lambda y: mix(y, box[0]), 2.0)


def test_a_leaked_value_is_no_output():
    box = []

    def keep(x):
        box.append(x * 2)
        return x * x

    def f(y):
        y * 100
        return box[0]

    gt.grad(keep)(3.0)
    for attempt in (lambda: gt.trace(f, 2.0), lambda: gt.grad(f)(2.0), lambda: gt.vjp(f, 2.0)):
        with pytest.raises(gt.TraceError):
            attempt()


def test_a_value_of_an_outer_trace_cannot_enter_an_inner_graph():
    def f(x):
        return gt.trace(lambda y: x * y, 2.0).value

    with pytest.raises(gt.GraphtraceError, match="trace"):
        gt.trace(f, 3.0)


def test_a_value_of_an_outer_trace_is_no_output_of_an_inner_graph():
    def f(x):
        return gt.trace(lambda y: x, 2.0).value * x

    with pytest.raises(gt.GraphtraceError, match="trace"):
        gt.grad(f)(3.0)


# -- The user's own exceptions ---------------------------------------------------------------------


def test_an_exception_in_the_function_is_the_users_own_with_the_users_traceback():
    class Mine(Exception):
        pass

    def f(x):
        x * 2
        raise Mine("no")

    for attempt in (lambda: gt.trace(f, 1.0), lambda: gt.grad(f)(1.0), lambda: gt.vjp(f, 1.0)):
        with pytest.raises(Mine, match=r"^no$") as info:
            attempt()
        assert (
            traceback.extract_tb(info.value.__traceback__)[-1].lineno
            == f.__code__.co_firstlineno + 2
        )


def test_division_by_zero_is_pythons_own_error():
    def f(x):
        return 1 / x

    with pytest.raises(ZeroDivisionError) as info:
        gt.trace(f, 0.0)
    assert any(note.startswith(at(f)) for note in info.value.__notes__)


def test_a_value_error_of_the_user_is_not_replaced():
    def f(x):
        try:
            raise gt.TraceError("inner")
        except gt.TraceError as error:
            raise ValueError("mine") from error

    with pytest.raises(ValueError, match="mine"):
        gt.trace(f, 1.0)


def test_a_type_error_of_the_user_about_arguments_is_his_own():
    def f(x):
        return len(3)

    with pytest.raises(TypeError, match="has no len") as info:
        gt.trace(f, 1.0)
    assert not isinstance(info.value, gt.GraphtraceError)


def test_nan_and_infinity_go_through_without_our_warnings():
    def f(x):
        return np.sum(x * x) / x[0]

    x = np.array([np.nan, np.inf, 1.0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        g = gt.trace(f, x)
        assert np.isnan(g.value)
        assert np.isnan(g.backward()["x"]).any()
        assert np.isnan(gt.grad(f)(x)).any()
        assert np.isnan(g.forward())


def test_a_derivative_that_overflows_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert gt.grad(lambda x: x**0.5)(0.0) == np.inf
        assert gt.trace(lambda x: x**0.5, 0.0).backward()["x"] == np.inf
        assert gt.grad(lambda x: np.sum(np.sqrt(x)))(np.zeros(2)).tolist() == [np.inf, np.inf]


def test_the_users_own_warnings_come_through():
    with pytest.warns(RuntimeWarning, match=r"divide by zero"):
        gt.trace(lambda x: np.sum(np.log(x)), np.zeros(2))
    with pytest.warns(RuntimeWarning, match="invalid value"):
        gt.grad(lambda x: np.sqrt(x))(np.float64(-1.0))


def test_a_traced_value_shows_itself():
    seen = []
    gt.trace(lambda x: seen.append(repr(x)) or x * 2, 1.5)
    assert "1.5" in seen[0]
