"""A quiz as a sheet: its figure, what is asked in a list, and the solution apart.

In: a Quiz, and its two figures as they are drawn in a format. Out: plain text, HTML, Markdown and
LaTeX. In a notebook it is shown in pieces, of which each front end and converter takes one form.
"""

from __future__ import annotations

from abc import abstractmethod
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from graphtrace.figure.parts import Figure, Part, Partial
from graphtrace.formula.printer import Markup
from graphtrace.formula.runs import Runs, plain
from graphtrace.lesson.quiz import AnyFigure, Quiz
from graphtrace.lesson.shown import Shown
from graphtrace.lesson.written import html_of, latex_of, latex_text, markdown_text, shielded
from graphtrace.render.formats.describe import title
from graphtrace.render.formats.registry import Format
from graphtrace.render.typeset.escape import clean, xml
from graphtrace.render.typeset.wording import Side, Wording, sides, tex_sides, whole, wording

_BLANK = "____"
_BOX = r"\boxed{\phantom{000}}"
"""A box to write into, in LaTeX, MathJax and KaTeX."""

_FIGURE = '<figure style="margin:1em 0">'
_ASKED, _SOLVED = "Fill in:", "Solution"

# What a class such as exam defines itself, and may hide.
_SOLUTION = r"""\ifdefined\solution\else
  \newenvironment{solution}{\par\medskip\noindent\textbf{Solution.}\par}{\par}
\fi
"""

# No wider than the text.
_FITTED = r"""\begin{center}
\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%%
%s}
\end{center}
"""


