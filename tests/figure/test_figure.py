"""What a figure says, before it is drawn: boxes, arrows and their parts."""

import re

import networkx as nx
import numpy as np
import pytest

import graphtrace as gt
from graphtrace.errors import RenderError
from graphtrace.figure.build import figure
from graphtrace.figure.forms import in_form
from graphtrace.figure.frames import frames
from graphtrace.figure.options import Content
from graphtrace.figure.parts import Blanked, Contribution, Definition, Note, Partial, Value
from graphtrace.figure.trouble import trouble_of
from graphtrace.formula.naming import Naming
from graphtrace.formula.runs import plain
from graphtrace.render.typeset.wording import runs, wording


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
    assert part == Partial("J", "u", value=3.0, total=True)


def test_several_uses_tell_their_shares_and_the_sum_stands_in_the_box():
    graph = gt.trace(lambda a: a * a, 3.0)
    graph.backward()
    drawn = figure(graph)
    shares = [edge.part for edge in drawn.edges if edge.kind == "backward"]
    assert shares == [Contribution("f", "f", "a", 1.0, 3.0)] * 2
    assert nodes_of(drawn)["a"].gradient == Partial("f", "a", value=6.0, total=True)


def test_a_backward_arrow_names_the_forward_one_it_runs_beside():
    back = edge(figure(lecture(backward=True)), "gradient-b-u-0")
    assert back.beside == "edge-b-u-0"


def test_gradients_can_be_left_out():
    drawn = figure(lecture(backward=True), Content(gradients=False))
    assert {edge.kind for edge in drawn.edges} == {"forward"}


def test_an_input_that_is_never_used_shows_its_zero_gradient():
    graph = gt.trace(lambda a, b: 2 * a, 1.0, 1.0)
    graph.backward()
    assert nodes_of(figure(graph))["b"].gradient == Partial("f", "b", value=0.0, total=True)


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


@pytest.mark.parametrize(
    ("option", "value"), [("direction", "RL"), ("derivatives", "all")], ids=["direction", "detail"]
)
def test_an_unknown_option_lists_the_valid_ones(option, value):
    with pytest.raises(RenderError, match="use one of"):
        figure(lecture(), Content(**{option: value}))


def test_a_cycle_is_refused():
    graph = nx.MultiDiGraph()
    graph.add_edge("a", "b")
    graph.add_edge("b", "a")
    with pytest.raises(RenderError, match="cycle"):
        figure(graph)


def test_values_and_derivatives_can_be_left_out():
    drawn = figure(lecture(), Content(values=False, derivatives="none"))
    assert all(not isinstance(part, Value) for node in drawn.nodes for part in node.parts)
    assert all(edge.part is None for edge in drawn.edges)


def test_a_derivative_can_be_formula_only_or_number_only():
    formula = edge(figure(lecture(), Content(derivatives="formula")), "edge-b-u-0").part
    number = edge(figure(lecture(), Content(derivatives="number")), "edge-b-u-0").part
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
    def printed(*keys):
        return [plain(spelling.runs()) for spelling in Naming(keys).values()]

    assert printed("p['W']", "p['b']") == ["W", "b"]
    assert printed("p[0]['W']", "p[1]['W']") == ["W₀", "W₁"]
    assert printed("p['W']", "W") == ["p['W']", "W"]
    assert printed("net['a']['W']", "net['b']['W']") == ["W_a", "W_b"]


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


# A step, a path


def chain_said(drawn):
    return plain(runs(drawn.caption[0], wording(drawn, 4)))


def test_one_step_back_draws_the_arrow_that_brings_the_derivative():
    drawn = figure(lecture(), Content(step="dJ/dv"))
    (back,) = [edge for edge in drawn.edges if edge.kind == "backward"]
    assert back.part == Partial("J", "v", value=3.0, total=True)
    assert (back.id, back.emphasis) == ("gradient-v-J-1", "strong")
    assert chain_said(drawn) == "dJ/dv = 3"


