"""Read what the engine has laid out.

In: the engine's JSON. Out: a `Layout` in CSS pixels from the top left: where each box and label
stands, and the way of each arrow. It knows nothing about text or colours, so that several
pictures (steps, a quiz and its solution) can be drawn on one layout.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

from graphtrace.errors import RenderError

Point: TypeAlias = tuple[float, float]


class Route(NamedTuple):
    """The way of an arrow: Bézier points, the tips of its heads, the middle of its label."""

    curve: tuple[Point, ...]
    start: Point | None
    end: Point | None
    label: Point | None


class Lane(NamedTuple):
    """Room for two arrows side by side, with a label above and one below `label`."""

    to_label: Route
    label: Point
    from_label: Route


class Layout(NamedTuple):
    """The middle of each node, and each edge's route or lane by its place in the Figure."""

    width: float
    height: float
    nodes: tuple[Point, ...]
    routes: Mapping[int, Route]
    lanes: Mapping[int, Lane]


def read_layout(output: bytes, nodes: int) -> Layout:
    """The layout of the `nodes` nodes n0, n1, ... that `dot.layout_dot` has written.

    Raises `RenderError` if the engine's answer is not such a layout.
    """
    try:
        answer = json.loads(output)
        x0, y0, x1, y1 = (float(x) for x in answer["bb"].split(","))
        frame = _Frame(x0, y1)
        middles = {o["name"]: frame.point(o["pos"]) for o in answer.get("objects", [])}
        found = {e["id"]: frame.route(e) for e in answer.get("edges", [])}
        routes = {int(name[1:]): route for name, route in found.items() if name[0] == "e"}
        lanes = {
            int(name[1:]): Lane(route, middles[f"l{name[1:]}"], found[f"h{name[1:]}"])
            for name, route in found.items()
            if name[0] == "t"
        }
        places = tuple(middles[f"n{i}"] for i in range(nodes))
        return Layout(x1 - x0, y1 - y0, places, routes, lanes)
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise RenderError(
            f"the layout engine's answer is not a layout ({error!r}): "
            "check that the chosen engine is a Graphviz dot that writes -Tjson0"
        ) from error


class _Frame(NamedTuple):
    """Graphviz counts y from the bottom, a page from the top."""

    left: float
    top: float

    def point(self, text: str) -> Point:
        x, y = text.split(",")
        return float(x) - self.left, self.top - float(y)

    def route(self, edge: dict[str, str]) -> Route:
        start = end = None
        curve: list[Point] = []
        for word in edge["pos"].split():
            if word.startswith("s,"):
                start = self.point(word[2:])
            elif word.startswith("e,"):
                end = self.point(word[2:])
            else:
                curve.append(self.point(word))
        label = self.point(edge["lp"]) if "lp" in edge else None
        return Route(tuple(curve), start, end, label)
