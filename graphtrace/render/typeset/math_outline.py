"""Set mathematics as outlines, which look the same in every viewer.

In: LaTeX. Out: an `Outline`, in thousandths of an em, the same on every machine. This is the only
place that knows ziamath, which the extra `math` brings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from graphtrace.errors import RenderError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

LONGEST = 500
"""Characters of LaTeX: what is longer fits no box, and takes a second to set."""

_EM = 1000


class Outline(NamedTuple):
    """A formula as one path; y grows downwards from the baseline."""

    path: str
    width: int
    ascent: int
    descent: int


@lru_cache(maxsize=4096)
def outline(tex: str) -> Outline | None:
    """The outline of a formula; None for what cannot be read, has no outline or is too long.

    Raises `RenderError` if ziamath is not installed.
    """
    try:
        from ziamath.config import config
        from ziamath.tex import tex2mml
        from ziamath.zmath import Math
    except ImportError:
        raise RenderError(
            "math=True sets formulas by ziamath, which is not installed: run "
            "`pip install 'graphtrace[math]'`, or leave math=True out"
        ) from None
    if len(tex) > LONGEST:
        return None
    mode, config.svg2 = config.svg2, False
    try:
        picture = Math(_flat(tex2mml(tex)), size=_EM).svgxml()
    except Exception:  # noqa: BLE001  (what it cannot read is set as text)
        return None
    finally:
        config.svg2 = mode
    path = "".join(_paths(picture))
    if not path:
        return None
    left, top, width, height = (float(n) for n in picture.get("viewBox", "").split())
    return Outline(path, round(width + left), round(-top), round(height + top))


def _paths(picture: Element) -> Iterable[str]:
    """Glyphs and bars."""
    for element in picture:
        tag = element.tag.rpartition("}")[2]
        if tag == "path":
            yield _relative(element.get("d", ""))
        elif tag == "rect":
            x, y, w, h = (round(float(element.get(k, "0"))) for k in ("x", "y", "width", "height"))
            yield f"M{x} {y}h{w}v{max(h, 1)}h{-w}z"


def _flat(mathml: str) -> str:
    """Without rows that hold one letter, number or row: ziamath sets what is in a row twice.

    >>> _flat("<math><mrow><mn>1</mn><mrow><mi>x</mi></mrow></mrow></math>")
    '<math><mn>1</mn><mi>x</mi></math>'
    """
    mathml = _ROW_OF_ONE.sub(r"\1", mathml)
    return _WHOLE.sub(r"\1\2\3", mathml)


_ROW_OF_ONE = re.compile(r"<mrow>(<(m[in])\b[^<>]*>[^<>]*</\2>)</mrow>")
_WHOLE = re.compile(r"(<math\b[^<>]*>)<mrow>(.*)</mrow>(</math>)", re.DOTALL)
_SEGMENT = re.compile(r"([MLQCZ])([^MLQCZ]*)")


def _relative(path: str) -> str:
    """The path in whole thousandths and relative steps, which is half as long.

    >>> _relative("M 10 20 L 10 20 L 13.2 16 Z")
    'M10 20l3-4z'
    """
    out = []
    x = y = 0
    for command, text in _SEGMENT.findall(path):
        numbers = [round(float(n)) for n in text.split()]
        if command == "Z":
            out.append("z")
            continue
        if command == "M":
            out.append(f"M{_compact(numbers)}")
        elif command != "L" or numbers != [x, y]:
            steps = [n - (y if i % 2 else x) for i, n in enumerate(numbers)]
            out.append(command.lower() + _compact(steps))
        x, y = numbers[-2:]
    return "".join(out)


def _compact(numbers: Iterable[int]) -> str:
    return " ".join(map(str, numbers)).replace(" -", "-")
