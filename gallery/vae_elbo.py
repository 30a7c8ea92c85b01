"""The bound that a variational autoencoder raises: z is made of mu and logvar, so both learn."""

import numpy as np

import graphtrace as gt

x, eps = np.array([0.5, -1.0]), np.array([0.3, -0.4])


def elbo(mu, logvar, W):
    z = mu + np.exp(logvar / 2) * eps
    fit = -np.sum((x - W @ z) ** 2) / 2
    KL = -np.sum(1 + logvar - mu**2 - np.exp(logvar)) / 2
    return fit - KL


graph = gt.trace(
    elbo, np.array([0.2, -0.5]), np.array([-0.1, 0.1]), np.array([[1.0, 0.5], [-0.5, 2.0]])
)
graph.backward()
options = {"detail": "statements"}
