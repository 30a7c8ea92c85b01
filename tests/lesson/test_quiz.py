"""A quiz: boxes to write into, and a solution in the same layout that fills them."""

import re

import numpy as np
import pytest
from legibility import problems

import graphtrace as gt
from graphtrace.errors import RenderError
from graphtrace.figure.parts import Blanked
from graphtrace.render import to_dot

THEMES = ["lecture", "cs231n", "karpathy", "blackboard", "print", "minimal"]


def J(a, b, c):
    u = b * c
    v = a + u
    return 3 * v


def odd(p, q):
    r = p * q
    return r + 1000.0


def lecture():
    graph = gt.trace(J, a=5, b=3, c=2)
    graph.backward()
    return graph


def without_answers(svg):
    """The drawing without titles, descriptions and texts inside blanks."""
    svg = re.sub(r"<(title|desc)[^>]*>[^<]*</\1>", "", svg)
    return re.sub(r'(<rect class="gt-blank [^>]*/>)(<g class="gt.*?</g>)?', r"\1", svg)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("math", [False, True])
def test_question_and_solution_differ_in_nothing_but_the_boxes(theme, math):
    quiz = lecture().quiz("values", "gradients", "derivatives")
    question, solution = (
        drawn.to_svg(theme=theme, math=math, id_prefix="")
        for drawn in (quiz.question, quiz.solution)
    )
    assert question != solution
    assert without_answers(question) == without_answers(solution)


def test_the_question_tells_no_answer_anywhere():
    graph = gt.trace(odd, p=17.25, q=31.5)
    svg = graph.quiz("values").question.to_svg(id_prefix="")
    assert "543.4" not in svg
    assert "1543" not in svg
    assert "543.4" in graph.quiz("values").solution.to_svg(id_prefix="")


def test_the_answers_can_be_read_off():
    assert lecture().quiz("values").answers == ("u = 6", "v = 11", "J = 33")
    assert lecture().quiz("derivatives", keys=["u"]).answers == ("∂u/∂b = c = 2", "∂u/∂c = b = 3")


def test_by_default_it_asks_for_gradients():
    assert "dJ/db = 6" in lecture().quiz().answers


def test_a_number_of_blanks_is_chosen_by_the_seed():
    quizzes = [lecture().quiz("values", "gradients", count=3, seed=seed) for seed in (1, 1, 2)]
    first, again, other = (quiz.answers for quiz in quizzes)
    assert len(first) == 3
    assert first == again != other


def test_each_blank_is_a_box_in_the_figure():
    svg = lecture().quiz("values", "gradients").question.to_svg()
    assert svg.count('class="gt-blank ') == 3 + 5


def test_a_blank_on_a_wire_is_a_box_too():
    svg = lecture().quiz("values", "gradients").question.to_svg(theme="cs231n")
    assert svg.count('class="gt-blank ') == 3 + 5


def test_a_constant_formula_does_not_give_the_answer_away():
    svg = gt.trace(lambda v: 1234.5 * v, 2.0).quiz("derivatives").question.to_svg(id_prefix="")
    edge = svg[svg.index('id="edge-v-f-1"') :]
    assert "1234" not in edge[: edge.index("</g>")]


def test_the_caption_waits_for_the_solution():
    quiz = lecture().quiz("values", trouble=True)
    assert quiz.question.caption == ()
    assert quiz.solution.caption != ()
    sizes = {
        re.search(r' height="[\d.]+" viewBox', drawn.to_svg())[0]
        for drawn in (quiz.question, quiz.solution)
    }
    assert len(sizes) == 1


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("math", [False, True])
def test_both_figures_can_be_read(theme, math):
    quiz = lecture().quiz("values", "gradients", "derivatives", count=7, seed=3)
    for drawn in (quiz.question, quiz.solution):
        assert list(problems(drawn.to_svg(theme=theme, math=math))) == []


def test_arrays_are_asked_for_too():
    graph = gt.trace(lambda W, x: np.sum(np.tanh(W @ x)), np.ones((2, 2)), np.ones(2))
    graph.backward()
    quiz = graph.quiz("values", "gradients")
    assert any(isinstance(part, Blanked) for node in quiz.question.nodes for part in node.parts)
    assert list(problems(quiz.solution.to_svg())) == []


def test_dot_has_lines_to_write_on():
    assert "____" in to_dot(lecture().quiz("values").question)


@pytest.mark.parametrize(
    ("blank", "options", "message"),
    [
        (("colours",), {}, "'colours' cannot be asked for: use one of values, gradients"),
        (("values",), {"keys": ["z"]}, "no node 'z'"),
        (("values",), {"keys": ["a"]}, "no values to ask for there"),
        (("values",), {"path": ("a", "J")}, "leave out step= and path="),
    ],
)
def test_what_cannot_be_asked_says_why(blank, options, message):
    with pytest.raises(RenderError, match=message):
        lecture().quiz(*blank, **options)


@pytest.mark.parametrize(
    "wrong", [{"count": 1.5}, {"count": "two"}, {"seed": None}, {"keys": "u"}, {"keys": 3}]
)
def test_an_argument_of_another_type_is_refused(wrong):
    [(name, value)] = wrong.items()
    with pytest.raises(
        RenderError, match=re.escape(f"{name}={value!r} ") + "(is|are) no .*: write"
    ):
        lecture().quiz("values", **wrong)


def test_a_quiz_differentiates_by_itself_and_leaves_the_graph_as_it_was():
    graph = gt.trace(J, a=5, b=3, c=2)
    assert graph.quiz().answers == lecture().quiz().answers
    mixed = graph.quiz("values", "gradients").question.to_svg()
    assert mixed == lecture().quiz("values", "gradients").question.to_svg()
    assert not any("grad" in data for _, data in graph.nodes(data=True))
    assert graph.to_svg() == gt.trace(J, a=5, b=3, c=2).to_svg()


def test_a_quiz_of_several_outputs_still_asks_for_backward():
    graph = gt.trace(lambda p, q: (p * q, p + q), 2.0, 3.0)
    with pytest.raises(RenderError, match=r"call backward\(\) before"):
        graph.quiz()
    assert graph.quiz("values").answers


def test_a_notebook_shows_the_gradients_without_backward_and_the_graph_stays_as_it_was():
    graph = gt.trace(J, a=5, b=3, c=2)
    assert graph._repr_svg_() == lecture().to_svg(scheme="page")
    assert graph._repr_mimebundle_()["image/svg+xml"] == graph._repr_svg_()
    assert not any("grad" in data for _, data in graph.nodes(data=True))
    assert "gradient_of" not in graph.graph


def test_a_notebook_shows_the_gradients_that_backward_has_left():
    graph = gt.trace(lambda p, q: (p * q, p + q), 2.0, 3.0)
    assert graph._repr_svg_() == graph.to_svg(scheme="page")
    graph.backward(seed=(1.0, 2.0))
    assert graph._repr_svg_() == graph.to_svg(scheme="page")
