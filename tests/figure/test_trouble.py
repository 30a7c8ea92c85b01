"""trouble() names where, how many entries, and what vanishes or explodes on the way back."""

import numpy as np
import pytest

import graphtrace as gt


def chain(factor):
    def f(x):
        for _ in range(10):
            x = x * factor
        return x

    return f


@pytest.mark.parametrize(("factor", "kind"), [(0.1, "vanishing"), (10.0, "exploding")])
def test_a_gradient_that_vanishes_or_explodes_is_named_from_where_it_begins(factor, kind):
    graph = gt.trace(chain(factor), 3.0)
    troubles = graph.trouble()
    assert [t.kind for t in troubles] == [kind] * len(troubles)
    assert [t.where for t in troubles][-1] == "x"
    assert len(troubles) in (3, 4)  # 1e-8, 1e-9 and 1e-10 of that of the output
    sentence = f"the gradient of x is {kind}: it is {factor**10:.2g} times that of x_11"
    assert str(troubles[-1]) == sentence
    assert not graph.trouble(small=1e-20, large=1e20)
    assert all("grad" not in data for _, data in graph.nodes(data=True))
    graph.backward()
    assert [str(t) for t in graph.trouble()] == [str(t) for t in troubles]


@pytest.mark.parametrize("how", [{"small": "tiny"}, {"large": None}, {"small": -1.0}])
def test_a_threshold_that_is_no_size_is_refused(how):
    with pytest.raises(gt.ArgumentError, match="is no size; give a number"):
        gt.trace(lambda x: x * 2, 1.0).trouble(**how)


def test_it_is_measured_against_the_output():
    graph = gt.trace(lambda x: 1e-9 * x, 2.0)
    graph.backward(seed=1e9)
    assert [t.kind for t in graph.trouble()] == ["vanishing"]
    graph.backward(seed=0.0)
    assert not [t for t in graph.trouble() if t.kind == "vanishing"]


def test_the_entries_of_an_array_are_counted_and_the_first_few_are_told():
    x = np.ones((3, 4))
    x[1, 2:] = 0.0
    x[2] = 0.0
    with np.errstate(all="ignore"):
        graph = gt.trace(lambda x: np.sum(1 / x), x)
    first = graph.trouble()[0]
    assert (first.kind, first.count, len(first.entries)) == ("infinite", 6, 5)
    assert first.entries[:3] == ((1, 2), (1, 3), (2, 0))
    assert str(first).endswith("is infinite in 6 of 12 entries, first at [1, 2]")
    assert first.where == first.node
    assert first.source.startswith("test_trouble.py:")


def test_exploding_entries_are_told_and_tiny_ones_among_others_are_no_trouble():
    w = np.array([1.0, 1e9, 1e-9])
    (trouble,) = gt.trace(lambda x: np.sum(x * w), np.ones(3)).trouble()
    assert (trouble.kind, trouble.where, trouble.entries, trouble.count) == (
        "exploding",
        "x",
        ((1,),),
        1,
    )
    assert "its largest entry is 1e+09 times" in str(trouble)


def test_zeros_and_numbers_have_one_entry():
    troubles = gt.trace(lambda x: x * 0.0, 2.0).trouble()
    assert {t.kind for t in troubles} == {"zero"}
    assert all((t.entries, t.count) == (((),), 1) for t in troubles)


def test_a_value_that_is_nan_here_and_infinite_there_is_told_as_both():
    with np.errstate(all="ignore"):
        graph = gt.trace(lambda x: np.log(x), np.array([0.0, 1.0, -1.0, 0.0]))
    of_values = [(t.kind, t.entries, t.count) for t in graph.trouble() if t.what == "value"]
    assert of_values == [("nan", ((2,),), 1), ("infinite", ((0,), (3,)), 2)]
