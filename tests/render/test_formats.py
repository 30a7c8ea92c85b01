"""The formats beside SVG: each from the same figure, none broken by any name."""

import io
import re
import shutil
import struct
import subprocess
import zlib
from html.parser import HTMLParser

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, strategies as st

import graphtrace as gt
from graphtrace.figure.parts import Definition, Figure, Node
from graphtrace.formula.naming import Naming
from graphtrace.formula.runs import Run
from graphtrace.render import THEMES, to_html, to_mermaid, to_text, to_tikz
from graphtrace.render.formats.tikz import mathematics

TEXTS = ("tikz", "mermaid", "html", "graphml", "json", "text", "dot", "svg")


def J(a, b, c):
    u = b * c
    v = a + u
    return 3 * v


def network(params, x, y):
    h = np.tanh(x @ params["W1"] + params["b"])
    return np.mean((h - y) ** 2)


def traced():
    graph = gt.trace(J, a=5, b=3, c=2)
    graph.backward()
    return graph


def trained():
    params = {"W1": np.array([[0.5, -1.0], [0.25, 2.0]]), "b": np.zeros(2)}
    x, y = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[0.0, 1.0], [1.0, 0.0]])
    graph = gt.trace(network, params, x, y)
    graph.backward()
    return graph


NASTY = [
    *("100% {x", r"\end{tikzpicture}", "$#&~^_", "'\"`", "</script><b>", '"]; click n0 call f()'),
    *(
        "重み",
        "x\ny\x00",
        "∑∞√é",
        "#quot;",
        "%%",
        "end",
        "}",
        "{",
        "\\",
        "- 1. list",
        "`md`",
        "<br/>",
    ),
]


def named(*names):
    def f(p):
        s = 1.0
        for name in names:
            s = s * p[name]
        return s

    graph = gt.trace(f, dict.fromkeys(names, 2.0))
    graph.backward()
    return graph


@pytest.mark.parametrize("format", TEXTS)
def test_the_same_graph_gives_the_same_text(format):
    first, second = io.StringIO(), io.StringIO()
    traced().render(first, format=format)
    traced().render(second, format=format)
    assert first.getvalue() == second.getvalue()
    assert first.getvalue().endswith("\n")
    assert "\r" not in first.getvalue()


@pytest.mark.parametrize("suffix", [".html", ".tex", ".tikz", ".mmd", ".graphml", ".json", ".txt"])
def test_every_suffix_writes_its_file_whole(tmp_path, suffix):
    traced().render(tmp_path / f"J{suffix}")
    assert [path.name for path in tmp_path.iterdir()] == [f"J{suffix}"]


# TikZ


def is_balanced(tex):
    """Whether every brace, not counting escaped ones, has its partner."""
    depth = 0
    for brace in re.findall(r"(?<!\\)(?:\\\\)*([{}])", re.sub(r"\\char`\\.", "", tex)):
        depth += 1 if brace == "{" else -1
        if depth < 0:
            return False
    return depth == 0


def test_tikz_has_the_nodes_by_name_and_the_formulas_as_mathematics():
    tex = to_tikz(traced())
    assert re.findall(r"\(node-(\w+)\)", tex) == ["a", "b", "c", "u", "v", "J"]
    for said in (r"$\displaystyle v = a + u$", r"\partial u/\partial b = c = 2"):
        assert said in tex
    assert tex.startswith("% Computational graph of J(a, b, c)")
    assert "documentclass" not in tex


def test_tikz_draws_the_way_back_dashed_in_the_gradient_s_colour():
    tex = to_tikz(traced())
    assert len(re.findall(r"\\draw\[gt-gradient,.*dash pattern", tex)) == 5
    assert r"\definecolor{gt-gradient}{HTML}{B3261E}" in tex


@pytest.mark.parametrize("theme", THEMES)
def test_tikz_defines_every_colour_that_it_uses(theme):
    tex = to_tikz(traced(), theme=theme)
    defined = set(re.findall(r"\\definecolor\{([\w-]+)\}", tex))
    used = set(re.findall(r"(?:text|draw|fill)=(gt-[\w-]+)|\[(gt-[\w-]+)", tex))
    assert {name for pair in used for name in pair if name} <= defined


def test_tikz_with_mathematics_has_fractions_and_the_chain_rule_beneath():
    pytest.importorskip("ziamath")
    tex = to_tikz(traced(), math=True, path=("a", "J"))
    assert r"\frac{\mathrm{d}J}{\mathrm{d}a} = \frac{\mathrm{d}J}{\mathrm{d}v}" in tex


def called(x):
    return x * x + 1


