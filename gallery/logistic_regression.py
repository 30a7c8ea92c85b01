"""Logistic regression on a hundred irises: is it versicolor or setosa?

The loss of one flower, log(1 + exp(z)) - y*z, is written with np.logaddexp(0, z), which cannot
overflow, whatever the score z is.
"""

import numpy as np
from sklearn.datasets import load_iris

import graphtrace as gt

iris = load_iris()
two = iris.target < 2
X, y = iris.data[two], iris.target[two].astype(float)
X = (X - X.mean(axis=0)) / X.std(axis=0)


def loss(w, b):
    z = X @ w + b
    losses = np.logaddexp(0, z) - y * z
    return np.mean(losses)


graph = gt.trace(loss, w=np.array([0.5, -0.5, 1.0, 1.0]), b=0.25)
graph.backward()
options = {"width": 720}
