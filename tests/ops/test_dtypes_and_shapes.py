"""A gradient is of its input's shape and dtype, whatever meets whatever, and the caller's own."""

import itertools

import numpy as np
import pytest
from numpy.testing import assert_allclose
from oracles import complex_step, differences

import graphtrace as gt
from graphtrace.graph.linear_map import LinearMap

SHAPES = [(), (1,), (3,), (1, 3), (2, 1), (2, 3), (1, 1), (0,), (2, 0), (2, 1, 3)]
PAIRS = [
    (a, b)
    for a, b in itertools.product(SHAPES, SHAPES)
    if all(m == n or 1 in (m, n) for m, n in zip(a[::-1], b[::-1], strict=False))
]
BINARY = {
    "add": (np.add, lambda a, b: (1 + 0 * a * b, 1 + 0 * a * b)),
    "subtract": (np.subtract, lambda a, b: (1 + 0 * a * b, -1 + 0 * a * b)),
    "multiply": (np.multiply, lambda a, b: (b + 0 * a, a + 0 * b)),
    "divide": (np.divide, lambda a, b: (1 / b + 0 * a, -a / b**2)),
    "power": (np.power, lambda a, b: (b * a ** (b - 1), a**b * np.log(a))),
    "maximum": (np.maximum, lambda a, b: ((a > b) * 1.0, (a < b) * 1.0)),
    "where": (
        lambda a, b: (
            np.where(np.array([True, False, True])[: np.shape(a + b)[-1]], a, b)
            if np.ndim(a + b)
            else np.where(True, a, b)
        ),
        None,
    ),
    "arctan2": (np.arctan2, lambda a, b: (b / (a * a + b * b), -a / (a * a + b * b))),
}


def filled(shape, start=0.3):
    return (np.arange(int(np.prod(shape))) * 0.37 + start).reshape(shape)


def summed_to(g, shape):
    """The sum of `g` over the axes along which an operand of `shape` was broadcast."""
    lead = g.ndim - len(shape)
    g = g.sum(axis=tuple(range(lead)))
    return g.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True).reshape(shape)


@pytest.mark.parametrize(("left", "right"), PAIRS)
@pytest.mark.parametrize("name", [name for name in BINARY if name != "where"])
def test_every_pair_of_shapes_is_summed_back_after_broadcasting(name, left, right):
    f, partials = BINARY[name]
    a, b = filled(left), filled(right, 0.8)
    w = filled(np.broadcast_shapes(left, right), -0.5)
    found = gt.grad(lambda a, b: np.sum(w * f(a, b)), (0, 1))(a, b)
    for g, d, x in zip(found, partials(a, b), (a, b), strict=True):
        assert g.shape == x.shape
        assert_allclose(g, summed_to(np.asarray(w * d), x.shape), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("left", "right"), PAIRS)
@pytest.mark.parametrize("name", BINARY)
def test_every_pair_of_shapes_gives_on_the_graph_what_grad_gives(name, left, right):
    f, _ = BINARY[name]
    a, b = filled(left), filled(right, 0.8)
    found = gt.grad(lambda a, b: np.sum(f(a, b)), (0, 1))(a, b)
    graph = gt.trace(lambda a, b: np.sum(f(a, b)), a, b)
    for g, h in zip(graph.backward().values(), found, strict=True):
        assert g.dtype == h.dtype
        assert np.array_equal(g, h)


@pytest.mark.parametrize(("left", "right"), PAIRS)
def test_a_where_shares_the_adjoint_between_its_choices(left, right):
    a, b = filled(left), filled(right, 0.8)
    shape = np.broadcast_shapes(left, right)
    mask = filled(shape) % 0.8 < 0.4
    ga, gb = gt.grad(lambda a, b: np.sum(np.where(mask, a, b)), (0, 1))(a, b)
    assert_allclose(ga, summed_to(np.where(mask, 1.0, 0.0), left))
    assert_allclose(gb, summed_to(np.where(mask, 0.0, 1.0), right))


def f(x):
    """Something of everything, that is fine for any dtype and shape."""
    y = np.tanh(x) * 2 + np.sqrt(x * x + 1) - x / 3
    return np.sum(np.where(y > 0, y, -y)) + np.sum(np.maximum(x, 0.5) ** 2)


def slope_of(x):
    return differences(f, np.asarray(x, float))


