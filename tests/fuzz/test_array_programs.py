"""Random programs of arrays, some of them empty or with extents of 1, against differences."""

import warnings

import numpy as np
import pytest
from fuzz.budget import cases
from oracles import weights_for

import graphtrace as gt

SHAPES = [
    (),
    (1,),
    (3,),
    (0,),
    (1, 3),
    (2, 1),
    (2, 3),
    (3, 3),
    (1, 1),
    (0, 3),
    (2, 1, 3),
    (1, 2, 3),
]
AXES = [None, 0, -1, 1, (0, 1), ()]
SUBSCRIPTS = ["i,i", "i,i->i", "...i,...i->...", "ij,jk->ik", "...ij,...jk->...ik", "ij,kj->ik"]

UNARY = {
    name: lambda a, name=name: getattr(np, name)(a)
    for name in "sin tanh exp square negative ravel transpose atleast_1d atleast_2d sort".split()
} | {
    "log": lambda a: np.log(1 + a * a),
    "sqrt": lambda a: np.sqrt(2 + np.sin(a)),
    "clip": lambda a: np.clip(a, -0.71, 0.53),
    "where": lambda a: np.where(a > 0.037, a, a * a),
    "first": lambda a: a[..., :1],
    "none": lambda a: a[..., None],
    "reverse": lambda a: a[::-1],
    "rest": lambda a: a[1:],
    "column": lambda a: np.reshape(a, (-1, 1)),
    "diff": lambda a: np.diff(a, axis=0),
    "median": lambda a: np.median(a, axis=-1),
    "quantile": lambda a: np.quantile(a, 0.31, axis=0),
    "norm": lambda a: np.linalg.norm(a + 1.3, axis=-1),
    "inv": lambda a: np.linalg.inv(a @ np.swapaxes(a, -1, -2) + 2 * np.eye(a.shape[-2])),
    "det": lambda a: np.linalg.det(a),
    "trace": lambda a: np.trace(a),
    "diag": lambda a: np.diag(a),
    "tril": lambda a: np.tril(a),
    "squeeze": lambda a: np.squeeze(a),
    "roll": lambda a: np.roll(a, 1, axis=0),
    "pad": lambda a: np.pad(a, 1),
    "repeat": lambda a: np.repeat(a, 2, axis=0),
}
BINARY = (
    {
        name: lambda a, b, name=name: getattr(np, name)(a, b)
        for name in "add subtract multiply maximum minimum logaddexp matmul dot inner outer "
        "kron vdot cross".split()
    }
    | {
        "divide": lambda a, b: a / (2 + b * b),
        "hypot": lambda a, b: np.hypot(a + 0.1, b),
        "arctan2": lambda a, b: np.arctan2(a, 0.4 + b * b),
        "power": lambda a, b: (1.5 + a * a) ** b,
        "where": lambda a, b: np.where(a > b, a, b * b),
        "rows": lambda a, b: np.concatenate([a, b]),
        "columns": lambda a, b: np.concatenate([a, b], axis=-1),
        "stack": lambda a, b: np.stack(np.broadcast_arrays(a, b)),
        "tensordot": lambda a, b: np.tensordot(a, b, axes=1),
        "clip": lambda a, b: np.clip(a, b - 0.6, b + 0.4),
        "average": lambda a, b: np.average(a, weights=b * b + 0.2),
        "interp": lambda a, b: np.interp(a, np.sort(b), b),
        "convolve": lambda a, b: np.convolve(a, b),
        "trapezoid": lambda a, b: np.trapezoid(a, b),
        "solve": lambda a, b: np.linalg.solve(a + 4 * np.eye(a.shape[-1]), b),
        "cov": lambda a, b: np.cov(a, b),
    }
    | {f"einsum {s}": lambda a, b, s=s: np.einsum(s, a, b) for s in SUBSCRIPTS}
)
REDUCTIONS = ["sum", "mean", "prod", "max", "min", "var", "cumsum", "ptp"]


