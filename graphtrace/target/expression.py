"""Turn an expression given as text, such as "u = b*c; J = 3*(a + u)", into a function.

In: text that somebody typed. Out: a function of the text's free names. Nothing of the text is ever
executed: it is parsed, every node of it is checked against a list of what is allowed, and the
function walks what is left. Knows nothing about files, graphs or the command line.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import warnings
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, NoReturn

import numpy as np

from graphtrace.core.operators import BINARY, COMPARE, UNARY
from graphtrace.errors import ExpressionError
from graphtrace.ops import nn
from graphtrace.target.budget import Budget

LONGEST = 10_000  # characters
DEEPEST = 200  # levels: parsing, checking and walking all stay far from the recursion limit
LARGEST_INTEGER = 2**63  # beyond it an integer goes on as a float, so no arithmetic takes forever

_INSTEAD = (
    "use arithmetic, comparisons and NumPy functions, or put the function in a file and render "
    "path/to/file.py:function"
)

CONSTANTS = {"pi": np.pi, "inf": np.inf, "nan": np.nan}
_NUMPY_CONSTANTS = {**CONSTANTS, "e": np.e}

# Functions that are not ufuncs. What makes an array of a size that is only a number (zeros, tile,
# linspace, ...), reads or writes files, or takes functions or text stays out; how large a result
# may be is told by target/budget.py, which has to know of every function that enlarges.
_NUMPY_NAMES = """
sum prod mean std var median average quantile percentile max min amax amin ptp argmax argmin
nansum nanprod nanmean nanstd nanvar nanmedian nanmax nanmin cumsum cumprod all any count_nonzero
where clip round around nan_to_num sinc interp select diff ediff1d gradient unwrap trapezoid
convolve correlate polyval cov corrcoef real imag
dot vdot inner outer tensordot cross kron trace diag diagonal tril triu
transpose matrix_transpose permute_dims reshape ravel squeeze expand_dims swapaxes moveaxis
concatenate concat stack hstack vstack dstack column_stack atleast_1d atleast_2d atleast_3d
flip fliplr flipud roll rot90 sort argsort searchsorted take take_along_axis shape ndim size
linalg.norm linalg.vector_norm linalg.matrix_norm linalg.det linalg.slogdet linalg.inv linalg.pinv
linalg.solve linalg.lstsq linalg.cholesky linalg.qr linalg.svd linalg.svdvals linalg.eigh
linalg.eigvalsh linalg.cond linalg.matrix_rank linalg.multi_dot linalg.trace linalg.diagonal
linalg.cross linalg.outer linalg.matmul linalg.vecdot linalg.tensordot linalg.matrix_transpose
""".split()


def parse(text: str) -> Callable[..., Any]:
    """A function of the free names of `text`, in the order in which they first appear.

    `text` is one expression, or assignments separated by `;` of which the last is the result. The
    function has the name of the last target, `f` if there is none; its docstring is `text`. `pi`,
    `inf` and `nan` are constants unless assigned; `e` is a name like any other (the number is
    `np.e`). A name is a function only where it is called, so `mean` may be a parameter. Whatever is
    not arithmetic, a comparison, a condition, an index, an activation such as `relu` or a NumPy
    function on the list raises `ExpressionError`.

    >>> J = parse("u = b*c; v = a + u; J = 3*v")
    >>> J.__name__, str(inspect.signature(J))
    ('J', '(b, c, a)')
    """
    statements = _statements(text)
    free = _free_names(statements)
    signature = inspect.Signature(
        [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in free]
    )

    def function(*args: Any, **kwargs: Any) -> Any:
        return _run(statements, _bound(function, args, kwargs))

    name = statements[-1][0] or "f"
    function.__name__ = function.__qualname__ = name
    # To the tracer and in its errors, this frame is the user's: line 1 of a file "<expression>".
    function.__code__ = function.__code__.replace(
        co_filename=_FILE, co_firstlineno=0, co_name=name, co_qualname=name
    )
    function.__doc__ = text
    function.__signature__ = signature  # type: ignore[attr-defined]
    return function


def _bound(function: Callable[..., Any], args: Any, kwargs: Any) -> dict[str, Any]:
    """The arguments by name, in the order that the parameters have now."""
    return dict(inspect.signature(function).bind(*args, **kwargs).arguments)


def in_order(function: Callable[..., Any], names: Iterable[str]) -> None:
    """Give the parameters of a parsed function the order of these names; the others come after.

    >>> J = parse("J = c + a*b")
    >>> in_order(J, ["a", "b"])
    >>> str(inspect.signature(J))
    '(a, b, c)'
    """
    signature = inspect.signature(function)
    place = {name: i for i, name in enumerate(names)}
    last = len(place)
    parameters = sorted(signature.parameters.values(), key=lambda p: place.get(p.name, last))
    function.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]


_FILE = "<expression>"


def is_expression(function: Callable[..., Any]) -> bool:
    """Whether the function is one that `parse` has made."""
    return getattr(getattr(function, "__code__", None), "co_filename", "") == _FILE


def _statements(text: str) -> list[tuple[str, ast.expr]]:
    """The checked statements: (target, right-hand side); the last target may be ""."""
    _check_size(text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "1if x else y" is deprecated, not our business
            body = ast.parse(text.strip()).body
    except SyntaxError as error:
        raise ExpressionError(_explain(error, text)) from None
    except (RecursionError, MemoryError, ValueError):
        raise ExpressionError(_too_deep("column 1")) from None
    if not body:
        raise ExpressionError("the expression is empty: write something like 'J = 3*(a + b*c)'")
    statements = []
    for position, statement in enumerate(body):
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if _may_name(name):
                statements.append((name, value))
            case ast.Expr(value=value) if position == len(body) - 1:
                statements.append(("", value))
            case ast.Expr(value=value) if isinstance(value, ast.BinOp | ast.Call | ast.Name):
                _refuse(statement, text, "has no name", "write 'u = ' before it")
            case _:
                _refuse(statement, text)
        _check(statements[-1][1], text)
    return statements


def _check_size(text: str) -> None:
    """Refuse what the parser would choke on, before it is given to the parser."""
    if len(text) > LONGEST:
        raise ExpressionError(
            f"the expression has {len(text)} characters, more than {LONGEST}: put the function in "
            "a file and render path/to/file.py:function"
        )
    depth = 0
    for column, character in enumerate(text, start=1):
        if not (character.isprintable() or character in "\t\n\r"):
            raise ExpressionError(
                f"column {column}: the character {character!r} is not allowed in an expression: "
                "remove it"
            )
        depth += (character in "([{") - (character in ")]}")
        if depth > DEEPEST:
            raise ExpressionError(_too_deep(f"column {column}"))


def _too_deep(where: str) -> str:
    return (
        f"{where}: the expression is nested more than {DEEPEST} levels deep: name its parts, as in "
        "'u = b*c; v = a + u; J = 3*v'"
    )


def _explain(error: SyntaxError, text: str) -> str:
    """Python's own words for a syntax error, with a better hint for two frequent slips."""
    column = (error.offset or 1) + len(text) - len(text.lstrip())
    hint = "write it as Python does, for example 'J = 3*(a + b*c)'"
    if error.msg.startswith("cannot assign to function call"):
        hint = "leave out the parameters, as in 'J = 3*(a + b*c)': they are the names used"
    elif error.msg == "invalid decimal literal":
        hint = "write a product with *, as in 2*a"
    words = error.msg[:1].lower() + error.msg[1:].split(". ")[0]
    return f"{_place(error.lineno or 1, column)}: {words} in '{_shorten(text)}': {hint}"


