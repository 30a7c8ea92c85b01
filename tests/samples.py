"""A call, or several, of every operation: what the tests of derivatives run through.

In: nothing. Out: `SAMPLES`, from the name of a row to its samples; `INNER`, the rows that only
derivative rules apply; `ELSEWHERE`, the rows with tests of their own. A sample is written as
`f(xp, *args)`, so that NumPy and JAX can run it.
"""

import jax
import numpy as np
from oracles import Sample

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

# A regular square matrix, and a symmetric positive definite one.
Q = np.array([[2.0, 0.3, -0.5], [0.4, 1.5, 0.2], [-0.3, 0.6, 1.1]])
SPD = Q @ Q.T
QN = np.stack([Q, Q.T + np.eye(3)])
NAN = np.array([[0.3, np.nan, 1.2], [-1.1, 0.5, 0.8]])


def symmetric(f):
    """`f` of the symmetric part, so that every direction is one that `f` is defined for."""
    return lambda xp, a: f(xp, (a + xp.swapaxes(a, -1, -2)) / 2)


def linalg(name, *pick):
    """The real outputs `pick` of `np.linalg.name`; all of them where none is named."""

    def f(xp, *args):
        ys = getattr(xp.linalg, name)(*args)
        return [ys[i] for i in pick] if pick else ys

    return f


def eigenvalues(xp, a):
    """Those of a matrix of two rows: JAX has no derivative of an asymmetric matrix's."""
    half, det = (a[0, 0] + a[1, 1]) / 2, a[0, 0] * a[1, 1] - a[0, 1] * a[1, 0]
    return half + xp.sqrt(half**2 - det) * np.array([-1.0, 1.0])


def spectrum(name):
    """The power spectrum: real, and every entry of the transform is in it."""
    return lambda xp, a: xp.abs(getattr(xp.fft, name)(a)) ** 2


def without_nan(f):
    """`f` of an array with a NaN at a place where no argument is."""
    return lambda xp, a, *more: f(xp, xp.where(np.isnan(NAN), np.nan, a), *more)


ACCUMULATIONS = {
    "cumprod": calls(named("cumprod"), (A,), (V,), (Z,))
    + calls(lambda xp, a: xp.cumprod(a, axis=1), (A,), (Z,)),
    "diff": calls(named("diff"), (A,), (V,))
    + calls(lambda xp, a: xp.diff(a, n=2, axis=-1), (N,))
    + calls(lambda xp, a: xp.diff(a, axis=0), (A,)),
    "ufunc.accumulate": calls(
        lambda xp, a: np.maximum.accumulate(a), (V,), twin=lambda xp, a: jax.lax.cummax(a)
    ),
    "ufunc.reduce": calls(
        lambda xp, a: np.logaddexp.reduce(a),
        (V,),
        twin=lambda xp, a: jax.scipy.special.logsumexp(a),
    ),
    "ufunc.reduceat": calls(
        lambda xp, a: np.add.reduceat(a, [0, 2]),
        (V,),
        twin=lambda xp, a: xp.stack([a[0] + a[1], a[2]]),
    ),
    "gradient": calls(named("gradient"), (V,), (A[:, :2],), (A,))
    + calls(lambda xp, a, h: xp.gradient(a, h), (V, 0.3)),
    "trapezoid": calls(named("trapezoid"), (A,), (V,))
    + calls(lambda xp, y, x: xp.trapezoid(y, x), (A, V)),
    "interp": calls(
        lambda xp, x, at, fp: xp.interp(x, at, fp),
        (A, np.array([-1.0, 0.0, 0.4, 1.5]), P.ravel()[:4]),
    ),
    "unwrap": calls(named("unwrap"), (3 * V,)),
    "convolve": calls(named("convolve"), (V, B[0]))
    + calls(lambda xp, a, v: xp.convolve(a, v, mode="same"), (P.ravel(), V)),
    "correlate": calls(named("correlate"), (V, B[0]))
    + calls(lambda xp, a, v: xp.correlate(a, v, mode="full"), (P.ravel(), V)),
    "linspace": calls(lambda xp, a, b: xp.linspace(a, b, 4), (0.2, 1.1), (V, B[0])),
    "logspace": calls(lambda xp, a, b: xp.logspace(a, b, 4), (0.2, 1.1))
    + calls(lambda xp, a, b, base: xp.logspace(a, b, 4, base=base), (0.2, 1.1, 2.5)),
    "geomspace": calls(lambda xp, a, b: xp.geomspace(a, b, 4), (0.2, 1.1)),
}


def assigned(a, b):
    z = a + 0.0
    z[0] = b
    z[:, 1] += 2.0
    return z**2


