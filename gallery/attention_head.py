"""One attention head over three tokens: softmax(QKᵀ/√d) V, each step with its shape."""

import numpy as np

import graphtrace as gt

rng = np.random.default_rng(0)
X = rng.normal(size=(3, 8))


def head(W_q, W_k, W_v):
    Q = X @ W_q
    K = X @ W_k
    V = X @ W_v
    S = Q @ K.T / 2
    A = gt.softmax(S)
    return A @ V


weights = [rng.normal(size=(8, 4)) / 2 for _ in range(3)]
graph = gt.trace(head, *weights)
options = {"math": True, "derivatives": "none", "width": 720}
