"""Page: the player as HTML, with its style, its script and its controls.

In: `Parts`. Out: a whole page whose policy forbids every request and allows this one script, or a
fragment. Without scripts the figure is shown as a whole and there are no controls. Nothing from a
user enters it but escaped.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
import zlib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

from graphtrace.render.paint.theme import Palette, Theme
from graphtrace.render.typeset.escape import decimal, xml


@dataclass(frozen=True)
class Input:
    """An input that is a number: its key, its name as markup, its slot."""

    key: str
    name: str
    slot: int


@dataclass(frozen=True)
class Parts:
    """What a player consists of; `message` says why its inputs are fixed, where they are."""

    title: str
    svg: str
    theme: Theme
    inputs: tuple[Input, ...]
    data: dict[str, Any]
    program: str
    message: str


def fragment(parts: Parts) -> str:
    """The player as one element."""
    return _element(parts, _script(parts), "")


def page(parts: Parts) -> str:
    """The player as a page of its own, whose address tells the step and the inputs."""
    script = _script(parts)
    digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
    policy = (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "base-uri 'none'; form-action 'none'"
    )
    return f"""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width">
<title>{xml(parts.title)}</title>
<style>
{_paper(parts.theme)}
body{{margin:0 auto;padding:8px;max-width:{decimal(max(parts.theme.column, 320))}px}}
</style>
</head>
<body>
<main>
{_element(parts, script, " data-page")}</main>
</body>
</html>
"""


def _element(parts: Parts, script: str, attributes: str) -> str:
    steps = len(parts.data["steps"])
    key = _key(parts)
    drawn = parts.svg.replace(' role="img"', ' role="group"', 1).rstrip("\n")
    return f"""\
