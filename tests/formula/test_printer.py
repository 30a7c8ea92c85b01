"""The printer of formulas: brackets, products and settings, in text, in runs and in LaTeX."""

import ast
import functools
import re
from dataclasses import replace

import numpy as np
import pytest
from samples import SAMPLES

import graphtrace as gt
from graphtrace.core.primitive import primitive_named
from graphtrace.figure.inlining import inlined
from graphtrace.formula.naming import Naming
from graphtrace.formula.printer import in_latex, on_board, text_of
from graphtrace.formula.read import term_of
from graphtrace.formula.runs import Run, plain
from graphtrace.formula.term import Name, Term
from graphtrace.render import to_svg, to_text

M = np.array([[2.0, 0.3], [0.4, 1.5]])
CUBE = np.arange(8.0).reshape(2, 2, 2)


def formulas(f, *args):
    """The formula of what f returns: plain, on the board, as LaTeX."""
    graph = gt.trace(f, *args)
    term = graph.nodes[graph.outputs[0]]["formula"].term
    return text_of(term), on_board_text(term), in_latex(Naming(graph), tight=True).term(term)


def on_board_text(term):
    return plain(on_board(Naming()).term(term))


@pytest.mark.parametrize(
    ("f", "args", "text", "board", "latex"),
    [
        (lambda x: x * (-2), (3.0,), "x*-2", "x·(−2)", r"x \cdot (-2)"),
        (lambda x: x - (-2), (3.0,), "x - -2", "x − (−2)", "x - (-2)"),
        (lambda x: 2 / x, (3.0,), "2/x", "2/x", r"\frac{2}{x}"),
        (lambda x: x**-2, (3.0,), "x**(-2)", "x⁻²", "{x}^{-2}"),
        (lambda x: x * x, (3.0,), "x*x", "x·x", r"x \cdot x"),
        (lambda a, b: a * b, (3.0, 2.0), "a*b", "ab", "a b"),
        (lambda u, v: u @ v, (np.ones(2), np.ones(2)), "u @ v", "u·v", r"u \cdot v"),
        (lambda W, x: W @ x, (M, np.ones(2)), "W @ x", "Wx", "W x"),
        (lambda Y, h: Y * h, (M, M), "Y*h", "Y ⊙ h", r"Y \odot h"),
        (lambda c, Y: c * Y, (3.0, M), "c*Y", "cY", "c Y"),
        (lambda x: x.T, (M,), "x.T", "xᵀ", r"{x}^{\mathsf{T}}"),
        (lambda x: x.transpose(1, 0), (M,), "x.T", "xᵀ", r"{x}^{\mathsf{T}}"),
        (
            lambda x: x.transpose(1, 0, 2),
            (CUBE,),
            "transpose(x, axes=(1, 0, 2))",
            "transpose(x, axes = (1, 0, 2))",
            r"\operatorname{transpose}(x, \mathrm{axes} = (1, 0, 2))",
        ),
        (
            lambda x: gt.log_softmax(x),
            (np.ones(2),),
            "log_softmax(x)",
            "log_softmax(x)",
            r"\operatorname{log\_softmax}(x)",
        ),
        (
            lambda m: np.einsum("ij,jk->ik", m, m),
            (M,),
            "einsum('ij,jk->ik', m, m)",
            "einsum('ij,jk->ik', m, m)",
            r"\sum_{j} {m}_{ij} \, {m}_{jk}",
        ),
        (
            lambda K: np.linalg.slogdet(K).sign,
            (M,),
            "slogdet(K).sign",
            "slogdet(K).sign",
            r"\operatorname{slogdet}(K).\mathrm{sign}",
        ),
        (
            lambda x: np.pad(x, 1),
            (np.ones(2),),
            "pad(x, widths=[[1, 1]], mode=constant)",
            "pad(x, widths = [[1, 1]], mode = constant)",
            r"\operatorname{pad}(x, \mathrm{widths} = [[1, 1]], \mathrm{mode} = \mathrm{constant})",
        ),
        (
            lambda learning_rate, g: learning_rate * g,
            (0.1, 2.0),
            "learning_rate*g",
            "learning_rate·g",
            r"\mathit{learning\_rate} \, g",
        ),
        (
            lambda z: np.angle(z, deg=True),
            (1 + 2j,),
            "angle(z, deg=True)",
            "angle(z, deg = True)",
            r"\arg(z, \mathrm{deg} = \mathrm{True})",
        ),
        (lambda z: np.angle(z), (1 + 2j,), "angle(z)", "angle(z)", r"\arg(z)"),
        (lambda x: np.sqrt(x), (2.0,), "sqrt(x)", "√x", r"\sqrt{x}"),
        (lambda x: x[0], (np.ones(2),), "x[0]", "x₀", "{x}_{0}"),
        (lambda a, b: np.stack([a, b]), (1.0, 2.0), "[a, b]", "[a, b]", "[a, b]"),
        (lambda x: x[:-1], (np.ones(2),), "x[:-1]", "x[:−1]", "{x}_{:-1}"),
    ],
)
def test_an_operation_is_written_as_a_person_would(f, args, text, board, latex):
    assert formulas(f, *args) == (text, board, latex)


