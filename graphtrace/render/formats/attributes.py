"""Presentation attributes: a Paint as SVG writes it, right in every reader without a style sheet.

In: a Paint, a theme. Out: `class="gt-box gt-f-input gt-s-input-line" fill="#e8f0fb" ...`. The
classes name the colours, so that `page` can add what a browser does better: the dark scheme.
"""

from __future__ import annotations

from functools import lru_cache

from graphtrace.render.paint.paint import Paint
from graphtrace.render.paint.theme import Palette, Theme
from graphtrace.render.typeset.escape import decimal

FILL, LINE = "gt-f-", "gt-s-"
"""Begin the class that names the colour of a fill, of a line."""


def painted(name: str, look: Paint, theme: Theme) -> str:
    """The attributes of a shape; `name` is what a reader of the file may call it."""
    return _written(name, look, theme.light)


@lru_cache(1024)  # a figure has few looks and many shapes
def _written(name: str, look: Paint, palette: Palette) -> str:
    classes = [f"gt-{word}" for word in name.split()]
    colours = []
    for what, prefix, colour in (("fill", FILL, look.fill), ("stroke", LINE, look.line)):
        if colour is not None:
            classes.append(prefix + colour.replace("_", "-"))
            colours.append(f'{what}="{getattr(palette, colour)}"')
        elif what == "fill":
            colours.append('fill="none"')
    attributes = [f'class="{" ".join(classes)}"', *colours]
    if look.opacity != 1:
        attributes.append(f'fill-opacity="{decimal(look.opacity)}"')
    if look.line is not None:
        attributes.append(f'stroke-width="{decimal(look.width)}"')
    if look.dash:
        attributes.append(f'stroke-dasharray="{" ".join(map(decimal, look.dash))}"')
    if look.is_round:
        attributes.append('stroke-linecap="round" stroke-linejoin="round"')
    return " ".join(attributes)
