"""jit(f) is f: the same results to the bit, of a body that runs once for each kind of arguments."""

import math
import operator
import pickle
import re
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from training.same import Counted, assert_bits, leaves, share_memory

import graphtrace as gt

RNG = np.random.default_rng(5)
X, Y = RNG.normal(size=(20, 3)), RNG.normal(size=(20, 1))


def parameters():
    rng = np.random.default_rng(0)
    return {"W1": rng.normal(size=(3, 4)), "b1": np.zeros(4), "W2": rng.normal(size=(4, 1))}


def loss(params, x, y):
    h = np.tanh(x @ params["W1"] + params["b1"])
    return np.mean((h @ params["W2"] - y) ** 2)


def step(params, x, y, rate=0.1):
    value, gradient = gt.value_and_grad(loss)(params, x, y)
    return value, {k: params[k] - rate * gradient[k] for k in params}


TRANSFORMED = {
    "the function": loss,
    "grad": gt.grad(loss),
    "value_and_grad": gt.value_and_grad(loss),
    "value_and_grad in two": gt.value_and_grad(loss, (0, 1)),
    "value_and_grad in one of a tuple": gt.value_and_grad(loss, (1,)),
    "value_and_grad from the end": gt.value_and_grad(loss, -1),
    "has_aux": gt.value_and_grad(lambda *a: (loss(*a), {"x": a[1] * 2, "n": "s"}), has_aux=True),
    "grad, has_aux": gt.grad(lambda *a: (loss(*a), a[1]), has_aux=True),
    "hessian": gt.hessian(loss),
    "jacobian": gt.jacobian(lambda p, x, y: np.tanh(x @ p["W1"])),
    "jvp": lambda p, x, y: gt.jvp(lambda x: loss(p, x, y), (x,), (y @ np.ones((1, 3)),)),
    "vjp": lambda p, x, y: gt.vjp(lambda x: x @ p["W1"], x)[1](x @ p["W1"]),
    "hvp": lambda p, x, y: gt.hvp(lambda x: loss(p, x, y), (x,), (x,)),
    "a training step": step,
    "two steps": lambda p, x, y: step(step(p, x, y)[1], x, y),
    "jit": gt.jit(gt.grad(loss)),
}


@pytest.mark.parametrize("f", TRANSFORMED.values(), ids=TRANSFORMED)
def test_the_result_is_that_of_the_plain_call_to_the_bit(f):
    fast = gt.jit(f)
    for n in (20, 20, 7, 1, 20):
        for scale in (1.0, 0.7):
            params = {name: w * scale for name, w in parameters().items()}
            now = fast(params, X[:n], Y[:n])
            assert_bits(now, f(params, X[:n], Y[:n]))


@pytest.mark.parametrize("f", TRANSFORMED.values(), ids=TRANSFORMED)
def test_results_are_nobody_elses_memory_and_arguments_stay(f):
    fast, args = gt.jit(f), (parameters(), X.copy(), Y.copy())
    before = pickle.loads(pickle.dumps(args))
    results = [fast(*args) for _ in range(3)]
    assert_bits(args, before)
    for i, one in enumerate(results):
        assert not share_memory(one, args)
        assert not any(share_memory(one, other) for other in results[:i])
        arrays = [x for x in leaves(one) if isinstance(x, np.ndarray)]
        assert all(x.flags.writeable for x in arrays)
        assert not any(share_memory(a, b) for k, a in enumerate(arrays) for b in arrays[:k])


def test_the_body_runs_once_for_each_structure_shapes_and_dtypes():
    f = Counted(lambda p, x: np.sum(p["a"] * x))
    fast = gt.jit(f)
    for _ in range(3):
        fast({"a": 2.0}, X)
        fast({"a": -3.0}, X + 1)
    assert f.runs == 1
    fast({"a": 2.0}, X[:5])
    fast({"a": 2.0}, X.astype(np.float32))
    fast({"a": np.float32(2.0)}, X)
    fast({"a": X[0]}, X)
    assert f.runs == 5
    fast({"a": 2.0}, x=X)  # the same by name
    fast({"a": 1.0}, X[5:10])
    assert f.runs == 5


