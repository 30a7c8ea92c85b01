"""Trees: parameters taken apart in a program's first lines, and results put together in its last.

In: the traced function's parameters and the graph's trees of leaves. Out: the signature, lines that
check each argument and name its leaves, and displays such as `{"W1": df_dW1}`. Knows nothing of the
lines between.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from graphtrace.compile.expressions import Expressions
from graphtrace.compile.literals import Literals, string, tuple_of
from graphtrace.compile.program import Program
from graphtrace.compile.standing import Held
from graphtrace.core.pytree import Structure, flatten
from graphtrace.core.state import state_of
from graphtrace.graph.tree import Leaf, Tree


@dataclass(slots=True, eq=False)
class _Mark:
    """Stands for a leaf in a structure that is taken apart or put together in the text."""

    leaf: Leaf
    text: str = ""


class _Text(str):
    """A default as `inspect` writes it into a signature."""

    __slots__ = ()
    __repr__ = str.__str__


_Scalars: TypeAlias = list[tuple[str, str, str]]
"""Names, what makes a number of the argument, and the same where it must be a number.

Of a program that stands in, names, arguments and keys.
"""


class Trees:
    """The text around the lines of one program."""

    def __init__(self, program: Program, literals: Literals, code: Expressions) -> None:
        self._program = program
        self._names = program.names
        self._literals = literals
        self._code = code
        self._stand_in = program.stand_in
        # The line that makes floats of the arguments, the same for numbers alone, and what it
        # converts: text, name and kind.
        self.conversion = self.checked = ""
        self.converted: list[tuple[str, str, type]] = []
        # Of a program that stands in: the arrays, by name, and those that it differentiates in.
        self._arrays: list[tuple[str, Any]] = []
        self._packed: list[str] = []
        self._is_differentiated = False

    def signature(self) -> str:
        """The traced function's own: its defaults, its stars, what is positional or by name."""
        graph = self._program.graph.graph
        return str(inspect.Signature([self._parameter(p) for p in graph["signature"]]))

    def _parameter(self, p: inspect.Parameter) -> inspect.Parameter:
        if p.default is p.empty:
            return p
        leaves, structure = flatten(p.default)
        tree = Tree(tuple(Leaf(None, leaf) for leaf in leaves), structure)
        texts = [self._literals.constant(leaf, p.name) for leaf in leaves]
        return p.replace(default=_Text(self.packed(tree, texts)))

    def arguments(self) -> None:
        """Lines that check the arguments and take them apart."""
        scalars: _Scalars = []
        for name, tree in self._program.graph.graph["parameters"].items():
            self._is_differentiated = self._stand_in is not None and name in self._stand_in.wrt
            marks = [_Mark(leaf) for leaf in tree.leaves]
            if not self._take_apart(tree.structure(marks), name, name, scalars):
                keys = [leaf.key or f"{name}[{i}]" for i, leaf in enumerate(tree.leaves)]
                self._unpack(marks, keys, self._leaves_of(tree.structure, name), scalars)
        if self._stand_in:
            self._checked(scalars)
        elif scalars:
            left, right, checked = map(", ".join, zip(*scalars, strict=True))
            self.conversion, self.checked = f"{left} = {right}", f"{left} = {checked}"
            self._code.say(self.conversion)

    def _take_apart(self, part: Any, text: str, name: str, scalars: _Scalars) -> bool:
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
            kind = f", {self._literals.bind(type(part), 'kind')}" if self._stand_in else ""
            call = f"{self._literals.call('items')}({text}, {string(name)}, {how}{kind})"
            names = [f"{name}[{key!r}]" for key in keys]
            self._unpack([part[key] for key in keys], names, call, scalars)
        return True

    def _unpack(self, parts: list[Any], names: list[str], call: str, scalars: _Scalars) -> None:
        """A line that names the parts that `call` returns, and the lines for each of them."""
        targets = [self._target(part, key) for part, key in zip(parts, names, strict=True)]
        left = f"[{targets[0]}]" if len(targets) == 1 else ", ".join(targets)
        self._code.say(f"{left} = {call}" if targets else call)
        for part, target, key in zip(parts, targets, names, strict=True):
            self._take_apart(part, target, key, scalars)

    def _target(self, part: Any, key: str) -> str:
        is_node = type(part) is _Mark and part.leaf.key is not None
        return self._names.of[part.leaf.key] if is_node else self._names.unique(key)

    def _argument(self, leaf: Leaf, text: str, name: str, scalars: _Scalars) -> None:
        say, literals = self._code.say, self._literals
        if leaf.key is None:
            state = state_of(leaf.constant) if self._stand_in else None
            if state is None:
                traced, check = literals.constant(leaf.constant, name), "same"
            else:
                traced, check = literals.bind(Held(leaf.constant, state), name), "unchanged"
            say(f"{literals.call(check)}({text}, {string(name)}, {traced})")
            return
        own, value = self._names.of[leaf.key], self._program.values[leaf.key].value
        if isinstance(value, np.ndarray) and self._stand_in:
            self._arrays.append((own, value))
            if self._is_differentiated:
                self._packed.append(own)
        elif isinstance(value, np.ndarray):
            how = f"{text}, {string(name)}, {value.shape}, {literals.dtype(value.dtype)}"
            say(f"{own} = {literals.call('array')}({how})")
        elif self._stand_in:
            scalars.append((own, text, leaf.key))
        elif isinstance(value, np.generic):
            how = f"{text}, {string(name)}, {literals.dtype(value.dtype)}"
            call = f"{literals.call('scalar')}({how})"
            scalars.append((own, call, call))
        else:
            self.converted.append((text, name, type(value)))
            kind = literals.type(type(value))
            scalars.append((own, f"{kind}({text})", f"{kind}(+{text})"))

    def _leaves_of(self, structure: Structure, name: str) -> str:
        """A call for the leaves of a parameter that has no display."""
        if self._stand_in:
            return f"{self._literals.call('leaves_of')}({name}, {self._literals.bind(structure)})"
        return f"{self._literals.bind(structure.leaves_of, 'leaves_of')}({name}, {string(name)})"

    def _checked(self, scalars: _Scalars) -> None:
        """Lines that check the arrays, and take the numbers, by name, text and key."""
        floats, call = [], self._literals.call
        if self._arrays:
            kinds = self._literals.bind(tuple((x.shape, x.dtype) for _, x in self._arrays), "kinds")
            names = ", ".join(own for own, _ in self._arrays)
            self._code.say(f"{call('arrays')}({kinds}, {names})")
        if self._packed:
            names = ", ".join(self._packed)
            self._code.say(f"[{names}] = {call('packed')}({names})")
        for own, text, key in scalars:
            node = self._program.graph._node[key]
            kind = type(node["value"])
            if node["row"].params.get("whole"):
                self._code.say(f"{own} = {call('whole')}({text})")
            elif kind is float:
                floats.append((own, text))
            else:
                how = f"{text}, {string(key)}, {self._literals.type(kind)}"
                self._code.say(f"{own} = {call('scalar')}({how})")
        if floats:
            left, right = map(", ".join, zip(*floats, strict=True))
            self._code.say(f"{left}{',' * (len(floats) == 1)} = {call('floats')}({right})")

    def packed(self, tree: Tree, texts: list[str]) -> str:
        """A tree of the texts of its leaves."""
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


def _is_plain(part: Any) -> bool:
    """Whether a container has a display: a list, a tuple, a dict with plain keys."""
    if type(part) is dict:
        return all(type(key) in (str, int, bool) for key in part)
    return type(part) in (list, tuple)
