"""What a table or a derivation shows of itself in a notebook, and in what becomes of one.

In: something that writes itself as text, HTML, Markdown and LaTeX. Out: all four by MIME type.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar


class Shown(ABC):
    """Draws itself in a notebook; nbconvert and Quarto take its LaTeX for a PDF."""

    packages: ClassVar[tuple[str, ...]] = ("amsmath", "booktabs")
    """What its LaTeX needs."""

    @abstractmethod
    def to_html(self) -> str:
        """It as HTML, without any style of its own."""

    @abstractmethod
    def to_markdown(self) -> str:
        """It as Markdown, with formulas in TeX between dollar signs."""

    @abstractmethod
    def to_latex(self) -> str:
        """It as LaTeX; needs its packages."""

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {
            "text/html": self.to_html(),
            "text/markdown": self.to_markdown(),
            "text/latex": self.to_latex(),
            "text/plain": str(self),
        }

    def _repr_html_(self) -> str:
        return self.to_html()
