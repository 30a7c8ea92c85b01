"""A program of JAX, with JAX's own derivatives: its parameters are a dictionary."""

import jax.numpy as jnp
import numpy as np

import graphtrace as gt


def loss(params, x, y):
    h = jnp.maximum(x @ params["W"] + params["b"], 0)
    e = h @ params["v"] - y
    return e**2


params = {
    "W": jnp.asarray(np.array([[1, -2], [3, 1]], np.float32)),
    "b": jnp.asarray(np.array([1, 2], np.float32)),
    "v": jnp.asarray(np.array([2, -1], np.float32)),
}
graph = gt.trace(loss, params, jnp.asarray(np.array([1, 2], np.float32)), np.float32(9))
graph.backward()
