"""JAX programs of each kind: each function makes one anew, the same every time.

In: a dtype. Out: the function and its arguments.
"""

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np


class Made(NamedTuple):
    f: Callable[..., Any]
    args: tuple[Any, ...]


PROGRAMS: dict[str, Callable[[Any], Made]] = {}


def program(make: Callable[[Callable[..., Any]], Any]) -> Callable[[Any], Made]:
    def made(dtype: Any) -> Made:
        random = np.random.default_rng(3)

        def normal(*shape):
            return jnp.asarray(random.normal(size=shape), dtype)

        f, *args = make(normal)
        return Made(f, tuple(args))

    PROGRAMS[make.__name__] = made
    return made


def dense(layer, x):
    return x @ layer["W"] + layer["b"]


def layers_of(normal, *sizes):
    pairs = pairwise(sizes)
    return [{"W": normal(m, n), "b": normal(n)} for m, n in pairs]


@program
def mlp(normal):
    def loss(params, x, y):
        *hidden, last = params
        for layer in hidden:
            x = jnp.tanh(dense(layer, x))
        return jnp.mean((dense(last, x) - y) ** 2)

    return loss, layers_of(normal, 3, 4, 2), normal(5, 3), normal(5, 2)


@program
def classifier(normal):
    def loss(params, x, labels):
        logits = dense(params[1], jax.nn.relu(dense(params[0], x)))
        picked = jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], axis=1)
        return -picked.mean()

    return loss, layers_of(normal, 3, 4, 3), normal(4, 3), jnp.array([0, 2, 1, 1])


@program
def cnn(normal):
    def f(params, x):
        dims = ("NHWC", "HWIO", "NHWC")
        x = jax.lax.conv_general_dilated(x, params["k"], (1, 1), "SAME", dimension_numbers=dims)
        x = jax.nn.relu(x + params["b"])
        x = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
        return jnp.mean(x, axis=(1, 2)) @ params["w"]

    params = {"k": normal(3, 3, 1, 2), "b": normal(2), "w": normal(2, 3)}
    return f, params, normal(2, 6, 6, 1)


def norm(x, scale):
    mean = x.mean(-1, keepdims=True)
    return scale * (x - mean) / jnp.sqrt(x.var(-1, keepdims=True) + 1e-5)


@program
def transformer_block(normal):
    @jax.named_scope("attention")
    def attention(p, x):
        q, k, v = (jnp.einsum("nd,dhk->nhk", x, p[name]) for name in ("q", "k", "v"))
        scores = jnp.einsum("nhk,mhk->hnm", q, k) / np.sqrt(2)
        scores = jnp.where(jnp.tril(jnp.ones((4, 4), bool)), scores, -1e9)
        mixed = jnp.einsum("hnm,mhk->nhk", jax.nn.softmax(scores), v)
        return jnp.einsum("nhk,hkd->nd", mixed, p["o"])

    def block(p, x):
        x = x + attention(p, norm(x, p["s"]))
        with jax.named_scope("mlp"):
            return x + jax.nn.gelu(norm(x, p["s"]) @ p["up"]) @ p["down"]

    p = {name: normal(6, 3, 2) for name in ("q", "k", "v")}
    p |= {"o": normal(3, 2, 6), "s": normal(6), "up": normal(6, 8), "down": normal(8, 6)}
    return block, p, normal(4, 6)


@program
def jit_inside(normal):
    @jax.jit
    def layer(W, x):
        h = jnp.tanh(W @ x)
        return h * 2

    def f(W, x):
        return layer(W, layer(W, x)).sum()

    return f, normal(3, 3), normal(3)


@program
def jitted_whole(normal):
    return jax.jit(lambda x, y: jnp.sum(jnp.sin(x) * y)), normal(3), normal(3)


@program
def vmapped(normal):
    return (
        jax.vmap(lambda W, x: jnp.exp(W @ x).sum(), in_axes=(None, 0)),
        normal(3, 2),
        normal(4, 2),
    )


@program
def rnn_by_scan(normal):
    def f(params, xs):
        def step(h, x):
            h = jnp.tanh(params["W"] @ h + params["U"] @ x)
            return h, h.sum()

        h, sums = jax.lax.scan(step, jnp.zeros(3, xs.dtype), xs)
        return h, sums

    return f, {"W": normal(3, 3), "U": normal(3, 2)}, normal(5, 2)


