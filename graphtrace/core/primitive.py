"""What a primitive is: one row that declares an operation, and the registry of all rows.

In: a name, a forward function, the derivative rule, the notation. Out: a `Primitive`, found again
by its name in `PRIMITIVES`, or by importing it where it is the user's own. Knows nothing of traced
values: a rule is written with operators and NumPy functions and runs on what it is given. Floats
give the number on an edge, arrays the elementwise derivative, traced values the next order of
derivative, and a traced rule printed as text gives the formula (see `graphtrace.formula.symbol`).
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any, Literal, NamedTuple, Protocol

from graphtrace.errors import UnknownPrimitive

Rule = Callable[..., Any]

# How tightly a printed operation binds its operands, loosest first.
COMPARE, SUM, PRODUCT, SIGN, POWER, ATOM = range(6)


class Form(NamedTuple):
    """A template with `$0`, `$1`, ... for the operands, `$*` for the settings of a call.

    `board` is the template in a figure, where `^{...}` is raised and `_{...}` lowered, if it is
    another than that of plain text; `settings` are those told, if not all.

    `binds` is the precedence of the whole; an operand that binds less than its entry in `operands`
    (the last entry stands for all that follow) is put in parentheses.
    """

    template: str
    binds: int = ATOM
    operands: tuple[int, ...] = (COMPARE,)
    board: str = ""
    settings: Mapping[str, Any] | None = None


class Notation(NamedTuple):
    """How an operation is written, in plain text and in LaTeX.

    Of an operand with more dimensions than `most_ndim` it is a call: there the sign would stand
    for another operation.
    """

    text: Form
    latex: Form
    most_ndim: int | None = None


def infix(text: str, latex: str, binds: int, *, chains: bool = True) -> Notation:
    """A binary operator; `chains` says that a + (b + c) may be written a + b + c."""
    operands = (binds, binds if chains else binds + 1)
    return Notation(
        Form(f"$0{text}$1", binds, operands),
        Form(f"$0{latex}$1", binds, operands),
    )


def escaped(name: str) -> str:
    """A function's name for LaTeX."""
    return name.replace("_", r"\_")


def call(name: str, count: int, latex: bool, settings: Mapping[str, Any] | None = None) -> Form:
    """`solve(A, b, n=3)`: a call with its settings behind the operands, all by default."""
    slots = ", ".join(f"${k}" for k in range(count)) + "$*"
    if latex:
        return Form(rf"\operatorname{{{escaped(name)}}}\left({slots}\right)", settings=settings)
    return Form(f"{name}({slots})", settings=settings)


def called(text: str, latex: str | None = None) -> Notation:
    """A function of one operand, `tanh(x)`; `latex` is the command in front of the parentheses."""
    command = latex if latex is not None else rf"\operatorname{{{escaped(text)}}}"
    return Notation(Form(f"{text}($0$*)"), Form(rf"{command}\left($0$*\right)"))


class Writer(Protocol):
    """What writes a program: it says by what names the text calls things, and constants.

    Where nobody reads the text, `is_read` is false, and it may say what is faster.
    """

    is_read: bool

    def call(self, name: str, /) -> str:
        """The name of NumPy (`np`) or of a builtin."""

    def param(self, x: Any, /) -> str:
        """A param of an operation."""

    def argument(self, name: str, text: str, /) -> str:
        """An argument that is given by name."""

    def dtype(self, dtype: Any, /) -> str:
        """A type of NumPy."""


Written = Callable[[Writer, Any, tuple[Any, ...], dict[str, Any]], Form | None]
"""(writer, value, operands, params) to the Python for it; of the values the shape and type only."""


class Code(NamedTuple):
    """How a row is written in Python, and what a compiler may take for granted of it.

    It holds for all inputs, not only for those at hand. What is left out is safe: the row is
    called, its shape is checked, its rule is called, its array may be anybody's.

    * `python`: a Form, or a function that makes one (see `Written`) or None.
    * `static`: what follows from shapes, types and params and from no number. "shape": the shape
      of the value; "rule": that, and the rows that its vjps leave behind; "elementwise": the value
      of a flat row is that of its entries. Of `partials` it need not be said: they are
      elementwise, and one that goes on with numbers takes them by `graphtrace.core.inputs.plain`.
    * `by_mask`: operands behind the first may be masks, by which the shape goes.
    * `memory`: whose the array is. "own": the row's; "view": another view of operand 0.
    * `keeps`: the value is operand 0, where shape and type are.
    * `unit`: where an operand 1 changes nothing, "right" of the other or on "both" sides.
    * `expands`: a function of the operands and params that computes the same value, to the last
      bit, in rows that its derivative has too, so that a program has them once.
    """

    python: Form | Written | None = None
    static: Literal["", "shape", "rule", "elementwise"] = ""
    by_mask: bool = False
    memory: Literal["", "own", "view"] = ""
    keeps: bool = False
    unit: Literal["", "right", "both"] = ""
    expands: Rule | None = None


SAFE = Code()


