"""A value that leaves its trace is refused wherever it goes."""

import numpy as np
import pytest
from core.messages import at, failure, message_of, says

import graphtrace as gt


def test_a_value_leaked_from_grad_is_refused():
    box = []

    def f(x):
        box.append(x)
        return x * x

    gt.grad(f)(3.0)
    with pytest.raises(gt.TraceError) as info:
        box[0] * 2
    says(
        message_of(info.value),
        "test_a_value_leaked_from_grad_is_refused(), ",
        "after its trace had ended",
        "return it",
    )


def test_a_value_leaked_from_trace_is_refused():
    box = []

    def f(x):
        box.append(x)
        return x * x

    gt.trace(f, 3.0)
    with pytest.raises(gt.TraceError, match="after its trace had ended"):
        box[0] * 2


def test_a_value_leaked_from_vjp_is_refused():
    box = []

    def f(x):
        box.append(x)
        return x * x

    _, pullback = gt.vjp(f, 3.0)
    with pytest.raises(gt.TraceError, match="after its trace had ended"):
        np.exp(box[0])
    assert pullback(1.0) == (6.0,)


def test_a_value_leaked_through_an_exception_is_refused():
    box = []

    def f(x):
        box.append(x * 1)
        raise KeyError

    for attempt in (lambda: gt.trace(f, 1.0), lambda: gt.grad(f)(1.0)):
        with pytest.raises(KeyError):
            attempt()
        with pytest.raises(gt.TraceError):
            box[-1] * 2


def test_values_of_two_traces_do_not_mix():
    box = []

    def keep(x):
        box.append(x)
        return x * x

    def f(y):
        return y * box[0]

    gt.grad(keep)(3.0)
    says(failure(f, 2.0), at(f), "two traced values of different traces meet", "return a value")


@pytest.mark.parametrize(
    "mix",
    [
        lambda y, old: old * y,
        lambda y, old: np.multiply(y, old),
        lambda y, old: np.stack([y, old]),
        lambda y, old: y if y < old else old,
        lambda y, old: np.where(y > 0, old, y),
    ],
    ids=["reflected", "ufunc", "stack", "compare", "where"],
)
def test_no_operation_mixes_two_traces(mix):
    box = []

    def keep(x):
        box.append(x)
        return x * x

    gt.trace(keep, 3.0)
    with pytest.raises(gt.TraceError):
        gt.trace(lambda y: mix(y, box[0]), 2.0)


def test_a_leaked_value_is_no_output():
    box = []

    def keep(x):
        box.append(x * 2)
        return x * x

    def f(y):
        y * 100
        return box[0]

    gt.grad(keep)(3.0)
    for attempt in (lambda: gt.trace(f, 2.0), lambda: gt.grad(f)(2.0), lambda: gt.vjp(f, 2.0)):
        with pytest.raises(gt.TraceError):
            attempt()


def test_a_value_of_an_outer_trace_cannot_enter_an_inner_graph():
    def f(x):
        return gt.trace(lambda y: x * y, 2.0).value

    with pytest.raises(gt.GraphtraceError, match="trace"):
        gt.trace(f, 3.0)


def test_a_value_of_an_outer_trace_is_no_output_of_an_inner_graph():
    def f(x):
        return gt.trace(lambda y: x, 2.0).value * x

    with pytest.raises(gt.GraphtraceError, match="trace"):
        gt.grad(f)(3.0)
