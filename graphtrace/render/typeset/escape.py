"""Make any text safe for XML and DOT.

In: text from a user, of any kind. Out: text that no parser reads as anything but text.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from graphtrace.errors import clean as clean

_RIGHT_TO_LEFT = "([\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\U00010800-\U00010fff]+)"
_LEFT_TO_RIGHT_MARK = "\N{LEFT-TO-RIGHT MARK}"


def xml(text: str) -> str:
    """The text for XML content and for an attribute in double quotes.

    A mark after Hebrew or Arabic keeps what follows, such as `= 2`, on its right.

    >>> xml('<b> & "c"')
    '&lt;b&gt; &amp; &quot;c&quot;'
    """
    text = clean(text)
    if not text.isascii():
        text = re.sub(_RIGHT_TO_LEFT, rf"\1{_LEFT_TO_RIGHT_MARK}", text)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace('"', "&quot;").replace("'", "&#39;")


def decimal(x: float, places: int = 2) -> str:
    """A coordinate: no more digits than needed, never `-0`.

    >>> decimal(1.50), decimal(-0.0001), decimal(12)
    ('1.5', '0', '12')
    """
    text = f"{x:.2f}" if places == 2 else f"{x:.{places}f}"  # the first is faster by a third
    text = text.rstrip("0").rstrip(".") if places else text
    return "0" if text == "-0" else text


def columns_of(text: str) -> int:
    """How many columns of a terminal the text takes.

    >>> columns_of("x̂ = 2"), columns_of("重み")
    (5, 4)
    """
    if text.isascii():
        return len(text)
    return sum(map(_columns, text))


@cache
def _columns(c: str) -> int:
    return 1 + (unicodedata.east_asian_width(c) in "WF") - bool(unicodedata.combining(c))
