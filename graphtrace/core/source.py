"""How an executed instruction is written in its source.

In: a code object and an instruction offset (`frame.f_code`, `frame.f_lasti` at the moment an
operation ran in that frame). Out: the variable its value goes to, its place and its text.
The variable is read from the bytecode, so it is found without any source; the rest is read from
the source by exact position, never by line alone. Knows nothing of tracing.

Everything here is cosmetic: what cannot be found is None (or empty), and nothing raises. Answers
are kept for as long as their code object lives.
"""

from __future__ import annotations

import ast
import dis
import functools
import linecache
import weakref
from array import array
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from types import CodeType
from typing import Any, Final, TypeVar

_T = TypeVar("_T")
_Question = Callable[..., _T]


OPERATORS: Final[dict[type[ast.AST], str]] = {
    ast.Add: "add",
    ast.Sub: "subtract",
    ast.Mult: "multiply",
    ast.Div: "divide",
    ast.Pow: "power",
    ast.MatMult: "matmul",
    ast.FloorDiv: "floor_divide",
    ast.Mod: "remainder",
}
"""What NumPy, and the row, of each binary operator is called."""


@dataclass(frozen=True, slots=True)
class Returned:
    """Whatever the caller assigns my call to, or a part: (1,) is v of `return u, v`."""

    path: tuple[int, ...] = ()


RETURNED: Final = Returned()

# By id, because equal code objects (the same lambda in two files) have two places, and because
# hashing a code object walks all its bytecode. The weak reference clears the entry.
_memories: dict[int, tuple[weakref.ref[CodeType], dict[Hashable, Any]]] = {}


def _forget(memories: dict[int, Any], key: int, _: weakref.ref[CodeType]) -> None:
    memories.pop(key, None)


def _memory(code: CodeType) -> dict[Hashable, Any]:
    key = id(code)
    if key not in _memories:
        # The dictionary is bound here: as a program ends, the module's own names are gone first.
        forget = functools.partial(_forget, _memories, key)
        _memories[key] = (weakref.ref(code, forget), {})
    return _memories[key][1]


def remembered(otherwise: Any) -> Callable[[_Question[_T]], _Question[_T]]:
    """Answer a question once per instruction, with `otherwise` where finding out fails."""

    def decorate(question: _Question[_T]) -> _Question[_T]:
        name = question.__name__

        @functools.wraps(question)
        def ask(code: CodeType, *rest: Any) -> _T:
            memory = _memory(code)
            asked = (name, *rest)
            if asked not in memory:
                try:
                    memory[asked] = question(code, *rest)
                except Exception:  # noqa: BLE001 (a figure without a name beats no figure)
                    memory[asked] = otherwise
            answer: _T = memory[asked]
            return answer

        return ask

    return decorate


# -- bytecode: where a value goes -----------------------------------------------------------------

_OTHER = "other"  # what the simulated stack holds: this, `Returned` for ours, and tuples of these
_PATIENCE = 1000  # instructions to follow a value for, so that a huge function stays linear

# The only intrinsic that runs a user's code is +x.
_OPERATORS = ("BINARY_", "UNARY_", "COMPARE_OP", "CONTAINS_OP", "IS_OP", "CALL_INTRINSIC_1")
_STORES_ITEM = ("STORE_SUBSCR", "STORE_SLICE")
_PRODUCERS = (*_OPERATORS, "CALL", "LOAD_ATTR", "FOR_ITER")
_PUSH_NOTHING = tuple("STORE_ POP_ DELETE_ JUMP FOR_ITER END_FOR TO_BOOL NOP RETURN_ RAISE".split())


def _fetch(code: CodeType, offset: int) -> tuple[str, int, int]:
    """Name, argument and end of the instruction at an offset, prefixes and caches included."""
    raw = code.co_code  # unspecialised, with caches of zero
    arg = raw[offset + 1]
    while raw[offset] == dis.EXTENDED_ARG:
        offset += 2
        arg = arg << 8 | raw[offset + 1]
    end = offset + 2
    while end < len(raw) and raw[end] == 0:
        end += 2
    return dis.opname[raw[offset]], arg, end


def _running(code: CodeType, lasti: int) -> tuple[str, int, int]:
    """The instruction that lasti stands for, as `_fetch` gives it."""
    while code.co_code[lasti] == 0:  # inside a call of a Python function it is at the last cache
        lasti -= 2
    name, arg, end = _fetch(code, lasti)
    # 3.11 makes a specialised call of a C function in the PRECALL and skips the CALL.
    return _fetch(code, end) if name == "PRECALL" else (name, arg, end)


def _effect(name: str, arg: int, jump: bool) -> tuple[int, int]:
    """How many values an instruction takes off the stack and how many it puts there."""
    op = dis.opmap[name]
    net = dis.stack_effect(op, arg if op >= dis.HAVE_ARGUMENT else None, jump=jump)
    if name.startswith("UNPACK_"):
        return 1, net + 1
    puts = max(net, 0 if name.startswith(_PUSH_NOTHING) else 1)
    return puts - net, puts