def test_tikz_has_the_legend_and_paper_behind_the_title_of_a_frame():
    tex = to_tikz(traced(), legend=True)
    for said in (r"\mathrm{input}", r"\mathrm{gradient},\ \mathrm{on}\ \mathrm{its}"):
        assert said in tex
    assert r"\mathrm{input}" not in to_tikz(traced())
    framed = to_tikz(gt.trace(lambda x: called(2 * x), 1.0), scopes=True)
    assert framed.count(r"\node[fill=gt-paper,") == framed.count("rounded corners=6pt") > 0


@pytest.mark.parametrize("name", ["a^^41", "^^5cinput", "50%", "x}{", "a\nb"])
def test_no_name_is_read_in_a_comment_of_tikz(name):
    first = to_tikz(gt.trace(lambda p: p[name] * 2, {name: 1.0})).splitlines()[0]
    assert first.startswith("% Computational graph")
    assert not set(first[1:]) & set("\\{}%^")


def test_tikz_tells_a_sign_from_a_difference():
    assert mathematics((Run("data −6"),)).endswith("{-}6")
    assert mathematics((Run("h − 6"),)).endswith(" - 6")


def test_tikz_has_the_places_of_the_svg():
    tex, svg = to_tikz(traced()), traced().to_svg()
    x, y = re.search(r"\(node-u\) at \(([\d.]+),([\d.]+)\)", tex).groups()
    box = re.search(
        r'node-u"[^>]*>.*?<rect class="gt-box [^>]*?x="([\d.]+)" y="([\d.]+)" w\w+="(\d+)" '
        r'height="(\d+)"',
        svg,
        re.DOTALL,
    )
    left, top, width, height = map(float, box.groups())
    assert (float(x) + 8, float(y) + 8) == pytest.approx((left + width / 2, top + height / 2), 0.1)


@pytest.mark.parametrize("name", NASTY)
def test_no_name_is_a_command_of_latex(name):
    tex = to_tikz(named(name, "b"))
    assert is_balanced(tex)
    assert tex.count(r"\end{tikzpicture}") == 1
    assert all("%" not in re.sub(r"\\%", "", line) for line in tex.splitlines()[2:])


RUNS = st.lists(
    st.builds(Run, st.text(max_size=8), st.booleans(), st.sampled_from(["", "sub", "sup"])),
    max_size=5,
)


@given(RUNS)
def test_any_runs_are_balanced_and_use_known_commands_only(runs):
    tex = mathematics(tuple(runs))
    assert is_balanced(tex)
    flat_runs = re.sub(r"\{[^{}]*\}", "{}", tex)
    assert not re.search(r"([_^])\{\}(?:[_^]\{\})?\1", flat_runs)
    assert not re.search(r"(?<!\\)[%&#$~]", tex)
    commands = set(re.findall(r"\\([A-Za-z]+)", tex))
    assert not commands & {"input", "write", "def", "csname", "end", "begin", "include", "catcode"}


def test_a_second_raised_run_has_a_base_of_its_own():
    raised = Run("2", shift="sup")
    assert mathematics((Run("x"), raised, raised)) == r"\mathrm{x}^{2}{}^{2}"
    assert mathematics((Run("x"), raised, Run("1", shift="sub"), raised)).endswith("^{2}_{1}{}^{2}")
    assert mathematics((Run("ᵀ"), raised)) == r"{{}^{\mathrm{T}}}^{2}"


@pytest.mark.exe
@pytest.mark.slow
def test_latex_compiles_every_theme_and_every_name(tmp_path):
    latex = shutil.which("pdflatex")
    if latex is None:
        pytest.skip("there is no pdflatex on the PATH")
    pictures = [to_tikz(traced(), theme=theme) for theme in THEMES]
    pictures += [to_tikz(trained()), to_tikz(named(*NASTY)), to_tikz(traced(), step="dJ/da")]
    more = {"scopes": True, "constants": True, "sources": True, "shapes": True, "legend": True}
    framed = gt.trace(lambda x: called(2 * x), 1.0)
    pictures += [to_tikz(framed, theme=theme, **more) for theme in ("lecture", "cs231n")]
    pictures += [to_tikz(traced(), flow=True), to_tikz(traced().quiz().question, legend=True)]
    document = to_tikz(traced(), standalone=True).replace(
        r"\end{document}", "\n".join(pictures) + r"\end{document}"
    )
    (tmp_path / "all.tex").write_text(document, "utf-8")
    command = [latex, "-interaction=nonstopmode", "-halt-on-error", "all.tex"]
    made = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=120)
    if b"not found" in made.stdout:
        pytest.skip("this LaTeX has no standalone, lmodern or tikz")
    assert made.returncode == 0, made.stdout[-2000:].decode("utf-8", "replace")
    assert f"({len(pictures) + 1} pages" in made.stdout.decode("utf-8", "replace")


# Mermaid


