"""The two functions that `pymdownx.superfences` calls, once for each fence.

In: the body of a fence and its attributes as text. Out: HTML. What is wrong is one warning that
names the page, and stands in its place on the page.
"""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Mapping, MutableMapping, Sequence
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

from graphtrace.errors import OptionError, clean
from graphtrace.fence.page import Page, page_of
from graphtrace.places.drawn import Kind, content, digest, sentence
from graphtrace.places.request import Request
from graphtrace.render.typeset.escape import xml

_LOGGER = logging.getLogger("mkdocs.graphtrace")
"""MkDocs counts what is logged beneath its own name, and ends a strict build."""

_OF_THE_PAGE = ("caption", "play", "narrow")
_STYLE = "overflow-x:auto;margin:1em 0;width:100%"
_EITHER = """\
<style>.graphtrace-narrow{{display:none}}@container graphtrace (max-width:{less}px){{\
.graphtrace-{width}{{display:none}}.graphtrace-{width}+.graphtrace-narrow{{display:block}}}}</style>
<div style="container:graphtrace/inline-size">
<div class="graphtrace-{width}">{wide}</div>
<div class="graphtrace-narrow">{narrow}</div>
</div>
"""
"""A browser that knows no containers, from before 2023, shows the wide one."""
_drawn: dict[str, str] = {}
"""What was drawn since the program started: a server writes the same pages again and again."""
_on_page: WeakKeyDictionary[Any, list[Any]] = WeakKeyDictionary()
_one_at_a_time = Lock()  # Zensical may call from several threads, and a file is run with sys.path


def validator(
    language: str,
    inputs: Mapping[str, str],
    options: MutableMapping[str, str],
    attrs: MutableMapping[str, str],
    md: Any,
) -> bool:
    """Take every attribute; `format` says what is wrong with one, or the fence would be code."""
    options.update(inputs)
    return True


def format(
    source: str,
    language: str,
    css_class: str,
    options: Mapping[str, str],
    md: Any,
    *,
    classes: Sequence[str] | None = None,
    id_value: str = "",
    **_: Any,
) -> str:
    """The HTML of the figure that a fence asks for."""
    page = page_of(md)
    names = " ".join(filter(None, [css_class or "graphtrace", *(classes or ())]))
    own = f' id="{xml(id_value)}"' if id_value else ""
    try:
        with _one_at_a_time:
            draw = _either if "narrow" in options else _figure
            drawn = draw(source, options, md, page)
    except (Exception, SystemExit) as error:
        why = clean(f"{page.name}: graphtrace: {sentence(error)}")
        if page.strict:
            from pymdownx.superfences import SuperFencesException

            raise SuperFencesException(why) from error
        _LOGGER.warning("%s", why)
        return f'<p class="{xml(names)} error"{own} role="alert">{xml(why)}</p>'
    caption = options.get("caption")
    below = f"<figcaption>{xml(caption)}</figcaption>" if caption else ""
    tag = "figure" if caption else "div"
    return f'<{tag} class="{xml(names)}"{own} style="{_STYLE}">\n{drawn}{below}</{tag}>'


def _either(source: str, options: Mapping[str, str], md: Any, page: Page) -> str:
    """The figure twice, of which one is shown: the other one where the first has no room."""
    if "play" in options:
        raise OptionError("narrow is for a figure, and a player has one width: leave narrow out")
    wide = _figure(source, options, md, page)
    narrow = _figure(source, {**options, "width": options["narrow"]}, md, page)
    size = re.search(r'<svg[^>]* width="([\d.]+)"', wide)
    width = math.ceil(float(size[1])) if size else 0
    return _EITHER.format(wide=wide, narrow=narrow, width=width, less=width - 1)


def _figure(source: str, options: Mapping[str, str], md: Any, page: Page) -> str:
    request = Request.on_page(
        source,
        {name: text for name, text in options.items() if name not in _OF_THE_PAGE},
        page=page.name.with_name(f"{page.name.name}, block"),  # whose lines are counted
        folder=page.folder,
        root=page.root,
    )
    seen = _on_page.setdefault(md, [])
    seen.append(request)
    if seen.count(request) > 1:
        request = request.again(len(seen))
    kind: Kind = "html" if "play" in options else "svg"
    key = digest(request, kind)
    if key not in _drawn:
        _drawn[key] = content(request, kind).decode("utf-8")
    return _drawn[key]
