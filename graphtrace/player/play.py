"""Play: a graph as a player, one page or a fragment of one.

In: a traced graph and options. Out: a `Player`. The way through: graph -> film.Film (what is said)
-> render (the picture) -> lines (what in it waits or changes) -> page (HTML).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from html import unescape
from pathlib import PurePath
from typing import IO, TYPE_CHECKING, Any

from graphtrace.errors import OptionError
from graphtrace.figure.fold import folded
from graphtrace.figure.parts import Figure
from graphtrace.formula.number import value
from graphtrace.formula.runs import Runs
from graphtrace.player import page
from graphtrace.player.film import Film, Sides, film_of
from graphtrace.player.lines import written_lines
from graphtrace.player.live import Program, live_program
from graphtrace.player.markup import html, mathml
from graphtrace.player.room import setting_of
from graphtrace.player.slots import Live, Printer, Slots
from graphtrace.render import settled
from graphtrace.render.display import on_page
from graphtrace.render.formats import describe, output, svg
from graphtrace.render.options import is_content
from graphtrace.render.typeset.escape import xml
from graphtrace.render.typeset.wording import whole

if TYPE_CHECKING:
    from graphtrace.graph.traced import TracedGraph


@dataclass(frozen=True, repr=False)
class Player:
    """A figure with its forward and backward pass, step by step; a notebook shows it."""

    parts: page.Parts
    notebook: Callable[[], page.Parts]
    """Makes the same in the scheme of the page around it."""

    def __repr__(self) -> str:
        return f"<Player of {self.parts.title}: {len(self.parts.data['steps'])} steps>"

    @property
    def html(self) -> str:
        """A whole page, which asks for nothing else."""
        return page.page(self.parts)

    @property
    def fragment(self) -> str:
        """The same as an element to paste into a page of one's own, as often as one likes."""
        return page.fragment(self.parts)

    def save(self, path: str | os.PathLike[str] | IO[Any]) -> None:
        """Write the page to a path that ends in .html, or into an open file.

        Raises `RenderError` for a path that cannot be written to, or that is no page.
        """
        _require_page(path)
        output.write(path, self.html.encode("utf-8"))

    def _repr_html_(self) -> str:
        return page.fragment(self.notebook())


def save(
    graph: TracedGraph,
    target: str | os.PathLike[str] | IO[Any],
    options: Mapping[str, Any],
    format: str | None = None,
) -> None:
    """Write the player of a graph; `format` is that of any other rendering.

    Raises `RenderError` as `play` and `Player.save` do, and for another format.
    """
    if format not in (None, "html"):
        raise OptionError(f"a player is a page, and {format} is none: leave out format=")
    if format is None:
        _require_page(target)
    output.write(target, play(graph, options).html.encode("utf-8"))


def _require_page(target: str | os.PathLike[str] | IO[Any]) -> None:
    if not isinstance(target, (str, os.PathLike)):
        return
    if PurePath(target).suffix.lower() not in (".html", ".htm"):
        raise OptionError(f"{target} is no page, and a player is one: name a file like J.html")


def play(graph: TracedGraph, options: Mapping[str, Any], of: str | None = None) -> Player:
    """The player of a graph; `Graph.play` says the rest.

    >>> import graphtrace as gt
    >>> play(gt.trace(lambda a, b: a * b + a, 2.0, 3.0), {})
    <Player of f(a, b): 7 steps>
    """
    parts = _parts(graph, options, of)
    return Player(parts, lambda: _parts(graph, on_page(options), of))