def test_mermaid_has_a_box_for_each_node_and_the_derivative_on_each_edge():
    lines = to_mermaid(traced()).splitlines()
    assert lines[0] == "flowchart LR"
    assert '  n3["u = bc<br/>6<br/>dJ/du = 3"]:::operation' in lines
    assert '  n1 -->|"∂u/∂b = c = 2"| n3' in lines


def test_mermaid_paints_a_path():
    text = to_mermaid(traced(), path=("a", "J"))
    assert "linkStyle 2,4 stroke:#b3261e" in text
    assert 'caption["dJ/da = dJ/dv · dv/da = 3 · 1 = 3"]' in text


@pytest.mark.parametrize("name", NASTY)
def test_no_name_breaks_out_of_a_label_of_mermaid(name):
    plain = to_mermaid(named("a", "b"))
    text = to_mermaid(named(name, "b"))
    shape = r'"[^"]*"'
    assert re.sub(shape, '""', text).splitlines()[2:] == re.sub(shape, '""', plain).splitlines()[2:]
    for label in re.findall(r'"([^"\n]*)"', text):
        assert not re.search(r"[<>\[\]{}|`;\\]", re.sub(r"<br/>|#\d+;", "", label))


# GraphML


@pytest.mark.parametrize("make", [traced, trained, lambda: named(*NASTY)])
def test_graphml_reads_back_with_the_same_nodes_edges_and_keys(tmp_path, make):
    graph = make()
    graph.render(tmp_path / "J.graphml")
    read = nx.read_graphml(tmp_path / "J.graphml", edge_key_type=int, force_multigraph=True)
    clean = {key: re.sub("[\x00]", "\N{REPLACEMENT CHARACTER}", key) for key in graph}
    assert list(read) == list(clean.values())
    assert {(clean[u], clean[v], k) for u, v, k in graph.edges(keys=True)} == set(
        read.edges(keys=True)
    )


def test_graphml_holds_the_numbers_as_numbers(tmp_path):
    graph = traced()
    graph.render(tmp_path / "J.graphml")
    read = nx.read_graphml(tmp_path / "J.graphml", edge_key_type=int, force_multigraph=True)
    for key, data in graph.nodes(data=True):
        assert (read.nodes[key]["value"], read.nodes[key]["grad"]) == (data["value"], data["grad"])
    for *edge, data in graph.edges(keys=True, data=True):
        assert read.edges[tuple(edge)]["local"] == data["local"]
        assert read.edges[tuple(edge)]["symbol"] == str(data["symbol"])


def test_graphml_holds_an_array_and_a_map_as_text(tmp_path):
    graph = trained()
    graph.render(tmp_path / "J.graphml")
    read = nx.read_graphml(tmp_path / "J.graphml", edge_key_type=int, force_multigraph=True)
    assert read.nodes["x"]["value_text"] == "[[1.0, 2.0], [3.0, 4.0]]"
    assert read.edges["x", "v1", 0]["local_text"] == "· @ params['W1']"


def test_an_edge_that_is_there_twice_stays_so(tmp_path):
    graph = gt.trace(lambda a: a * a, 2.0)
    graph.render(tmp_path / "f.graphml")
    read = nx.read_graphml(tmp_path / "f.graphml", edge_key_type=int, force_multigraph=True)
    assert sorted(read.edges(keys=True)) == [("a", "f", 0), ("a", "f", 1)]


# Text


def test_the_text_is_a_line_for_each_step():
    assert to_text(traced()) == (
        "J(a, b, c)\n\n"
        "  a         = 5   dJ/da = 3\n"
        "  b         = 3   dJ/db = 6\n"
        "  c         = 2   dJ/dc = 9\n"
        "  u = bc    = 6   dJ/du = 3  ∂u/∂b = c = 2   ∂u/∂c = b = 3\n"
        "  v = a + u = 11  dJ/dv = 3  ∂v/∂a = 1       ∂v/∂u = 1\n"
        "  J = 3v    = 33  dJ/dJ = 1  ∂J/∂v = 3\n"
    )


def test_the_text_tells_a_path_and_the_chain_rule():
    lines = to_text(traced(), path=("a", "J")).splitlines()
    assert [line[0] for line in lines[2:8]] == [">", " ", " ", " ", ">", ">"]
    assert lines[-1] == "  dJ/da = dJ/dv · dv/da = 3 · 1 = 3"


@pytest.mark.parametrize("columns", [40, 80, 200])
@pytest.mark.parametrize("make", [traced, trained, lambda: named(*NASTY)])
def test_no_line_of_the_text_is_too_long(make, columns):
    from graphtrace.render.typeset.escape import columns_of

    lines = to_text(make(), columns=columns).splitlines()[1:]
    assert max(map(columns_of, lines)) <= columns


