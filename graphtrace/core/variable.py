"""Variable: a traced value, and the one way in which an operation is applied to it.

In: operands, plain or traced, and a `Primitive`. Out: a new Variable, and a new row on the Wengert
list. The operators and methods of Variable are made from the rows in `graphtrace.ops`; this module
knows the protocol of Python and of NumPy arrays, and no operation by name.

A Variable is a handle: its value, the number of the row that made it, the list that the row is on.
An in-place operation on an array moves the handle to a new row, so that every name for the array
sees the change, as in NumPy.
"""

from __future__ import annotations

import math
import operator
import os
import sys
import weakref
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from itertools import chain
from typing import TYPE_CHECKING, Any, NoReturn, ParamSpec, TypeVar

import numpy as np

from graphtrace.core.describe_error import folder
from graphtrace.core.primitive import Primitive, declare
from graphtrace.core.refusal import (
    called_in,
    foreign,
    instead_of_complex,
    instead_of_float,
    is_store,
)
from graphtrace.core.tape import NO_PARAMS, Row, Tape, View, here, parts, place_of, written
from graphtrace.core.whole import ints_of
from graphtrace.errors import GraphtraceError, NoDerivative, TraceError, clean


class _Once(dict[Any, Any]):
    """A table in which nothing is replaced: what a function does is declared in one place."""

    def __setitem__(self, key: Any, value: Any) -> None:
        if key in self:
            raise ValueError(f"{getattr(key, '__name__', key)} is declared twice")
        super().__setitem__(key, value)


NUMPY: dict[Any, Callable[..., Any]] = _Once()
"""NumPy function -> what is called instead of it when an argument is traced."""

LATE: list[Callable[[np.ufunc], Callable[..., Any] | None]] = []
"""Asked for what is called instead of a ufunc that NUMPY does not know, such as SciPy's."""

WRITE_BACK: dict[str, Callable[[Any, Any, dict[str, Any]], Any]] = _Once()
"""Row whose result is a view -> (base, changed view, params) to the base with that change."""

DISPATCH: dict[str, Callable[[np.ufunc, tuple[Any, ...], dict[str, Any]], Any]] = _Once()
"""ufunc method (`__call__`, `reduce`) -> how a traced call of it is answered."""

_T = TypeVar("_T")
_P = ParamSpec("_P")
_F = TypeVar("_F", bound=Callable[..., Any])
_new = object.__new__
_BINARY_OPERATORS = "add sub mul truediv floordiv mod pow matmul".split()
_NUMPY_METHODS = f"{folder(np.__file__)}{os.sep}_core{os.sep}_methods.py"


