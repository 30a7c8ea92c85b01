"""gt.primitive: a function with its own rule is used, drawn and checked as a built-in one."""

import copy
import pickle
import sys
import types

import numpy as np
import pytest
from numpy.testing import assert_allclose

import graphtrace as gt

jax = pytest.importorskip("jax")
jax.config.update("jax_enable_x64", True)
jnp = jax.numpy

A = np.array([[2.0, 1.0], [0.5, 3.0]])
B = np.array([1.0, -2.0])


@gt.primitive(partials=[lambda x, y: 1 - y**2])
def squash(x):
    """The hyperbolic tangent."""
    return np.tanh(x)


@gt.primitive
def solve(A, b):
    return np.linalg.solve(A, b)


solve.defvjp(
    lambda g, x, A, b: -np.outer(np.linalg.solve(A.T, g), x),
    lambda g, x, A, b: np.linalg.solve(A.T, g),
)


@gt.primitive(jvp=[lambda t, y, x, *, n: n * x ** (n - 1) * t])
def power(x, *, n=3):
    return x**n


@gt.primitive(vjp=[lambda g, y, x: g[0] * y[1] - g[1] * y[0]])
def sincos(x):
    return np.sin(x), np.cos(x)


def nth(f, n):
    for _ in range(n):
        f = gt.grad(f)
    return f


@pytest.mark.parametrize("n", range(1, 5))
def test_the_rule_is_differentiated_to_any_order(n):
    assert nth(squash, n)(0.4) == pytest.approx(nth(np.tanh, n)(0.4), rel=1e-12)


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (squash, (np.array([0.3, -1.0]),)),
        (solve, (A, B)),
        (power, (1.3,)),
        (lambda x: power(x, n=4), (np.array([1.3, 0.2]),)),
        (lambda x: sincos(x)[0] * sincos(x)[1] ** 2, (np.array([0.3, 2.0]),)),
    ],
    ids=["partials", "vjp", "jvp alone", "setting", "outputs"],
)
def test_a_right_rule_passes_in_both_modes_to_third_order(f, args):
    gt.check_grads(f, args, order=3)


def test_gradient_and_hessian_are_those_of_jax():
    def f(A, b):
        return np.sum(squash(solve(A, b)) ** 2)

    def by_jax(A, b):
        return jnp.sum(jnp.tanh(jnp.linalg.solve(A, b)) ** 2)

    for found, right in zip(gt.grad(f, (0, 1))(A, B), jax.grad(by_jax, (0, 1))(A, B), strict=True):
        assert_allclose(found, right, rtol=1e-10)
    assert_allclose(gt.hessian(f, 1)(A, B), jax.hessian(by_jax, 1)(A, B), rtol=1e-9)


def test_untraced_it_is_the_function():
    assert squash(0.5) == np.tanh(0.5)
    assert squash.__doc__ == "The hyperbolic tangent."
    assert power(2.0, n=2) == 4.0


def test_it_is_one_node_with_its_formula_and_its_rule_on_the_edge():
    def f(x):
        h = squash(x)
        return 3 * h

    graph = gt.trace(f, 0.5)
    assert graph.nodes["h"]["op"] == "squash"
    assert graph.nodes["h"]["label"] == "h = squash(x)"
    assert graph.nodes["h"]["formula"].latex == r"\operatorname{squash}\left(x\right)"
    assert str(graph.edges["x", "h", 0]["symbol"]) == "1 - h**2"
    assert graph.edges["x", "h", 0]["local"] == pytest.approx(1 - np.tanh(0.5) ** 2)
    assert graph.forward(x=1.0) == 3 * np.tanh(1.0)


def test_a_linear_map_on_the_edge_is_the_rule():
    graph = gt.trace(lambda b: np.sum(solve(A, b)), B)
    (local,) = (edge["local"] for u, _, edge in graph.edges(data=True) if u == "b")
    assert_allclose(local.to_dense(), np.linalg.inv(A), rtol=1e-12)
    assert_allclose(local @ B, np.linalg.solve(A, B))


def test_the_compiled_graph_calls_the_function_and_its_rule():
    def f(A, b, x):
        return np.sum(solve(A, b)) * squash(x) + sincos(x)[1] * power(x, n=2)

    compiled = gt.trace(f, A, B, 0.3).compile()
    value, gradients = compiled(A + 0.1, B, 0.7)
    assert value == f(A + 0.1, B, 0.7)
    for found, right in zip(
        gradients.values(), gt.grad(f, (0, 1, 2))(A + 0.1, B, 0.7), strict=True
    ):
        assert_allclose(found, right, rtol=1e-14)


