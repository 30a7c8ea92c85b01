"""Every row of the registry against JAX: value, Jacobian, second order, graph and edges."""

import functools
import zlib
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.testing import assert_allclose
from oracles import Answer, Sample, jax_answers, outputs, phi, pulled, pushed, weights_for

import graphtrace as gt
from graphtrace.linear_map import LinearMap
from graphtrace.primitive import PRIMITIVES, Primitive
from graphtrace.variable import apply

A = np.array([[0.3, -0.7, 1.2], [-1.1, 0.5, 0.8]])
B = np.array([[0.9, 0.4, -0.6], [0.7, -1.3, 0.23]])
U = A / 1.5  # in (-1, 1)
P = np.array([[0.4, 1.7, 0.9], [2.3, 0.6, 1.1]])  # positive
V = np.array([0.8, -0.5, 1.4])
C = np.array([[0.6], [-1.2]])  # a column
R = np.array([[1.1, 0.3, -0.9]])  # a row
N = np.arange(12.0).reshape(2, 2, 3) / 7 - 0.8
M = np.sin(np.arange(12.0)).reshape(2, 3, 2)
MASK = np.array([[True, False, True], [False, True, True]])


def calls(f, *argument_lists, twin=None):
    return [Sample(f, args, twin) for args in argument_lists]


def named(name):
    """`np.name(...)` as a function of `xp`."""
    return lambda xp, *args: getattr(xp, name)(*args)


def unary(name, array=U, scalar=0.6):
    return calls(named(name), (scalar,), (array,))


def binary(f, a=P, b=P[::-1] + 0.1):
    """Scalars, arrays, and two of the ways in which shapes meet."""
    x, y = float(a[0, 0]), float(b[0, 1])
    return calls(f, (x, y), (a, b), (a[:, :1], b[0]), (x, b))


def iadd(z, b):
    z += b
    return z


def isub(z, b):
    z -= b
    return z


def imul(z, b):
    z *= b
    return z


def itruediv(z, b):
    z /= b
    return z


def ipow(z, b):
    z **= b
    return z


def ifloordiv(z, b):
    z //= b
    return z


def imod(z, b):
    z %= b
    return z


def imatmul(z, b):
    z @= b
    return z


def changed(operate):
    """An array of the function's own, changed in place and used afterwards."""

    def f(xp, a, b):
        z = a + 0.0
        z = operate(z, b)
        return z * z

    return f


