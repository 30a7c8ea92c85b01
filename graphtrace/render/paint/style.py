"""What of a theme can be chosen where a figure is drawn.

In: a theme and the options of a figure. Out: the theme that it is drawn in.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import fields, replace
from typing import Any, Literal, TypeAlias, TypedDict, get_args

from graphtrace.errors import RenderError
from graphtrace.render.paint.theme import LARGEST, Theme
from graphtrace.render.paint.themes import find

Scheme: TypeAlias = Literal["auto", "light", "dark"]
_NARROWEST = 100


class Look(TypedDict, total=False):
    """What of a theme can be chosen where a figure is drawn; see `styled`."""

    scheme: Scheme
    font: str
    font_size: float
    digits: int
    width: float
    legend: bool | None


def styled(theme: str | Theme, options: MutableMapping[str, Any]) -> Theme:
    """The theme with the `Look` that is among the options, which is taken out of them.

    `scheme` is "auto" (a figure follows the page), "light" or "dark"; `font` a CSS list of font
    families; `font_size` the size of formulas, to which the other sizes keep their proportion;
    `digits` how many significant digits numbers have; `width` the column that the figure has to
    be readable in, for which it may turn and shorten its labels; `legend` whether it tells beneath
    what colours and lines mean.

    Raises `RenderError` for a theme, a scheme, a font or a size that does not exist.

    >>> styled("lecture", {"scheme": "dark", "digits": 3}).light.paper
    '#16171b'
    """
    style = find(theme)
    scheme = options.pop("scheme", "auto")
    if scheme not in get_args(Scheme):
        raise RenderError(f"scheme={scheme!r} is not a choice: use one of auto, light, dark")
    if scheme != "auto":
        palette = style.dark if scheme == "dark" and style.dark is not None else style.light
        style = replace(style, light=palette, dark=None)
    if (size := options.pop("font_size", None)) is not None:
        style = _sized(style, size)
    if (width := options.pop("width", None)) is not None:
        if not isinstance(width, (int, float)) or not _NARROWEST <= width < LARGEST:
            raise RenderError(f"width={width!r} is no column: use {_NARROWEST} pixels or more")
        style = replace(style, column=width, fit=True)
    chosen = {name: options.pop(name) for name in ("font", "digits", "legend") if name in options}
    return replace(style, **chosen)


def _sized(theme: Theme, size: Any) -> Theme:
    """The theme with formulas of that size, and all other text in proportion."""
    if not isinstance(size, (int, float)) or not 1 <= size <= 200:
        raise RenderError(f"font_size={size!r} is no size in pixels: use a number from 1 to 200")
    names = [one.name for one in fields(theme) if one.name.endswith("_size")]
    scale = size / theme.formula_size
    return replace(theme, **{name: getattr(theme, name) * scale for name in names})
