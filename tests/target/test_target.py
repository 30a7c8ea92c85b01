"""Targets: files, modules and expressions, and what is said where one cannot be loaded."""

import errno
import os
import sys

import numpy as np
import pytest

from graphtrace.core.describe_error import describe
from graphtrace.errors import ExpressionError, TargetError
from graphtrace.target.function import load, load_file

LOSS = """\
import numpy as np
def loss(w):
    return np.sum(w**2)
def penalty(w):
    return abs(w)
def _private(w):
    return w
weights = [1, 2]
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "loss.py").write_text(LOSS)
    return tmp_path


def refusal(target):
    with pytest.raises(TargetError) as caught:
        load(target)
    return str(caught.value)


# What is found


def test_a_function_in_a_file(folder):
    assert load("loss.py:loss")(3) == 9


def test_a_path_may_be_absolute_and_may_hold_spaces_and_colons(folder):
    odd = folder / "a b:c"
    odd.mkdir()
    (odd / "loss.py").write_text(LOSS)
    assert load(f"{odd}/loss.py:penalty")(-3) == 3


def test_a_file_imports_its_neighbours(folder):
    (folder / "deep").mkdir()
    (folder / "deep" / "neighbour_of_f.py").write_text("two = 2")
    (folder / "deep" / "f.py").write_text("from neighbour_of_f import two\ndef f(x): return two*x")
    assert load("deep/f.py:f")(3) == 6


def test_loading_leaves_the_import_path_as_it_was(folder):
    before = list(sys.path)
    load("loss.py:loss")
    assert sys.path == before


def test_a_file_named_as_a_module_of_python_does_not_replace_it(folder):
    import random

    (folder / "random.py").write_text("def f(x): return x")
    assert load("random.py:f")(3) == 3
    assert sys.modules["random"] is random


def test_a_file_is_not_the_main_program(folder):
    (folder / "f.py").write_text("def f(x): return x\nif __name__ == '__main__': 1/0")
    assert load("f.py:f")(3) == 3


def test_a_file_may_hold_dataclasses(folder):
    (folder / "f.py").write_text(
        "from __future__ import annotations\n"
        "from dataclasses import dataclass, KW_ONLY\n"
        "@dataclass\n"
        "class P:\n"
        "    _: KW_ONLY\n"
        "    x: float\n"
        "def f(x): return P(x=x).x\n"
    )
    assert load("f.py:f")(3) == 3


def test_a_file_is_read_again_each_time(folder):
    assert load_file(folder / "loss.py") is not load_file(folder / "loss.py")


def test_a_function_of_an_installed_module():
    assert load("numpy.linalg:norm") is np.linalg.norm


def test_a_module_in_the_current_folder(folder):
    (folder / "package_of_test_target").mkdir()
    (folder / "package_of_test_target" / "module.py").write_text(LOSS)
    assert load("package_of_test_target.module:loss")(3) == 9


def test_a_method_is_named_through_its_class(folder):
    (folder / "f.py").write_text("class A:\n    @staticmethod\n    def f(x): return 2*x\n")
    assert load("f.py:A.f")(3) == 6


@pytest.mark.parametrize("text", ["J = 3*(a + b*c)", "3*a", "x[1:3]", "exp(x)", "-x", "a.T @ b"])
def test_everything_else_is_an_expression(text):
    assert load(text).__doc__ == text


def test_a_bad_expression_is_refused_as_an_expression():
    with pytest.raises(ExpressionError):
        load("x.__class__ + 1")


# What is not


def test_a_file_without_a_function_lists_those_it_has_and_does_not_run(folder):
    (folder / "loss.py").write_text(LOSS + "1/0\n")
    assert refusal("loss.py") == (
        "'loss.py' names no function: write loss.py:loss or loss.py:penalty"
    )
    assert refusal("loss.py:") == refusal("loss.py")


def test_a_file_without_any_function_says_so(folder):
    (folder / "empty.py").write_text("")
    assert refusal("empty.py") == (
        "'empty.py' names no function: write empty.py:function, once it defines one"
    )


def test_a_missing_file_is_named(folder):
    assert (
        refusal("gone.py:f") == "the file 'gone.py' does not exist: write path/to/file.py:function"
    )
    assert refusal("gone.py") == "the file 'gone.py' does not exist: write path/to/file.py:function"


def test_a_folder_is_no_file(folder):
    (folder / "d.py").mkdir()
    assert refusal("d.py:f") == "the file 'd.py' is a folder: write path/to/file.py:function"


def test_a_slip_in_the_function_s_name_is_guessed(folder):
    assert refusal("loss.py:los") == (
        "'loss.py' has no function 'los' (it has loss, penalty): did you mean loss.py:loss"
    )


def test_a_missing_function_lists_those_that_are_there(folder):
    assert refusal("loss.py:zzz") == (
        "'loss.py' has no function 'zzz': write loss.py:loss or loss.py:penalty"
    )


def test_what_is_no_function_is_said_to_be_what_it_is(folder):
    assert refusal("loss.py:weights") == (
        "'weights' in loss.py is a list, not a function: write loss.py:loss or loss.py:penalty"
    )


def test_a_module_without_a_function_is_told_the_forms():
    assert refusal("numpy.linalg") == (
        "'numpy.linalg' names no function: write path/to/file.py:function, "
        "package.module:function, or an expression such as 'J = 3*(a + b*c)'"
    )


def test_a_missing_module_is_named(folder):
    assert refusal("numpy.gone:f") == (
        "there is no module 'numpy.gone', neither installed nor in this folder: write "
        "package.module:function or path/to/file.py:function"
    )


def test_a_path_that_is_no_python_file_is_named(folder):
    assert refusal("deep/loss:f") == (
        "'deep/loss:f' is not a Python file: write path/to/file.py:function"
    )


def test_a_file_that_raises_names_exception_file_and_line(folder):
    (folder / "bad.py").write_text("x = 1\ny = x/0\ndef f(x): return x\n")
    with pytest.raises(TargetError) as caught:
        load("bad.py:f")
    assert str(caught.value) == (
        "'bad.py' cannot be imported, ZeroDivisionError in bad.py line 2: division by zero: mend "
        "it, then try again"
    )
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_a_file_with_a_syntax_error_names_file_and_line(folder):
    (folder / "bad.py").write_text("x = 1\ndef f(x) return x\n")
    assert refusal("bad.py:f") == (
        "'bad.py' cannot be imported, SyntaxError in bad.py line 2: expected ':': mend it, then "
        "try again"
    )


def test_a_file_that_exits_is_a_file_that_fails(folder):
    (folder / "bad.py").write_text("import sys\nsys.exit('usage: bad')\n")
    assert refusal("bad.py:f") == (
        "'bad.py' cannot be imported, SystemExit in bad.py line 2: usage: bad: mend it, then try "
        "again"
    )


def test_a_module_that_a_file_needs_is_its_own_failure(folder):
    (folder / "bad.py").write_text("import module_that_is_not_there\n")
    assert refusal("bad.py:f") == (
        "'bad.py' cannot be imported, ModuleNotFoundError in bad.py line 1: No module named "
        "'module_that_is_not_there': mend it, then try again"
    )
    assert refusal("bad:f").startswith("'bad' cannot be imported, ModuleNotFoundError in bad.py")


def test_a_relative_import_is_told_the_other_form(folder):
    (folder / "bad.py").write_text("from . import other\n")
    assert refusal("bad.py:f") == (
        "'bad.py' cannot be imported, ImportError in bad.py line 1: attempted relative import with "
        "no known parent package: start in the folder above its package and write "
        "package.module:function"
    )


def test_a_failed_file_leaves_nothing_behind(folder):
    (folder / "bad.py").write_text("1/0")
    path, modules = list(sys.path), set(sys.modules)
    refusal("bad.py:f")
    assert sys.path == path
    assert {name for name in set(sys.modules) - modules if "bad" in name} == set()


# What an exception is called


def test_the_deepest_frame_of_the_user_is_named_not_that_of_a_library(folder):
    (folder / "f.py").write_text(
        "import json\ndef inner(x):\n    return json.loads(x)\ndef f(x):\n    return inner(x)\n"
    )
    with pytest.raises(ValueError, match="Expecting value") as caught:
        load("f.py:f")("")
    assert describe(caught.value) == (
        "JSONDecodeError in inner(), f.py line 3: Expecting value: line 1 column 1 (char 0)"
    )


def test_an_exception_in_an_expression_names_the_statement():
    with pytest.raises(OverflowError) as caught:
        load("u = x**2.5; J = u")(1e300)
    assert describe(caught.value) == (
        f"OverflowError in 'u = x ** 2.5': {os.strerror(errno.ERANGE)}"
    )
