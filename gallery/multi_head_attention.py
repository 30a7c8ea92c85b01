"""Two attention heads over four tokens: A has a row for each token, which sums to 1."""

import numpy as np

import graphtrace as gt

rng = np.random.default_rng(1)
X = rng.normal(size=(4, 6))


def attention(W_q, W_k, W_v, W_o):
    heads = []
    for q, k, v in zip(W_q, W_k, W_v, strict=True):
        A = gt.softmax((X @ q) @ (X @ k).T / np.sqrt(3))
        heads.append(A @ (X @ v))
    Y = np.concatenate(heads, axis=1) @ W_o
    return Y


weights = [list(rng.normal(size=(2, 6, 3)) / 2) for _ in range(3)]
graph = gt.trace(attention, *weights, rng.normal(size=(6, 6)) / 2)
options = {"detail": "statements", "arrays": "heatmap", "derivatives": "none"}
