"""Read a graph that was written as JSON.

In: a path, an open file or a text. Out: a graph whose values, forward, backward and figures are
those of the graph that was written. Nothing in the text is executed, what it may ask for is bounded
by its length, and what is damaged is one sentence that names the place.
"""

from __future__ import annotations

import inspect
import json
import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import IO, Any

import numpy as np

from graphtrace.core.inputs import INPUT, is_name
from graphtrace.core.named_array import arrays_in
from graphtrace.core.pytree import flatten
from graphtrace.core.tape import collector_paused
from graphtrace.document.encoding import DEEPEST, decode, dict_of
from graphtrace.document.names import known_primitive, read_test, text_of
from graphtrace.document.rows import (
    Computed,
    is_value,
    require_gradient,
    require_leaf,
    require_operands,
    require_params,
)
from graphtrace.document.work import Allowance
from graphtrace.document.write import VERSION
from graphtrace.errors import ArgumentError
from graphtrace.formula.row import Row
from graphtrace.formula.symbol import Symbol, row_text
from graphtrace.graph.build import CONSTANT, local_of
from graphtrace.graph.linear_map import LinearMap
from graphtrace.graph.statements import Run
from graphtrace.graph.trace import AnyGraph
from graphtrace.graph.traced import TracedGraph
from graphtrace.graph.tree import Branch, Leaf, Tree


def read(source: str | os.PathLike[str] | IO[Any], graph: AnyGraph) -> AnyGraph:
    """The empty `graph`, filled with what was written; `graphtrace.load` says the rest."""
    name, text = _text(source)
    reader = _Reader(len(text))
    try:
        with collector_paused(), np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they were shown when it was traced
            return reader.fill(graph, _document(name, text))
    except ArgumentError:
        raise
    except RecursionError:
        raise ArgumentError(
            f"{name} is nested too deeply to be a graph of graphtrace: give it what "
            "g.render('J.json') has written"
        ) from None
    except Exception as error:
        place = f" at {reader.place}" if reader.place else ""
        why = f"{type(error).__name__}: {' '.join(str(error).split()):.160}"
        why = "".join(c if c.isprintable() else "?" for c in why)
        raise ArgumentError(
            f"{name} is damaged{place}, so no graph can be made of it ({why}): write it again with "
            "g.render('J.json')"
        ) from error


def _document(name: str, text: str) -> dict[str, Any]:
    """The object that the text is, if it is one of ours."""
    document = json.loads(text, parse_constant=_refuse, object_pairs_hook=_object)
    if not isinstance(document, dict) or document.get("format") != "graphtrace":
        raise ArgumentError(
            f"{name} is no graph of graphtrace: give it what g.render('J.json') has written"
        )
    if document["version"] != VERSION:
        raise ArgumentError(
            f"{name} is written in version {document['version']!r:.20} of the format and this "
            f"graphtrace reads version {VERSION}: load it with the graphtrace that wrote it"
        )
    return document


def _text(source: Any) -> tuple[str, str]:
    """What to call the source in an error, and its text."""
    if hasattr(source, "read"):
        content = source.read()
        name = str(getattr(source, "name", "the text"))
    elif isinstance(source, str) and source.lstrip().startswith("{"):
        return "the text", source
    else:
        name = os.fspath(source)
        try:
            content = Path(source).read_bytes()
        except OSError as error:
            why = error.strerror or str(error)
            raise ArgumentError(
                f"{name} cannot be read ({why}): give the path of a file that g.render has written"
            ) from None
    if isinstance(content, str):
        return name, content
    try:
        return name, content.decode("utf-8")
    except UnicodeDecodeError:
        raise ArgumentError(
            f"{name} is no text in UTF-8, so it is no graph of graphtrace: give it what "
            "g.render('J.json') has written"
        ) from None


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant}, which is no JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    items = dict(pairs)
    if len(items) < len(pairs):
        raise ValueError(f"a key that is there twice among {[key for key, _ in pairs]!s:.60}")
    return items


def _require(is_so: bool, otherwise: str) -> None:
    if not is_so:
        raise ValueError(otherwise)


_CONTAINERS: dict[int, str] = {
    inspect.Parameter.VAR_POSITIONAL: "tuple",
    inspect.Parameter.VAR_KEYWORD: "dict",
}


