"""Read a graph that was written as JSON.

In: a path, an open file or a text. Out: a graph whose values, forward, backward and figures are
those of the graph that was written. Nothing in the text is executed, and what is damaged is one
sentence.
"""

from __future__ import annotations

import inspect
import json
import os
from collections.abc import Iterable, Mapping
from itertools import count
from pathlib import Path
from typing import IO, Any

import numpy as np

from graphtrace.core.pytree import flatten
from graphtrace.document.encoding import decode
from graphtrace.document.names import known_primitive, read_test, text_of
from graphtrace.document.write import VERSION
from graphtrace.errors import ArgumentError
from graphtrace.formula.symbol import Row, Symbol, row_text
from graphtrace.graph.build import CONSTANT, local_of
from graphtrace.graph.trace import AnyGraph
from graphtrace.graph.traced import Branch, Leaf, TracedGraph, Tree


def read(source: str | os.PathLike[str] | IO[Any], graph: AnyGraph) -> AnyGraph:
    """The empty `graph`, filled with what was written; `graphtrace.load` says the rest."""
    name, text = _text(source)
    try:
        said = json.loads(text, parse_constant=_refuse)
        if not isinstance(said, dict) or said.get("format") != "graphtrace":
            raise ArgumentError(
                f"{name} is no graph of graphtrace: give it what g.render('J.json') has written"
            )
        if said["version"] != VERSION:
            raise ArgumentError(
                f"{name} is written in version {said['version']!r:.20} of the format and this "
                f"graphtrace reads version {VERSION}: load it with the graphtrace that wrote it"
            )
        return _Reader(said).fill(graph)
    except ArgumentError:
        raise
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        why = f"{type(error).__name__}: {' '.join(str(error).split()):.160}"
        raise ArgumentError(
            f"{name} is damaged, so no graph can be made of it ({why}): write it again with "
            "g.render('J.json')"
        ) from error
    except RecursionError:
        raise ArgumentError(
            f"{name} is nested too deeply to be a graph of graphtrace: give it what "
            "g.render('J.json') has written"
        ) from None


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


