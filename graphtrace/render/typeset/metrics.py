"""Measure text as Helvetica, Arial and Liberation Sans set it (their widths are equal).

In: text and a size. Out: its width. No font file is read, so the width is the same everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

# Advance widths in 1/1000 em: of U+0020-7E, U+00A0-FF, U+0391-03C9, then single characters.
_ASCII = (
    "278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 "
    "556 556 556 278 278 584 584 584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 "
    "722 778 667 778 722 667 611 722 667 944 667 667 611 278 278 278 469 556 333 556 556 500 556 "
    "556 278 556 556 222 222 500 222 833 556 556 556 556 333 500 278 556 500 722 500 500 500 334 "
    "260 334 584"
)
_LATIN = (
    "278 333 556 556 556 556 260 556 333 737 370 556 584 333 737 552 400 549 333 333 333 576 537 "
    "278 333 333 365 556 834 834 834 611 667 667 667 667 667 667 1000 722 667 667 667 667 278 278 "
    "278 278 722 722 778 778 778 778 778 584 778 722 722 722 722 667 667 611 556 556 556 556 556 "
    "556 889 500 556 556 556 556 278 278 278 278 556 556 556 556 556 556 556 549 611 556 556 556 "
    "556 500 556 500"
)
_GREEK = (
    "667 667 551 668 667 611 722 778 278 667 668 833 722 650 778 722 667 667 618 611 667 798 667 "
    "835 748 278 667 578 446 556 222 547 578 575 500 557 446 441 556 556 222 500 500 576 500 448 "
    "556 690 569 482 617 395 547 648 525 713 781"
)
_OTHERS = {
    "∂": 494,
    "−": 584,
    "…": 1000,
    "√": 549,
    "∞": 713,
    "≤": 549,
    "≥": 549,
    "≠": 549,
    "≈": 549,
    "∑": 713,
    "∏": 823,
    "′": 188,
    "–": 556,
    "—": 1000,
    "‘": 222,
    "’": 222,
    "“": 333,
    "”": 333,
    "→": 1000,
    "ı": 278,
    "ℝ": 722,
    "⊙": 838,
    "‖": 500,
    "\N{THIN SPACE}": 200,
}
_OTHERS |= dict.fromkeys("⁰⁴⁵⁶⁷⁸⁹⁻⁺ⁿ₀₁₂₃₄₅₆₇₈₉ᵀ", 400)
# Letters of other scripts: wide enough that their text stays in its box in common fonts.
_UNKNOWN = 800
_WIDE = 1000
_EMOJI = 1370


def _rows() -> Iterator[tuple[str, int]]:
    for start, widths in ((0x20, _ASCII), (0xA0, _LATIN), (0x391, _GREEK)):
        for offset, width in enumerate(widths.split()):
            yield chr(start + offset), int(width)


_WIDTHS = dict(_rows()) | _OTHERS


@lru_cache(4096)  # most texts of a figure are measured three times
def width(text: str, size: float) -> float:
    """How wide the text is at this font size, in the unit of the size.

    >>> width("u", 10), width("∂", 10)
    (5.56, 4.94)
    """
    return sum(_WIDTHS.get(c) or _guess(ord(c)) for c in text) * size / 1000


def _guess(code: int) -> int:
    # Fixed ranges: the tables of unicodedata differ between Python versions.
    if 0x300 <= code <= 0x36F or 0x200B <= code <= 0x200F or 0xFE00 <= code <= 0xFE0F:
        return 0
    if code >= 0x1F000 and code < 0x20000:
        return _EMOJI
    if 0x1100 <= code <= 0x11FF or 0x2E80 <= code <= 0xD7FF or 0xF900 <= code <= 0xFAFF:
        return _WIDE
    if 0xFF00 <= code <= 0xFF60 or 0x20000 <= code <= 0x3FFFF:
        return _WIDE
    return _UNKNOWN
