"""Draw a layered network of neurons, as on the first slide about deep learning.

In: the number of neurons in each layer. Out: a `Drawing`. The layout is the engine's; each line
runs straight from neuron to neuron.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple, TypeVar

from graphtrace.errors import ArgumentError
from graphtrace.figure.parts import Node, Role
from graphtrace.formula.naming import natural
from graphtrace.formula.runs import Runs, plain
from graphtrace.plots.drawing import Drawing, Picture, Point, line, listed
from graphtrace.render import Theme
from graphtrace.render.formats.attributes import painted
from graphtrace.render.formats.text import set_line
from graphtrace.render.layout import engine
from graphtrace.render.layout.places import read_layout
from graphtrace.render.paint.paint import Paint, paint
from graphtrace.render.typeset.escape import decimal, xml

_LEAST = 4
_DIAMETER = 44
_GAP = 13
_BETWEEN = 104


_T = TypeVar("_T")


class Neuron(NamedTuple):
    """A place in a column; without a label it is the ⋮ that stands for many."""

    layer: int
    key: str
    label: _Label | None


class _Label(NamedTuple):
    base: Runs
    above: str = ""
    below: str = ""

    @property
    def text(self) -> str:
        """As LaTeX would write it: `a^[1]_2`."""
        marks = (("^", self.above), ("_", self.below))
        return plain(self.base) + "".join(sign + mark for sign, mark in marks if mark)


def network(
    sizes: Sequence[int],
    *,
    names: Sequence[str | Sequence[str] | None] | None = None,
    layers: Sequence[str] | None = None,
    most: int = 8,
) -> Drawing:
    """The network with so many neurons in each layer, every one joined to all of the next layer.

    The inputs are x₁, x₂, ..., neuron i of layer l is aᵢ with [l] above it, the output is ŷ.
    `names` says otherwise, layer by layer: a letter that is numbered, a name for each neuron, ""
    for none, None for the usual one. `layers` are the words beneath the columns. Of a layer with
    more than `most` neurons, the first ones, ⋮ and the last one are drawn.

    Raises `ArgumentError` for sizes that are no layers, and names that do not match them.

    >>> import graphtrace as gt
    >>> gt.figures.network([3, 5, 5, 3, 1]).title
    'Network with layers of 3, 5, 5, 3 and 1 neurons'
    """
    _check(sizes, most)
    columns = [
        list(_column(layer, size, given, len(sizes), most))
        for layer, (size, given) in enumerate(
            zip(sizes, _each(names or [None] * len(sizes), sizes, "names"), strict=True)
        )
    ]
    words = _each(layers, sizes, "layers") if layers else _layers(len(sizes))
    counted = [str(size) for size in sizes]
    title = f"Network with layers of {listed(counted)} neurons"
    description = f"{title}. " + " ".join(
        f"{word or f'Layer {i}'}: {', '.join(neuron.key for neuron in column)}."
        for i, (word, column) in enumerate(zip(words, columns, strict=True))
    )
    description += " Every neuron is joined to all neurons of the next layer."
    return Drawing("network", title, description, lambda theme: _draw(columns, words, theme))


def _check(sizes: Sequence[int], most: int) -> None:
    if min(sizes, default=0) < 1 or any(size != int(size) for size in sizes):
        raise ArgumentError(
            f"a network's sizes are whole numbers from 1 up, one a layer, not {sizes!r}: "
            "write network([3, 5, 1])"
        )
    if most < _LEAST:
        raise ArgumentError(f"most={most} leaves no room for neurons around the ⋮: use 4 or more")


def _each(given: Sequence[_T], sizes: Sequence[int], what: str) -> Sequence[_T]:
    if len(given) != len(sizes):
        raise ArgumentError(
            f"{what} has {len(given)} entries for {len(sizes)} layers: give one for each layer"
        )
    return given


def _layers(count: int) -> list[str]:
    if count == 1:
        return ["layer"]
    hidden = ["hidden layer"] if count == 3 else [f"hidden layer {i}" for i in range(1, count - 1)]
    return ["input layer", *hidden, "output layer"]


def _column(
    layer: int, size: int, given: str | Sequence[str] | None, layers: int, most: int
) -> Iterator[Neuron]:
    if given is not None and not isinstance(given, str) and len(given) != size:
        raise ArgumentError(
            f"names has {len(given)} names for the {size} neurons of layer {layer}: give one for "
            "each, or one letter for all"
        )
    shown = list(range(1, size + 1))
    if size > most:
        shown = [*range(1, most - 1), 0, size]
    for i in shown:
        if not i:
            yield Neuron(layer, "⋮", None)
            continue
        label = _label(layer, i, size, given, layers)
        yield Neuron(layer, label.text or f"{layer}.{i}", label)


def _label(layer: int, i: int, size: int, given: str | Sequence[str] | None, layers: int) -> _Label:
    if given is not None and not isinstance(given, str):
        return _Label(natural(given[i - 1]).runs())
    if given is not None:
        return _Label(natural(given).runs(), below=str(i)) if given else _Label(())
    if layer == 0:
        return _Label(natural("x").runs(), below=str(i))
    if layer == layers - 1:
        return _Label(natural("y_hat").runs(), below=str(i) if size > 1 else "")
    return _Label(natural("a").runs(), f"[{layer}]", str(i))


def _draw(columns: list[list[Neuron]], layers: Sequence[str], theme: Theme) -> Picture:
    laid, width, height = _layout(columns)
    words = [line("note", word, theme) for word in layers]
    # The word beneath the first and the last column may be wider than the column.
    side = theme.margin + max(0.0, max(word.width for word in words) / 2 - _DIAMETER / 2)
    places = [[(x + side, y + theme.margin) for x, y in column] for column in laid]
    body = list(_weights(columns, places, theme))
    for neurons, at in zip(columns, places, strict=True):
        for neuron, middle in zip(neurons, at, strict=True):
            body += _neuron(neuron, middle, _role(neuron.layer, len(columns)), theme)
    bottom = height + 2 * theme.margin
    if any(word.full for word in words):
        for word, column in zip(words, places, strict=True):
            if word.full:
                body.append(set_line(word, (column[0][0], bottom + 10), theme))
        bottom += 28
    return Picture(tuple(body), width + 2 * side, bottom)


def _role(layer: int, layers: int) -> Role:
    return "input" if layer == 0 else "output" if layer == layers - 1 else "operation"


def _layout(columns: list[list[Neuron]]) -> tuple[list[list[Point]], float, float]:
    """The middle of each neuron, from the top of its column to the bottom."""
    size = sum(len(column) for column in columns)
    dot = [
        f"digraph network {{ rankdir=LR; nodesep={_GAP / 72:.4f}; ranksep={_BETWEEN / 72:.4f};",
        f'node [shape=circle, fixedsize=true, width={_DIAMETER / 72:.4f}, label=""];',
        "edge [dir=none];",
    ]
    starts, start = [], 0
    for column in columns:
        starts.append(start)
        start += len(column)
    dot += [f"n{i};" for i in range(size)]
    for i, (one, two) in enumerate(pairwise(columns)):
        for a in range(len(one)):
            dot += [f"n{starts[i] + a} -> n{starts[i + 1] + b} [id=e{a}];" for b in range(len(two))]
    answer = engine.run(engine.find(), "\n".join([*dot, "}"]), "json0")
    layout = read_layout(answer, size)
    middles = []
    for start, column in zip(starts, columns, strict=True):
        # Within a column the engine is free to choose the order: all neurons are joined alike.
        at = sorted(layout.nodes[start : start + len(column)], key=lambda point: point[1])
        off = layout.height / 2 - (at[0][1] + at[-1][1]) / 2
        middles.append([(x, y + off) for x, y in at])
    return middles, layout.width, layout.height


def _weights(columns: list[list[Neuron]], places: list[list[Point]], theme: Theme) -> Iterable[str]:
    look = painted("weight", Paint(None, "faint_line"), theme)
    for i in range(len(columns) - 1):
        for one, p in zip(columns[i], places[i], strict=True):
            for two, q in zip(columns[i + 1], places[i + 1], strict=True):
                if one.label is None or two.label is None:
                    continue
                ends = f'data-from="{xml(one.key)}" data-to="{xml(two.key)}"'
                yield f'<g class="edge" {ends}><path {look} d="{_straight(p, q)}"/></g>'


def _straight(p: Point, q: Point) -> str:
    """From border to border."""
    length = math.dist(p, q)
    dx, dy = ((q[i] - p[i]) / length * _DIAMETER / 2 for i in (0, 1))
    ends = (p[0] + dx, p[1] + dy, q[0] - dx, q[1] - dy)
    return "M{},{}L{},{}".format(*map(decimal, ends))


def _neuron(neuron: Neuron, at: Point, role: Role, theme: Theme) -> Iterable[str]:
    if neuron.label is None:
        dot = painted("dot", Paint("ink"), theme)
        for off in (-9, 0, 9):
            yield f'<circle {dot} cx="{decimal(at[0])}" cy="{decimal(at[1] + off)}" r="2"/>'
        return
    yield f'<g class="node {role}" data-node="{xml(neuron.key)}">'
    yield f"<title>{xml(neuron.key)}</title>"
    ring = f'cx="{decimal(at[0])}" cy="{decimal(at[1])}" r="{decimal(_DIAMETER / 2)}"'
    look = paint(Node("", neuron.key, role, ()), theme)
    yield f"<circle {painted('box', look, theme)} {ring}/>"
    yield from _set(neuron.label, at, theme)
    yield "</g>"


def _set(label: _Label, at: Point, theme: Theme) -> Iterable[str]:
    """The base in the line, the indices above each other beside it."""
    base = line("formula", label.base, theme)
    marks = [line("index", index, theme) for index in (label.above, label.below)]
    x = at[0] - (base.width + max(mark.width for mark in marks)) / 2
    if label.base:
        yield set_line(base, (x + base.width / 2, at[1]), theme)
    for mark, rise in zip(marks, (-7, 6), strict=True):
        if mark.full:
            yield set_line(mark, (x + base.width + 1 + mark.width / 2, at[1] + rise), theme)
