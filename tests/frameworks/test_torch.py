"""PyTorch programs: value, gradients and local derivatives are PyTorch's own, and nothing moves."""

import copy
import importlib
import re
from pathlib import Path

import numpy as np
import pytest
from framework_checks import assert_close, by_paths

import graphtrace as gt
from graphtrace.gallery.draw import draw

torch = pytest.importorskip("torch", reason="the extra `torch` is not installed")
PROGRAMS = importlib.import_module("frameworks.torch_programs").PROGRAMS


def numbers(x):
    return x.detach().cpu().numpy()


def leaves_of(tree, kinds=torch.Tensor):
    if isinstance(tree, kinds):
        return [tree]
    items = tree.values() if isinstance(tree, dict) else tree
    if not isinstance(tree, (dict, list, tuple)):
        return []
    return [x for item in items for x in leaves_of(item, kinds)]


def weight_of(x):
    random = np.random.default_rng([3, *x.shape])
    return random.uniform(0.5, 1.5, x.shape).astype(numbers(x).dtype)


def mapped(tree, change):
    if isinstance(tree, torch.Tensor):
        return change(tree)
    if isinstance(tree, dict):
        return {key: mapped(item, change) for key, item in tree.items()}
    if isinstance(tree, (list, tuple)):
        return type(tree)(mapped(item, change) for item in tree)
    return tree


def hooks_of(module):
    return module._forward_hooks, module._forward_pre_hooks, module._backward_hooks


def state_of(made):
    modules = [x for x in (made.f, *made.args) if isinstance(x, torch.nn.Module)]
    return [
        (
            {k: v.clone() for k, v in module.state_dict().items()},
            [(p.grad, p.requires_grad) for p in module.parameters()],
            [(m.training, *map(len, hooks_of(m))) for m in module.modules()],
        )
        for module in modules
    ]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_value_gradients_and_paths_are_those_of_pytorch(name, dtype):
    made = PROGRAMS[name](dtype)
    args = mapped(made.args, lambda x: x.clone().requires_grad_() if x.is_floating_point() else x)
    inputs = mapped(args, lambda x: x.clone() if x.requires_grad else x)
    torch.manual_seed(5)
    out = made.f(*inputs, **made.kwargs)
    moving = [y for y in leaves_of(out) if y.requires_grad]
    loss = sum((y * torch.from_numpy(np.asarray(weight_of(y)))).sum() for y in moving)
    wanted = [*(x for x in leaves_of(args) if x.requires_grad), *made.parameters.values()]
    theirs = torch.autograd.grad(loss, wanted, allow_unused=True)

    fresh = PROGRAMS[name](dtype)
    before = copy.deepcopy(state_of(fresh))
    given = mapped(fresh.args, torch.clone)
    torch.manual_seed(5)
    graph = gt.trace(fresh.f, *fresh.args, **fresh.kwargs)
    for kept, now in zip(before, state_of(fresh), strict=True):
        for key, x in kept[0].items():
            assert torch.equal(x, now[0][key]), key
        assert kept[1:] == now[1:]
    for x, y in zip(leaves_of(given), leaves_of(fresh.args), strict=True):
        assert torch.equal(x, y)

    values = leaves_of(graph.value, (np.ndarray, np.generic))
    for ours, y in zip(values, leaves_of(out), strict=True):
        assert_close(ours, numbers(y), "the value")
        assert np.asarray(ours).dtype == numbers(y).dtype
    seed = seeds_like(out)
    gradients = graph.backward(seed=seed)
    seeds = graph.adjoint_seeds(None, seed)
    paths = by_paths(graph, seeds)
    names = [key for key in graph.inputs if graph.nodes[key]["value"].dtype.kind in "fc"]
    assert len(names) == len(theirs)
    for key, g, x in zip(names, theirs, wanted, strict=True):
        g = torch.zeros_like(x) if g is None else g
        assert_close(graph.nodes[key]["grad"], numbers(g), f"the gradient of {key}")
        assert_close(paths.get(key), numbers(g), f"the paths to {key}")
    for key in made.parameters:
        np.testing.assert_array_equal(gradients[key], graph.nodes[key]["grad"])


def seeds_like(out):
    return mapped(out, lambda y: weight_of(y) if y.requires_grad else np.zeros(y.shape))


NET = torch.nn.Linear(4, 2)
X = torch.ones(3, 4)


def backward_inside(x):
    loss = (x**2).sum()
    loss.backward()
    return loss


HIDDEN = [torch.ones(4, requires_grad=True)]


@pytest.mark.parametrize(
    ("f", "x", "why"),
    [
        (torch.jit.trace(NET, X), X, "trace the Python module"),
        (NET, X.to_sparse(), "x.to_dense"),
        (NET, X.to("meta"), "holds no numbers"),
        (NET, torch.quantize_per_tensor(X, 0.1, 0, torch.qint8), "x.dequantize"),
        (backward_inside, X.clone().requires_grad_(), "the gradient is taken here"),
        (lambda x: torch.autograd.grad((x**2).sum(), x)[0], X, "a gradient is taken here"),
        (lambda x: torch.vmap(lambda a: a * 2)(x), X, "inside a transform of torch.func"),
        (lambda x: x * HIDDEN[0], X, "hand it over as an argument"),
    ],
)
def test_what_is_not_covered_is_refused_in_a_sentence(f, x, why):
    with pytest.raises(gt.GraphtraceError, match=why) as refusal:
        gt.trace(f, x)
    assert "\n" not in str(refusal.value)


