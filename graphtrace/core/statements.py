"""Which statement of the source an executed instruction belongs to.

In: a code object and an instruction offset. Out: the `Statement` around it, with what it computes
as text and the place of the call that is all of it. Found by position in the function's own lines;
None without source. Knows nothing of tracing. As in `core.source`, nothing raises.
"""

from __future__ import annotations

import ast
import dis
import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from inspect import CO_VARARGS, CO_VARKEYWORDS
from types import CodeType
from typing import Any, NamedTuple

from graphtrace.core.source import positions, remembered, source_lines

Place = tuple[int, int]
"""A line, and a column in bytes."""


class Loop(NamedTuple):
    """A loop that is in no other one, as it is written.

    `before` is what was assigned in front of it, once and in any case, to names that nothing else
    outside of it assigns; the name and the expression.
    """

    start: Place
    text: str
    before: tuple[tuple[str, str], ...] = ()


class Function(NamedTuple):
    """What a function's variables are: its parameters, and what is assigned once and in any case.

    `assigned` are the name, the expression and the line that it ends in.
    """

    name: str = ""
    parameters: tuple[str, ...] = ()
    assigned: tuple[tuple[str, str, int], ...] = ()


class Statement(NamedTuple):
    """A statement, or the header of a compound one, as it is written.

    `right` is what one name is assigned to, or what is returned, where each of its variables is
    the argument of that name or what was assigned to it at one place; else None. `call_end` is the
    end of the call that is all of the right side. It is number `at` of the statements of the `loop`
    around it, the loop itself being number 0. `name` is the one that it assigns all of it to.
    """

    start: Place
    right: str | None = None
    call_end: Place | None = None
    comprehensions: tuple[tuple[Place, Place], ...] = ()
    calls: tuple[tuple[Place, str], ...] = ()
    """The end of each call in it, and the name of what is called."""
    loop: Loop | None = None
    at: int = 0
    name: str = ""
    function: Function = Function()

    def repeats(self, place: Place) -> bool:
        """Whether what stands there runs several times in one execution: in a comprehension."""
        return any(start <= place < end for start, end in self.comprehensions)

    def called(self, end: Place) -> str:
        """The name of what the call that ends there calls."""
        return next((name for at, name in self.calls if at == end), "")


@remembered(None)
def statement(code: CodeType, lasti: int) -> Statement | None:
    """The statement that the instruction belongs to.

    >>> import linecache
    >>> linecache.cache["<cell>"] = (10, None, ["u = 2 * c; v = 3 * u"], "<cell>")
    >>> statement(compile("u = 2 * c; v = 3 * u", "<cell>", "exec"), 6).right
    '2 * c'
    """
    known = _statements(code, 0)
    place = begin(code, lasti)
    at = bisect_right(known, place, key=lambda one: one.start) - 1
    return known[at] if at >= 0 and place[0] > 0 else None


def begin(code: CodeType, lasti: int) -> Place:
    """Where the instruction's expression begins."""
    line, _, column, _ = positions(code, 0)[2 * lasti : 2 * lasti + 4]
    return line, column


def end(code: CodeType, lasti: int) -> Place:
    """Where the instruction's expression ends."""
    _, line, _, column = positions(code, 0)[2 * lasti : 2 * lasti + 4]
    return line, column


_LONGEST = 50  # lines to look for the end of the last statement in


@remembered(())
def _statements(code: CodeType, _: int) -> tuple[Statement, ...]:
    """All statements of a function, in the order in which they begin."""
    rows = source_lines(code, 0)
    places = positions(code, 0)
    lines = [line for line in (*places[0::4], *places[1::4]) if line > 0]
    if not rows or not lines:
        return ()
    if code.co_name == "<lambda>":
        return (_of_lambda(code),)
    first, last = min(code.co_firstlineno, *lines), max(lines)
    for stop in range(last, min(last + _LONGEST, len(rows)) + 1):
        block = rows[first - 1 : stop]
        shift = first - 1
        if block[0][:1].isspace():
            block, shift = ["if 1:\n", *block], first - 2
        try:
            tree = ast.parse("".join(block))
        except SyntaxError:
            continue  # not yet complete
        ast.increment_lineno(tree, shift)
        nodes = (node for node in ast.walk(tree) if isinstance(node, ast.stmt))
        uncertain = _uncertain(code, 0)
        loops = _loops(tree)
        function = _function_in(tree, rows)
        statements = (
            _written(node, uncertain, rows)._replace(function=function, **loops.get(node, {}))
            for node in nodes
            if node.lineno >= first
        )
        return tuple(sorted(statements, key=lambda one: one.start))
    return ()


