"""Figures of PyTorch networks: a box for each module, with its parameters in it."""

import importlib
import re
import time

import numpy as np
import pytest
from framework_checks import by_paths

import graphtrace as gt
from graphtrace.figure.fold import fold

torch = pytest.importorskip("torch", reason="the extra `torch` is not installed")
nn = torch.nn
programs = importlib.import_module("frameworks.torch_programs")


class Shortcut(nn.Module):
    def __init__(self, i, o, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(i, o, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(o)
        self.conv2 = nn.Conv2d(o, o, 3, 1, 1, bias=False)
        self.skip = nn.Conv2d(i, o, 1, stride)

    def forward(self, x):
        return torch.relu(self.conv2(torch.relu(self.bn1(self.conv1(x)))) + self.skip(x))


class ResNet(nn.Module):
    """The shape of ResNet-18, a few channels wide."""

    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 4, 7, 2, 3, bias=False), nn.BatchNorm2d(4)
        self.relu, self.maxpool = nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)
        for i, stride in enumerate((1, 2, 2, 2), 1):
            layer = nn.Sequential(Shortcut(4, 4, stride), Shortcut(4, 4, 1))
            self.add_module(f"layer{i}", layer)
        self.avgpool, self.fc = nn.AdaptiveAvgPool2d(1), nn.Linear(4, 10)

    def forward(self, x):
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(torch.flatten(self.avgpool(x), 1))


def language_model(layers=12):
    torch.manual_seed(1)
    graph = gt.trace(programs.Language(layers=layers), torch.randint(11, (1, 4)))
    graph.backward(seed=np.ones((1, 4, 11), np.float32))
    return graph


@pytest.fixture(scope="module")
def transformer():
    return language_model()


def titles(graph, **options):
    """The modules that are boxes of the drawn figure, and how high it is."""
    svg = graph.to_svg(**options)
    height = float(re.search(r'height="([\d.]+)"', svg).group(1))
    text = re.sub(r"<[^>]+>", " ", svg)
    return re.sub(r"\s+", " ", text), height


def test_a_transformer_of_twelve_layers_is_a_page_of_modules(transformer):
    text, height = titles(transformer)
    assert height <= 960
    for words in ("words", "places", "blocks.0", "blocks.1 … 10", "blocks.11", "norm", "head"):
        assert words in text, words
    assert "…." not in text


def test_resnet_is_a_page_of_its_stem_its_layers_and_its_head():
    torch.manual_seed(1)
    graph = gt.trace(ResNet().eval(), torch.randn(1, 3, 32, 32))
    graph.backward(seed=np.ones((1, 10), np.float32))
    text, height = titles(graph)
    assert height <= 960
    for words in ("conv1", "bn1", "maxpool", "layer1", "layer2", "layer3", "layer4", "fc"):
        assert words in text, words


def test_a_module_has_its_parameters_and_a_shared_one_stands_alone(transformer):
    folded = fold(transformer, depth=0)
    inputs = [key for key, op in folded.nodes(data="op") if op == "input"]
    assert inputs == ["tokens", "words.weight"]
    summary = folded.nodes["x_3"]["label"]
    assert folded.nodes["x_3"]["module"] == "blocks.0"
    block = sum(p.numel() for p in programs.Block().parameters())
    assert f"{block} parameters" in summary


@pytest.mark.parametrize("options", [{"depth": 0}, {"unfold": "blocks.3"}, {"detail": "calls"}])
def test_gradients_are_the_sum_over_the_edges_of_the_boxes(transformer, options):
    folded = fold(transformer, **options)
    swept = by_paths(folded, {folded.graph["outputs"][0]: np.ones((1, 4, 11), np.float32)})
    checked = 0
    for key, data in folded.nodes(data=True):
        if data.get("grad") is not None and key in swept:
            np.testing.assert_allclose(swept[key], data["grad"], rtol=2e-4, atol=1e-4)
            checked += 1
    assert checked >= 5


def test_unfold_opens_a_module_by_its_path_and_leaves_its_siblings(transformer):
    folded = fold(transformer, unfold="blocks.3")
    modules = [title for _, title in folded.nodes(data="module") if title]
    assert "blocks.0 … 2" in modules
    assert "blocks.4 … 11" in modules
    assert "blocks.3.norm1" in modules
    assert "attention_4" in modules
    with pytest.raises(gt.GraphtraceError, match=r"unfold='blocks\.33' is no helper call"):
        fold(transformer, unfold="blocks.33")


def test_depth_counts_modules(transformer):
    at = [
        {title for _, title in fold(transformer, depth=depth).nodes(data="module") if title}
        for depth in (0, 1)
    ]
    assert "blocks.5" in at[0] or "blocks.1 … 10" in at[0]
    assert {"blocks.0.norm1", "blocks.11.mlp", "blocks.1 … 10"} <= at[1]


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = nn.LSTMCell(3, 4)

    def forward(self, xs):
        h = c = xs.new_zeros(xs.shape[0], 4)
        for x in xs.unbind(1):
            h, c = self.cell(x, (h, c))
        return h


def test_a_module_that_is_called_again_has_its_parameters_in_each_box():
    graph = gt.trace(Recurrent(), torch.randn(2, 4, 3))
    folded = fold(graph, detail="calls", limit=12)
    inputs = [key for key, op in folded.nodes(data="op") if op == "input"]
    assert inputs == ["xs"]
    labels = [d["label"] for _, d in folded.nodes(data=True) if d.get("module")]
    assert len(labels) == 4
    assert all("144 parameters" in label for label in labels)


def test_a_network_of_statements_is_told_by_its_statements():
    torch.manual_seed(1)
    graph = gt.trace(programs.VAE(), torch.randn(3, 6))
    graph.backward()
    folded = fold(graph, detail="statements")
    assert [key for key, op in folded.nodes(data="op") if op == "input"] == ["x"]
    assert "mean + exp(log_var*0.5)" in str(folded.nodes["z"]["formula"])
    swept = by_paths(folded, {"VAE": np.float32(1)})
    np.testing.assert_allclose(swept["x"], graph.nodes["x"]["grad"], rtol=1e-4, atol=1e-4)


def test_a_figure_of_large_arrays_is_drawn_in_seconds():
    """No map of millions of entries is applied to find out what it is called."""
    torch.manual_seed(1)
    net = nn.Sequential(nn.Embedding(50_000, 64), nn.Linear(64, 64), nn.Linear(64, 50_000))
    graph = gt.trace(net, torch.arange(16))
    graph.backward(seed=np.ones((16, 50_000), np.float32))
    gt.trace(nn.Linear(2, 2), torch.ones(2)).to_svg()  # what is imported once
    start = time.perf_counter()
    graph.to_svg()
    assert time.perf_counter() - start < 5


def test_weights_are_written_so_that_no_path_looks_like_a_factor():
    graph = gt.trace(nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)), torch.ones(2))
    names = graph.figure(detail="operations").names
    assert names["0.weight"].flat == "W0"
    assert names["2.bias"].flat == "b2"
    assert "W₀" in graph.to_text() or "W_0" in graph.to_text() or "W0" in graph.to_text()