@dataclass(frozen=True, slots=True, eq=False)
class Primitive:
    """An operation with its forward function, derivative rule and notation.

    At most one of the rules is given:

    * `partials`, for an elementwise operation: for each operand a function of the operands and the
      output, `partial(*operands, y, **params)`, that returns the elementwise derivative; or that
      derivative itself where it is a constant.
    * `vjps`, for the others: for each operand a function `vjp(g, y, *operands, **params)` of the
      adjoint `g` of the output that returns the adjoint of the operand.
    * `vjp_each`, where the number of operands varies: one function
      `vjp(k, g, y, *operands, **params)` for the adjoint of operand `k`.

    `jvp_each`, one function `jvp_each(k, t, y, *operands, **params)` for what the tangent `t` of
    operand `k` adds to that of the output, is for a row that forward mode must not, or need not,
    work out from the rule above.

    `add_into(total, g, *operands, **params)` adds the adjoint of operand 0 into an array that the
    sweep has: for a row that takes some entries of a large one, which a loop does again and again.

    `pieces(*operands, **params)` are the indices of the operands in the output: for a row that puts
    any number of them together, where the rule for each one would go over all others.

    `formulas`, in the order of the rules, are what is printed in the place of rules that compute
    the same number in another way, which neither overflows nor cancels; `None` where the rule
    itself is what a person would write.

    `is_operator` marks the rows of Python's operators, as opposed to calls.

    `notation` is a `Notation`, or a function `(number of operands, params, latex) -> Form`, or
    None for `name(operands, param=value)`.

    `code` says how it is compiled.

    With none of the rules the operation is *flat*: its output carries no gradient. `None` in the
    place of one rule says so for one operand.
    """

    name: str
    forward: Rule
    partials: tuple[Rule | float | None, ...] | None = None
    vjps: tuple[Rule | None, ...] | None = None
    vjp_each: Rule | None = None
    jvp_each: Rule | None = None
    add_into: Rule | None = None
    pieces: Rule | None = None
    formulas: tuple[Rule | None, ...] = ()
    is_operator: bool = False
    notation: Notation | Callable[..., Form] | None = None
    code: Code = SAFE

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"

    def __reduce__(self) -> tuple[Callable[[str], Primitive], tuple[str]]:
        if ":" in self.name and primitive_named(self.name) is not self:
            raise UnknownPrimitive(
                f"{self.op} has been defined again since it was traced; trace again to pickle it"
            )
        return primitive_named, (self.name,)

    def __copy__(self) -> Primitive:
        return self

    def __deepcopy__(self, memo: Any) -> Primitive:
        return self

    @property
    def op(self) -> str:
        """What a graph calls it: `add` for the row `np.add`, `solve` for `rules:solve`."""
        return self.name.removeprefix("np.").rpartition(":")[2].rpartition(".")[2]

    @property
    def flat(self) -> bool:
        """Whether the output carries no gradient to any operand."""
        return self.partials is None and self.vjps is None and self.vjp_each is None

    @property
    def printed(self) -> Primitive:
        """The row with the rules that are printed, those of `formulas`."""
        if not self.formulas:
            return self
        rules: tuple[Any, ...] | None = self.vjps if self.partials is None else self.partials
        pairs = zip(self.formulas, rules or (), strict=True)
        shown = tuple([rule if formula is None else formula for formula, rule in pairs])
        if self.partials is None:
            return replace(self, vjps=shown, jvp_each=None)
        return replace(self, partials=shown)

    def vjp(self, k: int, g: Any, y: Any, operands: tuple[Any, ...], params: dict[str, Any]) -> Any:
        """What the rule of operand `k` makes of the adjoint `g`; None where it has no such rule."""
        if self.vjp_each is not None:
            return self.vjp_each(k, g, y, *operands, **params)
        rule = None if self.vjps is None else self.vjps[k]
        return None if rule is None else rule(g, y, *operands, **params)

    def stops(self, k: int) -> bool:
        """Whether no gradient passes to operand `k` at all, not even inf or nan."""
        rules: tuple[Any, ...] | None = self.vjps if self.partials is None else self.partials
        if rules is None:
            return self.vjp_each is None
        rule = rules[k]
        return rule is None or (rule.__class__ is int and rule == 0)


@functools.cache
def param_names(primitive: Primitive) -> frozenset[str] | None:
    """The names that the params of a row may have, as its forward and its rules say.

    None where they take any. A ufunc has none, and no row has an array to write into.

    >>> sorted(param_names(PRIMITIVES["concatenate"]))
    ['axis']
    """
    if hasattr(primitive.forward, "nin"):
        return frozenset()
    signatures = [inspect.signature(primitive.forward)]
    if ":" not in primitive.name:  # a user's own function says what its rules get
        rules = (*(primitive.partials or ()), *(primitive.vjps or ()), primitive.vjp_each)
        signatures += [inspect.signature(f, follow_wrapped=False) for f in rules if callable(f)]
    names = [by_name for by_name in map(_by_name, signatures) if by_name is not None]
    return frozenset.intersection(*names) - {"out"} if names else None


def _by_name(signature: inspect.Signature) -> frozenset[str] | None:
    """The arguments that are given by name; None where any are taken."""
    parameters = signature.parameters.values()
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return None
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return frozenset(p.name for p in parameters if p.kind in kinds)


PRIMITIVES: dict[str, Primitive] = {}


def declare(primitive: Primitive) -> Primitive:
    """Add a row to the registry; a name stands for one row only."""
    if primitive.name in PRIMITIVES:
        raise ValueError(f"primitive {primitive.name!r} is declared twice")
    PRIMITIVES[primitive.name] = primitive
    return primitive


def primitive_named(name: str) -> Primitive:
    """The row of that name, by which a pickled graph finds its operations.

    `package.module:function` is one of the user's own: it is imported, and its attribute `row` is
    the row. Raises UnknownPrimitive where there is none.
    """
    module, colon, path = name.partition(":")
    try:
        if not colon:
            return PRIMITIVES[name]
        item: Any = sys.modules.get(module) or import_module(module)
        for part in path.split("."):
            item = getattr(item, part)
        row: Primitive = item.row
    except (KeyError, ImportError, AttributeError):
        raise UnknownPrimitive(
            f"the primitive {name} is not to be found; define it at the top level of a module that "
            f"can be imported"
        ) from None
    return row
