"""A JAX program on the Wengert list: its jaxpr, equation by equation, with numbers.

In: a function and its arguments. Out: its recording. `jax.make_jaxpr` runs the function once; each
equation says with which instruction of the user's it was made. Calls of `jit` are opened, short
loops unrolled, of a `cond` the branch taken is followed; a `custom_jvp` stays one row.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import jaxlib
import numpy as np
from jax.extend import core

from graphtrace.core.describe_error import raised_at
from graphtrace.core.inputs import INPUT, Opened, bind, name_of
from graphtrace.core.pytree import Structure, flatten
from graphtrace.core.tape import Guard, Tape, recording, regard_as_library
from graphtrace.core.variable import Variable, record
from graphtrace.errors import ArgumentError, TraceError
from graphtrace.frameworks.call import add_rows
from graphtrace.frameworks.jax_call import JaxCall, is_key, to_numpy
from graphtrace.frameworks.jax_places import Places
from graphtrace.frameworks.jax_primitives import Shown, broadcast_shape, shown
from graphtrace.frameworks.notation import STYLES, Slot
from graphtrace.frameworks.program import Program
from graphtrace.graph.recording import Recording

for _package in (jax, jaxlib):
    regard_as_library(str(Path(_package.__file__ or "").parent))

LONGEST = 64
"""Runs of a loop that are unrolled; a longer one is a single row."""

_OPENED = {"jit": "jaxpr", "pjit": "jaxpr", "closed_call": "call_jaxpr", "core_call": "call_jaxpr"}
_OPENED |= {"checkpoint": "jaxpr", "remat": "jaxpr", "remat2": "jaxpr", "custom_lin": "jaxpr"}


def is_program(given: Sequence[Any]) -> bool:
    """Whether it is JAX's: an array of JAX among the arguments, or a function that is jitted."""
    f, *arguments = given
    is_jitted = hasattr(f, "lower") and hasattr(f, "eval_shape") and hasattr(f, "__wrapped__")
    try:
        leaves = jax.tree_util.tree_leaves(arguments)
    except ValueError:  # keys of a dict that JAX cannot sort
        leaves = flatten(arguments)[0]
    return is_jitted or any(isinstance(x, jax.Array) for x in leaves)


def record_program(
    f: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]
) -> Recording:
    """The recording of `f(*args, **kwargs)`, which runs once, on shapes and types.

    Raises TraceError for what cannot be followed, ArgumentError for what is no argument.
    """
    arguments = bind(f, args, kwargs)
    with recording(locate=True, decide=True, nested=False) as (tape, _):
        tape.lastis = None  # what runs here is no frame of the user's
        opened = {name: _open(tape, argument, name) for name, argument in arguments.items()}
        leaves = [x for one in opened.values() for x in _moving(one)]
        traced = _Traced(f, opened)
        closed = _jaxpr(traced, leaves)
        inputs = [
            _Known(row[1], i, x) for i, (row, x) in enumerate(zip(tape.rows, leaves, strict=True))
        ]
        evaluation = _Evaluation(tape, Places(traced.run.__code__))
        outputs = evaluation.run(closed.jaxpr, closed.consts, inputs, None)
        evaluation.places.finish(tape)
        out = traced.result([evaluation.returned(x) for x in outputs])
        program = Program(name_of(f), inspect.signature(f))
        made = _Recording(program, tape, arguments, opened, out)
        made.weights = set(made.input_names).difference(arguments)  # leaves of a container
        return made


class _Recording(Recording):
    """A recording whose leaves are those of JAX's pytrees."""

    def _names(self, name: str, argument: Any) -> list[str]:
        paths, _ = jax.tree_util.tree_flatten_with_path(argument)
        pairs = zip(paths, self.opened[name].rows, strict=True)
        return [name + jax.tree_util.keystr(path) for (path, _), row in pairs if row is not None]


class _Treedef:
    """A pytree of JAX where graphtrace expects one of optree."""

    def __init__(self, treedef: Any) -> None:
        self._treedef = treedef
        self.num_leaves = treedef.num_leaves

    def is_leaf(self) -> bool:
        return self._treedef == jax.tree_util.tree_structure(0)

    def unflatten(self, leaves: Sequence[Any]) -> Any:
        return self._treedef.unflatten(leaves)

    def flatten_up_to(self, tree: Any) -> list[Any]:
        parts: list[Any] = self._treedef.flatten_up_to(tree)
        return parts


