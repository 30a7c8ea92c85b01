"""Put a figure into a page of its own, with zoom and pan.

In: the SVG, a title, a theme. Out: one HTML file that asks for no other: its policy forbids every
request, and allows this one script. Without scripts it shows the figure, as wide as the window.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from graphtrace.render.formats import describe, svg
from graphtrace.render.paint.theme import Palette, Theme
from graphtrace.render.typeset.escape import xml

if TYPE_CHECKING:
    from graphtrace.render.rendering import Rendering

_STYLE = """\
:root{color-scheme:@schemes;--paper:@paper;--ink:@ink;--line:@line;--box:@box}
@dark
*{box-sizing:border-box}
html,body{height:100%;margin:0}
body{display:flex;flex-direction:column;background:var(--paper);color:var(--ink);
font:16px/1.4 Helvetica,Arial,sans-serif}
header{display:flex;flex-wrap:wrap;align-items:center;gap:.5rem 1rem;padding:.6rem 1rem;
border-bottom:1px solid var(--line)}
h1{font-size:1rem;font-weight:600;margin:0;flex:1 1 12rem;overflow-wrap:anywhere}
[role=toolbar]{display:flex;gap:.4rem}
button{font:inherit;min-width:2.4rem;min-height:2.4rem;padding:0 .7rem;border-radius:6px;
border:1px solid var(--line);background:var(--box);color:inherit;cursor:pointer}
main{flex:1;min-height:0;overflow:auto;padding:1rem}
main svg{display:block;margin:auto;max-width:100%}
:focus-visible{outline:3px solid var(--line);outline-offset:-3px}
.zooms main{overflow:hidden;padding:0;cursor:grab;touch-action:none;user-select:none}
.zooms main.drags{cursor:grabbing}
.zooms main svg{width:100%!important;height:100%!important;max-width:none!important}
html:not(.zooms) [role=toolbar]{display:none}
@media print{header{display:none}}
"""

# The view is the SVG's own viewBox, so that lines stay sharp at every size.
_SCRIPT = """\
'use strict';
const main = document.querySelector('main');
const svg = main.querySelector('svg');
const all = svg.viewBox.baseVal;
const whole = {x: all.x, y: all.y, w: all.width, h: all.height};
let view;
function show(next) {
  const w = Math.min(Math.max(next.w, whole.w / 40), whole.w * 8);
  const h = w * main.clientHeight / Math.max(main.clientWidth, 1);
  const keep = (at, size, start, full) =>
    Math.min(Math.max(at, start - size * 0.9), start + full - size * 0.1);
  view = {x: keep(next.x, w, whole.x, whole.w), y: keep(next.y, h, whole.y, whole.h), w, h};
  svg.setAttribute('viewBox', [view.x, view.y, view.w, view.h].join(' '));
}
function fit() {
  const ratio = main.clientWidth / Math.max(main.clientHeight, 1);
  const w = Math.max(whole.w, whole.h * ratio) * 1.04;
  const h = w / ratio;
  show({x: whole.x + (whole.w - w) / 2, y: whole.y + (whole.h - h) / 2, w});
}
function actual() {
  const w = main.clientWidth, h = main.clientHeight;
  const x = w > whole.w ? whole.x + (whole.w - w) / 2 : whole.x;
  const y = h > whole.h ? whole.y + (whole.h - h) / 2 : whole.y;
  show({x, y, w});
}
function zoom(by, px = main.clientWidth / 2, py = main.clientHeight / 2) {
  const w = Math.min(Math.max(view.w / by, whole.w / 40), whole.w * 8);
  const at = w / view.w;
  const dx = px / main.clientWidth, dy = py / main.clientHeight;
  show({x: view.x + dx * view.w * (1 - at), y: view.y + dy * view.h * (1 - at), w});
}
function pan(dx, dy) {
  const scale = view.w / main.clientWidth;
  show({x: view.x - dx * scale, y: view.y - dy * scale, w: view.w});
}
const acts = {in: () => zoom(1.25), out: () => zoom(0.8), fit, actual};
const keys = {'+': acts.in, '=': acts.in, '-': acts.out, '0': fit, f: fit, '1': actual,
  ArrowLeft: () => pan(60, 0), ArrowRight: () => pan(-60, 0),
  ArrowUp: () => pan(0, 60), ArrowDown: () => pan(0, -60)};
