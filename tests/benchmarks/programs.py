"""The programs that are measured, and what a person would write by hand for their gradients."""

from __future__ import annotations

from collections.abc import Callable
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
