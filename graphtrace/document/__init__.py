"""A Graph as JSON and back, whole: `g.render("J.json")` and `gt.load("J.json")`."""

from graphtrace.document.read import load
from graphtrace.document.write import to_json

__all__ = ["load", "to_json"]