@program
def long_scan_is_one_row(normal):
    def f(a, x):
        out, _ = jax.lax.scan(lambda c, _: (jnp.sin(a * c), None), x, None, length=200)
        return out

    return f, normal(), normal(2)


@program
def reversed_scan(normal):
    def f(x):
        return jax.lax.scan(lambda c, v: (c * 0.5 + v, c * v), x[0], x, reverse=True)

    return f, normal(4)


@program
def fori_loop(normal):
    return (lambda x: jax.lax.fori_loop(0, 4, lambda i, c: jnp.sin(c) * x + i, x)), normal(3)


@program
def cond_and_switch(normal):
    def f(x, y):
        z = jax.lax.cond(x.sum() > 0, lambda: jnp.exp(x), lambda: x * y)
        return jax.lax.switch(1, [jnp.sin, jnp.cos, jnp.tan], z)

    return f, normal(3), normal(3)


@jax.custom_vjp
def clipped(x):
    return x


clipped.defvjp(lambda x: (x, None), lambda _, g: (jnp.clip(g, -0.1, 0.1),))


@jax.custom_jvp
def log1pexp(x):
    return jnp.log(1 + jnp.exp(x))


@log1pexp.defjvp
def _(primals, tangents):
    return log1pexp(*primals), jax.nn.sigmoid(primals[0]) * tangents[0]


@program
def rules_of_ones_own(normal):
    return (lambda x: (log1pexp(x) * clipped(x * 3)).sum()), normal(4)


@program
def relu_at_zero(normal):
    return (lambda x: jax.nn.relu(x * 0).sum() + jax.nn.relu(x).sum()), normal(4)


@program
def stopped_and_checkpointed(normal):
    def f(x, y):
        a = jax.checkpoint(lambda t: jnp.sin(t) ** 3)(x)
        return a * jax.lax.stop_gradient(x * y) + y

    return f, normal(3), normal(3)


@program
def shapes_and_indices(normal):
    def f(x, i):
        a = x[i].sum(0) + x[::-1, 1]
        b = jnp.concatenate([a, x.T.reshape(-1)[:3]]) ** 2
        c = x.at[0].set(b[:3]).at[1, 2].add(b[4])
        return (
            c,
            jnp.sort(b),
            jnp.cumsum(x, 0).max(1),
            jnp.linalg.norm(x),
            jnp.prod(x[1]),
            c.argmax(),
        )

    return f, normal(3, 3), jnp.array([0, 2, 2])


@program
def linear_algebra(normal):
    def f(a, b):
        spd = a @ a.T + 3 * jnp.eye(3, dtype=a.dtype)
        return jnp.linalg.solve(spd, b), jnp.linalg.slogdet(spd)[1], jnp.linalg.cholesky(spd)

    return f, normal(3, 3), normal(3)


@program
def dropout_with_a_key(normal):
    def f(x, key):
        keep = jax.random.bernoulli(key, 0.7, x.shape)
        return jnp.where(keep, x / 0.7, 0) @ jax.random.normal(key, (4, 2), x.dtype)

    return f, normal(3, 4), jax.random.PRNGKey(1)


@program
def vae(normal):
    def loss(params, x):
        mean, log_var = jnp.split(dense(params["encode"], x), 2, axis=-1)
        z = mean + jnp.exp(0.5 * log_var) * jax.random.normal(
            jax.random.key(0), mean.shape, x.dtype
        )
        out = dense(params["decode"], z)
        miss = jnp.sum(jnp.maximum(out, 0) - out * x + jnp.log1p(jnp.exp(-jnp.abs(out))))
        return miss - 0.5 * jnp.sum(1 + log_var - mean**2 - jnp.exp(log_var))

    (encode,), (decode,) = layers_of(normal, 6, 4), layers_of(normal, 2, 6)
    return loss, {"encode": encode, "decode": decode}, normal(3, 6)


@program
def partial_and_numbers(normal):
    def f(x, lr, n, flag=True):
        for _ in range(n):
            x = x - lr * x**3
        return {"x": x, "n": 3} if flag else None

    return partial(f, n=2), normal(3), 0.5


@program
def gradient_inside(normal):
    def step(w, x):
        return w - 0.1 * jax.grad(lambda v: jnp.sum(jnp.tanh(x @ v) ** 2))(w)

    return step, normal(3), normal(4, 3)
