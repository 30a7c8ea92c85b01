"""PyTorch programs of each kind: each function makes one anew, the same every time.

In: a dtype. Out: the function or module, its arguments, and its parameters by the names that they
have in a graph.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import nn


class Made(NamedTuple):
    f: Callable[..., Any]
    args: tuple[Any, ...]
    parameters: dict[str, torch.Tensor]
    kwargs: dict[str, Any]


PROGRAMS: dict[str, Callable[[torch.dtype], Made]] = {}


def program(make: Callable[[torch.dtype], Any]) -> Callable[[torch.dtype], Made]:
    def made(dtype: torch.dtype) -> Made:
        torch.manual_seed(1)
        before = torch.get_default_dtype()
        torch.set_default_dtype(dtype)
        try:
            f, *args = make(dtype)
        finally:
            torch.set_default_dtype(before)
        kwargs = args.pop() if args and isinstance(args[-1], dict) else {}
        named = f.named_parameters() if isinstance(f, nn.Module) else ()
        parameters = {name: p for name, p in named if p.requires_grad}
        return Made(f, tuple(args), getattr(f, "parameters_by_name", parameters), kwargs)

    PROGRAMS[make.__name__] = made
    return made


@program
def mlp(dtype):
    net = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 2), nn.LogSoftmax(dim=1))
    return net, torch.randn(3, 4)


@program
def loss_of_a_closure(dtype):
    net = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3))

    def loss(x, labels):
        return F.cross_entropy(net(x), labels)

    loss.parameters_by_name = {f"net.{k}": p for k, p in net.named_parameters()}
    return loss, torch.randn(6, 4), torch.randint(3, (6,))


@program
def cnn_in_train_mode(dtype):
    net = nn.Sequential(
        nn.Conv2d(1, 3, 3, padding=1),
        nn.BatchNorm2d(3),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.Conv2d(3, 2, 3, stride=2, bias=False),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Dropout(0.3),
        nn.Linear(2, 2),
    )
    return net, torch.randn(2, 1, 8, 8)


@program
def cnn_in_eval_mode(dtype):
    net = nn.Sequential(nn.Conv1d(2, 3, 2), nn.BatchNorm1d(3), nn.Dropout(), nn.AvgPool1d(2))
    return net.eval(), torch.randn(2, 2, 7)


class Block(nn.Module):
    def __init__(self, size=8, heads=2):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(size), nn.LayerNorm(size)
        self.qkv, self.out = nn.Linear(size, 3 * size), nn.Linear(size, size)
        self.mlp = nn.Sequential(nn.Linear(size, 4 * size), nn.GELU(), nn.Linear(4 * size, size))

    def attention(self, x):
        b, n, d = x.shape
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        q, k, v = (t.view(b, n, self.heads, d // self.heads).transpose(1, 2) for t in (q, k, v))
        scores = q @ k.transpose(-2, -1) / (d // self.heads) ** 0.5
        mask = torch.ones(n, n, dtype=torch.bool).triu(1)
        weights = scores.masked_fill(mask, float("-inf")).softmax(dim=-1)
        return self.out((weights @ v).transpose(1, 2).reshape(b, n, d))

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


@program
def transformer_block(dtype):
    return Block(), torch.randn(2, 5, 8)


class Language(nn.Module):
    """Token and position embeddings, blocks, and a head that shares the token embedding."""

    def __init__(self, words=11, size=8, layers=2):
        super().__init__()
        self.words, self.places = nn.Embedding(words, size), nn.Embedding(6, size)
        self.blocks = nn.ModuleList([Block(size) for _ in range(layers)])
        self.norm = nn.LayerNorm(size)
        self.head = nn.Linear(size, words, bias=False)
        self.head.weight = self.words.weight

    def forward(self, tokens, targets=None):
        x = self.words(tokens) + self.places(torch.arange(tokens.shape[1]))
        for block in self.blocks:
            x = block(x)
        logits = self.head(self.norm(x))
        if targets is None:
            return logits
        return {"logits": logits, "loss": F.cross_entropy(logits.flatten(0, 1), targets.flatten())}


@program
def language_model_with_a_shared_parameter(dtype):
    tokens = torch.randint(11, (2, 6))
    return Language(), tokens, {"targets": tokens.roll(1, 1)}


@program
def encoder_layer_of_torch(dtype):
    return nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), torch.randn(2, 4, 8)


@program
def multihead_attention_returns_a_tuple(dtype):
    attention = nn.MultiheadAttention(8, 2, batch_first=True)
    x = torch.randn(2, 4, 8)
    return attention, x, x + 1, x - 1


@program
def fused_attention(dtype):
    def attend(q, k, v):
        return F.scaled_dot_product_attention(q, k, v, is_causal=True)

    return attend, torch.randn(1, 2, 4, 3), torch.randn(1, 2, 4, 3), torch.randn(1, 2, 4, 3)


@program
def lstm(dtype):
    return nn.LSTM(3, 4, num_layers=2, batch_first=True), torch.randn(2, 5, 3)


class Cells(nn.Module):
    def __init__(self):
        super().__init__()
        self.gates = nn.Linear(3 + 4, 16)

    def forward(self, xs):
        h = c = xs.new_zeros(xs.shape[0], 4)
        for x in xs.unbind(1):
            i, f, o, u = self.gates(torch.cat([x, h], dim=1)).chunk(4, dim=1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(u)
            h = torch.sigmoid(o) * torch.tanh(c)
        return h


@program
def lstm_written_out(dtype):
    return Cells(), torch.randn(2, 4, 3)


class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.encode, self.decode = nn.Linear(6, 4), nn.Linear(2, 6)

    def forward(self, x):
        mean, log_var = self.encode(x).split(2, dim=-1)
        z = mean + torch.exp(0.5 * log_var) * torch.randn_like(mean)
        miss = F.binary_cross_entropy_with_logits(self.decode(z), x.sigmoid(), reduction="sum")
        return miss - 0.5 * torch.sum(1 + log_var - mean**2 - log_var.exp())


@program
def vae(dtype):
    return VAE(), torch.randn(3, 6)


@program
def in_place_operations(dtype):
    def f(x, w):
        y = x * 2
        y += w
        y[0] = y[1] * 3
        z = y.view(-1)
        z.mul_(w.sum())
        x.add_(1)
        out = torch.zeros(2, dtype=x.dtype)
        out[0] = y.sum()
        out[1] = (x * y).mean()
        return out.relu_(), y

    return f, torch.randn(3, 2), torch.randn(2)


@program
def detach_and_no_grad(dtype):
    def f(x, w):
        target = (x * w).detach()
        with torch.no_grad():
            scale = w.abs().max()
        return ((x @ w - target.sum()) / scale) ** 2

    return f, torch.randn(3), torch.randn(3)


class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, scale):
        ctx.save_for_backward(x)
        ctx.scale = scale
        return scale * x**3

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * ctx.scale * 3 * x**2, None


@program
def function_of_ones_own(dtype):
    return (lambda x: Cube.apply(torch.sin(x), 2.0).sum()), torch.randn(4)


@program
def branch_on_values(dtype):
    def f(x):
        if x.sum() > 0:
            return x.exp()
        for _ in range(int(x.abs().max().item()) + 2):
            x = x * 0.5 - x.sin()
        return x

    return f, -torch.rand(3)


@program
def indexing_and_shapes(dtype):
    def f(x, index):
        rows = x[index]
        a, b = x[:, 1:], x[..., None].expand(-1, -1, 2)
        top, places = x.topk(2, dim=1)
        c = torch.stack([a.sum(1), top.prod(1)], dim=0).permute(1, 0).flip(0)
        d = x.gather(1, places).cumsum(0).repeat(1, 2).unsqueeze(0).squeeze()
        return rows.mean(), b.std(), c.pow(2).norm(), torch.where(d > 0, d, 0.1 * d).sum()

    return f, torch.randn(3, 4), torch.tensor([0, 2, 2])


@program
def numbers_on_either_side(dtype):
    def f(x):
        return 1 - x, 2 / (3 + x**2), 2**x, -x % 3, abs(x) * 3 - 1, 2 * x / x.exp()

    return f, torch.rand(5) + 0.5


@program
def linear_algebra(dtype):
    def f(a, b):
        spd = a @ a.mT + torch.eye(3, dtype=a.dtype)
        low = torch.linalg.cholesky(spd)
        sol = torch.linalg.solve(spd, b)
        return torch.logdet(spd), low.diagonal().log().sum(), torch.einsum("ij,j->i", low, sol)

    return f, torch.randn(3, 3), torch.randn(3)


@program
def pytree_arguments(dtype):
    def f(batch, *, scale=2.0, train=True):
        out = batch["x"] @ batch["layers"][0][0] + batch["layers"][0][1]
        return {"out": scale * out, "flag": train, "n": len(out)}

    layer = (torch.randn(3, 2), torch.randn(2))
    return f, {"x": torch.randn(4, 3), "layers": [layer]}, {"train": False}


@program
def modules_in_modules(dtype):
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Sequential(nn.Linear(3, 3), nn.Softplus())
            self.frozen = nn.Linear(3, 3).requires_grad_(False)
            self.register_buffer("scale", torch.rand(3))

        def forward(self, x):
            return self.frozen(self.inner(self.inner(x))) * self.scale

    return Twice(), torch.randn(2, 3)


@program
def weight_norm(dtype):
    return nn.utils.parametrizations.weight_norm(nn.Linear(3, 2)), torch.randn(4, 3)


@program
def checkpointed(dtype):
    from torch.utils.checkpoint import checkpoint

    class Saving(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(3, 3), nn.Linear(3, 1)

        def forward(self, x):
            return self.b(checkpoint(lambda t: self.a(t).tanh(), x, use_reentrant=False))

    return Saving(), torch.randn(2, 3)


@program
def losses_and_activations(dtype):
    def f(x, y):
        acts = [F.elu, F.selu, F.silu, F.mish, F.hardswish, F.softsign, F.leaky_relu, F.gelu]
        z = sum(act(x) for act in acts)
        return (
            F.mse_loss(z, y),
            F.smooth_l1_loss(z, y, beta=0.5),
            F.kl_div(z.log_softmax(1), y.softmax(1), reduction="batchmean"),
            F.cosine_similarity(z, y).sum(),
            F.group_norm(x[:, :, None], 2).square().sum(),
            F.interpolate(x[None], scale_factor=2, mode="linear").sum(),
        )

    return f, torch.randn(3, 4), torch.randn(3, 4)


@program
def gru_and_cells(dtype):
    class Both(nn.Module):
        def __init__(self):
            super().__init__()
            self.gru, self.cell = nn.GRU(3, 4), nn.LSTMCell(4, 2)

        def forward(self, x):
            out, _ = self.gru(x)
            h, c = self.cell(out[-1])
            return h * c

    return Both(), torch.randn(5, 2, 3)


@program
def bilinear_and_bags(dtype):
    class Mixed(nn.Module):
        def __init__(self):
            super().__init__()
            self.bag, self.pair = nn.EmbeddingBag(7, 3), nn.Bilinear(3, 3, 2)

        def forward(self, words):
            x = self.bag(words)
            return self.pair(x, x.flip(1))

    return Mixed(), torch.randint(7, (2, 4))
