"""Names, operands and texts of executed instructions, as a probe value sees them."""

import ast
import colorsys
import fractions
import gc
import itertools
import linecache
import statistics
import sys
import textwrap
import types
from pathlib import Path

import numpy as np
import numpy.linalg as la
import pytest

import graphtrace as gt
from graphtrace.core import source as names
from graphtrace.core.operands import operands
from graphtrace.core.source import (
    RETURNED,
    Returned,
    is_operator,
    line,
    location,
    target,
    text,
)

OPERATORS = "add radd sub mul rmul truediv matmul pow neg pos abs getitem setitem contains".split()
METHODS = "sum dot __array_ufunc__ __array_function__".split()


class Probe:
    """A value whose operators and methods note the instruction that ran them."""

    __hash__ = object.__hash__

    def __init__(self, seen):
        self.seen = seen

    def __iter__(self):
        return iter([Probe(self.seen), Probe(self.seen)])

    def __lt__(self, other):
        note(self, "lt", sys._getframe(1))
        return True

    @property
    def T(self):
        note(self, "T", sys._getframe(1))
        return Probe(self.seen)


def note(probe, name, frame):
    probe.seen.append((name, frame.f_code, frame.f_lasti))


def noting(name):
    def method(self, *_, **__):
        note(self, name, sys._getframe(1))
        return Probe(self.seen)

    return method


for name in OPERATORS:
    setattr(Probe, f"__{name}__", noting(name))
for name in METHODS:
    setattr(Probe, name, noting(name))

VALUES = "X w b z a c out λ".split()
numbers = itertools.count()


def run(body, operation, *, source=False):
    """Run statements as a function of probes; the places (code, lasti) where an operation ran."""
    filename = f"<cell {next(numbers)}>"
    parameters = ", ".join([*VALUES, "self", "p", "xs"])
    whole = f"def f({parameters}):\n" + textwrap.indent(body, "    ") + "\n"
    if source:
        linecache.cache[filename] = (len(whole), None, whole.splitlines(keepends=True), filename)
    scope = {"np": np}
    exec(compile(whole, filename, "exec"), scope)
    seen = []
    values = [Probe(seen) for _ in VALUES]
    self = types.SimpleNamespace(W=Probe(seen))
    result = scope["f"](*values, self, {"w": Probe(seen), 0: Probe(seen)}, [Probe(seen)] * 2)
    if isinstance(result, types.GeneratorType):
        list(result)
    return [(code, lasti) for name, code, lasti in seen if name == operation]