def _holds_ours(item: Any) -> bool:
    return any(map(_holds_ours, item)) if isinstance(item, tuple) else isinstance(item, Returned)


def _unpacked(item: Any, count: int) -> list[Any] | None:
    """What `a, b = item` puts on the stack, the first on top; None where it is not known."""
    if isinstance(item, tuple) and len(item) == count:
        return [*reversed(item)]
    if isinstance(item, Returned) and item.path and item.path[0] < count:
        parts: list[Any] = [_OTHER] * count
        parts[item.path[0]] = Returned(item.path[1:])
        return parts[::-1]
    return None


def _returned(item: Any) -> Returned | None:
    """Ours in what a function returns, and where in it."""
    if isinstance(item, Returned):
        return item
    if isinstance(item, tuple):
        for i, part in enumerate(item):
            if (inner := _returned(part)) is not None:
                return Returned((i, *inner.path))
    return None


@remembered(())
def slots(code: CodeType, _: int) -> tuple[str, ...]:
    """The names of its variables, in the order in which the interpreter numbers them."""
    cells = (name for name in code.co_cellvars if name not in code.co_varnames)
    return (*code.co_varnames, *cells, *code.co_freevars)


def _stored_name(code: CodeType, name: str, arg: int) -> str | None:
    if name in ("STORE_FAST", "STORE_DEREF"):
        stored = slots(code, 0)[arg]
    elif name in ("STORE_NAME", "STORE_GLOBAL", "STORE_ATTR"):
        stored = code.co_names[arg]
    else:
        return None
    return stored if stored.isidentifier() else None  # pytest rewrites asserts to store "@py_..."


@remembered(None)
def target(code: CodeType, lasti: int, path: tuple[int, ...] = ()) -> str | Returned | None:
    """The variable or attribute that the value made by this instruction is assigned to.

    With a `path`, what the part of that value is assigned to: of `q, r = qr(A)`, (1,) is `r`. So it
    is of `q, r = A`, where the instruction is the unpacking.
    `Returned` where the function returns it, so that one may ask the same about the caller's
    instruction. None where something else consumes the value.

    >>> target(compile("u = b * c", "<example>", "exec"), 6)
    'u'
    """
    name, arg, offset = _running(code, lasti)
    ours: list[Any] | None = [Returned(path)]
    if name == "UNPACK_SEQUENCE":  # a, b = x, which reads the entries of an array
        ours = _unpacked(Returned(path), arg)
    elif not name.startswith(_PRODUCERS):
        return None
    if ours is None:
        return None
    stack = [_OTHER] * 64 + ours  # compilers keep displays on the stack below 30
    for _ in range(_PATIENCE):
        name, arg, offset = _fetch(code, offset)
        if name.startswith("STORE_FAST_"):  # 3.13 joins a STORE_FAST and the next instruction
            if (top := stack.pop()) == RETURNED:
                return _stored_name(code, "STORE_FAST", arg >> 4)
            if _holds_ours(top):
                return None
            name, arg = name.removeprefix("STORE_FAST_"), arg & 15
        if name == "SWAP":
            stack[-arg], stack[-1] = stack[-1], stack[-arg]
        elif name == "COPY":
            stack.append(stack[-arg])
        elif name == "UNPACK_SEQUENCE" and (parts := _unpacked(stack[-1], arg)) is not None:
            stack[-1:] = parts
        else:
            # Past loops; and a value tested by `and`, `or` lives on where the jump is taken.
            jump = name in ("FOR_ITER", "SEND") or ("_OR_POP" in name and _holds_ours(stack[-1]))
            takes, puts = _effect(name, arg, jump)
            taken = stack[len(stack) - takes :]
            stack[len(stack) - takes :] = [_OTHER] * puts
            if any(map(_holds_ours, taken)):
                if name in ("BUILD_TUPLE", "BUILD_LIST"):
                    stack[-1] = tuple(taken)
                elif taken[0] == RETURNED and (variable := _stored_name(code, name, arg)):
                    return variable
                elif name == "RETURN_VALUE":
                    return _returned(taken[0])
                elif name.startswith(("STORE_", "UNPACK_", "POP_")) and _holds_ours(tuple(stack)):
                    jump = "JUMP" in name
                else:
                    return None
            if jump or name == "JUMP_FORWARD":
                offset += 2 * arg
    return None


@remembered(False)
def is_operator(code: CodeType, lasti: int) -> bool:
    """Whether the instruction is itself an operator, indexing included.

    False for a call: an operator that ran there ran inside C code, such as that of `sum(xs)`.

    >>> is_operator(compile("u = b * c", "<example>", "exec"), 6)
    True
    """
    return _running(code, lasti)[0].startswith((*_OPERATORS, *_STORES_ITEM, "DELETE_SUBSCR"))


