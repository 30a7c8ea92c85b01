"""What the tests of the player play."""

import numpy as np


def J(a, b, c):
    u = b * c
    v = a + u
    return 3 * v


def quadratic(a, b, c):
    D = b**2 - 4 * a * c
    x = (-b + np.sqrt(D)) / (2 * a)
    return x


def newton(a, x):
    for _ in range(5):
        x = x - (x * x - a) / (2 * x)
    return x


def two_paths(x):
    u = x**2
    v = np.sin(x)
    return u * v


def neuron(w, x, b):
    z = w * x + b
    return 1 / (1 + np.exp(-z))


def discounted(initial_investment, interest_rate):
    growth_factor = 1 + interest_rate
    final_amount = initial_investment * growth_factor**10
    return final_amount / (1 + final_amount * interest_rate)


def kinked(x, y):
    h = x * y if x > 0 else y - x
    return 2 * h


def layer(W, x, b):
    h = np.tanh(W @ x + b)
    return np.sum(h * h)