FLOATS = [np.float16, np.float32, np.float64, np.longdouble]
TOLERANCE = {np.float16: 2e-2, np.float32: 1e-5, np.float64: 1e-9, np.longdouble: 1e-9}


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 3), (0,), (2, 0, 3)])
def test_value_and_gradient_keep_the_dtype_and_shape(dtype, shape):
    x = filled(shape).astype(dtype)
    value, g = gt.value_and_grad(f)(x)
    assert isinstance(g, np.ndarray)
    assert (g.shape, g.dtype) == (shape, np.dtype(dtype))
    assert np.result_type(value) == np.result_type(f(x)) == dtype
    assert_allclose(g.astype(float), slope_of(x), rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])
    graph = gt.trace(f, x)
    (h,) = graph.backward().values()
    assert h.dtype == dtype
    assert np.array_equal(g, h)


@pytest.mark.parametrize("dtype", FLOATS)
def test_a_numpy_scalar_has_a_gradient_of_its_type(dtype):
    value, g = gt.value_and_grad(f)(dtype(0.3))
    assert type(g) is dtype
    assert np.result_type(value) == dtype
    assert float(g) == pytest.approx(float(slope_of(0.3)), rel=TOLERANCE[dtype])
    assert gt.trace(f, dtype(0.3)).backward() == {"x": g}


@pytest.mark.parametrize("x", [0.3, 1, -2])
def test_a_python_number_has_a_float_for_a_gradient(x):
    g = gt.grad(f)(x)
    assert type(g) is float
    assert g == pytest.approx(float(slope_of(x)))
    assert type(gt.trace(f, x).backward()["x"]) is float


def test_longdouble_is_not_rounded_to_double():
    if np.finfo(np.longdouble).eps == np.finfo(np.float64).eps:
        pytest.skip("longdouble is double here")
    x = np.array([np.longdouble(1) / 3, np.longdouble(2) / 7])
    eps = np.finfo(np.longdouble).eps
    for f, right in [
        (np.sin, np.cos(x)),
        (np.tanh, 1 - np.tanh(x) ** 2),
        (np.exp, np.exp(x)),
        (lambda x: x**3, 3 * x**2),
        (np.log, 1 / x),
    ]:
        found = gt.grad(lambda x, f=f: np.sum(f(x)))(x)
        assert np.max(abs(found - right)) < 8 * eps


LAYOUTS = {
    "Fortran order": lambda x: np.asfortranarray(x),
    "transposed": lambda x: np.ascontiguousarray(x.T).T,
    "every second": lambda x: np.repeat(x, 2, axis=1)[:, ::2],
    "reversed": lambda x: x[::-1, ::-1].copy()[::-1, ::-1],
    "broadcast": lambda x: np.broadcast_to(x[:1], x.shape),
    "big-endian": lambda x: x.astype(">f8"),
    "little-endian": lambda x: x.astype("<f8"),
    "unaligned": lambda x: (
        np.frombuffer(b"\0" + x.tobytes(), np.uint8)[1:].view(x.dtype).reshape(x.shape)
    ),
}


def read_only(x):
    x = x.view()
    x.flags.writeable = False
    return x


