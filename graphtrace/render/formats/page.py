"""Make an SVG file of a body: its root, its title and description, its style, its ids.

In: the lines of a body, whose ids begin with `ID`, and a theme. Out: the text of the file. It
knows nothing about graphs; several such files can stand on one page, since every id and every
style rule begins with the file's own prefix.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Mapping, Sequence, Set as AbstractSet
from dataclasses import asdict

from graphtrace.render.formats.attributes import painted
from graphtrace.render.paint.paint import paint
from graphtrace.render.paint.theme import Palette, Theme
from graphtrace.render.typeset.escape import decimal, xml


def page(
    name: str,
    alt_texts: tuple[str, str],
    body: Sequence[str],
    size: tuple[float, float],
    theme: Theme,
    id_prefix: str | None = None,
    *,
    wide: bool = False,
) -> str:
    """The lines of a body as an SVG file that is titled and described, in the theme's colours.

    A description may be empty. `wide` says that it scrolls instead of shrinking. The paint is in
    attributes, for readers that know no style sheet; a style sheet is there only for what follows
    the page into the dark.
    """
    sides = f'width="{decimal(size[0])}" height="{decimal(size[1])}"'
    paper = f"<rect {painted('paper', paint('paper', theme), theme)} {sides}/>"
    used = _colours_in("\n".join([paper, *body]), theme)
    prefix = id_prefix
    if prefix is None:
        prefix = _prefix(
            name, alt_texts[1] or alt_texts[0], [*body, *_sheet("", used, theme, wide)]
        )
    prefix = _slug(prefix) if prefix else ""
    root = prefix or "graphtrace"
    texts = [pair for pair in zip(("title", "desc"), alt_texts, strict=True) if pair[1]]
    label = " ".join(f"{root}-{what}" for what, _ in texts)
    width, height = size
    lines = [
        _root(root, width, height, wide, theme, label),
        *(f'<{what} id="{root}-{what}">{xml(text)}</{what}>' for what, text in texts),
        *_sheet(root, used, theme, wide),
        paper,
        *(line.replace(ID, f'id="{prefix}-' if prefix else 'id="') for line in body),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


# A control character: no text from a user holds one when it gets here.
ID = 'id="\x00'
"""Begins the id of a part of the body."""


def _prefix(name: str, description: str, body: Iterable[str]) -> str:
    content = "\n".join([xml(description), *body]).encode("utf-8")
    return f"{_slug(name)}-{zlib.crc32(content):08x}"


def _slug(text: str) -> str:
    slug = re.sub(r"[^A-Za-z0-9_]+", "-", text).strip("-")[:40] or "graph"
    return slug if slug[0].isalpha() else f"g{slug}"


def _root(root: str, width: float, height: float, wide: bool, theme: Theme, label: str) -> str:
    w, h = decimal(width), decimal(height)
    shown = min(1, theme.column / width) if theme.fit and not wide else 1
    size = f'width="{decimal(width * shown)}" height="{decimal(height * shown)}"'
    name = f"graphtrace {_slug(theme.name)}" + (" wide" if wide else "")
    scroll = ' data-display="scroll"' if wide else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" id="{root}" class="{name}"{scroll} '
        f'{size} viewBox="0 0 {w} {h}" role="img" '
        f'aria-labelledby="{label}" font-family="{_font(theme)}">'
    )


def _font(theme: Theme) -> str:
    """The families, with a generic one at the end."""
    font = theme.font.replace('"', "'").strip(" ,")
    last = font.rpartition(",")[2].strip().lower()
    return font if last in ("serif", "sans-serif", "monospace") else f"{font}, sans-serif"


def _sheet(
    root: str, used: AbstractSet[tuple[str, str]], theme: Theme, wide: bool
) -> Iterable[str]:
    """What a browser can do better than attributes, out of sight of readers that know less CSS.

    A figure inside a page shrinks with its column; a page may recolour it by `--gt-*`; and where it
    has a dark scheme, it follows the reader into the dark, or the page's own `color-scheme`.
    """
    rules = "" if wide else f"#{root}{{max-width:100%;height:auto}}\n"
    if theme.dark is not None and theme.follows == "reader":
        rules += "".join(_colours(root, used, asdict(theme.light)))
        rules += _night(root, used, theme.dark)
    supports = [("aspect-ratio:1", rules)]
    if theme.dark is not None and theme.follows == "page":
        dark = asdict(theme.dark)
        both = {name: f"light-dark({c},{dark[name]})" for name, c in asdict(theme.light).items()}
        # Where a browser does not know it, the attributes are right, and the rule would be black.
        supports.append(("color:light-dark(red,red)", "".join(_colours(root, used, both))))
    sheets = [f"@supports ({known}){{\n{rules}}}\n" for known, rules in supports if rules]
    if sheets:
        yield f"<style>\n{''.join(sheets)}</style>"


def _colours(
    root: str, used: AbstractSet[tuple[str, str]], colours: Mapping[str, str]
) -> Iterable[str]:
    for letter, what in (("f", "fill"), ("s", "stroke")):
        for name, colour in colours.items():
            mark = name.replace("_", "-")
            if (letter, mark) in used:
                yield f"#{root} .gt-{letter}-{mark}{{{what}:var(--gt-{mark},{colour})}}\n"


def _night(root: str, used: AbstractSet[tuple[str, str]], dark: Palette) -> str:
    seen = {mark for _, mark in used}
    marks = ((name.replace("_", "-"), colour) for name, colour in asdict(dark).items())
    night = "".join(f"--gt-{mark}:{colour};" for mark, colour in marks if mark in seen)
    return f"@media (prefers-color-scheme:dark){{#{root}{{{night}}}}}\n"


def _colours_in(text: str, theme: Theme) -> set[tuple[str, str]]:
    """Which colours there are, as fill or as line: f and s."""
    marks = {name.replace("_", "-") for name in asdict(theme.light)}
    return {(x, mark) for x, mark in _COLOUR.findall(text) if mark in marks}


_COLOUR = re.compile(r'gt-([fs])-([a-z-]+)[" ]')
