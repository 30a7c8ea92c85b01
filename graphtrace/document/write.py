"""Write a graph as JSON, whole.

In: a traced graph. Out: text of the format that docs/json.md tells. It knows no figure.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from graphtrace.document.encoding import encode
from graphtrace.document.names import name_of_test, primitive_name
from graphtrace.errors import ArgumentError
from graphtrace.formula.row import Row
from graphtrace.formula.symbol import Symbol
from graphtrace.graph.linear_map import LinearMap
from graphtrace.graph.traced import TracedGraph
from graphtrace.graph.tree import Branch, Tree

VERSION = 1


def to_json(graph: TracedGraph) -> str:
    """The graph as JSON, of which `load` makes the same graph again.

    It holds what `gt.trace` and `backward` have put into the graph, and none of the attributes
    that you may have added.

    Raises ArgumentError for what no JSON can hold: an operation that is not declared under its
    name, or a parameter that is a function or an object of some class.

    >>> import graphtrace as gt
    >>> print(to_json(gt.trace(lambda x: 2 * x, 3.0)).splitlines()[2])
    "version": 1,
    """
    if "result" not in graph.graph:
        raise ArgumentError(
            "this graph was not made by gt.trace, so it has no rows that JSON could hold: write it "
            "with networkx.node_link_data, or as .graphml"
        )
    order = graph._in_order()
    head = {
        "format": "graphtrace",
        "version": VERSION,
        "name": graph.name,
        "inputs": graph.inputs,
        "outputs": graph.outputs,
        "signature": [_parameter(p) for p in graph.graph.get("signature", ())],
        "parameters": {
            name: _tree(tree, f"parameter {name}")
            for name, tree in graph.graph["parameters"].items()
        },
        "result": _tree(graph.graph["result"], "the result"),
        **{name: graph.graph[name] for name in ("gradient_of", "named") if name in graph.graph},
    }
    lists: dict[str, list[Any]] = {
        "nodes": [_node(key, graph.nodes[key]) for key in order],
        "edges": list(_edges(graph, order)),
        "branches": [_branch(branch) for branch in graph.graph["branches"]],
        "runs": [[run.caller, run.is_whole] for run in graph.graph.get("runs", ())],
    }
    lines = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in head.items()]
    for name, items in lists.items():
        inner = ",\n".join(json.dumps(item) for item in items)
        lines.append(f"{json.dumps(name)}: [\n{inner}\n]" if items else f"{json.dumps(name)}: []")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _parameter(parameter: inspect.Parameter) -> dict[str, Any]:
    fields: dict[str, Any] = {"name": parameter.name, "kind": parameter.kind.name.lower()}
    if parameter.default is not parameter.empty:
        fields["default"] = encode(parameter.default, f"the default of {parameter.name}")
    return fields


def _tree(tree: Tree, where: str) -> Any:
    """Containers with `{"node": key}` or `{"constant": value}` for leaves."""
    leaves = [_operand(leaf.key, leaf.constant, where) for leaf in tree.leaves]

    def encoded(x: Any) -> Any:
        if type(x) is int:
            return leaves[x]
        if x is None:
            return None
        if type(x) is dict:
            return {"dict": [[encode(k, where), encoded(v)] for k, v in x.items()]}
        if type(x) in (list, tuple):
            return {type(x).__name__: [encoded(item) for item in x]}
        raise ArgumentError(
            f"{where} is a {type(x).__name__}, which cannot be written as JSON: trace it with "
            "plain dicts, lists and tuples"
        )

    return encoded(tree.structure(range(len(leaves))))


def _node(key: str, node: Mapping[str, Any]) -> dict[str, Any]:
    row: Row = node["row"]
    fields = {
        "name": key,
        "op": node["op"],
        "value": encode(node["value"], f"the value of {key}"),
        **({"grad": encode(node["grad"], f"the gradient of {key}")} if "grad" in node else {}),
        "formula": _formula(node["formula"]),
        "scope": list(node["scope"]),
        "source": node["source"],
        "index": node["index"],
        **({"run": node["run"]} if "run" in node else {}),
    }
    operands = [
        _operand(operand, x, f"a constant of {key}", name)
        for operand, x, name in zip(row.keys, row.operands, row.shown, strict=True)
    ]
    params = [[name, encode(x, f"{name}= of {key}")] for name, x in row.params.items()]
    name = primitive_name(row.primitive, key)
    written: dict[str, Any] = {"primitive": name, "operands": operands, "params": params}
    if any(row.array_names):
        written["array_names"] = list(row.array_names)
    return {**fields, "row": written}


def _operand(key: str | None, x: Any, where: str, name: str | None = None) -> dict[str, Any]:
    """The node `key`, or the constant `x`, with the name that it has in a formula."""
    if key is not None:
        return {"node": key}
    constant = {"constant": encode(x, where)}
    return constant if name is None else {**constant, "name": name}


def _formula(symbol: Symbol | None) -> dict[str, str] | None:
    return None if symbol is None else {"text": str(symbol), "latex": symbol.latex}


def _edges(graph: TracedGraph, order: Sequence[str]) -> Iterator[dict[str, Any]]:
    for key in order:
        row: Row = graph.nodes[key]["row"]
        for k, operand in enumerate(row.keys):
            if operand is not None:
                edge = graph.edges[operand, key, k]
                ends = {"from": operand, "to": key, "position": k}
                yield {**ends, "local": _local(edge["local"]), "symbol": _formula(edge["symbol"])}


def _local(local: Any) -> Any:
    if isinstance(local, LinearMap):
        return {"map": {"structure": local.structure, "shape": list(local.shape)}}
    return encode(local, "a local derivative")


def _branch(branch: Branch) -> dict[str, Any]:
    where = f"what {branch.text} was decided on"
    pairs = zip(branch.keys, branch.operands, strict=True)
    return {
        "index": branch.index,
        "test": name_of_test(branch.test, branch.text),
        "operands": [_operand(key, x, where) for key, x in pairs],
        "outcome": encode(branch.outcome, where),
        "text": branch.text,
        "source": branch.source,
    }
