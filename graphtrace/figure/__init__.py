"""Turn a Graph into a Figure: what a picture says, as data, before anything is drawn."""

from graphtrace.figure.boxes import SMALL
from graphtrace.figure.build import figure
from graphtrace.figure.check import check
from graphtrace.figure.explain import Explanation, explain
from graphtrace.figure.forms import in_form
from graphtrace.figure.frames import frames
from graphtrace.figure.nudge import Moved, nudge
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
from graphtrace.figure.quiz import Quiz, quiz
from graphtrace.figure.table import Column, Table
from graphtrace.figure.trouble import Trouble, trouble_of
from graphtrace.figure.uses import short_names
from graphtrace.figure.wengert import Step, wengert

__all__ = [
    "SMALL",
    "Chain",
    "Column",
    "Definition",
    "Derivatives",
    "Direction",
    "Edge",
    "Emphasis",
    "Explanation",
    "Figure",
    "Form",
    "Kind",
    "Moved",
    "Node",
    "Note",
    "Part",
    "Partial",
    "Quiz",
    "Ratio",
    "Role",
    "Scope",
    "Shape",
    "Share",
    "Sign",
    "Source",
    "Step",
    "Sweep",
    "Table",
    "Trouble",
    "Unsaid",
    "Value",
    "check",
    "explain",
    "figure",
    "frames",
    "in_form",
    "nudge",
    "quiz",
    "short_names",
    "trouble_of",
    "wengert",
]
