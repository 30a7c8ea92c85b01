"""What a message must be: one sentence, at the user's line."""

import re

import numpy as np
import pytest

import graphtrace as gt

X = np.array([1.0, 2.0, 3.0])


def message_of(error):
    text = str(error)
    assert "\n" not in text, "one sentence stands on one line"
    assert not re.search(r"[^.]\.$", text), (
        "a message is one sentence without a full stop, as Python's are"
    )
    return text


def failure(f, *args, error=gt.TraceError, **kwargs):
    """The message with which tracing `f` fails; `gt.grad` must fail with the same."""
    with pytest.raises(error) as info:
        gt.trace(f, *args, **kwargs)
    return message_of(info.value)


def at(f, offset=1):
    """The place of a line of `f` as a message gives it."""
    return f"{f.__name__}(), {f.__code__.co_filename} line {f.__code__.co_firstlineno + offset}: "


def says(message, place, *parts):
    assert message.startswith(place), f"{message!r} should start with {place!r}"
    for part in parts:
        assert part in message, f"{message!r} should say {part!r}"
