"""Fragments: what makes the parts of an SVG appear one after the other in a deck of reveal.js.

In: lines of SVG, and the step at which they appear, from 0. Out: the same as fragments. Where there
is no reveal.js all of the figure is shown, and none of the captions, of which each is said alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def shown(classes: str, step: int | None) -> str:
    """The attributes of a group that appears at a step; what is there from the start is none.

    >>> shown("node", 2)
    'class="node fragment" data-fragment-index="2"'
    """
    return f'class="{classes} fragment" data-fragment-index="{step}"' if step else _of(classes)


def _of(classes: str) -> str:
    return f'class="{classes}"'


def appearing(lines: str, step: int | None) -> Iterable[str]:
    """The lines as a group that appears at a step; none where it never does."""
    if step is not None:
        yield f"<g {shown('line', step)}>{lines}</g>" if step else lines


def captions(of_steps: Sequence[Sequence[str]]) -> Iterable[str]:
    """The caption of each step, which goes when the next one comes.

    The attribute hides it from readers that know no reveal.js, whose style sheet overrules it.
    """
    for step, lines in enumerate(of_steps):
        if step:
            how = f'{shown("current-visible", step)} visibility="hidden"'
        elif len(of_steps) > 1:
            how = f'{shown("fade-out", 1)} visibility="hidden"'
        else:
            how = _of("line")
        yield f"<g {how}>"
        yield from lines
        yield "</g>"
