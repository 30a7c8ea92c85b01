"""The log-likelihood of a Gaussian process, and its gradient in the length scale and the noise."""

import numpy as np

import graphtrace as gt

x, y = np.array([0.0, 1.0, 2.5]), np.array([0.5, -0.2, 0.9])
D, eye = (x[:, None] - x) ** 2, np.eye(3)


def likelihood(scale, noise):
    K = np.exp(-(D / scale**2) / 2) + noise * eye
    alpha = np.linalg.solve(K, y)
    L = -(y @ alpha + np.linalg.slogdet(K)[1]) / 2
    return L


graph = gt.trace(likelihood, scale=1.0, noise=0.1)
graph.backward()
options = {"detail": "statements"}
