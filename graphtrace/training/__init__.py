"""Training: a function that is called again and again, traced once and then run as compiled.

In: a function of arguments, or a loss. Out: a function with the same results. `jit` runs the
program of a trace as long as it holds for the arguments (`variant` makes one, `whole` looks after
Python's ints, `watch` after what the function reads from around it). Knows the graph and its
compiler; nothing of figures. `jit` is for others.
"""

from __future__ import annotations

from graphtrace.training.jit import jit

__all__ = ["jit"]
