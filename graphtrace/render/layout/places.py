"""Read what the engine has laid out.

In: the engine's JSON. Out: a `Layout` in CSS pixels from the top left: where each box and label
stands, and the way of each arrow. It knows nothing about text or colours, so that several
pictures (steps, a quiz and its solution) can be drawn on one layout.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias

from graphtrace.errors import RenderError

Point: TypeAlias = tuple[float, float]


class Route(NamedTuple):
    """The way of an arrow: Bézier points, the tips of its heads, the middle of its label.

    A label that is `over` another line needs paper behind it.
    """

    curve: tuple[Point, ...]
    start: Point | None
    end: Point | None
    label: Point | None
    over: bool = False

    def to(self, place: Callable[[Point], Point]) -> Route:
        """The route with each point at another place."""
        start, end, label = (p and place(p) for p in (self.start, self.end, self.label))
        return Route(tuple(map(place, self.curve)), start, end, label, self.over)


class Lane(NamedTuple):
    """Room for two arrows side by side, with a label above and one below `label`."""

    to_label: Route
    label: Point
    from_label: Route


class Frame(NamedTuple):
    """A rectangle around boxes, and the middle of its title."""

    left: float
    top: float
    width: float
    height: float
    title: Point


class Layout(NamedTuple):
    """The middle of each node, and each edge's route or lane by its place in the Figure."""

    width: float
    height: float
    nodes: tuple[Point, ...]
    routes: Mapping[int, Route]
    lanes: Mapping[int, Lane]
    frames: tuple[Frame, ...] = ()


def read_layout(output: bytes, nodes: int) -> Layout:
    """The layout of the `nodes` nodes n0, n1, ... that `geometry.layout_dot` has written.

    Raises `RenderError` if the engine's answer is not such a layout.
    """
    try:
        answer = json.loads(output)
        x0, y0, x1, y1 = (float(x) for x in answer["bb"].split(","))
        frame = _Corner(x0, y1)
        objects = {o["name"]: o for o in answer.get("objects", [])}
        middles = {name: frame.point(o["pos"]) for name, o in objects.items() if "pos" in o}
        clusters = {int(name[8:]): o for name, o in objects.items() if "bb" in o}
        edge_routes = {e["id"]: frame.route(e) for e in answer.get("edges", [])}
        routes = {int(name[1:]): route for name, route in edge_routes.items() if name[0] == "e"}
        lanes = {
            int(name[1:]): Lane(route, middles[f"l{name[1:]}"], edge_routes[f"h{name[1:]}"])
            for name, route in edge_routes.items()
            if name[0] == "t"
        }
        places = tuple(middles[f"n{i}"] for i in range(nodes))
        frames = tuple(frame.frame(clusters[i]) for i in range(len(clusters)))
        return Layout(x1 - x0, y1 - y0, places, routes, lanes, frames)
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise RenderError(
            f"the layout engine's answer is not a layout ({error!r}): "
            "check that the chosen engine is a Graphviz dot that writes -Tjson0"
        ) from error


class _Corner(NamedTuple):
    """Graphviz counts y from the bottom, a page from the top."""

    left: float
    top: float

    def point(self, text: str) -> Point:
        x, y = text.split(",")
        return float(x) - self.left, self.top - float(y)

    def frame(self, cluster: dict[str, str]) -> Frame:
        x0, y0, x1, y1 = (float(x) for x in cluster["bb"].split(","))
        title = self.point(cluster["lp"])
        return Frame(x0 - self.left, self.top - y1, x1 - x0, y1 - y0, title)

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