def test_the_printed_program_fetches_it_by_its_module():
    text = gt.trace(lambda x: squash(x), 0.5).to_python()
    assert f'squash = forward("{__name__}:squash")' in text
    assert "(1 - f**2)" in text


@pytest.mark.parametrize("move", [lambda g: pickle.loads(pickle.dumps(g)), copy.deepcopy])
def test_a_graph_with_it_is_pickled(move):
    graph = move(gt.trace(lambda x: 2 * squash(x), 0.5))
    assert graph.backward()["x"] == pytest.approx(2 * (1 - np.tanh(0.5) ** 2))


def test_a_graph_of_a_local_function_says_that_it_cannot_be_pickled():
    @gt.primitive(partials=[1])
    def local(x):
        return x + 0.0

    graph = gt.trace(local, 1.0)
    copy.deepcopy(graph)
    with pytest.raises(gt.UnknownPrimitive, match="local is not to be found; define it at the top"):
        pickle.dumps(graph)


def test_one_that_was_defined_again_does_not_pickle_as_the_new_one(monkeypatch):
    graph = gt.trace(squash, 0.5)
    monkeypatch.setattr(sys.modules[__name__], "squash", gt.primitive(partials=[1])(np.tanh))
    with pytest.raises(gt.UnknownPrimitive, match="squash has been defined again"):
        pickle.dumps(graph)


def test_a_cell_that_runs_twice_defines_it_anew():
    cell = "@gt.primitive(partials=[{0}])\ndef scale(x):\n    return {0} * x\n"
    names = {"gt": gt, "__name__": "__main__"}
    for factor in (2.0, 3.0):
        exec(cell.format(factor), names)
        assert gt.grad(names["scale"])(1.0) == factor


def test_two_modules_may_use_one_name_and_that_of_a_built_in_operation():
    made = []
    for name, factor in (("one", 2.0), ("two", 3.0)):
        module = types.ModuleType(name)
        source = f"@gt.primitive(partials=[{factor}])\ndef multiply(x):\n    return {factor} * x\n"
        exec(source, vars(module) | {"gt": gt}, vars(module))
        made.append(module.multiply)

    def f(x):
        return made[0](x) + 10 * made[1](x) * x

    assert gt.grad(f)(1.0) == 62.0
    graph = gt.trace(f, 1.0)
    assert [d["op"] for _, d in graph.nodes(data=True)].count("multiply") == 4
    assert graph.compile()(1.0) == (32.0, {"x": 62.0})


def test_a_notation_is_written_with_the_operands_names():
    @gt.primitive(partials=[lambda x, y: np.sign(x)], notation=("|$x|", r"\left|$x\right|"))
    def size(x):
        return np.abs(x)

    def f(a, b):
        d = a - b
        return size(d)

    formula = gt.trace(f, 1.0, 3.0).nodes["f"]["formula"]
    assert (str(formula), formula.latex) == ("|d|", r"\left|d\right|")


def test_an_operand_in_a_notation_without_brackets_gets_its_own():
    @gt.primitive(partials=[2.0, None], notation="$x over $y")
    def over(x, y):
        return 2 * x

    graph = gt.trace(lambda a: over(a, -3.0) ** 2, 1.0)
    assert graph.nodes["v1"]["label"] == "v1 = a over (-3)"


@pytest.mark.parametrize(
    ("notation", "shown"),
    [
        ("soft($x)", "2*soft(a)"),
        ("|$x|", "2*|a|"),
        ("f($x) + g($x)", "2*(f(a) + g(a))"),
        ("|$x| + |$x|", "2*(|a| + |a|)"),
        ("$x over 3", "2*(a over 3)"),
    ],
)
def test_a_notation_is_put_in_brackets_where_it_needs_them(notation, shown):
    f = gt.primitive(partials=[lambda x, y: f(x)], notation=notation)(lambda x: 2 * x)
    g = gt.primitive(partials=[lambda x, y: 2 * f(x)])(lambda x: x + 0)
    symbol = gt.trace(lambda a: g(a), 1.0).edges["a", "f", 0]["symbol"]
    assert str(symbol) == shown