ASSIGNED = {
    "u = a * b": ["u"],
    "u: float = a * b": ["u"],
    "u = (\n    a\n    * b\n)": ["u"],
    "u = a\nu *= b": ["u"],
    "p = q = a * b": ["p"],
    "(u := a * b) + c": ["u"],
    "if (u := a * b): pass": ["u"],
    "self.h = a * b": ["h"],
    "self.h = a\nself.h *= b": ["h"],
    "self.h = u = a * b": ["h"],
    "d = {}\nd['h'] = u = a * b": ["u"],
    # tuples
    "v, w = a * b, a + b": ["v"],
    "v, w = a + b, a * b": ["w"],
    "(v, w) = (a * b, b * c)": ["v", "w"],
    "[v, w] = [a * b, b * c]": ["v", "w"],
    "v, w, z = a * b, b * c, a * c": ["v", "w", "z"],
    "v, w, z, t = a * b, b * c, a * c, c * c": ["v", "w", "z", "t"],
    "v, (w, z) = a * b, (b * c, a * c)": ["v", "w", "z"],
    "t = v, w = a * b, b * c": ["v", "w"],
    "self.v, w = a * b, b * c": ["v", "w"],
    "v, w = a * b, [x + c for x in (a, b)]": ["v"],
    "v, w = a * b, (b if a < c else c)": ["v"],
    "v, w = a * b, [lambda: x for x in (a, b)]": ["v"],
    "v, w = a * b, a < b < c": ["v"],
    "v, w = a * b, dict(x=a, y=[b])": ["v"],
    # one of several paths
    "u = a * b if a < b else a + b": ["u"],
    "u = a + b if not a < b else a * b": ["u"],
    "v, w = (a, b * c) if a < b else (b * a, a)": ["w"],
    "u = a * b or c": ["u"],
    "u = c and a * b": ["u"],
    "return a * b": [RETURNED],
    "return (a * b)": [RETURNED],
    "return a * b if a < b else c": [RETURNED],
    "return c if not a < b else a * b": [RETURNED],
    "return a * b or c": [RETURNED],
    "if a < b:\n    return a * b\nreturn b * c": [RETURNED],
    "g = lambda: a * b\ng()": [RETURNED],
    "def g(x): return x * b\nu = g(a)": [RETURNED],
    # scopes
    "global u\nu = a * b": ["u"],
    "u = a\ndef g():\n    nonlocal u\n    u = a * b\ng()": ["u"],
    "u = a * b\ng = lambda: u": ["u"],
    "a = a * b\ng = lambda: a": ["a"],
    "class K:\n    u = a * b": ["u"],
    # blocks
    "for i in range(2):\n    u = a * b": ["u", "u"],
    "while True:\n    u = a * b\n    break": ["u"],
    "import contextlib\nwith contextlib.nullcontext():\n    u = a * b": ["u"],
    "import contextlib\nwith contextlib.nullcontext():\n    return a * b": [RETURNED],
    "try:\n    u = a * b\nexcept ValueError:\n    pass": ["u"],
    "try:\n    return a * b\nfinally:\n    pass": [RETURNED],
    "try:\n    return a * b\nfinally:\n    for i in xs: a + b\n    if a < b: pass": [RETURNED],
    "try:\n    return a * b\nfinally:\n    if not a < b: raise ValueError": [RETURNED],
    "try:\n    xs[9]\nexcept IndexError as e:\n    return a * b": [RETURNED],
    "try:\n    try:\n        return a * b\n    finally:\n        raise ValueError\n"
    "except ValueError as e:\n    u = e": [None],
    "match a * b:\n    case u: pass": ["u"],
    "hs = [y for x in (a, b) for y in [x * c]]": ["y", "y"],
    "async def g():\n    v, w = a * b, await h()\nasync def h(): pass\n"
    "try: g().send(None)\nexcept StopIteration: pass": ["v"],
    # consumed by something else
    "a * b": [None],
    "d = {}\nd['h'] = a * b": [None],
    "hs = []\nhs.append(a * b)": [None],
    "hs = [a * b, c]": [None],
    "u = a * b, c": [None],
    "u = a * b + c": [None],
    "u = c + a * b": [None],
    "u = -(a * b)": [None],
    "u = (a * b).sum()": [None],
    "u = str(a * b)": [None],
    "u = f'{a * b}'": [None],
    "u = not a * b": [None],
    "u = a < b * c < a": [None],
    "u = c if a * b else b": [None],
    "if a * b: pass": [None],
    "v, w = a * b": [None],
    "v, w, x, y, z = *(a * b), a, b, c": [None],
    "v, *w = a * b, b, c": [None],
    "t = v, w = a * b": ["t"],
    "return a * b, c": [Returned((0,))],
    "return c, [a, a * b]": [Returned((1, 1))],
    "return a * b + c": [None],
    "yield a * b": [None],
    "u = yield a * b": [None],
    "hs = [x * b for x in (a, c)]": [None, None],
    "hs = {x * b for x in (a, c)}": [None, None],
    "hs = {1: x * b for x in (a, c)}": [None, None],
    "hs = list(x * b for x in (a, c))": [None, None],
    "for x in a * b: pass": [None],
    "self.h = [a * b]": [None],
}


@pytest.mark.parametrize(("body", "expected"), ASSIGNED.items(), ids=ASSIGNED)
def test_a_value_is_named_after_what_it_is_assigned_to(body, expected):
    assert [target(*place) for place in run(body, "mul")] == expected


def test_every_name_is_found_in_a_function_of_hundreds_of_names():
    body = "\n".join(f"x{i} = a * b" for i in range(600))
    assert [target(*place) for place in run(body, "mul")] == [f"x{i}" for i in range(600)]


def test_every_element_is_named_in_a_long_tuple():
    left = ", ".join(f"x{i}" for i in range(20))
    places = run(f"{left} = {', '.join(['a * b'] * 20)}", "mul")
    assert [target(*place) for place in places] == [f"x{i}" for i in range(20)]


def test_the_variable_of_a_for_loop_names_what_iteration_makes():
    code = compile("for row in X: pass", "<gone>", "exec")
    found = {target(code, lasti) for lasti in range(0, len(code.co_code), 2)}
    assert found == {"row", None}


def test_the_variable_of_a_call_is_found_from_the_callers_instruction():
    seen = []

    def helper(a):
        frame = sys._getframe(1)
        seen.append((frame.f_code, frame.f_lasti))
        return a

    def caller(a):
        for _ in range(50):  # until the interpreter has specialised the call
            u = helper(a)
        return helper(u)

    caller(1)
    assert [target(*place) for place in seen] == ["u"] * 50 + [RETURNED]


