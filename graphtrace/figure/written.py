"""Say what a `for` or `while` does as it is written: x ← x/2 if x % 2 = 0, 6 times.

In: a graph with statements, and a loop in it. Out: a line for each statement, and what its header
says; None where the lines are many or long, or would read what the figure does not tell. The runs
need not be alike. Knows nothing about how it is drawn.
"""

from __future__ import annotations

import ast
import math
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from graphtrace.core.primitive import COMPARE
from graphtrace.core.statements import statements_of
from graphtrace.figure.branching import side_by_side
from graphtrace.figure.header import (
    Header,
    before,
    computed,
    constant,
    count_of,
    nested,
    range_of,
    stop_of,
)
from graphtrace.figure.inlining import with_terms
from graphtrace.figure.often import always_traced, assignment, at_once
from graphtrace.figure.parts import Definition
from graphtrace.figure.reading_order import outputs_of
from graphtrace.figure.recurrence import Recurrence, recurrences
from graphtrace.figure.regions import Region, base, head
from graphtrace.figure.replay import is_as_traced, renamed
from graphtrace.figure.values import handed, numbers_before
from graphtrace.formula.naming import Naming
from graphtrace.formula.printer import in_digits, on_board
from graphtrace.formula.read import IF, REMARK, joined_by, term_of
from graphtrace.formula.runs import plain
from graphtrace.formula.symbol import Symbol
from graphtrace.formula.term import Name, Term, Text

if TYPE_CHECKING:
    import networkx as nx

_MOST_LINES = 6
_MOST_ROWS = 2
"""Lines of the box for one statement."""

_MOST_BEGUN = 3
_LONGEST = 40


class Formulas:
    """What each run of a loop computes, where a formula says it, or else its source.

    Those of the `nodes` are told that the figure has. Each loop is looked at once.
    """

    def __init__(self, graph: nx.MultiDiGraph[Any], nodes: Sequence[Any]) -> None:
        self._graph = graph
        self._nodes = nodes
        self._live = set(nodes)
        self._known: dict[Region, Recurrence | None] = {}

    def __call__(self, loop: Region) -> Recurrence | None:
        """The formulas of the loop, if there are any."""
        if loop not in self._known:
            self._known[loop] = self._assigned(loop)
        return self._known[loop]

    def _assigned(self, loop: Region) -> Recurrence | None:
        graph = self._graph
        if loop.kind == "written":
            alike = next(loop.regions, loop)
            is_alike = len(loop.items) == 1 and alike.kind == "loop"
            if is_alike and not _has_end(graph, loop) and self(alike) is not None:
                return None
        inner, outputs = self._nodes[loop.start : loop.stop], set(outputs_of(graph))
        inside = set(inner)
        beyond = self._live - inside
        exports = [node for node in inner if node in outputs or beyond.intersection(graph[node])]
        if loop.kind == "written":
            tails = {tail for node in inner for tail in graph.pred[node] if tail not in inside}
            return _as_it_is_written(graph, loop, tails, exports)
        return recurrences(graph, inner, loop.count, exports)


def _as_it_is_written(
    graph: nx.MultiDiGraph[Any], loop: Region, tails: Collection[Any], exports: Sequence[Any]
) -> Recurrence | None:
    """The assignments of a loop, into which the arrows from `tails` go."""
    runs: Sequence[Any] = graph.graph["runs"]
    number = _first_run(loop)
    written = runs[number].loop if number >= 0 else None
    if written is None:
        return None
    is_outermost = runs[number].caller < 0
    counts = Counter(one.at for one in _runs_beside(runs, number))
    known = numbers_before(graph, written, is_outermost)
    keys, text = {*map(str, tails), *map(str, graph.graph["inputs"])}, written.text
    begun: dict[str, ast.expr] = {}
    is_proved = is_as_traced(graph, number, tails, exports)
    if not is_outermost:  # what it is handed has the names that it has outside
        made = {tail: graph.nodes[tail].get("run", -1) for tail in tails}
        caller = runs[number].caller
        local = {str(tail) for tail, run in made.items() if run >= 0 and runs[run].caller == caller}
        given = handed(graph, number) if is_proved else None
        names = renamed(text, given) if given else None
        if names is None:
            keys = local
        else:
            text, begun = names
            known |= {name: x for name, x in graph.graph["constants"].items() if name not in known}
    try:
        lines = _Reader(text, counts, known, keys).lines()
    except _Untold:
        return None
    if is_proved is False:
        return None
    first = (Definition(name, Symbol.of(term_of(ast.unparse(x)))) for name, x in begun.items())
    return lines._replace(assignments=(*first, *lines.assignments))


