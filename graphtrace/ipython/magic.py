"""The cell magic `%%graphtrace`.

In: an IPython shell. Out: the magic in it, whose errors are one sentence.
"""

from __future__ import annotations

from typing import Any

from graphtrace.errors import GraphtraceError


def load_ipython_extension(shell: Any) -> None:
    """Called by `%load_ext graphtrace`."""
    from IPython.core.error import UsageError

    from graphtrace.cli.cell import completions

    def graphtrace(line: str, cell: str) -> Any:
        """Draw the statements of the cell at the values in the line; --help lists its options."""
        try:
            return drawn(line, cell, shell.user_ns, f"In[{shell.execution_count}]")
        except GraphtraceError as error:
            raise UsageError(str(error)) from None

    def complete(_: Any, event: Any) -> list[str]:
        return completions(event.symbol)

    shell.register_magic_function(graphtrace, "cell", "graphtrace")
    shell.set_hook("complete_command", complete, str_key="%%graphtrace")


def drawn(line: str, cell: str, variables: dict[str, Any], name: str) -> Any:
    r"""What the line shows of the cell.

    A value may also be a variable of the notebook: `w=weights`. Raises `GraphtraceError`, with one
    sentence for whatever is wrong.

    >>> drawn("a=5 b=3 c=2", "u = b*c\nv = a + u\nJ = 3*v", {}, "In[1]")
    <Graph J: 3 inputs, 3 operations>
    """
    from graphtrace.api import Graph, trace
    from graphtrace.cli.cell import shown
    from graphtrace.ipython.cell import function_of
    from graphtrace.target.argument import read
    from graphtrace.target.call import call

    def graph_of(values: list[str]) -> Graph:
        given: dict[str, Any] = {}
        for typed in values:
            word, value = typed.partition("=")[2].strip(), None
            one, value = read(typed, "")
            given[one] = variables[word] if word.isidentifier() and word in variables else value
        function = function_of(cell, given, variables, name)
        inputs = function.__code__.co_varnames[: function.__code__.co_argcount]
        arguments = {one: given[one] if one in given else variables[one] for one in inputs}
        return call(trace, function, arguments)

    return shown(line, graph_of)