document.documentElement.classList.add('zooms');
document.querySelectorAll('button').forEach(button =>
  button.addEventListener('click', acts[button.dataset.act]));
document.addEventListener('keydown', event => {
  if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
  event.preventDefault();
  keys[event.key]();
});
main.addEventListener('wheel', event => {
  event.preventDefault();
  const box = main.getBoundingClientRect();
  const step = event.deltaY * (event.deltaMode === 1 ? 16 : 1);
  zoom(Math.exp(-step * 0.0016), event.clientX - box.left, event.clientY - box.top);
}, {passive: false});
const fingers = new Map();
main.addEventListener('pointerdown', event => {
  if (event.button !== 0) return;
  fingers.set(event.pointerId, event);
  main.setPointerCapture(event.pointerId);
  main.classList.add('drags');
});
main.addEventListener('pointermove', event => {
  const last = fingers.get(event.pointerId);
  if (!last) return;
  const other = [...fingers.values()].find(finger => finger.pointerId !== event.pointerId);
  fingers.set(event.pointerId, event);
  if (!other) return pan(event.clientX - last.clientX, event.clientY - last.clientY);
  const apart = one => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
  const box = main.getBoundingClientRect();
  zoom(apart(event) / Math.max(apart(last), 1),
    (event.clientX + other.clientX) / 2 - box.left, (event.clientY + other.clientY) / 2 - box.top);
});
['pointerup', 'pointercancel'].forEach(name => main.addEventListener(name, event => {
  fingers.delete(event.pointerId);
  if (!fingers.size) main.classList.remove('drags');
}));
addEventListener('resize', fit);
fit();
"""

_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="@policy">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>@title</title>
<style>
@style</style>
</head>
<body>
<header>
<h1>@title</h1>
<div role="toolbar" aria-label="Zoom">
<button type="button" data-act="out" aria-label="Zoom out" title="Zoom out (-)">−</button>
<button type="button" data-act="in" aria-label="Zoom in" title="Zoom in (+)">+</button>
<button type="button" data-act="fit" title="Show the whole figure (0)">Fit</button>
<button type="button" data-act="actual" title="Actual size (1)">1:1</button>
</div>
</header>
<main tabindex="0" aria-label="Figure: drag or use the arrow keys to move it, + and - to zoom">
@svg</main>
<script>@script</script>
</body>
</html>
"""


def write(rendering: Rendering) -> str:
    """The text of the file."""
    setting = rendering.setting
    drawn = svg.draw(*setting, alt=rendering.options.alt)
    return page(drawn, describe.title(setting.figure), setting.theme)


def page(drawn: str, title: str, theme: Theme) -> str:
    """The page; what is in the SVG is escaped already, the title is here."""
    digest = base64.b64encode(hashlib.sha256(_SCRIPT.encode("utf-8")).digest()).decode("ascii")
    policy = (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "base-uri 'none'; form-action 'none'"
    )
    colours = dict(zip(_NAMES, _values(theme.light), strict=True))
    dark = ""
    if theme.dark is not None:
        dark = f"@media (prefers-color-scheme:dark){{:root{{{_properties(theme.dark)}}}}}\n"
    schemes = "light" if theme.dark is None else "light dark"
    style = _filled(_STYLE, {**colours, "dark": dark, "schemes": schemes})
    parts = {"policy": policy, "title": xml(title), "style": style, "svg": drawn, "script": _SCRIPT}
    return _filled(_PAGE, parts)


def _filled(template: str, parts: Mapping[str, str]) -> str:
    """The template with each `@name` filled in, once: a part may hold anything."""
    return re.sub("@(" + "|".join(parts) + r")\b", lambda match: parts[match[1]], template)


_NAMES = ("paper", "ink", "line", "box")


def _values(colours: Palette) -> tuple[str, str, str, str]:
    return colours.paper, colours.ink, colours.line, colours.operation


def _properties(colours: Palette) -> str:
    return "".join(f"--{name}:{c};" for name, c in zip(_NAMES, _values(colours), strict=True))
