"""The arrays of the samples, and how a sample is written."""

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


def changed(operate):
    """An array of the function's own, changed in place and used afterwards."""

    def f(xp, a, b):
        z = a + 0.0
        z = operate(z, b)
        return z * z

    return f


W = np.cos(np.arange(6.0)).reshape(3, 2)


# A regular square matrix, and a symmetric positive definite one.
Q = np.array([[2.0, 0.3, -0.5], [0.4, 1.5, 0.2], [-0.3, 0.6, 1.1]])


QN = np.stack([Q, Q.T + np.eye(3)])
NAN = np.array([[0.3, np.nan, 1.2], [-1.1, 0.5, 0.8]])


def without_nan(f):
    """`f` of an array with a NaN at a place where no argument is."""
    return lambda xp, a, *more: f(xp, xp.where(np.isnan(NAN), np.nan, a), *more)
