"""Say what a statement with a comprehension computes: payoffs = max(s − K, 0) for s in paths.

In: a graph with statements, a run of one, and what comes out of it. Out: its right side as a term,
in which all names are those of the figure. It is computed with the figure's numbers, and told where
that gives what was traced. Knows nothing about boxes.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from graphtrace.figure.evaluated import Evaluation, Unsure, is_equal, leaves_of
from graphtrace.figure.header import before, computed, constant, range_of
from graphtrace.figure.inlining import with_terms
from graphtrace.figure.regions import base
from graphtrace.figure.values import arguments, assigned_before, read_by, with_assigned
from graphtrace.formula.printer import text_of
from graphtrace.formula.read import IF, joined_by, term_of
from graphtrace.formula.term import Name, Term, Text

if TYPE_CHECKING:
    import networkx as nx

_LONGEST = 100
_MARKER = re.compile(r"_\d+_")
_COMPREHENSIONS = (ast.ListComp, ast.GeneratorExp)


def comprehended(
    graph: nx.MultiDiGraph[Any], number: int, exports: Sequence[Any], tails: Sequence[Any]
) -> tuple[str, Term] | None:
    """What the run assigns to which name; None for what has nothing to do with a comprehension.

    >>> import graphtrace as gt
    >>> def f(a, xs):
    ...     ys = [a * x for x in xs]
    ...     return sum(ys) / len(ys)
    >>> g = gt.trace(f, 2.0, [1.0, 2.0, 3.0])
    >>> name, term = comprehended(g, 0, ["v1", "v2", "v3"], ["a", "xs[0]", "xs[1]", "xs[2]"])
    >>> name, text_of(term)
    ('ys', 'a*x for x in xs')
    """
    run = graph.graph["runs"][number]
    if run.right is None or run.caller >= 0:
        return None
    right = ast.parse(run.right, mode="eval").body
    try:
        variables = _Variables(graph, run.written, right, tails)
        if not variables.has_comprehension(right):
            return None
        result = Evaluation(variables.values).value(right)
        if not _is_what_was_traced(graph, result, exports):
            return None
        term = variables.term(right)
    except (Unsure, SyntaxError):
        return None
    return (run.written.name, term) if len(text_of(term)) <= _LONGEST else None


def _is_what_was_traced(graph: nx.MultiDiGraph[Any], result: Any, exports: Sequence[Any]) -> bool:
    """Whether the exports are all numbers of the result, in their order."""
    values = [graph.nodes[export].get("value") for export in exports]
    leaves = list(leaves_of(result))
    return len(leaves) == len(values) and all(map(is_equal, leaves, values))


class _Variables:
    """What the variables of a function are before a statement, and how the figure tells them."""

    def __init__(
        self,
        graph: nx.MultiDiGraph[Any],
        written: Any,
        right: ast.expr,
        tails: Sequence[Any],
    ) -> None:
        self._graph = graph
        self._tails = list(map(str, tails))
        self._texts = dict(assigned_before(written, read_by(right)))
        self.values = with_assigned(arguments(graph), self._texts.items())
        self._constants = set(graph.graph["constants"])
        for name, tree in graph.graph["parameters"].items():
            value = self.values.get(name)
            if all(leaf.key is None for leaf in tree.leaves):
                self._constants.add(name)
            elif type(value) is float and value.is_integer() and name not in self._tails:
                self.values[name] = int(value)  # it is counted to, and nothing is computed with it
                self._constants.add(name)
        for name, text in self._texts.items():
            self._constants.discard(name)
            if read_by(text) <= self._constants and name in self.values:
                self._constants.add(name)
        self._markers: dict[str, Term] = {}
        self._open: list[str] = []

    def has_comprehension(self, right: ast.expr) -> bool:
        """Whether the expression is of one, or reads what was assigned one."""
        if any(isinstance(node, _COMPREHENSIONS) for node in ast.walk(right)):
            return True
        return any(isinstance(self._texts.get(n), ast.ListComp) for n in read_by(right))

    def term(self, expression: ast.expr, bound: frozenset[str] = frozenset()) -> Term:
        """The expression with the names and numbers of the figure."""
        filled = _Filling(self, bound).visit(ast.parse(ast.unparse(expression), mode="eval").body)
        whole = term_of(ast.unparse(filled))
        if any(isinstance(leaf.atom, Text) for leaf in whole.leaves):
            raise Unsure
        term = with_terms(whole, self._markers)
        keys = (leaf.atom.key for leaf in term.leaves if isinstance(leaf.atom, Name))
        if any(map(_MARKER.match, keys)):  # an entry or an attribute of what a name stands for
            raise Unsure
        return term

    def marked(self, term: Term) -> ast.expr:
        """A name that stands for the term."""
        marker = f"_{len(self._markers)}_"
        self._markers[marker] = term
        return ast.Name(marker, ast.Load())

    def named(self, name: str) -> ast.expr:
        """How the figure tells a variable: by its name, its number, or what it was assigned."""
        if name not in self.values or name in self._open:
            raise Unsure
        value, text = self.values[name], self._texts.get(name)
        if name in self._constants:
            if type(value) not in (int, float):
                raise Unsure
            return constant(value)
        keys = [key for key in self._tails if base(key) == name or key == name]
        if len(keys) == 1 and is_equal(value, self._graph.nodes[keys[0]].get("value")):
            return self.marked(Term(atom=Name(keys[0])))
        if text is None or isinstance(text, ast.ListComp):
            return self.marked(Term(atom=Name(name)))
        self._open.append(name)
        term = self.term(text)
        self._open.pop()
        return self.marked(term)

    def comprehension(self, node: ast.ListComp | ast.GeneratorExp, bound: frozenset[str]) -> Term:
        """`2x for x in xs`."""
        words: list[str] = []
        operands: list[Term] = []
        for one in node.generators:
            names = {n.id for n in ast.walk(one.target) if isinstance(n, ast.Name)}
            target = Term(atom=Name(ast.unparse(one.target).strip("()")))
            ends = self._ends(one.iter, bound)
            words += ["for", "=", "…"] if ends else ["for", "in"]
            operands += [target, *ends] if ends else [target, self.term(one.iter, bound)]
            bound |= names
            for test in one.ifs:
                words.append("if")
                operands.append(self.term(test, bound))
        return joined_by(words, self.term(node.elt, bound), *operands, binds=IF)

    def _ends(self, iterated: ast.expr, bound: frozenset[str]) -> list[Term]:
        """The first and the last number of a range by 1."""
        ends = range_of(iterated)
        if ends is None:
            return []
        numbers = {name: self.values[name] for name in self._constants - bound}
        step = computed(ends[2], numbers)
        if step not in (1, -1):
            return []
        last = before(ends[1], computed(ends[1], numbers), step)
        return [self.term(ends[0], bound), self.term(last, bound)]


class _Filling(ast.NodeTransformer):
    """Puts what the figure tells in the place of variables and comprehensions."""

    def __init__(self, variables: _Variables, bound: frozenset[str]) -> None:
        self._variables = variables
        self._bound = bound

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return node if node.id in self._bound else self._variables.named(node.id)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        keywords = [one for one in node.keywords if one.arg != "strict"]
        if keywords:
            raise Unsure
        return ast.Call(node.func, [self.visit(one) for one in node.args], [])

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        if ast.unparse(node) in ("np.pi", "math.pi", "numpy.pi"):
            return self._variables.marked(Term(atom=Name("pi")))
        self.generic_visit(node)
        return node

    def visit_ListComp(self, node: ast.ListComp) -> ast.expr:
        return self._comprehended(node)

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> ast.expr:
        return self._comprehended(node)

    def _comprehended(self, node: ast.ListComp | ast.GeneratorExp) -> ast.expr:
        variables = self._variables
        return variables.marked(variables.comprehension(node, self._bound))
