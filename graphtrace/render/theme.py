"""What a figure looks like: colours, sizes and distances, as one small object.

A theme is data. It knows nothing about graphs or SVG; a user makes one with
`dataclasses.replace(LECTURE, ...)`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

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
)


@dataclass(frozen=True, slots=True)
class Theme:
    """Sizes are in CSS pixels; `dark=None` keeps a figure light on a dark page."""

    name: str = "lecture"
    light: Palette = field(default_factory=Palette)
    dark: Palette | None = DARK
    formula_size: float = 16
    value_size: float = 15
    label_size: float = 14
    copy_size: float = 14
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
    margin: float = 8
    column: float = 720
    """The page column to fit; a figure whose text would fall below `smallest` in it scrolls."""
    smallest: float = 9


LECTURE = Theme()