def _first_run(loop: Region) -> int:
    return next((region.run for region in loop.all if region.kind == "statement"), -1)


def _has_end(graph: nx.MultiDiGraph[Any], loop: Region) -> bool:
    """Whether a condition ends the loop, which its runs do not tell even if they are alike."""
    number = _first_run(loop)
    written = graph.graph["runs"][number].loop if number >= 0 else None
    text = written.text if written is not None else ""
    return text.startswith("while ") or "break" in text.split()


def _runs_beside(runs: Sequence[Any], number: int) -> Iterator[Any]:
    """That run and all others of the same loop; what it calls has later runs than it is called by.

    There are more than in the region of the loop, where what a run computes reaches no output.
    """
    caller, loop = runs[number].caller, runs[number].loop
    for numbers in (range(number, -1, -1), range(number + 1, len(runs))):
        for one in (runs[n] for n in numbers):
            if one.caller < caller or (one.caller == caller and one.loop != loop):
                break
            if one.caller == caller:
                yield one


class _Untold(Exception):
    """What stands there is not told."""


class _Reader:
    """Reads the source of one loop; `counts` says how often each of its statements was traced."""

    def __init__(
        self, text: str, counts: Mapping[int, int], known: Mapping[str, Any], tails: Collection[str]
    ) -> None:
        (loop,) = ast.parse(text).body
        assert isinstance(loop, ast.For | ast.While)
        self._loop = loop
        names = [node for node in ast.walk(self._loop) if isinstance(node, ast.Name)]
        stored = {node.id for node in names if not isinstance(node.ctx, ast.Load)}
        entries = (node for node in ast.walk(self._loop) if isinstance(node, ast.Subscript))
        stored |= {_of_entry(node) for node in entries if isinstance(node.ctx, ast.Store)}
        self._begun = {name: x for name, x in known.items() if name in stored}
        self._known = {name: x for name, x in known.items() if name not in stored}
        drawn = {name for key in tails for name in (key, base(key), head(key))}
        self._in_figure = stored | drawn
        traced = always_traced(self._loop, drawn - known.keys())
        self._counts = {
            one: counts[at]
            for at, one in enumerate(statements_of(self._loop))
            if at in counts and one in traced
        }
        self._read: set[str] = set()
        self._lists: dict[str, str] = {}

    def lines(self) -> Recurrence:
        """All that is told of the loop."""
        headers = list(nested(self._loop))
        if any(header.orelse for header in headers):
            raise _Untold
        body, notes = headers[-1].body, []
        ends = stop_of(body[0]), stop_of(body[-1])
        if len(headers) == 1 and (test := ends[0] or ends[1]):
            body = body[1:] if ends[0] else body[:-1]
            notes.append(f"until {_plain(self._term(test))}")
        body = side_by_side(body)
        self._times = count = self._count(headers, body)
        lines = [line for one in body for line in self._lines(one)]
        for header in reversed(headers):  # the range of an inner one reads what outer ones count
            notes = [*self._header(header, always=count is None), *notes]
        notes += [f"{name} = {text}" for name, text in self._lists.items()]
        assignments = [
            Definition(line.name, Symbol.of(line.counted(count)), sign="←") for line in lines
        ]
        names = {name for line in lines for name in line.name.split(", ")}
        begun = [Definition(n, None, x) for n, x in self._begun.items() if n in names]
        texts = [f"{line.name} ← {_plain(line.counted(count))}" for line in lines]
        rows = [math.ceil(len(text) / _LONGEST) for text in texts]
        is_short = sum(rows) <= _MOST_LINES and len(begun) <= _MOST_BEGUN
        if not assignments or not is_short or max(rows) > _MOST_ROWS:
            raise _Untold
        if any(len(note) > _LONGEST for note in notes):
            raise _Untold
        if count is not None and not any(" = " in note for note in notes):
            notes.insert(0, _times(count))
        return Recurrence((*begun, *assignments), lists=tuple(notes))

    def _count(self, headers: Sequence[Header], body: Sequence[ast.stmt]) -> int | None:
        """How often the innermost body ran; None where no statement of it always runs."""
        always = [self._counts[one] for one in body if one in self._counts]
        count = max(always, default=None)
        has_break = any(isinstance(node, ast.Break) for node in ast.walk(self._loop))
        whole = None if has_break or len(headers) > 1 else count_of(headers[0], self._known)
        if whole is not None and count is not None and whole < count:
            raise _Untold
        return count if whole is None else whole

    # -- statements

    def _lines(self, statement: ast.stmt) -> Iterator[_Line]:
        pair = assignment(statement)
        if pair is not None:
            name = _tight(ast.unparse(self._filled(pair[0])))
            yield _Line(name, self._term(pair[1]), self._counts.get(statement))
            return
        pairs = at_once(statement)
        if pairs:
            names = ", ".join(_tight(ast.unparse(self._filled(name))) for name, _ in pairs)
            values = joined_by(
                [","] * (len(pairs) - 1), *(self._term(x) for _, x in pairs), binds=COMPARE
            )
            yield _Line(names, values, None)
            return
        match statement:
            case ast.Pass() | ast.Expr(value=ast.Constant()):
                return
            case ast.If():
                yield from self._branches(statement)
            case ast.While(test=test, body=[one], orelse=[]) if assignment(one):
                (line,) = self._lines(one)
                yield line.with_words(["while"], self._term(test))
            case ast.For(body=[one], orelse=[]) if assignment(one):
                (line,) = self._lines(one)
                (ends,) = self._header(statement, always=True)
                yield line.with_words([f"for {ends}"])
            case _:
                raise _Untold

    def _branches(self, statement: ast.If) -> Iterator[_Line]:
        """`x ← x/2 if x > 0`, and `x ← 1 otherwise`."""
        branches: list[list[_Line]] = []
        word, rest, is_all = "if", list[ast.stmt]([statement]), False
        while rest:
            one = rest[0]
            if len(rest) == 1 and isinstance(one, ast.If):
                tests, body, rest = [self._term(one.test)], one.body, one.orelse
            else:
                word, tests, body, rest, is_all = "otherwise", [], rest, [], True
            if not all(assignment(one) or at_once(one) for one in body):
                raise _Untold
            first, *others = [line for one in body for line in self._lines(one)]
            others = [line.with_words(["in that case"]) for line in others]
            branches.append([first.with_words([word], *tests), *others])
            word = "else if"
        times = [branch[0].times for branch in branches]
        whole = sum(n or 0 for n in times)
        # What was not traced at first was done more often than is known.
        is_known = None not in times and not (is_all and self._times not in (None, whole))
        for branch in branches:
            yield from (line if is_known else line._replace(times=None) for line in branch)

    # -- expressions and headers

    def _term(self, expression: ast.expr) -> Term:
        term = term_of(ast.unparse(self._filled(expression)))
        atoms = [leaf.atom for leaf in term.leaves]
        if any(isinstance(atom, Text) for atom in atoms):
            raise _Untold
        keys = [atom.key for atom in atoms if isinstance(atom, Name)]
        return with_terms(term, {key: Term(atom=Name(_tight(key))) for key in keys})

    def _filled(self, expression: ast.expr) -> ast.expr:
        """The expression with numbers in the place of constants; all else that it reads is told."""
        return _Filling(self).visit(ast.parse(ast.unparse(expression), mode="eval").body)  # type: ignore[no-any-return]

    def name(self, name: str) -> float | None:
        """The number that stands for a variable, None for one that the figure tells."""
        known = self._known.get(name)
        if isinstance(known, list):
            self._lists[name] = ", ".join(map(in_digits, known))
        elif isinstance(known, (int, float)):
            return known
        elif name not in self._in_figure:
            raise _Untold
        self._read.add(name)
        return None

    def _header(self, loop: Header, *, always: bool = False) -> Iterator[str]:
        """`t = 1 … 10`, where a line reads t; `while x > 1`."""
        if isinstance(loop, ast.While):
            if not (isinstance(loop.test, ast.Constant) and loop.test.value):
                yield f"while {_plain(self._term(loop.test))}"
            return
        names = {node.id for node in ast.walk(loop.target) if isinstance(node, ast.Name)}
        if not always and names.isdisjoint(self._read):
            return
        target = _plain(Term(atom=Name(ast.unparse(loop.target).strip("()"))))
        ends = range_of(loop.iter)
        if ends is None:
            listed = computed(loop.iter, self._known)
            if isinstance(listed, list) and isinstance(loop.target, ast.Name):
                yield f"{target} = {', '.join(map(in_digits, listed))}"
            else:
                yield f"{target} in {_plain(self._term(loop.iter))}"
            return
        start, stop, step = (computed(end, self._known) for end in ends)
        if step not in (1, -1):
            raise _Untold
        first = in_digits(start) if isinstance(start, int) else _plain(self._term(ends[0]))
        last = before(ends[1], stop, step)
        yield f"{target} = {first} … {_plain(self._term(last))}"