@dataclass(frozen=True)
class Sheet(Quiz[AnyFigure], Shown):
    """A quiz that prints as a sheet, and writes itself into documents."""

    packages: ClassVar[tuple[str, ...]] = ("tikz", "amsmath")

    @abstractmethod
    def drawn(self, figure: AnyFigure, format: Format) -> str:
        """The figure in the format "svg", "tikz" or "text"."""

    def source(self, figure: AnyFigure) -> str:
        """The figure as an address for an image, which holds all of it."""
        content = b64encode(self.drawn(figure, "svg").encode("utf-8")).decode("ascii")
        return f"data:image/svg+xml;base64,{content}"

    @property
    def title(self) -> str:
        """What it is of."""
        return f"Quiz: {title(self.question).removeprefix('Computational graph of ')}"

    def __str__(self) -> str:
        drawn = self.drawn(self.question, "text").rstrip("\n").partition("\n\n")[2]
        asked, solved = ("\n".join(lines) for lines in (self._numbered(True), self._numbered()))
        return f"{clean(self.title)}\n\n{drawn}\n\n{_ASKED}\n{asked}\n\n{_SOLVED}\n{solved}"

    def to_html(self) -> str:
        """The sheet as HTML, without any style of its own; the solution is folded away."""
        figure = f"{_FIGURE}\n{self.drawn(self.question, 'svg')}</figure>"
        lines = ['<div class="graphtrace">', f"<p>{xml(self.title)}</p>", figure]
        solution = self.drawn(self.solution, "svg")
        return (
            "\n".join([*lines, self.asked_html(), self._solution_html(solution), "</div>"]) + "\n"
        )

    def asked_html(self) -> str:
        """What is asked, as a list."""
        return f"<p>{_ASKED}</p>\n{self._html_list(True)}"

    def _solution_html(self, figure: str) -> str:
        return _folded(f"{_FIGURE}\n{figure}</figure>\n{self._html_list()}")

    def to_markdown(self) -> str:
        """The sheet as Markdown, its figures in the file itself; the solution is folded away."""
        sources = [self.source(figure) for figure in (self.question, self.solution)]
        return self.markdown_beside(*sources)

    def markdown_beside(self, question: str, solution: str) -> str:
        """The sheet as Markdown whose figures are at these addresses."""
        image = _image(self.question, "Quiz", question)
        parts = [markdown_text(self.title), image, self.asked_markdown()]
        return "\n\n".join([*parts, self.solution_markdown(solution)])

    def asked_markdown(self) -> str:
        """What is asked, as a list with formulas in TeX."""
        return f"{_ASKED}\n\n{self._markdown_list(True)}"

    def solution_markdown(self, source: str) -> str:
        """The solution, folded away, with its figure at this address."""
        image = _image(self.solution, _SOLVED, source)
        return _folded(f"\n{image}\n\n{self._markdown_list()}\n\n", ' markdown="1"')

    def to_latex(self) -> str:
        """The sheet as LaTeX, with an environment `solution`; needs tikz and amsmath."""
        asked, solved = (
            _FITTED % self.drawn(figure, "tikz") for figure in (self.question, self.solution)
        )
        packages = ",".join(self.packages)
        return (
            f"% \\usepackage{{{packages}}}\n{_SOLUTION}"
            f"\\noindent {latex_text(self.title)}\n{asked}{self.asked_latex()}"
            f"\\begin{{solution}}\n{solved}{self._latex_list()}\\end{{solution}}\n"
        )

    def asked_latex(self) -> str:
        """What is asked, as a list."""
        return f"\\noindent {_ASKED}\n{self._latex_list(True)}"

    def solution_latex(self) -> str:
        """The answers under their heading."""
        return f"\\paragraph{{{_SOLVED}}}\n{self._latex_list()}"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        forms = super()._repr_mimebundle_()
        wanted = set(forms if include is None else include) - set(exclude or ())
        return {form: text for form, text in forms.items() if form in wanted}

    def pieces(self, of_question: dict[str, Any], of_solution: dict[str, Any]) -> Iterator[Any]:
        """What a notebook shows beneath each other, from the bundles of the two figures.

        nbconvert prefers LaTeX to a PDF, and has no TikZ: so the figures are pieces without LaTeX.
        """
        yield of_question
        # JupyterLab shows the other figure as an image, too, which does not know that it is dark.
        address, alt = self.source(self.solution), xml(f"{_SOLVED}: {title(self.solution)}")
        image = f'<img src="{address}" alt="{alt}">\n'
        heading = f"\\paragraph{{{_SOLVED}}}\n"
        pdf = of_solution.get("application/pdf")
        yield {
            "text/html": self.asked_html(),
            "text/markdown": self.asked_markdown(),
            "text/latex": self.asked_latex() + (heading if pdf else ""),
            "text/plain": "\n".join([_ASKED, *self._numbered(True)]),
        }
        yield {
            "text/html": self._solution_html(image),
            "text/markdown": self.solution_markdown(address),
            "text/plain": "\n".join([_SOLVED, *self._numbered()]),
            **({"application/pdf": pdf} if pdf else {"text/latex": self.solution_latex()}),
        }

    def _numbered(self, asks: bool = False) -> list[str]:
        lines = (clean(plain(self._runs(part, asks))) for part in self.asked)
        return [f"{i}. {line}{f' = {_BLANK}' if asks else ''}" for i, line in enumerate(lines, 1)]

    def _html_list(self, asks: bool = False) -> str:
        lines = (html_of(self._runs(part, asks)) for part in self.asked)
        items = "".join(f"<li>{line}{f' = {_BLANK}' if asks else ''}</li>" for line in lines)
        return f"<ol>{items}</ol>\n"

    def _markdown_list(self, asks: bool = False) -> str:
        lines = (shielded(self._tex(part, asks)) for part in self.asked)
        return "\n".join(f"{i}. ${line}$" for i, line in enumerate(lines, 1))

    def _latex_list(self, asks: bool = False) -> str:
        items = "".join(f"\\item ${self._tex(part, asks)}$\n" for part in self.asked)
        return f"\\begin{{enumerate}}\n{items}\\end{{enumerate}}\n"

    def _runs(self, part: Part, asks: bool) -> Runs:
        sided = _without_answer(part, self._words, sides) if asks else sides(part, self._words)
        return tuple(run for side in sided for run in whole(side))

    def _tex(self, part: Part, asks: bool) -> str:
        of = tex_sides(part, self._words)
        sided = _without_answer(part, self._words, tex_sides) if asks else of
        text = "".join(side.lead + side.markup for side in sided)
        text = text if of else latex_of(self._runs(part, asks))  # what no font has
        return f"{text} = {_BOX}" if asks else text

    @property
    def _words(self) -> Wording:
        return wording(self.solution, 4)


def _without_answer(
    part: Part, words: Wording, of: Callable[[Part, Wording], list[Side[Markup]]]
) -> list[Side[Markup]]:
    """The sides of a part but for the last, which is in the box; its name alone, if that is all."""
    sided = of(part, words)
    if len(sided) == 1 and isinstance(part, Partial):
        sided = of(replace(part, formula=None, value=0.0, short=False), words)
    return sided[:-1] if len(sided) > 1 else sided


def _image(of: Figure, what: str, source: str) -> str:
    return f"![{what}: {markdown_text(title(of))}]({source})"


def _folded(content: str, mark: str = "") -> str:
    """Folded away; MkDocs and Jekyll read Markdown in an element only where that is marked so."""
    return f"<details{mark}>\n<summary>{_SOLVED}</summary>\n{content}</details>\n"
