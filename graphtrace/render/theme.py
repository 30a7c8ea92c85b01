"""What a figure looks like: colours, sizes and distances, as one small object.

A theme is data. It knows nothing about graphs or SVG; a user makes one with
`dataclasses.replace(LECTURE, ...)`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from graphtrace.errors import RenderError
from graphtrace.figure import Form

FONT_FAMILY = "Helvetica, Arial, 'Liberation Sans', sans-serif"


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one scheme, each named by what it stands for."""

    paper: str = "#ffffff"
    ink: str = "#1b1b1f"
    muted: str = "#55565c"
    line: str = "#4a4b52"
    gradient: str = "#b3261e"
    operation: str = "#ffffff"
    operation_line: str = "#4a4b52"
    input: str = "#e8f0fb"
    input_line: str = "#2f62a8"
    output: str = "#fff4d6"
    output_line: str = "#7a5b00"
    value: str = "#55565c"
    faint: str = "#6b6c72"
    """Text that is dimmed."""
    faint_line: str = "#8b8c93"
    trouble: str = "#6a1b9a"
    """A zero, an infinity or NaN."""


DARK = Palette(
    paper="#16171b",
    ink="#ececf1",
    muted="#b4b6bf",
    line="#a3a6b1",
    gradient="#ff8a80",
    operation="#1f2127",
    operation_line="#a3a6b1",
    input="#1b2a40",
    input_line="#7fb0f5",
    output="#352c12",
    output_line="#e0bd58",
    value="#b4b6bf",
    faint="#8d8f98",
    faint_line="#7d7f88",
    trouble="#d79bff",
)


@dataclass(frozen=True, slots=True)
class Theme:
    """Sizes are in CSS pixels; `dark=None` keeps a figure light on a dark page.

    `form` is how a computation is drawn: "boxes" with formula and value, "records" with name,
    data and gradient side by side, or "wires" that carry the values between operations.
    """

    name: str = "lecture"
    form: Form = "boxes"
    math: bool = False
    """Whether formulas are outlines of real mathematics; needs the extra `math`."""
    light: Palette = field(default_factory=Palette)
    dark: Palette | None = DARK
    formula_size: float = 16
    value_size: float = 15
    label_size: float = 14
    copy_size: float = 14
    caption_size: float = 17
    line_width: float = 1.3
    box_width: float = 1.2
    output_width: float = 2
    digits: int = 4
    pad_x: float = 11
    pad_y: float = 7
    leading: float = 1.3
    widest_row: float = 240
    widest_label: float = 150
    node_gap: float = 29
    rank_gap: float = 29
    lane: float = 10
    """Between the two lines of a forward and a backward arrow."""
    lane_node_gap: float = 18
    lane_rank_gap: float = 36
    turned_node_gap: float = 26
    turned_rank_gap: float = 44
    """The same from top to bottom, where there is no wide label to bend beside."""
    margin: float = 8
    column: float = 720
    """The page column to fit; a figure whose text would fall below `smallest` in it scrolls."""
    smallest: float = 9


LECTURE = Theme()

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
        value="#7bd88f",
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
        input="#ffffff",
        input_line="#1b1b1f",
        operation_line="#1b1b1f",
        output="#ffffff",
        output_line="#1b1b1f",
        line="#1b1b1f",
    ),
    dark=replace(
        DARK,
        input="#1f2127",
        input_line="#c9cbd3",
        operation_line="#c9cbd3",
        output="#1f2127",
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
    trouble="#e6b3ff",
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
        trouble="#000000",
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
        trouble="#ffffff",
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

    Raises `RenderError` for a name that is not known.

    >>> find("print").light.gradient
    '#000000'
    """
    if isinstance(theme, Theme):
        return theme
    if theme not in THEMES:
        raise RenderError(
            f"there is no theme {theme!r}: use one of {', '.join(THEMES)}, or a Theme"
        )
    return THEMES[theme]