OPERATION_OF = {
    "abs(a)": "abs",
    "np.tanh(a)": "__array_ufunc__",
    "a.sum()": "sum",
    "a[0]": "getitem",
    "a.T": "T",
    "a * 2": "mul",
}


@pytest.mark.parametrize(("call", "operation"), OPERATION_OF.items(), ids=OPERATION_OF)
def test_a_hot_loop_keeps_its_names_once_the_interpreter_has_specialised_it(call, operation):
    places = run(f"for i in range(100):\n    u = {call}\n    w = 0", operation, source=True)
    assert [target(*place) for place in places] == ["u"] * 100
    assert {text(*place) for place in places} == {call}


def test_names_that_pytest_invents_are_not_names():
    code = compile("u = a * b", "<gone>", "exec")
    code = code.replace(co_names=tuple("@py_assert1" if n == "u" else n for n in code.co_names))
    assert target(code, 6) is None


def expected_of(node, parents):
    parent = parents[node]
    if isinstance(parent, ast.Assign) and isinstance(parent.targets[0], ast.Name):
        return parent.targets[0].id
    if isinstance(parent, ast.Return):
        return RETURNED
    if isinstance(parent, ast.BinOp | ast.Compare | ast.Subscript | ast.Call | ast.keyword):
        return None
    return "not checked here"


def code_objects(code):
    yield code
    for const in code.co_consts:
        if isinstance(const, types.CodeType):
            yield from code_objects(const)


@pytest.mark.parametrize("module", [statistics, fractions, colorsys, ast], ids=lambda m: m.__name__)
def test_real_code_gets_the_names_and_texts_that_its_syntax_tree_has(module):
    source = Path(module.__file__).read_text(encoding="utf-8")
    tree = ast.parse(source)
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    products = {
        (node.lineno, node.end_lineno, node.col_offset, node.end_col_offset): node
        for node in ast.walk(tree)
        if isinstance(node, ast.BinOp)
    }
    checked = 0
    for code in code_objects(compile(source, module.__file__, "exec")):
        for unit, position in enumerate(code.co_positions()):
            lasti = 2 * unit
            node = products.get(position)
            if node is None or names._running(code, lasti)[0] != "BINARY_OP":
                continue
            expected = expected_of(node, parents)
            if expected != "not checked here":
                assert target(code, lasti) == expected, ast.unparse(parents[node])
            assert ast.dump(ast.parse(text(code, lasti), mode="eval").body) == ast.dump(node)
            checked += 1
    assert checked > 10


OPERANDS = {
    ("u = X @ w", "matmul"): [("X", "w")],
    ("u = X @ w + X @ b", "matmul"): [("X", "w"), ("X", "b")],
    ("u = (X + b) @ w", "matmul"): [("(X + b)", "w")],
    ("u = X.T @ w", "matmul"): [("X.T", "w")],
    ("u = X.T", "T"): [("X",)],
    ("u = self.W @ p['w']", "matmul"): [("self.W", "p['w']")],
    ("u = xs[-1] @ p[0]", "matmul"): [("xs[-1]", "p[0]")],
    ("i = 0\nu = xs[i] @ w", "matmul"): [("xs[i]", "w")],
    ("u = X @ (\n    # why\n    w\n)", "matmul"): [("X", "w")],
    ("u = 'é', λ @ w", "matmul"): [("λ", "w")],
    ("u = 2 * X", "rmul"): [(None, "X")],
    ("X += w", "add"): [("X", "w")],
    ("u = -X", "neg"): [("X",)],
    ("u = +X", "pos"): [("X",)],
    ("u = X < w", "lt"): [("X", "w")],
    ("u = X < w < b", "lt"): [(), ()],
    ("u = X[0]", "getitem"): [("X", None)],
    ("u = X[b]", "getitem"): [("X", "b")],
    ("u = X.sum(axis=0)", "sum"): [("X",)],
    ("u = X.dot(w)", "dot"): [("X", "w")],
    ("u = self.W.dot(w)", "dot"): [("self.W", "w")],
    ("u = np.exp(X).sum()", "sum"): [("exp(X)",)],
    ("u = np.maximum(0, z)", "__array_ufunc__"): [(None, "z")],
    ("u = np.add.reduce(X)", "__array_ufunc__"): [("X",)],
    ("u = np.linalg.norm(X)", "__array_function__"): [("X",)],
    ("u = np.dot(X, b=w)", "__array_function__"): [("X",)],
    ("u = np.dot(*xs)", "__array_function__"): [()],
    ("u = np.dot(X, *xs[1:])", "__array_function__"): [("X",)],
    ("dot = np.dot\nu = dot(X, w)", "__array_function__"): [("X", "w")],
    ("import numpy.linalg as l\nu = l.norm(X)", "__array_function__"): [()],
    ("u = sum([X, w])", "add"): [(None,)],
    ("u = (X\n    .dot(w))", "dot"): [()],
}


