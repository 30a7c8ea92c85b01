"""Training: a function that is called again and again, traced once and then run as compiled.

In: a function of arguments, or a loss. Out: a function with the same results. `jit` runs the
program of a trace as long as it holds for the arguments (`variant` makes one, `whole` looks after
Python's ints, `watch` after what the function reads from around it). `accumulate` adds up
a loss and its gradient over pieces of the data, each of which is a `piece` of work for anybody.
Knows the graph and its compiler; nothing of figures. `jit` and `accumulate` are for others.
"""

from __future__ import annotations

from graphtrace.training.accumulate import accumulate
from graphtrace.training.jit import jit

__all__ = ["accumulate", "jit"]
