"""What a figure says, before it is drawn: boxes, arrows and their parts."""

import networkx as nx
import numpy as np
import pytest

import graphtrace as gt
from graphtrace.errors import RenderError
from graphtrace.figure import Definition, Partial, Share, Value, figure, short_names


def J(a, b, c):
    u = b * c
    v = a + u
    return 3 * v


def lecture(backward=False):
    graph = gt.trace(J, a=5.0, b=3.0, c=2.0)
    if backward:
        graph.backward()
    return graph


def chain(length):
    """One long computation that uses its input x at every step."""

    def f(x):
        y = x
        for _ in range(length):
            y = y * x
        return y

    return gt.trace(f, 1.5)


def nodes_of(drawn):
    return {node.key: node for node in drawn.nodes if node.role != "copy"}


def edge(drawn, id):
    return next(edge for edge in drawn.edges if edge.id == id)


def test_a_node_says_its_formula_and_its_value():
    u = nodes_of(figure(lecture()))["u"]
    definition, value = u.parts
    assert (definition.name, str(definition.formula)) == ("u", "b*c")
    assert value == Value(6.0)


def test_an_input_says_its_name_and_no_formula():
    assert nodes_of(figure(lecture()))["a"].parts == (Definition("a"), Value(5.0))


def test_inputs_operations_and_outputs_are_told_apart():
    roles = {key: node.role for key, node in nodes_of(figure(lecture())).items()}
    assert roles == {
        "a": "input",
        "b": "input",
        "c": "input",
        "u": "operation",
        "v": "operation",
        "J": "output",
    }


def test_an_edge_says_its_local_derivative_as_formula_and_number():
    part = edge(figure(lecture()), "edge-b-u-0").part
    assert isinstance(part, Partial)
    assert (part.of, part.by, str(part.formula), part.value) == ("u", "b", "c", 2.0)


def test_without_backward_there_is_no_gradient():
    drawn = figure(lecture())
    assert {edge.kind for edge in drawn.edges} == {"forward"}
    assert all(node.gradient is None for node in drawn.nodes)


def test_a_single_use_tells_the_gradient_on_an_arrow_back():
    part = edge(figure(lecture(backward=True)), "gradient-u-v-1").part
    assert part == Partial("J", "u", value=3.0)


def test_several_uses_tell_their_shares_and_the_sum_stands_in_the_box():
    graph = gt.trace(lambda a: a * a, 3.0)
    graph.backward()
    drawn = figure(graph)
    shares = [edge.part for edge in drawn.edges if edge.kind == "backward"]
    assert shares == [Share("f", "f", "a", 1.0, 3.0)] * 2
    assert nodes_of(drawn)["a"].gradient == Partial("f", "a", value=6.0)


def test_a_backward_arrow_names_the_forward_one_it_runs_beside():
    back = edge(figure(lecture(backward=True)), "gradient-b-u-0")
    assert back.beside == "edge-b-u-0"


def test_gradients_can_be_left_out():
    drawn = figure(lecture(backward=True), gradients=False)
    assert {edge.kind for edge in drawn.edges} == {"forward"}


def test_an_input_that_is_never_used_shows_its_zero_gradient():
    graph = gt.trace(lambda a, b: 2 * a, 1.0, 1.0)
    graph.backward()
    assert nodes_of(figure(graph))["b"].gradient == Partial("f", "b", value=0.0)


def test_a_large_figure_has_gradients_in_the_boxes_and_short_labels():
    graph = chain(20)
    graph.backward()
    drawn = figure(graph)
    assert {edge.kind for edge in drawn.edges} == {"forward"}
    assert all(node.gradient for node in drawn.nodes if node.role == "operation")
    assert all(edge.part.short for edge in drawn.edges)


def test_a_far_off_use_of_an_input_gets_its_own_copy():
    drawn = figure(chain(20))
    copies = [node for node in drawn.nodes if node.role == "copy"]
    assert len(copies) > 10
    assert {node.key for node in copies} == {"x"}
    assert all(node.parts == (Definition("x"),) for node in copies)


def test_the_lecture_figure_needs_no_copies():
    assert len(figure(lecture()).nodes) == 6


def test_copies_keep_every_edge():
    graph = chain(20)
    drawn = figure(graph)
    assert len(drawn.edges) == graph.number_of_edges()
    ids = {node.id for node in drawn.nodes}
    assert {end for e in drawn.edges for end in (e.tail, e.head)} <= ids


def test_too_many_boxes_are_refused_with_advice():
    with pytest.raises(RenderError, match=r"more than the 10 .* render a part of it"):
        figure(chain(20), limit=10)


@pytest.mark.parametrize(
    ("option", "value"), [("direction", "RL"), ("derivatives", "all")], ids=["direction", "detail"]
)
def test_an_unknown_option_lists_the_valid_ones(option, value):
    with pytest.raises(RenderError, match="use one of"):
        figure(lecture(), **{option: value})


def test_a_cycle_is_refused():
    graph = nx.MultiDiGraph()
    graph.add_edge("a", "b")
    graph.add_edge("b", "a")
    with pytest.raises(RenderError, match="cycle"):
        figure(graph)


def test_values_and_derivatives_can_be_left_out():
    drawn = figure(lecture(), values=False, derivatives="none")
    assert all(not isinstance(part, Value) for node in drawn.nodes for part in node.parts)
    assert all(edge.part is None for edge in drawn.edges)


def test_a_derivative_can_be_formula_only_or_number_only():
    formula = edge(figure(lecture(), derivatives="formula"), "edge-b-u-0").part
    number = edge(figure(lecture(), derivatives="number"), "edge-b-u-0").part
    assert (str(formula.formula), formula.value) == ("c", None)
    assert (number.formula, number.value) == (None, 2.0)


def test_ids_are_unique_and_made_of_plain_characters():
    graph = nx.MultiDiGraph()
    for key in ["a b", "a-b", "a'b", 'a"b', "é", "ü"]:
        graph.add_node(key, op="input", value=1.0)
    ids = [node.id for node in figure(graph).nodes]
    assert len(set(ids)) == len(ids)
    assert all(id.replace("-", "").replace("_", "").isalnum() and id.isascii() for id in ids)


def test_a_subgraph_in_another_order_gives_the_same_figure():
    graph = lecture()
    mixed = graph.subgraph({"J", "v", "u"}).copy()
    again = graph.subgraph({"u", "v", "J"}).copy()
    assert [node.key for node in figure(mixed).nodes] == ["u", "v", "J"]
    assert figure(mixed).edges == figure(again).edges


def test_a_leaf_of_a_container_is_called_by_its_last_name_only_where_that_is_clear():
    assert short_names(["p['W']", "p['b']"]) == {"p['W']": "W", "p['b']": "b"}
    assert short_names(["p[0]['W']", "p[1]['W']"]) == {}
    assert short_names(["p['W']", "W"]) == {}


def test_a_graph_without_our_attributes_is_still_a_figure():
    graph = nx.MultiDiGraph()
    graph.add_edge("a", "b")
    drawn = figure(graph)
    assert [node.key for node in drawn.nodes] == ["a", "b"]
    assert drawn.edges[0].part is None


def test_arrays_keep_their_values_in_the_figure():
    graph = gt.trace(lambda x: np.sum(x * 2), np.ones(3))
    value = nodes_of(figure(graph))["x"].parts[1].value
    np.testing.assert_array_equal(value, np.ones(3))
