"""Random programs with branches, on other numbers, shapes and dtypes: jit(f) is f."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from oracles import weights_for
from programs import BY_NAME, plain
from random_programs import SHAPES, programs, run
from training.same import assert_bits

import graphtrace as gt

OTHER_SHAPES = (*SHAPES[:2], (5,), SHAPES[3])
RANDOM = {
    "the function": lambda f: f,
    "value_and_grad": lambda f: gt.value_and_grad(f, (0, 1, 2, 3)),
    "grad inside": lambda f: (
        lambda *args: [
            a - 0.1 * g for a, g in zip(args, gt.grad(f, (0, 1, 2, 3))(*args), strict=True)
        ]
    ),
}
FORMS = {
    "the function": lambda f, every: f,
    "value_and_grad": gt.value_and_grad,
    "value_and_grad inside": lambda f, every: lambda *args: gt.value_and_grad(f, every)(*args),
}


@pytest.mark.parametrize("make", RANDOM.values(), ids=RANDOM)
@given(
    first=programs,
    second=programs,
    seeds=st.lists(st.integers(0, 30), min_size=2, max_size=4),
    kinds=st.lists(st.sampled_from([np.float64, np.float32]), min_size=1, max_size=2),
    bound=st.floats(-1, 1, width=32),
)
@settings(max_examples=15, deadline=None)
def test_a_random_program_with_a_branch(make, first, second, seeds, kinds, bound):
    def f(a, b, c, d):
        head = run(np, first, [a, b, c, d])
        if head > bound:
            return head * np.sum(c)
        return run(np, second, [a * head, b, c, d])

    runs = 0

    def counted(a, b, c, d):
        nonlocal runs
        runs += 1
        return f(a, b, c, d)

    fast, slow = gt.jit(make(counted)), make(f)
    calls = [
        [kind(w) if not w.shape else w.astype(kind) for w in weights_for(shapes, seed)]
        for seed in seeds
        for kind in kinds
        for shapes in (SHAPES, OTHER_SHAPES)
    ]
    calls = [args for args in calls if fits(f, args)]
    with np.errstate(all="ignore"):
        for args in calls:
            assert_bits(fast(*args), slow(*args))
        traced = runs
        for args in calls:
            assert_bits(fast(*args), slow(*args))
    assert runs == traced


def fits(f, args):
    """Whether the program takes arguments of these shapes."""
    try:
        f(*args)
    except (ValueError, IndexError):
        return False
    return True


def moved(tree, factor):
    if isinstance(tree, dict):
        return {key: moved(part, factor) for key, part in tree.items()}
    if isinstance(tree, (list, tuple)):
        return type(tree)(moved(part, factor) for part in tree)
    is_float = isinstance(tree, float) or (isinstance(tree, np.ndarray) and tree.dtype.kind in "fc")
    return tree * factor if is_float else tree


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("p", BY_NAME)
def test_a_program_from_a_textbook(p, form):
    f = form(plain(p.function), tuple(range(len(p.arguments))))
    fast = gt.jit(f)
    for factor in (1, 1.0009, 0.97):
        args = moved(p.arguments, factor)
        now, wanted = fast(*args), f(*args)
        if type(wanted) is np.float64 and type(now) is float:
            wanted = float(wanted)  # NumPy's number of what is an array of objects when traced
        assert_bits(now, wanted)