U, V = np.ones(2), np.array([0.5, 2.0])


@pytest.mark.parametrize(
    ("f", "args", "board"),
    [
        (lambda n, m: 2 * np.dot(n, m) * n - m, (U, V), "(2n·m)n − m"),
        (lambda a, b: (a @ b) * (a @ a), (U, V), "(a·b)(a·a)"),
        (lambda a, b: a * (2 * (a @ b)), (U, V), "a·(2a·b)"),
        (lambda a, b: (a @ b) / (b @ b) * b, (U, V), "(a·b/(b·b))b"),
        (lambda a, b: -(a @ b) * b, (U, V), "−(a·b)b"),
        (lambda a, b: (a @ b) / b, (U, V), "(a·b)/b"),
        (lambda w, c: c * w @ w / 2, (U, 2.0), "cw·w/2"),
    ],
)
def test_an_inner_product_is_no_part_of_the_product_beside_it(f, args, board):
    """2n·mn would be n·(mn); a number before it changes nothing."""
    graph = gt.trace(f, *args)
    output = graph.outputs[0]
    inner = [node for node in graph if node not in graph.graph["inputs"]]
    assert on_board_text(inlined(graph, inner, output, longest=20)) == board


def test_an_inner_product_may_have_many_factors_beside_it():
    """Each step looks at its factors once: with forty it would never end otherwise."""
    c, multiply = Term(atom=Name("c")), primitive_named("multiply")
    product = Term(primitive_named("matmul"), (Term(atom=Name("a", 1)), Term(atom=Name("b", 1))))
    term = functools.reduce(lambda a, b: Term(multiply, (a, b)), [c] * 40, replace(product, rank=0))
    assert text_of(term).startswith("a @ b*c*c")


def test_other_windows_are_not_set_as_algebra_with_mathematics():
    pytest.importorskip("ziamath")
    graph = gt.trace(
        lambda x: np.sum(np.lib.stride_tricks.sliding_window_view(x, 2)), np.arange(4.0)
    )
    latex = graph.nodes["v1"]["formula"].latex
    assert latex.startswith(r"\operatorname{sliding\_window\_view}\left(x")
    outline = pytest.importorskip("graphtrace.render.typeset.math_outline").outline
    assert outline(latex).width > outline(r"\operatorname{slidingwindowview}").width