def _parts(graph: TracedGraph, options: Mapping[str, Any], of: str | None) -> page.Parts:
    for name in ("step", "path"):
        if options.get(name) is not None:
            raise OptionError(f"a player goes through all steps: leave out {name}=")
    if options.get("overlays") is True:
        raise OptionError("a player steps by itself: leave out overlays=, or write no player")
    show = settled(graph, options, series=True)
    slots = Slots(show.style().digits)
    film = film_of(folded(graph, show), show, of, slots)
    look = {name: chosen for name, chosen in options.items() if not is_content(name)}
    setting = setting_of(film.figure, look)
    # A long name of an output has become a letter, where there was no room for it.
    film = replace(film, printer=Printer(setting.figure.names, slots))
    drawn = svg.draw(*setting, show.id_prefix, show.alt, marked=True)
    places = {name: i for i, name in enumerate(_elements(drawn))}
    write = mathml if setting.theme.math else html
    captions = [_sides(film.caption(step), write) for step in film.steps]
    steps = [
        [caption, step.sweep, _places(film, step.values), _places(film, step.grads)]
        for caption, step in zip(captions, film.steps, strict=True)
    ]
    nodes = [_node(film, setting.figure, key, places, write, captions) for key in _keys(film)]
    lines = [
        [
            places[line.element],
            line.line,
            line.when,
            *map(round, line.place),
            [html(template) for template in line.templates],
        ]
        for line in written_lines(setting, film.printer)
        if line.element in places
    ]
    inputs = [page.Input(key, html(runs), slot) for key, runs, slot in _inputs(graph, film)]
    program = live_program(graph, film.target, list(slots.recipes), show)
    data: dict[str, Any] = {
        "digits": slots.digits,
        "numbers": slots.numbers,
        "nodes": nodes,
        "steps": steps,
        "lines": lines,
        "inputs": [[_attribute(one.key), one.slot] for one in inputs],
    }
    if setting.figure.form == "wires":
        data["wires"] = 1
    if isinstance(program, Program):
        data |= {"recipes": program.recipes, **({"ends": program.ends} if program.ends else {})}
    title = describe.title(setting.figure).removeprefix("Computational graph of ")
    return page.Parts(
        title=title,
        svg=drawn,
        theme=setting.theme,
        inputs=tuple(inputs),
        data=data,
        program=program.source if isinstance(program, Program) else "",
        message="" if isinstance(program, Program) else program,
    )


_ELEMENT = re.compile(r'^<g id="([^"]*)" class="(?:node|edge) ', re.MULTILINE)


def _elements(drawn: str) -> Sequence[str]:
    """The ids of the boxes and arrows, without their prefix, in the order in which they stand."""
    root = re.search(r'<svg [^>]*?id="([^"]*)"', drawn)
    prefix = f"{root[1]}-" if root else ""
    return [name.removeprefix(prefix) for name in _ELEMENT.findall(drawn)]


def _sides(sides: Sides, write: Callable[[Runs], str]) -> list[str]:
    """Each side of an equation as markup, with the sign before it."""
    return [write(whole(side)) for side in sides]


def _keys(film: Film) -> list[str]:
    return [str(node) for node in film.graph]


def _places(film: Film, keys: frozenset[str]) -> list[int]:
    return [i for i, key in enumerate(_keys(film)) if key in keys]


def _node(
    film: Film,
    figure: Figure,
    key: str,
    places: Mapping[str, int],
    write: Callable[[Runs], str],
    captions: Sequence[list[str]],
) -> list[Any]:
    """A node's key, value and gradient, its product along all paths, and the arrows on them."""
    product, uses = film.path(key)
    path = _sides(product, write)
    on = [places[e.id] for e in figure.edges if e.operand in uses and e.id in places]
    value, grad = film.graph.nodes[key].get("value"), film.gradients.get(key)
    # Where one step is all of the way, its caption says it.
    return [
        _attribute(key),
        _held(film, value),
        _held(film, grad),
        [] if path in captions else path,
        on,
    ]


def _attribute(key: str) -> str:
    """A key as a script reads it from an attribute of the page."""
    return unescape(xml(key))


def _held(film: Film, x: Any) -> int | str | None:
    """The slot of a number; what is printed of anything else."""
    if isinstance(x, Live):
        return film.printer.slots.at(x)
    return None if x is None else value(x, film.printer.slots.digits)


def _inputs(graph: TracedGraph, film: Film) -> list[tuple[str, Runs, int]]:
    """The inputs that are numbers: the key, the name as it is printed, the slot."""
    inputs = []
    for key in graph.inputs:
        live = film.terms.get(key)
        if live is not None:
            names = film.figure.names[key].runs()
            inputs.append((key, names, film.printer.slots.at(live.atom)))
    return inputs
