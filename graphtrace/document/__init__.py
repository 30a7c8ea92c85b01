"""A graph as JSON and back, whole: `g.render("J.json")` and `gt.load("J.json")`.

In: a traced graph, or a text that somebody sent. Out: the text, or the graph; nothing of a text is
ever executed. Knows no figure. For other rooms: `read`, `to_json`.
"""

from graphtrace.document.read import read
from graphtrace.document.write import to_json

__all__ = ["read", "to_json"]
