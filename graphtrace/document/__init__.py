"""A Graph as JSON and back, whole: `g.render("J.json")` and `gt.load("J.json")`."""

from graphtrace.document.read import read
from graphtrace.document.write import to_json

__all__ = ["read", "to_json"]
