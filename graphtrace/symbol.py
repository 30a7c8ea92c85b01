"""Symbol: a formula, as plain text and as LaTeX, read off from the operations themselves.

In: a row of the Wengert list with the names of its operands. Out: the formula of the row
(`b*c`), or of its local derivative in one operand (`1 - h**2`). For the latter the derivative rule
is run once on traced values, and the rows that it leaves behind are printed: a rule is never
written a second time. Formulas are made when they are first printed; a graph of a million rows
holds a million unprinted ones.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from graphtrace.inputs import INPUT
from graphtrace.primitive import ATOM, SIGN, SUM, Form, Notation, Primitive, primitive_named
from graphtrace.sweep import partial, pull, push
from graphtrace.tape import Tape, parts
from graphtrace.variable import Variable, record

_GREEK = frozenset(
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau "
    "upsilon phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega".split()
)
_LONGEST = 40  # operations and names in a formula; a longer one nobody reads
_ACCENTS = {"hat": r"\hat", "bar": r"\bar", "tilde": r"\tilde", "dot": r"\dot", "vec": r"\vec"}


@dataclass(frozen=True, slots=True)
class Tree:
    """An expression: an operation on others, or an atom (a name or a constant)."""

    primitive: Primitive | None = None
    operands: tuple[Tree, ...] = ()
    params: dict[str, Any] = field(default_factory=dict)
    atom: Any = None

    @property
    def op(self) -> str:
        """The name of the operation, empty for an atom."""
        return self.primitive.name.removeprefix("np.") if self.primitive is not None else ""

    @property
    def number(self) -> float | None:
        """The value of a constant scalar."""
        is_number = isinstance(self.atom, (int, float, np.integer, np.floating))
        return self.atom if is_number else None


class Row(NamedTuple):
    """A row of the Wengert list as a node of the graph keeps it.

    `operands` are the values that went in; `keys` the nodes they came from, None for a constant;
    `shown` what stands for them in a formula, None for a number.
    """

    primitive: Primitive
    value: Any
    operands: tuple[Any, ...]
    params: dict[str, Any]
    name: str
    keys: tuple[str | None, ...]
    shown: tuple[str | None, ...]


class _Name(str):
    """A name in a formula, to tell it from a constant string."""

    __slots__ = ()


class Symbol:
    """A formula. `str(symbol)` is plain text in Python's notation, `symbol.latex` is LaTeX.

    >>> import graphtrace as gt, numpy as np
    >>> def f(x):
    ...     h = np.tanh(x)
    ...     return h
    >>> symbol = gt.trace(f, 0.5).edges["x", "h", 0]["symbol"]
    >>> str(symbol), symbol.latex
    ('1 - h**2', '1 - {h}^{2}')
    """

    __slots__ = ("_k", "_row", "_tree")

    def __init__(self, row: Row, k: int | None = None) -> None:
        self._row = row
        self._k = k
        self._tree: Tree | None = None

    @classmethod
    def of(cls, tree: Tree) -> Symbol:
        """The formula that an expression says."""
        symbol = cls.__new__(cls)
        symbol._tree = tree
        return symbol

    @property
    def tree(self) -> Tree:
        """The expression itself."""
        if self._tree is None:
            self._tree = (
                formula(self._row) if self._k is None else local_formula(self._row, self._k)
            )
        return self._tree

    def __str__(self) -> str:
        return _print(self.tree, latex=False)[0]

    @property
    def latex(self) -> str:
        """The formula as LaTeX, for math mode."""
        return _print(self.tree, latex=True)[0]

    def __repr__(self) -> str:
        return f"Symbol({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Symbol) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))


def formula(row: Row) -> Tree:
    """The right-hand side of a row: the operation on the names of its operands."""
    atoms = (
        Tree(atom=x if n is None else _Name(n))
        for n, x in zip(row.shown, row.operands, strict=True)
    )
    return Tree(row.primitive, tuple(atoms), row.params)


def local_formula(row: Row, k: int) -> Tree:
    """The local derivative of a row in operand `k`."""
    try:
        with np.errstate(all="ignore"):
            tree = _run_rule(row, k)
        if _size(tree) <= _LONGEST and tree.op not in ("scatter", "scatter_at"):
            return tree
    except Exception:  # noqa: BLE001  (what cannot be printed must not stop a figure)
        pass
    return _fraction(row, k)


def _size(tree: Tree) -> int:
    todo, count = [tree], 0
    while todo and count <= _LONGEST:
        count += 1
        todo.extend(todo.pop().operands)
    return count


class _Leaves:
    """The operands and the output of a row as traced values, which a rule can be run on."""

    def __init__(self, row: Row) -> None:
        self.tape = Tape()
        self.trees: dict[int, Tree] = {}
        self.xs = tuple(
            x if n is None else self.leaf(n, x)
            for n, x in zip(row.shown, row.operands, strict=True)
        )
        self.y = self.leaf(row.name, row.value)

    def leaf(self, name: str, value: Any) -> Variable:
        value = np.float64(value) if isinstance(value, float) else value
        variable = record(self.tape, INPUT, value)
        self.trees[variable.index] = Tree(atom=_Name(name))
        return variable


def _run_rule(row: Row, k: int) -> Tree:
    on = _Leaves(row)
    primitive = row.primitive
    if primitive.partials is not None:
        return _tree(partial(primitive, k, on.y, on.xs, row.params), on.tape, on.trees)
    g = on.leaf("·", np.ones_like(row.value))
    pulled = primitive.vjp(k, g, on.y, on.xs, row.params)
    return _without(_tree(pulled, on.tape, on.trees), on.trees[g.index])


ARRIVING = "ℵ"
"""What stands in a formula for the adjoint, or the tangent, that arrives."""


def adjoint_term(row: Row, k: int) -> Symbol:
    """What operand `k` receives of the adjoint of the row: `c*ℵ`, `W.T @ ℵ`."""
    symbol = Symbol(row, k)
    is_same = np.shape(row.operands[k]) == np.shape(row.value)
    if row.primitive.partials is not None and is_same:
        symbol._tree = _onto(local_formula(row, k))
        return symbol
    try:
        with np.errstate(all="ignore"):
            on = _Leaves(row)
            g = on.leaf(ARRIVING, np.ones_like(row.value))
            pulled = pull(row.primitive, k, g, on.y, on.xs, row.params)
            tree = _bare(_tree(pulled, on.tape, on.trees))
        is_short = _size(tree) <= _LONGEST and tree.op not in ("scatter", "scatter_at")
    except Exception:  # noqa: BLE001  (what cannot be printed must not stop a table)
        is_short = False
    symbol._tree = tree if is_short else _onto(_fraction(row, k))
    return symbol


def product_with(row: Row, k: int) -> str | None:
    """The matrix `W` whose product with operand `k` the row is, as its rule says; else None."""
    if row.primitive.partials is not None:
        return None
    tree = adjoint_term(row, k).tree
    if tree.op not in ("matmul", "outer"):
        return None
    others = [tree for tree in tree.operands if not _is_arriving(tree)]
    if len(others) != 1:
        return None
    while others[0].op in ("matrix_transpose", "transpose"):
        others = list(others[0].operands)
    return _print(others[0], latex=False)[0]


def _is_arriving(tree: Tree) -> bool:
    return isinstance(tree.atom, _Name) and tree.atom == ARRIVING


def tangent_term(row: Row, k: int) -> Symbol:
    """What the tangent of operand `k` gives to that of the row: `c*ℵ`, `W @ ℵ`."""
    symbol = Symbol(row, k)
    if row.primitive.partials is not None:
        symbol._tree = _onto(local_formula(row, k))
    elif _is_linear(row, k):
        atoms = formula(row).operands
        operands = (*atoms[:k], _arriving(), *atoms[k + 1 :])
        symbol._tree = Tree(row.primitive, operands, row.params)
    else:
        symbol._tree = _onto(_fraction(row, k))
    return symbol


def _is_linear(row: Row, k: int) -> bool:
    """Whether the operation itself takes the tangent of operand `k` to that of its output."""
    t = (np.arange(np.size(row.operands[k])) % 7 + 1.0).reshape(np.shape(row.operands[k]))[()]
    try:
        with np.errstate(all="ignore"):
            for way in (t, -t):  # max(t) alone would do for a linear map
                xs = (*row.operands[:k], way, *row.operands[k + 1 :])
                moved = push(row.primitive, k, way, row.value, row.operands, row.params)
                if not np.allclose(row.primitive.forward(*xs, **row.params), moved):
                    return False
    except Exception:  # noqa: BLE001  (as above)
        return False
    return True


def _arriving() -> Tree:
    return Tree(atom=_Name(ARRIVING))


def _onto(d: Tree) -> Tree:
    """The local derivative times what arrives; `ℵ/x` for `1/x`."""
    if d.op == "divide" and d.operands[0].number == 1:
        return Tree(d.primitive, (_arriving(), d.operands[1]))
    return _times(d, _arriving())


def _bare(tree: Tree) -> Tree:
    """The expression without the shapes that broadcasting tells."""
    if tree.op in ("broadcast_to", "reshape", "astype"):
        return _bare(tree.operands[0])
    params, axis = tree.params, tree.params.get("axis")
    if isinstance(axis, tuple) and len(axis) == 1:
        params = params | {"axis": axis[0]}
    return Tree(tree.primitive, tuple(map(_bare, tree.operands)), params, tree.atom)


def _fraction(row: Row, k: int) -> Tree:
    return Tree(atom=_Name(f"∂{row.name}/∂{row.shown[k]}"))


def _tree(x: Any, tape: Tape, leaves: dict[int, Tree]) -> Tree:
    """The expression that the rows of a small tape say, simplified."""
    if type(x) is not Variable:
        return Tree(atom=0 if x is None else x)
    trees = dict(leaves)
    for i, row in enumerate(tape.rows):
        if i not in trees:
            primitive, _, operands, parents, params = parts(row)
            inner = tuple(
                trees[p] if p >= 0 else Tree(atom=o) for o, p in zip(operands, parents, strict=True)
            )
            trees[i] = _simplified(Tree(primitive, inner, params))
    return trees[x.index]


def _without(tree: Tree, g: Tree) -> Tree:
    """The linear map that takes `g` to `tree`, where it can be said without naming `g`."""
    if tree is g:
        return Tree(atom=1)
    if tree.op in ("broadcast_to", "reshape", "astype", "sum"):
        return _without(tree.operands[0], g)
    if tree.op not in ("multiply", "matmul", "outer", "divide"):
        return tree
    left, right = tree.operands
    if _holds(left, g) == _holds(right, g):
        return tree
    on_left = _holds(left, g)
    inner = _without(left if on_left else right, g)
    if _holds(inner, g) or (tree.op == "divide" and not on_left):
        return tree
    if tree.op in ("matmul", "outer") and inner.number is None:
        return tree  # a product from both sides, A g B, is no one matrix
    if not on_left:
        return _times(left, inner)
    if tree.op == "divide":
        return _simplified(Tree(tree.primitive, (inner, right)))
    if tree.op == "outer":
        right = Tree(primitive_named("matrix_transpose"), (right,))
    return _times(inner, right)


def _holds(tree: Tree, g: Tree) -> bool:
    """Whether `g` itself, not an equal expression, is a leaf of the expression."""
    todo = [tree]
    while todo:
        at = todo.pop()
        if at is g:
            return True
        todo.extend(at.operands)
    return False


def _times(a: Tree, b: Tree) -> Tree:
    return _simplified(Tree(primitive_named("multiply"), (a, b)))


def _simplified(tree: Tree) -> Tree:
    """The expression as a person would write it: no 1*x, no x + 0, no x*x, no --x."""
    op = tree.op
    if op in ("nonzero", "positive"):
        return tree.operands[0]
    if op == "negative":
        (a,) = tree.operands
        if a.number is not None:
            return Tree(atom=-a.number)
        return a.operands[0] if a.op == "negative" else tree
    if len(tree.operands) != 2:
        return tree
    a, b = tree.operands
    x, y = a.number, b.number
    if op == "multiply":
        if x == 0 or y == 0:
            return Tree(atom=0)
        if x == 1 or y == 1:
            return b if x == 1 else a
        if x == -1 or y == -1:
            return _simplified(Tree(primitive_named("negative"), (b if x == -1 else a,)))
        if _same(a, b):
            return Tree(primitive_named("power"), (a, Tree(atom=2)))
        if y is not None and x is None:
            return Tree(tree.primitive, (b, a), tree.params)
    elif (op == "power" and y == 1) or (op == "divide" and y == 1):
        return a
    elif op == "add" and (x == 0 or y == 0):
        return b if x == 0 else a
    elif op == "subtract" and y == 0:
        return a
    return tree


def _same(a: Tree, b: Tree) -> bool:
    return isinstance(a.atom, _Name) and isinstance(b.atom, _Name) and a.atom == b.atom


def row_text(row: Row) -> str:
    """`str(Symbol(row))`, without making the expression first: every node of a graph has one."""
    notation, shown = row.primitive.notation, row.shown
    if isinstance(notation, Notation) and None not in shown:  # names need no parentheses
        return _joined(notation.text.template, shown)
    atoms = [
        (n, ATOM) if n is not None else _print_atom(x, latex=False)
        for n, x in zip(shown, row.operands, strict=True)
    ]
    return _fill(row.primitive, row.params, atoms, latex=False)[0]


def _print(tree: Tree, *, latex: bool) -> tuple[str, int]:
    """The text of an expression, and how tightly it binds."""
    if tree.primitive is None:
        return _print_atom(tree.atom, latex=latex)
    operands = [_print(operand, latex=latex) for operand in tree.operands]
    return _fill(tree.primitive, tree.params, operands, latex=latex)


def _fill(
    primitive: Primitive, params: dict[str, Any], operands: list[tuple[str, int]], *, latex: bool
) -> tuple[str, int]:
    form = _form(primitive, params, len(operands), latex=latex)
    demands = form.operands
    parts = []
    for i, (text, binds) in enumerate(operands):
        if binds < demands[i if i < len(demands) else -1]:
            text = rf"\left({text}\right)" if latex else f"({text})"
        parts.append(text)
    template = form.template
    if latex and template == r"$0 \, $1" and parts[1][:1].isdigit():
        template = r"$0 \cdot $1"
    return _joined(template, parts), form.binds


def _joined(template: str, parts: Sequence[Any]) -> str:
    return _format(template)(*parts)


@functools.cache
def _format(template: str) -> Callable[..., str]:
    """What puts operands into `$0 + $1`."""
    literal = template.replace("{", "{{").replace("}", "}}")
    return re.sub(r"\$(\d+)", r"{\1}", literal).format


def _form(primitive: Primitive, params: dict[str, Any], count: int, *, latex: bool) -> Form:
    notation = primitive.notation
    if isinstance(notation, Notation):
        return notation.latex if latex else notation.text
    if notation is not None:
        return notation(count, params, latex)
    name = primitive.name.removeprefix("np.")
    slots = [f"${i}" for i in range(count)]
    if latex:
        return Form(rf"\operatorname{{{name}}}\left({', '.join(slots)}\right)")
    shown = (f"{k}={v}" for k, v in params.items() if v is not None and v is not False)
    return Form(f"{name}({', '.join([*slots, *shown])})")


def _print_atom(atom: Any, *, latex: bool) -> tuple[str, int]:
    if isinstance(atom, _Name):
        return (name_latex(atom) if latex else str(atom)), ATOM
    if isinstance(atom, np.ndarray):
        return array_text(atom), ATOM
    if isinstance(atom, (int, float, np.number)):
        text = number_text(atom)
        if latex:
            text = re.sub(r"e([+-])0*(\d+)$", _power_of_ten, text).replace("inf", r"\infty")
        return text, SIGN if text.startswith("-") else ATOM if "e" not in text else SUM + 1
    return str(atom), ATOM


def _power_of_ten(match: re.Match[str]) -> str:
    sign = "-" if match[1] == "-" else ""
    return rf" \times 10^{{{sign}{match[2]}}}"


def number_text(x: Any) -> str:
    """A number in a formula: six digits, and no `.0` behind a whole one."""
    if isinstance(x, (bool, np.bool_)):
        return str(bool(x))
    if isinstance(x, (complex, np.complexfloating)):
        return f"({x:.6g})"
    return f"{x:.6g}"


def array_text(x: np.ndarray[Any, Any]) -> str:
    """A constant array in a formula: its entries if there are few, else its shape."""
    if x.ndim <= 1 and x.size <= 3:
        return "[" + ", ".join(map(number_text, np.ravel(x))) + "]"
    return f"{x.dtype}[{','.join(map(str, x.shape))}]"


def name_latex(name: str) -> str:
    r"""A name as mathematics: `W1` has a subscript, `x_hat` a hat, `alpha` is Greek.

    >>> name_latex("W1"), name_latex("x_hat"), name_latex("alpha_2"), name_latex("params['b']")
    ('W_{1}', '\\hat{x}', '\\alpha_{2}', 'b')
    """
    key = re.fullmatch(r".*(?:\['(\w+)'\]|\.([A-Za-z]\w*))", name)
    if key:
        name = key[1] or key[2]
    entry = re.fullmatch(r"(.+)\[(\d+)\]", name)
    stem, *subscripts = (entry[1] if entry else name).split("_")
    if stem == "":
        stem, subscripts = name.replace("_", r"\_"), []
    digits = re.fullmatch(r"([A-Za-z]+?)(\d+)", stem)
    if digits:
        stem, subscripts = digits[1], [digits[2], *subscripts]
    if entry:
        subscripts.append(entry[2])
    text = f"\\{stem}" if stem in _GREEK else stem if len(stem) == 1 else rf"\mathit{{{stem}}}"
    if subscripts and subscripts[0] in _ACCENTS:
        text = f"{_ACCENTS[subscripts.pop(0)]}{{{text}}}"
    marks = [f"\\{s}" if s in _GREEK else s for s in subscripts if s]
    return text + (f"_{{{','.join(marks)}}}" if marks else "")
