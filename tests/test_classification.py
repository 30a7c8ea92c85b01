"""Every public function of the installed NumPy is in one group, and is treated as that says."""

import warnings

import numpy as np
import pytest

import graphtrace as gt
from graphtrace import classification, coverage
from graphtrace.classification import (
    DIFFERENTIATED,
    FLAT,
    UNKNOWN,
    UNREACHABLE,
    VALUE,
    classify,
    public_functions,
    table,
)
from graphtrace.primitive import PRIMITIVES, Primitive
from graphtrace.variable import operation

TABLE = table()


def test_every_public_function_of_numpy_is_classified():
    unknown = [name for name, one in TABLE.items() if one.group == UNKNOWN]
    assert not unknown, f"put these into a group in graphtrace/classification.py: {unknown}"


def test_a_function_that_numpy_adds_is_noticed(monkeypatch):
    monkeypatch.setattr(np, "brand_new", lambda x: x, raising=False)
    assert table()["np.brand_new"].group == UNKNOWN


def test_no_function_with_a_row_is_called_unreachable():
    handled = {name for name, f in public_functions().items() if f in classification.NUMPY}
    assert not handled & set(classification._UNREACHABLE)


@pytest.mark.parametrize("name", classification._VALUE)
def test_every_function_that_is_answered_from_the_value_can_be_reached(name):
    if name in TABLE:
        assert TABLE[name].group == VALUE
    prefix, _, last = name.rpartition(".")
    if prefix == "np":
        assert getattr(np, last) in classification.NUMPY


def test_every_function_that_is_not_differentiated_has_a_reason():
    for one in TABLE.values():
        assert bool(one.reason) == (one.group == UNREACHABLE)


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("np.exp", DIFFERENTIATED),
        ("np.median", DIFFERENTIATED),
        ("np.unique_counts", DIFFERENTIATED),
        ("np.linalg.inv", DIFFERENTIATED),
        ("np.fft.fft", DIFFERENTIATED),
        ("ndarray.sum", DIFFERENTIATED),
        ("np.floor", FLAT),
        ("np.around", FLAT),
        ("np.nonzero", FLAT),
        ("np.argsort", FLAT),
        ("ndarray.argmax", FLAT),
        ("np.shape", VALUE),
        ("np.arange", UNREACHABLE),
        ("np.savez", UNREACHABLE),
    ],
)
def test_the_group_of_a_function(name, group):
    assert classify(name, public_functions()[name]).group == group


DIFFERENTIATED_NAMES = [name for name, one in TABLE.items() if one.group == DIFFERENTIATED]


@pytest.mark.parametrize("name", DIFFERENTIATED_NAMES)
def test_every_function_called_differentiated_agrees_with_a_difference_quotient(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert coverage.try_function(name, public_functions()[name]) == "yes"


def test_a_wrong_derivative_would_be_noticed():
    wrong = operation(Primitive("wrong", np.sin, partials=(lambda x, y: 1.001 * np.cos(x),)))
    del PRIMITIVES["wrong"]
    assert not coverage.is_differentiated(wrong, (0.3,))


def test_the_table_has_a_line_for_every_function(capsys, monkeypatch):
    monkeypatch.setattr(coverage, "try_function", lambda name, function: "yes")
    coverage.main()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "function\tgroup\tgraphtrace_vjp"
    assert [line.split("\t")[0] for line in lines[1:]] == list(TABLE)


def test_a_function_without_a_rule_is_refused_by_name():
    with pytest.raises(gt.NoDerivative, match=r"np\.savetxt has no derivative rule"):
        gt.grad(lambda x: np.savetxt("x.txt", x))(np.ones(2))