def test_what_failed_leaves_nothing_behind():
    apply = torch.autograd.Function.__dict__["apply"]
    net = torch.nn.Sequential(torch.nn.BatchNorm1d(4), torch.nn.Linear(4, 2))
    before = {key: x.clone() for key, x in net.state_dict().items()}

    def fails(x):
        net(x)
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        gt.trace(fails, torch.randn(3, 4))
    assert torch.autograd.Function.__dict__["apply"] is apply
    for key, x in net.state_dict().items():
        assert torch.equal(x, before[key]), key
    assert net(X).grad_fn is not None


def test_names_scopes_and_formulas_are_those_of_the_source():
    net = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Tanh())

    def loss(x, y):
        h = net(x)
        e = (h - y) ** 2
        return e.mean()

    graph = gt.trace(loss, X, torch.zeros(3, 3))
    assert graph.inputs == ["x", "y", "net.0.weight", "net.0.bias"]
    assert graph.nodes["h"]["label"] == "h = tanh(v1)"
    assert graph.nodes["v1"]["label"] == "v1 = x @ net.0.weight.T + net.0.bias"
    assert graph.nodes["v1"]["scope"] == ("net", "net.0")
    assert str(graph.edges["v1", "h", 0]["symbol"]) == "1 - h**2"
    assert graph.edges["x", "v1", 0]["local"].structure == "· @ net.0.weight.T" or (
        str(graph.edges["x", "v1", 0]["local"]) == "· @ net.0.weight.T"
    )
    assert graph.check() == []


def test_another_branch_is_noticed():
    graph = gt.trace(lambda x: x if x.sum() > 100 else x * 2, X)
    np.testing.assert_array_equal(graph.forward(x=torch.zeros(3, 4)), np.zeros((3, 4)))
    with pytest.raises(gt.BranchChanged, match="trace again"):
        graph.forward(x=100 * X)


def test_bfloat16_is_shown_as_float32_which_holds_its_numbers():
    x = torch.full((3,), 1.1, dtype=torch.bfloat16)
    graph = gt.trace(lambda x: (x * x).sum(), x)
    assert graph.nodes["x"]["value"].dtype == np.float32
    assert graph.value == (x * x).sum().item()
    np.testing.assert_array_equal(graph.backward()["x"], (2 * x).float().numpy())


def test_a_large_map_is_not_written_out_by_accident():
    graph = gt.trace(torch.nn.Linear(300, 300), torch.ones(9, 300))
    local = graph.edges["weight", "Linear", 1]["local"]
    with pytest.raises(gt.GraphtraceError, match=r"to_dense\(at_most=243000000\)"):
        local.to_dense()


def test_what_no_file_holds_says_so(tmp_path):
    graph = gt.trace(NET, X)
    with pytest.raises(gt.GraphtraceError, match="no file holds"):
        graph.render(tmp_path / "net.json")
    assert not list(tmp_path.iterdir())


def test_a_module_may_be_an_argument():
    class Own(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.ones(4))

        def forward(self, x):
            return x * self.weight

    net = Own()
    graph = gt.trace(lambda net, x: net(x).sum(), net, X)
    assert graph.inputs == ["x", "net.weight"]
    np.testing.assert_array_equal(graph.backward()["net.weight"], 3 * np.ones(4))
    assert gt.trace(net, X).inputs == ["x", "weight"]


class Head(torch.nn.Module):
    def forward(self, h):
        z = h - 100
        return torch.log(z).sum()


def test_trouble_names_the_module_and_the_line_where_a_nan_is_born():
    net = torch.nn.Sequential()
    net.add_module("encoder", torch.nn.Linear(4, 2))
    net.add_module("head", Head())
    first = gt.trace(net, X).trouble()[0]
    assert (first.kind, first.what) == ("nan", "value")
    assert re.fullmatch(r".*test_torch\.py:\d+, in head: v\d = log\(z\) is nan", str(first))


def test_trouble_names_the_module_where_a_gradient_vanishes():
    torch.manual_seed(1)
    layers = [torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.Sigmoid()) for _ in range(20)]
    graph = gt.trace(torch.nn.Sequential(*layers), torch.randn(2, 3))
    graph.backward(seed=np.ones((2, 3), np.float32))
    first = next(t for t in graph.trouble() if t.kind == "vanishing")
    assert re.match(r"in \d+\.[01]: the gradient of v\d+ is vanishing", str(first))


def test_at_evaluates_and_differentiates_for_other_inputs():
    graph = gt.trace(lambda x: (x.sin() * x).sum(), torch.arange(3.0))
    other = graph.at(x=torch.full((3,), 2.0))
    x = torch.full((3,), 2.0, requires_grad=True)
    y = (x.sin() * x).sum()
    y.backward()
    assert_close(other.value, numbers(y), "the value")
    assert_close(other.backward()["x"], numbers(x.grad), "the gradient")
    assert graph.value == (torch.arange(3.0).sin() * torch.arange(3.0)).sum().item()


def test_what_is_compiled_is_right_or_refused_in_a_sentence():
    x = torch.arange(3.0, requires_grad=True)
    y = (x.sin() * x).sum()
    y.backward()
    value, gradients = gt.trace(lambda x: (x.sin() * x).sum(), x.detach()).compile()(x=numbers(x))
    assert_close(value, numbers(y), "the value")
    assert_close(gradients["x"], numbers(x.grad), "the gradient")
    with pytest.raises(gt.GraphtraceError, match="compile a function whose arguments are all"):
        gt.trace(lambda x: NET(x).sum(), X).compile()


def test_the_figure_of_the_gallery_is_up_to_date():
    source = Path(__file__).parents[2] / "gallery" / "pytorch_network.py"
    assert source.with_suffix(".svg").read_bytes() == draw(source)
