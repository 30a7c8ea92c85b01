"""Operators, elementwise functions and choices."""

import numpy as np

from samples.arrays import MASK, A, B, P, V, binary, calls, changed, named, unary, without_nan


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
