"""Writer: a program as the text of a Python function.

In: a Program. Out: the text of a module with one function, and the objects bound to names in it.
The function takes its arguments apart, runs the forward lines with their guards, then one line for
each contribution to an adjoint, and returns the value and the gradients.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterator
from typing import Any

import numpy as np

from graphtrace.graph import Branch, Leaf, Tree
from graphtrace.inputs import carries_gradient
from graphtrace.primitive import ATOM
from graphtrace.replay.expressions import INFIX, METHODS, PREFIX, Expressions, infix
from graphtrace.replay.floats import MAY_RAISE
from graphtrace.replay.literals import Literals, one_line, string, tuple_of
from graphtrace.replay.program import (
    ADD,
    BROADCAST,
    FLOAT,
    GUARD,
    LITERAL,
    NAMED,
    SHAPE_GUARD,
    Node,
    Program,
    alike,
)

# What makes an array of its own, and what makes another view of its operand.
_FRESH = METHODS | frozenset(
    "where clip outer copy astype concatenate stack cumsum scatter scatter_at".split()
)
_VIEWS = frozenset("reshape transpose matrix_transpose".split())
_SOFT_WIDTH = 72  # an expression of the forward part without a name is no longer
_NOTE_COLUMN = 48
_WIDTH = 96


class _Mark:
    """Stands for a leaf in a structure that is taken apart or put together in the text."""

    __slots__ = ("leaf", "text")

    def __init__(self, leaf: Leaf, text: str = "") -> None:
        self.leaf = leaf
        self.text = text


class Writer:
    """The text of one program: `text`, and `bound`, the objects that it names.

    `may_raise` says that the backward part divides, or the like, with Python's floats.
    """

    def __init__(self, program: Program) -> None:
        self.function = program.names.function
        self.may_raise = program.may_raise
        self._program = program
        self._names = program.names
        self._literals = Literals(program.names)
        self._code = Expressions(program.names, self._literals)
        self._uses_numpy = False
        self._returned: set[Node] = set()
        adjoints = program.adjoints.values()
        # The last contribution to each adjoint; the name stands for another value before.
        self._final = {a.operands[0] if a.primitive is BROADCAST else a for a in adjoints}
        self._count()
        self.text = self._module()

    @property
    def bound(self) -> dict[str, Any]:
        """What the names stand for that the text does not define."""
        return self._literals.bound

    def _module(self) -> str:
        self._arguments()
        opening = [text for text, _ in self._taken_lines()]
        self._body(is_backward=False)
        ahead = _with_notes(self._taken_lines())
        self._body(is_backward=True)
        gradients = self._gradients()
        back = _with_notes(self._taken_lines())
        lines = [*opening, *([""] if opening and ahead else []), *ahead]
        if back:
            lines.append("")
        lines += [*back, *self._return(gradients)]
        top = [f"def {self.function}({', '.join(self._signature())}):"]
        if self._uses_numpy:  # the statement `with np.errstate` in the function costs 1 us more
            quiet = f'@{self._literals.call("np")}.errstate(all="ignore")'
            top = [f"{quiet}  # inf and nan go through without a warning", *top]
        body = [f"    {line}" if line else "" for line in lines]
        return "\n".join([*self._literals.heading(), *top, *body, ""])

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
        for tree in graph["parameters"].values():
            for leaf in tree.leaves:
                adjoint = program.adjoints.get(leaf.key) if self._has_gradient(leaf) else None
                if adjoint is not None:
                    yield adjoint
                    yield from adjoint.operands if adjoint.primitive is BROADCAST else ()

    def _has_gradient(self, leaf: Leaf) -> bool:
        return leaf.key is not None and carries_gradient(self._program.values[leaf.key].value)

    # The arguments, taken apart and checked.

    def _signature(self) -> list[str]:
        """The parameters; at the end those that are fixed may be left out."""
        signature, is_last = [], True
        for name, tree in reversed(self._program.graph.graph["parameters"].items()):
            own = self._names.parameters[name]
            is_last = is_last and all(leaf.key is None for leaf in tree.leaves)
            if is_last:
                fixed = [self._literals.constant(leaf.constant, name) for leaf in tree.leaves]
                own += f"={self._packed(tree, fixed)}"
            signature.append(own)
        return signature[::-1]

    def _arguments(self) -> None:
        scalars: list[tuple[str, str]] = []
        for name, tree in self._program.graph.graph["parameters"].items():
            marks = [_Mark(leaf) for leaf in tree.leaves]
            own = self._names.parameters[name]
            if not self._take_apart(tree.structure(marks), own, name, scalars):
                leaves_of = self._literals.bind(tree.structure.leaves_of, "leaves_of")
                self._unpack(marks, marks, f"{leaves_of}({own}, {string(name)})", name, scalars)
        if scalars:
            left, right = zip(*scalars, strict=True)
            self._code.say(f"{', '.join(left)} = {', '.join(right)}")

    def _take_apart(self, part: Any, text: str, name: str, scalars: list[tuple[str, str]]) -> bool:
        """Lines for a parameter or a part of it; False for a container of the user's own kind."""
        if part is None:
            self._code.say(f"{self._literals.call('same')}({text}, {string(name)}, None)")
        elif type(part) is _Mark:
            self._argument(part.leaf, text, name, scalars)
        elif not _is_plain(part):
            return False
        else:
            is_dict = type(part) is dict
            keys = list(part) if is_dict else list(range(len(part)))
            how = tuple_of([self._literals.constant(key) for key in keys]) if is_dict else len(part)
            call = f"{self._literals.call('items')}({text}, {string(name)}, {how})"
            names = [f"{name}[{key!r}]" for key in keys]
            self._unpack([part[key] for key in keys], names, call, name, scalars)
        return True

    def _unpack(
        self,
        parts: list[Any],
        names: list[Any],
        call: str,
        name: str,
        scalars: list[tuple[str, str]],
    ) -> None:
        names = [
            x.leaf.key or f"{name}[{i}]" if type(x) is _Mark else x for i, x in enumerate(names)
        ]
        targets = [self._target(part, key) for part, key in zip(parts, names, strict=True)]
        left = f"[{targets[0]}]" if len(targets) == 1 else ", ".join(targets)
        self._code.say(f"{left} = {call}" if targets else call)
        for part, target, key in zip(parts, targets, names, strict=True):
            self._take_apart(part, target, key, scalars)

    def _target(self, part: Any, key: str) -> str:
        is_node = type(part) is _Mark and part.leaf.key is not None
        return self._names.of[part.leaf.key] if is_node else self._names.unique(key)

    def _argument(self, leaf: Leaf, text: str, name: str, scalars: list[tuple[str, str]]) -> None:
        say, literals = self._code.say, self._literals
        if leaf.key is None:
            traced = literals.constant(leaf.constant, name)
            say(f"{literals.call('same')}({text}, {string(name)}, {traced})")
            return
        own, value = self._names.of[leaf.key], self._program.values[leaf.key].value
        if isinstance(value, np.ndarray):
            how = f"{text}, {string(name)}, {value.shape}, {literals.dtype(value.dtype)}"
            say(f"{own} = {literals.call('array')}({how})")
        else:
            scalars.append((own, f"{literals.type(type(value))}({text})"))

    # The lines.

    def _body(self, *, is_backward: bool) -> None:
        for node in self._program.nodes:
            if node.is_backward is not is_backward or not node.uses:
                continue
            if is_backward:
                self._notice(node)
            if node.primitive is GUARD:
                self._guard(node)
            elif node.primitive is SHAPE_GUARD:
                self._shape_guard(node)
            elif node.primitive is NAMED:
                self._line(node)
            elif node.uses > 1 and not self._is_labelled(node):
                self._code.store(node)

    def _notice(self, node: Node) -> None:
        """Whether the backward part may warn, as NumPy does, or raise, as Python does."""
        if node.primitive in (NAMED, FLOAT, BROADCAST) or node.primitive.name in _VIEWS:
            return
        values = [node.value, *(operand.value for operand in node.operands)]
        if any(type(x) not in (int, float, bool) for x in values):
            self._uses_numpy = True
        # A number that is NumPy's here may be Python's: at a pole the rule was run on NumPy's.
        if node.primitive.forward in MAY_RAISE and not any(map(np.ndim, values)):
            divisor = node.operands[1]
            is_safe = divisor.primitive is LITERAL and divisor.value != 0
            self.may_raise |= not is_safe or node.primitive.forward is operator.pow

    def _is_labelled(self, node: Node) -> bool:
        """Whether the next line gives the value a name that it keeps."""
        label = node.label
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
            self._owner(before, sole=True) and alike(before.value, total.value)
        ):
            return False
        is_array = isinstance(before.value, np.ndarray)
        if is_array and more.primitive.name == "scatter_at" and not more.text and more.uses == 1:
            self._code.scatter(named.name, more, "+=", named.note)
        else:
            self._code.say(f"{named.name} += {self._code.text(more)[0]}", named.note)
        return True

    def _guard(self, node: Node) -> None:
        branch: Branch = node.params["branch"]
        outcome, now = branch.outcome, self._decision(branch, node)
        if outcome is True or outcome is False:
            condition = f"not {now}" if outcome else now
        elif type(outcome) is int:
            condition = f"{now} != {outcome}"
        else:
            equal = f"{self._literals.call('np')}.array_equal"
            condition = f"not {equal}({now}, {self._literals.constant(outcome)})"
        where = string(branch.source or "the traced function")
        how = f"{where}, {string(branch.text)}, {self._literals.constant(outcome)}, {now}"
        self._code.say(f"if {condition}:")
        self._code.say(f"    raise {self._literals.call('changed')}({how})")

    def _decision(self, branch: Branch, node: Node) -> str:
        """The expression that was decided on."""
        test, atoms = branch.test, [self._code.text(operand) for operand in node.operands]
        if test in INFIX:
            return infix(test, atoms)[0]
        texts = ", ".join(text for text, _ in atoms)
        if test is np.asarray:
            return texts
        if test in (bool, int, round):
            return f"{self._literals.call(test.__name__)}({texts})"
        if test in (math.floor, math.ceil, math.trunc):
            return f"{self._literals.call('math')}.{test.__name__}({texts})"
        return f"{self._literals.bind(test, getattr(test, '__name__', 'test'))}({texts})"

    def _shape_guard(self, node: Node) -> None:
        graph, key, shape = self._program.graph, node.params["key"], node.value.shape
        where = string(graph._node[key]["source"] or graph.name)
        now = f"{node.operands[0].text}.shape"
        self._code.say(f"if {now} != {shape}:")
        call = self._literals.call("reshaped")
        self._code.say(f"    raise {call}({where}, {string(key)}, {shape}, {now})")

    # What is returned.

    def _return(self, gradients: list[str]) -> list[str]:
        result: Tree = self._program.graph.graph["result"]
        value = self._packed(result, [self._result(leaf) for leaf in result.leaves])
        line = f"return {value}, {{{', '.join(gradients)}}}"
        if len(line) <= _WIDTH:
            return [line]
        return [f"return {value}, {{", *(f"    {gradient}," for gradient in gradients), "}"]

    def _result(self, leaf: Leaf) -> str:
        if leaf.key is None:
            return self._literals.constant(leaf.constant)
        node = self._program.values[leaf.key]
        text = self._code.text(node)[0]
        if isinstance(node.value, np.ndarray):
            return f"{text}.copy()"
        kind = type(self._program.graph._node[leaf.key]["value"])
        return text if type(node.value) is kind else f"{self._literals.type(kind)}({text})"

    def _gradients(self) -> list[str]:
        return [
            f"{string(name)}: {self._packed(tree, [self._gradient(leaf) for leaf in tree.leaves])}"
            for name, tree in self._program.graph.graph["parameters"].items()
        ]

    def _packed(self, tree: Tree, texts: list[str]) -> str:
        marks = [_Mark(leaf, text) for leaf, text in zip(tree.leaves, texts, strict=True)]
        text = self._display(tree.structure(marks))
        if text is None:
            return f"{self._literals.bind(tree.structure, 'packed')}([{', '.join(texts)}])"
        return text

    def _display(self, part: Any) -> str | None:
        """Dicts, lists and tuples of the leaves' texts; None if there is another container."""
        if part is None or type(part) is _Mark:
            return part.text if part else "None"
        if not _is_plain(part):
            return None
        parts = [self._display(x) for x in (part.values() if type(part) is dict else part)]
        texts = [text for text in parts if text is not None]
        if len(texts) < len(parts):
            return None
        if type(part) is dict:
            keys = map(self._literals.constant, part)
            return f"{{{', '.join(f'{k}: {text}' for k, text in zip(keys, texts, strict=True))}}}"
        return f"[{', '.join(texts)}]" if type(part) is list else tuple_of(texts)

    def _gradient(self, leaf: Leaf) -> str:
        """The gradient of one leaf: of its type and shape, and an array that nobody else has."""
        if leaf.key is None or not self._has_gradient(leaf):
            return "None"
        value = self._program.values[leaf.key].value
        node = self._program.adjoints.get(leaf.key)
        if isinstance(value, np.ndarray):
            return self._array_gradient(value, node)
        kind = self._literals.type(type(value))
        if node is None:
            return "0.0" if type(value) is float else f"{kind}(0)"
        text = self._code.text(node)[0]
        return text if type(node.value) is type(value) else f"{kind}({text})"

    def _array_gradient(self, value: Any, node: Node | None) -> str:
        dtype = self._literals.dtype
        if node is None:
            return self._code.zeros(value.shape, value.dtype)
        call = f"{self._literals.call('np')}."
        if node.primitive is BROADCAST and not np.ndim(node.operands[0].value):
            number = node.operands[0]
            is_same = np.result_type(number.value) == value.dtype
            how = "" if is_same else f", {dtype(value.dtype)}"
            return f"{call}full({value.shape}, {self._code.text(number)[0]}{how})"
        text, binds = self._code.text(node)
        if not isinstance(node.value, np.ndarray) or node.value.dtype != value.dtype:
            return f"{call}array({text}, dtype={dtype(value.dtype)})"
        owner = self._owner(node)
        if owner is None or owner in self._returned:
            return f"{text}.copy()" if binds == ATOM else f"({text}).copy()"
        self._returned.add(owner)
        return text

    def _owner(self, node: Node, *, sole: bool = False) -> Node | None:
        """The operation that made the array; None where it may be an argument's or a constant.

        With `sole` also None where the array has another use, or is a view: `+=` would keep its
        layout, and NumPy sums entries in the order in which they lie.
        """
        while node.primitive is NAMED or node.primitive.name in _VIEWS:
            if sole and (node.uses > 1 or node.primitive is not NAMED):
                return None
            node = node.operands[0]
        forward = node.primitive.forward
        is_fresh = (
            isinstance(forward, np.ufunc)
            or forward in INFIX
            or forward in PREFIX
            or node.primitive.name in _FRESH
        )
        is_own = is_fresh and isinstance(node.value, np.ndarray) and not (sole and node.uses > 1)
        return node if is_own else None


def _is_plain(part: Any) -> bool:
    """Whether a container has a display: a list, a tuple, a dict with plain keys."""
    if type(part) is dict:
        return all(type(key) in (str, int, bool) for key in part)
    return type(part) in (list, tuple)


def _with_notes(lines: list[tuple[str, str]]) -> list[str]:
    """The lines with their notes in one column; a note that is the same as above is left out."""
    width = min(max((len(text) for text, note in lines if note), default=0), _NOTE_COLUMN)
    shown, last = [], ""
    for text, note in lines:
        if note and note != last:
            comment = f"# {one_line(note)[:_WIDTH]}"
            line = f"{text:{width}}  {comment}"
            shown += [line] if len(line) <= _WIDTH else [comment, text]
            last = note
        else:
            shown.append(text)
    return shown
