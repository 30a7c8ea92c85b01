"""Assignment into traced arrays: right, or refused at the line that would be wrong."""

import functools
import textwrap

import numpy as np
import pytest
from checks import agrees_with_differences

import graphtrace as gt
from graphtrace.ops.assign import array, zeros

X = np.array([0.7, -1.2, 0.4, 1.9, -0.3])
M = np.array([[0.3, -0.7, 1.2, 0.8], [-1.1, 0.5, 0.6, -0.2], [0.9, 1.4, -1.3, 0.1]])
V = np.array([1.3, -0.6, 0.8])


def function(body):
    """`f(x, v)` that runs the body on a copy of x and returns x."""
    source = "def f(x, v):\n    x = x * 1.5\n" + textwrap.indent(body, "    ") + "\n    return x"
    names = {"np": np, "zeros": zeros, "array": array}
    exec(source, names)
    return names["f"]


VECTOR = [
    "x[0] = v[1]",
    "x[-1] = x[0] * x[1]",
    "x[1:4] = v",
    "x[1:4] += v",
    "x[1:4] *= v * x[1:4]",
    "x[::2] -= v * v\nx[1] = 3.0",
    "x[...] = v[0]",
    "x[1:] = x[:-1]",
    "x[:2], x[2:4] = x[2:4] * 1, x[:2] * 1",
    "x[[0, 2, 4]] = v",
    "x[[0, 0, 1]] = v",
    "x[np.array([True, False, True, False, True])] = v",
    "x[x > 0] *= 2.0 * v[0]",
    "x[x > 0] = v[0]",
    "x[1:4][None] = v",
    "x[1:4] = v[None]",
    "x[1:4][1:] = v[:2]",
    "x[1:4][0] += v[0]",
    "row = x[1:3]\nrow += v[0]",
    "row = x[1:3]\nrow[0] = v[1]\nrow *= 2",
    "column = x.reshape(5, 1)\ncolumn[2, 0] = v[1]",
    "column = x[None].T\ncolumn[2] += v[1]",
    "same = x\nsame[0] = v[0]",
    "x.fill(v[0])",
    "x.sort()",
    "x.partition(2)\nx.sort()",
    "x.put([0, 2], v)",
    "np.put(x, [1, 3, -1], v[:2])",
    "np.put(x, [7], v[0], mode='wrap')",
    "np.place(x, np.arange(5) > 0, v)",
    "np.putmask(x, np.arange(5) > 1, v)",
    "np.copyto(x, v[0])",
    "np.copyto(x, np.append(v, v[:2]), where=np.arange(5) > 2)",
    "np.put_along_axis(x, np.array([1, 4]), v[:2], 0)",
    "np.add.at(x, [0, 2, 0], v)",
    "np.subtract.at(x, slice(1, 4), v)",
    "y = zeros(5)\nfor i in range(5):\n    y[i] = x[i] * v[i % 3]\nx = y",
    "y = np.zeros_like(x)\ny[1:] = x[1:] * x[:-1]\nx = y",
    "y = np.empty_like(x)\ny[:] = x**2\nx = y",
    "y = np.ones_like(x)\ny[0] = x[1]\nx = y",
    "y = np.full_like(x, v[0])\ny[0] = x[1]\nx = y",
    "y = array([[1.0, 2.0], [3.0, 4.0]])\ny[0] = v[:2]\nx = y",
    "x = array([v[0], 2.0, x[1]])",
]
MATRIX = [
    "x[1] = v[0]",
    "x[:, 1] = v",
    "x[:, 1] *= v",
    "x[1, 2] += v[0]",
    "x[1][2] += v[0]",
    "x[np.ix_([0, 2], [1, 3])] = v[:2]",
    "x[[0, 2], [1, 3]] = v[:2]",
    "for i in range(1, 3):\n    x[i] = x[i - 1] * x[i] + v[0]",
    "for i in range(3):\n    for j in range(4):\n        x[i, j] = x[i, j] * v[i]",
    "x.T[1] = v",
    "np.fill_diagonal(x, v)",
    "np.fill_diagonal(x, v[0])",
    "np.put_along_axis(x, np.array([[1], [0], [2]]), v[:, None], 1)",
]


