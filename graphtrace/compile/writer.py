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
from graphtrace.compile.floats import MAY_RAISE
from graphtrace.compile.gate import own_text
from graphtrace.compile.lines import Lines
from graphtrace.compile.literals import WIDTH, Literals, comment, tuple_of
from graphtrace.compile.nodes import BROADCAST, FLOAT, LITERAL, NAMED, Node
from graphtrace.compile.program import Program
from graphtrace.compile.python import PythonText
from graphtrace.compile.returned import Returned
from graphtrace.compile.standing import HELPERS
from graphtrace.compile.trees import Trees

_PYTHONS = frozenset((int, float, bool))
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
        stand_in = program.stand_in
        self.literals = Literals(program.names, HELPERS if stand_in else None)
        self.inner = program.names.unique(f"{program.names.function}_of_floats") if jit else ""
        self._function = program.names.function
        self._program = program
        self._names = program.names
        self._code = PythonText(program, self.literals, jit=jit)
        self._trees = Trees(program, self.literals, self._code)
        self._uses_numpy = False
        self._returned = Returned(program, self.literals, self._code, self._trees, jit=jit)
        self._lines = Lines(program, self._code, self._roots())
        for node in program.nodes:
            if node.is_backward and node.uses:
                self._notice(node)

    def module(self) -> str:
        """The whole text."""
        self._trees.arguments()
        opening = [text for text, _ in self._code.taken()]
        ahead = _with_notes(self._lines.taken(is_backward=False))
        noted = self._lines.taken(is_backward=True)
        gradients = self._returned.gradients()
        back = _with_notes([*noted, *self._code.taken()])
        returned, numbers = self._returned.lines(gradients), self._returned.numbers
        self._lines.release()
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

    def _roots(self) -> Iterator[Node]:
        program, graph = self._program, self._program.graph.graph
        if program.stand_in is None or program.stand_in.returns != "gradients":
            yield from (program.values[leaf.key] for leaf in graph["result"].leaves if leaf.key)
        for name in program.wrt:
            for leaf in graph["parameters"][name].leaves:
                adjoint = program.adjoints.get(leaf.key) if program.has_gradient(leaf) else None
                if adjoint is not None:
                    yield adjoint
                    yield from adjoint.operands if adjoint.primitive is BROADCAST else ()

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