class Variable:
    """A traced value. It behaves as the float or array in `value`, and remembers how it came.

    Users meet it only inside a traced function, where `np.` functions, operators, indexing and the
    usual array methods work on it.
    """

    __slots__ = ("__weakref__", "index", "tape", "value")

    value: Any
    index: int
    tape: Tape

    if TYPE_CHECKING:  # from graphtrace.ops

        def __getitem__(self, index: Any) -> Any: ...
        def __setitem__(self, index: Any, value: Any) -> None: ...
        def __getattr__(self, name: str) -> Any: ...

    def __init__(self, tape: Tape, index: int, value: Any) -> None:
        self.tape = tape
        self.index = index
        self.value = value

    # What is asked of the shape and type is answered from the value, and traces nothing.

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the value; () for a number."""
        return np.shape(self.value)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return np.ndim(self.value)

    @property
    def size(self) -> int:
        """The number of entries."""
        return int(np.size(self.value))

    @property
    def dtype(self) -> np.dtype[Any]:
        """The NumPy dtype of the value."""
        if sys._getframe(1).f_code.co_filename == _NUMPY_METHODS:
            # np.mean([x, y]) of traced scalars: NumPy casts what has a dtype, and divides the rest.
            raise AttributeError("dtype")
        return np.result_type(self.value)

    @property
    def itemsize(self) -> int:
        """The bytes of one entry."""
        return self.dtype.itemsize

    @property
    def nbytes(self) -> int:
        """The bytes of the value."""
        return self.size * self.itemsize

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError(f"{_here()}: a traced number has no len()")
        return len(self.value)

    def __iter__(self) -> Iterator[Any]:
        if not self.shape:
            raise TypeError(f"{_here()}: a traced scalar cannot be iterated over")
        return (self[i] for i in range(len(self.value)))

    def __repr__(self) -> str:
        return f"Variable({self.value!r})"

    def __str__(self) -> str:
        return format(self)

    def __format__(self, spec: str) -> str:
        # A whole number chooses by its text, as in a key; a float is only looked at.
        return format(self._decide(int) if self._is_whole() else self.value, spec)

    # Where plain Python needs a plain number, a whole number or truth value is handed out and the
    # decision is remembered; a float would lose the derivative, so that is refused.

    def __bool__(self) -> bool:
        return self._decide(bool)

    def __int__(self) -> int:
        return self._decide(int)

    def __index__(self) -> int:
        if isinstance(self.value, (bool, np.bool_)) or not self._is_whole():
            raise TraceError(
                f"{_here()}: a whole number is needed here and the traced value is "
                f"{describe(self)}; write int(...) around it"
            )
        return self._decide(int)

    def __floor__(self) -> Any:
        return self._decide(math.floor)

    def __ceil__(self) -> Any:
        return self._decide(math.ceil)

    def __trunc__(self) -> Any:
        return self._decide(math.trunc)

    def __float__(self) -> float:
        raise TraceError(f"{_here()}: {instead_of_float(sys._getframe(1))}")

    def __complex__(self) -> NoReturn:
        raise TraceError(f"{_here()}: {instead_of_complex(sys._getframe(1))}")

    def __hash__(self) -> int:
        raise TraceError(f"{_here()}: a traced value is not hashable; use its position as the key")

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TraceError(
            f"{_here()}: a traced value cannot be pickled or handed to another process; compute "
            f"with it in this one"
        )

    def __copy__(self) -> Variable:
        return Variable(self.tape, self.index, self.value)

    def __deepcopy__(self, memo: Any) -> Variable:
        return Variable(self.tape, self.index, self.value)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        source = written(sys._getframe(1)) or "np.asarray(x)"
        as_object = dtype is None or np.dtype(dtype) == np.object_
        is_boxed = as_object and not is_store(source) and called_in(sys._getframe(1)) is None
        if self.shape == () and is_boxed:
            # np.array([x, y]) of traced scalars: an array of objects, whose operators and methods
            # are those of the Variables in it.
            boxed = np.empty((), dtype=object)
            boxed[()] = self
            return boxed
        raise TraceError(f"{_here()}: {instead_of_float(sys._getframe(1))}")

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        try:
            if method == "__call__" and not kwargs:
                direct = NUMPY.get(ufunc)
                if direct is not None:
                    return direct(*map(traced, inputs))
            handler = DISPATCH.get(method)
            if handler is None:
                raise unsupported(f"np.{ufunc.__name__}.{method}", inputs)
            return handler(ufunc, inputs, kwargs)
        except Exception as error:
            _refuse_as_numpy(error, getattr(ufunc, method), inputs, kwargs)
            raise

    def __array_function__(
        self, func: Callable[..., Any], types: Any, args: Any, kwargs: Any
    ) -> Any:
        handler = NUMPY.get(func)
        if handler is None:
            raise unsupported(f"{_public_name(func)}", (*args, *kwargs.values()))
        try:
            return handler(*args, **kwargs)
        except Exception as error:
            _refuse_as_numpy(error, func, args, kwargs)
            raise

    def _decide(self, test: Callable[[Any], _T]) -> _T:
        try:
            outcome = test(self.value)
        except (ValueError, OverflowError) as error:  # int(nan)
            fails = partial(raised, test, NO_PARAMS)
            self.tape.guard(fails, (self.value,), (self.index,), _named(error), sys._getframe(2))
            raise
        self.tape.guard(test, (self.value,), (self.index,), outcome, sys._getframe(2))
        return outcome

    def _is_whole(self) -> bool:
        """Whether the value is an int, or came by whole-number arithmetic from Python ints.

        Python ints are traced as floats, so `range(n - 1)` must still know that n was an int.
        """
        if self.shape:
            return False
        if isinstance(self.value, (int, np.integer)):
            return True
        if not np.isfinite(self.value) or self.value != np.floor(self.value):
            return False
        rows, todo, seen = self.tape.rows, [self.index], set()
        while todo:
            index = todo.pop()
            if index in seen:
                continue
            seen.add(index)
            primitive, _, operands, parents, params = parts(rows[index])
            if primitive.name == "input" and not params.get("whole"):
                return False
            for operand, parent in zip(operands, parents, strict=True):
                if parent >= 0:
                    todo.append(parent)
                elif operand != math.floor(operand):
                    return False
        return True

    def _become(self, other: Variable) -> None:
        """Move this handle to another row: what an in-place operation on an array does.

        An array that this one is a view of changes with it. All other views of the same memory
        lose their values: NumPy would show them the change. Those that are never used again, such
        as the right-hand side of x[1:] = x[:-1], do no harm; a use of the others is refused.
        """
        view = self._as_view()
        kept = {id(self)}
        above = view
        while above is not None:
            kept.add(id(above.base))
            above = above.base._as_view()
        views = self.tape.views
        for key, entry in list(views.items()):
            handle = entry.handle()
            if handle is None:
                del views[key]
            elif key not in kept and np.may_share_memory(handle.value, self.value):
                del views[key], handle.value, handle.index
        self.index, self.value = other.index, other.value
        if view is not None:
            view.base._become(WRITE_BACK[view.primitive.name](view.base, self, view.params))
            self.value = view.primitive.forward(view.base.value, **view.params)

    def _as_view(self) -> View | None:
        """What array this one is a view of, where a change of it can be written back there."""
        entry = self.tape.views.get(id(self))
        if entry is None or entry.base is None or entry.handle() is not self:
            return None
        return entry if entry.primitive.name in WRITE_BACK else None


def apply(primitive: Primitive, operands: tuple[Any, ...], params: dict[str, Any]) -> Any:
    """Run a primitive; if an operand is traced, record the row and return a Variable."""
    tape = None
    values = []
    parents = []
    for operand in operands:
        if type(operand) is Variable:
            if tape is None:
                tape = operand.tape
            elif operand.tape is not tape:
                raise foreign()
            values.append(operand.value)
            parents.append(operand.index)
        else:
            values.append(operand)
            parents.append(-1)
    if tape is None:
        return primitive.forward(*operands, **params)
    if -1 in parents:
        values = [x if p >= 0 else constant(x) for x, p in zip(values, parents, strict=True)]
    try:
        value = primitive.forward(*values, **params)
    except Exception as error:
        failed(tape, primitive, values, parents, params, error)
        raise
    result = record(tape, primitive, value, tuple(values), tuple(parents), params)
    if type(value) is np.ndarray and (value.base is not None or any(v is value for v in values)):
        _remember_view(result, operands, primitive, params)
    return result


def record(
    tape: Tape,
    primitive: Primitive,
    value: Any,
    operands: tuple[Any, ...] = (),
    parents: tuple[int, ...] = (),
    params: dict[str, Any] = NO_PARAMS,
) -> Variable:
    """Append a row and return the Variable for it."""
    if tape.lastis is not None:
        tape.lastis.append(tape.locate(sys._getframe(1)))
    row: Row = (primitive, value, params)
    if operands:
        row += tuple(chain.from_iterable(zip(operands, parents, strict=True)))
    rows = tape.rows
    index = len(rows)
    rows.append(row)
    if rows[index] is not row:
        index = place_of(rows, row, index)
    return Variable(tape, index, value)


def unary(primitive: Primitive) -> Callable[..., Any]:
    """What applies an elementwise row with one operand, in 0.4 us where `apply` takes 1."""
    forward = primitive.forward

    def applied(a: Any, **params: Any) -> Any:
        if type(a) is not Variable:
            return forward(a, **params)
        if params:
            return apply(primitive, (a,), params)
        tape, x = a.tape, a.value
        try:
            value = forward(x)
        except Exception as error:
            failed(tape, primitive, (x,), (a.index,), params, error)
            raise
        if tape.lastis is not None:
            tape.lastis.append(tape.locate(sys._getframe(1)))
        v = _new(Variable)
        v.value = value
        v.tape = tape
        rows = tape.rows
        row = (primitive, value, NO_PARAMS, x, a.index)
        v.index = i = len(rows)
        rows.append(row)
        if rows[i] is not row:
            v.index = place_of(rows, row, i)
        if type(value) is np.ndarray and (value.base is not None or value is x):
            _remember_view(v, (a,), primitive, params)
        return v

    return applied


def operation(primitive: Primitive, *functions: Any) -> Callable[..., Any]:
    """Declare a row; the function returned applies it and stands for the NumPy `functions`."""
    declare(primitive)

    def applied(*operands: Any, **params: Any) -> Any:
        return apply(primitive, operands, params)

    if primitive.partials is not None and len(primitive.partials) == 1:
        applied = unary(primitive)
    applied.__name__ = applied.__qualname__ = primitive.name
    for function in functions:
        NUMPY[function] = applied
    return applied


def handles(*functions: Any) -> Callable[[_F], _F]:
    """Declare what is called instead of NumPy's functions, with their own signature."""

    def declared(handler: _F) -> _F:
        for function in functions:
            NUMPY[function] = handler
        return handler

    return declared


