"""How the operands of an executed instruction are written in its source.

In: a code object and an instruction offset. Out: the text of each operand, and of each part of a
subscript; None for one that is long or that the code does not know. As in `core.source`, nothing
raises.
"""

from __future__ import annotations

import ast
import dis
import re
import sys
from itertools import takewhile
from types import CodeType, ModuleType

from graphtrace.core.source import remembered, slots, written_at


@remembered(())
def operands(code: CodeType, lasti: int) -> tuple[str | None, ...]:
    """The operands as they are written, in brackets where they are operations; None for long ones.

    A method's first operand is its receiver; keywords are left out. Empty without source.

    >>> import linecache
    >>> linecache.cache["<cell>"] = (10, None, ["u = -b * c"], "<cell>")
    >>> operands(compile("u = -b * c", "<cell>", "exec"), 8)
    ('(-b)', 'c')
    """
    written = written_at(code, lasti)
    match written and written[0]:
        case ast.BinOp(left=a, right=b) | ast.AugAssign(target=a, value=b):
            parts = [a, b]
        case ast.Compare(left=a, comparators=[b]) | ast.Subscript(value=a, slice=b):
            parts = [a, b]
        case ast.UnaryOp(operand=a) | ast.Attribute(value=a):
            parts = [a]
        case ast.Call(func=function, args=args):
            parts = list(takewhile(lambda part: not isinstance(part, ast.Starred), args))
            if isinstance(function, ast.Attribute) and not _is_namespace(code, function.value):
                parts.insert(0, function.value)
        case _:
            parts = []
    return tuple(_operand(code, part) for part in parts)


@remembered(())
def subscript(code: CodeType, lasti: int) -> tuple[str | None, ...]:
    """The parts of an index as they are written, of `x[0, places]` or of `x[places] = y`.

    >>> import linecache
    >>> linecache.cache["<cell>"] = (10, None, ["u = x[places]"], "<cell>")
    >>> subscript(compile("u = x[places]", "<cell>", "exec"), 6)
    ('places',)
    """
    written = written_at(code, lasti)
    match written and written[0]:
        case ast.Subscript(slice=index):
            pass
        case ast.Assign(targets=[ast.Subscript(slice=index)]):
            pass
        case ast.AugAssign(target=ast.Subscript(slice=index)):
            pass
        case _:
            return ()
    parts = index.elts if isinstance(index, ast.Tuple) else [index]
    return tuple(_operand(code, part) for part in parts)


@remembered(frozenset())
def _vocabulary(code: CodeType, _: int) -> frozenset[str]:
    return frozenset((*code.co_names, *slots(code, 0)))


_WRITTEN_OUT = 32  # characters of an operand that is no name
_OPERATIONS = (ast.BinOp, ast.UnaryOp)
_IN_AN_OPERAND = (
    *_OPERATIONS,
    *(ast.Name, ast.Attribute, ast.Subscript, ast.Slice, ast.Tuple, ast.Constant, ast.Call),
    *(ast.keyword, ast.operator, ast.unaryop, ast.expr_context),
)


def _operand(code: CodeType, node: ast.expr) -> str | None:
    inner = list(ast.walk(node))
    names = {part.id for part in inner if isinstance(part, ast.Name)}
    # A name that the code does not know means that the file has changed since.
    if not (names <= _vocabulary(code, 0) and all(isinstance(p, _IN_AN_OPERAND) for p in inner)):
        return None
    text = re.sub(r"\bnp\.|(?<=\d)\.0\b", "", ast.unparse(node))
    is_path = not any(isinstance(part, (*_OPERATIONS, ast.Call)) for part in inner)
    if not names or not (is_path or len(text) <= _WRITTEN_OUT):
        return None
    return f"({text})" if isinstance(node, _OPERATIONS) else text


@remembered("__main__")
def _module_name(code: CodeType, _: int) -> str:
    """The module that the code comes from; what is typed in belongs to the session's."""
    for name, module in list(sys.modules.items()):
        if getattr(module, "__dict__", {}).get("__file__") == code.co_filename:
            return name
    return "__main__"


def _is_namespace(code: CodeType, node: ast.expr) -> bool:
    """Whether a receiver only holds the function: np, np.linalg or np.add, but not X in X.sum()."""
    if any(not isinstance(part, ast.Name | ast.Attribute | ast.Load) for part in ast.walk(node)):
        return False
    root, *rest = ast.unparse(node).split(".")
    conventional = sys.modules.get("numpy") if root == "np" else None
    held = conventional or vars(sys.modules[_module_name(code, 0)]).get(root)
    if root in slots(code, 0) and not conventional:
        if dis.opmap["IMPORT_NAME"] in code.co_code[::2]:
            raise LookupError  # a local array, or a module imported here: they look the same
        return False
    for name in rest:
        if not isinstance(held, ModuleType):
            return False
        held = getattr(held, name)
    return isinstance(held, ModuleType) or callable(held)
