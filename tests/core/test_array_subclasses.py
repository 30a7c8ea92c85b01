"""Subclasses of np.ndarray: refused where they compute in their own way, and else plain arrays."""

import numpy as np
import pytest

import graphtrace as gt


class Scaled(np.ndarray):
    """Its product is not NumPy's."""

    def __mul__(self, other):
        return 100 * np.multiply(self, other)


class United(np.ndarray):
    """An array with units does so: it answers every ufunc itself."""

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        plain = [x.view(np.ndarray) if isinstance(x, United) else x for x in inputs]
        return 7 * getattr(ufunc, method)(*plain, **kwargs)


class Named(np.ndarray):
    """It has an attribute, and NumPy's operators."""

    name = "x"


OWN = [Scaled, United, np.ma.MaskedArray]


def of(kind):
    return np.array([1.0, 2.0]).view(kind)


def squares(x):
    return np.sum(x * x)


@pytest.mark.parametrize("kind", OWN)
@pytest.mark.parametrize("transform", [gt.grad, lambda f: lambda *a: gt.trace(f, *a)])
def test_an_argument_with_operators_of_its_own_is_refused_by_its_name(transform, kind):
    with pytest.raises(gt.ArgumentError, match=f"parameter x is a {kind.__name__}, which has"):
        transform(squares)(of(kind))


@pytest.mark.parametrize("kind", OWN)
def test_such_an_operand_is_refused_at_its_line(kind):
    with pytest.raises(gt.TraceError, match=f"line .*an operand is a {kind.__name__}"):
        gt.grad(lambda x: np.sum(x * of(kind)))(np.ones(2))


@pytest.mark.parametrize("kind", OWN)
def test_a_graph_refuses_such_a_new_value(kind):
    with pytest.raises(gt.ArgumentError, match=f"parameter x is a {kind.__name__}"):
        gt.trace(squares, np.ones(2)).forward(x=of(kind))


def test_a_subclass_with_numpys_operators_is_a_plain_array():
    gradient = gt.grad(squares)(of(Named))
    assert type(gradient) is np.ndarray
    assert gradient.tolist() == [2.0, 4.0]


def test_an_array_in_a_file_is_a_plain_array(tmp_path):
    stored = np.memmap(tmp_path / "x.dat", float, "w+", shape=(2,))
    stored[:] = 1.0, 2.0
    assert gt.grad(squares)(stored).tolist() == [2.0, 4.0]