@pytest.mark.parametrize("layout", [*LAYOUTS, "read-only"])
@pytest.mark.parametrize(
    "f",
    [
        f,
        lambda x: np.sum(np.reshape(x, (3, 2)) ** 3),
        lambda x: np.sum(np.ravel(x, order="F")[1:] ** 3),
        lambda x: np.sum((x @ x.T)[0] ** 2) + np.sum(x[:, 1] * x[:, -1]),
        lambda x: np.sum(np.cumsum(x) ** 2) + np.prod(x) + np.sum(np.var(x, axis=0)),
    ],
    ids=["elementwise", "reshape", "ravel F", "matmul and slices", "reductions"],
)
def test_the_layout_in_memory_does_not_matter(layout, f):
    plain = filled((2, 3))
    x = (LAYOUTS.get(layout) or read_only)(plain)
    before = x.copy()
    value, g = gt.value_and_grad(f)(x)
    assert_allclose(value, f(x))
    assert_allclose(g, differences(f, np.array(x, float)), rtol=1e-9)
    assert g.dtype == x.dtype
    assert np.array_equal(x, before)
    assert_allclose(gt.trace(f, x).backward()["x"], g)
    directions = np.arange(1.0, 7).reshape(2, 3)
    hvp = gt.grad(lambda x: np.sum(gt.grad(f)(x) * directions))(x)
    slopes = differences(lambda x: gt.grad(f)(x), np.array(x, float))
    assert_allclose(hvp, np.tensordot(directions, slopes, 2), rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("order", ["A", "K"])
@pytest.mark.parametrize("ravel", [np.ravel, lambda x, order: x.flatten(order)])
@pytest.mark.parametrize("layout", [np.ascontiguousarray, np.asfortranarray])
def test_an_array_raveled_as_it_lies_in_memory_has_its_gradient_in_place(order, ravel, layout):
    x, w = layout(filled((2, 3))), np.arange(6.0)
    value, g = gt.value_and_grad(lambda x: np.sum(w * ravel(x, order=order)))(x)
    assert value == np.sum(w * ravel(x, order=order))
    assert_allclose(g, w.reshape(2, 3, order="F" if layout is np.asfortranarray else "C"))


def own(g):
    return g.flags.writeable and g.flags.owndata


ALIASING = {
    "the sum's adjoint": lambda a, b: np.sum(a + b),
    "the same adjoint twice": lambda a, b: np.sum(a) + np.sum(b),
    "a view of the other": lambda a, b: np.sum(a.T @ b),
    "the other itself": lambda a, b: np.sum(a * b),
    "a constant": lambda a, b: np.sum(a * 2.0 + b * np.ones(3)),
    "unused": lambda a, b: np.sum(a),
    "reshaped": lambda a, b: np.sum(np.reshape(a, -1) * np.reshape(b, -1)),
    "copied": lambda a, b: np.sum(np.copy(a) + b[:]),
}


@pytest.mark.parametrize("name", ALIASING)
@pytest.mark.parametrize("of", ["grad", "graph", "vjp"])
def test_a_gradient_shares_memory_with_nothing(name, of):
    f = ALIASING[name]
    a, b = filled((2, 3)), filled((2, 3), 0.8)
    seed = np.float64(1.0)
    if of == "grad":
        found = gt.grad(f, (0, 1))(a, b)
    elif of == "vjp":
        found = gt.vjp(f, a, b)[1](seed)
    else:
        graph = gt.trace(f, a, b)
        found = tuple(graph.backward().values())
    assert all(map(own, found))
    assert not np.shares_memory(*found)
    for g, x in itertools.product(found, (a, b)):
        assert not np.shares_memory(g, x)


def test_a_pullback_does_not_hand_out_the_adjoint_it_was_given():
    w = np.ones(3)
    _, pullback = gt.vjp(lambda x, y: x + y, np.zeros(3), np.zeros(3))
    g, h = pullback(w)
    assert not np.shares_memory(g, w)
    assert not np.shares_memory(g, h)


def test_the_nodes_of_a_graph_do_not_share_their_gradients():
    graph = gt.trace(lambda x: np.sum((x + 1.0).T + np.zeros(3)[:, None]), filled((2, 3)))
    graph.backward()
    grads = [graph.nodes[key]["grad"] for key in graph if np.ndim(graph.nodes[key]["grad"])]
    for g, h in itertools.combinations(grads, 2):
        assert not np.shares_memory(g, h)
    assert all(map(own, grads))


def test_the_same_array_given_twice_has_two_gradients():
    x = filled((3,))
    g, h = gt.grad(lambda a, b: np.sum(a * a * b), (0, 1))(x, x)
    assert_allclose(g, 2 * x * x)
    assert_allclose(h, x * x)


@pytest.mark.parametrize(
    ("a", "b"),
    list(itertools.permutations([np.float32, np.float64, np.float16], 2)),
    ids=lambda t: t.__name__,
)
@pytest.mark.parametrize("shapes", [((3,), (3,)), ((), (3,)), ((2, 3), (3,)), ((), ())])
def test_each_of_two_dtypes_keeps_its_own(a, b, shapes):
    x, y = filled(shapes[0]).astype(a), filled(shapes[1], 0.8).astype(b)
    g, h = gt.grad(lambda x, y: np.sum(np.tanh(x * y) + x / y), (0, 1))(x, y)
    assert (g.dtype, g.shape) == (a, x.shape)
    assert (h.dtype, h.shape) == (b, y.shape)
    (k, m) = gt.trace(lambda x, y: np.sum(np.tanh(x * y) + x / y), x, y).backward().values()
    assert np.array_equal(g, k)
    assert np.array_equal(h, m)
    assert (k.dtype, m.dtype) == (a, b)


@pytest.mark.parametrize("join", [np.concatenate, np.stack, np.hstack, np.vstack])
def test_a_joined_float32_part_has_a_float32_gradient(join):
    x, y = np.ones(3, np.float32), np.ones(3)
    g, h = gt.grad(lambda x, y: np.sum(join([x, y]) ** 2), (0, 1))(x, y)
    assert (g.dtype, h.dtype) == (np.float32, np.float64)


@pytest.mark.parametrize("constant", [2, 2.0, np.float32(2), np.array([2, 3, 4]), True])
def test_a_constant_of_another_kind_beside_float32(constant):
    x = filled((3,)).astype(np.float32)
    value, g = gt.value_and_grad(lambda x: np.sum(x * constant))(x)
    assert g.dtype == np.float32
    assert np.result_type(value) == np.sum(x * constant).dtype
    assert_allclose(g, np.broadcast_to(constant, 3))


def test_no_gradient_passes_through_whole_numbers():
    x = np.array([0.3, 1.7])
    for whole in (
        lambda x: x.astype(int),
        lambda x: np.prod(x.astype(int)),
        lambda x: np.sum(x, dtype=int),
        np.argsort,
        np.isnan,
    ):
        assert_allclose(gt.grad(lambda x, w=whole: np.sum(w(x) * 1.0))(x), [0.0, 0.0])


def test_a_cast_to_float32_and_back_passes_the_gradient():
    x = filled((3,))
    g = gt.grad(lambda x: np.sum(x.astype(np.float32).astype(float) ** 2))(x)
    assert g.dtype == float
    assert_allclose(g, 2 * x, rtol=1e-6)


def test_an_integer_array_beside_a_traced_one_is_a_constant():
    n = np.array([1, 2, 3])
    graph = gt.trace(lambda x, n: np.sum(x * n), filled((3,)), n)
    gradients = graph.backward()
    assert_allclose(gradients["x"], n)
    assert gradients["n"] is None


def test_an_integer_array_stays_one_when_it_is_clipped_on_one_side():
    x = filled((3,))
    graph = gt.trace(lambda x, n: x[np.clip(n, None, 1)], x, np.array([0, 1, 2]))
    assert_allclose(graph.value, x[[0, 1, 1]])


def test_the_gradient_of_an_integer_array_is_refused_by_name():
    def weigh(n):
        return np.sum(n)

    with pytest.raises(gt.ArgumentError, match=r"parameter n of weigh\(\) .* carries no gradient"):
        gt.grad(weigh)(np.array([1, 2]))


EMPTY = {
    "sum": np.sum,
    "prod": np.prod,
    "sum of a product": lambda x: np.sum(x * x),
    "sum over an axis": lambda x: np.sum(np.sum(x, axis=0)),
    "concatenate": lambda x: np.sum(np.concatenate([x, x])),
    "slice": lambda x: np.sum(x[:0]),
    "reshape": lambda x: np.sum(np.reshape(x, (0, 5))),
    "cumsum": lambda x: np.sum(np.cumsum(x)),
    "matmul": lambda x: np.sum(x @ x.T),
    "max along the other axis": lambda x: np.sum(np.max(x, axis=1)),
    "var along the other axis": lambda x: np.sum(np.var(x, axis=1)),
    "mean along the other axis": lambda x: np.sum(np.mean(x, axis=1)),
    "flip": lambda x: np.sum(np.flip(x)),
    "tile": lambda x: np.sum(np.tile(x, 2)),
    "where": lambda x: np.sum(np.where(x > 0, x, 0)),
    "mask": lambda x: np.sum(x[x > 0]),
}


@pytest.mark.parametrize("name", EMPTY)
def test_an_empty_array_has_an_empty_gradient(name):
    x = np.zeros((0, 3))
    value, g = gt.value_and_grad(EMPTY[name])(x)
    assert value == EMPTY[name](x)
    assert g.shape == (0, 3)
    (g,) = gt.trace(lambda x: EMPTY[name](x), x).backward().values()
    assert g.shape == (0, 3)


def test_an_empty_mask_gives_zeros():
    assert_allclose(gt.grad(lambda x: np.sum(x[x > 9] ** 2))(np.ones(3)), np.zeros(3))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_linear_map_keeps_the_dtype_of_what_it_maps(dtype):
    graph = gt.trace(lambda W, x: W @ x, filled((2, 3)).astype(dtype), filled((3,)).astype(dtype))
    local = graph.edges["x", "f" if "f" in graph else graph.outputs[0], 1]["local"]
    assert isinstance(local, LinearMap)
    assert (local.shape, local.T.shape) == ((2, 3), (3, 2))
    assert local.to_dense().dtype == dtype
    assert_allclose(local.to_dense(), filled((2, 3)).astype(dtype))
    assert_allclose(local.T.to_dense(), filled((2, 3)).astype(dtype).T)
    assert (np.ones(2, dtype) @ local).dtype == dtype
    assert_allclose(np.ones(2, dtype) @ local, local.T @ np.ones(2, dtype))


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.exp(x) * x**3 - np.sin(x) / (2 + x),
        lambda x: np.cumsum(np.tanh(x)) * np.sum(x),
        lambda x: np.outer(x, x)[0] @ np.stack([x, x * x, np.cos(x)]),
    ],
)
def test_a_complex_step_agrees_to_the_last_bits(f):
    x = filled((3,))
    weights = np.array([0.3, -1.2, 0.7])
    (found,) = gt.vjp(f, x)[1](weights)
    assert_allclose(found, weights @ complex_step(f, x), rtol=1e-13)