CHOICES = {
    "select": calls(lambda xp, a, b: xp.select([MASK, a > -1], [a, b * b], b), (A, B)),
    "choose": calls(
        lambda xp, a, b: xp.choose(np.array([[0, 1, 0], [1, 1, 0]]), [a, b], mode="clip"), (A, B)
    ),
    "nan_to_num": calls(without_nan(lambda xp, a: xp.nan_to_num(a, nan=2.0)), (A,)),
    "round": calls(lambda xp, a: xp.round(a, 1) * a, (A,))
    + calls(lambda xp, a: a.round() * a, (A,)),
    "builtins.round": calls(
        lambda xp, a: round(a, 1) * a, (0.64,), twin=lambda xp, a: xp.round(a, 1) * a
    ),
    "fix": calls(lambda xp, a: np.fix(3 * a) * a, (A,), twin=lambda xp, a: xp.trunc(3 * a) * a),
    "modf_fraction": calls(lambda xp, a: xp.modf(3 * a)[0], (A,), (0.6,)),
    "modf_whole": calls(lambda xp, a: xp.modf(3 * a)[1] * a, (A,)),
    "frexp_mantissa": calls(
        lambda xp, a: xp.frexp(3 * a)[0], (A,), twin=lambda xp, a: 3 * a / 2.0 ** np.frexp(3 * A)[1]
    ),
    "insert": calls(lambda xp, a, b: xp.insert(a, 1, b, axis=1), (A, B[:, 0])),
    "pad": calls(lambda xp, a: xp.pad(a, 1), (A,))
    + calls(lambda xp, a: xp.pad(a, ((1, 0), (0, 2)), mode="edge"), (A,))
    + calls(lambda xp, a: xp.pad(a, 2, mode="reflect"), (V,)),
    "setitem": calls(
        lambda xp, a, b: assigned(a, b),
        (A, V),
        twin=lambda xp, a, b: xp.asarray(a).at[0].set(b).at[:, 1].add(2.0) ** 2,
    ),
}


COMPLEX = {
    "conjugate": calls(lambda xp, a: xp.real(xp.conj(a * (1 + 2j)) * (0.5 - 1j)), (A,)),
    "real": calls(lambda xp, a: xp.real(a * a * (1 + 2j)), (A,)),
    "imag": calls(lambda xp, a: xp.imag(a * a * (1 + 2j)), (A,)),
    "angle": calls(lambda xp, a: xp.angle(a + 1j * a * a), (A,)),
    "phase": calls(
        lambda xp, a: xp.imag(np.sign(a + 1j * a * a)),
        (A,),
        twin=lambda xp, a: a * a / xp.sqrt(a**2 + a**4),
    ),
    "modulus": calls(lambda xp, a: xp.abs(a + 1j * a * a), (A,)),
}

DECOMPOSITIONS = {
    "inv": calls(linalg("inv"), (Q,), (QN,)),
    "pinv": calls(linalg("pinv"), (Q,), (A,)),
    "solve": calls(linalg("solve"), (Q, V), (Q, W), (QN, N[:, :1].mT)),
    "tensorinv": calls(lambda xp, a: xp.linalg.tensorinv(xp.reshape(a, (3, 3)), ind=1), (Q,)),
    "tensorsolve": calls(linalg("tensorsolve"), (Q, V)),
    "det": calls(linalg("det"), (Q,), (QN,)),
    "slogdet": calls(linalg("slogdet", 1), (Q,), (QN,)),
    "cholesky": calls(symmetric(linalg("cholesky")), (SPD,)),
    "qr": calls(linalg("qr", 0, 1), (Q,)),
    "eigh": calls(symmetric(linalg("eigh", 0)), (SPD,)),
    "eigvalsh": calls(symmetric(linalg("eigvalsh")), (SPD,)),
    "svd": calls(lambda xp, a: xp.linalg.svd(a, full_matrices=False)[1], (A,)),
    "svdvals": calls(linalg("svdvals"), (A,)),
    "lstsq": calls(
        lambda xp, a, b: np.linalg.lstsq(a, b, rcond=None)[0],
        (W, V),
        twin=lambda xp, a, b: xp.linalg.solve(a.T @ a, a.T @ b),
    ),
    "norm": calls(linalg("norm"), (A,), (V,))
    + calls(lambda xp, a: xp.linalg.norm(a, axis=1), (A,))
    + calls(lambda xp, a: xp.linalg.norm(a, ord=1, axis=0), (A,))
    + calls(lambda xp, a: xp.linalg.norm(a, ord=3), (V,))
    + calls(lambda xp, a: xp.linalg.norm(a, "nuc"), (A,)),
    "vector_norm": calls(linalg("vector_norm"), (A,)),
    "matrix_norm": calls(linalg("matrix_norm"), (A,), (N,)),
    "cond": calls(linalg("cond"), (Q,)),
    "eig": calls(
        lambda xp, a: np.sort(np.real(np.linalg.eig(a)[0])), (Q[:2, :2],), twin=eigenvalues
    ),
    "eigvals": calls(
        lambda xp, a: np.sort(np.real(np.linalg.eigvals(a))), (Q[:2, :2],), twin=eigenvalues
    ),
}

