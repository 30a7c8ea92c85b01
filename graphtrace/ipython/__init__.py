"""IPython: `%load_ext graphtrace`, and `%%graphtrace a=5 b=3 c=2` over the statements of a cell.

In: a line and a cell as they were typed, and the notebook's variables. Out: a graph, or what else
the line asks for, which the notebook displays; or one sentence. For other rooms:
`load_ipython_extension`, which IPython calls.
"""

from graphtrace.ipython.magic import load_ipython_extension

__all__ = ["load_ipython_extension"]