OPERATORS = {
    "add": [
        *binary(lambda xp, a, b: a + b, A, B),
        *calls(lambda xp, a: 2.5 + a, (0.7,), (A,)),
        *calls(lambda xp, a: B + a, (A,)),
        *calls(
            lambda xp, a: V.tolist() + a,
            (A,),
            twin=lambda xp, a: V + a,
        ),
        *calls(changed(iadd), (A, B), (A, V), (0.3, 0.4)),
        *calls(lambda xp, a: sum(a[i] for i in range(3)), (V,)),
        *calls(lambda xp, a: a + a, (0.3,), (A,)),
    ],
    "subtract": [
        *binary(lambda xp, a, b: a - b, A, B),
        *calls(lambda xp, a: 2.5 - a, (0.7,), (A,)),
        *calls(lambda xp, a: B - a, (A,)),
        *calls(changed(isub), (A, B), (A, 0.3)),
    ],
    "multiply": [
        *binary(lambda xp, a, b: a * b, A, B),
        *calls(lambda xp, a: 2.5 * a, (0.7,), (A,)),
        *calls(lambda xp, a: a * a * a, (0.7,), (A,)),
        *calls(changed(imul), (A, B), (0.3, 0.4)),
    ],
    "divide": [
        *binary(lambda xp, a, b: a / b, A, B),
        *calls(lambda xp, a: 2.5 / a, (0.7,), (A,)),
        *calls(changed(itruediv), (A, B)),
    ],
    "floor_divide": [
        *binary(lambda xp, a, b: 7 * a // b, A, B),
        *calls(lambda xp, a: 2.5 // a, (0.7,), (A,)),
        *calls(changed(ifloordiv), (A, B)),
    ],
    "remainder": [
        *binary(lambda xp, a, b: 7 * a % b, A, B),
        *calls(lambda xp, a: 2.5 % a, (0.7,), (-0.7,), (A,)),
        *calls(lambda xp, a, b: divmod(7 * a, b), (A, B), (0.7, -0.2)),
        *calls(lambda xp, a: divmod(7.0, a), (0.7,), (A,)),
        *calls(changed(imod), (A, B)),
    ],
    "power": [
        *binary(lambda xp, a, b: a**b),
        *calls(lambda xp, a: a**3, (-0.7,), (A,)),
        *calls(lambda xp, a: a**2.0, (-0.7,), (A,)),
        *calls(lambda xp, a: a**-1, (-0.7,), (A,)),
        *calls(lambda xp, a: a**0, (-0.7,), (A,)),
        *calls(lambda xp, a: a**1, (-0.7,), (A,)),
        *calls(lambda xp, a: a**0.5, (0.7,), (P,)),
        *calls(lambda xp, a: a ** np.array([2.0, 0.0, 3.0]), (A,)),
        *calls(lambda xp, b: 2.5**b, (-0.7,), (A,)),
        *calls(lambda xp, b: P**b, (A,)),
        *calls(changed(ipow), (P, A), (P, 2.0)),
    ],
    "negative": calls(lambda xp, a: -a, (0.7,), (A,)),
    "positive": calls(lambda xp, a: +a, (0.7,), (A,)),
    "absolute": calls(lambda xp, a: abs(a), (0.7,), (-0.7,), (A,)),
    "np.add": binary(named("add"), A, B),
    "np.subtract": binary(named("subtract"), A, B),
    "np.multiply": binary(named("multiply"), A, B),
    "np.divide": [
        *binary(named("divide"), A, B),
        *calls(lambda xp, a, b: xp.true_divide(a, b), (A, B)),
    ],
    "np.floor_divide": binary(lambda xp, a, b: xp.floor_divide(7 * a, b), A, B),
    "np.remainder": [
        *binary(lambda xp, a, b: xp.remainder(7 * a, b), A, B),
        *calls(lambda xp, a, b: xp.mod(7 * a, b), (A, B)),
        *calls(
            lambda xp, a, b: np.divmod(7 * a, b), (A, B), twin=lambda xp, a, b: xp.divmod(7 * a, b)
        ),
    ],
    "np.power": [
        *binary(named("power")),
        *calls(lambda xp, a: xp.power(a, 3), (-0.7,), (A,)),
        *calls(lambda xp, b: xp.power(2.0, b), (-0.7,), (A,)),
        *calls(lambda xp, a: xp.pow(a, 3.0), (A,)),
    ],
    "np.negative": unary("negative"),
    "np.positive": unary("positive"),
    "np.absolute": [*unary("absolute"), *calls(named("abs"), (-0.7,), (A,))],
}

ELEMENTWISE = {
    "exp": unary("exp"),
    "exp2": unary("exp2"),
    "expm1": unary("expm1"),
    "log": unary("log", P),
    "log2": unary("log2", P),
    "log10": unary("log10", P),
    "log1p": unary("log1p"),
    "sqrt": unary("sqrt", P),
    "cbrt": unary("cbrt"),
    "square": unary("square"),
    "reciprocal": unary("reciprocal"),
    "sin": unary("sin"),
    "cos": unary("cos"),
    "tan": unary("tan"),
    "arcsin": unary("arcsin"),
    "arccos": unary("arccos"),
    "arctan": unary("arctan"),
    "sinh": unary("sinh"),
    "cosh": unary("cosh"),
    "tanh": unary("tanh"),
    "arcsinh": unary("arcsinh"),
    "arccosh": unary("arccosh", P + 1, 1.6),
    "arctanh": unary("arctanh"),
    "deg2rad": unary("deg2rad"),
    "radians": unary("radians"),
    "rad2deg": unary("rad2deg"),
    "degrees": unary("degrees"),
    "fabs": unary("fabs"),
    "sign": unary("sign"),
    "floor": unary("floor"),
    "ceil": unary("ceil"),
    "rint": unary("rint"),
    "trunc": unary("trunc"),
    "spacing": calls(
        named("spacing"),
        (0.6,),
        (A,),
        twin=lambda xp, a: (
            xp.full(a.shape, np.spacing(0.6)) if a.ndim == 0 else xp.asarray(np.spacing(A))
        ),
    ),
    "maximum": binary(named("maximum"), A, B),
    "minimum": binary(named("minimum"), A, B),
    "fmax": binary(named("fmax"), A, B),
    "fmin": binary(named("fmin"), A, B),
    "arctan2": binary(named("arctan2"), A, B),
    "hypot": binary(named("hypot"), A, B),
    "logaddexp": binary(named("logaddexp"), A, B),
    "logaddexp2": binary(named("logaddexp2"), A, B),
    "fmod": binary(lambda xp, a, b: xp.fmod(7 * a, b), A, B),
    "copysign": binary(named("copysign"), A, B),
    "heaviside": binary(named("heaviside"), A, B),
    # JAX has no rule for it: next to x, so d/dx = 1.
    "nextafter": calls(named("nextafter"), (0.6, 1.0), (A, B), twin=lambda xp, a, b: a + 0 * b),
    "float_power": [
        *binary(named("float_power")),
        *calls(lambda xp, a: xp.float_power(a, 3), (-0.7,), (A,)),
    ],
    "ldexp": calls(lambda xp, a: xp.ldexp(a, np.array([1, -2, 3])), (A,), (V,)),
    "astype": [
        *calls(lambda xp, a: xp.astype(a, np.float64), (A,)),
        *calls(lambda xp, a: a.astype(np.float64) * 2, (A,)),
        *calls(lambda xp, a: a.astype(int) * a, (3 * A,)),
        *calls(lambda xp, a: (a > 0).astype(float) * a, (A,)),
    ],
    "copy": calls(lambda xp, a: xp.copy(a), (A,)) + calls(lambda xp, a: a.copy() * a, (A,)),
}

KEPT = [None, 0, 1, -1, (0, 1), (1, -2), ()]


def reduction(name, array=A, **kwargs):
    def over(axis, keepdims):
        return lambda xp, a: getattr(xp, name)(a, axis=axis, keepdims=keepdims, **kwargs)

    return [
        *(Sample(over(axis, False), (array,)) for axis in KEPT),
        *(Sample(over(axis, True), (array,)) for axis in (None, 0, (0, 1))),
        *calls(lambda xp, a: getattr(xp, name)(a, (0, 2), **kwargs), (N,)),
        *calls(lambda xp, a: getattr(a, name)(-1, **kwargs), (array,)),
        *calls(lambda xp, a: getattr(xp, name)(a, **kwargs), (V,)),
    ]


Z = np.array([[0.0, 0.5, 2.0], [0.0, 0.0, 3.0], [0.7, 0.4, -1.1]])

REDUCTIONS = {
    "sum": [
        *reduction("sum"),
        *calls(named("sum"), (0.7,)),
        *calls(lambda xp, a: a.sum() + a.sum(axis=0), (A,)),
        *calls(lambda xp, a: np.add.reduce(a, axis=1), (A,), twin=lambda xp, a: xp.sum(a, 1)),
        *calls(lambda xp, a: np.add.reduce(a), (A,), twin=lambda xp, a: xp.sum(a, 0)),
        *calls(lambda xp, a: xp.sum(a, dtype=np.float64), (A,)),
        *calls(lambda xp, a, b: np.sum([a, b]), (0.2, 0.4), twin=lambda xp, a, b: a + b),
    ],
    "mean": [*reduction("mean"), *calls(lambda xp, a: a.mean(), (A,))],
    "prod": [
        *reduction("prod"),
        *(
            Sample(lambda xp, a, axis=axis: xp.prod(a, axis=axis), (Z,))
            for axis in (None, 0, 1, -1, (0, 1))
        ),
        *calls(lambda xp, a: xp.prod(a), (Z[0],), (Z[1],), (Z[2],), (np.zeros(3),)),
        *calls(lambda xp, a: xp.prod(a, (0, 2)), (np.where(np.abs(N) < 0.2, 0.0, N),)),
        *calls(lambda xp, a: np.multiply.reduce(a), (A,), twin=lambda xp, a: xp.prod(a, 0)),
    ],
    "max": [
        *reduction("max"),
        *calls(lambda xp, a: xp.amax(a, 0), (A,)),
        *calls(lambda xp, a: np.maximum.reduce(a), (A,), twin=lambda xp, a: xp.max(a, 0)),
    ],
    "min": [*reduction("min"), *calls(lambda xp, a: xp.amin(a, 1), (A,))],
    "var": [
        *reduction("var"),
        *reduction("var", ddof=1)[:3],
        *calls(
            lambda xp, a: np.var(a, 0, None, None, 1), (A,), twin=lambda xp, a: xp.var(a, 0, ddof=1)
        ),
        *calls(lambda xp, a: a.var(ddof=0.5), (A,), twin=lambda xp, a: xp.var(a, ddof=0) * 6 / 5.5),
        *calls(lambda xp, a: xp.var(a, correction=1), (A,)),
    ],
    "std": [
        *(s for i, s in enumerate(reduction("std")) if i != 6),  # over no axis: 0 / 0
        *reduction("std", ddof=1)[:3],
        *calls(lambda xp, a: a.std(), (A,)),
    ],
    "cumsum": [
        *calls(named("cumsum"), (A,), (V,), (N,)),
        *calls(lambda xp, a: xp.cumsum(a, axis=0), (A,), (N,)),
        *calls(lambda xp, a: xp.cumsum(a, -1), (N,)),
        *calls(lambda xp, a: a.cumsum(1), (A,)),
    ],
}


def item(*index):
    """`a[index]`, without a list in the index where JAX runs it."""
    where = index if len(index) != 1 else index[0]
    arrays = tuple(np.array(part) if isinstance(part, list) else part for part in index)
    return Sample(lambda xp, a: a[where], (N,), lambda xp, a: a[arrays])


SHAPES = {
    "getitem": [
        *(
            item(*index)
            for index in [
                (0,),
                (-1,),
                (np.int64(1),),
                (slice(None),),
                (slice(1, None), 0),
                (..., slice(None, None, -1)),
                (slice(None), slice(None), slice(2, 0, -2)),
                (None,),
                (None, 1, None),
                (...,),
                (..., 1),
                (0, ..., 2),
                (1, 0, 2),
                ([1, 0, 1],),
                (0, [1, 0, 1]),
                ([1, 0], slice(None), [2, 2]),
                (np.array([[0, 1], [1, 1]]),),
                (slice(None), np.array([-1, 0, -1])),
                (MASK[:, :2],),
                (slice(None), MASK[0, 1:]),
                (..., MASK[0]),
                (N > 0,),
                (True,),
                (slice(0, 0),),
            ]
        ),
        *calls(lambda xp, a: a[a > 0], (A,), twin=lambda xp, a: a[A > 0]),
        *calls(lambda xp, a: a[np.argmax(a)], (V,), twin=lambda xp, a: a[2]),
        *calls(lambda xp, a: a[np.argsort(a)] * a, (V,), twin=lambda xp, a: a[np.argsort(V)] * a),
        *calls(lambda xp, a: [row * row for row in a], (A,)),
        *calls(
            lambda xp, a: [x * x for x in a.flat],
            (A,),
            twin=lambda xp, a: [x * x for x in a.ravel()],
        ),
        *calls(lambda xp, a: xp.split(a, 3, axis=1), (A,)),
        *calls(lambda xp, a: xp.split(a, [1, 3, 3], axis=-1), (N,)),
        *calls(lambda xp, a: xp.array_split(a, 2), (V,)),
        *calls(lambda xp, a: xp.hsplit(a, 3), (A,)),
        *calls(lambda xp, a: xp.vsplit(a, 2), (A,)),
        *calls(lambda xp, a: xp.dsplit(a, 3), (N,)),
    ],
    "where": [
        *calls(lambda xp, a, b: xp.where(MASK, a, b), (A, B), (V, C), (0.3, B), (A, 0.2)),
        *calls(lambda xp, a, b: xp.where(a > b, a * a, b), (A, B)),
        *calls(lambda xp, a: xp.where(a > 0, a, 0.0), (0.7,), (-0.7,), (A,)),
        *calls(lambda xp, a: xp.where(True, a, 2 * a), (0.7,)),
        *calls(lambda xp, a: xp.where(np.bool_(True), a + 1.0, 2.0), (0.7,)),
        *calls(lambda xp, a: xp.where(MASK, 1.0, a), (C,)),
    ],
    "clip": [
        *calls(lambda xp, a: xp.clip(a, -0.5, 0.9), (0.7,), (1.2,), (-0.8,), (A,)),
        *calls(lambda xp, a, low, high: xp.clip(a, low, high), (A, R - 1, 0.7), (0.3, -0.2, V)),
        *calls(lambda xp, a: xp.clip(a, None, 0.6), (A,)),
        *calls(lambda xp, a: xp.clip(a, 0.1, None), (A,)),
        *calls(lambda xp, a: xp.clip(a, min=0.1), (A,)),
        *calls(lambda xp, a: a.clip(0.1, 0.6), (A,)),
        *calls(lambda xp, a: a.clip(max=0.6), (A,)),
    ],
    "reshape": [
        *calls(lambda xp, a: xp.reshape(a, (3, 2)), (A,)),
        *calls(lambda xp, a: xp.reshape(a, -1), (A,)),
        *calls(lambda xp, a: xp.reshape(a, (2, -1), order="F"), (N,)),
        *calls(lambda xp, a: a.reshape(3, 2), (A,)),
        *calls(lambda xp, a: a.reshape((3, -1), order="F"), (N,)),
        *calls(lambda xp, a: xp.ravel(a), (A,)),
        *calls(lambda xp, a: xp.ravel(a, order="F"), (A,)),
        *calls(lambda xp, a: a.flatten("F") * a.ravel(), (A,)),
        *calls(lambda xp, a: xp.reshape(a, (1, 1)), (0.7,)),
        *calls(lambda xp, a: a[0, 1].item() * a, (A,), twin=lambda xp, a: a[0, 1] * a),
        *calls(lambda xp, a: a.item(0, 1) * a, (A,), twin=lambda xp, a: a[0, 1] * a),
        *calls(lambda xp, a: xp.atleast_1d(a), (0.7,), (V,)),
        *calls(lambda xp, a: xp.atleast_2d(a), (0.7,), (V,)),
        *calls(lambda xp, a: xp.atleast_3d(a), (V,), (A,)),
        *calls(lambda xp, a, b: xp.atleast_2d(a, b), (0.7, V)),
    ],
    "transpose": [
        *calls(lambda xp, a: xp.transpose(a), (A,), (N,), (V,)),
        *calls(lambda xp, a: xp.transpose(a, (2, 0, 1)), (N,)),
        *calls(lambda xp, a: xp.transpose(a, (-1, 0, -2)), (N,)),
        *calls(lambda xp, a: a.T * 2, (N,)),
        *calls(lambda xp, a: a.transpose(1, 2, 0), (N,)),
        *calls(lambda xp, a: a.transpose((1, 2, 0)), (N,)),
        *calls(lambda xp, a: a.transpose(), (N,)),
        *calls(lambda xp, a: xp.permute_dims(a, (1, 0)), (A,)),
    ],
    "matrix_transpose": [
        *calls(lambda xp, a: xp.matrix_transpose(a), (A,), (N,)),
        *calls(lambda xp, a: xp.linalg.matrix_transpose(a), (N,)),
        *calls(lambda xp, a: a.mT * 2, (N,)),
    ],
    "broadcast_to": [
        *calls(lambda xp, a: xp.broadcast_to(a, (2, 2, 3)), (0.7,), (V,), (R,), (C,), (A,)),
        *calls(lambda xp, a, b: xp.broadcast_arrays(a, b), (V, C), (0.2, A)),
        *calls(lambda xp, a, b: xp.full_like(a, b) * a, (A, 0.4)),
        *calls(lambda xp, a, b: xp.full_like(a, fill_value=b) * a, (A, 0.4)),
    ],
    "concatenate": [
        *calls(lambda xp, a, b: xp.concatenate([a, b]), (A, B), (V, V[:2])),
        *calls(lambda xp, a, b: xp.concatenate((a, b), axis=1), (A, C)),
        *calls(lambda xp, a, b: xp.concatenate([a, b, a], axis=-1), (N, N[..., :1])),
        *calls(lambda xp, a, b: xp.concatenate([a, b], axis=None), (A, V)),
        *calls(lambda xp, a: xp.concatenate([a, B, np.ones((1, 3))]), (A,)),
        *calls(lambda xp, a: np.concatenate(a), (N,), twin=lambda xp, a: xp.reshape(a, (4, 3))),
        *calls(lambda xp, a, b: xp.concat([a, b]), (A, B)),
        *calls(lambda xp, a, b: xp.hstack([a, b]), (A, C), (V, V), (0.2, V)),
        *calls(lambda xp, a, b: xp.vstack([a, b]), (A, V), (0.2, 0.3)),
        *calls(lambda xp, a, b: xp.dstack([a, b]), (A, B), (V, V)),
        *calls(lambda xp, a, b: xp.column_stack([a, b]), (V, V), (C, A)),
        *calls(lambda xp, a, b: xp.append(a, b), (A, V), (V, 0.2)),
        *calls(lambda xp, a, b: xp.append(a, b, axis=0), (A, R)),
    ],
    "stack": [
        *calls(lambda xp, a, b: xp.stack([a, b]), (A, B), (0.2, 0.3)),
        *calls(lambda xp, a, b: xp.stack((a, b, a), axis=-1), (A, B)),
        *calls(lambda xp, a, b: xp.stack((a, b), axis=1), (A, B)),
        *calls(lambda xp, a: xp.stack([a, B]), (A,)),
        *calls(
            lambda xp, a: np.stack([[a, 2 * a], [a * a, -a]]),
            (0.3,),
            twin=lambda xp, a: xp.array([[a, 2 * a], [a * a, -a]]),
        ),
        *calls(lambda xp, a, b: xp.array([a, b]) * xp.array([b, b]), (0.2, 0.3)),
    ],
    "expand_dims": calls(lambda xp, a: xp.expand_dims(a, 1), (A,))
    + calls(lambda xp, a: xp.expand_dims(a, (0, -1)), (A,)),
    "squeeze": calls(named("squeeze"), (C,), (N[:1, :1],))
    + calls(lambda xp, a: xp.squeeze(a, axis=0), (N[:1, :1],))
    + calls(lambda xp, a: a.squeeze(-1), (C,)),
    "swapaxes": calls(lambda xp, a: xp.swapaxes(a, 0, -1), (N,))
    + calls(lambda xp, a: a.swapaxes(1, 0), (A,)),
    "moveaxis": calls(lambda xp, a: xp.moveaxis(a, 0, -1), (N,))
    + calls(lambda xp, a: xp.moveaxis(a, [0, 1], [-1, 0]), (N,)),
    "rollaxis": calls(lambda xp, a: xp.rollaxis(a, 2), (N,))
    + calls(lambda xp, a: xp.rollaxis(a, 0, 3), (N,)),
    "flip": calls(named("flip"), (A,), (V,))
    + calls(lambda xp, a: xp.flip(a, 1), (A,))
    + calls(lambda xp, a: xp.flip(a, axis=(0, -1)), (N,)),
    "fliplr": calls(named("fliplr"), (A,)),
    "flipud": calls(named("flipud"), (A,), (V,)),
    "rot90": calls(named("rot90"), (A,)) + calls(lambda xp, a: xp.rot90(a, 3, (1, 2)), (N,)),
    "roll": calls(lambda xp, a: xp.roll(a, 2), (A,))
    + calls(lambda xp, a: xp.roll(a, -1, axis=1), (A,))
    + calls(lambda xp, a: xp.roll(a, (1, 2), axis=(0, 2)), (N,)),
    "repeat": calls(lambda xp, a: xp.repeat(a, 2), (A,), (0.7,))
    + calls(lambda xp, a: xp.repeat(a, 3, axis=0), (A,))
    + calls(lambda xp, a: xp.repeat(a, np.array([1, 0, 2]), axis=1), (A,))
    + calls(lambda xp, a: a.repeat(2), (V,)),
    "tile": calls(lambda xp, a: xp.tile(a, 2), (A,), (V,))
    + calls(lambda xp, a: xp.tile(a, (2, 1, 3)), (A,)),
    "resize": calls(lambda xp, a: xp.resize(a, (2, 4)), (A,), (V,))
    + calls(lambda xp, a: xp.resize(a, 2), (V,)),
    "take": calls(lambda xp, a: xp.take(a, np.array([2, 0, 2])), (A,), (V,))
    + calls(lambda xp, a: xp.take(a, 1, axis=0), (A,))
    + calls(lambda xp, a: xp.take(a, np.array([[0, -1]]), axis=-1), (A,))
    + calls(lambda xp, a: xp.take(a, np.array([5, -4]), axis=1, mode="wrap"), (A,))
    + calls(lambda xp, a: xp.take(a, np.array([5, -4]), axis=1, mode="clip"), (A,))
    + calls(lambda xp, a: a.take([1, 1]), (V,), twin=lambda xp, a: a[np.array([1, 1])]),
    "take_along_axis": calls(
        lambda xp, a: xp.take_along_axis(a, np.array([[2, 0], [1, 1]]), axis=1), (A,)
    )
    + calls(lambda xp, a: xp.take_along_axis(a, np.argsort(A, 0), 0), (A,))
    + calls(
        lambda xp, a: np.take_along_axis(a, np.argsort(a, 1), 1),
        (A,),
        twin=lambda xp, a: xp.take_along_axis(a, np.argsort(A, 1), 1),
    ),
    "delete": calls(lambda xp, a: xp.delete(a, 1), (A,), (V,))
    + calls(lambda xp, a: xp.delete(a, np.array([0, 2]), axis=1), (A,))
    + calls(lambda xp, a: xp.delete(a, slice(0, 2), axis=1), (A,)),
    "diag": calls(named("diag"), (V,), (A,))
    + calls(lambda xp, a: xp.diag(a, 1), (V,), (A,))
    + calls(lambda xp, a: xp.diag(a, k=-1), (V,), (A,)),
    "diagonal": calls(named("diagonal"), (A,), (N,))
    + calls(lambda xp, a: xp.diagonal(a, 1, 0, 2), (N,))
    + calls(lambda xp, a: a.diagonal(offset=-1), (A,)),
    "diagflat": calls(named("diagflat"), (A,)) + calls(lambda xp, a: xp.diagflat(a, 1), (V,)),
    "tril": calls(named("tril"), (A,), (N,)) + calls(lambda xp, a: xp.tril(a, 1), (A,)),
    "triu": calls(named("triu"), (A,), (N,)) + calls(lambda xp, a: xp.triu(a, k=-1), (A,)),
}

W = np.cos(np.arange(6.0)).reshape(3, 2)
PRODUCTS = [
    (V, V),
    (A, V),
    (V, W),
    (A, W),
    (N, V),
    (V, M),
    (N, M),
    (N, W),
    (A, M),
    (N[:, None], M[None]),
    (N[:1], M),
    (N, M[:1]),
    (np.ones((1, 1)), np.ones((1, 1))),
]

LINALG = {
    "outer": calls(named("outer"), (V, C[:, 0]), (A, V), (0.3, V)),
    "matmul": [
        *calls(lambda xp, a, b: a @ b, *PRODUCTS),
        *calls(named("matmul"), (A, W), (N, M)),
        *calls(lambda xp, a, b: xp.linalg.matmul(a, b), (A, W)),
        *calls(lambda xp, b: A @ b, (V,), (W,)),
        *calls(lambda xp, a: a @ W, (V,), (A,)),
        *calls(lambda xp, a: a @ a.T, (A,)),
        *calls(changed(imatmul), (A, W @ A)),
        *calls(named("dot"), *PRODUCTS[:10]),
        *calls(lambda xp, a, b: a.dot(b), (A, V), (V, V)),
        *calls(
            lambda xp, a, b: np.array([a, b]) @ [2.0, 3.0],
            (0.2, 0.3),
            twin=lambda xp, a, b: 2 * a + 3 * b,
        ),
    ],
}

SAMPLES = OPERATORS | ELEMENTWISE | REDUCTIONS | SHAPES | LINALG

# Rows that no NumPy function stands for: the derivative rules apply them.
INNER = {
    "nonzero": "in the rule of power",
    "scatter_at": "the vjp of getitem",
    "scatter": "the vjp of the functions that move entries",
    "gather": "the vjp of scatter",
    "identity": "the input of an inner transform",
}

approx = functools.partial(assert_allclose, rtol=1e-9, atol=1e-11)
each_row = pytest.mark.parametrize("name", SAMPLES)


class Case(NamedTuple):
    """A sample as plain functions, what JAX says of it, and the weights and directions."""

    f: Callable[..., Any]
    scalar: Callable[..., Any]
    args: tuple[Any, ...]
    answer: Answer
    weights: list[np.ndarray]
    directions: list[np.ndarray]

    @property
    def every(self):
        return tuple(range(len(self.args)))


def case(sample, answer, seed=0):
    weights = weights_for([np.shape(y) for y in answer.values], seed)
    directions = weights_for([np.shape(a) for a in sample.args], seed + 1)

    def f(*args):
        return sample.f(np, *args)

    def scalar(*args):
        return phi(np, sample.f, weights, args)

    return Case(f, scalar, sample.args, answer, weights, directions)


@functools.cache
def cases(name):
    seed = zlib.crc32(name.encode()) % 1000
    answers = jax_answers(SAMPLES[name], seed)
    return [case(s, a, seed) for s, a in zip(SAMPLES[name], answers, strict=True)]


def rows_of(graph):
    return {graph.nodes[key]["row"].primitive.name for key in graph}


def check_value(one):
    for y, right in zip(outputs(one.f(*one.args)), one.answer.values, strict=True):
        approx(np.asarray(y, float), right)
    for y, right in zip(outputs(gt.trace(one.f, *one.args).value), one.answer.values, strict=True):
        approx(np.asarray(y, float), right)


def check_gradient(one):
    value, pullback = gt.vjp(one.f, *one.args)
    adjoint = [w if np.ndim(w) else float(w) for w in one.weights]
    whole = type(value)(adjoint) if isinstance(value, (list, tuple)) else adjoint[0]
    right = pulled(one.weights, one.answer.jacobians)
    for g, h, arg in zip(pullback(whole), right, one.args, strict=True):
        approx(g, h)
        assert np.shape(g) == np.shape(arg)


def check_second_order(one):
    def along(*args):
        slopes = gt.grad(one.scalar, one.every)(*args)
        return sum(np.sum(g * d) for g, d in zip(slopes, one.directions, strict=True))

    for g, right in zip(gt.grad(along, one.every)(*one.args), one.answer.hvp, strict=True):
        approx(g, right)


def check_backward(one):
    right = gt.grad(one.scalar, one.every)(*one.args)
    (gradients,) = gt.trace(one.scalar, *one.args).backward().values()
    for g, h in zip(gradients, right, strict=True):
        assert type(g) is type(h)
        assert np.array_equal(g, h)


def passes(edge):
    """Whether a gradient passes: the whole number 0 says that none does."""
    return not (isinstance(edge["local"], int) and edge["local"] == 0)


def check_law(one):
    """grad == sum over out-edges of local times the child's grad, for each node but the outputs."""
    graph = gt.trace(one.scalar, *one.args)
    graph.backward()
    for key in graph:
        node = graph.nodes[key]
        if key in graph.outputs or "grad" not in node:
            continue
        terms = []
        for _, child, edge in graph.out_edges(key, data=True):
            if passes(edge) and "grad" in graph.nodes[child]:
                g, local = graph.nodes[child]["grad"], edge["local"]
                terms.append(g @ local if isinstance(local, LinearMap) else g * local)
        approx(node["grad"], sum(terms, np.zeros(np.shape(node["value"]))), err_msg=key)


def dense(local, into):
    """An edge's local derivative as an array of the output's shape and then the operand's."""
    if isinstance(local, LinearMap):
        return local.to_dense()
    if np.ndim(local) == 0:
        return local * np.eye(int(np.prod(into))).reshape(into * 2)
    return np.reshape(np.diag(np.ravel(local)), into * 2)


def edges_into(graph, key):
    for parent, _, edge in graph.in_edges(key, data=True):
        if passes(edge):
            yield parent, edge["local"]


def check_edges_written_out(one):
    graph = gt.trace(one.f, *one.args)
    for j, source in enumerate(graph.inputs):
        shape = np.shape(one.args[j])
        total = {source: np.eye(int(np.prod(shape))).reshape(shape * 2)}
        for key in graph:
            for parent, local in edges_into(graph, key):
                if parent in total:
                    into = np.shape(graph.nodes[parent]["value"])
                    step = np.tensordot(dense(local, into), total[parent], len(into))
                    total[key] = total.get(key, 0.0) + step
        for o, output in enumerate(graph.outputs):
            right = one.answer.jacobians[o][j]
            approx(total.get(output, np.zeros(right.shape)), right)


def check_edges_forward(one):
    graph = gt.trace(one.f, *one.args)
    moved = dict(zip(graph.inputs, one.directions, strict=True))
    for key in graph:
        if key not in moved:
            terms = [
                local @ moved[parent] if isinstance(local, LinearMap) else local * moved[parent]
                for parent, local in edges_into(graph, key)
            ]
            moved[key] = sum(terms, np.zeros(np.shape(graph.nodes[key]["value"])))
    for o, output in enumerate(graph.outputs):
        approx(moved[output], pushed(one.answer.jacobians[o], one.directions))


CHECKS = [
    check_value,
    check_gradient,
    check_second_order,
    check_backward,
    check_law,
    check_edges_written_out,
    check_edges_forward,
]


def check_all(name, check):
    for i, one in enumerate(cases(name)):
        try:
            check(one)
        except Exception as error:
            error.add_note(f"in sample {i} of {name!r}")
            raise


def test_every_row_with_a_gradient_has_a_sample():
    with_gradient = {name for name, primitive in PRIMITIVES.items() if not primitive.flat}
    assert with_gradient == set(SAMPLES) | set(INNER)


@each_row
def test_the_samples_run_the_row_that_they_stand_for(name):
    assert any(name in rows_of(gt.trace(one.f, *one.args)) for one in cases(name))


@each_row
def test_the_value_is_that_of_jax(name):
    check_all(name, check_value)


@each_row
def test_the_gradient_is_that_of_jax(name):
    check_all(name, check_gradient)


@each_row
def test_the_gradient_of_the_gradient_is_that_of_jax(name):
    check_all(name, check_second_order)


@each_row
def test_backward_on_the_graph_is_grad_to_the_last_bit(name):
    check_all(name, check_backward)


@each_row
def test_every_nodes_gradient_is_the_sum_over_its_edges(name):
    check_all(name, check_law)


@each_row
def test_the_edges_written_out_multiply_to_jaxs_jacobian(name):
    check_all(name, check_edges_written_out)


@each_row
def test_the_edges_push_a_tangent_forward_as_jaxs_jvp_does(name):
    check_all(name, check_edges_forward)


@pytest.mark.parametrize(
    ("inner", "f"),
    [
        ("nonzero", lambda x: np.sum(x**x)),
        ("scatter_at", lambda x: np.sum(x[1:] ** 3)),
        ("scatter", lambda x: np.sum(np.roll(x, 1) ** 3)),
        ("identity", lambda x: np.sum(x**3)),
    ],
)
def test_a_row_of_the_rules_is_run_by_the_gradient_of_a_gradient(inner, f):
    tape_rows = set()

    def slope(x):
        g = gt.grad(f)(x)
        tape_rows.update(row[0].name for row in g.tape.rows)
        return np.sum(g)

    gt.grad(slope)(np.array([0.5, 1.5, 2.5]))
    assert inner in tape_rows


def wrong(**rules):
    """tanh with another rule, applied as `xp.tanh` is."""
    primitive = Primitive("wrong", np.tanh, **rules)
    f = Sample(lambda xp, x: apply(primitive, (x,), {}), (U,), lambda xp, x: xp.tanh(x))
    return case(f, *jax_answers([f]))


def test_the_checks_pass_a_right_rule():
    right = wrong(partials=(lambda x, y: 1 - y**2,))
    for check in CHECKS:
        check(right)


@pytest.mark.parametrize(
    ("mistake", "rules"),
    [
        ("scale", {"partials": (lambda x, y: 1.000001 * (1 - y**2),)}),
        ("power", {"partials": (lambda x, y: 1 - y**4,)}),
        ("none", {"partials": (None,)}),
        (
            "one entry",
            {"vjps": (lambda g, y, x: g * (1 - y**2) * np.where(x == U[0, 0], 1.01, 1),)},
        ),
    ],
)
@pytest.mark.parametrize(
    "check", [check_gradient, check_second_order, check_edges_written_out, check_edges_forward]
)
def test_the_checks_notice_a_wrong_rule(check, mistake, rules):
    with pytest.raises(AssertionError):
        check(wrong(**rules))


def test_the_second_order_notices_a_rule_that_loses_the_trace():
    rule = wrong(partials=(lambda x, y: 1 - getattr(y, "value", y) ** 2,))
    check_gradient(rule)
    with pytest.raises(AssertionError):
        check_second_order(rule)
