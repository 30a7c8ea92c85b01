"""Make an SVG file of a body: its root, its title and description, its style, its ids.

In: the lines of a body, whose ids begin with `ID`, and a theme. Out: the text of the file. It
knows nothing about graphs; several such files can stand on one page, since every id and every
style rule begins with the file's own prefix.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict

from graphtrace.render.paint.theme import Theme
from graphtrace.render.typeset.escape import decimal, xml

# `fill:@ink` becomes the colour `ink` of the palette.
_RULES = """\
.paper{fill:@paper}
text,.math{fill:@ink}
.operation .box{fill:@operation;stroke:@operation_line}
.input .box,.copy .box{fill:@input;stroke:@input_line}
.copy .box{stroke-dasharray:3 2}
.output .box{fill:@output;stroke:@output_line}
.derivative{fill:@muted}
.value{fill:@value}
.gradient{fill:@gradient}
.arrow{fill:none}
.bar{stroke:@operation_line}
.forward .arrow{stroke:@line}
.forward .head{fill:@line}
.backward .arrow{stroke:@gradient;stroke-dasharray:5 3}
.backward .head{fill:@gradient}
.italic{font-style:italic}
"""

# After the sizes, which they overrule.
EMPHASIS = """\
.node.dim text,.edge.dim text,.node.dim .math,.edge.dim .math{fill:@faint}
.node.dim .box{fill:@paper;stroke:@faint_line;stroke-width:1}
.edge.dim .arrow{stroke:@faint_line}
.edge.dim .head{fill:@faint_line}
.node.strong .box{stroke:@gradient;stroke-width:2.4}
.edge.strong .arrow{stroke:@gradient;stroke-width:2.4}
.edge.strong .head{fill:@gradient}
.edge.strong .derivative{fill:@gradient}
.node.bold .box{stroke:@ink;stroke-width:2.4}
.node.trouble .box{stroke:@trouble;stroke-width:2.4;stroke-dasharray:1 4;stroke-linecap:round}
.edge.trouble .derivative{fill:@trouble}
.edge.trouble .arrow{stroke:@trouble;stroke-width:2.4;stroke-dasharray:1 4;stroke-linecap:round}
.edge.trouble .head{fill:@trouble}
.node.bold.trouble .box,.edge.bold.trouble .arrow{stroke-width:4}
"""


def page(
    name: str,
    told: tuple[str, str],
    body: Sequence[str],
    size: tuple[float, float],
    theme: Theme,
    id_prefix: str | None = None,
    *,
    rules: str = "",
    wide: bool = False,
) -> str:
    """The lines of a body as an SVG file that is titled and described, in the theme's colours.

    `rules` are CSS in which `fill:@ink` is a colour of the palette, beside those of every figure;
    `wide` says that it scrolls instead of shrinking.
    """
    prefix = id_prefix
    if prefix is None:
        prefix = _prefix(name, told[1], [*body, _style("", theme, rules)])
    prefix = _slug(prefix) if prefix else ""
    root = prefix or "graphtrace"
    width, height = size
    lines = [
        _root(root, width, height, wide, theme),
        f'<title id="{root}-title">{xml(told[0])}</title>',
        f'<desc id="{root}-desc">{xml(told[1])}</desc>',
        f"<style>\n{_style(root, theme, rules)}</style>",
        f'<rect class="paper" width="{decimal(width)}" height="{decimal(height)}"/>',
        *(line.replace(ID, f'id="{prefix}-' if prefix else 'id="') for line in body),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


# A control character: no text from a user holds one when it gets here.
ID = 'id="\x00'
"""Begins the id of a part of the body."""


def _prefix(name: str, told: str, body: Iterable[str]) -> str:
    content = "\n".join([xml(told), *body]).encode("utf-8")
    return f"{_slug(name)}-{zlib.crc32(content):08x}"


def _slug(text: str) -> str:
    slug = re.sub(r"[^A-Za-z0-9_]+", "-", text).strip("-")[:40] or "graph"
    return slug if slug[0].isalpha() else f"g{slug}"


def _root(root: str, width: float, height: float, wide: bool, theme: Theme) -> str:
    w, h = decimal(width), decimal(height)
    shown = min(1, theme.column / width) if theme.fit and not wide else 1
    size = f'width="{decimal(width * shown)}" height="{decimal(height * shown)}"'
    name = f"graphtrace {_slug(theme.name)}" + (" wide" if wide else "")
    scroll = ' data-display="scroll"' if wide else ' style="max-width:100%;height:auto"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" id="{root}" class="{name}"{scroll} '
        # Some viewers would drop the space at the beginning of a raised or lowered run.
        f'xml:space="preserve" {size} viewBox="0 0 {w} {h}" role="img" '
        f'aria-labelledby="{root}-title {root}-desc" font-family="{_font(theme)}" '
        'text-anchor="middle">'
    )


def _font(theme: Theme) -> str:
    """The families, with a generic one at the end."""
    font = theme.font.replace('"', "'").strip(" ,")
    last = font.rpartition(",")[2].strip().lower()
    return font if last in ("serif", "sans-serif", "monospace") else f"{font}, sans-serif"


def _style(root: str, theme: Theme, more: str = "") -> str:
    rules = _RULES + "".join(
        f"{name}{{font-size:{decimal(size)}px}}\n"
        for name, size in (
            (".formula", theme.formula_size),
            (".value", theme.value_size),
            (".derivative,.gradient,.edge .value", theme.label_size),
            (".copy .formula", theme.copy_size),
            (".caption", theme.caption_size),
        )
    )
    rules += "".join(
        f"{name}{{stroke-width:{decimal(size)}}}\n"
        for name, size in (
            (".box,.bar", theme.box_width),
            (".output .box", theme.output_width),
            (".arrow", theme.line_width),
        )
    )
    rules += EMPHASIS + more
    light = asdict(theme.light)
    rules = _COLOUR.sub(lambda m: _paint(m[1], m[2], light[m[2]]), rules)
    # Each selector begins with the root's id: a page may hold figures of several themes.
    rules = _SELECTOR.sub(rf"#{root} \g<0>", rules)
    if theme.dark is None:
        return rules
    used = (item for item in asdict(theme.dark).items() if f"var({_property(item[0])}," in rules)
    dark = "".join(f"{_property(name)}:{c};" for name, c in used)
    return rules + f"@media (prefers-color-scheme:dark){{#{root}{{{dark}}}}}\n"


_COLOUR = re.compile(r"(fill|stroke):@(\w+)")
_SELECTOR = re.compile(r"(?:(?<=\n)|(?<=\},)|^|(?<=,))[.a-z][.a-z ]*(?=[,{])", re.MULTILINE)


def _paint(what: str, name: str, colour: str) -> str:
    """Plain first, for viewers without custom properties; the property lets a page recolour."""
    return f"{what}:{colour};{what}:var({_property(name)},{colour})"


def _property(name: str) -> str:
    return "--gt-" + name.replace("_", "-")
