"""Turn a Graph into a Figure: what a picture says, as data, before anything is drawn."""

from graphtrace.figure.boxes import SMALL
from graphtrace.figure.build import figure
from graphtrace.figure.check import check
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
    Ratio,
    Role,
    Scope,
    Shape,
    Share,
    Sign,
    Source,
    Sweep,
    Unsaid,
    Value,
)
from graphtrace.figure.trouble import Trouble, trouble_of

__all__ = [
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
    "Ratio",
    "Role",
    "Scope",
    "Shape",
    "Share",
    "Sign",
    "Source",
    "Sweep",
    "Trouble",
    "Unsaid",
    "Value",
    "check",
    "figure",
    "frames",
    "in_form",
    "trouble_of",
]
