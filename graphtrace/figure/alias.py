"""Call the output by a letter where its name is too long to stand in every gradient.

In: a Figure. Out: the Figure in which `dL/dw` stands for `d policy_gradient/dw`, and a line beneath
that says what L is. Knows nothing about widths: who measures asks for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from graphtrace.figure.parts import Blanked, Contribution, Figure, Note, Part, Partial
from graphtrace.formula.naming import natural
from graphtrace.formula.runs import plain

_LETTERS = "LJEFGYVUZ"


def gradients_of(figure: Figure) -> Iterator[Partial | Contribution]:
    """The parts that name a gradient, on arrows and in boxes."""
    parts: list[Part | None] = [edge.part for edge in figure.edges if edge.kind == "backward"]
    parts += [node.gradient for node in figure.nodes]
    for part in parts:
        inner = part.part if isinstance(part, Blanked) else part
        match inner:
            case Partial(of=str(), short=False) | Contribution(of=str()):
                yield inner


def with_alias(figure: Figure) -> Figure:
    """The figure with a letter for the output that its gradients are of.

    >>> import graphtrace as gt
    >>> def policy_gradient(w):
    ...     return 3 * w
    >>> g = gt.trace(policy_gradient, 2.0)
    >>> _ = g.backward()
    >>> with_alias(g.figure()).caption[0].text
    'L = policy_gradient'
    """
    outputs = {gradient.of for gradient in gradients_of(figure)} - {None}
    if len(outputs) != 1:
        return figure
    (output,) = outputs
    assert output is not None
    heads = {figure.names[key].head for key in figure.names}
    # Beside a variable that is called dL, the gradients of L would be of that.
    free = [letter for letter in _LETTERS if heads.isdisjoint({letter, f"d{letter}"})]
    if not free or figure.names[output].is_letter:
        return figure
    line = Note(f"{free[0]} = {plain(figure.names[output].runs())}")
    # In a series it stands where it stands in all: what comes after is longer in some.
    after = 1 if figure.room else len(figure.caption)
    return replace(
        figure,
        names=figure.names.with_spelling(output, natural(free[0])),
        caption=(*figure.caption[:after], line, *figure.caption[after:]),
        room=tuple((*parts[:after], line, *parts[after:]) for parts in figure.room),
    )