<div class="graphtrace-player" data-key="{key}" data-step="0" data-steps="{steps}"{attributes} \
tabindex="0" role="group" aria-label="{xml(parts.title)}, step by step">
<style>
{_colours(parts.theme, key)}{packaged("player.css")}</style>
<div data-role="figure">
{drawn}</div>
<div data-role="words">
<p data-role="caption" aria-live="polite"></p>
<p data-role="path" aria-live="polite"></p>
</div>
<div data-role="controls" hidden>
<div role="group" aria-label="Steps">
{_BUTTONS}
<select data-role="speed" aria-label="Speed"><option value="0.5">½×</option>\
<option value="1" selected>1×</option><option value="2">2×</option></select>
</div>
<input type="range" data-role="step" min="0" max="{steps}" value="0" step="1" aria-label="Step">
{_inputs(parts)}</div>
<p data-role="message" role="status">{xml(parts.message)}</p>
<script>{script}</script>
</div>
"""


def _button(action: str, name: str, *paths: str) -> str:
    """A button with a sign that no font needs to have."""
    sign = "".join(f'<path d="{path}"/>' for path in paths)
    return (
        f'<button type="button" data-action="{action}" aria-label="{name}">'
        f"<svg>{sign}</svg></button>"
    )


_BUTTONS = "\n".join(
    (
        _button("first", "First step", "M3 3h3v14H3zM17 3v14L7 10z"),
        _button("previous", "Previous step", "M15 3v14L4 10z"),
        _button("play", "Play", "M5 2v16l12-8z", "M4 3h4v14H4zM12 3h4v14h-4z"),
        _button("next", "Next step", "M5 3v14l11-7z"),
        _button("last", "Last step", "M14 3h3v14h-3zM3 3v14l10-7z"),
    )
)


def _inputs(parts: Parts) -> str:
    if not parts.inputs:
        return ""
    fixed = "" if parts.program else " disabled"
    rows = []
    for one in parts.inputs:
        number = parts.data["numbers"][one.slot]
        low, high, step = _range(number)
        key = xml(one.key)
        shown = f'value="{_field(number) if math.isfinite(number) else ""}"'
        rows.append(
            f'<div><label aria-hidden="true">{one.name} =</label>'
            f'<input type="number" data-input="{key}" aria-label="{key}" step="any" {shown}{fixed}>'
            f'<input type="range" aria-label="{key}" '
            f'min="{low}" max="{high}" step="{step}" {shown}{fixed}></div>\n'
        )
    return f'<div role="group" aria-label="Inputs">\n{"".join(rows)}</div>\n'


def _range(x: float) -> tuple[str, str, str]:
    """The ends and the step of a range in whose middle the number stands."""
    if not math.isfinite(x) or abs(x) > _LARGEST or 0 < abs(x) < 1 / _LARGEST:
        return "0", "1", "any"
    reach = 10.0 ** math.ceil(math.log10(abs(x))) if x else 10.0
    return _field(x - reach), _field(x + reach), _field(reach / 100)


_LARGEST = 1e15


def _field(x: float) -> str:
    """A number as a field of a form has it."""
    return repr(float(f"{x:.15g}")).removesuffix(".0")


def _script(parts: Parts) -> str:
    """The script: the player, its data and its program."""
    data = json.dumps(parts.data, separators=(",", ":"), ensure_ascii=False)
    data = re.sub("<(?=/|!|script)", r"\\u003c", data.replace("</", r"<\/"), flags=re.IGNORECASE)
    program = parts.program or "null"
    if re.search("</script|<!--|<script", program, re.IGNORECASE):
        raise AssertionError("the program would end its script")  # compile escapes what it quotes
    return f"{packaged('player.js')}\nplay({json.dumps(_key(parts))},{data},{program});\n}})();\n"


def _key(parts: Parts) -> str:
    """What tells players apart on one page; the same player may be there twice."""
    content = parts.svg + json.dumps(parts.data) + parts.program
    return f"{zlib.crc32(content.encode('utf-8')):08x}"


def _colours(theme: Theme, key: str) -> str:
    """The colours of the theme, and those of its dark scheme, for this player."""
    rule = f'.graphtrace-player[data-key="{key}"]'
    light = f"{rule}{{{_properties(theme.light)}font-family:{theme.font}}}\n"
    if theme.dark is None:
        return light
    if theme.follows == "page":
        both = zip(_named(theme.light).items(), _named(theme.dark).values(), strict=True)
        rules = "".join(f"--{name}:light-dark({one},{two});" for (name, one), two in both)
        return f"{light}@supports (color:light-dark(red,red)){{{rule}{{{rules}}}}}\n"
    dark = f"{rule}{{{_properties(theme.dark)}}}"
    return f"{light}@media (prefers-color-scheme:dark){{{dark}}}\n"


def _paper(theme: Theme) -> str:
    """What is around the player, on a page of its own, in the scheme that the player has."""
    light = theme.light.paper
    if theme.dark is None:
        only = "light" if int(light[1:3], 16) > 127 else "dark"
        return f"html{{color-scheme:{only};background:{light}}}"
    dark = theme.dark.paper
    if theme.follows == "page":
        both = f"html{{color-scheme:light dark;background:light-dark({light},{dark})}}"
        return f"html{{background:{light}}}@supports (color:light-dark(red,red)){{{both}}}"
    rule = f"@media (prefers-color-scheme:dark){{html{{background:{dark}}}}}"
    return f"html{{color-scheme:light dark;background:{light}}}{rule}"


def _properties(colours: Palette) -> str:
    return "".join(f"--{name}:{colour};" for name, colour in _named(colours).items())


def _named(colours: Palette) -> dict[str, str]:
    return {
        "paper": colours.paper,
        "ink": colours.ink,
        "muted": colours.muted,
        "line": colours.line,
        "box": colours.operation,
        "faint": colours.faint,
        "faint-line": colours.faint_line,
        "gradient": colours.gradient,
        "accent": colours.input_line,
    }


_COMMENT = re.compile(r"/\*\*.*?\*/|^\s*//[^\n]*", re.MULTILINE | re.DOTALL)
_QUOTED = re.compile(r"('[^'\n]*'|`[^`]*`)")
_SPACE = re.compile(r"\s*+([{}()\[\];,:?=+*&|!<>]|-(?=[^\w-]))\s*+|(\s++)")


def source(name: str) -> Traversable:
    """A file of this room."""
    return resources.files("graphtrace.player").joinpath(name)


@cache
def packaged(name: str) -> str:
    """The same without comments and spaces, which no reader of a page needs."""
    text = source(name).read_text(encoding="utf-8")
    text = _COMMENT.sub("", text.partition("// The page adds the call.\n")[0])
    if name.endswith(".css"):
        lines = map(str.strip, text.splitlines())
        return "".join(filter(None, lines)) + "\n"
    pieces = _QUOTED.split(text.strip())
    pieces[::2] = [_squeezed(piece) for piece in pieces[::2]]
    return "".join(pieces)


def _squeezed(code: str) -> str:
    """JavaScript without what it means the same without; its patterns hold no space."""
    code = re.sub(r"\s+", " ", _SPACE.sub(r"\1\2", code))
    return re.sub(r"\bconst\b", "let", code).replace(";}", "}").replace(",}", "}")
