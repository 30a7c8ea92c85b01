"""Made: a function that another function made, such as a gradient, and that pickles as that call.

In: the function that runs, and the call that made it. Out: a callable with the name and signature
of the user's function. A plain function inside another has no name by which a pickle could find it.
"""

from __future__ import annotations

import functools
import operator
import sys
from collections.abc import Callable
from types import MethodType
from typing import Any

from graphtrace.errors import clean


class Made(functools.partial[Any]):
    """`run`, which is pickled and copied as `call()`; it is called in 0.02 us, as partials are.

    >>> import pickle
    >>> absolute = Made(abs, functools.partial(operator.itemgetter(0), [abs]))
    >>> absolute(-3), pickle.loads(pickle.dumps(absolute))(-3)
    (3, 3)
    """

    made_by: Callable[[], Any]

    def __new__(cls, run: Callable[..., Any], call: Callable[[], Any]) -> Made:
        """See the class."""
        self = super().__new__(cls, run)
        self.made_by = call
        functools.update_wrapper(self, run)
        return self

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else MethodType(self, instance)  # as a function would be

    def __repr__(self) -> str:
        return f"<{clean(getattr(self, '__qualname__', 'function'))} of graphtrace>"

    def __reduce__(self) -> str | tuple[Any, ...]:
        return own_name(self) or (operator.call, (self.made_by,))


def own_name(made: Any) -> str | None:
    """The name under which a pickle finds `made` itself, as it does a decorated function."""
    name = getattr(made, "__qualname__", None)
    item: Any = sys.modules.get(getattr(made, "__module__", None) or "")
    for part in (name or "<none>").split("."):
        item = getattr(item, part, None)
    return name if item is made else None
