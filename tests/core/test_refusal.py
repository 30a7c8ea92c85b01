"""What cannot be traced fails at its line, with one sentence that says what to write instead."""

# ruff: noqa: PT017 (some may be refused or right; and NumPy's own words are compared)

import math
import re

import numpy as np
import pytest
import scipy.special
from core.messages import X, at, failure, message_of, says

import graphtrace as gt


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


def test_entries_of_a_plain_array_at_a_traced_index_say_gt_array():
    labels = np.array([0, 2, 1])

    def f(y):
        return np.eye(3)[y, :]

    def g(y):
        return gt.array(np.arange(3))[y]

    def h(y):
        return gt.array(np.eye(3))[y, :] + gt.array(np.arange(3), float)[y]

    says(failure(f, labels), at(f), "`np.eye(3)[y, :]` takes", "write gt.array(np.eye(3))[y, :]")
    says(failure(g, labels), at(g), "write gt.array(np.arange(3), float)[y]")
    np.testing.assert_array_equal(gt.trace(h, labels).value, f(labels) + g(labels))


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
