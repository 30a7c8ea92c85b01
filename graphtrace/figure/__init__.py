"""Turn a Graph into a Figure: what a picture says, as data, before anything is drawn."""

from graphtrace.figure.build import LIMIT, SMALL, figure
from graphtrace.figure.forms import in_form
from graphtrace.figure.frames import frames
from graphtrace.figure.parts import (
    Chain,
    Definition,
    Derivatives,
    Direction,
    Edge,
    Emphasis,
    Figure,
    Form,
    Kind,
    Node,
    Note,
    Part,
    Partial,
    Role,
    Share,
    Sign,
    Unsaid,
    Value,
)
from graphtrace.figure.trouble import Trouble, trouble_of
from graphtrace.figure.uses import short_names

__all__ = [
    "LIMIT",
    "SMALL",
    "Chain",
    "Definition",
    "Derivatives",
    "Direction",
    "Edge",
    "Emphasis",
    "Figure",
    "Form",
    "Kind",
    "Node",
    "Note",
    "Part",
    "Partial",
    "Role",
    "Share",
    "Sign",
    "Trouble",
    "Unsaid",
    "Value",
    "figure",
    "frames",
    "in_form",
    "short_names",
    "trouble_of",
]