def test_each_way_through_the_branches_is_traced_once():
    def body(x, n):
        if x > 0:
            return x * n
        while x < -1:
            x = x / 2
        return -x

    f = Counted(body)
    fast = gt.jit(f)
    for x in (1.0, 2.0, -0.5, 3.0, -0.7, -3.0, -2.5, 1.0, -9.0):
        assert_bits(fast(x, 3.0), body(x, 3.0))
    assert f.runs == 4  # positive, no halving, two of them, four


def test_a_shape_that_depends_on_numbers_is_another_way():
    f = Counted(lambda x: np.sum(x[x > 0] ** 2))
    fast = gt.jit(gt.grad(f))
    for x in (X[0], X[1], -X[0], X[2]):
        assert_bits(fast(x), gt.grad(f.__wrapped__)(x))
    assert f.runs <= 4


def test_memory_with_gaps_is_summed_as_the_plain_call_sums_it():
    big = RNG.normal(size=(40, 60))
    for f in (np.sum, gt.grad(lambda x: np.sum(np.sin(x)) ** 2), gt.value_and_grad(np.var)):
        fast = gt.jit(f)
        for x in (big, big.T, big[:, ::2], big[::-1], big[::3, 5:17].T):
            assert_bits(fast(x), f(x))


def test_memory_with_gaps_in_a_container_is_summed_as_the_plain_call_sums_it():
    f = gt.value_and_grad(lambda params: np.sum(params["w"]) ** 2)
    fast = gt.jit(f)
    for big in RNG.normal(size=(3, 400, 600)):
        params = {"w": big[:, :300]}  # NumPy's buffer does not hold them all
        assert np.sum(params["w"]) != np.sum(params["w"].copy())
        assert_bits(fast(params), f(params))


def test_a_memmap_and_a_read_only_array_are_arrays(tmp_path):
    np.save(tmp_path / "x.npy", X)
    mapped, fast = np.load(tmp_path / "x.npy", mmap_mode="r"), gt.jit(gt.value_and_grad(loss))
    assert_bits(fast(parameters(), mapped, Y), gt.value_and_grad(loss)(parameters(), X, Y))


# -- Numbers and flags -----------------------------------------------------------------------------


def test_flags_strings_and_functions_count_by_their_value():
    def body(x, how, flag=False, g=None, at=None):
        y = {"sin": np.sin, "cos": np.cos}[how](x)
        return (g or abs)(-y if flag else y) + (0 if at is None else at)

    f = Counted(body)
    fast = gt.jit(f)
    calls = [("sin",), ("cos",), ("sin", True), ("sin", False, np.exp), ("sin", 1), ("sin", True)]
    for how in calls:
        assert_bits(fast(0.3, *how), body(0.3, *how))
    assert f.runs == 5  # 1 is no flag
    assert_bits(fast(0.3, "sin", at=2.0), body(0.3, "sin", at=2.0))


def test_an_int_that_only_meets_floats_may_change():
    def adam(w, g, m, t):
        m = 0.9 * m + 0.1 * g
        return w - 0.01 * m / (1 - 0.9**t), m, t + 1

    f = Counted(adam)
    fast = gt.jit(f)
    state = plain = (1.0, 0.0, 1)
    for _ in range(50):
        w, m, t = fast(state[0], np.sin(state[0]), *state[1:])
        state = (w, m, t)
        plain = adam(plain[0], np.sin(plain[0]), *plain[1:])
        assert_bits(state, plain)
    assert f.runs <= 2


@pytest.mark.parametrize(
    "f",
    [
        lambda n: n * n,
        lambda n: n**3,
        lambda n: 2**n,
        lambda n: n + 1,
        lambda n: n * np.arange(3),
        lambda n: np.maximum(n, 2),
        lambda n: [n, 2.0 * n],
        lambda n: n % 3 + n // 2 - abs(-n),
        lambda n: sum(range(n)),
        lambda n: np.zeros(n).shape[0] + 0.5,
        lambda n: operator.iadd(np.arange(3), n),
        lambda n: {3: "three", 4: "four"}.get(n),
        lambda n: math.comb(n, 2),
    ],
)
def test_an_int_is_what_it_is_in_the_plain_call(f):
    fast = gt.jit(f)
    for n in (3, 4, 3, 70, np.int64(4)):
        assert_bits(fast(n), f(n))


