"""Machine code by numba: the plain program's numbers, or one sentence."""

import sys

import numpy as np
import pytest
from compile.compiled import J, X, assert_same, branching, compiled, leaves

import graphtrace as gt


def jitted(f, *args, **how):
    pytest.importorskip("numba")
    return gt.trace(f, *args).compile(jit="numba", **how)


def assert_close(found, wanted):
    """Equal in structure and type, and but for the last digits."""
    assert [type(x) for x in leaves(found)] == [type(x) for x in leaves(wanted)]
    for a, b in zip(leaves(found), leaves(wanted), strict=True):
        assert a is b is None or a == pytest.approx(b, rel=1e-14)


def test_numba_gives_the_plain_programs_value_and_gradients():
    def f(p, c, mode="tanh"):
        u = np.tanh(p["a"] * p["b"]) + p["a"] ** 3 if mode == "tanh" else p["a"]
        v = np.maximum(u, 0.1) / (1.5 + c * c)
        return {"loss": v * np.exp(-c), "u": u}

    args = {"a": 0.5, "b": np.float64(1.2)}, 0.7
    others = {"a": 0.6, "b": np.float64(1.1)}, 0.8
    how = {"output": "f['loss']"}
    plain_one = gt.trace(f, *args).compile(**how)
    assert_close(jitted(f, *args, **how)(*others), plain_one(*others))


def test_numba_leaves_what_is_not_finite_to_the_plain_program():
    def f(x, y):
        return np.log(x) * y**2 + 1 / (1 / (y - 1))

    replay, plain_one = jitted(f, 2.0, 3.0), compiled(f, 2.0, 3.0)
    with np.errstate(all="ignore"):
        assert_same(replay(0.0, 3.0), plain_one(0.0, 3.0))
    with pytest.raises(ZeroDivisionError):
        jitted(f, 2.0, 3.0, wrt="x")(2.0, 1.0)
    with pytest.raises(OverflowError):
        replay(2.0, 1e200)


def test_another_branch_is_refused_by_numba_in_the_same_sentence():
    replay = jitted(branching, 2.0, 3.0)
    assert replay(2.5, 3.9)[0] == branching(2.5, 3.9)
    with pytest.raises(gt.BranchChanged) as from_numba:
        replay(1.0, 3.0)
    with pytest.raises(gt.BranchChanged) as from_plain:
        compiled(branching, 2.0, 3.0)(1.0, 3.0)
    assert str(from_numba.value) == str(from_plain.value)
    assert from_numba.value.__context__ is None


def test_a_program_without_a_number_to_compute_is_the_plain_one():
    assert jitted(lambda x: 7.5, 1.0)(3.0) == (7.5, {"x": 0.0})


@pytest.mark.parametrize(
    ("f", "x", "says"),
    [
        (lambda x: np.sum(x * 2), X[0], r"x is an array of shape \(3,\), and jit='numba' is for"),
        (lambda x: x * 2, np.float32(2), "x is a float32, and jit='numba' is for"),
        (gt.gelu, 2.0, "calls .*, which Numba does not know"),
        (lambda x: np.heaviside(x, 0.5) * x, 2.0, "can compile .*heaviside"),
    ],
)
def test_what_numba_cannot_compile_is_refused_in_one_sentence(f, x, says):
    with pytest.raises(gt.ArgumentError, match=says) as refused:
        jitted(f, x)
    assert "\n" not in str(refused.value)


def test_without_numba_the_error_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)
    with pytest.raises(gt.ArgumentError, match=r"pip install 'graphtrace\[numba\]'"):
        gt.trace(J, 5.0, 3.0, 2.0).compile(jit="numba")


def test_another_compiler_is_refused():
    with pytest.raises(gt.ArgumentError, match="jit is 'llvm'"):
        gt.trace(J, 5.0, 3.0, 2.0).compile(jit="llvm")
