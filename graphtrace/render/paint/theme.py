"""What a figure looks like: colours, sizes and distances, as one small object.

A theme is data. It knows nothing about graphs or SVG; a user makes one with
`dataclasses.replace(LECTURE, ...)`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args

from graphtrace.errors import OptionError
from graphtrace.figure.parts import Form

FONT_FAMILY = "Helvetica, Arial, 'Liberation Sans', sans-serif"


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one scheme, each named by what it stands for and written as `#rrggbb`.

    Raises `OptionError` for what is no colour.
    """

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
    tangent: str = "#2f62a8"
    """What goes forward beside the values, as the gradient comes back."""
    trouble: str = "#6a1b9a"
    """A zero, an infinity or NaN."""
    negative: str = "#2f62a8"
    positive: str = "#c2571a"
    """The entries of an array that is drawn in colours."""

    def __post_init__(self) -> None:
        """Let nothing but colours into the style of a figure."""
        for one in fields(self):
            colour = getattr(self, one.name)
            if not isinstance(colour, str) or not _COLOUR.fullmatch(colour):
                raise OptionError(
                    f"{one.name}={colour!r} is no colour: write it as #rrggbb, as in "
                    f"{one.name}='{one.default}'"
                )


_COLOUR = re.compile(r"#(?:[0-9A-Fa-f]{3}){1,2}")

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
    tangent="#7fb0f5",
    trouble="#d79bff",
    negative="#6fa5f0",
    positive="#f59a55",
)


@dataclass(frozen=True, slots=True)
class Theme:
    """Sizes are in CSS pixels; `dark=None` keeps a figure light on a dark page.

    `form` is how a computation is drawn: "boxes" with formula and value, "records" with name,
    data and gradient side by side, or "wires" that carry the values between operations.

    A theme of your own is another one with some fields replaced, or a `Theme` from scratch. It
    stands wherever the name of a theme may:

    >>> from dataclasses import replace
    >>> import graphtrace as gt
    >>> from graphtrace.render import LECTURE, Palette
    >>> blue = replace(LECTURE.light, input="#0b5394")
    >>> seminar = replace(LECTURE, name="seminar", light=blue, dark=None, formula_size=18)
    >>> g = gt.trace(lambda b, c: b * c, 3.0, 2.0)
    >>> "#0b5394" in g.to_svg(theme=seminar)
    True
    >>> Palette(gradient="blood red")
    Traceback (most recent call last):
    graphtrace.errors.OptionError: gradient='blood red' is no colour: write it as #rrggbb, as in \
gradient='#b3261e'

    Raises `OptionError` for a form that there is not, a size that is none, or a font that is none.
    """

    name: str = "lecture"
    form: Form = "boxes"
    math: bool = False
    """Whether formulas are outlines of real mathematics; needs the extra `math`."""
    light: Palette = field(default_factory=Palette)
    dark: Palette | None = DARK
    follows: Literal["reader", "page"] = "reader"
    """Who chooses between light and dark: the reader's system, or the page around the figure."""
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
    widest_gradient: float | None = None
    """The widest label of an arrow back, where that is more than of another."""
    node_gap: float = 29
    rank_gap: float = 29
    lane: float = 10
    """Between the two lines of a forward and a backward arrow."""
    lane_node_gap: float = 18
    lane_rank_gap: float = 36
    turned_node_gap: float = 26
    turned_rank_gap: float = 32
    """The same from top to bottom, where there is no wide label to bend beside."""
    margin: float = 8
    column: float = 720
    """The page column to fit; a figure whose text would fall below `smallest` in it scrolls."""
    smallest: float = 10
    page_height: float | None = 960
    """The height of a page, which a figure should not pass; None: as high as it is."""
    font: str = FONT_FAMILY
    """A CSS list of font families; text in another font than this is held to its measured width."""
    source_size: float = 11.5
    legend_size: float = 13
    legend: bool | None = None
    """Whether the meaning of colours and lines is told beneath; None: only that of widths."""
    input_rows: int = 1
    """Over how many rows inputs are spread that would stand in one, from top to bottom."""
    layered: float = 0
    """How much of the column each row of boxes may fill, from top to bottom; 0: it is not asked."""
    fit: bool = False
    """Whether a figure may turn or shorten its labels to be readable in the column."""

    def __post_init__(self) -> None:
        """Say at once what a figure could not be drawn with."""
        if self.form not in get_args(Form):
            known = ", ".join(get_args(Form))
            raise OptionError(f"form={self.form!r} is no form of a figure: use one of {known}")
        digits: Any = self.digits
        if type(digits) is not int or not 1 <= digits <= 17:
            raise OptionError(f"digits={digits!r} is no number of digits: use 1 to 17")
        font: Any = self.font
        if not isinstance(font, str) or not re.fullmatch(r"[\w ,'\"-]+", font):
            raise OptionError(
                f"font={font!r} is no list of font families: write it as in CSS, for example "
                'font="Georgia, serif"'
            )
        for one in fields(self):
            size = getattr(self, one.name)
            if one.type != "float":
                continue
            if not isinstance(size, (int, float)) or not 0 <= size < LARGEST:
                raise OptionError(f"{one.name}={size!r} is no size in pixels: use a number from 0")
            if one.name.endswith("_size") and size < 1:
                raise OptionError(f"{one.name}={size!r} cannot be read: use 1 pixel or more")


LARGEST = 100_000

LECTURE = Theme()