@pytest.mark.parametrize("body", VECTOR)
def test_assigning_into_a_vector_is_numpys_and_differentiates(body):
    agrees_with_differences(function(body), X, V)


@pytest.mark.parametrize("body", MATRIX)
def test_assigning_into_a_matrix_is_numpys_and_differentiates(body):
    agrees_with_differences(function(body), M, V)


STALE = [
    "view = x[1:]\nx[0] = 2.0\nx = view * 2",
    "view = x[1:]\nx[0] = 2.0\nx = view",
    "first, second = x[:3], x[1:]\nfirst += 1\nx = second * 1",
    "view = x[::-1][1:]\nx *= 2\nx = view + 0",
    "view = np.broadcast_to(x, (2, 5))\nx[0] = v[0]\nx = view * 1",
    "view = np.flip(x)\nview[0] = v[0]\nx = x * 1",
]


@pytest.mark.parametrize("body", STALE)
def test_a_view_that_would_not_show_the_change_is_refused_where_it_is_used(body):
    with pytest.raises(gt.TraceError, match=r"in place while a view of it .* write x = x"):
        gt.trace(function(body), X, V)


def test_a_view_that_is_not_used_again_does_not_stand_in_the_way():
    def f(x):
        y = x * 1
        view = y[1:]
        total = np.sum(view)
        y[0] = total
        return np.sum(y)

    np.testing.assert_array_equal(gt.grad(f)(np.ones(3)), [0.0, 2.0, 2.0])


@pytest.mark.parametrize(
    "body", ["z = np.zeros(3)\nnp.put(z, [0], v[0])", "np.copyto(np.zeros(3), v)"]
)
def test_writing_a_traced_value_into_a_plain_array_says_what_to_make_instead(body):
    with pytest.raises(gt.TraceError, match=r"writes a traced value .* gt.zeros\(shape\)"):
        gt.trace(function(body), X, V)


def test_a_number_has_no_items_to_assign_to():
    with pytest.raises(TypeError, match="no items to assign"):
        gt.trace(function("x[0] = 1.0"), 2.0, V)


def test_the_callers_array_is_left_alone():
    def f(x):
        x[0] = 9.0
        return np.sum(x)

    x = X.copy()
    gt.grad(f)(x)
    np.testing.assert_array_equal(x, X)


def test_an_assigned_item_carries_no_gradient_of_what_was_there():
    def f(x):
        x[0] = 2.0
        return np.sum(x**2)

    np.testing.assert_array_equal(gt.grad(f)(np.array([np.nan, 3.0])), [0.0, 6.0])


def test_of_a_position_written_twice_only_the_last_value_counts():
    def f(v):
        y = zeros(2)
        y[[0, 0]] = v
        return y[0]

    np.testing.assert_array_equal(gt.grad(f)(np.array([1.0, 2.0])), [0.0, 1.0])


def test_an_assignment_is_one_node_with_its_position():
    def f(x):
        y = zeros(3)
        y[1] = x * 2
        return y

    g = gt.trace(f, 2.0)
    assert [g.nodes[key]["label"] for key in g][-1] == "f = [0, 0, 0][1 := v1]"
    np.testing.assert_array_equal(g.forward(x=5.0), [0.0, 10.0, 0.0])


def test_outside_a_trace_zeros_and_array_are_plain():
    assert type(zeros((2, 3), np.float32)) is np.ndarray
    assert zeros((2, 3), np.float32).dtype == np.float32
    assert type(array([1.0, 2.0])) is np.ndarray


def test_an_inner_gradient_of_an_outer_array_keeps_the_two_apart():
    def f(x):
        y = zeros(2)
        y[0] = x * x
        y[1] = gt.grad(lambda t: (t * y[0]) * x)(1.0)
        return np.sum(y)

    assert gt.grad(f)(3.0) == pytest.approx(2 * 3 + 3 * 9)


