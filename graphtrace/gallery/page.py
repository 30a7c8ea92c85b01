"""Write the page that shows a gallery: each figure with its title, a sentence and its source.

In: sections of `Exhibit`s. Out: the text of an HTML file, the same every time. It needs nothing
from elsewhere, and scripts only for copying a source and for the players; it fits a phone and
follows the reader into dark mode. It knows nothing of how a figure is drawn.
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from html import escape
from typing import NamedTuple
from urllib.parse import quote

from graphtrace.errors import clean

GENERATOR = '<meta name="generator" content="graphtrace gallery">'
"""By this line a page of ours is known."""

_WIDE = 800
"""A figure from here on, in pixels, has a row of the page for itself."""

_STYLE = """\
:root{color-scheme:light dark;--paper:#fff;--ink:#1b1b1f;--muted:#55565c;--line:#d6d7dc;
--code:#f5f6f8;--link:#2f62a8}
@media (prefers-color-scheme:dark){:root{--paper:#16171b;--ink:#ececf1;--muted:#b4b6bf;
--line:#3a3c44;--code:#1f2127;--link:#7fb0f5}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1rem;max-width:110rem;background:var(--paper);color:var(--ink);
font:1rem/1.5 Helvetica,Arial,'Liberation Sans',sans-serif}
h1,h2,h3{line-height:1.2}
h2{margin:2.5rem 0 1rem;padding-bottom:.3rem;border-bottom:1px solid var(--line)}
h3{margin:0 0 .5rem;font-size:1.1rem}
a{color:var(--link)}
.exhibits{display:grid;gap:1.5rem;grid-template-columns:repeat(auto-fill,minmax(min(100%,30rem),1fr))}
article{display:flex;flex-direction:column;min-width:0;padding:1rem;border:1px solid var(--line);
border-radius:.5rem}
article.wide{grid-column:1/-1}
.figure{display:block;margin:0 0 .75rem}
img{display:block;width:auto;height:auto;max-width:100%;margin:0 auto}
p{margin:0 0 .75rem}
article p,header p{color:var(--muted)}
pre{flex:1;white-space:pre-wrap;overflow-wrap:anywhere;margin:0 0 .75rem;padding:.75rem;
border-radius:.3rem;background:var(--code);tab-size:4;
font:.85rem/1.45 Menlo,Consolas,'Liberation Mono',monospace}
.links{display:flex;flex-wrap:wrap;gap:.25rem 1rem;align-items:center;margin:0}
.copy{font:inherit;padding:.2rem .8rem;border:1px solid var(--line);border-radius:.3rem;
background:var(--code);color:var(--ink);cursor:pointer}
:focus-visible{outline:2px solid var(--link);outline-offset:2px}
"""


# A page that is neither a file nor from https has no clipboard: there the reader copies.
_SCRIPT = """\
for (const button of document.querySelectorAll("button.copy")) {
  const article = button.closest("article");
  const code = article.querySelector("code"), status = article.querySelector("[role=status]");
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(code.textContent + "\\n");
      status.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(code);
      status.textContent = "Selected, to be copied with Ctrl+C or ⌘C";
    }
  });
}
"""


class Exhibit(NamedTuple):
    """One figure: its file without suffix, its title, the source's docstring and code, its SVG."""

    stem: str
    title: str
    docstring: str
    code: str
    svg: str


def page(sections: Mapping[str, Sequence[Exhibit]], *, played: Collection[str] = ()) -> str:
    """The page, with a heading for each section that has one.

    `played` are the stems of what is on the page of the players, too, which is linked to.
    """
    about = [
        "<p>Each figure is drawn by the code beneath it: graphtrace runs the function and draws "
        'what it did, with <code>graph.render("figure.svg", **options)</code>.</p>'
    ]
    if played:
        about.append('<p><a href="players.html">Some of them step by step</a>.</p>')
    lines = _head("Gallery", about)
    taken = {_figure_id(exhibit) for exhibits in sections.values() for exhibit in exhibits}
    for heading, exhibits in sections.items():
        named = heading or "Figures"
        ident = _unique(re.sub(r"\W+", "-", named.lower()).strip("-") or "section", taken)
        lines.append(f'<section aria-labelledby="{ident}">')
        lines.append(f'<h2 id="{ident}">{escape(named)}</h2>')
        lines.append('<div class="exhibits">')
        for exhibit in exhibits:
            lines += _article(exhibit, is_played=exhibit.stem in played)
        lines += ["</div>", "</section>"]
    lines += ["</main>", f"<script>\n{_SCRIPT}</script>", "</body>", "</html>"]
    return "\n".join(lines) + "\n"


