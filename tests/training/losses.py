"""Losses at the top of a module, so that another process finds them."""

import numpy as np


def parameters():
    rng = np.random.default_rng(3)
    return {"W1": rng.normal(size=(5, 6)), "b1": np.zeros(6), "W2": rng.normal(size=(6, 1))}


def data(rows):
    rng = np.random.default_rng(4)
    return rng.normal(size=(rows, 5)), rng.normal(size=(rows, 1))


def mean_loss(params, X, Y, ridge=0.01):
    h = np.tanh(X @ params["W1"] + params["b1"])
    return np.mean((h @ params["W2"] - Y) ** 2) + ridge * np.sum(params["W1"] ** 2)


def sum_loss(params, X, Y):
    return np.sum((np.tanh(X @ params["W1"]) @ params["W2"] - Y) ** 2)