@pytest.mark.parametrize(("case", "expected"), OPERANDS.items(), ids=[case[0] for case in OPERANDS])
def test_operands_are_named_as_they_are_written(case, expected):
    assert [operands(*place) for place in run(*case, source=True)] == expected


def test_operands_are_unknown_without_source():
    (place,) = run("u = X @ w", "matmul")
    assert operands(*place) == ()


GLOBAL = Probe([])


def test_a_module_that_a_file_imports_is_no_operand_and_its_own_arrays_are():
    def model(w):
        la.norm(w)
        GLOBAL.dot(w)

    GLOBAL.seen.clear()
    model(GLOBAL)
    (norm, dot) = [(code, lasti) for _, code, lasti in GLOBAL.seen]
    assert operands(*norm) == ("w",)
    assert operands(*dot) == ("GLOBAL", "w")


TEXTS = {
    ("u = np.sin(X) + 1", "__array_ufunc__"): "np.sin(X)",
    ("u  =  X   @ w  # product", "matmul"): "X @ w",
    ("u = 'é' + str(X @ w)", "matmul"): "X @ w",
    ("u = p['w']  @ X", "matmul"): "p['w']  @ X",
    ("u = (X @  # why\n    w)", "matmul"): "X @ w",
    ("u = X \\\n    @ w", "matmul"): "X @ w",
    ("X +=  w", "add"): "X += w",
    ("if X < w: pass", "lt"): "X < w",
    ("u = X.T.sum()", "T"): "X.T",
    ("i = 0\nout[i] = X * 2", "setitem"): "out[i] = X * 2",
    ("for i in [0]: out[i] = X * 2", "setitem"): "out[i] = X * 2",
    ("i = 0; out[i] = X; i = 2", "setitem"): "out[i] = X",
    ("out[0] = np.sin(\n    X\n)", "setitem"): "out[0] = np.sin(X)",
    ("u = out[0] = X", "setitem"): "u = out[0] = X",
    ("u, out[0] = X, w", "setitem"): "u, out[0] = X, w",
    ("out[0] += X", "setitem"): "out[0] += X",
    ("out[0] += X", "add"): "out[0] += X",
    ("out[0] += X", "getitem"): "out[0]",
    ("out[1:2] = X", "setitem"): "out[1:2] = X",
    ("u = X[1:2]", "getitem"): "X[1:2]",
}


@pytest.mark.parametrize(("case", "expected"), TEXTS.items(), ids=[case[0] for case in TEXTS])
def test_the_text_is_what_is_written_there(case, expected):
    (place,) = run(*case, source=True)
    assert text(*place) == expected


@pytest.mark.parametrize("other", ["X, ww", "f(ww)", "1 +", "[1, 2, 3]", ""])
def test_text_and_operands_fall_back_where_the_source_holds_something_else(other):
    (place,) = run("u = X @ w", "matmul", source=True)
    changed = ["def f():\n", f"    u = {other}\n"]
    linecache.cache[place[0].co_filename] = (1, None, changed, place[0].co_filename)
    assert text(*place) is None
    assert operands(*place) == ()


def test_operands_that_the_code_does_not_know_are_not_named():
    (place,) = run("u = X @ w", "matmul", source=True)
    changed = ["def f():\n", "    u = Q @ r\n"]
    linecache.cache[place[0].co_filename] = (1, None, changed, place[0].co_filename)
    assert operands(*place) == (None, None)


def test_a_file_edited_since_it_was_cached_is_read_again(tmp_path):
    path = tmp_path / "model.py"
    path.write_text("u = 1\n")
    linecache.getlines(str(path))
    path.write_text("u = X @ w\n")
    code = compile("u = X @ w\n", str(path), "exec")
    assert operands(code, 6) == ("X", "w")


def test_a_deleted_file_leaves_the_name_and_the_line_number(tmp_path):
    path = tmp_path / "model.py"
    path.write_text("u = X @ w\n")
    code = compile(path.read_text(), str(path), "exec")
    path.unlink()
    found = target(code, 6), location(code, 6), line(code, 6), text(code, 6), operands(code, 6)
    assert found == ("u", (str(path), 1), None, None, ())


