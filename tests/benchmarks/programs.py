"""The programs that are measured, and what a person would write by hand for their gradients."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np

START = (0.5, 1.2, 0.7)
SIZES = [(1, 8, 8), (32, 64, 64), (256, 256, 256)]


def chain(operations: int) -> Callable[[Any], Any]:
    """A product and a sum in turn, of plain numbers."""

    def program(x: Any) -> Any:
        y = x
        for _ in range(operations // 2):
            y = y * 0.999
            y = y + x
        return y

    return program


def horner(operations: int) -> Callable[[Any, Any], Any]:
    """A chain in which each operation uses one of two inputs."""

    def program(x: Any, b: Any) -> Any:
        y = x
        for _ in range(operations // 2):
            y = y * x
            y = y + b
        return y

    return program


def orbit(a: Any, b: Any, c: Any) -> Any:
    """200 operations: products, quotients and sums of numbers."""
    x, y, z = a, b, c
    for _ in range(12):
        u = x * y
        p = ((u + z) * 0.3 - x) / (1.5 + y * y)
        q = p * p + 0.1 * z
        x = 0.5 * (x + q)
        y = y - 0.01 * u
        z = 0.9 * z + p
    return x * x + y * y + z * z


def orbit_with_tanh(np: Any) -> Callable[..., Any]:
    """The same number of operations, 20 of them a tanh, with the NumPy that is given."""

    def program(a: Any, b: Any, c: Any) -> Any:
        x, y, z = a, b, c
        for _ in range(20):
            u = np.tanh(x * y)
            p = ((u + z) * 0.3 - x) / (1.5 + y * y)
            x = 0.5 * (x + p * p + 0.1 * z)
            y = y - 0.01 * u
            z = 0.9 * z + p
        return x * x + y * y + z * z

    return program


def orbit_with_exp_and_log(np: Any) -> Callable[..., Any]:
    """The same number of operations, 20 of them an exp and 20 a log."""

    def program(a: Any, b: Any, c: Any) -> Any:
        x, y, z = a, b, c
        for _ in range(20):
            u = np.exp(-x * y)
            p = np.log(1.5 + y * y) * 0.3 - x
            x = 0.5 * (x + p * p + 0.1 * z)
            y = y - 0.01 * u
            z = 0.9 * z + p
        return x * x + y * y + z * z

    return program


def with_tanh(np: Any, operations: int) -> Callable[[Any], Any]:
    """Two products, a sum and a tanh in turn, of plain numbers."""

    def program(x: Any) -> Any:
        y = x
        for _ in range(operations // 4):
            y = np.tanh(y * 0.999 * x + x)
        return y

    return program


def network(np: Any) -> Callable[[Any, Any], Any]:
    """A tanh network and its mean square, with the NumPy that is given."""

    def loss(params: Any, x: Any) -> Any:
        h = np.tanh(x @ params["W1"] + params["b1"])
        return np.mean((h @ params["W2"] + params["b2"]) ** 2)

    return loss


def by_hand(params: Any, x: Any) -> tuple[Any, dict[str, Any]]:
    """The value and the gradient of `network` in its parameters."""
    h = np.tanh(x @ params["W1"] + params["b1"])
    y = h @ params["W2"] + params["b2"]
    dy = 2 * y / y.size
    dz = (dy @ params["W2"].T) * (1 - h**2)
    gradient = {"W1": x.T @ dz, "b1": dz.sum(0), "W2": h.T @ dy, "b2": dy.sum(0)}
    return np.mean(y**2), gradient


def network_at(size: tuple[int, int, int]) -> tuple[dict[str, Any], Any]:
    """The parameters and the data for batch, inputs and hidden units."""
    batch, inputs, hidden = size
    rng = np.random.default_rng(0)
    params = {
        "W1": rng.normal(size=(inputs, hidden)),
        "b1": np.zeros(hidden),
        "W2": rng.normal(size=(hidden, 1)),
        "b2": np.zeros(1),
    }
    return params, rng.normal(size=(batch, inputs))


def digits_loss(params: Any, x: Any, y: Any) -> Any:
    """The cross-entropy of a network with a hidden layer to one-hot targets."""
    h = np.tanh(x @ params["W1"] + params["b1"])
    z = h @ params["W2"] + params["b2"]
    z = z - np.max(z, axis=1, keepdims=True)
    return np.mean(np.log(np.sum(np.exp(z), axis=1)) - np.sum(z * y, axis=1))


def digits_by_hand(params: Any, x: Any, y: Any) -> tuple[Any, dict[str, Any]]:
    """The value and the gradient of `digits_loss`."""
    h = np.tanh(x @ params["W1"] + params["b1"])
    z = h @ params["W2"] + params["b2"]
    z = z - np.max(z, axis=1, keepdims=True)
    e = np.exp(z)
    s = np.sum(e, axis=1)
    dz = (e / s[:, None] - y) / len(x)
    dh = (dz @ params["W2"].T) * (1 - h**2)
    gradient = {"W1": x.T @ dh, "b1": dh.sum(0), "W2": h.T @ dz, "b2": dz.sum(0)}
    return np.mean(np.log(s) - np.sum(z * y, axis=1)), gradient


@cache
def digits() -> tuple[Any, Any]:
    """The images and their one-hot labels."""
    images, labels = import_module("sklearn.datasets").load_digits(return_X_y=True)
    return images / 16, np.eye(10)[labels]


def train(value_and_gradient: Callable[..., Any], epochs: int = 10) -> float:
    """Learn the digits by gradient descent with momentum; the share of the others that is right."""
    x, y = digits()
    rng = np.random.default_rng(0)
    order = rng.permutation(len(x))
    learnt, others = order[:1500], order[1500:]
    params, speed = at_rest(rng)
    for _ in range(epochs):
        for batch in np.split(rng.permutation(learnt), 15):
            value_and_slope = value_and_gradient(params, x[batch], y[batch])
            _, params, speed = moved(params, speed, *value_and_slope)
    h = np.tanh(x[others] @ params["W1"] + params["b1"])
    scores = h @ params["W2"] + params["b2"]
    return float(np.mean(np.argmax(scores, axis=1) == np.argmax(y[others], axis=1)))


# The training script of docs/training.md, and what a person would write for its step.


def script_loss(params: Any, x: Any, y: Any) -> Any:
    """The cross-entropy of a network of ramps."""
    import graphtrace as gt

    h = np.maximum(x @ params["W1"] + params["b1"], 0)
    return np.mean(gt.cross_entropy(h @ params["W2"] + params["b2"], y))


def script_step(params: Any, speed: Any, x: Any, y: Any) -> Any:
    """One step downhill, with momentum."""
    import graphtrace as gt

    return moved(params, speed, *gt.value_and_grad(script_loss)(params, x, y))


def script_step_by_hand(params: Any, speed: Any, x: Any, y: Any) -> Any:
    """The same."""
    u = x @ params["W1"] + params["b1"]
    h = np.maximum(u, 0)
    z = h @ params["W2"] + params["b2"]
    z = z - np.max(z, axis=1, keepdims=True)
    e = np.exp(z)
    s = np.sum(e, axis=1)
    rows = np.arange(len(x))
    dz = e / s[:, None]
    dz[rows, y] -= 1
    dz /= len(x)
    du = (dz @ params["W2"].T) * (u > 0)
    slope = {"W1": x.T @ du, "b1": du.sum(0), "W2": h.T @ dz, "b2": dz.sum(0)}
    return moved(params, speed, np.mean(np.log(s) - z[rows, y]), slope)


def at_rest(rng: np.random.Generator) -> tuple[dict[str, Any], dict[str, Any]]:
    """The parameters of a network for the digits, and the speed of each."""
    params = {
        "W1": rng.normal(size=(64, 64)) / 8,
        "b1": np.zeros(64),
        "W2": rng.normal(size=(64, 10)) / 8,
        "b2": np.zeros(10),
    }
    return params, {name: np.zeros_like(w) for name, w in params.items()}


def moved(params: Any, speed: Any, value: Any, slope: Any) -> Any:
    """The parameters after a step."""
    speed = {k: 0.9 * speed[k] - 0.1 * slope[k] for k in params}
    return value, {k: params[k] + speed[k] for k in params}, speed


def script(step: Callable[..., Any]) -> float:
    """Load the digits, learn them and read the others; the share that is right."""
    x, y = import_module("sklearn.datasets").load_digits(return_X_y=True)
    x, order = x / 16, np.random.default_rng(0).permutation(len(x))
    learnt, others = order[:1500], order[1500:]
    rng = np.random.default_rng(1)
    params, speed = at_rest(rng)
    for _ in range(20):
        for batch in np.split(rng.permutation(learnt), 15):
            _, params, speed = step(params, speed, x[batch], y[batch])
    h = np.maximum(x[others] @ params["W1"] + params["b1"], 0)
    return float(np.mean(np.argmax(h @ params["W2"] + params["b2"], axis=1) == y[others]))