def players_page(played: Sequence[tuple[Exhibit, str]]) -> str:
    """The page of players, each with what its file says of it; it is the same every time."""
    lines = _head(
        "Players",
        [
            "<p>Step through each, point at a box for its way to the output, click on it for its "
            'derivative, change its inputs. <a href="index.html">All figures</a>.</p>'
        ],
    )
    for exhibit, fragment in played:
        ident, title = _figure_id(exhibit), escape(clean(exhibit.title))
        lines.append(f'<section aria-labelledby="{ident}">')
        lines.append(f'<h2 id="{ident}">{title}</h2>')
        lines += _paragraphs(exhibit)
        lines += [fragment.rstrip("\n"), "</section>"]
    lines += ["</main>", "</body>", "</html>"]
    return "\n".join(lines) + "\n"


def _head(title: str, about: Iterable[str]) -> list[str]:
    return [
        "<!DOCTYPE html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        GENERATOR,
        f"<title>{title}</title>",
        f"<style>\n{_STYLE}</style>",
        "</head>",
        "<body>",
        "<header>",
        f"<h1>{title}</h1>",
        *about,
        "</header>",
        "<main>",
    ]


def _paragraphs(exhibit: Exhibit) -> Iterable[str]:
    for paragraph in exhibit.docstring.split("\n\n"):
        yield f"<p>{escape(' '.join(paragraph.split()))}</p>"


def title_of(stem: str) -> str:
    """A file's name as a heading.

    >>> title_of("two_layer_network")
    'Two layer network'
    """
    words = stem.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def _unique(wanted: str, taken: set[str]) -> str:
    """An id like the one that is wanted, which is taken then."""
    numbered = (f"{wanted}-{n}" for n in itertools.count(2))
    ident = next(one for one in itertools.chain([wanted], numbered) if one not in taken)
    taken.add(ident)
    return ident


def _link(exhibit: Exhibit) -> str:
    return quote(os.fsencode(exhibit.stem))  # in which nothing is a scheme, a query or a fragment


def _figure_id(exhibit: Exhibit) -> str:
    return f"figure-{_link(exhibit)}"


def _article(exhibit: Exhibit, *, is_played: bool) -> Iterable[str]:
    link, ident = _link(exhibit), _figure_id(exhibit)
    stem = escape(clean(exhibit.stem))
    title = escape(clean(exhibit.title))
    width, height, alt = _facts(exhibit.svg)
    wide = ' class="wide"' if width >= _WIDE else ""
    yield f'<article aria-labelledby="{ident}"{wide}>'
    yield f'<h3 id="{ident}">{title}</h3>'
    # Whole on every page; by itself it is as large as it was made.
    yield f'<a class="figure" href="{link}.svg">'
    yield (
        f'<img src="{link}.svg" alt="{alt}" width="{width:g}" height="{height:g}" loading="lazy">'
    )
    yield "</a>"
    yield from _paragraphs(exhibit)
    yield f"<pre><code>{escape(exhibit.code)}</code></pre>"
    yield '<p class="links">'
    yield f'<button type="button" class="copy" aria-label="Copy the source of {title}" hidden>'
    yield f'Copy</button> <a href="{link}.svg">{stem}.svg</a>'
    if is_played:
        yield f'<a href="players.html#{ident}">Step by step</a>'
    yield '<span role="status"></span></p>'
    yield "</article>"


def _facts(svg: str) -> tuple[float, float, str]:
    """Width, height and title of an SVG of ours; its text is escaped already."""
    size = re.search(r'<svg[^>]* width="([\d.]+)" height="([\d.]+)"', svg)
    title = re.search(r"<title[^>]*>([^<]*)</title>", svg)
    width, height = (float(x) for x in size.groups()) if size else (0.0, 0.0)
    return width, height, title[1] if title else ""