def test_the_text_of_a_question_has_lines_to_write_on():
    text = to_text(traced().quiz("gradients").question)
    assert "dJ/da = ____" in text
    assert "dJ/da = 3" not in text


def test_colours_change_nothing_else_of_the_text():
    pytest.importorskip("rich")
    coloured = to_text(traced(), colour=True)
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == to_text(traced())
    assert "\x1b[31mdJ/da = 3" in coloured


# HTML


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))


def test_the_page_asks_for_no_other_file():
    text = to_html(traced())
    tags = Page(text).tags
    assert not [a for _, a in tags if a.keys() & {"src", "srcset", "action", "xlink:href", "href"}]
    assert "@import" not in text
    assert not re.search(
        r"url\(|fetch|XMLHttp|https?:", text.replace("http://www.w3.org/2000/svg", "")
    )
    (policy,) = (a["content"] for t, a in tags if t == "meta" and "http-equiv" in a)
    assert policy.startswith("default-src 'none'; script-src 'sha256-")


def test_the_policy_allows_the_script_of_the_page():
    import base64
    import hashlib

    text = to_html(traced())
    script = re.search(r"<script>(.*?)</script>", text, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in text


def test_the_page_has_one_script_whatever_the_names_are():
    graph = named(*NASTY)
    tags = [tag for tag, _ in Page(to_html(graph)).tags]
    assert (tags.count("script"), tags.count("svg"), tags.count("b")) == (1, 1, 0)


def test_a_title_is_text():
    node = Node("node-a", "a", "input", (Definition("a"),))
    text = to_html(Figure("</title><script>alert(1)</script>@svg", (node,), (), Naming()))
    assert text.count("<script>") == 1
    assert "alert(1)</script>" not in text


@pytest.mark.parametrize(("scheme", "dark"), [("auto", True), ("light", False)])
def test_the_page_follows_the_reader_into_dark_mode_unless_told_not_to(scheme, dark):
    text = to_html(traced(), scheme=scheme)
    assert ("@media (prefers-color-scheme:dark){:root" in text) is dark


def test_the_page_tells_how_to_zoom_without_a_mouse():
    tags = Page(to_html(traced())).tags
    labels = [a.get("aria-label", a.get("title")) for t, a in tags if t == "button"]
    assert labels == ["Zoom out", "Zoom in", "Show the whole figure (0)", "Actual size (1)"]
    assert any(t == "main" and a.get("tabindex") == "0" for t, a in tags)


# PDF and PNG


def streams(pdf):
    for data in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            yield zlib.decompress(data)
        except zlib.error:
            yield data


def rendered(format, **options):
    pytest.importorskip("typst")
    file = io.BytesIO()
    traced().render(file, format=format, **options)
    return file.getvalue()


def test_the_pdf_is_vectors_and_has_the_size_of_the_figure():
    pdf = rendered("pdf")
    assert pdf.startswith(b"%PDF")
    assert b"/Subtype/Image" not in pdf.replace(b" ", b"")
    drawn = b"\n".join(streams(pdf))
    assert len(re.findall(rb"\bc\b", drawn)) > 10
    width, height = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', traced().to_svg()).groups()
    box = re.search(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)\s*\]", pdf + drawn)
    assert [float(n) for n in box.groups()] == pytest.approx(
        [float(width) * 0.75, float(height) * 0.75], abs=0.5
    )


def test_the_pdf_has_the_colours_of_the_scheme():
    light, dark = rendered("pdf"), rendered("pdf", scheme="dark")
    drawn = [b"".join(streams(pdf)) for pdf in (light, dark)]
    assert drawn[0] != drawn[1]
    assert b"0.7019608 0.14901961 0.11764706" in drawn[0]  # #b3261e


def test_the_same_figure_gives_the_same_pdf():
    assert rendered("pdf") == rendered("pdf")


def test_the_png_has_two_pixels_for_each_of_the_figure_s():
    png = rendered("png")
    assert png.startswith(b"\x89PNG")
    width = float(re.search(r'viewBox="0 0 ([\d.]+)', traced().to_svg())[1])
    assert struct.unpack(">I", png[16:20])[0] == pytest.approx(2 * width, abs=2)


def test_a_folded_box_tells_what_it_repeats():
    def f(x, w):
        for _ in range(40):
            x = np.tanh(w * x) + x
        return x

    graph = gt.trace(f, 0.1, 0.2)
    text = to_text(graph, limit=10)
    assert "x ← tanh(wx) + x" in text
    assert "40 times" in text
    assert r"x \leftarrow" in to_tikz(graph, limit=10)
    assert "x ← tanh(wx) + x<br/>40 times" in to_mermaid(graph, limit=10)


def test_a_number_with_a_comma_is_one_number():
    assert mathematics((Run("1,500 of [1, 2]"),)) == r"1{,}500\ \mathrm{of}\ [1, 2]"