class _Reader:
    """One pass from the text's lists to the graph."""

    def __init__(self, said: Mapping[str, Any]) -> None:
        self.said = said
        self.values: dict[str, Any] = {}
        self.indices: dict[str, int] = {}

    def fill(self, graph: AnyGraph) -> AnyGraph:
        said = self.said
        graph.graph["name"] = text_of(said["name"])
        with np.errstate(all="ignore"):
            for node in said["nodes"]:
                self._add_node(graph, node)
        graph.graph["inputs"] = [self._known(key) for key in said["inputs"]]
        graph.graph["parameters"] = {
            text_of(name): self._tree(tree) for name, tree in said["parameters"].items()
        }
        graph.graph["result"] = self._tree(said["result"])
        graph.graph["outputs"] = [self._known(key) for key in said["outputs"]]
        if "named" in said:
            graph.graph["named"] = [self._known(key) for key in said["named"]]
        if "gradient_of" in said:
            of = said["gradient_of"]
            graph.graph["gradient_of"] = None if of is None else self._known(of)
        graph.graph["branches"] = [self._branch(branch) for branch in said["branches"]]
        signature = inspect.Signature([_parameter(p) for p in said["signature"]])
        graph.graph["signature"] = list(signature.parameters.values())
        indices = [branch.index for branch in graph.graph["branches"]]
        if indices != sorted(indices):
            raise ValueError("branches that are not in the order of evaluation")
        graph._in_order()
        return graph

    def _known(self, key: Any) -> str:
        """The key of a node that has come before."""
        if not isinstance(key, str) or key not in self.values:
            raise ValueError(f"there is no node {key!r:.60} above the place that names it")
        return key

    def _add_node(self, graph: TracedGraph, said: Mapping[str, Any]) -> None:
        key, value, index = text_of(said["name"]), decode(said["value"]), said["index"]
        if key in self.values or type(index) is not int or not _is_value(value):
            raise ValueError(f"node {key!r:.60} is there twice, or has no index or no value")
        row = self._row(key, value, said["row"])
        self._require_order(row.keys, index)
        self.indices[key] = index
        graph.add_node(
            key,
            op=text_of(said["op"]),
            value=value,
            label=_label(row),
            scope=tuple(map(text_of, said["scope"])),
            source=None if said["source"] is None else text_of(said["source"]),
            formula=Symbol(row) if row.operands else None,
            index=index,
            row=row,
        )
        if "grad" in said:
            grad = decode(said["grad"])
            if not _is_value(grad) or np.shape(grad) != np.shape(value):
                raise ValueError(f"the gradient of {key!r:.60} has another shape than its value")
            graph.nodes[key]["grad"] = grad
        for k, operand in enumerate(row.keys):
            if operand is not None:
                graph.add_edge(operand, key, k, local=local_of(row, k), symbol=Symbol(row, k))
        self.values[key] = value

    def _row(self, key: str, value: Any, said: Mapping[str, Any]) -> Row:
        primitive = known_primitive(said["primitive"], key)
        keys, xs = self._operands(said["operands"])
        shown = [
            text_of(operand["name"]) if name is None and "name" in operand else name
            for name, operand in zip(keys, said["operands"], strict=True)
        ]
        rules = primitive.partials or primitive.vjps
        if rules is not None and len(rules) != len(xs):
            raise ValueError(f"{primitive.name} of {len(xs)} operands, which has {len(rules)}")
        params = {text_of(name): decode(x) for name, x in said["params"]}
        return Row(primitive, value, xs, params, key, keys, tuple(shown))

    def _operands(self, said: Iterable[Any]) -> tuple[tuple[str | None, ...], tuple[Any, ...]]:
        """The nodes that operands come from, None for a constant, and their values."""
        keys, xs = [], []
        for operand in said:
            key = self._known(operand["node"]) if "node" in operand else None
            keys.append(key)
            xs.append(decode(operand["constant"]) if key is None else self.values[key])
        return tuple(keys), tuple(xs)

    def _require_order(self, keys: Iterable[str | None], index: int) -> None:
        for key in keys:
            if key is not None and self.indices[key] >= index:
                raise ValueError(f"{key!r:.60} is used before it is evaluated")

    def _tree(self, said: Any) -> Tree:
        leaves: list[Leaf] = []
        numbers = count()

        def read(x: Any) -> Any:
            if x is None:
                return None
            ((kind, content),) = x.items()
            if kind == "dict":
                return {decode(k): read(v) for k, v in content}
            if kind in ("list", "tuple"):
                return (list if kind == "list" else tuple)([read(item) for item in content])
            if kind not in ("node", "constant"):
                raise ValueError(f"{kind!r:.60} in a parameter or the result")
            is_node = kind == "node"
            leaves.append(Leaf(self._known(content)) if is_node else Leaf(None, decode(content)))
            return next(numbers)

        _, structure = flatten(read(said))
        return Tree(tuple(leaves), structure)

    def _branch(self, said: Mapping[str, Any]) -> Branch:
        keys, xs = self._operands(said["operands"])
        index, source = int(said["index"]), said["source"]
        self._require_order(keys, index)
        test, outcome, text = read_test(said["test"]), decode(said["outcome"]), said["text"]
        where = None if source is None else text_of(source)
        return Branch(index, test, xs, keys, outcome, text_of(text), where)


def _label(row: Row) -> str:
    if row.primitive is CONSTANT:
        return f"{row.name} = {row.value!r:.40}"
    return f"{row.name} = {row_text(row)}" if row.operands else row.name


def _is_value(x: Any) -> bool:
    return isinstance(x, (bool, int, float, complex, np.generic, np.ndarray))


def _parameter(said: Mapping[str, Any]) -> inspect.Parameter:
    kind = inspect._ParameterKind[text_of(said["kind"]).upper()]
    default = decode(said["default"]) if "default" in said else inspect.Parameter.empty
    return inspect.Parameter(text_of(said["name"]), kind, default=default)
