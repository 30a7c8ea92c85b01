"""REINFORCE: the logarithm of the chance of what was done, weighed by how well it went."""

import numpy as np

import graphtrace as gt

state, action, advantage = np.array([1.0, -0.5]), 1, 2.0


def objective(theta):
    z = theta @ state
    p = np.exp(z) / np.sum(np.exp(z))
    J = advantage * np.log(p[action])
    return J


graph = gt.trace(objective, np.array([[0.2, -0.1], [0.4, 0.3], [-0.3, 0.1]]))
graph.backward()
options = {"detail": "statements"}