@pytest.mark.parametrize("letter", ["x̂", "β̂", "θ̃"])
def test_a_combining_mark_is_one_with_its_letter(letter):
    space = {}
    exec(f"def f({letter}, b):\n    return {letter} - 2*{letter}*b", space)
    graph = gt.trace(space["f"], 1.0, 2.0)
    assert f"2{letter}" in to_text(graph)
    row = graph.nodes["f"]["formula"].term
    assert on_board(Naming(graph)).term(row)[0] == Run(letter, italic=True)
    command = {"x̂": r"\hat{x}", "β̂": r"\hat{\beta}", "θ̃": r"\tilde{\theta}"}[letter]
    assert graph.nodes["f"]["formula"].latex.startswith(command)


def test_a_factor_with_a_sign_is_in_brackets_in_a_table():
    table = str(gt.trace(lambda p, v: np.exp(p / v**2), 1.0, 2.0).wengert())
    assert (
        re.search(r"v̄₂·\(−p/v₁²\)|v̄₂·\(−v₂/v₁\)|\(−[^)]*\)·v̄₂|−v₂v̄₂/v₁", table) or "·−" not in table
    )
    assert "·−" not in table


def test_the_adjoint_of_a_word_has_one_bar():
    def f(x):
        softmax_ce = 3 * x
        return softmax_ce * x

    graph = gt.trace(f, 2.0)
    assert "softm\u0304ax_ce" in str(graph.wengert())
    assert r"\overline{\mathit{softmax\_ce}}" in graph.wengert().to_latex()


def test_one_name_has_one_spelling_in_a_derivation():
    def f(Pi):
        Xi = 2 * Pi
        return Xi * Pi

    graph = gt.trace(f, 2.0)
    for latex in (graph.explain("Pi").to_latex(), graph.wengert().to_latex()):
        assert r"\Pi" in latex
        assert "Pi" not in latex.replace(r"\Pi", "").replace("derivative of f in Pi", "")


def test_both_halves_of_a_notation_are_used():
    notation = ("s⁺($x)", r"s^{+}\left($x\right)")
    soft = gt.primitive(partials=[lambda x, y: 1 - np.exp(-y)], notation=notation)(
        lambda x: np.logaddexp(x, 0)
    )
    graph = gt.trace(lambda x: soft(x), 1.0)
    assert "= $s^{+}(x)" in graph.explain("x").to_markdown().replace("f = ", "= $")
    assert "f = s⁺(x)" in to_text(graph)


def test_a_power_may_stand_behind_an_operand_in_a_notation():
    square = gt.primitive(partials=[lambda b, y: 2 * b], notation="$b²")(lambda b: b * b)
    graph = gt.trace(lambda b: 3 * square(b), 2.0)
    symbol = graph.nodes["v1"]["formula"]
    assert (str(symbol), on_board_text(symbol.term), symbol.latex) == ("b²", "b²", "b{}^{2}")
    assert on_board(Naming()).term(symbol.term)[1] == Run("2", shift="sup")


def test_an_edge_has_one_label_on_every_figure():
    def J(a, b, c):
        u = b * c
        v = a + u
        return 3 * v

    graph = gt.trace(J, 5.0, 3.0, 2.0)
    graph.backward()
    labels = []
    for options in ({}, {"path": ("a", "J")}, {"step": "dJ/da"}):
        svg = to_svg(graph, **options)
        labels.append(re.search(r'-edge-a-v-0".*?<title>(.*?)</title>', svg, re.S)[1])
    assert labels == ["∂v/∂a = 1"] * 3


# What is printed in Python's notation is Python


FUNCTIONS = {
    name: getattr(np, name) for name in dir(np) if callable(getattr(np, name)) and name != "array"
}


