"""forward computes other numbers through the same graph, and refuses what it was not traced for."""

# ruff: noqa: PT017, SIM105 (some may be refused or right; and users write plain ifs)

import numpy as np
import pytest
from contract.functions import J, Point, X

import graphtrace as gt


def test_forward_changes_nothing_in_the_graph():
    g = gt.trace(J, a=5, b=3, c=2)
    g.backward()
    before = {key: dict(attributes) for key, attributes in g.nodes(data=True)}
    g.forward(a=100.0, b=7.0)
    assert {key: dict(attributes) for key, attributes in g.nodes(data=True)} == before
    assert g.value == 33.0


def test_forward_without_arguments_is_the_value():
    assert gt.trace(J, a=5, b=3, c=2).forward() == 33.0


def test_forward_takes_a_container_whole():
    g = gt.trace(lambda p, x: p["a"] * x + p["b"], {"a": 1.0, "b": 2.0}, 3.0)
    assert g.forward(p={"a": 10.0, "b": 20.0}) == 50.0


def test_forward_matches_a_dict_by_its_keys_and_not_by_their_order():
    g = gt.trace(lambda p: p["a"] * 10 + p["b"], {"a": 1.0, "b": 2.0})
    assert g.forward(p={"b": 2.0, "a": 1.0}) == 12.0


def test_forward_refuses_a_dict_with_other_keys():
    g = gt.trace(lambda p: p["a"] * 10 + p["b"], {"a": 1.0, "b": 2.0})
    with pytest.raises(gt.ArgumentError, match="p"):
        g.forward(p={"b": 2.0, "c": 1.0})


def test_forward_returns_the_functions_own_structure():
    g = gt.trace(lambda a: Point(a, [a * 2]), 1.0)
    assert g.forward(a=3.0) == Point(3.0, [6.0])


def test_forward_names_an_unknown_parameter_and_lists_the_known():
    with pytest.raises(gt.ArgumentError, match=r"J\(\) has no parameter 'd'; it has a, b, c"):
        gt.trace(J, 5, 3, 2).forward(d=1.0)


def test_forward_refuses_another_shape():
    with pytest.raises(gt.ArgumentError, match=r"x was traced with shape \(3,\)"):
        gt.trace(lambda x: np.sum(x), X).forward(x=np.ones(4))


def test_forward_refuses_to_cut_floats_down_to_a_traced_integer_array():
    g = gt.trace(lambda i, x: np.sum(x[i]), np.array([0, 1]), X)
    with pytest.raises(gt.GraphtraceError):
        g.forward(i=np.array([1.7, 2.9]))


def test_forward_refuses_a_complex_array_for_a_real_one():
    with pytest.raises(gt.ArgumentError):
        gt.trace(lambda x: x * 2, X).forward(x=1j * X)


def test_forward_refuses_a_complex_number_for_a_real_one():
    with pytest.raises(gt.ArgumentError):
        gt.trace(lambda x: x * 2, 1.0).forward(x=1j)


def test_forward_takes_a_list_where_an_array_was_or_asks_for_an_array():
    g = gt.trace(lambda x: np.sum(x), X)
    try:
        assert g.forward(x=[1, 2, 4]) == 7.0
    except gt.ArgumentError as error:
        assert "parameter x" in str(error)
        assert "array" in str(error)


def test_forward_evaluates_masks_again():
    g = gt.trace(lambda x: np.sum(np.where(x > 0, x, 10 * x)), np.array([1.0, -1.0]))
    assert g.forward(x=np.array([-2.0, 3.0])) == -17.0


def test_forward_evaluates_an_argmax_again():
    g = gt.trace(lambda x: x[np.argmax(x)] * 2, X)
    try:
        assert g.forward(x=X[::-1].copy()) == 6.0
    except gt.BranchChanged:
        pass  # a remembered index may say so, but must not return another number


def test_forward_evaluates_a_sum_of_a_mask_again():
    g = gt.trace(lambda x: np.sum(x * (x > 0)), np.array([1.0, -1.0]))
    assert g.forward(x=np.array([-2.0, 3.0])) == 3.0
