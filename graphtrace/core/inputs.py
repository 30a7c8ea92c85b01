"""From a call's arguments to traced inputs, and from traced outputs back to plain values.

In: a function and its arguments. Out: the same arguments with every number and float array in the
chosen ones replaced by a Variable; afterwards the function's result with every Variable replaced by
its value.
"""

from __future__ import annotations

import inspect
import keyword
import unicodedata
from collections import OrderedDict
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Iterator,
    Mapping,
    Sequence,
)
from functools import partial
from types import FunctionType
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from graphtrace.core.foreign_code import in_our_words
from graphtrace.core.primitive import ATOM, Form, Notation, Primitive, declare
from graphtrace.core.pytree import Structure, flatten, leaf_names
from graphtrace.core.refusal import foreign
from graphtrace.core.tape import Tape
from graphtrace.core.variable import (
    Variable,
    define,
    describe,
    gather,
    has_own_operators,
    holds_variable,
    no_plain_array,
    record,
    stale,
)
from graphtrace.core.whole import as_float
from graphtrace.errors import ArgumentError, TraceError

INPUT = declare(Primitive("input", lambda *, whole=False: None))
# What an inner transform traces: the outer value under a row of its own, younger than its start.
IDENTITY = declare(Primitive("identity", lambda a: a, partials=(1,)))

_WHOLE = {"whole": True}
_PLAINEST = frozenset((float, np.ndarray))
"""The types of nearly all leaves, asked first: a test by isinstance takes 0.3 us."""


