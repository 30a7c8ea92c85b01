"""Functions from statistics, signal processing and classical machine learning."""

import numpy as np
from figures.example import Example

RNG = np.random.default_rng(7)
X = RNG.normal(size=(6, 3))
Y = RNG.normal(size=6)
LABELS = np.array([1.0, -1.0, 1.0, 1.0, -1.0, -1.0])


def gaussian_pdf(x, mu, sigma):
    z = (x - mu) / sigma
    return np.exp(-0.5 * z**2) / (sigma * np.sqrt(2 * np.pi))


def kl_gaussians(mu1, sigma1, mu2, sigma2):
    return np.log(sigma2 / sigma1) + (sigma1**2 + (mu1 - mu2) ** 2) / (2 * sigma2**2) - 0.5


def logistic_loss(w, b, X, y):
    margin = y * (X @ w + b)
    losses = np.log(1 + np.exp(-margin))
    return np.mean(losses) + 0.01 * np.sum(w**2)


def softmax(z):
    e = np.exp(z - np.max(z))
    return e / e.sum()


def softmax_cross_entropy(logits, label):
    p = softmax(logits)
    return -np.log(p[label])


def logsumexp(x):
    m = x.max()
    return m + np.log(np.sum(np.exp(x - m)))


def ridge_regression(w, X, y, lam):
    residual = X @ w - y
    mse = np.mean(residual**2)
    penalty = lam * np.dot(w, w)
    return mse + penalty


def pca_loss(W, X):
    Xc = X - X.mean(axis=0)
    Z = Xc @ W
    X_hat = Z @ W.T
    return np.sum((Xc - X_hat) ** 2) / len(X)


def rbf_kernel(x1, x2, length_scale, variance):
    sqdist = (x1[:, None] - x2[None, :]) ** 2
    return variance * np.exp(-0.5 * sqdist / length_scale**2)


def gp_log_likelihood(length_scale, variance, noise, x, y):
    n = len(x)
    K = rbf_kernel(x, x, length_scale, variance) + noise * np.eye(n)
    L = np.linalg.cholesky(K)
    alpha = np.linalg.solve(L.T, np.linalg.solve(L, y))
    return -0.5 * np.dot(y, alpha) - np.sum(np.log(np.diag(L))) - 0.5 * n * np.log(2 * np.pi)


def cholesky_logdet(A):
    n = len(A)
    L = [[0.0] * n for _ in range(n)]
    for i in range(n):
        for j in range(i + 1):
            s = sum(L[i][k] * L[j][k] for k in range(j))
            if i == j:
                L[i][j] = np.sqrt(A[i][i] - s)
            else:
                L[i][j] = (A[i][j] - s) / L[j][j]
    return 2 * sum(np.log(L[i][i]) for i in range(n))


def kalman_step(x, P, z, F, H, Q, R):
    # predict
    x = F @ x
    P = F @ P @ F.T + Q
    # update
    y = z - H @ x
    S = H @ P @ H.T + R
    K = P @ H.T @ np.linalg.inv(S)
    x = x + K @ y
    P = (np.eye(len(x)) - K @ H) @ P
    return x, P


def cosine_similarity(a, b):
    dot = np.dot(a, b)
    norm_a = np.linalg.norm(a)
    norm_b = np.linalg.norm(b)
    return dot / (norm_a * norm_b)


def euclidean_distance(p, q):
    return sum((pi - qi) ** 2 for pi, qi in zip(p, q)) ** 0.5


def svm_hinge_loss(w, b, X, y, C=1.0):
    scores = X @ w + b
    hinge = np.maximum(0, 1 - y * scores)
    return 0.5 * w @ w + C * hinge.sum()


def huber(y, y_pred, delta=1.0):
    error = y - y_pred
    if abs(error) <= delta:
        return 0.5 * error**2
    return delta * (abs(error) - 0.5 * delta)


def ar_forecast(phi, history, sigma2):
    preds = [phi[0] * history[t - 1] + phi[1] * history[t - 2] for t in range(2, len(history))]
    errors = [history[t + 2] - p for t, p in enumerate(preds)]
    sse = 0
    for e in errors:
        sse += e**2
    return sse / (2 * sigma2) + len(errors) / 2 * np.log(sigma2)


FUNCTIONS = [
    Example(gaussian_pdf, (1.3, 0.5, 0.8), "gaussian_pdf", "Bishop, PRML, 1.2.4"),
    Example(kl_gaussians, (0.0, 1.0, 0.5, 1.5), "kl_gaussians", "Cover and Thomas; a blog on VAEs"),
    Example(
        logistic_loss,
        (np.array([0.5, -0.3, 0.1]), 0.2, X, LABELS),
        "logistic_loss",
        "Murphy, Probabilistic Machine Learning, 10.2",
    ),
    Example(
        softmax_cross_entropy,
        (np.array([2.0, 1.0, -0.5]), 0),
        "softmax_cross_entropy",
        "Stanford CS231n, linear classification notes",
    ),
    Example(logsumexp, (np.array([1.0, 3.0, -2.0, 0.5]),), "logsumexp", "a blog on softmax"),
    Example(
        ridge_regression,
        (np.array([0.4, -0.2, 0.9]), X, Y, 0.1),
        "ridge_regression",
        "Hastie et al., Elements of Statistical Learning, 3.4.1",
    ),
    Example(pca_loss, (RNG.normal(size=(3, 2)), X), "pca_loss", "Bishop, PRML, 12.1.2"),
    Example(
        gp_log_likelihood,
        (0.7, 1.2, 0.1, np.array([0.0, 0.5, 1.3, 2.0]), np.array([0.1, 0.6, 0.9, 0.2])),
        "gp_log_likelihood",
        "Rasmussen and Williams, algorithm 2.1",
    ),
    Example(
        cholesky_logdet,
        ([[4.0, 2.0, 0.6], [2.0, 5.0, 1.5], [0.6, 1.5, 3.8]],),
        "cholesky_logdet",
        "Golub and Van Loan, 4.2; Rosetta Code",
    ),
    Example(
        kalman_step,
        (
            np.array([0.0, 1.0]),
            np.eye(2),
            np.array([1.2]),
            np.array([[1.0, 0.1], [0.0, 1.0]]),
            np.array([[1.0, 0.0]]),
            0.01 * np.eye(2),
            np.array([[0.5]]),
        ),
        "kalman_step",
        "Kalman 1960; Welch and Bishop, An Introduction to the Kalman Filter",
    ),
    Example(
        cosine_similarity,
        (np.array([1.0, 2.0, -1.0]), np.array([0.5, 1.5, 2.0])),
        "cosine_similarity",
        "Manning et al., Introduction to Information Retrieval, 6.3",
    ),
    Example(
        euclidean_distance,
        ((1.0, 2.0, 3.0), (4.0, 0.0, 3.5)),
        "euclidean_distance",
        "a Python tutorial",
    ),
    Example(
        svm_hinge_loss,
        (np.array([0.5, -0.3, 0.1]), 0.2, X, LABELS),
        "svm_hinge_loss",
        "Hastie et al., Elements of Statistical Learning, 12.3.2",
    ),
    Example(huber, (3.0, 0.5), "huber", "Huber 1964; Wikipedia"),
    Example(
        ar_forecast,
        ([0.6, -0.2], [1.0, 0.7, 0.4, 0.5, 0.1], 0.3),
        "ar_forecast",
        "Hamilton, Time Series Analysis, 5.2",
    ),
]
