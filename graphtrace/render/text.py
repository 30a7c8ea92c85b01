"""Make any text safe for XML and DOT.

In: text from a user, of any kind. Out: text that no parser reads as anything but text.
"""

from __future__ import annotations

import re

# What XML 1.0 does not allow, lone surrogates, and characters that turn the text around them.
_FORBIDDEN = re.compile(
    "[^\t\n\r -\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[\u202a-\u202e\u2066-\u2069]"
)
_BLANK = re.compile("[\t\n\r\u2028\u2029]+")
_RIGHT_TO_LEFT = re.compile("([\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\U00010800-\U00010fff]+)")
_LEFT_TO_RIGHT_MARK = "\N{LEFT-TO-RIGHT MARK}"


def clean(text: str) -> str:
    r"""The text on one line, without characters that XML or a reader's screen cannot take.

    >>> clean("a\nb\x00")
    'a b�'
    """
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", _BLANK.sub(" ", text))


def xml(text: str) -> str:
    """The text for XML content and for an attribute in double quotes.

    A mark after Hebrew or Arabic keeps what follows, such as `= 2`, on its right.

    >>> xml('<b> & "c"')
    '&lt;b&gt; &amp; &quot;c&quot;'
    """
    text = _RIGHT_TO_LEFT.sub(rf"\1{_LEFT_TO_RIGHT_MARK}", clean(text))
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace('"', "&quot;").replace("'", "&#39;")


def decimal(x: float, places: int = 2) -> str:
    """A coordinate: no more digits than needed, never `-0`.

    >>> decimal(1.50), decimal(-0.0001), decimal(12)
    ('1.5', '0', '12')
    """
    text = f"{x:.{places}f}".rstrip("0").rstrip(".") if places else f"{x:.0f}"
    return "0" if text == "-0" else text
