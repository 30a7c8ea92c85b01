"""Softmax and cross-entropy: whatever the logits, their gradient is p − y."""

import numpy as np

import graphtrace as gt


def loss(z, y):
    p = np.exp(z) / np.sum(np.exp(z))
    L = -np.sum(y * np.log(p))
    return L


graph = gt.trace(loss, z=np.array([2.0, 1.0, 0.1]), y=np.array([0.0, 1.0, 0.0]))
graph.backward()
options = {"detail": "statements", "arrays": "numbers"}
