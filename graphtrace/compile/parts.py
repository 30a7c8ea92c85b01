"""A program of very many lines, compiled in parts, so that Python never parses all at once.

In: the lines, with their ends, of a module whose last function is straight-line. Out: the names
that `exec` would define; the body of that function is run in parts that share its variables.
Python's parser keeps two kilobytes for each line until it has read the last one, which is six
gigabytes for a million operations.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from types import CellType, CodeType, FunctionType
from typing import Any

LONGEST = 200_000  # lines that are parsed at once
_SIZE = 4_000  # Python takes time with the square of the number of variables that a part shares
_STATEMENT = re.compile(r"    [A-Za-z_]\w* \+?= ")  # a part may begin here


def define(lines: Sequence[str], filename: str, namespace: dict[str, Any]) -> None:
    """Run the lines in the namespace, the body of the last function in parts."""
    start = 1 + max(i for i, line in enumerate(lines) if line.startswith("def "))
    given = _function([*lines[start - 1 : start], "    pass\n"], filename, 1).co_varnames
    spans = list(_spans(lines, start))
    names, is_set = [], set(given)
    for i, k in spans:
        code = _function(["def part():\n", *lines[i:k]], filename, 1)
        names.append(_names(code))
        is_set.update(code.co_varnames, code.co_cellvars)
    uses = Counter(name for some in (given, *names) for name in some)
    shared = {name for name in is_set if uses[name] > 1}
    codes = [
        _sharing(lines, span, sorted(some & shared), filename)
        for span, some in zip(spans, names, strict=True)
    ]
    run = "_run"
    while run in given or run in namespace:
        run += "_"
    namespace[run] = _runner(codes, given, namespace)
    call = f"    return {run}({', '.join(given)})\n"
    exec(compile("".join([*lines[:start], call]), filename, "exec"), namespace)  # noqa: S102


def _runner(
    codes: Sequence[CodeType], given: Sequence[str], namespace: dict[str, Any]
) -> Callable[..., Any]:
    """A function of what is given that runs the parts, and returns what the last one does."""
    names = dict.fromkeys([*given, *(name for code in codes for name in code.co_freevars)])
    place = {name: i for i, name in enumerate(names)}
    places = [[place[name] for name in code.co_freevars] for code in codes]
    missing = len(names) - len(given)

    def run(*values: Any) -> Any:
        cells = [*map(CellType, values), *[CellType() for _ in range(missing)]]
        result = None
        for code, own in zip(codes, places, strict=True):
            result = FunctionType(code, namespace, closure=tuple([cells[i] for i in own]))()
        return result

    return run


def _spans(lines: Sequence[str], start: int) -> Iterator[tuple[int, int]]:
    """Where parts begin and end."""
    for i in range(start, len(lines)):
        if i - start >= _SIZE and _STATEMENT.match(lines[i]):
            yield start, i
            start = i
    yield start, len(lines)


def _function(lines: Sequence[str], filename: str, depth: int) -> CodeType:
    """The function in so many functions, of which there is one in each."""
    code = compile("".join(lines), filename, "exec")
    for _ in range(depth):
        (code,) = [const for const in code.co_consts if isinstance(const, CodeType)]
    return code


def _names(code: CodeType) -> set[str]:
    """What a function names, be it a variable, a global or an attribute."""
    inner = [_names(const) for const in code.co_consts if isinstance(const, CodeType)]
    return {*code.co_varnames, *code.co_cellvars, *code.co_names}.union(*inner)


def _sharing(
    lines: Sequence[str], span: tuple[int, int], shared: Sequence[str], filename: str
) -> CodeType:
    """A part as a function that has the shared variables from around it."""
    start, stop = span
    around = ["def part():\n"]
    if shared:
        names = ", ".join(shared)
        around = [f"def around({names}):\n", " def part():\n", f"    nonlocal {names}\n"]
    code = _function([*around, *lines[start:stop]], filename, 2 if shared else 1)
    return code.replace(co_firstlineno=code.co_firstlineno + start - len(around))
