"""Batch normalisation: a number acts directly, through the mean and through the variance."""

import numpy as np

import graphtrace as gt


def batch_norm(x, gamma, beta):
    mu = np.mean(x)
    d = x - mu
    var = np.mean(d**2)
    x_hat = d / np.sqrt(var + 1e-5)
    return gamma * x_hat + beta


x = np.array([1.0, 2.0, 4.0, 5.0, 8.0])
graph = gt.trace(batch_norm, x, gamma=1.5, beta=0.5)
options = {"math": True}
