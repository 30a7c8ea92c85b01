"""Tables and derivations: a nudge, a Wengert list, an explanation, a quiz.

In: a traced graph. Out: data that prints as plain text, HTML, Markdown and LaTeX. Knows no place
and no colour. For other rooms: the names below.
"""

from graphtrace.figure.nudge import Moved
from graphtrace.lesson.explain import Explanation, explain
from graphtrace.lesson.nudge import nudge
from graphtrace.lesson.quiz import Quiz, quiz
from graphtrace.lesson.table import Column, Table
from graphtrace.lesson.wengert import Step, wengert

__all__ = [
    "Column",
    "Explanation",
    "Moved",
    "Quiz",
    "Step",
    "Table",
    "explain",
    "nudge",
    "quiz",
    "wengert",
]