FOURIER = {
    name: calls(spectrum(name), (A,), (V,) if "2" not in name else (P,))
    for name in (
        "fft ifft rfft hfft ihfft fft2 fftn ifft2 ifftn rfft2 rfftn irfft irfft2 irfftn".split()
    )
} | {
    name: calls(lambda xp, a, n=name: getattr(xp.fft, n)(a), (A,))
    for name in ("fftshift", "ifftshift")
}

ORDER = {
    "sort": calls(named("sort"), (A,), (V,)) + calls(lambda xp, a: xp.sort(a, axis=0), (A,)),
    "partition": calls(lambda xp, a: np.partition(a, 1), (V,), twin=lambda xp, a: xp.sort(a)),
    "median": calls(named("median"), (A,), (V,)) + calls(lambda xp, a: xp.median(a, axis=1), (A,)),
    "nanmedian": calls(without_nan(lambda xp, a: xp.nanmedian(a, axis=1)), (A,)),
    "percentile": calls(lambda xp, a, q: xp.percentile(a, q), (A, np.array([23.0, 65.0]))),
    "quantile": calls(lambda xp, a: xp.quantile(a, 0.3, axis=1), (A,))
    + calls(lambda xp, a, q: xp.quantile(a, q), (A, 0.3)),
    "nanpercentile": calls(without_nan(lambda xp, a, q: xp.nanpercentile(a, q)), (A, 30.0)),
    "nanquantile": calls(without_nan(lambda xp, a, q: xp.nanquantile(a, q)), (A, 0.3)),
    "union1d": calls(
        lambda xp, a, b: np.union1d(a, b),
        (V, B[0]),
        twin=lambda xp, a, b: xp.sort(xp.concatenate([a, b])),
    ),
    "setdiff1d": calls(lambda xp, a: np.setdiff1d(a, [0.8]), (V,), twin=lambda xp, a: a[1:]),
    "setxor1d": calls(
        lambda xp, a: np.setxor1d(a, [0.8, 3.0]), (V,), twin=lambda xp, a: xp.append(a[1:], 3.0)
    ),
    "intersect1d": calls(lambda xp, a: np.intersect1d(a, V), (V,), twin=lambda xp, a: xp.sort(a)),
    "unique": calls(named("unique"), (V,), twin=lambda xp, a: xp.sort(a)),
}

CONTRACTIONS = {
    "dot": calls(lambda xp, a, b: xp.dot(a, b), (N, M), (A, M)),
    "einsum": calls(lambda xp, a, b: xp.einsum("ij,jk->ik", a, b), (A, W))
    + calls(lambda xp, a, b: xp.einsum("bij,j", a, b), (N, V))
    + calls(lambda xp, a: xp.einsum("ii->i", a), (Q,))
    + calls(lambda xp, a, b: xp.einsum("ij,jk,kl", a, b, a), (A, W)),
    "tensordot": calls(lambda xp, a, b: xp.tensordot(a, b, axes=1), (N, W))
    + calls(lambda xp, a, b: xp.tensordot(a, b, axes=([0, 2], [1, 0])), (N, W)),
    "inner": calls(named("inner"), (V, V), (A, B), (N, A)),
    "vdot": calls(named("vdot"), (V, V), (A, B)),
    "vecdot": calls(named("vecdot"), (A, V), (A, B)),
    "matvec": calls(named("matvec"), (A, V), (N, A)),
    "vecmat": calls(named("vecmat"), (V, W), (A, W)),
    "kron": calls(named("kron"), (A, C), (V, V)),
    "cross": calls(named("cross"), (V, B[0]), (A, V)),
    "trace": calls(named("trace"), (Q,), (N,)) + calls(lambda xp, a: xp.trace(a, 1), (A,)),
    "multi_dot": calls(lambda xp, a, b, c: xp.linalg.multi_dot([a, b, c]), (A, W, A)),
    "matrix_power": calls(lambda xp, a: xp.linalg.matrix_power(a, 3), (Q,))
    + calls(lambda xp, a: xp.linalg.matrix_power(a, -2), (Q,)),
}

_INITIAL = {"max": {"initial": -9.0}, "min": {"initial": 9.0}}