def _place(line: int, column: int) -> str:
    return f"column {column}" if line == 1 else f"line {line}, column {column}"


def _shorten(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 60 else text[:57] + "..."


def _refuse(
    node: ast.AST, text: str, why: str = "is not allowed in an expression", instead: str = _INSTEAD
) -> NoReturn:
    """Raise `ExpressionError` for this node, in the words of the text."""
    stripped = text.strip()
    line, offset = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
    # ast counts bytes, a reader counts characters
    column = len(stripped.splitlines()[line - 1].encode()[:offset].decode()) + 1
    if line == 1:
        column += len(text) - len(text.lstrip())
    segment = _shorten(ast.get_source_segment(stripped, node) or stripped)
    raise ExpressionError(f"{_place(line, column)}: '{segment}' {why}: {instead}") from None


def _may_name(name: str) -> bool:
    return not name.startswith("__") and name not in ("np", "numpy")


def _check(node: ast.AST, text: str, depth: int = 1) -> None:
    """Raise `ExpressionError` unless this node and all below it are on the list."""
    if depth > DEEPEST:
        raise ExpressionError(_too_deep(_place(1, getattr(node, "col_offset", 0) + 1)))
    children = list(ast.iter_child_nodes(node))
    match node:
        case ast.Constant(value=bool() | int() | float()):
            pass
        case ast.Constant(value=value) if value is None or value is ...:
            pass
        case ast.Name(id=name) if _may_name(name):
            pass
        case ast.Attribute(attr="T"):
            pass
        case ast.Attribute() if _dotted(node) in _DOTTED_CONSTANTS:
            return
        case ast.BinOp(op=op) if type(op) in BINARY:
            pass
        case ast.BinOp(op=ast.BitXor()):
            _refuse(node, text, instead="a power is written **, as in x**2")
        case ast.UnaryOp(op=op) if type(op) in UNARY:
            pass
        case ast.Compare(ops=ops) if all(type(op) in COMPARE for op in ops):
            pass
        case ast.BoolOp() | ast.IfExp() | ast.List() | ast.Tuple() | ast.Subscript() | ast.Slice():
            pass
        case ast.Call():
            _check_call(node, text)
            children = [*node.args, *(keyword.value for keyword in node.keywords)]
        case _:
            _refuse(node, text)
    for child in children:
        if isinstance(child, ast.expr):
            _check(child, text, depth + 1)


def _check_call(node: ast.Call, text: str) -> None:
    for keyword in node.keywords:
        if keyword.arg in (None, "out"):  # out= would write into the caller's arrays
            _refuse(keyword, text)
    name = _dotted(node.func)
    if not name:
        _refuse(node, text, "is not a call of a function", "a product is written with *")
    if _function(name):
        return
    prefix, _, last = name.rpartition(".")
    import difflib  # for a mistake only

    close = difflib.get_close_matches(last, _SUGGESTIONS, n=1, cutoff=0.8)
    instead = _INSTEAD
    if prefix and not prefix.startswith(("np", "numpy")) and last in _SUGGESTIONS:
        instead = f"write {_SUGGESTIONS[last]}({prefix})"
    elif close:
        instead = f"did you mean {_SUGGESTIONS[close[0]]}"
    elif not prefix and not hasattr(np, name) and not hasattr(builtins, name):
        instead = (
            f"a product is written {name}*(...), and a function of your own goes into a file, as "
            "path/to/file.py:function"
        )
    _refuse(node.func, text, "is not a function that an expression may call", instead)


def _dotted(node: ast.AST) -> str:
    """'np.linalg.inv' for that chain of attributes, '' for anything else."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(names)]) if isinstance(node, ast.Name) else ""


def _free_names(statements: list[tuple[str, ast.expr]]) -> list[str]:
    """The names that are read before they are assigned, in the order of the text."""
    free: dict[str, None] = {}
    assigned: set[str] = set(CONSTANTS)
    for target, expression in statements:
        called = {
            id(part)
            for call in ast.walk(expression)
            for part in ast.walk(call.func if isinstance(call, ast.Call) else ast.Pass())
        }
        names = [
            node
            for node in ast.walk(expression)
            if isinstance(node, ast.Name) and id(node) not in called and _may_name(node.id)
        ]
        for node in sorted(names, key=lambda node: (node.lineno, node.col_offset)):
            if node.id not in assigned:
                free[node.id] = None
        assigned.add(target)
    return list(free)


class _Scope(NamedTuple):
    """The values by their names, and what may still be spent."""

    names: dict[str, Any]
    budget: Budget


def _run(statements: list[tuple[str, ast.expr]], names: dict[str, Any]) -> Any:
    from graphtrace.core.tape import name_value  # only here, so that parsing needs no tracer

    scope = _Scope(names, Budget(names.values()))
    for target, expression in statements:
        try:
            value = _evaluate(expression, scope)
        except Exception as error:
            written = ast.unparse(expression)
            error.add_note(f"in '{_shorten(f'{target} = {written}' if target else written)}'")
            raise
        if target:
            name_value(value, target)
            names[target] = value
    return value


def _evaluate(node: ast.expr | None, scope: _Scope) -> Any:
    """The value of one checked node."""
    match node:
        case None:
            return None
        case ast.Constant(value=value):
            return _bounded(value)
        case ast.Name(id=name):
            return scope.names[name] if name in scope.names else CONSTANTS[name]
        case ast.Attribute(attr="T", value=value):
            return np.transpose(_evaluate(value, scope))
        case ast.Attribute():
            return _DOTTED_CONSTANTS[_dotted(node)]
        case ast.BinOp(left=left, op=op, right=right):
            return _binary(op, _evaluate(left, scope), _evaluate(right, scope), scope)
        case ast.UnaryOp(op=op, operand=operand):
            value = _operand(_evaluate(operand, scope))
            scope.budget.spend(type(op).__name__, [value])
            return UNARY[type(op)](value)
        case ast.Compare():
            return _compare(node, scope)
        case ast.BoolOp(op=op, values=values):
            return _all_or_any(isinstance(op, ast.And), values, scope)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return _evaluate(body if _evaluate(test, scope) else orelse, scope)
        case ast.List(elts=elements):
            return [_evaluate(element, scope) for element in elements]
        case ast.Tuple(elts=elements):
            return tuple([_evaluate(element, scope) for element in elements])
        case ast.Slice(lower=lower, upper=upper, step=step):
            return slice(*(_evaluate(bound, scope) for bound in (lower, upper, step)))
        case ast.Subscript(value=value, slice=index):
            return scope.budget.pick(_evaluate(value, scope), _evaluate(index, scope))
        case ast.Call(func=func, args=args, keywords=keywords):
            name = _dotted(func)
            function = _function(name)
            assert function is not None
            positional = [_evaluate(argument, scope) for argument in args]
            named = {str(keyword.arg): _evaluate(keyword.value, scope) for keyword in keywords}
            return scope.budget.call(name, function, positional, named)
        case _:
            raise AssertionError(f"{type(node).__name__} was checked but cannot be evaluated")


def _binary(op: ast.operator, left: Any, right: Any, scope: _Scope) -> Any:
    left, right = _operand(left), _operand(right)
    if isinstance(op, ast.Pow) and type(left) is int and type(right) is int:
        left = float(left)  # 9**9**9 is an overflow at once, not an integer of 370 million digits
    scope.budget.spend("matmul" if isinstance(op, ast.MatMult) else "arithmetic", (left, right))
    return _bounded(BINARY[type(op)](left, right))


def _bounded(value: Any) -> Any:
    return float(value) if type(value) is int and abs(value) >= LARGEST_INTEGER else value


def _operand(value: Any) -> Any:
    """A list in arithmetic is the vector it looks like: [1, 2]*3 is not six elements."""
    return _array(value) if isinstance(value, list | tuple) else value


def _compare(node: ast.Compare, scope: _Scope) -> Any:
    """`a < b < c` as Python has it: each operand once, and the rest only while it holds."""
    left = _operand(_evaluate(node.left, scope))
    outcome: Any = True
    for op, comparator in zip(node.ops, node.comparators, strict=True):
        right = _operand(_evaluate(comparator, scope))
        scope.budget.spend("comparison", (left, right))
        outcome = COMPARE[type(op)](left, right)
        if comparator is not node.comparators[-1] and not outcome:
            break
        left = right
    return outcome


def _all_or_any(every: bool, values: list[ast.expr], scope: _Scope) -> Any:
    for node in values:
        value = _evaluate(node, scope)
        if node is not values[-1] and bool(value) is not every:
            break
    return value


def _array(values: Any) -> Any:
    """np.array, which cannot be traced, for lists and tuples of anything."""
    if not isinstance(values, list | tuple):
        return values
    if not values:
        return np.array([])
    return np.stack([_array(value) for value in values])


def _sum(values: Any, *args: Any, **kwargs: Any) -> Any:
    if isinstance(values, list | tuple) and not kwargs:
        return sum(values, *args)
    return np.sum(values, *args, **kwargs)


def _max(first: Any, *others: Any, **kwargs: Any) -> Any:
    if others or isinstance(first, list | tuple):
        return max(first, *others, **kwargs)
    return np.max(first, **kwargs)


def _min(first: Any, *others: Any, **kwargs: Any) -> Any:
    if others or isinstance(first, list | tuple):
        return min(first, *others, **kwargs)
    return np.min(first, **kwargs)


def _round(x: Any, ndigits: Any = 0) -> Any:
    """Python's rounding to a number of digits; of arrays, and to whole numbers, NumPy's."""
    return np.round(x, ndigits) if np.ndim(x) or not ndigits else round(x, ndigits)


_BUILTINS: dict[str, Callable[..., Any]] = {
    "abs": abs,
    "len": len,
    "max": _max,
    "min": _min,
    "round": _round,
    "sum": _sum,
}


def _numpy_functions() -> dict[str, Callable[..., Any]]:
    """Every ufunc of NumPy, and of the names above those that this NumPy has."""
    # vars, not dir: NumPy imports some of its modules when they are looked at
    functions = {name: value for name, value in vars(np).items() if isinstance(value, np.ufunc)}
    for name in _NUMPY_NAMES:
        module, _, last = name.rpartition(".")
        value = getattr(np.linalg if module else np, last, None)
        if value is not None:
            functions[name] = value
    return {**functions, "array": _array, "asarray": _array}


_NUMPY_FUNCTIONS = _numpy_functions()
_OURS: dict[str, Callable[..., Any]] = {
    name: getattr(nn, name)
    for name in "relu sigmoid softplus gelu silu softmax log_softmax logsumexp".split()
}
_DOTTED_CONSTANTS = {
    f"{prefix}.{name}": value
    for prefix in ("np", "numpy")
    for name, value in _NUMPY_CONSTANTS.items()
}


def _function(name: str) -> Callable[..., Any] | None:
    prefix, _, rest = name.partition(".")
    if prefix in ("np", "numpy"):
        return _NUMPY_FUNCTIONS.get(rest)
    if prefix in ("gt", "graphtrace"):
        return _OURS.get(rest)
    function = _BUILTINS.get(name) or _OURS.get(name)
    return function or (_NUMPY_FUNCTIONS.get(name) if not rest else None)


# What may be called, by its last name: a slip of the pen finds np.linalg.inv from "inv".
_SUGGESTIONS = {
    name.rpartition(".")[2]: f"np.{name}" if "." in name else name
    for name in [*reversed(_NUMPY_FUNCTIONS), *_OURS, *_BUILTINS]
}
