"""gt.check_grads: right rules pass, wrong ones are named, in both modes and both orders."""

import numpy as np
import pytest

import graphtrace as gt
from graphtrace.primitive import PRIMITIVES, Primitive
from graphtrace.variable import operation


@pytest.fixture
def wrong(request):
    """A row that computes x**3 with the derivative that the test gives."""
    yield operation(Primitive("wrong", lambda x: x**3, partials=(request.param,)))
    del PRIMITIVES["wrong"]


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (lambda x: x**3 * np.exp(-x), (1.3,)),
        (
            lambda p, x: np.tanh(x @ p["W"] + p["b"]),
            ({"W": np.eye(2), "b": np.ones(2)}, np.ones((3, 2))),
        ),
        (lambda x, y: (x * y, {"s": np.sum(x)}), (np.arange(3.0), 2.0)),
        (lambda x: np.sum(x**2), (np.float32([0.5, 1.5]),)),
    ],
    ids=["scalar", "tree", "outputs", "float32"],
)
def test_right_derivatives_pass(f, args):
    gt.check_grads(f, args, order=2)


@pytest.mark.parametrize("wrong", [lambda x, y: 3.01 * x**2], indirect=True)
@pytest.mark.parametrize(("mode", "said"), [("fwd", "by jvp"), ("rev", "by vjp")])
def test_a_wrong_rule_is_caught_in_each_mode(wrong, mode, said):
    def f(a, x):
        return a + wrong(x)

    with pytest.raises(gt.WrongDerivative, match=rf"derivative 1 of f\(\) in x is .* {said}"):
        gt.check_grads(f, (1.0, 2.0), order=1, modes=(mode,))


def _right_once(x, y):
    """The derivative, written so that its own derivative is lost."""
    return 3 * (x.value if hasattr(x, "value") else x) ** 2


@pytest.mark.parametrize("wrong", [_right_once], indirect=True)
def test_a_rule_that_is_wrong_only_in_second_order_is_caught(wrong):
    gt.check_grads(lambda x: wrong(x), (2.0,), order=1)
    with pytest.raises(gt.WrongDerivative, match="derivative 2"):
        gt.check_grads(lambda x: wrong(x), (2.0,), order=2)


def test_nan_is_no_agreement():
    with pytest.raises(gt.WrongDerivative, match="nan"):
        gt.check_grads(lambda x: np.sqrt(x * 0.0) * x, (1.0,), order=1)
