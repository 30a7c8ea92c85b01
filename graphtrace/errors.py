"""Every error graphtrace raises on purpose.

A message is one sentence that says where, what and how to go on, in the user's own names. The
classes exist so that a program can tell the cases apart; all of them are `GraphtraceError`.
"""

from __future__ import annotations

import re

# Strings, which re compiles and keeps when they are used: it takes a millisecond.
# What XML 1.0 does not allow, lone surrogates, and characters that turn the text around them.
_FORBIDDEN = (
    "[^\t\n\r -\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
    "|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
_BLANK = "[\t\n\r\u2028\u2029]+"


def clean(text: str) -> str:
    r"""The text on one line, without characters that a terminal, XML or a reader cannot take.

    >>> clean("a\nb\x00")
    'a b�'
    """
    if text.isprintable():  # nothing below is, and compiling the pattern takes 2 ms
        return text
    return re.sub(_FORBIDDEN, "\N{REPLACEMENT CHARACTER}", re.sub(_BLANK, " ", text))


class GraphtraceError(Exception):
    """Base of every error that graphtrace raises on purpose.

    What the traced function itself raises is passed on as it is.

    >>> import graphtrace as gt
    >>> try:
    ...     gt.trace(lambda a, b: a * b, 3.0)
    ... except gt.GraphtraceError as error:
    ...     print(type(error).__name__, isinstance(error, ValueError))
    ArgumentError True
    """

    def __str__(self) -> str:
        return clean(Exception.__str__(self))  # it quotes names, texts and paths


class TraceError(GraphtraceError, TypeError):
    """The function does something that cannot be traced; the message says what to write instead.

    >>> import graphtrace as gt, math
    >>> gt.trace(lambda x: math.sin(x), 1.0)
    Traceback (most recent call last):
    graphtrace.errors.TraceError: <lambda>(), ... line 1: `math.sin(x)` would lose the trace of \
its argument; write np.sin(...) instead
    """


class NoDerivative(TraceError, NotImplementedError):
    """The function calls an operation for which graphtrace has no derivative rule.

    It is raised when a derivative is taken: without one, the operation computes.

    >>> import graphtrace as gt
    >>> table = gt.primitive(lambda x: round(x, 1))
    >>> gt.grad(table)(0.123)
    Traceback (most recent call last):
    graphtrace.errors.NoDerivative: the traced function: f has no derivative rule (given 0.123); \
give it one, f.defvjp(...), or see gt.primitive
    """


class UnknownPrimitive(GraphtraceError, KeyError):
    """A pickled graph names a primitive that cannot be imported, or that has changed since."""


class BranchChanged(GraphtraceError):
    """New inputs would take another branch than the recorded one: the graph has no value there.

    Trace again at those inputs.

    >>> import graphtrace as gt
    >>> g = gt.trace(lambda x: x if x > 0 else -x, 2.0)
    >>> g.forward(x=3.0)
    3.0
    >>> g.forward(x=-3.0)
    Traceback (most recent call last):
    graphtrace.errors.BranchChanged: ...
    """


class ArgumentError(GraphtraceError, ValueError):
    """A parameter is missing, unknown, or of the wrong kind or shape."""


class WrongDerivative(GraphtraceError, AssertionError):
    """A derivative disagrees with finite differences.

    Attributes:
        argument: The position of the argument.
        leaf: Its worst leaf as one writes it, `params['W']`.
        entry: The index of the worst entry in that leaf, () for a number.
        order: Which derivative it is, 1 for the first.
        mode: "fwd" or "rev".
        exact: The derivative by the rules in that entry.
        numeric: The same by differences.
        operation: The operation whose rule disagrees with differences of the operation itself, None
            where none does, as when only the derivative of a rule is wrong.
        operand: The position of the operand whose rule that is.
    """

    argument: int
    leaf: str
    entry: tuple[int, ...]
    order: int
    mode: str
    exact: float | complex
    numeric: float | complex
    operation: str | None
    operand: int | None


class RenderError(GraphtraceError, RuntimeError):
    """The layout engine is missing, refused the graph, or ran past its limits."""


class OptionError(ArgumentError, RenderError):
    """An option of a figure has a value that it cannot have, or that goes with no other.

    The message writes options as Python does, `width=-5`; the command writes them `--width -5`.

    Attributes:
        option: The name of the option where the message does not say it, else "".
    """

    def __init__(self, message: str, option: str = "") -> None:
        super().__init__(message)
        self.option = option


class ExpressionError(GraphtraceError, ValueError):
    """An expression given as text holds something that is not arithmetic or a NumPy function."""


class TargetError(GraphtraceError, LookupError):
    """A TARGET on the command line names a file, module or function that cannot be loaded."""