class _Filling(ast.NodeTransformer):
    """Puts numbers in the place of constants."""

    def __init__(self, reader: _Reader) -> None:
        self._reader = reader

    def visit_Name(self, node: ast.Name) -> ast.expr:
        number = self._reader.name(node.id)
        return node if number is None else constant(number)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        if node.keywords:
            raise _Untold
        arguments = [self.visit(argument) for argument in node.args]
        return ast.Call(node.func, arguments, [])

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        if ast.unparse(node) in ("np.pi", "math.pi", "numpy.pi"):
            return ast.Name("pi", ast.Load())
        self.generic_visit(node)
        return node


class _Line(NamedTuple):
    """What is assigned to a name, and how often that was traced; `is_always` where it always is."""

    name: str
    term: Term
    times: int | None
    is_always: bool = True

    def with_words(self, words: Sequence[str], *operands: Term) -> _Line:
        """The line with a condition behind it."""
        return self._replace(term=joined_by(words, self.term, *operands, binds=IF), is_always=False)

    def counted(self, count: int | None) -> Term:
        """What is assigned, and how often where that is not as often as the others."""
        if self.times is None or self.is_always or self.times == count:
            return self.term
        return joined_by([f", {_times(self.times)}"], self.term, binds=REMARK)


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"


def _of_entry(node: ast.expr) -> str:
    """`V` of `V[i][j]`."""
    while isinstance(node, ast.Subscript):
        node = node.value
    return ast.unparse(node)


def _tight(text: str) -> str:
    """A name whose index has no blanks: `V[i+1]`."""
    return re.sub(r"\[[^\[\]]*\]", lambda index: index[0].replace(" ", ""), text)


def _plain(term: Term) -> str:
    """The term as a person writes it, in one line of text."""
    return plain(on_board(Naming()).term(term))