def test_the_latex_of_a_notation_is_put_in_brackets_where_it_needs_them():
    def shown(latex):
        f = gt.primitive(partials=[1.0], notation=("f($x)", latex))(lambda x: 2 * x)
        g = gt.primitive(partials=[lambda x, y: f(x) ** 2])(lambda x: x + 0)
        return gt.trace(lambda a: g(a), 1.0).edges["a", "f", 0]["symbol"].latex

    assert shown(r"s^{+}\left($x\right)") == r"{s^{+}\left(a\right)}^{2}"
    assert shown(r"\frac{$x}{2}") == r"{\left(\frac{a}{2}\right)}^{2}"
    assert shown(r"\frac{$x}{2} + \frac{$x}{3}").startswith(r"{\left(\frac{a}{2} + ")


def test_a_notation_that_names_no_operand_is_refused():
    with raises(gt.ArgumentError, r"names \$z; the operands are x"):
        gt.primitive(partials=[1], notation="|$z|")(lambda x: x)


def test_a_function_and_its_rules_are_taken_in_one_call_too():
    double = gt.primitive(lambda x: 2 * x, partials=[2], notation="2 $x")
    graph = gt.trace(lambda a: double(a), 1.5)
    assert graph.backward() == {"a": 2.0}
    assert graph.nodes["f"]["label"] == "f = 2 a"


def test_a_notation_with_a_dollar_before_a_number_is_refused():
    with raises(gt.ArgumentError, r"a \$ before a number; .* operand's name: x"):
        gt.primitive(lambda x: 5 * x, partials=lambda x: 5.0, notation="costs $5 $x")


def test_settings_other_than_the_default_are_written():
    assert gt.trace(lambda x: power(x, n=2), 1.0).nodes["f"]["label"] == "f = power(x, n=2)"
    assert gt.trace(lambda x: power(x), 1.0).nodes["f"]["label"] == "f = power(x)"


def test_a_jvp_is_used_in_forward_mode_and_not_in_reverse():
    @gt.primitive(vjp=[lambda g, y, x: 2 * g], jvp=[lambda t, y, x: 5 * t])
    def two_faced(x):
        return 2 * x

    assert gt.jvp(two_faced, (1.0,), (1.0,))[1] == 5.0
    assert gt.grad(two_faced)(1.0) == 2.0


def test_an_operand_that_is_broadcast_needs_no_sum_in_the_rule():
    @gt.primitive(vjp=[lambda g, y, x, b: 2 * g, lambda g, y, x, b: g])
    def double_and_add(x, b):
        return 2 * x + b

    x = np.arange(6.0).reshape(2, 3)
    assert_allclose(gt.vjp(double_and_add, x, np.ones(3))[1](np.ones((2, 3)))[1], [2.0] * 3)
    gt.check_grads(double_and_add, (x, 1.5))


def test_a_rule_may_take_a_gradient_itself():
    @gt.primitive(vjp=[lambda g, y, x: g * gt.grad(np.sin)(x)])
    def sine(x):
        return np.sin(x)

    gt.check_grads(lambda x: sine(x) * x, (0.7,), order=3)
    assert gt.trace(sine, 0.7).backward()["x"] == pytest.approx(np.cos(0.7))


def test_the_function_may_take_a_gradient_itself():
    def implicit(a):
        x = a
        for _ in range(20):
            x = x - (x**3 - a) / gt.grad(lambda x: x**3)(x)
        return x

    cube_root = gt.primitive(partials=[lambda a, x: 1 / (3 * x**2)])(implicit)
    gt.check_grads(cube_root, (2.0,))


def test_a_complex_operand_follows_jax():
    @gt.primitive(vjp=[lambda g, y, z: 2 * g * z])
    def square(z):
        return z * z

    z = 1.0 + 2.0j
    gt.check_grads(square, (np.array([z, 0.5j]),))
    found = gt.grad(lambda z: np.real(square(z)))(z)
    assert_allclose(found, jax.grad(lambda z: jnp.real(z * z))(z))


def test_float32_stays():
    assert gt.grad(squash)(np.float32(0.5)).dtype == np.float32
    gt.check_grads(solve, (A.astype(np.float32), B.astype(np.float32)), order=1)


def test_an_integer_array_carries_no_gradient():
    @gt.primitive(vjp=[lambda g, y, x, at: g * np.ones(3), lambda g, y, x, at: g])
    def pick(x, at):
        return x[at]

    graph = gt.trace(lambda x, at: np.sum(pick(x, at)), np.ones(3), np.array([0, 1]))
    gt.trace(lambda x: np.sum(pick(x, np.array([0, 1, 2]))), np.ones(3)).backward()
    assert graph.forward(x=2 * np.ones(3)) == 4.0


