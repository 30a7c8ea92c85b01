"""Literals: constants and functions as text, and the lines at the top of a program for them.

In: Python objects. Out: text that reads back to the same bits, or a name; `Literals.bound` holds
what each name stands for and `Literals.heading` says it.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from graphtrace.compile.calls import (
    array,
    changed,
    forward,
    items,
    reshaped,
    rule,
    rule_of,
    same,
    scalar,
)
from graphtrace.compile.names import Issued, Names
from graphtrace.core.inputs import is_name
from graphtrace.core.primitive import Primitive, primitive_named
from graphtrace.errors import ArgumentError

_HELPERS = {f.__name__: f for f in (array, changed, forward, items, reshaped, rule, same, scalar)}
_BUILTINS = {f.__name__: f for f in (abs, bool, complex, float, int, round)}
_MODULES = {"math": "math", "np": "numpy"}
_CALLED: dict[str, Any] = {"np": np, "math": math, **_HELPERS, **_BUILTINS}

WIDTH = 96
"""No line is longer, where it can be broken."""

_ENTRIES = 64  # a larger array is bound to a name that only a comment explains


class Literals:
    """The constants of one program.

    `helpers` are called in place of those that the text would import, and are bound; nobody reads
    that text.
    """

    def __init__(self, names: Names, helpers: Mapping[str, Any] | None = None) -> None:
        self._helpers = helpers or {}
        self.is_read = helpers is None
        self.bound: dict[str, Any] = {}
        self.fetched: list[str] = []  # the rows whose functions the text calls by name
        self._names = names
        self._called: dict[str, str] = {}
        self._name_of: dict[Any, str] = {}
        self._lines: list[str] = []
        self._arguments = set(names.parameters)

    def issued(self, inner: str) -> Issued:
        """The names that the text may say; it calls its own function `inner` too."""
        called = {inner, *self._called.values(), *self.bound}
        return Issued(self._names.issued, called, self._arguments)

    def heading(self) -> tuple[list[str], list[str]]:
        """The imports, and the lines that say what other names at the top stand for."""
        called = sorted(self._called.items())
        library = [f"import {_as(_MODULES[name], own)}" for name, own in called if name in _MODULES]
        helpers = ", ".join(_as(name, own) for name, own in called if name in _HELPERS)
        helpers = "" if self._helpers else helpers
        ours = [f"from graphtrace.compile import {helpers}"] if helpers else []
        renamed = [f"{own} = {name}" for name, own in called if name in _BUILTINS and name != own]
        defined = renamed + self._lines
        imports = [line for part in (library, ours) if part for line in (*part, "")]
        if not defined:
            return [*imports, ""] if imports else [], []
        return imports, [*defined, "", ""]

    def call(self, name: str) -> str:
        """The name by which the text calls NumPy, a helper or a builtin."""
        own = self._called.get(name)
        if own is None:
            own = self._called[name] = self._names.unique(name)
            if name not in _BUILTINS or own != name:
                self.bound[own] = self._helpers.get(name) or _CALLED[name]
        return own

    def constant(self, x: Any, hint: str | None = None) -> str:
        """A literal that reads back to the same bits, or a name; `hint` is a good one."""
        kind = type(x)
        if kind is float and not math.isfinite(x):
            return f"{'-' if x < 0 else ''}{self.call('np')}.{'nan' if math.isnan(x) else 'inf'}"
        if kind is str:
            return string(x)
        if x is None or kind in (bool, int, float):
            return repr(x)
        return self.bind(x, hint)

    def bind(self, x: Any, hint: str | None = None) -> str:
        """A name for an object; a line at the top says what it is."""
        name = self._name_of.get(id(x))
        if name is None:
            is_name = hint is not None and hint.isidentifier()
            name = self._names.unique(hint or "") if is_name else self._names.numbered("c")
            self._name_of[id(x)] = name
            self.bound[name] = x
            definition = self._definition(x)
            if definition:
                self._lines += _wrapped(f"{name} = {definition}")
            else:
                self._lines.append(comment(f"{name}: {_described(x)}"))
        return name

    def argument(self, name: str, text: str) -> str:
        """`axis=0`: an argument that is given by name."""
        if not is_name(name):
            raise ArgumentError(f"{name!r:.60} is no name of a param, so no program can say it")
        self._arguments.add(name)
        return f"{name}={text}"

    def param(self, x: Any) -> str:
        """A parameter of an operation: a constant, or a list or tuple of such."""
        if isinstance(x, np.dtype):
            return self.dtype(x)
        if type(x) is list:
            return f"[{', '.join(map(self.param, x))}]"
        return tuple_of([self.param(each) for each in x]) if type(x) is tuple else self.constant(x)

    def dtype(self, dtype: Any) -> str:
        """`np.float32`."""
        dtype = np.dtype(dtype)
        if dtype.isnative and getattr(np, dtype.name, None) is dtype.type:
            return f"{self.call('np')}.{dtype.name}"
        return self.bind(dtype, "dtype")

    def zeros(self, shape: tuple[int, ...], dtype: Any) -> str:
        """`np.zeros(3)`."""
        how = "" if dtype == np.float64 else f", {self.dtype(dtype)}"
        return f"{self.call('np')}.zeros({shape[0] if len(shape) == 1 else shape}{how})"

    def type(self, kind: type) -> str:
        """`float` or `np.float32`."""
        if kind in (float, complex, int):
            return self.call(kind.__name__)
        return self.dtype(kind) if issubclass(kind, np.generic) else self.bind(kind, "kind")

    def forward(self, primitive: Primitive) -> str:
        """A name for a row's function."""
        text = string(primitive.name)
        return self._fetched(primitive, primitive.forward, "forward", text, "")

    def rule(self, primitive: Primitive, k: int, params: dict[str, Any]) -> str:
        """A name for a row's derivative rule in operand `k`."""
        how = [string(primitive.name), str(k)]
        how += [self.argument(name, self.param(x)) for name, x in params.items()]
        pulled = rule_of(primitive, k, params)
        return self._fetched(primitive, pulled, "rule", ", ".join(how), "_vjp")

    def _fetched(
        self, primitive: Primitive, f: Callable[..., Any], helper: str, how: str, ending: str
    ) -> str:
        """A name for a function, which the text fetches by the row's name if it has one."""
        key = (primitive, helper, how)
        if key not in self._name_of:
            self.fetched.append(primitive.name)
            stem = primitive.op.replace(".", "_")
            name = self._name_of[key] = self._names.unique(stem + ending)
            self.bound[name] = f
            if is_declared(primitive):
                self._lines.append(f"{name} = {self.call(helper)}({how})")
            else:
                self._lines.append(comment(f"{name}: the {helper} of {primitive.name}"))
        return self._name_of[key]

    def _definition(self, x: Any) -> str | None:
        """An expression for an object, if it has a simple one."""
        if isinstance(x, np.ndarray):
            is_short = 0 < x.size <= _ENTRIES and x.dtype.kind in "fiub"
            is_short &= x.dtype.itemsize <= 8  # a long double has no literal
            if is_short and x.dtype.isnative and x.flags.c_contiguous and np.isfinite(x).all():
                is_default = x.dtype in (np.float64, np.int64, np.bool_)
                how = "" if is_default else f", {self.dtype(x.dtype)}"
                return f"{self.call('np')}.array({x.tolist()}{how})"
        elif isinstance(x, np.generic) and type(x.item()) in (bool, int, float) and np.isfinite(x):
            return f"{self.type(type(x))}({x.item()!r})"
        if type(x) is complex and math.isfinite(abs(x)):
            return f"{self.call('complex')}({x.real!r}, {x.imag!r})"
        return None


