"""PyTorch and JAX programs on the Wengert list: each call of theirs is a row, by their own rules.

In: a function or module with its arguments. Out: `recorder_of`, which says who records it, None
where it is plain NumPy; a recorder gives the recording that a Graph is filled from. Importing this
room imports neither framework: a program that uses one has imported it. For other rooms:
`recorder_of`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from graphtrace.graph.recording import Recording

Recorder = Callable[[Callable[..., Any], Sequence[Any], Mapping[str, Any]], Recording]


def recorder_of(
    f: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]
) -> Recorder | None:
    """What records `f(*args, **kwargs)`, where it is a program of PyTorch or JAX.

    >>> recorder_of(abs, (1.0,), {}) is None
    True
    """
    given = (f, *args, *kwargs.values())
    if sys.modules.get("torch") is not None:
        from graphtrace.frameworks import torch

        if torch.is_program(given):
            return torch.record_program
    if sys.modules.get("jax") is not None:
        from graphtrace.frameworks import jax

        if jax.is_program(given):
            return jax.record_program
    return None
