"""Functions from textbooks, in plain NumPy: what many tests run through.

Each program takes the module that it calls `np`, so that the same text runs on NumPy, traced, and
on JAX.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

RNG = np.random.default_rng(20)


def normal(*shape):
    return RNG.normal(size=shape)


class Program(NamedTuple):
    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    oracle: str = "jax"


PROGRAMS: list[Program] = []


def program(*arguments, oracle="jax"):
    def register(function):
        PROGRAMS.append(Program(function, arguments, oracle))
        return function

    return register


LABELS = np.array([0, 2, 1, 1, 0])
DATA = normal(5, 4)


@program(normal(4, 3), normal(3))
def softmax_cross_entropy(np, W, b):
    logits = DATA @ W + b
    shifted = logits - np.max(logits, axis=1, keepdims=True)
    log_p = shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))
    return -np.mean(log_p[np.arange(5), LABELS])


SIGNS = np.array([1.0, -1.0, 1.0, 1.0, -1.0])


@program(normal(4), 0.3)
def logistic_loss(np, w, b):
    margins = SIGNS * (DATA @ w + b)
    return np.mean(np.logaddexp(0.0, -margins)) + 0.05 * w @ w


def normal_cdf(np, x):
    """Abramowitz and Stegun 26.2.17."""
    k = 1 / (1 + 0.2316419 * abs(x))
    poly = k * (
        0.319381530 + k * (-0.356563782 + k * (1.781477937 + k * (-1.821255978 + k * 1.330274429)))
    )
    tail = np.exp(-x * x / 2) / np.sqrt(2 * np.pi) * poly
    return np.where(x >= 0, 1 - tail, tail)


@program(100.0, 95.0, 0.03, 0.25, 0.5)
def black_scholes_call(np, S, K, r, sigma, T):
    d1 = (np.log(S / K) + (r + sigma**2 / 2) * T) / (sigma * np.sqrt(T))
    d2 = d1 - sigma * np.sqrt(T)
    return S * normal_cdf(np, d1) - K * np.exp(-r * T) * normal_cdf(np, d2)


@program(0.5, 1.2, 0.1, 0.4, 0.9)
def kalman_step_of_scalars(np, x, P, q, r, z):
    x_pred = 0.95 * x
    P_pred = 0.95 * P * 0.95 + q
    K = P_pred / (P_pred + r)
    x_new = x_pred + K * (z - x_pred)
    P_new = (1 - K) * P_pred
    return x_new**2 + np.log(P_new)


@program(
    normal(2),
    np.eye(2) + 0.1,
    np.array([[1.0, 0.1], [0.0, 1.0]]),
    np.array([[1.0, 0.0]]),
    np.array([0.7]),
)
def kalman_step_of_matrices(np, x, P, F, H, z):
    x = F @ x
    P = F @ P @ F.T + 0.01 * np.eye(2)
    S = H @ P @ H.T + 0.1
    K = P @ H.T / S
    innovation = z - H @ x
    x = x + K @ innovation
    P = (np.eye(2) - K @ H) @ P
    return np.sum(x**2) + P[0, 0] * P[1, 1] - P[0, 1] * P[1, 0] + np.sum(innovation**2 / S[0, 0])


SEQUENCE = normal(5, 3)


@program(normal(4, 3), 0.5 * normal(4, 4), normal(4), normal(4))
def elman_rnn(np, Wx, Wh, b, Wy):
    h = np.zeros(4)
    loss = 0.0
    for x in SEQUENCE:
        h = np.tanh(Wx @ x + Wh @ h + b)
        loss += (Wy @ h - x[0]) ** 2
    return loss / len(SEQUENCE)


def sigmoid(np, x):
    return 1 / (1 + np.exp(-x))


@program({"W": normal(8, 5), "b": normal(8)}, normal(3), normal(2), normal(2))
def lstm_step(np, params, x, h, c):
    z = params["W"] @ np.concatenate([x, h]) + params["b"]
    i, f, o, g = np.split(z, 4)
    c = sigmoid(np, f) * c + sigmoid(np, i) * np.tanh(g)
    h = sigmoid(np, o) * np.tanh(c)
    return np.sum(h * h) + np.sum(c)


@program(normal(4, 6), normal(6, 3), normal(6, 3), normal(6, 3))
def attention_head(np, X, Wq, Wk, Wv):
    Q, K, V = X @ Wq, X @ Wk, X @ Wv
    scores = Q @ K.T / np.sqrt(Q.shape[-1])
    scores = np.where(np.tril(np.ones((4, 4))) == 1, scores, -1e9)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = weights / weights.sum(axis=-1, keepdims=True)
    return np.mean((weights @ V) ** 2)


@program(normal(2, 3, 4), normal(4), normal(4))
def layer_norm(np, x, gamma, beta):
    mu = np.mean(x, axis=-1, keepdims=True)
    var = np.var(x, axis=-1, keepdims=True)
    y = gamma * (x - mu) / np.sqrt(var + 1e-5) + beta
    return np.sum(np.sin(y))


@program(normal(6, 3), normal(3), normal(3))
def batch_norm(np, x, gamma, beta):
    centred = x - x.mean(axis=0)
    scaled = centred / (x.std(axis=0) + 1e-5)
    return np.sum((gamma * scaled + beta) ** 3)


@program(normal(10), normal(3))
def convolution_by_slicing(np, x, w):
    n = len(x) - len(w) + 1
    y = sum(w[k] * x[k : k + n] for k in range(len(w)))
    return np.sum(np.maximum(y, 0) ** 2)


@program(normal(3, 2))
def k_means_objective(np, centres):
    points = DATA[:, :2]
    distances = np.sum((points[:, None, :] - centres[None, :, :]) ** 2, axis=-1)
    return np.mean(np.min(distances, axis=1))


@program(0.4, -0.2)
def gaussian_negative_log_likelihood(np, mu, log_sigma):
    z = (DATA.ravel() - mu) / np.exp(log_sigma)
    return np.sum(z**2) / 2 + DATA.size * (log_sigma + np.log(2 * np.pi) / 2)


@program(normal(5, 2), 0.8)
def rbf_kernel(np, X, length):
    squared = np.sum(X**2, axis=1)
    d2 = squared[:, np.newaxis] + squared[np.newaxis, :] - 2 * X @ X.T
    K = np.exp(-d2 / (2 * length**2))
    return np.sum(K * np.arange(25.0).reshape(5, 5))


@program(normal(4, 2))
def reconstruction_loss(np, W):
    codes = DATA @ W
    return np.sum((DATA - codes @ W.T) ** 2) / DATA.shape[0] + np.sum((W.T @ W - np.eye(2)) ** 2)


@program(normal(4), 0.1)
def huber_loss(np, w, b):
    r = DATA @ w + b - SIGNS
    return np.mean(np.where(np.abs(r) < 1.0, r**2 / 2, np.abs(r) - 0.5))


@program(normal(4), 0.1)
def hinge_loss(np, w, b):
    return np.mean(np.maximum(0, 1 - SIGNS * (DATA @ w + b))) + 0.01 * np.sum(w**2)


KEEP = RNG.random((5, 6)) < 0.7


@program(normal(4, 6), normal(6))
def dropout_network(np, W1, w2):
    h = np.maximum(DATA @ W1, 0) * KEEP / 0.7
    return np.sum((h @ w2 - SIGNS) ** 2)


@program(normal(6))
def logsumexp_by_hand(np, x):
    m = np.max(x)
    return m + np.log(np.sum(np.exp(x - m)))


@program(normal(4), normal(4))
def cosine_similarity(np, a, b):
    return np.dot(a, b) / (np.sqrt(np.dot(a, a)) * np.sqrt(np.dot(b, b)))


@program([(normal(4, 5), normal(5)), (normal(5, 3), normal(3)), (normal(3, 1), normal(1))])
def multilayer_perceptron(np, layers):
    h = DATA
    for W, b in layers[:-1]:
        h = np.tanh(h @ W + b)
    W, b = layers[-1]
    return np.mean(((h @ W + b).squeeze() - SIGNS) ** 2)


@program(normal(6, 6), normal(3, 3))
def convolution_in_two_dimensions(np, image, kernel):
    rows = [
        np.stack([np.sum(image[i : i + 3, j : j + 3] * kernel) for j in range(4)]) for i in range(4)
    ]
    pooled = np.stack(rows).reshape(2, 2, 2, 2).max(axis=(1, 3))
    return np.sum(pooled**2)


@program(np.array([0.2, 0.5, 0.3]), np.array([0.1, 0.6, 0.3]))
def kullback_leibler(np, p, q):
    p = p / p.sum()
    return np.sum(p * (np.log(p) - np.log(q / q.sum())))


@program(np.array([0.3, -0.1]), np.array([-0.5, 0.2]), np.array([0.3, 0.7]))
def gaussian_mixture(np, means, log_scales, weights):
    z = (DATA[:, :1] - means) / np.exp(log_scales)
    parts = np.log(weights / np.sum(weights)) - z**2 / 2 - log_scales
    top = parts.max(axis=1)
    return -np.sum(top + np.log(np.sum(np.exp(parts - top[:, None]), axis=1)))


@program(1.0, 0.5, 0.3)
def runge_kutta_pendulum(np, theta, omega, damping):
    def rate(y):
        return np.stack([y[1], -np.sin(y[0]) - damping * y[1]])

    y, h = np.stack([theta, omega]), 0.1
    for _ in range(5):
        k1 = rate(y)
        k2 = rate(y + h / 2 * k1)
        k3 = rate(y + h / 2 * k2)
        k4 = rate(y + h * k3)
        y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return y[0] ** 2 + y[1] ** 2


@program(1.0, 0.5)
def lotka_volterra_by_object_array(np, prey, predator):
    y = np.array([prey, predator])
    for _ in range(10):
        y = y + 0.05 * np.array([y[0] - 0.5 * y[0] * y[1], -y[1] + 0.3 * y[0] * y[1]])
    return y[0] * y[1]


@program(7.0, oracle="differences")
def newton_square_root(np, a):
    x = a
    while abs(x * x - a) > 1e-13 * a:
        x = (x + a / x) / 2
    return x


@program([1.0, -2.0, 0.5, 3.0], 1.7)
def horner(np, coefficients, x):
    total = 0
    for c in coefficients:
        total = total * x + c
    return total


@program(normal(6))
def rosenbrock(np, x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


@program(normal(4, 3), np.array([1.0, 2.0, 0.5, 1.5]))
def n_body_energy(np, r, m):
    energy = 0.0
    for i in range(len(m)):
        for j in range(i):
            d = r[i] - r[j]
            energy -= m[i] * m[j] / np.sqrt(d @ d + 1e-3)
    return energy


@program(normal(4, 4))
def stationary_distribution(np, logits):
    P = np.exp(logits)
    P = P / np.sum(P, axis=1, keepdims=True)
    pi = np.ones(4) / 4
    for _ in range(30):
        pi = pi @ P
    return np.sum(pi * np.arange(4.0))


@program(1.1, 0.4, 0.2, -0.3)
def spring_pendulum_lagrangian(np, r, theta, r_dot, theta_dot):
    m, k, length, g = 1.0, 20.0, 1.0, 9.81
    kinetic = 0.5 * m * (r_dot**2 + (r * theta_dot) ** 2)
    potential = 0.5 * k * (r - length) ** 2 - m * g * r * np.cos(theta)
    return kinetic - potential


@program(normal(4, 5), 0.7, 0.2)
def ising_energy(np, s, coupling, field):
    bonds = np.sum(s[1:, :] * s[:-1, :]) + np.sum(s[:, 1:] * s[:, :-1])
    return -coupling * bonds - field * np.sum(s)


@program(normal(4, 2))
def bezier_length(np, points):
    t = np.linspace(0, 1, 9)[:, None]
    curve = (
        (1 - t) ** 3 * points[0]
        + 3 * (1 - t) ** 2 * t * points[1]
        + 3 * (1 - t) * t**2 * points[2]
        + t**3 * points[3]
    )
    steps = curve[1:] - curve[:-1]
    return np.sum(np.sqrt(np.sum(steps**2, axis=1)))


@program(normal(3, 3) + 3 * np.eye(3), oracle="differences")
def cholesky_log_determinant(np, A):
    M = A @ A.T
    n = len(M)
    L = [[0.0] * n for _ in range(n)]
    for i in range(n):
        for j in range(i + 1):
            s = sum(L[i][k] * L[j][k] for k in range(j))
            L[i][j] = np.sqrt(M[i, i] - s) if i == j else (M[i, j] - s) / L[j][j]
    return 2 * sum(np.log(L[i][i]) for i in range(n))


@program(0.2, 1.5)
def heat_equation(np, diffusivity, amplitude):
    u = amplitude * np.sin(np.linspace(0, np.pi, 9))
    for _ in range(6):
        middle = u[1:-1] + diffusivity * (u[2:] - 2 * u[1:-1] + u[:-2])
        u = np.concatenate([np.zeros(1), middle, np.zeros(1)])
    return np.mean(u**2)


@program(0.3, 2.0)
def logistic_map(np, x, r):
    for _ in range(12):
        x = r * x * (1 - x)
    return x


@program(np.array([3.0, 1.0, 2.0]), 0.9)
def discounted_return(np, rewards, gamma):
    value = 0.0
    for reward in rewards[::-1]:
        value = reward + gamma * value
    return value


@program(normal(5))
def smooth_maximum_of_pairs(np, x):
    y = x - np.mean(x)
    y /= np.sqrt(np.var(x) + 1e-6)
    return sum(np.logaddexp(a, b) for a, b in zip(y, y[1:], strict=False))  # noqa: RUF007


@program(normal(2, 3), normal(3, 2))
def einsum_free_bilinear(np, A, B):
    return np.sum((A[:, :, None] * B[None, :, :]).sum(axis=1) ** 2) + (A @ B).T[0, 1]


@program(normal(2, 6, 6), 0.5 * normal(3, 3, 3), 0.5 * normal(12), oracle="differences")
def convolutional_net_by_sliding_windows(np, images, kernels, weights):
    windows = np.lib.stride_tricks.sliding_window_view(images, (3, 3), axis=(1, 2))
    maps = np.maximum(np.einsum("nijab,kab->nkij", windows, kernels), 0)
    pooled = np.max(np.reshape(maps, (2, 3, 2, 2, 2, 2)), axis=(3, 5))
    logits = np.reshape(pooled, (2, -1)) @ weights
    return np.mean(np.logaddexp(0, -logits * np.array([1.0, -1.0])))


@program({"W": 0.5 * normal(8, 5), "b": normal(8)}, normal(4, 3))
def lstm_over_a_sequence(np, params, xs):
    h, c = np.zeros(2), np.zeros(2)
    for x in xs:
        z = params["W"] @ np.concatenate([x, h]) + params["b"]
        i, f, o = (sigmoid(np, z[2 * k : 2 * k + 2]) for k in range(3))
        c = f * c + i * np.tanh(z[6:])
        h = o * np.tanh(c)
    return np.sum(h**2)


POINTS = np.linspace(-1.0, 1.0, 6)


@program(0.7, 1.3, 0.2, np.sin(3 * POINTS))
def gaussian_process_likelihood(np, length, scale, noise, y):
    d = POINTS[:, None] - POINTS
    K = scale**2 * np.exp(-0.5 * (d / length) ** 2) + (noise**2 + 1e-6) * np.eye(6)
    L = np.linalg.cholesky(K)
    z = np.linalg.solve(L, y)
    return 0.5 * z @ z + np.sum(np.log(np.diagonal(L))) + 3 * np.log(2 * np.pi)


@program(np.array([0.9, 0.1]), 0.05, 0.3, normal(5))
def kalman_filter_likelihood(np, x, q, r, measured):
    F, H, P, loss = np.array([[1.0, 0.2], [0.0, 1.0]]), np.array([[1.0, 0.0]]), np.eye(2), 0.0
    for z in measured:
        x, P = F @ x, F @ P @ F.T + q * np.eye(2)
        S = H @ P @ H.T + r
        innovation = z - H @ x
        K = np.linalg.solve(S, H @ P).T
        x, P = x + K @ innovation, P - K @ H @ P
        loss = loss + innovation @ np.linalg.inv(S) @ innovation + np.linalg.slogdet(S)[1]
    return 0.5 * loss


@program(normal(2, 2), np.array([0.3, -0.2]), normal(3, 2))
def gaussian_mixture_by_logsumexp(np, means, log_weights, x):
    log_p = log_weights - 0.5 * np.sum((x[:, None] - means) ** 2, axis=2)
    top = np.max(log_p, axis=1, keepdims=True)
    return -np.sum(np.log(np.sum(np.exp(log_p - top), axis=1)) + top[:, 0])


@program(np.array([3.0, 2.0, 4.0]), np.array([1.0, 1.5, 0.8]))
def lowest_frequency_of_a_chain_of_masses(np, stiffness, masses):
    k = np.concatenate([stiffness, np.zeros(1)])
    K = np.diag(k[:-1] + k[1:]) - np.diag(k[1:-1], 1) - np.diag(k[1:-1], -1)
    root = 1 / np.sqrt(masses)
    return np.sqrt(np.linalg.eigvalsh(root[:, None] * K * root)[0])


BY_NAME = [pytest.param(p, id=p.function.__name__) for p in PROGRAMS]


def plain(f):
    """The program as a user has it: a function of its own parameters that calls NumPy.

    The wrapper takes the arguments as one tuple, so that each is a leaf of `p`.
    """

    def traced(*p):
        return f(np, *p)

    return traced