def tuple_of(texts: list[str]) -> str:
    """The display of a tuple."""
    return f"({texts[0]},)" if len(texts) == 1 else f"({', '.join(texts)})"


def string(text: str) -> str:
    """A string's literal, in double quotes where that is as simple."""
    literal = repr(str(text))
    is_simple = literal[0] == "'" and '"' not in literal and "\\" not in literal
    return f'"{literal[1:-1]}"' if is_simple else literal


def comment(text: str) -> str:
    """A comment: one line that is not too long, whatever is in the text."""
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " for c in text)
    return f"# {text[:WIDTH]}"


def is_declared(primitive: Primitive) -> bool:
    """Whether the row is the one declared under its name, and not a user's of the same name."""
    try:
        return primitive_named(primitive.name) is primitive
    except KeyError:
        return False


def _as(name: str, own: str) -> str:
    return name if name == own else f"{name} as {own}"


def _wrapped(line: str) -> list[str]:
    return textwrap.wrap(
        line, WIDTH, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
    )


def _described(x: Any) -> str:
    if isinstance(x, np.ndarray):
        return f"{x.dtype}[{','.join(map(str, x.shape))}], an array of the trace"
    name = getattr(x, "__name__", None) if callable(x) else None
    return f"{type(x).__name__}{f' {name}' if name else ''} of the trace"
