"""The chain rule along the paths of a graph: which edges they take, and what it comes to.

In: a graph and two of its nodes. Out: the edges between them and a `Chain` that spells out the
derivative. The local derivatives are the graph's own; here they are only multiplied.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from graphtrace.errors import ArgumentError, OptionError
from graphtrace.figure.parts import Chain, Contribution, Partial
from graphtrace.figure.reading_order import Use, find, title, uses_of
from graphtrace.formula.maps import Map, composed
from graphtrace.formula.printer import text_of
from graphtrace.formula.term import Term

if TYPE_CHECKING:
    import networkx as nx

MOST_PATHS = 4
MOST_FACTORS = 8
"""More paths, or longer ones, are not spelled out: one step tells the rest in a gradient."""

_MOST_EDGES = 300


@dataclass(frozen=True, slots=True)
class Paths:
    """The paths from one node to another.

    `uses` are the keys of their edges; `total` those of edges that are the only path between
    their ends, so that their derivative is a total one; `first` those that leave `by`.
    `gradients` are those of `of`.
    """

    of: Any
    by: Any
    nodes: frozenset[Any]
    uses: frozenset[tuple[Any, Any, Any]]
    total: frozenset[tuple[Any, Any, Any]]
    first: frozenset[tuple[Any, Any, Any]]
    gradients: Mapping[Any, Any]
    chain: Chain
    spelled: bool = True
    """Whether the chain has all paths written out from end to end."""


def step_paths(
    graph: nx.MultiDiGraph[Any],
    step: str | Sequence[str],
    gradients: Mapping[Any, Any] | None = None,
) -> Paths:
    """The paths of one step back: `"dJ/dv"`, or the pair `("J", "v")`.

    `gradients` are those of J, if they are known already.

    Raises `OptionError` if that is no derivative, or one between nodes that are not there.
    """
    if isinstance(step, str):
        of, by = of_and_by(step)
    else:
        if len(step) != 2:
            raise OptionError(f"step={step!r} is not a pair: write it as step=('J', 'v')")
        of, by = step
    return paths_through(graph, (by, of), one_step=True, gradients=gradients)


def of_and_by(step: str) -> tuple[str, str]:
    """`J` and `v` of `dJ/dv`."""
    text = step.strip()
    for over in re.finditer(r"/\s*[d∂]", text):
        of, by = text[1 : over.start()].rstrip(), text[over.end() :]
        if text[0] in "d∂" and of and by:
            return of, by
    raise OptionError(f"step={step!r} is not a derivative: write it as step='dJ/dv'")


def paths_through(
    graph: nx.MultiDiGraph[Any],
    path: Sequence[str],
    *,
    one_step: bool = False,
    gradients: Mapping[Any, Any] | None = None,
) -> Paths:
    """All paths from the first to the last node that pass the others in their order.

    Raises `OptionError` if there is none.
    """
    if isinstance(path, str) or len(path) < 2:
        raise OptionError(f"path={path!r} is not a path: give its ends, as in path=('a', 'J')")
    option: Literal["step", "path"] = "step" if one_step else "path"
    stops = [find(graph, name, option) for name in path]
    uses = uses_of(graph)
    legs = [_between(graph, uses, a, b, option) for a, b in pairwise(stops)]
    by, of = stops[0], stops[-1]
    used = [use for leg in legs for use in leg]
    whole = {use.key for use in _leg(uses, by, of)} == {use.key for use in used}
    gradients = gradients_of(graph, of) if gradients is None else gradients
    total = _total(used)
    long = _count(used, by, of) > MOST_PATHS or _longest(used, by, of) > MOST_FACTORS
    chain = _chain(used, by, of, total, gradients, whole, one_step, long)
    return Paths(
        of=of,
        by=by,
        nodes=frozenset({node for use in used for node in (use.tail, use.head)}),
        uses=frozenset(use.key for use in used),
        total=total,
        first=frozenset(use.key for use in used if use.tail == by),
        gradients=gradients,
        chain=chain,
        spelled=not (long or one_step),
    )


def gradients_of(graph: nx.MultiDiGraph[Any], of: Any) -> dict[Any, Any]:
    """The gradient of one node with respect to all; nothing where the graph cannot tell."""
    whole = graph.graph.get("unfolded", graph)
    if of not in whole or not hasattr(whole, "adjoints"):
        return {}
    try:
        adjoints: dict[Any, Any] = whole.adjoints(of)
    except ArgumentError:  # of an array there is no one gradient
        return {}
    return adjoints


def _total(used: Sequence[Use]) -> frozenset[tuple[Any, Any, Any]]:
    """The edges that are the only path between their ends; in a large graph ∂ is right for all."""
    if len(used) > _MOST_EDGES:
        return frozenset()
    return frozenset(
        use.key for use in used if _count(_leg(used, use.tail, use.head), use.tail, use.head) == 1
    )


def _between(
    graph: nx.MultiDiGraph[Any],
    uses: Sequence[Use],
    by: Any,
    of: Any,
    option: Literal["step", "path"],
) -> list[Use]:
    leg = _leg(uses, by, of)
    if not leg:
        turned = f"step='d{by}/d{of}'" if option == "step" else f"path=({of!r}, {by!r})"
        how = f"turn it around, to {turned}" if _leg(uses, of, by) else f"choose a node before {of}"
        raise OptionError(
            f"{of} does not depend on {by} in {title(graph)}, so there is no path to draw: {how}",
            option,
        )
    return leg


def _leg(uses: Sequence[Use], by: Any, of: Any) -> list[Use]:
    """The edges on any path from `by` to `of`; `uses` is in evaluation order."""
    reached = {by}
    ahead = []
    for use in uses:
        if use.tail in reached:
            reached.add(use.head)
            ahead.append(use)
    leads = {of}
    leg = []
    for use in reversed(ahead):
        if use.head in leads and use.head != by:
            leads.add(use.tail)
            leg.append(use)
    return leg[::-1]


def _count(uses: Sequence[Use], by: Any, of: Any) -> int:
    """How many paths these edges, in evaluation order, make from `by` to `of`."""
    counts = {by: 1}
    for use in uses:
        counts[use.head] = counts.get(use.head, 0) + counts.get(use.tail, 0)
    return counts.get(of, 0)


def _longest(uses: Sequence[Use], by: Any, of: Any) -> int:
    lengths = {by: 0}
    for use in uses:
        lengths[use.head] = max(lengths.get(use.head, 0), lengths[use.tail] + 1)
    return lengths[of]


def _paths(uses: Sequence[Use], by: Any, of: Any) -> list[list[Use]]:
    if by == of:
        return [[]]
    return [[use, *rest] for use in uses if use.tail == by for rest in _paths(uses, use.head, of)]


def _chain(
    used: Sequence[Use],
    by: Any,
    of: Any,
    total: frozenset[tuple[Any, Any, Any]],
    gradients: Mapping[Any, Any],
    whole: bool,
    one_step: bool,
    long: bool,
) -> Chain:
    terms: tuple[tuple[Partial, ...], ...] = ()
    twins = Counter((use.tail, use.head) for use in used)
    if any(use.is_bundle for use in used if use.tail == by or not one_step):
        return Chain(str(of), str(by), (), gradients.get(by), whole)
    if one_step or (whole and long):
        terms = tuple(_one_step(use, of, twins, total, gradients) for use in used if use.tail == by)
    elif not long:
        terms = tuple(
            tuple(_factor(use, twins, total) for use in reversed(path))
            for path in _paths(used, by, of)
        )
    value = _sum(terms) if terms else None
    if whole and value is None:
        value = gradients.get(by)
    return Chain(str(of), str(by), terms, value, whole, _multiplied(terms))


_LONGEST_PRODUCT = 48


def _multiplied(terms: Sequence[Sequence[Partial]]) -> Term | None:
    """The product of the maps along the one path, from its end back to its beginning.

    None where a factor has no formula, and of numbers, whose product is told anyway.
    """
    if len(terms) != 1 or len(terms[0]) < 2:
        return None
    if all(as_number(factor.value) is not None for factor in terms[0]):
        return None
    maps = [getattr(factor.formula, "map", None) for factor in terms[0]]
    product: Map | None = maps[0]
    for one in maps[1:]:
        product = composed(product, one) if product is not None and one is not None else None
    if product is None or len(text_of(product.printed)) > _LONGEST_PRODUCT:
        return None
    return product.printed


def _one_step(
    use: Use,
    of: Any,
    twins: Counter[tuple[Any, Any]],
    total: frozenset[tuple[Any, Any, Any]],
    gradients: Mapping[Any, Any],
) -> tuple[Partial, ...]:
    last = _factor(use, twins, total)
    if use.head == of:
        return (last,)
    upstream = Partial(str(of), str(use.head), value=gradients.get(use.head), total=True)
    return upstream, last


def _factor(
    use: Use, twins: Counter[tuple[Any, Any]], total: frozenset[tuple[Any, Any, Any]]
) -> Partial:
    """The derivative on an edge; a short one where ∂v/∂a would stand for two edges."""
    attributes = use.attributes
    return Partial(
        str(use.head),
        str(use.tail),
        attributes.get("symbol"),
        attributes.get("local"),
        short=twins[use.tail, use.head] > 1,
        total=use.key in total,
    )


def as_number(x: object) -> float | None:
    """The number that it is; None for an array or a linear map."""
    if isinstance(x, (int, float)):
        return x
    if getattr(x, "shape", None) == () and hasattr(x, "item"):
        number = x.item()
        return number if isinstance(number, (int, float)) else None
    return None


def contribution_value(part: Contribution) -> Any:
    """What one use adds to a gradient, as a number or an array; None where that is not known."""
    if part.upstream is None or part.local is None:
        return None
    contribution = times_local(part.upstream, part.local)
    return None if isinstance(contribution, tuple) else contribution


def times_local(upstream: Any, local: Any) -> Any:
    """An adjoint times the local derivative on an edge: a number, an elementwise array or a map."""
    with np.errstate(all="ignore"):
        return upstream @ local if hasattr(type(local), "structure") else upstream * local


def _sum(terms: Sequence[Sequence[Partial]]) -> float | None:
    products = []
    for term in terms:
        factors = [as_number(factor.value) for factor in term]
        if any(factor is None for factor in factors):
            return None
        products.append(math.prod(factor for factor in factors if factor is not None))
    return sum(products)
