"""What a shell completes: the functions of a file, the parameters of a function, a quiz.

In: what is typed so far. Out: how it may go on. A file is read and never run.
"""

from __future__ import annotations

from itertools import pairwise

import click
from click.shell_completion import CompletionItem

TYPED = "graphtrace.typed"
"""Under which name a command's context keeps what was typed after it."""


def targets(context: click.Context, _: click.Parameter, typed: str) -> list[CompletionItem]:
    """Files, and after `file.py` or `file.py:` their functions."""
    from graphtrace.target.function import written_functions

    path = typed.partition(":")[0]
    functions = [f"{path}:{name}" for name in written_functions(path)]
    matching = [CompletionItem(name) for name in functions if name.startswith(typed)]
    return matching or [CompletionItem(typed, type="file")]


def parameters(context: click.Context, _: click.Parameter, typed: str) -> list[CompletionItem]:
    """`name=` for each parameter of the targets that has no value yet."""
    from graphtrace.target.function import written_parameters

    words: list[str] = context.meta.get(TYPED, [])
    # What follows an option is its value; click has not sorted them while one is incomplete.
    pairs = [(before, word) for before, word in pairwise(["", *words]) if word[:1] != "-"]
    given = {word.partition("=")[0] for before, word in pairs if before == "--at"}
    targets = [word for before, word in pairs if before[:1] != "-"]
    names = [name for target in targets for name in written_parameters(target)]
    free = [name for name in dict.fromkeys(names) if name not in given]
    return [CompletionItem(f"{name}=") for name in free if name.startswith(typed)]


def blanks(context: click.Context, _: click.Parameter, typed: str) -> list[CompletionItem]:
    """What a quiz may ask for, after those that are typed already."""
    from graphtrace.lesson.quiz import BLANKS

    before, comma, begun = typed.rpartition(",")
    free = [name for name in BLANKS if name not in before.split(",")]
    return [CompletionItem(f"{before}{comma}{name}") for name in free if name.startswith(begun)]
