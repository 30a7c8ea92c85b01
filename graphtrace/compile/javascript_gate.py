"""The gate that a program's JavaScript passes on its way out; `compile.gate` is that of Python.

In: the text. Out: the same text, or an error. What is left of it without its strings is numbers,
names of one letter and digits, as the writer gives them out, the helpers of this room, some words
of the language and its operators; only the helpers and functions of `Math`, `Number` and `Object`
are called. A string says nothing that ends a `<script>` or a line.
"""

from __future__ import annotations

import re

from graphtrace.compile.javascript_rows import HELPERS
from graphtrace.errors import ArgumentError

_TOKEN = re.compile(
    r"""(?P<string>"(?:[^"\\<>&\x00-\x1f\x7f-\uffff]|\\["\\]|\\u[0-9a-f]{4})*")
    | (?P<number>(?:\d+(?:\.\d+)?|\.\d+)(?:e[+-]?\d+)?)(?![\w.])
    | (?P<member>(?:Math|Number|Object)\.[A-Za-z]\w*)(?=\()
    | (?P<word>[A-Za-z]\w*)(?P<after>[ ]*[(\[])?
    | (?P<closing>[)\]}])(?!\s*[(\[.])
    | (?P<sign>(?:=>|[!=]==|[<>]=?|&&|\|\||[=+*/%?:,;])(?=[ \n]|$)|[-!](?![-!<>=])|[(\[{])
    | (?P<space>[ \n]+)""",
    re.VERBOSE,
)
_OWN = re.compile(r"[a-z]\d*")
_WORDS = frozenset("const return if values locals grads branch error Infinity NaN null".split())
_MEMBERS = frozenset(
    "Math.abs Math.acos Math.acosh Math.asin Math.asinh Math.atan Math.atan2 Math.atanh Math.cbrt "
    "Math.ceil Math.cos Math.cosh Math.exp Math.expm1 Math.floor Math.hypot Math.log Math.log10 "
    "Math.log1p Math.log2 Math.max Math.min Math.pow Math.sin Math.sinh Math.sqrt Math.tan "
    "Math.tanh Math.trunc Number.isFinite Number.isNaN Object.is".split()
)


def own_javascript(text: str) -> str:
    """The text, if there is nothing in it but what the writer made; else raises ArgumentError.

    >>> own_javascript("const v1 = Math.exp(v0);")
    'const v1 = Math.exp(v0);'
    """
    at = 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None or not _is_own(token):
            raise ArgumentError(
                f"the program of this graph would say {text[at : at + 20]!r}, which graphtrace "
                "does not write; use the graph that gt.trace returned, or a copy of it"
            )
        at = token.end()
    return text


def _is_own(token: re.Match[str]) -> bool:
    if token["member"]:
        return token["member"] in _MEMBERS
    word = token["word"]
    if word is None:
        return True
    if token["after"]:
        is_call = token["after"][-1] == "(" and word in HELPERS
        return is_call or word in ("if", "return", "const")
    return word in _WORDS or word in HELPERS or _OWN.fullmatch(word) is not None