def _open(tape: Tape, tree: Any, name: str) -> Opened:
    """The leaves of an argument, with a row for each array and float."""
    paths, treedef = jax.tree_util.tree_flatten_with_path(tree)
    leaves = [leaf for _, leaf in paths]
    rows: list[int | None] = []
    for path, leaf in paths:
        if isinstance(leaf, jax.core.Tracer):
            raise ArgumentError(
                f"{name}{jax.tree_util.keystr(path)} is traced by JAX already; call gt.trace "
                f"outside of jit, grad and vmap"
            )
        is_moving = isinstance(leaf, (jax.Array, np.ndarray, np.number, float, complex))
        if not is_moving or (hasattr(leaf, "dtype") and is_key(leaf.dtype)):
            rows.append(None)
        else:
            rows.append(record(tape, INPUT, to_numpy(jax.numpy.asarray(leaf))).index)
    return Opened(tree, leaves, rows, Structure(_Treedef(treedef)))


def _moving(one: Opened) -> list[Any]:
    """The leaves that have a row."""
    pairs = zip(one.leaves, one.rows, strict=True)
    return [jax.numpy.asarray(leaf) for leaf, row in pairs if row is not None]


class _Traced:
    """The user's function of its traced leaves alone; knows the structure of what it returns."""

    def __init__(self, f: Callable[..., Any], opened: dict[str, Opened]) -> None:
        self.f = f
        self.opened = opened
        self._treedef: Any = None
        self._static: list[Any] = []

    def run(self, *leaves: Any) -> list[Any]:
        """The arrays that the function returns."""
        given = iter(leaves)
        arguments = {
            name: one.structure(
                [
                    x if row is None else next(given)
                    for x, row in zip(one.leaves, one.rows, strict=True)
                ]
            )
            for name, one in self.opened.items()
        }
        bound = inspect.BoundArguments(inspect.signature(self.f), arguments)
        returned, self._treedef = jax.tree_util.tree_flatten(self.f(*bound.args, **bound.kwargs))
        self._static = [None if _is_number(x) else (x,) for x in returned]
        return [x for x in returned if _is_number(x)]

    def result(self, arrays: Sequence[Any]) -> Any:
        """What the function returned, with these for its arrays."""
        moving = iter(arrays)
        leaves = [next(moving) if one is None else one[0] for one in self._static]
        return self._treedef.unflatten(leaves)


def _is_number(x: Any) -> bool:
    return isinstance(x, (jax.Array, np.ndarray, np.generic, int, float, complex))


def _jaxpr(traced: _Traced, leaves: Sequence[Any]) -> Any:
    try:
        closed = jax.make_jaxpr(traced.run)(*leaves)
    except (jax.errors.ConcretizationTypeError, jax.errors.TracerArrayConversionError) as error:
        raise TraceError(
            f"{name_of(traced.f)}() takes a number out of a traced array{raised_at(error)}, which "
            f"JAX does not allow; write jnp.where or jax.lax.cond, or hand over an int"
        ) from error
    if closed.effects:
        raise TraceError(
            f"{name_of(traced.f)}() has an effect ({', '.join(map(str, closed.effects))}), such as "
            f"jax.debug.print or a callback, which is no step of the computation; take it out"
        )
    return closed


class _Known:
    """A value of the program: its numbers and its row, -1 for a constant.

    `shape` is that to which it is still to be broadcast, as NumPy does it by itself.
    """

    __slots__ = ("array", "row", "shape", "value")

    def __init__(self, value: Any, row: int, array: Any, shape: Any = None) -> None:
        self.value = value
        self.row = row
        self.array = array
        self.shape = shape