X = filled((3,))
MASK = np.array([True, False, True])
KEYWORDS = {
    "sum into out": lambda x: np.sum(x, out=np.empty(())),
    "sum into out, by position": lambda x: np.sum(x, None, None, np.empty(())),
    "max into out": lambda x: np.max(x, 0, np.empty(())),
    "sum where": lambda x: np.sum(x, where=MASK),
    "mean where": lambda x: np.mean(x * x, where=MASK),
    "sum from an initial value": lambda x: np.sum(x, initial=2.0),
    "prod from an initial value": lambda x: np.prod(x, initial=2.0),
    "max from an initial value": lambda x: np.max(x, initial=0.7),
    "var around a given mean": lambda x: np.var(x, mean=np.zeros(1)),
    "cumsum into out": lambda x: np.cumsum(x, out=np.empty(3)),
    "clip into out": lambda x: np.clip(x, 0, 1, np.empty(3)),
    "clip where": lambda x: np.clip(x, 0, 1, where=True),
    "dot into out": lambda x: np.dot(x, x, np.empty(())),
    "outer into out": lambda x: np.outer(x, x, np.empty((3, 3))),
    "concatenate into out": lambda x: np.concatenate([x, x], out=np.empty(6)),
    "stack into out": lambda x: np.stack([x, x], out=np.empty((2, 3))),
    "take into out": lambda x: np.take(x, [0, 1], out=np.empty(2)),
    "exp into out": lambda x: np.exp(x, out=np.empty(3)),
    "exp into out, by position": lambda x: np.exp(x, np.empty(3)),
    "exp where, into out": lambda x: np.exp(x, where=MASK, out=np.zeros(3)),
    "exp of dtype": lambda x: np.exp(x, dtype=np.float64),
    "add into out": lambda x: np.add(x, x, out=np.empty(3)),
    "add of dtype": lambda x: np.add(x, x, dtype=np.float64),
    "add with casting": lambda x: np.add(x, x, casting="same_kind"),
    "matmul of dtype": lambda x: np.matmul(x, x, dtype=np.float64),
    "matmul along axes": lambda x: np.matmul(x[None], x[:, None], axes=[(1, 0), (1, 0), (0, 1)]),
    "maximum.reduce from an initial value": lambda x: np.maximum.reduce(x, initial=0.7),
    "add.reduce into out": lambda x: np.add.reduce(x, out=np.empty(())),
}


