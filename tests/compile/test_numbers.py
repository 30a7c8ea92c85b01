"""A program has the plain call's value and gt.grad's gradients, on any numbers and at any size."""

import re

import numpy as np
import pytest
from compile.compiled import assert_same, compiled, leaves
from hypothesis import given, settings, strategies as st
from oracles import weights_for
from programs import BY_NAME, plain
from random_programs import SHAPES, programs, run
from samples import SAMPLES

import graphtrace as gt
from graphtrace.compile import compile_graph


def moved(tree, factor):
    """The arguments with every float a little different."""
    if isinstance(tree, dict):
        return {key: moved(part, factor) for key, part in tree.items()}
    if isinstance(tree, (list, tuple)):
        return type(tree)(moved(part, factor) for part in tree)
    is_float = isinstance(tree, float) or (isinstance(tree, np.ndarray) and tree.dtype.kind in "fc")
    return tree * factor if is_float else tree


# -- The same numbers as everywhere else -----------------------------------------------------------


@pytest.mark.parametrize("factor", [1, 1.0009], ids=["as traced", "moved"])
@pytest.mark.parametrize("p", BY_NAME)
def test_a_program_has_forwards_value_and_grads_gradient_to_the_last_bit(p, factor):
    f, arguments = plain(p.function), moved(p.arguments, factor)
    graph = gt.trace(f, *p.arguments)
    value, gradients = compile_graph(graph)(*arguments)
    assert_same(value, graph.forward(p=arguments))
    assert value == f(*arguments)
    every = tuple(range(len(arguments)))
    assert_same(gradients["p"], gt.grad(f, every)(*arguments))


ALL = [pytest.param(s, id=f"{name}-{i}") for name, of in SAMPLES.items() for i, s in enumerate(of)]


@pytest.mark.parametrize("sample", ALL)
def test_every_operation_is_replayed_on_other_numbers(sample):
    f, args = sample[0], sample[1]

    def weighed(*p):
        total = 0.0
        for i, leaf in enumerate(leaves(f(np, *p))):
            part = np.real(leaf) + 0.7 * np.imag(leaf) if np.iscomplexobj(leaf) else leaf
            weights = np.cos(1 + i + np.arange(np.size(part))).reshape(np.shape(part))
            total = total + np.sum(part * weights)
        return total

    graph = gt.trace(weighed, *args)
    replay = compile_graph(graph)
    for factor in (1, 0.93):
        arguments = moved(args, factor)
        try:
            value = graph.forward(p=arguments)
        except gt.BranchChanged as error:
            with pytest.raises(gt.BranchChanged, match=re.escape(str(error))):
                replay(*arguments)
            continue
        found, gradients = replay(*arguments)
        assert_same(found, value)
        assert_same(gradients["p"], gt.trace(weighed, *arguments).backward()["p"], ulps=4)


@given(program=programs, seed=st.integers(0, 1000), single=st.booleans())
@settings(max_examples=40, deadline=None)
def test_a_random_program_is_replayed_and_its_arrays_are_shared_with_nobody(program, seed, single):
    kind = np.float32 if single else np.float64

    def f(a, b, c, d):
        return run(np, program, [a, b, c, d])

    inputs, others = (
        tuple(kind(w) if not w.shape else w.astype(kind) for w in weights_for(SHAPES, s))
        for s in (seed, seed + 1)
    )
    graph = gt.trace(f, *inputs)
    replay = compile_graph(graph)
    for arguments in (inputs, others):
        try:
            wanted = graph.forward(**dict(zip("abcd", arguments, strict=True)))
        except gt.BranchChanged:
            with pytest.raises(gt.BranchChanged):
                replay(*arguments)
            continue
        value, gradients = replay(*arguments)
        assert_same(value, wanted)
        slopes = gt.grad(f, (0, 1, 2, 3))(*arguments)
        ulps = 2**30 if single else 64  # where NumPy sums the same entries in another order
        assert_same(list(gradients.values()), slopes, ulps=ulps)
        arrays = [gradients["c"], gradients["d"], *arguments[2:]]
        for i, one in enumerate(arrays):
            assert one.flags.writeable
            assert not any(np.shares_memory(one, other) for other in arrays[:i])
        assert_same(replay(*arguments)[1], gradients)


# -- Size ------------------------------------------------------------------------------------------


def test_a_chain_of_ten_thousand_operations_compiles():
    def f(x):
        y = x
        for _ in range(5000):
            y = y * 0.999
            y = y + x
        return y

    value, gradients = compiled(f, 1.0)(2.0)
    assert (value, gradients["x"]) == (f(2.0), gt.grad(f)(2.0))


def test_a_long_sum_in_one_expression_compiles():
    def f(x):
        return sum(x[i] * x[i] for i in range(2000))

    x = np.linspace(0, 1, 2000)
    assert_same(compiled(f, x)(x)[1]["x"], gt.grad(f)(x))
