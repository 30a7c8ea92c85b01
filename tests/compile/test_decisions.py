"""Another branch or another shape than the traced one is refused."""

import numpy as np
import pytest
from compile.compiled import assert_same, branching, compiled

import graphtrace as gt
from graphtrace.compile import compile_graph


@pytest.mark.parametrize(("x", "n"), [(1.0, 3.0), (5.0, 3.0), (2.0, 4.5), (float("nan"), 3.0)])
def test_another_branch_is_refused_in_the_sentence_of_forward(x, n):
    graph = gt.trace(branching, 2.0, 3.0)
    with pytest.raises(gt.BranchChanged) as from_graph:
        graph.forward(x=x, n=n)
    with pytest.raises(gt.BranchChanged) as from_replay:
        compile_graph(graph)(x, n)
    assert str(from_replay.value) == str(from_graph.value)


def test_the_same_branch_is_taken():
    assert compiled(branching, 2.0, 3.0)(2.5, 3.9)[0] == branching(2.5, 3.9)


def test_a_shape_that_depends_on_numbers_is_checked():
    def positive(x):
        chosen = x[x > 0]
        return np.sum(chosen * chosen)

    x = np.array([1.0, -2.0, 3.0])
    graph = gt.trace(positive, x)
    replay = compile_graph(graph)
    other = np.array([-1.0, 4.0, 5.0])
    assert_same(replay(other)[1]["x"], gt.grad(positive)(other))
    with pytest.raises(gt.BranchChanged) as from_graph:
        graph.forward(x=-x)
    with pytest.raises(gt.BranchChanged) as from_replay:
        replay(-x)
    assert str(from_replay.value) == str(from_graph.value)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.prod(x),
        lambda x: np.sum(np.frexp(x)[0]),
        lambda x: np.sum(np.sort(x) * np.arange(3.0)),
        lambda x: np.median(x),
        lambda x: np.sum(np.cumprod(x)),
        lambda x: np.max(x) * x[0],
        lambda x: np.sum(np.abs(x)),
        lambda x: x[1] ** x[2] + x[2] ** 2.0,
        lambda x: np.maximum(x[0], x[1]) + np.clip(x[2], 0.0, 1.0),
        lambda x: np.sum(np.where(x > 1, x * x, -x)),
        lambda x: np.where(x[0], x[1] * 2.0, x[1] * 3.0) * x[2],
        lambda x: np.sum(x[np.argmax(np.stack([x, 3.5 - x]), axis=0)] ** 2),
    ],
)
def test_a_rule_that_looks_at_numbers_is_right_for_others(f):
    replay = compiled(f, np.array([1.0, 2.0, 3.0]))
    for other in ([3.0, 1.5, 0.5], [0.0, 4.0, 2.0], [7.0, 0.0, 0.0], [2.0, 2.0, 2.0]):
        x = np.array(other)
        with np.errstate(all="ignore"):
            assert_same(replay(x)[1]["x"], gt.grad(f)(x), ulps=4)