def reduced(name, axis, keepdims):
    how = {} if name == "cumsum" else {"keepdims": keepdims}
    return lambda a: getattr(np, name)(a, axis=axis, **how)


class Program:
    """Steps, each of a function and which of the values before are its operands."""

    def __init__(self, seed):
        rng = np.random.default_rng(seed)
        shapes = [SHAPES[i] for i in rng.integers(len(SHAPES), size=rng.integers(1, 4))]
        self.args = tuple(rng.uniform(-1.3, 1.3, shape)[()] for shape in shapes)
        self.args = tuple(float(a) if np.ndim(a) == 0 else a for a in self.args)
        self.steps, self.names = [], []
        values = list(self.args)
        while len(self.steps) < 6:
            name, f, count = self._choice(rng)
            at = [int(i) for i in rng.integers(len(values), size=count)]
            try:
                with warnings.catch_warnings(), np.errstate(all="ignore"):
                    warnings.simplefilter("ignore")
                    y = f(*(values[i] for i in at))
            except (
                ValueError,
                IndexError,
                TypeError,
                AttributeError,
                ZeroDivisionError,
                np.linalg.LinAlgError,
            ):
                continue
            if np.size(y) > 60 or not np.all(np.abs(y) < 1e3):
                continue
            self.steps.append((f, at))
            self.names.append(f"{name}{at}")
            values.append(y)
        self.weights = weights_for([np.shape(y) for y in values], seed)
        self.directions = tuple(weights_for([np.shape(a) for a in self.args], seed + 1))

    def __repr__(self):
        return f"{[np.shape(a) for a in self.args]}: {', '.join(self.names)}"

    def _choice(self, rng):
        kind = rng.integers(3)
        if kind == 0:
            name = REDUCTIONS[rng.integers(len(REDUCTIONS))]
            axis, keepdims = AXES[rng.integers(len(AXES))], bool(rng.integers(2))
            return f"{name}({axis}, {keepdims})", reduced(name, axis, keepdims), 1
        table = UNARY if kind == 1 else BINARY
        name = list(table)[rng.integers(len(table))]
        return name, table[name], int(kind)

    def run(self, *args):
        values = list(args)
        for f, at in self.steps:
            values.append(f(*(values[i] for i in at)))
        return sum(np.sum(w * np.sin(y)) for w, y in zip(self.weights, values, strict=True))


def slope(f, step):
    """The derivative of a number in `t` at 0 by differences of the fourth order."""
    return (8 * (f(step) - f(-step)) - (f(2 * step) - f(-2 * step))) / (12 * step)


def paired(a, b):
    return sum(float(np.sum(x * y)) for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize("seed", range(cases(60, 4000)))
def test_a_program_of_arrays_has_the_derivatives_of_differences(seed):
    program = Program(seed)
    args, along, every = program.args, program.directions, tuple(range(len(program.args)))

    def moved(t):
        return [a + t * d for a, d in zip(args, along, strict=True)]

    def tangent(*args):
        return gt.jvp(program.run, args, along)[1]

    def gradient(*args):
        return gt.grad(program.run, every)(*args)

    with np.errstate(all="ignore"):
        first = [slope(lambda t: program.run(*moved(t)), step) for step in (2e-4, 1e-4)]
        second = [slope(lambda t: tangent(*moved(t)), step) for step in (2e-4, 1e-4)]
        ours = paired(gradient(*args), along), tangent(*args)
        again = paired(gt.jvp(gradient, args, along)[1], along), gt.jvp(tangent, args, along)[1]
        again += (paired(gt.grad(tangent, every)(*args), along),)
    for numeric, exact in ((first, ours), (second, again)):
        if np.allclose(*numeric, rtol=1e-7, atol=1e-7):  # no kink, tie or pole is near
            np.testing.assert_allclose(
                exact, numeric[1], rtol=1e-5, atol=1e-5, err_msg=str(program)
            )