def test_the_location_of_an_operation_is_the_line_where_it_starts():
    (place,) = run("u = (\n    1,\n    X @ w,\n)", "matmul", source=True)
    assert location(*place) == (place[0].co_filename, 4)
    assert line(*place) == "X @ w,"


def test_equal_code_objects_from_two_files_have_their_own_locations():
    first = compile("u = b * c", "one.py", "exec")
    second = compile("u = b * c", "two.py", "exec")
    assert first == second
    assert location(first, 6) == ("one.py", 1)
    assert location(second, 6) == ("two.py", 1)


OPERATOR_OR_NOT = {
    ("X * w", "mul"): True,
    ("X *= w", "mul"): True,
    ("-X", "neg"): True,
    ("+X", "pos"): True,
    ("X < w", "lt"): True,
    ("X in w", "contains"): True,
    ("X[0]", "getitem"): True,
    ("X[1:2]", "getitem"): True,
    ("X[0] = w", "setitem"): True,
    ("X[1:2] = w", "setitem"): True,
    ("sum([X, w])", "add"): False,
    ("sum([X, w], start=X)", "add"): False,
    ("sum(*[[X, w]])", "add"): False,
    ("abs(X)", "abs"): False,
    ("X.sum()", "sum"): False,
    ("np.tanh(X)", "__array_ufunc__"): False,
}


@pytest.mark.parametrize(("case", "expected"), OPERATOR_OR_NOT.items(), ids=str)
def test_an_operator_is_told_from_a_call(case, expected):
    assert {is_operator(*place) for place in run(*case)} == {expected}


QUESTIONS = [target, operands, location, text, line, is_operator]


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.__name__)
def test_no_instruction_offset_makes_a_question_raise(question):
    code = test_no_instruction_offset_makes_a_question_raise.__code__
    for lasti in range(-5, len(code.co_code) + 5):
        question(code, lasti)


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.__name__)
def test_code_stripped_of_its_positions_makes_no_question_raise(question):
    code = compile("u = b * c", __file__, "exec").replace(co_linetable=b"")
    assert question(code, 6) in ("u", True, None, ())


def test_a_second_question_is_answered_from_memory(monkeypatch):
    code = compile("u = b * c", "<gone>", "exec")
    assert target(code, 6) == "u"
    monkeypatch.setattr(names, "_fetch", None)
    assert target(code, 6) == "u"


def test_answers_are_forgotten_with_their_code():
    gc.collect()
    before = len(names._memories)
    code = compile("u = b * c", "<gone>", "exec")
    for question in QUESTIONS:
        question(code, 6)
    assert len(names._memories) == before + 1
    del code
    gc.collect()
    assert len(names._memories) == before


def test_a_value_that_waits_long_is_followed_only_so_far(monkeypatch):
    steps = itertools.count()
    fetch = names._fetch
    monkeypatch.setattr(names, "_fetch", lambda *args: (next(steps), fetch(*args))[1])
    code = compile(f"u = b * c + ({'b[0]' + '[0]' * 800})", "<gone>", "exec")
    assert target(code, 6) is None
    assert next(steps) < 1100


def names_of(f, *args):
    g = gt.trace(f, *args)
    return [key for key in g if g.nodes[key]["op"] != "input"]


def test_what_a_helper_returns_in_a_tuple_is_named_by_its_caller():
    def sums(a, b):
        return a * b, [a - b, a + b]

    def f(a, b):
        x, (y, z) = sums(a, b)
        t = x * y * z
        return t

    assert names_of(f, 2.0, 3.0) == ["x", "y", "z", "v1", "t"]


def test_a_name_in_the_helper_goes_before_the_callers():
    def product(a, b):
        inner = a * b
        return inner, b

    def f(a, b):
        x, y = product(a, b)
        t = x * y
        return t

    assert names_of(f, 2.0, 3.0) == ["inner", "t"]


def test_a_part_of_a_tuple_that_is_kept_whole_has_no_name():
    def f(a, b):
        pair = (lambda: (a * b, a + b))()
        t = pair[0] * pair[1]
        return t

    assert names_of(f, 2.0, 3.0) == ["v1", "v2", "t"]


def test_each_array_of_a_decomposition_is_named():
    def f(A):
        q, r = np.linalg.qr(A)
        w, V = np.linalg.eigh(A)
        t = np.sum(q @ r @ V) + np.sum(w)
        return t

    assert names_of(f, np.array([[2.0, 0.5], [0.5, 1.0]]))[:4] == ["q", "r", "w", "V"]
