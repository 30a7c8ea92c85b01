"""Every row of the registry against JAX: value, Jacobian, second order, graph and edges."""

import functools
import zlib
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.testing import assert_allclose
from oracles import Answer, Sample, jax_answers, outputs, phi, pulled, pushed, weights_for
from samples import ELSEWHERE, INNER, SAMPLES, U

import graphtrace as gt
from graphtrace.core.primitive import PRIMITIVES, Primitive
from graphtrace.core.variable import NUMPY, apply
from graphtrace.graph.linear_map import LinearMap

approx = functools.partial(assert_allclose, rtol=1e-9, atol=1e-11)
# All tests of a row come one after another, so that one process asks JAX about it, and once.
each_row = pytest.mark.parametrize("name", SAMPLES, scope="module")


class Case(NamedTuple):
    """A sample as plain functions, what JAX says of it, and the weights and directions."""

    f: Callable[..., Any]
    scalar: Callable[..., Any]
    args: tuple[Any, ...]
    answer: Answer
    weights: list[np.ndarray]
    directions: list[np.ndarray]

    @property
    def every(self):
        return tuple(range(len(self.args)))


def case(sample, answer, seed=0):
    weights = weights_for([np.shape(y) for y in answer.values], seed)
    directions = weights_for([np.shape(a) for a in sample.args], seed + 1)

    def f(*args):
        return sample.f(np, *args)

    def scalar(*args):
        return phi(np, sample.f, weights, args)

    return Case(f, scalar, sample.args, answer, weights, directions)


@functools.cache
def cases(name):
    seed = zlib.crc32(name.encode()) % 1000
    answers = jax_answers(SAMPLES[name], seed)
    return [case(s, a, seed) for s, a in zip(SAMPLES[name], answers, strict=True)]


def rows_of(graph):
    return {graph.nodes[key]["row"].primitive.name for key in graph}


def check_value(one):
    for y, right in zip(outputs(one.f(*one.args)), one.answer.values, strict=True):
        approx(np.asarray(y, float), right)
    for y, right in zip(outputs(gt.trace(one.f, *one.args).value), one.answer.values, strict=True):
        approx(np.asarray(y, float), right)


def check_gradient(one):
    value, pullback = gt.vjp(one.f, *one.args)
    adjoint = [w if np.ndim(w) else float(w) for w in one.weights]
    whole = type(value)(adjoint) if isinstance(value, (list, tuple)) else adjoint[0]
    right = pulled(one.weights, one.answer.jacobians)
    for g, h, arg in zip(pullback(whole), right, one.args, strict=True):
        approx(g, h)
        assert np.shape(g) == np.shape(arg)


def check_second_order(one):
    def along(*args):
        slopes = gt.grad(one.scalar, one.every)(*args)
        return sum(np.sum(g * d) for g, d in zip(slopes, one.directions, strict=True))

    for g, right in zip(gt.grad(along, one.every)(*one.args), one.answer.hvp, strict=True):
        approx(g, right)


def check_forward(one):
    value, tangent = gt.jvp(one.f, one.args, one.directions)
    for t, y, jacobians in zip(outputs(tangent), outputs(value), one.answer.jacobians, strict=True):
        approx(np.asarray(t, float), pushed(jacobians, one.directions))
        assert np.shape(t) == np.shape(y)


def check_second_order_forward(one):
    """Forward over reverse, reverse over forward, forward over forward."""

    def along(*args):
        return gt.jvp(one.scalar, args, one.directions)[1]

    _, over_reverse = gt.jvp(gt.grad(one.scalar, one.every), one.args, one.directions)
    over_forward = gt.grad(along, one.every)(*one.args)
    for g, h, right in zip(over_reverse, over_forward, one.answer.hvp, strict=True):
        approx(g, right)
        approx(h, right)
    _, twice = gt.jvp(along, one.args, one.directions)
    right = zip(one.answer.hvp, one.directions, strict=True)
    approx(twice, sum(np.sum(h * d) for h, d in right))