def value(node, names):
    """What a formula comes to, by a reader of its own: operators, names, and calls of NumPy."""
    match node:
        case ast.BinOp(left, op, right):
            a, b = value(left, names), value(right, names)
            operators = {
                ast.Add: lambda: a + b,
                ast.Sub: lambda: a - b,
                ast.Mult: lambda: a * b,
                ast.Div: lambda: a / b,
                ast.Pow: lambda: a**b,
                ast.MatMult: lambda: a @ b,
                ast.Mod: lambda: a % b,
                ast.FloorDiv: lambda: a // b,
            }
            return operators[type(op)]()
        case ast.UnaryOp(ast.USub(), operand):
            return -value(operand, names)
        case ast.Constant(number):
            return number
        case ast.Name(key):
            return names[key]
        case ast.Attribute(of, "T"):
            return value(of, names).T
        case ast.Call(ast.Name(function), arguments, keywords):
            settings = {k.arg: ast.literal_eval(k.value) for k in keywords}
            return FUNCTIONS[function](*(value(a, names) for a in arguments), **settings)
    raise KeyError(type(node).__name__)


def test_what_is_printed_for_an_operation_evaluates_to_its_value():
    read = 0
    for samples in SAMPLES.values():
        for sample in samples[:3]:
            graph = gt.trace(lambda *a, f=sample.f: f(np, *a), *sample.args)
            keys = {key: f"n{i}" for i, key in enumerate(graph)}
            for key, data in graph.nodes(data=True):
                if data["formula"] is None or not all(data["row"].keys):
                    continue
                if data["op"] in ("matrix_transpose", "dot") and np.ndim(data["value"]) > 2:
                    continue  # a person's ᵀ turns the matrices of a stack; NumPy's .T all axes
                text = str(data["formula"])
                for old, new in sorted(keys.items(), key=lambda pair: -len(pair[0])):
                    text = re.sub(rf"(?<![\w.]){re.escape(old)}(?!\w)", new, text)
                names = {keys[k]: graph.nodes[k]["value"] for k in data["row"].keys}
                try:
                    with np.errstate(all="ignore"):
                        result = value(ast.parse(text, mode="eval").body, names)
                except (KeyError, SyntaxError, ValueError, TypeError, AttributeError):
                    continue  # of another library, or with words of ours
                np.testing.assert_allclose(result, data["value"], err_msg=f"{key} = {text}")
                read += 1
    assert read > 300


def test_what_is_printed_for_a_derivative_evaluates_to_its_number():
    read = 0
    for samples in SAMPLES.values():
        for sample in samples[:1]:
            if any(np.shape(x) for x in sample.args):
                continue
            graph = gt.trace(lambda *a, f=sample.f: f(np, *a), *sample.args)
            keys = {key: f"n{i}" for i, key in enumerate(graph)}
            names = {keys[k]: data["value"] for k, data in graph.nodes(data=True)}
            for *_, data in graph.edges(data=True):
                text = str(data["symbol"])
                for old, new in sorted(keys.items(), key=lambda pair: -len(pair[0])):
                    text = re.sub(rf"(?<![\w.]){re.escape(old)}(?!\w)", new, text)
                try:
                    result = value(ast.parse(text, mode="eval").body, names)
                except (KeyError, SyntaxError, ValueError, TypeError, AttributeError):
                    continue
                if isinstance(data["local"], float):
                    assert result == pytest.approx(data["local"], rel=1e-5), text
                read += 1
    assert read > 60


def test_an_index_that_is_a_node_is_printed_by_its_name():
    def f(w, y):
        return np.sum(w[y] * w[y + 1])

    graph = gt.trace(f, np.array([1.0, 2.0, 4.0]), np.array([0, 1]))
    listed = graph.to_text()
    assert "= w[y] " in listed
    assert "(·)[y]" in listed
    assert "$" not in listed + graph.to_svg() + str(graph.wengert())


@pytest.mark.parametrize(
    "text",
    [
        "(a > 0 or b > 0) and c > 0",
        "a > 0 or b > 0 and c > 0",
        "(a and b) > 0",
        "a < b < c",
        "(a if p else b) if q else c",
        "(a if p else b) + 1",
        "a if p or q else b",
    ],
)
def test_conditions_keep_the_parentheses_that_they_need(text):
    assert text_of(term_of(text)) == text
