"""The cross-entropy of a two-layer tanh network on handwritten digits, 8 x 8 pixels each."""

import numpy as np
from sklearn.datasets import load_digits

import graphtrace as gt

digits = load_digits()
X = digits.data[:32] / 16
Y = np.eye(10)[digits.target[:32]]

rng = np.random.default_rng(0)
params = {
    "W1": rng.normal(size=(64, 16)) / 8,
    "b1": rng.normal(size=16) / 8,
    "W2": rng.normal(size=(16, 10)) / 4,
    "b2": rng.normal(size=10) / 4,
}


def loss(params):
    h = np.tanh(X @ params["W1"] + params["b1"])
    z = h @ params["W2"] + params["b2"]
    log_sum = np.log(np.sum(np.exp(z), axis=1, keepdims=True))
    return np.mean(np.sum(Y * (log_sum - z), axis=1))


graph = gt.trace(loss, params)
graph.backward()
options = {"direction": "TB"}