def check_backward(one):
    right = gt.grad(one.scalar, one.every)(*one.args)
    (gradients,) = gt.trace(one.scalar, *one.args).backward().values()
    for g, h in zip(gradients, right, strict=True):
        assert type(g) is type(h)
        assert np.array_equal(g, h)


def passes(edge):
    """Whether a gradient passes: the whole number 0 says that none does."""
    return not (isinstance(edge["local"], int) and edge["local"] == 0)


def is_real(graph):
    """The adjoint of a complex value is no complex-linear function of its children's."""
    return not any(np.iscomplexobj(graph.nodes[key]["value"]) for key in graph)


def check_law(one):
    """grad == sum over out-edges of local times the child's grad, for each node but the outputs."""
    graph = gt.trace(one.scalar, *one.args)
    graph.backward()
    if not is_real(graph):
        return
    for key in graph:
        node = graph.nodes[key]
        if key in graph.outputs or "grad" not in node:
            continue
        terms = []
        for _, child, edge in graph.out_edges(key, data=True):
            if passes(edge) and "grad" in graph.nodes[child]:
                g, local = graph.nodes[child]["grad"], edge["local"]
                terms.append(g @ local if isinstance(local, LinearMap) else g * local)
        approx(node["grad"], sum(terms, np.zeros(np.shape(node["value"]))), err_msg=key)


def dense(local, into):
    """An edge's local derivative as an array of the output's shape and then the operand's."""
    if isinstance(local, LinearMap):
        return local.to_dense()
    if np.ndim(local) == 0:
        return local * np.eye(int(np.prod(into))).reshape(into * 2)
    return np.reshape(np.diag(np.ravel(local)), into * 2)


def edges_into(graph, key):
    for parent, _, edge in graph.in_edges(key, data=True):
        if passes(edge):
            yield parent, edge["local"]


def check_edges_written_out(one):
    graph = gt.trace(one.f, *one.args)
    if not is_real(graph):
        return
    for j, source in enumerate(graph.inputs):
        shape = np.shape(one.args[j])
        total = {source: np.eye(int(np.prod(shape))).reshape(shape * 2)}
        for key in graph:
            for parent, local in edges_into(graph, key):
                if parent in total:
                    into = np.shape(graph.nodes[parent]["value"])
                    step = np.tensordot(dense(local, into), total[parent], len(into))
                    total[key] = total.get(key, 0.0) + step
        for o, output in enumerate(graph.outputs):
            right = one.answer.jacobians[o][j]
            approx(total.get(output, np.zeros(right.shape)), right)


def check_edges_forward(one):
    graph = gt.trace(one.f, *one.args)
    if not is_real(graph):
        return
    moved = dict(zip(graph.inputs, one.directions, strict=True))
    for key in graph:
        if key not in moved:
            terms = [
                local @ moved[parent] if isinstance(local, LinearMap) else local * moved[parent]
                for parent, local in edges_into(graph, key)
            ]
            moved[key] = sum(terms, np.zeros(np.shape(graph.nodes[key]["value"])))
    for o, output in enumerate(graph.outputs):
        approx(moved[output], pushed(one.answer.jacobians[o], one.directions))


CHECKS = [
    check_value,
    check_gradient,
    check_second_order,
    check_forward,
    check_second_order_forward,
    check_backward,
    check_law,
    check_edges_written_out,
    check_edges_forward,
]


def check_all(name, check):
    for i, one in enumerate(cases(name)):
        try:
            check(one)
        except Exception as error:
            error.add_note(f"in sample {i} of {name!r}")
            raise


def test_every_row_with_a_gradient_has_a_sample():
    with_gradient = {name for name, primitive in PRIMITIVES.items() if not primitive.flat}
    scipys = {name for name in with_gradient if name.startswith("special.")}
    assert with_gradient - scipys - ELSEWHERE == set(SAMPLES) | set(INNER)