def test_an_int_may_be_larger_than_floats_hold():
    fast = gt.jit(lambda n: n + 1)
    for n in (3, 2**31, 2**53, 10**400, 3, True):
        assert_bits(fast(n), n + 1)


def test_a_gradient_takes_an_int_for_a_float():
    def J(a, b, c):
        return 3 * (a + b * c)

    every = gt.value_and_grad(J, (0, 1, 2))
    assert_bits(gt.jit(every)(5, 3, 2), every(5, 3, 2))
    assert_bits(gt.jit(J)(5, 3, 2), 33)


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.complex128, np.int32, bool])
def test_dtypes_are_those_of_the_plain_call(kind):
    x = (RNG.normal(size=(3, 4)) * 3).astype(kind)
    for f in (lambda x: x * 2 + 1, lambda x: np.sum(x, axis=0), lambda x: x[0, 0] * x):
        fast = gt.jit(f)
        for y in (x, x[::-1], np.ones((3, 4))):
            assert_bits(fast(y), f(y))


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64, complex, np.int8, bool])
@pytest.mark.parametrize("reduction", [np.sum, np.mean, np.max, np.min])
def test_reductions_are_those_of_the_plain_call(reduction, kind):
    x = (RNG.normal(size=(3, 1, 300)) * 9).astype(kind)
    for axis in (None, 0, -1, (0, 2), (0, 1, 2)):
        for keepdims in (False, True):
            f = lambda x: reduction(x, axis=axis, keepdims=keepdims)  # noqa: B023, E731
            if kind is complex and reduction in (np.max, np.min):
                continue
            fast = gt.jit(f)
            for y in (x, x.transpose(2, 1, 0)[::2], x[:, :, :1]):
                assert_bits(fast(y), f(y))


@pytest.mark.parametrize("axis", [None, 0])
def test_the_mean_of_no_entries_warns_as_numpy_does(axis):
    fast = gt.jit(lambda x: np.mean(x, axis=axis))
    for _ in range(2):  # the second time by the program
        with pytest.warns(RuntimeWarning, match="Mean of empty slice"):
            assert np.all(np.isnan(fast(np.ones((0, 3)))))


def test_the_first_call_warns_once_at_the_users_line():
    def f(x):
        return np.log(x)

    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        gt.jit(f)(np.zeros(2))
    (warning,) = warned
    assert (warning.filename, warning.lineno) == (__file__, f.__code__.co_firstlineno + 1)


@pytest.mark.parametrize("axis", [-1, 0, 1])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_the_cross_entropy_is_that_of_the_plain_call(axis, kind):
    z = (RNG.normal(size=(5, 5, 5)) * 30).astype(kind)
    z[0, 0, 0], z[1, :, 1], z[2, 2, 2] = -np.inf, 1e30, np.inf
    one_hot = np.eye(5, dtype=kind)[RNG.integers(0, 5, size=(5, 5))]
    labels = RNG.integers(0, 5, size=(5, 5))
    f = gt.value_and_grad(lambda z, y: np.sum(gt.cross_entropy(z, y, axis=axis)))
    with np.errstate(all="ignore"):
        for y in (one_hot, labels):
            fast = gt.jit(f)
            for scores in (z, z[::-1], np.clip(z, -9, 9)):
                assert_bits(fast(scores, y), f(scores, y))


@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int64])
def test_labels_may_be_integers_of_any_type(kind):
    f = gt.value_and_grad(lambda z, y: np.sum(gt.cross_entropy(z, y) * gt.one_hot(y, 3)[:, 0]))
    fast = gt.jit(f)
    for labels in ([0, 2, 1, 0], [2, 0, 0, 9]):
        z, y = RNG.normal(size=(4, 3)), np.array(labels, kind)
        assert_bits(fast(z, y), f(z, y))
    with pytest.raises(gt.NoDerivative, match=r"integers \(x\.astype\(int\)\)"):
        fast(z, y.astype(float))


