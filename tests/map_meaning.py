"""What a reader takes the label of an edge to mean: a linear map, read from its print alone.

In: the plain text of a label, the values of the names in it, a change t of the operand. Out: the
change of the value. It shares nothing with the package: the table in docs/maps.md is its source.
"""

import ast
import copy
import re

import numpy as np


class Unreadable(Exception):
    """The text has words that no reader can work out: `x[mask]`, `bool[2,3]`."""


FUNCTIONS = {name: getattr(np, name) for name in dir(np) if callable(getattr(np, name))}
FUNCTIONS |= {name: getattr(np.fft, name) for name in dir(np.fft)}
FUNCTIONS |= {name: getattr(np.linalg, name) for name in ("inv", "solve", "det", "multi_dot")}
FUNCTIONS |= {"abs": abs, "conj": np.conj}


def meaning(text, names, t, out):
    """What the label makes of the change `t`; `out` is the shape of the value."""
    for pattern, read in WORDS.items():
        match = re.fullmatch(pattern, text)
        if match:
            return read(match, t, out)
    each = re.fullmatch(r"(.*) for each (row|column) p", text)
    if each:
        (p,) = names["_value"]
        lines = (p, t) if each[2] == "row" else (p.T, t.T)
        rows = [meaning(each[1], {"p": a}, b, b.shape) for a, b in zip(*lines, strict=True)]
        return np.array(rows) if each[2] == "row" else np.array(rows).T
    if re.search(r"\b(bool|int|float)\d*\[|mask", text):
        raise Unreadable(text)
    try:
        tree = ast.parse(text.replace("·", "_t"), mode="eval").body
    except SyntaxError as error:
        raise Unreadable(text) from error
    return applied(tree, names, t, out)


def applied(tree, names, t, out=None):
    """The map of a tree applied to `t`; `out` is None where the map is a factor of a product."""
    words = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    if not words & {"diag", "I"}:
        value = run(tree, names | {"_t": t})
        if "_t" in words:
            return value
        if np.ndim(value) == 0 or np.ndim(t) == 0:
            return value * t
        return np.sum(value * t) if out == () else value @ t
    match tree:
        case ast.Name("I"):
            return t
        case ast.Call(ast.Name("diag"), [d]):
            d = run(d, names)
            assert np.shape(d) == np.shape(t), "diag(d) is applied to another shape"
            return d * t
        case ast.BinOp(left, ast.MatMult(), right):
            *maps, last = factors(tree)
            if isinstance(maps[-1], ast.Name) and maps[-1].id == "_t":  # (·)W is one factor
                last = ast.BinOp(maps.pop(), ast.MatMult(), last)
            t = applied(last, names, t)
            for one in reversed(maps):
                t = applied(one, names, t)
            return t
        case ast.BinOp(left, ast.Add(), right):
            return applied(left, names, t) + applied(right, names, t)
        case ast.BinOp(left, ast.Sub(), ast.BinOp(p, ast.MatMult(), q)):
            p, q = run(p, names), run(q, names)
            return applied(left, names, t) - p * (q @ t)
        case ast.BinOp(left, ast.Mult(), right):
            return run(left, names) * applied(right, names, t)
        case ast.UnaryOp(ast.USub(), one):
            return -applied(one, names, t)
    raise Unreadable(ast.unparse(tree))


def factors(node):
    """A @ B @ C as [A, B, C]."""
    match node:
        case ast.BinOp(left, ast.MatMult(), right):
            return [*factors(left), *factors(right)]
    return [node]


class _Iverson(ast.NodeTransformer):
    """[x > 0] is 1 where it holds."""

    def visit_List(self, node):
        self.generic_visit(node)
        if len(node.elts) == 1 and isinstance(node.elts[0], ast.Compare):
            return ast.BinOp(node.elts[0], ast.Mult(), ast.Constant(1.0))
        return ast.Call(ast.Name("array", ast.Load()), [node], []) if are_constants(node) else node


def are_constants(node):
    """Whether a list is a constant of a formula."""
    return all(isinstance(one, (ast.Constant, ast.UnaryOp)) for one in node.elts)


def run(tree, names):
    """The value of an expression in Python's notation."""
    try:
        code = ast.Expression(_Iverson().visit(copy.deepcopy(tree)))
        compiled = compile(ast.fix_missing_locations(code), "<label>", "eval")
        return eval(compiled, dict(FUNCTIONS), dict(names))  # noqa: S307
    except (NameError, AttributeError, SyntaxError, IndexError, TypeError, ValueError) as error:
        raise Unreadable(f"{ast.unparse(tree)}: {error}") from error


def place(what, index):
    """The index that words mean: columns 1:3, entry 0, row 2."""
    at = ast.literal_eval(index) if not re.search("[:,]", index) else None
    if ":" in index:
        at = slice(*(int(end) if end else None for end in index.split(":")))
    elif "," in index:
        at = [int(one) for one in index.split(",")]
    return (slice(None), at) if what.startswith("column") else at


def into(match, t, out):
    whole = np.zeros(out)
    whole[place(*match.groups())] = t
    return whole


def repeated(match, t, out):
    assert int(match[2].replace(",", "")) * np.size(t) == np.prod(out)
    return float(match[1] or 1) * np.broadcast_to(t, out)


def over_axes(match, t, out):
    axes = tuple(int(k) for k in match[2].split(",")) if match[2] else None
    function = {"sum": np.sum, "mean": np.mean}[match[1]]
    result = function(t, axis=axes)
    return result if result.shape == out else np.reshape(result, out)


WHAT = "(rows?|columns?|entry|entries)"
WORDS = {
    rf"{WHAT} ([-\d:, ]+) of \S+": lambda m, t, out: t[place(*m.groups())],
    r"entry \[(-?\d+), (-?\d+)\] of \S+": lambda m, t, out: t[int(m[1]), int(m[2])],
    rf"into {WHAT} ([-\d:, ]+)": into,
    r"(?:(\S+), )?repeated ([\d,]+) times": repeated,
    r"(?:(-?[\d.]+), )?reshaped": lambda m, t, out: float(m[1] or 1) * np.reshape(t, out),
    r"reshaped to (\(.*\))": lambda m, t, out: np.reshape(t, ast.literal_eval(m[1])),
    r"reshaped to (\(.*\)) by columns": lambda m, t, out: np.reshape(
        t, ast.literal_eval(m[1]), order="F"
    ),
    r"(sum|mean)(?: over ax[ei]s ([-\d, ]+))?": over_axes,
}