def statements_of(loop: ast.stmt) -> list[ast.stmt]:
    """The loop and what is in it, in the order of their numbers."""
    return [node for node in ast.walk(loop) if isinstance(node, ast.stmt)]


def _loops(tree: ast.AST) -> dict[ast.stmt, dict[str, Any]]:
    """For each statement of a loop that loop, and its number in it."""
    known: dict[ast.stmt, dict[str, Any]] = {}
    waiting: list[tuple[ast.AST, ast.AST]] = [(tree, tree)]
    while waiting:
        node, function = waiting.pop()
        if isinstance(node, ast.For | ast.While):
            loop = Loop((node.lineno, node.col_offset), ast.unparse(node), _before(node, function))
            for at, statement in enumerate(statements_of(node)):
                known[statement] = {"loop": loop, "at": at}
            continue
        inner = node if isinstance(node, ast.FunctionDef) else function
        waiting += ((child, inner) for child in ast.iter_child_nodes(node))
    return known


def _before(loop: ast.stmt, function: ast.AST) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name, ast.unparse(value))
        for name, value in _assigned_once(function, loop.lineno, set(ast.walk(loop)))
    )


def _assigned_once(
    function: ast.AST, stop: float = math.inf, beside: Collection[ast.AST] = ()
) -> Iterator[tuple[str, ast.expr]]:
    """What is assigned in any case before that line, to names that nothing else but that assigns.

    Left out are lists that may have been changed since, or an attribute of which is asked for.
    """
    nodes = [node for node in ast.walk(function) if node not in beside]
    stores = Counter(
        node.id
        for node in nodes
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)
    )
    pairs: list[tuple[ast.expr, ast.expr]] = []
    for one in getattr(function, "body", ()):
        if (one.end_lineno or 0) >= stop:
            break
        match one:
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
                pairs += zip(names, values, strict=False)
            case ast.Assign(targets=names, value=value):
                pairs += ((name, value) for name in names)
            case ast.AnnAssign(target=ast.Name() as target, value=ast.expr() as value):
                pairs.append((target, value))
    changed = {
        node.value.id
        for node in ast.walk(function)
        if isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.value, ast.Name)
        if isinstance(node, ast.Attribute) or not isinstance(node.ctx, ast.Load)
    }
    for name, value in pairs:
        if isinstance(name, ast.Name) and stores[name.id] == 1 and name.id not in changed:
            yield name.id, value


def _function_in(tree: ast.AST, rows: Sequence[str]) -> Function:
    """The function that the code is of; of a cell or a module, all of it."""
    node = next((n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)), tree)
    arguments = node.args if isinstance(node, ast.FunctionDef) else None
    return Function(
        node.name if isinstance(node, ast.FunctionDef) else "",
        tuple(a.arg for a in (*arguments.posonlyargs, *arguments.args)) if arguments else (),
        tuple(
            (name, _text(value, rows), value.end_lineno or 0)
            for name, value in _assigned_once(node)
        ),
    )