STATISTICS = {
    **{
        f"{name}_where": calls(
            lambda xp, a, n=name: getattr(xp, n)(a, axis=1, where=MASK, **_INITIAL.get(n, {})), (A,)
        )
        for name in ("sum", "prod", "mean", "var", "std", "max", "min")
    },
    **{
        f"nan{name}": calls(
            without_nan(lambda xp, a, n=name: getattr(xp, f"nan{n}")(a, axis=1)), (A,)
        )
        for name in ("sum", "prod", "mean", "var", "std", "max", "min")
    },
    "average": calls(lambda xp, a, w: xp.average(a, axis=1, weights=w), (A, P[0])),
    "cov": calls(named("cov"), (A,), (N[:, 0],)) + calls(named("cov"), (V, B[0])),
    "corrcoef": calls(named("corrcoef"), (A + P,)),
    "bincount": calls(
        lambda xp, w: xp.bincount(np.array([0, 2, 0]), weights=w),
        (V,),
        twin=lambda xp, w: xp.stack([w[0] + w[2], 0.0, w[1]]),
    ),
    "histogram": calls(
        lambda xp, w: np.histogram([0.1, 0.6, 0.7], bins=2, range=(0, 1), weights=w)[0],
        (V,),
        twin=lambda xp, w: xp.stack([w[0], w[1] + w[2]]),
    ),
}

POLYNOMIALS = {
    "polyval": calls(lambda xp, p, x: xp.polyval(p, x), (V, A), (P.ravel()[:4], 0.3)),
    "poly": calls(lambda xp, r: xp.poly(r), (V,)),
    "polyfit": calls(
        lambda xp, x, y: xp.polyfit(x, y, 2), (np.array([0.1, 0.5, 0.9, 1.6]), P.ravel()[:4])
    ),
    "polydiv_quotient": calls(lambda xp, u, v: xp.polydiv(u, v)[0], (P.ravel()[:4], V[:2])),
    "polydiv_remainder": calls(
        lambda xp, u, v: np.polydiv(u, v)[1],
        (P.ravel()[:4], V[:2]),
        twin=lambda xp, u, v: xp.polydiv(u, v, trim_leading_zeros=False)[1][-1:],
    ),
    "roots": calls(
        lambda xp, p: np.sort(np.roots(p)),
        (np.array([0.9, 2.3, 0.6]),),
        twin=lambda xp, p: (
            (-p[1] + xp.sqrt(p[1] ** 2 - 4 * p[0] * p[2]) * np.array([-1.0, 1.0])) / (2 * p[0])
        ),
    ),
    "vander": calls(lambda xp, a: xp.vander(a, 4), (V,)),
    "sinc": calls(named("sinc"), (A,), (0.6,)),
    "i0": calls(named("i0"), (A,), (0.6,)),
}

SAMPLES = (
    OPERATORS
    | ELEMENTWISE
    | REDUCTIONS
    | SHAPES
    | LINALG
    | ACCUMULATIONS
    | CHOICES
    | COMPLEX
    | DECOMPOSITIONS
    | FOURIER
    | ORDER
    | CONTRACTIONS
    | STATISTICS
    | POLYNOMIALS
)

# Rows that no NumPy function stands for: the derivative rules apply them.
INNER = {
    "nonzero": "in the rule of power",
    "power_slope": "in the rule of power",
    "gap": "in the rule of logaddexp (tests/test_kinks.py)",
    "cosine": "in the rule of hypot",
    "sech_squared": "in the rules of tanh and sigmoid",
    "hypotenuse": "in the rules of arcsinh and arctan",
    "one_less_square": "in the rules of arcsin, arccos and arctanh",
    "density_gamma": "in the rules of gammainc and its like",
    "density_beta": "in the rules of betainc and its like",
    "erfc_ratio": "in the rules of erfcx and hazard",
    "hazard": "in the rules of log_ndtr and ndtri",
    "log_ratio": "in the rules of rel_entr and kl_div",
    "psi_difference": "in the rules of beta and its like",
    "scatter_at": "the vjp of getitem",
    "scatter": "the vjp of the functions that move entries",
    "gather": "the vjp of scatter",
    "numpy_number": "in a rule that stumbled over Python's number at a pole (tests/test_poles.py)",
    "identity": "the input of an inner transform",
    "over": "in the rules of eigenvalues: 1 / x, and 0 between equal ones",
    "add.at": "np.add.at on an array of the trace (tests/test_assignment.py)",
    "subtract.at": "the same",
}

# Rows that are no NumPy functions: they have tests of their own.
ELSEWHERE = {
    *("relu gelu silu sigmoid softplus softmax log_softmax logsumexp".split()),
    *("layer_norm cross_entropy".split()),
    "sliding_window_view",  # jax has none; test_numpy_rest
}
