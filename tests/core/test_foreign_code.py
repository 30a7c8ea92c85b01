"""A traced value that gets into code which does not know it: file, line and what to write."""

import cmath
import json
import linecache
import math
import pickle
import statistics
import sysconfig
import types

import numpy as np
import pytest
import scipy.sparse

import graphtrace as gt

X = np.array([1.0, 2.0, 3.0])


def message(f, x):
    """What tracing `f` says, which `gt.grad` says too; it begins with the line beneath `def`."""
    told = []
    for attempt in (lambda: gt.trace(f, x), lambda: gt.grad(f)(x)):
        with pytest.raises(gt.TraceError) as caught:
            attempt()
        told.append(str(caught.value))
    assert told[0] == told[1]
    place = f"f(), {__file__} line {f.__code__.co_firstlineno + 1}: "
    assert told[0].startswith(place)
    return told[0].removeprefix(place)


def installed(source):
    """A module that lies where packages are installed."""
    module = types.ModuleType("elsewhere")
    name = f"{sysconfig.get_path('purelib')}/elsewhere/core.py"
    exec(compile(source, name, "exec"), module.__dict__)
    return module


# What torch does in C: a sentence that names the type, from the line that calls it.
torch = installed(
    "def sin(x):\n"
    "    raise TypeError(\"sin(): argument 'input' (position 1) must be Tensor, not Variable\")\n"
    "def relu(x):\n"
    "    raise TypeError(\"relu(): argument 'input' (position 1) must be Tensor, not Variable\")\n"
    "def tensor(x):\n"
    "    raise RuntimeError('Could not infer dtype of Variable')\n"
)

# What pandas does: it asks for an array, deep inside.
pandas = installed(
    "import numpy as np\n"
    "def sanitize(data):\n"
    "    return np.asarray(data, dtype=float)\n"
    "class Series:\n"
    "    __array_ufunc__ = None\n"
    "    def __mul__(self, other):\n"
    "        return sanitize(other)\n"
    "    __rmul__ = __mul__\n"
    "class Frame:\n"
    "    __array_ufunc__ = None\n"
    "    def __rmul__(self, other):\n"
    "        return other.view()\n"
)


def test_torch_says_the_function_of_numpy():
    def f(x):
        return np.sum(torch.sin(x))

    assert message(f, X) == (
        "`torch.sin(x)` cannot take a traced value (sin(): argument 'input' (position 1) must be "
        "Tensor, not Variable); write np.sin(...)"
    )


def test_what_graphtrace_has_of_that_name_is_proposed_where_numpy_has_none():
    def f(x):
        return np.sum(torch.relu(x))

    assert message(f, X).endswith("; write gt.relu(...)")


def test_a_conversion_to_another_library_s_array_says_what_there_is():
    def f(x):
        return torch.tensor(x)

    assert "Could not infer dtype of Variable); write it with operators and np." in message(f, X)


def test_jax_says_the_function_of_numpy():
    jnp = pytest.importorskip("jax.numpy")

    def f(x):
        return jnp.sum(jnp.sin(x))

    told = message(f, X)
    assert told.startswith("`jnp.sin(x)` cannot take a traced value (")
    assert told.endswith("; write np.sin(...)")


def test_an_array_of_jax_as_an_operand_is_to_be_one_of_numpy():
    jnp = pytest.importorskip("jax.numpy")

    def f(x):
        return np.sum(x * jnp.ones(3))

    assert message(f, X).endswith(
        "; write the other operand as a number or as a NumPy array, np.asarray(...)"
    )


@pytest.mark.parametrize("w", [1.0, X], ids=["number", "array"])
def test_an_operand_of_pandas_names_the_users_line_and_not_that_of_pandas(w):
    series = pandas.Series()

    def f(w):
        return np.sum(w * series)

    assert message(f, w) == (
        "`w * series` hands a traced value to elsewhere, which takes plain arrays and would lose "
        "the trace; write the other operand as a number or as a NumPy array, np.asarray(...)"
    )


def test_an_attribute_that_another_library_looks_for_names_the_users_line():
    frame = pandas.Frame()

    def f(w):
        return np.sum(w * frame)

    assert message(f, X).startswith("`w * frame` cannot take a traced value ('Variable' object has")


def test_np_vectorize_says_whole_arrays_or_stack():
    square = np.vectorize(lambda t: t * t)

    def f(x):
        return np.sum(square(x))

    assert message(f, X) == (
        "`square(x)` takes plain numbers and would lose the trace; write the function with np. "
        "functions and np.where, which take whole arrays, or np.stack([g(t) for t in x])"
    )


@pytest.mark.parametrize("name", ["sum", "mean", "max", "std", "prod", "exp"])
def test_a_list_of_traced_arrays_is_to_be_stacked(name):
    source = f"def f(x):\n    return np.sum(np.{name}((x, x)))\n"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    namespace = {"np": np}
    exec(compile(source, name, "exec"), namespace)
    with pytest.raises(gt.TraceError) as caught:
        gt.trace(namespace["f"], X)
    assert str(caught.value) == (
        f"f(), {name} line 2: `np.{name}((x, x))` would take the traced arrays in the list apart; "
        f"write np.{name}(np.stack((x, x)))"
    )


def test_a_list_that_has_a_name_is_to_be_stacked():
    def f(x):
        return (lambda xs: np.mean(xs))([x, x])

    with pytest.raises(gt.TraceError, match=r"write np\.mean\(np\.stack\(xs\)\)$"):
        gt.trace(f, X)


