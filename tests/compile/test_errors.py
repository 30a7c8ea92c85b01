"""A compiled function given something else than was traced says both, and shows no array."""

import copy

import numpy as np
import pytest

import graphtrace as gt

X = np.array([1.0, 2.0, 3.0])
LARGE = np.arange(1000.0)


def of_array(x):
    return np.sum(x * x)


def of_numbers(x, y):
    return x * y


def of_tree(p):
    return p["w"] @ p["x"] + p["b"][0]


TREE = {"w": X, "x": X, "b": [1.0, 2.0]}


def refusals(f, traced, given):
    """What the compiled function says, and what `forward` of the graph says."""
    graph = gt.trace(f, *traced)
    told = []
    names = dict(zip(graph.graph["parameters"], given, strict=True))
    for attempt in (lambda: graph.compile()(*given), lambda: graph.forward(**names)):
        with pytest.raises(gt.ArgumentError) as caught:
            attempt()
        told.append(str(caught.value))
        assert len(told[-1]) < 200
        assert "array([" not in told[-1]
        assert "999" not in told[-1]
    return told


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (LARGE, "x was traced with shape (3,) and now has shape (1000,)"),
        (X[:, None], "x was traced with shape (3,) and now has shape (3, 1)"),
        (1.0, "x was traced with shape (3,) and now has shape ()"),
        ([LARGE] * 2, "x was traced with shape (3,) and now has shape (2, 1000)"),
        ([[1.0], LARGE], "x was traced as an array of shape (3,) and is now a list of 2"),
        ("text", "x was traced as an array of shape (3,) and is now 'text'"),
        ({"a": LARGE}, "x was traced as an array of shape (3,) and is now a dict of 1"),
        (X * 1j, "x was traced as float64 and is now complex128"),
        (np.array([1, None, 2]), "x was traced as float64 and is now object"),
        (np.array(["a", "b", "c"]), "x was traced as float64 and is now <U1"),
    ],
    ids=lambda x: str(x)[:20] if isinstance(x, str) else type(x).__name__,
)
def test_an_array_is_refused_in_the_words_of_forward(given, says):
    compiled, forward = refusals(of_array, (X,), (given,))
    assert compiled == forward
    assert compiled.startswith(says)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (LARGE, "x was traced with shape () and now has shape (1000,)"),
        (np.ones(1), "x was traced with shape () and now has shape (1,)"),
        ([1.0, 2.0], "x was traced with shape () and now has shape (2,)"),
        ("text", "x was traced as a number and is now 'text'"),
        (None, "x was traced as a number and is now None"),
        ({"a": LARGE}, "x was traced as a number and is now a dict of 1"),
        (1j, "x was traced as float64 and is now complex128"),
    ],
    ids=lambda x: str(x)[:20] if isinstance(x, str) else type(x).__name__,
)
def test_a_number_is_refused_in_the_words_of_forward(given, says):
    compiled, forward = refusals(of_numbers, (2.0, 3.0), (given, 3.0))
    assert compiled == forward
    assert compiled.startswith(says)


def test_the_second_number_is_named_where_it_is_the_second():
    compiled, _ = refusals(of_numbers, (2.0, 3.0), (2.0, LARGE))
    assert compiled.startswith("y was traced with shape ()")


@pytest.mark.parametrize("kind", [np.float32, np.complex128, np.float64])
def test_a_number_of_numpy_is_not_taken_for_an_array(kind):
    compiled = gt.trace(lambda x: np.real(x * 2), kind(2)).compile()
    with pytest.raises(gt.ArgumentError, match=r"x was traced with shape \(\) and now has shape"):
        compiled(LARGE)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"w": LARGE}, "p['w'] was traced with shape (3,) and now has shape (1000,)"),
        ({"b": [1.0]}, "p['b'] was traced with 2 entries and now has 1"),
        ({"z": LARGE}, "p was traced with the keys 'w', 'x', 'b' and now has 'w', 'x', 'b', 'z'"),
        ({"b": LARGE}, "p['b'] was traced with 2 entries and now is float64[1000]"),
    ],
)
def test_a_tree_is_refused_with_what_it_has_now(changed, says):
    compiled, _ = refusals(of_tree, (TREE,), ({**copy.copy(TREE), **changed},))
    assert compiled.startswith(says)


def test_a_missing_key_is_seen_among_those_that_are_there():
    compiled, _ = refusals(of_tree, (TREE,), ({"w": LARGE, "x": X},))
    assert compiled.startswith("p was traced with the keys 'w', 'x', 'b' and now has 'w', 'x'; ")


def test_what_was_fixed_is_told_without_the_array_that_takes_its_place():
    compiled, forward = refusals(lambda x, n: x * 2 if n else x, (2.0, True), (2.0, LARGE))
    assert compiled == forward
    assert compiled.startswith("parameter n was fixed at True when it was traced and is now float6")


def test_a_wrong_number_of_arguments_names_the_parameter():
    with pytest.raises(TypeError, match=r"of_numbers\(\) missing 1 required .* 'y'"):
        gt.trace(of_numbers, 2.0, 3.0).compile()(LARGE)


def test_the_text_to_read_says_nothing_of_it():
    text = gt.trace(of_numbers, 2.0, 3.0).to_python()
    assert "try" not in text
    assert "x, y = float(x), float(y)\n" in text


def test_an_error_in_the_lines_has_the_number_of_its_line():
    import traceback

    graph = gt.trace(lambda x: np.log(np.sum(x) / 1) if x[0] > 0 else x, X)
    with pytest.raises(gt.BranchChanged) as caught:
        graph.compile()(-X)
    frame = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert graph.to_python().splitlines()[frame.lineno - 1].strip() == frame.line


def test_a_seed_is_described_and_not_shown():
    with pytest.raises(gt.ArgumentError) as caught:
        gt.vjp(lambda x: x * 1.0, X)[1](X * 1j)
    assert "array(" not in str(caught.value)