def test_a_step_needs_no_backward_and_leaves_the_graph_alone():
    graph = lecture()
    figure(graph, Content(step="dJ/da"))
    assert all("grad" not in data for _, data in graph.nodes(data=True))


def test_the_step_after_the_first_shows_what_it_builds_on():
    drawn = figure(lecture(), Content(step="∂J/∂a"))
    back = {edge.id: edge.emphasis for edge in drawn.edges if edge.kind == "backward"}
    assert back == {"gradient-a-v-0": "strong", "gradient-v-J-1": "plain"}
    assert chain_said(drawn) == "dJ/da = dJ/dv · dv/da = 3 · 1 = 3"


def test_a_path_is_strong_and_the_rest_is_dim():
    drawn = figure(lecture(), Content(path=("a", "J")))
    emphasis = {node.key: node.emphasis for node in drawn.nodes}
    assert {key for key, how in emphasis.items() if how == "strong"} == {"a", "v", "J"}
    assert {key for key, how in emphasis.items() if how == "dim"} == {"b", "c", "u"}
    assert {e.id for e in drawn.edges if e.emphasis == "strong"} == {"edge-a-v-0", "edge-v-J-1"}


def test_a_path_spells_out_its_product():
    assert (
        chain_said(figure(lecture(), Content(path=("a", "J"))))
        == "dJ/da = dJ/dv · dv/da = 3 · 1 = 3"
    )
    said = chain_said(figure(lecture(), Content(path=("b", "J"))))
    assert said == "dJ/db = dJ/dv · dv/du · du/db = 3 · 1 · 2 = 6"


def two_ways(a):
    p = 2 * a
    q = -a
    return p * q


def test_where_paths_meet_their_products_are_summed():
    said = chain_said(figure(gt.trace(two_ways, 3.0), Content(path=("a", "two_ways"))))
    d = "d\N{THIN SPACE}two_ways"
    assert said == (f"{d}/da = {d}/dp · dp/da + {d}/dq · dq/da = (−3) · 2 + 6 · (−1) = −12")


def test_a_derivative_along_one_of_several_paths_is_partial():
    def f(a):
        h = a * a
        return h * a

    drawn = figure(gt.trace(f, 2.0), Content(path=("a", "f")))
    assert "∂f/∂a" in chain_said(drawn)
    assert chain_said(drawn).endswith("= 12")


def test_a_path_through_a_node_is_a_part_of_the_derivative():
    drawn = figure(gt.trace(two_ways, 3.0), Content(path=("a", "p", "two_ways")))
    assert chain_said(drawn).startswith("Along this path: ")
    assert chain_said(drawn).endswith(" = (−3) · 2 = −6")


def test_an_operand_that_is_used_twice_is_told_by_its_formulas():
    said = chain_said(figure(gt.trace(lambda a: a * a, 3.0), Content(path=("a", "f"))))
    assert said == "df/da = a + a = 3 + 3 = 6"


def test_many_paths_are_told_in_one_step():
    def f(x):
        y = x
        for _ in range(12):
            y = np.tanh(y) + x
        return y

    drawn = figure(gt.trace(f, 0.3), Content(path=("x", "f")))
    assert len(drawn.caption[0].terms) == 13
    assert all(len(term) <= 2 for term in drawn.caption[0].terms)


def test_a_path_between_arrays_is_told_without_numbers():
    def loss(W, x):
        h = np.tanh(W @ x)
        return np.sum(h)

    graph = gt.trace(loss, np.ones((2, 2)), np.ones(2))
    said = chain_said(figure(graph, Content(path=("W", "loss"))))
    assert "dh/dv₁" in said
    assert "[" in said.split("=")[-1]


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"step": "v"}, "write it as step='dJ/dv'"),
        ({"step": "dJ/dz"}, "J has no node 'z': use one of a, b, c, u, v, J"),
        ({"path": ("J", "a")}, r"a does not depend on J.*turn it around, to path=\('a', 'J'\)"),
        ({"path": "aJ"}, r"give its ends, as in path=\('a', 'J'\)"),
        ({"path": ("a", "J"), "step": "dJ/dv"}, "not both"),
    ],
)
def test_a_step_or_path_that_is_not_there_is_refused(option, message):
    with pytest.raises(RenderError, match=message):
        figure(lecture(), Content(**option))


