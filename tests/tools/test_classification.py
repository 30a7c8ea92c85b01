"""Every public function of the installed NumPy is in one group, and is treated as that says."""

import numpy as np
import pytest

import graphtrace as gt
from graphtrace.core.primitive import PRIMITIVES, Primitive
from graphtrace.core.variable import operation
from graphtrace.tools import classification, coverage, trial
from graphtrace.tools.classification import (
    DIFFERENTIATED,
    FLAT,
    UNKNOWN,
    UNREACHABLE,
    VALUE,
    classify,
    public_functions,
    table,
)

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


@pytest.mark.parametrize("name", sorted(classification._VALUE))
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


REACHED = coverage.own_functions()
PEERS = coverage.peers()
DIFFERENTIATED_NAMES = [
    name if name.startswith("np.") else f"np.{name}"
    for name, one in TABLE.items()
    if one.group == DIFFERENTIATED
]


@pytest.mark.parametrize("name", DIFFERENTIATED_NAMES)
@pytest.mark.filterwarnings("ignore")
def test_every_function_called_differentiated_agrees_in_both_modes_to_second_order(name):
    assert coverage.line(name.replace("np.", "numpy.", 1)).outcome == ("yes", "yes")


OUT_OF_REACH = {
    "numpy.array",
    "numpy.asarray",
    "numpy.asanyarray",
    *(f"scipy.linalg.{name}" for name in "solve_banded solve_sylvester solve_triangular".split()),
    "scipy.linalg.sqrtm",
    *(f"scipy.special.{n}" for n in "logsumexp softmax log_softmax polygamma multigammaln".split()),
}


@pytest.mark.parametrize("name", PEERS)
@pytest.mark.filterwarnings("ignore")
def test_every_function_that_others_differentiate_is_reached_or_says_what_to_write(name):
    outcome = coverage.line(name).outcome
    if name in OUT_OF_REACH or name.startswith("scipy.ndimage."):
        assert "; write " in outcome.vjp or "np.stack or gt.array" in outcome.vjp
        assert outcome.vjp == outcome.jvp
    else:
        assert outcome == ("yes", "yes")


METHODS = [
    name
    for name in REACHED
    if name.rpartition(".")[2] in ("outer", "accumulate", "reduce", "at", "reduceat")
]


@pytest.mark.parametrize("name", [name for name in METHODS if name not in coverage.NUMPY_IS_WRONG])
@pytest.mark.filterwarnings("ignore")
def test_every_method_of_a_ufunc_agrees_where_floats_come_out(name):
    outcome = coverage.line(name).outcome
    assert outcome == ("yes", "yes") or outcome.vjp in ("no floats come out", "no sample")


def wrong(**rules):
    one = operation(Primitive("wrong", np.sin, **rules))
    del PRIMITIVES["wrong"]
    return trial.derivatives_agree(one, (0.3,))


def test_a_wrong_derivative_is_noticed_in_both_modes():
    assert wrong(partials=(lambda x, y: 1.001 * np.cos(x),)) == ("disagrees", "disagrees")


def test_a_rule_that_loses_the_trace_is_noticed():
    cosine = lambda x, y: np.cos(getattr(x, "value", x))  # noqa: E731
    assert wrong(partials=(cosine,)) == ("disagrees", "disagrees")


@pytest.mark.filterwarnings("ignore")
def test_the_page_with_the_table_is_that_of_this_code():
    page = coverage.PEERS.with_name("coverage.md").read_text(encoding="utf-8")
    if coverage.versions() not in page:
        pytest.skip("the page is of another NumPy or SciPy")
    assert page == coverage.as_page(coverage.lines()), (
        "run python -m graphtrace.tools.coverage --write docs/coverage.md"
    )


@pytest.mark.filterwarnings("ignore")
def test_the_command_writes_the_page_and_prints_the_table(capsys, monkeypatch, tmp_path):
    line = coverage.Line("numpy.sin", coverage.peers()["numpy.sin"], trial.Outcome("yes", "no"))
    monkeypatch.setattr(coverage, "lines", lambda: [line])
    coverage.main([])
    header, row = capsys.readouterr().out.splitlines()
    assert header.split("\t") == [
        *("function ufunc autograd_vjp autograd_jvp advect_vjp advect_jvp".split()),
        *("graphtrace_vjp graphtrace_jvp".split()),
    ]
    assert row == "numpy.sin" + "\tyes" * 6 + "\t"
    coverage.main(["--write", str(tmp_path / "page.md")])
    assert "| `numpy.sin` | yes | yes | yes | yes | yes | |" in (tmp_path / "page.md").read_text()


def test_a_function_without_a_rule_is_refused_by_name():
    with pytest.raises(gt.NoDerivative, match=r"np\.savetxt has no derivative rule"):
        gt.grad(lambda x: np.savetxt("x.txt", x))(np.ones(2))