def test_what_the_function_or_a_rule_does_in_place_harms_nobody():
    def careless(g, y, x):
        g *= 3
        x *= 0
        return g

    @gt.primitive(vjp=[careless])
    def triple(x):
        x *= 3
        return x

    def f(x):
        y = np.sin(x)
        return np.sum(triple(y) * y)

    x = np.array([0.5, 1.0])
    assert_allclose(gt.grad(f)(x), 6 * np.sin(x) * np.cos(x))
    assert_allclose(gt.hessian(f)(x), np.diag(6 * np.cos(2 * x)), atol=1e-15)


# Errors, a sentence each.


def raises(kind, text):
    return pytest.raises(kind, match=text)


def test_without_a_rule_the_users_line_is_named():
    @gt.primitive
    def bare(x):
        return x

    with raises(gt.NoDerivative, r"test_primitive.py line \d+: bare has no derivative rule"):
        gt.grad(lambda x: bare(x))(1.0)


def test_a_wrong_number_of_rules_is_said_when_it_is_defined():
    with raises(gt.ArgumentError, r"solve\(A, b\) has 2 operands and got 1 rule as its vjp"):
        solve.defvjp(lambda g, x, A, b: g)


def test_a_rule_of_the_wrong_shape_is_named():
    @gt.primitive(vjp=[lambda g, y, x: g])
    def total(x):
        return np.sum(x)

    with raises(
        gt.ArgumentError,
        r"the vjp of total in x, .*test_primitive.py line \d+, returned shape \(\) where the "
        r"operand has \(3,\)",
    ):
        gt.grad(total)(np.ones(3))


def test_a_partial_or_jvp_of_the_wrong_shape_is_named():
    wrong = gt.primitive(partials=[lambda x, y: np.ones(2)])(lambda x: x + 0)
    with raises(gt.ArgumentError, r"the partial of .* shape \(2,\) where the output has \(3,\)"):
        gt.grad(lambda x: np.sum(wrong(x)))(np.ones(3))
    wrong = gt.primitive(jvp=[lambda t, y, x: np.ones(2)])(lambda x: x + 0)
    with raises(gt.ArgumentError, r"the jvp of .* shape \(2,\) where the output has \(3,\)"):
        gt.jvp(wrong, (np.ones(3),), (np.ones(3),))


def test_a_rule_that_returns_no_number_is_named():
    wrong = gt.primitive(partials=[lambda x, y: "1 - y**2"])(lambda x: x + 0)
    with raises(gt.ArgumentError, r"the partial of f in x, .* returned a str"):
        gt.grad(lambda x: wrong(x))(1.0)


def test_an_error_in_a_rule_says_which_rule():
    wrong = gt.primitive(partials=[lambda x, y: x / "a"])(lambda x: x + 0)
    with pytest.raises(TypeError) as caught:
        gt.grad(lambda x: wrong(x))(1.0)
    assert "in the partial of f in x" in caught.value.__notes__[0]


def test_a_function_that_returns_no_number_is_named():
    wrong = gt.primitive(partials=[1])(lambda x: "text")
    with raises(gt.TraceError, "f returned a str; return a number or an array"):
        gt.grad(lambda x: wrong(x))(1.0)


def test_a_traced_value_from_outside_is_refused():
    def f(x):
        inner = gt.primitive(partials=[1])(lambda y: x * y)
        return inner(x)

    with raises(gt.TraceError, "by a closure or a global; hand it over as an argument"):
        gt.grad(f)(2.0)


def test_partials_are_for_elementwise_functions():
    wrong = gt.primitive(partials=[1])(lambda x: np.sum(x))
    with raises(gt.ArgumentError, "has partials, which is for an elementwise function"):
        gt.grad(lambda x: wrong(x))(np.ones(3))


def test_the_operands_are_a_fixed_number():
    with raises(gt.ArgumentError, r"takes \*xs"):
        gt.primitive(lambda *xs: xs[0])


def test_no_rule_is_run_for_truth_values_as_numbers():
    asked = []

    @gt.primitive
    def total(x, weights):
        return np.sum(x * weights)

    total.defvjp(
        lambda g, y, x, weights: asked.append("x") or g * weights,
        lambda g, y, x, weights: asked.append("weights") or g * x,
    )
    slope = gt.grad(lambda x: total(x, (x > 0).astype(float)))
    assert_allclose(slope(B), [1.0, 0.0])
    assert asked == ["x"]