class _Evaluation:
    """Goes through jaxprs, and leaves a row for each equation that traced values go into."""

    def __init__(self, tape: Tape, places: Places) -> None:
        self.tape = tape
        self.places = places

    def run(
        self, jaxpr: Any, consts: Sequence[Any], inputs: Sequence[_Known], outer: Any
    ) -> list[_Known]:
        """The results of a jaxpr; `outer` is the equation that it is the body of."""
        known: dict[Any, _Known] = dict(zip(jaxpr.invars, inputs, strict=True))
        known.update(zip(jaxpr.constvars, map(_constant, consts), strict=True))

        def read(atom: Any) -> _Known:
            if isinstance(atom, core.Literal):
                return _constant(np.asarray(atom.val, atom.aval.dtype))
            return known[atom]

        with self.places.inside(outer, jaxpr):
            for equation in jaxpr.eqns:
                results = self._step(equation, [read(x) for x in equation.invars])
                known.update(zip(equation.outvars, results, strict=True))
        return [read(x) for x in jaxpr.outvars]

    def returned(self, x: _Known) -> Any:
        """A result of the whole program, as a row where it is one."""
        whole = self._whole(x)
        return whole.value if whole.row < 0 else Variable(self.tape, whole.row, whole.value)

    def _step(self, equation: Any, inputs: list[_Known]) -> list[_Known]:
        name, params = equation.primitive.name, equation.params
        if all(x.row < 0 for x in inputs):
            arrays = [self._whole(x).array for x in inputs]
            return [_constant(y) for y in _function(equation)(*arrays)]
        if name in _OPENED and _OPENED[name] in params:
            body = params[_OPENED[name]]
            jaxpr, consts = getattr(body, "jaxpr", body), getattr(body, "consts", ())
            return self.run(jaxpr, consts, inputs, equation)
        if name == "cond":
            return self._cond(equation, inputs)
        if name == "scan" and params["length"] <= LONGEST:
            return self._scan(equation, inputs)
        if name == "while":
            unrolled = self._while(equation, inputs)
            if unrolled is not None:
                return unrolled
        shape = broadcast_shape(equation)
        if shape is not None:
            (x,) = inputs
            array = _function(equation)(self._whole(x).array)[0]
            return [_Known(x.value, x.row, array, shape)]
        return self._row(shown(equation), _function(equation), inputs, equation)

    def _row(
        self, how: Shown, function: Callable[..., Any], inputs: list[_Known], equation: Any
    ) -> list[_Known]:
        style = STYLES.get(how.op)
        if style is None or not style.elementwise:
            inputs = [self._whole(x) for x in inputs]
        shapes = [x.array.shape for x in inputs]
        arrays = [x.array for x in inputs]
        outputs = function(*arrays)
        if any(is_key(y.dtype) for y in outputs):
            return self._constant_key(inputs, outputs, equation)
        order = how.order or tuple(range(len(inputs)))
        operands = [*(inputs[k] for k in order), *(_constant(np.asarray(x)) for x in how.extra)]
        places = [order.index(k) for k in range(len(inputs))]

        def again(*xs: Any) -> Sequence[Any]:
            pairs = [(xs[at], shape) for at, shape in zip(places, shapes, strict=True)]
            return function(
                *(jax.numpy.broadcast_to(x, np.broadcast_shapes(x.shape, s)) for x, s in pairs)
            )

        call = JaxCall(
            how.op,
            again,
            [x.array.dtype for x in operands],
            [x.row >= 0 for x in operands],
            args=how.args,
            settings=how.settings,
        )
        values = [to_numpy(y) for y in outputs]
        flat = [
            not jax.numpy.issubdtype(y.dtype, jax.numpy.inexact) or how.op == "stop_gradient"
            for y in outputs
        ]
        numbers, parents = [x.value for x in operands], [x.row for x in operands]
        rows = add_rows(self.tape, call, values, numbers, parents, flat)
        self.places.note([v.index for v in rows], equation)
        return [_Known(v.value, v.index, y) for v, y in zip(rows, outputs, strict=True)]

    def _whole(self, x: _Known) -> _Known:
        """A value with the shape that it is to be broadcast to."""
        if x.shape is None:
            return x
        if x.row < 0:
            return _constant(x.array)
        shape = x.shape
        how = Shown("broadcast_to", settings={"shape": shape})
        source = _Known(x.value, x.row, jax.numpy.asarray(x.value))
        return self._row(how, lambda y: [jax.numpy.broadcast_to(y, shape)], [source], None)[0]

    def _constant_key(
        self, inputs: list[_Known], outputs: Sequence[Any], equation: Any
    ) -> list[_Known]:
        """A random key made of an input: the same key is a decision, as a branch is."""
        for x in inputs:
            if x.row >= 0:
                self._guard(np.asarray, [x], x.value, equation)
        return [_Known(to_numpy(y), -1, y) for y in outputs]

    def _guard(self, test: Any, inputs: list[_Known], outcome: Any, equation: Any) -> None:
        place = self.places.location(equation)
        values, parents = tuple(x.value for x in inputs), tuple(x.row for x in inputs)
        self.tape.guards.append(Guard(len(self.tape.rows), test, values, parents, outcome, place))

    # Control flow

    def _cond(self, equation: Any, inputs: list[_Known]) -> list[_Known]:
        which, rest = self._whole(inputs[0]), inputs[1:]
        branches = equation.params["branches"]
        index = int(np.clip(int(which.value), 0, len(branches) - 1))
        if which.row >= 0:
            self._guard(int, [which], int(which.value), equation)
        body = branches[index]
        return self.run(body.jaxpr, body.consts, rest, equation)

    def _scan(self, equation: Any, inputs: list[_Known]) -> list[_Known]:
        params = equation.params
        length, body = params["length"], params["jaxpr"]
        # What is carried comes out as the body returns it; what is gathered has one axis more.
        pairs = zip(equation.outvars, body.out_avals, strict=True)
        carried = sum(out.aval.ndim == each.ndim for out, each in pairs)
        pairs = zip(equation.invars, body.in_avals, strict=True)
        moving = sum(x.aval.ndim == each.ndim for x, each in pairs)
        fixed = moving - carried
        consts, carry, sequences = inputs[:fixed], inputs[fixed:moving], inputs[moving:]
        sequences = [self._whole(x) for x in sequences]
        steps = range(length - 1, -1, -1) if params["reverse"] else range(length)
        stacked: list[list[_Known]] = []
        for t in steps:
            entries = [self._entry(x, t, equation) for x in sequences]
            results = self.run(body.jaxpr, body.consts, [*consts, *carry, *entries], equation)
            carry, each = results[:carried], results[carried:]
            stacked.append(each)
        if params["reverse"]:
            stacked.reverse()
        if not stacked:
            arrays = [self._whole(x).array for x in inputs]
            empty = _function(equation)(*arrays)[carried:]
            return [*carry, *map(_constant, empty)]
        return [*carry, *(self._stack(list(one), equation) for one in zip(*stacked, strict=True))]

    def _entry(self, x: _Known, t: int, equation: Any) -> _Known:
        if x.row < 0:
            return _constant(x.array[t])
        how = Shown("getitem", args=(Slot(0), t))
        return self._row(how, lambda xs: [xs[t]], [x], equation)[0]

    def _stack(self, each: list[_Known], equation: Any) -> _Known:
        each = [self._whole(x) for x in each]
        if all(x.row < 0 for x in each):
            return _constant(jax.numpy.stack([x.array for x in each]))
        return self._row(Shown("stack"), lambda *xs: [jax.numpy.stack(xs)], each, equation)[0]

    def _while(self, equation: Any, inputs: list[_Known]) -> list[_Known] | None:
        """The loop unrolled; None where it goes on too long."""
        params = equation.params
        n, m = params["cond_nconsts"], params["body_nconsts"]
        cond, body = params["cond_jaxpr"], params["body_jaxpr"]
        goes_on = core.jaxpr_as_fun(cond)
        inputs = [self._whole(x) for x in inputs]
        tested, fixed, carry = inputs[:n], inputs[n : n + m], inputs[n + m :]
        step = core.jaxpr_as_fun(body)
        arrays, count = [x.array for x in carry], 0
        while bool(goes_on(*(x.array for x in tested), *arrays)[0]):
            arrays = step(*(x.array for x in fixed), *arrays)
            count += 1
            if count > LONGEST:
                return None
        dtypes = [x.array.dtype for x in (*tested, *carry)]

        def test(*xs: Any) -> bool:
            given = [jax.numpy.asarray(x, dtype) for x, dtype in zip(xs, dtypes, strict=True)]
            return bool(goes_on(*given)[0])

        for at in range(count + 1):
            self._guard(test, [*tested, *carry], at < count, equation)
            if at < count:
                carry = self.run(body.jaxpr, body.consts, [*fixed, *carry], equation)
                carry = [self._whole(x) for x in carry]
        return carry


def _of_operands(*operands: Any) -> None:
    """Stands for an equation where JAX asks which function a jaxpr is of."""


def _function(equation: Any) -> Callable[..., list[Any]]:
    """What the equation computes, of an array for each of its operands."""
    into = [core.Var(x.aval) for x in equation.invars]
    out = [core.Var(x.aval) for x in equation.outvars]
    alone = equation.replace(invars=into, outvars=out)
    paths = ("",) * len(out)
    info = jax.api_util.debug_info(
        str(equation.primitive), _of_operands, into, {}, result_paths_thunk=lambda: paths
    )
    body = core.Jaxpr([], into, out, [alone], effects=equation.effects, debug_info=info)
    function: Callable[..., list[Any]] = core.jaxpr_as_fun(core.ClosedJaxpr(body, ()))
    return function


def _constant(x: Any) -> _Known:
    array = x if isinstance(x, jax.Array) else jax.numpy.asarray(x)
    return _Known(to_numpy(array), -1, array)