@pytest.mark.parametrize("name", KEYWORDS)
def test_a_keyword_is_right_or_refused_in_one_sentence(name):
    f = KEYWORDS[name]
    try:
        value, g = gt.value_and_grad(lambda x: np.sum(f(x)))(X)
    except gt.TraceError as refusal:
        message = str(refusal)
        assert "\n" not in message
        assert "line" in message
        assert ";" in message  # ... and what to write instead
        with pytest.raises(gt.TraceError):
            gt.trace(f, X)
    else:
        assert value == pytest.approx(np.sum(f(X)))
        assert_allclose(g, differences(lambda x: np.sum(f(x)), X), rtol=1e-9, atol=1e-9)


RIGHT = {
    "sum of dtype": (lambda x: np.sum(x, dtype=np.float32), np.ones(3)),
    "sum where everywhere": (lambda x: np.sum(x, where=True), np.ones(3)),
    "sum into no out": (lambda x: np.sum(x, None, None, None, True)[0], np.ones(3)),
    "cumsum of dtype": (lambda x: np.sum(np.cumsum(x, dtype=np.float32)), [3.0, 2.0, 1.0]),
    "stack of dtype": (lambda x: np.sum(np.stack([x, x], dtype=np.float32)), 2 * np.ones(3)),
    "var by position": (lambda x: np.sum(np.var(x, 0, None, None, 1)), X - X.mean()),
    "array by keyword": (
        lambda x: np.sum(np.flip(m=x) * X) + np.sum(np.repeat(a=x, repeats=2)),
        X[::-1] + 2,
    ),
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_keyword_argument_means_what_it_does_in_numpy(name):
    f, right = RIGHT[name]
    value, g = gt.value_and_grad(f)(X)
    assert value == pytest.approx(f(X))
    assert g.dtype == float
    assert_allclose(g, right, rtol=1e-6)