def test_every_ufunc_of_numpy_has_an_answer():
    """A row, or for those of dates none."""
    ufuncs = {name for name in dir(np) if isinstance(getattr(np, name), np.ufunc)}
    assert {name for name in ufuncs if getattr(np, name) not in NUMPY} == {"isnat"}


@each_row
def test_the_samples_run_the_row_that_they_stand_for(name):
    assert any(name in rows_of(gt.trace(one.f, *one.args)) for one in cases(name))


@each_row
def test_the_value_is_that_of_jax(name):
    check_all(name, check_value)


@each_row
def test_the_gradient_is_that_of_jax(name):
    check_all(name, check_gradient)


@each_row
def test_the_gradient_of_the_gradient_is_that_of_jax(name):
    check_all(name, check_second_order)


@each_row
def test_the_tangent_is_that_of_jax(name):
    check_all(name, check_forward)


@each_row
def test_every_nesting_of_the_two_modes_is_jaxs_second_order(name):
    check_all(name, check_second_order_forward)


@each_row
def test_backward_on_the_graph_is_grad_to_the_last_bit(name):
    check_all(name, check_backward)


@each_row
def test_every_nodes_gradient_is_the_sum_over_its_edges(name):
    check_all(name, check_law)


@each_row
def test_the_edges_written_out_multiply_to_jaxs_jacobian(name):
    check_all(name, check_edges_written_out)


@each_row
def test_the_edges_push_a_tangent_forward_as_jaxs_jvp_does(name):
    check_all(name, check_edges_forward)


@pytest.mark.parametrize(
    ("inner", "f"),
    [
        ("nonzero", lambda x: np.sum(x**x)),
        ("scatter_at", lambda x: np.sum(x[1:] ** 3)),
        ("scatter", lambda x: np.sum(np.roll(x, 1) ** 3)),
        ("identity", lambda x: np.sum(x**3)),
    ],
)
def test_a_row_of_the_rules_is_run_by_the_gradient_of_a_gradient(inner, f):
    tape_rows = set()

    def slope(x):
        g = gt.grad(f)(x)
        tape_rows.update(row[0].name for row in g.tape.rows)
        return np.sum(g)

    gt.grad(slope)(np.array([0.5, 1.5, 2.5]))
    assert inner in tape_rows


def wrong(**rules):
    """tanh with another rule, applied as `xp.tanh` is."""
    primitive = Primitive("wrong", np.tanh, **rules)
    f = Sample(lambda xp, x: apply(primitive, (x,), {}), (U,), lambda xp, x: xp.tanh(x))
    return case(f, *jax_answers([f]))


def test_the_checks_pass_a_right_rule():
    right = wrong(partials=(lambda x, y: 1 - y**2,))
    for check in CHECKS:
        check(right)


@pytest.mark.parametrize(
    ("mistake", "rules"),
    [
        ("scale", {"partials": (lambda x, y: 1.000001 * (1 - y**2),)}),
        ("power", {"partials": (lambda x, y: 1 - y**4,)}),
        ("none", {"partials": (None,)}),
        (
            "one entry",
            {"vjps": (lambda g, y, x: g * (1 - y**2) * np.where(x == U[0, 0], 1.01, 1),)},
        ),
    ],
)
@pytest.mark.parametrize(
    "check",
    [
        check_gradient,
        check_second_order,
        check_forward,
        check_second_order_forward,
        check_edges_written_out,
        check_edges_forward,
    ],
)
def test_the_checks_notice_a_wrong_rule(check, mistake, rules):
    with pytest.raises(AssertionError):
        check(wrong(**rules))


def test_the_second_order_notices_a_rule_that_loses_the_trace():
    rule = wrong(partials=(lambda x, y: 1 - getattr(y, "value", y) ** 2,))
    check_gradient(rule)
    for check in (check_second_order, check_second_order_forward):
        with pytest.raises(AssertionError):
            check(rule)
