"""PyTorch programs: value, gradients and local derivatives are PyTorch's own, and nothing moves."""

import copy
import importlib

import numpy as np
import pytest
from framework_checks import assert_close, by_paths

import graphtrace as gt

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