@remembered("")
def operator(code: CodeType, lasti: int) -> str:
    """The sign of an instruction that is a binary operator; none of others.

    >>> operator(compile("u = b @ c", "<example>", "exec"), 6)
    '@'
    """
    while code.co_code[lasti] == 0:
        lasti -= 2
    at = (one for one in dis.get_instructions(code) if one.offset == lasti)
    return next((one.argrepr for one in at if one.opname == "BINARY_OP"), "")


# -- source: how it is written --------------------------------------------------------------------

_KINDS: dict[str, tuple[type[ast.AST], ...]] = {
    "BINARY": (ast.BinOp, ast.AugAssign, ast.Subscript),
    "UNARY": (ast.UnaryOp,),
    "COMPARE": (ast.Compare,),
    "CONTAINS": (ast.Compare,),
    "IS": (ast.Compare,),
    "CALL": (ast.Call, ast.UnaryOp),  # since 3.12, +x is CALL_INTRINSIC_1
    "LOAD": (ast.Attribute,),
}
_LONGEST = 50  # lines to look for the end of an assignment in


@remembered(array("i"))
def positions(code: CodeType, _: int) -> array[int]:
    """Line, last line, column, last column of each code unit, flat: tuples would take ten times."""
    places = code.co_positions()
    return array("i", (-1 if number is None else number for place in places for number in place))


@remembered([])
def source_lines(code: CodeType, _: int) -> list[str]:
    """The lines of the file that the code comes from; none where it is not to be had."""
    linecache.checkcache(code.co_filename)
    return linecache.getlines(code.co_filename)


@remembered(None)
def location(code: CodeType, lasti: int) -> tuple[str, int] | None:
    """The file and the line of the instruction.

    >>> location(compile("u = b * c", "model.py", "exec"), 6)
    ('model.py', 1)
    """
    number = positions(code, 0)[2 * lasti]
    return (code.co_filename, number) if number > 0 else None


@remembered(None)
def line(code: CodeType, lasti: int) -> str | None:
    """The source line of the instruction, stripped.

    >>> linecache.cache["<cell>"] = (10, None, ["u = b * c"], "<cell>")
    >>> line(compile("u = b * c", "<cell>", "exec"), 6)
    'u = b * c'
    """
    place = location(code, lasti)
    return (source_lines(code, 0)[place[1] - 1].strip() or None) if place else None


@remembered(None)
def text(code: CodeType, lasti: int) -> str | None:
    """The expression or statement of the instruction as it is written, on one line.

    >>> linecache.cache["<cell>"] = (10, None, ["u = b * c"], "<cell>")
    >>> text(compile("u = b * c", "<cell>", "exec"), 6)
    'b * c'
    """
    if (written := written_at(code, lasti)) is None:
        return None
    node, segment = written
    if "\n" in segment:  # there may be comments and backslashes in between
        return ast.unparse(node)
    return segment if "'" in segment or '"' in segment else " ".join(segment.split())


def written_at(code: CodeType, lasti: int) -> tuple[ast.AST, str] | None:
    """The node of the instruction and its text, if what stands there is of the fitting kind."""
    name, _, _ = _running(code, lasti)
    first, last, start, end = positions(code, 0)[2 * lasti : 2 * lasti + 4]
    rows = source_lines(code, 0)[first - 1 : last + _LONGEST]
    if min(start, end) < 0 or not rows:
        return None
    if name in _STORES_ITEM:
        return _assignment(rows, last - first, start)
    if rows[0].encode()[:start].rstrip().endswith(b"."):
        return None  # .sum() on a line of its own: the position leaves out what it is called on
    segment = _cut(rows[: last - first + 1], start, end)
    try:
        node: ast.AST = ast.parse(f"({segment}\n)", mode="eval").body
    except SyntaxError:
        (node,) = ast.parse(segment).body
    fits = isinstance(node, _KINDS.get(name.partition("_")[0], (ast.expr,)))
    return (node, segment) if fits else None


def _cut(rows: list[str], start: int, end: int | None = None) -> str:
    raw = [row.encode() for row in rows]  # columns count bytes
    raw[-1] = raw[-1][:end]
    raw[0] = raw[0][start:]
    return b"".join(raw).decode()


def _assignment(rows: list[str], last: int, column: int) -> tuple[ast.AST, str] | None:
    """The statement around a target such as out[i], whose own position is all the code has."""
    column -= len(rows[0]) - len(rows[0].lstrip())
    for end in range(last + 1, len(rows) + 1):
        snippet = "".join(rows[:end]).lstrip()
        try:
            nodes = list(ast.walk(ast.parse(snippet)))
        except SyntaxError:
            continue  # not yet complete
        for node in nodes:
            if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
                targets = [part for part in ast.walk(node) if isinstance(part, ast.Subscript)]
                if (1, column) in [(part.lineno, part.col_offset) for part in targets]:
                    return node, ast.get_source_segment(snippet, node) or ""
    return None
