"""Writer: a program as the text of a Python function.

In: a Program. Out: the text of a module with one function, and the objects bound to names in it.
The function takes its arguments apart, runs the forward lines with their guards, then one line for
each contribution to an adjoint, and returns the value and the gradients.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from graphtrace.compile.calls import as_numbers
from graphtrace.compile.expressions import Expressions
from graphtrace.compile.floats import MAY_RAISE
from graphtrace.compile.gate import own_text
from graphtrace.compile.guards import Guards
from graphtrace.compile.literals import WIDTH, Literals, comment, tuple_of
from graphtrace.compile.nodes import (
    ADD,
    BROADCAST,
    FLOAT,
    GUARD,
    LITERAL,
    NAMED,
    SCATTER_AT,
    SHAPE_GUARD,
    Node,
    alike,
)
from graphtrace.compile.program import Program
from graphtrace.compile.returned import Returned, owner
from graphtrace.compile.trees import Trees
from graphtrace.core.primitive import ATOM

_PYTHONS = frozenset((int, float, bool))
_SOFT_WIDTH = 72  # an expression of the forward part without a name is no longer
_NOTE_COLUMN = 48


class Written(NamedTuple):
    """The text of a module that defines `function`, and what its names stand for besides.

    `may_raise` says that the backward part divides, or the like, with Python's floats; `called` are
    the operations that are calls of graphtrace's own functions. For the compiler of `jit` the lines
    are a function of their own, `inner`, of floats alone; it raises an ArithmeticError for another
    branch, at a pole and where a number is not finite. `conversion` is the line that makes floats
    of the arguments, "" for none, and `guarded` are the lines that are run in its place.
    """

    text: str
    function: str
    bound: dict[str, Any]
    may_raise: bool
    called: list[str]
    inner: str
    conversion: str
    guarded: tuple[str, ...]


def written(program: Program, *, jit: bool = False) -> Written:
    """The text of a program, which is used up."""
    writer = _Writer(program, jit=jit)
    text, literals = writer.module(), writer.literals
    may_raise = program.may_raise or writer.may_raise
    return Written(
        text,
        program.names.function,
        literals.bound,
        may_raise,
        literals.fetched,
        writer.inner,
        *writer.guarded(),
    )


class _Writer:
    """The lines of one program."""

    def __init__(self, program: Program, *, jit: bool) -> None:
        self.may_raise = False
        self.literals = Literals(program.names)
        self.inner = program.names.unique(f"{program.names.function}_of_floats") if jit else ""
        self._function = program.names.function
        self._program = program
        self._names = program.names
        self._code = Expressions(program.names, self.literals)
        self._trees = Trees(program, self.literals, self._code)
        self._guards = Guards(program, self.literals, self._code)
        self._uses_numpy = False
        self._returned = Returned(program, self.literals, self._code, self._trees, jit=jit)
        self._jit = jit
        adjoints = program.adjoints.values()
        # The last contribution to each adjoint; the name stands for another value before.
        self._final = {a.operands[0] if a.primitive is BROADCAST else a for a in adjoints}
        self._count()

    def module(self) -> str:
        """The whole text."""
        self._trees.arguments()
        opening = [text for text, _ in self._taken_lines()]
        self._body(is_backward=False)
        ahead = _with_notes(self._taken_lines())
        self._body(is_backward=True)
        gradients = self._returned.gradients()
        back = _with_notes(self._taken_lines())
        returned, numbers = self._returned.lines(gradients), self._returned.numbers
        self._final.clear()
        self._program.release()
        inner: list[str] = []
        if numbers:
            inner = self._inner_function([*ahead, *_apart(back)], list(numbers.values()))
            ahead, back = [f"{', '.join(numbers)}, = {self.inner}({self._floats()})"], []
        lines = [*opening, *(_apart(ahead) if opening else ahead), *_apart(back), *returned]
        top = [f"def {self._function}{self._trees.signature()}:"]
        if self._uses_numpy and not inner:  # `with np.errstate` in the function costs 1 us more
            quiet = f'@{self.literals.call("np")}.errstate(all="ignore")'
            top = [f"{quiet}  # inf and nan go through without a warning", *top]
        imports, defined = self.literals.heading()
        own = "\n".join([*defined, *inner, *top, *_indented(lines), ""])
        return "\n".join([*imports, own_text(own, self.literals.issued(self.inner))])

    def guarded(self) -> tuple[str, tuple[str, ...]]:
        """The line that makes floats of the arguments, and those that check them first.

        `float` takes more than numbers, such as a string; `+` takes none of that, and no time. What
        it does not take is looked at one by one: it becomes a number, or an error names it.
        """
        converted, conversion = self._trees.converted, self._trees.conversion
        if not converted:
            return "", ()
        no_number, numbers = self._names.unique("no_number"), self._names.unique("numbers")
        self.literals.bound[no_number] = (TypeError, ValueError, OverflowError)
        self.literals.bound[numbers] = functools.partial(
            as_numbers, [(name, kind) for _, name, kind in converted]
        )
        texts = ", ".join(text for text, _, _ in converted)
        one_by_one = f"[{texts}] = {numbers}({texts}); {conversion}"
        return conversion, (f"try: {self._trees.checked}", f"except {no_number}: {one_by_one}")

    def _inner_function(self, lines: list[str], texts: list[str]) -> list[str]:
        """The lines as a function of numbers alone; it raises where the program as such decides."""
        finite = f"{self.literals.call('math')}.isfinite({' + '.join(texts)})"
        lines = [*lines, f"if not {finite}:", "    raise ArithmeticError"]
        lines.append(f"return {tuple_of(texts)}")
        return [f"def {self.inner}({self._floats()}):", *_indented(lines), "", ""]

    def _floats(self) -> str:
        """The inputs, as arguments of the inner function."""
        return ", ".join(self._names.of[key] for key in self._program.graph.inputs)

    def _taken_lines(self) -> list[tuple[str, str]]:
        lines, self._code.lines = self._code.lines, []
        return lines

    # What is needed, and how often.

    def _count(self) -> None:
        for root in self._roots():
            root.uses += 2  # so that it has a line of its own
        for node in reversed(self._program.nodes):
            if node.primitive is SHAPE_GUARD:
                node.uses = node.operands[0].uses
                node.operands[0].uses *= 2
            elif node.uses or node.primitive is GUARD:
                node.uses += node.primitive is GUARD
                for operand in node.operands:
                    operand.uses += 1

    def _roots(self) -> Iterator[Node]:
        program, graph = self._program, self._program.graph.graph
        yield from (program.values[leaf.key] for leaf in graph["result"].leaves if leaf.key)
        for name in program.wrt:
            for leaf in graph["parameters"][name].leaves:
                adjoint = program.adjoints.get(leaf.key) if program.has_gradient(leaf) else None
                if adjoint is not None:
                    yield adjoint
                    yield from adjoint.operands if adjoint.primitive is BROADCAST else ()

    # The lines.

    def _body(self, *, is_backward: bool) -> None:
        for node in self._program.nodes:
            if node.is_backward is not is_backward or not node.uses:
                continue
            if is_backward:
                self._notice(node)
            if node.primitive is GUARD:
                self._guards.decision(node, jit=self._jit)
            elif node.primitive is SHAPE_GUARD:
                self._guards.shape(node)
            elif node.primitive is NAMED:
                self._line(node)
            elif node.uses > 1 and not self._is_labelled(node):
                self._code.store(node)

    def _notice(self, node: Node) -> None:
        """Whether the backward part may warn, as NumPy does, or raise, as Python does."""
        if node.primitive in (NAMED, FLOAT, BROADCAST) or node.primitive.code.memory == "view":
            return
        values = [node.value, *[operand.value for operand in node.operands]]
        if not _PYTHONS.issuperset(map(type, values)):
            self._uses_numpy = True
        # A number that is NumPy's here may be Python's: at a pole the rule was run on NumPy's.
        if node.primitive.forward in MAY_RAISE and not any(map(np.ndim, values)):
            divisor = node.operands[1]
            is_safe = divisor.primitive is LITERAL and divisor.value != 0
            self.may_raise |= not is_safe or node.primitive.forward is operator.pow

    def _is_labelled(self, node: Node) -> bool:
        """Whether the next line gives the value a name that it keeps."""
        label = self._program.labels.get(node)
        return (
            label is not None and label.uses > 0 and (not label.is_backward or label in self._final)
        )

    def _line(self, named: Node) -> None:
        """`name = ...` or `name += ...`; nothing where the expression goes into another line."""
        code, (node,) = self._code, named.operands
        if named.is_soft and named.uses == 1 == node.uses and not node.text:
            text, binds = code.text(node)
            if len(text) <= _SOFT_WIDTH:
                named.text, named.binds = text, binds
                return
        is_own = node.primitive is not LITERAL and (node.uses == 1 or self._is_labelled(node))
        if node.text or not is_own:
            code.say(f"{named.name} = {code.text(node)[0]}", named.note)
        else:
            if not self._accumulate(named, node):
                code.assign(named.name, node, named.note)
            node.text, node.binds = named.name, ATOM
        named.text, named.binds = named.name, ATOM

    def _accumulate(self, named: Node, total: Node) -> bool:
        """`dJ_da += ...`, if the name stands for a number or for an array that nobody else has."""
        if total.primitive is not ADD or total.operands[0].name != named.name:
            return False
        before, more = total.operands
        if isinstance(before.value, np.ndarray) and not (
            owner(before, sole=True) and alike(before.value, total.value)
        ):
            return False
        is_array = isinstance(before.value, np.ndarray)
        if is_array and more.primitive is SCATTER_AT and not more.text and more.uses == 1:
            self._code.scatter(named.name, more, "+=", named.note)
        else:
            self._code.say(f"{named.name} += {self._code.text(more)[0]}", named.note)
        return True


def _with_notes(lines: list[tuple[str, str]]) -> list[str]:
    """The lines with their notes in one column; a note that is the same as above is left out."""
    width = min(max((len(text) for text, note in lines if note), default=0), _NOTE_COLUMN)
    shown, last = [], ""
    for text, note in lines:
        if note and note != last:
            beside = comment(note)
            line = f"{text:{width}}  {beside}"
            shown += [line] if len(line) <= WIDTH else [beside, text]
            last = note
        else:
            shown.append(text)
    return shown


def _apart(lines: list[str]) -> list[str]:
    """The lines, if any, after an empty one."""
    return ["", *lines] if lines else []


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}" if line else "" for line in lines]