def test_a_short_name_finds_its_node():
    graph = gt.trace(lambda p: p["W"] * 2, {"W": 3.0})
    assert chain_said(figure(graph, Content(step="df/dW"))) == "df/dW = 2"


def test_a_graph_of_another_maker_has_paths_too():
    graph = nx.MultiDiGraph(name="f")
    graph.add_edge("a", "f", 0, local=2.0)
    assert chain_said(figure(graph, Content(path=("a", "f")))) == "df/da = 2"


# Frames


def test_frames_tell_every_value_and_then_every_gradient():
    drawn = frames(lecture())
    said = [plain(runs(frame.caption[-1], wording(frame, 4))) for frame in drawn]
    assert said[:4] == ["1 of 10 · inputs", "u = bc = 6", "v = a + u = 11", "J = 3v = 33"]
    assert said[4:7] == ["dJ/dJ = 1", "dJ/dv = 3", "dJ/du = dJ/dv · dv/du = 3 · 1 = 3"]
    assert len(drawn) == 10


def test_frames_have_the_same_boxes_and_arrows():
    drawn = frames(lecture())
    assert len({tuple(node.id for node in frame.nodes) for frame in drawn}) == 1
    assert len({tuple(edge.id for edge in frame.edges) for frame in drawn}) == 1


def test_a_frame_does_not_tell_what_is_not_known_yet():
    second = frames(lecture())[1]
    assert nodes_of(second)["u"].parts[1] == Value(6.0)
    assert nodes_of(second)["v"].parts[1] == Blanked(Value(11.0))
    assert all(e.emphasis == "hidden" for e in second.edges if e.kind == "backward")


def test_the_last_frame_tells_all():
    last = frames(lecture())[-1]
    assert not any(isinstance(part, Blanked) for node in last.nodes for part in node.parts)
    assert not any(isinstance(e.part, Blanked) or e.emphasis == "hidden" for e in last.edges)


def test_frames_of_an_array_go_forward_only():
    drawn = frames(gt.trace(lambda x: x * 2, np.ones(3)))
    assert len(drawn) == 2


def test_frames_step_back_from_the_output_that_is_named():
    def f(a):
        p = 2 * a
        q = 3 * a
        return p, q

    graph = gt.trace(f, 1.0)
    assert len(frames(graph)) == 3
    last = frames(graph, of="q")[-1]
    assert plain(runs(last.caption[-1], wording(last, 4))) == "dq/da = 3"
    with pytest.raises(RenderError, match=r"of='a' is no output: use one of p, q"):
        frames(graph, of="a")


# Trouble


def distance(x, y):
    d = x - y
    s = d * d
    return np.sqrt(s)


def test_the_first_trouble_is_where_the_nan_comes_from():
    graph = gt.trace(distance, 2.0, 2.0)
    graph.backward()
    first, *rest = trouble_of(graph)
    assert (first.what, first.kind, first.edge) == (
        "local derivative",
        "infinite",
        ("s", "distance", 0),
    )
    assert re.match(
        r"test_figure\.py:\d+: the derivative of .*sqrt\(s\) in s is infinite", str(first)
    )
    assert {t.node for t in rest if t.what == "gradient" and t.kind == "nan"} == {"d", "x", "y"}