def test_writing_into_flat_says_put():
    def f(y):
        y.flat[1] = 5.0
        return np.sum(y)

    assert message(f, X) == (
        "`y.flat[1] = 5.0` cannot be traced; write np.put(x, i, v) instead of x.flat[i] = v"
    )

    def g(y):
        np.put(y, 1, 5.0)
        return np.sum(y)

    np.testing.assert_array_equal(gt.grad(g)(X), [1, 0, 1])


def test_flat_is_read_as_in_numpy():
    def f(x):
        return x.flat[3] + len(x.flat) + sum(x.flat) + next(x.flat)

    x = np.arange(6.0).reshape(2, 3)
    assert gt.trace(f, x).value == 3 + 6 + 15 + 0
    np.testing.assert_array_equal(gt.grad(f)(x), [[2, 1, 1], [2, 1, 1]])


def test_an_empty_array_that_is_filled_is_to_be_made_with_gt_zeros():
    out = np.empty(3)

    def f(x):
        out[1] = x[1]
        return np.sum(out)

    told = message(f, X)
    assert "gt.zeros(shape)" in told
    assert "np.empty" in told


@pytest.mark.parametrize(
    ("f", "instead"),
    [
        (lambda x: math.fsum(x), "np.sum(...)"),
        (lambda x: math.dist(x, x), "np.linalg.norm(x - y)"),
        (lambda x: math.gamma(x[0]), "scipy.special.gamma(...)"),
        (lambda x: cmath.exp(x[0]), "np.exp(...)"),
    ],
)
def test_what_replaces_a_function_of_math_exists(f, instead):
    with pytest.raises(gt.TraceError) as caught:
        gt.trace(f, X)
    assert f"; write {instead} instead" in str(caught.value)


def test_every_function_of_math_and_cmath_has_one_that_exists_instead():
    import ast

    from graphtrace.core.refusal import _NOT_NUMPYS

    public = {name for module in (math, cmath) for name in dir(module) if name[0] != "_"}
    whole = {"comb", "perm", "gcd", "lcm", "factorial", "isqrt", "ulp", "e", "pi", "tau", "infj"}
    for name in public - whole - set(_NOT_NUMPYS) - {"nanj", "inf", "nan"}:
        assert hasattr(np, name), name
    for text in _NOT_NUMPYS.values():
        ast.parse(text)


@pytest.mark.parametrize(
    ("f", "words"),
    [
        (lambda x: statistics.mean(x), "write np.mean(...)"),
        (lambda x: json.dumps(x), "Object of type Variable is not JSON serializable"),
        (lambda x: memoryview(x), "not 'Variable'"),
        (lambda x: np.random.normal(x), "mean + std*np.random.normal(size=...)"),
        (lambda x: np.fromiter(x, float), "np.stack([...])"),
        (lambda x: [t for _, t in np.ndenumerate(x)], "np.ndindex(x.shape)"),
        (lambda x: np.ascontiguousarray(x), "leave np.ascontiguousarray out"),
        (lambda x: scipy.sparse.eye(3) @ x, "A.toarray() @ x"),
        (lambda x: scipy.sparse.csr_matrix(x), "unrecognized csr_matrix constructor input"),
        (lambda x: np.ndarray.sum(x), "write np.sum(...)"),
        (lambda x: pickle.dumps(x), "cannot be pickled"),
        (lambda x: x + "text", "cannot take a traced value"),
    ],
)
def test_whatever_code_it_gets_into_the_message_has_the_line_and_the_way_out(f, words):
    for attempt in (lambda: gt.trace(f, X), lambda: gt.grad(f)(X)):
        with pytest.raises(gt.TraceError) as caught:
            attempt()
        assert str(caught.value).startswith(f"<lambda>(), {__file__} line ")
        assert words in str(caught.value)


def test_setting_an_attribute_says_to_assign():
    def f(x):
        x.T = x
        return np.sum(x)

    with pytest.raises(gt.TraceError, match=r"line \d+: `x.T` of a traced value cannot be set; wr"):
        gt.trace(f, X)


def test_len_of_a_traced_number_has_the_line():
    with pytest.raises(TypeError, match=r"<lambda>\(\), .* line \d+: a traced number has no len"):
        gt.trace(lambda x: len(x) * x, 1.0)


# What is the user's own stays the user's own.


def test_an_error_about_a_variable_of_the_user_s_is_not_replaced():
    def f(x):
        raise ValueError("Variable lr must be positive")

    with pytest.raises(ValueError, match=r"^Variable lr must be positive$"):
        gt.trace(f, 1.0)


def test_an_error_of_a_package_that_is_traced_through_is_not_replaced():
    package = installed("def dense(x):\n    raise ValueError('no weights')\n")

    with pytest.raises(ValueError, match=r"^no weights$") as caught:
        gt.trace(lambda x: package.dense(x), X)
    assert not isinstance(caught.value, gt.GraphtraceError)


def test_an_error_that_the_function_catches_is_the_one_that_was_raised():
    kinds = []

    def f(x):
        try:
            return torch.sin(x)
        except TypeError as error:
            kinds.append(type(error))
            return np.sin(x)

    assert gt.trace(f, 0.0).value == 0.0
    assert kinds == [TypeError]


@pytest.mark.parametrize("kind", [TypeError, ValueError, AttributeError])
def test_an_error_whose_text_raises_is_passed_on(kind):
    class Odd(kind):
        def __str__(self):
            raise RuntimeError("no text")

    def f(x):
        raise Odd

    with pytest.raises(Odd):
        gt.trace(f, 1.0)
