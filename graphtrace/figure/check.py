"""Check the local derivative on every edge against differences of that one operation.

In: a traced graph. Out: a `Trouble` for each edge that is wrong. Only the operation's own forward
function is run, so that a wrong rule is found on the very edge that it is wrong on.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from graphtrace.core.inputs import carries_gradient
from graphtrace.figure.reading_order import Use, uses_of
from graphtrace.figure.trouble import Trouble
from graphtrace.formula.row import Row
from graphtrace.ops.triangles import both_triangles

if TYPE_CHECKING:
    import networkx as nx

ALL_AGREE = "Every local derivative agrees with differences of its operation."


def check(graph: nx.MultiDiGraph[Any]) -> list[Trouble]:
    """The edges whose local derivative is not that of their operation.

    Each is moved along a direction of its own. At a kink any slope between those of the two sides
    is right. Where no real number moves (a comparison, an index, complex numbers), where the rule
    says that no gradient passes, and where a difference is not finite, there is nothing to compare.
    """
    troubles = []
    for use in uses_of(graph):
        data = graph.nodes[use.head]
        wrong = _wrong(data["row"], use, np.random.default_rng(0))
        if wrong is not None:
            exact, numeric = wrong
            label = (
                f"the derivative of {data.get('label') or use.head} in {use.tail} is {exact:.6g} "
                f"by its rule and {numeric:.6g} by differences"
            )
            source = data.get("source")
            troubles.append(
                Trouble("local derivative", "wrong", str(use.head), use.key, label, source)
            )
    return troubles


def _wrong(row: Row, use: Use, rng: np.random.Generator) -> tuple[float, float] | None:
    """The derivative by the rule and by differences, where they disagree."""
    x = row.operands[use.position]
    if row.primitive.stops(use.position) or not _is_real(x) or not _is_real(row.value):
        return None
    t = 1.0 if np.shape(x) == () else rng.normal(size=np.shape(x))
    w = 1.0 if np.shape(row.value) == () else rng.normal(size=np.shape(row.value))
    with both_triangles():  # a function of symmetric matrices, such as eigh, reads one half of them
        return _along(row, use, t, w)


def _is_real(x: Any) -> bool:
    return carries_gradient(x) and not np.iscomplexobj(x)


def _along(row: Row, use: Use, t: Any, w: Any) -> tuple[float, float] | None:
    """The same along one direction `t`, of the output weighed by `w`."""
    k, local = use.position, use.attributes["local"]
    x = row.operands[k]
    with np.errstate(all="ignore"):
        is_map = not isinstance(local, (float, int, np.ndarray, np.generic))
        exact = float(
            np.sum(w * (local @ np.asarray(t, np.result_type(x)) if is_map else local * t))
        )
        step = _step(row)
        slopes = list(_slopes(row, k, t, w, step))
    if not slopes or not np.isfinite(exact):
        return None
    best = min(slopes, key=lambda slopes: slopes.error)
    # The rule has run in the row's own precision: 1 - y**2 is rounded as 1 is.
    rounding = 8 * float(np.finfo(np.result_type(x, row.value)).eps)
    size = float(np.sum(np.abs(w * row.value) + np.abs(w))) * float(np.max(np.abs(t), initial=0.0))
    best = best._replace(error=best.error + rounding * size)
    if best.hold(exact, 20 * step + rounding):
        return None
    return exact, best.middle


class _Slopes(NamedTuple):
    """The slopes to either side, and how far they may be off by rounding and by curvature."""

    left: float
    right: float
    error: float
    is_bent: bool = False
    """Whether a kink is nearer than the step: the sides stay apart as it shrinks."""

    @property
    def middle(self) -> float:
        return (self.left + self.right) / 2

    @property
    def apart(self) -> float:
        return abs(self.right - self.left) / 2

    def hold(self, slope: float, tolerance: float) -> bool:
        """Whether a slope is that in the middle or, at a kink, one between the two sides."""
        near = tolerance * max(abs(slope), abs(self.middle)) + self.error
        is_kink = self.is_bent or self.apart > 100 * near
        return abs(slope - self.middle) <= near + (self.apart if is_kink else 0)


def _step(row: Row) -> float:
    """The cube root of the precision, where central differences are best."""
    y = _forward(row, -1, [_precise(x) for x in row.operands], None)
    precision = float(np.finfo(np.float64 if y is None else np.result_type(y)).eps)
    return math.cbrt(precision)


def _slopes(row: Row, k: int, t: Any, w: Any, small: float) -> Iterator[_Slopes]:
    """The slopes for a step that is small and for one that is small beside x.

    At a jump or a pole they move apart as the step shrinks: there are none then.
    """
    xs = [_precise(x) for x in row.operands]
    size = float(np.max(np.abs(xs[k]), initial=0.0))
    for step in {small * max(size, 1.0): 0, (small * size or small): 0}:
        moved = (_forward(row, k, xs, xs[k] + n * step * t) for n in (-1, -0.5, 0, 0.5, 1))
        ys = [np.nan if y is None else w * y for y in moved]
        low, lower, middle, upper, high = (float(np.sum(y)) for y in ys)
        noise = 100 * small**3 * float(np.sum(np.abs(ys[2]))) / step
        outer = _Slopes((middle - low) / step, (high - middle) / step, noise)
        inner = _Slopes(2 * (middle - lower) / step, 2 * (upper - middle) / step, 2 * noise)
        is_finite = np.isfinite([*outer, *inner]).all()
        if is_finite and inner.apart <= 1.5 * outer.apart + noise and outer.hold(inner.middle, 0.1):
            is_bent = inner.apart > 0.6 * outer.apart > 10 * noise
            error = noise + 3 * abs(inner.middle - outer.middle)
            yield outer._replace(error=error, is_bent=is_bent)


def _forward(row: Row, k: int, xs: list[Any], x: Any) -> Any:
    """The operation with another operand `k`; None where it has no value."""
    moved = [x if i == k else old for i, old in enumerate(xs)]
    try:
        y = row.primitive.forward(*moved, **row.params)
    except Exception:  # noqa: BLE001  (a user's own operation may raise anything)
        return None
    return y if np.shape(y) == np.shape(row.value) else None


def _precise(x: Any) -> Any:
    """Floats in double precision, arrays as copies."""
    if isinstance(x, np.ndarray):
        return x.astype(np.float64) if x.dtype.kind == "f" else x.copy()
    return float(x) if isinstance(x, np.floating) else x
