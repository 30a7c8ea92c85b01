"""The themes that a figure can have by name.

In: a name. Out: a Theme. Nothing but colours, sizes and distances.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from graphtrace.errors import OptionError
from graphtrace.render.paint.theme import DARK, LECTURE, Palette, Theme

CS231N = replace(
    LECTURE,
    name="cs231n",
    form="wires",
    light=replace(
        LECTURE.light,
        value="#1a6e2e",
        input="#ffffff",
        input_line="#4a4b52",
        output="#ffffff",
        output_line="#4a4b52",
    ),
    dark=replace(
        DARK,
        value="#6fe3c0",
        input="#16171b",
        input_line="#a3a6b1",
        output="#1f2127",
        output_line="#a3a6b1",
    ),
    label_size=15,
    lane=4,
    output_width=1.2,
)

KARPATHY = replace(
    LECTURE,
    name="karpathy",
    form="records",
    light=replace(
        LECTURE.light,
        input_line="#1b1b1f",
        operation_line="#1b1b1f",
        output_line="#1b1b1f",
        line="#1b1b1f",
    ),
    dark=replace(
        DARK,
        input_line="#c9cbd3",
        operation_line="#c9cbd3",
        output_line="#c9cbd3",
        line="#c9cbd3",
    ),
    label_size=14,
    output_width=1.2,
)

_BOARD = Palette(
    paper="#20392f",
    ink="#f4f1e4",
    muted="#d3ded9",
    line="#d3ded9",
    gradient="#ff9d85",
    operation="#20392f",
    operation_line="#d3ded9",
    input="#2b4a3e",
    input_line="#a9d4ff",
    output="#2b4a3e",
    output_line="#ffe08a",
    value="#d3ded9",
    faint="#a3b0a6",
    faint_line="#8a998f",
    tangent="#a9d4ff",
    trouble="#e6b3ff",
    negative="#a9d4ff",
    positive="#ffb27a",
)

BLACKBOARD = replace(
    LECTURE,
    name="blackboard",
    light=_BOARD,
    dark=replace(_BOARD, paper="#17291f", operation="#17291f", input="#21382c", output="#21382c"),
    line_width=1.8,
    box_width=1.8,
    output_width=2.8,
)

PRINT = replace(
    LECTURE,
    name="print",
    light=Palette(
        paper="#ffffff",
        ink="#000000",
        muted="#000000",
        line="#000000",
        gradient="#000000",
        operation="#ffffff",
        operation_line="#000000",
        input="#ffffff",
        input_line="#000000",
        output="#ffffff",
        output_line="#000000",
        value="#000000",
        faint="#6b6b6b",
        faint_line="#8c8c8c",
        tangent="#000000",
        trouble="#000000",
        negative="#000000",
        positive="#000000",
    ),
    dark=Palette(
        paper="#000000",
        ink="#ffffff",
        muted="#ffffff",
        line="#ffffff",
        gradient="#ffffff",
        operation="#000000",
        operation_line="#ffffff",
        input="#000000",
        input_line="#ffffff",
        output="#000000",
        output_line="#ffffff",
        value="#ffffff",
        faint="#949494",
        faint_line="#787878",
        tangent="#ffffff",
        trouble="#ffffff",
        negative="#ffffff",
        positive="#ffffff",
    ),
    output_width=2.6,
)

MINIMAL = replace(
    LECTURE,
    name="minimal",
    light=replace(
        LECTURE.light,
        input="#ffffff",
        input_line="#ffffff",
        operation_line="#ffffff",
        output="#ffffff",
        output_line="#ffffff",
        line="#6f7078",
    ),
    dark=replace(
        DARK,
        operation="#16171b",
        operation_line="#16171b",
        input="#16171b",
        input_line="#16171b",
        output="#16171b",
        output_line="#16171b",
    ),
    pad_x=5,
    pad_y=3,
    line_width=1,
    box_width=0,
    output_width=0,
)

THEMES: Mapping[str, Theme] = {
    theme.name: theme for theme in (LECTURE, CS231N, KARPATHY, BLACKBOARD, PRINT, MINIMAL)
}


def find(theme: str | Theme) -> Theme:
    """The theme of that name; a theme itself is passed on.

    Raises `OptionError` for a name that is not known.

    >>> find("print").light.gradient
    '#000000'
    """
    if isinstance(theme, Theme):
        return theme
    name: object = theme
    if not isinstance(name, str) or name not in THEMES:
        raise OptionError(
            f"there is no theme {theme!r}: use one of {', '.join(THEMES)}, or a Theme", "theme"
        )
    return THEMES[name]
