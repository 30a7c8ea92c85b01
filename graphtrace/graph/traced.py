"""TracedGraph: the computational graph, a networkx.MultiDiGraph with values and gradients.

In: nodes and edges as `graphtrace.graph.build` fills them in. Out: `forward` values, `backward`
gradients. All state is in the node, edge and graph attributes, so that copies, subgraphs and
pickles are whole. Knows nothing of how it is shown or compiled.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

import networkx as nx
import numpy as np

from graphtrace.core.float_warnings import at_the_line_of
from graphtrace.core.inputs import (
    carries_gradient,
    gradient_like,
    own,
    require_kind,
    seed_for,
)
from graphtrace.core.sweep import sweep, sweep_forward
from graphtrace.core.variable import has_own_operators, no_plain_array
from graphtrace.core.whole import as_float
from graphtrace.errors import ArgumentError, clean
from graphtrace.formula.row import Row
from graphtrace.graph.fitting import changed, fitting, reshaped, same
from graphtrace.graph.lazy import FilledWhenRead, backward_unread, pending
from graphtrace.graph.tree import Branch, Leaf, Tree


class TracedGraph(nx.MultiDiGraph):  # type: ignore[misc]  # networkx has no types
    """A traced function as a directed acyclic graph, from the inputs to the outputs.

    Every method of `networkx.MultiDiGraph` works on it. A node has the attributes `op`, `value`,
    `label`, `scope`, `source` and, after `backward`, `grad`; an edge `(operand, node, position)`
    has `local`, the local derivative, and `symbol`, the same as a formula. Made by
    `graphtrace.trace`.
    """

    graph = FilledWhenRead()
    _node = FilledWhenRead()
    _adj = FilledWhenRead()
    _succ = FilledWhenRead()
    _pred = FilledWhenRead()

    @property
    def inputs(self) -> list[str]:
        """The keys of the input nodes, in the order of the parameters."""
        return list(self.graph.get("inputs", ()))

    @property
    def outputs(self) -> list[str]:
        """The keys of the output nodes, in the order of the function's result."""
        return list(self.graph.get("outputs", ()))

    @property
    def value(self) -> Any:
        """What the traced function returned, in its own structure."""
        recording = pending(self)
        if recording is not None:
            return recording.value()
        tree = self._result()
        return tree.structure([own(self._leaf_value(leaf)) for leaf in tree.leaves])

    def forward(self, **parameters: Any) -> Any:
        """The function's value for other arguments, from the recorded graph, without calling it.

        Args:
            parameters: New values by parameter name, containers whole; a parameter left out keeps
                its traced value. Shapes must be the traced ones.

        Returns:
            The value in the function's own structure. The graph itself is not changed.

        Raises:
            BranchChanged: The function would take another branch, or an intermediate array would
                have another shape, so that the recorded graph does not hold.
            ArgumentError: An unknown parameter, another structure or another shape.

        >>> import graphtrace as gt
        >>> gt.trace(lambda a, b: 3 * (a + b), 1.0, 2.0).forward(a=6)
        24.0
        """
        values = self.evaluate(**parameters)
        tree = self._result()
        return tree.structure([own(_value_in(values, leaf)) for leaf in tree.leaves])

    def evaluate(self, **parameters: Any) -> dict[str, Any]:
        """The value of every node for other arguments; `forward` says which and what it raises.

        >>> import graphtrace as gt
        >>> gt.trace(lambda a, b: 3 * (a + b), 1.0, 2.0).evaluate(a=6)
        {'a': 6.0, 'b': 2.0, 'v1': 8.0, 'f': 24.0}
        """
        order = self._in_order()
        values = self._inputs_from(parameters)
        branches = iter(self.graph["branches"])
        branch = next(branches, None)
        nodes = self._node  # 0.1 us to look it up, which tells in a loop
        with at_the_line_of(lambda: (nodes[key]["row"].primitive, nodes[key]["source"])):
            for key in order:
                node = nodes[key]
                while branch is not None and branch.index <= node["index"]:
                    _check_branch(branch, values)
                    branch = next(branches, None)
                if key in values:
                    continue
                row: Row = node["row"]
                if not row.operands:  # an input that kept its value
                    values[key] = node["value"]
                    continue
                xs = _operands_in(values, row.keys, row.operands)
                values[key] = value = row.primitive.forward(*xs, **row.params)
                if np.shape(value) != np.shape(node["value"]):
                    where = node["source"] or self.name
                    raise reshaped(where, key, np.shape(node["value"]), np.shape(value))
        while branch is not None:
            _check_branch(branch, values)
            branch = next(branches, None)
        return values

    def backward(self, output: str | None = None, *, seed: Any = None) -> dict[str, Any]:
        """The gradient of the output with respect to every node, into the attribute `grad`.

        Args:
            output: The key of the output to differentiate, where there are several.
            seed: The adjoint to start from, in the structure and shapes of `value` (of that one
                output if `output` is given); by default 1 for a single output of one entry.

        Returns:
            A gradient for each parameter, in its structure; None for a leaf that carries none (an
            integer array, a flag).

        Raises:
            ArgumentError: There are several outputs, or an array, and no `output` or `seed` says
                which way to weigh them.

        >>> import graphtrace as gt
        >>> gt.trace(lambda w, x: w * x, 3.0, 4.0).backward()
        {'w': 4.0, 'x': 3.0}
        """
        if output is None and seed is None:
            gradients = backward_unread(self)
            if gradients is not None:
                return gradients
        seeds = self.adjoint_seeds(output, seed)
        adjoints = self.adjoints(seeds)
        self.graph["gradient_of"] = _differentiated(seeds)
        for key, node in self._node.items():
            node.pop("grad", None)
            if key in adjoints:
                node["grad"] = adjoints[key]
        trees: dict[str, Tree] = self.graph["parameters"]
        return {name: tree.gradients(adjoints) for name, tree in trees.items()}

    def adjoint_seeds(self, output: str | None, seed: Any) -> dict[str, Any]:
        """The adjoints of the outputs to start from, by node; `backward` says the rest."""
        self._require_whole()
        seeds: dict[str, Any] = {}
        for key, g in self._weights(output, seed):
            if carries_gradient(self._node[key]["value"]):
                seeds[key] = seeds[key] + g if key in seeds else g
        return seeds

    def adjoints(
        self, of: str | Mapping[str, Any], values: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """The gradient in every node that carries one, by node; the graph is not changed.

        Args:
            of: The node to differentiate, a scalar; or the adjoints to start from, by node.
            values: The nodes' values, where they are not those of the trace: what `evaluate` gives.

        Returns:
            For each node a gradient of the shape and dtype of its value; integer arrays have none.

        Raises:
            ArgumentError: There is no such node, or it is an array.

        >>> import graphtrace as gt
        >>> gt.trace(lambda w, x: w * x, 3.0, 4.0).adjoints("f")
        {'w': 4.0, 'x': 3.0, 'f': 1.0}
        """
        seeds = self._one(of) if isinstance(of, str) else of
        position, rows = self.wengert_list(values)
        swept = sweep(rows, 0, len(rows), [(position[key], g) for key, g in seeds.items()])
        return {
            key: gradient_like(g, row[1])
            for key, row, g in zip(position, rows, swept, strict=True)
            if carries_gradient(row[1])
        }

    def jvp(self, **tangents: Any) -> Any:
        """The tangent of the value, by forward mode; every node's into the attribute `tangent`.

        Args:
            tangents: The direction to move in: for each parameter a tangent of its structure and
                shapes; one that is left out does not move.

        Returns:
            The tangent in the function's own structure.

        Raises:
            ArgumentError: An unknown parameter, another structure or another shape.

        >>> import graphtrace as gt
        >>> gt.trace(lambda w, x: w * x, 3.0, 4.0).jvp(w=1.0)
        4.0
        """
        rates = self.tangents(self.tangent_seeds(tangents))
        for key, node in self._node.items():
            node.pop("tangent", None)
            if carries_gradient(node["value"]):
                node["tangent"] = gradient_like(rates.get(key), node["value"])
        tree = self._result()
        return tree.structure(
            [
                gradient_like(
                    None if leaf.key is None else rates.get(leaf.key), self._leaf_value(leaf)
                )
                for leaf in tree.leaves
            ]
        )

    def tangent_seeds(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The tangents of the input nodes, from those of the parameters; `jvp` says the rest."""
        seeds: dict[str, Any] = {}
        for _, leaf, t in self.given_leaves(parameters, "the tangent of {}"):
            if leaf.key is not None and carries_gradient(self._node[leaf.key]["value"]):
                seeds[leaf.key] = _tangent_like(leaf.key, t, self._node[leaf.key]["value"])
        return seeds

    def tangents(self, seeds: Mapping[str, Any]) -> dict[str, Any]:
        """The tangents of the nodes that the tangents of some inputs reach, by node.

        >>> import graphtrace as gt
        >>> gt.trace(lambda a, b: a * b, 2.0, 3.0).tangents({"a": 1.0})
        {'a': 1.0, 'f': 3.0}
        """
        position, rows = self.wengert_list()
        start = [(position[key], t) for key, t in seeds.items()]
        rates = sweep_forward(rows, 0, len(rows), start)
        return {key: t for key, t in zip(position, rates, strict=True) if t is not None}

    def __getstate__(self) -> dict[str, Any]:
        _ = self._node  # the whole graph is copied and pickled, not how to make it
        return self.__dict__

    def __repr__(self) -> str:
        operations = len(self) - len(self.inputs)
        name = clean(str(self.name))
        return f"<Graph {name}: {len(self.inputs)} inputs, {operations} operations>"

    def _in_order(self) -> list[str]:
        """The keys in the order of evaluation; a subgraph of networkx may hold them in another.

        Raises ArgumentError where the nodes and edges are not those of the trace any more.
        """
        nodes, pred = self._node, self._pred
        keys = list(nodes)
        for key in keys:
            row = nodes[key].get("row")
            operands = [(k, u) for k, u in enumerate(row.keys) if u] if row else []
            edges = [(k, u) for u, between in pred[key].items() for k in between]
            if row is None or sorted(edges) != operands:
                now = ", ".join(u for _, u in sorted(edges)) or "nothing"
                then = ", ".join(u for _, u in operands) or "nothing"
                raise ArgumentError(
                    f"node {key} of this graph has edges from {now} and was traced with {then}, so "
                    f"it has no value; use the graph that gt.trace returned, or a copy of it"
                )
        self._require_whole()
        indices = [nodes[key]["index"] for key in keys]
        if any(a >= b for a, b in pairwise(indices)):
            keys.sort(key=lambda key: nodes[key]["index"])
        return keys

    def _require_whole(self) -> None:
        if any(leaf.key is not None and leaf.key not in self._node for leaf in self._leaves()):
            raise ArgumentError(
                f"this graph lacks an input or output of {self.name or 'the function'}; use the "
                f"graph that gt.trace returned, or a copy of it"
            )

    def wengert_list(
        self, values: Mapping[str, Any] | None = None
    ) -> tuple[dict[str, int], list[tuple[Any, ...]]]:
        """The row number of each node, and the rows as in `graphtrace.core.tape`, to sweep them.

        Args:
            values: The nodes' values, where they are not those of the trace: what `evaluate` gives.

        >>> import graphtrace as gt
        >>> position, rows = gt.trace(lambda a, b: a * b, 2.0, 3.0).wengert_list()
        >>> position, rows[2][1:]
        ({'a': 0, 'b': 1, 'f': 2}, (6.0, {}, 2.0, 0, 3.0, 1))
        """
        position = {key: i for i, key in enumerate(self._in_order())}
        rows = []
        nodes = self._node
        for key in position:
            row = nodes[key]["row"]
            value = row.value if values is None else values.get(key, row.value)
            flat = [row.primitive, value, row.params]
            for x, operand in zip(row.operands, row.keys, strict=True):
                if operand is None:
                    flat += (x, -1)
                else:
                    flat += (x if values is None else values[operand], position[operand])
            rows.append(tuple(flat))
        return position, rows

    def _leaves(self) -> Iterator[Leaf]:
        """The leaves of the parameters and of the result."""
        for tree in (self._result(), *self.graph["parameters"].values()):
            yield from tree.leaves

    def _result(self) -> Tree:
        if "result" not in self.graph:
            raise ArgumentError("this graph was not made by gt.trace, so it cannot be evaluated")
        result: Tree = self.graph["result"]
        return result

    def _leaf_value(self, leaf: Leaf) -> Any:
        return leaf.constant if leaf.key is None else self._node[leaf.key]["value"]

    def given_leaves(
        self, parameters: Mapping[str, Any], called: str
    ) -> Iterator[tuple[str, Leaf, Any]]:
        """The leaves of some parameters: the parameter's name, the leaf, and what is given for it.

        `called` is what an error calls one, with {} for the parameter's name. Raises ArgumentError
        for an unknown parameter or another structure.
        """
        known: dict[str, Tree] = self.graph.get("parameters", {})
        for name, argument in parameters.items():
            if name not in known:
                raise ArgumentError(
                    f"{self.name}() has no parameter {name!r}; it has {', '.join(known) or 'none'}"
                )
            tree = known[name]
            leaves = tree.structure.leaves_of(argument, called.format(name))
            yield from ((name, *pair) for pair in zip(tree.leaves, leaves, strict=True))

    def _inputs_from(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name, leaf, value in self.given_leaves(parameters, f"parameter {{}} of {self.name}()"):
            if leaf.key is None:
                same(value, name, leaf.constant)
            else:
                values[leaf.key] = self._input_like(leaf.key, value)
        return values

    def _input_like(self, key: str, value: Any) -> Any:
        traced, value = self._node[key]["value"], as_numpy(value)
        if isinstance(value, np.ndarray) and has_own_operators(value):
            raise ArgumentError(f"parameter {key} is {no_plain_array(value)}")
        if type(traced) is float and isinstance(value, (int, np.integer)):
            return as_float(value, f"parameter {key}")
        value = fitting(value, key, np.shape(traced), np.result_type(traced))
        if isinstance(traced, np.ndarray):
            return np.array(value, dtype=traced.dtype)
        return type(traced)(value)

    def _one(self, key: str) -> dict[str, Any]:
        """The adjoint of a scalar in itself."""
        if key not in self._node:
            raise ArgumentError(f"{key!r} is no node of {self.name}()")
        value = self._node[key]["value"]
        if np.size(value) != 1:
            raise ArgumentError(
                f"{key} has shape {np.shape(value)}, and a gradient needs a scalar; sum "
                f"it in the function, or give the weights as in backward(seed=...)"
            )
        return {key: seed_for(value)} if carries_gradient(value) else {}

    def _weights(self, output: str | None, seed: Any) -> list[tuple[str, Any]]:
        outputs = self.outputs
        if output is not None:
            if output not in outputs:
                raise ArgumentError(
                    f"{output!r} is no output of {self.name}(); it has {', '.join(outputs)}"
                )
            outputs = [output]
        elif not outputs:
            raise ArgumentError(f"{self.name}() returned no number, so it has no gradient")
        elif seed is None and len(outputs) != 1:
            raise ArgumentError(
                f"{self.name}() has {len(outputs)} outputs ({', '.join(outputs)}); say which one "
                f"as in backward(output=...), or weigh them as in backward(seed=...)"
            )
        if seed is None:
            return list(self._one(outputs[0]).items())
        if output is not None:
            return [(output, self._seed_like(output, seed))]
        result = self._result()
        weights = result.structure.leaves_of(seed, "the seed")
        return [
            (leaf.key, self._seed_like(leaf.key, weight))
            for leaf, weight in zip(result.leaves, weights, strict=True)
            if leaf.key is not None
        ]

    def _seed_like(self, key: str, weight: Any) -> Any:
        value, weight = self._node[key]["value"], as_numpy(weight)
        if np.shape(weight) != np.shape(value):
            raise ArgumentError(
                f"the seed for {key} has shape {np.shape(weight)} and {key} has {np.shape(value)}; "
                f"give it the same shape"
            )
        if not carries_gradient(value):
            return weight
        require_kind(weight, value, f"the seed for {key}")
        return (
            np.asarray(weight, value.dtype)
            if isinstance(value, np.ndarray)
            else weight * seed_for(value)
        )


def as_numpy(x: Any) -> Any:
    """An array of another library as NumPy's; all else as it is."""
    is_array = hasattr(x, "__dlpack__") and not isinstance(x, (np.ndarray, np.generic))
    return np.asarray(x.detach() if hasattr(x, "detach") else x)[()] if is_array else x


def _differentiated(seeds: Mapping[str, Any]) -> str | None:
    """The one node whose gradients start from these adjoints; None for a weighted sum."""
    moving = [(key, g) for key, g in seeds.items() if np.any(g)]
    if len(moving) != 1 or np.shape(moving[0][1]) != () or moving[0][1] != 1:
        return None
    return moving[0][0]


def _tangent_like(key: str, t: Any, value: Any) -> Any:
    if np.shape(t) != np.shape(value):
        raise ArgumentError(
            f"the tangent of {key} has shape {np.shape(t)} and {key} has {np.shape(value)}; give "
            f"it the same shape"
        )
    require_kind(t, value, f"the tangent of {key}")
    return gradient_like(t, value)


def _value_in(values: Mapping[str, Any], leaf: Leaf) -> Any:
    return leaf.constant if leaf.key is None else values[leaf.key]


def _operands_in(
    values: Mapping[str, Any], keys: tuple[str | None, ...], constants: tuple[Any, ...]
) -> list[Any]:
    return [c if k is None else values[k] for k, c in zip(keys, constants, strict=True)]


def _check_branch(branch: Branch, values: Mapping[str, Any]) -> None:
    try:
        outcome = branch.test(*_operands_in(values, branch.keys, branch.operands))
    except (ValueError, OverflowError) as error:  # int(nan)
        outcome = str(error)
    if not np.array_equal(outcome, branch.outcome):
        where = branch.source or "the traced function"
        raise changed(where, branch.text, branch.outcome, outcome)
