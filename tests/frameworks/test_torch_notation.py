"""How PyTorch's functions are written: as on a board, else by name with what is not the default."""

import numpy as np
import pytest

import graphtrace as gt

torch = pytest.importorskip("torch", reason="the extra `torch` is not installed")
nn, F = torch.nn, torch.nn.functional

M, X, IMAGE = torch.randn(3, 4), torch.randn(2, 4, 8), torch.randn(2, 4, 8, 8)
LABELS = torch.tensor([1, 2, 0])


@pytest.mark.parametrize(
    ("f", "args", "label"),
    [
        (
            lambda a: nn.Conv2d(4, 3, 3, stride=2, padding=1, bias=False),
            IMAGE,
            "stride=2, padding=1)",
        ),
        (lambda a: nn.ConvTranspose2d(4, 3, 3, stride=2), IMAGE, "weight, bias, stride=2)"),
        (lambda a: nn.LayerNorm(8), X, "layer_norm(x, weight, bias)"),
        (lambda a: nn.BatchNorm1d(4).eval(), X, "batch_norm(x, weight, bias)"),
        (lambda a: nn.BatchNorm1d(4), X, "batch_norm(x, weight, bias, training=True)"),
        (lambda a: nn.GroupNorm(2, 4), X, "group_norm(x, weight, bias, num_groups=2)"),
        (lambda a: nn.MaxPool2d(2), IMAGE, "max_pool2d(x, kernel_size=2)"),
        (lambda a: nn.AvgPool2d(3, stride=2), IMAGE, "avg_pool2d(x, kernel_size=3, stride=2)"),
        (lambda a: nn.GELU(), M, "gelu(x)"),
        (lambda a: nn.Embedding(5, 3), LABELS, "weight[x]"),
        (lambda a: nn.LSTM(4, 3), X.mT, "lstm(x, …)[0]"),
        (lambda a: nn.GRUCell(4, 3), M, "gru_cell(x, "),
        (lambda a: F.cross_entropy(a, LABELS), M, "cross_entropy(a, LABELS)"),
        (lambda a: F.mse_loss(a, a + 1), M, "mean((a - v1)**2)"),
        (lambda a: F.l1_loss(a, a + 1), M, "mean(|a - v1|)"),
        (lambda a: a.softmax(-1), M, "softmax(a, dim=-1)"),
        (lambda a: torch.logsumexp(a, 1), M, "logsumexp(a, dim=1)"),
        (lambda a: torch.einsum("ij,kj->ik", a, a), M, "einsum('ij,kj->ik', a, a)"),
        (lambda a: torch.cat([a, a], dim=1), M, "cat([a, a], dim=1)"),
        (lambda a: a.chunk(2, dim=1)[1], M, "chunk(a, chunks=2, dim=1)[1]"),
        (lambda a: a[1, :2], M, "a[1, :2]"),
        (lambda a: a.gather(1, LABELS[:, None]), M, "dim=1)"),
        (lambda a: a.max(dim=1).values, M, "max(a, dim=1)"),
        (lambda a: a.mean(dim=0, keepdim=True), M, "mean(a, dim=0, keepdim=True)"),
        (lambda a: a.norm(), M, "‖a‖"),
        (lambda a: torch.linalg.norm(a, dim=1), M, "norm(a, dim=1)"),
        (lambda a: F.pad(a, (1, 1)), M, "pad(a, pad=(1, 1))"),
        (lambda a: a.flatten(0), M, "flatten(a, start_dim=0)"),
        (
            lambda a: F.scaled_dot_product_attention(a, a, a, is_causal=True),
            X[None],
            "attention(a, a, a, is_causal=True)",
        ),
        (torch.erf, M, "erf(x)"),
    ],
)
def test_a_function_is_written_as_on_a_board(f, args, label):
    made = f(args) if not isinstance(f, type(torch.erf)) else None
    program = (lambda x: made(x)) if isinstance(made, nn.Module) else f
    graph = gt.trace(program, args)
    labels = [node["label"].split(" = ", 1)[-1] for _, node in graph.nodes(data=True)]
    assert any(label in text.replace("made.", "") for text in labels), labels


def test_what_is_no_map_where_a_bias_is_added_is_not_printed_as_one():
    """layer_norm(x, ·, b) is the derivative by the weight as long as b is 0."""
    graph = gt.trace(nn.LayerNorm(4), M)
    assert not np.any(graph.nodes["bias"]["value"])
    for key in ("weight", "bias"):
        assert "layer_norm" not in str(
            graph.edges[key, "LayerNorm", graph.inputs.index(key)]["symbol"]
        )


def test_fused_attention_has_a_tangent_and_a_figure():
    q = torch.randn(1, 2, 4, 3, dtype=torch.float64)
    graph = gt.trace(lambda q: F.scaled_dot_product_attention(q, q, q), q)
    assert "attention" in graph.to_text()
    t = torch.randn_like(q)
    _, theirs = torch.func.jvp(lambda q: (q @ q.mT / 3**0.5).softmax(-1) @ q, (q,), (t,))
    edges = [graph.edges["q", graph.outputs[0], k]["local"] for k in range(3)]
    np.testing.assert_allclose(sum(local @ t.numpy() for local in edges), theirs.numpy(), 1e-12)