class _Reader:
    """One pass from the text's lists to the graph; `place` is what it is at, for an error."""

    def __init__(self, length: int) -> None:
        self.place = ""
        self.values: dict[str, Any] = {}
        self.indices: dict[str, int] = {}
        self.computed = Computed(Allowance(length))

    def fill(self, graph: AnyGraph, document: Mapping[str, Any]) -> AnyGraph:
        """The graph, each part of which has been checked."""
        graph.graph["name"] = text_of(self._at(document, "name"))
        for i, node in enumerate(self._at(document, "nodes")):
            self._add_node(graph, node, f"nodes[{i}]")
        self._require_edges(graph, document)
        state = graph.graph
        state["signature"] = self._signature(document)
        state["parameters"] = self._parameters(document, state["signature"])
        state["result"] = self._tree(self._at(document, "result"))
        rows = (node["row"] for node in graph._node.values())
        taken = [row.name for row in rows if row.primitive is INPUT]
        state["inputs"] = self._at(document, "inputs")
        _require(
            state["inputs"] == _keys(state["parameters"].values()) == taken,
            "other inputs than the parameters have",
        )
        state["outputs"] = self._at(document, "outputs")
        _require(state["outputs"] == _keys([state["result"]]), "other outputs than the result has")
        if "named" in document:
            state["named"] = [self._known(key) for key in self._at(document, "named")]
        if "gradient_of" in document:
            of = state["gradient_of"] = self._at(document, "gradient_of")
            _require(of is None or of in state["outputs"], f"{of!r:.60}, which is no output")
        state["branches"] = self._branches(document)
        # Older files have none, and no figures of statements.
        self.place = "runs"
        state["runs"] = self._runs(graph, document.get("runs", []))
        graph._in_order()
        return graph

    def _at(self, mapping: Mapping[str, Any], key: str, place: str = "") -> Any:
        """What is said under a key, which is what will be read next."""
        self.place = f"{place}.{key}" if place else key
        return mapping[key]

    def _known(self, key: Any) -> str:
        """The key of a node that has come before."""
        if not isinstance(key, str) or key not in self.values:
            raise ValueError(f"there is no node {key!r:.60} above the place that names it")
        return key

    # Nodes.

    def _add_node(self, graph: TracedGraph, encoded: Mapping[str, Any], place: str) -> None:
        key = text_of(self._at(encoded, "name", place))
        _require(key not in self.values, f"{key!r:.60} is there twice")
        index = self._at(encoded, "index", place)
        last = next(reversed(self.indices.values()), -1)
        _require(type(index) is int and index > last, "no number that goes on counting")
        value = decode(self._at(encoded, "value", place))
        _require(is_value(value), "no number and no array of numbers")
        row = self._row(key, value, self._at(encoded, "row", place), f"{place}.row")
        self.place = f"{place}.row"
        self.computed.add(row)
        self.indices[key] = index
        op = self._at(encoded, "op", place)
        _require(op == row.primitive.op, f"{op!r:.60} for {row.primitive.name}")
        scope, source = self._at(encoded, "scope", place), self._at(encoded, "source", place)
        self.place = f"{place}.row"
        graph.add_node(
            key,
            op=op,
            value=value,
            label=_label(row),
            scope=tuple(map(text_of, scope)),
            source=None if source is None else text_of(source),
            formula=Symbol(row) if row.operands else None,
            index=index,
            row=row,
        )
        for k, operand in enumerate(row.keys):
            if operand is not None:
                local = local_of(row, k)
                if isinstance(local, LinearMap) and not row.primitive.stops(k):
                    self.computed.try_rule(row, k)
                graph.add_edge(operand, key, k, local=local, symbol=Symbol(row, k))
        if "run" in encoded:
            graph.nodes[key]["run"] = self._at(encoded, "run", place)
        if "grad" in encoded:
            graph.nodes[key]["grad"] = grad = decode(self._at(encoded, "grad", place))
            require_gradient(grad, value)
        self.values[key] = value

    def _row(self, key: str, value: Any, encoded: Mapping[str, Any], place: str) -> Row:
        primitive = known_primitive(self._at(encoded, "primitive", place), key)
        operands = self._at(encoded, "operands", place)
        keys, xs = self._operands(operands)
        require_operands(primitive, keys, xs)
        shown = [
            text_of(operand["name"]) if name is None and "name" in operand else name
            for name, operand in zip(keys, operands, strict=True)
        ]
        pairs = self._at(encoded, "params", place)
        params = {text_of(name): decode(x) for name, x in pairs}
        _require(len(params) == len(pairs), "a param that is there twice")
        require_params(primitive, params)
        names = [name and text_of(name) for name in encoded.get("array_names", ())]
        arrays = sum(1 for _ in arrays_in(params))
        _require(len(names) in (0, arrays), "more or fewer names than arrays in the params")
        return Row(primitive, value, xs, params, key, keys, tuple(shown), tuple(names))

    def _operands(self, operands: Iterable[Any]) -> tuple[tuple[str | None, ...], tuple[Any, ...]]:
        """The nodes that operands come from, None for a constant, and their values."""
        keys, xs = [], []
        for operand in operands:
            key = self._known(operand["node"]) if "node" in operand else None
            keys.append(key)
            xs.append(decode(operand["constant"]) if key is None else self.values[key])
        return tuple(keys), tuple(xs)

    def _require_edges(self, graph: TracedGraph, document: Mapping[str, Any]) -> None:
        """Refuse edges that are not those of the rows."""
        rows = [node["row"] for node in graph._node.values()]
        own = [(u, row.name, k) for row in rows for k, u in enumerate(row.keys) if u is not None]
        edges = self._at(document, "edges")
        for i, (edge, ends) in enumerate(zip(edges, own, strict=True)):
            self.place = f"edges[{i}]"
            _require((edge["from"], edge["to"], edge["position"]) == ends, f"it is no {ends!s:.60}")

    # Parameters and the result.

    def _signature(self, document: Mapping[str, Any]) -> list[inspect.Parameter]:
        parameters = []
        for i, encoded in enumerate(self._at(document, "signature")):
            self.place = f"signature[{i}]"
            parameters.append(_parameter(encoded))
        return list(inspect.Signature(parameters).parameters.values())

    def _parameters(
        self, document: Mapping[str, Any], signature: Iterable[inspect.Parameter]
    ) -> dict[str, Tree]:
        encoded = self._at(document, "parameters")
        names = [parameter.name for parameter in signature]
        _require(list(encoded) == names, f"they are not those of the signature, {', '.join(names)}")
        trees = {}
        for parameter in signature:
            part = self._at(encoded, parameter.name, "parameters")
            container = _CONTAINERS.get(parameter.kind)
            _require(container is None or list(part) == [container], f"it is no {container}")
            trees[parameter.name] = self._tree(part)
        return trees

    def _tree(self, encoded: Any) -> Tree:
        leaves: list[Leaf] = []
        numbers = count()

        def read(x: Any, depth: int) -> Any:
            if x is None:
                return None
            _require(depth > 0, "a container that is nested too deeply")
            ((kind, content),) = x.items()
            if kind == "dict":
                return dict_of([(decode(k), read(v, depth - 1)) for k, v in content])
            if kind in ("list", "tuple"):
                parts = [read(item, depth - 1) for item in content]
                return parts if kind == "list" else tuple(parts)
            if kind == "node":
                leaves.append(Leaf(self._known(content)))
            elif kind == "constant":
                leaves.append(Leaf(None, decode(content)))
                require_leaf(leaves[-1].constant)
            else:
                raise ValueError(f"{kind!r:.60} in a parameter or the result")
            return next(numbers)

        _, structure = flatten(read(encoded, DEEPEST))
        return Tree(tuple(leaves), structure)

    # Decisions.

    def _branches(self, document: Mapping[str, Any]) -> list[Branch]:
        branches: list[Branch] = []
        for i, encoded in enumerate(self._at(document, "branches")):
            self.place = f"branches[{i}]"
            branch = self._branch(encoded)
            _require(not branches or branches[-1].index <= branch.index, "it stands too late")
            self.computed.check(branch)
            branches.append(branch)
        return branches

    def _runs(self, graph: TracedGraph, encoded: Sequence[Any]) -> list[Run]:
        """The executions of statements; what they look like in the source is not in a file."""
        runs = []
        for i, (caller, is_whole) in enumerate(encoded):
            self.place = f"runs[{i}]"
            _require(type(caller) is int and -1 <= caller < i, "no run that has come before")
            _require(type(is_whole) is bool, "neither true nor false")
            runs.append(Run(caller, is_whole))
        for i, node in enumerate(graph._node.values()):
            self.place = f"nodes[{i}].run"
            run = node.get("run")
            is_one = type(run) is int and 0 <= run < len(runs)
            _require(is_one or "run" not in node, f"there is no run {run!r:.60}")
        return runs

    def _branch(self, encoded: Mapping[str, Any]) -> Branch:
        keys, xs = self._operands(encoded["operands"])
        index, source = encoded["index"], encoded["source"]
        _require(type(index) is int, "no number that says where it stands")
        for key in keys:
            is_later = key is not None and self.indices[key] >= index
            _require(not is_later, f"{key!r:.60} is used before it is evaluated")
        test, outcome, text = (
            read_test(encoded["test"]),
            decode(encoded["outcome"]),
            encoded["text"],
        )
        where = None if source is None else text_of(source)
        return Branch(index, test, xs, keys, outcome, text_of(text), where)


def _keys(trees: Iterable[Tree]) -> list[str]:
    """The nodes that are leaves of the trees."""
    return [leaf.key for tree in trees for leaf in tree.leaves if leaf.key is not None]


def _label(row: Row) -> str:
    if row.primitive is CONSTANT:
        return f"{row.name} = {row.value!r:.40}"
    return f"{row.name} = {row_text(row)}" if row.operands else row.name


def _parameter(encoded: Mapping[str, Any]) -> inspect.Parameter:
    name, kind = text_of(encoded["name"]), inspect._ParameterKind[text_of(encoded["kind"]).upper()]
    _require(is_name(name), f"{name!r:.60} is no name of a parameter")
    default = decode(encoded["default"]) if "default" in encoded else inspect.Parameter.empty
    return inspect.Parameter(name, kind, default=default)
