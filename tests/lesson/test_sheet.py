"""A quiz as a sheet: what is asked, and the solution apart, in each form of document."""

import base64
import html
import re
import shutil
import subprocess

import numpy as np
import pytest

import graphtrace as gt


def J(a, b, c):
    u = b * c
    v = a + u
    return 3 * v


def layer(W, x):
    h = np.tanh(W @ x)
    return np.sum(h)


def lecture():
    return gt.trace(J, a=5, b=3, c=2).quiz("values", "gradients", "derivatives")


def arrays():
    return gt.trace(layer, np.array([[1.0, 2.0], [0.5, -1.0]]), np.array([0.3, 0.4])).quiz(
        "values", "gradients", "derivatives"
    )


def keyed():
    key = "<b>$x_1|&\\\\"
    return gt.trace(lambda p: 2 * p[key], {key: 17.0}).quiz("values", "derivatives")


QUIZZES = {"lecture": lecture, "arrays": arrays, "keyed": keyed}


def halves(text):
    """What stands before the solution, and the solution."""
    before, _, after = text.partition("Solution")
    return before, after


def plain(text):
    return html.unescape(re.sub(r"<[^>]*>", "", text))


@pytest.mark.parametrize("make", QUIZZES.values(), ids=QUIZZES)
def test_the_list_asks_for_each_answer_and_tells_none(make):
    quiz = make()
    asked, solved = (part.splitlines() for part in halves(str(quiz)))
    answers = [f"{i}. {answer}" for i, answer in enumerate(quiz.answers, 1)]
    assert solved[1:] == answers
    questions = [line for line in asked if re.match(r"\d+\. ", line)]
    assert len(questions) == len(answers)
    for question, answer in zip(questions, answers, strict=True):
        known = question.removesuffix(" = ____")
        assert known != question
        assert answer.startswith(known) or re.split(" = |:", answer)[0] != answer
        assert len(known) < len(answer)


def test_each_form_has_the_question_then_the_solution_apart():
    quiz = lecture()
    asked, solved = halves(quiz.to_html())
    assert ">33<" not in asked
    assert "J = 33" not in plain(asked)
    assert "<details>" in asked
    assert ">33<" in solved
    assert "J = 33" in plain(solved)
    assert (asked.count("<svg "), solved.count("<svg ")) == (1, 1)

    asked, solved = halves(quiz.to_markdown())
    assert "<details" in asked
    assert "J = 33" not in asked
    assert "$J = 33$" in solved
    for text, picture in ((asked, quiz.question), (solved, quiz.solution)):
        data = re.search(r"!\[.*?\]\(data:image/svg\+xml;base64,(.*?)\)", text)[1]
        assert base64.b64decode(data).decode() == picture.to_svg(scheme="page")

    asked, _, solved = quiz.to_latex().partition("\\begin{solution}")
    assert r"\displaystyle 33$" not in asked
    assert r"\displaystyle 33$" in solved
    assert r"\item $J = 33$" in solved
    assert asked.count(r"\begin{tikzpicture}") == solved.count(r"\begin{tikzpicture}") == 1


@pytest.mark.parametrize("make", QUIZZES.values(), ids=QUIZZES)
@pytest.mark.parametrize("document", ["article", "exam"])
def test_latex_compiles_in_an_article_and_where_a_solution_is_hidden(make, document, tmp_path):
    latex = shutil.which("pdflatex")
    if latex is None:
        pytest.skip("there is no pdflatex on the PATH")
    packages = "tikz,amsmath"
    body = make().to_latex()
    begin = f"\\documentclass{{{document}}}\n\\usepackage{{{packages}}}\n\\begin{{document}}\n"
    (tmp_path / "q.tex").write_text(f"{begin}{body}{body}\\end{{document}}\n")
    command = [latex, "-interaction=nonstopmode", "-halt-on-error", "q.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    if f"{document}.cls' not found" in done.stdout or "tikz.sty' not found" in done.stdout:
        pytest.skip(f"this LaTeX has no {document} or no TikZ")
    assert done.returncode == 0, done.stdout[-2000:]
    assert "Overfull" not in done.stdout


@pytest.mark.parametrize("has_pdf", [True, False])
def test_a_notebook_shows_pieces_of_which_no_converter_takes_the_figures_as_latex(has_pdf):
    quiz = lecture()
    bundles = (one._repr_mimebundle_() for one in (quiz.question, quiz.solution))
    if not has_pdf:
        bundles = ({k: v for k, v in one.items() if k != "application/pdf"} for one in bundles)
    figure, asked, solved = quiz.pieces(*bundles)
    assert "text/latex" not in figure
    assert ("text/latex" in solved) != ("application/pdf" in solved) == has_pdf
    for piece in (asked, solved):
        assert {"text/html", "text/markdown", "text/plain"} <= set(piece)
    latex = asked["text/latex"] + solved.get("text/latex", "")
    assert latex.count(r"\paragraph{Solution}") == 1
    assert "tikz" not in latex