def bind(f: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments by parameter name, defaults included, in the order of the parameters."""
    if not callable(f):
        raise ArgumentError(f"a function is needed to trace, not {f!r}")
    signature = signature_of(f)
    unknown = [name for name in kwargs if name not in signature.parameters]
    kinds = [parameter.kind for parameter in signature.parameters.values()]
    if unknown and inspect.Parameter.VAR_KEYWORD not in kinds:
        raise ArgumentError(
            f"{name_of(f)}() has no parameter {unknown[0]!r}; its parameters are {signature}"
        )
    try:
        bound = signature.bind(*args, **kwargs)
    except TypeError as error:
        raise ArgumentError(f"{name_of(f)}() takes the parameters {signature}: {error}") from None
    bound.apply_defaults()
    return dict(bound.arguments)


def unbind(
    f: Callable[..., Any], arguments: Mapping[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The positional and keyword arguments that `bind` made the mapping from."""
    bound = inspect.BoundArguments(signature_of(f), OrderedDict(arguments))
    return bound.args, bound.kwargs


def signature_of(f: Callable[..., Any]) -> inspect.Signature:
    """The parameters of `f`; those of a ufunc, or of a builtin that does not say, are x1, x2."""
    if isinstance(f, FunctionType) and not f.__dict__ and not f.__kwdefaults__:
        return _signature_of_plain(f)
    if not isinstance(f, np.ufunc):
        try:
            return inspect.signature(f)
        except ValueError:
            pass
    count = getattr(f, "nin", 1)
    names = ["x"] if count == 1 else [f"x{i}" for i in range(1, count + 1)]
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return inspect.Signature([inspect.Parameter(name, kind) for name in names])


_signatures: WeakKeyDictionary[FunctionType, tuple[Any, ...]] = WeakKeyDictionary()
"""Code, defaults and signature."""


def _signature_of_plain(f: FunctionType) -> inspect.Signature:
    """That of a function with nothing but code and defaults; a trace asks six times."""
    code, defaults = f.__code__, f.__defaults__
    known = _signatures.get(f)
    if known is None or known[0] is not code or known[1] is not defaults:
        known = _signatures[f] = code, defaults, inspect.signature(f)
    signature: inspect.Signature = known[2]
    return signature


def name_of(f: Callable[..., Any]) -> str:
    """The name of a function as its output is called; `f` for a lambda or a nameless callable."""
    name = str(getattr(f, "__name__", None) or getattr(getattr(f, "func", None), "__name__", "f"))
    return name if name.isidentifier() else "f"


def defined_at(function: Any) -> str:
    """`rules.py line 12`; empty where Python has not compiled it."""
    code = getattr(function, "__code__", None)
    return "" if code is None else f"{code.co_filename} line {code.co_firstlineno}"


def is_name(text: str) -> bool:
    """Whether a parameter can have that name: an identifier in the form in which Python reads it.

    >>> is_name("x1"), is_name("x, y"), is_name("lambda"), is_name("ﬁ")
    (True, False, False, False)
    """
    is_identifier = text.isidentifier() and not keyword.iskeyword(text) and text != "__debug__"
    return is_identifier and unicodedata.normalize("NFKC", text) == text


def is_static(leaf: Any) -> bool:
    """Whether a leaf is no number or array (a flag, a string, a function): handed on as it is."""
    if leaf.__class__ in _PLAINEST:
        return False
    if isinstance(leaf, (bool, np.bool_)):
        return True
    return not isinstance(leaf, (int, float, complex, np.number, np.ndarray, Variable))


def open_input(tape: Tape, leaf: Any, name: Callable[[], str]) -> Variable:
    """A traced input for a number or array; a Python int becomes a float."""
    if leaf.__class__ is float or (type(leaf) is np.ndarray and leaf.dtype.kind in "fciub"):
        return record(tape, INPUT, leaf)
    if type(leaf) is Variable:
        if leaf.tape is not tape:
            raise foreign()
        return record(tape, IDENTITY, leaf.value, (leaf.value,), (leaf.index,))
    # np.int64 is what NumPy makes of a Python int; a smaller one wraps around, so it stays an int.
    if isinstance(leaf, (int, np.int64)):
        whole = record(tape, INPUT, as_float(leaf, f"parameter {name()}"), params=_WHOLE)
        tape.whole[whole.index] = int(leaf)
        return whole
    if isinstance(leaf, np.ndarray):
        if has_own_operators(leaf):
            raise ArgumentError(f"parameter {name()} is {no_plain_array(leaf)}")
        if leaf.dtype.kind not in "fciub":
            raise ArgumentError(
                f"parameter {name()} is an array of dtype {leaf.dtype}, which cannot be traced; "
                f"pass an array of numbers"
            )
        leaf = np.asarray(leaf)
    return record(tape, INPUT, leaf)


class Opened(NamedTuple):
    """A traced argument: what the function gets, and leaf by leaf what was given and its row.

    A leaf that is no number or array has no row, None.
    """

    tree: Any
    leaves: list[Any]
    rows: list[int | None]
    structure: Structure


def open_tree(
    tape: Tape,
    tree: Any,
    name: Callable[[], str],
    is_fixed: Callable[[Any], bool] = is_static,
) -> Opened:
    """`tree` with its leaves traced; `name` says what it is called, where an error needs it.

    A leaf that `is_fixed` is handed on as it is.

    Arrays are copied: the caller, or the function by another way to them, may go on to change them.
    """
    given, structure = flatten(tree)
    leaves = [leaf.copy("K") if isinstance(leaf, np.ndarray) else leaf for leaf in given]
    variables = [
        None if is_fixed(leaf) else open_input(tape, leaf, partial(_leaf_name, tree, name, i))
        for i, leaf in enumerate(leaves)
    ]
    mixed = [leaf if var is None else var for leaf, var in zip(leaves, variables, strict=True)]
    rows = [None if var is None else var.index for var in variables]
    return Opened(structure(mixed), leaves, rows, structure)


def _leaf_name(tree: Any, name: Callable[[], str], i: int) -> str:
    return leaf_names(tree, name())[i]


def call(tape: Tape, f: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """What the user's function returns; an error that a traced value made says what to write."""
    try:
        return tape.call(f, args, kwargs)
    except Exception as error:
        better = in_our_words(error)
        if better is None:
            raise
        raise better from None


def carries_gradient(leaf: Any) -> bool:
    """Whether a value has a gradient: a Python number, or a float or complex of NumPy."""
    if leaf.__class__ in _PLAINEST:
        return leaf.__class__ is float or leaf.dtype.kind in "fc"  # type: ignore[attr-defined]
    if is_static(leaf):
        return False
    value = value_of(leaf)
    return not isinstance(value, (np.ndarray, np.generic)) or value.dtype.kind in "fc"


def close_output(
    out: Any, tape: Tape, f: Callable[..., Any] | None = None
) -> tuple[list[Any], Structure]:
    """The leaves of a function's result: Variables and constants.

    Raises TraceError for traced values of another trace and for what cannot be looked into, such as
    the generator that a generator function returns, where `f` is the function.
    """
    leaves, structure = flatten(out)
    for leaf in leaves:
        if leaf.__class__ in _PLAINEST:
            continue
        if type(leaf) is Variable:
            if leaf.tape is not tape:
                raise TraceError(
                    "the traced function returned a traced value of another trace, which was kept "
                    "in a global, a closure or an attribute; return values made from its own "
                    "arguments"
                )
            if not hasattr(leaf, "index"):
                raise stale("the traced function's result")
        elif f is not None and (kind := _unfinished(f, leaf)):
            place = defined_at(f)
            raise TraceError(
                f"{name_of(f)}(){f', {place},' if place else ''} returned {kind}, in which nothing "
                f"is computed yet; trace a function that returns numbers, arrays, or lists of them"
            )
        elif holds_variable(list(getattr(leaf, "__dict__", {}).values())):
            raise TraceError(
                f"the traced function returned traced values in a {type(leaf).__name__}, which "
                f"cannot be looked into; return a dict, a list or a tuple"
            )
    return [gather(leaf) if isinstance(leaf, np.ndarray) else leaf for leaf in leaves], structure


def _unfinished(f: Callable[..., Any], leaf: Any) -> str | None:
    """What a result is that computes later: a generator, a coroutine, an instance of class `f`."""
    if isinstance(leaf, Coroutine):
        leaf.close()  # or Python would warn that it was never awaited
    if isinstance(leaf, (Iterator, AsyncIterator, Awaitable)) or (
        isinstance(f, type) and is_static(leaf) and isinstance(leaf, f)
    ):
        name = type(leaf).__name__
        return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"
    return None


def value_of(leaf: Any) -> Any:
    """The value of a traced leaf, any other leaf as it is; for its shape, its type, its memory."""
    return leaf.value if type(leaf) is Variable else leaf


def plain(leaf: Any) -> Any:
    """The same, for a rule that goes on with the numbers: what it leaves behind holds for them."""
    if type(leaf) is not Variable:
        return leaf
    leaf.tape.looked = True
    return leaf.value


_numpy_number = define(
    "numpy_number",
    lambda a: np.complex128(a) if isinstance(a, complex) else np.float64(a),
    partials=(1,),
    notation=Notation(Form("$0", ATOM, (ATOM,)), Form("$0", ATOM, (ATOM,))),
)


def of_numpy(x: Any) -> Any:
    """A number of Python's as NumPy's, whose poles are inf or nan; all else as it is."""
    return _numpy_number(x) if type(value_of(x)) in (int, float, complex) else x


def own(value: Any) -> Any:
    """A value to hand out: the rows still need theirs if the caller goes on to change an array."""
    return value.copy() if isinstance(value, np.ndarray) else value


def seed_for(value: Any) -> Any:
    """The adjoint of a scalar output in itself: 1, of its own type."""
    if isinstance(value, float):  # np.float64 too: Python's float is three times as fast
        return 1.0
    return np.ones_like(value)[()]


def require_kind(given: Any, value: Any, what: str) -> None:
    """Refuse a seed or a tangent of `value` that is no number, or is complex for a real value."""
    if given.__class__ is float or holds_variable(given):
        return
    kind = np.asarray(given).dtype.kind
    if kind not in "fciub":
        raise ArgumentError(f"{what} is {describe(given)}, which is no number; give numbers")
    if kind == "c" and not np.iscomplexobj(value_of(value)):
        raise ArgumentError(
            f"{what} is {describe(given)}, which is complex, and the value is real; give real "
            f"numbers"
        )


def gradient_like(g: Any, leaf: Any) -> Any:
    """An adjoint as the user gets it: of the input's type, shape and dtype, shared with nobody."""
    value = value_of(leaf)
    if type(g) is Variable:
        return _as_float(g) if type(value) is float and type(g.value) is np.float64 else g
    if isinstance(value, np.ndarray):
        return np.zeros(value.shape, value.dtype) if g is None else np.array(g, dtype=value.dtype)
    if isinstance(value, (np.inexact, complex)):
        return type(value)(0 if g is None else g)
    return 0.0 if g is None else float(g)


def _as_float(g: Variable) -> Variable:
    """A traced number of NumPy's as the float of Python that it is when nothing is traced."""
    rows, value = g.tape.rows, float(g.value)
    rows[g.index] = (rows[g.index][0], value, *rows[g.index][2:])
    return Variable(g.tape, g.index, value)
