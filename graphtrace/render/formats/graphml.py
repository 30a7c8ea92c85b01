"""Write a graph as GraphML, for Gephi, yEd, igraph and whatever else reads graphs.

In: a traced graph. Out: GraphML with its nodes, edges and keys, and what stands on them as
numbers and texts, since GraphML knows nothing else. It knows nothing about figures.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from graphtrace.formula.number import is_scalar
from graphtrace.render.typeset.escape import clean

if TYPE_CHECKING:
    import networkx as nx

    from graphtrace.render.rendering import Rendering


def write(rendering: Rendering) -> str:
    """The text of the file."""
    return graphml(rendering.graph)


def graphml(graph: nx.MultiDiGraph[Any]) -> str:
    """The graph as GraphML.

    Read it with `networkx.read_graphml(path, edge_key_type=int, force_multigraph=True)`: then the
    nodes, the edges and their keys are those of the graph. A `value`, `grad` or `local` that is
    one real number is a number; any other is a text under `value_text` and so on.
    """
    import networkx as nx
    from networkx.readwrite.graphml import GraphMLWriter

    flat = nx.MultiDiGraph(name=clean(str(graph.graph.get("name", ""))))
    for name in ("inputs", "outputs"):
        flat.graph[name] = clean(", ".join(map(str, graph.graph.get(name, ()))))
    names = _names(graph)
    for key, data in graph.nodes(data=True):
        flat.add_node(names[key], **dict(_node(data)))
    for tail, head, key, data in graph.edges(keys=True, data=True):
        flat.add_edge(names[tail], names[head], key, **dict(_edge(data)))
    file = io.BytesIO()
    GraphMLWriter(graph=flat, prettyprint=True).dump(file)
    return file.getvalue().decode("utf-8") + "\n"


def _names(graph: nx.MultiDiGraph[Any]) -> dict[Any, str]:
    """A name for each node that XML can hold, its key if it can."""
    names: dict[Any, str] = {}
    taken: set[str] = set()
    for key in graph:
        name = clean(str(key))
        while name in taken:
            name += "'"
        names[key] = name
        taken.add(name)
    return names


def _node(data: Mapping[str, Any]) -> Iterator[tuple[str, str | float]]:
    for name in ("op", "label", "source"):
        if data.get(name) is not None:
            yield name, clean(str(data[name]))
    if data.get("scope"):
        yield "scope", clean("/".join(map(str, data["scope"])))
    for name in ("value", "grad"):
        if name in data:
            yield _number(name, data[name])
    if data.get("formula") is not None:
        yield "latex", clean(data["formula"].latex)


def _edge(data: Mapping[str, Any]) -> Iterator[tuple[str, str | float]]:
    if "local" in data:
        yield _number("local", data["local"])
    if "symbol" in data:
        yield "symbol", clean(str(data["symbol"]))
        yield "symbol_latex", clean(getattr(data["symbol"], "latex", ""))


def _number(name: str, x: Any) -> tuple[str, str | float]:
    plain = x.item() if is_scalar(x) and hasattr(x, "item") else x
    if isinstance(plain, (bool, int, float)):
        return name, float(plain)
    text = str(x.tolist()) if hasattr(x, "tolist") else str(x)
    return f"{name}_text", clean(text)