def _defining(row: Callable[_P, Primitive]) -> Callable[_P, Callable[..., Any]]:
    def define(*args: _P.args, **kwargs: _P.kwargs) -> Callable[..., Any]:
        return operation(row(*args, **kwargs))

    return define


define = _defining(Primitive)
"""Declare the row with these fields of a `Primitive`; the function returned applies it."""


_ADDED: set[str] = set()


def add_methods(methods: dict[str, Any]) -> None:
    """Give Variable methods and properties; the rows bring their own."""
    for name, method in methods.items():
        if name in _ADDED:
            raise ValueError(f"Variable.{name} is declared twice")
        _ADDED.add(name)
        setattr(Variable, name, method)


def stale(where: str) -> TraceError:
    """The error for a view that does not show what its array has become."""
    return TraceError(
        f"{where}: an array was changed in place while a view of it (a slice, a reshape, a "
        f"transpose) was in use, which is used here; write x = x + ... or copy the view"
    )


def gather(x: Any) -> Any:
    """An array of objects that holds traced scalars, as one traced array; the rest as it is."""
    if not isinstance(x, np.ndarray) or x.dtype != np.object_:
        return x
    if not any(type(item) is Variable for item in x.flat):
        raise TraceError(
            f"{_here()}: an array of dtype object cannot be traced; give it a numeric dtype"
        )
    stacked = np.stack(list(x.flat))
    return stacked if x.ndim == 1 else np.reshape(stacked, x.shape)


