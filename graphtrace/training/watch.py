"""Watch: what a function reads from around it, and whether that is still the same.

In: a function. Out: the globals and closure variables that it and the user's functions that it
calls read, each with the object that it is now, and the code of each of these functions, which
IPython's autoreload replaces. Modules are not watched, nor what is inside an object.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from types import CellType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any, NamedTuple

from graphtrace.core.tape import is_foreign

_MISSING = object()
_PLAIN = (int, float, complex, str, bytes, bool)


class Watched(NamedTuple):
    """A name outside a function, and the object that it was; or a function and its code."""

    where: Any  # a module's dictionary, a cell, or a function
    name: str
    value: Any

    @property
    def is_global(self) -> bool:
        """Whether it is a module's, and no closure's."""
        return type(self.where) not in (CellType, FunctionType)

    @property
    def is_code(self) -> bool:
        """Whether it is the code of a function."""
        return type(self.where) is FunctionType

    def now(self) -> Any:
        """The object that it is."""
        if self.is_code:
            return self.where.__code__
        if self.is_global:
            return self.where.get(self.name, _MISSING)
        try:
            return self.where.cell_contents
        except ValueError:
            return _MISSING

    def has_changed(self) -> bool:
        """Whether it is another one, which is not the same number or text either."""
        now, value = self.now(), self.value
        if now is value:
            return False
        return type(now) is not type(value) or type(now) not in _PLAIN or repr(now) != repr(value)


def watched(f: Any) -> list[Watched]:
    """What `f` reads from around it, and what the functions among that read.

    >>> rate = 0.1
    >>> def f(x):
    ...     return rate * x
    >>> [one.name for one in watched(f)]
    ['f', 'rate']
    """
    seen: dict[tuple[int, str], Watched] = {}
    todo, met = [f], set()
    while todo:
        function = _function(todo.pop())
        if function is None or id(function) in met:
            continue
        met.add(id(function))
        for one in _read_by(function):
            value = one.value
            if isinstance(value, ModuleType) or value is _MISSING:
                continue
            seen.setdefault((id(one.where), one.name), one)
            todo.append(value)
    return list(seen.values())


def _function(f: Any) -> FunctionType | None:
    """The user's own function in `f`: of a method, a decorated or transformed function."""
    for _ in range(100):
        if isinstance(f, MethodType):
            f = f.__func__
        elif isinstance(f, FunctionType) and not is_foreign(f.__code__):
            return f
        else:
            f = getattr(f, "__wrapped__", None)
    return None


def _read_by(function: FunctionType) -> Iterator[Watched]:
    yield Watched(function, function.__name__, function.__code__)
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        one = Watched(cell, name, None)
        yield one._replace(value=one.now())
    scope: MutableMapping[str, Any] = function.__globals__
    for name in _names(function.__code__):
        if name in scope:
            yield Watched(scope, name, scope[name])


def _names(code: CodeType) -> set[str]:
    """The globals that a function and those in it may read; attributes are among them."""
    inner = [_names(const) for const in code.co_consts if isinstance(const, CodeType)]
    return set(code.co_names).union(*inner)