def _of_lambda(code: CodeType) -> Statement:
    """The body of a lambda, which is all that it computes."""
    places = positions(code, 0)
    spans = [tuple(places[i : i + 4]) for i in range(0, len(places), 4)]
    spans = [s for s in spans if min(s) >= 0 and s[0] > 0 and s[0::2] != s[1::2]]
    start = min((line, column) for line, _, column, _ in spans)
    stop = max((line, column) for _, line, _, column in spans)
    rows = [row.encode() for row in source_lines(code, 0)[start[0] - 1 : stop[0]]]
    rows[-1] = rows[-1][: stop[1]]
    rows[0] = b" " * start[1] + rows[0][start[1] :]
    text = b"".join(rows).decode()
    # In brackets, so that it may go over lines; one column is theirs.
    body = ast.parse("(" + text[1:] + "\n)" if start[1] else f"(\n{text}\n)", mode="eval").body
    ast.increment_lineno(body, start[0] - (1 if start[1] else 2))
    return _computing(start, body, _uncertain(code, 0), ast.unparse(body))


def _written(node: ast.stmt, uncertain: Collection[str], rows: Sequence[str]) -> Statement:
    start = node.lineno, node.col_offset
    match node:
        case ast.Return(value=ast.expr() as value):
            return _computing(start, value, uncertain, _text(value, rows))
        case ast.Assign(targets=[ast.Name(name)], value=value):
            return _computing(start, value, uncertain, _text(value, rows))._replace(name=name)
        case ast.AnnAssign(target=ast.Name(name), value=ast.expr() as value):
            return _computing(start, value, uncertain, _text(value, rows))._replace(name=name)
        case ast.Assign(value=value) | ast.Expr(value=value):
            return _computing(start, value, (), "")
        case ast.AugAssign(value=value) | ast.AnnAssign(value=ast.expr() as value):
            return Statement(start, None, None, *_parts(value))
        case ast.For(iter=value) | ast.While(test=value) | ast.If(test=value):
            return Statement(start, None, None, *_parts(value))
        case _:
            return Statement(start)


def _computing(start: Place, value: ast.expr, uncertain: Collection[str], text: str) -> Statement:
    used = [node for node in ast.walk(value) if isinstance(node, ast.Name)]
    own = {node.id for node in used if isinstance(node.ctx, ast.Store)}  # of a comprehension
    names = {node.id for node in used} - own
    right = text if text and names.isdisjoint(uncertain) else None
    return Statement(
        start, right, _end(value) if isinstance(value, ast.Call) else None, *_parts(value)
    )


def _text(value: ast.expr, rows: Sequence[str]) -> str:
    """How it is written, on one line."""
    if value.end_lineno != value.lineno:  # there may be comments and backslashes in between
        return ast.unparse(value)
    return rows[value.lineno - 1].encode()[value.col_offset : value.end_col_offset].decode()


@remembered(frozenset())
def _uncertain(code: CodeType, _: int) -> frozenset[str]:
    """The names that stand for several things: arguments that are stored to, and locals twice."""
    stores: Counter[str] = Counter()
    for one in dis.get_instructions(code):
        if one.opname.startswith("STORE_"):  # 3.13 joins two stores, or a store and a load
            names = one.argval if isinstance(one.argval, tuple) else (one.argval,)
            stores.update(names[:1] if "_LOAD_" in one.opname else names)
    gathering = bool(code.co_flags & CO_VARARGS) + bool(code.co_flags & CO_VARKEYWORDS)
    count_of_arguments = code.co_argcount + code.co_kwonlyargcount + gathering
    most = dict.fromkeys(code.co_varnames[:count_of_arguments], 0)
    return frozenset(name for name, count in stores.items() if count > most.get(name, 1))


def _parts(
    value: ast.expr,
) -> tuple[tuple[tuple[Place, Place], ...], tuple[tuple[Place, str], ...]]:
    inner = list(ast.walk(value))
    kinds = (ast.ListComp, ast.SetComp, ast.DictComp)
    loops = tuple(((n.lineno, n.col_offset), _end(n)) for n in inner if isinstance(n, kinds))
    calls = ((_end(n), _name(n.func)) for n in inner if isinstance(n, ast.Call))
    return loops, tuple(calls)


def _name(function: ast.expr) -> str:
    return ast.unparse(function).rpartition(".")[2]


def _end(node: ast.expr) -> Place:
    return node.end_lineno or 0, node.end_col_offset or 0