def traced(x: Any) -> Any:
    """`x` as one array where it is a list or an array of objects that holds traced values."""
    if isinstance(x, (list, tuple)):
        return np.stack([traced(item) for item in x]) if holds_variable(x) else np.asarray(x)
    return gather(x)


def fixed(x: Any) -> Any:
    """`x` without traced values: an axis, a shape, a count, which no gradient passes through.

    Their values are remembered as decisions.
    """
    if type(x) is Variable:
        if not x.shape:
            return operator.index(x)
        if x.dtype.kind in "fc":
            source = written(sys._getframe(1)) or "the call"
            raise NoDerivative(
                f"{_here()}: `{source}` has no derivative rule in one of its arguments that is a "
                f"traced array of floats; pass a plain array there, or integers (x.astype(int))"
            )
        x.tape.guard(np.asarray, (x.value,), (x.index,), x.value, sys._getframe(1))
        return x.value
    if isinstance(x, (list, tuple)):
        return type(x)(map(fixed, x))
    if isinstance(x, dict):
        return {key: fixed(item) for key, item in x.items()}
    return constant(x)


def decided(test: Callable[[Any], Any], x: Any) -> Any:
    """What `test` says of the value of `x`, remembered as a decision if `x` is traced."""
    if type(x) is not Variable:
        return test(x)
    outcome = test(x.value)
    x.tape.guard(test, (x.value,), (x.index,), outcome, sys._getframe(1))
    return outcome


def constant(x: Any) -> Any:
    """A constant operand as a row keeps it.

    An array that can change, itself or what it is a view of, is copied: the function may go on to
    change it in place, and the backward pass must see the numbers that were used.
    """
    if isinstance(x, np.ndarray):
        if has_own_operators(x):
            raise TraceError(f"{_here()}: an operand is {no_plain_array(x)}")
        if _can_change(x):
            x = x.copy(order="K")
            x.flags.writeable = False
    return x


_OPERATORS = [
    *(f"__{way}{name}__" for way in ("", "r", "i") for name in _BINARY_OPERATORS),
    *"__neg__ __pos__ __abs__ __lt__ __le__ __gt__ __ge__ __eq__ __ne__".split(),
    *"__array_ufunc__ __array_function__".split(),
]


def has_own_operators(x: np.ndarray[Any, Any]) -> bool:
    """Whether a subclass of np.ndarray computes in its own way: by units, masks, as matrices."""
    kind: Any = type(x)
    return kind is not np.ndarray and _differs(kind)


@cache
def _differs(kind: Any) -> bool:
    return any(getattr(kind, name) is not getattr(np.ndarray, name) for name in _OPERATORS)


def no_plain_array(x: np.ndarray[Any, Any]) -> str:
    """What to say of an array with operators of its own: one clause."""
    instead = "x.filled(...)" if isinstance(x, np.ma.MaskedArray) else "np.asarray(x)"
    return (
        f"a {type(x).__name__}, which has operators of its own and cannot be traced; pass a plain "
        f"array, {instead}"
    )


def _can_change(x: Any) -> bool:
    """Whether somebody can write into the memory of an array."""
    while isinstance(x, np.ndarray):
        if x.flags.writeable:
            return True
        x = x.base
    return x is not None


