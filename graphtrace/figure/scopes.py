"""Frame what the call of a helper computes.

In: a Figure and the graph it is of. Out: the Figure with a `Scope` for each call, the outer ones
first. It knows nothing about places: the layout keeps the boxes of a frame together.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

from graphtrace.figure.boxes import Ids
from graphtrace.figure.parts import Figure, Scope

if TYPE_CHECKING:
    import networkx as nx

_Path: TypeAlias = tuple[str, ...]


def with_scopes(figure: Figure, graph: nx.MultiDiGraph[Any]) -> Figure:
    """The figure with a frame around the boxes of each helper call.

    A copy and a constant stand in the frame of the box that uses them.

    >>> import graphtrace as gt
    >>> def twice(x):
    ...     return 2 * x
    >>> g = gt.trace(lambda a: twice(a) + 1, 3.0)
    >>> [(scope.title, scope.nodes) for scope in g.figure(scopes=True).scopes]
    [('twice', ('node-v1',))]
    """
    scope_of = {str(key): tuple(data.get("scope") or ()) for key, data in graph.nodes(data=True)}
    of_node = {
        node.id: scope_of.get(node.key, ())
        for node in figure.nodes
        if node.role in ("operation", "output")
    }
    leaves = {node.id for node in figure.nodes if node.role in ("copy", "constant")}
    for edge in figure.edges:
        if edge.tail in leaves:
            of_node[edge.tail] = of_node.get(edge.head, ())
    members: dict[_Path, list[str]] = {}
    for node in figure.nodes:
        path = of_node.get(node.id, ())
        for depth in range(1, len(path) + 1):
            members.setdefault(path[:depth], []).append(node.id)
    ids = Ids()
    id_of = {path: ids.new("scope", *path) for path in members}
    names = {name for path in members for name in path}
    scopes = tuple(
        Scope(id_of[path], _title(path[-1], names), tuple(nodes), id_of.get(path[:-1]))
        for path, nodes in members.items()
    )
    return replace(figure, scopes=scopes)


def _title(name: str, names: set[str]) -> str:
    """`h`, where the second call of h is `h_2`."""
    plain = re.sub(r"_\d+$", "", name)
    return plain if plain in names else name