@pytest.mark.parametrize("result", [None, 3, "text", (), {"a": [1.0, None]}, np.arange(3.0)])
def test_a_constant_is_returned_as_it_is_and_never_twice(result):
    fast = gt.jit(lambda x: result)
    assert_bits(fast(1.0), result)
    assert not share_memory(fast(1.0), fast(2.0))
    assert not share_memory(fast(1.0), result)


# -- Errors ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "good", "bad"),
    [
        (lambda x: 1 / x, (2.0,), (0.0,)),
        (loss, (parameters(), X, Y), (parameters(), X[:, :2], Y)),
        (loss, (parameters(), X, Y), ({"W1": X}, X, Y)),
        (gt.grad(loss), (parameters(), X, Y), (parameters(), X)),
        (gt.grad(loss), (parameters(), X, Y), ({}, X, Y)),
        (gt.grad(lambda x: x**2), (2.0,), (np.ones(2),)),
        (gt.grad(lambda x: x**2), (2.0,), ("two",)),
        (gt.value_and_grad(lambda x: [1.0, x][int(x)] * x), (1.0,), (7.0,)),
    ],
)
def test_an_error_is_that_of_the_plain_call(f, good, bad):
    fast = gt.jit(f)
    with pytest.raises(Exception) as plain:  # noqa: PT011  (whatever it is)
        f(*bad)
    for _ in range(2):
        with pytest.raises(type(plain.value)) as now:
            fast(*bad)
        assert str(now.value) == str(plain.value)
        assert now.value.__cause__ is None
        assert_bits(fast(*good), f(*good))


def test_what_cannot_be_traced_says_so():
    with pytest.raises(gt.TraceError, match=r"math\.sin"):
        gt.jit(lambda x: math.sin(x))(1.0)
    with pytest.raises(gt.ArgumentError, match="a function is needed"):
        gt.jit(3)
    with pytest.raises(gt.ArgumentError, match="limit is 0"):
        gt.jit(abs, limit=0)


# -- What a function reads from around it ----------------------------------------------------------

SCALE = 2.0


def scaled(x):
    return helper(x) * SCALE


def helper(x):
    return x + 1


def test_another_object_under_a_name_is_seen(monkeypatch):
    fast = gt.jit(scaled)
    assert fast(1.0) == 4.0
    monkeypatch.setitem(scaled.__globals__, "SCALE", 3.0)
    assert fast(1.0) == 6.0
    monkeypatch.setitem(scaled.__globals__, "helper", lambda x: x - 1)
    assert fast(3.0) == 6.0


def test_new_code_of_a_function_is_seen_as_autoreload_puts_it_there(monkeypatch):
    fast, slope = gt.jit(scaled), gt.jit(gt.grad(scaled))
    assert (fast(1.0), slope(1.0)) == (4.0, 2.0)
    monkeypatch.setattr(helper, "__code__", (lambda x: x * 5).__code__)
    assert (fast(1.0), slope(1.0)) == (10.0, 10.0)
    monkeypatch.setattr(scaled, "__code__", (lambda x: x * 7).__code__)
    assert (fast(1.0), slope(1.0)) == (7.0, 7.0)


def test_another_object_in_a_closure_is_seen_through_a_gradient():
    def make():
        rate = 1.0

        def f(x):
            return rate * x

        def become(new):
            nonlocal rate
            rate = new

        return f, become

    f, become = make()
    fast = gt.jit(gt.grad(f))
    assert fast(1.0) == 1.0
    become(5.0)
    assert fast(1.0) == 5.0


def test_a_counter_that_the_function_changes_does_not_make_it_run_again():
    count = 0

    def f(x):
        nonlocal count
        count += 1
        return x * x

    fast = gt.jit(f)
    for i in range(5):
        fast(float(i))
    assert count == 1


# -- Where it is used ------------------------------------------------------------------------------


