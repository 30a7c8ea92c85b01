"""Table: rows of parts under headings, as a nudge or a Wengert list is told in a textbook.

In: records with named fields, and the parts that say them. Out: the same as plain text, HTML,
Markdown and LaTeX, which `graphtrace.render` writes. It knows nothing about graphs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic, Literal, NamedTuple, TypeVar

from graphtrace.figure.parts import Part
from graphtrace.formula.naming import Naming
from graphtrace.lesson.shown import Shown

Row = TypeVar("Row")


class Column(NamedTuple):
    """A heading, and the side on which its cells stand."""

    title: str
    align: Literal["l", "r"] = "l"


@dataclass(frozen=True)
class Table(Shown, Generic[Row]):
    """A table that prints as text and draws itself in a notebook.

    `rows` holds the data, records with named fields; iterating over the table gives them. `cells`
    are what is said of them.
    """

    title: str
    rows: tuple[Row, ...]
    columns: tuple[Column, ...] = field(repr=False)
    cells: tuple[tuple[Part | None, ...], ...] = field(repr=False)
    names: Naming = field(default_factory=Naming, repr=False)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        from graphtrace.lesson.written import table_text

        return table_text(self.title, self.columns, self.cells, self.names)

    def to_html(self) -> str:
        """The table as HTML, without any style of its own."""
        from graphtrace.lesson.written import table_html

        return table_html(self.title, self.columns, self.cells, self.names)

    def to_markdown(self) -> str:
        """The table as Markdown, with formulas in TeX between dollar signs."""
        from graphtrace.lesson.written import table_markdown

        return table_markdown(self.title, self.columns, self.cells, self.names)

    def to_latex(self) -> str:
        """The table as a LaTeX `tabular` with the rules of booktabs."""
        from graphtrace.lesson.written import table_latex

        return table_latex(self.title, self.columns, self.cells, self.names)