OPERATIONS = [
    "x[{i}:{j}] = x[{k}]",
    "x[{i}:{j}] *= x[{k}]",
    "x[{k}] = x[{i}] * x[{j}]",
    "x[::2] += x[{k}]",
]


@functools.cache
def program(seed):
    rng = np.random.default_rng(seed)
    lines = []
    for _ in range(8):
        i, j = sorted(rng.choice(5, 2, replace=False).tolist())
        lines.append(str(rng.choice(OPERATIONS)).format(i=i, j=j, k=int(rng.integers(5))))
    return function("\n".join(lines))


@pytest.mark.parametrize("seed", range(10))
def test_a_random_sequence_of_assignments_is_numpys(seed):
    agrees_with_differences(program(seed), np.array([0.9, -1.1, 0.8, 1.2, -0.7]), V, tol=1e-5)


@pytest.mark.parametrize(
    ("ufunc", "index"),
    [
        (np.multiply, [0, 2, 0]),
        (np.maximum, [1, 1, 2]),
        (np.divide, [0, 0, 0]),
        (np.hypot, [2, 0, 1]),
    ],
)
def test_a_ufunc_at_equal_positions_applies_in_turn(ufunc, index):
    def f(x):
        z = x[0] * 1.0
        ufunc.at(z, index, x[1])
        return z

    x = np.array([[0.8, 1.5, 1.4], [0.3, 1.2, 1.9]])
    gt.check_grads(f, (x,))
    assert np.array_equal(gt.trace(f, x).value, f(x))


def test_a_unary_ufunc_at_positions_changes_these_entries():
    def f(a):
        z = a * 1.0
        np.exp.at(z, (0, [1, 1, 0]))
        return z

    a = np.array([[0.2, 0.3], [0.4, 0.5]])
    gt.check_grads(f, (a,))
    assert np.array_equal(gt.trace(f, a).value, f(a))


def test_a_reduction_of_a_ufunc_begins_with_initial():
    gt.check_grads(lambda x: np.subtract.reduce(x[1:], initial=x[0]), (np.ones(4),))


def entries_one_by_one(x):
    total = np.sum(np.tanh(x)) + x[0, 0]
    for i in range(len(x)):
        total = total + np.sum(x[i] * x[-1 - i]) + np.sum(x[[i, i, 0]] ** 2) + x[i, 1] * x[1, i % 2]
    return total + np.sum(x * x)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_entries_read_one_by_one_add_into_one_gradient(dtype):
    x = np.linspace(-1.0, 1.0, 12).reshape(6, 2).astype(dtype)
    gradient = gt.grad(entries_one_by_one)(x)
    step = 1e-30 if dtype is np.float64 else 1e-15
    for index in np.ndindex(x.shape):
        moved = x.astype(complex)
        moved[index] += 1j * step
        exact = entries_one_by_one(moved).imag / step
        assert gradient[index] == pytest.approx(exact, rel=1e-12 if dtype is np.float64 else 1e-5)
    assert gradient.dtype == dtype
    looked_at = gt.trace(entries_one_by_one, x)
    len(looked_at)
    np.testing.assert_array_equal(looked_at.backward()["x"], gradient)


def test_an_entry_of_an_array_without_axes_adds_to_its_other_uses():
    assert gt.grad(lambda x: x[()] * x + 3.0 * x[()])(np.array(2.0)) == 7.0


def test_an_adjoint_that_two_operands_share_is_not_added_into():
    def f(x, y):
        entries = x[0] * 10.0 + np.sum(x[1:])
        z = x + y  # swept first: x and y receive the same array
        return entries + np.sum(z * z)

    dx, dy = gt.grad(f, (0, 1))(np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    np.testing.assert_array_equal(dx, [18.0, 13.0])
    np.testing.assert_array_equal(dy, [8.0, 12.0])