def test_within_another_trace_it_is_the_function():
    fast = gt.jit(loss)
    args = parameters(), X, Y
    assert_bits(gt.grad(fast)(*args), gt.grad(loss)(*args))
    fast(*args)
    assert_bits(gt.grad(fast)(*args), gt.grad(loss)(*args))
    assert len(gt.trace(fast, *args)) == len(gt.trace(loss, *args))
    assert_bits(gt.jit(lambda p: fast(p, X, Y) * 2)(args[0]), loss(*args) * 2)


@gt.jit
def decorated(x, y=2.0, *more, power=1.0, **rest):
    """Squares."""
    return (x * y + sum(more)) ** power + sum(rest.values())


def test_a_decorated_function_keeps_its_name_and_signature_and_pickles():
    assert decorated.__name__ == "decorated"
    assert decorated.__doc__ == "Squares."
    for args, kwargs in [((1.0,), {}), ((1.0, 3.0, 4.0, 5.0), {"power": 2.0, "z": 1.0})]:
        wanted = decorated.__wrapped__(*args, **kwargs)
        assert_bits(decorated(*args, **kwargs), wanted)
        assert_bits(pickle.loads(pickle.dumps(decorated))(*args, **kwargs), wanted)


def test_the_jit_of_a_gradient_pickles():
    fast = pickle.loads(pickle.dumps(gt.jit(gt.value_and_grad(loss), limit=3)))
    args = parameters(), X, Y
    assert_bits(fast(*args), gt.value_and_grad(loss)(*args))


def test_a_function_may_use_a_thread_pool():
    def f(w, x):
        def part(i):
            return np.sum(np.tanh(x[i] @ w)) if x[i].sum() > 0 else np.sum(w)

        with ThreadPoolExecutor(4) as pool:
            return sum(list(pool.map(part, range(len(x)))))

    fast = gt.jit(gt.value_and_grad(f))
    for x in RNG.normal(size=(8, 6, 2, 3)):
        for found, right in zip(fast(X[0], x), gt.value_and_grad(f)(X[0], x), strict=True):
            np.testing.assert_allclose(found, right, rtol=1e-14)


def test_threads_share_the_traces():
    f = Counted(loss)
    fast = gt.jit(gt.value_and_grad(f))
    results, sizes = {}, [20, 10, 5]
    was = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)

    def work(k):
        for i in range(30):
            n = sizes[(i + k) % 3]
            results[k, i] = n, fast(parameters(), X[:n], Y[:n])

    threads = [threading.Thread(target=work, args=(k,)) for k in range(6)]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(was)
    assert len(results) == 180
    assert f.runs == 3
    wanted = {n: gt.value_and_grad(loss)(parameters(), X[:n], Y[:n]) for n in sizes}
    for n, result in results.values():
        assert_bits(result, wanted[n])


# -- The bound -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "calls", "what"),
    [
        (lambda x: np.sum(x), [(np.ones(n),) for n in range(1, 9)], r"x varies \(shape \(1,\)"),
        (lambda x, how: x, [(1.0, str(n)) for n in range(8)], r"how varies \('0', '1', ... '3'"),
        (lambda x: x if int(x) else -x, [(float(n),) for n in range(8)], "its branches"),
        (lambda p: p["a"], [({"a": 1.0, str(n): 1.0},) for n in range(8)], "structure"),
    ],
)
def test_the_number_of_traces_is_bounded_and_a_warning_says_what_varies(f, calls, what):
    counted = Counted(f)
    fast = gt.jit(counted, limit=3)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        for args in calls:
            assert_bits(fast(*args), f(*args))
    (warning,) = warned
    assert warning.category is RuntimeWarning
    assert re.search(what, str(warning.message))
    assert warning.filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        runs = counted.runs
        fast(*calls[0])
        assert counted.runs == runs  # what has been traced still runs compiled


def test_a_name_that_is_another_object_each_time_is_named():
    rate = 0.0

    def f(x):
        return rate * x

    fast = gt.jit(f, limit=3)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        for n in range(6):
            rate = float(n)
            assert fast(2.0) == 2.0 * n
    assert "rate, which it reads from around it" in str(warned[0].message)
    assert len(warned) == 1