def holds_variable(x: Any) -> bool:
    """Whether a traced value is in `x`, at any depth of lists, tuples and arrays of objects."""
    if type(x) is Variable:
        return True
    if isinstance(x, (list, tuple)):
        return any(map(holds_variable, x))
    return isinstance(x, np.ndarray) and x.dtype == np.object_ and any(map(holds_variable, x.flat))


def describe(x: Any) -> str:
    """`float64[3,4]` for an array, the number for a scalar: an operand in an error message."""
    x = x.value if type(x) is Variable else x
    if isinstance(x, np.ndarray):
        return f"{x.dtype}[{','.join(map(str, x.shape))}]"
    if isinstance(x, (dict, list, tuple)):
        return f"a {type(x).__name__} of {len(x)}"
    return repr(x) if len(repr(x)) < 40 else type(x).__name__


def unsupported(function: str, operands: Any, hint: str = "") -> NoDerivative:
    """The error for an operation without a row, at the user's line."""
    source = written(sys._getframe(1))
    given = ", ".join(describe(x) for x in operands if holds_variable(x))
    return NoDerivative(
        f"{_here()}: {function} has no derivative rule (given {given}"
        + (f", in `{source}`" if source else "")
        + f"); {hint or 'write it with operations that have one, or see docs/numpy.md'}"
    )


def failed(
    tape: Tape,
    primitive: Primitive,
    values: Sequence[Any],
    parents: Sequence[int],
    params: dict[str, Any],
    error: Exception,
) -> None:
    """An operation raised: note the user's line and operands on the error, and remember it.

    The function may catch it and go another way, so whether it is raised is a decision.
    """
    if isinstance(error, TraceError):
        return
    frame = sys._getframe(2)
    source = written(frame) or "the operation"
    given = ", ".join(map(describe, values))
    error.add_note(clean(f"{here(frame)}: `{source}` was given {given}"))
    test = partial(raised, primitive, params)
    tape.guard(test, tuple(values), tuple(parents), _named(error), frame)
    if isinstance(error, OverflowError) and tape.whole and ints_of(values, parents, tape.whole):
        raise TraceError(
            f"{here(frame)}: `{source}` of whole numbers is more than the largest float, and ints "
            f"are traced as floats; take smaller ones"
        ) from None


def forgive(error: Exception, operands: Sequence[Any]) -> None:
    """An operation that failed is tried again with other numbers: its failure decides nothing."""
    for x in operands:
        if type(x) is Variable and hasattr(error, "__notes__"):
            guards = x.tape.guards
            if guards and guards[-1].outcome == _named(error):
                guards.pop()
            return


def raised(
    operation: Primitive | Callable[..., Any], params: dict[str, Any], *operands: Any
) -> str:
    """What error the operation raises, in words."""
    run = operation.forward if isinstance(operation, Primitive) else operation
    try:
        run(*operands, **params)
    except Exception as error:  # noqa: BLE001  (whatever the function may have caught)
        return _named(error)
    return "no error"


def _refuse_as_numpy(
    error: Exception, function: Callable[..., Any], args: Any, kwargs: Any
) -> None:
    """Raise the error with which NumPy itself refuses the arguments, where it is another.

    The rows look into arguments before NumPy does, and stumble over wrong ones in their own ways.
    """
    if isinstance(error, GraphtraceError):
        return
    try:
        function(*_untraced(args), **_untraced(kwargs))
    except Exception as refusal:
        if type(refusal) is not type(error):
            for note in getattr(error, "__notes__", ()):
                refusal.add_note(note)
            raise refusal from None


def _untraced(x: Any) -> Any:
    """A copy of the arguments with plain values for the traced ones."""
    if type(x) is Variable:
        x = x.value
    if isinstance(x, dict):
        return {key: _untraced(item) for key, item in x.items()}
    if type(x) in (list, tuple):
        return type(x)(map(_untraced, x))
    return x.copy() if isinstance(x, np.ndarray) else x


def _named(error: Exception) -> str:
    return f"a {type(error).__name__}"


def _remember_view(
    result: Variable, operands: tuple[Any, ...], primitive: Primitive, params: dict[str, Any]
) -> None:
    views = result.tape.views
    for x in operands:
        if type(x) is Variable and np.may_share_memory(x.value, result.value):
            views[id(result)] = View(weakref.ref(result), x, primitive, params)
            known = views.get(id(x))
            if known is None or known.handle() is not x:
                views[id(x)] = View(weakref.ref(x), None, primitive, NO_PARAMS)


def _here() -> str:
    return here(sys._getframe(1))


def _public_name(function: Callable[..., Any]) -> str:
    module = getattr(function, "__module__", "numpy") or "numpy"
    return f"{module.replace('numpy', 'np', 1)}.{getattr(function, '__name__', function)}"
