"""Set the boxes in layers that are no wider than the page, from the outputs up to the inputs.

In: a Figure from top to bottom without arrows back, its measured text, a theme. Out: the layer of
each box, 0 for the last. The engine alone would set all inputs in one row. Plain arithmetic: it
knows nothing about curves.
"""

from __future__ import annotations

from graphtrace.figure.parts import Figure
from graphtrace.render.layout.frame import smallest_shown
from graphtrace.render.paint.theme import Theme
from graphtrace.render.typeset.sheet import Sheet


def room_for(sheet: Sheet, theme: Theme) -> float:
    """How wide the layout may be for its smallest text to be read on the page."""
    wide = theme.column * smallest_shown(sheet, 1, theme) / theme.smallest
    return wide - 2 * theme.margin


def layers(figure: Figure, sheet: Sheet, theme: Theme) -> dict[str, int]:
    """The layer of each box by its id: above all that it leads to.

    Of the boxes that might stand in a layer, those at the end of the longest way have the first
    place; what else there is room for beside the arrows that pass comes next.
    """
    room = room_for(sheet, theme) * theme.layered
    gap = theme.node_gap
    width = {n.id: cell.width for n, cell in zip(figure.nodes, sheet.cells, strict=True)}
    heads: dict[str, list[str]] = {node.id: [] for node in figure.nodes}
    way = dict.fromkeys(heads, 0)
    for edge in figure.edges:
        heads[edge.tail].append(edge.head)
        way[edge.head] = max(way[edge.head], way[edge.tail] + 1)
    layer: dict[str, int] = {}
    waiting = sorted(heads, key=lambda id: -way[id])
    at = 0
    while waiting:
        row: list[str] = []
        used = 0.0
        passing = sum(head in layer for id in waiting for head in heads[id])
        for id in waiting:
            if not all(head in layer for head in heads[id]):
                continue
            others = passing - len(heads[id])
            if not row or used + width[id] + others * gap <= room:
                row.append(id)
                used, passing = used + width[id] + gap, others
        layer |= dict.fromkeys(row, at)
        at += 1
        waiting = [id for id in waiting if id not in row]
    return layer
