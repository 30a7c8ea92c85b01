"""Room: a drawing in which numbers may become wider than they are.

In: a figure whose numbers are live, and how it looks. Out: its Setting. In a box there is room
beside most numbers; on a wire the number is all of the label, so that the wires are laid out for
wider ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from graphtrace.figure.forms import in_form
from graphtrace.figure.parts import Contribution, Edge, Figure, Node, Part, Partial, Value
from graphtrace.player.slots import Live
from graphtrace.render.layout.fit import Setting
from graphtrace.render.rendering import Rendering
from graphtrace.render.typeset.typesetting import typeset

_WIDE = -0.1234
"""As wide as most numbers."""


def setting_of(figure: Figure, look: Mapping[str, Any]) -> Setting:
    """The figure laid out, with room on its wires."""
    setting = Rendering(figure, look, "svg").setting
    if setting.figure.form != "wires":
        return setting
    _, _, layout, theme = wide = Rendering(_widened(figure), look, "svg").setting
    drawn = in_form(figure, "wires")
    drawn = replace(
        drawn,
        names=wide.figure.names,
        caption=wide.figure.caption,
        direction=wide.figure.direction,
    )
    return Setting(drawn, typeset(drawn, theme), layout, theme)


def _widened(figure: Figure) -> Figure:
    def of_node(node: Node) -> Node:
        gradient = node.gradient
        if isinstance(gradient, Partial):
            gradient = replace(gradient, value=_wide(gradient.value))
        return replace(node, parts=tuple(map(_part, node.parts)), gradient=gradient)

    def of_edge(edge: Edge) -> Edge:
        return replace(edge, part=None if edge.part is None else _part(edge.part))

    nodes, edges = tuple(map(of_node, figure.nodes)), tuple(map(of_edge, figure.edges))
    return replace(figure, nodes=nodes, edges=edges)


def _part(part: Part) -> Part:
    if isinstance(part, Value | Partial):
        return replace(part, value=_wide(part.value))
    if isinstance(part, Contribution) and isinstance(part.upstream, Live):
        return replace(part, upstream=_WIDE, local=1.0)
    return part


def _wide(x: Any) -> Any:
    return _WIDE if isinstance(x, Live) else x
