"""Tell a Figure in sentences, for a reader who does not see it.

In: a Figure. Out: plain text. It knows nothing about how the figure is drawn.
"""

from __future__ import annotations

from collections.abc import Iterable

from graphtrace.figure.parts import (
    Blanked,
    Definition,
    Figure,
    Node,
    Note,
    Part,
    Scope,
    Shape,
    Source,
    Value,
)
from graphtrace.formula.runs import plain
from graphtrace.render.typeset.wording import runs, wording

_LEAVES = ("copy", "end", "constant")
_MOST = 40
_DIGITS = 6
_LONGEST = 160


def title(figure: Figure) -> str:
    """`Computational graph of J(a, b, c)`."""
    inputs = [_text(node.parts[0], figure) for node in figure.nodes if node.role == "input"]
    named = ", ".join(inputs) if len(inputs) <= 6 else ", ".join([*inputs[:5], "…"])
    return f"Computational graph of {figure.name}({named})"


def description(figure: Figure) -> str:
    """The steps of the computation, then the derivative on each arrow."""
    steps = [node for node in figure.nodes if node.role not in _LEAVES]
    labelled = [
        edge for edge in figure.edges if edge.emphasis != "hidden" and edge.part is not None
    ]
    of_edge = [_text(e.part, figure) for e in labelled if e.part and e.kind == "forward"]
    back = [_text(e.part, figure) for e in labelled if e.part and e.kind == "backward"]
    sentences = [title(figure) + "."]
    first = [tell(node, figure) for node in steps[:_MOST]]
    sentences += [f"{step}." for step in _few(first, "steps", len(steps))]
    sentences += _few([_scope(scope, figure) for scope in figure.scopes], "calls")
    on_wires = figure.form == "wires"
    sentences += _listed("On the wires" if on_wires else "Local derivatives", of_edge)
    sentences += _listed("Gradients, against the arrows", back)
    sentences += [f"Beneath it: {_text(part, figure).rstrip('.')}." for part in figure.caption]
    return " ".join(sentences)


def _scope(scope: Scope, figure: Figure) -> str:
    inside = [
        _text(Definition(node.key), figure)
        for node in figure.nodes
        if node.id in scope.nodes and node.role not in _LEAVES
    ]
    return f"In {_text(Note(scope.title), figure)}: {', '.join(_few(inside, 'boxes'))}."


def tell(node: Node, figure: Figure) -> str:
    """A box in words: `u = bc, value 6`."""
    pieces = [(_PREFIX.get(type(part), ""), _text(part, figure)) for part in node.parts]
    text = ", ".join(before + piece for before, piece in pieces if piece)
    if node.gradient is not None and not isinstance(node.gradient, Blanked):
        text += ", " + _text(node.gradient, figure)
    return text


_PREFIX = {Value: "value ", Shape: "shape ", Source: "at "}


def _text(part: Part, figure: Figure) -> str:
    if isinstance(part, Blanked):
        return _text(part.part, figure) if part.box == "filled" else part.box and "to be found"
    text = plain(runs(part, wording(figure, _DIGITS)))
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _few(texts: list[str], what: str, count: int = 0) -> Iterable[str]:
    """The first of them, of which there are `count` if these are not all."""
    left = max(count, len(texts)) - _MOST
    return [*texts[:_MOST], f"{left} more {what} follow"] if left > 0 else texts


def _listed(what: str, texts: list[str]) -> list[str]:
    nonempty = [text for text in texts if text]
    return [f"{what}: {'; '.join(_few(nonempty, 'of them'))}."] if nonempty else []
