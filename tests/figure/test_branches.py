"""The tests that decided which way a function went, drawn with branches=True."""

import numpy as np

import graphtrace as gt


def roots(a, b, c):
    D = b**2 - 4 * a * c
    x = (-b + np.sqrt(D)) / (2 * a) if D > 0 else -b / (2 * a)
    while x > 1:
        x = x / 2
    return x


def decisions_of(graph, **options):
    figure = graph.figure(branches=True, **options)
    keys = {node.id: node.key for node in figure.nodes}
    return {
        (
            node.key,
            node.parts[1].value,
            tuple(keys[e.tail] for e in figure.edges if e.head == node.id),
        )
        for node in figure.nodes
        if node.role == "test"
    }


def test_each_decision_is_a_box_with_its_outcome_behind_what_it_looked_at():
    graph = gt.trace(roots, 1.0, -3.0, 2.0)
    decided = {("D > 0", True, ("D",)), ("x > 1", True, ("x",)), ("x₂ > 1", False, ("x_2",))}
    for detail in ("operations", "statements"):
        assert decisions_of(graph, detail=detail) == decided
    assert not any(node.role == "test" for node in graph.figure().nodes)


def test_a_test_of_what_is_not_drawn_is_told_as_it_is_written():
    def f(x):
        if np.sum(x**2) > 1:
            return 2 * x[0]
        return x[0]

    assert decisions_of(gt.trace(f, np.array([1.0, 2.0]))) == {("np.sum(x**2) > 1", True, ("x",))}


def test_what_is_counted_and_indexed_with_decided_nothing():
    def f(x, n):
        for i in range(n):
            x = x * (i + 1.5)
        return x

    assert decisions_of(gt.trace(f, 1.0, 3)) == set()


def test_every_format_draws_them():
    graph = gt.trace(roots, 1.0, -3.0, 2.0)
    graph.backward()
    for told in (graph.to_svg, graph.to_text, graph.to_mermaid, graph.to_dot, graph.to_tikz):
        assert "True" in told(branches=True)
    for theme in ("cs231n", "karpathy"):
        assert "True" in graph.to_svg(branches=True, theme=theme)