def test_a_gradient_that_stops_is_found():
    graph = gt.trace(lambda x: np.maximum(x, 0.0) * 3, -2.0)
    graph.backward()
    first = trouble_of(graph)[0]
    assert (first.what, first.kind, first.node) == ("local derivative", "zero", "v1")


def test_a_sound_graph_has_no_trouble():
    assert trouble_of(lecture(backward=True)) == []
    assert figure(lecture(), Content(trouble=True)).caption == (Note("No 0, infinity or NaN."),)


def test_entries_of_arrays_are_looked_at():
    with np.errstate(divide="ignore"):
        graph = gt.trace(lambda x: np.sum(np.log(x)), np.array([1.0, 0.0]))
    assert [t.kind for t in trouble_of(graph) if t.what == "value"] == ["infinite", "infinite"]


def test_trouble_is_marked_and_the_first_is_told_beneath():
    drawn = figure(gt.trace(distance, 2.0, 2.0), Content(trouble=True))
    assert nodes_of(drawn)["s"].trouble == "zero"
    assert nodes_of(drawn)["x"].trouble is None
    assert edge(drawn, "edge-s-distance-0").trouble == "inf"
    assert "in s is infinite" in drawn.caption[0].text


# Forms


def test_wires_carry_values_and_operations_are_signs():
    drawn = in_form(figure(lecture(backward=True)), "wires")
    words = wording(drawn, 4)
    inner = [n for n in drawn.nodes if n.role in ("operation", "output")]
    signs = {n.key: plain(runs(n.parts[0], words)) for n in inner}
    assert signs == {"u": "×", "v": "+", "J": "3x"}
    assert edge(drawn, "edge-u-v-1").part == Value(6.0)
    assert edge(drawn, "node-J-wire").part == Value(33.0)
    assert edge(drawn, "gradient-u-v-1").part.short


def test_records_have_every_gradient_in_its_box():
    drawn = in_form(figure(lecture(backward=True)), "records")
    grads = {node.key: node.gradient.value for node in drawn.nodes}
    assert grads == {"a": 3.0, "b": 6.0, "c": 9.0, "u": 3.0, "v": 3.0, "J": 1.0}
    assert {edge.kind for edge in drawn.edges} == {"forward"}


def test_a_negative_factor_is_in_parentheses():
    drawn = figure(gt.trace(lambda x: 2 * (x - x), 3.0), Content(step="df/dx"))
    assert chain_said(drawn) == "df/dx = df/dv₁ · 1 + df/dv₁ · (−1) = 2 · 1 + 2 · (−1) = 0"


def test_on_a_wire_a_share_is_one_number():
    graph = gt.trace(lambda a: a * a, 3.0)
    graph.backward()
    drawn = in_form(figure(graph), "wires")
    assert [e.part.value for e in drawn.edges if e.id.startswith("gradient")] == [3.0, 3.0]


def test_a_path_over_wires_has_its_factors_below_them():
    drawn = in_form(figure(lecture(), Content(path=("b", "J"))), "wires")
    factor = edge(drawn, "edge-b-u-0-factor")
    assert (factor.beside, factor.part.value, factor.part.short) == ("edge-b-u-0", 2.0, True)


def test_what_flows_back_along_the_only_arrow_from_an_output_is_its_share():
    def two(x):
        y = 2 * x
        z = 3 * y
        return y, z

    graph = gt.trace(two, 1.0)
    graph.backward("y")
    back = {e.operand[:2]: e.part for e in figure(graph).edges if e.kind == "backward"}
    assert back["y", "z"] == Contribution("y", "z", "y", upstream=0.0, local=3.0)
    graph.backward(seed=(1.0, 1.0))
    drawn = figure(graph)
    back = {e.operand[:2]: e.part for e in drawn.edges if e.kind == "backward"}
    assert back["y", "z"] == Contribution(None, "z", "y", upstream=1.0, local=3.0)
    (gradient,) = [node.gradient for node in drawn.nodes if node.key == "y"]
    assert gradient.value == 4.0
